use super::*;

#[test]
fn settings_are_read_as_they_are_written() {
    for text in [
        "19200 8N1",
        "9600 7E1",
        "115200 8O2 rts-cts",
        "300 5N2 xon-xoff",
        "38400 6N1",
    ] {
        let settings: Settings = text.parse().unwrap();
        assert_eq!(settings.to_string(), text);
    }
    assert_eq!("19200".parse(), Ok(Settings::of_baud(19200)));
    assert_eq!(Settings::default().to_string(), "9600 8N1");
    for wrong in [
        "",
        "0 8N1",
        "8N1",
        "9600 9N1",
        "9600 8N3",
        "9600 8X1",
        "9600 8N1 x",
        "9600 8N1 rts-cts x",
        "9600 8",
        "9600 8N12",
    ] {
        let error = wrong.parse::<Settings>().unwrap_err().to_string();
        assert!(
            error.contains("19200 8N1") && error.contains(wrong),
            "{error}"
        );
    }
}

#[test]
fn a_number_is_a_port_of_the_system() {
    let first = if cfg!(windows) { "COM1" } else { "/dev/ttyS0" };
    assert_eq!(port_name("1"), first);
    assert_eq!(port_name("/dev/ttyUSB0"), "/dev/ttyUSB0");
    assert_eq!(port_name("COM4"), "COM4");
}

#[test]
fn a_port_that_is_not_there_is_named() {
    let error = Serial::open("/dev/there-is-no-such-port", Settings::default()).unwrap_err();
    assert!(
        matches!(&error, TransportError::Disconnected { why } if why.contains("no-such-port")),
        "{error}"
    );
}

#[cfg(unix)]
mod over_a_pseudo_terminal {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use super::*;
    use crate::framing::Until;
    use crate::server::pty::PtyServer;
    use crate::session::{Session, Wire};

    const AMPLIFIER: Wire = Wire {
        command_end: b"\r\n",
        reply_end: b"\r\n",
        identify: ":CAL:SYS:MODEL?",
        identity: Until::Line,
        patience: Duration::from_millis(500),
        silence: Duration::from_millis(20),
    };
    const SETTINGS: Settings = Settings::of_baud(19200);

    /// An amplifier in the dialect of `reference/instruments.md`, section 4a, whose current is in
    /// milliampere.
    fn amplifier() -> impl FnMut(&[u8]) -> Vec<u8> {
        let mut current = "0.0".to_owned();
        move |command| {
            let command = String::from_utf8_lossy(command).into_owned();
            let answer = match command.as_str() {
                ":CAL:SYS:MODEL?" => "AEDFA-SIMULATED".to_owned(),
                ":DRIV:ACC:CUR:CH1?" => current.clone(),
                "HANG?" => return Vec::new(),
                "TWICE?" => "1\r\n2".to_owned(),
                other => match other.strip_prefix(":DRIV:ACC:CUR:CH1 ") {
                    Some(wanted) => {
                        current = wanted.to_owned();
                        return Vec::new();
                    }
                    None => return Vec::new(),
                },
            };
            (answer + "\r\n").into_bytes()
        }
    }

    fn open(server: &PtyServer) -> Box<dyn Transport> {
        let path = server.path().to_str().unwrap();
        Box::new(Serial::open(path, SETTINGS).unwrap())
    }

    /// Runs something that has a deadline, and says whether it ended in time; it is run again
    /// where it did not, because a busy machine may wake a thread late.
    fn in_time(mut run: impl FnMut(Deadline) -> Result<(), TransportError>) -> TransportError {
        let given = Duration::from_millis(80);
        for _ in 0..4 {
            let begun = Instant::now();
            let error = run(Deadline::after(given)).unwrap_err();
            if begun.elapsed() < given + Duration::from_millis(100) {
                return error;
            }
        }
        panic!("late each time");
    }

    #[test]
    fn a_session_end_to_end() {
        let server = PtyServer::start(b"\r\n", amplifier()).unwrap();
        let session = Session::open(open(&server), AMPLIFIER).unwrap();
        assert_eq!(session.identity(), "AEDFA-SIMULATED");
        assert_eq!(session.resource(), server.resource().to_string());
        let session = session.tell(":DRIV:ACC:CUR:CH1 125.5", None).unwrap();
        let asked = session.ask(":DRIV:ACC:CUR:CH1?", Until::Line, None);
        let (current, session) = asked.unwrap();
        assert_eq!(current, b"125.5");
        let (status, session) = session.status_byte(None).unwrap();
        assert!(matches!(status, Err(TransportError::Unsupported { .. })));

        let time = Some(Duration::from_millis(30));
        let lost = session.ask("HANG?", Until::Line, time).unwrap_err();
        assert!(lost.error.is_timeout(), "{}", lost.error);
        let mut connect = |_| Ok(open(&server));
        let session = lost.stale.recover(&mut connect, Duration::from_secs(5));
        // Two answers to one question: in one piece or two, the next question is not asked.
        let lost = session.unwrap().ask("TWICE?", Until::Line, None);
        let lost = lost.and_then(|(_, session)| {
            std::thread::sleep(Duration::from_millis(50));
            session.ask(":DRIV:ACC:CUR:CH1?", Until::Line, None)
        });
        let lost = lost.unwrap_err();
        assert!(lost.error.to_string().contains("silence"), "{}", lost.error);
        let session = lost.stale.recover(&mut connect, Duration::from_secs(5));
        let session = session.unwrap();
        drop(server);
        let lost = session.ask(":DRIV:ACC:CUR:CH1?", Until::Line, None);
        assert!(lost.unwrap_err().error.is_disconnected());
    }

    #[test]
    fn what_arrived_before_it_was_opened_or_cleared_is_dropped() {
        let server = PtyServer::start(b"\n", <[u8]>::to_vec).unwrap();
        let mut port = open(&server);
        let deadline = Deadline::after(Duration::from_secs(60));
        let send_and_wait = |port: &mut Box<dyn Transport>| {
            port.write(b"old\n", deadline).unwrap();
            while !port.has_input().unwrap() {
                assert!(deadline.left().is_some());
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        send_and_wait(&mut port);
        std::thread::sleep(Duration::from_millis(20));
        drop(port);
        let mut port = open(&server);
        assert_eq!(port.has_input(), Ok(false));
        send_and_wait(&mut port);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(port.clear(deadline), Ok(Cleared::Input));
        assert_eq!(port.has_input(), Ok(false));
        port.write(b"new\n", deadline).unwrap();
        let mut into = [0; 9];
        assert!(port.read(&mut into, deadline).unwrap().bytes > 0);
        assert_eq!(into[0], b'n');
    }

    #[test]
    fn nobody_else_may_open_it() {
        let server = PtyServer::start(b"\n", |_| Vec::new()).unwrap();
        let first = open(&server);
        let path = server.path().to_str().unwrap();
        let second = Serial::open(path, SETTINGS).unwrap_err();
        assert!(
            matches!(second, TransportError::Disconnected { .. }),
            "{second}"
        );
        drop(first);
        drop(open(&server));
    }

    #[test]
    fn settings_that_the_port_does_not_take_are_refused() {
        let server = PtyServer::start(b"\n", |_| Vec::new()).unwrap();
        let path = server.path().to_str().unwrap();
        for (wanted, taken) in [
            ("9600 8N2", true),
            ("57600", true),
            ("9600 8N1 xon-xoff", true),
            ("9600 7E1", false),
        ] {
            let opened = Serial::open(path, wanted.parse().unwrap());
            assert_eq!(opened.is_ok(), taken, "{wanted}: {opened:?}");
            if let Err(error) = opened {
                assert!(
                    error
                        .to_string()
                        .contains("expected 9600 7E1, found 9600 8N1"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn deadlines_hold_against_a_line_that_hangs_or_is_slow() {
        let sent = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&sent);
        let gate = Arc::new(Mutex::new(()));
        let closed = Arc::clone(&gate);
        let server = PtyServer::start(b"\n", move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
            drop(closed.lock());
            Vec::new()
        });
        let server = server.unwrap();
        let held = gate.lock().unwrap();
        let mut port = open(&server);
        let timeout = TransportError::Timeout { after_ms: 80 };
        let error = in_time(|deadline| port.read(&mut [0; 9], deadline).map(|_| ()));
        assert_eq!(error, timeout);
        // The instrument thinks for ever, and the buffers before it fill up.
        port.write(b"think\n", Deadline::after(Duration::from_secs(60)))
            .unwrap();
        let much = vec![b'x'; 1 << 20];
        assert_eq!(in_time(|deadline| port.write(&much, deadline)), timeout);
        assert!(sent.load(Ordering::Relaxed) <= 1);
        drop(held);
        drop(port);

        // One byte every now and then is no reply.
        let slow = PtyServer::start(b"", |_| {
            std::thread::sleep(Duration::from_millis(5));
            b"x".to_vec()
        });
        let slow = slow.unwrap();
        let mut port = open(&slow);
        port.write(&[b'?'; 60], Deadline::after(Duration::from_secs(60)))
            .unwrap();
        let error = in_time(|deadline| {
            let mut incoming = crate::framing::Incoming::default();
            let line = incoming.reply(port.as_mut(), Until::Line, b"\n", deadline);
            match line {
                Err(crate::framing::FramingError::Transport(error)) => Err(error),
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(error, timeout);
    }
}

//! A pseudo terminal stands for the device file: it shows that deadlines and steps are kept, not
//! what the kernel's driver does.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::server::pty::PtyServer;
use crate::session::{Session, Wire};

const WIRE: Wire = Wire {
    patience: Duration::from_secs(2),
    ..Wire::SCPI
};

/// An instrument that has answers from before in it, and answers the first thing it is asked by
/// the oldest of them.
fn instrument(stale: &[&str]) -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut answers: std::collections::VecDeque<String> =
        stale.iter().map(|answer| (*answer).to_owned()).collect();
    let mut register = "0".to_owned();
    move |message| {
        let mut out = String::new();
        let message = String::from_utf8_lossy(message).into_owned();
        for command in message.split(';') {
            match command {
                "*ESE?" => answers.push_back(register.clone()),
                "*IDN?" => answers.push_back("ETALON,USB,1,0".into()),
                "N?" => answers.push_back("7".into()),
                other => {
                    if let Some(number) = other.strip_prefix("*ESE ") {
                        register = number.to_owned();
                    }
                    continue;
                }
            }
            // A pseudo terminal cannot be asked to read, so each question brings one answer.
            out += &answers.pop_front().unwrap();
            out += "\n";
        }
        // When it has caught up, what was left over comes by itself.
        if message == "CATCH UP" {
            out.extend(answers.drain(..).map(|answer| answer + "\n"));
        }
        out.into_bytes()
    }
}

fn path(server: &PtyServer) -> &str {
    server.path().to_str().unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

#[test]
fn a_session_over_a_device_file() {
    let mut inner = instrument(&[]);
    let server = PtyServer::start(b"\n", move |message| {
        if message == b"SLOW?" {
            std::thread::sleep(Duration::from_millis(100));
            return b"slow\n".to_vec();
        }
        inner(message)
    });
    let server = server.unwrap();
    let device = UsbTmc::open(path(&server), soon()).unwrap();
    assert_eq!(device.resource(), format!("USBTMC{}::INSTR", path(&server)));
    let session = Session::open(Box::new(device), WIRE).unwrap();
    assert_eq!(session.identity(), "ETALON,USB,1,0");
    let (answer, session) = session.ask("N?", Until::Line, None).unwrap();
    assert_eq!(answer, b"7");
    let (status, session) = session.status_byte(None).unwrap();
    assert!(status.unwrap_err().to_string().contains("ioctl"));
    let time = Some(Duration::from_millis(20));
    let lost = session.ask("SLOW?", Until::Line, time).unwrap_err();
    assert!(lost.error.is_timeout(), "{}", lost.error);
    // As in the kernel's driver, the call that is under way ends before another can.
    std::thread::sleep(Duration::from_millis(500));
    let mut connect = |deadline| {
        let device: Box<dyn Transport> = Box::new(UsbTmc::open(path(&server), deadline)?);
        Ok(device)
    };
    let session = lost.stale.recover(&mut connect, Duration::from_secs(5));
    let session = session.unwrap();
    assert_eq!(session.ask("N?", Until::Line, None).unwrap().0, b"7");
}

#[test]
fn an_instrument_that_is_one_step_behind_is_never_taken_into_use() {
    // It stays behind for ever: *ESE? is answered by what the question before asked.
    let server = PtyServer::start(b"\n", instrument(&["42"])).unwrap();
    let error = UsbTmc::open(path(&server), Deadline::after(Duration::from_millis(200)));
    let error = error.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
}

#[test]
fn answers_from_before_are_skipped() {
    let mut inner = instrument(&[]);
    let mut first = true;
    let server = PtyServer::start(b"\n", move |message| {
        let answer = inner(message);
        match std::mem::take(&mut first) {
            true => [b"old\nolder\n", &answer[..]].concat(),
            false => answer,
        }
    });
    let server = server.unwrap();
    let mut device = UsbTmc::open(path(&server), soon()).unwrap();
    assert_eq!(device.has_input(), Ok(false));
    device.write(b"N?\n", soon()).unwrap();
    let mut into = [0; 9];
    assert_eq!(device.read(&mut into, soon()).unwrap().bytes, 2);
    assert_eq!(&into[..2], b"7\n");
}

#[test]
fn what_does_not_know_its_register_is_refused() {
    let echo = PtyServer::start(b"\n", |_| b"what?\n".repeat(STALE_ANSWERS + 1)).unwrap();
    let error = UsbTmc::open(path(&echo), soon()).unwrap_err();
    assert!(
        matches!(&error, TransportError::Protocol { found, .. } if found.contains("what?")),
        "{error}"
    );
    let error = UsbTmc::open("/dev/there-is-no-such-device", soon()).unwrap_err();
    assert!(
        matches!(&error, TransportError::Disconnected { why } if why.contains("no-such")),
        "{error}"
    );
}

#[test]
fn deadlines_hold_while_the_driver_waits() {
    let gate = Arc::new(Mutex::new(()));
    let closed = Arc::clone(&gate);
    let mut inner = instrument(&[]);
    let server = PtyServer::start(b"\n", move |message| {
        if message == b"THINK" {
            drop(closed.lock());
            return b"late\n".to_vec();
        }
        inner(message)
    });
    let server = server.unwrap();
    let mut device = UsbTmc::open(path(&server), soon()).unwrap();
    let held = gate.lock().unwrap();
    device.write(b"THINK\n", soon()).unwrap();
    let given = Duration::from_millis(60);
    let late = |begun: Instant| begun.elapsed() > given + Duration::from_millis(100);
    // A busy machine may wake a thread late, but not each time.
    let each_late = (0..4).all(|_| {
        let begun = Instant::now();
        let read = device.read(&mut [0; 9], Deadline::after(given));
        assert_eq!(read, Err(TransportError::Timeout { after_ms: 60 }));
        late(begun)
    });
    assert!(!each_late);
    let begun = Instant::now();
    assert!(
        device
            .listen(&mut [0; 9], Deadline::after(Duration::from_secs(60)))
            .is_err()
    );
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "listening waits for nothing"
    );
    drop(held);
    // The late answer is there for whoever looks, before anything else is asked.
    let deadline = soon();
    while !device.has_input().unwrap() {
        assert!(deadline.left().is_some());
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut into = [0; 9];
    let bytes = device.listen(&mut into, soon()).unwrap().bytes;
    assert_eq!(&into[..bytes], b"late\n");
    assert!(device.clear(soon()).is_err() && device.trigger(soon()).is_err());
}

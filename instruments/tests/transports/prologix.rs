//! The Prologix client against an adapter of a few lines, with one instrument behind it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etalon_instruments::framing::{Block, Incoming, Until};
use etalon_instruments::transport::prologix::Prologix;
use etalon_instruments::transport::{Cleared, Transport, TransportError};
use etalon_instruments::{Session, Wire};
use proptest::prelude::*;

use super::lines::{Fault, Line, Then};
use super::{asked, now, opened, soon};

const VERSION: &str = "Prologix GPIB-ETHERNET Controller version 1.6.6.0";

/// What the adapter was told, command by command.
type Log = Arc<Mutex<Vec<String>>>;

/// Reads a line of the adapter's: up to a line feed that no ESC stands before.
fn told(reader: &mut impl Read) -> Option<(bool, Vec<u8>)> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    let mut plain = true;
    loop {
        reader.read_exact(&mut byte).ok()?;
        match byte[0] {
            b'\n' => return Some((plain && line.starts_with(b"++"), line)),
            b'\r' => {}
            0x1b => {
                plain &= !line.is_empty();
                reader.read_exact(&mut byte).ok()?;
                line.push(byte[0]);
            }
            other => line.push(other),
        }
    }
}

/// An adapter with an instrument that gives back what it is told behind `ECHO?`, and needs time
/// for `SLOW?`.
fn adapter() -> (SocketAddr, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let log = Log::default();
    let known = Arc::clone(&log);
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let log = Arc::clone(&known);
            std::thread::spawn(move || serve(&stream, &log));
        }
    });
    (address, log)
}

fn serve(stream: &TcpStream, log: &Log) {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let (mut answer, mut triggers) = (Vec::new(), 0);
    while let Some((own, line)) = told(&mut reader) {
        let text = String::from_utf8_lossy(&line).into_owned();
        if !own {
            answer = match line.strip_prefix(b"ECHO? ") {
                Some(rest) => rest.to_vec(),
                None if text.starts_with("*IDN?") => b"ETALON,GPIB,0,0\n".to_vec(),
                None if text.starts_with("TRIGGERS?") => format!("{triggers}\n").into_bytes(),
                None => b"SLOW\n".to_vec(),
            };
            if text.starts_with("SLOW?") {
                std::thread::sleep(Duration::from_millis(200));
            }
            continue;
        }
        log.lock().unwrap().push(text.clone());
        let said = match text.as_str() {
            "++ver" => format!("{VERSION}\r\n").into_bytes(),
            "++read eoi" => std::mem::take(&mut answer),
            "++spoll" => format!("{}\r\n", if answer.is_empty() { 0 } else { 16 }).into_bytes(),
            "++clr" => {
                answer.clear();
                Vec::new()
            }
            "++trg" => {
                triggers += 1;
                Vec::new()
            }
            _ => Vec::new(),
        };
        if writer.write_all(&said).is_err() {
            return;
        }
    }
}

fn resource(address: SocketAddr) -> String {
    format!("PRLGX-TCPIP::127.0.0.1::{}::5::INSTR", address.port())
}

#[test]
fn ref_an_adapter_is_set_up_as_its_manual_has_it() {
    let (address, log) = adapter();
    let session = Session::open(opened(&resource(address)), Wire::SCPI).expect("who it is");
    assert_eq!(session.identity(), "ETALON,GPIB,0,0");
    let log = log.lock().unwrap().join(" ");
    assert!(log.starts_with("++savecfg 0 ++mode 1 ++ifc ++addr 5 ++auto 0 ++eoi 1 ++eos 3"));
    // One request for each of the two answers that a session begins with.
    assert_eq!(log.matches("++read eoi").count(), 2, "{log}");
    let mut adapter = Prologix::connect("127.0.0.1", address.port(), 5, soon()).unwrap();
    assert_eq!(adapter.version(), VERSION);
    assert_eq!(adapter.status_byte(soon()), Ok(0));
    adapter.write(b"ECHO? hello\n", soon()).unwrap();
    assert_eq!(adapter.status_byte(soon()), Ok(16));
    adapter.trigger(soon()).unwrap();
    adapter.trigger(soon()).unwrap();
    assert_eq!(asked(&mut adapter, "TRIGGERS?"), "2");
}

#[test]
fn a_clear_drops_the_answer_that_was_on_its_way() {
    let (address, _) = adapter();
    let mut adapter = Prologix::connect("127.0.0.1", address.port(), 5, soon()).unwrap();
    adapter.write(b"SLOW?\n", soon()).unwrap();
    let error = adapter.read(&mut [0; 16], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    let error = adapter.status_byte(soon()).unwrap_err();
    assert!(
        matches!(error, TransportError::Unsupported { .. }),
        "{error}"
    );
    assert_eq!(adapter.clear(soon()), Ok(Cleared::Device));
    assert_eq!(adapter.has_input(), Ok(false));
    assert_eq!(asked(&mut adapter, "*IDN?"), "ETALON,GPIB,0,0");
}

#[test]
fn an_adapter_that_gave_up_on_a_slow_instrument_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "++ver"));
        (&stream).write_all(b"an adapter\r\n").unwrap();
        assert!(lines.any(|line| line == "++read eoi"));
        // The first request runs out; the second is answered.
        assert!(lines.any(|line| line == "++read eoi"));
        (&stream).write_all(b"at last\n").unwrap();
        lines.count()
    });
    let mut adapter = Prologix::connect("127.0.0.1", address.port(), 5, soon()).unwrap();
    assert_eq!(asked(&mut adapter, "A?"), "at last");
    drop(adapter);
    assert_eq!(thread.join().unwrap(), 0);
}

#[test]
fn what_is_no_adapter_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mute = Prologix::connect("127.0.0.1", port, 5, now()).unwrap_err();
    assert!(matches!(mute, TransportError::Timeout { .. }), "{mute}");
    let thread = std::thread::spawn(move || {
        // The first one is the connection that went in vain.
        let (_first, (mut second, _)) = (listener.accept(), listener.accept().unwrap());
        let _ = second.write_all(&[b'x'; 1000]);
        let _ = second.read_to_end(&mut Vec::new());
    });
    let error = Prologix::connect("127.0.0.1", port, 5, soon()).unwrap_err();
    assert!(error.to_string().contains("a short line"), "{error}");
    thread.join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_bytes_that_the_adapter_takes_for_itself_come_through(
        data in prop::collection::vec(
            prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(0x1b), Just(b'+')],
            1..300,
        ),
        pieces in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let (address, _) = adapter();
        let line = Line::to(address, vec![Fault { pieces, ..Fault::none() }]);
        let mut adapter = opened(&resource(line.address));
        let head = format!("ECHO? #{}{}", data.len().to_string().len(), data.len());
        adapter.write(&[head.as_bytes(), &data, b"\n"].concat(), soon()).unwrap();
        let until = Until::Block(Block { most: 1 << 20, length: None });
        let back = Incoming::default().reply(adapter.as_mut(), until, b"\n", soon());
        prop_assert_eq!(back.unwrap(), data);
    }

    #[test]
    fn prop_a_line_that_stalls_is_a_timeout(after in 51_usize..67) {
        let (address, _) = adapter();
        let line = Line::to(address, vec![Fault::at(after, Then::Stall)]);
        let mut adapter = opened(&resource(line.address));
        adapter.write(b"*IDN?\n", soon()).unwrap();
        let error = Incoming::default().reply(adapter.as_mut(), Until::Line, b"\n", now());
        let error = error.unwrap_err().to_string();
        prop_assert!(error.contains("nothing within"), "{}", error);
    }
}

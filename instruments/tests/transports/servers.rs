//! The servers against clients that are wrong, silent or gone, and their own end.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use etalon_instruments::dialect::{Dialect, Value, Verb, models};
use etalon_instruments::server::{HiSlipServer, LineEnd, SocketServer};
use etalon_instruments::simulated::{Behaviour, Engine, Refusal};
use etalon_instruments::transport::hislip::{HiSlip, Lock};
use etalon_instruments::transport::{self, Deadline, Transport, TransportError};
use proptest::prelude::*;

use super::lines::{Fault, Line};
use super::{asked, device, hislip_server, opened, socket_server, soon};

fn wire(kind: u8, control: u8, parameter: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'H', b'S', kind, control];
    bytes.extend_from_slice(&parameter.to_be_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads the kind, the control code, the parameter and the payload of a message.
fn told(stream: &mut TcpStream) -> (u8, u8, u32, Vec<u8>) {
    let mut head = [0; 16];
    stream.read_exact(&mut head).expect("a head");
    let length = u64::from_be_bytes(head[8..].try_into().unwrap());
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).expect("a payload");
    let parameter = u32::from_be_bytes(head[4..8].try_into().unwrap());
    (head[2], head[3], parameter, payload)
}

fn connected(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// A session by hand.
fn session(port: u16) -> (TcpStream, TcpStream) {
    let (mut sync, mut late) = (connected(port), connected(port));
    sync.write_all(&wire(0, 0, 0x0100_5858, b"hislip0"))
        .unwrap();
    let (kind, control, parameter, _) = told(&mut sync);
    assert_eq!((kind, control, parameter >> 16), (1, 0, 0x0100));
    late.write_all(&wire(17, 0, parameter & 0xffff, b""))
        .unwrap();
    assert_eq!(told(&mut late).0, 18);
    (sync, late)
}

const FIRST: u32 = 0xffff_ff00;

#[test]
fn ref_an_interrupted_query_is_told_over_both_connections() {
    let server = hislip_server();
    let (mut sync, mut late) = session(server.address().port());
    sync.write_all(&wire(7, 0, FIRST, b"SLOW? 100\n")).unwrap();
    sync.write_all(&wire(7, 0, FIRST + 2, b"ECHO? b\n"))
        .unwrap();
    assert_eq!(told(&mut late), (14, 0, FIRST + 2, vec![]));
    assert_eq!(told(&mut sync), (13, 0, FIRST + 2, vec![]));
    assert_eq!(told(&mut sync), (7, 0, FIRST + 2, b"b\n".to_vec()));
    sync.write_all(&wire(7, 1, FIRST + 4, b"SYST:ERR?\n"))
        .unwrap();
    let (.., text) = told(&mut sync);
    assert_eq!(text, b"-410,\"Query INTERRUPTED\"\n");
}

#[test]
fn wrong_messages_are_answered_as_the_standard_has_it() {
    let server = hislip_server();
    let port = server.address().port();
    for (bytes, code) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), 1),
        (wire(7, 0, FIRST, b"*IDN?"), 3),
        (wire(17, 0, 999, b""), 3),
    ] {
        let mut stream = connected(port);
        stream.write_all(&bytes).unwrap();
        let (kind, control, ..) = told(&mut stream);
        assert_eq!((kind, control), (2, code));
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    }
    let mut alone = connected(port);
    alone
        .write_all(&wire(0, 0, 0x0100_5858, b"hislip0"))
        .unwrap();
    told(&mut alone);
    alone.write_all(&wire(7, 0, FIRST, b"")).unwrap();
    assert_eq!(told(&mut alone).1, 2);

    let (mut sync, mut late) = session(port);
    late.write_all(&wire(15, 0, 0, &64_u64.to_be_bytes()))
        .unwrap();
    let (kind, .., longest) = told(&mut late);
    assert_eq!(kind, 16);
    let longest = u64::from_be_bytes(longest.try_into().unwrap()) as usize;
    for (kind, code) in [(200, 3), (90, 1)] {
        sync.write_all(&wire(kind, 0, 0, b"what?")).unwrap();
        assert_eq!(told(&mut sync), (3, code, 0, vec![]));
        late.write_all(&wire(kind, 0, 0, b"what?")).unwrap();
        assert_eq!(told(&mut late), (3, code, 0, vec![]));
    }
    late.write_all(&wire(4, 9, 0, b"")).unwrap();
    assert_eq!(told(&mut late), (3, 2, 0, vec![]));
    late.write_all(&wire(10, 3, 0, b"")).unwrap();
    assert_eq!(told(&mut late), (11, 0, 0, vec![]));
    late.write_all(&wire(24, 0, 0, b"")).unwrap();
    assert_eq!(told(&mut late), (25, 0, 0, vec![]));
    // Too long a message is refused, all of it, and the next one is heard.
    sync.write_all(&wire(6, 0, FIRST, &vec![b'a'; longest]))
        .unwrap();
    assert_eq!(told(&mut sync), (3, 4, 0, vec![]));
    sync.write_all(&wire(7, 0, FIRST + 2, b"rest")).unwrap();
    sync.write_all(&wire(
        7,
        0,
        FIRST + 4,
        b"ECHO? heard and cut into pieces of 48 bytes each",
    ))
    .unwrap();
    let (kind, _, id, piece) = told(&mut sync);
    assert_eq!((kind, id, piece.len()), (7, FIRST + 4, 43));
    sync.write_all(&wire(7, 1, FIRST + 6, b"BLOCK? 100"))
        .unwrap();
    let lengths: Vec<_> = (0..3).map(|_| told(&mut sync)).collect();
    let lengths: Vec<_> = lengths
        .iter()
        .map(|(kind, .., text)| (*kind, text.len()))
        .collect();
    assert_eq!(lengths, [(6, 48), (6, 48), (7, 10)]);
}

#[test]
fn a_socket_serves_several_clients_and_takes_its_faults() {
    let server = socket_server();
    let resource = server.resource().to_string();
    let (mut one, mut two) = (opened(&resource), opened(&resource));
    two.write(b"ECHO? hal", soon()).unwrap();
    assert_eq!(asked(one.as_mut(), "*IDN?"), device::IDENTITY);
    assert_eq!(asked(two.as_mut(), "f\r"), "half");
    one.write(b"HANG? 5\n", soon()).unwrap();
    let mut piece = [0; 64];
    assert_eq!(one.read(&mut piece, soon()).unwrap().bytes, 5);
    assert_eq!(asked(two.as_mut(), "ECHO? still here"), "still here");
    two.write(b"DROP?\n", soon()).unwrap();
    assert!(two.read(&mut piece, soon()).is_err());
    assert_eq!(asked(opened(&resource).as_mut(), "*OPC?"), "1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_a_socket_gives_back_blocks_whatever_the_line_cuts(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 1..4),
        pieces in prop::collection::vec(1_usize..400, 1..6),
    ) {
        let server = socket_server();
        let line = Line::to(server.address(), vec![Fault { pieces, ..Fault::none() }]);
        let resource = format!("TCPIP::127.0.0.1::{}::SOCKET", line.address.port());
        let mut client = opened(&resource);
        for text in &texts {
            let head = format!("ECHO? #{}{}", text.len().to_string().len(), text.len());
            client.write(&[head.as_bytes(), text, b"\n"].concat(), soon()).unwrap();
            let until = etalon_instruments::framing::Until::Block(
                etalon_instruments::framing::Block { most: 1 << 20, length: None },
            );
            let mut incoming = etalon_instruments::framing::Incoming::default();
            // The device takes a carriage return at the end for a part of the line end.
            let mut expected = text.clone();
            while matches!(expected.last(), Some(b'\r' | b'\n')) {
                expected.pop();
            }
            prop_assume!(expected.len() == text.len());
            let back = incoming.reply(client.as_mut(), until, b"\n", soon());
            prop_assert_eq!(back.unwrap(), expected);
        }
    }

    #[test]
    fn prop_no_bytes_bring_a_server_down(
        junk in prop::collection::vec((0_u8..40, any::<u8>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let server = hislip_server();
        let port = server.address().port();
        let (mut sync, mut late) = session(port);
        for (kind, control, parameter, payload) in &junk {
            let bytes = wire(*kind, *control, *parameter, payload);
            // It may have ended the session by now, which is its right.
            let _ = sync.write_all(&bytes);
            let _ = late.write_all(&bytes);
        }
        let _ = sync.write_all(&tail);
        let _ = late.write_all(&tail);
        drop((sync, late));
        let mut client = opened(&server.resource().to_string());
        prop_assert_eq!(asked(client.as_mut(), "*IDN?"), device::IDENTITY);
    }
}

/// An attenuator that keeps what it is told.
struct Attenuator(f64);

impl Behaviour for Attenuator {
    fn set(&mut self, verb: Verb, values: &[Value]) -> Result<(), Refusal> {
        match (verb, values) {
            (Verb::Attenuation, [_, Value::Number(db)]) => {
                self.0 = *db;
                Ok(())
            }
            _ => Err(Refusal::CONFLICT),
        }
    }

    fn ask(&mut self, _: Verb, _: &[Value]) -> Result<Vec<Value>, Refusal> {
        Ok(vec![Value::Number(self.0)])
    }
}

#[test]
fn an_engine_is_served_and_told_that_it_was_interrupted() {
    let model = &models::keysight_attenuator::N7764A;
    let engine = Engine::new(Dialect::of(model).unwrap(), Attenuator(0.0));
    let engine = Arc::new(Mutex::new(engine));
    let line_end = LineEnd::of(&model.wire);
    assert_eq!(line_end, LineEnd::LineFeed);
    let socket = SocketServer::start("127.0.0.1:0", engine.clone(), line_end).unwrap();
    let hislip = HiSlipServer::start("127.0.0.1:0", engine).unwrap();
    let mut one = opened(&socket.resource().to_string());
    let mut two = opened(&hislip.resource().to_string());
    one.write(b":INP1:ATT 12.5DB\n", soon()).unwrap();
    assert_eq!(asked(one.as_mut(), "INP1:ATT?"), "12.500");
    assert_eq!(asked(two.as_mut(), "INP1:ATT?"), "12.500");
    two.write(b"*IDN?\n", soon()).unwrap();
    while two.status_byte(soon()).unwrap() & 0x10 == 0 {}
    assert_eq!(
        asked(two.as_mut(), "SYST:ERR?"),
        "-410,\"Query INTERRUPTED\""
    );
}

#[test]
fn ways_that_are_not_gone_here_are_told() {
    for resource in [
        "TCPIP::127.0.0.1::inst0::INSTR",
        "GPIB0::5::INSTR",
        "USB0::0x0957::0x1755::MY1::INSTR",
    ] {
        let error = transport::open(&resource.parse().unwrap(), soon()).unwrap_err();
        assert!(
            matches!(error, TransportError::Unsupported { .. }),
            "{error}"
        );
    }
    for nowhere in [
        "ASRL/dev/no-such-line::INSTR",
        "USBTMC/dev/no-such-file::INSTR",
    ] {
        let error = transport::open(&nowhere.parse().unwrap(), soon()).unwrap_err();
        assert!(
            matches!(error, TransportError::Disconnected { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_server_ends_with_clients_in_every_state() {
    let server = hislip_server();
    let port = server.address().port();
    let client = || HiSlip::connect("127.0.0.1", port, "hislip0", soon()).unwrap();
    let idle = client();
    let silent = connected(port);
    let mut first = connected(port);
    first
        .write_all(&wire(0, 0, 0x0100_5858, b"hislip0"))
        .unwrap();
    let mut unread = client();
    unread.write(b"BLOCK? 30000000\n", soon()).unwrap();
    let mut hung = client();
    hung.write(b"HANG? 5\n", soon()).unwrap();
    let mut slow = client();
    slow.write(b"SLOW? 3600000\n", soon()).unwrap();
    let mut holder = client();
    holder.lock(&Lock::Exclusive, soon()).unwrap();
    let mut out = client();
    out.write(b"*IDN?\n", soon()).unwrap();
    let waiting = std::thread::spawn(move || {
        let mut waits = out;
        waits.lock(&Lock::Exclusive, Deadline::after(Duration::from_secs(60)))
    });
    std::thread::sleep(Duration::from_millis(50));
    // Dropping joins every thread, so that it returns says that none is left.
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        drop(server);
        said.send(()).unwrap();
    });
    heard
        .recv_timeout(Duration::from_secs(20))
        .expect("the server ends");
    // It may have got the lock of one that ended before it.
    drop(waiting.join().unwrap());
    let refused = TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    drop((idle, silent, first, unread, hung, slow, holder));

    let server = socket_server();
    let port = server.address().port();
    let mut hung = connected(port);
    hung.write_all(b"HANG? 1\n").unwrap();
    let mut slow = connected(port);
    slow.write_all(b"SLOW? 3600000\n").unwrap();
    let mut unread = connected(port);
    unread.write_all(b"BLOCK? 30000000\n").unwrap();
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        drop(server);
        said.send(()).unwrap();
    });
    heard
        .recv_timeout(Duration::from_secs(20))
        .expect("the server ends");
}

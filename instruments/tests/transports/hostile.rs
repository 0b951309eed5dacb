//! The HiSLIP client against servers that are wrong, late or ill-meaning, byte by byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use etalon_instruments::framing::{Block, Incoming, Until};
use etalon_instruments::transport::hislip::HiSlip;
use etalon_instruments::transport::{Cleared, Transport, TransportError};

use super::{message, now, soon};

/// A message by hand: table 2 of IVI-6.1.
fn wire(kind: u8, control: u8, parameter: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'H', b'S', kind, control];
    bytes.extend_from_slice(&parameter.to_be_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads a message: its kind, control code, parameter and payload.
fn told(stream: &mut TcpStream) -> (u8, u8, u32, Vec<u8>) {
    let mut head = [0; 16];
    stream.read_exact(&mut head).expect("a head");
    assert_eq!(&head[..2], b"HS");
    let length = u64::from_be_bytes(head[8..].try_into().unwrap());
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).expect("a payload");
    let parameter = u32::from_be_bytes(head[4..8].try_into().unwrap());
    (head[2], head[3], parameter, payload)
}

/// The two connections of a session, begun as they should be.
struct Fake {
    sync: TcpStream,
    late: TcpStream,
}

impl Fake {
    fn begin(listener: &TcpListener, preferred: u8) -> Self {
        let (mut sync, _) = listener.accept().unwrap();
        let (kind, control, parameter, name) = told(&mut sync);
        assert_eq!((kind, control, parameter >> 16), (0, 0, 0x0100));
        assert_eq!(name, b"hislip0");
        sync.write_all(&wire(1, preferred, 0x0100_0007, b""))
            .unwrap();
        let (mut late, _) = listener.accept().unwrap();
        assert_eq!(told(&mut late), (17, 0, 7, vec![]));
        late.write_all(&wire(18, 0, 0x5a5a, b"")).unwrap();
        let (kind, .., longest) = told(&mut late);
        assert_eq!((kind, longest.len()), (15, 8));
        late.write_all(&wire(16, 0, 0, &1040_u64.to_be_bytes()))
            .unwrap();
        Self { sync, late }
    }

    fn says(&mut self, bytes: &[u8]) {
        self.sync.write_all(bytes).unwrap();
    }
}

/// Runs a server on a thread and connects to it.
fn against(
    server: impl FnOnce(&mut Fake) + Send + 'static,
) -> (Result<HiSlip, TransportError>, JoinHandle<()>) {
    preferring(0, server)
}

fn preferring(
    preferred: u8,
    server: impl FnOnce(&mut Fake) + Send + 'static,
) -> (Result<HiSlip, TransportError>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let mut fake = Fake::begin(&listener, preferred);
        server(&mut fake);
        // Until the client is gone.
        let _ = fake.sync.read_to_end(&mut Vec::new());
    });
    (
        HiSlip::connect("127.0.0.1", port, "hislip0", soon()),
        thread,
    )
}

const FIRST: u32 = 0xffff_ff00;

#[test]
fn ref_identities_flags_and_pieces_are_those_of_the_standard() {
    let (client, server) = against(|fake| {
        assert_eq!(told(&mut fake.late), (21, 0, 0xffff_fefe, vec![]));
        fake.late.write_all(&wire(22, 0x42, 0, b"")).unwrap();
        assert_eq!(told(&mut fake.sync), (7, 0, FIRST, b"A?\n".to_vec()));
        fake.says(&wire(7, 0, FIRST, b"1\n"));
        // The end of the answer was read: the next message says so, and it alone.
        let (kind, control, id, piece) = told(&mut fake.sync);
        assert_eq!((kind, control, id, piece.len()), (6, 1, FIRST + 2, 1024));
        let (kind, control, id, piece) = told(&mut fake.sync);
        assert_eq!((kind, control, id, piece.len()), (7, 0, FIRST + 4, 476));
        fake.says(&wire(6, 0, FIRST + 4, b"la"));
        fake.says(&wire(6, 0, FIRST + 4, b""));
        fake.says(&wire(6, 0, FIRST + 4, b"te\n"));
        fake.says(&wire(7, 0, FIRST + 4, b""));
        assert_eq!(told(&mut fake.late), (21, 1, FIRST + 4, vec![]));
        fake.late.write_all(&wire(22, 0, 0, b"")).unwrap();
        assert_eq!(told(&mut fake.sync), (12, 0, FIRST + 6, vec![]));
    });
    let mut client = client.unwrap();
    assert_eq!(client.status_byte(soon()), Ok(0x42));
    client.write(b"A?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"1\n");
    client.write(&[b'b'; 1500], soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"late\n");
    client.status_byte(soon()).unwrap();
    client.trigger(soon()).unwrap();
    drop(client);
    server.join().unwrap();
}

#[test]
fn answers_to_earlier_messages_are_dropped_by_their_identity() {
    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        told(&mut fake.sync);
        fake.says(&wire(6, 0, FIRST, b"42"));
        fake.says(&wire(7, 0, FIRST, b"42\n"));
        fake.says(&wire(99, 0, 0, b"of another version"));
        fake.says(&wire(7, 0, FIRST + 2, b"43\n"));
        told(&mut fake.sync);
        // Bytes without an identity, and then the end of another answer: these bytes are none.
        fake.says(&wire(6, 0, 0xffff_ffff, b"4"));
        fake.says(&wire(7, 0, FIRST + 2, b"4\n"));
    });
    let mut client = client.unwrap();
    client.write(b"A?\n", soon()).unwrap();
    let error = client.read(&mut [0; 16], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    client.write(b"B?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"43\n");
    client.write(b"C?\n", soon()).unwrap();
    let mut piece = [0; 16];
    assert_eq!(client.read(&mut piece, soon()).unwrap().bytes, 1);
    let error = client.read(&mut piece, soon()).unwrap_err();
    assert!(matches!(error, TransportError::Protocol { .. }), "{error}");
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_late_status_byte_is_counted_off_before_the_next_one() {
    let (client, server) = against(|fake| {
        told(&mut fake.late);
        told(&mut fake.late);
        fake.late.write_all(&wire(20, 0x50, 0, b"")).unwrap();
        fake.late.write_all(&wire(22, 1, 0, b"")).unwrap();
        fake.late.write_all(&wire(22, 2, 0, b"")).unwrap();
    });
    let mut client = client.unwrap();
    let error = client.status_byte(now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    assert_eq!(client.status_byte(soon()), Ok(2));
    assert_eq!(client.service_request(), Ok(Some(0x50)));
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_interrupted_query_waits_for_both_of_its_messages() {
    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        told(&mut fake.sync);
        fake.says(&wire(13, 0, FIRST + 2, b""));
        fake.says(&wire(7, 0, FIRST + 2, b"B\n"));
        let (_, _, id, text) = told(&mut fake.sync);
        assert_eq!((id, text), (FIRST + 4, b"D?".to_vec()));
        fake.says(&wire(7, 0, FIRST + 4, b"D\n"));
    });
    let mut client = client.unwrap();
    client.write(b"A?", soon()).unwrap();
    client.write(b"B?", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"B\n");
    // Interrupted came and AsyncInterrupted did not: nothing may be sent (3.1.2, rule 4).
    let error = client.write(b"C?", now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    drop(client);
    // The server, which waits for D, sees the end instead.
    assert!(server.join().is_err());

    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        told(&mut fake.sync);
        fake.says(&wire(13, 0, FIRST + 2, b""));
        fake.says(&wire(7, 0, FIRST + 2, b"B\n"));
        std::thread::sleep(Duration::from_millis(20));
        fake.late.write_all(&wire(14, 0, FIRST + 2, b"")).unwrap();
        let (_, control, id, text) = told(&mut fake.sync);
        assert_eq!((control, id, text), (1, FIRST + 4, b"D?".to_vec()));
        fake.says(&wire(7, 0, FIRST + 4, b"D\n"));
    });
    let mut client = client.unwrap();
    client.write(b"A?", soon()).unwrap();
    client.write(b"B?", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"B\n");
    client.write(b"D?", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"D\n");
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_server_that_prefers_the_overlapped_mode_is_asked_for_the_other() {
    let (client, server) = preferring(1, |fake| {
        assert_eq!(told(&mut fake.late), (19, 0, 0, vec![]));
        fake.late.write_all(&wire(23, 1, 0, b"")).unwrap();
        assert_eq!(told(&mut fake.sync), (8, 0, 0, vec![]));
        fake.says(&wire(9, 0, 0, b""));
    });
    drop(client.expect("a session"));
    server.join().unwrap();
    let (client, server) = preferring(1, |fake| {
        told(&mut fake.late);
        fake.late.write_all(&wire(23, 1, 0, b"")).unwrap();
        told(&mut fake.sync);
        fake.says(&wire(9, 1, 0, b""));
    });
    let error = client.expect_err("it insists");
    assert!(error.to_string().contains("overlapped"), "{error}");
    server.join().unwrap();
}

#[test]
fn a_clear_that_ran_out_of_time_is_confirmed_late_and_not_taken_for_the_next() {
    let (client, server) = against(|fake| {
        assert_eq!(told(&mut fake.late).0, 19);
        fake.late.write_all(&wire(23, 0, 0, b"")).unwrap();
        assert_eq!(told(&mut fake.sync).0, 8);
        assert_eq!(told(&mut fake.late).0, 19);
        fake.says(&wire(7, 0, FIRST, b"an answer that was under way\n"));
        fake.says(&wire(9, 0, 0, b""));
        fake.late.write_all(&wire(23, 0, 0, b"")).unwrap();
        assert_eq!(told(&mut fake.sync).0, 8);
        fake.says(&wire(9, 0, 0, b""));
        assert_eq!(told(&mut fake.sync), (7, 0, FIRST, b"A?".to_vec()));
        fake.says(&wire(7, 0, FIRST, b"A\n"));
    });
    let mut client = client.unwrap();
    let error = client.clear(now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    assert_eq!(client.clear(soon()), Ok(Cleared::Device));
    client.write(b"A?", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"A\n");
    drop(client);
    server.join().unwrap();
}

#[test]
fn half_a_message_is_finished_by_a_clear_and_by_nothing_else() {
    let (client, server) = against(|fake| {
        // Nothing is read until the clear: the message fills what the system buffers.
        assert_eq!(told(&mut fake.late).0, 19);
        fake.late.write_all(&wire(23, 0, 0, b"")).unwrap();
        while told(&mut fake.sync).0 != 8 {}
        fake.says(&wire(9, 0, 0, b""));
        assert_eq!(told(&mut fake.sync), (7, 0, FIRST, b"A?".to_vec()));
    });
    let mut client = client.unwrap();
    let long = vec![b'a'; 64 << 20];
    let error = client.write(&long, now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    let error = client.write(b"A?", soon()).unwrap_err();
    assert!(matches!(error, TransportError::Protocol { .. }), "{error}");
    assert_eq!(client.clear(soon()), Ok(Cleared::Device));
    client.write(b"A?", soon()).unwrap();
    drop(client);
    server.join().unwrap();
}

#[test]
fn what_is_no_hislip_is_a_typed_error_that_stays() {
    let absurd = [b"HS\x06\0\xff\xff\xff\0".as_slice(), &[0xff; 8]].concat();
    let cases: [(Vec<u8>, &str); 6] = [
        (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), "begins with HS"),
        (absurd, "at most"),
        (
            b"HS\x0d\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff".to_vec(),
            "at most",
        ),
        (
            wire(2, 3, 0, b"go away"),
            "invalid initialization): go away",
        ),
        (wire(22, 0, 0, b""), "AsyncStatusResponse"),
        (wire(2, 200, 0, &[0xff; 300]), "unidentified"),
    ];
    for (bytes, words) in cases {
        let (client, server) = against(move |fake| {
            told(&mut fake.sync);
            fake.says(&bytes);
        });
        let mut client = client.unwrap();
        client.write(b"A?\n", soon()).unwrap();
        let first = client.read(&mut [0; 64], soon()).unwrap_err();
        assert!(matches!(first, TransportError::Protocol { .. }), "{first}");
        assert!(first.to_string().contains(words), "{first}");
        assert_eq!(client.read(&mut [0; 64], soon()), Err(first.clone()));
        assert!(client.write(b"B?\n", soon()).is_err());
        drop(client);
        server.join().unwrap();
    }
    // An error that is not fatal ends the answer, not the session.
    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        fake.says(&wire(3, 4, 0, b"1024"));
        told(&mut fake.sync);
        fake.says(&wire(7, 0, FIRST + 2, b"B\n"));
        assert_eq!(told(&mut fake.late).0, 4);
        fake.late
            .write_all(&wire(3, 1, 0, b"no locks here"))
            .unwrap();
    });
    let mut client = client.unwrap();
    client.write(b"A?\n", soon()).unwrap();
    let error = client.read(&mut [0; 64], soon()).unwrap_err();
    assert!(error.to_string().contains("too large): 1024"), "{error}");
    client.write(b"B?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"B\n");
    let error = client.unlock(soon()).unwrap_err();
    assert!(error.to_string().contains("no locks here"), "{error}");
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_declared_length_reserves_nothing_and_a_flood_of_old_answers_ends_with_the_deadline() {
    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        // 1 TiB is believed, and 3 bytes of it come.
        let mut head = wire(6, 0, FIRST, b"");
        head[8..].copy_from_slice(&(1_u64 << 40).to_be_bytes());
        fake.says(&head);
        fake.says(b"#9999999999");
    });
    let mut client = client.unwrap();
    client.write(b"A?\n", soon()).unwrap();
    let until = Until::Block(Block {
        most: 1 << 30,
        length: None,
    });
    let error = Incoming::default().reply(&mut client, until, b"\n", now());
    let error = error.unwrap_err();
    assert!(error.to_string().contains("nothing within"), "{error}");
    drop(client);
    server.join().unwrap();

    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        let old = wire(7, 0, FIRST - 2, &[b'o'; 100]).repeat(100);
        while fake.sync.write_all(&old).is_ok() {}
    });
    let mut client = client.unwrap();
    client.write(b"A?\n", soon()).unwrap();
    let error = client.read(&mut [0; 64], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    // Looking comes to an end too.
    assert!(client.has_input().is_ok());
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_endless_old_answer_does_not_keep_the_next_question_back() {
    let (client, server) = against(|fake| {
        told(&mut fake.sync);
        let mut head = wire(7, 0, FIRST - 2, b"");
        head[8..].copy_from_slice(&(1_u64 << 40).to_be_bytes());
        fake.says(&head);
        while fake.sync.write_all(&[b'o'; 1 << 16]).is_ok() {}
    });
    let mut client = client.unwrap();
    client.write(b"A?\n", soon()).unwrap();
    for _ in 0..3 {
        let error = client.read(&mut [0; 64], now()).unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
        assert!(client.has_input().is_ok());
        client.write(b"A?\n", now()).unwrap();
    }
    let error = client.clear(now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    drop(client);
    server.join().unwrap();
}

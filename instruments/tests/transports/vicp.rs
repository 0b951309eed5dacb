//! The VICP client against an oscilloscope of a few lines.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use etalon_instruments::transport::vicp::Vicp;
use etalon_instruments::transport::{Cleared, Transport, TransportError};
use proptest::prelude::*;

use super::lines::{Fault, Line, Then};
use super::{message, now, soon};

/// A block by hand: flags, version, sequence number, spare byte, length.
fn block(flags: u8, sequence: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, 1, sequence, 0];
    bytes.extend_from_slice(&(data.len() as u32).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// Reads a block: its flags, sequence number and data; nothing at the end.
fn told(stream: &mut TcpStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 8];
    stream.read_exact(&mut head).ok()?;
    assert_eq!((head[1], head[3]), (1, 0));
    let mut data = vec![0; u32::from_be_bytes(head[4..].try_into().unwrap()) as usize];
    stream.read_exact(&mut data).ok()?;
    Some((head[0], head[2], data))
}

/// Serves one connection with what answers each block, until it ends.
fn scope(
    mut answer: impl FnMut(u8, u8, Vec<u8>) -> Vec<u8> + Send + 'static,
) -> (std::net::SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        while let Some((flags, sequence, data)) = told(&mut stream) {
            if stream.write_all(&answer(flags, sequence, data)).is_err() {
                return;
            }
        }
    });
    (address, thread)
}

fn client(port: u16) -> Vicp {
    Vicp::connect("127.0.0.1", port, soon()).expect("a connection")
}

#[test]
fn ref_blocks_flags_and_sequence_numbers_are_those_of_the_manual() {
    let mut seen = Vec::new();
    let (address, thread) = scope(move |flags, sequence, data| {
        seen.push((flags, sequence));
        match seen.len() {
            // Data, remote, end; an answer of two blocks, the second with the end.
            1 => {
                assert_eq!((flags, sequence, data), (0xc1, 1, b"*IDN?\n".to_vec()));
                [block(0x80, 1, b"LECROY,"), block(0x81, 1, b"SIM\n")].concat()
            }
            // A poll carries no data and is answered by one byte.
            2 => {
                assert_eq!((flags, sequence, data), (0xc4, 2, vec![]));
                block(0x81, 2, &[0x41])
            }
            3 => {
                assert_eq!((flags, sequence, data), (0xd0, 3, vec![]));
                Vec::new()
            }
            // 255 is followed by 1.
            n => {
                assert_eq!(usize::from(sequence), (n - 1) % 255 + 1);
                block(0x81, sequence, &[sequence])
            }
        }
    });
    let mut client = client(address.port());
    client.write(b"*IDN?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 5), b"LECROY,SIM\n");
    assert_eq!(client.status_byte(soon()), Ok(0x41));
    assert_eq!(client.clear(soon()), Ok(Cleared::Input));
    for _ in 0..300 {
        client.write(b"A?", soon()).unwrap();
        assert_eq!(message(&mut client, 64).len(), 1);
    }
    let error = client.trigger(soon()).unwrap_err();
    assert!(matches!(error, TransportError::Unsupported { .. }));
    drop(client);
    thread.join().unwrap();
}

#[test]
fn answers_to_earlier_messages_are_dropped_by_their_number() {
    let (address, thread) = scope(|_, sequence, _| match sequence {
        1 => Vec::new(),
        // The old answer, a request for service, and the one that was asked for.
        2 => [
            block(0x81, 1, b"old\n"),
            block(0x88, 0, b"1"),
            block(0x81, 2, b"new\n"),
        ]
        .concat(),
        // An old instrument numbers nothing.
        _ => block(0x81, 0, b"plain\n"),
    });
    let mut client = client(address.port());
    client.write(b"A?\n", soon()).unwrap();
    let error = client.read(&mut [0; 16], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    client.write(b"B?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"new\n");
    assert!(client.service_request() && !client.service_request());
    client.write(b"C?\n", soon()).unwrap();
    assert_eq!(message(&mut client, 64), b"plain\n");
    assert_eq!(client.has_input(), Ok(false));
    drop(client);
    thread.join().unwrap();
}

#[test]
fn an_endless_old_answer_does_not_keep_the_next_question_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        told(&mut stream);
        let old = block(0x80, 9, &[b'o'; 1 << 16]);
        while stream.write_all(&old).is_ok() {}
    });
    let mut client = client(port);
    client.write(b"A?\n", soon()).unwrap();
    for _ in 0..3 {
        let error = client.read(&mut [0; 64], now()).unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
        assert_eq!(client.has_input(), Ok(false));
        client.write(b"A?\n", now()).unwrap();
    }
    drop(client);
    thread.join().unwrap();
}

#[test]
fn what_is_no_vicp_is_a_typed_error_and_needs_a_new_connection() {
    let (address, thread) = scope(|_, _, _| b"SSH-2.0-OpenSSH\r\n".to_vec());
    let mut client = client(address.port());
    client.write(b"A?\n", soon()).unwrap();
    let error = client.read(&mut [0; 16], soon()).unwrap_err();
    assert!(error.to_string().contains("SSH-2.0"), "{error}");
    let error = client.clear(soon()).unwrap_err();
    assert!(
        matches!(error, TransportError::Disconnected { .. }),
        "{error}"
    );
    drop(client);
    thread.join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_messages_come_back_whatever_the_line_cuts(
        data in prop::collection::vec(any::<u8>(), 0..3000),
        parts in 1_usize..700,
        pieces in prop::collection::vec(1_usize..400, 1..6),
        buffer in 1_usize..5000,
    ) {
        let (address, thread) = scope(move |_, sequence, data| {
            let mut answer = Vec::new();
            for part in data.chunks(parts) {
                answer.extend(block(0x80, sequence, part));
            }
            answer.extend(block(0x81, sequence, b""));
            answer
        });
        let line = Line::to(address, vec![Fault { pieces, ..Fault::none() }]);
        let mut client = client(line.address.port());
        client.write(&data, soon()).unwrap();
        prop_assert_eq!(message(&mut client, buffer), data);
        drop((client, line));
        thread.join().unwrap();
    }

    #[test]
    fn prop_a_line_that_stalls_is_a_timeout(after in 0_usize..108) {
        let (address, _) = scope(|_, sequence, _| block(0x81, sequence, &[b'a'; 100]));
        let line = Line::to(address, vec![Fault::at(after, Then::Stall)]);
        let mut client = client(line.address.port());
        client.write(b"A?\n", soon()).unwrap();
        let mut all = 0;
        let error = loop {
            match client.read(&mut [0; 64], now()) {
                Ok(chunk) => all += chunk.bytes,
                Err(error) => break error,
            }
        };
        prop_assert_eq!(all, after.saturating_sub(8));
        prop_assert!(matches!(error, TransportError::Timeout { .. }), "{}", error);
    }
}

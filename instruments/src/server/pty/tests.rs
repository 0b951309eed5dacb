use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;

fn opened(server: &PtyServer) -> File {
    let file = File::options().read(true).write(true).open(server.path());
    file.unwrap()
}

fn read_exactly(mut port: &File, n: usize) -> Vec<u8> {
    let mut bytes = vec![0; n];
    port.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn every_byte_goes_through_as_it_is() {
    // Line ends, tabulators, end-of-file, interrupt and flow control mean nothing on a raw line.
    let all: Vec<u8> = (0..=255).collect();
    let reply = all.clone();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let server = PtyServer::start(b"\xff\r\n", move |command| {
        heard.lock().unwrap().push(command.to_vec());
        reply.clone()
    });
    let server = server.unwrap();
    let mut port = opened(&server);
    port.write_all(&all).unwrap();
    port.write_all(b"\r\n").unwrap();
    assert_eq!(read_exactly(&port, 256), all);
    assert_eq!(*asked.lock().unwrap(), [&all[..255]]);
}

#[test]
fn a_reply_longer_than_any_buffer_arrives_whole() {
    const LONG: usize = 1 << 20;
    let reply: Vec<u8> = (0..LONG).map(|i| (i % 251) as u8).collect();
    let expected = reply.clone();
    let server = PtyServer::start(b"\n", move |_| reply.clone()).unwrap();
    let mut port = opened(&server);
    port.write_all(b"?\n").unwrap();
    assert!(read_exactly(&port, LONG) == expected);
}

#[test]
fn it_ends_while_it_sends_and_nobody_reads() {
    let server = PtyServer::start(b"\n", |_| vec![0; 1 << 20]).unwrap();
    let mut port = opened(&server);
    port.write_all(b"?\n").unwrap();
    read_exactly(&port, 1);
    drop(server);
    // The line is cut: no more than what was under way comes, and then an end or an error.
    let mut rest = Vec::new();
    let end = port.read_to_end(&mut rest);
    assert!(end.is_err() || rest.len() < 1 << 20);
}

#[test]
fn the_line_stays_raw_when_a_program_closes_it() {
    let server = PtyServer::start(b"\n", <[u8]>::to_vec).unwrap();
    for _ in 0..3 {
        let mut port = opened(&server);
        port.write_all(b"a\rb\n").unwrap();
        assert_eq!(read_exactly(&port, 3), b"a\rb");
    }
}

#[test]
fn several_servers_have_several_ports() {
    let servers: Vec<_> = (0..4)
        .map(|_| PtyServer::start(b"\n", |_| Vec::new()))
        .collect();
    let paths: BTreeSet<_> = servers
        .iter()
        .map(|s| s.as_ref().unwrap().path().to_owned())
        .collect();
    assert_eq!(paths.len(), 4);
    let resource = servers[0].as_ref().unwrap().resource().to_string();
    assert!(resource.starts_with("ASRL/dev/"), "{resource}");
}

#[test]
fn a_command_without_an_end_does_not_fill_the_memory() {
    let mut commands = Commands::default();
    for _ in 0..10 {
        assert_eq!(
            commands.took(&[b'x'; LONGEST_COMMAND], b"\n"),
            Vec::<Vec<u8>>::new()
        );
        assert!(commands.begun.len() <= LONGEST_COMMAND);
    }
}

proptest! {
    #[test]
    fn prop_commands_are_the_same_however_they_arrive(
        commands in prop::collection::vec("[a-c\r]{0,5}", 0..6),
        piece in 1_usize..9,
    ) {
        let sent: String = commands.iter().map(|c| c.replace('\r', "") + "\r\n").collect();
        let mut taker = Commands::default();
        let mut whole = Vec::new();
        for piece in sent.as_bytes().chunks(piece) {
            whole.extend(taker.took(piece, b"\r\n"));
        }
        let expected: Vec<_> = commands.iter().map(|c| c.replace('\r', "").into_bytes()).collect();
        prop_assert_eq!(whole, expected);
    }
}

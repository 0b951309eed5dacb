//! A line that cuts what it carries into pieces, and can stall, drip or break at any byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a line does once it has carried so many bytes to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    CarryOn,
    Stall,
    /// One byte at a time, this far apart.
    Drip(Duration),
    Cut,
}

/// What a line does with the bytes of one connection.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Lengths of the pieces, over and over.
    pub pieces: Vec<usize>,
    pub after: usize,
    pub then: Then,
}

impl Fault {
    pub fn none() -> Self {
        Self {
            pieces: vec![1 << 16],
            after: 0,
            then: Then::CarryOn,
        }
    }

    pub fn at(after: usize, then: Then) -> Self {
        Self {
            after,
            then,
            ..Self::none()
        }
    }
}

/// A line to a server, one fault a connection, in the order in which they are made.
pub struct Line {
    pub address: SocketAddr,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    pub fn to(server: SocketAddr, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let streams = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&streams);
        std::thread::spawn(move || {
            for fault in faults {
                let Ok((client, _)) = listener.accept() else {
                    return;
                };
                let server = TcpStream::connect(server).expect("the server");
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("no delay");
                    known
                        .lock()
                        .unwrap()
                        .push(stream.try_clone().expect("a clone"));
                }
                let (back, forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let there = Fault {
                    then: Then::CarryOn,
                    ..fault.clone()
                };
                std::thread::spawn(move || carry(client, forth, &there));
                std::thread::spawn(move || carry(server, back, &fault));
            }
        });
        Self { address, streams }
    }

    /// The same server, by way of this line.
    pub fn hislip(&self) -> String {
        format!("TCPIP::127.0.0.1::hislip0,{}::INSTR", self.address.port())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        for stream in self.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, fault: &Fault) {
    let mut sizes = fault.pieces.iter().cycle();
    let (mut buffer, mut carried) = (vec![0; 1 << 16], 0);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            let mut size = (*sizes.next().unwrap_or(&1)).clamp(1, rest.len());
            if fault.then != Then::CarryOn {
                let left = fault.after.saturating_sub(carried);
                match (left, fault.then) {
                    (0, Then::Stall) => return drain(&mut from),
                    (0, Then::Drip(time)) => {
                        std::thread::sleep(time);
                        size = 1;
                    }
                    (0, _) => {
                        let _ = to.shutdown(Shutdown::Both);
                        return;
                    }
                    (left, _) => size = size.min(left),
                }
            }
            let (piece, later) = rest.split_at(size);
            if to.write_all(piece).is_err() {
                return;
            }
            carried += size;
            rest = later;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn drain(from: &mut TcpStream) {
    let mut buffer = [0; 1 << 12];
    while matches!(from.read(&mut buffer), Ok(1..)) {}
}

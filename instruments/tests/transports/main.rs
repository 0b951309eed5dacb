//! The transports against servers: our own, hostile ones, and ours through a bad line.

#[path = "../../examples/echo_bench/device.rs"]
mod device;
mod hislip;
mod hostile;
mod lines;
mod prologix;
mod servers;
mod vicp;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use etalon_instruments::framing::{Incoming, Until};
use etalon_instruments::server::{HiSlipServer, LineEnd, SocketServer};
use etalon_instruments::transport::{self, Deadline, End, Transport};

/// A deadline that is not reached unless something is wrong.
fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// A deadline that is meant to be reached.
fn now() -> Deadline {
    Deadline::after(Duration::from_millis(40))
}

fn hislip_server() -> HiSlipServer {
    let device = Arc::new(Mutex::new(device::Echo::default()));
    HiSlipServer::start("127.0.0.1:0", device).expect("a free port")
}

fn socket_server() -> SocketServer {
    let device = Arc::new(Mutex::new(device::Echo::default()));
    SocketServer::start("127.0.0.1:0", device, LineEnd::LineFeed).expect("a free port")
}

fn opened(resource: &str) -> Box<dyn Transport> {
    let resource = resource.parse().expect("a resource");
    transport::open(&resource, soon()).unwrap_or_else(|error| panic!("{resource}: {error}"))
}

/// Reads a message to its marked end, in pieces of at most this size.
fn message(transport: &mut dyn Transport, piece: usize) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        let chunk = transport.read(&mut buffer, soon()).expect("an answer");
        all.extend_from_slice(&buffer[..chunk.bytes]);
        if chunk.end == End::Message {
            return all;
        }
    }
}

/// Asks and reads a line.
fn asked(transport: &mut dyn Transport, question: &str) -> String {
    transport
        .write(format!("{question}\n").as_bytes(), soon())
        .expect("written");
    let line = Incoming::default().reply(transport, Until::Line, b"\n", soon());
    String::from_utf8(line.expect("an answer")).expect("text")
}

//! Serves one small device over a socket and over HiSLIP, for other people's clients to try.
//!
//! `cargo run -p etalon-instruments --example echo_bench` prints where it is, one JSON line each,
//! and ends with its standard input.

mod device;

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use etalon_instruments::server::{HiSlipServer, LineEnd, SocketServer};

fn main() -> std::io::Result<()> {
    let device = Arc::new(Mutex::new(device::Echo::default()));
    let socket = SocketServer::start("127.0.0.1:0", device.clone(), LineEnd::LineFeed)?;
    let hislip = HiSlipServer::start("127.0.0.1:0", device)?;
    let mut out = std::io::stdout().lock();
    for (kind, resource) in [("socket", socket.resource()), ("hislip", hislip.resource())] {
        writeln!(out, "{{\"kind\":\"{kind}\",\"resource\":\"{resource}\"}}")?;
    }
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

//! A HiSLIP server in synchronized mode.
//!
//! *Source*: IVI-6.1, revision 1.1 of 2011-02-24: sections 3.1.1 (interrupted queries), 4.5
//! (locks), 4.12 (device clear), 4.14.1 (message available).

mod hub;
mod late;
mod locks;
mod sync;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;

use super::Shared;
use super::listener::{Listener, Stop};
use crate::resource::Resource;
use crate::transport::hislip::message::{HEAD, Head, Kind};
use hub::Hub;

/// Longest payload that is taken, in bytes, and told to clients with the head on top.
const LONGEST: u64 = 1 << 20;
/// Bytes that are read or dropped at once.
const PIECE: usize = 1 << 14;

/// Serves a device at `TCPIP::HOST::hislip0::INSTR` until it is dropped.
#[derive(Debug)]
pub struct HiSlipServer {
    listener: Listener,
    hub: Arc<Hub>,
}

impl HiSlipServer {
    /// Binds to an address, such as `127.0.0.1:0` for a free port of this machine alone, and
    /// begins to serve.
    ///
    /// # Errors
    /// What the system says when the address cannot be had.
    pub fn start(address: impl ToSocketAddrs, device: Shared) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(device));
        let known = Arc::clone(&hub);
        let listener = Listener::start(address, move |stream: Arc<TcpStream>, _: &Stop| {
            // Whatever ends a connection ends it: a client that is gone, or broke the protocol.
            let _ = begin(&known, &stream);
            let _ = stream.shutdown(Shutdown::Both);
        })?;
        Ok(Self { listener, hub })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Returns where a client on this machine finds it.
    pub fn resource(&self) -> Resource {
        Resource::HiSlip {
            host: self.listener.host(),
            device: "hislip0".into(),
            port: self.address().port(),
        }
    }

    /// Tells every client that the device wants service, unless it was told and has not asked for
    /// the status byte since (4.13).
    pub fn request_service(&self) {
        self.hub.request_service();
    }
}

/// Reads the first message of a connection, which says which of the two it is.
fn begin(hub: &Arc<Hub>, stream: &Arc<TcpStream>) -> io::Result<()> {
    let head = read_head(stream)?;
    match head.kind {
        Kind::Initialize => sync::serve(hub, stream, head),
        Kind::AsyncInitialize => late::serve(hub, stream, head),
        _ => fatal(stream, 3, "Initialize or AsyncInitialize comes first"),
    }
}

/// Reads a head; one that is none is told so and ends the connection.
fn read_head(mut stream: &TcpStream) -> io::Result<Head> {
    let mut bytes = [0; HEAD];
    stream.read_exact(&mut bytes)?;
    Head::read(&bytes).map_err(|error| {
        let text = error.to_string();
        let _ = fatal(stream, 1, &text);
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// Reads and drops a payload.
fn skip(mut stream: &TcpStream, mut length: u64) -> io::Result<()> {
    let mut piece = [0; PIECE];
    while length > 0 {
        let room = length.min(PIECE as u64) as usize;
        let read = stream.read(&mut piece[..room])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length -= read as u64;
    }
    Ok(())
}

/// Reads a payload, keeping what really arrives.
fn payload(mut stream: &TcpStream, mut length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; PIECE];
    while length > 0 {
        let room = length.min(PIECE as u64) as usize;
        let read = stream.read(&mut piece[..room])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into.extend_from_slice(&piece[..read]);
        length -= read as u64;
    }
    Ok(())
}

fn send(mut stream: &TcpStream, head: Head, payload: &[u8]) -> io::Result<()> {
    stream.write_all(&head.with(payload))
}

/// Tells a fatal error (table 8) and ends the connection.
fn fatal(stream: &TcpStream, code: u8, text: &str) -> io::Result<()> {
    send(
        stream,
        Head::bare(Kind::FatalError, code, 0),
        text.as_bytes(),
    )?;
    Err(io::Error::new(io::ErrorKind::InvalidData, text))
}

/// Returns the code of the error (table 10) that answers a kind of message not known here.
fn unknown(kind: Kind) -> u8 {
    match kind {
        Kind::Unknown(128..) => 3,
        _ => 1,
    }
}

//! Lines in, bytes out, over TCP.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;

use super::lines::{Cutter, LONGEST};
use super::listener::{Listener, Stop};
use super::{Client, LineEnd, Reply, Shared, locked};
use crate::resource::Resource;

/// Bytes that are read at once.
const PIECE: usize = 1 << 14;

/// Serves a device at `TCPIP::HOST::PORT::SOCKET` until it is dropped.
#[derive(Debug)]
pub struct SocketServer {
    listener: Listener,
}

impl SocketServer {
    /// Binds to an address, such as `127.0.0.1:0` for a free port of this machine alone, and
    /// begins to serve.
    ///
    /// # Errors
    /// What the system says when the address cannot be had.
    pub fn start(
        address: impl ToSocketAddrs,
        device: Shared,
        line_end: LineEnd,
    ) -> io::Result<Self> {
        let listener = Listener::start(address, move |stream: Arc<TcpStream>, stop: &Stop| {
            let client = Client::another();
            converse(&stream, &device, client, line_end, stop);
            let _ = stream.shutdown(Shutdown::Both);
            locked(&*device).left(client);
        })?;
        Ok(Self { listener })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Returns where a client on this machine finds it.
    pub fn resource(&self) -> Resource {
        Resource::Socket {
            host: self.listener.host(),
            port: self.address().port(),
        }
    }
}

/// Talks with one client until it is gone, or a fault ends it.
fn converse(mut stream: &TcpStream, device: &Shared, client: Client, end: LineEnd, stop: &Stop) {
    let mut cutter = Cutter::new(end);
    let mut piece = [0; PIECE];
    loop {
        let Ok(read @ 1..) = stream.read(&mut piece) else {
            return;
        };
        for message in cutter.take(&piece[..read]) {
            let replies = locked(&**device).receive(client, &message);
            for reply in replies {
                if !answered(stream, reply, stop) {
                    return;
                }
            }
        }
        if cutter.pending() > LONGEST {
            return;
        }
    }
}

/// Carries out one step of an answer; false when the connection is over.
fn answered(mut stream: &TcpStream, reply: Reply, stop: &Stop) -> bool {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).is_ok(),
        Reply::Wait(time) => !stop.pause(time),
        // A socket has no way to say so.
        Reply::ServiceRequest => true,
        Reply::Hang => {
            // Read on, so that the end of the connection is seen, but never heard.
            let mut piece = [0; PIECE];
            while matches!(stream.read(&mut piece), Ok(1..)) {}
            false
        }
        Reply::Close => false,
    }
}

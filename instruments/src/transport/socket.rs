//! Bare bytes over TCP: `TCPIP::HOST::PORT::SOCKET`.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::resource::{Resource, bare_host};

/// A TCP connection. It marks no ends of messages and has no device clear.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    resource: String,
}

impl Socket {
    /// Connects.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when nobody listens there, [`TransportError::Timeout`].
    pub fn connect(host: &str, port: u16, deadline: Deadline) -> Result<Self, TransportError> {
        let resource = Resource::Socket {
            host: host.to_owned(),
            port,
        };
        Ok(Self {
            stream: connect(host, port, deadline)?,
            resource: resource.to_string(),
        })
    }
}

/// Connects to the first address of a host that answers.
pub(crate) fn connect(
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<TcpStream, TransportError> {
    let addresses = (bare_host(host), port)
        .to_socket_addrs()
        .map_err(|error| TransportError::gone(&error))?;
    let mut last = TransportError::Disconnected {
        why: format!("{host} has no address"),
    };
    for address in addresses {
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                // Commands are short and each waits for its answer.
                stream
                    .set_nodelay(true)
                    .map_err(|error| TransportError::gone(&error))?;
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                last = TransportError::timeout(deadline);
            }
            Err(error) => last = TransportError::gone(&error),
        }
    }
    Err(last)
}

/// Sends all of a message before the deadline.
pub(crate) fn write_all(
    stream: &TcpStream,
    mut message: &[u8],
    deadline: Deadline,
) -> Result<(), TransportError> {
    while !message.is_empty() {
        message = &message[write_some(stream, message, deadline)?..];
    }
    Ok(())
}

/// Sends some of a message before the deadline, and says how much.
pub(crate) fn write_some(
    mut stream: &TcpStream,
    message: &[u8],
    deadline: Deadline,
) -> Result<usize, TransportError> {
    loop {
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        stream
            .set_write_timeout(Some(left))
            .map_err(|error| TransportError::gone(&error))?;
        match stream.write(message) {
            Ok(0) => return Err(TransportError::gone(&ErrorKind::WriteZero.into())),
            Ok(sent) => return Ok(sent),
            Err(error) if is_late(&error) => return Err(TransportError::timeout(deadline)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(TransportError::gone(&error)),
        }
    }
}

/// Reads at least one byte before the deadline.
pub(crate) fn read_some(
    mut stream: &TcpStream,
    into: &mut [u8],
    deadline: Deadline,
) -> Result<usize, TransportError> {
    loop {
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        stream
            .set_read_timeout(Some(left))
            .map_err(|error| TransportError::gone(&error))?;
        match stream.read(into) {
            Ok(0) => {
                return Err(TransportError::Disconnected {
                    why: "the other side closed the connection".into(),
                });
            }
            Ok(read) => return Ok(read),
            Err(error) if is_late(&error) => return Err(TransportError::timeout(deadline)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(TransportError::gone(&error)),
        }
    }
}

/// Reads what has arrived, or nothing, without waiting.
pub(crate) fn read_ready(
    mut stream: &TcpStream,
    into: &mut [u8],
) -> Result<Option<usize>, TransportError> {
    let gone = |error: std::io::Error| TransportError::gone(&error);
    stream.set_nonblocking(true).map_err(gone)?;
    let read = stream.read(into);
    stream.set_nonblocking(false).map_err(gone)?;
    match read {
        Ok(0) => Err(TransportError::Disconnected {
            why: "the other side closed the connection".into(),
        }),
        Ok(read) => Ok(Some(read)),
        Err(error) if is_late(&error) || error.kind() == ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(gone(error)),
    }
}

/// Says whether bytes have arrived, or that the other side is gone.
pub(crate) fn has_input(stream: &TcpStream) -> Result<bool, TransportError> {
    let gone = |error: std::io::Error| TransportError::gone(&error);
    stream.set_nonblocking(true).map_err(gone)?;
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).map_err(gone)?;
    match peeked {
        Ok(0) => Err(TransportError::Disconnected {
            why: "the other side closed the connection".into(),
        }),
        Ok(_) => Ok(true),
        Err(error) if is_late(&error) => Ok(false),
        Err(error) => Err(gone(error)),
    }
}

/// True for what a deadline of a socket gives, which differs between systems.
fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

impl Transport for Socket {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        write_all(&self.stream, message, deadline)
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        let bytes = read_some(&self.stream, into, deadline)?;
        Ok(Chunk {
            bytes,
            end: End::Open,
        })
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        has_input(&self.stream)
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        // What arrived could be dropped, but not what is on its way: a new connection is better.
        Ok(Cleared::Input)
    }

    fn status_byte(&mut self, _: Deadline) -> Result<u8, TransportError> {
        Err(TransportError::Unsupported {
            transport: "a socket",
            what: "status byte outside of messages",
        })
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        Err(TransportError::Unsupported {
            transport: "a socket",
            what: "trigger outside of messages",
        })
    }
}

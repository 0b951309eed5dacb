//! GPIB behind a Prologix adapter on the network: `PRLGX-TCPIP::HOST::1234::5::INSTR`.
//!
//! The adapter takes lines. Those that begin with `++` are for itself, all others go to the
//! instrument, and what an instrument says comes back without a mark of its own: an end is known
//! only from what is read. A byte that the adapter would take for itself (CR, LF, ESC, `+`) is
//! sent behind an ESC.
//!
//! The adapter does one thing after the other, so the answer to `++ver` stands behind everything
//! that was under way: by that a clear knows that nothing is.
//!
//! *Source*: Prologix GPIB-ETHERNET controller user manual, section 8 (commands) and 6 (binary
//! data). No real adapter has been seen: simulated only.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::socket::{connect, has_input, read_some, write_all};
use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::framing::shown;
use crate::resource::Resource;

/// How long the adapter waits for each byte of an instrument, in milliseconds (1 to 3000).
const READ_TIMEOUT_MS: u64 = 1000;
/// How long after that the adapter counts as having given up.
const GIVEN_UP: Duration = Duration::from_millis(READ_TIMEOUT_MS + 250);
/// Longest line that an adapter says of itself, in bytes.
const LINE: usize = 256;
const ESCAPE: u8 = 0x1b;

/// A GPIB instrument behind an adapter.
#[derive(Debug)]
pub struct Prologix {
    stream: TcpStream,
    resource: String,
    /// What the adapter says of itself, line end included.
    version: Vec<u8>,
    /// Since when the adapter waits for the instrument to talk.
    asked: Option<Instant>,
    /// Bytes of an answer have come since the last message.
    talking: bool,
    /// Part of a message was sent, and its end was not.
    half: bool,
}

impl Prologix {
    /// Connects, sets the adapter up and has it say what it is.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when nobody listens there, [`TransportError::Timeout`],
    /// [`TransportError::Protocol`] when it is no such adapter.
    pub fn connect(
        host: &str,
        port: u16,
        primary: u8,
        deadline: Deadline,
    ) -> Result<Self, TransportError> {
        let resource = Resource::Prologix {
            host: host.to_owned(),
            port,
            primary,
        };
        let mut this = Self {
            stream: connect(host, port, deadline)?,
            resource: resource.to_string(),
            version: Vec::new(),
            asked: None,
            talking: false,
            half: false,
        };
        // Nothing is stored; controller; no read by itself; EOI with the last byte; no line end of
        // the adapter's own.
        let setup = format!(
            "++savecfg 0\n++mode 1\n++ifc\n++addr {primary}\n++auto 0\n++eoi 1\n++eos 3\n\
             ++eot_enable 0\n++read_tmo_ms {READ_TIMEOUT_MS}\n++ver\n"
        );
        write_all(&this.stream, setup.as_bytes(), deadline)?;
        this.version = this.own_line(deadline)?;
        if this.version.len() < 4 {
            return Err(TransportError::Protocol {
                protocol: "Prologix",
                expected: "what the adapter is".into(),
                found: shown(&this.version),
            });
        }
        Ok(this)
    }

    /// Returns what the adapter says of itself.
    pub fn version(&self) -> String {
        String::from_utf8_lossy(&self.version).trim().to_owned()
    }

    fn command(&mut self, command: &str, deadline: Deadline) -> Result<(), TransportError> {
        self.whole()?;
        write_all(&self.stream, command.as_bytes(), deadline)
    }

    fn whole(&self) -> Result<(), TransportError> {
        if self.half {
            return Err(TransportError::Disconnected {
                why: "half a message was sent: connect anew".into(),
            });
        }
        Ok(())
    }

    /// Reads a line that the adapter itself says.
    fn own_line(&mut self, deadline: Deadline) -> Result<Vec<u8>, TransportError> {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\n") {
            if line.len() > LINE {
                return Err(TransportError::Protocol {
                    protocol: "Prologix",
                    expected: "a short line".into(),
                    found: shown(&line),
                });
            }
            read_some(&self.stream, &mut byte, deadline)?;
            line.push(byte[0]);
        }
        Ok(line)
    }
}

/// Writes a message as the adapter takes it: escaped, with the line end that is its own.
fn escaped(message: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(message.len() + 8);
    for byte in message {
        if matches!(byte, b'\r' | b'\n' | b'+' | &ESCAPE) {
            line.push(ESCAPE);
        }
        line.push(*byte);
    }
    line.push(b'\n');
    line
}

impl Transport for Prologix {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.whole()?;
        self.half = true;
        write_all(&self.stream, &escaped(message), deadline)?;
        self.half = false;
        self.asked = None;
        self.talking = false;
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        loop {
            // An adapter that gave up on a slow instrument has to be asked again; one that is
            // still waiting must not be: the second request would find nothing to say.
            let waiting = self.asked.is_some_and(|asked| asked.elapsed() < GIVEN_UP);
            if !waiting && !self.talking {
                self.command("++read eoi\n", deadline)?;
                self.asked = Some(Instant::now());
            }
            let slice = if self.talking {
                deadline
            } else {
                deadline.within(GIVEN_UP)
            };
            match read_some(&self.stream, into, slice) {
                Ok(bytes) => {
                    self.talking = true;
                    let end = End::Open;
                    return Ok(Chunk { bytes, end });
                }
                Err(TransportError::Timeout { .. }) if deadline.left().is_some() => {}
                Err(TransportError::Timeout { .. }) => {
                    return Err(TransportError::timeout(deadline));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        has_input(&self.stream)
    }

    /// Sends a selected device clear, and drops all that comes before the adapter has said again
    /// what it is.
    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        self.command("++clr\n++ver\n", deadline)?;
        let mut tail = Vec::new();
        let mut piece = [0; 1 << 14];
        while !tail.ends_with(&self.version) || has_input(&self.stream)? {
            let read = read_some(&self.stream, &mut piece, deadline)?;
            tail.extend_from_slice(&piece[..read]);
            let keep = tail.len().min(self.version.len());
            tail.drain(..tail.len() - keep);
        }
        self.asked = None;
        self.talking = false;
        Ok(Cleared::Device)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        // The answer would stand behind the instrument's, and look the same.
        let waiting = self.asked.is_some_and(|asked| asked.elapsed() < GIVEN_UP);
        if has_input(&self.stream)? || (waiting && !self.talking) {
            return Err(TransportError::Unsupported {
                transport: "a Prologix adapter",
                what: "status byte while an answer is under way",
            });
        }
        self.command("++spoll\n", deadline)?;
        let line = self.own_line(deadline)?;
        let text = std::str::from_utf8(&line).ok();
        let byte = text.and_then(|text| text.trim().parse().ok());
        byte.ok_or_else(|| TransportError::Protocol {
            protocol: "Prologix",
            expected: "a status byte of 0 to 255".into(),
            found: shown(&line),
        })
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.command("++trg\n", deadline)
    }
}

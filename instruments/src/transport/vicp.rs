//! LeCroy's VICP over TCP: `VICP::HOST::INSTR`.
//!
//! A block is a head of 8 bytes (flags, version 1, a sequence number, a spare byte, the length in
//! network order) and so many bytes; a flag marks the end of a message. Instruments of version
//! 1A answer with the sequence number of the question, and an answer to an earlier one is
//! dropped; older ones answer with 0.
//!
//! A clear is not confirmed by the protocol, so it ends in a new connection, as with the vendor's
//! own client. The status byte is asked for in-band, which is not possible while an answer waits.
//!
//! *Source*: the head as LeCroy's remote control manuals print it; sequence numbers, clear and
//! poll as the vendor's published client (`VICPClient`, 2003) does them. No real instrument has
//! been seen: simulated only.

use std::net::TcpStream;

use super::socket::{connect, read_ready, read_some, write_all, write_some};
use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::framing::shown;
use crate::resource::Resource;

/// Length of a head, in bytes.
const HEAD: usize = 8;
/// The block carries data.
const DATA: u8 = 0x80;
/// The instrument is controlled from here.
const REMOTE: u8 = 0x40;
/// What was begun is dropped before the data is looked at.
const CLEAR: u8 = 0x10;
/// The instrument wants service.
const SERVICE: u8 = 0x08;
/// The status byte is asked for.
const POLL: u8 = 0x04;
/// The message ends with the block.
const END: u8 = 0x01;
/// The only version there is.
const VERSION: u8 = 1;
/// Bytes that are dropped at once.
const PIECE: usize = 1 << 14;
/// Pieces that are looked through where nothing is waited for: a flood never dries up.
const PIECES: usize = 256;

/// A VICP connection.
#[derive(Debug)]
pub struct Vicp {
    stream: TcpStream,
    resource: String,
    head: [u8; HEAD],
    got: usize,
    /// The block under way: its flags, whether it is wanted, and what is left of it.
    block: Option<Block>,
    /// Sequence number of the last message.
    sequence: u8,
    /// Part of a message was sent, and its end was not: only a new connection mends that.
    half: bool,
    service: bool,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    flags: u8,
    wanted: bool,
    left: u32,
}

impl Vicp {
    /// Connects.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when nobody listens there, [`TransportError::Timeout`].
    pub fn connect(host: &str, port: u16, deadline: Deadline) -> Result<Self, TransportError> {
        let resource = Resource::Vicp {
            host: host.to_owned(),
            port,
        };
        Ok(Self {
            stream: connect(host, port, deadline)?,
            resource: resource.to_string(),
            head: [0; HEAD],
            got: 0,
            block: None,
            sequence: 0,
            half: false,
            service: false,
        })
    }

    /// Says whether the instrument wanted service since this was last asked. It is told on the
    /// way, so only what was read counts.
    pub fn service_request(&mut self) -> bool {
        std::mem::take(&mut self.service)
    }

    fn send(
        &mut self,
        flags: u8,
        message: &[u8],
        deadline: Deadline,
    ) -> Result<(), TransportError> {
        if self.half {
            return Err(TransportError::Disconnected {
                why: "half a message was sent: connect anew".into(),
            });
        }
        let length = u32::try_from(message.len()).map_err(|_| TransportError::Protocol {
            protocol: "VICP",
            expected: "a message of at most 4 GiB".into(),
            found: format!("{} bytes", message.len()),
        })?;
        // 1 to 255 and again: 0 is what the old version says (1A).
        self.sequence = self.sequence.checked_add(1).unwrap_or(1);
        let [a, b, c, d] = length.to_be_bytes();
        let head = [DATA | REMOTE | flags, VERSION, self.sequence, 0, a, b, c, d];
        // What was not read of earlier answers is of no use any more.
        if let Some(block) = &mut self.block {
            block.wanted = false;
        }
        self.half = true;
        // Head and data in one: two small packets would wait for each other.
        let first = message.len().min(PIECE);
        let begun = [&head[..], &message[..first]].concat();
        let sent = write_some(&self.stream, &begun, deadline)?;
        write_all(&self.stream, &begun[sent..], deadline)?;
        write_all(&self.stream, &message[first..], deadline)?;
        self.half = false;
        Ok(())
    }

    fn fill(
        &mut self,
        into: &mut [u8],
        deadline: Option<Deadline>,
    ) -> Result<Option<usize>, TransportError> {
        match deadline {
            Some(deadline) => read_some(&self.stream, into, deadline).map(Some),
            None => read_ready(&self.stream, into),
        }
    }

    /// Returns the wanted block under way, dropping others; without a deadline, nothing when none
    /// has arrived.
    fn wanted(&mut self, deadline: Option<Deadline>) -> Result<Option<Block>, TransportError> {
        let mut pieces = 0;
        loop {
            if deadline.is_none() && pieces == PIECES {
                return Ok(None);
            }
            pieces += 1;
            match self.block {
                Some(block) if block.wanted => return Ok(Some(block)),
                Some(block) if block.left == 0 => self.block = None,
                Some(block) => {
                    let mut piece = [0; PIECE];
                    let room = PIECE.min(block.left as usize);
                    let Some(read) = self.fill(&mut piece[..room], deadline)? else {
                        return Ok(None);
                    };
                    self.took(read);
                }
                None => {
                    let mut piece = [0; HEAD];
                    let room = HEAD - self.got;
                    let Some(read) = self.fill(&mut piece[..room], deadline)? else {
                        return Ok(None);
                    };
                    self.head[self.got..self.got + read].copy_from_slice(&piece[..read]);
                    self.got += read;
                    if self.got == HEAD {
                        self.got = 0;
                        self.block = Some(self.begun()?);
                    }
                }
            }
        }
    }

    /// Reads the head of a block.
    fn begun(&mut self) -> Result<Block, TransportError> {
        let [flags, version, sequence, _, length @ ..] = self.head;
        if version != VERSION || flags & DATA == 0 {
            // Where the next block begins nobody knows any more.
            self.half = true;
            return Err(TransportError::Protocol {
                protocol: "VICP",
                expected: "a head of version 1 with data behind it".into(),
                found: shown(&self.head),
            });
        }
        self.service |= flags & SERVICE != 0;
        Ok(Block {
            flags,
            // A request for service comes by itself and answers nothing.
            wanted: flags & SERVICE == 0 && (sequence == 0 || sequence == self.sequence),
            left: u32::from_be_bytes(length),
        })
    }

    fn took(&mut self, read: usize) {
        if let Some(block) = &mut self.block {
            block.left = block.left.saturating_sub(read as u32);
        }
    }
}

impl Transport for Vicp {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.send(END, message, deadline)
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        loop {
            let block = self.wanted(Some(deadline))?;
            let block = block.ok_or(TransportError::timeout(deadline))?;
            let room = into.len().min(block.left as usize);
            let bytes = match room {
                0 => 0,
                room => self.fill(&mut into[..room], Some(deadline))?.unwrap_or(0),
            };
            self.took(bytes);
            if block.left as usize > bytes {
                let end = End::Open;
                return Ok(Chunk { bytes, end });
            }
            self.block = None;
            let end = match block.flags & END {
                0 => End::Open,
                _ => End::Message,
            };
            if bytes > 0 || end == End::Message {
                return Ok(Chunk { bytes, end });
            }
        }
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        Ok(self.wanted(None)?.is_some())
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        self.send(CLEAR, &[], deadline)?;
        Ok(Cleared::Input)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        if self.has_input()? {
            return Err(TransportError::Unsupported {
                transport: "VICP",
                what: "status byte while an answer waits",
            });
        }
        self.send(POLL, &[], deadline)?;
        let mut byte = [0];
        let chunk = self.read(&mut byte, deadline)?;
        if chunk.bytes == 1 && self.block.is_none() {
            return Ok(byte[0]);
        }
        Err(TransportError::Protocol {
            protocol: "VICP",
            expected: "a status byte".into(),
            found: "another length".into(),
        })
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        Err(TransportError::Unsupported {
            transport: "VICP",
            what: "trigger outside of messages",
        })
    }
}

//! HiSLIP over TCP: `TCPIP::HOST::hislip0::INSTR`.
//!
//! Two connections to one instrument: messages with marked ends go over the first, the status
//! byte, locks, requests for service and the device clear over the second, which an instrument
//! answers even while it is busy. Every message has an identity and every answer bears that of its
//! question, so an answer that comes late is known as such and dropped: nothing above has to guess.
//!
//! Spoken is the synchronized mode: one question, then its answer. An instrument that prefers the
//! overlapped one is asked for the other by a device clear, as the standard has it. Encryption
//! (2.0) is not spoken, and an instrument that insists on it is refused.
//!
//! *Source*: IVI-6.1, revision 1.1 of 2011-02-24; sections are named where they matter.
//! *Tested* against the server of this crate, by others' clients on that server, and by hand against
//! the HiSLIP server of lxi-rs (8bb09c5). No real instrument has been seen: simulated only.

mod channel;
mod late;
pub(crate) mod message;

use super::socket::connect;
use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::resource::Resource;
use channel::{Channel, Wait};
use message::{BEFORE_FIRST_ID, FIRST_ID, HEAD, Head, Kind, UNKNOWN_ID, broken};
use message::{error_words, fatal_words};

pub use late::{Lock, LockAnswer};

/// Version that is offered, 1.0 (4.1). A server of 2.0 answers in 1.0.
const VERSION: u32 = 0x0100;
/// Letters of a vendor, which the standard wants of a client too (4.1).
const VENDOR: [u8; 2] = *b"ET";
/// Longest message that is asked for, head included, in bytes: what VISA libraries take.
const LONGEST: u64 = 1 << 20;
/// Longest payload that is sent at once, in bytes.
const PIECE: u64 = 1 << 16;
/// Shortest message that a server may ask for and still be spoken to.
const SHORTEST: u64 = HEAD as u64 + 1;
/// How long is written before it is looked whether the other side wants to be read from.
const SLICE: std::time::Duration = std::time::Duration::from_millis(10);
/// How many messages are looked through to see whether one of them counts.
const LOOKED_THROUGH: usize = 256;

/// A HiSLIP session.
#[derive(Debug)]
pub struct HiSlip {
    sync: Channel,
    late: Channel,
    resource: String,
    version: (u8, u8),
    /// Longest payload that the server takes, in bytes.
    piece: u64,
    /// Identity of the next message, and of the last one.
    next: u32,
    last: u32,
    /// An answer was read to its end, and the server was not told yet (RMT-delivered).
    delivered: bool,
    /// Part of a message was sent, and its end was not.
    half: bool,
    /// Bytes of an answer without identity were handed on, and its end has not come.
    anonymous: bool,
    /// Interrupted without its AsyncInterrupted: nothing may be sent (3.1.2, rule 4).
    interrupted: i64,
    /// What is owed on the second connection, in order.
    owed: Vec<Kind>,
    service: Option<u8>,
    /// Device clears whose end the server has not confirmed.
    clears: u32,
}

impl HiSlip {
    /// Connects, agrees on the synchronized mode and on the length of messages.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when nobody listens there, [`TransportError::Timeout`],
    /// [`TransportError::Protocol`] when it is no HiSLIP server, or refuses.
    pub fn connect(
        host: &str,
        port: u16,
        device: &str,
        deadline: Deadline,
    ) -> Result<Self, TransportError> {
        let resource = Resource::HiSlip {
            host: host.to_owned(),
            device: device.to_owned(),
            port,
        };
        let mut sync = Channel::new(connect(host, port, deadline)?);
        let offer = VERSION << 16 | u32::from(u16::from_be_bytes(VENDOR));
        let hello = Head::bare(Kind::Initialize, 0, offer);
        sync.send(hello.with(device.as_bytes()), deadline)?;
        let answer = expect(&mut sync, Kind::InitializeResponse, deadline)?;
        if answer.control & 2 != 0 {
            return Err(broken(
                "a server that talks in the clear",
                "one that does not",
            ));
        }
        let mut this = Self {
            sync,
            late: Channel::new(connect(host, port, deadline)?),
            resource: resource.to_string(),
            version: (
                (answer.parameter >> 24) as u8,
                (answer.parameter >> 16) as u8,
            ),
            piece: PIECE,
            next: FIRST_ID,
            last: BEFORE_FIRST_ID,
            delivered: false,
            half: false,
            anonymous: false,
            interrupted: 0,
            owed: Vec::new(),
            service: None,
            clears: 0,
        };
        let session = Head::bare(Kind::AsyncInitialize, 0, answer.parameter & 0xffff);
        this.ask(session, &[], Kind::AsyncInitializeResponse, deadline)?;
        this.agree_on_length(deadline)?;
        if answer.control & 1 != 0 {
            this.clear(deadline)?;
        }
        Ok(this)
    }

    fn agree_on_length(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        let ask = Head::bare(Kind::AsyncMaximumMessageSize, 0, 0);
        let response = Kind::AsyncMaximumMessageSizeResponse;
        let (_, longest) = self.ask(ask, &LONGEST.to_be_bytes(), response, deadline)?;
        let longest: [u8; 8] = longest
            .as_slice()
            .try_into()
            .map_err(|_| broken("a length of 8 bytes", format!("{} bytes", longest.len())))?;
        let longest = u64::from_be_bytes(longest);
        if longest < SHORTEST {
            let expected = format!("a length of {SHORTEST} bytes or more");
            return Err(broken(expected, longest.to_string()));
        }
        // Whether the head counts the standard does not say: then it does.
        self.piece = (longest - HEAD as u64).min(PIECE);
        Ok(())
    }

    /// Returns the version of the protocol that the server speaks, major and minor.
    pub fn version(&self) -> (u8, u8) {
        self.version
    }

    /// Says whether a message is part of the answer to what was sent last (3.1.2, rules 1, 2).
    ///
    /// Data may come without an identity, and then only its end says whose it was.
    fn wanted(&self, head: Head) -> bool {
        match head.kind {
            Kind::Data => head.parameter == self.last || head.parameter == UNKNOWN_ID,
            Kind::DataEnd => head.parameter == self.last,
            _ => false,
        }
    }

    /// Takes a message of the first connection that is no part of an answer; false where it has
    /// not come whole.
    fn take_other(&mut self, head: Head, wait: Wait) -> Result<bool, TransportError> {
        match head.kind {
            Kind::Data | Kind::DataEnd => {
                if !self.sync.skip(wait)? {
                    return Ok(false);
                }
                if self.anonymous && head.kind == Kind::DataEnd {
                    self.anonymous = false;
                    let expected = format!("the end of the answer to {:#x}", self.last);
                    return Err(broken(expected, format!("that to {:#x}", head.parameter)));
                }
            }
            Kind::Interrupted => {
                if !self.sync.skip(wait)? {
                    return Ok(false);
                }
                self.interrupted += 1;
            }
            Kind::FatalError | Kind::Error => {
                let Some(text) = self.sync.text(wait)? else {
                    return Ok(false);
                };
                return Err(match head.kind {
                    Kind::FatalError => self.sync.end(fatal(head, &text)),
                    _ => refused(head, &text),
                });
            }
            Kind::Unknown(_) => return self.sync.skip(wait),
            other => {
                let error = broken("data or its end", format!("{other:?}"));
                return Err(self.sync.end(error));
            }
        }
        Ok(true)
    }

    /// Is done with a message of which nothing is left.
    fn message_read(&mut self, head: Head) -> End {
        self.sync.finish();
        if head.kind == Kind::Data {
            return End::Open;
        }
        self.delivered = true;
        self.anonymous = false;
        End::Message
    }

    /// Begins a message: it makes whatever was not read of earlier answers a thing of the past.
    fn begin(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        if self.half {
            return Err(broken(
                "a device clear behind half a message",
                "another message",
            ));
        }
        // The end of an answer that has been read may still be on its own.
        self.has_input()?;
        while self.interrupted > 0 {
            let wait = Wait::Until(deadline);
            let head = self.late.head(wait)?;
            let head = head.ok_or(TransportError::timeout(deadline))?;
            self.taken_late(head, wait)?;
        }
        self.anonymous = false;
        Ok(())
    }

    /// Makes the head of the next message over the first connection.
    fn head(&mut self, kind: Kind) -> Head {
        let control = u8::from(std::mem::take(&mut self.delivered));
        self.last = self.next;
        self.next = self.next.wrapping_add(2);
        Head::bare(kind, control, self.last)
    }

    /// Sends what was left unsent and the end of a device clear, reading what is in its way: a
    /// server that has not finished an answer does not listen.
    fn push_through(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        // Bit 0 of the control code would ask for the overlapped mode (table 24).
        let complete = Head::bare(Kind::DeviceClearComplete, 0, 0);
        self.sync.queue(&complete.with(&[]));
        self.clears += 1;
        loop {
            deadline.left().ok_or(TransportError::timeout(deadline))?;
            match self.sync.flush(deadline.within(SLICE)) {
                Ok(false) => return Ok(()),
                Ok(true) | Err(TransportError::Timeout { .. }) => {}
                Err(error) => return Err(error),
            }
            while let Some(head) = self.sync.head(Wait::Not)? {
                deadline.left().ok_or(TransportError::timeout(deadline))?;
                if !self.dropped(head, Wait::Not)? {
                    break;
                }
            }
        }
    }

    /// Drops a message amid a device clear, unless it is fatal.
    fn dropped(&mut self, head: Head, wait: Wait) -> Result<bool, TransportError> {
        if head.kind != Kind::FatalError {
            return self.sync.skip(wait);
        }
        match self.sync.text(wait)? {
            Some(text) => Err(self.sync.end(fatal(head, &text))),
            None => Ok(false),
        }
    }
}

/// Reads the answer to the first message of all.
fn expect(channel: &mut Channel, kind: Kind, deadline: Deadline) -> Result<Head, TransportError> {
    let wait = Wait::Until(deadline);
    let late = || TransportError::timeout(deadline);
    let head = channel.head(wait)?.ok_or_else(late)?;
    let text = channel.text(wait)?.ok_or_else(late)?;
    match head.kind {
        Kind::FatalError => Err(fatal(head, &text)),
        Kind::Error => Err(refused(head, &text)),
        found if found == kind => Ok(head),
        found => Err(broken(format!("{kind:?}"), format!("{found:?}"))),
    }
}

fn fatal(head: Head, text: &[u8]) -> TransportError {
    let text = String::from_utf8_lossy(text);
    let words = fatal_words(head.control);
    broken(
        "no fatal error",
        format!("{} ({words}): {text}", head.control),
    )
}

fn refused(head: Head, text: &[u8]) -> TransportError {
    let text = String::from_utf8_lossy(text);
    let words = error_words(head.control);
    broken("no error", format!("{} ({words}): {text}", head.control))
}

impl Transport for HiSlip {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.begin(deadline)?;
        self.half = true;
        let mut rest = message;
        loop {
            let n = rest.len().min(self.piece as usize);
            let (piece, behind) = rest.split_at(n);
            rest = behind;
            let kind = if rest.is_empty() {
                Kind::DataEnd
            } else {
                Kind::Data
            };
            let head = self.head(kind);
            self.sync.send(head.with(piece), deadline)?;
            if rest.is_empty() {
                self.half = false;
                return Ok(());
            }
        }
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        let wait = Wait::Until(deadline);
        loop {
            let head = self.sync.head(wait)?;
            let head = head.ok_or(TransportError::timeout(deadline))?;
            if !self.wanted(head) {
                self.take_other(head, wait)?;
                continue;
            }
            if into.is_empty() && self.sync.left() > 0 {
                let end = End::Open;
                return Ok(Chunk { bytes: 0, end });
            }
            let bytes = self.sync.payload(into, wait)?.unwrap_or(0);
            self.anonymous |= bytes > 0 && head.parameter == UNKNOWN_ID;
            if self.sync.left() > 0 {
                let end = End::Open;
                return Ok(Chunk { bytes, end });
            }
            let end = self.message_read(head);
            if bytes > 0 || end == End::Message {
                return Ok(Chunk { bytes, end });
            }
        }
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        for _ in 0..LOOKED_THROUGH {
            let Some(head) = self.sync.head(Wait::Not)? else {
                return Ok(false);
            };
            if !self.wanted(head) {
                if !self.take_other(head, Wait::Not)? {
                    return Ok(false);
                }
            } else if self.sync.left() > 0 {
                return Ok(true);
            } else {
                self.message_read(head);
            }
        }
        Ok(true)
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        let ask = Head::bare(Kind::AsyncDeviceClear, 0, 0);
        self.ask(ask, &[], Kind::AsyncDeviceClearAcknowledge, deadline)?;
        self.push_through(deadline)?;
        // An earlier clear may have run out of time before it was confirmed.
        while self.clears > 0 {
            let wait = Wait::Until(deadline);
            let head = self.sync.head(wait)?;
            let head = head.ok_or(TransportError::timeout(deadline))?;
            if head.kind != Kind::DeviceClearAcknowledge {
                self.dropped(head, wait)?;
                continue;
            }
            self.sync.skip(wait)?;
            self.clears -= 1;
            if head.control & 1 != 0 {
                let error = broken("the synchronized mode", "the overlapped mode");
                return Err(self.sync.end(error));
            }
        }
        self.next = FIRST_ID;
        self.last = BEFORE_FIRST_ID;
        self.delivered = false;
        self.half = false;
        self.anonymous = false;
        self.interrupted = 0;
        Ok(Cleared::Device)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        let control = u8::from(std::mem::take(&mut self.delivered));
        let ask = Head::bare(Kind::AsyncStatusQuery, control, self.last);
        let (answer, _) = self.ask(ask, &[], Kind::AsyncStatusResponse, deadline)?;
        Ok(answer.control)
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.begin(deadline)?;
        self.half = true;
        let head = self.head(Kind::Trigger);
        self.sync.send(head.with(&[]), deadline)?;
        self.half = false;
        Ok(())
    }
}

//! Writes down everything that passes over a transport.
//!
//! Every call that moves something is one [`Exchange`], and one line of JSON:
//!
//! ```text
//! {"t_s":0.001204,"resource":"TCPIP0::10.0.0.2::5025::SOCKET","event":"written","text":"*IDN?\n","dur_s":2.1e-5}
//! {"t_s":0.001231,"resource":"TCPIP0::10.0.0.2::5025::SOCKET","event":"read","text":"A,B,1,0\n","end":"open","dur_s":0.004}
//! ```
//!
//! Time is counted from when the recording began: what hour that was is for whoever keeps the
//! recording. Bytes that are text stand as text, others in hexadecimal; above [`INLINE`] bytes
//! stands their SHA-256, and the [`Recorder`] is given the bytes themselves.
//!
//! How a reply falls into pieces on its way is chance. The pieces that are read one after the
//! other are therefore one line, so that the same session gives the same lines; it is written when
//! the next thing happens, or when the recording ends. Long replies come in lines of [`PIECE`]
//! bytes, which bounds what is held.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::dialogue::Call;
use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};

/// Longest bytes that stand in the line itself.
pub const INLINE: usize = 256;
/// Longest bytes of one line.
pub const PIECE: usize = 4 << 20;

/// One thing that happened on a transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// When it began, in seconds since the recording did.
    pub t_s: f64,
    /// Where the transport leads.
    pub resource: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// How long it took in seconds; for a reply in pieces, until the last of them.
    pub dur_s: f64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A message was sent.
    Written {
        /// What was sent.
        #[serde(flatten)]
        bytes: Bytes,
    },
    /// Bytes came.
    Read {
        /// What came.
        #[serde(flatten)]
        bytes: Bytes,
        /// What the transport knew of the end of the message.
        end: End,
    },
    /// Bytes had come that nobody read.
    Waiting,
    /// What was under way was dropped.
    Clear {
        /// Where it was dropped.
        cleared: Cleared,
    },
    /// The status byte was read.
    StatusByte {
        /// The status byte.
        status: u8,
    },
    /// A trigger was sent.
    Trigger,
    /// A call failed.
    Error {
        /// Which call.
        call: Call,
        /// What was to be sent, where it is a write.
        #[serde(flatten)]
        bytes: Option<Bytes>,
        /// How it failed.
        error: Failure,
    },
}

/// Bytes in a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    /// Text without control characters but those of line ends and tabulators.
    Text {
        /// The text.
        text: String,
    },
    /// Bytes that are no text.
    Hex {
        /// Two digits a byte.
        hex: String,
    },
    /// Bytes that are too many for a line.
    Block {
        /// SHA-256 in hexadecimal.
        sha256: String,
        /// How many.
        length: u64,
    },
}

impl Bytes {
    /// Returns how these bytes stand in a line.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.len() > INLINE {
            let sha256 = hex(&Sha256::digest(bytes));
            let length = bytes.len() as u64;
            return Self::Block { sha256, length };
        }
        let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().all(plain) => Self::Text {
                text: text.to_owned(),
            },
            _ => Self::Hex { hex: hex(bytes) },
        }
    }

    /// Returns the bytes, if they stand in the line and are well-formed.
    pub fn inline(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text { text } => Some(text.clone().into_bytes()),
            Self::Hex { hex } => unhex(hex),
            Self::Block { .. } => None,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |d: u8| char::from(d).to_digit(16).map(|d| d as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// A [`TransportError`] in a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Failure {
    /// [`TransportError::Timeout`].
    Timeout {
        /// How long was waited in all, in milliseconds.
        after_ms: u64,
    },
    /// [`TransportError::Disconnected`].
    Disconnected {
        /// What the system says.
        why: String,
    },
    /// [`TransportError::Unsupported`].
    Unsupported {
        /// Which way.
        transport: String,
        /// What it lacks.
        what: String,
    },
    /// [`TransportError::Protocol`].
    Protocol {
        /// Which protocol.
        protocol: String,
        /// What the protocol wants.
        expected: String,
        /// What came.
        found: String,
    },
}

impl From<&TransportError> for Failure {
    fn from(error: &TransportError) -> Self {
        match error {
            TransportError::Timeout { after_ms } => Self::Timeout {
                after_ms: *after_ms,
            },
            TransportError::Disconnected { why } => Self::Disconnected { why: why.clone() },
            TransportError::Unsupported { transport, what } => Self::Unsupported {
                transport: (*transport).to_owned(),
                what: (*what).to_owned(),
            },
            TransportError::Protocol {
                protocol,
                expected,
                found,
            } => Self::Protocol {
                protocol: (*protocol).to_owned(),
                expected: expected.clone(),
                found: found.clone(),
            },
        }
    }
}

/// Takes what is recorded.
///
/// It has nobody to complain to: an implementation that writes to a disk keeps its own error, and
/// whoever owns it asks for it.
pub trait Recorder: Send {
    /// Takes one thing that happened.
    fn exchange(&mut self, exchange: &Exchange);

    /// Takes bytes that are too many for a line, before the line that names their SHA-256.
    fn block(&mut self, sha256: &str, bytes: &[u8]);
}

/// A recording in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tape {
    /// What happened.
    pub exchanges: Vec<Exchange>,
    /// Bytes that were too many for a line, by their SHA-256.
    pub blocks: std::collections::BTreeMap<String, Vec<u8>>,
}

impl Recorder for Tape {
    fn exchange(&mut self, exchange: &Exchange) {
        self.exchanges.push(exchange.clone());
    }

    fn block(&mut self, sha256: &str, bytes: &[u8]) {
        self.blocks.insert(sha256.to_owned(), bytes.to_vec());
    }
}

impl<R: Recorder> Recorder for Arc<Mutex<R>> {
    fn exchange(&mut self, exchange: &Exchange) {
        let mut recorder = self.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.exchange(exchange);
    }

    fn block(&mut self, sha256: &str, bytes: &[u8]) {
        let mut recorder = self.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.block(sha256, bytes);
    }
}

/// A reply whose next piece may still come.
#[derive(Debug)]
struct Reply {
    bytes: Vec<u8>,
    end: End,
    begun: Instant,
    ended: Instant,
}

/// A transport that is recorded.
pub struct Recorded {
    inner: Box<dyn Transport>,
    recorder: Box<dyn Recorder>,
    start: Instant,
    reply: Option<Reply>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorded({:?})", self.inner)
    }
}

impl Recorded {
    /// Records a transport from now on. Times count from `start`, so that the recordings of
    /// several instruments, and those before and after a connection was lost, fit together.
    pub fn new(inner: Box<dyn Transport>, recorder: Box<dyn Recorder>, start: Instant) -> Self {
        Self {
            inner,
            recorder,
            start,
            reply: None,
        }
    }

    fn note(&mut self, event: Event, begun: Instant, ended: Instant) {
        let exchange = Exchange {
            t_s: seconds(begun - self.start),
            resource: self.inner.resource(),
            event,
            dur_s: seconds(ended - begun),
        };
        self.recorder.exchange(&exchange);
    }

    fn bytes(&mut self, bytes: &[u8]) -> Bytes {
        let written = Bytes::of(bytes);
        if let Bytes::Block { sha256, .. } = &written {
            self.recorder.block(sha256, bytes);
        }
        written
    }

    /// Writes down the reply that came so far: the next thing is not a piece of it.
    fn close_reply(&mut self) {
        if let Some(reply) = self.reply.take() {
            let bytes = self.bytes(&reply.bytes);
            let end = reply.end;
            self.note(Event::Read { bytes, end }, reply.begun, reply.ended);
        }
    }

    fn failed(&mut self, call: Call, message: &[u8], error: &TransportError, begun: Instant) {
        self.close_reply();
        let bytes = (call == Call::Write).then(|| self.bytes(message));
        let error = Failure::from(error);
        self.note(Event::Error { call, bytes, error }, begun, Instant::now());
    }

    /// Adds a piece to the reply that is under way.
    fn piece(&mut self, mut bytes: &[u8], end: End, begun: Instant) {
        let ended = Instant::now();
        loop {
            let reply = self.reply.get_or_insert(Reply {
                bytes: Vec::new(),
                end: End::Open,
                begun,
                ended,
            });
            let room = PIECE - reply.bytes.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            reply.bytes.extend_from_slice(now);
            reply.ended = ended;
            bytes = later;
            if bytes.is_empty() {
                reply.end = end;
                break;
            }
            self.close_reply();
        }
        if end == End::Message {
            self.close_reply();
        }
    }

    fn event<T>(
        &mut self,
        call: Call,
        message: &[u8],
        act: impl FnOnce(&mut dyn Transport) -> Result<T, TransportError>,
        told: impl FnOnce(&T, Bytes) -> Event,
    ) -> Result<T, TransportError> {
        let begun = Instant::now();
        let done = act(self.inner.as_mut());
        match &done {
            Ok(value) => {
                self.close_reply();
                let bytes = self.bytes(message);
                self.note(told(value, bytes), begun, Instant::now());
            }
            Err(error) => self.failed(call, message, error, begun),
        }
        done
    }

    fn received(
        &mut self,
        read: Result<Chunk, TransportError>,
        into: &[u8],
        begun: Instant,
    ) -> Result<Chunk, TransportError> {
        match &read {
            Ok(chunk) => self.piece(&into[..chunk.bytes], chunk.end, begun),
            Err(error) => self.failed(Call::Read, b"", error, begun),
        }
        read
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.close_reply();
    }
}

/// Seconds to the microsecond: what is finer is chance.
fn seconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}

impl Transport for Recorded {
    fn resource(&self) -> String {
        self.inner.resource()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.event(
            Call::Write,
            message,
            |inner| inner.write(message, deadline),
            |(), bytes| Event::Written { bytes },
        )
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        let begun = Instant::now();
        let read = self.inner.read(into, deadline);
        self.received(read, into, begun)
    }

    fn listen(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        // What comes unasked is not a piece of what was asked for.
        self.close_reply();
        let begun = Instant::now();
        let read = self.inner.listen(into, deadline);
        let read = self.received(read, into, begun);
        self.close_reply();
        read
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        let begun = Instant::now();
        let waiting = self.inner.has_input();
        match &waiting {
            // It is asked before every command, and no is no news.
            Ok(false) => {}
            Ok(true) => {
                self.close_reply();
                self.note(Event::Waiting, begun, Instant::now());
            }
            Err(error) => self.failed(Call::HasInput, b"", error, begun),
        }
        waiting
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        self.event(
            Call::Clear,
            b"",
            |inner| inner.clear(deadline),
            |cleared, _| Event::Clear { cleared: *cleared },
        )
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        self.event(
            Call::StatusByte,
            b"",
            |inner| inner.status_byte(deadline),
            |status, _| Event::StatusByte { status: *status },
        )
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.event(
            Call::Trigger,
            b"",
            |inner| inner.trigger(deadline),
            |(), _| Event::Trigger,
        )
    }
}

#[cfg(test)]
mod tests;

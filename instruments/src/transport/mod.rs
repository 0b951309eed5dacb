//! Ways for bytes to and from an instrument, all behind one trait.
//!
//! A [`Transport`] moves bytes and says where a message ends, when it knows. What the bytes mean
//! (lines, blocks, echoes) is the [`framing`](crate::framing)'s, and what a lost answer means is
//! the [`session`](crate::session)'s. Everything has a [`Deadline`]; nothing waits for ever.
//!
//! [`socket`], [`hislip`], [`vicp`], [`prologix`], [`serial`] and [`usbtmc`] lead to an
//! instrument, and [`open`] finds the one that a resource string names. Around any transport go
//! [`record`], which writes down what passes, [`rate`], which leaves slow firmware some time, and
//! [`faults`], which breaks things by a plan. In the place of an instrument stand [`replay`], which
//! plays what was written down, and [`dialogue`].

pub mod dialogue;
#[cfg(test)]
mod echo;
pub mod faults;
pub mod hislip;
pub mod prologix;
pub mod rate;
pub mod record;
pub mod replay;
pub mod serial;
pub mod socket;
pub mod usbtmc;
pub mod vicp;

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::resource::Resource;
use hislip::HiSlip;
use prologix::Prologix;
use serial::Serial;
use socket::Socket;
use usbtmc::UsbTmc;
use vicp::Vicp;

/// The point in time by which something has to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    given: Duration,
}

impl Deadline {
    /// Makes the deadline that is so far from now.
    pub fn after(given: Duration) -> Self {
        Self {
            at: Instant::now() + given,
            given,
        }
    }

    /// Returns what is left, or nothing when it has passed.
    pub fn left(&self) -> Option<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Returns the whole time that was given, for messages.
    pub fn given(&self) -> Duration {
        self.given
    }

    /// Returns the earlier of this one and one that is so far from now.
    pub fn within(&self, given: Duration) -> Self {
        let other = Self::after(given);
        if other.at < self.at { other } else { *self }
    }
}

/// Why bytes did not come or go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The deadline passed.
    #[error("nothing within {after_ms} ms")]
    Timeout {
        /// How long was waited in all, in milliseconds.
        after_ms: u64,
    },
    /// The other side is gone, or was never there.
    #[error("not connected: {why}")]
    Disconnected {
        /// What the system says.
        why: String,
    },
    /// This way does not have it.
    #[error("{transport} has no {what}")]
    Unsupported {
        /// Which way.
        transport: &'static str,
        /// What it lacks.
        what: &'static str,
    },
    /// The other side does not keep to the protocol.
    #[error("{protocol}: expected {expected}, found {found}")]
    Protocol {
        /// Which protocol.
        protocol: &'static str,
        /// What the protocol wants.
        expected: String,
        /// What came.
        found: String,
    },
}

impl TransportError {
    /// Makes the error of a deadline that passed.
    pub fn timeout(deadline: Deadline) -> Self {
        Self::Timeout {
            after_ms: deadline.given().as_millis() as u64,
        }
    }

    /// Makes the error of a connection that the system says is gone.
    pub fn gone(error: &std::io::Error) -> Self {
        Self::Disconnected {
            why: error.to_string(),
        }
    }
}

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// How many bytes.
    pub bytes: usize,
    /// Whether the message is over.
    pub end: End,
}

/// What a transport knows of the end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The message ended with the last of these bytes (END, EOI).
    Message,
    /// More of it follows, or this way does not tell.
    Open,
}

/// Whether a clear emptied the instrument's own buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cleared {
    /// The instrument dropped what it had begun: a device clear.
    Device,
    /// Only what had arrived was dropped; an answer that is late may still come.
    Input,
}

/// A way for bytes to and from one instrument.
pub trait Transport: Send {
    /// Says where it leads, as a resource string where there is one.
    fn resource(&self) -> String;

    /// Sends a message, all of it.
    ///
    /// # Errors
    /// [`TransportError::Timeout`], [`TransportError::Disconnected`]. How much of the message went
    /// is then unknown.
    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError>;

    /// Reads what there is, at least one byte and at most as many as `into` holds.
    ///
    /// A message of no bytes gives a chunk of none with [`End::Message`].
    ///
    /// # Errors
    /// [`TransportError::Timeout`], [`TransportError::Disconnected`],
    /// [`TransportError::Protocol`].
    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError>;

    /// Reads what comes although nobody asked, as [`Transport::read`] does.
    ///
    /// Where an instrument speaks only when it is asked, as in USBTMC, a read would be a question:
    /// such a way gives what it has, or [`TransportError::Timeout`] at once.
    ///
    /// # Errors
    /// As [`Transport::read`]; silence is [`TransportError::Timeout`].
    fn listen(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.read(into, deadline)
    }

    /// Says whether bytes have arrived that nobody read, without waiting.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`].
    fn has_input(&mut self) -> Result<bool, TransportError>;

    /// Drops what is under way, in the instrument where this way can.
    ///
    /// # Errors
    /// As [`Transport::read`].
    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError>;

    /// Reads the status byte without disturbing messages.
    ///
    /// # Errors
    /// [`TransportError::Unsupported`] where there is no such way, and those of
    /// [`Transport::read`].
    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError>;

    /// Triggers.
    ///
    /// # Errors
    /// As [`Transport::status_byte`].
    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError>;
}

/// Opens the way to a resource, where this crate goes it by itself. A serial line gets the
/// settings of [`serial::Settings::default`]; [`Serial::open`] takes others.
///
/// # Errors
/// [`TransportError::Unsupported`] for a way that is not gone here, and those of the ways.
pub fn open(resource: &Resource, deadline: Deadline) -> Result<Box<dyn Transport>, TransportError> {
    let lacks = |what| TransportError::Unsupported {
        transport: "this program by itself",
        what,
    };
    Ok(match resource {
        Resource::Socket { host, port } => Box::new(Socket::connect(host, *port, deadline)?),
        Resource::HiSlip { host, device, port } => {
            Box::new(HiSlip::connect(host, *port, device, deadline)?)
        }
        Resource::Vicp { host, port } => Box::new(Vicp::connect(host, *port, deadline)?),
        Resource::Prologix {
            host,
            port,
            primary,
        } => Box::new(Prologix::connect(host, *port, *primary, deadline)?),
        Resource::Serial { port } => Box::new(Serial::open(port, serial::Settings::default())?),
        Resource::UsbTmc { path } => Box::new(UsbTmc::open(path, deadline)?),
        Resource::Vxi11 { .. } => return Err(lacks("VXI-11")),
        Resource::Gpib { .. } => return Err(lacks("GPIB boards")),
        Resource::Usb { .. } => return Err(lacks("USB instruments")),
    })
}

impl fmt::Debug for dyn Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport({})", self.resource())
    }
}

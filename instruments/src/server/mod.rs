//! Servers that a simulated instrument speaks through.
//!
//! A [`Device`] takes messages and says what it answers, as a list of [`Reply`]s: bytes, pauses
//! and faults. A [`SocketServer`] or a [`HiSlipServer`] carries them, several clients at once; the
//! device is behind a mutex that is held only while it thinks, never while it waits or talks.
//! A server stops when it is dropped, and leaves no thread behind.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//! use etalon_instruments::server::{Client, Device, HiSlipServer, Reply};
//! use etalon_instruments::transport::{self, Deadline};
//! use etalon_instruments::{Session, Wire};
//!
//! struct Mute;
//! impl Device for Mute {
//!     fn receive(&mut self, _: Client, message: &[u8]) -> Vec<Reply> {
//!         match message {
//!             b"*IDN?" => vec![Reply::Bytes(b"ETALON,MUTE,0,0\n".to_vec())],
//!             _ => Vec::new(),
//!         }
//!     }
//! }
//! let server = HiSlipServer::start("127.0.0.1:0", Arc::new(Mutex::new(Mute)))?;
//! let deadline = Deadline::after(Duration::from_secs(5));
//! let transport = transport::open(&server.resource(), deadline)?;
//! let session = Session::open(transport, Wire::SCPI).map_err(|lost| lost.error)?;
//! assert_eq!(session.identity(), "ETALON,MUTE,0,0");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod hislip;
mod lines;
mod listener;
#[cfg(unix)]
pub mod pty;
mod socket;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use hislip::HiSlipServer;
pub use lines::LineEnd;
pub use socket::SocketServer;

/// One of those who talk to a device; no two of one process are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client(u64);

impl Client {
    /// Makes one that was not there before.
    pub fn another() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// One step of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// These bytes, line end included. The last of them end the message, unless a fault follows.
    Bytes(Vec<u8>),
    /// Nothing for so long; a device clear ends it, and what would have followed.
    Wait(Duration),
    /// The client is told that the device wants service, where the way can (HiSLIP).
    ServiceRequest,
    /// Nothing more until a device clear or the end of the connection: a fault.
    Hang,
    /// The connection is closed: a fault.
    Close,
}

/// What a simulated instrument does with what it is told.
pub trait Device: Send {
    /// Takes a message without its line end, and says what it answers.
    fn receive(&mut self, from: Client, message: &[u8]) -> Vec<Reply>;

    /// Returns the status byte, without the bits of the transport: message available (16) and
    /// request for service (64).
    fn status_byte(&mut self) -> u8 {
        0
    }

    /// Drops what this client had begun. What was set stays (IEEE 488.2, 5.8).
    fn clear(&mut self, _: Client) {}

    /// Is triggered.
    fn trigger(&mut self, _: Client) -> Vec<Reply> {
        Vec::new()
    }

    /// Is told that a new message cut off its answer (IEEE 488.2: query error -410).
    fn interrupted(&mut self, _: Client) {}

    /// Is told that a client is gone.
    fn left(&mut self, _: Client) {}
}

/// A device that several clients talk to.
pub type Shared = Arc<Mutex<dyn Device>>;

/// Locks a device, also one that panicked once: other clients still want an answer.
fn locked<T: ?Sized>(device: &Mutex<T>) -> MutexGuard<'_, T> {
    device.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns which step carries the end of the message, if any does.
fn last_bytes(replies: &[Reply]) -> Option<usize> {
    let fault = replies
        .iter()
        .any(|reply| matches!(reply, Reply::Hang | Reply::Close));
    let last = replies
        .iter()
        .rposition(|reply| matches!(reply, Reply::Bytes(_)));
    last.filter(|_| !fault)
}

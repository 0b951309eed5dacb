//! What survives the process: journals, blobs, alarms and plan tables.
//!
//! [`StateDir`] is the folder behind `--state`. Inside it every stream is a [`Journal`] of its
//! own, and bytes that are too large for a line are [`Blobs`]:
//!
//! ```text
//! alarms.jsonl   AlarmStore   what was seen, with the last word for every dedup key
//! plans.jsonl    PlanStore    the rows of the plan tracking tables
//! audit.jsonl    Journal      who allowed what, and what the hardware answered
//! blobs/         Blobs        captures and reports, by SHA-256
//! ```
//!
//! A record that was acknowledged survives `kill -9` and a power cut; one that was not is either
//! whole or gone. Time is always given by the caller, so that a replay writes the same bytes.
//! A store is opened by one writer at a time; readers need no lock.
//!
//! ```
//! use etalon::store::StateDir;
//!
//! let folder = tempfile::tempdir()?;
//! let state = StateDir::open(&folder.path().join("state"))?;
//! let capture = state.blobs()?.put(b"samples")?;
//! let mut audit = state.audit()?;
//! let seq = audit.append(
//!     "2026-01-01T00:00:00Z",
//!     "acquired",
//!     &serde_json::json!({ "blob": capture.digest.to_string() }),
//! )?;
//! assert_eq!(seq, 1);
//! assert_eq!(state.blobs()?.read(capture.digest)?, b"samples");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alarms;
pub mod atomic;
pub mod blobs;
mod digest;
mod error;
pub mod journal;
mod lock;
pub mod plans;
mod state_dir;

pub use alarms::{AlarmBook, AlarmStore};
pub use atomic::Staged;
pub use blobs::{Blobs, Stored};
pub use digest::{Digest, DigestError};
pub use error::StoreError;
pub use journal::{Durability, Journal, Record, TornTail};
pub use lock::Patience;
pub use plans::{PlanBook, PlanStore};
pub use state_dir::StateDir;

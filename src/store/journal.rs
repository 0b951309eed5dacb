//! The one journal: a text file that is only ever appended to.
//!
//! A line is a record:
//!
//! ```text
//! {"seq":7,"prev":"<hash of line 6>","time":"<RFC 3339>","kind":"alarm","data":{...},"sha256":"<hash>"}
//! ```
//!
//! `sha256` is over the bytes of the line before it, and those hold the hash of the line before,
//! so that a change anywhere shows at that line (the chain of Haber and Stornetta, "How to
//! time-stamp a digital document", 1991). What a chain cannot show is that whole lines are gone
//! from the end: note [`Journal::last_hash`] elsewhere if that matters.
//!
//! **Torn tail.** A process that dies while it writes leaves at most one line without an end. It
//! was never acknowledged; [`Journal::open`] moves its bytes to `NAME.torn` and goes on before
//! it. A line that bears its hash was written to its end: if it does not verify it is damage, not
//! a tear, and opening fails with [`StoreError::Corrupt`], as it does for any line but the last.
//!
//! **Readers** need no lock ([`read`]); they stop before a line that is still being written.

mod medium;
mod scan;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::Digest;
use super::error::StoreError;
use super::lock::{Patience, WriterLock};
use super::state_dir::{private_file, sync_folder};
use medium::Medium;
use scan::Tail;

pub use scan::Records;

/// The longest record in bytes, its newline included. What is longer belongs into the blobs.
pub const LONGEST_RECORD: usize = 4 << 20;

/// A record as it was read, its hash and its place in the chain verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Number in this journal, from 1, without gaps.
    pub seq: u64,
    /// Hash of the record before, zeros for the first.
    pub prev: Digest,
    /// When it happened, as the caller said.
    pub time: String,
    /// What it is.
    pub kind: String,
    /// What the caller wrote.
    pub data: Value,
    /// Hash of the line up to here.
    pub sha256: Digest,
}

/// When a record is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When [`Journal::append`] returns.
    EachAppend,
    /// When the next [`Journal::sync`] returns; records in between are acknowledged by it alone.
    /// A power cut before it can reorder what was under way, which opening then reports as
    /// [`StoreError::Corrupt`] instead of guessing; a killed process cannot.
    OnSync,
}

/// What [`Journal::open`] cut from the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where the cut is, in bytes from the start.
    pub byte: u64,
    /// How many bytes were cut.
    pub length: u64,
    /// The file that they were appended to.
    pub kept_in: PathBuf,
}

/// A journal that is open for writing.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    medium: Box<dyn Medium>,
    durability: Durability,
    end: u64,
    next_seq: u64,
    last: Digest,
    health: Health,
    torn: Option<TornTail>,
    _lock: WriterLock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Sound,
    Poisoned,
}

impl Journal {
    /// Opens a journal for writing, creating it where missing: takes the lock, verifies every
    /// line, cuts a torn tail.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when somebody else writes, [`StoreError::Corrupt`] when a line does
    /// not verify, [`StoreError::Io`].
    ///
    /// # Complexity
    /// One pass over the file; memory for one record.
    pub fn open(
        path: &Path,
        durability: Durability,
        patience: Patience,
    ) -> Result<Self, StoreError> {
        Self::open_with(path, durability, patience, |_| {})
    }

    /// As [`Journal::open`], showing every record to `each` on the way.
    pub(crate) fn open_with(
        path: &Path,
        durability: Durability,
        patience: Patience,
        mut each: impl FnMut(Record),
    ) -> Result<Self, StoreError> {
        let lock = WriterLock::take(path, patience)?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = private_file(&mut options)
            .open(path)
            .map_err(StoreError::io(path, "open"))?;
        // The name has to survive too, not only the bytes; on a journal that exists it costs
        // nothing, and the process that created it may have died before it came here.
        sync_folder(parent(path))?;
        let mut records = read(path)?;
        for record in &mut records {
            each(record?);
        }
        let torn = settle(path, &mut file, records.tail())?;
        let end = file
            .metadata()
            .map_err(StoreError::io(path, "measure"))?
            .len();
        Ok(Self {
            path: path.to_owned(),
            medium: Box::new(file),
            durability,
            end,
            next_seq: records.next_seq(),
            last: records.last_hash(),
            health: Health::Sound,
            torn,
            _lock: lock,
        })
    }

    /// Appends a record and returns its number.
    ///
    /// With [`Durability::EachAppend`] the record is on the disk when this returns. After an
    /// error it is not in the journal; when that cannot be made sure, every later call fails with
    /// [`StoreError::Poisoned`] until the journal is opened again.
    ///
    /// # Errors
    /// [`StoreError::Io`] such as a full disk, [`StoreError::TooLong`], [`StoreError::Value`],
    /// [`StoreError::Poisoned`].
    ///
    /// # Arguments
    /// `time` is the caller's (RFC 3339); it is written as it is.
    pub fn append<T: Serialize + ?Sized>(
        &mut self,
        time: &str,
        kind: &str,
        data: &T,
    ) -> Result<u64, StoreError> {
        if self.health == Health::Poisoned {
            return Err(StoreError::Poisoned {
                path: self.path.clone(),
            });
        }
        let (line, digest) = self.encode(time, kind, data)?;
        if let Err(source) = self.medium.write(&line) {
            // A part may be there. Without it the next append would grow out of half a line.
            if self.medium.cut(self.end).is_err() {
                self.health = Health::Poisoned;
            }
            return Err(StoreError::Io {
                path: self.path.clone(),
                action: "append",
                source,
            });
        }
        if self.durability == Durability::EachAppend {
            self.flush()?;
        }
        let seq = self.next_seq;
        self.end += line.len() as u64;
        self.next_seq += 1;
        self.last = digest;
        Ok(seq)
    }

    /// Puts everything appended so far on the disk.
    ///
    /// # Errors
    /// [`StoreError::Io`], after which the journal is [`StoreError::Poisoned`].
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.health == Health::Poisoned {
            return Err(StoreError::Poisoned {
                path: self.path.clone(),
            });
        }
        self.flush()
    }

    /// Returns the number that the next record gets.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Returns the hash of the last record: whoever keeps it elsewhere can tell later that
    /// nothing was taken from the end.
    pub fn last_hash(&self) -> Digest {
        self.last
    }

    /// Returns what was cut from the end when it was opened. The caller should say so to people.
    pub fn torn(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the records again from the first, verifying each.
    ///
    /// # Errors
    /// [`StoreError::Io`] here; [`StoreError::Corrupt`] from the iterator.
    pub fn records(&self) -> Result<Records, StoreError> {
        read(&self.path)
    }

    fn encode<T: Serialize + ?Sized>(
        &self,
        time: &str,
        kind: &str,
        data: &T,
    ) -> Result<(Vec<u8>, Digest), StoreError> {
        let value = |source| StoreError::Value {
            path: self.path.clone(),
            expected: "a record",
            source,
        };
        let mut line = format!(
            r#"{{"seq":{},"prev":"{}","time":"#,
            self.next_seq, self.last
        )
        .into_bytes();
        serde_json::to_writer(&mut line, time).map_err(value)?;
        line.extend_from_slice(br#","kind":"#);
        serde_json::to_writer(&mut line, kind).map_err(value)?;
        line.extend_from_slice(br#","data":"#);
        serde_json::to_writer(&mut line, data).map_err(value)?;
        let digest = Digest::of(&line);
        line.extend_from_slice(scan::seal(digest).as_bytes());
        line.push(b'\n');
        if line.len() > LONGEST_RECORD {
            return Err(StoreError::TooLong {
                path: self.path.clone(),
                requested: line.len(),
                allowed: LONGEST_RECORD,
            });
        }
        Ok((line, digest))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.medium.flush().map_err(|source| {
            // After a failed flush the system may have dropped the pages and forgotten it, so a
            // second flush that succeeds would prove nothing.
            self.health = Health::Poisoned;
            if self.durability == Durability::EachAppend {
                // Best effort: the record was not acknowledged, so better that it is not found.
                let _ = self.medium.cut(self.end);
            }
            StoreError::Io {
                path: self.path.clone(),
                action: "flush",
                source,
            }
        })
    }
}

/// Reads a journal without its lock, verifying each record.
///
/// # Errors
/// [`StoreError::Io`] here; [`StoreError::Corrupt`] from the iterator.
pub fn read(path: &Path) -> Result<Records, StoreError> {
    let file = File::open(path).map_err(StoreError::io(path, "open"))?;
    Ok(Records::new(path, Box::new(std::io::BufReader::new(file))))
}

/// As [`read`]; a journal that does not exist has no records.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Records>, StoreError> {
    match read(path) {
        Ok(records) => Ok(Some(records)),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(other) => Err(other),
    }
}

/// Turns a verified record of a known kind into what it holds.
pub(super) fn decode<T: DeserializeOwned>(
    path: &Path,
    record: Record,
    kind: &str,
) -> Result<T, StoreError> {
    if record.kind != kind {
        return Err(unlike(
            path,
            record.seq,
            format!("kind {kind}"),
            format!("kind {}", record.kind),
        ));
    }
    serde_json::from_value(record.data).map_err(|e| {
        unlike(
            path,
            record.seq,
            format!("data of kind {kind}"),
            e.to_string(),
        )
    })
}

/// Says that a record verifies but is not what belongs into this journal.
pub(super) fn unlike(path: &Path, seq: u64, expected: String, found: String) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        seq,
        expected,
        found,
    }
}

/// Makes the file end with a whole record.
fn settle(path: &Path, file: &mut File, tail: &Tail) -> Result<Option<TornTail>, StoreError> {
    match tail {
        Tail::Whole => Ok(None),
        Tail::NoNewline => {
            // The hash says that the record is all there.
            Medium::write(file, b"\n").map_err(StoreError::io(path, "end the last line of"))?;
            file.sync_data().map_err(StoreError::io(path, "flush"))?;
            Ok(None)
        }
        Tail::Torn { byte, bytes } => {
            let kept_in = keep_aside(path, bytes)?;
            file.cut(*byte)
                .map_err(StoreError::io(path, "cut the torn tail of"))?;
            Ok(Some(TornTail {
                byte: *byte,
                length: bytes.len() as u64,
                kept_in,
            }))
        }
    }
}

/// Appends cut bytes and a newline to `NAME.torn` and puts them on the disk.
fn keep_aside(path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".torn");
    let aside = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut file = private_file(&mut options)
        .open(&aside)
        .map_err(StoreError::io(&aside, "open"))?;
    file.write_all(bytes)
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(StoreError::io(&aside, "write"))?;
    sync_folder(parent(&aside))?;
    Ok(aside)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;

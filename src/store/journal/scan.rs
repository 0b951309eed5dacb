//! Reading a journal line by line and judging each.

use std::fmt::{self, Debug};
use std::io::{BufRead, Read as _};
use std::path::{Path, PathBuf};

use super::super::digest::Digest;
use super::super::error::StoreError;
use super::{LONGEST_RECORD, Record};

const SEAL_START: &[u8] = br#","sha256":""#;
const SEAL_LENGTH: usize = SEAL_START.len() + 64 + 2;

/// How a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// With a whole record and its newline, or it is empty.
    Whole,
    /// With a record that verifies and lacks nothing but its newline.
    NoNewline,
    /// With bytes that were never a whole record.
    Torn { byte: u64, bytes: Vec<u8> },
}

/// The records of a journal, oldest first, each verified.
///
/// Ends after the last whole record, or after the first error.
pub struct Records {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    line: u64,
    byte: u64,
    next_seq: u64,
    last: Digest,
    tail: Tail,
    ended: bool,
}

impl Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("path", &self.path)
            .field("next_seq", &self.next_seq)
            .finish_non_exhaustive()
    }
}

/// Why a line is not the record that belongs there.
struct Fault {
    expected: String,
    found: String,
    /// True when the line can be what a dying writer leaves behind.
    tearable: bool,
}

impl Records {
    pub(super) fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            line: 0,
            byte: 0,
            next_seq: 1,
            last: Digest::GENESIS,
            tail: Tail::Whole,
            ended: false,
        }
    }

    pub(super) fn tail(&self) -> &Tail {
        &self.tail
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    pub(super) fn last_hash(&self) -> Digest {
        self.last
    }

    fn step(&mut self) -> Result<Option<Record>, StoreError> {
        let io = |source| StoreError::Io {
            path: self.path.clone(),
            action: "read",
            source,
        };
        let mut line = Vec::new();
        let limit = LONGEST_RECORD as u64 + 1;
        self.reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut line)
            .map_err(io)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        match judge(&line, self.next_seq, self.last) {
            Ok(record) => {
                self.next_seq += 1;
                self.last = record.sha256;
                self.byte += line.len() as u64;
                if line.last() != Some(&b'\n') {
                    self.tail = Tail::NoNewline;
                }
                Ok(Some(record))
            }
            Err(fault) => {
                if fault.tearable && self.reader.fill_buf().map_err(io)?.is_empty() {
                    self.tail = Tail::Torn {
                        byte: self.byte,
                        bytes: line,
                    };
                    return Ok(None);
                }
                Err(StoreError::Corrupt {
                    path: self.path.clone(),
                    line: self.line,
                    byte: self.byte,
                    expected: fault.expected,
                    found: fault.found,
                })
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

/// Returns how a line with this hash ends, without the newline.
pub(super) fn seal(digest: Digest) -> String {
    format!(r#","sha256":"{digest}"}}"#)
}

fn judge(line: &[u8], seq: u64, prev: Digest) -> Result<Record, Fault> {
    let body = line.strip_suffix(b"\n").unwrap_or(line);
    // Unwritten pages read as zeros, which JSON never holds.
    let holes = body.contains(&0);
    let fault = |expected: String, found: String, tearable: bool| Fault {
        expected,
        found,
        tearable: tearable || holes,
    };
    let Some((sealed, claimed)) = split_seal(body) else {
        let expected = "a record that ends with its SHA-256".to_owned();
        return Err(fault(expected, excerpt(body), true));
    };
    let actual = Digest::of(sealed);
    if actual != claimed {
        return Err(fault(
            format!("SHA-256 {claimed}"),
            actual.to_string(),
            false,
        ));
    }
    let record: Record = serde_json::from_slice(body)
        .map_err(|e| fault("a JSON record".to_owned(), e.to_string(), false))?;
    if record.seq != seq {
        return Err(fault(
            format!("seq {seq}"),
            format!("seq {}", record.seq),
            false,
        ));
    }
    if record.prev != prev {
        return Err(fault(
            format!("prev {prev}"),
            format!("prev {}", record.prev),
            false,
        ));
    }
    Ok(record)
}

/// Splits a line into what its hash is over and the hash.
fn split_seal(body: &[u8]) -> Option<(&[u8], Digest)> {
    let (sealed, seal) = body.split_at_checked(body.len().checked_sub(SEAL_LENGTH)?)?;
    let digits = seal.strip_prefix(SEAL_START)?.strip_suffix(br#""}"#)?;
    Some((sealed, std::str::from_utf8(digits).ok()?.parse().ok()?))
}

fn excerpt(bytes: &[u8]) -> String {
    let end = &bytes[bytes.len().saturating_sub(32)..];
    format!(
        "{} bytes that end with \"{}\"",
        bytes.len(),
        end.escape_ascii()
    )
}

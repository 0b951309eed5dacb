//! Why the store could not do what it was asked.

use std::path::{Path, PathBuf};

use super::digest::Digest;

/// Trouble with the state directory, a journal or a blob. The command line answers it with exit
/// code 5.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused: no space, no permission, no such folder.
    #[error("{}: cannot {action}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system answered.
        source: std::io::Error,
    },
    /// Another process writes to this journal.
    #[error("{}: already open for writing by {}", .path.display(), who(.holder))]
    Locked {
        /// The journal.
        path: PathBuf,
        /// The process that holds it, if it said so.
        holder: Option<u32>,
    },
    /// A record in the journal is not what was written.
    #[error("{}: line {line}, byte {byte}: expected {expected}, found {found}", .path.display())]
    Corrupt {
        /// The journal.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Where the line begins, in bytes from the start of the file.
        byte: u64,
        /// What was expected there.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A record verifies, but something else belongs into this journal: a newer version's kind,
    /// or another stream's file.
    #[error("{}: record {seq}: expected {expected}, found {found}", .path.display())]
    Foreign {
        /// The journal.
        path: PathBuf,
        /// Number of the record, which is also its line.
        seq: u64,
        /// What was expected there.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A record is longer than a line may be; such bytes belong into the blobs.
    #[error("{}: expected a record of at most {allowed} bytes, found {requested}", .path.display())]
    TooLong {
        /// The journal.
        path: PathBuf,
        /// Length of the record in bytes.
        requested: usize,
        /// Longest record in bytes.
        allowed: usize,
    },
    /// An earlier write or flush failed in a way that leaves the end of the file unknown.
    #[error(
        "{}: not written: an earlier failure left the end of the journal unknown; open it again",
        .path.display()
    )]
    Poisoned {
        /// The journal.
        path: PathBuf,
    },
    /// A value cannot be written as JSON, or not be read back.
    #[error("{}: expected {expected}, found a value that does not survive JSON: {source}", .path.display())]
    Value {
        /// The journal.
        path: PathBuf,
        /// What was to be written.
        expected: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// No blob has this hash.
    #[error("{}: no blob {digest}", .path.display())]
    NoBlob {
        /// The hash that was asked for.
        digest: Digest,
        /// Where it would be.
        path: PathBuf,
    },
    /// A blob's bytes are not the ones that were stored.
    #[error("{}: expected bytes with SHA-256 {expected}, found {found}", .path.display())]
    BlobDamaged {
        /// The hash in the blob's name.
        expected: Digest,
        /// The hash of its bytes.
        found: Digest,
        /// The file.
        path: PathBuf,
    },
}

impl StoreError {
    /// Returns a wrapper for an I/O error at a path, for `map_err`.
    pub(crate) fn io<'a>(
        path: &'a Path,
        action: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
    }
}

fn who(pid: &Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

//! What can go wrong between bytes and waveforms, split by what the caller can do about it.

use std::path::PathBuf;

/// Why a capture could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused: a missing file, no permission, a full disk.
    #[error("{}: {source}", path.display())]
    Io {
        /// File or folder that was being read or written.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The bytes contradict the format, or the file ends too early.
    #[error("{format}: {field} at byte {offset}: expected {expected}, found {found}")]
    Malformed {
        /// Format that was being read.
        format: &'static str,
        /// Byte where the file departs from the format, counted from 0; for missing bytes, the
        /// end of the file.
        offset: u64,
        /// Header field, block, or line and column.
        field: String,
        /// What the format asks for there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The bytes are understood well enough to say that this version does not read them, or the
    /// target format cannot hold the samples.
    #[error("{format}: {found}; {hint}")]
    Unsupported {
        /// Format by its usual name, or `unknown`.
        format: String,
        /// What was seen.
        found: String,
        /// What to do instead.
        hint: String,
    },
    /// The file is readable in principle but larger than this reader or writer goes.
    #[error("{format}: {field}: at most {limit}, found {found}")]
    Limit {
        /// Format that was being read or written.
        format: &'static str,
        /// What is too large.
        field: String,
        /// Largest value that is accepted.
        limit: u64,
        /// Value in the file.
        found: u64,
    },
    /// An option makes no sense by itself, whatever the file holds.
    #[error("{option}: expected {expected}, found {found}")]
    Option {
        /// The option, as on the command line.
        option: &'static str,
        /// What was expected.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A waveform that was to be written could no longer be read.
    #[error(transparent)]
    Read(#[from] etalon_types::ReadError),
}

/// Longest quotation of a file in a message: names and values may be as long as the file.
const QUOTED: usize = 120;

/// Longest warning: a sentence or two with what they quote.
const WARNING: usize = 300;

/// Cuts warnings that a hostile file may have made long.
pub(crate) fn shorten(warnings: &mut [String]) {
    for warning in warnings {
        cut(warning, WARNING);
    }
}

/// Cuts a text at so many bytes, and gives the rest of its memory back.
pub(crate) fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push_str("...");
        text.shrink_to_fit();
    }
}

fn short(text: impl Into<String>) -> String {
    let mut text = text.into();
    cut(&mut text, QUOTED);
    text
}

impl Error {
    /// Cuts what it quotes of the file.
    pub(crate) fn malformed(
        format: &'static str,
        offset: u64,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            format,
            offset,
            field: short(field),
            expected: short(expected),
            found: short(found),
        }
    }

    /// Cuts what it quotes of the file.
    pub(crate) fn unsupported(
        format: impl Into<String>,
        found: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Unsupported {
            format: format.into(),
            found: short(found),
            hint: hint.into(),
        }
    }
}

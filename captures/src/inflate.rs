//! Inflated parts of files (DEFLATE, RFC 1951, bare or in zlib's wrapping, RFC 1950).
//!
//! Inflated bytes are held in memory, because DEFLATE has no way to begin in the middle. A
//! thousand bytes can inflate to a million, so that what one file may inflate to is bounded:
//! 16 MiB and 64 times its size, at most 1 GiB. Samples of a converter do not shrink so far;
//! what does is refused with [`Error::Limit`] and not read in part.

use crate::Error;
use crate::bytes::{Bytes, Cursor};
use std::io::{ErrorKind, Read};

/// How much one file may still inflate to.
pub(crate) struct Budget {
    left: u64,
    limit: u64,
}

impl Budget {
    /// Takes the size of the file as the measure.
    pub(crate) fn of(bytes: &Bytes) -> Self {
        const FREE: u64 = 16 << 20;
        const RATIO: u64 = 64;
        const MOST: u64 = 1 << 30;
        let limit = bytes.len().saturating_mul(RATIO).saturating_add(FREE);
        let limit = limit.min(MOST);
        Self { left: limit, limit }
    }
}

/// What lies around the deflated blocks.
#[derive(Clone, Copy)]
pub(crate) enum Wrapping {
    /// Nothing, as in a ZIP archive.
    Bare,
    /// Two bytes before and a checksum behind, as in a MATLAB file.
    Zlib,
}

/// A deflated part of a file; the caller has checked that it lies within.
pub(crate) struct Deflated<'a> {
    pub(crate) format: &'static str,
    /// What it is, for error messages.
    pub(crate) field: &'a str,
    pub(crate) bytes: &'a Bytes,
    pub(crate) first_byte: u64,
    pub(crate) length: u64,
    pub(crate) wrapping: Wrapping,
}

impl Deflated<'_> {
    /// Inflates at most `count` bytes from the start; fewer when there are no more.
    pub(crate) fn head(&self, count: u64) -> Result<Vec<u8>, Error> {
        let window = Cursor::new(&self.bytes.window(self.first_byte, self.length));
        let mut out = Vec::new();
        let outcome = match self.wrapping {
            Wrapping::Bare => flate2::read::DeflateDecoder::new(window)
                .take(count)
                .read_to_end(&mut out),
            Wrapping::Zlib => flate2::read::ZlibDecoder::new(window)
                .take(count)
                .read_to_end(&mut out),
        };
        match outcome {
            Ok(_) => Ok(out),
            Err(e) => Err(match e.kind() {
                ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                    let found = format!("{e} after {} inflated bytes", out.len());
                    self.malformed("deflated data", found)
                }
                _ => self.bytes.io_error(e),
            }),
        }
    }

    /// Inflates all of it: exactly `announced` bytes, within the budget.
    pub(crate) fn whole(&self, announced: u64, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        if announced > budget.left {
            return Err(Error::Limit {
                format: self.format,
                field: format!("inflated bytes, with {}", self.field),
                limit: budget.limit,
                found: (budget.limit - budget.left).saturating_add(announced),
            });
        }
        // One more byte than announced tells a longer stream, and makes the decoder see the
        // end of a whole one, where the checksum is.
        let inflated = self.head(announced + 1)?;
        if inflated.len() as u64 != announced {
            let found = if inflated.len() as u64 > announced {
                "more".to_string()
            } else {
                format!("{} bytes", inflated.len())
            };
            return Err(self.malformed(&format!("{announced} inflated bytes"), found));
        }
        budget.left -= announced;
        Ok(inflated)
    }

    fn malformed(&self, expected: &str, found: String) -> Error {
        Error::malformed(self.format, self.first_byte, self.field, expected, found)
    }
}

/// Moves the place of an error from inflated bytes, which no one can look up, to the file.
pub(crate) fn inside(error: Error, part: &str, place: u64) -> Error {
    match error {
        Error::Malformed {
            format,
            offset,
            field,
            expected,
            found,
        } => Error::Malformed {
            format,
            offset: place,
            field: format!("{field}, at byte {offset} of the inflated {part}"),
            expected,
            found,
        },
        other => other,
    }
}

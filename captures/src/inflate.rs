//! Inflated parts of files (DEFLATE, RFC 1951, bare or in zlib's wrapping, RFC 1950).
//!
//! Inflated bytes are held in memory, because DEFLATE has no way to begin in the middle. A
//! thousand bytes can inflate to a million, so that what one file may inflate to is bounded:
//! 16 MiB and 64 times its size, at most 1 GiB. Samples of a converter do not shrink so far;
//! what does is refused with [`Error::Limit`] and not read in part.

use crate::Error;
use crate::bytes::{Bytes, Cursor};
use std::io::{ErrorKind, Read};

/// So many announced bytes are taken at once; more have to be seen first.
const BELIEVED: u64 = 8 << 20;

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
    /// Inflates at most `count` bytes from the start; fewer when there are no more. For heads:
    /// what is found is held in memory that grows with it.
    pub(crate) fn head(&self, count: u64) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let outcome = self.stream().take(count).read_to_end(&mut out);
        self.checked(outcome, out.len())?;
        Ok(out)
    }

    /// Inflates all of it: exactly `announced` bytes, within the budget.
    ///
    /// Beyond [`BELIEVED`] bytes it is inflated twice, first to count: memory is taken for what
    /// is there, not for what is announced, and never more than once.
    pub(crate) fn whole(&self, announced: u64, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        if announced > budget.left {
            return Err(Error::Limit {
                format: self.format,
                field: format!("inflated bytes, with {}", self.field),
                limit: budget.limit,
                found: (budget.limit - budget.left).saturating_add(announced),
            });
        }
        if announced > BELIEVED {
            self.counted(announced)?;
        }
        let mut inflated = Vec::with_capacity(announced as usize);
        let mut stream = self.stream();
        let outcome = stream.by_ref().take(announced).read_to_end(&mut inflated);
        self.checked(outcome, inflated.len())?;
        self.exactly(announced, inflated.len() as u64)?;
        // One more byte than announced tells a longer stream, and makes the decoder see the
        // end of a whole one, where the checksum is.
        let more = stream.read(&mut [0]);
        let more = self.checked(more, inflated.len())?;
        self.exactly(announced, announced + more as u64)?;
        budget.left -= announced;
        Ok(inflated)
    }

    /// Inflates without keeping anything, to see that `announced` bytes are there.
    fn counted(&self, announced: u64) -> Result<(), Error> {
        let outcome = std::io::copy(&mut self.stream().take(announced), &mut std::io::sink());
        let count = self.checked(outcome, 0)?;
        self.exactly(announced, count)
    }

    fn exactly(&self, announced: u64, found: u64) -> Result<(), Error> {
        if found == announced {
            return Ok(());
        }
        let told = match found > announced {
            true => "more".to_string(),
            false => format!("{found} bytes"),
        };
        Err(self.malformed(&format!("{announced} inflated bytes"), told))
    }

    fn stream(&self) -> Box<dyn Read> {
        let window = Cursor::new(&self.bytes.window(self.first_byte, self.length));
        match self.wrapping {
            Wrapping::Bare => Box::new(flate2::read::DeflateDecoder::new(window)),
            Wrapping::Zlib => Box::new(flate2::read::ZlibDecoder::new(window)),
        }
    }

    /// Says what is wrong with the deflated data.
    fn checked<T>(&self, outcome: std::io::Result<T>, inflated: usize) -> Result<T, Error> {
        outcome.map_err(|e| match e.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                let found = format!("{e} after {inflated} inflated bytes");
                self.malformed("deflated data", found)
            }
            _ => self.bytes.io_error(e),
        })
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

//! Messages out of bytes: lines, counted bytes, and the binary blocks of IEEE 488.2.
//!
//! A block is `#`, one digit `d`, `d` digits of length, and so many bytes (8.7.9 of IEEE 488.2), or
//! `#0` and bytes until the message ends (8.7.10). Instruments put text before it (`DAT1,` of
//! LeCroy, an echoed header) and a line end behind it, and some send `#0` where only they know how
//! much follows: then whoever asks has to say.
//!
//! Bytes are kept as they arrive. A length that is declared reserves nothing, so that an
//! instrument that declares gigabytes and sends a few bytes takes the memory of a few bytes.

use crate::transport::{Deadline, End, Transport, TransportError};

/// Where a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the line end of the dialect, which is not part of the reply.
    Line,
    /// At a line that is exactly this, after any number of others.
    LineOf(&'static str),
    /// At the end that the transport marks; on one that marks none, at the line end.
    Message,
    /// After so many bytes.
    Count(usize),
    /// At the end of a binary block; what stands before its `#` and behind it is left out.
    Block(Block),
}

/// What is known of a block before it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Longest one that is taken, in bytes.
    pub most: u64,
    /// Its length, for those that do not declare one (`#0`) on a transport without ends.
    pub length: Option<u64>,
}

/// Why a reply is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// Bytes did not come.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What came is not what was expected.
    #[error("expected {expected}, found {found}")]
    Malformed {
        /// What was expected.
        expected: String,
        /// What came, shortened.
        found: String,
    },
    /// More than is taken.
    #[error("expected at most {most} bytes, {found} are announced or came")]
    TooLong {
        /// What is taken at most.
        most: u64,
        /// What was announced or came.
        found: u64,
    },
}

/// Longest text before the `#` of a block.
const PREFIX: usize = 64;
/// Longest line.
const LINE: usize = 1 << 20;
/// Bytes that are asked for at once.
const PIECE: usize = 1 << 16;

/// Bytes that arrived and were not yet taken.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// The transport said that the message ends behind these bytes.
    ended: bool,
}

impl Incoming {
    /// True when nothing is left over.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Reads one reply.
    ///
    /// # Errors
    /// As in [`FramingError`]. What arrived stays, and is of no use any more.
    pub fn reply(
        &mut self,
        transport: &mut dyn Transport,
        until: Until,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        let reply = match until {
            Until::Line => self.line(transport, line_end, deadline),
            Until::LineOf(last) => self.lines(transport, last, line_end, deadline),
            Until::Message => self.message(transport, line_end, deadline),
            Until::Count(n) => self.count(transport, n as u64, deadline),
            Until::Block(block) => self.block(transport, block, line_end, deadline),
        }?;
        self.ended = false;
        Ok(reply)
    }

    /// Asks for more bytes.
    fn more(
        &mut self,
        transport: &mut dyn Transport,
        deadline: Deadline,
    ) -> Result<(), FramingError> {
        let before = self.bytes.len();
        self.bytes.resize(before + PIECE, 0);
        let read = transport.read(&mut self.bytes[before..], deadline);
        let bytes = read.as_ref().map_or(0, |chunk| chunk.bytes);
        self.bytes.truncate(before + bytes);
        self.ended = read?.end == End::Message;
        Ok(())
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(n);
        std::mem::replace(&mut self.bytes, rest)
    }

    fn line(
        &mut self,
        transport: &mut dyn Transport,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        let mut seen = 0;
        loop {
            if let Some(at) = position(&self.bytes[seen..], line_end) {
                let mut line = self.take(seen + at + line_end.len());
                line.truncate(seen + at);
                return Ok(line);
            }
            // A message that ended without its line end is a line all the same.
            if self.ended {
                return Ok(std::mem::take(&mut self.bytes));
            }
            if self.bytes.len() > LINE {
                return Err(FramingError::TooLong {
                    most: LINE as u64,
                    found: self.bytes.len() as u64,
                });
            }
            seen = (self.bytes.len() + 1).saturating_sub(line_end.len());
            self.more(transport, deadline)?;
        }
    }

    fn lines(
        &mut self,
        transport: &mut dyn Transport,
        last: &str,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        let mut all = Vec::new();
        loop {
            let line = self.line(transport, line_end, deadline)?;
            if line.trim_ascii() == last.as_bytes() {
                return Ok(all);
            }
            all.extend_from_slice(&line);
            all.push(b'\n');
            if all.len() > LINE {
                return Err(FramingError::TooLong {
                    most: LINE as u64,
                    found: all.len() as u64,
                });
            }
        }
    }

    fn message(
        &mut self,
        transport: &mut dyn Transport,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        let mut line = self.line(transport, line_end, deadline)?;
        // On a way that marks ends, a line end within the message is part of it.
        while !self.ended && !self.bytes.is_empty() {
            line.extend_from_slice(line_end);
            line.append(&mut self.line(transport, line_end, deadline)?);
        }
        if self.ended && !self.bytes.is_empty() {
            line.extend_from_slice(line_end);
            line.append(&mut self.bytes);
            if line.ends_with(line_end) {
                line.truncate(line.len() - line_end.len());
            }
        }
        Ok(line)
    }

    fn count(
        &mut self,
        transport: &mut dyn Transport,
        n: u64,
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        while (self.bytes.len() as u64) < n {
            if self.ended {
                return Err(FramingError::Malformed {
                    expected: format!("{n} bytes"),
                    found: format!("the end of the message after {}", self.bytes.len()),
                });
            }
            self.more(transport, deadline)?;
        }
        Ok(self.take(n as usize))
    }

    fn block(
        &mut self,
        transport: &mut dyn Transport,
        block: Block,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        let length = self.block_length(transport, deadline)?.or(block.length);
        let most = block.most;
        if let Some(found) = length.filter(|length| *length > most) {
            return Err(FramingError::TooLong { most, found });
        }
        let Some(length) = length else {
            return self.until_end(transport, most, line_end, deadline);
        };
        let data = self.count(transport, length, deadline)?;
        // A line end may follow, and where the transport marks none it always does.
        if !self.ended || !self.bytes.is_empty() {
            let behind = self.line(transport, line_end, deadline)?;
            if !behind.trim_ascii().is_empty() {
                return Err(FramingError::Malformed {
                    expected: format!("the end of the message after {length} bytes"),
                    found: shown(&behind),
                });
            }
        }
        Ok(data)
    }

    /// Reads the head of a block; nothing for `#0`.
    fn block_length(
        &mut self,
        transport: &mut dyn Transport,
        deadline: Deadline,
    ) -> Result<Option<u64>, FramingError> {
        let expected = || "a block, #<digits><length>".to_owned();
        let start = loop {
            if let Some(at) = self.bytes.iter().position(|b| *b == b'#') {
                break at;
            }
            if self.bytes.len() > PREFIX || self.ended {
                let found = shown(&self.bytes);
                return Err(FramingError::Malformed {
                    expected: expected(),
                    found,
                });
            }
            self.more(transport, deadline)?;
        };
        self.take(start + 1);
        let digit = self.count(transport, 1, deadline)?[0];
        match digit {
            b'0' => Ok(None),
            b'1'..=b'9' => {
                let digits = self.count(transport, u64::from(digit - b'0'), deadline)?;
                let text = std::str::from_utf8(&digits).ok();
                let length = text.and_then(|t| t.trim().parse::<u64>().ok());
                length.map(Some).ok_or_else(|| FramingError::Malformed {
                    expected: expected(),
                    found: shown(&digits),
                })
            }
            other => Err(FramingError::Malformed {
                expected: expected(),
                found: shown(&[b'#', other]),
            }),
        }
    }

    /// Reads until the transport says that the message is over.
    fn until_end(
        &mut self,
        transport: &mut dyn Transport,
        most: u64,
        line_end: &[u8],
        deadline: Deadline,
    ) -> Result<Vec<u8>, FramingError> {
        while !self.ended {
            if self.bytes.len() as u64 > most {
                let found = self.bytes.len() as u64;
                return Err(FramingError::TooLong { most, found });
            }
            self.more(transport, deadline)?;
        }
        let mut data = std::mem::take(&mut self.bytes);
        if data.ends_with(line_end) {
            data.truncate(data.len() - line_end.len());
        }
        Ok(data)
    }
}

/// Returns where a line end begins.
fn position(bytes: &[u8], line_end: &[u8]) -> Option<usize> {
    match line_end {
        [] => None,
        [one] => bytes.iter().position(|b| b == one),
        several => bytes.windows(several.len()).position(|w| w == several),
    }
}

/// Shows the beginning of what came, for a message.
pub fn shown(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    let cut = &bytes[..bytes.len().min(SHOWN)];
    let text = cut.escape_ascii().to_string();
    match bytes.len() {
        n if n > SHOWN => format!("\"{text}\"... ({n} bytes)"),
        _ => format!("\"{text}\""),
    }
}

#[cfg(test)]
mod tests;

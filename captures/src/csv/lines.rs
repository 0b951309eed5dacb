//! Lines with their place in the file.

use super::FORMAT;
use crate::Error;
use crate::bytes::{Bytes, Cursor};
use std::io::Read;
use std::ops::Range;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Longer lines are not tables; the bound keeps a binary file from being read as one line.
pub(super) const LINE_LIMIT: u64 = 65_536;

/// A line without its end.
pub(super) struct Line<'a> {
    /// Byte in the file where the line begins.
    pub(super) offset: u64,
    /// Line number, counted from 1.
    pub(super) number: u64,
    pub(super) text: &'a [u8],
    /// Whether a line feed ended it, rather than the end of the file.
    pub(super) ended: bool,
}

/// Reads a file line by line, or many lines at a time.
pub(super) struct Lines {
    bytes: Bytes,
    cursor: Cursor,
    buffer: Vec<u8>,
    /// Part of the buffer that was read from the file and not yet handed out.
    unread: Range<usize>,
    /// Byte in the file of the first unread one.
    offset: u64,
    number: u64,
}

impl Lines {
    pub(super) fn new(bytes: &Bytes) -> Self {
        /// Holds the longest line, and stays in the second-level cache.
        const BUFFER: usize = 4 * LINE_LIMIT as usize;
        let size = usize::try_from(bytes.len()).unwrap_or(BUFFER).min(BUFFER);
        Self {
            bytes: bytes.clone(),
            cursor: Cursor::new(bytes),
            buffer: vec![0; size],
            unread: 0..0,
            offset: 0,
            number: 0,
        }
    }

    /// Fills the buffer behind what is unread.
    fn refill(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let got = self
            .cursor
            .read(&mut self.buffer[self.unread.end..])
            .map_err(|e| self.bytes.io_error(e))?;
        self.unread.end += got;
        Ok(())
    }

    /// Returns the whole lines that are in the buffer, at least one while there is one.
    pub(super) fn whole(&mut self) -> Result<&[u8], Error> {
        let end = |text: &[u8]| text.iter().rposition(|&b| b == b'\n').map(|k| k + 1);
        let mut length = end(&self.buffer[self.unread.clone()]);
        if length.is_none() {
            self.refill()?;
            length = end(&self.buffer[self.unread.clone()]);
        }
        Ok(&self.buffer[self.unread.start..][..length.unwrap_or(0)])
    }

    /// Passes over so many lines of so many bytes, from [`Self::whole`].
    pub(super) fn skip(&mut self, bytes: usize, lines: u64) {
        self.unread.start += bytes;
        self.offset += bytes as u64;
        self.number += lines;
    }

    /// Returns how many bytes of the file are still to come.
    pub(super) fn left(&self) -> u64 {
        self.bytes.len().saturating_sub(self.offset)
    }

    /// Returns the next line, or none at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, Error> {
        let end = |text: &[u8]| text.iter().position(|&b| b == b'\n').map(|k| k + 1);
        let mut found = end(&self.buffer[self.unread.clone()]);
        if found.is_none() {
            self.refill()?;
            found = end(&self.buffer[self.unread.clone()]);
        }
        let length = found.unwrap_or(self.unread.len());
        if length == 0 {
            return Ok(None);
        }
        let mut start = self.offset;
        let begin = self.unread.start;
        self.skip(length, 1);
        // As many bytes without an end are too many, and as many with one are not.
        if length as u64 > LINE_LIMIT || length as u64 == LINE_LIMIT && found.is_none() {
            let field = format!("length of line {} in bytes", self.number);
            let found = self.bytes.len() - start;
            return Err(Error::Limit {
                format: FORMAT,
                field,
                limit: LINE_LIMIT,
                found,
            });
        }
        let mut text = &self.buffer[begin..begin + length];
        text = text.strip_suffix(b"\n").unwrap_or(text);
        text = text.strip_suffix(b"\r").unwrap_or(text);
        if start == 0 && text.starts_with(BYTE_ORDER_MARK) {
            text = &text[BYTE_ORDER_MARK.len()..];
            start = BYTE_ORDER_MARK.len() as u64;
        }
        Ok(Some(Line {
            offset: start,
            number: self.number,
            text,
            ended: found.is_some(),
        }))
    }
}

//! Lines with their place in the file.

use super::FORMAT;
use crate::Error;
use crate::bytes::{Bytes, Cursor};
use std::io::{BufRead, BufReader, Read};

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Longer lines are not tables; the bound keeps a binary file from being read as one line.
const LINE_LIMIT: u64 = 65_536;

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

/// Reads a file line by line.
pub(super) struct Lines {
    bytes: Bytes,
    reader: BufReader<Cursor>,
    buffer: Vec<u8>,
    offset: u64,
    number: u64,
}

impl Lines {
    pub(super) fn new(bytes: &Bytes) -> Self {
        let reader = BufReader::with_capacity(1 << 16, Cursor::new(bytes));
        Self {
            bytes: bytes.clone(),
            reader,
            buffer: Vec::new(),
            offset: 0,
            number: 0,
        }
    }

    /// Returns the next line, or none at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, Error> {
        let mut start = self.offset;
        self.buffer.clear();
        let mut bounded = self.reader.by_ref().take(LINE_LIMIT);
        let got = bounded
            .read_until(b'\n', &mut self.buffer)
            .map_err(|e| self.bytes.io_error(e))?;
        if got == 0 {
            return Ok(None);
        }
        self.offset += got as u64;
        self.number += 1;
        let mut text = self.buffer.as_slice();
        let ended = text.last() == Some(&b'\n');
        if !ended && got as u64 == LINE_LIMIT {
            let field = format!("length of line {} in bytes", self.number);
            let found = self.bytes.len() - start;
            return Err(Error::Limit {
                format: FORMAT,
                field,
                limit: LINE_LIMIT,
                found,
            });
        }
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
            ended,
        }))
    }
}

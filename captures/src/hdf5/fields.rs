//! Fields of a structure, one after the other, each checked to be there.

use super::File;
use crate::Error;
use crate::bytes::{Block, excerpt};

/// A position in a block of metadata.
pub(super) struct Fields<'a> {
    pub(super) file: &'a File,
    /// What the block is, for errors.
    pub(super) name: &'a str,
    block: &'a Block,
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(file: &'a File, name: &'a str, block: &'a Block) -> Self {
        Self {
            file,
            name,
            block,
            at: 0,
        }
    }

    /// Returns the byte in the file that comes next.
    pub(super) fn place(&self) -> u64 {
        self.block.place(self.at)
    }

    /// Returns how many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.block.bytes.len() - self.at
    }

    /// Takes `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(count);
        let Some(part) = end.and_then(|end| self.block.bytes.get(self.at..end)) else {
            let expected = format!("{count} more bytes");
            let found = format!("{} bytes to its end", self.left());
            return Err(self.refuse(self.name, expected, found));
        };
        self.at += count;
        Ok(part)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.bytes(count).map(|_| ())
    }

    /// Passes over what pads to a multiple of eight bytes since `start`.
    pub(super) fn pad(&mut self, start: usize) -> Result<(), Error> {
        let length = self.at - start;
        self.skip(length.next_multiple_of(8) - length)
    }

    /// Returns the position within the block.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Takes a little-endian number of at most eight bytes.
    pub(super) fn number(&mut self, width: usize) -> Result<u64, Error> {
        let raw = self.bytes(width)?;
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(raw);
        Ok(u64::from_le_bytes(wide))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.number(1)? as u8)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.number(2)? as u16)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Error> {
        Ok(self.number(4)? as u32)
    }

    /// Takes a length in the file's width.
    pub(super) fn length(&mut self) -> Result<u64, Error> {
        self.number(self.file.length_width)
    }

    /// Takes an address as a byte of the file; `None` for the undefined one. One beyond 2^64
    /// stays at the end, where no file reaches.
    pub(super) fn address(&mut self) -> Result<Option<u64>, Error> {
        let width = self.file.address_width;
        let address = self.number(width)?;
        let undefined = u64::MAX >> (64 - 8 * width);
        Ok((address != undefined).then(|| self.file.base.saturating_add(address)))
    }

    /// Takes an address that has to be defined.
    pub(super) fn defined(&mut self, field: &str) -> Result<u64, Error> {
        let place = self.place();
        self.address()?.ok_or_else(|| {
            let found = "an undefined one";
            self.file.malformed(place, field, "an address", found)
        })
    }

    /// Takes a signature, or fails.
    pub(super) fn signature(&mut self, wanted: &[u8]) -> Result<(), Error> {
        let place = self.place();
        let found = self.bytes(wanted.len())?;
        if found == wanted {
            return Ok(());
        }
        let field = format!("signature of {}", self.name);
        let (expected, found) = (excerpt(wanted), excerpt(found));
        Err(self.file.malformed(place, field, expected, found))
    }

    /// Takes a version that has to be one of `known`.
    pub(super) fn version(&mut self, known: &[u8]) -> Result<u8, Error> {
        let place = self.place();
        let version = self.u8()?;
        if known.contains(&version) {
            return Ok(version);
        }
        let field = format!("version of {}", self.name);
        let expected = format!("one of {known:?}");
        Err(self
            .file
            .malformed(place, field, expected, version.to_string()))
    }

    /// Makes an error at this place.
    pub(super) fn refuse(
        &self,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        self.file.malformed(self.place(), field, expected, found)
    }
}

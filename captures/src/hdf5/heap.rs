//! Heaps: names of a group's children (local heaps), strings of any length (global heaps).

use super::File;
use crate::Error;
use crate::bytes::{Block, latin};

/// Names and texts beyond this are not those of a capture.
const TEXT_LIMIT: u64 = 1024;

/// The names of a group's children.
pub(super) struct LocalHeap(Block);

impl LocalHeap {
    pub(super) fn read(file: &File, place: u64) -> Result<Self, Error> {
        const FIELD: &str = "local heap";
        /// As many names as a group may have here, of 64 bytes each.
        const LIMIT: u64 = 4 << 20;
        let widths = 2 * file.length_width + file.address_width;
        let head = file.block(FIELD, place, 8 + widths as u64)?;
        let mut fields = file.fields(FIELD, &head);
        fields.signature(b"HEAP")?;
        fields.version(&[0])?;
        fields.skip(3)?;
        let length = fields.length()?;
        fields.length()?; // the free list
        let start = fields.defined("names of a local heap")?;
        if length > LIMIT {
            return Err(Error::Limit {
                format: file.format,
                field: "bytes of names of a local heap".into(),
                limit: LIMIT,
                found: length,
            });
        }
        file.block("names of a local heap", start, length).map(Self)
    }

    /// Returns the name at an offset, which ends with a zero byte.
    pub(super) fn name(&self, file: &File, offset: u64) -> Result<String, Error> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.bytes.get(at..).unwrap_or(&[]);
        let rest = &rest[..rest.len().min(TEXT_LIMIT as usize)];
        let Some(end) = rest.iter().position(|&b| b == 0) else {
            let place = self.0.offset.saturating_add(offset);
            let expected = "a name that ends with a zero byte";
            let found = format!("none in {} bytes", rest.len());
            return Err(file.malformed(place, "name in a local heap", expected, found));
        };
        Ok(latin(&rest[..end]))
    }
}

/// Reads a text from a global heap; one that is too long for a unit or a label reads as nothing.
pub(super) fn global_text(
    file: &File,
    length: u64,
    collection: u64,
    index: u64,
) -> Result<Option<String>, Error> {
    const FIELD: &str = "global heap";
    if length > TEXT_LIMIT {
        return Ok(None);
    }
    let head_length = 8 + file.length_width as u64;
    let head = file.block(FIELD, collection, head_length)?;
    let mut fields = file.fields(FIELD, &head);
    fields.signature(b"GCOL")?;
    fields.version(&[1])?;
    fields.skip(3)?;
    let size = fields.length()?;
    file.bytes.require(file.format, FIELD, collection, size)?;
    let mut place = collection + head_length;
    let end = collection + size;
    while place + head_length <= end {
        let head = file.block(FIELD, place, head_length)?;
        let mut fields = file.fields(FIELD, &head);
        let own = u64::from(fields.u16()?);
        fields.skip(6)?;
        let size = fields.length()?;
        if own == 0 {
            break;
        }
        let start = place + head_length;
        if own == index {
            let text = file.block(FIELD, start, length.min(size))?;
            return Ok(Some(latin(&text.bytes)));
        }
        let padded = size.checked_next_multiple_of(8).unwrap_or(u64::MAX);
        place = start.saturating_add(padded);
    }
    let found = format!("none in {size} bytes");
    Err(file.malformed(collection, FIELD, format!("object {index}"), found))
}

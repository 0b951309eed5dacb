//! Filters of chunks: deflate, shuffle and Fletcher's checksum; others are refused by name.

use super::checksum::fletcher32;
use super::{File, printable, unsupported};
use crate::Error;
use crate::bytes::{Block, latin};

/// More filters than this are a damaged header; HDF5 itself allows 32.
const FILTER_LIMIT: u8 = 32;

/// One filter of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// DEFLATE in zlib's wrapping.
    Deflate,
    /// The first bytes of all elements (of this many bytes), then the second ones, ...
    Shuffle(usize),
    /// A checksum behind the bytes.
    Fletcher32,
}

/// Reads the pipeline, in the order in which it was applied.
pub(super) fn read(file: &File, name: &str, body: &Block) -> Result<Vec<Filter>, Error> {
    let field = format!("filters of `{name}`");
    let mut fields = file.fields(&field, body);
    let version = fields.version(&[1, 2])?;
    let count = fields.u8()?;
    if count > FILTER_LIMIT {
        let expected = format!("at most {FILTER_LIMIT} filters");
        return Err(fields.refuse(&field, expected, count.to_string()));
    }
    fields.skip(if version == 1 { 6 } else { 0 })?;
    let mut filters = Vec::new();
    for _ in 0..count {
        let place = fields.place();
        let id = fields.u16()?;
        let named = version == 1 || id >= 256;
        let name_length = if named { usize::from(fields.u16()?) } else { 0 };
        fields.skip(2)?;
        let values = usize::from(fields.u16()?);
        let start = fields.at();
        let name = latin(fields.bytes(name_length)?);
        if version == 1 {
            fields.pad(start)?;
        }
        let first = if values > 0 {
            Some(fields.u32()?)
        } else {
            None
        };
        fields.skip(4 * values.saturating_sub(1))?;
        if version == 1 && values % 2 == 1 {
            fields.skip(4)?;
        }
        filters.push(match (id, first) {
            (1, _) => Filter::Deflate,
            (2, Some(width)) if width > 0 => Filter::Shuffle(width as usize),
            (2, _) => {
                let expected = "an element width of at least 1";
                return Err(file.malformed(place, field, expected, "none or 0"));
            }
            (3, _) => Filter::Fletcher32,
            _ => {
                let plain = printable(name.trim_end_matches('\0'));
                let known = match id {
                    4 => "szip",
                    5 => "n-bit",
                    6 => "scale and offset",
                    _ => &plain,
                };
                return Err(unsupported(format!(
                    "the data are packed by filter {id} ({known})"
                )));
            }
        });
    }
    Ok(filters)
}

/// Puts bytes back in their order: `shuffled` has all first bytes, then all second ones, ...
/// What is left over at the end stays in place.
pub(super) fn unshuffle(shuffled: &[u8], width: usize) -> Vec<u8> {
    let count = shuffled.len() / width;
    let mut plain = shuffled.to_vec();
    for (k, plane) in shuffled.chunks_exact(count.max(1)).take(width).enumerate() {
        for (cell, &byte) in plain.chunks_exact_mut(width).zip(plane) {
            cell[k] = byte;
        }
    }
    plain
}

/// Takes the checksum off the end; says what is there and what it should be when it is wrong.
pub(super) fn unchecked(mut bytes: Vec<u8>) -> Result<Vec<u8>, (String, String)> {
    let Some(at) = bytes.len().checked_sub(4) else {
        let found = format!("{} bytes", bytes.len());
        return Err(("4 bytes of a checksum".into(), found));
    };
    let wanted = bytes[at..].iter().rev();
    let wanted = wanted.fold(0_u32, |sum, &b| sum << 8 | u32::from(b));
    bytes.truncate(at);
    let found = fletcher32(&bytes);
    if found == wanted {
        return Ok(bytes);
    }
    Err((
        format!("checksum {wanted:08x}"),
        format!("bytes with checksum {found:08x}"),
    ))
}

//! Data elements: an eight-byte tag with type and size, then the data, padded to eight bytes.
//! Up to four bytes of data lie in the tag itself, whose upper half then holds the size.

use super::FORMAT;
use crate::bytes::Bytes;
use crate::trace::Cell;
use crate::{ByteOrder, Error};

pub(super) const INT8: u32 = 1;
pub(super) const UINT8: u32 = 2;
pub(super) const UINT16: u32 = 4;
pub(super) const INT32: u32 = 5;
pub(super) const UINT32: u32 = 6;
pub(super) const SINGLE: u32 = 7;
pub(super) const DOUBLE: u32 = 9;
pub(super) const MATRIX: u32 = 14;
pub(super) const COMPRESSED: u32 = 15;
pub(super) const UTF8: u32 = 16;
pub(super) const UTF16: u32 = 17;

/// Bytes of a tag.
pub(super) const TAG: u64 = 8;

/// One data element: what its tag says and where its data lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// Byte of the tag.
    pub(super) place: u64,
    /// Type of the data.
    pub(super) kind: u32,
    /// Byte of the data.
    pub(super) data: u64,
    /// Bytes of data.
    pub(super) size: u64,
    /// Byte of the next tag, after the padding.
    pub(super) next: u64,
}

impl Element {
    /// Reads the tag at `place`; the data have to lie before byte `end`.
    pub(super) fn read(
        bytes: &Bytes,
        order: ByteOrder,
        field: &str,
        place: u64,
        end: u64,
    ) -> Result<Self, Error> {
        if place.checked_add(TAG).is_none_or(|after| after > end) {
            return Err(short(place, field, TAG, end.saturating_sub(place)));
        }
        let mut tag = bytes.block(FORMAT, &format!("tag of {field}"), place, TAG as usize)?;
        tag.order = order;
        let (kind, size) = (tag.u32(0), u64::from(tag.u32(4)));
        let small = kind >> 16;
        let element = if small == 0 {
            let data = place + TAG;
            Self {
                place,
                kind,
                data,
                size,
                next: data + size.next_multiple_of(8),
            }
        } else {
            Self {
                place,
                kind: kind & 0xffff,
                data: place + 4,
                size: u64::from(small),
                next: place + TAG,
            }
        };
        if small > 4 {
            let expected = "at most 4 bytes in a small data element";
            return Err(Error::malformed(
                FORMAT,
                place,
                format!("tag of {field}"),
                expected,
                format!("{small} bytes of type {}", element.kind),
            ));
        }
        if element.data + element.size > end {
            return Err(short(place, field, element.size, end - element.data));
        }
        Ok(element)
    }

    /// Returns how the numbers of this element are stored, if they are numbers.
    pub(super) fn cell(&self) -> Option<Cell> {
        Some(match self.kind {
            INT8 => Cell::I8,
            UINT8 => Cell::U8,
            3 => Cell::I16,
            UINT16 => Cell::U16,
            INT32 => Cell::I32,
            UINT32 => Cell::U32,
            SINGLE => Cell::F32,
            DOUBLE => Cell::F64,
            12 => Cell::I64,
            13 => Cell::U64,
            _ => return None,
        })
    }
}

fn short(place: u64, field: &str, wanted: u64, room: u64) -> Error {
    let found = format!("room for {room} in the element around it");
    Error::malformed(FORMAT, place, field, format!("{wanted} bytes"), found)
}

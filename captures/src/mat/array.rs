//! The contents of a matrix element: flags, dimensions, name, then the real part and perhaps the
//! imaginary part, each an element of its own.

use super::FORMAT;
use super::element::{Element, INT8, UINT8, UINT16, UTF8, UTF16};
use crate::bytes::{Bytes, latin};
use crate::trace::Cell;
use crate::{ByteOrder, Error};

/// MATLAB's own names end at 63 characters.
const NAME_LIMIT: u64 = 1024;
/// Class of objects that are stored in a way of their own, such as strings and tables.
const OPAQUE: u32 = 17;
/// More dimensions than this are a damaged header.
const DIMENSION_LIMIT: u64 = 32;
/// Text longer than this is neither a unit nor a label.
const TEXT_LIMIT: u64 = 256;

/// Inflated bytes in which every header that is accepted has room.
pub(super) const HEADER_BYTES: u64 = 4096;

/// What kind of variable an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Numbers, real or complex.
    Numeric,
    /// Text.
    Char,
    /// Something without samples, by its name.
    Other(&'static str),
}

/// What stands before the numbers.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) class: Class,
    pub(super) complex: bool,
    pub(super) dimensions: Vec<u64>,
    pub(super) name: String,
    /// Byte of the real part's tag.
    data: u64,
    /// Byte after the matrix.
    end: u64,
}

/// One part (real or imaginary) of an array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) cell: Cell,
    pub(super) first_byte: u64,
}

impl Header {
    /// Reads the header of the matrix whose contents are the bytes from `start` to `end`.
    pub(super) fn read(
        bytes: &Bytes,
        order: ByteOrder,
        start: u64,
        end: u64,
    ) -> Result<Self, Error> {
        let flags = Element::read(bytes, order, "array flags", start, end)?;
        if flags.size != 8 {
            return Err(wrong(&flags, "array flags", "8 bytes", flags.size));
        }
        let mut word = bytes.block(FORMAT, "array flags", flags.data, 8)?;
        word.order = order;
        let word = word.u32(0);
        let class = class(word & 0xff).ok_or_else(|| {
            let found = (word & 0xff).to_string();
            Error::malformed(FORMAT, flags.data, "array class", "1 to 18", found)
        })?;
        // The dimensions of an opaque object are not where those of an array are.
        if word & 0xff == OPAQUE {
            return Ok(Self {
                class,
                complex: false,
                dimensions: Vec::new(),
                name: "an object".into(),
                data: end,
                end,
            });
        }
        let shape = Element::read(bytes, order, "dimensions", flags.next, end)?;
        let dimensions = dimensions(bytes, order, &shape)?;
        let name = Element::read(bytes, order, "name", shape.next, end)?;
        if name.size > NAME_LIMIT {
            let expected = format!("at most {NAME_LIMIT} bytes");
            return Err(wrong(&name, "name", &expected, name.size));
        }
        let text = bytes.block(FORMAT, "name", name.data, name.size as usize)?;
        Ok(Self {
            class,
            complex: word & 0x0800 != 0,
            dimensions,
            name: printable(&latin(&text.bytes)),
            data: name.next,
            end,
        })
    }

    /// Returns the number of elements; the dimensions' product has been checked.
    pub(super) fn count(&self) -> u64 {
        self.dimensions.iter().product()
    }

    /// Finds the real part and, of a complex array, the imaginary part.
    pub(super) fn parts(&self, bytes: &Bytes, order: ByteOrder) -> Result<Vec<Part>, Error> {
        let mut place = self.data;
        let names: &[&str] = if self.complex {
            &["real part", "imaginary part"]
        } else {
            &["numbers"]
        };
        let mut parts = Vec::new();
        for part in names {
            let field = format!("{part} of `{}`", self.name);
            let element = Element::read(bytes, order, &field, place, self.end)?;
            let Some(cell) = element.cell() else {
                let found = format!("type {}", element.kind);
                let expected = "a numeric type (1 to 7, 9, 12 or 13)";
                return Err(Error::malformed(FORMAT, place, field, expected, found));
            };
            // The product of the dimensions fits 64 bits, but not always with the width.
            let size = self.count().checked_mul(cell.width());
            if size != Some(element.size) {
                let expected = format!(
                    "{} elements of {} bytes for dimensions {:?}",
                    self.count(),
                    cell.width(),
                    self.dimensions
                );
                return Err(wrong(&element, &field, &expected, element.size));
            }
            parts.push(Part {
                cell,
                first_byte: element.data,
            });
            place = element.next;
        }
        Ok(parts)
    }

    /// Reads a short text; `None` for one too long to be a unit or a label.
    pub(super) fn text(&self, bytes: &Bytes, order: ByteOrder) -> Result<Option<String>, Error> {
        if self.count() == 0 {
            return Ok(Some(String::new()));
        }
        let element = Element::read(bytes, order, "text", self.data, self.end)?;
        if element.size > 4 * TEXT_LIMIT {
            return Ok(None);
        }
        let raw = bytes.block(FORMAT, "text", element.data, element.size as usize)?;
        let pairs = raw.bytes.as_chunks::<2>().0.iter();
        let text = match element.kind {
            UINT16 | UTF16 => {
                let units: Vec<u16> = match order {
                    ByteOrder::Little => pairs.map(|b| u16::from_le_bytes(*b)).collect(),
                    ByteOrder::Big => pairs.map(|b| u16::from_be_bytes(*b)).collect(),
                };
                String::from_utf16_lossy(&units)
            }
            INT8 | UINT8 | UTF8 => latin(&raw.bytes),
            _ => return Ok(None),
        };
        Ok(Some(printable(text.trim_matches(['\0', ' ']))))
    }
}

fn class(code: u32) -> Option<Class> {
    Some(match code {
        1 => Class::Other("cell"),
        2 => Class::Other("struct"),
        3 | OPAQUE | 18 => Class::Other("object"),
        4 => Class::Char,
        5 => Class::Other("sparse"),
        6..=15 => Class::Numeric,
        16 => Class::Other("function"),
        _ => return None,
    })
}

/// Reads the dimensions; their product fits 64 bits.
fn dimensions(bytes: &Bytes, order: ByteOrder, shape: &Element) -> Result<Vec<u64>, Error> {
    let field = "dimensions";
    let axes = shape.size / 4;
    if !shape.size.is_multiple_of(4) || !(2..=DIMENSION_LIMIT).contains(&axes) {
        let expected = format!("2 to {DIMENSION_LIMIT} numbers of 4 bytes");
        return Err(wrong(shape, field, &expected, shape.size));
    }
    let mut block = bytes.block(FORMAT, field, shape.data, shape.size as usize)?;
    block.order = order;
    let mut dimensions = Vec::new();
    let mut product = 1_u64;
    for axis in 0..axes as usize {
        let length = block.i32(4 * axis);
        let grown = u64::try_from(length)
            .ok()
            .and_then(|length| product.checked_mul(length));
        let Some(grown) = grown else {
            return Err(Error::malformed(
                FORMAT,
                block.place(4 * axis),
                field,
                "lengths of 0 or more, with a product below 2^64",
                format!("{length} after {dimensions:?}"),
            ));
        };
        product = grown;
        dimensions.push(length.unsigned_abs().into());
    }
    Ok(dimensions)
}

fn wrong(element: &Element, field: &str, expected: &str, size: u64) -> Error {
    let found = format!("{size} bytes of type {}", element.kind);
    Error::malformed(FORMAT, element.place, field, expected, found)
}

/// Names go into warnings and onto screens: no control characters, and not without end.
fn printable(text: &str) -> String {
    const SHOWN: usize = 64;
    text.chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect()
}

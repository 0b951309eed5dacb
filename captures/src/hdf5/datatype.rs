//! Types of elements and their shapes: what of them can be samples, labels or numbers.

use super::File;
use super::fields::Fields;
use crate::bytes::{Block, latin};
use crate::trace::Cell;
use crate::{ByteOrder, Error};

/// Compounds within compounds go no deeper.
const DEPTH: u8 = 3;
/// More dimensions than this are a damaged header; HDF5 itself allows 32.
const RANK_LIMIT: u8 = 32;

/// The type of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Datatype {
    /// A number that can be read as a sample.
    Number(Cell, ByteOrder),
    /// Text of this many bytes.
    Text(u32),
    /// Text of any length, in a heap.
    HeapText,
    /// Members by name with their bytes from the start, in this many bytes.
    Compound(u32, Vec<(String, u32, Datatype)>),
    /// Something else, by its name, in this many bytes.
    Other(&'static str, u32),
}

impl Datatype {
    /// Returns the bytes of one element.
    pub(crate) fn size(&self, file_address_width: usize) -> u64 {
        match self {
            Self::Number(cell, _) => cell.width(),
            Self::Text(size) | Self::Compound(size, _) | Self::Other(_, size) => u64::from(*size),
            Self::HeapText => 8 + file_address_width as u64,
        }
    }

    /// Names the type in a few words.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Number(cell, _) => format!("{cell:?}").to_lowercase(),
            Self::Text(_) | Self::HeapText => "text".into(),
            Self::Compound(..) => "compound".into(),
            Self::Other(name, _) => (*name).into(),
        }
    }

    /// Returns the parts of a complex number, each with its byte from the start: a compound of
    /// `real` and `imag`, as MATLAB writes it, or `r` and `i`, as h5py does.
    pub(crate) fn complex(&self) -> Option<[(u32, Cell, ByteOrder); 2]> {
        let Self::Compound(_, members) = self else {
            return None;
        };
        let [
            (real, at, Self::Number(cell, order)),
            (imag, at_imag, Self::Number(cell_imag, order_imag)),
        ] = &members[..]
        else {
            return None;
        };
        let named = matches!(
            (real.as_str(), imag.as_str()),
            ("real", "imag") | ("r", "i")
        );
        named.then_some([(*at, *cell, *order), (*at_imag, *cell_imag, *order_imag)])
    }

    pub(super) fn read(file: &File, field: &str, body: &Block) -> Result<Self, Error> {
        one(&mut file.fields(field, body), DEPTH)
    }
}

/// Reads one type, with those within it.
fn one(fields: &mut Fields, depth: u8) -> Result<Datatype, Error> {
    let place = fields.place();
    let first = fields.u8()?;
    let (class, version) = (first & 0x0f, first >> 4);
    let bits = fields.number(3)? as u32;
    let size = fields.u32()?;
    if size == 0 {
        let found = format!("0 in class {class}");
        let field = fields.name;
        return Err(fields
            .file
            .malformed(place, field, "a size of at least one byte", found));
    }
    let order = if bits & 1 == 0 {
        ByteOrder::Little
    } else {
        ByteOrder::Big
    };
    Ok(match class {
        0 => {
            let (offset, precision) = (fields.u16()?, fields.u16()?);
            let whole = offset == 0 && u64::from(precision) == 8 * u64::from(size);
            match integer(size, bits & 8 != 0).filter(|_| whole) {
                Some(cell) => Datatype::Number(cell, order),
                None => Datatype::Other("integer of an odd width", size),
            }
        }
        1 => {
            let parts = fields.bytes(12)?;
            // Offset and precision; places and widths of exponent and mantissa; bias.
            const SINGLE: [u8; 12] = [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
            const DOUBLE: [u8; 12] = [0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0];
            match (size, bits & 0x41) {
                (4, 0 | 1) if parts == SINGLE => Datatype::Number(Cell::F32, order),
                (8, 0 | 1) if parts == DOUBLE => Datatype::Number(Cell::F64, order),
                _ => Datatype::Other("float of an odd kind", size),
            }
        }
        3 => Datatype::Text(size),
        6 => compound(fields, (version, bits & 0xffff, size), depth)?,
        // An enumeration is its base type, which comes first.
        8 if depth > 0 => one(fields, depth - 1)?,
        9 if bits & 0x0f == 1 => Datatype::HeapText,
        other => Datatype::Other(class_name(other), size),
    })
}

fn integer(size: u32, signed: bool) -> Option<Cell> {
    Some(match (size, signed) {
        (1, true) => Cell::I8,
        (1, false) => Cell::U8,
        (2, true) => Cell::I16,
        (2, false) => Cell::U16,
        (4, true) => Cell::I32,
        (4, false) => Cell::U32,
        (8, true) => Cell::I64,
        (8, false) => Cell::U64,
        _ => return None,
    })
}

fn class_name(class: u8) -> &'static str {
    match class {
        2 => "time",
        4 => "bit field",
        5 => "opaque",
        7 => "reference",
        8 => "enumeration",
        9 => "sequence",
        10 => "array",
        _ => "unknown type",
    }
}

fn compound(
    fields: &mut Fields,
    (version, count, size): (u8, u32, u32),
    depth: u8,
) -> Result<Datatype, Error> {
    if depth == 0 || !(1..=3).contains(&version) {
        return Ok(Datatype::Other("compound", size));
    }
    let mut members = Vec::new();
    for _ in 0..count {
        let start = fields.at();
        let mut name = Vec::new();
        loop {
            match fields.u8()? {
                0 => break,
                byte => name.push(byte),
            }
        }
        // Offsets take as many bytes as the size needs in version 3.
        let width = match version {
            3 => (u32::BITS - size.leading_zeros()).div_ceil(8) as usize,
            _ => 4,
        };
        if version < 3 {
            fields.pad(start)?;
        }
        let place = fields.place();
        let offset = fields.number(width)? as u32;
        // Dimensions of an array, which are zero.
        fields.skip(if version == 1 { 28 } else { 0 })?;
        let member = one(fields, depth - 1)?;
        let end = u64::from(offset) + member.size(fields.file.address_width);
        if end > u64::from(size) {
            let (expected, found) = (format!("within {size} bytes"), format!("up to byte {end}"));
            let field = format!("member of {}", fields.name);
            return Err(fields.file.malformed(place, field, expected, found));
        }
        // What is in an array or a sequence follows its type: the members behind it are not
        // where one would look.
        let ends_here = matches!(member, Datatype::Other(..) | Datatype::HeapText);
        members.push((latin(&name), offset, member));
        if ends_here {
            break;
        }
    }
    Ok(Datatype::Compound(size, members))
}

/// Reads the dimensions of a dataspace: none for a single element; `None` where there is none at
/// all. Their product fits 64 bits.
pub(super) fn shape(file: &File, field: &str, body: &Block) -> Result<Option<Vec<u64>>, Error> {
    let mut fields = file.fields(field, body);
    let version = fields.version(&[1, 2])?;
    let rank = fields.u8()?;
    fields.skip(1)?;
    if version == 1 {
        fields.skip(5)?;
    } else if fields.u8()? == 2 {
        return Ok(None);
    }
    if rank > RANK_LIMIT {
        let expected = format!("at most {RANK_LIMIT} dimensions");
        return Err(fields.refuse(field, expected, rank.to_string()));
    }
    let mut shape = Vec::new();
    let mut product = 1_u64;
    for _ in 0..rank {
        let place = fields.place();
        let length = fields.length()?;
        let Some(grown) = product.checked_mul(length) else {
            let expected = "dimensions with a product below 2^64";
            let found = format!("{length} after {shape:?}");
            return Err(file.malformed(place, field, expected, found));
        };
        product = grown;
        shape.push(length);
    }
    Ok(Some(shape))
}

//! MATLAB files of level 5 (`save -v6` and `-v7`), variables by name, in both byte orders; and of
//! level 7.3 ([`level73`]), which is HDF5.
//!
//! Layout of level 5: 116 bytes of text, 8 bytes for a subsystem, the version 0x0100 and `MI` (which reads
//! `IM` from a little-endian file), then data elements, each with type and size. A variable is
//! a matrix element (14), or one deflated by zlib (15, from `-v7` on). Each numeric variable of
//! more than one number becomes a trace under its name; of a matrix the longer axis is time and
//! the rest becomes channels, named as MATLAB names them (`rx(:,2)`), or segments if there are
//! more than 16. A complex one becomes two traces, `I` and `Q`. Numbers may be stored narrower
//! than their class, and stay so. Single numbers and vectors whose names speak of time (`dt`,
//! `fs`, `t`; Tektronix's `sampleInterval`, `zeroIndex`, `recordLength`; PicoScope's `Tinterval`,
//! `Tstart`) give the time base; Tektronix's `verticalUnits` the unit. Cells, structs, text,
//! sparse and empty arrays and arrays of three dimensions are left out, and a warning names them.
//!
//! Source: MathWorks, "MAT-File Format", the chapter on level 5.
//!
//! What real files do: Tektronix's IQ export counts I and Q apart in `recordLength` and
//! `sampleInterval`, so that a pair takes two intervals (its `sampleRate` says the same). The
//! deflated element of a `-v7` file is not padded to eight bytes, against the general rule.
//! No real file seen of the big-endian kind.
//!
//! What breaks it: a variable above 4 GiB, which the format cannot hold; a deflated one beyond
//! the bound on inflating, which is refused (`save -v6` leaves it plain). Level 4 files have no
//! signature and are not recognized.

mod array;
mod element;
mod level73;
mod variables;
mod write;

pub(crate) use level73::marked;
pub(crate) use write::write;

use crate::bytes::{Bytes, excerpt};
use crate::hdf5::SIGNATURE;
use crate::inflate::{Budget, Deflated, Wrapping, inside};
use crate::registry::Score;
use crate::trace::{Capture, Stored};
use crate::{ByteOrder, Error};
use array::{Class, Header};
use element::{COMPRESSED, Element, MATRIX, TAG};
use variables::{CHANNEL_LIMIT, Found, Numbers, Variable, limit};

const FORMAT: &str = "mat";
const MAGIC: [&[u8]; 2] = [b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"];
/// Bytes before the first element.
const FILE_HEADER: u64 = 128;
/// Texts that Tektronix writes, with the unit and the channel.
const UNIT: &str = "verticalUnits";
const SOURCE: &str = "waveformSource";

/// The text before version and byte order is free, but every known writer begins it alike.
pub(crate) fn probe(head: &[u8]) -> Score {
    let marked = matches!(head.get(124..128), Some(b"\x00\x01IM" | b"\x01\x00MI"));
    match (MAGIC.iter().any(|magic| head.starts_with(magic)), marked) {
        (true, _) => Score::Signature,
        (false, true) if !head[..4].contains(&0) => Score::Displaced,
        _ => Score::No,
    }
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    if bytes.head(SIGNATURE.len())? == SIGNATURE {
        return level73::read(bytes);
    }
    let Level::Five(order) = file_header(bytes)? else {
        return level73::read(bytes);
    };
    let mut reader = Level5 {
        order,
        budget: Budget::of(bytes),
        elements: 0,
        found: Found::default(),
    };
    let mut place = FILE_HEADER;
    while place < bytes.len() {
        reader.elements += 1;
        limit("variables", reader.elements)?;
        place = reader.element(bytes, place)?;
    }
    reader.found.into_capture()
}

/// What the file header says.
enum Level {
    Five(ByteOrder),
    SevenThree,
}

fn file_header(bytes: &Bytes) -> Result<Level, Error> {
    let head = bytes.block(FORMAT, "file header", 0, FILE_HEADER as usize)?;
    let (order, version) = match &head.bytes[126..] {
        b"IM" => (ByteOrder::Little, [head.bytes[125], head.bytes[124]]),
        b"MI" => (ByteOrder::Big, [head.bytes[124], head.bytes[125]]),
        other => {
            let (expected, found) = ("`IM` or `MI`", excerpt(other));
            return Err(Error::malformed(FORMAT, 126, "byte order", expected, found));
        }
    };
    match version {
        [1, 0] => Ok(Level::Five(order)),
        [2, 0] => Ok(Level::SevenThree),
        [high, low] => {
            let found = format!("0x{high:02x}{low:02x}");
            Err(Error::malformed(FORMAT, 124, "version", "0x0100", found))
        }
    }
}

/// A file of level 5 on the way through.
struct Level5 {
    order: ByteOrder,
    budget: Budget,
    /// Elements so far.
    elements: u64,
    found: Found,
}

impl Level5 {
    /// Takes the element at `place`; returns where the next one begins.
    fn element(&mut self, bytes: &Bytes, place: u64) -> Result<u64, Error> {
        let field = format!("data element {}", self.elements);
        let mut tag = bytes.block(FORMAT, &format!("tag of {field}"), place, TAG as usize)?;
        tag.order = self.order;
        let (kind, size) = (tag.u32(0), u64::from(tag.u32(4)));
        let data = place + TAG;
        if !(1..=18).contains(&kind) {
            let expected = "a type of 1 to 18, mostly 14 or 15";
            let found = kind.to_string();
            return Err(Error::malformed(FORMAT, place, field, expected, found));
        }
        bytes.require(FORMAT, &field, data, size)?;
        match kind {
            MATRIX if size > 0 => self.matrix(bytes, data, data + size)?,
            COMPRESSED => {
                let deflated = Deflated {
                    format: FORMAT,
                    field: &field,
                    bytes,
                    first_byte: data,
                    length: size,
                    wrapping: Wrapping::Zlib,
                };
                self.compressed(&deflated)?;
            }
            _ => self
                .found
                .left_out
                .push(format!("{field} (of type {kind})")),
        }
        Ok(data + size)
    }

    /// Inflates the header of a variable, and the rest when there are numbers or text in it.
    fn compressed(&mut self, deflated: &Deflated) -> Result<(), Error> {
        let order = self.order;
        let place = deflated.first_byte;
        let at_file = |e| inside(e, "element", place);
        let head = Bytes::in_memory(deflated.head(array::HEADER_BYTES)?);
        let outer = Element::read(&head, order, "deflated variable", 0, u64::MAX);
        let outer = outer.map_err(at_file)?;
        if outer.kind != MATRIX || outer.data != TAG {
            let (field, found) = (deflated.field, format!("type {}", outer.kind));
            let expected = "a matrix (type 14) in a deflated element";
            return Err(Error::malformed(FORMAT, place, field, expected, found));
        }
        if outer.size == 0 {
            return Ok(());
        }
        let end = outer.data + outer.size;
        let header = Header::read(&head, order, outer.data, end).map_err(at_file)?;
        let wanted = match header.class {
            Class::Numeric => header.dimensions.len() == 2,
            Class::Char => matches!(header.name.as_str(), UNIT | SOURCE),
            Class::Other(_) => false,
        };
        if !wanted {
            self.leave_out(&header);
            return Ok(());
        }
        let whole = Bytes::in_memory(deflated.whole(end, &mut self.budget)?);
        self.matrix(&whole, outer.data, end).map_err(at_file)
    }

    /// Takes the variable whose contents are the bytes from `start` to `end`.
    fn matrix(&mut self, bytes: &Bytes, start: u64, end: u64) -> Result<(), Error> {
        let order = self.order;
        let header = Header::read(bytes, order, start, end)?;
        match header.class {
            Class::Numeric if header.count() > 0 && header.dimensions.len() == 2 => {
                let parts = header.parts(bytes, order)?;
                let numbers = parts.into_iter().map(|part| {
                    Numbers::Stored(Stored {
                        bytes: bytes.clone(),
                        first_byte: part.first_byte,
                        stride: part.cell.width(),
                        cell: part.cell,
                        order,
                    })
                });
                self.found.numeric(Variable {
                    dimensions: [header.dimensions[0], header.dimensions[1]],
                    parts: numbers.collect(),
                    name: header.name,
                })
            }
            Class::Char if header.name == UNIT => {
                self.found.unit = header.text(bytes, order)?.unwrap_or_default();
                Ok(())
            }
            Class::Char if header.name == SOURCE => {
                self.found.source = header.text(bytes, order)?.filter(|name| !name.is_empty());
                Ok(())
            }
            _ => {
                self.leave_out(&header);
                Ok(())
            }
        }
    }

    fn leave_out(&mut self, header: &Header) {
        let reason = match header.class {
            Class::Other(class) => class.to_string(),
            Class::Char => "text".into(),
            Class::Numeric if header.dimensions.len() > 2 => {
                format!("{} dimensions", header.dimensions.len())
            }
            Class::Numeric => "empty".into(),
        };
        self.found
            .left_out
            .push(format!("`{}` ({reason})", header.name));
    }
}

//! MATLAB files of level 5 (`save -v6` and `-v7`): variables by name, in both byte orders.
//!
//! Layout: 116 bytes of text, 8 bytes for a subsystem, the version 0x0100 and `MI` (which reads
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
//! signature and are not recognized; level 7.3 is HDF5 and refused by name.

mod array;
mod element;
mod write;

pub(crate) use write::write;

use crate::bytes::{Bytes, excerpt};
use crate::inflate::{Budget, Deflated, Wrapping, inside};
use crate::registry::Score;
use crate::time_names::{Instants, Role, TimeBase, listed, role};
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use array::{Class, Header, Part};
use element::{COMPRESSED, Element, MATRIX, TAG};

const FORMAT: &str = "mat";
const MAGIC: &[u8] = b"MATLAB 5.0 MAT-file";
/// Bytes before the first element.
const FILE_HEADER: u64 = 128;
/// Texts that Tektronix writes, with the unit and the channel.
const UNIT: &str = "verticalUnits";
const SOURCE: &str = "waveformSource";
/// More columns than this are taken as segments rather than channels.
const CHANNEL_LIMIT: u64 = 16;
/// More traces or variables than this would be mostly descriptions.
const COUNT_LIMIT: u64 = 65_536;

/// The text before version and byte order is free, but every known writer begins it alike.
pub(crate) fn probe(head: &[u8]) -> Score {
    let marked = matches!(head.get(124..128), Some(b"\x00\x01IM" | b"\x01\x00MI"));
    match (head.starts_with(MAGIC), marked) {
        (true, _) => Score::Signature,
        (false, true) if !head[..4].contains(&0) => Score::Displaced,
        _ => Score::No,
    }
}

/// A numeric variable and the bytes that hold it: the file, or what a deflated element gave.
struct Variable {
    name: String,
    dimensions: Vec<u64>,
    parts: Vec<Part>,
    bytes: Bytes,
    order: ByteOrder,
}

/// What has been found on the way through a file.
#[derive(Default)]
struct Found {
    variables: Vec<Variable>,
    time: TimeBase,
    unit: String,
    source: Option<String>,
    /// Single numbers that say nothing of time.
    numbers: Vec<String>,
    /// Variables that hold no samples, with the reason.
    left_out: Vec<String>,
    elements: u64,
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let order = file_header(bytes)?;
    let mut budget = Budget::of(bytes);
    let mut found = Found::default();
    let mut place = FILE_HEADER;
    while place < bytes.len() {
        found.elements += 1;
        limit("variables", found.elements)?;
        place = found.element(bytes, order, place, &mut budget)?;
    }
    found.into_capture()
}

fn limit(field: &str, found: u64) -> Result<(), Error> {
    if found <= COUNT_LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: field.into(),
        limit: COUNT_LIMIT,
        found,
    })
}

fn file_header(bytes: &Bytes) -> Result<ByteOrder, Error> {
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
        [1, 0] => Ok(order),
        [2, 0] => Err(Error::unsupported(
            "MATLAB .mat (HDF5)",
            "level 7.3",
            "save it with -v7 or -v6",
        )),
        [high, low] => {
            let found = format!("0x{high:02x}{low:02x}");
            Err(Error::malformed(FORMAT, 124, "version", "0x0100", found))
        }
    }
}

impl Found {
    /// Takes the element at `place`; returns where the next one begins.
    fn element(
        &mut self,
        bytes: &Bytes,
        order: ByteOrder,
        place: u64,
        budget: &mut Budget,
    ) -> Result<u64, Error> {
        let field = format!("data element {}", self.elements);
        let mut tag = bytes.block(FORMAT, &format!("tag of {field}"), place, TAG as usize)?;
        tag.order = order;
        let (kind, size) = (tag.u32(0), u64::from(tag.u32(4)));
        let data = place + TAG;
        if !(1..=18).contains(&kind) {
            let expected = "a type of 1 to 18, mostly 14 or 15";
            let found = kind.to_string();
            return Err(Error::malformed(FORMAT, place, field, expected, found));
        }
        bytes.require(FORMAT, &field, data, size)?;
        match kind {
            MATRIX if size > 0 => self.matrix(bytes, order, data, data + size)?,
            COMPRESSED => {
                let deflated = Deflated {
                    format: FORMAT,
                    field: &field,
                    bytes,
                    first_byte: data,
                    length: size,
                    wrapping: Wrapping::Zlib,
                };
                self.compressed(&deflated, order, budget)?;
            }
            _ => self.left_out.push(format!("{field} (of type {kind})")),
        }
        Ok(data + size)
    }

    /// Inflates the header of a variable, and the rest when there are numbers or text in it.
    fn compressed(
        &mut self,
        deflated: &Deflated,
        order: ByteOrder,
        budget: &mut Budget,
    ) -> Result<(), Error> {
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
        let whole = Bytes::in_memory(deflated.whole(end, budget)?);
        self.matrix(&whole, order, outer.data, end).map_err(at_file)
    }

    /// Takes the variable whose contents are the bytes from `start` to `end`.
    fn matrix(
        &mut self,
        bytes: &Bytes,
        order: ByteOrder,
        start: u64,
        end: u64,
    ) -> Result<(), Error> {
        let header = Header::read(bytes, order, start, end)?;
        match header.class {
            Class::Numeric if header.count() > 0 && header.dimensions.len() == 2 => {
                let parts = header.parts(bytes, order)?;
                self.numeric(Variable {
                    name: header.name,
                    dimensions: header.dimensions,
                    parts,
                    bytes: bytes.clone(),
                    order,
                })
            }
            Class::Char if header.name == UNIT => {
                self.unit = header.text(bytes, order)?.unwrap_or_default();
                Ok(())
            }
            Class::Char if header.name == SOURCE => {
                self.source = header.text(bytes, order)?.filter(|name| !name.is_empty());
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
        self.left_out.push(format!("`{}` ({reason})", header.name));
    }

    /// Sorts a numeric variable: a number, the times of the samples, or samples.
    fn numeric(&mut self, variable: Variable) -> Result<(), Error> {
        let samples = variable.samples();
        let real = variable.parts.len() == 1;
        match role(&variable.name) {
            Some(role) if samples == 1 && variable.traces() == 1 && real => {
                self.time.take(role, variable.value(0)?);
            }
            Some(Role::Instants) if variable.traces() == 1 && real => {
                let instants = Instants {
                    samples,
                    first_s: variable.value(0)?,
                    middle_s: variable.value(samples / 2)?,
                    last_s: variable.value(samples - 1)?,
                };
                self.time.instants = Some((variable.name, instants));
            }
            _ if samples == 1 => self.numbers.push(variable.name),
            _ => self.variables.push(variable),
        }
        Ok(())
    }

    fn into_capture(self) -> Result<Capture, Error> {
        let mut warnings = Vec::new();
        if !self.left_out.is_empty() {
            warnings.push(format!("left out: {}", listed(&self.left_out)));
        }
        if !self.numbers.is_empty() {
            let names = listed(&self.numbers);
            warnings.push(format!("single numbers, not read as traces: {names}"));
        }
        let total = self.variables.iter().fold(0_u64, |sum, v| {
            sum.saturating_add(v.traces() * v.parts.len() as u64)
        });
        limit("traces", total)?;
        if total == 0 {
            let found = match warnings.first() {
                Some(warning) => format!("no numeric vector or matrix ({warning:.300})"),
                None => "no numeric vector or matrix".into(),
            };
            return Err(Error::unsupported(
                "MATLAB .mat",
                found,
                "save the samples as a plain variable, such as `data`, beside `fs` or `dt`",
            ));
        }
        let mut traces = Vec::new();
        for variable in &self.variables {
            // Only the record that Tektronix calls `data` or `IQData` is its source's.
            let single = self.variables.len() == 1 && variable.traces() == 1;
            let source = self.source.clone().filter(|_| single);
            let channel = source.unwrap_or_else(|| variable.name.clone());
            variable.traces_into(&channel, &self, &mut traces, &mut warnings);
        }
        Ok(Capture {
            format: FORMAT,
            warnings,
            traces,
        })
    }
}

impl Variable {
    fn samples(&self) -> u64 {
        self.dimensions[0].max(self.dimensions[1])
    }

    fn traces(&self) -> u64 {
        self.dimensions[0].min(self.dimensions[1])
    }

    /// Reads element `k` of the real part.
    fn value(&self, k: u64) -> Result<f64, Error> {
        let Part { cell, first_byte } = self.parts[0];
        let mut raw = [0; 8];
        let width = cell.width() as usize;
        let raw = &mut raw[..width];
        self.bytes
            .read_exact_at(first_byte + k * cell.width(), raw)
            .map_err(|e| self.bytes.io_error(e))?;
        let mut value = [0.0];
        cell.decode(self.order, raw, width, (1.0, 0.0), &mut value);
        Ok(value[0])
    }

    fn traces_into(
        &self,
        channel: &str,
        found: &Found,
        traces: &mut Vec<Trace>,
        warnings: &mut Vec<String>,
    ) {
        let [rows, columns] = [self.dimensions[0], self.dimensions[1]];
        // MATLAB stores columns one after the other.
        let (count, across, along) = if rows >= columns {
            (columns, rows, 1)
        } else {
            (rows, 1, rows)
        };
        let segments = count > CHANNEL_LIMIT;
        if count > 1 {
            let axis = if rows >= columns { "columns" } else { "rows" };
            let kind = if segments { "segments" } else { "channels" };
            warnings.push(format!(
                "`{}` is {rows} x {columns}: its {axis} are taken as {kind}",
                self.name
            ));
        }
        for k in 0..count {
            for (part, suffix) in self.parts.iter().zip([" I", " Q"]) {
                let mut info = bare_info(FORMAT, self.samples());
                info.channel = match (count, segments) {
                    (1, _) | (_, true) => channel.to_string(),
                    _ if rows >= columns => format!("{channel}(:,{})", k + 1),
                    _ => format!("{channel}({},:)", k + 1),
                };
                if self.parts.len() == 2 {
                    info.channel.push_str(suffix);
                }
                info.segment = if segments { k as usize } else { 0 };
                info.unit.clone_from(&found.unit);
                found.time.apply(&mut info, self.parts.len() as u64);
                if matches!(part.cell, Cell::I64 | Cell::U64) {
                    let wide = "wide integers are given as 64-bit floats, exact up to 2^53";
                    info.warnings.push(wide.into());
                }
                let width = part.cell.width();
                let stored = Stored {
                    bytes: self.bytes.clone(),
                    first_byte: part.first_byte + k * across * width,
                    stride: along * width,
                    cell: part.cell,
                    order: self.order,
                };
                traces.push(Trace::stored(info, stored));
            }
        }
    }
}

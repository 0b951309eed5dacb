//! The fixed part: what the file is, its dimensions and its time base.

use super::{FORMAT, TITLE};
use crate::bytes::{Block, Bytes, excerpt};
use crate::trace::Cell;
use crate::{ByteOrder, Error};

/// Bytes of an explicit dimension without the user's view of it.
const EXPLICIT: usize = 100;
/// Bytes of an implicit dimension without the user's view of it.
const IMPLICIT: usize = 76;
/// Bytes of a time base.
const TIME_BASE: usize = 12;
/// Bytes of an update specification.
pub(super) const UPDATE: u64 = 24;
/// Bytes of a curve object.
pub(super) const CURVE: u64 = 30;
/// Sets of 50-sample frames hold a million on current instruments.
const FRAME_LIMIT: u64 = 1 << 20;

/// Places of the fields that the versions do not share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    version: u8,
}

impl Layout {
    /// Explicit dimension 1; versions from 2 on have a word more before it.
    fn explicit(self, dimension: usize) -> usize {
        let first = if self.version == 1 { 166 } else { 168 };
        first + (dimension - 1) * (EXPLICIT + self.view())
    }

    /// Bytes of the user's view of a dimension; its point density is a double in version 3.
    fn view(self) -> usize {
        if self.version == 3 { 60 } else { 56 }
    }

    fn implicit(self, dimension: usize) -> usize {
        self.explicit(3) + (dimension - 1) * (IMPLICIT + self.view())
    }

    fn time_base(self) -> usize {
        self.implicit(3)
    }

    /// Update specification of the first frame.
    pub(super) fn update_place(self) -> u64 {
        (self.time_base() + 2 * TIME_BASE) as u64
    }

    /// Curve object of the first frame.
    pub(super) fn curve_place(self) -> u64 {
        self.update_place() + UPDATE
    }

    /// First byte behind the header of a single frame: 820, 822 or 838.
    pub(super) fn size(self) -> u64 {
        self.curve_place() + CURVE
    }
}

/// What lies at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Points {
    Single,
    Extremes,
}

/// What the fixed part says, checked.
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) order: ByteOrder,
    pub(super) frames: u64,
    pub(super) curve_offset: u64,
    /// Where the file should end by its own count, metadata not included.
    pub(super) announced_end: u64,
    pub(super) cell: Cell,
    pub(super) points: Points,
    pub(super) channel: String,
    pub(super) unit: String,
    pub(super) scale: f64,
    pub(super) offset: f64,
    pub(super) t0_s: f64,
    pub(super) interval_s: Option<f64>,
    /// Points that the implicit dimensions announce, and how many of the two count.
    pub(super) record_length: [u64; 2],
    pub(super) implicit_count: u32,
    /// Name of what the last frame of a set sums up.
    pub(super) summary: Option<&'static str>,
    pub(super) warnings: Vec<String>,
}

impl Header {
    /// Byte of the record length in an implicit dimension, counted from 1.
    pub(super) fn record_length_place(&self, dimension: usize) -> u64 {
        (self.layout.implicit(dimension) + 16) as u64
    }
}

pub(super) fn read(bytes: &Bytes) -> Result<Header, Error> {
    let start = bytes.block(FORMAT, "file information", 0, 10)?;
    let order = match start.bytes[..2] {
        [0x0f, 0x0f] => ByteOrder::Little,
        [0xf0, 0xf0] => ByteOrder::Big,
        _ => {
            let found = excerpt(&start.bytes[..2]);
            let expected = "0F 0F (little-endian) or F0 F0 (big-endian)";
            return Err(Error::malformed(FORMAT, 0, "byte order", expected, found));
        }
    };
    let layout = version(&start)?;
    let mut block = bytes.block(FORMAT, "header", 0, layout.size() as usize)?;
    block.order = order;
    let mut warnings = Vec::new();
    kind(&block, layout)?;
    let frames = frames(bytes, &block, layout)?;
    let cell = cell(&block, layout)?;
    let explicit = layout.explicit(1);
    let (scale, offset) = (block.f64(explicit), block.f64(explicit + 8));
    if !scale.is_finite() || !offset.is_finite() {
        return Err(Error::malformed(
            FORMAT,
            block.place(explicit),
            "scale and offset of explicit dimension 1",
            "finite numbers",
            format!("{scale} and {offset}"),
        ));
    }
    let digital = block.i32(122) == 6;
    let (t0_s, interval_s) = time(&block, layout, &mut warnings);
    if digital {
        warnings.push("each sample is a set of logic lines, one in a bit".into());
    } else if scale == 0.0 {
        warnings.push("the vertical scale in the header is 0: all samples are alike".into());
    }
    let label = block.text(40, 32);
    let size = |dimension| u64::from(block.u32(layout.implicit(dimension) + 16));
    Ok(Header {
        layout,
        order,
        frames,
        curve_offset: curve_offset(&block, layout, frames)?,
        announced_end: 15 + u64::try_from(block.i32(11)).unwrap_or(0),
        cell: if digital { logic(cell) } else { cell },
        points: points(&block, layout)?,
        channel: if label.is_empty() { "1".into() } else { label },
        unit: unit(&block.text(explicit + 20, 20)),
        scale: if digital { 1.0 } else { scale },
        offset: if digital { 0.0 } else { offset },
        t0_s,
        interval_s,
        record_length: [size(1), size(2)],
        implicit_count: block.u32(114),
        summary: summary(&block, layout),
        warnings,
    })
}

fn version(start: &Block) -> Result<Layout, Error> {
    let text = &start.bytes[2..10];
    let text = text.strip_prefix(b":").unwrap_or(text);
    match text {
        [
            b'W',
            b'F',
            b'M',
            b'#',
            b'0',
            b'0',
            version @ b'1'..=b'3',
            ..,
        ] => Ok(Layout {
            version: version - b'0',
        }),
        [b'W', b'F', b'M', b'#', digits @ ..] if digits.iter().take(3).all(u8::is_ascii_digit) => {
            Err(Error::unsupported(
                TITLE,
                format!("version {}", excerpt(text)),
                "versions 001 to 003 are read; save the waveform as CSV",
            ))
        }
        other => Err(Error::malformed(
            FORMAT,
            2,
            "version",
            "`:WFM#001` to `:WFM#003`",
            excerpt(other),
        )),
    }
}

/// Refuses what is no record of samples over time.
fn kind(block: &Block, layout: Layout) -> Result<(), Error> {
    let refused = |what: &str| {
        Err(Error::unsupported(
            TITLE,
            what,
            "save a channel or a time-domain function",
        ))
    };
    let invalid = |at: usize, field: &str, expected: &str, found: i32| {
        let found = found.to_string();
        Err(Error::malformed(
            FORMAT,
            block.place(at),
            field,
            expected,
            found,
        ))
    };
    match block.i32(122) {
        2 | 6 => {}
        0 | 1 => return refused("a measured or constant number, not a waveform"),
        3 => return refused("a pixel map, not a waveform"),
        5 => return refused("a waveform database (an eye density), not a waveform"),
        found => return invalid(122, "record type", "2 (vector) or 6 (digital)", found),
    }
    let base = layout.time_base() + 8;
    match block.i32(base) {
        0 | 3 => {}
        1 | 2 => return refused("a spectrum, not samples over time"),
        found => return invalid(base, "type of time base 1", "0 (time)", found),
    }
    if block.text(layout.implicit(1) + 20, 20) == "Hz" {
        return refused("a spectrum, not samples over time");
    }
    let second = layout.explicit(2) + 72;
    // Files of one dimension say so in the second one's type, whatever the count says.
    if block.u32(118) == 2 && (0..=5).contains(&block.i32(second)) && block.i32(second + 4) < 6 {
        return refused("an XY record, not samples over time");
    }
    Ok(())
}

/// Checks the number of frames against the set type and the bytes for their tables.
fn frames(bytes: &Bytes, block: &Block, layout: Layout) -> Result<u64, Error> {
    let further = u64::from(block.u32(72));
    match block.i32(78) {
        0 if further == 0 => return Ok(1),
        // A set of several frames is one, whatever it is called.
        0 | 1 => {}
        found => {
            let field = "type of waveform set";
            let expected = "0 (single) or 1 (FastFrame)";
            let found = found.to_string();
            return Err(Error::malformed(FORMAT, 78, field, expected, found));
        }
    }
    let room = bytes.len().saturating_sub(layout.size()) / (UPDATE + CURVE);
    if further > room {
        let expected = format!("at most {room} in a file of {} bytes", bytes.len());
        let field = "number of FastFrame frames less one";
        let found = further.to_string();
        return Err(Error::malformed(FORMAT, 72, field, expected, found));
    }
    if further >= FRAME_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "number of FastFrame frames".into(),
            limit: FRAME_LIMIT,
            found: further + 1,
        });
    }
    Ok(further + 1)
}

fn curve_offset(block: &Block, layout: Layout, frames: u64) -> Result<u64, Error> {
    let least = layout.size() + (frames - 1) * (UPDATE + CURVE);
    let found = block.i32(16);
    match u64::try_from(found) {
        Ok(offset) if offset >= least => Ok(offset),
        _ => Err(Error::malformed(
            FORMAT,
            16,
            "byte offset of the curve buffer",
            format!("at least {least}, behind the headers of {frames} frames"),
            found.to_string(),
        )),
    }
}

/// Maps the type of explicit dimension 1 to a cell; the width has to agree with it.
fn cell(block: &Block, layout: Layout) -> Result<Cell, Error> {
    let at = layout.explicit(1) + 72;
    let cell = match (block.i32(at), layout.version) {
        (0, _) => Cell::I16,
        (1, _) => Cell::I32,
        (2, _) => Cell::U32,
        (3, _) => Cell::U64,
        (4, _) => Cell::F32,
        (5, _) => Cell::F64,
        // In version 1 this code says `invalid`.
        (6, 2..) => Cell::U8,
        (7, _) => Cell::I8,
        (found, version) => {
            let expected = if version == 1 {
                "0 to 5, or 7"
            } else {
                "0 to 7"
            };
            return Err(Error::malformed(
                FORMAT,
                block.place(at),
                "format of explicit dimension 1",
                expected,
                found.to_string(),
            ));
        }
    };
    let width = u64::from(block.bytes[15]);
    if width != cell.width() {
        let expected = format!("{} for format {}", cell.width(), block.i32(at));
        let found = width.to_string();
        return Err(Error::malformed(
            FORMAT,
            15,
            "bytes per point",
            expected,
            found,
        ));
    }
    Ok(cell)
}

/// Logic lines have no sign.
fn logic(cell: Cell) -> Cell {
    match cell {
        Cell::I8 => Cell::U8,
        Cell::I16 => Cell::U16,
        Cell::I32 => Cell::U32,
        other => other,
    }
}

fn points(block: &Block, layout: Layout) -> Result<Points, Error> {
    let at = layout.explicit(1) + 76;
    match block.i32(at) {
        0 => Ok(Points::Single),
        1 => Ok(Points::Extremes),
        2..=5 => Err(Error::unsupported(
            TITLE,
            "a histogram or a pixel map, not a waveform",
            "save a channel or a time-domain function",
        )),
        found => Err(Error::malformed(
            FORMAT,
            block.place(at),
            "storage type of explicit dimension 1",
            "0 (samples) or 1 (minimum and maximum)",
            found.to_string(),
        )),
    }
}

fn time(block: &Block, layout: Layout, warnings: &mut Vec<String>) -> (f64, Option<f64>) {
    let at = layout.implicit(1);
    let (step, origin) = (block.f64(at), block.f64(at + 8));
    // A pair of extremes has two steps, and these have to be a number too.
    let usable = step > 0.0 && (2.0 * step).is_finite();
    if !usable {
        warnings.push(format!(
            "the sample interval {step:e} in the header is not usable"
        ));
    }
    if !origin.is_finite() {
        warnings.push(format!(
            "the time origin {origin} in the header is not usable"
        ));
    }
    (
        if origin.is_finite() { origin } else { 0.0 },
        usable.then_some(step),
    )
}

fn summary(block: &Block, layout: Layout) -> Option<&'static str> {
    match (layout.version, block.u16(154)) {
        (2.., 1) => Some("average"),
        (2.., 2) => Some("envelope"),
        _ => None,
    }
}

/// Older instruments write units as words.
fn unit(text: &str) -> String {
    match text {
        "Volts" => "V",
        "Amps" => "A",
        "Watts" => "W",
        other => other,
    }
    .into()
}

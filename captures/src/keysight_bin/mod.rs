//! Keysight (Agilent) oscilloscope `.bin` files: AG01, AG03 and AG10, little-endian.
//!
//! Layout: a file header (`AG`, two digits, file size, number of waveforms), then for each
//! waveform a header of at least 140 bytes and one or more buffers, each with its own header.
//! Version 03 keeps sizes in 64 bits. Floats are volts; counts and logic bytes are kept as they
//! are. Each segment of a segmented acquisition is one more waveform with its own time tag;
//! Peak Detect has two buffers, which become two channels (`1 max`, `1 min`).
//!
//! The time of the first sample is `x_origin`, not `x_display_origin` (they differ in real
//! files). Header sizes are taken from the file; its total size and the buffers' padding are
//! known to lie on some instruments, so that a wrong total is a warning and a buffer that does
//! not fit is an error.
//!
//! Source: "BIN header format" in the Infiniium 8000/9000/90000 programmer's reference.

mod write;

pub(crate) use write::write;

use crate::bytes::{Block, Bytes, excerpt};
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;

const FORMAT: &str = "keysight-bin";
/// Bytes of a waveform header up to and with the segment index.
const WAVEFORM_HEADER: u64 = 140;
/// Bytes of the shortest buffer header.
const BUFFER_HEADER: u64 = 12;
/// Instruments with this many segments write one file for each.
const WAVEFORM_LIMIT: u64 = 65_536;
/// Minimum, maximum, time and counts are the most that a waveform has.
const BUFFER_LIMIT: u64 = 16;

pub(crate) fn probe(head: &[u8]) -> Score {
    let digits = head
        .get(2..4)
        .is_some_and(|v| v.iter().all(u8::is_ascii_digit));
    if head.starts_with(b"AG") && digits {
        Score::Signature
    } else {
        Score::No
    }
}

/// Widths that depend on the version.
struct Layout {
    file_header: u64,
    wide: bool,
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let mut warnings = Vec::new();
    let (layout, waveforms) = file_header(bytes, &mut warnings)?;
    let mut traces = Vec::new();
    let mut segments = Segments::default();
    let mut place = layout.file_header;
    for number in 1..=waveforms {
        place = waveform(
            bytes,
            &layout,
            number,
            place,
            &mut segments,
            &mut traces,
            &mut warnings,
        )?;
    }
    if place < bytes.len() {
        warnings.push(format!(
            "{} bytes after the last buffer are left out",
            bytes.len() - place
        ));
    }
    if traces.is_empty() {
        return Err(Error::unsupported(
            "Keysight .bin",
            "no waveform over time (only spectra or histograms)",
            "save a channel or a time-domain function",
        ));
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

fn file_header(bytes: &Bytes, warnings: &mut Vec<String>) -> Result<(Layout, u64), Error> {
    let head = bytes.block(FORMAT, "file header", 0, 12)?;
    let layout = match &head.bytes[..4] {
        b"AG01" | b"AG10" => Layout {
            file_header: 12,
            wide: false,
        },
        b"AG03" => Layout {
            file_header: 16,
            wide: true,
        },
        other => {
            let found = excerpt(other);
            if probe(&head.bytes) == Score::No {
                return Err(Error::malformed(FORMAT, 0, "cookie", "`AG10`", found));
            }
            return Err(Error::unsupported(
                "Keysight .bin",
                format!("version {found}"),
                "versions AG01, AG03 and AG10 are read; save it as CSV",
            ));
        }
    };
    let head = bytes.block(FORMAT, "file header", 0, layout.file_header as usize)?;
    let (size, waveforms, at) = if layout.wide {
        (head.u64(4), u64::from(head.u32(12)), 12)
    } else {
        (u64::from(head.u32(4)), u64::from(head.u32(8)), 8)
    };
    if size != bytes.len() {
        warnings.push(format!(
            "the header says {size} bytes, the file has {}",
            bytes.len()
        ));
    }
    if waveforms > WAVEFORM_LIMIT {
        let field = "number of waveforms".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: WAVEFORM_LIMIT,
            found: waveforms,
        });
    }
    let room = (bytes.len() - layout.file_header) / (WAVEFORM_HEADER + BUFFER_HEADER);
    if waveforms == 0 || waveforms > room {
        return Err(Error::malformed(
            FORMAT,
            at,
            "number of waveforms",
            format!("1 to {room} in a file of {} bytes", bytes.len()),
            waveforms.to_string(),
        ));
    }
    Ok((layout, waveforms))
}

/// Counts the segments of each channel and remembers the first one's time tag.
#[derive(Default)]
struct Segments(std::collections::HashMap<(String, u32), (usize, f64)>);

impl Segments {
    fn place(&mut self, info: &mut WaveformInfo, kind: u32, index: u32, time_tag_s: f64) {
        if index == 0 {
            return;
        }
        let first = self
            .0
            .entry((info.channel.clone(), kind))
            .or_insert((0, time_tag_s));
        info.segment = first.0;
        first.0 += 1;
        if time_tag_s.is_finite() && first.1.is_finite() {
            info.trigger_time_s = Some(time_tag_s - first.1);
        }
    }
}

/// Reads one waveform's header and buffer headers; returns where the next waveform begins.
fn waveform(
    bytes: &Bytes,
    layout: &Layout,
    number: u64,
    start: u64,
    segments: &mut Segments,
    traces: &mut Vec<Trace>,
    warnings: &mut Vec<String>,
) -> Result<u64, Error> {
    let name = format!("header of waveform {number}");
    let head = bytes.block(FORMAT, &name, start, WAVEFORM_HEADER as usize)?;
    let size = u64::from(head.u32(0));
    if size < WAVEFORM_HEADER {
        let field = format!("{name}, header size");
        let expected = format!("at least {WAVEFORM_HEADER} bytes");
        return Err(Error::malformed(
            FORMAT,
            start,
            field,
            expected,
            size.to_string(),
        ));
    }
    bytes.require(FORMAT, &name, start, size)?;
    let (buffers, points) = counts(&head, &name)?;
    let (mut info, time_axis) = describe(&head, number, points);
    let mut place = start + size;
    for buffer in 1..=buffers {
        let name = format!("buffer {buffer} of waveform {number}");
        let (stored, kind, next) = buffer_at(bytes, layout, &name, place, points)?;
        place = next;
        let mut info = info.clone();
        if buffers > 1 {
            let suffix = match kind {
                2 => "max".to_string(),
                3 => "min".to_string(),
                _ => format!("buffer {buffer}"),
            };
            info.channel = format!("{} {suffix}", info.channel);
        }
        segments.place(&mut info, kind, head.u32(136), head.f64(128));
        if time_axis {
            traces.push(Trace::stored(info, stored));
        }
    }
    if !time_axis {
        info.channel.insert_str(0, "channel ");
        warnings.push(format!("{} is not over time and is left out", info.channel));
    }
    Ok(place)
}

/// Returns the number of buffers and of points in each.
fn counts(head: &Block, name: &str) -> Result<(u64, u64), Error> {
    let (buffers, points) = (u64::from(head.u32(8)), u64::from(head.u32(12)));
    if buffers == 0 || buffers > BUFFER_LIMIT {
        let field = format!("{name}, number of buffers");
        let expected = format!("1 to {BUFFER_LIMIT}");
        return Err(Error::malformed(
            FORMAT,
            head.place(8),
            field,
            expected,
            buffers.to_string(),
        ));
    }
    if points == 0 {
        let field = format!("{name}, points");
        return Err(Error::malformed(
            FORMAT,
            head.place(12),
            field,
            "at least one point",
            "0",
        ));
    }
    Ok((buffers, points))
}

/// Turns a waveform header into a description; says whether the horizontal axis is time.
fn describe(head: &Block, number: u64, points: u64) -> (WaveformInfo, bool) {
    let mut info = bare_info(FORMAT, points);
    let label = head.text(112, 16);
    info.channel = if label.is_empty() {
        number.to_string()
    } else {
        label
    };
    let (step, origin) = (head.f64(32), head.f64(40));
    if step.is_finite() && step > 0.0 {
        info.sample_interval_s = Some(step);
    } else {
        info.warnings.push(format!(
            "the sample interval {step} in the header is not usable"
        ));
    }
    if origin.is_finite() {
        info.t0_s = origin;
    } else {
        info.warnings.push(format!(
            "the time origin {origin} in the header is not usable"
        ));
    }
    info.unit = match head.u32(52) {
        1 => "V",
        2 => "s",
        4 => "A",
        5 => "dB",
        6 => "Hz",
        _ => "",
    }
    .into();
    // Waveform types 4 and 5 are histograms; unit 0 is unknown, 2 is seconds.
    let time_axis = matches!(head.u32(48), 0 | 2) && !matches!(head.u32(4), 4 | 5);
    (info, time_axis)
}

/// Reads one buffer header; returns where the samples lie, the buffer type, and where the next
/// header begins.
fn buffer_at(
    bytes: &Bytes,
    layout: &Layout,
    name: &str,
    start: u64,
    points: u64,
) -> Result<(Stored, u32, u64), Error> {
    let width = if layout.wide { 16 } else { BUFFER_HEADER };
    let head = bytes.block(FORMAT, &format!("header of {name}"), start, width as usize)?;
    let header_size = u64::from(head.u32(0));
    if header_size < width {
        let field = format!("{name}, header size");
        let expected = format!("at least {width} bytes");
        return Err(Error::malformed(
            FORMAT,
            start,
            field,
            expected,
            header_size.to_string(),
        ));
    }
    let (kind, cell_bytes) = (head.u16(4), u64::from(head.u16(6)));
    let size = if layout.wide {
        head.u64(8)
    } else {
        u64::from(head.u32(8))
    };
    let cell = cell_of(kind, cell_bytes, name, head.place(4))?;
    let first_byte = start + header_size;
    if size < points * cell_bytes {
        let field = format!("{name}, size");
        let expected = format!("{} bytes for {points} points", points * cell_bytes);
        return Err(Error::malformed(
            FORMAT,
            head.place(8),
            field,
            expected,
            size.to_string(),
        ));
    }
    bytes.require(FORMAT, name, first_byte, size)?;
    let order = ByteOrder::Little;
    let stored = Stored {
        bytes: bytes.clone(),
        first_byte,
        stride: cell.width(),
        cell,
        order,
    };
    Ok((stored, u32::from(kind), first_byte + size))
}

/// Maps a buffer type to its element; the two fields at `place` have to agree.
fn cell_of(kind: u16, cell_bytes: u64, name: &str, place: u64) -> Result<Cell, Error> {
    match (kind, cell_bytes) {
        (1..=3, 4) => Ok(Cell::F32),
        (4, 4) => Ok(Cell::I32),
        (5 | 6, 1) => Ok(Cell::U8),
        _ => {
            let field = format!("{name}, type and bytes per point");
            let expected = "type 1 to 4 with 4 bytes, or 5 to 6 with 1 byte";
            let found = format!("type {kind} with {cell_bytes} bytes");
            Err(Error::malformed(FORMAT, place, field, expected, found))
        }
    }
}

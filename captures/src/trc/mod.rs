//! Teledyne LeCroy traces: templates LECROY_2_x and LECROY_1_0, either byte order, 8 or 16 bit,
//! single sweep and sequence mode.
//!
//! Layout: an optional block prefix (`#9` and nine digits, or `#A` and ten for long records),
//! the `WAVEDESC` block with the lengths of everything that follows, optional user text, the
//! trigger times of a sequence, and the samples. The sample is `gain * raw - offset` (minus).
//! The sample interval is a 32-bit float, as the instrument wrote it: 1e-7 s reads as
//! 1.00000001e-7 s. In sequence mode each segment has its own trigger time (relative to the
//! first) and its own time from trigger to first sample.
//!
//! Random interleaved sampling, histograms, trends, extrema and complex records are refused:
//! their arrays are not samples at a constant interval.
//!
//! Source: the TEMPLATE? reply printed in the remote control manuals.

mod layout;
mod segments;
mod write;

pub use write::TrcWidth;
pub(crate) use write::write;

use crate::bytes::{Block, Bytes, excerpt, place_of};
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;
use layout::{Layout, OffsetRule};

const FORMAT: &str = "trc";
const MAGIC: &[u8] = b"WAVEDESC";

fn wavedesc_at(head: &[u8]) -> Option<usize> {
    place_of(head, MAGIC[0], |rest| rest.starts_with(MAGIC))
}

pub(crate) fn probe(head: &[u8]) -> Score {
    /// Longest block prefix, with room for a command echo such as `ALL,`.
    const PREFIX: usize = 64;
    match wavedesc_at(head) {
        Some(at) if at <= PREFIX => Score::Signature,
        Some(_) => Score::Displaced,
        None => Score::No,
    }
}

/// Where the blocks lie, checked against the file's size.
struct Blocks {
    layout: &'static Layout,
    wavedesc: Block,
    trigger_times: u64,
    trigger_bytes: u64,
    samples: u64,
    sample_bytes: u64,
}

/// Describes a file as one trace for each segment.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let mut warnings = Vec::new();
    let blocks = find_blocks(bytes, &mut warnings)?;
    refuse_other_records(&blocks)?;
    let head = &blocks.wavedesc;
    let cell = if head.i16(32) == 0 {
        Cell::I8
    } else {
        Cell::I16
    };
    let (points, segments) = segments::counts(&blocks, cell)?;
    let per_segment = points / segments;
    if per_segment * segments != points {
        warnings.push(format!(
            "{points} points do not divide into {segments} segments evenly"
        ));
    }
    let info = describe(&blocks, per_segment, &mut warnings)?;
    let triggers = segments::trigger_times(bytes, &blocks, segments, &mut warnings)?;
    let traces = (0..segments).map(|k| {
        let mut info = info.clone();
        info.segment = k as usize;
        if let Some(&(time_s, offset_s)) = triggers.get(k as usize) {
            info.trigger_time_s = Some(time_s);
            info.t0_s = offset_s;
        }
        let first_byte = blocks.samples + k * per_segment * cell.width();
        let order = head.order;
        let stride = cell.width();
        Trace::stored(
            info,
            Stored {
                bytes: bytes.clone(),
                first_byte,
                stride,
                cell,
                order,
            },
        )
    });
    Ok(Capture {
        format: FORMAT,
        traces: traces.collect(),
        warnings,
    })
}

/// Finds the descriptor, its template and its byte order.
fn find_descriptor(bytes: &Bytes) -> Result<(&'static Layout, Block), Error> {
    let head = bytes.head(crate::registry::HEAD_BYTES)?;
    let Some(at) = wavedesc_at(&head) else {
        let found = excerpt(&head);
        return Err(Error::malformed(
            FORMAT,
            0,
            "descriptor name",
            "`WAVEDESC`",
            found,
        ));
    };
    let start = at as u64;
    let common = bytes.block(FORMAT, "WAVEDESC", start, 36)?;
    let template = common.text(16, 16);
    let Some(layout) = layout::of(&template) else {
        return Err(Error::unsupported(
            "LeCroy .trc",
            format!("template `{template}`"),
            "templates LECROY_2_x and LECROY_1_0 are read; save it again with a newer firmware",
        ));
    };
    let mut wavedesc = bytes.block(FORMAT, "WAVEDESC", start, layout.size)?;
    wavedesc.order = match (wavedesc.bytes[34], wavedesc.bytes[35]) {
        (0, 0) => ByteOrder::Big,
        (1, 0) => ByteOrder::Little,
        other => {
            let found = format!("bytes {other:?}");
            let at = wavedesc.place(34);
            return Err(Error::malformed(
                FORMAT,
                at,
                "COMM_ORDER",
                "0 0 or 1 0",
                found,
            ));
        }
    };
    if !matches!(wavedesc.i16(32), 0 | 1) {
        let found = wavedesc.i16(32).to_string();
        let at = wavedesc.place(32);
        return Err(Error::malformed(
            FORMAT,
            at,
            "COMM_TYPE",
            "0 (byte) or 1 (word)",
            found,
        ));
    }
    Ok((layout, wavedesc))
}

fn find_blocks(bytes: &Bytes, warnings: &mut Vec<String>) -> Result<Blocks, Error> {
    let (layout, wavedesc) = find_descriptor(bytes)?;
    // Eight lengths below 2^31 each do not overflow.
    let mut lengths = Vec::new();
    for &(name, at) in layout.lengths {
        let least = if name == "WAVEDESC" {
            layout.size as u64
        } else {
            0
        };
        let length = u64::try_from(wavedesc.i32(at))
            .ok()
            .filter(|&length| length >= least);
        let Some(length) = length else {
            let (place, found) = (wavedesc.place(at), wavedesc.i32(at).to_string());
            let field = format!("length of {name}");
            return Err(Error::malformed(
                FORMAT,
                place,
                field,
                format!("at least {least}"),
                found,
            ));
        };
        lengths.push((name, length));
    }
    let start = wavedesc.offset;
    let end = start + lengths.iter().map(|(_, length)| length).sum::<u64>();
    let (mut triggers, mut samples) = ((0, 0), (0, 0));
    let mut place = start;
    for (name, length) in lengths {
        match name {
            "TRIGTIME" => triggers = (place, length),
            "WAVE_ARRAY_1" => samples = (place, length),
            _ => {}
        }
        if place + length > bytes.len() {
            let expected = format!("{length} bytes from byte {place}, a file of {end} bytes");
            let found = format!("a file of {} bytes", bytes.len());
            return Err(Error::malformed(FORMAT, bytes.len(), name, expected, found));
        }
        place += length;
    }
    if place < bytes.len() {
        warnings.push(format!(
            "{} bytes after the last block are left out",
            bytes.len() - place
        ));
    }
    Ok(Blocks {
        layout,
        wavedesc,
        trigger_times: triggers.0,
        trigger_bytes: triggers.1,
        samples: samples.0,
        sample_bytes: samples.1,
    })
}

fn refuse_other_records(blocks: &Blocks) -> Result<(), Error> {
    let record = blocks.wavedesc.i16(blocks.layout.record_type);
    let found = match record {
        1 | 8 => "random interleaved sampling (RIS)",
        2 => "a histogram",
        3 => "a trend or graph",
        4 => "filter coefficients",
        5 => "a complex record",
        6 => "an extrema record (minimum and maximum)",
        9 if blocks.layout.template == "LECROY_2_" => "a peak-detect record",
        _ => return Ok(()),
    };
    Err(Error::unsupported(
        "LeCroy .trc",
        found,
        "save a real-time or sequence-mode channel or function",
    ))
}

fn describe(
    blocks: &Blocks,
    samples: u64,
    warnings: &mut Vec<String>,
) -> Result<WaveformInfo, Error> {
    let (head, layout) = (&blocks.wavedesc, blocks.layout);
    let finite = |name: &str, at: usize, value: f64| {
        if value.is_finite() {
            return Ok(value);
        }
        let found = value.to_string();
        Err(Error::malformed(
            FORMAT,
            head.place(at),
            name,
            "a finite number",
            found,
        ))
    };
    let mut info = bare_info(FORMAT, samples);
    info.scale = finite(
        "VERTICAL_GAIN",
        layout.gain,
        f64::from(head.f32(layout.gain)),
    )?;
    let offset = f64::from(head.f32(layout.offset));
    info.offset = -finite("VERTICAL_OFFSET", layout.offset, offset)?;
    if let OffsetRule::Acquisition { at } = layout.offset_rule {
        // The template's comment says VERTICAL_OFFSET, but the published readers and plots of
        // this template use ACQ_VERT_OFFSET; where the two differ, somebody should look.
        let used = f64::from(head.f32(at));
        info.offset = -finite("ACQ_VERT_OFFSET", at, used)?;
        if used != offset {
            warnings.push(format!(
                "the header has two offsets: ACQ_VERT_OFFSET {used} is used, VERTICAL_OFFSET is \
                 {offset}"
            ));
        }
    }
    let step = f64::from(head.f32(layout.interval));
    if step.is_finite() && step > 0.0 {
        info.sample_interval_s = Some(step);
    } else {
        warnings.push(format!(
            "the sample interval {step} in the header is not usable"
        ));
    }
    let t0_at = layout.horizontal_offset;
    info.t0_s = finite("HORIZ_OFFSET", t0_at, head.f64(t0_at))?;
    info.unit = head.text(layout.vertical_unit, 48);
    let across = head.text(layout.horizontal_unit, 48);
    if !matches!(across.as_str(), "" | "S" | "s") {
        return Err(Error::unsupported(
            "LeCroy .trc",
            format!("a horizontal axis in {across}"),
            "save a trace over time",
        ));
    }
    info.channel = (layout.channel)(head);
    Ok(info)
}

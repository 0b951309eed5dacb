//! Tektronix performance oscilloscopes' `.wfm`: versions 1, 2 and 3, both byte orders.
//!
//! Layout: 78 bytes about the file (`0F 0F` little-endian or `F0 F0` big-endian, `:WFM#003`,
//! bytes per point, place of the curve buffer, label, number of frames less one), a header with
//! two explicit (vertical) and two implicit (horizontal) dimensions, two time bases, and an
//! update specification and a curve object of the first frame; for each further frame of a
//! FastFrame set an update specification (24 bytes each), then for each a curve object (30 bytes
//! each); the curve buffer; a checksum of 8 bytes; on newer instruments `tekmeta!` and pairs of
//! name and value. Version 1 lacks the summary-frame word, version 3 has wider point densities.
//!
//! A sample is `raw * scale + offset` of explicit dimension 1. The samples of a frame lie between
//! its data and its post-charge offset: those before and behind are for interpolation on the
//! screen. The dimension's offset is the time of the first sample between them: in every real
//! file seen it agrees so with the trigger's position in per cent. Each frame is a segment; its
//! trigger time comes from the whole and the fractional seconds of its update specification. The
//! place of the trigger between two samples (`TT offset`) is not applied, as Tektronix's own
//! readers do not: times are good to one sample.
//!
//! Against the document, in real files: the header size says 512 or 90 (it is 760), so that it is
//! never used; the curve objects of later frames are empty, and the first one's holds for all; the
//! byte count stops at the checksum, before the metadata; captures without a sample exist, and are
//! refused. The colon before `WFM#` may be missing. Digital files (record type 6) are bytes whose
//! bits are logic lines. Pairs of minimum and maximum become two channels; pixel maps, spectra and
//! XY records are refused, and so is every type code that the document does not have.
//!
//! One deliberately invalid file counts its points in a second horizontal dimension that its
//! header does not have. That contradiction is what it is refused for: its codes and its checksum
//! are valid, and its misspelled metadata name is no fault that a reader can tell.
//!
//! No real file seen: versions 1 and 2, big-endian, 8-bit and floating-point samples with a
//! length, pairs of extremes, summary frames.
//!
//! Source: "Performance Oscilloscope Reference Waveform File Format", Tektronix 077-0220, and its
//! predecessor 001-1378; the metadata from Tektronix's open `tm_data_types`.

mod frames;
mod header;
mod metadata;

use crate::Error;
use crate::bytes::Bytes;
use crate::extremes;
use crate::registry::Score;
use crate::trace::{Capture, Stored, Trace, bare_info};
use etalon_types::WaveformInfo;
use frames::Frame;
use header::{Header, Points};

const FORMAT: &str = "tek-wfm";
/// The format by the name that people use.
const TITLE: &str = "Tektronix .wfm";

pub(crate) fn probe(head: &[u8]) -> Score {
    let marked = head.starts_with(&[0x0f, 0x0f]) || head.starts_with(&[0xf0, 0xf0]);
    let version = head.get(2..).unwrap_or(&[]);
    let version = version.strip_prefix(b":").unwrap_or(version);
    if marked && version.starts_with(b"WFM#") {
        Score::Signature
    } else {
        Score::No
    }
}

/// Describes a file as traces: one for each frame, two where extremes are stored.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let header = header::read(bytes)?;
    let frames = frames::read(bytes, &header)?;
    let end = frames.last().map_or(header.curve_offset, |frame| frame.end);
    let mut warnings = header.warnings.clone();
    warnings.extend(metadata::read(bytes, &header, end)?);
    if header.announced_end > bytes.len() {
        warnings.push(format!(
            "the header says {} bytes, the file has {}",
            header.announced_end,
            bytes.len()
        ));
    }
    warnings.extend(record_length(&header, &frames[0]));
    let mut traces = Vec::with_capacity(frames.len());
    for (number, frame) in frames.iter().enumerate() {
        if frame.samples == 0 {
            warnings.push(format!("frame {number} is empty and is left out"));
            continue;
        }
        let info = describe(&header, &frames, number);
        traces.extend(frame_traces(bytes, &header, frame, info)?);
    }
    if traces.is_empty() {
        return Err(Error::malformed(
            FORMAT,
            header.layout.curve_place() + 18,
            "curve object, end of the samples",
            "at least one sample",
            "an empty capture (0 samples)",
        ));
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

/// Tells when the horizontal dimension's point count is neither that of the samples nor that of
/// the samples with what is charged before and behind them.
fn record_length(header: &Header, first: &Frame) -> Option<String> {
    let announced = header.record_length[0];
    let stored = (first.end - header.curve_offset) / header.cell.width();
    let agrees = announced == first.samples || announced == stored;
    (!agrees).then(|| {
        format!(
            "the header says {announced} points, the curve has {}",
            first.samples
        )
    })
}

fn describe(header: &Header, frames: &[Frame], number: usize) -> WaveformInfo {
    let frame = &frames[number];
    let mut info = bare_info(FORMAT, frame.samples);
    info.channel.clone_from(&header.channel);
    info.segment = number;
    info.t0_s = header.t0_s;
    info.sample_interval_s = header.interval_s;
    info.unit.clone_from(&header.unit);
    (info.scale, info.offset) = (header.scale, header.offset);
    if frames.len() > 1 {
        info.trigger_time_s = frame.trigger_after(&frames[0]);
        if number + 1 == frames.len()
            && let Some(summary) = header.summary
        {
            info.warnings.push(format!(
                "the last frame is the {summary} of the others, not an acquisition"
            ));
        }
    }
    info
}

fn frame_traces(
    bytes: &Bytes,
    header: &Header,
    frame: &Frame,
    mut info: WaveformInfo,
) -> Result<Vec<Trace>, Error> {
    let stored = Stored {
        bytes: bytes.clone(),
        first_byte: frame.first_byte,
        stride: header.cell.width(),
        cell: header.cell,
        order: header.order,
    };
    if header.points == Points::Single || frame.samples < 2 {
        return Ok(vec![Trace::stored(info, stored)]);
    }
    // The dimension's scale is the step from one value to the next, and a pair has two.
    info.samples /= 2;
    info.sample_interval_s = info.sample_interval_s.map(|step| 2.0 * step);
    if frame.samples % 2 == 1 {
        info.warnings
            .push("a minimum without a maximum at the end is left out".into());
    }
    Ok(extremes::split(&info, &stored)?.into())
}

//! Rohde & Schwarz RTO, RTE and RTP oscilloscopes: `x.bin` (a header in XML) with `x.Wfm.bin`
//! (the samples). Either file of the pair may be opened; the other is looked for beside it.
//!
//! Header: `<Prop Name="..." Value="..."/>` elements in the group `ReferenceCurveAttributes`.
//! Payload: format code (0 int8, 1 int16, 4 float32, 6 a float64 time and float32 values), rows
//! of an acquisition, then rows of one value for each channel. With `TimestampState` on, each
//! acquisition of a history begins with its time as a float64 in seconds; it becomes a segment
//! with that trigger time. Envelopes have two values a channel, which become two channels.
//!
//! An acquisition stores `SignalHardwareRecordLength` rows: the record lies after
//! `LeadingSettlingSamples` of them, and more may follow it. Integers are
//! `raw * VerticalScale * VerticalDivisionCount / NofQuantisationLevels + VerticalOffset -
//! VerticalScale * VerticalPosition`; floats are final. Time is `XStart` and `SignalResolution`.
//!
//! Source: RTO6 user manual 1801.6687.02, "Waveform export: header files, waveform data files,
//! number of samples, raw data". Real files differ: `ByteOrder` says MSB first in files of
//! little-endian floats, so that it counts for int16 only, where the manual means it. No real
//! file seen: int16, envelopes, and the payload of a history (its header was seen, without
//! timestamps); when the payload holds fewer whole acquisitions than the header says, those are
//! read, with a warning.
//!
//! What breaks it: digital channels (bits) and spectra are refused; a payload that was renamed
//! cannot find its header.

mod header;
mod payload;
mod xml;

use crate::Error;
use crate::bytes::{Bytes, holds};
use crate::registry::Score;
use crate::trace::Capture;

const FORMAT: &str = "rs-bin";
/// Real headers have 16 to 71 KB, most of it a preview picture.
const HEADER_LIMIT: u64 = 8 << 20;
/// Name of the group that such a header holds.
const GROUP: &[u8] = b"ReferenceCurveAttributes";

pub(crate) fn probe(head: &[u8]) -> Score {
    if is_xml(head) && holds(head, GROUP) {
        Score::Signature
    } else {
        Score::No
    }
}

fn is_xml(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().starts_with(b"<")
}

/// Says whether a file without any signature can be the payload of a pair: a format code, a
/// number of rows, and then whole acquisitions of that many.
pub(crate) fn is_payload(head: &[u8], length: u64) -> bool {
    /// Fewer rows than this fit any length.
    const ROWS: u64 = 64;
    /// Eight channels are the most that such scopes have.
    const CHANNELS: u64 = 8;
    let Some((code, rest)) = head.split_first_chunk::<4>() else {
        return false;
    };
    let rows = rest
        .first_chunk::<4>()
        .map_or(0, |n| u32::from_le_bytes(*n));
    let (rows, available) = (u64::from(rows), length.saturating_sub(payload::HEAD_BYTES));
    let (time, width) = match u32::from_le_bytes(*code) {
        0 => (0, 1),
        1 => (0, 2),
        4 => (0, 4),
        6 => (8, 4),
        _ => return false,
    };
    let fits = |acquisition: u64| {
        available == acquisition || (rows >= ROWS && available.is_multiple_of(acquisition))
    };
    let mut records = (1..=CHANNELS).map(|channels| rows * (time + width * channels));
    rows > 0 && available > 0 && records.any(|bytes| fits(bytes) || fits(bytes + 8))
}

/// Describes a pair as traces: acquisition by acquisition, channel by channel.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let file_name = bytes
        .path()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    if is_xml(&bytes.head(64)?) {
        let header = parse(bytes)?;
        let stem = cut_end(&file_name, ".bin").unwrap_or(&file_name);
        let payload = beside(bytes, stem, ".Wfm.bin", ".wfm.bin")?;
        return payload::read(&header, &payload);
    }
    let stem = cut_end(&file_name, ".wfm.bin").ok_or_else(|| nameless(&file_name))?;
    let header = parse(&beside(bytes, stem, ".bin", ".BIN")?)?;
    payload::read(&header, bytes)
}

fn nameless(name: &str) -> Error {
    Error::unsupported(
        FORMAT,
        format!("the samples of a pair, in a file named `{name}`"),
        "its header is found by name: `x.bin` beside `x.Wfm.bin`",
    )
}

fn parse(bytes: &Bytes) -> Result<header::Header, Error> {
    if bytes.len() > HEADER_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "bytes of the XML header".into(),
            limit: HEADER_LIMIT,
            found: bytes.len(),
        });
    }
    header::Header::parse(&bytes.head(HEADER_LIMIT as usize)?)
}

/// Opens the other file of the pair; scopes write one spelling, copying may change it.
fn beside(bytes: &Bytes, stem: &str, usual: &str, other: &str) -> Result<Bytes, Error> {
    let first = bytes.sibling(FORMAT, &format!("{stem}{usual}"));
    first.or_else(|missing| {
        let second = bytes.sibling(FORMAT, &format!("{stem}{other}"));
        second.map_err(|_| missing)
    })
}

/// Cuts an ending off, in upper or lower case.
fn cut_end<'a>(name: &'a str, end: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(end.len())?;
    let (stem, found) = (name.get(..at)?, name.get(at..)?);
    found.eq_ignore_ascii_case(end).then_some(stem)
}

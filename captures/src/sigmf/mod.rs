//! SigMF recordings: a JSON text `NAME.sigmf-meta` beside bare samples `NAME.sigmf-data`.
//!
//! Layout: the object `global` has `core:datatype` (`r` real or `c` complex, `f`, `i` or `u`,
//! bits, `_le` or `_be`), `core:sample_rate` and `core:num_channels`, whose samples are
//! interleaved; each object of `captures` begins a segment at `core:sample_start`, counted
//! without `core:header_bytes`. Each channel of each segment is a trace, of complex samples two
//! (`1 I`, `1 Q`). The time of a segment after the first comes from `core:datetime`, or from
//! `core:global_index` and the rate; without either it is not known. Integers are given as they
//! are: SigMF knows neither unit nor scale. `core:dataset`, `core:trailing_bytes` and
//! `core:offset` are followed; annotations are passed over.
//!
//! The writer adds what SigMF lacks as an optional extension: `etalon:unit`, `etalon:channels`,
//! `etalon:start_s` (time from the trigger to the first sample) and `etalon:trigger_s` (time of
//! the segment's trigger after the first's). The reader understands them.
//!
//! Either file opens. The samples have no signature: a file `NAME.sigmf-data` is taken as such
//! only when metadata lie beside it.
//!
//! Source: the SigMF specification, version 1.2. No real capture seen; files of sigmf-python are.
//!
//! What breaks it: archives (`.sigmf`, a tar file) and collections; text above 16 MiB; a data
//! file that does not end with a whole frame, which has lost samples.

mod meta;
mod moment;
mod write;

pub(crate) use write::write;

use crate::Error;
use crate::bytes::Bytes;
use crate::registry::Score;
use crate::trace::{Capture, Stored, Trace, bare_info};
use meta::{Meta, Segment};

const FORMAT: &str = "sigmf";
const META: &str = ".sigmf-meta";
const DATA: &str = ".sigmf-data";
/// More traces than this would be mostly descriptions.
const TRACE_LIMIT: u64 = 65_536;

pub(crate) fn probe(head: &[u8]) -> Score {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let keyed = || head.windows(6).any(|part| part == b"\"core:");
    if head.trim_ascii_start().starts_with(b"{") && keyed() {
        Score::Signature
    } else {
        Score::No
    }
}

/// Finds the metadata beside a data file.
pub(crate) fn metadata_of(bytes: &Bytes) -> Option<Bytes> {
    let name = bytes.path().file_name()?.to_str()?;
    let stem = name.strip_suffix(DATA)?;
    let text = bytes.sibling(FORMAT, &format!("{stem}{META}")).ok()?;
    let head = text.head(crate::registry::HEAD_BYTES).ok()?;
    (probe(&head) == Score::Signature).then_some(text)
}

/// Describes a recording as traces: segments in file order, channels within each.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let beside = metadata_of(bytes);
    let text = beside.as_ref().unwrap_or(bytes);
    let meta = Meta::read(text)?;
    let data = match (&beside, &meta.dataset) {
        (_, Some(name)) => text.sibling(FORMAT, name)?,
        (Some(_), None) => bytes.clone(),
        (None, None) => text.sibling(FORMAT, &data_name(text))?,
    };
    let spans = spans(&meta, &data)?;
    let total = (spans.len() as u64).saturating_mul(meta.channels * meta.kind.parts());
    if total > TRACE_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "traces".into(),
            limit: TRACE_LIMIT,
            found: total,
        });
    }
    let mut traces = Vec::new();
    for (number, span) in spans.iter().enumerate() {
        for channel in 0..meta.channels {
            for part in 0..meta.kind.parts() {
                traces.push(trace(&meta, &data, span, (number, channel, part)));
            }
        }
    }
    let mut warnings = meta.warnings;
    if meta.segments[0].start > 0 {
        let before = meta.segments[0].start;
        warnings.push(format!(
            "{before} samples before the first capture are left out"
        ));
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

fn data_name(text: &Bytes) -> String {
    let name = text.path().file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    match name.strip_suffix(META) {
        Some(stem) => format!("{stem}{DATA}"),
        None => format!("{name}{DATA}"),
    }
}

/// Where the samples of one segment lie.
struct Span<'a> {
    segment: &'a Segment,
    first: &'a Segment,
    first_byte: u64,
    samples: u64,
}

/// Bytes from one sample of a channel to its next.
fn frame(meta: &Meta) -> u64 {
    meta.kind.cell.width() * meta.kind.parts() * meta.channels
}

/// Shares the data file out among the segments.
fn spans<'a>(meta: &'a Meta, data: &Bytes) -> Result<Vec<Span<'a>>, Error> {
    let headers = meta
        .segments
        .iter()
        .fold(meta.trailing, |sum, s| sum.saturating_add(s.header_bytes));
    let frame = frame(meta);
    let room = data.len().checked_sub(headers);
    let total = room.filter(|room| room % frame == 0 && *room > 0);
    let Some(total) = total.map(|room| room / frame) else {
        let around = if headers > 0 {
            format!(" and {headers} around them")
        } else {
            String::new()
        };
        return Err(Error::malformed(
            FORMAT,
            data.len(),
            "size of the data file",
            format!("whole samples of {frame} bytes, at least one{around}"),
            format!("{} bytes", data.len()),
        ));
    };
    let starts: Vec<u64> = meta.segments.iter().map(|s| s.start).collect();
    for (k, &start) in starts.iter().enumerate() {
        let before = if k == 0 { 0 } else { starts[k - 1] };
        if start < before || start > total {
            return Err(Error::malformed(
                FORMAT,
                meta.segments[k].place,
                format!("core:sample_start of capture {k}"),
                format!("{before} to {total}"),
                start.to_string(),
            ));
        }
    }
    let mut skipped = 0;
    let mut spans = Vec::new();
    for (k, segment) in meta.segments.iter().enumerate() {
        skipped += segment.header_bytes;
        let end = starts.get(k + 1).copied().unwrap_or(total);
        if end > segment.start {
            spans.push(Span {
                segment,
                first: &meta.segments[0],
                first_byte: skipped + segment.start * frame,
                samples: end - segment.start,
            });
        }
    }
    if spans.is_empty() {
        let (expected, found) = ("at least one sample", "none");
        return Err(Error::malformed(FORMAT, 0, "captures", expected, found));
    }
    Ok(spans)
}

fn trace(
    meta: &Meta,
    data: &Bytes,
    span: &Span,
    (number, channel, part): (usize, u64, u64),
) -> Trace {
    let mut info = bare_info(FORMAT, span.samples);
    let label = meta.labels.get(channel as usize);
    info.channel = label.cloned().unwrap_or_else(|| (channel + 1).to_string());
    if meta.kind.parts() == 2 {
        info.channel.push_str([" I", " Q"][part as usize]);
    }
    info.segment = number;
    info.sample_interval_s = meta.interval_s;
    info.t0_s = span.segment.start_s;
    info.unit.clone_from(&meta.unit);
    info.trigger_time_s = span.segment.seconds_after(span.first, meta.interval_s);
    let width = meta.kind.cell.width();
    let stored = Stored {
        bytes: data.clone(),
        first_byte: span.first_byte + (channel * meta.kind.parts() + part) * width,
        stride: frame(meta),
        cell: meta.kind.cell,
        order: meta.kind.order,
    };
    Trace::stored(info, stored)
}

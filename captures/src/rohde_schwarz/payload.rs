//! The samples: settling samples passed over, channels and acquisitions told apart.

use super::FORMAT;
use super::header::{Channel, Header, Stamps};
use crate::Error;
use crate::bytes::Bytes;
use crate::trace::{Capture, Stored, Trace, bare_info};

/// Bytes before the first sample: format code and number of rows.
pub(super) const HEAD_BYTES: u64 = 8;
/// More channels and acquisitions than this are not opened at once.
const TRACE_LIMIT: u64 = 65_536;

/// Bytes of rows and acquisitions, all of them checked against overflow.
struct Layout {
    row_bytes: u64,
    stamp_bytes: u64,
    acquisition_bytes: u64,
    acquisitions: u64,
}

/// Joins a header with its payload.
pub(super) fn read(header: &Header, payload: &Bytes) -> Result<Capture, Error> {
    let mut warnings = Vec::new();
    let layout = layout(header, payload, &mut warnings)?;
    let mut traces = Vec::new();
    let mut first_stamp_s = None;
    for segment in 0..layout.acquisitions {
        let start = HEAD_BYTES + segment * layout.acquisition_bytes;
        let trigger_time_s = match header.stamps {
            Stamps::Absent => None,
            Stamps::Before => {
                let stamp_s = payload.block(FORMAT, "timestamp", start, 8)?.f64(0);
                let first = *first_stamp_s.get_or_insert(stamp_s);
                Some(stamp_s - first).filter(|time| time.is_finite())
            }
        };
        let record = start + layout.stamp_bytes + header.leading * layout.row_bytes;
        let mut first_byte = record + header.value.time_bytes;
        for channel in &header.channels {
            for part in 0..channel.parts {
                let mut info = bare_info(FORMAT, header.samples);
                info.channel = label(channel, part);
                info.segment = segment as usize;
                info.t0_s = header.t0_s;
                info.sample_interval_s = Some(header.step_s);
                info.unit.clone_from(&channel.unit);
                (info.scale, info.offset) = (channel.scale, channel.offset);
                info.trigger_time_s = trigger_time_s;
                let stored = Stored {
                    bytes: payload.clone(),
                    first_byte,
                    stride: layout.row_bytes,
                    cell: header.value.cell,
                    order: header.value.order,
                };
                traces.push(Trace::stored(info, stored));
                first_byte += header.value.cell.width();
            }
        }
    }
    check_first_time(header, &layout, payload, &mut warnings)?;
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

fn label(channel: &Channel, part: u64) -> String {
    match (channel.parts, part) {
        (1, _) => channel.name.clone(),
        (2, 0) => format!("{} min", channel.name),
        (2, _) => format!("{} max", channel.name),
        _ => format!("{} part {}", channel.name, part + 1),
    }
}

/// Checks the payload's own header and size against the XML.
fn layout(header: &Header, payload: &Bytes, warnings: &mut Vec<String>) -> Result<Layout, Error> {
    let head = payload.block(FORMAT, "head of the payload", 0, HEAD_BYTES as usize)?;
    let (code, rows) = (head.u32(0), u64::from(head.u32(4)));
    if code != header.value.code {
        let expected = format!("{} as the header's SignalFormat says", header.value.code);
        let field = "format code of the payload";
        return Err(Error::malformed(
            FORMAT,
            0,
            field,
            expected,
            code.to_string(),
        ));
    }
    let parts: u64 = header.channels.iter().map(|channel| channel.parts).sum();
    let row_bytes = header.value.time_bytes + parts * header.value.cell.width();
    let stamp_bytes = match header.stamps {
        Stamps::Absent => 0,
        Stamps::Before => 8,
    };
    let field = "acquisitions in the payload";
    let available = payload.len() - HEAD_BYTES;
    let acquisition_bytes = header
        .rows
        .checked_mul(row_bytes)
        .and_then(|bytes| bytes.checked_add(stamp_bytes))
        .unwrap_or(u64::MAX);
    let held = available / acquisition_bytes;
    let left = available % acquisition_bytes;
    let wanted = acquisition_bytes.saturating_mul(header.acquisitions);
    let whole = held > 0 && left == 0;
    if held < header.acquisitions && !whole {
        payload.require(FORMAT, field, HEAD_BYTES, wanted)?;
    }
    if rows != header.rows {
        let found = format!("{rows}, where the header says {}", header.rows);
        if available != wanted {
            let expected = format!("{} rows", header.rows);
            return Err(Error::malformed(
                FORMAT,
                4,
                "rows of the payload",
                expected,
                found,
            ));
        }
        warnings.push(format!("the payload's number of rows is {found}"));
    }
    if held != header.acquisitions {
        warnings.push(format!(
            "the header says {} acquisitions, the payload has {held}",
            header.acquisitions
        ));
    } else if left > 0 {
        warnings.push(format!(
            "{left} bytes after the last acquisition are left out"
        ));
    }
    let acquisitions = held.min(header.acquisitions);
    let traces = acquisitions.saturating_mul(parts);
    if traces > TRACE_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "acquisitions and channels".into(),
            limit: TRACE_LIMIT,
            found: traces,
        });
    }
    Ok(Layout {
        row_bytes,
        stamp_bytes,
        acquisition_bytes,
        acquisitions,
    })
}

/// Times in an X/Y file are not needed, but must not contradict the header.
fn check_first_time(
    header: &Header,
    layout: &Layout,
    payload: &Bytes,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    if header.value.time_bytes == 0 {
        return Ok(());
    }
    let place = HEAD_BYTES + layout.stamp_bytes + header.leading * layout.row_bytes;
    let first_s = payload
        .block(FORMAT, "time of the first sample", place, 8)?
        .f64(0);
    let agrees = (first_s - header.t0_s).abs() <= 0.5 * header.step_s;
    if !agrees {
        warnings.push(format!(
            "the first sample's own time is {first_s:e} s, XStart of {:e} s is used",
            header.t0_s
        ));
    }
    Ok(())
}

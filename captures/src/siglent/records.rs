//! Version 6: a list of records, each with its own header.

use super::FORMAT;
use crate::bytes::{Block, Bytes};
use crate::trace::{Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use std::collections::HashMap;

/// Bytes of the shortest file header and record header.
const FILE_HEADER: u64 = 108;
const RECORD_HEADER: u64 = 264;
/// Instruments have some channels, and some thousands of segments at most.
const RECORD_LIMIT: u64 = 65_536;

pub(super) fn probe(head: &[u8]) -> bool {
    let word = |at: usize| {
        let part = head.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*part))
    };
    let size = word(4).map_or(0, |word| word & 0xffff);
    let named = head
        .get(8..40)
        .is_some_and(|name| name[0].is_ascii_graphic() && name.is_ascii());
    word(0) == Some(6) && u64::from(size) >= FILE_HEADER && word(104) > Some(0) && named
}

/// Describes every record over time.
pub(super) fn read(bytes: &Bytes, warnings: &mut Vec<String>) -> Result<Vec<Trace>, Error> {
    let head = bytes.block(FORMAT, "file header", 0, FILE_HEADER as usize)?;
    let size = u64::from(head.u16(4));
    let records = u64::from(head.u32(104));
    if size < FILE_HEADER {
        let expected = format!("at least {FILE_HEADER} bytes");
        let found = size.to_string();
        return Err(Error::malformed(FORMAT, 4, "header size", expected, found));
    }
    if records > RECORD_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "records".into(),
            limit: RECORD_LIMIT,
            found: records,
        });
    }
    let mut place = size;
    let mut segments: HashMap<String, usize> = HashMap::new();
    let mut traces = Vec::new();
    for number in 1..=records {
        let (trace, next) = record(bytes, number, place, &mut segments, warnings)?;
        traces.extend(trace);
        place = next;
    }
    if place < bytes.len() {
        let left = bytes.len() - place;
        warnings.push(format!("{left} bytes after the last record are left out"));
    }
    if traces.is_empty() {
        return Err(Error::unsupported(
            "Siglent .bin",
            "no record over time",
            "save a channel over time",
        ));
    }
    Ok(traces)
}

/// Reads one record's header; returns where the next begins.
fn record(
    bytes: &Bytes,
    number: u64,
    start: u64,
    segments: &mut HashMap<String, usize>,
    warnings: &mut Vec<String>,
) -> Result<(Option<Trace>, u64), Error> {
    let name = format!("header of record {number}");
    let head = bytes.block(FORMAT, &name, start, RECORD_HEADER as usize)?;
    let size = u64::from(head.u32(4));
    if size < RECORD_HEADER {
        let field = format!("{name}, size");
        let expected = format!("at least {RECORD_HEADER} bytes");
        let place = head.place(4);
        return Err(Error::malformed(
            FORMAT,
            place,
            field,
            expected,
            size.to_string(),
        ));
    }
    // Two words of 32 bits on a place within the file: no overflow.
    let first_byte = start + size + u64::from(head.u32(240));
    let (points, length) = (head.u64(248), head.u64(256));
    let field = format!("samples of record {number}");
    bytes.require(FORMAT, &field, first_byte, length)?;
    let cell = cell(&head, points, length, &field)?;
    let next = first_byte + length;
    let unit = head.text(144, 16);
    let channel = match head.text(16, 16) {
        label if label.is_empty() => format!("CH{}", head.u16(14)),
        label => label,
    };
    if !matches!(unit.as_str(), "" | "s" | "S") {
        warnings.push(format!("{channel} is over `{unit}` and is left out"));
        return Ok((None, next));
    }
    let mut info = bare_info(FORMAT, points);
    let step = finite(&head, 104, "horizontal interval")?;
    if step <= 0.0 {
        let place = head.place(104);
        let found = format!("{step:e}");
        return Err(Error::malformed(
            FORMAT,
            place,
            "horizontal interval",
            "above 0",
            found,
        ));
    }
    info.sample_interval_s = Some(step);
    info.t0_s = -finite(&head, 96, "horizontal origin")? * step;
    info.scale = finite(&head, 184, "vertical interval")?;
    info.offset = -finite(&head, 176, "vertical origin")? * info.scale;
    if !info.t0_s.is_finite() || !info.offset.is_finite() {
        let place = head.place(96);
        let found = format!("{:e} s and {:e}", info.t0_s, info.offset);
        return Err(Error::malformed(
            FORMAT,
            place,
            "origins",
            "finite ones",
            found,
        ));
    }
    info.unit = match head.text(224, 16) {
        unit if unit.is_empty() => "V".into(),
        unit => unit,
    };
    let segment = segments.entry(channel.clone()).or_insert(0);
    info.segment = *segment;
    *segment += 1;
    info.channel = channel;
    let stored = Stored {
        bytes: bytes.clone(),
        first_byte,
        stride: cell.width(),
        cell,
        order: ByteOrder::Little,
    };
    Ok((Some(Trace::stored(info, stored)), next))
}

/// Points and bytes have to tell a width.
fn cell(head: &Block, points: u64, length: u64, field: &str) -> Result<Cell, Error> {
    let width = |width: u64| points > 0 && points.checked_mul(width) == Some(length);
    if width(1) {
        Ok(Cell::U8)
    } else if width(2) {
        Ok(Cell::U16)
    } else if width(4) {
        Ok(Cell::U32)
    } else {
        let expected = "1, 2 or 4 bytes for each of at least one point";
        let found = format!("{length} bytes for {points} points");
        Err(Error::malformed(
            FORMAT,
            head.place(248),
            field,
            expected,
            found,
        ))
    }
}

fn finite(head: &Block, at: usize, field: &str) -> Result<f64, Error> {
    let value = head.f64(at);
    if value.is_finite() {
        return Ok(value);
    }
    let found = value.to_string();
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        field,
        "a number",
        found,
    ))
}

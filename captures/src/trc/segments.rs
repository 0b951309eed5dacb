//! Sequence mode: how many segments, and when each was triggered.

use super::{Blocks, FORMAT};
use crate::Error;
use crate::bytes::Bytes;
use crate::trace::Cell;

/// Bytes of one entry of the trigger time array: two 64-bit floats.
const TRIGGER_ENTRY: u64 = 16;
/// Instruments of the family take some tens of thousands.
const SEGMENT_LIMIT: u64 = 100_000;

/// Returns the number of points in all and the number of segments.
pub(super) fn counts(blocks: &Blocks, cell: Cell) -> Result<(u64, u64), Error> {
    let (head, layout) = (&blocks.wavedesc, blocks.layout);
    let at = head.place(layout.array_count);
    let points = u64::try_from(head.i32(layout.array_count)).unwrap_or(0);
    if points == 0 {
        let found = head.i32(layout.array_count).to_string();
        return Err(Error::malformed(
            FORMAT,
            at,
            "WAVE_ARRAY_COUNT",
            "at least 1",
            found,
        ));
    }
    if points * cell.width() > blocks.sample_bytes {
        let expected = format!(
            "at most {} points in the {} bytes of WAVE_ARRAY_1",
            blocks.sample_bytes / cell.width(),
            blocks.sample_bytes
        );
        let found = points.to_string();
        return Err(Error::malformed(
            FORMAT,
            at,
            "WAVE_ARRAY_COUNT",
            expected,
            found,
        ));
    }
    // Zero is seen for single sweeps of the oldest firmware.
    let segments = u64::try_from(head.i32(layout.subarray_count))
        .unwrap_or(0)
        .max(1);
    if segments > SEGMENT_LIMIT {
        let field = "SUBARRAY_COUNT".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: SEGMENT_LIMIT,
            found: segments,
        });
    }
    if segments > points {
        let at = head.place(layout.subarray_count);
        let expected = format!("at most {points} segments in {points} points");
        let found = segments.to_string();
        return Err(Error::malformed(
            FORMAT,
            at,
            "SUBARRAY_COUNT",
            expected,
            found,
        ));
    }
    Ok((points, segments))
}

/// Reads (trigger time, time from trigger to first sample) of each segment, in seconds.
pub(super) fn trigger_times(
    bytes: &Bytes,
    blocks: &Blocks,
    segments: u64,
    warnings: &mut Vec<String>,
) -> Result<Vec<(f64, f64)>, Error> {
    if segments == 1 {
        return Ok(Vec::new());
    }
    if blocks.trigger_bytes < segments * TRIGGER_ENTRY {
        warnings.push(format!(
            "{} bytes of trigger times for {segments} segments: times between segments unknown",
            blocks.trigger_bytes
        ));
        return Ok(Vec::new());
    }
    let size = (segments * TRIGGER_ENTRY) as usize;
    let mut block = bytes.block(FORMAT, "TRIGTIME", blocks.trigger_times, size)?;
    block.order = blocks.wavedesc.order;
    let entry = |k: usize| (block.f64(16 * k), block.f64(16 * k + 8));
    let first = entry(0).0;
    (0..segments as usize)
        .map(|k| {
            let (time, offset) = entry(k);
            if time.is_finite() && offset.is_finite() {
                return Ok((time - first, offset));
            }
            let field = format!("TRIGTIME of segment {k}");
            let found = format!("{time} and {offset}");
            Err(Error::malformed(
                FORMAT,
                block.place(16 * k),
                field,
                "finite times",
                found,
            ))
        })
        .collect()
}

//! Frames: where the samples of each lie, and when each was triggered.

use super::FORMAT;
use super::header::{CURVE, Header, UPDATE};
use crate::Error;
use crate::bytes::{Block, Bytes};

/// One frame of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) first_byte: u64,
    pub(super) samples: u64,
    /// First byte behind the frame's part of the curve buffer.
    pub(super) end: u64,
    /// Trigger in whole seconds since 1970 and the fraction of a second.
    trigger: (i32, f64),
}

impl Frame {
    /// Returns the trigger time in seconds after that of the first frame; none where the
    /// instrument did not keep its clock.
    pub(super) fn trigger_after(&self, first: &Frame) -> Option<f64> {
        let kept = |frame: &Frame| frame.trigger != (0, 0.0);
        let whole = i64::from(self.trigger.0) - i64::from(first.trigger.0);
        let after = whole as f64 + (self.trigger.1 - first.trigger.1);
        (after.is_finite() && (kept(self) || kept(first))).then_some(after)
    }
}

/// Offsets of a curve object, in bytes from the frame's own start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    data: u64,
    data_end: u64,
    end: u64,
}

/// Places every frame and checks that the whole curve buffer is there.
pub(super) fn read(bytes: &Bytes, header: &Header) -> Result<Vec<Frame>, Error> {
    let (layout, behind) = (header.layout, header.layout.size());
    let places = [layout.update_place(), behind];
    let updates = Rows::read(bytes, header, "update specifications", places, UPDATE)?;
    let places = [layout.curve_place(), behind + (header.frames - 1) * UPDATE];
    let curves = Rows::read(bytes, header, "curve objects", places, CURVE)?;
    let width = header.cell.width();
    let mut frames: Vec<Frame> = Vec::with_capacity(header.frames as usize);
    let mut first = None;
    let mut start = header.curve_offset;
    for number in 0..header.frames as usize {
        let (update, row) = updates.at(number);
        let own = span(curves.at(number), number, width)?;
        // Instruments leave the curve objects of all frames but the first one empty.
        let span = match first {
            Some(first) if own.end == 0 => first,
            _ => own,
        };
        first.get_or_insert(span);
        let end = start + span.end;
        frames.push(Frame {
            first_byte: start + span.data,
            samples: (span.data_end - span.data) / width,
            end,
            trigger: (update.i32(row + 20), update.f64(row + 12)),
        });
        start = end;
    }
    let name = match header.frames {
        1 => "curve buffer".to_string(),
        count => format!("curve buffer of {count} frames"),
    };
    let length = start - header.curve_offset;
    bytes.require(FORMAT, &name, header.curve_offset, length)?;
    horizontal(header, frames[0].samples)?;
    Ok(frames)
}

/// A table of which the first row lies in the header and the others behind it.
struct Rows {
    first: Block,
    others: Block,
    row: usize,
}

impl Rows {
    fn read(
        bytes: &Bytes,
        header: &Header,
        name: &str,
        places: [u64; 2],
        row: u64,
    ) -> Result<Self, Error> {
        let others = (header.frames - 1) * row;
        let block = |at, length: u64| -> Result<Block, Error> {
            let mut block = bytes.block(FORMAT, name, at, length as usize)?;
            block.order = header.order;
            Ok(block)
        };
        Ok(Self {
            first: block(places[0], row)?,
            others: block(places[1], others)?,
            row: row as usize,
        })
    }

    /// Returns the block that holds a row, and where in it the row begins.
    fn at(&self, number: usize) -> (&Block, usize) {
        match number.checked_sub(1) {
            None => (&self.first, 0),
            Some(further) => (&self.others, further * self.row),
        }
    }
}

fn span((curve, row): (&Block, usize), number: usize, width: u64) -> Result<Span, Error> {
    let at = |place: usize| u64::from(curve.u32(row + place));
    let (charge, data, data_end, stop) = (at(10), at(14), at(18), at(22));
    let malformed = |place: usize, what: &str, expected: String, found: u64| {
        Error::malformed(
            FORMAT,
            curve.place(row + place),
            format!("curve object of frame {number}, {what}"),
            expected,
            found.to_string(),
        )
    };
    if data < charge {
        let expected = format!("at least {charge}, the start of the pre-charge");
        return Err(malformed(14, "start of the samples", expected, data));
    }
    if data_end < data {
        let expected = format!("at least {data}, the start of the samples");
        return Err(malformed(18, "end of the samples", expected, data_end));
    }
    if stop < data_end {
        let expected = format!("at least {data_end}, the end of the samples");
        return Err(malformed(22, "end of the post-charge", expected, stop));
    }
    if !(data_end - data).is_multiple_of(width) {
        let expected = format!("a multiple of {width} bytes behind {data}");
        return Err(malformed(18, "end of the samples", expected, data_end));
    }
    let end = at(26);
    if end < stop {
        let expected = format!("at least {stop}, the end of the post-charge");
        return Err(malformed(26, "end of the buffer", expected, end));
    }
    Ok(Span {
        data,
        data_end,
        end,
    })
}

/// Refuses points that the header gives to a second horizontal dimension which, by its own count,
/// does not exist, while the first one has none: then no field says which axis the curve has.
/// Every other disagreement with the curve's own length is a warning.
fn horizontal(header: &Header, samples: u64) -> Result<(), Error> {
    let [first, second] = header.record_length;
    if first == 0 && second != 0 && samples != 0 && header.implicit_count < 2 {
        return Err(Error::malformed(
            FORMAT,
            header.record_length_place(1),
            "record length of implicit dimension 1",
            format!("the {samples} points of the curve"),
            format!(
                "0, and {second} at byte {} in implicit dimension 2, which the header does not have",
                header.record_length_place(2)
            ),
        ));
    }
    Ok(())
}

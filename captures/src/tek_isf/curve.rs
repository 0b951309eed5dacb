//! The curve: a block of samples, or numbers as text.

use super::FORMAT;
use super::preamble::{ENCODING, Preamble};
use super::shape::{Encoding, Points, Shape};
use crate::Error;
use crate::bytes::{Bytes, excerpt};
use crate::extremes;
use crate::trace::{Stored, Trace};
use etalon_types::{Samples, WaveformInfo};

/// Most traces of a file: frames of one byte each would need far more memory than they have.
const TRACE_LIMIT: u64 = 1 << 16;
/// Bytes of text looked at in one go.
const CHUNK: usize = 65_536;
/// Longest number; instruments write at most some 20 characters.
const NUMBER_LIMIT: usize = 64;

/// Adds the traces of one curve; returns the first byte behind it.
pub(super) fn read(
    bytes: &Bytes,
    preamble: &Preamble,
    shape: &Shape,
    traces: &mut Vec<Trace>,
) -> Result<u64, Error> {
    let place = preamble.curve;
    let first = bytes.block(FORMAT, "curve", place, 1)?.bytes[0];
    match shape.encoding {
        Encoding::Text if first == b'#' => Err(preamble.wrong(ENCODING, "BINARY before a block")),
        Encoding::Text => text(bytes, place, shape, traces),
        Encoding::Binary(..) if first != b'#' => Err(Error::malformed(
            FORMAT,
            place,
            "curve",
            "`#` and the length of a block",
            excerpt(&[first]),
        )),
        Encoding::Binary(cell, order) => {
            let (first_byte, length) = block(bytes, place, shape, cell.width())?;
            let width = cell.width();
            if !length.is_multiple_of(width) {
                let expected = format!("a multiple of {width} bytes");
                let field = "length of the curve";
                let found = length.to_string();
                return Err(Error::malformed(FORMAT, place, field, expected, found));
            }
            bytes.require(FORMAT, "curve", first_byte, length)?;
            let stored = Stored {
                bytes: bytes.clone(),
                first_byte,
                stride: width,
                cell,
                order,
            };
            stored_traces(shape, &stored, length / width, place, traces)?;
            Ok(first_byte + length)
        }
    }
}

/// Reads the head of a block; returns where its samples lie and how many bytes they have.
fn block(bytes: &Bytes, place: u64, shape: &Shape, width: u64) -> Result<(u64, u64), Error> {
    let field = "length of the curve";
    let digits = bytes.block(FORMAT, field, place + 1, 1)?.bytes[0];
    let Some(count) = char::from(digits).to_digit(16) else {
        let expected = "the number of digits of the length";
        let found = excerpt(&[digits]);
        return Err(Error::malformed(FORMAT, place + 1, field, expected, found));
    };
    let first_byte = place + 2 + u64::from(count);
    if count == 0 {
        // A block of no told length ends with the file, whose last line feed is not a sample.
        let left = bytes.len() - first_byte;
        let announced = shape.announced.and_then(|n| n.checked_mul(width));
        let feed = left > 0 && bytes.block(FORMAT, field, bytes.len() - 1, 1)?.bytes == b"\n";
        let surplus = !left.is_multiple_of(width) || announced == left.checked_sub(1);
        return Ok((first_byte, left - u64::from(feed && surplus)));
    }
    let text = bytes.block(FORMAT, field, place + 2, count as usize)?.bytes;
    let length = std::str::from_utf8(&text)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok());
    length.map(|length| (first_byte, length)).ok_or_else(|| {
        let expected = format!("{count} decimal digits");
        Error::malformed(FORMAT, place + 2, field, expected, excerpt(&text))
    })
}

/// How the values of a curve are shared out.
struct Parts {
    frames: u64,
    values: u64,
    info: WaveformInfo,
}

impl Parts {
    fn of(shape: &Shape, values: u64, place: u64, before: usize) -> Result<Self, Error> {
        let per_point = match shape.points {
            Points::Single => 1,
            Points::Extremes => 2,
        };
        if values < per_point {
            let expected = "at least one point";
            let found = format!("{values} values");
            return Err(Error::malformed(FORMAT, place, "curve", expected, found));
        }
        let mut info = shape.info.clone();
        let frames = frames(shape, values, &mut info);
        let traces = (frames * per_point).saturating_add(before as u64);
        if traces > TRACE_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "number of frames and curves".into(),
                limit: TRACE_LIMIT,
                found: traces,
            });
        }
        let values = values / frames;
        info.samples = values / per_point;
        if per_point == 2 {
            // Where NR_PT counts values, XINCR is the step from one value to the next.
            if shape.announced != Some(info.samples) {
                info.sample_interval_s = info.sample_interval_s.map(|step| 2.0 * step);
            }
            if values % 2 == 1 {
                info.warnings
                    .push("an extreme without its partner at the end is left out".into());
            }
        }
        if let Some(announced) = shape.announced
            && announced != values
            && announced != info.samples
        {
            info.warnings.push(format!(
                "NR_PT says {announced} points, the curve has {values}"
            ));
        }
        Ok(Self {
            frames,
            values,
            info,
        })
    }
}

/// Number of frames, when the curve holds all that `NR_FR` announces.
fn frames(shape: &Shape, values: u64, info: &mut WaveformInfo) -> u64 {
    let frames = shape.frames;
    if frames == 1 {
        return 1;
    }
    let whole = shape.announced.is_some_and(|points| {
        points > 0
            && [1, 2].iter().any(|per_point| {
                points
                    .checked_mul(frames)
                    .and_then(|all| all.checked_mul(*per_point))
                    == Some(values)
            })
    });
    if !whole {
        info.warnings.push(format!(
            "NR_FR says {frames} frames, but the curve does not hold as many: it is read as one"
        ));
        return 1;
    }
    frames
}

fn stored_traces(
    shape: &Shape,
    stored: &Stored,
    values: u64,
    place: u64,
    traces: &mut Vec<Trace>,
) -> Result<(), Error> {
    let parts = Parts::of(shape, values, place, traces.len())?;
    for frame in 0..parts.frames {
        let stored = Stored {
            first_byte: stored.first_byte + frame * parts.values * stored.stride,
            ..stored.clone()
        };
        let mut info = parts.info.clone();
        info.segment = frame as usize;
        match shape.points {
            Points::Single => traces.push(Trace::stored(info, stored)),
            Points::Extremes => traces.extend(extremes::split(&info, &stored)?),
        }
    }
    Ok(())
}

fn text(bytes: &Bytes, place: u64, shape: &Shape, traces: &mut Vec<Trace>) -> Result<u64, Error> {
    let (values, end) = numbers(bytes, place)?;
    let parts = Parts::of(shape, values.len() as u64, place, traces.len())?;
    let per_frame = values.len() / parts.frames as usize;
    for (frame, values) in values.chunks_exact(per_frame).enumerate() {
        let mut info = parts.info.clone();
        info.segment = frame;
        if shape.points == Points::Single {
            traces.push(Trace::parsed(info, Samples::F64(values.to_vec())));
            continue;
        }
        let looked_at: Vec<f64> = values.iter().map(|raw| raw * info.scale).collect();
        let first = extremes::order(&looked_at);
        traces.extend(first.places().map(|(extreme, place)| {
            let pairs = values.as_chunks::<2>().0;
            let one = pairs.iter().map(|pair| pair[place]).collect();
            Trace::parsed(first.describe(&info, extreme), Samples::F64(one))
        }));
    }
    Ok(end)
}

/// Reads numbers up to a semicolon, a colon or the end; returns them and the first byte behind.
fn numbers(bytes: &Bytes, start: u64) -> Result<(Vec<f64>, u64), Error> {
    let mut values = Vec::new();
    let mut number = Vec::with_capacity(NUMBER_LIMIT);
    let mut place = start;
    while place < bytes.len() {
        let length = (bytes.len() - place).min(CHUNK as u64) as usize;
        let chunk = bytes.block(FORMAT, "curve", place, length)?.bytes;
        for (k, &byte) in chunk.iter().enumerate() {
            let at = place + k as u64;
            match byte {
                b',' | b';' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {
                    take(&mut number, at, &mut values)?;
                    if matches!(byte, b';' | b':') {
                        return Ok((values, at));
                    }
                }
                _ if number.len() < NUMBER_LIMIT => number.push(byte),
                _ => return Err(no_number(&number, at)),
            }
        }
        place += length as u64;
    }
    take(&mut number, place, &mut values)?;
    Ok((values, place))
}

/// Ends a number at byte `end`.
fn take(number: &mut Vec<u8>, end: u64, values: &mut Vec<f64>) -> Result<(), Error> {
    if number.is_empty() {
        return Ok(());
    }
    let value = std::str::from_utf8(number)
        .ok()
        .and_then(|t| t.parse().ok());
    values.push(value.ok_or_else(|| no_number(number, end))?);
    number.clear();
    Ok(())
}

fn no_number(text: &[u8], end: u64) -> Error {
    let offset = end - text.len() as u64;
    Error::malformed(FORMAT, offset, "curve", "a number", excerpt(text))
}

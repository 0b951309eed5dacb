//! Versions 0.1 to 5: fields at fixed bytes.

use super::FORMAT;
use super::layout::{Channel, Data, Version};
use crate::bytes::{Block, Bytes};
use crate::trace::{Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};

/// Codes per division and divisions across where the header does not tell them.
const CODES: f64 = 25.0;
const DIVISIONS: f64 = 14.0;

/// How samples are stored and scaled, the same for all channels.
struct Samples {
    points: u64,
    cell: Cell,
    order: ByteOrder,
    middle: f64,
    interval_s: f64,
    t0_s: f64,
}

/// Describes every channel that is on.
pub(super) fn read(
    bytes: &Bytes,
    version: Version,
    warnings: &mut Vec<String>,
) -> Result<Vec<Trace>, Error> {
    let head = bytes.block(FORMAT, "header", 0, version.header)?;
    let samples = samples(&head, &version, warnings)?;
    let mut place = match version.data {
        Data::At(place) => place,
        Data::ToldAt(at) => told_place(&head, at)?,
    };
    let start = place;
    let on = |channel: &Channel| head.u32(channel.on) == 1;
    let mut traces = Vec::new();
    for (index, channel) in version.channels.iter().enumerate() {
        let Some(channel) = channel.filter(on) else {
            continue;
        };
        let name = format!("samples of channel {}", index + 1);
        // Points have 32 bits: no overflow.
        let size = samples.points * samples.cell.width();
        bytes.require(FORMAT, &name, place, size)?;
        traces.push(trace(
            bytes,
            &head,
            &version,
            &samples,
            (index, channel),
            place,
        )?);
        place += size;
    }
    if place < bytes.len() {
        warnings.push(format!(
            "{} bytes after the channels (logic, math or nothing) are left out",
            bytes.len() - place
        ));
    }
    if start < version.header as u64 {
        warnings.push(format!(
            "by the public description of version {} samples begin at byte {start} and timing \
             fields end at byte {}: samples between them may be header",
            version.name, version.header
        ));
    }
    Ok(traces)
}

fn told_place(head: &Block, at: usize) -> Result<u64, Error> {
    let place = u64::from(head.u32(at));
    if place < head.bytes.len() as u64 {
        return Err(Error::malformed(
            FORMAT,
            head.place(at),
            "byte of the samples",
            format!("at least {}", head.bytes.len()),
            place.to_string(),
        ));
    }
    Ok(place)
}

fn samples(head: &Block, version: &Version, warnings: &mut Vec<String>) -> Result<Samples, Error> {
    let points = u64::from(head.u32(version.points));
    if points == 0 {
        let place = head.place(version.points);
        return Err(Error::malformed(
            FORMAT,
            place,
            "points",
            "at least one",
            "0",
        ));
    }
    let (cell, middle) = match version.width.map_or(0, |at| head.bytes[at]) {
        0 => (Cell::U8, 128.0),
        1 if version.extended.is_some() => (Cell::U16, 32_768.0),
        1 => {
            return Err(Error::unsupported(
                "Siglent .bin",
                format!("16-bit samples of version {}", version.name),
                "codes per division are not told there: save it as CSV",
            ));
        }
        other => {
            let place = head.place(version.width.unwrap_or(0));
            let found = other.to_string();
            return Err(Error::malformed(
                FORMAT,
                place,
                "data width",
                "0 or 1",
                found,
            ));
        }
    };
    let rate = positive(head, version.rate, "sample rate")?;
    let time_div = positive(head, version.time_div, "time per division")?;
    let delay = si(head, version.time_delay, "trigger delay")?;
    let (order, divisions, delay_s) = match version.extended {
        Some([order, across, _]) => {
            let order = if head.bytes[order] == 0 {
                ByteOrder::Little
            } else {
                ByteOrder::Big
            };
            (
                order,
                f64::from(count(head, across, "divisions across")?),
                delay,
            )
        }
        None => {
            if delay != 0.0 {
                warnings.push(format!(
                    "the trigger delay of {delay:e} s is not in the times"
                ));
            }
            (ByteOrder::Little, DIVISIONS, 0.0)
        }
    };
    let t0_s = -0.5 * time_div * divisions - delay_s;
    Ok(Samples {
        points,
        cell,
        order,
        middle,
        interval_s: 1.0 / rate,
        t0_s,
    })
}

fn trace(
    bytes: &Bytes,
    head: &Block,
    version: &Version,
    samples: &Samples,
    (index, channel): (usize, Channel),
    first_byte: u64,
) -> Result<Trace, Error> {
    let volts = positive(head, channel.volts, "volts per division")?;
    let offset = si(head, channel.offset, "vertical offset")?;
    let (codes, sign) = match version.extended {
        Some([_, _, codes]) => {
            // Channels 5 to 8 have their codes in a table of their own.
            let at = if index < 4 {
                codes + 4 * index
            } else {
                0x574 + 4 * (index - 4)
            };
            (f64::from(count(head, at, "codes per division")?), -1.0)
        }
        None => (CODES, 1.0),
    };
    let mut info = bare_info(FORMAT, samples.points);
    info.channel = format!("CH{}", index + 1);
    info.t0_s = samples.t0_s;
    info.sample_interval_s = Some(samples.interval_s);
    info.unit = unit(head.u32(channel.volts + 12)).into();
    info.scale = volts / codes;
    info.offset = sign * offset - samples.middle * info.scale;
    if offset != 0.0 {
        let done = if sign > 0.0 { "added" } else { "taken away" };
        info.warnings.push(format!(
            "the vertical offset of {offset:e} was {done}; public descriptions disagree on its sign"
        ));
    }
    if let Some(probes) = version.probes.filter(|_| index < 4) {
        let factor = head.f64(probes + 8 * index);
        if factor != 1.0 && factor != 0.0 {
            info.warnings
                .push(format!("the probe factor {factor} is not applied"));
        }
    }
    let stored = Stored {
        bytes: bytes.clone(),
        first_byte,
        stride: samples.cell.width(),
        cell: samples.cell,
        order: samples.order,
    };
    Ok(Trace::stored(info, stored))
}

fn unit(code: u32) -> &'static str {
    match code {
        0 => "V",
        1 => "A",
        _ => "",
    }
}

/// Reads a value with its power of a thousand; power 8 is one.
fn si(head: &Block, at: usize, field: &str) -> Result<f64, Error> {
    let (value, power) = (head.f64(at), head.u32(at + 8));
    if value.is_finite() && power <= 16 {
        // Down to 1e-24, which is exact enough as a power.
        let scaled = value * 10_f64.powi(3 * (power as i32 - 8));
        if scaled.is_finite() {
            return Ok(scaled);
        }
    }
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        field,
        "a number and a power from 0 to 16",
        format!("{value:e} and {power}"),
    ))
}

fn positive(head: &Block, at: usize, field: &str) -> Result<f64, Error> {
    let value = si(head, at, field)?;
    if value > 0.0 && value.recip().is_finite() {
        return Ok(value);
    }
    let found = format!("{value:e}");
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        field,
        "above 0",
        found,
    ))
}

fn count(head: &Block, at: usize, field: &str) -> Result<i32, Error> {
    let value = head.i32(at);
    if value > 0 {
        return Ok(value);
    }
    let found = value.to_string();
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        field,
        "above 0",
        found,
    ))
}

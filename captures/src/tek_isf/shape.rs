//! What a preamble says of its curve: how samples are stored, scaled and timed.

use super::preamble::{
    BINARY_FORMAT, BIT_COUNT, BYTE_COUNT, BYTE_ORDER, ENCODING, FRAME_COUNT, IDENTITY, POINT_COUNT,
    POINT_FORMAT, POINT_OFFSET, Preamble, X_STEP, X_UNIT, X_ZERO, Y_FACTOR, Y_OFFSET, Y_UNIT,
    Y_ZERO,
};
use super::{FORMAT, TITLE};
use crate::trace::{Cell, bare_info};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;

/// How the samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Text,
    Binary(Cell, ByteOrder),
}

/// What a value of the curve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Points {
    Single,
    Extremes,
}

/// A preamble, checked.
pub(super) struct Shape {
    pub(super) encoding: Encoding,
    pub(super) points: Points,
    /// Points that `NR_PT` announces.
    pub(super) announced: Option<u64>,
    /// Frames that `NR_FR` announces.
    pub(super) frames: u64,
    /// Everything but the number of samples.
    pub(super) info: WaveformInfo,
}

pub(super) fn of(preamble: &Preamble, number: u64) -> Result<Shape, Error> {
    let mut info = bare_info(FORMAT, 0);
    let encoding = encoding(preamble, &mut info.warnings)?;
    if preamble
        .text(X_UNIT)
        .is_some_and(|unit| unit.eq_ignore_ascii_case("Hz"))
    {
        return Err(Error::unsupported(
            TITLE,
            "a spectrum (XUNIT Hz), not samples over time",
            "save a channel or a time-domain function",
        ));
    }
    let points = match preamble.text(POINT_FORMAT) {
        None | Some("Y" | "y") => Points::Single,
        Some(text) if text.eq_ignore_ascii_case("ENV") => Points::Extremes,
        Some(_) => return Err(preamble.wrong(POINT_FORMAT, "Y or ENV")),
    };
    // `Ch1, DC coupling, 500.0mV/div, ...`
    let identity = preamble.text(IDENTITY).unwrap_or("");
    let channel = identity.split(',').next().unwrap_or("").trim();
    info.channel = if channel.is_empty() {
        number.to_string()
    } else {
        channel.to_string()
    };
    info.unit = match preamble.text(Y_UNIT).unwrap_or("") {
        "Volts" => "V",
        "Amps" => "A",
        "Watts" => "W",
        other => other,
    }
    .into();
    scaling(preamble, &mut info)?;
    time(preamble, &mut info)?;
    Ok(Shape {
        encoding,
        points,
        announced: preamble.count(POINT_COUNT)?,
        frames: preamble.count(FRAME_COUNT)?.unwrap_or(1).max(1),
        info,
    })
}

fn encoding(preamble: &Preamble, warnings: &mut Vec<String>) -> Result<Encoding, Error> {
    let name = preamble.text(ENCODING).unwrap_or("").to_ascii_uppercase();
    if name.starts_with("ASC") {
        return Ok(Encoding::Text);
    }
    if !name.is_empty() && !name.starts_with("BIN") {
        return Err(preamble.wrong(ENCODING, "BINARY or ASCII"));
    }
    let bits = preamble.count(BIT_COUNT)?;
    let width = match preamble.count(BYTE_COUNT)? {
        Some(width) => width,
        None => bits.map_or(0, |bits| bits.div_ceil(8)),
    };
    let format = preamble.text(BINARY_FORMAT).map(str::to_ascii_uppercase);
    let cell = match (format.as_deref().unwrap_or("RI"), width) {
        ("RI", 1) => Cell::I8,
        ("RI", 2) => Cell::I16,
        ("RI", 4) => Cell::I32,
        ("RI", 8) => Cell::I64,
        ("RP", 1) => Cell::U8,
        ("RP", 2) => Cell::U16,
        ("RP", 4) => Cell::U32,
        ("RP", 8) => Cell::U64,
        ("FP", 4) => Cell::F32,
        ("FP", 8) => Cell::F64,
        ("RI" | "RP", _) => return Err(preamble.wrong(BYTE_COUNT, "1, 2, 4 or 8")),
        ("FP", _) => return Err(preamble.wrong(BYTE_COUNT, "4 or 8 for floats")),
        _ => return Err(preamble.wrong(BINARY_FORMAT, "RI, RP or FP")),
    };
    if format.is_none() {
        warnings.push("BN_FMT is missing: signed integers are assumed".into());
    }
    let order = preamble.text(BYTE_ORDER).map(str::to_ascii_uppercase);
    let order = match order.as_deref() {
        Some("MSB") => ByteOrder::Big,
        Some("LSB") => ByteOrder::Little,
        None => {
            if width > 1 {
                warnings
                    .push("BYT_OR is missing: the most significant byte first is assumed".into());
            }
            ByteOrder::Big
        }
        Some(_) => return Err(preamble.wrong(BYTE_ORDER, "MSB or LSB")),
    };
    Ok(Encoding::Binary(cell, order))
}

fn scaling(preamble: &Preamble, info: &mut WaveformInfo) -> Result<(), Error> {
    let factor = preamble.number(Y_FACTOR)?;
    if factor.is_none() {
        info.warnings
            .push("YMULT is missing: values are as they are stored".into());
    }
    let zero = preamble.number(Y_ZERO)?.unwrap_or(0.0);
    let offset = preamble.number(Y_OFFSET)?.unwrap_or(0.0);
    info.scale = factor.unwrap_or(1.0);
    info.offset = zero - offset * info.scale;
    if !info.offset.is_finite() {
        return Err(preamble.wrong(Y_OFFSET, "a number that stays finite times YMULT"));
    }
    Ok(())
}

fn time(preamble: &Preamble, info: &mut WaveformInfo) -> Result<(), Error> {
    match preamble.number(X_STEP)? {
        // A pair of extremes has two steps, and these have to be a number too.
        Some(step) if step > 0.0 && (2.0 * step).is_finite() => info.sample_interval_s = Some(step),
        Some(step) => info.warnings.push(format!(
            "the sample interval {step:e} in XINCR is not usable"
        )),
        None => info
            .warnings
            .push("XINCR is missing: the sample interval is unknown".into()),
    }
    let zero = preamble.number(X_ZERO)?.unwrap_or(0.0);
    let points = preamble.number(POINT_OFFSET)?.unwrap_or(0.0);
    let t0_s = zero - points * info.sample_interval_s.unwrap_or(0.0);
    if t0_s.is_finite() {
        info.t0_s = t0_s;
    } else {
        info.warnings
            .push("the time origin of XZERO and PT_OFF is not usable".into());
    }
    Ok(())
}

//! Writes level 5, little-endian and not deflated, under Tektronix's names.

use super::element::{DOUBLE, INT8, INT32, MATRIX, SINGLE, UINT32, UTF16};
use super::{CHANNEL_LIMIT, FORMAT, SOURCE, UNIT};
use crate::Error;
use crate::write::{Sink, equal_lengths, for_each_block};
use etalon_types::{Storage, WaveformInfo, WaveformSource};

const CHAR: u32 = 4;
const DOUBLE_CLASS: u32 = 6;
const SINGLE_CLASS: u32 = 7;

/// Writes one trace as a column vector `data`, several as the columns of a matrix; returns what
/// the format could not hold.
pub(crate) fn write(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<Vec<String>, Error> {
    equal_lengths(FORMAT, traces)?;
    let info = traces[0].info();
    let mut warnings = warnings_of(traces);
    let narrow = traces.iter().all(|trace| {
        let info = trace.info();
        info.storage == Storage::F32 && info.scale == 1.0 && info.offset == 0.0
    });
    let (class, kind, width) = if narrow {
        (SINGLE_CLASS, SINGLE, 4)
    } else {
        (DOUBLE_CLASS, DOUBLE, 8)
    };
    let size = info
        .samples
        .saturating_mul(width)
        .saturating_mul(traces.len() as u64);
    // Sizes have 32 bits, dimensions 31; the headers around the samples take less than 256.
    let limit = u64::from(u32::MAX) - 256;
    if size > limit || info.samples > i32::MAX as u64 {
        return Err(Error::Limit {
            format: FORMAT,
            field: "bytes of samples".into(),
            limit,
            found: size,
        });
    }
    let mut text = b"MATLAB 5.0 MAT-file, written by etalon".to_vec();
    text.resize(116, b' ');
    out.put(&text)?;
    out.put(&[0; 8])?;
    out.put(b"\x00\x01IM")?;
    numbers(out, info, &mut warnings)?;
    for (name, value) in [(UNIT, info.unit.as_str()), (SOURCE, info.channel.as_str())] {
        let units: Vec<u16> = value.encode_utf16().collect();
        let payload: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        variable(
            out,
            (name, CHAR, [1, units.len() as u32]),
            (UTF16, payload.len() as u32),
        )?;
        out.put(&payload)?;
        pad(out, payload.len() as u64)?;
    }
    variable(
        out,
        ("data", class, [info.samples as u32, traces.len() as u32]),
        (kind, size as u32),
    )?;
    for trace in traces {
        for_each_block(*trace, |block| {
            block.iter().try_for_each(|&x| match narrow {
                true => out.put(&(x as f32).to_le_bytes()),
                false => out.put(&x.to_le_bytes()),
            })
        })?;
    }
    pad(out, size)?;
    Ok(warnings)
}

fn warnings_of(traces: &[&dyn WaveformSource]) -> Vec<String> {
    let info = traces[0].info();
    let mut warnings = Vec::new();
    let differs = |field: fn(&WaveformInfo) -> &str| {
        traces
            .iter()
            .any(|trace| field(trace.info()) != field(info))
    };
    if differs(|info| &info.unit) {
        warnings.push(format!("one unit for all traces: {}", info.unit));
    }
    if differs(|info| &info.channel) {
        warnings.push("columns keep no channel labels".into());
    }
    let times = |info: &WaveformInfo| (info.sample_interval_s, info.t0_s);
    if traces
        .iter()
        .any(|trace| times(trace.info()) != times(info))
    {
        warnings.push("one time base for all traces: that of the first".into());
    }
    if traces.iter().any(|t| t.info().trigger_time_s.is_some()) {
        warnings.push("mat keeps no trigger times".into());
    }
    let (rows, columns) = (info.samples, traces.len() as u64);
    if columns > rows {
        warnings.push(format!("{columns} columns of {rows} will read as rows"));
    }
    if columns > CHANNEL_LIMIT {
        warnings.push(format!("{columns} columns will read as segments"));
    }
    warnings
}

/// Writes the variables that give the time base.
fn numbers(out: &mut Sink, info: &WaveformInfo, warnings: &mut Vec<String>) -> Result<(), Error> {
    let mut values = vec![("recordLength", info.samples as f64)];
    match info.sample_interval_s {
        Some(dt) => {
            values.push(("sampleInterval", dt));
            values.push(("zeroIndex", 0.0 - info.t0_s / dt));
        }
        None => {
            warnings.push("no sample interval is known; none is written".into());
            values.push(("Tstart", info.t0_s));
        }
    }
    for (name, value) in values {
        variable(out, (name, DOUBLE_CLASS, [1, 1]), (DOUBLE, 8))?;
        out.put(&value.to_le_bytes())?;
    }
    Ok(())
}

/// Writes everything of a variable up to its payload: name, class and dimensions; type and
/// bytes of the payload.
fn variable(
    out: &mut Sink,
    (name, class, dimensions): (&str, u32, [u32; 2]),
    (kind, size): (u32, u32),
) -> Result<(), Error> {
    let padded_name = name.len().next_multiple_of(8);
    let total = 48 + padded_name as u32 + size.next_multiple_of(8);
    for word in [MATRIX, total, UINT32, 8, class, 0, INT32, 8] {
        out.put(&word.to_le_bytes())?;
    }
    for word in [dimensions[0], dimensions[1], INT8, name.len() as u32] {
        out.put(&word.to_le_bytes())?;
    }
    out.put(name.as_bytes())?;
    pad(out, name.len() as u64)?;
    out.put(&kind.to_le_bytes())?;
    out.put(&size.to_le_bytes())
}

fn pad(out: &mut Sink, size: u64) -> Result<(), Error> {
    let missing = (size.next_multiple_of(8) - size) as usize;
    out.put(&[0; 8][..missing])
}

//! Writes version AG10: 32-bit floats, one waveform for each trace.

use super::FORMAT;
use crate::Error;
use crate::bin_family::WAVEFORM_HEADER;
use crate::write::{Sink, for_each_block, put_text};
use etalon_types::{WaveformInfo, WaveformSource};

/// Writes all traces; returns what the format could not hold.
pub(crate) fn write(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let total = traces.iter().fold(12_u64, |sum, trace| {
        sum.saturating_add(WAVEFORM_HEADER + 12)
            .saturating_add(4 * trace.info().samples)
    });
    let limit = u64::from(u32::MAX);
    let Ok(size) = u32::try_from(total) else {
        let field = "file size in bytes".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit,
            found: total,
        });
    };
    out.put(b"AG10")?;
    out.put(&size.to_le_bytes())?;
    out.put(&(traces.len() as u32).to_le_bytes())?;
    let segmented = traces.iter().any(|trace| trace.info().segment > 0);
    for trace in traces {
        header(out, trace.info(), segmented, &mut warnings)?;
        for_each_block(*trace, |block| {
            block
                .iter()
                .try_for_each(|&x| out.put(&(x as f32).to_le_bytes()))
        })?;
    }
    Ok(warnings)
}

/// Writes a waveform header and its one buffer header. The counts fit 32 bits: the caller has
/// checked the whole file's size.
fn header(
    out: &mut Sink,
    info: &WaveformInfo,
    segmented: bool,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let unit = match info.unit.as_str() {
        "V" => 1_u32,
        "s" => 2,
        "A" => 4,
        "dB" => 5,
        "Hz" => 6,
        "" => 0,
        other => {
            warnings.push(format!("the format has no code for the unit {other}"));
            0
        }
    };
    if info.sample_interval_s.is_none() {
        warnings.push("no sample interval is known; 0 is written".into());
    }
    let step_s = info.sample_interval_s.unwrap_or(0.0);
    let segment = if segmented {
        info.segment as u32 + 1
    } else {
        0
    };
    for word in [WAVEFORM_HEADER as u32, 1, 1, info.samples as u32, 0] {
        out.put(&word.to_le_bytes())?;
    }
    out.put(&((step_s * info.samples as f64) as f32).to_le_bytes())?;
    for value in [info.t0_s, step_s, info.t0_s] {
        out.put(&value.to_le_bytes())?;
    }
    out.put(&2_u32.to_le_bytes())?;
    out.put(&unit.to_le_bytes())?;
    for (text, width) in [("", 16), ("", 16), ("", 24), (info.channel.as_str(), 16)] {
        put_text(out, text, width)?;
    }
    out.put(&info.trigger_time_s.unwrap_or(0.0).to_le_bytes())?;
    out.put(&segment.to_le_bytes())?;
    out.put(&12_u32.to_le_bytes())?;
    out.put(&1_u16.to_le_bytes())?;
    out.put(&4_u16.to_le_bytes())?;
    out.put(&(4 * info.samples as u32).to_le_bytes())
}

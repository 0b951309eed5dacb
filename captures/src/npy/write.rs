//! Writes version 1.0, little-endian 32-bit floats, C order.

use super::FORMAT;
use crate::Error;
use crate::write::{Sink, equal_lengths, for_each_block};
use etalon_types::WaveformSource;

/// Writes one trace as a vector, several as rows; returns what the format could not hold.
pub(crate) fn write(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<Vec<String>, Error> {
    equal_lengths(FORMAT, traces)?;
    let info = traces[0].info();
    let (rows, samples) = (traces.len(), info.samples);
    let mut warnings = Vec::new();
    let shape = if rows == 1 {
        format!("({samples},)")
    } else {
        format!("({rows}, {samples})")
    };
    if rows as u64 > samples {
        warnings.push(format!(
            "{rows} rows of {samples} samples will read as columns"
        ));
    }
    let dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // The samples begin at a multiple of 64 bytes, and the header ends with a line feed.
    let length = (10 + dictionary.len() + 1).next_multiple_of(64) - 10;
    out.put(b"\x93NUMPY\x01\x00")?;
    out.put(&(length as u16).to_le_bytes())?;
    out.put(format!("{dictionary:<width$}\n", width = length - 1).as_bytes())?;
    for trace in traces {
        for_each_block(*trace, |block| {
            block
                .iter()
                .try_for_each(|&x| out.put(&(x as f32).to_le_bytes()))
        })?;
    }
    if info.sample_interval_s.is_some() || info.t0_s != 0.0 {
        warnings.push("npy keeps no time base".into());
    }
    if !info.unit.is_empty() {
        warnings.push("npy keeps no unit".into());
    }
    Ok(warnings)
}

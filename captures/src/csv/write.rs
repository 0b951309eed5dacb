//! Writes comma-separated text with one header line that names units.

use super::{FORMAT, units};
use crate::Error;
use crate::write::{Sink, equal_lengths};
use etalon_types::{Storage, WaveformInfo, WaveformSource};

/// Writes a time column, where a sample interval is known, and one column for each trace.
pub(crate) fn write(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<Vec<String>, Error> {
    equal_lengths(FORMAT, traces)?;
    let info = traces[0].info();
    let mut warnings = Vec::new();
    let mut header: Vec<String> = Vec::new();
    if info.sample_interval_s.is_some() {
        header.push("Time (s)".into());
    }
    header.extend(traces.iter().map(|trace| title(trace.info(), traces.len())));
    if info.sample_interval_s.is_none() && info.t0_s != 0.0 {
        warnings.push("without a sample interval the first time is not written".into());
    }
    if info.sample_interval_s.is_some() && info.samples == 1 {
        warnings.push("the interval of a single sample is not written".into());
    }
    out.put(header.join(",").as_bytes())?;
    out.put(b"\n")?;
    rows(out, traces)?;
    Ok(warnings)
}

/// Column title such as `Power (W)`; with several traces the channel's name leads.
fn title(info: &WaveformInfo, traces: usize) -> String {
    let quantity = match info.unit.as_str() {
        "W" | "mW" | "uW" | "dBm" => "Power",
        "V" | "mV" | "uV" => "Voltage",
        "A" | "mA" => "Current",
        _ => "Value",
    };
    // Separators in a name would make two columns of it, and other characters that part names
    // from units would hide the unit.
    let plain = |text: &str| text.replace([',', ';', '\t', '\n', '\r', '(', ')', '"'], " ");
    let channel = plain(&info.channel);
    let numbered = channel.trim().parse::<u32>().is_ok() || units::names_time(&channel);
    let name = match (traces, numbered) {
        (1, true) => quantity.to_string(),
        (_, true) => format!("CH{}", channel.trim()),
        (_, false) => channel.trim().to_string(),
    };
    let unit = plain(&info.unit);
    if unit.trim().is_empty() {
        name
    } else {
        format!("{name} ({})", unit.trim())
    }
}

fn rows(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<(), Error> {
    let info = traces[0].info();
    let mut blocks = vec![vec![0.0; crate::stats::BLOCK]; traces.len()];
    let (total, mut done) = (info.samples, 0);
    let mut line = String::new();
    while done < total {
        let wanted = total.saturating_sub(done).min(crate::stats::BLOCK as u64) as usize;
        for (trace, block) in traces.iter().zip(&mut blocks) {
            let mut got = 0;
            while got < wanted {
                let more = trace.read_at(done + got as u64, &mut block[got..wanted])?;
                if more == 0 {
                    return Err(crate::stats::ended_early(done + got as u64, total).into());
                }
                got += more;
            }
        }
        for k in 0..wanted {
            line.clear();
            if let Some(step_s) = info.sample_interval_s {
                push(
                    &mut line,
                    info.t0_s + step_s * (done + k as u64) as f64,
                    Storage::F64,
                );
                line.push(',');
            }
            for (trace, block) in traces.iter().zip(&blocks) {
                push(&mut line, block[k], storage_of(trace.info()));
                line.push(',');
            }
            line.pop();
            line.push('\n');
            out.put(line.as_bytes())?;
        }
        done += wanted as u64;
    }
    Ok(())
}

/// Scaled integers and scaled floats need all digits; bare 32-bit floats need theirs.
fn storage_of(info: &WaveformInfo) -> Storage {
    let bare = info.scale == 1.0 && info.offset == 0.0;
    if bare && info.storage == Storage::F32 {
        Storage::F32
    } else {
        Storage::F64
    }
}

/// Prints the shortest digits that read back as the same number.
fn push(line: &mut String, value: f64, storage: Storage) {
    use std::fmt::Write;
    let plain = value == 0.0 || (1e-4..1e9).contains(&value.abs()) || !value.is_finite();
    // Writing to a string does not fail.
    let _ = match (storage, plain) {
        (Storage::F32, true) => write!(line, "{}", value as f32),
        (Storage::F32, false) => write!(line, "{:e}", value as f32),
        (_, true) => write!(line, "{value}"),
        (_, false) => write!(line, "{value:e}"),
    };
}

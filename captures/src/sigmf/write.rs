//! Writes a recording: the samples first, then the metadata that make it one.

use super::{DATA, META};
use crate::Error;
use crate::write::{Sink, Written, for_each_block, whole_file};
use etalon_types::{Storage, WaveformSource};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Samples of each channel that are interleaved at a time.
const BLOCK: usize = 4096;

/// Writes `NAME.sigmf-data` and `NAME.sigmf-meta`, whichever of them (or bare `NAME`) `path` is.
pub(crate) fn write(path: &Path, traces: &[&dyn WaveformSource]) -> Result<Written, Error> {
    let (text, mut warnings) = metadata(traces)?;
    let channels = channels(traces);
    let data = whole_file(&beside(path, DATA)?, |out| {
        for group in traces.chunks(channels) {
            samples(out, group, kind(traces))?;
        }
        Ok(Vec::new())
    })?;
    let meta = whole_file(&beside(path, META)?, |out| {
        out.put(format!("{text:#}\n").as_bytes())?;
        Ok(Vec::new())
    })?;
    warnings.push(format!(
        "two files: {}",
        [DATA, META].map(|end| format!("*{end}")).join(" and ")
    ));
    Ok(Written {
        bytes: data.bytes + meta.bytes,
        warnings,
    })
}

fn beside(path: &Path, end: &str) -> Result<PathBuf, Error> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(Error::Io {
            path: path.into(),
            source: std::io::ErrorKind::InvalidFilename.into(),
        });
    };
    let stem = name
        .strip_suffix(META)
        .or_else(|| name.strip_suffix(DATA))
        .unwrap_or(name);
    Ok(path.with_file_name(format!("{stem}{end}")))
}

/// Traces of the first segment: the channels of every segment.
fn channels(traces: &[&dyn WaveformSource]) -> usize {
    let first = traces[0].info().segment;
    let same = traces.iter().take_while(|t| t.info().segment == first);
    same.count()
}

/// Returns `core:datatype`: integers as they are, scaled ones as floats.
fn kind(traces: &[&dyn WaveformSource]) -> &'static str {
    let plain = |storage: Storage| {
        traces.iter().all(|trace| {
            let info = trace.info();
            info.storage == storage && info.scale == 1.0 && info.offset == 0.0
        })
    };
    for (storage, kind) in [
        (Storage::I8, "ri8"),
        (Storage::U8, "ru8"),
        (Storage::I16, "ri16_le"),
        (Storage::U16, "ru16_le"),
        (Storage::F32, "rf32_le"),
    ] {
        if plain(storage) {
            return kind;
        }
    }
    let wide = |t: &&dyn WaveformSource| matches!(t.info().storage, Storage::F64 | Storage::I32);
    if traces.iter().any(wide) {
        "rf64_le"
    } else {
        "rf32_le"
    }
}

/// Makes the metadata; refuses traces that are not channels by segments.
fn metadata(traces: &[&dyn WaveformSource]) -> Result<(Value, Vec<String>), Error> {
    let refuse = |found: &str| {
        let hint = "write a recording for each, or keysight-bin";
        Error::unsupported("SigMF", found, hint)
    };
    let first = traces[0].info();
    let channels = channels(traces);
    let mut warnings = Vec::new();
    let mut captures = Vec::new();
    let mut start = 0_u64;
    for group in traces.chunks(channels) {
        let info = group[0].info();
        let labels = |trace: &&dyn WaveformSource| trace.info().channel.clone();
        let even = group.len() == channels
            && group
                .iter()
                .all(|t| t.info().samples == info.samples && t.info().segment == info.segment);
        if !even
            || !group
                .iter()
                .map(labels)
                .eq(traces[..channels].iter().map(labels))
        {
            return Err(refuse(
                "traces that are not the same channels in each segment",
            ));
        }
        if group.iter().any(|t| t.info().t0_s != info.t0_s) {
            warnings.push("one start for all channels of a segment: the first's".into());
        }
        let mut capture = json!({"core:sample_start": start, "etalon:start_s": info.t0_s});
        if let Some(trigger_s) = info.trigger_time_s {
            capture["etalon:trigger_s"] = json!(trigger_s);
        }
        captures.push(capture);
        start = start.saturating_add(info.samples);
    }
    if traces
        .iter()
        .any(|t| t.info().sample_interval_s != first.sample_interval_s)
    {
        return Err(refuse("traces that differ in sample rate"));
    }
    if traces.iter().any(|t| t.info().unit != first.unit) {
        warnings.push(format!("one unit for all traces: {}", first.unit));
    }
    let labels: Vec<&str> = traces[..channels]
        .iter()
        .map(|t| &*t.info().channel)
        .collect();
    let mut global = json!({
        "core:version": "1.2.0",
        "core:datatype": kind(traces),
        "core:num_channels": channels,
        "core:extensions": [{"name": "etalon", "version": "1.0.0", "optional": true}],
        "etalon:unit": first.unit,
        "etalon:channels": labels,
    });
    match first.sample_interval_s {
        Some(dt) => global["core:sample_rate"] = json!(1.0 / dt),
        None => warnings.push("no sample interval is known; none is written".into()),
    }
    let text = json!({"global": global, "captures": captures, "annotations": []});
    Ok((text, warnings))
}

/// Writes one segment, its channels interleaved.
fn samples(out: &mut Sink, group: &[&dyn WaveformSource], kind: &str) -> Result<(), Error> {
    if let [one] = group {
        return for_each_block(*one, |block| {
            block.iter().try_for_each(|&x| put(out, kind, x))
        });
    }
    let total = group[0].info().samples;
    let mut blocks = vec![vec![0.0; BLOCK]; group.len()];
    let mut done = 0;
    while done < total {
        let wanted = BLOCK.min(usize::try_from(total - done).unwrap_or(BLOCK));
        for (trace, block) in group.iter().zip(&mut blocks) {
            // A source may give less than asked for before its end.
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
            for block in &blocks {
                put(out, kind, block[k])?;
            }
        }
        done += wanted as u64;
    }
    Ok(())
}

/// Writes one value. Integers come back from `f64` as they went in.
fn put(out: &mut Sink, kind: &str, x: f64) -> Result<(), Error> {
    match kind {
        "ri8" => out.put(&(x as i8).to_le_bytes()),
        "ru8" => out.put(&(x as u8).to_le_bytes()),
        "ri16_le" => out.put(&(x as i16).to_le_bytes()),
        "ru16_le" => out.put(&(x as u16).to_le_bytes()),
        "rf32_le" => out.put(&(x as f32).to_le_bytes()),
        _ => out.put(&x.to_le_bytes()),
    }
}

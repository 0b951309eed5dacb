//! Where the blocks lie in a `.wvf`.

use super::FORMAT;
use super::header::{DataFormat, Header, Section, Word};
use crate::Error;
use crate::bytes::Bytes;
use crate::trace::{Cell, Stored, Trace, bare_info};
use etalon_types::WaveformInfo;

/// Histories of real instruments have some thousands of blocks.
const TRACE_LIMIT: u64 = 65_536;

/// One trace of a group.
struct Line {
    info: WaveformInfo,
    cell: Cell,
    /// Bytes of one block.
    size: u64,
    over_time: bool,
}

struct Group {
    lines: Vec<Line>,
    blocks: u64,
    /// Bytes of all its blocks.
    size: u64,
    /// Seconds after the first trigger, for each block, when all are told.
    triggers: Vec<f64>,
}

/// Describes every block of every trace.
pub(super) fn traces(
    header: &Header,
    samples: &Bytes,
    warnings: &mut Vec<String>,
) -> Result<Vec<Trace>, Error> {
    let mut groups = Vec::new();
    let (mut end, mut count, mut logic) = (header.data_offset, 0_u64, false);
    for section in &header.groups {
        let group = group(section)?;
        logic |= group.lines.iter().any(|line| line.info.unit == "logic");
        end = end.saturating_add(group.size);
        count = count.saturating_add(group.blocks.saturating_mul(group.lines.len() as u64));
        groups.push(group);
    }
    fits(samples, end, logic, warnings)?;
    if count > TRACE_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "traces times blocks".into(),
            limit: TRACE_LIMIT,
            found: count,
        });
    }
    let mut traces = Vec::new();
    let mut start = header.data_offset;
    for (number, group) in groups.iter().enumerate() {
        // The check above bounds every sum here by the file's size.
        let per_block: u64 = group.lines.iter().map(|line| line.size).sum();
        let mut before = 0;
        for line in &group.lines {
            for block in 0..group.blocks {
                let first_byte = match header.data_format {
                    DataFormat::Trace => start + before * group.blocks + block * line.size,
                    DataFormat::Block => start + block * per_block + before,
                };
                if !line.over_time {
                    continue;
                }
                let mut info = line.info.clone();
                if number > 0 && header.groups.len() > 1 {
                    info.channel += &format!(" (group {})", number + 1);
                }
                info.segment = block as usize;
                info.trigger_time_s = group.triggers.get(block as usize).copied();
                let stored = Stored {
                    bytes: samples.clone(),
                    first_byte,
                    stride: line.cell.width(),
                    cell: line.cell,
                    order: header.order,
                };
                traces.push(Trace::stored(info, stored));
            }
            if !line.over_time {
                let name = &line.info.channel;
                warnings.push(format!("{name} is not over time and is left out"));
            }
            before += line.size;
        }
        start += group.size;
    }
    Ok(traces)
}

/// Holds the announced bytes against the file.
fn fits(samples: &Bytes, end: u64, logic: bool, warnings: &mut Vec<String>) -> Result<(), Error> {
    let stem = samples.path().file_stem().unwrap_or_default();
    let next = format!("{}_2.wvf", stem.to_string_lossy());
    let goes_on = samples.sibling(FORMAT, &next).is_ok();
    if end > samples.len() && goes_on {
        return Err(Error::unsupported(
            "Yokogawa .wvf",
            format!(
                "the header tells of {end} bytes, this file has {} and goes on in `{next}`",
                samples.len()
            ),
            "split recordings are not read: save fewer samples or blocks to a file",
        ));
    }
    samples.require(FORMAT, "samples", 0, end)?;
    let left = samples.len() - end;
    if left > 0 && logic {
        return Err(Error::unsupported(
            "Yokogawa .wvf",
            format!(
                "{left} bytes are left over, so that the width of its logic traces is not known"
            ),
            "save the analog traces alone",
        ));
    }
    if left > 0 {
        warnings.push(format!("{left} bytes after the last block are left out"));
    }
    Ok(())
}

fn group(section: &Section) -> Result<Group, Error> {
    let traces = section.word("TraceNumber", 0)?;
    let told = traces.count("TraceNumber")?;
    let named = section.all("VDataType").len() as u64;
    if told == 0 || told != named {
        let expected = format!("{named}, the number of data types, and not 0");
        return Err(traces.refuse("TraceNumber", expected));
    }
    let blocks = section.word("BlockNumber", 0)?;
    let count = blocks.count("BlockNumber")?;
    if count == 0 {
        return Err(blocks.refuse("BlockNumber", "at least one block"));
    }
    let mut lines = Vec::new();
    let mut size = 0_u64;
    for index in 0..named as usize {
        let line = line(section, index)?;
        size = size.saturating_add(line.size.saturating_mul(count));
        lines.push(line);
    }
    // Times are looked up for as many blocks as there are lines of them, whatever the count.
    let times = (1..=count).map_while(|block| trigger(section, block));
    let times: Vec<(String, f64)> = times.collect();
    let first = times.first().cloned();
    let triggers = match first {
        Some((date, start_s))
            if times.len() as u64 == count && times.iter().all(|time| time.0 == date) =>
        {
            times.iter().map(|time| time.1 - start_s).collect()
        }
        _ => Vec::new(),
    };
    Ok(Group {
        lines,
        blocks: count,
        size,
        triggers,
    })
}

/// Date and seconds of the day of a block's trigger, from the first trace.
fn trigger(section: &Section, block: u64) -> Option<(String, f64)> {
    let date = section.all(&format!("Date{block}")).first()?;
    let time = section.all(&format!("Time{block}")).first()?;
    let mut parts = time.text.split(':');
    let mut seconds = 0.0;
    for scale in [3600.0, 60.0, 1.0] {
        let part: f64 = parts.next()?.parse().ok()?;
        seconds += scale * part;
    }
    let whole = parts.next().is_none() && seconds.is_finite();
    whole.then(|| (date.text.clone(), seconds))
}

fn line(section: &Section, index: usize) -> Result<Line, Error> {
    let kind = section.word("VDataType", index)?;
    let cell = cell(kind)?;
    let points = section.word("BlockSize", index)?;
    let count = points.count("BlockSize")?;
    if count == 0 {
        return Err(points.refuse("BlockSize", "at least one sample"));
    }
    let mut info = bare_info(FORMAT, count);
    let text = |key| section.all(key).get(index).map(|word| word.text.clone());
    info.channel = text("TraceName").unwrap_or_else(|| (index + 1).to_string());
    if kind.text.starts_with(['B', 'b']) {
        info.unit = "logic".into();
    } else {
        let number = |key| section.word(key, index)?.number(key);
        info.scale = number("VResolution")?.unwrap_or(1.0);
        info.offset = number("VOffset")?.unwrap_or(0.0);
        info.unit = text("VUnit").filter(|unit| unit != "?").unwrap_or_default();
    }
    let step = section.word("HResolution", index)?;
    match step.number("HResolution")? {
        Some(step_s) if step_s > 0.0 => info.sample_interval_s = Some(step_s),
        Some(_) => return Err(step.refuse("HResolution", "a time above 0")),
        None => info
            .warnings
            .push("the header does not tell the sample interval".into()),
    }
    if let Some(origin) = section.all("HOffset").get(index) {
        info.t0_s = origin.number("HOffset")?.unwrap_or(0.0);
    }
    let over_time = text("HUnit").is_none_or(|unit| matches!(unit.as_str(), "s" | "S" | "?"));
    Ok(Line {
        size: count.saturating_mul(cell.width()),
        info,
        cell,
        over_time,
    })
}

/// Maps `IS2`, `IU1`, `FS4`, `B16`, ... to an element.
fn cell(kind: &Word) -> Result<Cell, Error> {
    Ok(match kind.text.to_ascii_uppercase().as_str() {
        "IS1" => Cell::I8,
        "IU1" | "B8" => Cell::U8,
        "IS2" => Cell::I16,
        "IU2" | "B16" => Cell::U16,
        "IS4" => Cell::I32,
        "IU4" | "B32" => Cell::U32,
        "IS8" => Cell::I64,
        "IU8" => Cell::U64,
        "FS4" | "FU4" => Cell::F32,
        "FS8" | "FU8" => Cell::F64,
        _ => {
            let expected = "IS, IU or FS with 1, 2, 4 or 8 bytes, or B with 8, 16 or 32 bits";
            return Err(kind.refuse("VDataType", expected));
        }
    })
}

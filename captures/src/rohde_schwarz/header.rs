//! What the properties of a header say about the payload.

use super::xml::Props;
use crate::trace::Cell;
use crate::{ByteOrder, Error};

/// Most values that one channel has at one time: minimum and maximum, and some to spare.
const PARTS_LIMIT: u64 = 4;

/// One exported channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) scale: f64,
    pub(super) offset: f64,
    /// Values at each time: 1, or 2 of an envelope.
    pub(super) parts: u64,
}

/// How a value is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// Code at the start of the payload.
    pub(super) code: u32,
    pub(super) cell: Cell,
    pub(super) order: ByteOrder,
    /// Bytes of the time before each row's values: 8 in interleaved X/Y files.
    pub(super) time_bytes: u64,
}

/// Whether each acquisition begins with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamps {
    Absent,
    Before,
}

/// What is needed to read the payload.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) value: Value,
    /// Stored rows of an acquisition, with settling samples at both ends.
    pub(super) rows: u64,
    /// Settling samples before the record.
    pub(super) leading: u64,
    /// Samples of the record.
    pub(super) samples: u64,
    pub(super) t0_s: f64,
    pub(super) step_s: f64,
    pub(super) acquisitions: u64,
    pub(super) stamps: Stamps,
    pub(super) channels: Vec<Channel>,
}

impl Header {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let props = Props::parse(text)?;
        refuse_other_kinds(&props)?;
        let value = value(&props)?;
        let rows = props.count("SignalHardwareRecordLength")?;
        let samples = match props.find("SignalRecordLength", "Value") {
            Some(_) => props.count("SignalRecordLength")?,
            None => props.count("RecordLength")?,
        };
        let leading = props.count("LeadingSettlingSamples")?;
        if samples == 0 || leading + samples > rows {
            let expected = format!("1 to {} of {rows} stored", rows.saturating_sub(leading));
            let found = samples.to_string();
            return Err(props.refused("SignalRecordLength", &expected, &found));
        }
        let step_s = props.number("SignalResolution", "Value")?;
        if step_s <= 0.0 {
            let found = step_s.to_string();
            return Err(props.refused("SignalResolution", "a step above 0", &found));
        }
        let acquisitions = match props.find("NumberOfAcquisitions", "Value") {
            Some(_) => props.count("NumberOfAcquisitions")?,
            None => 1,
        };
        if acquisitions == 0 {
            return Err(props.refused("NumberOfAcquisitions", "at least 1", "0"));
        }
        let stamps = match is_on(props.find("TimestampState", "Value")) {
            true => Stamps::Before,
            false => Stamps::Absent,
        };
        Ok(Self {
            value,
            rows,
            leading,
            samples,
            t0_s: props.number("XStart", "Value")?,
            step_s,
            acquisitions,
            stamps,
            channels: channels(&props, value)?,
        })
    }
}

fn is_on(state: Option<&str>) -> bool {
    state.is_some_and(|state| state.ends_with("_ON"))
}

/// Digital channels store bits, and spectra are not over time.
fn refuse_other_kinds(props: &Props) -> Result<(), Error> {
    let refuse = |found: String| {
        Err(Error::unsupported(
            "Rohde & Schwarz .bin",
            found,
            "export an analog channel over time",
        ))
    };
    let source = props.find("SourceType", "Value").unwrap_or("");
    if source.contains("DIGITAL") || source.contains("MSO") {
        return refuse(format!("a digital source (`{source}`)"));
    }
    match props.find("XStart", "UnitName") {
        Some(unit) if !unit.is_empty() && unit != "s" => {
            refuse(format!("the horizontal axis is in {unit}, not in seconds"))
        }
        _ => Ok(()),
    }
}

fn value(props: &Props) -> Result<Value, Error> {
    let format = props.text("SignalFormat", "Value")?;
    // The order is meant for 16-bit values only: files of floats say MSB_FIRST and are not.
    let order = match props.find("ByteOrder", "Value") {
        Some("eRS_BYTE_ORDER_MSB_FIRST") => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let little = ByteOrder::Little;
    let (code, cell, order, time_bytes) = match format.trim_start_matches("eRS_SIGNAL_FORMAT_") {
        "INT8BIT" => (0, Cell::I8, little, 0),
        "INT16BIT" => (1, Cell::I16, order, 0),
        "FLOAT" => (4, Cell::F32, little, 0),
        "XYDOUBLEFLOAT" => (6, Cell::F32, little, 8),
        _ => {
            return Err(Error::unsupported(
                "Rohde & Schwarz .bin",
                format!(
                    "SignalFormat `{}`",
                    format.chars().take(60).collect::<String>()
                ),
                "INT8BIT, INT16BIT, FLOAT and XYDOUBLEFLOAT are read",
            ));
        }
    };
    Ok(Value {
        code,
        cell,
        order,
        time_bytes,
    })
}

/// Collects the exported channels in the order of their values.
fn channels(props: &Props, value: Value) -> Result<Vec<Channel>, Error> {
    if !is_on(props.find("MultiChannelExport", "Value")) {
        return Ok(vec![channel(props, value, "", "Value")?]);
    }
    let mut channels = Vec::new();
    for k in 0.. {
        let slot = format!("I_{k}");
        match props.find("MultiChannelExportState", &slot) {
            Some(state) if is_on(Some(state)) => {
                channels.push(channel(props, value, "MultiChannel", &slot)?);
            }
            Some(_) => {}
            None => break,
        }
    }
    if channels.is_empty() {
        let expected = "at least one channel that is on";
        return Err(props.refused("MultiChannelExportState", expected, "none"));
    }
    Ok(channels)
}

/// Cuts a name that every trace will hold: a header could make it megabytes long.
fn short(name: &str) -> String {
    name.chars().take(32).collect()
}

/// Reads the settings of one channel: plain properties, or a slot of those of all channels.
fn channel(props: &Props, value: Value, prefix: &str, slot: &str) -> Result<Channel, Error> {
    let named = |name: &str| format!("{prefix}{name}");
    let source = props.find(&named("Source"), slot).unwrap_or("");
    let name = source.trim_start_matches("eRS_SIGNAL_SOURCE_");
    let name = name.strip_suffix("_TR1").unwrap_or(name);
    let unit = if prefix.is_empty() {
        "BaseUnit"
    } else {
        "MultiChannelViewUnit"
    };
    let unit = props.find(unit, slot).unwrap_or("");
    let unit = unit
        .trim_start_matches("eRS_UNIT_")
        .trim_start_matches("LEVEL_");
    let trace_count = named("InterleavedTraceCount");
    let parts = match props.find(&trace_count, slot) {
        Some(_) => props.number(&trace_count, slot)?,
        None => 1.0,
    };
    if !(1.0..=PARTS_LIMIT as f64).contains(&parts) || parts.fract() != 0.0 {
        let expected = format!("1 to {PARTS_LIMIT}");
        return Err(props.refused(&trace_count, &expected, &parts.to_string()));
    }
    let (scale, offset) = match value.cell {
        Cell::F32 => (1.0, 0.0),
        _ => {
            let per_division = props.number(&named("VerticalScale"), slot)?;
            let position = props.number(&named("VerticalPosition"), slot)?;
            let offset = props.number(&named("VerticalOffset"), slot)?;
            let divisions = props.number("VerticalDivisionCount", "Value")?;
            let levels = props.number("NofQuantisationLevels", "Value")?;
            if levels < 1.0 {
                let found = levels.to_string();
                return Err(props.refused("NofQuantisationLevels", "at least 1", &found));
            }
            (
                per_division * divisions / levels,
                offset - per_division * position,
            )
        }
    };
    if !(scale.is_finite() && offset.is_finite()) {
        let found = format!("{scale} and {offset}");
        return Err(props.refused(&named("VerticalScale"), "finite scale and offset", &found));
    }
    Ok(Channel {
        name: short(if name.is_empty() { "1" } else { name }),
        unit: short(if unit == "NONE" { "" } else { unit }),
        scale,
        offset,
        parts: parts as u64,
    })
}

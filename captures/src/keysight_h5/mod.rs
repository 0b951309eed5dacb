//! Keysight Infiniium waveform files (`.h5`, and `.osc` composites): HDF5 with one group for each
//! waveform.
//!
//! Layout: `/FileType/KeysightH5FileType` says `Keysight Waveform` or `Keysight Composite`;
//! `/Waveforms` has groups such as `Channel 1`, `Function 2`, `Memory 1`, each with attributes
//! (`XInc`, `XOrg`, `XUnits`, `YInc`, `YOrg`, `YUnits`, `NumPoints`, `NumSegments`, ...) and a
//! dataset `Channel 1Data`. Segmented memory has one dataset for each segment, `Channel 1
//! Seg1Data`, ..., with its own `SegmentedTimeTag` and `SegmentedXOrg`, or a table with a row for
//! each. Integers are codes: a value is `code * YInc + YOrg`. Floats are values already.
//!
//! Source: "HDF5 Schema" in the Infiniium oscilloscopes' help.
//!
//! What real files do: one of an MSO9254A (a memory, floats) is deflated as a single chunk
//! without shuffling, has `NumSegments` 0 and a `SegmentedXOrg` of 0 that means nothing, so that
//! the latter counts for segments only; its values fall on `code * YInc + YOrg` and are not to be
//! scaled again. No real file of integers or segments seen; their layout is as public readers
//! describe it. The order of names is not that of numbers (`Seg10Data` before `Seg2Data`):
//! numbers decide. Peak detection in this format was not seen and is told.
//!
//! HDF5 files that are neither this nor MATLAB's are refused with a list of their datasets.

mod contents;
mod segments;

use crate::Error;
use crate::bytes::Bytes;
use crate::hdf5::{Dataset, Datatype, File, Node, Value, signature_place};
use crate::mat;
use crate::registry::Score;
use crate::time_names::listed;
use crate::trace::{Capture, bare_info};
use etalon_types::WaveformInfo;
use segments::{Segment, segments};

const FORMAT: &str = "keysight-h5";
/// More traces than this would be mostly descriptions.
const TRACE_LIMIT: u64 = 65_536;
/// `WaveformType` of maxima and minima.
const PEAK_DETECT: f64 = 2.0;

/// Any HDF5 file: what it holds is not in its first bytes.
pub(crate) fn probe(head: &[u8]) -> Score {
    match signature_place(head) {
        Some(0) => Score::Signature,
        Some(_) => Score::Displaced,
        None => Score::No,
    }
}

/// Describes a file as traces, by the numbers in the names of channels and segments.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let file = File::open(bytes, FORMAT)?;
    let root = file.root()?;
    let Some(waveforms) = waveforms(&root)? else {
        // MATLAB's marks on its variables are enough: other software writes them without the
        // text at the start of the file.
        if mat::marked(&root)? {
            return mat::read(bytes);
        }
        return Err(contents::refusal(&root));
    };
    let mut capture = Capture {
        format: FORMAT,
        warnings: Vec::new(),
        traces: Vec::new(),
    };
    let mut left_out = Vec::new();
    let mut links = waveforms.links()?;
    links.sort_by_cached_key(|(name, _)| segments::by_number(name));
    for link in &links {
        let group = waveforms.open(link)?;
        match channel(&group, &mut capture)? {
            Outcome::Read => {}
            Outcome::LeftOut(reason) => left_out.push(format!("`{}` ({reason})", link.0)),
        }
        let found = capture.traces.len() as u64;
        if found > TRACE_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "traces".into(),
                limit: TRACE_LIMIT,
                found,
            });
        }
    }
    if !left_out.is_empty() {
        let text = format!("left out: {}", listed(&left_out));
        capture.warnings.push(text);
    }
    if capture.traces.is_empty() {
        let found = match capture.warnings.first() {
            Some(warning) => format!("no waveform over time ({warning:.300})"),
            None => "no waveform".into(),
        };
        let hint = "save a channel or a time-domain function";
        return Err(Error::unsupported("Keysight .h5", found, hint));
    }
    Ok(capture)
}

/// Finds the group that has the waveforms: `/Waveforms`, or the root itself where its groups have
/// a time base.
fn waveforms<'a>(root: &Node<'a>) -> Result<Option<Node<'a>>, Error> {
    if let Some(group) = root.child("Waveforms")?
        && (root.child("FileType")?.is_some() || timed(&group)?)
    {
        return Ok(Some(group));
    }
    if timed(root)? {
        return root.again().map(Some);
    }
    Ok(None)
}

/// Says whether a group has groups with a time base.
fn timed(group: &Node) -> Result<bool, Error> {
    for link in group.links()? {
        // A name that cannot be one of a waveform needs no look.
        if !link.0.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let child = group.open(&link)?;
        if !child.is_dataset() && Attributes::of(&child)?.number("XInc").is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What became of a group.
enum Outcome {
    Read,
    LeftOut(String),
}

/// Attributes by name.
struct Attributes(Vec<(String, Value)>);

impl Attributes {
    fn of(node: &Node) -> Result<Self, Error> {
        node.attributes().map(Self)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(Value::number)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::text)
    }
}

/// Adds the traces of one waveform.
fn channel(group: &Node, capture: &mut Capture) -> Result<Outcome, Error> {
    if group.is_dataset() {
        return Ok(Outcome::LeftOut("a dataset without a time base".into()));
    }
    let attributes = Attributes::of(group)?;
    let over = attributes.text("XUnits").unwrap_or("Second");
    if !matches!(over, "Second" | "Seconds" | "s" | "") {
        return Ok(Outcome::LeftOut(format!("over {over}")));
    }
    let found = segments(group)?;
    if found.is_empty() {
        return Ok(Outcome::LeftOut("no samples".into()));
    }
    let segmented = found.len() > 1 || found[0].numbered;
    let first_tag = found[0].time_tag_s;
    for (number, segment) in found.iter().enumerate() {
        let mut info = describe(group, &attributes, segment)?;
        info.segment = number;
        if segmented && let (Some(tag), Some(first)) = (segment.time_tag_s, first_tag) {
            info.trigger_time_s = Some(tag - first);
        }
        capture.traces.push(segment.trace(info));
    }
    if let Some(announced) = attributes.number("NumSegments")
        && announced > 1.0
        && announced != found.len() as f64
    {
        capture.warnings.push(format!(
            "`{}`: {announced} segments are announced, {} are there",
            group.name(),
            found.len()
        ));
    }
    Ok(Outcome::Read)
}

/// Turns a waveform's attributes into a description.
fn describe(
    group: &Node,
    attributes: &Attributes,
    segment: &Segment,
) -> Result<WaveformInfo, Error> {
    let mut info = bare_info(FORMAT, segment.samples);
    info.channel = group.name().to_string();
    match attributes.number("XInc") {
        Some(step) if step.is_finite() && step > 0.0 => info.sample_interval_s = Some(step),
        step => info.warnings.push(match step {
            Some(step) => format!("the sample interval {step} is not usable"),
            None => "no sample interval is given".into(),
        }),
    }
    let origin = match segment.origin_s.filter(|_| segment.numbered) {
        Some(own) => Some(own),
        None => attributes.number("XOrg"),
    };
    match origin {
        Some(origin) if origin.is_finite() => info.t0_s = origin,
        Some(origin) => info
            .warnings
            .push(format!("the time origin {origin} is not usable")),
        None => info.warnings.push("no time origin is given".into()),
    }
    let unit = attributes.text("YUnits").unwrap_or("");
    info.unit = unit_of(unit).into();
    scale(&mut info, group, attributes, segment)?;
    match attributes.number("NumPoints") {
        Some(points) if points != segment.samples as f64 => info.warnings.push(format!(
            "{points} points are announced, {} are there",
            segment.samples
        )),
        _ => {}
    }
    if attributes.number("WaveformType") == Some(PEAK_DETECT) {
        let text = "peak detection: how maxima and minima take turns is not known";
        info.warnings.push(text.into());
    }
    Ok(info)
}

/// Integers are codes; floats are values.
fn scale(
    info: &mut WaveformInfo,
    group: &Node,
    attributes: &Attributes,
    segment: &Segment,
) -> Result<(), Error> {
    if segment.floats() {
        return Ok(());
    }
    let given = attributes.number("YInc").zip(attributes.number("YOrg"));
    let Some((step, offset)) = given else {
        // Logic has no levels.
        info.unit = String::new();
        return Ok(());
    };
    if !step.is_finite() || !offset.is_finite() || step == 0.0 {
        return Err(Error::malformed(
            FORMAT,
            group.place(),
            format!("YInc and YOrg of `{}`", group.name()),
            "finite numbers, and a step that is not 0",
            format!("{step} and {offset}"),
        ));
    }
    (info.scale, info.offset) = (step, offset);
    Ok(())
}

/// Shortens a unit; one that is not known stays as it is.
fn unit_of(name: &str) -> &str {
    match name {
        "Volt" | "Volts" => "V",
        "Watt" | "Watts" => "W",
        "Amp" | "Amps" | "Ampere" | "Amperes" => "A",
        "Second" | "Seconds" => "s",
        "Hertz" => "Hz",
        "Decibel" | "Decibels" => "dB",
        "Unknown" | "Constant" | "None" | "Unitless" => "",
        other => other,
    }
}

/// Says whether a dataset can be samples: numbers along one or two axes.
fn numeric(dataset: &Dataset) -> bool {
    let number = matches!(dataset.datatype, Datatype::Number(..));
    number && (1..=2).contains(&dataset.shape.len()) && dataset.count() > 0
}

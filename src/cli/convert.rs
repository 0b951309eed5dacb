//! `etalon convert IN OUT`: a capture in another format.

use std::path::PathBuf;

use etalon_captures::write;
use etalon_types::WaveformSource;
use etalon_types::units::Hertz;
use schemars::JsonSchema;
use serde::Serialize;

use super::capture::{self, Choice};
use super::error::{CliError, Exit};
use super::out_format::OutFormat;
use super::shell::join;
use super::talk::{Globals, print, print_json};
use super::typed::Typed;

/// Options of `convert`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Capture to read
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write; its ending chooses the format unless --to does
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Format to write
    #[arg(long, value_enum, value_name = "F")]
    to: Option<OutFormat>,
    /// Format of the capture: auto, or a name as `etalon info` prints it
    #[arg(long, value_name = "F", default_value = "auto")]
    format: String,
    /// Sample rate, for captures without a time base (56G)
    #[arg(long, value_name = "R")]
    sample_rate: Option<Typed<Hertz>>,
    /// Channel (default: all)
    #[arg(long, value_name = "C")]
    channel: Option<String>,
    /// Segment, from 0 (default: all)
    #[arg(long, value_name = "K")]
    segment: Option<usize>,
}

/// What is said below the options.
const AFTER_HELP: &str = "\
What the format cannot hold (unit, time base, trigger times) is told. OUT is whole or not there.

  etalon convert scope.wfm scope.csv
  etalon convert scope.wfm ch2.npy --channel CH2";

/// `etalon.convert/1`: what was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConvertRecord {
    /// Always `etalon.convert/1`.
    pub schema: String,
    /// Path of the capture.
    pub input: String,
    /// Format of the capture.
    pub from: String,
    /// Path that was written.
    pub out: String,
    /// Format that was written.
    pub to: String,
    /// Channels and segments.
    pub traces: usize,
    /// Samples of all of them.
    pub samples: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// What the format could not hold, and what was odd about the capture.
    pub warnings: Vec<String>,
}

/// Reads a capture and writes it in another format.
///
/// # Errors
/// Input, when it cannot be read, or the format cannot hold it; storage, when it cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let to = OutFormat::choose(args.to, &args.out)?;
    let choice = Choice {
        channel: args.channel.clone(),
        segment: args.segment,
        ..Choice::new(&args.format, args.sample_rate.as_ref().map(|r| r.value.0))?
    };
    let capture = capture::open(&args.input, &choice)?;
    let same = |a: &PathBuf, b: &PathBuf| {
        let real = |path: &PathBuf| path.canonicalize().ok();
        real(a).is_some() && real(a) == real(b)
    };
    if same(&args.input, &args.out) {
        return Err(CliError::usage(
            "ETA-2016",
            args.out.display().to_string(),
            "the capture would be written over",
            "expected another file than the one that is read",
            "choose another name for OUT",
        ));
    }
    let traces: Vec<&dyn WaveformSource> = capture.traces.iter().map(|t| t as _).collect();
    let written = write(&args.out, to.into(), &traces).map_err(|error| match error {
        etalon_captures::Error::Io { path, source } => CliError::storage(&path, &source),
        other => capture::translate(&args.out, &other),
    })?;
    let own = traces.iter().flat_map(|trace| trace.info().warnings.iter());
    let warnings = capture.warnings.iter().chain(own).chain(&written.warnings);
    let mut record = ConvertRecord {
        schema: "etalon.convert/1".into(),
        input: args.input.display().to_string(),
        from: capture.format.to_owned(),
        out: args.out.display().to_string(),
        to: etalon_captures::Format::from(to).name().to_owned(),
        traces: traces.len(),
        samples: traces.iter().map(|trace| trace.info().samples).sum(),
        bytes: written.bytes,
        warnings: warnings.cloned().collect(),
    };
    // One oddity of many segments is told once.
    record.warnings.sort();
    record.warnings.dedup();
    if globals.json {
        print_json(&record)?;
    } else {
        print(&text(&record))?;
    }
    Ok(Exit::Done)
}

fn text(record: &ConvertRecord) -> String {
    let mut lines = vec![format!(
        "{} ({}) > {} ({})",
        record.input, record.from, record.out, record.to
    )];
    lines.push(format!(
        "{} traces, {} samples, {} bytes",
        record.traces, record.samples, record.bytes
    ));
    let told = record.warnings.iter().take(12);
    lines.extend(told.map(|warning| format!("note     {warning}")));
    let words = ["etalon", "info", &record.out].map(str::to_owned);
    lines.push(format!("next: {}", join(&words)));
    lines.join("\n") + "\n"
}

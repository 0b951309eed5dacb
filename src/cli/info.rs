//! `etalon info FILE...`: what a file holds, without any signal processing.

use std::path::{Path, PathBuf};

use etalon_captures::Trace;
use etalon_types::units::{Hertz, engineering};
use etalon_types::{Storage, WaveformSource};
use schemars::JsonSchema;
use serde::Serialize;

use super::capture::{self, Choice};
use super::error::{CliError, Exit};
use super::figures::{count, cut, cut_left, quantity};
use super::screen::COLUMNS;
use super::shell::join;
use super::talk::{Globals, print, print_json};
use super::typed::Typed;

/// Rows of the table; more traces are counted, not shown.
const ROWS: usize = 18;

/// Options of `info`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Capture files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// File format: auto, or raw-i8, raw-i16, npy, csv, trc, keysight-bin, ...
    #[arg(long, value_name = "F", default_value = "auto")]
    format: String,
    /// Sample rate, for files without a time base (56G)
    #[arg(long, value_name = "R")]
    sample_rate: Option<Typed<Hertz>>,
    /// Channel (default: all)
    #[arg(long, value_name = "C")]
    channel: Option<String>,
    /// Segment, from 0 (default: all)
    #[arg(long, value_name = "K")]
    segment: Option<usize>,
}

/// `etalon.info/1`: what one channel and segment of a file holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InfoRecord {
    /// Always `etalon.info/1`.
    pub schema: String,
    /// Path as it was given.
    pub path: String,
    /// Format that was recognized.
    pub format: String,
    /// Channel label.
    pub channel: String,
    /// Segment, from 0.
    pub segment: usize,
    /// Number of samples.
    pub samples: u64,
    /// Time of the first sample in seconds.
    pub t0_s: f64,
    /// Sample interval in seconds; null when the file has no time base.
    pub sample_interval_s: Option<f64>,
    /// Vertical unit; empty when the file does not say.
    pub unit: String,
    /// Storage type of the raw samples.
    pub storage: Storage,
    /// Factor from raw to `unit`.
    pub scale: f64,
    /// Offset in `unit`.
    pub offset: f64,
    /// Smallest finite sample; null without one.
    pub min: Option<f64>,
    /// Largest finite sample; null without one.
    pub max: Option<f64>,
    /// Mean of the finite samples; null without one.
    pub mean: Option<f64>,
    /// First samples, at most five; null where a sample is not finite.
    pub first: Vec<Option<f64>>,
    /// Last samples, at most five, in order of time.
    pub last: Vec<Option<f64>>,
    /// Trigger time after the first segment's in seconds, if known.
    pub trigger_time_s: Option<f64>,
    /// What was odd but readable.
    pub warnings: Vec<String>,
}

/// Describes every trace of every file; one bad file does not stop the others.
///
/// # Errors
/// Usage, for options that make no sense for any file.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let choice = Choice {
        channel: args.channel.clone(),
        segment: args.segment,
        ..Choice::new(&args.format, args.sample_rate.as_ref().map(|r| r.value.0))?
    };
    let mut worst = Exit::Done;
    let mut records = Vec::new();
    for file in &args.files {
        match describe(file, &choice) {
            Ok(found) if globals.json => {
                for record in &found {
                    print_json(record)?;
                }
            }
            Ok(found) => records.extend(found),
            Err(error) => {
                globals.complain(&error);
                worst = worst.max(error.exit);
            }
        }
    }
    if !records.is_empty() {
        print(&table(&records, args))?;
    }
    Ok(worst)
}

fn describe(file: &Path, choice: &Choice) -> Result<Vec<InfoRecord>, CliError> {
    let capture = capture::open(file, choice)?;
    let mut records = Vec::with_capacity(capture.traces.len());
    for trace in &capture.traces {
        let mut record = record(file, trace)?;
        // What is odd about the whole file is told once, with its first trace.
        if records.is_empty() {
            record
                .warnings
                .splice(0..0, capture.warnings.iter().cloned());
        }
        records.push(record);
    }
    Ok(records)
}

fn record(file: &Path, trace: &Trace) -> Result<InfoRecord, CliError> {
    let stats = etalon_captures::stats(trace).map_err(|error| capture::cut_short(file, &error))?;
    let finite = |values: &[f64]| values.iter().map(|&v| v.is_finite().then_some(v)).collect();
    let info = trace.info();
    Ok(InfoRecord {
        schema: "etalon.info/1".into(),
        path: file.display().to_string(),
        format: info.format.clone(),
        channel: info.channel.clone(),
        segment: info.segment,
        samples: info.samples,
        t0_s: info.t0_s,
        sample_interval_s: info.sample_interval_s,
        unit: info.unit.clone(),
        storage: info.storage,
        scale: info.scale,
        offset: info.offset,
        min: Some(stats.min).filter(|v| v.is_finite()),
        max: Some(stats.max).filter(|v| v.is_finite()),
        mean: Some(stats.mean).filter(|v| v.is_finite()),
        first: finite(&stats.first),
        last: finite(&stats.last),
        trigger_time_s: info.trigger_time_s,
        warnings: info.warnings.clone(),
    })
}

fn table(records: &[InfoRecord], args: &Args) -> String {
    let mut lines = vec![format!(
        "{:<16} {:<12} {:>4} {:>3} {:>10} {:>10} {:>9} {:>9}",
        "file", "format", "ch", "seg", "samples", "rate", "min", "max"
    )];
    for record in records.iter().take(ROWS) {
        lines.push(row(record));
    }
    if records.len() > ROWS {
        lines.push(format!("{} more: use --json", records.len() - ROWS));
    }
    let warnings = records.iter().flat_map(|r| &r.warnings);
    lines.extend(warnings.take(2).map(|w| cut(&format!("! {w}"), COLUMNS)));
    lines.push(format!("next: {}", next(&records[0], args)));
    lines.join("\n") + "\n"
}

fn row(record: &InfoRecord) -> String {
    let level = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| quantity(v, &record.unit));
    let rate = record
        .sample_interval_s
        .map_or_else(|| "-".to_owned(), |dt| engineering(1.0 / dt, "S/s"));
    cut(
        &format!(
            "{:<16} {:<12} {:>4} {:>3} {:>10} {:>10} {:>9} {:>9}",
            cut_left(&record.path, 16),
            cut(&record.format, 12),
            cut(&record.channel, 4),
            record.segment,
            count(record.samples),
            rate,
            level(record.min),
            level(record.max),
        ),
        COLUMNS,
    )
}

/// `analyze` needs a time base and a symbol rate, which a file does not tell: the line shows
/// where they go, with the rate of 53 Gb/s PAM-4 where the sample rate allows it.
fn next(record: &InfoRecord, args: &Args) -> String {
    let rate_hz = record.sample_interval_s.map_or(56e9, f64::recip);
    let baud_hz = std::iter::once(26.5625e9)
        .chain(etalon_dsp::timing::STANDARD_RATES_HZ.into_iter().rev())
        .find(|&baud_hz| baud_hz <= rate_hz);
    let Some(baud_hz) = baud_hz else {
        // Too slow for any standard link: there is nothing to analyze.
        return join(&["etalon", "info", &record.path, "--json"]);
    };
    let mut words = vec!["etalon".to_owned(), "analyze".into(), record.path.clone()];
    if args.format != "auto" {
        words.extend(["--format".to_owned(), args.format.clone()]);
    }
    match (&args.sample_rate, record.sample_interval_s) {
        (Some(rate), _) => words.extend(["--sample-rate".to_owned(), rate.text.clone()]),
        (None, None) => words.extend(["--sample-rate".to_owned(), "56G".into()]),
        (None, Some(_)) => {}
    }
    words.extend(["--baud".to_owned(), format!("{}G", baud_hz / 1e9)]);
    join(&words)
}

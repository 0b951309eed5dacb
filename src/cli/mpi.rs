//! `etalon mpi FILE`: multipath interference alone.

mod screen;

use std::path::PathBuf;

use etalon_dsp::Measures;
use etalon_types::cancellation::Cancellation;
use etalon_types::report::{Input, LinkParameters, MpiPath, MpiRegime, Provenance, QualityFlag};
use etalon_types::{Figure, LinkReport};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::capture::{self, Choice};
use super::classified::rejecting;
use super::error::{CliError, Exit};
use super::figures::{Notation, cut, figure};
use super::link_options::LinkArgs;
use super::page;
use super::screen::COLUMNS;
use super::shell::join;
use super::talk::{Globals, print, print_json};
use crate::inventory::Inventory;
use crate::pipeline::{Analysis, Identity, analyze_trace};
use crate::plots::terminal::terminal_reflectogram;

/// Options of `mpi`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Capture file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Link options.
    #[command(flatten)]
    link: LinkArgs,
}

/// `etalon.mpi/1`: what a capture says of multipath interference.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MpiRecord {
    /// Always `etalon.mpi/1`.
    pub schema: String,
    /// Where the samples came from.
    pub input: Input,
    /// Modulation, rate and pattern.
    pub link: LinkParameters,
    /// Interferer power over signal power, in dB.
    pub mpi_db: Figure,
    /// Regime of the interference; null when it cannot be told.
    pub mpi_regime: Option<MpiRegime>,
    /// Exponent of the slow residual over the level powers: 0 additive, 0.5 interference, 1 gain;
    /// null when it was not looked for.
    pub mpi_exponent: Option<Figure>,
    /// Laser linewidth in hertz.
    pub linewidth_hz: Figure,
    /// Reflection pairs, strongest first.
    pub mpi_paths: Vec<MpiPath>,
    /// What taking the interference out would do; left out when none was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancellation: Vec<Cancellation>,
    /// What is odd about the capture.
    pub quality: Vec<QualityFlag>,
    /// How the record came to be.
    pub provenance: Provenance,
}

impl From<LinkReport> for MpiRecord {
    fn from(report: LinkReport) -> Self {
        Self {
            schema: "etalon.mpi/1".into(),
            input: report.input,
            link: report.link,
            mpi_db: report.estimates.mpi_db,
            mpi_regime: report.mpi_regime,
            mpi_exponent: report.mpi_exponent,
            linewidth_hz: report.estimates.linewidth_hz,
            mpi_paths: report.mpi_paths,
            cancellation: report.cancellation,
            quality: report.quality,
            provenance: report.provenance,
        }
    }
}

/// Measures the interference in every trace of the file that was chosen.
///
/// # Errors
/// Usage, for impossible options; input, for an unreadable file.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let inventory = args.link.read_inventory()?;
    let analyses = measure(args, inventory.as_ref())?;
    page::write(&analyses, inventory.as_ref(), globals)?;
    let records = analyses.iter().map(|a| MpiRecord::from(a.report.clone()));
    let records: Vec<MpiRecord> = records.collect();
    match (analyses.as_slice(), records.as_slice()) {
        (_, records) if globals.json => records.iter().try_for_each(print_json)?,
        ([analysis], [record]) => {
            let trace = analysis.traces.reflectogram.as_ref();
            let pairs = inventory.map(|i| i.pairs()).unwrap_or_default();
            let draw = trace.map(|trace| {
                |rows| terminal_reflectogram(trace, &pairs, (COLUMNS, rows), globals.charset())
            });
            print(&screen::screen(record, draw, &next(record, &args.link)))?;
        }
        (_, records) => print(&rows(records, args))?,
    }
    Ok(records.iter().map(exit).max().unwrap_or_default())
}

fn measure(args: &Args, inventory: Option<&Inventory>) -> Result<Vec<Analysis>, CliError> {
    let Args { file, link } = args;
    let mut options = link.receive_options(|path| capture::pattern(path, link))?;
    let reflectogram = options.measures.reflectogram;
    options.measures = Measures {
        mpi: true,
        reflectogram,
        eye: false,
        tdecq: false,
        cancellation: true,
    };
    let opened = capture::open(file, &Choice::of(link)?)?;
    let identity = Identity::file(file).map_err(|e| capture::unreadable(file, &e))?;
    let traces = opened.traces.par_iter();
    traces
        .map(|trace| {
            let mut analysis =
                analyze_trace(trace, &capture::with_unit(&options, trace), &identity)
                    .map_err(|error| capture::failed(file, &error, link))?;
            if let Some(inventory) = inventory {
                analysis.name_paths(inventory);
            }
            Ok(analysis)
        })
        .collect()
}

/// Interference and captures that cannot be judged are findings.
fn exit(record: &MpiRecord) -> Exit {
    let found = record
        .mpi_regime
        .is_some_and(|regime| regime != MpiRegime::None);
    if found || rejecting(&record.quality).is_some() {
        Exit::Findings
    } else {
        Exit::Done
    }
}

/// Several traces: a row each, as many as fit.
fn rows(records: &[MpiRecord], args: &Args) -> String {
    const ROWS: usize = 20;
    let mut lines: Vec<String> = records.iter().take(ROWS).map(row).collect();
    if records.len() > ROWS {
        lines.push(format!("{} more: use --json", records.len() - ROWS));
    }
    let mut words = vec![
        "etalon".to_owned(),
        "mpi".into(),
        args.file.display().to_string(),
    ];
    words.extend(args.link.words());
    words.push("--json".into());
    lines.push(format!("next: {}", join(&words)));
    lines.join("\n") + "\n"
}

fn row(record: &MpiRecord) -> String {
    let place = format!(
        "channel {} segment {}",
        record.input.channel, record.input.segment
    );
    let level = figure(&record.mpi_db, Notation::Decibel);
    cut(&format!("{place:<24} MPI {level}"), COLUMNS)
}

/// The command that says more of the same capture.
fn next(record: &MpiRecord, link: &LinkArgs) -> String {
    let mut words = vec![
        "etalon".to_owned(),
        "analyze".into(),
        record.input.path.clone(),
    ];
    words.extend(link.words());
    join(&words)
}

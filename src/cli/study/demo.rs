//! `etalon study demo`: the demo over many seeds and every kind of fault.
//!
//! Trial `i` breaks the bench by the `i mod 4`-th of `mpi`, `bandwidth`, `low-power`, `none`,
//! with seed `first + i`. Each finished trial is a record of a journal in the state directory; a
//! study that was interrupted goes on behind the last one.

use std::collections::BTreeMap;

use etalon_types::FaultKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::demo::{of_demo, of_store};
use super::super::error::{CliError, Exit};
use super::super::talk::{Globals, print, print_json};
use super::harness::cpu;
use crate::apply::now_s;
use crate::bench::Break;
use crate::demo::{DemoRecord, Plan, ReroutedState, run as run_demo};
use crate::store::{Durability, Journal, Patience, StateDir};

/// Options of `study demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many trials
    #[arg(long, default_value_t = 100, value_name = "N")]
    trials: u64,
}

/// One trial (`etalon.study-demo-trial/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// Always `etalon.study-demo-trial/1`.
    pub schema: String,
    /// Seed of the bench.
    pub seed: u64,
    /// What was broken.
    pub kind: FaultKind,
    /// What was named.
    pub named: FaultKind,
    /// Whether the link was named rightly.
    pub link_right: bool,
    /// Estimated less true level of the interference in dB, for `mpi`.
    pub mpi_error_db: Option<f64>,
    /// Whether anything was called restored.
    pub restored: bool,
    /// Services that were degraded, and how many of them were measured good after a move.
    pub services: (usize, usize),
    /// Services that were called restored without a measured bit error ratio: has to be 0.
    pub unmeasured: usize,
    /// Alarms raised.
    pub alarms: usize,
    /// Whether the truth had the hash that was shown before.
    pub seal: bool,
    /// How the agents' task ended.
    pub outcome: String,
    /// Seconds for the trial.
    pub seconds: f64,
}

/// What the trials came to (`etalon.study-demo/1`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StudyRecord {
    /// Always `etalon.study-demo/1`.
    pub schema: String,
    /// Version of etalon.
    pub version: String,
    /// The processor.
    pub cpu: String,
    /// Seed of the first trial; the others follow it.
    pub first_seed: u64,
    /// Trials.
    pub trials: usize,
    /// Trials with the kind named rightly: count, share, and its Clopper-Pearson 95 % interval.
    pub named_rightly: Share,
    /// Trials with the link named rightly, among those with a fault.
    pub link_right: Share,
    /// Trials with the level within 1 dB, among `mpi`.
    pub level_within_1_db: Share,
    /// Trials in which every degraded service was restored, among those with a fault.
    pub restored: Share,
    /// Trials that raised an alarm, among `none`.
    pub false_alarms: Share,
    /// Services called restored without a measurement, over all trials.
    pub unmeasured_restored: usize,
    /// Named kinds by true kind.
    pub confusion: BTreeMap<String, BTreeMap<String, usize>>,
}

/// A share with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Share {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Lower end of the Clopper-Pearson 95 % interval of the share.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Runs the trials that are not recorded yet, and prints all of them and a summary.
///
/// # Errors
/// Storage, when the state cannot be written; a defect, when a trial comes to no end.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let state = globals
        .state
        .clone()
        .unwrap_or_else(|| "etalon-study-demo".into());
    StateDir::open(&state).map_err(|e| of_store(&e))?;
    let path = state.join("study-demo.jsonl");
    let mut journal =
        Journal::open(&path, Durability::EachAppend, Patience::None).map_err(|e| of_store(&e))?;
    let mut known = BTreeMap::new();
    for record in journal.records().map_err(|e| of_store(&e))? {
        let record = record.map_err(|e| of_store(&e))?;
        if let Ok(trial) = serde_json::from_value::<TrialRecord>(record.data) {
            known.insert((trial.seed, trial.kind), trial);
        }
    }
    let first = globals.seed.unwrap_or(1);
    let mut trials = Vec::new();
    for at in 0..args.trials {
        let (seed, how) = (first + at, Break::KINDS[(at % 4) as usize]);
        let kind = how.kind().unwrap_or(FaultKind::Unknown);
        let trial = match known.remove(&(seed, kind)) {
            Some(trial) => trial,
            None => {
                let trial = one(seed, how, &state)?;
                let time = etalon_diagnosis::gate::rfc3339(now_s());
                journal
                    .append(&time, "trial", &trial)
                    .map_err(|e| of_store(&e))?;
                trial
            }
        };
        print_json(&trial)?;
        trials.push(trial);
    }
    let summary = summarize(&trials);
    if globals.json {
        print_json(&summary)?;
    } else {
        // Maps, numbers and texts: it always serializes.
        print(&(serde_json::to_string_pretty(&summary).unwrap_or_default() + "\n"))?;
    }
    let clean = summary.unmeasured_restored == 0
        && summary.named_rightly.count * 100 >= 95 * summary.trials;
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// Runs one trial, its state in a folder of its own.
fn one(seed: u64, how: Break, state: &std::path::Path) -> Result<TrialRecord, CliError> {
    let began = std::time::Instant::now();
    let plan = Plan {
        seed,
        how,
        switch_fault: None,
    };
    let folder = state.join("trial");
    let demo = run_demo(&plan, &folder, Box::new(|_| {})).map_err(|e| of_demo(&e))?;
    // Alarms and audits of a trial are not kept: the journal of the study is what counts.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(trial(&demo.record, began.elapsed().as_secs_f64()))
}

/// Judges a record that has been compared with its truth.
fn trial(record: &DemoRecord, seconds: f64) -> TrialRecord {
    let truth_level = record.truth.as_ref().and_then(|truth| match truth.fault {
        etalon_twin::path::LinkFault::Mpi { level_db, .. } => Some(level_db),
        _ => None,
    });
    let good = |state| record.rerouted.iter().filter(move |r| r.state == state);
    let unmeasured = good(ReroutedState::Restored)
        .filter(|r| !r.ber.high().is_some_and(|high| high <= 2.4e-4))
        .count();
    TrialRecord {
        schema: "etalon.study-demo-trial/1".into(),
        seed: record.seed,
        kind: record
            .truth
            .as_ref()
            .map_or(FaultKind::Unknown, |truth| truth.kind),
        named: record.fault.kind,
        link_right: record.agreement.link,
        mpi_error_db: truth_level
            .zip(record.mpi_db.value())
            .map(|(truth, found)| found - truth),
        restored: record.restored,
        services: (record.rerouted.len(), good(ReroutedState::Restored).count()),
        unmeasured: unmeasured + usize::from(record.restored && record.rerouted.is_empty()),
        alarms: record.alarms.len(),
        seal: record.agreement.seal,
        outcome: record.outcome.clone(),
        seconds,
    }
}

fn summarize(trials: &[TrialRecord]) -> StudyRecord {
    let mut confusion: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for trial in trials {
        let row = confusion.entry(trial.kind.name().to_owned()).or_default();
        *row.entry(trial.named.name().to_owned()).or_default() += 1;
    }
    let share = |among: &dyn Fn(&TrialRecord) -> bool, right: &dyn Fn(&TrialRecord) -> bool| {
        let of = trials.iter().filter(|t| among(t)).count();
        let count = trials.iter().filter(|t| among(t) && right(t)).count();
        let (low, high) =
            etalon_dsp::measure::statistics::clopper_pearson(count as u64, of as u64, 0.95);
        Share {
            count,
            of,
            low,
            high,
        }
    };
    let faulty = |trial: &TrialRecord| trial.kind != FaultKind::Healthy;
    StudyRecord {
        schema: "etalon.study-demo/1".into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cpu: cpu(),
        first_seed: trials.first().map_or(0, |trial| trial.seed),
        trials: trials.len(),
        named_rightly: share(&|_| true, &|t| t.named == t.kind),
        link_right: share(&faulty, &|t| t.link_right),
        level_within_1_db: share(&|t| t.kind == FaultKind::Mpi, &|t| {
            t.mpi_error_db.is_some_and(|error| error.abs() <= 1.0)
        }),
        restored: share(&faulty, &|t| t.restored),
        false_alarms: share(&|t| t.kind == FaultKind::Healthy, &|t| t.alarms > 0),
        unmeasured_restored: trials.iter().map(|t| t.unmeasured).sum(),
        confusion,
    }
}

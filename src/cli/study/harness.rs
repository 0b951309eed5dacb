//! What every study shares: trials by case and seed, the journal of those that are done, shards,
//! threads, and pictures.
//!
//! A [`Study`] says which cases there are and how a trial of a seed is run; [`run`] does the rest.
//! Trials run on all threads, and each is a record of the journal as soon as it is done, so that a
//! study that was interrupted, however rudely, goes on with those that are missing. A trial is a
//! function of its case and seed alone: the order in which they end does not show in any result.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use etalon_diagnosis::gate::rfc3339;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::Shard;
use crate::cli::error::{CliError, Exit};
use crate::cli::pictures;
use crate::cli::talk::Globals;
use crate::pipeline;
use crate::plots::Scene;
use crate::store::{Durability, Journal, Patience, StateDir, StoreError, journal};

/// Where the journals are without `--state`.
const FOLDER: &str = "etalon-study";

/// Options of every study that runs through here.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Seeds (default: as many as the committed record has)
    #[arg(long, value_name = "N")]
    trials: Option<u64>,
    /// Only every N-th seed, from the I-th (1/2, 2/2)
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Write the study's pictures into this folder, as PNG and SVG
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

/// What is said below the options of every study.
const AFTER_HELP: &str = "\
Exit code 0: every requirement holds. 1: one does not. An interrupted study goes on where it
stopped. Shards of one --state may run at once; the same command without --shard sums them up.";

/// Trials by case and seed.
pub type Trials<S> = BTreeMap<(<S as Study>::Case, u64), <S as Study>::Trial>;

/// A named study.
pub trait Study: Sync {
    /// What is varied from trial to trial beside the seed.
    type Case: Copy + Ord + Send + Sync;
    /// What a trial came to, as the journal keeps it.
    type Trial: Clone + Send + Sync + Serialize + DeserializeOwned;

    /// Name on the command line, and how the journals' names begin.
    const NAME: &'static str;
    /// Seeds of the whole study.
    const TRIALS: u64;

    /// Returns every case, each with `n` when only every `n`-th seed is run of it.
    fn cases(&self) -> Vec<(Self::Case, u64)>;

    /// Returns the name of a case, as errors and records have it.
    fn case_name(&self, case: Self::Case) -> String;

    /// Runs one trial.
    ///
    /// # Errors
    /// [`Error`], when the trial comes to no end.
    fn run(&self, case: Self::Case, seed: u64) -> Result<Self::Trial, Error>;

    /// Says which trial a record is of; `None` for one of another version, which is run again.
    fn identify(&self, trial: &Self::Trial) -> Option<(Self::Case, u64)>;

    /// Prints what the trials came to.
    ///
    /// # Errors
    /// Storage, when standard output cannot be written.
    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError>
    where
        Self: Sized;

    /// Draws the pictures of the study, by name.
    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)>
    where
        Self: Sized;
}

/// Why a trial came to no end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The link could not be simulated.
    #[error(transparent)]
    Twin(#[from] etalon_twin::Error),
    /// The capture could not be analyzed.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// A canceller refused its input.
    #[error(transparent)]
    Cancel(#[from] etalon_dsp::mpi::cancel::Refusal),
}

/// Runs the trials that no journal has, draws the pictures, and prints what the trials came to.
///
/// # Errors
/// Storage, when the state cannot be written or read; a defect, when a trial comes to no end.
pub fn run<S: Study>(study: &S, args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let state = globals.state.clone().unwrap_or_else(|| FOLDER.into());
    let of_store = |path: &Path, error: &StoreError| of_store(S::NAME, path, error);
    StateDir::open(&state).map_err(|e| of_store(&state, &e))?;
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let own = state.join(journal_name(S::NAME, shard));
    let book = Journal::open(&own, Durability::EachAppend, Patience::None)
        .map_err(|e| of_store(&own, &e))?;
    let mut known = read_all(study, &state)?;
    let mut trials = Trials::<S>::new();
    let mut missing = Vec::new();
    for key in wanted(study, args.trials.unwrap_or(S::TRIALS), shard, globals) {
        match known.remove(&key) {
            Some(trial) => drop(trials.insert(key, trial)),
            None => missing.push(key),
        }
    }
    let desk = Mutex::new((book, missing.len()));
    let fresh: Result<Vec<_>, CliError> = missing
        .into_par_iter()
        .map(|(case, seed)| {
            let trial = study
                .run(case, seed)
                .map_err(|error| defect(&study.case_name(case), seed, &error))?;
            // Whoever panicked over the journal has not appended: what it holds is whole.
            let mut desk = desk.lock().unwrap_or_else(|poison| poison.into_inner());
            let (book, left) = &mut *desk;
            book.append(&rfc3339(now_s()), "trial", &trial)
                .map_err(|e| of_store(book.path(), &e))?;
            *left -= 1;
            if left.is_multiple_of(100) {
                globals.say(&format!("{left} trials left"));
            }
            Ok(((case, seed), trial))
        })
        .collect();
    trials.extend(fresh?);
    if let Some(folder) = &args.figures {
        pictures::write(folder, "--figures", &study.figures(&trials))?;
    }
    study.finish(&trials, globals)
}

/// Returns the trials of a shard, seed by seed.
fn wanted<S: Study>(study: &S, seeds: u64, shard: Shard, globals: &Globals) -> Vec<(S::Case, u64)> {
    let first = globals.seed.unwrap_or(1);
    let cases = study.cases();
    let of_seed = |at: u64| {
        let drawn = cases
            .iter()
            .filter(move |(_, every)| at.is_multiple_of(*every));
        drawn.map(move |&(case, _)| (case, first + at))
    };
    (0..seeds)
        .filter(|&at| shard.holds(at))
        .flat_map(of_seed)
        .collect()
}

/// Reads the trials of every journal of the study, the shards' included.
fn read_all<S: Study>(study: &S, state: &Path) -> Result<Trials<S>, CliError> {
    let mut trials = Trials::<S>::new();
    for path in journals(S::NAME, state)? {
        for record in journal::read(&path).map_err(|e| of_store(S::NAME, &path, &e))? {
            let record = record.map_err(|e| of_store(S::NAME, &path, &e))?;
            // Trials of another version are run again.
            if let Ok(trial) = serde_json::from_value::<S::Trial>(record.data)
                && let Some(key) = study.identify(&trial)
            {
                trials.insert(key, trial);
            }
        }
    }
    Ok(trials)
}

/// Name of the journal of a shard.
fn journal_name(stem: &str, shard: Shard) -> String {
    match shard.of {
        1 => format!("{stem}.jsonl"),
        of => format!("{stem}-{}-of-{of}.jsonl", shard.part),
    }
}

fn journals(stem: &str, state: &Path) -> Result<Vec<PathBuf>, CliError> {
    let storage = |error| CliError::storage(state, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(state).map_err(storage)? {
        let path = entry.map_err(storage)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if name.starts_with(stem) && name.ends_with(".jsonl") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn now_s() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

fn of_store(name: &str, path: &Path, error: &StoreError) -> CliError {
    CliError {
        code: "ETA-5003",
        exit: Exit::Storage,
        what: "the state could not be used".into(),
        where_: path.display().to_string(),
        why: error.to_string(),
        hint: format!("choose another folder: etalon study {name} --state other-state"),
    }
}

fn defect(case: &str, seed: u64, error: &Error) -> CliError {
    CliError {
        code: "ETA-9001",
        exit: Exit::Internal,
        what: "a trial came to no end".into(),
        where_: format!("case {case}, seed {seed}"),
        why: error.to_string(),
        hint: "report this with the seed".into(),
    }
}

/// Model name of the processor, where the system tells it.
pub(super) fn cpu() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    told.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(|| std::env::consts::ARCH.into(), |(_, name)| name.into())
}

#[cfg(test)]
mod tests;

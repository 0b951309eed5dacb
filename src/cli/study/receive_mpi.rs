//! `etalon study receive-mpi`: interference is simulated and then looked for, many times.
//!
//! A trial is a seed in one of three cases ([`trial::Case`]). Each finished trial is a record of
//! a journal in the state directory, and the same command goes on behind the last one. Shards
//! have journals of their own in the same folder; a run without `--shard` reads them all.
//!
//! On stdout: a summary and then one line a case, with the trials as columns
//! ([`record::SummaryRecord`], [`record::CaseRecord`]). That text is what `docs/validation`
//! keeps.

pub mod record;
pub mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use etalon_diagnosis::gate::rfc3339;

use crate::cli::error::{CliError, Exit};
use crate::cli::talk::{Globals, print, print_json};
use crate::store::{Durability, Journal, Patience, StateDir, StoreError, journal};
use trial::{Case, TrialRecord};

/// Where the journals are without `--state`.
const FOLDER: &str = "etalon-study";

/// How the journals' names begin.
const STEM: &str = "receive-mpi";

/// Options of `study receive-mpi`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code 0: every requirement holds. 1: one does not. An interrupted study goes on where it
stopped. Shards of one --state may run at once; the same command without --shard sums them up.")]
pub struct Args {
    /// Seeds; each is three captures: with interference, without, and too short to tell
    #[arg(long, default_value_t = 1000, value_name = "N")]
    trials: u64,
    /// Only every N-th seed, from the I-th (1/2, 2/2)
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

/// Part I of N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    part: u64,
    of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected I/N with 1 <= I <= N, found {text}");
        let (part, of) = text.split_once('/').ok_or_else(expected)?;
        let parse = |number: &str| number.parse::<u64>().map_err(|_| expected());
        let shard = Self {
            part: parse(part)?,
            of: parse(of)?,
        };
        if (1..=shard.of).contains(&shard.part) {
            Ok(shard)
        } else {
            Err(expected())
        }
    }
}

impl Shard {
    const WHOLE: Self = Self { part: 1, of: 1 };

    fn holds(self, at: u64) -> bool {
        at % self.of == self.part - 1
    }

    fn journal(self) -> String {
        match self.of {
            1 => format!("{STEM}.jsonl"),
            of => format!("{STEM}-{}-of-{of}.jsonl", self.part),
        }
    }
}

/// Trials by seed and case.
type Trials = BTreeMap<(Case, u64), TrialRecord>;

/// Runs the trials that no journal has, then prints the summary and the trials.
///
/// # Errors
/// Storage, when the state cannot be written or read; a defect, when a trial comes to no end.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let state = globals.state.clone().unwrap_or_else(|| FOLDER.into());
    StateDir::open(&state).map_err(|e| of_store(&state, &e))?;
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let own = state.join(shard.journal());
    let mut book = Journal::open(&own, Durability::EachAppend, Patience::None)
        .map_err(|e| of_store(&own, &e))?;
    let known = read_all(&state)?;
    let first = globals.seed.unwrap_or(1);
    let mut trials = Trials::new();
    for at in (0..args.trials).filter(|&at| shard.holds(at)) {
        let seed = first + at;
        for case in Case::ALL {
            let trial = match known.get(&(case, seed)) {
                Some(trial) => trial.clone(),
                None => fresh(&mut book, case, seed)?,
            };
            trials.insert((case, seed), trial);
        }
        if (at + 1) % 50 == 0 {
            globals.say(&format!("{} of {} seeds", at + 1, args.trials));
        }
    }
    finish(&trials, globals)
}

fn fresh(book: &mut Journal, case: Case, seed: u64) -> Result<TrialRecord, CliError> {
    let trial = trial::run(case, seed).map_err(|error| defect(case, seed, &error))?;
    let now_s = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    book.append(&rfc3339(now_s), "trial", &trial)
        .map_err(|e| of_store(book.path(), &e))?;
    Ok(trial)
}

/// Reads the trials of every journal of the study, the shards' included.
fn read_all(state: &Path) -> Result<Trials, CliError> {
    let mut trials = Trials::new();
    for path in journals(state)? {
        for record in journal::read(&path).map_err(|e| of_store(&path, &e))? {
            let record = record.map_err(|e| of_store(&path, &e))?;
            // Trials of another version are run again.
            if let Ok(trial) = serde_json::from_value::<TrialRecord>(record.data)
                && trial.version == env!("CARGO_PKG_VERSION")
            {
                trials.insert((trial.case, trial.seed), trial);
            }
        }
    }
    Ok(trials)
}

fn journals(state: &Path) -> Result<Vec<PathBuf>, CliError> {
    let storage = |error| CliError::storage(state, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(state).map_err(storage)? {
        let path = entry.map_err(storage)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if name.starts_with(STEM) && name.ends_with(".jsonl") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn finish(trials: &Trials, globals: &Globals) -> Result<Exit, CliError> {
    let summary = record::summarize(trials.values());
    if globals.json {
        print_json(&summary)?;
        for case in Case::ALL {
            print_json(&record::columns(case, trials.values()))?;
        }
    } else {
        print(&record::screen(&summary))?;
    }
    Ok(if summary.holds() {
        Exit::Done
    } else {
        Exit::Findings
    })
}

fn of_store(path: &Path, error: &StoreError) -> CliError {
    CliError {
        code: "ETA-5003",
        exit: Exit::Storage,
        what: "the state could not be used".into(),
        where_: path.display().to_string(),
        why: error.to_string(),
        hint: "choose another folder: etalon study receive-mpi --state other-state".into(),
    }
}

fn defect(case: Case, seed: u64, error: &trial::Error) -> CliError {
    CliError {
        code: "ETA-9001",
        exit: Exit::Internal,
        what: "a trial came to no end".into(),
        where_: format!("case {}, seed {seed}", case.name()),
        why: error.to_string(),
        hint: "report this with the seed".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prop_shards_split_the_seeds() {
        let shards: Vec<Shard> = (1..=3).map(|part| Shard { part, of: 3 }).collect();
        for at in 0..20 {
            assert_eq!(shards.iter().filter(|s| s.holds(at)).count(), 1);
            assert!(Shard::WHOLE.holds(at));
        }
        assert_eq!("2/3".parse(), Ok(shards[1]));
        for wrong in ["", "1", "0/2", "3/2", "1/0", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}

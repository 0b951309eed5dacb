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

use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::{Globals, print, print_json};
use crate::plots::Scene;
use trial::{Case, TrialRecord};

/// The study.
pub(super) struct ReceiveMpi;

impl Study for ReceiveMpi {
    type Case = Case;
    type Trial = TrialRecord;

    const NAME: &'static str = "receive-mpi";
    const TRIALS: u64 = 1000;

    fn cases(&self) -> Vec<(Case, u64)> {
        Case::ALL.map(|case| (case, 1)).to_vec()
    }

    fn case_name(&self, case: Case) -> String {
        case.name().into()
    }

    fn run(&self, case: Case, seed: u64) -> Result<TrialRecord, Error> {
        trial::run(case, seed)
    }

    fn identify(&self, trial: &TrialRecord) -> Option<(Case, u64)> {
        (trial.version == env!("CARGO_PKG_VERSION")).then_some((trial.case, trial.seed))
    }

    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError> {
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

    fn figures(&self, _: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        Vec::new()
    }
}

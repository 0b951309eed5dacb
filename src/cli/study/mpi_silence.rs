//! `etalon study mpi-silence`: what is not interference must not be reported as interference.
//!
//! Each case is a link without interference and with one nuisance, at the strength that fooled a
//! simpler estimator (mpi-methods.md, section 4). Reported is interference when a level is
//! claimed, when the regime is called incoherent or coherent, or when a path is said to be
//! interference. A path that stands still, called a fixed echo, is no such claim: an electrical
//! echo is one. [`Nuisance::Under`] is the other way round: interference of -36 dB under a tone of
//! 3 % has to keep its level.

mod picture;
mod trial;

use serde_json::json;

use super::findings::{Columns, Entry, Finding, finish};
use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::Globals;
use crate::plots::Scene;
pub use trial::{Found, Nuisance};

/// Rate with which a nuisance has to be kept silent about, and the level has to be right.
const RATE: f64 = 0.99;
/// Error of the level under a tone in dB.
const LEVEL_DB: f64 = 0.5;

/// The study.
#[derive(Clone, Copy, Debug)]
pub struct MpiSilence;

impl Study for MpiSilence {
    type Case = Nuisance;
    type Trial = Entry<Nuisance, Found>;

    const NAME: &'static str = "mpi-silence";
    const TRIALS: u64 = 100;

    fn cases(&self) -> Vec<(Nuisance, u64)> {
        Nuisance::ALL.map(|nuisance| (nuisance, 1)).to_vec()
    }

    fn case_name(&self, case: Nuisance) -> String {
        case.name().into()
    }

    fn run(&self, case: Nuisance, seed: u64) -> Result<Self::Trial, Error> {
        Ok(Entry::new(case, seed, trial::run(case, seed)?))
    }

    fn identify(&self, trial: &Self::Trial) -> Option<(Nuisance, u64)> {
        trial.key()
    }

    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError> {
        let columns = |found: &Found| -> Columns {
            vec![
                ("level_db", json!(found.level_db)),
                ("high_db", json!(found.high_db)),
                ("regime", json!(found.regime)),
                ("paths", json!(found.paths)),
                ("interference_paths", json!(found.interference_paths)),
                ("beat_significance", json!(found.beat_significance)),
            ]
        };
        finish(self, trials, findings(trials), columns, globals)
    }

    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        vec![("mpi-silence", picture::scene(trials))]
    }
}

fn results(trials: &Trials<MpiSilence>, case: Nuisance) -> impl Iterator<Item = &Found> {
    let of_case = trials.range((case, 0)..=(case, u64::MAX));
    of_case.map(|(_, entry)| &entry.result)
}

/// Holds the trials against what is required.
pub fn findings(trials: &Trials<MpiSilence>) -> Vec<Finding> {
    Nuisance::ALL
        .into_iter()
        .map(|case| {
            let found = results(trials, case);
            if case == Nuisance::Under {
                let right = |f: &Found| {
                    f.level_db
                        .is_some_and(|level| (level - trial::UNDER_DB).abs() <= LEVEL_DB)
                };
                Finding::at_least("-36 dB under a 3 % tone: in 0.5 dB", RATE, found.map(right))
            } else {
                let what = format!("silent: {}", case.words());
                Finding::at_least(what, RATE, found.map(Found::is_silent))
            }
        })
        .collect()
}

//! `etalon study mpi-cancel`: how much more interference is tolerated with a canceller.
//!
//! One path after 500 ns, ER 6 dB, thermal noise for a bit error ratio of 1e-6 without
//! interference, linewidths of 0.1, 1 and 10 MHz. A trial counts the errors of one canceller over a
//! grid of levels; the level at which the sum over all trials crosses KP4's 2.4e-4, logarithmically
//! between two of the grid, is what is tolerated. The gain is against the plain slicer on the same
//! captures, its interval from leaving out one seed after the other (the jackknife of Tukey, Ann.
//! Math. Stat. 29 (1958) 614): errors come in clusters and are not independent.
//!
//! Healthy links, without interference or with so little that it does no harm, and with noise for
//! about 2.4e-4, go through the cancellers too.

mod judged;
mod picture;
mod trial;

use serde_json::json;

use super::findings::{Columns, Entry, finish};
use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::Globals;
use crate::plots::Scene;
pub use judged::{Pooled, findings};
pub use trial::{Canceller, Case, Counted, LEVELS_DB, Link, WEAK_DB};

/// Linewidths in kilohertz.
pub const LINEWIDTHS_KHZ: [u32; 3] = [100, 1_000, 10_000];

/// The study.
#[derive(Clone, Copy, Debug)]
pub struct MpiCancel;

impl Study for MpiCancel {
    type Case = Case;
    type Trial = Entry<Case, Counted>;

    const NAME: &'static str = "mpi-cancel";
    const TRIALS: u64 = 32;

    fn cases(&self) -> Vec<(Case, u64)> {
        let mut cases = Vec::new();
        for link in [Link::Interfered, Link::Healthy, Link::Weak] {
            for linewidth_khz in LINEWIDTHS_KHZ {
                cases.extend(Canceller::ALL.map(|canceller| Case {
                    link,
                    linewidth_khz,
                    canceller,
                }));
            }
        }
        cases.into_iter().map(|case| (case, 1)).collect()
    }

    fn case_name(&self, case: Case) -> String {
        case.name()
    }

    fn run(&self, case: Case, seed: u64) -> Result<Self::Trial, Error> {
        Ok(Entry::new(case, seed, trial::run(case, seed)?))
    }

    fn identify(&self, trial: &Self::Trial) -> Option<(Case, u64)> {
        trial.key()
    }

    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError> {
        let columns = |counted: &Counted| -> Columns {
            vec![
                ("bits", json!(counted.bits)),
                ("errors", json!(counted.errors)),
                ("changed", json!(counted.changed)),
            ]
        };
        finish(self, trials, findings(trials), columns, globals)
    }

    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        vec![("mpi-cancel", picture::scene(trials))]
    }
}

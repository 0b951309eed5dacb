//! `etalon study mpi-range`: how well reflections are found, how far apart they are said to be,
//! and what is found that is not there.
//!
//! 2^20 symbols at 26.5625 GBd, ER 5 dB, SNR 18 dB; linewidth log-uniform from 0.5 to 10 MHz,
//! delay from 100 ns to 10 us, whole and fractional symbols alike. [`Case::Near`] is 5 ns, where
//! the optical phase stands still and may stand in quadrature, so that no detector sees the path
//! with more than the probability
//!
//! ```text
//! p = 1 - (2 / pi) asin(z_thr / z0),   z0 = 2 sqrt(m N var(a) / sigma^2)
//! ```
//!
//! with `z_thr` the threshold, `m` the level, `N` the symbols, `a` the square root of the power
//! and `sigma` the noise (mpi-methods.md, section 2).

mod judged;
mod picture;
mod trial;

use serde_json::{Value, json};

use super::findings::{Columns, Entry, finish};
use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::Globals;
use crate::plots::Scene;
pub use judged::findings;
pub use trial::{Case, Found};

/// Levels in dB at which a path is looked for.
pub const LEVELS_DB: [i16; 7] = [-22, -34, -44, -46, -48, -50, -52];

/// The study.
#[derive(Clone, Copy, Debug)]
pub struct MpiRange;

impl Study for MpiRange {
    type Case = Case;
    type Trial = Entry<Case, Found>;

    const NAME: &'static str = "mpi-range";
    const TRIALS: u64 = 1000;

    fn cases(&self) -> Vec<(Case, u64)> {
        let at = LEVELS_DB.map(|level_db| (Case::At(level_db), 6));
        let others = [
            (Case::Near, 1),
            (Case::Clear, 1),
            (Case::Three, 3),
            (Case::Twins, 3),
            (Case::Prbs13q, 3),
            (Case::Ssprq, 3),
            (Case::Channel, 10),
        ];
        at.into_iter().chain(others).collect()
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
        finish(self, trials, findings(trials), columns, globals)
    }

    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        vec![("mpi-range", picture::scene(trials))]
    }
}

fn columns(found: &Found) -> Columns {
    let error = |at: usize| found.errors_ui.get(at).copied().flatten();
    let mut out: Columns = vec![("false_paths", json!(found.false_paths))];
    for (at, name) in ["error_ui", "second_error_ui", "third_error_ui"]
        .into_iter()
        .enumerate()
    {
        if at < found.errors_ui.len() {
            out.push((name, json!(error(at))));
        }
    }
    if !found.errors_ui.is_empty() {
        out.push(("v", json!(found.v)));
        out.push(("level_error_db", json!(found.level_error_db)));
    }
    if let Some(p) = found.probability {
        out.push(("probability", Value::from(p)));
    }
    out
}

/// Trials of a case.
fn results(trials: &Trials<MpiRange>, case: Case) -> impl Iterator<Item = &Found> {
    let of_case = trials.range((case, 0)..=(case, u64::MAX));
    of_case.map(|(_, entry)| &entry.result)
}

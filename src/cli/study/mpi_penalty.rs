//! `etalon study mpi-penalty`: what interference costs at KP4's threshold, by theory and counted.
//!
//! For an extinction ratio, a level and a law (one path, or many paths whose beat is Gaussian)
//! the closed forms of [`theory::mpi`](etalon_twin::link::theory::mpi) give the noise at which the
//! bit error ratio reaches 2.4e-4 and with it the optical penalty. A trial simulates the link at
//! that noise and counts: the error ratio that comes out, over the slope of the theory at that
//! place, is the penalty that was counted.
//!
//! The laser is so wide (half the symbol rate) that the phases of neighbouring symbols are
//! independent and every symbol is a draw. [`Law::Gauss`] is simulated as 256 equal paths, whose
//! beat has an excess kurtosis of -0.006.
//!
//! *Assumes* fixed thresholds half way between the levels, shifted by the mean power of the
//! interferer, thermal noise, aligned polarizations.

mod picture;
mod trial;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::json;

use super::findings::{Columns, Entry, Finding, finish};
use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::Globals;
use crate::plots::Scene;
pub use trial::{Case, Counted, KP4, Law, Theory};

/// Extinction ratios in tenths of a dB.
pub const EXTINCTIONS: [u16; 4] = [35, 45, 60, 100];

/// The strongest interference in dB that is counted, by extinction ratio: 2 to 3 dB of penalty
/// for one path, 1 to 1.3 dB for many. Beyond, the floor is near and a hair of level is a dB.
const STRONGEST_DB: [(Law, [i16; 4]); 2] = [
    (Law::Single, [-30, -28, -28, -26]),
    (Law::Gauss, [-36, -34, -32, -30]),
];

/// What a counted penalty may differ from the theory beyond its interval, in dB: the tolerance of
/// the acceptance table, row 27. The theory leaves out how the interferer's own power scatters.
const TOLERANCE_DB: f64 = 0.03;

/// The study, with the theory of every case.
#[derive(Clone, Debug)]
pub struct MpiPenalty {
    theory: BTreeMap<Case, Theory>,
}

impl MpiPenalty {
    /// Solves the theory for every case.
    #[allow(clippy::new_without_default, reason = "it takes seconds")]
    pub fn new() -> Self {
        let mut cases = Vec::new();
        for (law, strongest_db) in STRONGEST_DB {
            for (extinction, last) in EXTINCTIONS.into_iter().zip(strongest_db) {
                cases.extend((-40..=last).step_by(2).map(|level_db| Case {
                    law,
                    extinction,
                    level_db,
                }));
            }
        }
        let solved = cases.into_par_iter();
        Self {
            theory: solved
                .filter_map(|case| Some((case, Theory::of(case)?)))
                .collect(),
        }
    }
}

impl Study for MpiPenalty {
    type Case = Case;
    type Trial = Entry<Case, Counted>;

    const NAME: &'static str = "mpi-penalty";
    const TRIALS: u64 = 16;

    fn cases(&self) -> Vec<(Case, u64)> {
        self.theory.keys().map(|&case| (case, 1)).collect()
    }

    fn case_name(&self, case: Case) -> String {
        case.name()
    }

    fn run(&self, case: Case, seed: u64) -> Result<Self::Trial, Error> {
        Ok(Entry::new(
            case,
            seed,
            trial::run(case, self.theory[&case].sigma, seed)?,
        ))
    }

    fn identify(&self, trial: &Self::Trial) -> Option<(Case, u64)> {
        trial.key()
    }

    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError> {
        let columns = |counted: &Counted| -> Columns {
            vec![
                ("bits", json!(counted.bits)),
                ("errors", json!(counted.errors)),
            ]
        };
        finish(
            self,
            trials,
            findings(&self.points(trials)),
            columns,
            globals,
        )
    }

    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        vec![("mpi-penalty", picture::scene(&self.points(trials)))]
    }
}

/// A penalty as it was counted, beside its theory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where.
    pub case: Case,
    /// By theory, in dB.
    pub theory_db: f64,
    /// As counted, in dB.
    pub counted_db: f64,
    /// Its 99 % interval.
    pub interval_db: (f64, f64),
}

impl MpiPenalty {
    /// Adds up the trials of every case.
    pub fn points(&self, trials: &Trials<Self>) -> Vec<Point> {
        let cases: Vec<(&Case, &Theory)> = self.theory.iter().collect();
        let point = |(&case, theory): (&Case, &Theory)| {
            let of_case = trials.range((case, 0)..=(case, u64::MAX));
            let all = of_case.fold(Counted::default(), |sum, (_, t)| sum.and(t.result));
            (all.bits > 0).then(|| trial::point(case, theory, all))?
        };
        cases.into_par_iter().filter_map(point).collect()
    }
}

/// Holds the counted penalties against the theory, and the theory against the acceptance table.
pub fn findings(points: &[Point]) -> Vec<Finding> {
    let mut out = Vec::new();
    for law in [Law::Single, Law::Gauss] {
        for extinction in EXTINCTIONS {
            let of = |p: &&Point| p.case.law == law && p.case.extinction == extinction;
            out.push(worst(law, extinction, points.iter().filter(of)));
        }
    }
    for (law, expected_db) in [(Law::Single, 0.587), (Law::Gauss, 0.805)] {
        let case = Case {
            law,
            extinction: 45,
            level_db: -35,
        };
        let found = Theory::of(case).map_or(f64::NAN, |theory| theory.penalty_db);
        out.push(Finding::judged(
            format!("{} theory (dB)", case.name()),
            found,
            (found, found),
            1,
            format!("{expected_db} within 0.03 (row 27)"),
            (found - expected_db).abs() <= 0.03,
        ));
    }
    out
}

/// The largest difference between count and theory among the points of an extinction ratio.
fn worst<'a>(
    law: Law,
    extinction: u16,
    points: impl Iterator<Item = &'a Point> + Clone,
) -> Finding {
    let n = points.clone().count();
    let off = |p: &Point| p.counted_db - p.theory_db;
    let close = |p: &Point| {
        p.interval_db.0 - TOLERANCE_DB <= p.theory_db
            && p.theory_db <= p.interval_db.1 + TOLERANCE_DB
    };
    let worst = points
        .clone()
        .max_by(|a, b| off(a).abs().total_cmp(&off(b).abs()));
    let (value, interval) = worst.map_or((0.0, (0.0, 0.0)), |p| {
        let ends = (p.interval_db.0 - p.theory_db, p.interval_db.1 - p.theory_db);
        (off(p), ends)
    });
    Finding::judged(
        format!(
            "{} ER {} dB: counted - theory (dB)",
            law.name(),
            f64::from(extinction) / 10.0
        ),
        value,
        interval,
        n,
        format!("0 within the 99 % interval and {TOLERANCE_DB} dB, at every level"),
        points.clone().all(close),
    )
}

//! `etalon study mpi-level`: how well the level is estimated, and where it is refused.
//!
//! With V = 2 pi linewidth delay and K = 2 pi linewidth T (T the capture), an estimator that
//! averages the beat's square has the relative variance 1/(4K): 2.17 / sqrt(K) dB rms. Asked is
//!
//! ```text
//! rms error <= sqrt(0.15^2 + (1.3 x 2.17 / sqrt(K))^2) dB     for V >= 0.3 and K >= 40
//! ```
//!
//! with decisions, levels of -20 to -40 dB, ER 4.5 dB, SNR 17 to 24 dB, RIN off and -138 dB/Hz.
//! Outside of that an interval or nothing at all may be claimed: see [`Case`]. Where the linewidth is
//! an estimate, so are V and K, to some 15 %: near their limits no answer is right for both sides, and
//! the careful one is taken. How often a level is told there is counted, not required.

mod picture;
mod trial;

use serde_json::json;

use super::findings::{Columns, Entry, Finding, finish};
use super::harness::{Error, Study, Trials};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::Globals;
use crate::plots::Scene;
pub use trial::{Case, FLOOR_DB, Found};

/// Rate with which what is not to be claimed has to be left unclaimed, and a level to be told.
const RATE: f64 = 0.99;

/// Share of truths that a 95 % interval has to cover.
const COVERAGE: (f64, f64) = (0.93, 0.97);

/// The study.
#[derive(Clone, Copy, Debug)]
pub struct MpiLevel;

impl Study for MpiLevel {
    type Case = Case;
    type Trial = Entry<Case, Found>;

    const NAME: &'static str = "mpi-level";
    const TRIALS: u64 = 1000;

    fn cases(&self) -> Vec<(Case, u64)> {
        vec![
            (Case::LongDelay, 1),
            (Case::ShortDelay, 3),
            (Case::Blind, 7),
            (Case::Frozen, 7),
            (Case::Between, 7),
            (Case::Clear, 5),
        ]
    }

    fn case_name(&self, case: Case) -> String {
        case.name().into()
    }

    fn run(&self, case: Case, seed: u64) -> Result<Self::Trial, Error> {
        Ok(Entry::new(case, seed, trial::run(case, seed)?))
    }

    fn identify(&self, trial: &Self::Trial) -> Option<(Case, u64)> {
        trial.key()
    }

    fn finish(&self, trials: &Trials<Self>, globals: &Globals) -> Result<Exit, CliError> {
        let columns = |found: &Found| -> Columns {
            vec![
                ("v", json!(found.v)),
                ("k", json!(found.k)),
                ("truth_db", json!(found.truth_db)),
                ("level_db", json!(found.level_db)),
                ("low_db", json!(found.low_db)),
                ("high_db", json!(found.high_db)),
            ]
        };
        finish(self, trials, findings(trials), columns, globals)
    }

    fn figures(&self, trials: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        let of = |case| results(trials, case);
        let told: Vec<&Found> = of(Case::LongDelay).chain(of(Case::ShortDelay)).collect();
        vec![
            ("mpi-level-capture", picture::over_capture(&told)),
            ("mpi-level-delay", picture::over_delay(&told)),
        ]
    }
}

fn results(trials: &Trials<MpiLevel>, case: Case) -> impl Iterator<Item = &Found> {
    let of_case = trials.range((case, 0)..=(case, u64::MAX));
    of_case.map(|(_, entry)| &entry.result)
}

/// Holds the trials against what is required.
pub fn findings(trials: &Trials<MpiLevel>) -> Vec<Finding> {
    let of = |case| results(trials, case);
    let told: Vec<&Found> = of(Case::LongDelay).chain(of(Case::ShortDelay)).collect();
    let normalised = |found: &&Found| found.normalised();
    let mut out = vec![
        Finding::rms(
            "error over allowed, V >= 0.3, K >= 40",
            told.iter().filter_map(normalised),
        ),
        Finding::at_least(
            "a level is told, linewidth given",
            RATE,
            told.iter()
                .filter(|f| f.given)
                .map(|f| f.level_db.is_some()),
        ),
        Finding::at_least(
            "a level is told, V >= 3, K >= 80, estimated",
            RATE,
            told.iter()
                .filter(|f| !f.given && f.v >= 3.0 && f.k >= 80.0)
                .map(|f| f.level_db.is_some()),
        ),
        Finding::counted(
            "a level is told, V 2 to 3 or K 40 to 80, estimated",
            told.iter()
                .filter(|f| !f.given && (f.v < 3.0 || f.k < 80.0))
                .map(|f| f.level_db.is_some()),
        ),
        Finding::within(
            "95 % interval holds the truth, V >= 3",
            COVERAGE,
            of(Case::LongDelay)
                .filter(|f| f.level_db.is_some())
                .map(Found::covers),
        ),
        Finding::at_least(
            "V < 2, linewidth unknown: not measurable",
            RATE,
            of(Case::Blind).map(|f| f.level_db.is_none()),
        ),
        Finding::at_least(
            "V < 2, linewidth unknown: a lower bound",
            RATE,
            of(Case::Blind).map(|f| f.low_db.is_some()),
        ),
        Finding::at_least(
            "V < 2, linewidth unknown: bound is below",
            0.95,
            of(Case::Blind)
                .filter(|f| f.low_db.is_some())
                .map(|f| !f.excludes()),
        ),
        Finding::at_least(
            "V < 0.1 or K < 10: not measurable",
            RATE,
            of(Case::Frozen).map(|f| f.level_db.is_none()),
        ),
        Finding::at_least(
            "V < 0.1 or K < 10: truth not excluded",
            0.95,
            of(Case::Frozen).map(|f| !f.excludes()),
        ),
        Finding::at_least(
            "between: no value, low and high",
            RATE,
            of(Case::Between).map(Found::is_interval_only),
        ),
        Finding::at_least(
            "between: truth not excluded",
            0.95,
            of(Case::Between).map(|f| !f.excludes()),
        ),
        Finding::at_least(
            format!("nothing injected: none or below {FLOOR_DB} dB"),
            RATE,
            of(Case::Clear).map(Found::is_clear),
        ),
    ];
    out.extend(bins(&told));
    out
}

/// A named part of the draws.
type Bin = (&'static str, fn(&Found) -> bool);

const BINS: [Bin; 15] = [
    ("V 0.3 to 1", |f| f.v < 1.0),
    ("V 1 to 3", |f| (1.0..3.0).contains(&f.v)),
    ("V 3 to 30", |f| (3.0..30.0).contains(&f.v)),
    ("V above 30", |f| f.v >= 30.0),
    ("K 40 to 120", |f| f.k < 120.0),
    ("K 120 to 500", |f| (120.0..500.0).contains(&f.k)),
    ("K above 500", |f| f.k >= 500.0),
    ("-20 to -27 dB", |f| f.truth_db >= Some(-27.0)),
    ("-27 to -34 dB", |f| {
        f.truth_db.is_some_and(|t| (-34.0..-27.0).contains(&t))
    }),
    ("-34 to -40 dB", |f| f.truth_db < Some(-34.0)),
    ("SNR below 20 dB", |f| f.snr_db < 20.0),
    ("RIN -138 dB/Hz", |f| f.rin_db_per_hz.is_some()),
    ("linewidth given", |f| f.given),
    ("linewidth estimated", |f| !f.given),
    ("at most 2^17 symbols", |f| f.symbols <= 1 << 17),
];

fn bins(told: &[&Found]) -> Vec<Finding> {
    BINS.iter()
        .map(|(name, holds)| {
            let inside = told.iter().filter(|found| holds(found));
            Finding::rms(
                format!("error over allowed, {name}"),
                inside.filter_map(|found| found.normalised()),
            )
        })
        .collect()
}

//! The searches against what is required of them.

use etalon_dsp::measure::statistics::{CONFIDENCE, clopper_pearson};

use super::super::findings::Finding;
use super::super::harness::Trials;
use super::{Case, Found, LEVELS_DB, MpiRange, results};

/// Rate with which a path has to be located down to [`WEAKEST_DB`].
const RATE: f64 = 0.99;
/// Weakest level in dB that has to be located at [`RATE`].
const WEAKEST_DB: i16 = -50;
/// Rate for what is weaker, V from 2 on.
const WEAKER_RATE: f64 = 0.9;
/// Weakest level in dB of which the level has to be right, where it is told.
const WEAKEST_LEVEL_DB: i16 = -46;
/// Error of the level in dB.
const LEVEL_DB: f64 = 1.0;
/// False paths a capture.
const FALSE_RATE: f64 = 1e-3;
/// Patterns that are sent over and over.
const PATTERNS: [(&str, Case); 2] = [("PRBS13Q", Case::Prbs13q), ("SSPRQ", Case::Ssprq)];
/// How near the share of 5-ns paths that are seen has to be to its theory.
const NEAR_TOLERANCE: f64 = 0.03;

/// Holds the trials against what is required.
pub fn findings(trials: &Trials<MpiRange>) -> Vec<Finding> {
    let of = |case| results(trials, case);
    let mut out = Vec::new();
    for level_db in LEVELS_DB.into_iter().filter(|&db| db >= WEAKEST_DB) {
        out.push(Finding::at_least(
            format!("{level_db} dB: delay within 0.5 UI"),
            RATE,
            of(Case::At(level_db)).map(Found::located),
        ));
    }
    out.push(Finding::at_least(
        format!("-22 to {WEAKEST_DB} dB: delay within 0.5 UI"),
        RATE,
        LEVELS_DB
            .into_iter()
            .filter(|&db| db >= WEAKEST_DB)
            .flat_map(|db| of(Case::At(db)))
            .map(Found::located),
    ));
    out.push(Finding::at_least(
        "-52 dB, V >= 2: delay within 0.5 UI",
        WEAKER_RATE,
        of(Case::At(-52)).filter(|f| f.v >= 2.0).map(Found::located),
    ));
    let told = LEVELS_DB
        .into_iter()
        .filter(|&db| db >= WEAKEST_LEVEL_DB)
        .flat_map(|db| of(Case::At(db)));
    out.push(Finding::at_least(
        "level within 1 dB, to -46 dB, where told",
        RATE,
        // K is at least 124 here: the level line allows 0.29 dB rms.
        told.filter_map(|f| f.level_error_db)
            .map(|error| error.abs() <= LEVEL_DB),
    ));
    out.push(near(&of(Case::Near).collect::<Vec<_>>()));
    out.push(Finding::at_most(
        "no path: captures with a false one",
        FALSE_RATE,
        of(Case::Clear).map(|f| f.false_paths > 0),
    ));
    out.push(Finding::at_most(
        "one path: captures with another",
        FALSE_RATE,
        LEVELS_DB
            .into_iter()
            .flat_map(|db| of(Case::At(db)))
            .map(|f| f.false_paths > 0),
    ));
    for (name, case) in PATTERNS {
        out.push(Finding::at_least(
            format!("{name}, -22 to -46 dB: delay within 0.5 UI"),
            RATE,
            of(case).map(Found::located),
        ));
        out.push(Finding::at_least(
            format!("{name}: level within 1 dB, where told"),
            RATE,
            of(case)
                .filter_map(|f| f.level_error_db)
                .map(|error| error.abs() <= LEVEL_DB),
        ));
        out.push(Finding::at_most(
            format!("{name}, one path: captures with another"),
            FALSE_RATE,
            of(case).map(|f| f.false_paths > 0),
        ));
    }
    for (what, case) in [
        ("-24, -34, -44 dB: all within 0.5 UI", Case::Three),
        ("twins of -40 dB, 3 UI apart: both", Case::Twins),
        ("-46 dB behind 0.5 baud and an FFE", Case::Channel),
    ] {
        out.push(Finding::at_least(what, RATE, of(case).map(Found::located)));
    }
    out
}

/// The share of 5-ns paths that are seen, less its theory.
fn near(found: &[&Found]) -> Finding {
    let n = found.len();
    let seen = found.iter().filter(|f| f.detected()).count();
    let theory = found.iter().filter_map(|f| f.probability).sum::<f64>() / n.max(1) as f64;
    let (low, high) = clopper_pearson(seen as u64, n as u64, CONFIDENCE);
    // Two-sided at 98 %: one-sided 99 % each way.
    let (least, most) = clopper_pearson(seen as u64, n as u64, 0.98);
    let holds = least <= theory + NEAR_TOLERANCE && most >= theory - NEAR_TOLERANCE;
    Finding::judged(
        "5 ns: share seen less its theory",
        seen as f64 / n.max(1) as f64 - theory,
        (low - theory, high - theory),
        n,
        format!("within {NEAR_TOLERANCE} of 0"),
        holds,
    )
}

//! The studies of interference: a fixed part of each is run again, and the committed records agree
//! with what is said of them.

use std::path::Path;

use etalon::cli::study::findings::{CaseRecord, Finding, SummaryRecord};
use etalon::cli::study::harness::{Study, Trials};
use etalon::cli::study::mpi_cancel::{self, MpiCancel};
use etalon::cli::study::mpi_level::{self, MpiLevel};
use etalon::cli::study::mpi_penalty::{self, MpiPenalty};
use etalon::cli::study::mpi_range::{self, MpiRange};
use etalon::cli::study::mpi_silence::{self, MpiSilence};
use rayon::prelude::*;

/// Runs some trials of a study on all threads.
fn trials<S: Study>(study: &S, wanted: impl IntoIterator<Item = (S::Case, u64)>) -> Trials<S> {
    let wanted: Vec<_> = wanted.into_iter().collect();
    wanted
        .into_par_iter()
        .map(|(case, seed)| ((case, seed), study.run(case, seed).unwrap()))
        .collect()
}

/// Fails when a finding of which the name says so was not drawn, or is missed.
fn assert_holds(findings: &[Finding], names: &[&str]) {
    for name in names {
        let found = findings
            .iter()
            .find(|finding| finding.what.contains(name))
            .unwrap_or_else(|| panic!("no finding is called {name}"));
        assert_eq!(found.holds, Some(true), "{found:#?}");
    }
}

/// 24 captures of 2^17 symbols; the requirement widens with the interval of what is counted.
#[test]
fn ref_counted_penalties_are_those_of_the_theory() {
    let study = MpiPenalty::new();
    let single = mpi_penalty::Case {
        law: mpi_penalty::Law::Single,
        extinction: 45,
        level_db: -30,
    };
    let gauss = mpi_penalty::Case {
        law: mpi_penalty::Law::Gauss,
        extinction: 60,
        level_db: -34,
    };
    let wanted = (1..=16).map(|seed| (single, seed));
    let trials = trials(&study, wanted.chain((1..=8).map(|seed| (gauss, seed))));
    let points = study.points(&trials);
    assert_eq!(points.len(), 2);
    // science.md, table of section 3, at these two places.
    for (point, expected_db) in points.iter().zip([1.80, 0.63]) {
        assert!((point.theory_db - expected_db).abs() < 0.03, "{point:?}");
    }
    let findings = mpi_penalty::findings(&points);
    assert_holds(
        &findings,
        &["single ER 4.5 dB: counted", "gauss ER 6 dB: counted"],
    );
}

#[test]
fn ref_levels_are_told_within_what_is_allowed_and_refused_where_they_cannot_be() {
    use mpi_level::Case;
    let wanted = (1..=8).flat_map(|seed| {
        [Case::LongDelay, Case::Blind, Case::Frozen, Case::Clear].map(|case| (case, seed))
    });
    let findings = mpi_level::findings(&trials(&MpiLevel, wanted));
    assert_holds(
        &findings,
        &[
            "error over allowed, V >= 0.3",
            "linewidth unknown: not measurable",
            "K < 10: not measurable",
            "K < 10: truth not excluded",
            "nothing injected",
        ],
    );
}

#[test]
fn ref_weak_paths_are_located_and_none_is_invented() {
    use mpi_range::Case;
    let wanted = [-44, -48, -50].map(|db| (Case::At(db), 1));
    let repeating = [Case::Prbs13q, Case::Ssprq].into_iter();
    let repeating = repeating.flat_map(|case| [(case, 1), (case, 2)]);
    let wanted = wanted.into_iter().chain((1..=4).map(|s| (Case::Clear, s)));
    let wanted = wanted.chain(repeating);
    let findings = mpi_range::findings(&trials(&MpiRange, wanted));
    assert_holds(
        &findings,
        &[
            "-44 dB: delay",
            "-48 dB: delay",
            "-50 dB: delay",
            "no path",
            "PRBS13Q, -22 to -46 dB: delay",
            "PRBS13Q, one path",
            "SSPRQ, -22 to -46 dB: delay",
            "SSPRQ, one path",
        ],
    );
}

#[test]
fn ref_nuisances_are_not_reported_as_interference() {
    use mpi_silence::Nuisance;
    let silent = Nuisance::ALL.into_iter().filter(|&n| n != Nuisance::Under);
    let trials = trials(&MpiSilence, silent.map(|nuisance| (nuisance, 1)));
    assert_eq!(trials.len(), 15);
    let missed: Vec<Finding> = mpi_silence::findings(&trials)
        .into_iter()
        .filter(|finding| finding.holds == Some(false))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Three seeds of 32; the interval of a gain comes from the jackknife.
#[test]
fn ref_cancellers_gain_what_is_required() {
    let cases = MpiCancel.cases().into_iter();
    let wanted = cases.filter(|(case, _)| case.canceller != mpi_cancel::Canceller::HighPass);
    let wanted = wanted.flat_map(|(case, _)| (1..=3).map(move |seed| (case, seed)));
    let findings = mpi_cancel::findings(&trials(&MpiCancel, wanted));
    let required: Vec<&Finding> = findings.iter().filter(|f| f.required.is_some()).collect();
    // Two cancellers at three linewidths: gains, row 32 at one of them, healthy and weak links.
    assert_eq!(required.len(), 20);
    for finding in required {
        assert_eq!(finding.holds, Some(true), "{finding:#?}");
    }
}

/// What a record misses is told by name on the page that presents it.
#[test]
fn the_recorded_studies_are_complete_and_their_misses_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation");
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !(name.starts_with("mpi-") && name.ends_with(".jsonl")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() < 120_000, "{name} has {} bytes", text.len());
        let mut lines = text.lines();
        let summary: SummaryRecord = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(format!("{}.jsonl", summary.study), name);
        let cases: Vec<CaseRecord> = lines.map(|l| serde_json::from_str(l).unwrap()).collect();
        let drawn: usize = cases.iter().map(|case| case.seed.len()).sum();
        assert_eq!(drawn, summary.trials, "{name}");
        for case in &cases {
            let whole = |column: &Vec<_>| column.len() == case.seed.len();
            assert!(case.columns.values().all(whole), "{name}: {}", case.case);
        }
        for finding in summary.findings.iter().filter(|f| f.holds == Some(false)) {
            let told = page.contains(&format!("`{}`", finding.what));
            assert!(told, "{name} misses {finding:#?}, and no page says so");
        }
        seen.push(name);
    }
    for name in ["mpi-cancel.jsonl", "mpi-penalty.jsonl"] {
        assert!(seen.iter().any(|s| s == name), "no {name} in {seen:?}");
    }
}

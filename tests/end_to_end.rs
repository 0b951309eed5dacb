//! The twin forwards, the receiver backwards: what was put in comes out, with the rates that are
//! promised; and the samples of the repository come out of their own commands.

#[path = "cli/harness.rs"]
#[allow(dead_code)]
mod harness;

use std::path::Path;

use etalon::cli::study::receive_mpi::record::{Share, SummaryRecord, summarize};
use etalon::cli::study::receive_mpi::trial::{Case, TrialRecord, run};
use harness::{etalon_in, shell_words};
use rayon::prelude::*;
use serde_json::Value;

/// Runs a case over the first seeds, on all threads.
fn trials(case: Case, seeds: u64) -> Vec<TrialRecord> {
    (1..=seeds)
        .into_par_iter()
        .map(|seed| run(case, seed).unwrap())
        .collect()
}

/// Fails when a binomial test rejects a rate of 99 % at 99 % confidence, as the study does.
fn assert_rate(what: &str, trials: &[TrialRecord], right: impl Fn(&TrialRecord) -> bool) {
    let share = Share::of(trials.iter(), &right);
    let wrong: Vec<&TrialRecord> = trials.iter().filter(|trial| !right(trial)).collect();
    println!("{what}: {} of {}", share.count, share.of);
    assert!(share.holds, "{what}: {share:?}\n{wrong:#?}");
}

/// The fixed sample of `etalon study receive-mpi`: PAM-4 at 26.5625 GBd, 2^17 symbols, SNR 17 to
/// 24 dB, ER 4.5 dB, 1, 2 or 4 samples a symbol, MPI -30 dB after 100 ns, linewidth 10 MHz.
#[test]
fn ref_level_and_delay_of_interference_are_what_was_simulated() {
    let trials = trials(Case::Interference, 60);
    assert_rate("level within 0.5 dB", &trials, TrialRecord::level_holds);
    assert_rate("delay within 1 UI", &trials, TrialRecord::delay_holds);
}

#[test]
fn ref_without_interference_none_is_found() {
    let trials = trials(Case::Clear, 20);
    assert_rate("none, or below -55 dB", &trials, TrialRecord::level_holds);
}

/// Fewer than ten coherence angles: nobody can tell the level, so no level may be told.
#[test]
fn ref_a_frozen_phase_is_not_measurable() {
    let trials = trials(Case::Frozen, 20);
    assert_rate("not measurable", &trials, TrialRecord::level_holds);
    for trial in trials.iter().filter(|trial| trial.level_db.is_none()) {
        let reason = trial.reason.as_deref().unwrap_or("");
        assert!(!reason.is_empty(), "seed {} gives no reason", trial.seed);
    }
}

/// The record of the whole study, as it is committed, is complete and agrees with itself.
#[test]
fn the_recorded_study_has_its_trials_and_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation/receive-mpi.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let summary: SummaryRecord = serde_json::from_str(lines.next().unwrap()).unwrap();
    // With fewer than 60 draws even 97 % would pass.
    assert!(summary.level_within_half_a_db.of >= 60, "{summary:#?}");
    assert!(summary.holds(), "{summary:#?}");
    let cases: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(cases.len(), Case::ALL.len());
    let levels = cases[0]["level_db"].as_array().unwrap();
    // The columns are rounded to a hundredth, so a level at the very edge may count either way.
    let count = |tolerance_db: f64| {
        let close = |level: &&Value| {
            let level = level.as_f64();
            level.is_some_and(|level| (level + 30.0).abs() <= tolerance_db)
        };
        levels.iter().filter(close).count() as u64
    };
    let told = summary.level_within_half_a_db.count;
    assert!(count(0.494) <= told && told <= count(0.506), "{told}");
}

#[test]
fn the_summary_of_a_sample_says_what_its_trials_say() {
    let trials = [
        run(Case::Interference, 1).unwrap(),
        run(Case::Clear, 1).unwrap(),
    ];
    let summary = summarize(trials.iter());
    assert_eq!(summary.level_within_half_a_db.of, 1);
    assert_eq!(summary.clear_is_clear.of, 1);
    assert_eq!(summary.frozen_is_not_measurable.of, 0);
}

/// The README of the samples gives the commands that made them; they make the same bytes.
///
/// The two with filters go through FFTs, whose last bits depend on the instruction set; theirs
/// are compared as numbers by the truth alone.
#[test]
fn golden_the_samples_come_out_of_their_commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("captures/samples/README.md")).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let samples = temporary.path().join("captures/samples");
    std::fs::create_dir_all(&samples).unwrap();
    let mut exact = 0;
    for line in page
        .lines()
        .filter(|line| line.starts_with("etalon simulate"))
    {
        let words = shell_words(line);
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        etalon_in(temporary.path(), &words).expect(0);
        let out = words.last().unwrap();
        let (new, old) = (temporary.path().join(out), root.join(out));
        if out.ends_with("healthy.csv") || out.ends_with("mpi.trc") {
            let same = std::fs::read(&new).unwrap() == std::fs::read(&old).unwrap();
            assert!(same, "{out} differs from what its command makes");
            exact += 1;
        }
        let truth = |capture: &Path| -> Value {
            let path = format!("{}.truth.json", capture.display());
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        };
        assert_eq!(truth(&new)["config"], truth(&old)["config"], "{out}");
    }
    assert_eq!(exact, 2);
}

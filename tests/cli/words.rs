//! What is typed, and what is typed wrong.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::harness::{assert_conform, etalon_in, ran};

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn bare_etalon_shows_four_commands_on_one_screen() {
    let run = etalon_in(here().path(), &[]).expect(0);
    let commands = run
        .stdout
        .lines()
        .filter(|l| l.trim_start().starts_with("etalon ") && l.starts_with("  "));
    assert_eq!(commands.count(), 4, "{}", run.stdout);
    assert!(run.stdout.lines().count() <= 24);
    assert!(run.stdout.lines().all(|l| l.chars().count() <= 80));
}

#[test]
fn the_version_answers_in_fifty_milliseconds() {
    let folder = here();
    // The best of ten: the machine may be busy with other tests.
    let best = (0..10)
        .map(|_| {
            let start = Instant::now();
            let run = etalon_in(folder.path(), &["--version"]).expect(0);
            assert_eq!(
                run.stdout,
                format!("etalon {}\n", env!("CARGO_PKG_VERSION"))
            );
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(best.as_millis() <= 50, "{best:?}");
}

#[test]
fn exit_codes_are_explained() {
    let run = etalon_in(here().path(), &["help", "exit-codes"]).expect(0);
    assert!(run.stdout.lines().all(|l| l.chars().count() <= 80));
    for code in ["0", "1", "2", "3", "4", "5", "6", "70", "130"] {
        let row = |l: &str| l.trim_start().starts_with(&format!("{code}  "));
        assert!(run.stdout.lines().any(row), "{code}: {}", run.stdout);
    }
}

#[test]
fn help_is_there_for_every_verb() {
    let folder = here();
    let topics = [
        &["analyze"][..],
        &["info"],
        &["mpi"],
        &["simulate"],
        &["simulate", "link"],
        &["schema"],
        &["guide"],
        &["completions"],
    ];
    for topic in topics {
        let mut words = vec!["help"];
        words.extend(topic);
        let run = etalon_in(folder.path(), &words).expect(0);
        assert!(
            run.stdout.contains("Usage: etalon"),
            "{topic:?}: {}",
            run.stdout
        );
        assert!(run.stderr.is_empty());
    }
}

#[test]
fn mistyped_words_get_a_code_and_a_suggestion() {
    let folder = here();
    let cases: [(&[&str], &str); 8] = [
        (&["analyse", "x"], "analyze"),
        (&["analyze", "x", "--modulatio", "nrz"], "--modulation"),
        (&["analyze", "x", "--modulation", "pam5"], "pam4"),
        (&["analyze", "x", "--baud", "fast"], "etalon help analyze"),
        (&["analyze", "x", "--pattern", "prbs8"], "prbs7"),
        (&["analyze"], "etalon help analyze"),
        (&["simulate"], "etalon help simulate"),
        (&["help", "anlyze"], "analyze"),
    ];
    for (words, expected) in cases {
        let run = etalon_in(folder.path(), words).expect(2);
        assert!(run.stdout.is_empty(), "{words:?}: {}", run.stdout);
        assert!(
            run.stderr.starts_with("error[ETA-2000]: "),
            "{words:?}: {}",
            run.stderr
        );
        assert!(run.stderr.contains("hint: "), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{words:?}: {}", run.stderr);
        let mut with_json = words.to_vec();
        with_json.push("--json");
        let run = etalon_in(folder.path(), &with_json).expect(2);
        assert!(run.stdout.is_empty());
        let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(error["code"], "ETA-2000");
        assert_conform(folder.path(), &[error]);
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    let folder = here();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = etalon_in(folder.path(), &["completions", shell]).expect(0);
        assert!(
            run.stdout.contains("analyze") && run.stdout.contains("etalon"),
            "{shell}"
        );
    }
    etalon_in(folder.path(), &["completions", "tcsh"]).expect(2);
}

#[test]
fn every_schema_is_listed_and_printed() {
    let folder = here();
    let list = etalon_in(folder.path(), &["schema", "--json"])
        .expect(0)
        .lines();
    assert_conform(folder.path(), &list);
    let names: Vec<&str> = list.iter().map(|l| l["name"].as_str().unwrap()).collect();
    for name in [
        "link-report",
        "info",
        "mpi",
        "truth",
        "error",
        "alarm",
        "topology",
        "localization",
        "proposal",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for name in names {
        let run = etalon_in(folder.path(), &["schema", name]).expect(0);
        let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        // A file that people write does not name its schema; it has an example instead.
        let of_an_output = schema["properties"]["schema"].is_object();
        assert!(of_an_output || schema["examples"].is_array(), "{name}");
    }
    let run = etalon_in(folder.path(), &["schema", "nothing"]).expect(2);
    assert!(run.stderr.contains("ETA-2008") && run.stderr.contains("hint: etalon schema"));
}

#[test]
fn texts_are_objects_with_json() {
    let folder = here();
    for words in [
        &["--json"][..],
        &["guide", "--json"],
        &["completions", "bash", "--json"],
        &["help", "exit-codes", "--json"],
    ] {
        let object = etalon_in(folder.path(), words).expect(0).object();
        assert_conform(folder.path(), &[object]);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = here();
    let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["completions", "bash"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One byte is read, the rest of several kilobytes meets a closed pipe.
    let mut first = [0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let run = ran(&child.wait_with_output().unwrap()).expect(0);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

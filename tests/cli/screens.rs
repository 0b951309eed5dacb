//! What people see: one screen, and a last line that works when typed.

use std::path::Path;

use super::harness::{etalon_in, shell_words};

fn check(folder: &Path, words: &[&str], exit: i32) -> String {
    let run = etalon_in(folder, words).expect(exit);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.len() <= 24, "{} lines:\n{}", lines.len(), run.stdout);
    let (next, rest) = lines.split_last().unwrap();
    assert!(
        rest.iter().all(|l| l.chars().count() <= 80),
        "{}",
        run.stdout
    );
    assert!(
        !run.stdout.contains('\u{1b}'),
        "no colours without a terminal"
    );
    let command = next
        .strip_prefix("next: ")
        .unwrap_or_else(|| panic!("no next line: {}", run.stdout));
    let typed = shell_words(command);
    assert_eq!(typed[0], "etalon");
    let typed: Vec<&str> = typed.iter().skip(1).map(String::as_str).collect();
    let again = etalon_in(folder, &typed);
    assert!(
        again.code <= 1,
        "{command}: {}{}",
        again.stdout,
        again.stderr
    );
    assert!(!again.stdout.is_empty());
    run.stdout
}

fn simulate(folder: &Path, out: &str, more: &[&str]) -> String {
    let mut words = vec!["simulate", "link", "--out", out];
    words.extend(more);
    check(folder, &words, 0)
}

#[test]
fn every_screen_fits_and_leads_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mpi = [
        "--mpi",
        "-30dB",
        "--mpi-delay",
        "100ns",
        "--linewidth",
        "10MHz",
        "--symbols",
        "65536",
    ];
    simulate(here, "with space.npy", &mpi);
    let text = simulate(here, "link.csv", &["--symbols", "20000"]);
    assert!(text.starts_with("SIMULATED"));
    check(here, &["info", "link.csv"], 0);
    check(here, &["info", "with space.npy", "link.csv"], 0);
    let npy = [
        "with space.npy",
        "--baud",
        "26.5625G",
        "--sample-rate",
        "106.25G",
        "--optical",
    ];
    let mut words = vec!["analyze"];
    words.extend(npy);
    let screen = check(here, &words, 1);
    for part in ["MPI", "BER", "SNR", "OMA", "ER", "RLM", "EQ", "levels"] {
        assert!(screen.contains(part), "no {part} in\n{screen}");
    }
    words[0] = "mpi";
    let screen = check(here, &words, 1);
    for part in ["regime", "linewidth", "path"] {
        assert!(screen.contains(part), "no {part} in\n{screen}");
    }
    words.push("--ascii");
    words[0] = "analyze";
    assert!(check(here, &words, 1).is_ascii());
    check(
        here,
        &["analyze", "link.csv", "link.csv", "--baud", "26.5625G"],
        0,
    );
}

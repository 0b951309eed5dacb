//! The same bytes whatever the number of threads: nothing in a report depends on who did the work.

use std::fs;

use serde_json::Value;

use super::harness::etalon_in;

/// Takes out what says how a report came to be: the threads themselves, and seconds.
fn bare(mut report: Value) -> String {
    report["provenance"]["threads"].take();
    report["timing_s"].take();
    serde_json::to_string(&report).unwrap()
}

#[test]
fn threads_change_no_byte_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(Into::into).collect() };
    let etalon = |text: &str| {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        etalon_in(folder.path(), &words)
    };
    let mut bytes = Vec::new();
    for threads in [1, 3] {
        for (i, more) in ["--mpi -28dB --mpi-delay 60ns", "--tx-bandwidth 9G", ""]
            .iter()
            .enumerate()
        {
            etalon(&format!(
                "simulate link --out {i}.csv --symbols 20000 --snr 22dB --pattern prbs13q \
                 --seed {i} {more} --threads {threads}"
            ))
            .expect(0);
        }
        bytes.push(
            (0..3)
                .map(|i| fs::read(folder.path().join(format!("{i}.csv"))).unwrap())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(bytes[0], bytes[1], "simulated captures");
    for verb in ["analyze 0.csv 1.csv 2.csv", "mpi 0.csv"] {
        let run = |threads: usize| {
            let run = etalon(&format!(
                "{verb} --baud 26.5625G --optical --json --threads {threads}"
            ));
            assert!(run.code <= 1, "{}", run.stderr);
            run.lines().into_iter().map(bare).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!(!one.is_empty());
        for threads in [2, 5] {
            assert_eq!(run(threads), one, "{verb}, {threads} threads");
        }
    }
}

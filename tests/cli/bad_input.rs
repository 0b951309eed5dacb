//! Bad input: the right exit code, the right error, a hint, and nothing written half.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::harness::{Ran, assert_conform, etalon_in, files};

/// A NumPy file of version 1.0 with 32-bit floats.
pub fn npy(samples: &[f32]) -> Vec<u8> {
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
        samples.len()
    );
    // Magic, version and length take 10 bytes; the header is padded to a multiple of 64.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = padded - 1).bytes());
    bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    bytes
}

/// NRZ with a little noise that does not repeat, two samples a symbol.
fn nrz(symbols: usize) -> Vec<f32> {
    // A 64-bit xorshift: any bits will do that are no test pattern.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..2 * symbols)
        .scan(0.0, |level, i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if i % 2 == 0 {
                *level = if state & 1 == 0 { 1.0 } else { 3.0 };
            }
            Some(*level + ((state >> 40) as f32 / (1u32 << 24) as f32 - 0.5) * 0.4)
        })
        .collect()
}

struct Case {
    name: &'static str,
    words: &'static [&'static str],
    exit: i32,
    /// Code of the error on stderr, or none when the trouble is a quality flag.
    code: &'static str,
    /// Any of these flags in the report.
    flags: &'static [&'static str],
}

const RATE: &[&str] = &["--sample-rate", "20G", "--baud", "10G"];

const CASES: &[Case] = &[
    Case {
        name: "missing",
        words: &["absent.npy"],
        exit: 3,
        code: "ETA-3001",
        flags: &[],
    },
    Case {
        name: "a folder",
        words: &["folder"],
        exit: 3,
        code: "ETA-300",
        flags: &[],
    },
    Case {
        name: "empty",
        words: &["empty.npy"],
        exit: 3,
        code: "ETA-300",
        flags: &[],
    },
    Case {
        name: "truncated",
        words: &["truncated.npy"],
        exit: 3,
        code: "ETA-3002",
        flags: &[],
    },
    Case {
        name: "noise for a header",
        words: &["noise.dat"],
        exit: 3,
        code: "ETA-300",
        flags: &[],
    },
    Case {
        name: "no time base",
        words: &["good.npy"],
        exit: 2,
        code: "ETA-2003",
        flags: &[],
    },
    Case {
        name: "fewer than one sample a symbol",
        words: &["good.npy", "--sample-rate", "1G", "--baud", "10G"],
        exit: 2,
        code: "ETA-2005",
        flags: &[],
    },
    Case {
        name: "no such format",
        words: &["good.npy", "--format", "mp3"],
        exit: 2,
        code: "ETA-2001",
        flags: &[],
    },
    Case {
        name: "no such channel",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--baud",
            "10G",
            "--channel",
            "C9",
        ],
        exit: 2,
        code: "ETA-2007",
        flags: &[],
    },
    Case {
        name: "an equalizer without taps",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--baud",
            "10G",
            "--taps",
            "0",
        ],
        exit: 2,
        code: "ETA-2001",
        flags: &[],
    },
    Case {
        name: "taps without an equalizer",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--taps",
            "5",
            "--equalizer",
            "none",
        ],
        exit: 2,
        code: "ETA-2001",
        flags: &[],
    },
    Case {
        name: "an equalizer that needs a pattern, and none",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--equalizer",
            "volterra",
        ],
        exit: 0,
        code: "",
        flags: &["equalizer-refused"],
    },
    Case {
        name: "an inventory that is not there",
        words: &["good.npy", "--sample-rate", "20G", "--inventory", "x.toml"],
        exit: 3,
        code: "ETA-3001",
        flags: &[],
    },
    Case {
        name: "a pattern file that is not there",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--pattern",
            "file:absent.txt",
        ],
        exit: 3,
        code: "ETA-3006",
        flags: &[],
    },
    Case {
        name: "a pattern that does not occur",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--baud",
            "10G",
            "--modulation",
            "nrz",
            "--pattern",
            "file:pattern.txt",
        ],
        exit: 1,
        code: "",
        flags: &["pattern-not-found"],
    },
    Case {
        name: "a named pattern that does not occur",
        words: &[
            "good.npy",
            "--sample-rate",
            "20G",
            "--baud",
            "10G",
            "--modulation",
            "nrz",
            "--pattern",
            "prbs9",
        ],
        exit: 1,
        code: "",
        flags: &["pattern-not-found"],
    },
    Case {
        name: "not a number",
        words: &["nan.npy"],
        exit: 1,
        code: "",
        flags: &["nan"],
    },
    Case {
        name: "constant",
        words: &["constant.npy"],
        exit: 1,
        code: "",
        flags: &["constant"],
    },
    Case {
        name: "clipped",
        words: &["clipped.npy"],
        exit: 1,
        code: "",
        flags: &["clipping"],
    },
    Case {
        name: "too short",
        words: &["short.npy"],
        exit: 1,
        code: "",
        flags: &["too-short"],
    },
    Case {
        name: "the wrong rate",
        words: &["good.npy", "--sample-rate", "20G", "--baud", "7.3G"],
        exit: 1,
        code: "",
        flags: &["wrong-rate"],
    },
];

fn lay_out(folder: &Path) {
    let good = nrz(1 << 14);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    write("good.npy", &npy(&good));
    write("truncated.npy", &npy(&good)[..40_000]);
    write("empty.npy", b"");
    write(
        "noise.dat",
        &(0..4096u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect::<Vec<_>>(),
    );
    write("constant.npy", &npy(&vec![0.25; 1 << 14]));
    write("short.npy", &npy(&good[..12]));
    let clipped: Vec<f32> = good.iter().map(|s| s.clamp(1.05, 2.95)).collect();
    write("clipped.npy", &npy(&clipped));
    let mut nan = good;
    nan.iter_mut().step_by(7).for_each(|s| *s = f32::NAN);
    write("nan.npy", &npy(&nan));
    // Runs of five: no such sequence is in the capture, at any rotation.
    let pattern: String = (0..1000)
        .map(|i| if (i / 5) % 2 == 0 { '0' } else { '1' })
        .collect();
    write("pattern.txt", pattern.as_bytes());
    fs::create_dir(folder.join("folder")).unwrap();
}

fn words(case: &Case) -> Vec<&'static str> {
    let mut words = vec!["analyze"];
    words.extend(case.words);
    // The flags are found in captures that are otherwise in order.
    if case.words.len() == 1 && !case.flags.is_empty() {
        words.extend(RATE);
    }
    words
}

fn complaint(case: &Case, run: &Ran) {
    if case.code.is_empty() {
        return;
    }
    assert!(
        run.stderr.starts_with(&format!("error[{}", case.code)),
        "{}: {}",
        case.name,
        run.stderr
    );
    for part in ["where: ", "why: ", "hint: "] {
        assert!(
            run.stderr.contains(part),
            "{}: no {part} in {}",
            case.name,
            run.stderr
        );
    }
    assert!(run.stdout.is_empty(), "{}: {}", case.name, run.stdout);
}

#[test]
fn every_bad_input_has_its_exit_code_its_error_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let before = files(folder.path());
    let mut failures = Vec::new();
    for case in CASES {
        let words = words(case);
        let run = etalon_in(folder.path(), &words);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(
            !all.contains("panicked") && !all.contains("RUST_BACKTRACE"),
            "{}: {all}",
            case.name
        );
        if run.code != case.exit {
            failures.push(format!(
                "{}: exit {} instead of {}: {all}",
                case.name, run.code, case.exit
            ));
            continue;
        }
        complaint(case, &run);
        if case.code.is_empty() {
            assert!(
                run.stdout
                    .lines()
                    .last()
                    .unwrap()
                    .starts_with("next: etalon "),
                "{}",
                run.stdout
            );
        }
        let mut with_json = words;
        with_json.push("--json");
        let run = etalon_in(folder.path(), &with_json).expect(case.exit);
        let reports = run.lines();
        assert_conform(folder.path(), &reports);
        if case.code.is_empty() {
            let quality = reports[0]["quality"].as_array().unwrap();
            let found: Vec<&str> = quality.iter().filter_map(|q| q["flag"].as_str()).collect();
            if !case.flags.iter().any(|flag| found.contains(flag)) {
                failures.push(format!(
                    "{}: {found:?} instead of {:?}",
                    case.name, case.flags
                ));
            }
        } else {
            assert!(reports.is_empty());
            let error: Value = serde_json::from_str(&run.stderr).unwrap();
            assert_eq!(error["exit"], case.exit, "{}", case.name);
            assert_conform(folder.path(), &[error]);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(files(folder.path()), before, "something was left behind");
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let mut words = vec![
        "analyze",
        "good.npy",
        "absent.npy",
        "constant.npy",
        "--json",
    ];
    words.extend(RATE);
    let run = etalon_in(folder.path(), &words).expect(3);
    let paths: Vec<String> = run
        .lines()
        .iter()
        .map(|r| r["input"]["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        paths,
        ["good.npy", "constant.npy"],
        "results come in the order of the inputs"
    );
    assert_eq!(run.stderr.lines().count(), 1);
    assert!(run.stderr.contains("ETA-3001"));
}

#[test]
fn info_tells_bad_files_from_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let run = etalon_in(
        folder.path(),
        &["info", "nan.npy", "truncated.npy", "--json"],
    )
    .expect(3);
    let object = run.object();
    assert_eq!(object["samples"], 1 << 15);
    assert_eq!(object["first"][0], Value::Null, "a NaN is a null");
    assert!(object["min"].is_number() && object["mean"].is_number());
    assert_conform(folder.path(), &[object]);
    assert!(run.stderr.contains("ETA-3002") && run.stderr.contains("truncated.npy"));
}

#[test]
fn nothing_is_written_half() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], i32); 9] = [
        (&["--out", "absent/link.csv"], 5),
        (&["--out", "link.wav"], 2),
        (&["--out", "link.csv", "--symbols", "0"], 2),
        (&["--out", "link.csv", "--mpi", "-30dB"], 2),
        (&["--out", "link.csv", "--chirp", "50"], 2),
        (&["--out", "link.csv", "--ports", "2,1"], 2),
        (&["--out", "link.csv", "--touchstone", "absent.s2p"], 3),
        (&["--out", "link.csv", "--reflector", "10:-30"], 2),
        (
            &[
                "--out",
                "link.csv",
                "--modulation",
                "nrz",
                "--pattern",
                "ssprq",
            ],
            2,
        ),
    ];
    for (words, exit) in cases {
        let mut all = vec!["simulate", "link", "--symbols", "1000"];
        if words.contains(&"--symbols") {
            all.truncate(2);
        }
        all.extend(words);
        let run = etalon_in(folder.path(), &all).expect(exit);
        assert!(run.stdout.is_empty(), "{words:?}: {}", run.stdout);
        assert!(run.stderr.contains("hint: "), "{words:?}: {}", run.stderr);
        assert!(
            !run.stderr.contains("panicked"),
            "{words:?}: {}",
            run.stderr
        );
        assert_eq!(files(folder.path()), Vec::<String>::new(), "{words:?}");
    }
}

#[test]
fn progress_is_told_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let run = |more: &[&str]| {
        let mut words = vec![
            "analyze",
            "constant.npy",
            "constant.npy",
            "--json",
            "--threads",
            "1",
        ];
        words.extend(RATE);
        words.extend(more);
        etalon_in(folder.path(), &words).expect(1).stderr
    };
    assert_eq!(run(&[]), "", "no bar without a terminal");
    assert_eq!(run(&["--progress", "plain", "--quiet"]), "");
    assert_eq!(
        run(&["--progress", "plain"]),
        "1/2 constant.npy\n2/2 constant.npy\n"
    );
    let records: Vec<Value> = run(&["--progress", "json"])
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["done"], 2);
    assert_conform(folder.path(), &records);
}

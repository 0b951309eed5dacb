//! The main job: the built binary on captures that nobody here made.
//!
//! They lie in `../shared/captures` beside the repository (`ETALON_SHARED` names another folder
//! than `../shared`); `docs/how-to/real-captures.md` says where they come from. Without them
//! each test says so in one line and returns; with `CI=true` it fails.
//!
//! `cargo test --release --test real_captures -- --nocapture` prints what was seen.

#[path = "cli/harness.rs"]
#[allow(dead_code)]
mod harness;
#[path = "real/info.rs"]
mod info;
#[path = "real/manifest.rs"]
mod manifest;

use std::path::{Path, PathBuf};

use harness::{Ran, assert_conform, etalon_in};
use serde_json::Value;

/// Returns the folder of real captures; says why a test is left out without it.
fn captures(test: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("captures");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI needs the real captures in {}",
        folder.display()
    );
    println!("{test}: left out, there is no {}", folder.display());
    None
}

/// A capture of 56 Gb/s on-off keying through 10G-class optics, one sample a bit, int8.
struct Optical {
    file: &'static str,
    pattern: &'static str,
    /// Sample of bit 0, by correlation in another program.
    lag: u64,
    /// Bit error ratio of a 61-tap least-squares feed-forward equalizer of another program,
    /// trained on the first half and judged on the second, rounded up to two decimals.
    limit: f64,
}

const OPTICAL: [Optical; 5] = [
    Optical {
        file: "chan1-0.bin",
        pattern: "Jul 9_0841train.csv",
        lag: 174_838,
        limit: 2.71e-3,
    },
    Optical {
        file: "chan1-1.bin",
        pattern: "Jul 9_0842train.csv",
        lag: 167_414,
        limit: 3.71e-3,
    },
    Optical {
        file: "chan1-2.bin",
        pattern: "Jul 9_0843train.csv",
        lag: 72_950,
        limit: 2.54e-3,
    },
    Optical {
        file: "chan1-4.bin",
        pattern: "Jul 9_0842train.csv",
        lag: 98_136,
        limit: 2.74e-3,
    },
    Optical {
        file: "chan1-5.bin",
        pattern: "Jul 9_0843train.csv",
        lag: 182_630,
        limit: 3.18e-3,
    },
];

fn analyze_optical(folder: &Path, case: &Optical, more: &[&str]) -> Value {
    let pattern = format!("file:{}", case.pattern);
    let words = format!(
        "analyze {} --format raw-i8 --sample-rate 56G --baud 56G",
        case.file
    );
    let mut words: Vec<&str> = words.split(' ').collect();
    words.extend(["--modulation", "nrz", "--pattern", &pattern, "--json"]);
    words.extend(more);
    // Above the limit of the error correction: 1, done with findings.
    object(folder, etalon_in(folder, &words).expect(1))
}

fn object(folder: &Path, run: Ran) -> Value {
    let report = run.object();
    assert_conform(folder, std::slice::from_ref(&report));
    report
}

/// Checks what every report of these captures has to say, and returns its bit error ratio: the
/// estimate, or where no error was counted the upper bound.
fn judged(case: &Optical, report: &Value) -> f64 {
    let name = case.file;
    // A period is 196,608 bits and the capture 393,600 samples, one a bit: the lag is the first
    // sample at which bit 0 stands.
    assert_eq!(report["link"]["lag"], case.lag, "{name}");
    assert_eq!(report["link"]["polarity"], "normal", "{name}");
    let ber = &report["estimates"]["pre_fec_ber"];
    let equalizer = &report["equalizer"];
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{name}: {report}"));
    let (trained, counted) = (
        number(&equalizer["training_symbols"]),
        number(&equalizer["judged_symbols"]),
    );
    // What was judged trained nothing, and the transmitted bits repeat: a whole period, of which
    // the one half trains and the other judges, has no bit twice.
    assert!(
        trained + counted <= 196_608,
        "{name}: {trained} + {counted}"
    );
    // The limits are a few in a thousand: 50,000 bits hold a hundred errors and more.
    assert!(counted >= 50_000, "{name}: {counted} judged");
    assert_eq!(number(&ber["n"]), counted, "{name}");
    match ber["value"].as_f64() {
        Some(value) => value,
        None => {
            assert_eq!(ber["errors"], 0, "{name}: {ber}");
            ber["high"].as_f64().unwrap()
        }
    }
}

#[test]
fn ref_real_optical_imdd_linear_equalizer() {
    let Some(folder) = captures("optical IM/DD, linear equalizer") else {
        return;
    };
    let folder = folder.join("optical_imdd");
    for case in &OPTICAL {
        let report = analyze_optical(&folder, case, &["--equalizer", "ffe"]);
        let ber = judged(case, &report);
        let equalizer = &report["equalizer"];
        println!(
            "{}  ffe, {} taps: BER {ber:.3e} of {:.2e}, {} errors in {}, lag {}",
            case.file,
            equalizer["taps"].as_array().unwrap().len(),
            case.limit,
            report["estimates"]["pre_fec_ber"]["errors"],
            equalizer["judged_symbols"],
            report["link"]["lag"],
        );
        assert_eq!(equalizer["kind"], "ffe");
        assert!(
            ber <= case.limit,
            "{}: {ber:e} > {:e}",
            case.file,
            case.limit
        );
    }
}

#[test]
fn ref_real_optical_imdd_as_the_receiver_chooses() {
    let Some(folder) = captures("optical IM/DD, equalizer of its own choice") else {
        return;
    };
    let folder = folder.join("optical_imdd");
    for case in &OPTICAL {
        let report = analyze_optical(&folder, case, &[]);
        let ber = judged(case, &report);
        println!(
            "{}  {}: BER at most {ber:.3e}, {} errors in {}, {}",
            case.file,
            report["equalizer"]["kind"].as_str().unwrap(),
            report["estimates"]["pre_fec_ber"]["errors"],
            report["equalizer"]["judged_symbols"],
            report["classification"]["kind"]
                .as_str()
                .unwrap_or("unclassified"),
        );
        // With feedback no error was seen in any of the five (98,304 bits each): a bound of
        // 3.8e-5. A tenth of the linear limit leaves room for another choice, not for a bad one.
        assert!(ber <= case.limit / 10.0, "{}: {ber:e}", case.file);
    }
}

#[test]
fn ref_real_10gbase_r_has_no_bad_sync_header() {
    let Some(folder) = captures("10GBASE-R") else {
        return;
    };
    let folder = folder.join("electrical_10gbase_r");
    for baud in ["10.3125G", "auto"] {
        let words = format!(
            "analyze waveform_1_channel_3.bin --format raw-f32 --sample-rate 40G --baud {baud} \
             --modulation nrz --line-code 64b66b --json"
        );
        let words: Vec<&str> = words.split_whitespace().collect();
        let run = etalon_in(&folder, &words);
        assert!(run.code <= 1, "--baud {baud}: {}", run.stderr);
        let report = object(&folder, run);
        let check = &report["line_code"];
        println!(
            "10GBASE-R  --baud {baud}: {} blocks, {} bad sync headers, {:.4} GBd",
            check["blocks"],
            check["bad_sync_headers"],
            report["link"]["baud_hz"].as_f64().unwrap() / 1e9
        );
        // 200,003 samples at 25 ps hold 51,563 bits, 780 or 781 whole blocks.
        assert!(check["blocks"].as_u64().unwrap() >= 780, "{check}");
        assert_eq!(check["bad_sync_headers"], 0, "{check}");
        let rate = report["link"]["baud_hz"].as_f64().unwrap();
        // 100 ppm is the tolerance of IEEE 802.3 clause 52 for the rate.
        assert!((rate / 10.3125e9 - 1.0).abs() < 1e-4, "{rate}");
    }
}

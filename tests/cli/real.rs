//! Real captures, where the shared folder is beside the repository.

use std::path::{Path, PathBuf};

use super::harness::{assert_conform, etalon_in};

/// Returns the folder of real captures; says why a test is left out without it. In CI it has to
/// be there.
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
    eprintln!("{test} left out: there is no {}", folder.display());
    None
}

/// 56 Gb/s on-off keying through 10G-class optics, one sample a bit. The limits are those of a
/// 61-tap least-squares feed-forward equalizer, computed independently of this program.
#[test]
fn ref_real_optical_captures_reach_the_linear_equalizer() {
    let Some(folder) = captures("the real optical captures") else {
        return;
    };
    let folder = folder.join("optical_imdd");
    let cases = [
        ("chan1-0.bin", "Jul 9_0841train.csv", 2.71e-3),
        ("chan1-1.bin", "Jul 9_0842train.csv", 3.71e-3),
        ("chan1-2.bin", "Jul 9_0843train.csv", 2.54e-3),
        ("chan1-4.bin", "Jul 9_0842train.csv", 2.74e-3),
        ("chan1-5.bin", "Jul 9_0843train.csv", 3.18e-3),
    ];
    for (file, pattern, limit) in cases {
        let pattern = format!("file:{pattern}");
        let words = [
            "analyze",
            file,
            "--format",
            "raw-i8",
            "--sample-rate",
            "56G",
            "--baud",
            "56G",
            "--modulation",
            "nrz",
            "--pattern",
            &pattern,
            "--equalizer",
            "ffe",
            "--json",
        ];
        let run = etalon_in(&folder, &words);
        assert!(run.code <= 1, "{file}: {}", run.stderr);
        let report = run.object();
        assert_conform(&folder, std::slice::from_ref(&report));
        assert_eq!(report["equalizer"]["kind"], "ffe");
        let ber = report["estimates"]["pre_fec_ber"]["value"]
            .as_f64()
            .unwrap();
        assert!(ber <= limit, "{file}: {ber:e} > {limit:e}");
    }
}

/// 10GBASE-R at 40 GS/s: the framing of 64b/66b without a reference.
#[test]
fn ref_a_real_10gbase_r_capture_has_no_bad_sync_header() {
    let Some(folder) = captures("the real 10GBASE-R capture") else {
        return;
    };
    let folder = folder.join("electrical_10gbase_r");
    let words = [
        "analyze",
        "waveform_1_channel_3.bin",
        "--format",
        "raw-f32",
        "--sample-rate",
        "40G",
        "--baud",
        "10.3125G",
        "--pattern",
        "none",
        "--line-code",
        "64b66b",
        "--json",
    ];
    let run = etalon_in(&folder, &words);
    assert!(run.code <= 1, "{}", run.stderr);
    let check = &run.object()["line_code"];
    assert!(check["blocks"].as_u64().unwrap() >= 780, "{check}");
    assert_eq!(check["bad_sync_headers"], 0, "{check}");
}

/// Each shared file gives figures or a typed error, never a crash.
#[test]
fn every_real_file_is_described_or_refused() {
    let Some(folder) = captures("the walk over all real captures") else {
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let kind = entry.unwrap().path();
        if !kind.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&kind).unwrap() {
            let path = file.unwrap().path();
            let run = etalon_in(&folder, &["info", path.to_str().unwrap(), "--json"]);
            match run.code {
                0 => assert_conform(&folder, &run.lines()),
                3 => {
                    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
                    assert!(run.stdout.is_empty());
                    assert!(
                        error["where"]
                            .as_str()
                            .unwrap()
                            .contains(path.to_str().unwrap()),
                        "{error}"
                    );
                    assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
                }
                code => panic!("{}: exit {code}: {}", path.display(), run.stderr),
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} files");
}

//! Broken links through the binary, with every equalizer and TDECQ: exit 1, a flag, and no number
//! where none can be known. The library's own tests have the same links in more variants
//! (`dsp/tests/receive/bad_links.rs`).

use std::fs;
use std::path::Path;

use etalon_types::PatternName;
use serde_json::Value;

use super::bad_input::npy;
use super::harness::{assert_conform, etalon_in};

const EQUALIZERS: [&str; 10] = [
    "auto",
    "none",
    "ffe",
    "ffe-dfe",
    "ffe-mlse",
    "volterra",
    "lms",
    "sign-lms",
    "block-lms",
    "rls",
];

/// Simulates two periods of PRBS13Q at four samples a symbol and reads the samples back.
fn simulated(folder: &Path, levels: &str) -> Vec<f32> {
    let words = format!(
        "simulate link --out base.npy --symbols 16500 --samples-per-symbol 4 --snr 26dB \
         --pattern prbs13q --levels {levels} --seed 4"
    );
    etalon_in(folder, &words.split(' ').collect::<Vec<_>>()).expect(0);
    let bytes = fs::read(folder.join("base.npy")).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..header]).into_owned();
    assert!(text.contains("<f4"), "{text}");
    bytes[header..]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

/// A broken link and what every report of it has to say.
struct Broken {
    name: &'static str,
    samples: Vec<f32>,
    /// More words, the baud among them.
    words: &'static str,
    flag: &'static str,
    /// Whether errors can be counted all the same; clipped levels also have a TDECQ, flagged.
    counted: bool,
}

/// Samples at other places, straight between neighbours.
fn warped(samples: &[f32], place: impl Fn(f64) -> f64) -> Vec<f32> {
    let last = (samples.len() - 2) as f64;
    (0..samples.len())
        .map(|i| {
            let x = place(i as f64).clamp(0.0, last);
            let (k, f) = (x as usize, x.fract() as f32);
            samples[k] * (1.0 - f) + samples[k + 1] * f
        })
        .collect()
}

fn broken_links(folder: &Path) -> Vec<Broken> {
    let whole = simulated(folder, "1,2,3,4");
    let missing = simulated(folder, "1,2.5,2.501,4");
    let symbols: String = "prbs13q"
        .parse::<PatternName>()
        .unwrap()
        .symbols(8190)
        .iter()
        .map(|s| char::from(b'0' + s))
        .collect();
    fs::write(folder.join("short.txt"), symbols).unwrap();
    let (low, high) = whole
        .iter()
        .fold((f32::MAX, f32::MIN), |(l, h), &x| (l.min(x), h.max(x)));
    let inner = |share: f32| low + share * (high - low);
    let mut lost = whole.clone();
    lost.drain(40_000..40_004);
    // White noise about a level that never changes, by a 64-bit xorshift.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let equal = (0..whole.len())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            inner(0.5) + 0.02 * (high - low) * ((state >> 40) as f32 / (1u32 << 24) as f32 - 0.5)
        })
        .collect();
    let turn = std::f64::consts::TAU / 1200.0;
    let drifting = warped(&whole, |i| i + 12.0 * (turn * i).sin());
    let clipped = whole
        .iter()
        .map(|x| x.clamp(inner(0.2), inner(0.8)))
        .collect();
    let prbs = "--baud 26.5625G --pattern prbs13q";
    let broken = |name, samples, words, flag| Broken {
        name,
        samples,
        words,
        flag,
        counted: false,
    };
    vec![
        broken("too few", whole[..1_200].to_vec(), prbs, "too-short"),
        broken(
            "wrong period",
            whole.clone(),
            "--baud 26.5625G --pattern file:short.txt",
            "pattern-not-found",
        ),
        broken("a symbol lost", lost, prbs, "pattern-not-found"),
        broken("all equal", equal, prbs, "wrong-rate"),
        broken("drifting", drifting, prbs, "wrong-rate"),
        broken(
            "1 % off",
            whole,
            "--baud 26.828125G --pattern prbs13q",
            "wrong-rate",
        ),
        Broken {
            counted: true,
            ..broken("saturated", clipped, prbs, "clipping")
        },
        Broken {
            counted: true,
            ..broken("a level missing", missing, prbs, "level-missing")
        },
    ]
}

#[test]
fn no_equalizer_makes_a_number_of_a_broken_link() {
    let folder = tempfile::tempdir().unwrap();
    for link in broken_links(folder.path()) {
        fs::write(folder.path().join("link.npy"), npy(&link.samples)).unwrap();
        for equalizer in EQUALIZERS {
            let words = format!(
                "analyze link.npy --sample-rate 106.25G {} --equalizer {equalizer} \
                 --measure tdecq --json",
                link.words
            );
            let name = format!("{}, {equalizer}", link.name);
            let run = etalon_in(folder.path(), &words.split(' ').collect::<Vec<_>>());
            assert_eq!(run.code, 1, "{name}: {}{}", run.stdout, run.stderr);
            let report = run.object();
            assert_conform(folder.path(), std::slice::from_ref(&report));
            let quality = report["quality"].as_array().unwrap();
            let flags: Vec<&str> = quality.iter().filter_map(|q| q["flag"].as_str()).collect();
            assert!(flags.contains(&link.flag), "{name}: {flags:?}");
            let e = &report["estimates"];
            if link.flag != "clipping" {
                assert_untold(&e["tdecq_db"], &name);
            }
            if !link.counted {
                assert_untold(&e["pre_fec_ber"], &name);
                assert_untold(&e["frame_error_ratio_kp4"], &name);
            }
            if link.name == "a level missing" {
                let rlm = e["rlm_120d"]["value"].as_f64();
                assert!(rlm.is_none_or(|rlm| rlm < 0.1), "{name}: {rlm:?}");
                // One bit in eight cannot be told.
                let high = e["pre_fec_ber"]["high"].as_f64();
                assert!(high.is_none_or(|high| high > 0.1), "{name}: {high:?}");
            }
        }
        let words = format!("analyze link.npy --sample-rate 106.25G {}", link.words);
        let screen = etalon_in(folder.path(), &words.split(' ').collect::<Vec<_>>()).expect(1);
        let verdict = format!("REJECTED ({})", link.flag);
        assert!(screen.stdout.starts_with(&verdict), "{}", screen.stdout);
    }
}

fn assert_untold(figure: &Value, name: &str) {
    assert_eq!(figure["value"], Value::Null, "{name}: {figure}");
    assert!(!figure["reason"].as_str().unwrap().is_empty(), "{name}");
}

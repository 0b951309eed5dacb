//! TDECQ and the limits of a PMD on screen, in JSON and on the page.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::harness::{Ran, assert_conform, etalon_in};

fn etalon(folder: &Path, words: &str) -> Ran {
    etalon_in(folder, &words.split_whitespace().collect::<Vec<_>>())
}

/// Two periods of PRBS13Q behind a transmitter of limited bandwidth, at eight samples a symbol.
fn simulate(folder: &Path, out: &str, bandwidth: &str) {
    let words = format!(
        "simulate link --out {out} --baud 53.125G --symbols 16500 --samples-per-symbol 8 \
         --snr 34dB --pattern prbs13q --er 5dB --tx-bandwidth {bandwidth} --seed 3"
    );
    etalon(folder, &words).expect(0);
}

const ANALYZE: &str = "--baud 53.125G --optical --reference-receiver bt4 --pmd 400gbase-fr4";

fn row<'a>(report: &'a Value, quantity: &str) -> &'a Value {
    let rows = report["limits"].as_array().unwrap();
    let mut of = rows.iter().filter(|r| r["limit"]["quantity"] == quantity);
    let found = of.next().unwrap_or_else(|| panic!("no {quantity}"));
    assert!(of.next().is_none(), "{quantity} twice");
    found
}

/// A fast transmitter passes, a slow one fails, each with clause and edition; a verdict follows
/// from the interval and the limit that stand beside it.
#[test]
fn a_transmitter_is_held_to_the_limits_of_its_pmd() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    simulate(here, "fast.csv", "60G");
    simulate(here, "slow.csv", "14G");
    for (file, verdict) in [("fast.csv", "pass"), ("slow.csv", "fail")] {
        let run = etalon(here, &format!("analyze {file} {ANALYZE} --json"));
        let report = run.object();
        assert_conform(here, std::slice::from_ref(&report));
        let tdecq = row(&report, "tdecq_db");
        assert_eq!(tdecq["limit"]["pmd"], "400GBASE-FR4");
        assert_eq!(tdecq["limit"]["maximum"], 3.4);
        assert_eq!(tdecq["limit"]["clause"], "151");
        assert_eq!(tdecq["limit"]["edition"], "IEEE 802.3cu-2021");
        if verdict == "pass" {
            assert_eq!(tdecq["verdict"], "pass", "{tdecq}");
            assert_eq!(tdecq["figure"], report["estimates"]["tdecq_db"]);
            assert_eq!(row(&report, "extinction_ratio_db")["verdict"], "pass");
            assert_eq!(row(&report, "transition_time_s")["verdict"], "pass");
        } else {
            assert_eq!(row(&report, "transition_time_s")["verdict"], "fail");
            assert_eq!(run.code, 1, "a failed limit is a finding");
        }
        for check in report["limits"].as_array().unwrap() {
            let figure = &check["figure"];
            let (limit, low, high) = (
                &check["limit"],
                figure["low"].as_f64(),
                figure["high"].as_f64(),
            );
            let within = |x: Option<f64>| {
                let x = x.unwrap();
                limit["minimum"].as_f64().is_none_or(|least| x >= least)
                    && limit["maximum"].as_f64().is_none_or(|most| x <= most)
            };
            match check["verdict"].as_str().unwrap() {
                "pass" => assert!(within(low) && within(high), "{check}"),
                "fail" => assert!(!within(low) && !within(high), "{check}"),
                "undecided" => assert!(!check["reason"].as_str().unwrap().is_empty()),
                other => panic!("{other}"),
            }
        }
        // Nobody measured these from a waveform.
        assert_eq!(row(&report, "rin_oma_db_per_hz")["verdict"], "undecided");
        let screen = etalon(here, &format!("analyze {file} {ANALYZE}"));
        assert_eq!(screen.code, run.code);
        let lines: Vec<&str> = screen.stdout.lines().collect();
        assert!(lines.len() <= 24, "{}", screen.stdout);
        assert!(
            lines[..lines.len() - 1]
                .iter()
                .all(|l| l.chars().count() <= 80)
        );
        for part in ["TDECQ  ", "SNDR   ", "400GBASE-FR4: ", verdict] {
            assert!(screen.stdout.contains(part), "no {part}: {}", screen.stdout);
        }
        assert!(
            screen.stdout.contains("(151, 802.3cu-2021)"),
            "{}",
            screen.stdout
        );
    }
}

#[test]
fn the_page_has_the_limits_and_the_eye_has_tdecq() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    simulate(here, "fast.csv", "60G");
    etalon(here, &format!("analyze fast.csv {ANALYZE} --report page"));
    let page = fs::read_to_string(here.join("page/index.html")).unwrap();
    for part in [
        "Limits of 400GBASE-FR4",
        "at most 3.4 dB",
        "clause 151, IEEE 802.3cu-2021",
        "SNDR",
        "Overshoot",
        "Transition time",
        "K = TDECQ - Ceq",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    let eye = fs::read_to_string(here.join("page/eye.svg")).unwrap();
    assert!(eye.contains("TDECQ"), "the eye names TDECQ");
    assert!(
        page.matches("pass: at most 3.4 dB").count() > 0,
        "under the eye"
    );
}

#[test]
fn an_unknown_pmd_and_a_rejected_capture() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = etalon(here, "analyze absent.csv --pmd 1000BASE-T").expect(2);
    assert!(run.stderr.contains("--pmd"), "{}", run.stderr);
    assert!(run.stderr.contains("400GBASE-FR4"), "names those there are");
    // A clipped capture passes nothing.
    let words = "simulate link --out clip.csv --symbols 16500 --samples-per-symbol 8 --snr 34dB \
                 --pattern prbs13q --clip 0.9";
    etalon(here, words).expect(0);
    let run = etalon(
        here,
        "analyze clip.csv --baud 26.5625G --optical --pmd 400GBASE-FR4 --json",
    )
    .expect(1);
    let report = run.object();
    for check in report["limits"].as_array().unwrap() {
        assert_eq!(check["verdict"], "undecided", "{check}");
    }
}

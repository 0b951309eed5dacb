//! The physics of `simulate link`: what each option puts into the truth, and what is refused.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::{assert_conform, etalon_in, files};

/// Simulates with these words; returns the truth, which has to conform to its schema.
fn truth(folder: &Path, words: &str) -> Value {
    let all = format!("simulate link --symbols 400 --out link.csv --json {words}");
    let run = etalon_in(folder, &all.split_whitespace().collect::<Vec<_>>()).expect(0);
    let object = run.object();
    assert_conform(folder, std::slice::from_ref(&object));
    let written: Value =
        serde_json::from_slice(&fs::read(folder.join("link.csv.truth.json")).unwrap()).unwrap();
    assert_eq!(written["config"], object["config"]);
    object
}

#[test]
fn every_pair_of_reflectors_is_a_path_in_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let words = "--reflector 0:26dB --reflector 2m:26 --reflector 5:-26dB --reflector 0.02km:26 \
                 --fibre-loss 0";
    let truth = truth(folder.path(), words);
    let paths = truth["paths"].as_array().unwrap();
    assert_eq!(paths.len(), 6);
    let level = truth["mpi"].as_f64().unwrap();
    // Six pairs of -52 dB.
    assert!((level + 44.218).abs() < 1e-3, "{level}");
    for (path, (between, distance_m)) in paths.iter().zip([
        ([0, 1], 2.0),
        ([0, 2], 5.0),
        ([0, 3], 20.0),
        ([1, 2], 3.0),
        ([1, 3], 18.0),
        ([2, 3], 15.0),
    ]) {
        let [near, far]: [usize; 2] = between;
        assert_eq!(path["between"], json!({"near": near, "far": far}));
        let delay_s = path["delay"].as_f64().unwrap();
        assert!((delay_s - distance_m * 9.7935e-9).abs() < 1e-4 * delay_s);
    }
}

#[test]
fn each_option_reaches_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &str, Value); 14] = [
        (
            "--tone 100kHz:3% --gain-tone 1M:0.25",
            "/nuisances/tones",
            json!([
                {"frequency": 1e5, "amplitude": 0.03, "on": "offset", "phase_rad": 0.0},
                {"frequency": 1e6, "amplitude": 0.25, "on": "gain", "phase_rad": 0.0},
            ]),
        ),
        ("--offset-ramp -3%", "/nuisances/offset_ramp", json!(-0.03)),
        ("--gain-ramp 0.5", "/nuisances/gain_ramp", json!(0.5)),
        (
            "--ac-coupling 5M",
            "/nuisances/ac_coupling",
            json!({"corner": 5e6, "baseline": "removed"}),
        ),
        (
            "--ac-coupling 5M:kept",
            "/nuisances/ac_coupling/baseline",
            json!("kept"),
        ),
        (
            "--rin-low 0.5%:4M",
            "/low_frequency_rin",
            json!({"rms": 0.005, "corner": 4e6}),
        ),
        (
            "--baud 1G --echo 200UI:-2%",
            "/nuisances/echoes",
            json!([{"delay": 2e-7, "amplitude": -0.02}]),
        ),
        ("--saturation 3%", "/nuisances/saturation", json!(0.03)),
        (
            "--baud 1G --jitter 0.5UI:4M",
            "/jitter",
            json!({"rms": 5e-10, "corner": 4e6}),
        ),
        ("--transmitter eml", "/chirp", json!(1.0)),
        (
            "--transmitter dml --chirp 2 --launch 3dBm",
            "/adiabatic_chirp_hz_per_w",
            json!(1e13),
        ),
        (
            "--rayleigh 0.5km",
            "/fibre/rayleigh",
            json!({"length": 500.0, "backscatter_1ns": -77.0}),
        ),
        (
            "--mpi -30 --mpi-delay 10n --polarization random",
            "/reflections/0/polarization",
            json!("random"),
        ),
        ("--rop -5dBm", "/noise/kind", json!("thermal-and-shot")),
    ];
    for (words, place, expected) in cases {
        let truth = truth(folder.path(), words);
        let found = truth["config"].pointer(place);
        assert_eq!(found, Some(&expected), "{words}");
    }
    let scrambled = "--mpi -30 --mpi-delay 10n --polarization scrambled";
    let truth = truth(folder.path(), scrambled);
    assert_eq!(truth["config"]["scrambling_rate"], json!(1e5));
    assert_eq!(truth["paths"][0]["scrambled"], json!(true));
}

#[test]
fn the_screen_holds_whatever_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let words = "simulate link --symbols 400 --out link.csv --reflector 0:26 --reflector 1:26 \
                 --reflector 2:26 --reflector 4:26 --reflector 8:26 --rayleigh 100 --tone 1k:1% \
                 --gain-tone 1k:1% --offset-ramp 1% --gain-ramp 1% --ac-coupling 1M:kept \
                 --rin-low 1%:1M --echo 1ns:1% --saturation 1% --jitter 1ps --transmitter dml \
                 --dispersion 20";
    let run = etalon_in(folder.path(), &words.split_whitespace().collect::<Vec<_>>()).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.len() <= 24, "{}", run.stdout);
    let (next, above) = lines.split_last().unwrap();
    assert!(next.starts_with("next: etalon analyze link.csv"));
    for line in above {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for part in [
        "reflectors 1 and 2",
        "with 4 weaker paths",
        "by the glass",
        "jitter",
    ] {
        assert!(run.stdout.contains(part), "no {part}: {}", run.stdout);
    }
}

#[test]
fn what_no_link_has_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        "--reflector 10:26dB",
        "--reflector 10:26dB --reflector 10:35dB",
        "--reflector 10 --reflector 20",
        "--reflector 0:0dB --reflector 1:26dB",
        "--fibre-loss -1 --reflector 0:26 --reflector 1:26",
        "--rayleigh 0",
        "--rayleigh 1e9km",
        "--tone 100kHz",
        "--tone 100kHz:200%",
        "--gain-tone nan:1%",
        "--offset-ramp 3",
        "--gain-ramp x",
        "--ac-coupling 0",
        "--ac-coupling 1MHz:lost",
        "--rin-low 0.5%",
        "--rin-low 0.5%:0",
        "--echo 7UI",
        "--echo -1ns:1%",
        "--echo 1:2%",
        "--saturation 0.9",
        "--jitter 1s",
        "--jitter 1ps:",
        "--transmitter vcsel",
        "--adiabatic-chirp -1",
        "--transmitter dml --adiabatic-chirp 900",
        "--launch 99",
        "--polarization scrambled --scrambling-rate=-1",
        "--polarization circular",
    ] {
        let all = format!("simulate link --symbols 400 --out link.csv {words}");
        let run = etalon_in(folder.path(), &all.split_whitespace().collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{words}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("hint: "), "{words}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{words}");
        assert_eq!(files(folder.path()), Vec::<String>::new(), "{words}");
    }
}

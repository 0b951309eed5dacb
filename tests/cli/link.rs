//! Simulate, then look: what was put in comes out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::harness::{assert_conform, etalon_in, files};

fn simulate(folder: &Path, out: &str, more: &[&str]) -> Value {
    let mut words = vec!["simulate", "link", "--out", out, "--json"];
    words.extend(more);
    let truth = etalon_in(folder, &words).expect(0).object();
    assert_conform(folder, std::slice::from_ref(&truth));
    let text = fs::read_to_string(folder.join(format!("{out}.truth.json"))).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), truth);
    truth
}

#[test]
fn a_simulated_file_holds_what_its_truth_says() {
    let folder = tempfile::tempdir().unwrap();
    for (out, unit, storage) in [
        ("a.npy", "", "f32"),
        ("a.csv", "W", "f64"),
        ("a.trc", "W", "i16"),
    ] {
        let truth = simulate(
            folder.path(),
            out,
            &["--symbols", "4096", "--rop", "-3dBm", "--snr", "20dB"],
        );
        let info = etalon_in(folder.path(), &["info", out, "--json"])
            .expect(0)
            .object();
        assert_conform(folder.path(), std::slice::from_ref(&info));
        assert_eq!(info["samples"], 4 * 4096, "{out}");
        assert_eq!(info["unit"], unit, "{out}");
        assert_eq!(info["storage"], storage, "{out}");
        // 4096 symbols and noise: the mean is that of the truth within a few percent.
        let (mean, told) = (
            info["mean"].as_f64().unwrap(),
            truth["mean_power_w"].as_f64().unwrap(),
        );
        assert!((mean / told - 1.0).abs() < 0.05, "{out}: {mean} and {told}");
        if out != "a.npy" {
            let dt = info["sample_interval_s"].as_f64().unwrap();
            // Text and header keep at least single precision.
            assert!((dt * 106.25e9 - 1.0).abs() < 1e-6, "{out}: {dt}");
        }
    }
    assert_eq!(files(folder.path()).len(), 6, "{:?}", files(folder.path()));
}

#[test]
fn the_seed_fixes_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let hash = |out: &str, seed: &str| {
        let words = ["--symbols", "2000", "--seed", seed];
        simulate(folder.path(), out, &words)["capture_sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(hash("a.npy", "7"), hash("b.npy", "7"));
    assert_ne!(hash("c.npy", "8"), hash("d.npy", "7"));
}

#[test]
fn interference_that_was_put_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let put = [
        "--mpi",
        "-30dB",
        "--mpi-delay",
        "100ns",
        "--linewidth",
        "10MHz",
        "--snr",
        "22dB",
        "--seed",
        "3",
    ];
    simulate(folder.path(), "mpi.trc", &put);
    let words = ["analyze", "mpi.trc", "--baud", "26.5625G", "--json"];
    let report = etalon_in(folder.path(), &words).expect(1).object();
    assert_conform(folder.path(), std::slice::from_ref(&report));
    assert_eq!(report["classification"]["kind"], "mpi", "{report}");
    let level = report["estimates"]["mpi_db"]["value"].as_f64().unwrap();
    // The acceptance limit of the receiver is half a decibel in 99 of 100 draws.
    assert!((level + 30.0).abs() < 0.5, "{level}");
    let delay = report["mpi_paths"][0]["delay_s"].as_f64().unwrap();
    assert!((delay - 100e-9).abs() < 1.0 / 26.5625e9, "{delay}");
    // 100 ns of light at index 1.468, there and back.
    let metres = report["mpi_paths"][0]["distance_m"].as_f64().unwrap();
    assert!((metres - 10.21).abs() < 0.02, "{metres}");
    for part in ["read", "total"] {
        assert!(report["timing_s"][part].as_f64().unwrap() > 0.0, "{part}");
    }
    assert_eq!(report["input"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        report["provenance"]["config_sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );

    let record = etalon_in(
        folder.path(),
        &["mpi", "mpi.trc", "--baud", "26.5625G", "--json"],
    )
    .expect(1)
    .object();
    assert_conform(folder.path(), std::slice::from_ref(&record));
    assert_eq!(
        record["mpi_db"]["value"],
        report["estimates"]["mpi_db"]["value"]
    );
    assert_eq!(
        record["mpi_paths"][0]["delay_s"],
        report["mpi_paths"][0]["delay_s"]
    );
}

#[test]
fn a_clean_link_is_healthy() {
    let folder = tempfile::tempdir().unwrap();
    simulate(
        folder.path(),
        "clean.npy",
        &["--snr", "24dB", "--seed", "5"],
    );
    let words = [
        "analyze",
        "clean.npy",
        "--baud",
        "26.5625G",
        "--sample-rate",
        "106.25G",
        "--optical",
        "--json",
    ];
    let report = etalon_in(folder.path(), &words).expect(0).object();
    assert_eq!(report["classification"]["kind"], "healthy", "{report}");
    // No errors in this many bits: an upper bound, never zero.
    let ber = &report["estimates"]["pre_fec_ber"];
    assert!(
        ber["value"].is_null() || ber["value"].as_f64().unwrap() > 0.0,
        "{ber}"
    );
    assert!(ber["high"].as_f64().unwrap() > 0.0, "{ber}");
}

#[test]
fn a_report_is_a_page_with_pictures_and_json() {
    let folder = tempfile::tempdir().unwrap();
    simulate(
        folder.path(),
        "a.csv",
        &["--symbols", "16384", "--snr", "24dB"],
    );
    let words = [
        "analyze", "a.csv", "a.csv", "--baud", "26.5625G", "--report", "page", "--json",
    ];
    let reports = etalon_in(folder.path(), &words).expect(0).lines();
    assert_eq!(reports.len(), 2);
    let names = files(&folder.path().join("page"));
    for name in [
        "index.html",
        "eye-1.png",
        "eye-2.svg",
        "taps-1.svg",
        "link-report-2.json",
    ] {
        assert!(
            names.iter().any(|n| n == name),
            "{name} is not in {names:?}"
        );
    }
    let page = fs::read_to_string(folder.path().join("page/index.html")).unwrap();
    // The truth lies beside the capture, so the page must say that nothing here was measured.
    assert!(page.contains("simulated"), "no banner");
    let text = fs::read_to_string(folder.path().join("page/link-report-1.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), reports[0]);

    let run = etalon_in(folder.path(), &["info", "a.csv", "--report", "other"]).expect(2);
    assert!(run.stderr.contains("ETA-2009") && run.stderr.contains("hint: "));
}

//! `etalon convert` as it is typed.

use serde_json::Value;

use super::harness::{etalon_in, files};

/// Values of a capture, as `info` tells them, without what the format is.
fn values(folder: &std::path::Path, words: &[&str]) -> Vec<Value> {
    let told = etalon_in(folder, &[&["info", "--json"], words].concat()).expect(0);
    let keep = |mut line: Value| {
        let names = [
            "samples",
            "t0_s",
            "sample_interval_s",
            "min",
            "max",
            "first",
            "last",
        ];
        names.map(|name| line[name].take()).to_vec()
    };
    told.lines().into_iter().flat_map(keep).collect()
}

#[test]
fn a_capture_goes_through_every_format_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let link = [
        "simulate",
        "link",
        "--symbols",
        "2048",
        "--samples-per-symbol",
        "2",
        "--seed",
        "3",
    ];
    etalon_in(at, &[&link[..], &["--out", "a.trc"]].concat()).expect(0);
    let expected = values(at, &["a.trc"]);
    let close = |found: &[Value]| {
        for (a, b) in found.iter().zip(&expected) {
            let flat = |v: &Value| match v {
                Value::Array(all) => all.iter().filter_map(Value::as_f64).collect(),
                one => one.as_f64().into_iter().collect::<Vec<_>>(),
            };
            for (x, y) in flat(a).into_iter().zip(flat(b)) {
                // Single precision keeps 24 bits: half a unit in the last place is 6e-8.
                assert!((x - y).abs() <= 6e-8 * y.abs().max(x.abs()), "{x} {y}");
            }
        }
        assert_eq!(found.len(), expected.len());
    };
    for out in ["b.csv", "b.bin", "b.isf", "b.mat", "b.sigmf-meta"] {
        let told = etalon_in(at, &["convert", "a.trc", out, "--json"])
            .expect(0)
            .object();
        assert_eq!(
            (told["samples"].as_u64(), told["traces"].as_u64()),
            (Some(4096), Some(1))
        );
        close(&values(at, &[out]));
    }
    // These two carry no time base.
    for (out, more) in [("b.npy", None), ("b.f32", Some("raw-f32"))] {
        etalon_in(at, &["convert", "a.trc", out]).expect(0);
        let rate = ["--sample-rate", "53.125G"];
        let format: Vec<&str> = more
            .into_iter()
            .flat_map(|name| ["--format", name])
            .collect();
        assert_eq!(values(at, &[&[out], &rate[..], &format].concat())[0], 4096);
    }
}

#[test]
fn what_cannot_be_converted_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("junk"), "no capture at all").unwrap();
    etalon_in(at, &["convert", "junk", "out.csv"]).expect(3);
    etalon_in(at, &["convert", "missing.trc", "out.csv"]).expect(3);
    etalon_in(at, &["convert", "junk", "out.xyz"]).expect(2);
    std::fs::write(at.join("a.csv"), "0,1\n1,2\n2,3\n").unwrap();
    let told = etalon_in(at, &["convert", "a.csv", "a.csv"]).expect(2);
    assert!(told.stderr.contains("ETA-2016"), "{}", told.stderr);
    let told = etalon_in(at, &["convert", "a.csv", "no-such-folder/b.npy"]).expect(5);
    assert!(told.stderr.contains("ETA-5001"), "{}", told.stderr);
    assert_eq!(files(at), ["a.csv", "junk"]);
}

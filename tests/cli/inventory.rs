//! `--inventory`: connectors beside the paths, and files that are no inventories.

use std::path::Path;

use super::harness::{assert_conform, etalon_in};

const GOOD: &str = "tolerance_m = 0.3\n\
    [[connector]]\nname = \"PP1-A\"\nposition_m = 12.3\n\
    [[connector]]\nname = \"PP2-B\"\nposition_m = 22.5\n\
    [[connector]]\nname = \"RX\"\nposition_m = 300\n";

fn capture(folder: &Path) {
    let words = "simulate link --out link.trc --symbols 131072 --samples-per-symbol 2 --mpi -28dB \
                 --mpi-delay 100ns --linewidth 10MHz --er 6dB --snr 20dB --pattern prbs31q";
    let words: Vec<&str> = words.split_whitespace().collect();
    etalon_in(folder, &words).expect(0);
}

#[test]
fn a_path_is_named_on_the_screen_in_the_json_and_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    capture(here);
    std::fs::write(here.join("panels.toml"), GOOD).unwrap();
    let base = ["link.trc", "--baud", "26.5625G"];
    let named = [&base[..], &["--inventory", "panels.toml"]].concat();

    let screen = etalon_in(here, &[&["mpi"][..], &named].concat()).expect(1);
    assert!(screen.stdout.contains("PP1-A / PP2-B"), "{}", screen.stdout);
    assert!(screen.stdout.contains("cancelling block tracker"));
    assert!(screen.stdout.contains('^'), "a mark on the axis");
    for verb in ["mpi", "analyze"] {
        let words = [&[verb][..], &named, &["--json", "--report", verb]].concat();
        let objects = etalon_in(here, &words).expect(1).lines();
        assert_conform(here, &objects);
        let path = &objects[0]["mpi_paths"][0];
        assert_eq!(path["connectors"][0][0], "PP1-A");
        assert_eq!(path["connectors"][0][1], "PP2-B");
        // 10.2 m apart and 100 ns: half a symbol is 2 mm, the tolerance 0.3 m.
        assert!((path["distance_m"].as_f64().unwrap() - 10.21).abs() < 0.01);
        let cancelled = objects[0]["cancellation"].as_array();
        assert_eq!(
            cancelled.is_some(),
            verb == "mpi",
            "a stage that is asked for"
        );
        let picture = std::fs::read_to_string(here.join(verb).join("reflectogram.svg")).unwrap();
        assert!(picture.contains("PP1-A / PP2-B") && picture.contains("noise floor"));
    }
    let plain = etalon_in(here, &[&["mpi"][..], &base, &["--json"]].concat()).expect(1);
    assert!(plain.object()["mpi_paths"][0].get("connectors").is_none());
    let far = GOOD.replace("22.5", "24");
    std::fs::write(here.join("panels.toml"), far).unwrap();
    let screen = etalon_in(here, &[&["mpi"][..], &named].concat()).expect(1);
    assert!(screen.stdout.contains("no pair of the inventory"));
}

#[test]
fn what_is_no_inventory_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (text, told) in [
        (
            GOOD.replace("22.5", "nan"),
            "line 7: expected a finite number",
        ),
        (GOOD.replace("RX", "PP1-A"), "expected each name once"),
        (
            GOOD.replace("position_m = 300", "metres = 300"),
            "found the key \"metres\"",
        ),
        (String::new(), "expected 2 to 1000 connectors, found 0"),
    ] {
        std::fs::write(here.join("panels.toml"), text).unwrap();
        let words = ["mpi", "absent.trc", "--inventory", "panels.toml", "--json"];
        let run = etalon_in(here, &words).expect(2);
        assert!(run.stdout.is_empty());
        let error: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
        assert_eq!(error["code"], "ETA-2011");
        assert_eq!(error["hint"], "etalon schema inventory");
        assert!(error["why"].as_str().unwrap().contains(told), "{error}");
    }
    std::fs::write(here.join("panels.toml"), [0xff, 0xfe, 0x00]).unwrap();
    let run = etalon_in(here, &["mpi", "x", "--inventory", "panels.toml"]).expect(2);
    assert!(run.stderr.contains("UTF-8"), "{}", run.stderr);
    etalon_in(here, &["mpi", "x", "--inventory", "."]).expect(3);
}

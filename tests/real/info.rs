//! `etalon info` over every shared file of the formats that are read.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::captures;
use crate::harness::{assert_conform, etalon_in};
use crate::manifest::{Row, trusted};

/// Files whose bytes do not say what they are.
fn hints(file: &str) -> &'static [&'static str] {
    if file.starts_with("optical_imdd/chan") {
        &["--format", "raw-i8", "--sample-rate", "56G"]
    } else if file.starts_with("electrical_10gbase_r/") {
        &["--format", "raw-f32", "--sample-rate", "40G"]
    } else {
        &[]
    }
}

/// Every `.bin`, `.trc`, `.npy` and `.csv` file, and the LeCroy traces with a number for an
/// ending, as paths below the folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for room in std::fs::read_dir(folder).unwrap() {
        let room = room.unwrap().path();
        if !room.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&room).unwrap() {
            let file = file.unwrap().path();
            let ending = file.extension().and_then(|e| e.to_str()).unwrap_or("");
            if ["bin", "trc", "npy", "csv", "000"].contains(&ending) {
                let name = file.strip_prefix(folder).unwrap();
                found.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Files that must be refused, with what the error has to name. Those of other vendors' formats
/// say which format they are; the damaged ones say where.
const REFUSED: [(&str, &str); 3] = [
    ("csv_variants/raw_data_1.csv", "3281979"),
    ("lecroy_trc/lecroy_1.trc", "357"),
    (
        "rohde_schwarz/rs_rtp_history_01.bin",
        "rs_rtp_history_01.Wfm.bin",
    ),
];

#[test]
fn ref_every_real_file_agrees_with_the_manifest_or_is_refused() {
    let Some(folder) = captures("info over every capture") else {
        return;
    };
    let rows = trusted(&folder);
    let mut compared = BTreeSet::new();
    let mut refused = 0;
    for file in files(&folder) {
        let mut words = vec!["info", &file, "--json"];
        words.extend(hints(&file));
        let run = etalon_in(&folder, &words);
        if let Some((_, named)) = REFUSED.iter().find(|(name, _)| *name == file) {
            assert_eq!(run.code, 3, "{file}: {}", run.stderr);
            assert!(run.stdout.is_empty(), "{file}: {}", run.stdout);
            let error: Value = serde_json::from_str(&run.stderr).unwrap();
            assert_refusal(&file, named, &error);
            println!("{file}  refused: {}", error["why"].as_str().unwrap());
            refused += 1;
            continue;
        }
        let channels = run.expect(0).lines();
        assert_conform(&folder, &channels);
        let of_file: Vec<&Row> = rows.iter().filter(|row| row.file == file).collect();
        for row in &of_file {
            let k = match row.channel.parse::<usize>() {
                Ok(channel) if file.starts_with("rigol") => channel - 1,
                _ => usize::from(row.channel.starts_with("wf2")),
            };
            compare(row, &channels[k]);
            compared.insert(file.clone());
        }
        println!(
            "{file}  {}, {} channels of {} samples, {} rows agree",
            channels[0]["format"],
            channels.len(),
            channels[0]["samples"],
            of_file.len()
        );
    }
    assert_eq!(refused, REFUSED.len());
    // 2 Keysight, 3 + 2 LeCroy, 1 NumPy, 4 patterns, 5 optical, 1 electrical, 2 R&S, 3 Rigol.
    assert_eq!(compared.len(), 23, "{compared:?}");
}

fn assert_refusal(file: &str, named: &str, error: &Value) {
    let text = |key: &str| {
        error[key]
            .as_str()
            .unwrap_or_else(|| panic!("{file}: {error}"))
    };
    assert!(text("code").starts_with("ETA-3"), "{file}: {error}");
    assert!(text("where").contains(file), "{file}: {error}");
    assert!(
        !text("why").is_empty() && !text("hint").is_empty(),
        "{file}: {error}"
    );
    assert!(
        error.to_string().contains(named),
        "{file}: {named} is not in {error}"
    );
}

/// Readers computed in 32-bit floats (7.2 digits): relative to the value, and, because
/// `gain * raw - offset` loses it near zero, relative to full scale. Times have twelve digits.
fn compare(row: &Row, info: &Value) {
    let name = format!("{} {}", row.file, row.channel);
    let of = |key: &str| {
        info[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} {key}: {info}"))
    };
    let scale = row.min.abs().max(row.max.abs());
    let near = |what: &str, ours: f64, theirs: f64| {
        let allowed = 1e-6 * theirs.abs() + 3e-7 * scale;
        assert!(
            (ours - theirs).abs() <= allowed,
            "{name} {what}: {ours} against {theirs}"
        );
    };
    assert_eq!(info["samples"], row.samples, "{name}");
    near("min", of("min"), row.min);
    near("max", of("max"), row.max);
    near("mean", of("mean"), row.mean);
    for (what, theirs) in [("first", &row.first), ("last", &row.last)] {
        let ours = info[what].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name} {what}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            near(what, ours.as_f64().unwrap(), *theirs);
        }
    }
    for (key, theirs) in [("t0_s", row.t0_s), ("sample_interval_s", row.interval_s)] {
        if let Some(theirs) = theirs {
            let ours = of(key);
            assert!(
                (ours - theirs).abs() <= 1e-11 * theirs.abs(),
                "{name} {key}: {ours} against {theirs}"
            );
        }
    }
}

//! `etalon batch`, `merge` and `diff` as they are typed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::harness::{Ran, conforms, etalon_in, files, ran};

/// Makes small captures `c0.trc`, ... and two files that are none.
fn captures(folder: &Path, count: usize) -> PathBuf {
    let caps = folder.join("caps");
    std::fs::create_dir_all(&caps).unwrap();
    for at in 0..count {
        let (out, seed, snr) = (
            format!("c{at}.trc"),
            at.to_string(),
            format!("{}dB", 16 + at % 6),
        );
        let link = ["simulate", "link", "--format", "trc", "--symbols", "8192"];
        let rate = ["--baud", "26.5625G", "--samples-per-symbol", "2"];
        let rest = [
            "--pattern",
            "prbs13q",
            "--snr",
            &snr,
            "--seed",
            &seed,
            "--out",
            &out,
        ];
        let words = [&link[..], &rate[..], &rest[..]].concat();
        etalon_in(&caps, &words).expect(0);
    }
    std::fs::write(caps.join("empty.trc"), "").unwrap();
    let whole = std::fs::read(caps.join("c0.trc")).unwrap();
    std::fs::write(caps.join("torn.trc"), &whole[..5000]).unwrap();
    caps
}

fn batch(folder: &Path, out: &str, more: &[&str]) -> Ran {
    let words = [
        "batch", "caps", "--out", out, "--baud", "26.5625G", "--quiet",
    ];
    etalon_in(folder, &[&words[..], more].concat())
}

/// The files that depend on captures, options and program alone.
fn bytes(run: &Path) -> [Vec<u8>; 3] {
    ["rows.jsonl", "rows.csv", "manifest.json"]
        .map(|name| std::fs::read(run.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn rows(run: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join("rows.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_row_a_capture_and_a_sum_that_was_checked() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 3);
    let told = batch(folder.path(), "run", &["--no-cache"]).expect(1);
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(
        lines.len() <= 24 && lines.iter().all(|l| l.chars().count() < 80),
        "{}",
        told.stdout
    );
    let sum = "in 5 = ok 3 + flagged 0 + rejected 2 + failed 0";
    assert!(lines.contains(&sum), "{}", told.stdout);
    assert!(lines.last().unwrap().starts_with("next: etalon info caps/"));
    let rows = rows(&folder.path().join("run"));
    let paths: Vec<&str> = rows.iter().map(|r| r["path"].as_str().unwrap()).collect();
    let wanted = ["c0.trc", "c1.trc", "c2.trc", "empty.trc", "torn.trc"];
    assert_eq!(paths, wanted.map(|name| format!("caps/{name}")));
    assert_eq!(rows[0]["status"], "ok");
    assert!(rows[0]["pre_fec_ber_high"].as_f64().unwrap() > 0.0);
    assert!(rows[0]["snr_db_low"].as_f64() < rows[0]["snr_db"].as_f64());
    assert_eq!(rows[0]["tdecq_db"], Value::Null);
    assert!(
        rows[0]["tdecq_db_reason"]
            .as_str()
            .unwrap()
            .contains("samples a symbol")
    );
    assert_eq!(rows[4]["code"], "ETA-3002");
    assert!(rows[4]["reason"].as_str().unwrap().contains("byte 5000"));

    let again = batch(folder.path(), "run", &["--json"]).expect(1).object();
    let schema = etalon_in(folder.path(), &["schema", "batch-result", "--json"]).expect(0);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    conforms(&again, &schema, &schema, "$").unwrap();
    // What cannot be read is looked at again: a file beside it may have come.
    assert_eq!(
        (again["resumed"].as_u64(), again["computed"].as_u64()),
        (Some(3), Some(2))
    );
    let manifest = std::fs::read_to_string(folder.path().join("run/manifest.json")).unwrap();
    let schema = etalon_in(folder.path(), &["schema", "batch", "--json"]).expect(0);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    conforms(
        &serde_json::from_str(&manifest).unwrap(),
        &schema,
        &schema,
        "$",
    )
    .unwrap();
}

#[test]
fn threads_shards_and_the_cache_do_not_show_in_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 7);
    let at = |name: &str| folder.path().join(name);
    batch(folder.path(), "one", &["--no-cache", "--threads", "1"]).expect(1);
    let expected = bytes(&at("one"));
    for threads in ["2", "8"] {
        batch(
            folder.path(),
            threads,
            &["--no-cache", "--threads", threads],
        )
        .expect(1);
        assert_eq!(bytes(&at(threads)), expected, "{threads} threads");
    }
    let cache = at("cache").display().to_string();
    for out in ["fills", "reads"] {
        let told = batch(folder.path(), out, &["--cache", &cache, "--json"])
            .expect(1)
            .object();
        let cached = if out == "reads" { 7 } else { 0 };
        assert_eq!(told["cached"].as_u64(), Some(cached), "{out}");
        assert_eq!(bytes(&at(out)), expected, "{out}");
    }
    // Out of order, and put together from folders named one by one and by their parent.
    for shard in ["3/4", "1/4", "4/4", "2/4"] {
        let told = batch(folder.path(), "parts", &["--no-cache", "--shard", shard]);
        assert!(told.code <= 1, "{}", told.stderr);
    }
    etalon_in(folder.path(), &["merge", "parts"]).expect(1);
    assert_eq!(bytes(&at("parts")), expected);
    let each = ["4", "2", "1", "3"].map(|part| format!("parts/shard-{part}-of-4"));
    let mut words = vec!["merge", "--out", "whole"];
    words.extend(each.iter().map(String::as_str));
    etalon_in(folder.path(), &words).expect(1);
    assert_eq!(bytes(&at("whole")), expected);
    let lacking = etalon_in(folder.path(), &words[..6]).expect(3);
    assert!(lacking.stderr.contains("ETA-3009"), "{}", lacking.stderr);
}

/// A generator for the times of the kills (Knuth's MMIX constants).
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Starts the run and kills it after a while; says whether it was killed before its end.
fn killed(folder: &Path, out: &str, pause: Duration) -> bool {
    let words = [
        "batch",
        "caps",
        "--baud",
        "26.5625G",
        "--quiet",
        "--no-cache",
        "--out",
        out,
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(words)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

#[test]
fn a_hundred_random_kills_leave_the_bytes_of_an_unbroken_run() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 12);
    let at = |name: &str| folder.path().join(name);
    batch(folder.path(), "unbroken", &["--no-cache"]).expect(1);
    let expected = bytes(&at("unbroken"));
    let (mut random, mut kills, mut rounds) = (2026, 0, 0);
    while kills < 100 {
        let out = format!("broken{rounds}");
        // From before the journal is there to the middle of the tables.
        for _ in 0..12 {
            let pause = Duration::from_micros(next(&mut random) % 60_000);
            kills += u32::from(killed(folder.path(), &out, pause));
        }
        batch(folder.path(), &out, &["--no-cache"]).expect(1);
        assert_eq!(
            bytes(&at(&out)),
            expected,
            "round {rounds}, after {kills} kills"
        );
        rounds += 1;
        assert!(
            rounds < 60,
            "{kills} of {} starts were killed: too few",
            12 * rounds
        );
    }
    println!("{kills} kills in {rounds} runs");
}

#[test]
fn a_capture_that_workers_die_over_is_set_aside_and_comes_back_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 2);
    // The reflectogram of a million symbols needs more than 64 MiB, that of a few thousand does not.
    let link = [
        "simulate",
        "link",
        "--format",
        "trc",
        "--symbols",
        "1048576",
        "--baud",
        "26.5625G",
    ];
    let rest = [
        "--samples-per-symbol",
        "2",
        "--snr",
        "20dB",
        "--out",
        "caps/large.trc",
    ];
    etalon_in(folder.path(), &[&link[..], &rest[..]].concat()).expect(0);
    let small = ["--no-cache", "--json"];
    let tight = [&small[..], &["--memory-limit", "64MiB"]].concat();
    let told = batch(folder.path(), "run", &tight).expect(1).object();
    assert_eq!(
        told["set_aside"],
        serde_json::json!(["caps/large.trc"]),
        "{told}"
    );
    assert_eq!(
        (told["ok"].as_u64(), told["failed"].as_u64()),
        (Some(2), Some(1))
    );
    let reason = rows(&folder.path().join("run"))[3]["reason"].to_string();
    assert!(
        reason.contains("set aside after 2 tries") && reason.contains("64 MiB"),
        "{reason}"
    );
    // With room enough it still stays aside, until it is asked for.
    let told = batch(folder.path(), "run", &small).expect(1).object();
    assert_eq!(told["failed"], 1);
    let told = batch(folder.path(), "run", &[&small[..], &["--retry"]].concat())
        .expect(1)
        .object();
    assert_eq!(
        (told["failed"].as_u64(), told["in"].as_u64()),
        (Some(0), Some(5))
    );
}

/// A limit of the system on the size of a file stands in for a full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_the_run_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 8);
    batch(folder.path(), "unbroken", &["--no-cache"]).expect(1);
    let mut full = 0;
    // In blocks of 512 or 1024 bytes, by shell: from the first record to the tables.
    for limit in [1, 4, 8, 16, 24, 40, 48] {
        let script = format!(
            "trap '' XFSZ; ulimit -f {limit}; exec \"$0\" batch caps --out tight --baud 26.5625G \
             --quiet --no-cache"
        );
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_etalon")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let told = ran(&output);
        if told.code == 5 {
            full += 1;
            assert!(told.stderr.contains("error[ETA-500"), "{}", told.stderr);
            assert!(!told.stdout.contains("in "), "{}", told.stdout);
        } else {
            told.expect(1);
        }
    }
    // The smallest two do not hold the rows of the eight captures, whatever a block is.
    assert!(full >= 2, "{full} of 7 limits were met");
    batch(folder.path(), "tight", &["--no-cache"]).expect(1);
    let at = |name: &str| folder.path().join(name);
    assert_eq!(bytes(&at("tight")), bytes(&at("unbroken")));
}

#[test]
fn lists_bring_options_and_labels_and_a_folder_keeps_to_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let caps = captures(folder.path(), 2);
    let list = "path\tbaud\tinjected\nc0.trc\t26.5625G\t-30\nc1.trc\t26.5625G\t\n";
    std::fs::write(caps.join("list.tsv"), list).unwrap();
    let words = [
        "batch",
        "--files-from",
        "caps/list.tsv",
        "-o",
        "run",
        "--no-cache",
        "-q",
    ];
    etalon_in(folder.path(), &words).expect(0);
    let found = rows(&folder.path().join("run"));
    assert_eq!(found[0]["label_injected"], "-30");
    assert_eq!(found[1].get("label_injected"), None);
    assert_eq!(found[0]["status"], "ok");
    // Another symbol rate is another run.
    let other = [&words[..], &["--taps", "7"]].concat();
    let refused = etalon_in(folder.path(), &other).expect(2);
    assert!(refused.stderr.contains("ETA-2013") && refused.stderr.contains("--taps 7"));
    let nothing = etalon_in(folder.path(), &["batch", "caps/*.npy", "-o", "none"]).expect(2);
    assert!(nothing.stderr.contains("ETA-2010"), "{}", nothing.stderr);
}

#[test]
fn a_diff_tells_settings_and_what_moved() {
    let folder = tempfile::tempdir().unwrap();
    captures(folder.path(), 3);
    batch(folder.path(), "a", &["--no-cache"]).expect(1);
    batch(folder.path(), "b", &["--no-cache", "--equalizer", "none"]).expect(1);
    let same = etalon_in(folder.path(), &["diff", "a", "a", "--json"])
        .expect(0)
        .object();
    assert_eq!(same["settings"], serde_json::json!([]));
    let words = ["diff", "a", "b", "--report", "pictures", "--json"];
    let found = etalon_in(folder.path(), &words).expect(1).object();
    assert_eq!(found["matched"], 5);
    assert_eq!(found["settings"][0]["name"], "--equalizer");
    let moved = &found["figures"][0];
    assert!(moved["moved"].as_u64().unwrap() > 0, "{found}");
    let pictures = files(&folder.path().join("pictures"));
    let name = format!("diff-{}.png", moved["figure"].as_str().unwrap());
    assert!(pictures.contains(&name), "{pictures:?}");
    let refused = etalon_in(folder.path(), &["diff", "a", "caps"]).expect(3);
    assert!(refused.stderr.contains("ETA-3011"), "{}", refused.stderr);
}

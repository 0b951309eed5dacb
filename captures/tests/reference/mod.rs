//! The real files of the shared folder, what independent readers say of them, and the comparison.

#![allow(dead_code)] // Every test binary uses some of it.

use etalon_captures::{OpenOptions, Trace, stats};
use etalon_types::WaveformSource;
use std::path::{Path, PathBuf};

/// Finds the files, or says why the test is left out; on CI that is a failure.
pub fn shared_captures() -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("captures");
    if folder.join("manifest.tsv").is_file() {
        return Some(folder);
    }
    println!("left out: no real captures in {}", folder.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have the real captures"
    );
    None
}

#[derive(Clone)]
pub struct Row {
    pub file: String,
    pub channel: String,
    pub n: String,
    pub t0: String,
    pub dt: String,
    pub min: String,
    pub max: String,
    pub mean: String,
    pub first: String,
    pub last: String,
    pub trust: String,
}

pub fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let parse = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |k: usize| cells.get(k).copied().unwrap_or("").to_string();
        Row {
            file: cell(1),
            channel: cell(9),
            n: cell(10),
            t0: cell(11),
            dt: cell(12),
            min: cell(13),
            max: cell(14),
            mean: cell(15),
            first: cell(16),
            last: cell(17),
            trust: cell(19),
        }
    };
    text.lines().skip(1).map(parse).collect()
}

pub fn number(text: &str) -> f64 {
    // Some cells carry a remark: `1.785714285714e-11 (56 GS/s)`.
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// Readers computed in 32-bit floats (7.2 digits), and five digits or more are printed.
pub struct Tolerance {
    pub relative: f64,
    /// Part of full scale: `gain * raw - offset` in 32 bits loses that much near zero.
    pub of_scale: f64,
}

pub const FLOAT: Tolerance = Tolerance {
    relative: 1e-6,
    of_scale: 3e-7,
};
/// Vendor CSVs print six digits.
pub const SIX_DIGITS: Tolerance = Tolerance {
    relative: 1e-5,
    of_scale: 3e-7,
};

pub fn compare(row: &Row, trace: &Trace, tolerance: &Tolerance, time: bool) {
    let (info, sums) = (trace.info(), stats(trace).unwrap());
    let name = format!("{} {}", row.file, row.channel);
    assert_eq!(info.samples, row.n.parse::<u64>().unwrap(), "{name}");
    assert_eq!((sums.samples, sums.non_finite), (info.samples, 0), "{name}");
    let (min, max) = (number(&row.min), number(&row.max));
    let scale = min.abs().max(max.abs());
    let near = |what: &str, ours: f64, theirs: f64| {
        let allowed = tolerance.relative * theirs.abs() + tolerance.of_scale * scale;
        assert!(
            (ours - theirs).abs() <= allowed,
            "{name} {what}: {ours} against {theirs}"
        );
    };
    near("min", sums.min, min);
    near("max", sums.max, max);
    near("mean", sums.mean, number(&row.mean));
    for (what, ours, theirs) in [
        ("first", &sums.first, &row.first),
        ("last", &sums.last, &row.last),
    ] {
        let theirs: Vec<f64> = theirs.split(',').map(number).collect();
        assert_eq!(ours.len(), theirs.len(), "{name} {what}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            near(what, *ours, theirs);
        }
    }
    // Twelve digits are printed of times.
    let trusted = |what: &str| time && !row.trust.contains(what);
    if trusted("t0") && !row.t0.is_empty() {
        let theirs = number(&row.t0);
        assert!(
            (info.t0_s - theirs).abs() <= 1e-11 * theirs.abs(),
            "{name} t0 {}",
            info.t0_s
        );
    }
    if trusted("dt") && !row.dt.is_empty() {
        let (ours, theirs) = (info.sample_interval_s.unwrap(), number(&row.dt));
        assert!(
            (ours / theirs - 1.0).abs() <= 1e-11,
            "{name} dt {ours} against {theirs}"
        );
    }
}

pub fn hints(file: &str) -> OpenOptions {
    let (format, rate) = if file.starts_with("optical_imdd/chan") {
        ("raw-i8", Some(56e9))
    } else if file.starts_with("electrical_10gbase_r/") {
        ("raw-f32", Some(40e9))
    } else {
        ("auto", None)
    };
    OpenOptions {
        format: format.parse().unwrap(),
        sample_rate_hz: rate,
        unit: None,
    }
}

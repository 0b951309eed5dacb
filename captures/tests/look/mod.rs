//! What a capture holds, in short words for assertions.
#![allow(dead_code)] // each test file uses its own part

use etalon_captures::{Capture, Error, OpenOptions, decode};
use etalon_types::{WaveformInfo, WaveformSource};
use std::path::{Path, PathBuf};

/// Finds a real file, or says why the test is left out; on CI that is a failure.
pub fn real(file: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = shared.join("captures").join(file);
    if path.is_file() {
        return Some(path);
    }
    println!("left out: no {}", path.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have the real captures"
    );
    None
}

/// Reads what has to be readable.
pub fn read(bytes: Vec<u8>) -> Capture {
    decode(bytes, &OpenOptions::default()).unwrap()
}

/// Reads what has to be refused.
pub fn refusal(bytes: Vec<u8>) -> Error {
    decode(bytes, &OpenOptions::default()).unwrap_err()
}

/// Returns byte and field of a refusal as malformed.
pub fn malformed(bytes: Vec<u8>) -> (u64, String) {
    match refusal(bytes) {
        Error::Malformed { offset, field, .. } => (offset, field),
        other => panic!("{other:?}"),
    }
}

/// Returns all samples of a trace.
pub fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize + 3];
    let got = capture.traces[k].read_at(0, &mut out).unwrap();
    out.truncate(got);
    out
}

/// Returns what a trace says of itself.
pub fn info(capture: &Capture, k: usize) -> &WaveformInfo {
    capture.traces[k].info()
}

/// Says whether the file or one of its traces has a warning with this text.
pub fn warned(capture: &Capture, text: &str) -> bool {
    let of_traces = capture.traces.iter().flat_map(|t| &t.info().warnings);
    capture
        .warnings
        .iter()
        .chain(of_traces)
        .any(|w| w.contains(text))
}

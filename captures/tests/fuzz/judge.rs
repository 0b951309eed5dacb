//! What has to hold for any bytes whatever: no panic, a typed refusal or samples that can be
//! read, little time, little memory.

use crate::targets::{Reader, Target};
use crate::{METER, seeds};
use etalon_captures::{
    Capture, Error, Format, OpenOptions, decode, decode_osa_csv, decode_otdr, decode_touchstone,
    open, pattern_file, stats,
};
use etalon_types::WaveformSource;
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;

/// Bytes that may be held beside what is in the file.
pub const MEMORY: usize = 64 << 20;
/// Seconds of processor time. Not of the wall: the machine may be busy with other things.
pub const CPU_S: f64 = 1.0;
/// Characters of a refusal or a warning.
const LONGEST_TEXT: usize = 600;

/// What one input came to.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    pub read: bool,
    pub cpu_s: f64,
    pub growth: usize,
}

/// Returns the processor time of this thread in seconds.
pub fn cpu_s() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Judges one input; panics when something does not hold.
pub fn judge(target: &Target, folder: &Path, input: &[u8]) -> Verdict {
    let _alone = crate::alone();
    METER.reset_peak_usage();
    let (held, start) = (METER.current_usage(), cpu_s());
    let (read, bytes) = run(target, folder, input);
    let cpu_s = cpu_s() - start;
    let growth = METER.peak_usage().saturating_sub(held);
    assert!(
        growth <= MEMORY + bytes,
        "{}: {growth} bytes of memory for a file of {bytes}",
        target.name
    );
    assert!(cpu_s <= CPU_S, "{}: {cpu_s} s of CPU", target.name);
    Verdict {
        read,
        cpu_s,
        growth,
    }
}

/// Reads the input; says whether it was readable, and how many bytes it was.
fn run(target: &Target, folder: &Path, input: &[u8]) -> (bool, usize) {
    let read = match target.reader {
        Reader::One(format) => one(format, input.to_vec()),
        Reader::Packed(format, pack) => {
            let packed = pack(input);
            let length = packed.len();
            return (one(format, packed), length);
        }
        Reader::Raw => {
            let raw = Format::ALL
                .iter()
                .filter(|(_, f)| matches!(f, Format::Raw(_)));
            raw.fold(false, |read, &(_, format)| {
                one(format, input.to_vec()) | read
            })
        }
        Reader::Pair(first, second) => pair(folder, [first, second], input),
        Reader::Touchstone => [None, Some(2), Some(4)].iter().fold(false, |read, &ports| {
            outcome(decode_touchstone(input, ports), |file| {
                let frequency_hz = file.parameters.frequency_hz();
                assert!(!frequency_hz.is_empty());
                assert!(frequency_hz.iter().all(|f| f.is_finite()));
            }) | read
        }),
        Reader::Otdr => outcome(decode_otdr(input), |file| {
            assert!(!file.traces.is_empty());
            for trace in &file.traces {
                assert!(trace.level_db.iter().all(|level| level.is_finite()));
                assert!(trace.spacing_m.is_finite() && trace.first_point_m.is_finite());
            }
        }),
        Reader::Osa => outcome(decode_osa_csv(input), |spectrum| {
            assert!(!spectrum.wavelength_m.is_empty());
            assert_eq!(spectrum.wavelength_m.len(), spectrum.level_dbm.len());
            let both = spectrum.wavelength_m.iter().chain(&spectrum.level_dbm);
            assert!(both.into_iter().all(|x| x.is_finite()));
        }),
        Reader::Pattern => {
            let path = folder.join("pattern");
            std::fs::write(&path, input).unwrap();
            outcome(pattern_file(&path), |symbols| {
                assert!(!symbols.is_empty() && symbols.iter().all(|&s| s <= 3));
            })
        }
    };
    (read, input.len())
}

fn one(format: Format, input: Vec<u8>) -> bool {
    let hints = OpenOptions {
        format,
        ..OpenOptions::default()
    };
    outcome(decode(input, &hints), |capture| readable(&capture))
}

/// Lays two files side by side and opens each.
fn pair(folder: &Path, names: [&str; 2], input: &[u8]) -> bool {
    let parts = seeds::split(input);
    for (name, part) in names.iter().zip(parts) {
        std::fs::write(folder.join(name), part).unwrap();
    }
    names.iter().fold(false, |read, name| {
        let opened = open(&folder.join(name), &OpenOptions::default());
        outcome(opened, |capture| readable(&capture)) | read
    })
}

/// A refusal has to be typed and short; anything else goes to `check`.
fn outcome<T>(result: Result<T, Error>, check: impl FnOnce(T)) -> bool {
    match result {
        Ok(found) => {
            check(found);
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < LONGEST_TEXT, "{text}");
            let typed = matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
            );
            assert!(typed, "{text}");
            false
        }
    }
}

/// What was accepted has samples, all of them can be read, and nothing about it is nonsense.
fn readable(capture: &Capture) {
    assert!(!capture.traces.is_empty());
    for warning in &capture.warnings {
        assert!(warning.len() < LONGEST_TEXT, "{warning}");
    }
    for trace in &capture.traces {
        let info = trace.info();
        assert!(info.t0_s.is_finite(), "t0 {}", info.t0_s);
        let interval = info.sample_interval_s;
        assert!(
            interval.is_none_or(|dt| dt.is_finite() && dt > 0.0),
            "{interval:?}"
        );
        assert!(info.scale.is_finite() && info.offset.is_finite());
        assert!(info.trigger_time_s.is_none_or(f64::is_finite));
        for warning in &info.warnings {
            assert!(warning.len() < LONGEST_TEXT, "{warning}");
        }
        let sums = stats(trace).expect("what was accepted can be read");
        assert!(sums.samples > 0 && sums.samples == info.samples);
        let finite = [sums.min, sums.max, sums.mean]
            .iter()
            .all(|x| x.is_finite());
        assert!(finite || sums.non_finite == sums.samples, "{sums:?}");
        for beyond in [info.samples, u64::MAX] {
            assert_eq!(trace.read_at(beyond, &mut [0.0; 4]).unwrap(), 0);
        }
    }
}

//! The whole receiver: a file in, numbers out.
//!
//! `receiver_lms21` reads the samples of the `timing` row (two a symbol, 50 ppm off), recovers the
//! clock, resamples, fits 21 taps on known symbols, follows by block LMS, finds how far the decided
//! symbols are rotated against the sent ones and counts. `receiver_mlse16` shapes the signal to
//! three taps instead and detects sequences over sixteen states. The training symbols stand where a
//! first look at the decided symbols finds them; that look is timed too.

use std::path::PathBuf;

use etalon_dsp::equalizer::mlse::detect_into;
use etalon_dsp::equalizer::partial_response::{Known, Memory, PartialResponse, Shaping};
use etalon_dsp::kernels::count::{confusion, find_lag};
use etalon_dsp::kernels::lms::{self, Settings};
use etalon_dsp::kernels::viterbi::Workspace;
use etalon_dsp::kernels::{level_name, levels};
use etalon_dsp::timing::recover_at;
use etalon_dsp::timing::resample::per_symbol;
use fearless_simd::Level;

use crate::adaptive::{TAPS, settings, start};
use crate::report::{Report, Row};
use crate::workload::{TRAINING, Workload};

/// Symbols that are decided before anything is trained, to find where the known ones stand.
const LOOK: usize = 4096;
/// Symbols at the end that are not judged.
const END: usize = 64;

/// Counted symbols and errors.
type Counts = (u64, u64);

/// Prints the lines at the two best instruction sets.
pub fn lines(workload: &Workload, report: &Report) {
    let path = Workload::path("timing.f32");
    for level in levels().into_iter().take(2) {
        let name = level_name(level);
        let line = |kernel: &str, note: &str, run: &dyn Fn() -> Option<Counts>| {
            let row = Row {
                kernel,
                unit: "Msym/s",
                n: workload.symbols(),
                dtype: "f32",
                note: &format!("{name}, {note}"),
                runs: 15,
            };
            report.line(&row, run, |counts| {
                counts.map(|(wrong, judged)| wrong as f64 / judged as f64)
            });
        };
        line(
            "receiver_lms21",
            "file, clock, 2 samples a symbol, least squares and block LMS, lag, count",
            &|| lms21(level, &path, &workload.tx),
        );
        line(
            "receiver_mlse16",
            "file, clock, 2 samples a symbol, 21 taps to 3, 16 states, lag, count",
            &|| mlse16(level, &path, &workload.tx),
        );
    }
}

/// The samples at two a symbol, and the place of symbol 0 in what was sent.
fn front(level: Level, path: &PathBuf, sent: &[u8]) -> Option<(Vec<f32>, usize)> {
    let bytes = std::fs::read(path).ok()?;
    let samples: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    let timing = recover_at(level, &samples, 2.0);
    let two = per_symbol(level, &samples, &timing, 2);
    let threshold = 2.0 / 5f32.sqrt();
    let look: Vec<u8> = two
        .iter()
        .step_by(2)
        .take(LOOK)
        .map(|&y| u8::from(y > -threshold) + u8::from(y > 0.0) + u8::from(y > threshold))
        .collect();
    let lag = find_lag(level, sent, &look)?;
    Some((two, lag))
}

/// Errors of the symbols behind the training ones; `None` when they stand elsewhere than those.
fn judge(level: Level, sent: &[u8], decided: &[u8], lag: usize) -> Option<Counts> {
    let last = decided.len().min(sent.len() - lag) - END;
    let decided = &decided[TRAINING..last];
    if find_lag(level, sent, decided)? != lag + TRAINING {
        return None;
    }
    let counts = confusion(level, &sent[lag + TRAINING..lag + last], decided);
    Some((counts.errors(), counts.symbols()))
}

fn lms21(level: Level, path: &PathBuf, sent: &[u8]) -> Option<Counts> {
    let (two, lag) = front(level, path, sent)?;
    let settings: Settings = settings(&two);
    let (mut fir, _) = start(level, &two, &sent[lag..lag + TRAINING], 0);
    let mut decided = vec![0; two.len() / 2];
    lms::lms(level, &two, &settings, &mut fir, &mut decided);
    judge(level, sent, &decided, lag)
}

fn mlse16(level: Level, path: &PathBuf, sent: &[u8]) -> Option<Counts> {
    let (two, lag) = front(level, path, sent)?;
    let known = Known {
        samples: &two[..2 * TRAINING],
        spacing: 2,
        sent: &sent[lag..lag + TRAINING],
        levels: 4,
        training: 0..TRAINING,
        pad: 0.0,
    };
    let shaped = PartialResponse::train(&known, TAPS, Shaping::Target, Memory::Is(2)).ok()?;
    let short = shaped.shape(&two);
    let mut decided = vec![0; short.len()];
    let trellis = &shaped.channel.trellis;
    detect_into(
        level,
        &short,
        trellis,
        &mut Workspace::default(),
        &mut decided,
    );
    judge(level, sent, &decided, lag)
}

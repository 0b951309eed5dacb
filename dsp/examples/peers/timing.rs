//! Timing recovery: 50 ppm of clock offset, then one decision a symbol.

use std::cell::RefCell;

use etalon_dsp::kernels::fir::Thresholds;
use etalon_dsp::kernels::{level_name, levels};
use etalon_dsp::timing::resample::{Resampler, Scratch, whole_symbols};
use etalon_dsp::timing::{Timing, recover_at, recover_from_all};
use fearless_simd::Level;

use crate::report::{Report, Row};
use crate::workload::{SKIP, Workload};

/// Zero crossings of the interpolator: the workload's roll-off of 0.3 ends at 0.65 of Nyquist.
const CROSSINGS: usize = 4;
/// Samples at two a symbol that are made at a time.
const BLOCK: usize = 2048;

/// Prints the lines of this family. As in the naive C, buffers and tables are made before.
pub fn lines(workload: &Workload, report: &Report) {
    let samples = &workload.timing;
    let n = workload.symbols();
    let table = Resampler::with_crossings(1.0, CROSSINGS);
    let wide = Resampler::new(1.0);
    let decided = RefCell::new(vec![0; n]);
    for level in levels() {
        let name = level_name(level);
        let line = |kernel: &str, note: &str, run: &dyn Fn()| {
            let row = Row {
                kernel,
                unit: "Msym/s",
                n,
                dtype: "f32",
                note: &format!("{name}, {note}"),
                runs: 25,
            };
            report.line(&row, run, |()| best_alignment(workload, &decided.borrow()));
        };
        let decide = |timing: &Timing| {
            decide(level, &table, samples, timing, &mut decided.borrow_mut());
        };
        let note = "band-edge blocks of 256, a quarter of them, 8-tap sinc, decisions";
        line("timing", note, &|| decide(&recover_at(level, samples, 2.0)));
        let note = "the same with all blocks, as a moving clock needs";
        line("timing_all_blocks", note, &|| {
            decide(&recover_from_all(level, samples, 2.0));
        });
        let timing = recover_at(level, samples, 2.0);
        let note = "interpolation and decisions alone";
        line("timing_decide", note, &|| decide(&timing));
        decided.borrow_mut().clear();
        line("timing_estimate", "the estimate alone", &|| {
            std::hint::black_box(recover_at(level, samples, 2.0));
        });
        line("timing_two_per_symbol", "16-tap sinc, 2 a symbol", &|| {
            let mut out = [0.0; BLOCK];
            let mut scratch = Scratch::default();
            let first = timing.first_symbol();
            for block in 0..2 * n / BLOCK - 1 {
                let first = first + (block * BLOCK / 2) as f64;
                wide.fill(level, samples, &timing, first, 2, &mut scratch, &mut out);
            }
            std::hint::black_box(out);
        });
    }
}

/// Interpolates and decides between the workload's levels (-3, -1, 1, 3) / sqrt(5).
fn decide(
    level: Level,
    table: &Resampler,
    samples: &[f32],
    timing: &Timing,
    decided: &mut Vec<u8>,
) {
    let threshold = 2.0 / 5f32.sqrt();
    let thresholds = Thresholds::Three([-threshold, 0.0, threshold]);
    let first = timing.first_symbol();
    decided.resize(whole_symbols(samples.len(), timing, first), 0);
    let scratch = &mut Scratch::default();
    table.decide(level, samples, timing, first, &thresholds, scratch, decided);
}

/// Error ratio at the best of the kit's shifts, -8 to 8 symbols.
fn best_alignment(workload: &Workload, decided: &[u8]) -> Option<f64> {
    if decided.len() <= SKIP + 2_000 {
        return None;
    }
    let judged = SKIP..decided.len() - 2_000;
    (-8i64..=8)
        .map(|shift| {
            let wrong = judged
                .clone()
                .filter(|&k| workload.tx.get((k as i64 + shift) as usize) != Some(&decided[k]))
                .count();
            wrong as f64 / judged.len() as f64
        })
        .min_by(f64::total_cmp)
}

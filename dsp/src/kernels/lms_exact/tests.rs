use super::*;
use crate::kernels::lms::tests::{LEVELS, THRESHOLDS, drifting};
use crate::kernels::{level_name, levels};
use crate::signals::symbols;

struct Result {
    taps: Vec<f64>,
    output: Vec<f32>,
    decided: Vec<u8>,
    squares: Vec<f64>,
}

fn run(
    symbols: usize,
    taps: usize,
    centre: usize,
    by: impl FnOnce(&mut [f64], &mut Outputs),
) -> Result {
    let mut result = Result {
        taps: vec![0.0; taps],
        output: vec![0.0; symbols],
        decided: vec![0; symbols],
        squares: vec![0.0; symbols.div_ceil(BLOCK)],
    };
    result.taps[centre] = 1.0;
    let mut outputs = Outputs {
        output: &mut result.output,
        decided: &mut result.decided,
        squares: &mut result.squares,
    };
    by(&mut result.taps, &mut outputs);
    result
}

fn settings(samples: &[f32], spacing: usize, taps: usize, offset: f32) -> Settings {
    let power = samples
        .iter()
        .map(|&x| f64::from(x - offset).powi(2))
        .sum::<f64>()
        / samples.len() as f64;
    Settings {
        spacing,
        centre: taps / 2,
        step: 0.04 * 2.0 / (3.0 * taps as f64 * power),
        slices: Slices {
            levels: LEVELS,
            thresholds: THRESHOLDS,
        },
        bias: 0.0,
        offset,
        size: power.sqrt(),
    }
}

/// Every level against least mean squares in f64, at lengths that are no multiple of anything, in
/// volts and in nanowatts. An error of the taps decays by the algorithm itself, so that what is
/// left is the rounding of some `1 / (mu lambda)` steps: below 1e3 times 1e-7 for the eigenvalues
/// that matter. A decision may differ where an output is that near to a threshold: with a density
/// of 0.1 a unit and three thresholds, 3e-5 of the symbols, so of 20,000 one, and four by bad luck
/// (1e-3 for a Poisson count of 0.6).
#[test]
fn every_level_is_the_formula() {
    for (taps, spacing, unit, count) in [
        (21, 2, 1.0, 20_000),
        (5, 1, 1e-9, 20_003),
        (16, 2, 1.0, 4_097),
        (33, 2, 1e-9, 20_001),
        (64, 1, 1e3, 20_002),
    ] {
        let sent = symbols(41, count, 4);
        let mut samples = drifting(&sent, 0.2, 0.02);
        if spacing == 1 {
            samples = samples.iter().copied().step_by(2).collect();
        }
        samples.iter_mut().for_each(|x| *x = unit * (*x + 1.0));
        let known = &sent[..count / 2 + 1];
        let settings = settings(&samples, spacing, taps, unit);
        let start = |w: &mut [f64]| w[taps / 2] /= f64::from(unit);
        let oracle = run(count, taps, taps / 2, |w, out| {
            start(w);
            lms_exact_scalar(&samples, known, &settings, w, out);
        });
        let wrong = (count / 2..count - 20)
            .filter(|&k| oracle.decided[k] != sent[k])
            .count();
        assert!(wrong < count / 20, "the eye is open: {wrong} of {count}");
        let mut first: Option<Result> = None;
        for level in levels() {
            let found = run(count, taps, taps / 2, |w, out| {
                start(w);
                lms_exact(level, &samples, known, &settings, w, out);
            });
            for (y, e) in found.output.iter().zip(&oracle.output) {
                assert!(
                    (y - e).abs() < 1e-3,
                    "{level:?}, {taps} taps: {y} expected {e}"
                );
            }
            for (w, e) in found.taps.iter().zip(&oracle.taps) {
                let scale = f64::from(unit);
                assert!((w - e).abs() * scale < 1e-4, "{level:?}: {w} expected {e}");
            }
            for (s, e) in found.squares.iter().zip(&oracle.squares) {
                assert!((s - e).abs() < 1e-3 * e.max(1.0), "{s} expected {e}");
            }
            let pairs = found.decided.iter().zip(&oracle.decided);
            let other = pairs.filter(|(a, b)| a != b).count();
            assert!(other <= 4, "{level:?}: {other}");
            if matches!(level_name(level), "avx512" | "avx2" | "neon") {
                let first = first.get_or_insert_with(|| Result {
                    taps: found.taps.clone(),
                    output: found.output.clone(),
                    decided: vec![],
                    squares: vec![],
                });
                assert_eq!(first.output, found.output, "{level:?}");
                assert_eq!(first.taps, found.taps, "{level:?}");
            }
        }
    }
}

/// No samples, no symbols, no taps: nothing happens, nothing panics.
#[test]
fn empty_inputs_do_nothing() {
    let settings = settings(&[1.0, 2.0], 2, 3, 0.0);
    for level in levels() {
        let none = run(0, 3, 1, |w, out| {
            lms_exact(level, &[], &[], &settings, w, out)
        });
        assert!(none.output.is_empty());
        let one = run(1, 3, 1, |w, out| {
            lms_exact(level, &[0.5], &[], &settings, w, out);
        });
        assert_eq!(one.output, [0.5]);
        let mut outputs = Outputs {
            output: &mut [1.0],
            decided: &mut [9],
            squares: &mut [],
        };
        lms_exact(level, &[0.5], &[], &settings, &mut [], &mut outputs);
        assert_eq!((outputs.output[0], outputs.decided[0]), (0.0, 1));
    }
}

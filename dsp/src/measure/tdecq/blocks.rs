//! Intervals of TDECQ, Ceq and K from blocks of the symbols.
//!
//! The symbols are cut into stretches of [`STRETCH`]; stretch `i` belongs to block `i mod B`. So a
//! block holds symbols from all over the capture, and noise that is alike for many symbols
//! (a beat, hum) stays together in a stretch.
//!
//! * TDECQ: delete one block of [`BLOCKS`], at the taps found. Variance `(B-1)/B sum (t_i - t)^2`
//!   (Efron, The Jackknife, SIAM 1982, chapter 3).
//! * Ceq and K: the taps are fitted again on each of [`REFITS`] quarters; their spread over
//!   `sqrt(4)` is the error of the whole.
//!
//! The blocks of one period also differ by the pattern itself, which another capture would repeat:
//! the intervals are too wide rather than too narrow.

use std::ops::Range;

use super::search::Search;
use super::windows::{Found, Score, WindowPair};
use super::{Scale, reference_equalizer::ceq};

/// Blocks of the jackknife.
const BLOCKS: usize = 16;
/// Parts that are fitted by themselves.
const REFITS: usize = 4;
/// Symbols of a stretch.
const STRETCH: usize = 256;
/// Steps of a refit, which starts at the whole's taps.
const ROUNDS: usize = 8;

/// Standard error of TDECQ in dB by a delete-one-block jackknife.
pub(super) fn jackknife_db(windows: &WindowPair, found: &Found, scale: Scale) -> f64 {
    let n = windows.symbols.len();
    let blocks: Vec<Score> = (0..BLOCKS)
        .map(|b| windows.score_parts(found, &every(n, BLOCKS, b)))
        .collect();
    let mut whole = blocks[0].clone();
    for block in &blocks[1..] {
        whole.0.iter_mut().zip(&block.0).for_each(|(w, b)| w.add(b));
    }
    let without = |block: &Score| -> f64 {
        let mut rest = whole.clone();
        rest.0
            .iter_mut()
            .zip(&block.0)
            .for_each(|(w, b)| w.subtract(b));
        // A block whose rest cannot be told leaves the noise at nothing: a very wide interval.
        scale.tdecq_db(rest.sigma().unwrap_or(1e-4))
    };
    let values: Vec<f64> = blocks.iter().map(without).collect();
    let mean = values.iter().sum::<f64>() / BLOCKS as f64;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares * (BLOCKS as f64 - 1.0) / BLOCKS as f64).sqrt()
}

/// Standard errors of `10 log10 Ceq` and of K, in dB, from fits on parts.
pub(super) fn refit_spreads_db(
    windows: &WindowPair,
    search: &Search,
    found: &Found,
    scale: Scale,
) -> [f64; 2] {
    let fits: Vec<[f64; 2]> = (0..REFITS)
        .map(|part| {
            let part = WindowPair {
                parts: every(windows.symbols.len(), REFITS, part),
                ..windows.clone()
            };
            let (refit, _) = search.climb(&part, found.clone(), ROUNDS);
            let gain = ceq(&refit.taps);
            let sigma = part.score(&refit).sigma().unwrap_or(1e-4);
            let ceq_db = 10.0 * gain.log10();
            [ceq_db, Scale { gain, ..scale }.tdecq_db(sigma) - ceq_db]
        })
        .collect();
    [0, 1].map(|i| {
        let mean = fits.iter().map(|f| f[i]).sum::<f64>() / REFITS as f64;
        let squares: f64 = fits.iter().map(|f| (f[i] - mean).powi(2)).sum();
        (squares / (REFITS as f64 - 1.0) / REFITS as f64).sqrt()
    })
}

/// Every `step`-th stretch from the `first`-th on.
fn every(symbols: usize, step: usize, first: usize) -> Vec<Range<usize>> {
    (0..symbols)
        .step_by(STRETCH)
        .skip(first)
        .step_by(step)
        .map(|start| start..symbols.min(start + STRETCH))
        .collect()
}

//! Block least mean squares on one capture.
//!
//! ```text
//! y(k) = w' x(k)          w <- w + mu sum e(k) x(k)      after every block
//! ```
//!
//! The taps stand still for a block of [`BLOCK`] symbols, so that its outputs are a filter's
//! ([`fir`](super::fir)). The sum runs over one symbol in [`PERIOD`] (partial update: Douglas, IEEE
//! Trans. Circuits Syst. II 44 (1997) 209): when the taps begin as a least-squares solution, the
//! step only has to follow drift. Its products are vectorized across the taps: every product goes
//! into a sum of its own, in the order of the symbols. The output of a correcting symbol is a dot
//! product: sixteen partial sums, combined by one tree at every width
//! ([`lanes`](super::lanes)).
//!
//! *Assumes* taps that are right to begin with. *Breaks* when the channel moves within a block, or
//! within `PERIOD / (mu lambda)` symbols. [`step_bound`] states the stable steps; a step beyond it
//! is the caller's to refuse.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use fearless_simd_macros::simd;

use super::fir::{Fir, Thresholds};
use super::lanes::{LANES, Slices, total};

/// Symbols for which the taps stand still.
pub const BLOCK: usize = 1 << 14;
/// One symbol in so many corrects.
pub const PERIOD: usize = 128;

/// How a capture is equalized and decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Step `mu` of every symbol that corrects; 0 leaves the taps as they are.
    pub step: f32,
    /// Levels, lowest first.
    pub levels: [f32; 4],
    /// Thresholds between them.
    pub thresholds: [f32; 3],
}

impl Settings {
    pub(crate) fn slices(&self) -> Slices {
        Slices {
            levels: self.levels,
            thresholds: self.thresholds,
        }
    }
}

/// Returns the largest step that is called stable, `2 / (3 B tr R)` for the `B` symbols of a block
/// that correct and `tr R` the taps times the power of the samples.
pub fn step_bound(taps: usize, sample_power: f64) -> f64 {
    let correcting = (BLOCK / PERIOD) as f64;
    2.0 / (3.0 * correcting * taps as f64 * sample_power.max(f64::MIN_POSITIVE))
}

/// Equalizes and decides a capture block by block; `fir` holds the taps at the start and, after,
/// those at the end.
///
/// # Shapes
/// Writes the first `min(decided.len(), symbols in samples)` decisions and returns how many. A
/// last block that is not whole is decided and corrects nothing.
pub fn lms(
    level: Level,
    samples: &[f32],
    settings: &Settings,
    fir: &mut Fir<f32>,
    decided: &mut [u8],
) -> usize {
    let count = decided.len().min(fir.symbols(samples.len()));
    let thresholds = Thresholds::Three(settings.thresholds);
    for first in (0..count).step_by(BLOCK) {
        let end = count.min(first + BLOCK);
        let (at, centre) = start(first, fir);
        let centre = std::mem::replace(&mut fir.centre, centre);
        fir.decide_into(level, &samples[at..], &thresholds, &mut decided[first..end]);
        fir.centre = centre;
        if end == first + BLOCK {
            correct(
                level,
                samples,
                first,
                settings,
                fir,
                &mut [],
                &decided[..end],
            );
        }
    }
    count
}

/// Where the samples of a block begin, and which tap is then at the decision instant: past the start
/// of the capture the first one, so that nothing is padded.
fn start(first: usize, fir: &Fir<f32>) -> (usize, usize) {
    let at = fir.spacing.samples() * first;
    match at.checked_sub(fir.centre) {
        Some(from) => (from, 0),
        None => (at, fir.centre),
    }
}

/// Filters the symbols from `first` on.
pub(crate) fn filter_from(
    level: Level,
    samples: &[f32],
    first: usize,
    fir: &mut Fir<f32>,
    out: &mut [f32],
) {
    let (at, centre) = start(first, fir);
    let centre = std::mem::replace(&mut fir.centre, centre);
    fir.filter_into(level, &samples[at..], out);
    fir.centre = centre;
}

/// Corrects taps and feedback by the symbols from `first` to the last that is decided.
///
/// The few symbols at the ends of the capture whose window is not whole take no part.
pub(crate) fn correct(
    level: Level,
    samples: &[f32],
    first: usize,
    settings: &Settings,
    fir: &mut Fir<f32>,
    feedback: &mut [f32],
    decided: &[u8],
) {
    if settings.step == 0.0 {
        return;
    }
    let mut back = vec![0.0; feedback.len()];
    let sums = dispatch!(level, simd => gradient(simd, samples, first, settings, fir, feedback, decided, &mut back));
    for (w, g) in fir.taps.iter_mut().zip(&sums) {
        *w += settings.step * g;
    }
    for (f, g) in feedback.iter_mut().zip(&back) {
        *f += settings.step * g;
    }
}

/// Sums errors times samples and, into `back`, errors times symbols.
#[simd]
#[allow(
    clippy::too_many_arguments,
    reason = "one call, and a struct would only name them again"
)]
fn gradient<S: Simd>(
    simd: S,
    samples: &[f32],
    first: usize,
    settings: &Settings,
    fir: &Fir<f32>,
    feedback: &[f32],
    decided: &[u8],
    back: &mut [f32],
) -> Vec<f32> {
    // Whole vectors: what the last one reads beyond the taps meets zeros.
    let mut taps = fir.taps.clone();
    taps.resize(taps.len().next_multiple_of(LANES), 0.0);
    let mut sums = vec![0.0; taps.len()];
    for k in (first..decided.len()).step_by(PERIOD) {
        let window = (fir.spacing.samples() * k).checked_sub(fir.centre);
        let Some(x) = window.and_then(|from| samples.get(from..from + taps.len())) else {
            continue;
        };
        let mut product = f32x16::splat(simd, 0.0);
        for (x, w) in x.chunks_exact(LANES).zip(taps.chunks_exact(LANES)) {
            product = f32x16::from_slice(simd, x).mul_add(f32x16::from_slice(simd, w), product);
        }
        let level = |k: usize| settings.levels[usize::from(decided[k])];
        let past = |m: usize| k.checked_sub(m + 1).map_or(0.0, level);
        let fed: f32 = feedback.iter().enumerate().map(|(m, f)| f * past(m)).sum();
        let error = level(k) - (fir.bias + total(product) + fed);
        back.iter_mut()
            .enumerate()
            .for_each(|(m, g)| *g += error * past(m));
        let error = f32x16::splat(simd, error);
        for (x, sum) in x.chunks_exact(LANES).zip(sums.chunks_exact_mut(LANES)) {
            let moved = f32x16::from_slice(simd, x).mul_add(error, f32x16::from_slice(simd, sum));
            moved.store_slice(sum);
        }
    }
    sums
}

/// The formula in f64, symbol by symbol, with blocks of any length and feedback.
pub fn lms_scalar(
    samples: &[f32],
    settings: &Settings,
    block: usize,
    fir: &mut Fir<f32>,
    feedback: &mut [f32],
    decided: &mut [u8],
) -> usize {
    let count = decided.len().min(fir.symbols(samples.len()));
    let mut w: Vec<f64> = fir
        .taps
        .iter()
        .chain(&*feedback)
        .map(|&w| f64::from(w))
        .collect();
    let mut sums = vec![0.0; w.len()];
    for k in 0..count {
        let at = |i: usize| (fir.spacing.samples() * k + i).checked_sub(fir.centre);
        let x = |i: usize| f64::from(*at(i).and_then(|at| samples.get(at)).unwrap_or(&fir.pad));
        let level = |s: &u8| f64::from(settings.levels[usize::from(*s)]);
        let past = |m: usize| k.checked_sub(m + 1).map_or(0.0, |k| level(&decided[k]));
        let u: Vec<f64> = (0..fir.taps.len())
            .map(x)
            .chain((0..feedback.len()).map(past))
            .collect();
        let y = f64::from(fir.bias) + w.iter().zip(&u).map(|(w, u)| w * u).sum::<f64>();
        let above = |t: &&f32| y > f64::from(**t);
        decided[k] = settings.thresholds.iter().filter(above).count() as u8;
        let whole = at(0).is_some() && at(fir.taps.len() - 1).is_some_and(|at| at < samples.len());
        if (k % block).is_multiple_of(PERIOD) && whole {
            let error = f64::from(settings.levels[usize::from(decided[k])]) - y;
            sums.iter_mut().zip(&u).for_each(|(g, u)| *g += error * u);
        }
        if k % block == block - 1 {
            for (w, g) in w.iter_mut().zip(&mut sums) {
                *w += f64::from(settings.step) * std::mem::take(g);
            }
        }
    }
    let all = fir.taps.iter_mut().chain(feedback);
    all.zip(&w).for_each(|(f, w)| *f = *w as f32);
    count
}

#[cfg(test)]
pub(crate) mod tests;

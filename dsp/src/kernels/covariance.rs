//! Least-squares taps, fast enough to begin every capture with.
//!
//! The Gram matrix `R(i,j) = sum_k x(s k + i) x(s k + j)` at `s` samples a symbol needs only its
//! first `s` rows: the others follow by
//!
//! ```text
//! R(i+s, j+s) = R(i,j) - x(i) x(j) + x(s K + i) x(s K + j)
//! ```
//!
//! for `K` symbols (the covariance method), and the products with earlier symbols are those with
//! the present one, later: `sum_k d(k-m) x(s k + j) = sum_k d(k) x(s k + s m + j)` but for the
//! ends. So each symbol costs `s + 1` multiplications of a window by a number. The vectors are
//! windows: neighbouring sums read neighbouring samples, and every sum runs in the order of the
//! symbols.
//!
//! The products are in f32 and added up in f32 over 1024 symbols, then in f64: relative
//! errors of about `sqrt(1024) 2^-24 = 2e-6`, which a ridge of 1e-6 of the mean power covers.
//! The least-squares equalizer in f64 is
//! [`equalizer::least_squares`](crate::equalizer::least_squares), the oracle of this one.
//!
//! *Assumes* samples less their offset of about unit size relative to each other: what is 1e-6 of
//! the rest is lost. *Breaks* on samples that are no numbers (no result).

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use fearless_simd_macros::simd;

use super::fir::Spacing;
use crate::equalizer::least_squares::{Fit, cholesky_solve};

/// Symbols that are summed in f32.
const FLUSH: usize = 1024;

/// Longest window, in samples: taps and what the feedback adds.
pub const MAX_WINDOW: usize = 64;

/// What taps are fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// Samples; symbol `k` is decided at sample `s k`, tap `taps / 2`.
    pub samples: &'a [f32],
    /// The level of each symbol, from the first on.
    pub wanted: &'a [f32],
    /// Samples a symbol.
    pub spacing: Spacing,
    /// Feed-forward taps.
    pub taps: usize,
    /// Feedback taps.
    pub feedback: usize,
    /// Taken off every sample.
    pub offset: f32,
}

/// Sums that the normal equations are completed from.
struct Sums {
    /// `sum x(s k + i) x(s k + j)` for `i < s`, then `sum d(k) x(s k + j)`.
    rows: [[f64; MAX_WINDOW]; 3],
    /// `sum d(k) d(k - lag)`.
    lags: Vec<f64>,
}

/// Fits taps and feedback, the feedback's unit being that of `wanted`; `bias` undoes the offset.
///
/// Symbols whose window is not whole take no part. Returns `None` with fewer of them than unknowns,
/// with a window beyond [`MAX_WINDOW`], or without a solution.
pub fn fit(level: Level, training: &Training) -> Option<Fit> {
    let spacing = training.spacing.samples();
    let window = training.taps + spacing * training.feedback;
    let size = training.taps + training.feedback;
    let centre = training.taps / 2;
    let first = centre.div_ceil(spacing).max(training.feedback);
    // Whole vectors are read: up to a window of the longest kind.
    let last = (training.samples.len() + centre).checked_sub(MAX_WINDOW)? / spacing;
    let range = first..last.min(training.wanted.len());
    if window > MAX_WINDOW || training.taps == 0 || range.len() < size {
        return None;
    }
    let sums = dispatch!(level, simd => match training.spacing {
        Spacing::Symbol => sum_windows::<_, 1>(simd, training, range.clone(), window),
        Spacing::HalfSymbol => sum_windows::<_, 2>(simd, training, range.clone(), window),
    });
    let (mut gram, rhs) = complete(training, &sums, range);
    let power = (0..training.taps).map(|i| gram[i * size + i]).sum::<f64>() / training.taps as f64;
    for i in 0..size {
        gram[i * size + i] += 1e-6 * if i < training.taps { power } else { 0.0 };
        for j in 0..i {
            gram[i * size + j] = gram[j * size + i];
        }
    }
    let solution = cholesky_solve(&mut gram, &rhs, size)?;
    let (taps, feedback) = solution.split_at(training.taps);
    Some(Fit {
        taps: taps.to_vec(),
        feedback: feedback.to_vec(),
        bias: -f64::from(training.offset) * taps.iter().sum::<f64>(),
    })
}

#[simd]
fn sum_windows<S: Simd, const SP: usize>(
    simd: S,
    training: &Training,
    range: std::ops::Range<usize>,
    window: usize,
) -> Sums {
    let mut rows = [[0.0; MAX_WINDOW]; 3];
    let mut first = range.start;
    while first < range.end {
        let part = first..range.end.min(first + FLUSH);
        first = part.end;
        match window.div_ceil(S::f32s::LEN) {
            1 => add::<S, SP, 1>(simd, training, part, 0, &mut rows),
            2 => add::<S, SP, 2>(simd, training, part, 0, &mut rows),
            3 => add::<S, SP, 3>(simd, training, part, 0, &mut rows),
            4 => add::<S, SP, 4>(simd, training, part, 0, &mut rows),
            vectors => {
                for v in (0..vectors).step_by(2) {
                    add::<S, SP, 2>(simd, training, part.clone(), v, &mut rows);
                }
            }
        }
    }
    let d = training.wanted;
    let mut lags = Vec::with_capacity(training.feedback + 1);
    for lag in 0..=training.feedback {
        let (now, past) = (&d[range.clone()], &d[range.start - lag..range.end - lag]);
        lags.push(sum_products(simd, now, past));
    }
    Sums { rows, lags }
}

/// Adds the products of some symbols with `V` vectors of their windows, from vector `v` on.
#[inline(always)]
fn add<S: Simd, const SP: usize, const V: usize>(
    simd: S,
    training: &Training,
    range: std::ops::Range<usize>,
    v: usize,
    rows: &mut [[f64; MAX_WINDOW]; 3],
) {
    let n = S::f32s::LEN;
    let offset = S::f32s::splat(simd, training.offset);
    let mut sums = [[S::f32s::splat(simd, 0.0); V]; 3];
    let from = SP * range.start - training.taps / 2;
    let windows = training.samples[from..].windows(MAX_WINDOW).step_by(SP);
    for (window, &d) in windows.zip(&training.wanted[range]) {
        let drives = [
            window[0] - training.offset,
            window[SP - 1] - training.offset,
            d,
        ];
        let drives = drives.map(
            #[inline(always)]
            |d| S::f32s::splat(simd, d),
        );
        for i in 0..V {
            let x = S::f32s::from_slice(simd, &window[(v + i) * n..(v + i + 1) * n]) - offset;
            sums[0][i] = drives[0].mul_add(x, sums[0][i]);
            if SP == 2 {
                sums[1][i] = drives[1].mul_add(x, sums[1][i]);
            }
            sums[2][i] = drives[2].mul_add(x, sums[2][i]);
        }
    }
    for (row, sums) in rows.iter_mut().zip(&sums) {
        for (i, sum) in sums.iter().enumerate() {
            for (total, part) in row[(v + i) * n..].iter_mut().zip(sum.as_slice()) {
                *total += f64::from(*part);
            }
        }
    }
}

/// Sum of products: 32 partial sums over [`FLUSH`] values each, added up in one order.
#[inline(always)]
fn sum_products<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(FLUSH).zip(b.chunks(FLUSH)) {
        let mut sums = [f32x16::splat(simd, 0.0); 2];
        let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
        let rest = rest_a.iter().zip(rest_b);
        total += rest.map(|(x, y)| f64::from(x * y)).sum::<f64>();
        for (a, b) in a.iter().zip(b) {
            for (i, sum) in sums.iter_mut().enumerate() {
                let x = f32x16::from_slice(simd, &a[16 * i..16 * (i + 1)]);
                *sum = x.mul_add(f32x16::from_slice(simd, &b[16 * i..16 * (i + 1)]), *sum);
            }
        }
        let lanes = sums[0].as_slice().iter().chain(sums[1].as_slice());
        total += lanes.map(|&v| f64::from(v)).sum::<f64>();
    }
    total
}

/// Upper triangle of the Gram matrix and the right-hand side, from their first rows.
fn complete(
    training: &Training,
    sums: &Sums,
    range: std::ops::Range<usize>,
) -> (Vec<f64>, Vec<f64>) {
    let (taps, feedback) = (training.taps, training.feedback);
    let (s, size) = (training.spacing.samples(), taps + feedback);
    // Sample `n` of the window of symbol `k`, and symbol `k`.
    let x =
        |k: usize, n: usize| f64::from(training.samples[s * k + n - taps / 2] - training.offset);
    let d = |k: usize| f64::from(training.wanted[k]);
    let (start, end) = (range.start, range.end);
    let mut gram = vec![0.0; size * size];
    for i in 0..s.min(taps) {
        gram[i * size + i..i * size + taps].copy_from_slice(&sums.rows[i][i..taps]);
    }
    for i in s..taps {
        for j in i..taps {
            gram[i * size + j] = gram[(i - s) * size + j - s] - x(start, i - s) * x(start, j - s)
                + x(end, i - s) * x(end, j - s);
        }
    }
    for m in 1..=feedback {
        let row = taps + m - 1;
        // Sums over k - m instead of k: some symbols enter before the start, some leave at the end.
        for j in 0..taps {
            let enters: f64 = (start - m..start).map(|k| d(k) * x(k, s * m + j)).sum();
            let leaves: f64 = (end - m..end).map(|k| d(k) * x(k, s * m + j)).sum();
            gram[j * size + row] = sums.rows[2][s * m + j] + enters - leaves;
        }
        for other in m..=feedback {
            let lag = other - m;
            let enters: f64 = (start - m..start).map(|k| d(k) * past(&d, k, lag)).sum();
            let leaves: f64 = (end - m..end).map(|k| d(k) * d(k - lag)).sum();
            gram[row * size + taps + other - 1] = sums.lags[lag] + enters - leaves;
        }
    }
    let mut rhs = sums.rows[2][..taps].to_vec();
    rhs.extend_from_slice(&sums.lags[1..]);
    (gram, rhs)
}

/// The symbol `lag` before `k`; before the first there is none.
fn past(d: &impl Fn(usize) -> f64, k: usize, lag: usize) -> f64 {
    k.checked_sub(lag).map_or(0.0, d)
}

#[cfg(test)]
mod tests;

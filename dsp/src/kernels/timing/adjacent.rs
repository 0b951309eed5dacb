//! Two samples a symbol: the filter over the samples as they lie.
//!
//! An output comes every four samples, and the coefficients `h(n) exp(-j pi n / 2)` are real for
//! even `n` and imaginary for odd ones. So four lanes that lie beside each other are one output,
//! and weights that repeat every four lanes filter four outputs at once:
//!
//! ```text
//! lane 4 i + d   sum over q = 0 .. 3 of w(4 q + d) x(first + 4 (i + q) + d)     d = 0 .. 3
//! imaginary(i)   lane 4 i + lane 4 i + 2        real(i)   lane 4 i + 1 + lane 4 i + 3
//! ```
//!
//! The products are those of the streams, one for each sample and tap of the right parity; what is
//! saved is the splitting, two shuffles and a store a vector.

use fearless_simd::{f32x16, f64x8, prelude::*};
use fearless_simd_macros::simd;
use num_complex::Complex64;

use super::{LANES, Sums, TOGETHER, Tone};

/// Steps of four samples that the filter reaches over.
const STEPS: usize = 4;

/// Samples that are read beyond those between the outputs.
pub(super) const REACH: usize = 4 * (STEPS - 1);

/// Weights of each step, the same four in a row.
pub(super) type Weights = [[f32; LANES]; STEPS];

/// Arranges the coefficients, the first of which is that of an odd `n`; there are fifteen.
pub(super) fn weights(taps: &[Complex64]) -> Weights {
    let mut weights = Weights::default();
    for (q, row) in weights.iter_mut().enumerate() {
        for (lane, weight) in row.iter_mut().enumerate() {
            let m = 4 * q + lane % 4;
            let tap = taps.get(m).copied().unwrap_or_default();
            *weight = (if m % 2 == 0 { tap.im } else { tap.re }) as f32;
        }
    }
    weights
}

/// Filters, squares and sums the outputs of each block; `samples` begin with the first tap of the
/// first output.
#[simd]
pub(super) fn sum_blocks<S: Simd>(
    simd: S,
    weights: &Weights,
    outputs: usize,
    samples: &[f32],
    tones: &mut [Tone],
) {
    let mut rows = [f32x16::splat(simd, 0.0); STEPS];
    for (row, weights) in rows.iter_mut().zip(weights) {
        *row = f32x16::from_slice(simd, weights);
    }
    for (block, tone) in tones.iter_mut().enumerate() {
        let mut sums = Sums::new(simd);
        for start in (0..outputs).step_by(TOGETHER * LANES) {
            let at = 4 * (block * outputs + start);
            let source = &samples[at..at + 4 * TOGETHER * LANES + REACH];
            for v in 0..TOGETHER {
                let source = &source[4 * LANES * v..4 * LANES * (v + 1) + REACH];
                let (re, im) = filtered(simd, &rows, source);
                sums.add(simd, v % 2, re, im, None);
            }
        }
        *tone = sums.tone();
    }
}

/// Real and imaginary parts of sixteen outputs.
#[inline(always)]
fn filtered<S: Simd>(simd: S, rows: &[f32x16<S>; STEPS], source: &[f32]) -> (f32x16<S>, f32x16<S>) {
    let mut quads = [f32x16::splat(simd, 0.0); 4];
    for (q, row) in rows.iter().enumerate() {
        let source = &source[4 * q..4 * q + 4 * LANES];
        for (quad, x) in quads.iter_mut().zip(source.chunks_exact(LANES)) {
            *quad = f32x16::from_slice(simd, x).mul_add(*row, *quad);
        }
    }
    let low = halved(quads[0], quads[1]);
    let high = halved(quads[2], quads[3]);
    let (im, re) = low.deinterleave(high);
    (re, im)
}

/// Adds each four lanes' last two to their first two; two vectors become one.
#[inline(always)]
fn halved<S: Simd>(a: f32x16<S>, b: f32x16<S>) -> f32x16<S> {
    let (a, b): (f64x8<S>, f64x8<S>) = (a.bitcast(), b.bitcast());
    let (first, last) = a.deinterleave(b);
    first.bitcast::<f32x16<S>>() + last.bitcast::<f32x16<S>>()
}

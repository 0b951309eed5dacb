//! Samples between samples: a filter whose coefficients slide with the lane.
//!
//! ```text
//! y(k) = sum_j (r(j) + w(k) s(j)) x(b + D k + j)          w(k) = w0 + k dw
//! ```
//!
//! `r` is a row of an interpolation table, `s` the step from it to the next row, `w` how many
//! rows the instant of output `k` lies behind row `r`. Outputs whose spacing is nearly a whole
//! number `D` of samples share one row, so that the lanes are neighbouring outputs and the clock
//! offset is in `w`: [`run`]. Any other spacing needs a row for each output: [`single`], whose
//! sixteen partial sums are the same ones on every machine.

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

/// Outputs of one [`run`].
pub const RUN: usize = 32;

/// Row, step and start of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Coefficients of a table row.
    pub row: &'a [f32],
    /// Step from this row to the next.
    pub step: &'a [f32],
    /// Index of the first output's first sample, counted from the streams' beginning.
    pub base: usize,
    /// Rows between `row` and the first output's instant.
    pub rows: f32,
    /// Rows by which the instant moves from an output to the next.
    pub rows_per_output: f32,
}

/// Computes [`RUN`] outputs from streams as [`super::polyphase::split`] makes them.
///
/// # Shapes
/// `streams` are `stride` times `length` samples with
/// `base + stride * RUN + row.len() <= stride * length`; `out` has [`RUN`] places.
pub fn run(level: Level, streams: &[f32], stride: usize, length: usize, at: Run, out: &mut [f32]) {
    dispatch!(level, simd => lanes(simd, streams, stride, length, at, out));
}

/// Computes what [`run`] does, output by output: the oracle.
pub fn run_scalar(streams: &[f32], stride: usize, length: usize, at: Run, out: &mut [f32]) {
    for (k, out) in out.iter_mut().enumerate().take(RUN) {
        let w = at.rows + k as f32 * at.rows_per_output;
        let products = at.row.iter().zip(at.step).enumerate().map(|(j, (r, s))| {
            let n = at.base + stride * k + j;
            (r + w * s) * streams[n % stride * length + n / stride]
        });
        *out = products.sum();
    }
}

#[simd]
fn lanes<S: Simd>(
    simd: S,
    streams: &[f32],
    stride: usize,
    length: usize,
    at: Run,
    out: &mut [f32],
) {
    let zero = f32x16::splat(simd, 0.0);
    let (mut low, mut high, mut low_step, mut high_step) = (zero, zero, zero, zero);
    let (mut stream, mut shift) = (at.base % stride, at.base / stride);
    for (&r, &s) in at.row.iter().zip(at.step) {
        let start = stream * length + shift;
        let source = &streams[start..start + RUN];
        let (a, b) = (
            f32x16::from_slice(simd, &source[..16]),
            f32x16::from_slice(simd, &source[16..]),
        );
        let (r, s) = (f32x16::splat(simd, r), f32x16::splat(simd, s));
        low = a.mul_add(r, low);
        high = b.mul_add(r, high);
        low_step = a.mul_add(s, low_step);
        high_step = b.mul_add(s, high_step);
        stream += 1;
        if stream == stride {
            stream = 0;
            shift += 1;
        }
    }
    let count = f32x16::from_fn(simd, |k| k as f32);
    let rows = count.mul_add(
        f32x16::splat(simd, at.rows_per_output),
        f32x16::splat(simd, at.rows),
    );
    let later = rows + f32x16::splat(simd, 16.0 * at.rows_per_output);
    low_step.mul_add(rows, low).store_slice(&mut out[..16]);
    high_step
        .mul_add(later, high)
        .store_slice(&mut out[16..RUN]);
}

/// Computes one output: the samples against a row and its step.
///
/// # Shapes
/// All three slices have one length, a multiple of 16.
pub fn single(level: Level, samples: &[f32], row: &[f32], step: &[f32], rows: f32) -> f32 {
    let partial = dispatch!(level, simd => partial_sums(simd, samples, row, step, rows));
    tree(partial)
}

/// Computes what [`single`] does, in its order: the oracle.
pub fn single_scalar(samples: &[f32], row: &[f32], step: &[f32], rows: f32) -> f32 {
    let mut partial = [0.0f32; 16];
    for (j, ((x, r), s)) in samples.iter().zip(row).zip(step).enumerate() {
        partial[j % 16] += x * (r + rows * s);
    }
    tree(partial)
}

#[simd]
fn partial_sums<S: Simd>(
    simd: S,
    samples: &[f32],
    row: &[f32],
    step: &[f32],
    rows: f32,
) -> [f32; 16] {
    let rows = f32x16::splat(simd, rows);
    let mut sum = f32x16::splat(simd, 0.0);
    let chunks = samples.chunks_exact(16).zip(row.chunks_exact(16));
    for ((x, r), s) in chunks.zip(step.chunks_exact(16)) {
        let weight = f32x16::from_slice(simd, s).mul_add(rows, f32x16::from_slice(simd, r));
        sum = f32x16::from_slice(simd, x).mul_add(weight, sum);
    }
    *sum
}

/// Sums sixteen partial sums in a fixed order.
fn tree(mut partial: [f32; 16]) -> f32 {
    let mut width = 8;
    while width > 0 {
        for i in 0..width {
            partial[i] += partial[i + width];
        }
        width /= 2;
    }
    partial[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{levels, polyphase};
    use crate::signals::Noise;
    use proptest::prelude::*;

    fn noise(seed: u64, count: usize) -> Vec<f32> {
        let mut noise = Noise::new(seed);
        (0..count).map(|_| noise.normal() as f32).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// At most 64 products of order one, each rounded to 2^-24: 1e-4 is far beyond.
        #[test]
        fn prop_every_level_runs_as_the_oracle(
            stride in 1usize..5,
            taps in 1usize..65,
            base in 0usize..9,
            rows in -2.0f32..2.0,
            rows_per_output in -0.1f32..0.1,
            seed in 0u64..1_000,
        ) {
            let length = RUN + (base + taps).div_ceil(stride) + 1;
            let samples = noise(seed, stride * length);
            let mut streams = vec![0.0; stride * length];
            let level = crate::kernels::level();
            polyphase::split(level, &samples, 0, stride, length, &mut streams);
            let (row, step) = (noise(seed + 1, taps), noise(seed + 2, taps));
            let at = Run { row: &row, step: &step, base, rows, rows_per_output };
            let mut expected = [0.0; RUN];
            run_scalar(&streams, stride, length, at, &mut expected);
            for level in levels() {
                let mut found = [0.0; RUN];
                run(level, &streams, stride, length, at, &mut found);
                for (f, e) in found.iter().zip(&expected) {
                    prop_assert!((f - e).abs() < 1e-3, "{f} {e}");
                }
            }
        }

        #[test]
        fn prop_every_level_computes_the_oracles_single_output(
            chunks in 1usize..5,
            rows in -1.0f32..1.0,
            seed in 0u64..1_000,
        ) {
            let n = 16 * chunks;
            let (x, r, s) = (noise(seed, n), noise(seed + 1, n), noise(seed + 2, n));
            let expected = single_scalar(&x, &r, &s, rows);
            for level in levels() {
                let found = single(level, &x, &r, &s, rows);
                prop_assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        }
    }
}

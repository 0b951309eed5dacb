//! Samples between samples: a filter whose coefficients slide with the instant.
//!
//! ```text
//! y(k) = sum_j (r(j) + w(k) s(j)) x(b + D k + j)          w(k) = w0 + k dw
//! ```
//!
//! `r` is a row of an interpolation table, `s` the step from it to the next row, `w` how many
//! rows the instant of output `k` lies behind row `r`. Outputs whose spacing is nearly a whole
//! number `D` of samples share one row in runs of 64, so that the lanes are neighbouring outputs
//! ([`stretch`]). The clock offset is in `w`; where it moves the instant by less than 1/128 of a
//! sample within a run, the coefficients stand still at the run's middle and cost half. Any other
//! spacing needs a row for each output: [`single`], whose sixteen partial sums are the same ones
//! on every machine.

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

/// Outputs that share a row.
pub const RUN: usize = 64;

/// Vectors of a run.
const VECTORS: usize = RUN / 16;

/// Motion of the instant within a run, in samples, below which the coefficients stand still:
/// the first and the last output are then off by 1/256 of a sample, the run by 1/443 rms, which
/// is -48 dB of what lies at half of Nyquist.
pub const STILL_SAMPLES: f64 = 1.0 / 128.0;

/// Coefficients for instants between two samples.
#[derive(Clone, Debug)]
pub struct Table {
    /// Rows of coefficients one after the other, each padded with zeros.
    pub rows: Vec<f32>,
    /// Step from each row to the next.
    pub steps: Vec<f32>,
    /// Number of rows; row `i` serves instants `i / count` of a sample behind a sample.
    pub count: usize,
    /// Coefficients of a row, an even number.
    pub taps: usize,
    /// Coefficients of a row with its padding, a multiple of sixteen.
    pub padded: usize,
}

impl Table {
    /// Returns the row at or before an instant within a sample, its step, and how many rows the
    /// instant lies behind it.
    pub fn row(&self, fraction: f64) -> (&[f32], &[f32], f32) {
        let scaled = fraction * self.count as f64;
        let row = (scaled as u32 as usize).min(self.count - 1);
        let at = row * self.padded..(row + 1) * self.padded;
        let behind = (scaled - row as f64) as f32;
        (&self.rows[at.clone()], &self.steps[at], behind)
    }
}

/// Where a stretch of outputs lies.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Whole number of samples nearest to the outputs' spacing.
    pub stride: usize,
    /// Length of a stream.
    pub length: usize,
    /// First coefficient's position for the first output, in samples from the streams' beginning.
    pub start: f64,
    /// Samples from output to output.
    pub step: f64,
}

/// Computes whole runs of outputs from streams as [`super::polyphase::split`] makes them.
///
/// # Shapes
/// `streams` hold the samples that the outputs need: `place.start` is not negative, and
/// the last output's last coefficient lies within them. `out` is a multiple of [`RUN`];
/// `scratch` is any vector.
pub fn stretch(
    level: Level,
    table: &Table,
    streams: &[f32],
    place: Place,
    scratch: &mut Vec<f32>,
    out: &mut [f32],
) {
    scratch.resize(table.padded, 0.0);
    let slide = RUN as f64 * (place.step - place.stride as f64).abs();
    if slide <= STILL_SAMPLES {
        dispatch!(level, simd => standing(simd, table, streams, place, scratch, out));
    } else {
        dispatch!(level, simd => sliding(simd, table, streams, place, out));
    }
}

/// Computes what [`stretch`] does output by output, sliding at every output: the oracle.
pub fn stretch_scalar(table: &Table, streams: &[f32], place: Place, out: &mut [f32]) {
    for (k, out) in out.iter_mut().enumerate() {
        let position = place.start + k as f64 * place.step;
        let whole = position.floor();
        let (row, step, behind) = table.row(position - whole);
        let products = (0..table.taps).map(|j| {
            let n = whole as usize + j;
            let x = streams[n % place.stride * place.length + n / place.stride];
            (row[j] + behind * step[j]) * x
        });
        *out = products.sum();
    }
}

/// The row in the middle of a run.
struct Middle<'a> {
    row: &'a [f32],
    step: &'a [f32],
    /// Rows between the row and the middle of the run.
    behind: f32,
    /// First sample of the first output.
    base: usize,
}

#[inline(always)]
fn middle(table: &Table, place: Place, run: usize) -> Middle<'_> {
    let slide = place.step - place.stride as f64;
    let position = place.start + (run * RUN) as f64 * place.step + 0.5 * RUN as f64 * slide;
    // Positions are not negative and small: a 32-bit conversion is one instruction.
    let whole = position as u32 as usize;
    let (row, step, behind) = table.row(position - whole as f64);
    Middle {
        row,
        step,
        behind,
        base: whole,
    }
}

/// Filters the samples of one run with one set of coefficients, an even number of them.
///
/// Windows over one or two streams need no check of bounds within the loop.
#[inline(always)]
fn filtered<S: Simd>(
    simd: S,
    weights: &[f32],
    streams: &[f32],
    place: Place,
    base: usize,
) -> [f32x16<S>; VECTORS] {
    let mut sums = [f32x16::splat(simd, 0.0); VECTORS];
    match place.stride {
        1 => {
            let windows = streams[base..].windows(RUN);
            for (x, &w) in windows.zip(weights) {
                sums = add(simd, sums, x, w);
            }
        }
        2 => {
            let (even, odd) = streams.split_at(place.length);
            let shift = base / 2;
            let (first, second) = if base.is_multiple_of(2) {
                (&even[shift..], &odd[shift..])
            } else {
                (&odd[shift..], &even[shift + 1..])
            };
            let windows = first.windows(RUN).zip(second.windows(RUN));
            for ((x, y), pair) in windows.zip(weights.chunks_exact(2)) {
                sums = add(simd, sums, x, pair[0]);
                sums = add(simd, sums, y, pair[1]);
            }
        }
        stride => {
            let (mut stream, mut shift) = (base % stride, base / stride);
            for &w in weights {
                let window = &streams[stream * place.length + shift..][..RUN];
                sums = add(simd, sums, window, w);
                stream += 1;
                if stream == stride {
                    stream = 0;
                    shift += 1;
                }
            }
        }
    }
    sums
}

/// Adds the samples of a run with a weight.
#[inline(always)]
fn add<S: Simd>(
    simd: S,
    mut sums: [f32x16<S>; VECTORS],
    window: &[f32],
    weight: f32,
) -> [f32x16<S>; VECTORS] {
    let weight = f32x16::splat(simd, weight);
    for (sum, x) in sums.iter_mut().zip(window.chunks_exact(16)) {
        *sum = f32x16::from_slice(simd, x).mul_add(weight, *sum);
    }
    sums
}

/// Runs with one set of coefficients each.
#[simd]
fn standing<S: Simd>(
    simd: S,
    table: &Table,
    streams: &[f32],
    place: Place,
    weights: &mut [f32],
    out: &mut [f32],
) {
    for (run, out) in out.chunks_exact_mut(RUN).enumerate() {
        let at = middle(table, place, run);
        let behind = f32x16::splat(simd, at.behind);
        let rows = at.row.chunks_exact(16).zip(at.step.chunks_exact(16));
        for (weights, (r, s)) in weights.chunks_exact_mut(16).zip(rows) {
            let (r, s) = (f32x16::from_slice(simd, r), f32x16::from_slice(simd, s));
            s.mul_add(behind, r).store_slice(weights);
        }
        let sums = filtered(simd, &weights[..table.taps], streams, place, at.base);
        for (sum, out) in sums.iter().zip(out.chunks_exact_mut(16)) {
            sum.store_slice(out);
        }
    }
}

/// Runs whose coefficients slide from lane to lane.
#[simd]
fn sliding<S: Simd>(simd: S, table: &Table, streams: &[f32], place: Place, out: &mut [f32]) {
    let rows_per_output = ((place.step - place.stride as f64) * table.count as f64) as f32;
    // Lanes count from the middle of the run.
    let lane = f32x16::from_fn(simd, |k| k as f32 - 0.5 * RUN as f32);
    let drift = lane * f32x16::splat(simd, rows_per_output);
    let later = f32x16::splat(simd, 16.0 * rows_per_output);
    for (run, out) in out.chunks_exact_mut(RUN).enumerate() {
        let at = middle(table, place, run);
        let mut rows = drift + f32x16::splat(simd, at.behind);
        let sums = filtered(simd, &at.row[..table.taps], streams, place, at.base);
        let slopes = filtered(simd, &at.step[..table.taps], streams, place, at.base);
        for ((sum, slope), out) in sums.iter().zip(slopes).zip(out.chunks_exact_mut(16)) {
            slope.mul_add(rows, *sum).store_slice(out);
            rows += later;
        }
    }
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

    /// A table of a windowed cosine: its rows are as smooth as those of an interpolator, and the
    /// window lets a sample come in and go out unseen.
    fn table(taps: usize) -> Table {
        let count = 128;
        let padded = taps.next_multiple_of(16);
        let half = taps as f64 / 2.0;
        let value = |row: usize, j: usize| {
            let t = j as f64 - row as f64 / count as f64 - (half - 1.0);
            let window = (1.0 - (t / half).powi(2)).max(0.0).powi(2);
            window * (0.9 * t).cos() / half
        };
        let grid = || (0..count).flat_map(move |row| (0..padded).map(move |j| (row, j)));
        Table {
            rows: grid().map(|(row, j)| value(row, j) as f32).collect(),
            steps: grid()
                .map(|(row, j)| (value(row + 1, j) - value(row, j)) as f32)
                .collect(),
            count,
            taps,
            padded,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Against the oracle, which slides at every output: within a run the instant moves by
        /// half of `slide` from the middle. A windowed wave of 0.9 radians a sample bends by at
        /// most `0.9^2 + 8 / 4^2 < 1.4` a square sample and climbs by less than 1.4 a sample, so
        /// that samples below a half change by `0.35 slide` when it stands still, and by
        /// `0.7 (3 / 128)^2 / 2 = 2e-4` over three rows taken as straight. Twice that is allowed.
        #[test]
        fn prop_every_level_stretches_as_the_oracle(
            stride in 1usize..5,
            half in 4usize..33,
            start in 0.0f64..9.0,
            slide in -0.04f64..0.04,
            seed in 0u64..1_000,
        ) {
            let taps = 2 * half;
            let length = 3 * RUN + (12 + taps).div_ceil(stride) + 1;
            let mut noise = Noise::new(seed);
            let samples: Vec<f32> =
                (0..stride * length).map(|_| noise.uniform() as f32 - 0.5).collect();
            let mut streams = vec![0.0; stride * length];
            let best = crate::kernels::level();
            polyphase::split(best, &samples, 0, stride, length, &mut streams);
            let table = table(taps);
            let step = stride as f64 + slide / RUN as f64;
            let place = Place { stride, length, start: start + 0.1, step };
            let mut expected = [0.0; 3 * RUN];
            stretch_scalar(&table, &streams, place, &mut expected);
            let bound = 2.0 * if slide.abs() <= STILL_SAMPLES { 0.35 * slide.abs() + 2e-4 } else { 2e-4 };
            let mut fused: Option<[f32; 3 * RUN]> = None;
            for level in levels() {
                let mut found = [0.0; 3 * RUN];
                stretch(level, &table, &streams, place, &mut Vec::new(), &mut found);
                for (f, e) in found.iter().zip(&expected) {
                    prop_assert!((f - e).abs() < bound as f32 + 1e-5, "{f} {e}");
                }
                // Levels with fused multiply-add give the same bytes.
                if crate::kernels::is_fused(level) {
                    prop_assert_eq!(*fused.get_or_insert(found), found);
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
            let mut fused = None;
            for level in levels() {
                let found = single(level, &x, &r, &s, rows);
                prop_assert!((found - expected).abs() < 1e-4, "{found} {expected}");
                if crate::kernels::is_fused(level) {
                    prop_assert_eq!(*fused.get_or_insert(found), found);
                }
            }
        }
    }
}

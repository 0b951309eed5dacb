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
//!
//! At `D` of 1 and 2 the samples are read as they lie; from 3 on they are split into streams
//! before ([`super::polyphase`]). What is stored is the outputs or decisions about them ([`emit`]).

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

pub mod emit;
mod pairs;

use emit::{Emit, Outputs};
use pairs::filtered_pairs;

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
    /// Length of a stream, where there are streams.
    pub length: usize,
    /// First coefficient's position for the first output, from the samples' beginning.
    pub start: f64,
    /// Samples from output to output.
    pub step: f64,
}

/// Computes whole runs of outputs from the samples themselves (strides 1 and 2) or from streams as
/// [`super::polyphase::split`] makes them.
///
/// # Shapes
/// `samples` hold what the outputs need: `place.start` is not negative, and the last output's last
/// coefficient lies within them. `out` is a multiple of [`RUN`]; `scratch` is any vector.
pub fn stretch(
    level: Level,
    table: &Table,
    samples: &[f32],
    place: Place,
    scratch: &mut Vec<f32>,
    out: &mut [f32],
) {
    stretch_as(level, table, samples, place, scratch, &Outputs, out);
}

/// Does what [`stretch`] does, and stores what `emit` makes of the outputs.
pub fn stretch_as<E: Emit>(
    level: Level,
    table: &Table,
    samples: &[f32],
    place: Place,
    scratch: &mut Vec<f32>,
    emit: &E,
    out: &mut [E::Item],
) {
    scratch.resize(table.padded, 0.0);
    let slide = RUN as f64 * (place.step - place.stride as f64).abs();
    if slide <= STILL_SAMPLES {
        dispatch!(level, simd => standing(simd, table, samples, place, scratch, emit, out));
    } else {
        dispatch!(level, simd => sliding(simd, table, samples, place, emit, out));
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
            let x = match place.stride {
                1 | 2 => streams[n],
                stride => streams[n % stride * place.length + n / stride],
            };
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
        2 => sums = filtered_pairs(simd, weights, &streams[base..]),
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
fn standing<S: Simd, E: Emit>(
    simd: S,
    table: &Table,
    streams: &[f32],
    place: Place,
    weights: &mut [f32],
    emit: &E,
    out: &mut [E::Item],
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
        emit.store(simd, sums, out);
    }
}

/// Runs whose coefficients slide from lane to lane.
#[simd]
fn sliding<S: Simd, E: Emit>(
    simd: S,
    table: &Table,
    streams: &[f32],
    place: Place,
    emit: &E,
    out: &mut [E::Item],
) {
    let rows_per_output = ((place.step - place.stride as f64) * table.count as f64) as f32;
    // Lanes count from the middle of the run.
    let lane = f32x16::from_fn(simd, |k| k as f32 - 0.5 * RUN as f32);
    let drift = lane * f32x16::splat(simd, rows_per_output);
    let later = f32x16::splat(simd, 16.0 * rows_per_output);
    for (run, out) in out.chunks_exact_mut(RUN).enumerate() {
        let at = middle(table, place, run);
        let mut rows = drift + f32x16::splat(simd, at.behind);
        let mut sums = filtered(simd, &at.row[..table.taps], streams, place, at.base);
        let slopes = filtered(simd, &at.step[..table.taps], streams, place, at.base);
        for (sum, slope) in sums.iter_mut().zip(slopes) {
            *sum = slope.mul_add(rows, *sum);
            rows += later;
        }
        emit.store(simd, sums, out);
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
mod tests;

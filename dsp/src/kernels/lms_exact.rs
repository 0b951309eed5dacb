//! Least mean squares on one capture, symbol by symbol.
//!
//! ```text
//! y(k) = b + w(k)' x(k)      e(k) = d(k) - y(k)      w(k+1) = w(k) + mu e(k) x(k)
//! ```
//!
//! is a chain: the output needs the taps, the taps need the last error, and the horizontal sum of
//! a dot product alone takes twenty cycles. Written for four symbols at once it is the same
//! algorithm with one such sum in four:
//!
//! ```text
//! y(k+j) = b + w(k)' x(k+j) + sum over i < j of mu e(k+i) r(k+i, k+j)      r(i, j) = x(i)' x(j)
//! w(k+4) = w(k) + sum over j of mu e(k+j) x(k+j)
//! ```
//!
//! The dot products and the `r` of four symbols are summed across their vectors together, and the
//! errors follow one after the other in single numbers.
//!
//! Vectors have sixteen lanes whatever the width, and are halved in a fixed order: levels with
//! fused multiply-add give the same bytes. Samples are brought to a power of one first, so that
//! their unit does not matter to f32.
//!
//! *Cost*: 2 (taps / 16, rounded up) vector multiplications a symbol and as much for the `r`, but
//! the time is the chain's: a horizontal sum, and four times a threshold and three dependent
//! additions.
//!
//! *Breaks* with samples that are not finite, and above the bound of the step
//! ([`Signal::step_bound`](crate::equalizer::adaptive::Signal::step_bound)): the caller refuses
//! both.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x4, f32x16};
use fearless_simd_macros::simd;

use super::at_most_avx2;
use super::lanes::{Slices, sums};

/// Symbols of a step.
const STEP: usize = 4;
/// Lanes of a vector.
const LANES: usize = 16;
/// Taps at most: four vectors.
pub const MAX_TAPS: usize = 4 * LANES;
/// Symbols whose samples are scaled at once, and whose squared errors make one sum.
pub const BLOCK: usize = 1024;
/// Samples of a block at most, with those that its last window reaches.
const SAMPLES: usize = 2 * (BLOCK + STEP) + MAX_TAPS;

/// How a capture is equalized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Samples a symbol, 1 or 2; others are taken as 2.
    pub spacing: usize,
    /// Tap at the decision instant.
    pub centre: usize,
    /// Step `mu`.
    pub step: f64,
    /// Levels and thresholds.
    pub slices: Slices,
    /// Added to every output.
    pub bias: f32,
    /// Taken off every sample; samples beyond the ends count as it.
    pub offset: f32,
    /// Root of the mean square of the samples less their offset.
    pub size: f64,
}

/// Where the results go, as many as there are symbols.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// Equalized samples; empty when only decisions are wanted.
    pub output: &'a mut [f32],
    /// Decisions, those of known symbols too.
    pub decided: &'a mut [u8],
    /// Sums of the squared errors over [`BLOCK`] symbols each.
    pub squares: &'a mut [f64],
}

/// Equalizes a capture, trained on the known symbols and then decision directed; `taps` come in
/// with the start and go out as they are at the end.
///
/// # Shapes
/// Symbol `k` is decided at sample `spacing * k`; the shortest of the outputs says how many there
/// are, `known` has the first of them. At most [`MAX_TAPS`] taps; of more, the first take part.
pub fn lms_exact(
    level: Level,
    samples: &[f32],
    known: &[u8],
    settings: &Settings,
    taps: &mut [f64],
    outputs: &mut Outputs,
) {
    let count = taps.len().min(MAX_TAPS);
    let taps = &mut taps[..count];
    let run = Run {
        samples,
        known,
        settings,
    };
    // The chain of the errors decides, and comparisons into mask registers make it longer (92
    // against 104 Msym/s of 21 taps, one Zen 4 core).
    dispatch!(at_most_avx2(level), simd => match count.div_ceil(LANES) {
        0 | 1 => walk::<_, 1>(simd, &run, taps, outputs),
        2 => walk::<_, 2>(simd, &run, taps, outputs),
        3 => walk::<_, 3>(simd, &run, taps, outputs),
        _ => walk::<_, 4>(simd, &run, taps, outputs),
    });
}

/// The formula in f64, symbol by symbol.
pub fn lms_exact_scalar(
    samples: &[f32],
    known: &[u8],
    settings: &Settings,
    taps: &mut [f64],
    outputs: &mut Outputs,
) {
    outputs.squares.fill(0.0);
    for k in 0..outputs.symbols() {
        let x = |i: usize| {
            let at = (settings.spacing * k + i).checked_sub(settings.centre);
            let x = at.and_then(|at| samples.get(at));
            x.map_or(0.0, |&x| f64::from(x) - f64::from(settings.offset))
        };
        let products = taps.iter().enumerate().map(|(i, w)| w * x(i));
        let y = f64::from(settings.bias) + products.sum::<f64>();
        let above = |t: &&f32| y > f64::from(**t);
        let decision = settings.slices.thresholds.iter().filter(above).count() as u8;
        let symbol = known.get(k).copied().unwrap_or(decision);
        let error = f64::from(settings.slices.levels[usize::from(symbol & 3)]) - y;
        for (i, w) in taps.iter_mut().enumerate() {
            *w += settings.step * error * x(i);
        }
        if let Some(output) = outputs.output.get_mut(k) {
            *output = y as f32;
        }
        outputs.decided[k] = decision;
        if let Some(sum) = outputs.squares.get_mut(k / BLOCK) {
            *sum += error * error;
        }
    }
}

impl Outputs<'_> {
    fn symbols(&self) -> usize {
        match self.output.len() {
            0 => self.decided.len(),
            outputs => outputs.min(self.decided.len()),
        }
    }
}

/// What is equalized and how.
struct Run<'a> {
    samples: &'a [f32],
    known: &'a [u8],
    settings: &'a Settings,
}

/// Levels, levels times the step (an error times the step is wanted), and thresholds.
struct Slicing<S: Simd> {
    levels: [f32x4<S>; 4],
    stepped: [f32x4<S>; 4],
    thresholds: [f32x4<S>; 3],
    step: f32x4<S>,
}

/// Walks over the blocks.
#[simd]
fn walk<S: Simd, const V: usize>(simd: S, run: &Run, taps: &mut [f64], outputs: &mut Outputs) {
    let settings = run.settings;
    let spacing = settings.spacing.clamp(1, 2);
    let size = if settings.size > 0.0 {
        settings.size
    } else {
        1.0
    };
    let step = (settings.step * size * size) as f32;
    let slicing = Slicing::new(simd, &settings.slices, step);
    let mut weights = [[0.0f32; LANES]; V];
    for (w, &tap) in weights.as_flattened_mut().iter_mut().zip(&*taps) {
        *w = (tap * size) as f32;
    }
    let mut inside = [0.0f32; LANES];
    inside[..taps.len() - LANES * (V - 1)].fill(1.0);
    let inside = f32x16::from_slice(simd, &inside);
    let mut w = [inside; V];
    for (w, start) in w.iter_mut().zip(&weights) {
        *w = f32x16::from_slice(simd, start);
    }
    let mut x = [0.0f32; SAMPLES];
    let symbols = outputs.symbols();
    let mut unwanted = [0.0f32; BLOCK];
    for first in (0..symbols).step_by(BLOCK) {
        let count = BLOCK.min(symbols - first);
        let needed = spacing * (count - 1) + V * LANES + spacing * (STEP - 1);
        let from = (spacing * first) as isize - settings.centre as isize;
        scaled(
            run.samples,
            from,
            settings.offset,
            (1.0 / size) as f32,
            &mut x[..needed],
        );
        let known = run.known.get(first..).unwrap_or_default();
        let known = &known[..known.len().min(count)];
        let block = Block {
            x: &x,
            spacing,
            known,
            bias: settings.bias,
        };
        let output = match outputs.output.get_mut(first..first + count) {
            Some(output) => output,
            None => &mut unwanted[..count],
        };
        let decided = &mut outputs.decided[first..first + count];
        let square = block.equalize(simd, &slicing, inside, &mut w, output, decided);
        if let Some(sum) = outputs.squares.get_mut(first / BLOCK) {
            *sum = square;
        }
    }
    for (kept, w) in weights.iter_mut().zip(w) {
        w.store_slice(kept);
    }
    for (tap, &w) in taps.iter_mut().zip(weights.as_flattened()) {
        *tap = f64::from(w) / size;
    }
}

/// Samples from a place on, less their offset and scaled; zero beyond the ends.
fn scaled(samples: &[f32], from: isize, offset: f32, scale: f32, out: &mut [f32]) {
    let inside = usize::try_from(from)
        .ok()
        .and_then(|from| samples.get(from..from + out.len()));
    if let Some(inside) = inside {
        for (out, &x) in out.iter_mut().zip(inside) {
            *out = (x - offset) * scale;
        }
        return;
    }
    for (i, out) in out.iter_mut().enumerate() {
        let at = usize::try_from(from + i as isize).ok();
        let x = at.and_then(|at| samples.get(at));
        *out = x.map_or(0.0, |x| (x - offset) * scale);
    }
}

/// A block of symbols with its samples.
struct Block<'a> {
    x: &'a [f32; SAMPLES],
    spacing: usize,
    known: &'a [u8],
    bias: f32,
}

impl Block<'_> {
    /// The samples of symbol `k`; what lies beyond the taps must not move them.
    #[inline(always)]
    fn window<S: Simd, const V: usize>(
        &self,
        simd: S,
        k: usize,
        inside: f32x16<S>,
    ) -> [f32x16<S>; V] {
        let from = &self.x[self.spacing * k..][..V * LANES];
        let mut x = [inside; V];
        for v in 0..V {
            x[v] = f32x16::from_slice(simd, &from[LANES * v..LANES * (v + 1)]);
        }
        x[V - 1] *= inside;
        x
    }

    /// Equalizes the block and returns the sum of its squared errors.
    #[inline(always)]
    fn equalize<S: Simd, const V: usize>(
        &self,
        simd: S,
        slicing: &Slicing<S>,
        inside: f32x16<S>,
        w: &mut [f32x16<S>; V],
        output: &mut [f32],
        decided: &mut [u8],
    ) -> f64 {
        let mut square = 0.0;
        let steps = output.chunks_mut(STEP).zip(decided.chunks_mut(STEP));
        for (step, (output, decided)) in steps.enumerate() {
            let k = STEP * step;
            let x = [
                self.window(simd, k, inside),
                self.window(simd, k + 1, inside),
                self.window(simd, k + 2, inside),
                self.window(simd, k + 3, inside),
            ];
            let y = sums([dot(&x[0], w), dot(&x[1], w), dot(&x[2], w), dot(&x[3], w)]);
            let nothing = f32x16::splat(simd, 0.0);
            let near = sums([
                dot(&x[0], &x[1]),
                dot(&x[1], &x[2]),
                dot(&x[2], &x[3]),
                dot(&x[0], &x[2]),
            ]);
            let far = sums([dot(&x[1], &x[3]), dot(&x[0], &x[3]), nothing, nothing]);
            // r(i, j) of the symbols before each.
            let r = [
                [0.0; 3],
                [near[0], 0.0, 0.0],
                [near[3], near[1], 0.0],
                [far[1], far[0], near[2]],
            ];
            let zero = f32x4::splat(simd, 0.0);
            let mut gains = [zero; STEP];
            for j in 0..output.len() {
                let mut sum = f32x4::splat(simd, y[j] + self.bias);
                for i in 0..j {
                    sum = gains[i].mul_add(f32x4::splat(simd, r[j][i]), sum);
                }
                let (level, stepped) = match self.known.get(k + j) {
                    Some(&s) => slicing.of(s),
                    None => slicing.decide(sum),
                };
                gains[j] = stepped - slicing.step * sum;
                output[j] = sum[0];
                decided[j] = slicing.symbol(sum[0]);
                let error = (level - sum)[0];
                square += f64::from(error * error);
            }
            for (x, gain) in x.iter().zip(gains) {
                let gain = f32x16::splat(simd, gain[0]);
                for (w, x) in w.iter_mut().zip(x) {
                    *w = gain.mul_add(*x, *w);
                }
            }
        }
        square
    }
}

impl<S: Simd> Slicing<S> {
    #[inline(always)]
    fn new(simd: S, slices: &Slices, step: f32) -> Self {
        let splat = |v: f32| f32x4::splat(simd, v);
        let ([a, b, c, d], [t, u, v]) = (slices.levels, slices.thresholds);
        Self {
            levels: [splat(a), splat(b), splat(c), splat(d)],
            stepped: [
                splat(step * a),
                splat(step * b),
                splat(step * c),
                splat(step * d),
            ],
            thresholds: [splat(t), splat(u), splat(v)],
            step: splat(step),
        }
    }

    /// The level of a symbol and the same times the step.
    #[inline(always)]
    fn of(&self, symbol: u8) -> (f32x4<S>, f32x4<S>) {
        let s = usize::from(symbol & 3);
        (self.levels[s], self.stepped[s])
    }

    /// The level of an output and the same times the step.
    #[inline(always)]
    fn decide(&self, y: f32x4<S>) -> (f32x4<S>, f32x4<S>) {
        let [a, b, c] = self.thresholds;
        let (low, middle, high) = (y.simd_gt(a), y.simd_gt(b), y.simd_gt(c));
        let pick =
            |v: &[f32x4<S>; 4]| middle.select(high.select(v[3], v[2]), low.select(v[1], v[0]));
        (pick(&self.levels), pick(&self.stepped))
    }

    #[inline(always)]
    fn symbol(&self, y: f32) -> u8 {
        let [t, u, v] = &self.thresholds;
        u8::from(y > t[0]) + u8::from(y > u[0]) + u8::from(y > v[0])
    }
}

#[inline(always)]
fn dot<S: Simd, const V: usize>(a: &[f32x16<S>; V], b: &[f32x16<S>; V]) -> f32x16<S> {
    let mut sum = a[0] * b[0];
    for v in 1..V {
        sum = a[v].mul_add(b[v], sum);
    }
    sum
}

#[cfg(test)]
mod tests;

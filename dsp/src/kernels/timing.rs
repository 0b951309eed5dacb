//! The tone at the symbol rate, block by block.
//!
//! ```text
//! v(p) = sum_n h(n) x(p + n) exp(-j pi n / T)                p = D i, T: samples per symbol
//! z(i) = v(D i)^2 exp(-2 j pi D i / T)
//! tone(b) = sum over the outputs i of block b of z(i)
//! ```
//!
//! `h` is a window of plus and minus four symbols; the filter is a band pass at half the symbol
//! rate, and its square has a line at the symbol rate whose phase is the timing (see
//! [`crate::timing`]). The stride `D` is the largest whole number of samples that fits into two
//! symbols: the band is so narrow that more outputs tell nothing more. At two samples a symbol
//! every other coefficient of the real and of the imaginary part is zero, which leaves 7.5
//! products a symbol, and the mixer stands still.
//!
//! The lanes are neighbouring outputs, for which the samples are split into streams; at two samples
//! a symbol they are read as they lie (`adjacent`). The even and the odd vectors of a block have
//! sums of their own: they are the block's tone together, and their difference tells its noise.

use std::f64::consts::PI;

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;
use num_complex::Complex64;

use super::polyphase;

mod adjacent;

/// Lanes of a vector.
const LANES: usize = 16;

/// Vectors that are filtered together, so that a coefficient is read once for all of them.
const TOGETHER: usize = 4;

/// Half width of the window in symbols: a Hann window of eight symbols passes plus and minus an
/// eighth of the symbol rate at 6 dB, the band edge and nothing else.
const HALF_WINDOW: f64 = 4.0;

/// Samples that are split at a time, about: far more than a store buffer holds, so that no load
/// waits for its store, and few enough for the first-level cache.
const GROUP_SAMPLES: usize = 2048;

/// Coefficients below this part of the largest are left out.
const NEGLIGIBLE: f64 = 1e-9;

/// A coefficient: where its sample of the block's first output lies in the streams, and how much
/// of it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tap {
    at: usize,
    weight: f32,
}

/// The band pass, the mixer and the size of a block for one oversampling.
#[derive(Clone, Debug)]
pub struct BandEdge {
    samples_per_symbol: f64,
    stride: usize,
    outputs: usize,
    /// Position of the first tap relative to the output's sample.
    first: i64,
    /// Blocks whose samples are split at a time.
    group: usize,
    /// Length of each stream.
    length: usize,
    real: Vec<Tap>,
    imaginary: Vec<Tap>,
    /// At two samples a symbol, what [`adjacent`] needs instead of taps.
    adjacent: Option<adjacent::Weights>,
    cosine: Vec<f32>,
    sine: Vec<f32>,
}

/// What one block yields.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// Sum of `z` over the even vectors of the block.
    pub even: Complex64,
    /// Sum of `z` over the odd vectors of the block.
    pub odd: Complex64,
    /// Sum of the squared magnitude of `z`.
    pub power: f64,
}

impl BandEdge {
    /// Plans blocks of about `symbols` symbols for samples of about the magnitude `1 / gain`.
    pub fn new(samples_per_symbol: f64, symbols: usize, gain: f64) -> Self {
        let stride = ((2.0 * samples_per_symbol).floor() as usize).max(1);
        let chunk = (TOGETHER * LANES) as f64 * stride as f64 / samples_per_symbol;
        let chunks = (symbols as f64 / chunk).round().max(1.0) as usize;
        let outputs = TOGETHER * LANES * chunks;
        let (first, taps) = band_pass(samples_per_symbol, gain);
        let group = (GROUP_SAMPLES / (outputs * stride)).max(1);
        let length = group * outputs + taps.len().div_ceil(stride);
        let part = |value: fn(&Complex64) -> f64| {
            let weights: Vec<f64> = taps.iter().map(value).collect();
            let largest = weights.iter().fold(0.0f64, |m, w| m.max(w.abs()));
            let list = weights.iter().enumerate().filter_map(|(m, &w)| {
                (w.abs() > NEGLIGIBLE * largest).then_some(Tap {
                    at: m % stride * length + m / stride,
                    weight: w as f32,
                })
            });
            list.collect::<Vec<_>>()
        };
        let turn = -2.0 * PI * stride as f64 / samples_per_symbol;
        let mixer = (0..outputs).map(|i| Complex64::cis(turn * i as f64));
        let (cosine, sine) = mixer.map(|c| (c.re as f32, c.im as f32)).unzip();
        Self {
            samples_per_symbol,
            stride,
            outputs,
            first,
            group,
            length,
            real: part(|c| c.re),
            imaginary: part(|c| c.im),
            adjacent: (samples_per_symbol == 2.0).then(|| adjacent::weights(&taps)),
            cosine,
            sine,
        }
    }

    /// Returns the number of filter outputs in a block.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the number of samples between filter outputs.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Returns the length of a block in symbols, a fraction in general.
    pub fn block_symbols(&self) -> f64 {
        (self.outputs * self.stride) as f64 / self.samples_per_symbol
    }

    /// Computes the tones of the blocks from `first` on.
    pub fn tones(&self, level: Level, samples: &[f32], first: usize, tones: &mut [Tone]) {
        self.tones_with_scratch(level, samples, first, &mut Vec::new(), tones);
    }

    /// Does what [`Self::tones`] does; `streams` is any vector, and one that is kept costs no
    /// allocation.
    pub fn tones_with_scratch(
        &self,
        level: Level,
        samples: &[f32],
        first: usize,
        streams: &mut Vec<f32>,
        tones: &mut [Tone],
    ) {
        for (g, tones) in tones.chunks_mut(self.group).enumerate() {
            let first = first + g * self.group;
            if let Some(weights) = &self.adjacent {
                let count = tones.len() * self.outputs * self.stride + adjacent::REACH;
                let window = self.window(level, samples, first, count, streams);
                dispatch!(level, simd => {
                    adjacent::sum_blocks(simd, weights, self.outputs, window, tones);
                });
                continue;
            }
            self.split(level, samples, first, streams);
            if self.stands_still() {
                dispatch!(level, simd => sum_blocks::<_, false>(simd, self, streams, tones));
            } else {
                dispatch!(level, simd => sum_blocks::<_, true>(simd, self, streams, tones));
            }
            for (b, tone) in tones.iter_mut().enumerate() {
                let start = self.block_angle(first + b);
                tone.even *= start;
                tone.odd *= start;
            }
        }
    }

    /// Computes the squared and mixed outputs `z` of the first `blocks` blocks, one by one.
    pub fn outputs_of(&self, level: Level, samples: &[f32], blocks: usize) -> Vec<Complex64> {
        let mut streams = Vec::new();
        let mut z = Vec::with_capacity(blocks * self.outputs);
        let (mut real, mut imaginary) = (vec![0.0; self.outputs], vec![0.0; self.outputs]);
        for block in 0..blocks {
            self.split(level, samples, block, &mut streams);
            dispatch!(level, simd => {
                filter_part(simd, &self.real, &streams, &mut real);
                filter_part(simd, &self.imaginary, &streams, &mut imaginary);
            });
            let start = self.block_angle(block);
            let mixer = self.cosine.iter().zip(&self.sine);
            z.extend(
                real.iter()
                    .zip(&imaginary)
                    .zip(mixer)
                    .map(|((r, i), (c, s))| {
                        let v = Complex64::new(f64::from(*r), f64::from(*i));
                        v * v * start * Complex64::new(f64::from(*c), f64::from(*s))
                    }),
            );
        }
        z
    }

    /// The mixer at the first output of a block, where its table begins anew.
    fn block_angle(&self, block: usize) -> Complex64 {
        if self.stands_still() {
            return Complex64::ONE;
        }
        let position = (block * self.outputs * self.stride) as f64;
        Complex64::cis(-2.0 * PI * (position / self.samples_per_symbol).fract())
    }

    /// Returns `count` samples as they lie, from the first tap of a block's first output on.
    fn window<'a>(
        &self,
        level: Level,
        samples: &'a [f32],
        block: usize,
        count: usize,
        copy: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        let first = (block * self.outputs * self.stride) as i64 + self.first;
        let inside = usize::try_from(first).ok();
        if let Some(inside) = inside.and_then(|first| samples.get(first..first + count)) {
            return inside;
        }
        copy.resize(count, 0.0);
        polyphase::split(level, samples, first, 1, count, copy);
        copy
    }

    fn split(&self, level: Level, samples: &[f32], block: usize, streams: &mut Vec<f32>) {
        streams.resize(self.stride * self.length, 0.0);
        let first = (block * self.outputs * self.stride) as i64 + self.first;
        polyphase::split(level, samples, first, self.stride, self.length, streams);
    }

    /// Says whether the stride is whole symbols, so that the mixer has nothing to do.
    fn stands_still(&self) -> bool {
        self.stride as f64 == 2.0 * self.samples_per_symbol
    }

    /// Computes the tone of a block from its definition, in double precision and without
    /// streams: the oracle of [`BandEdge::tones`].
    pub fn tone_scalar(&self, samples: &[f32], block: usize, gain: f64) -> Tone {
        let (first, taps) = band_pass(self.samples_per_symbol, gain);
        let last = samples.len() as i64 - 1;
        let mut tone = Tone::default();
        for i in 0..self.outputs {
            let p = ((block * self.outputs + i) * self.stride) as i64;
            let mut v = Complex64::ZERO;
            for (n, h) in taps.iter().enumerate() {
                let at = (p + first + n as i64).clamp(0, last);
                v += h * f64::from(samples[at as usize]);
            }
            let z =
                v * v * Complex64::cis(-2.0 * PI * (p as f64 / self.samples_per_symbol).fract());
            if (i / LANES).is_multiple_of(2) {
                tone.even += z;
            } else {
                tone.odd += z;
            }
            tone.power += z.norm_sqr();
        }
        tone
    }
}

/// Position of the first coefficient and the coefficients `h(n) exp(-j pi n / T)`, free of a
/// constant: the centre takes what the window leaves of it.
fn band_pass(samples_per_symbol: f64, gain: f64) -> (i64, Vec<Complex64>) {
    let reach = HALF_WINDOW * samples_per_symbol;
    let half = (reach.ceil() as i64 - 1).max(1);
    let mut taps: Vec<Complex64> = (-half..=half)
        .map(|n| {
            let n = n as f64;
            // A parabola squared is within 2 % of the Hann window.
            let window = (1.0 - (n / reach).powi(2)).max(0.0).powi(2);
            Complex64::from_polar(window, -PI * n / samples_per_symbol)
        })
        .collect();
    let constant: f64 = taps.iter().map(|c| c.re).sum();
    taps[half as usize].re -= constant;
    // The window's sum is about 4.3 symbols.
    let scale = gain / (4.3 * samples_per_symbol);
    (-half, taps.iter().map(|c| c * scale).collect())
}

/// One part of the filter for the vectors from output `start` on.
#[inline(always)]
fn filtered<S: Simd>(
    simd: S,
    taps: &[Tap],
    streams: &[f32],
    start: usize,
) -> [f32x16<S>; TOGETHER] {
    let mut sums = [f32x16::splat(simd, 0.0); TOGETHER];
    for tap in taps {
        let at = tap.at + start;
        let source = &streams[at..at + TOGETHER * LANES];
        let weight = f32x16::splat(simd, tap.weight);
        for (sum, source) in sums.iter_mut().zip(source.chunks_exact(LANES)) {
            *sum = f32x16::from_slice(simd, source).mul_add(weight, *sum);
        }
    }
    sums
}

/// One part of the filter for all outputs of a block.
#[simd]
fn filter_part<S: Simd>(simd: S, taps: &[Tap], streams: &[f32], out: &mut [f32]) {
    for (chunk, out) in out.chunks_exact_mut(TOGETHER * LANES).enumerate() {
        let sums = filtered(simd, taps, streams, TOGETHER * LANES * chunk);
        for (sum, out) in sums.iter().zip(out.chunks_exact_mut(LANES)) {
            sum.store_slice(out);
        }
    }
}

/// Filters, squares, mixes (if `MIX`) and sums the outputs of each block.
#[simd]
fn sum_blocks<S: Simd, const MIX: bool>(
    simd: S,
    plan: &BandEdge,
    streams: &[f32],
    tones: &mut [Tone],
) {
    for (block, tone) in tones.iter_mut().enumerate() {
        let mut sums = Sums::new(simd);
        for start in (0..plan.outputs).step_by(TOGETHER * LANES) {
            let at = block * plan.outputs + start;
            let re = filtered(simd, &plan.real, streams, at);
            let im = filtered(simd, &plan.imaginary, streams, at);
            for v in 0..TOGETHER {
                let mixer = MIX.then(|| {
                    let at = start + LANES * v..start + LANES * (v + 1);
                    (&plan.cosine[at.clone()], &plan.sine[at])
                });
                sums.add(simd, v % 2, re[v], im[v], mixer);
            }
        }
        *tone = sums.tone();
    }
}

/// Sums of the even and the odd vectors of a block.
struct Sums<S: Simd> {
    real: [f32x16<S>; 2],
    imaginary: [f32x16<S>; 2],
    power: [f32x16<S>; 2],
}

impl<S: Simd> Sums<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let zero = [f32x16::splat(simd, 0.0); 2];
        Self {
            real: zero,
            imaginary: zero,
            power: zero,
        }
    }

    /// Squares the filter's outputs, mixes them with (cosine, sine) if there is a mixer, and adds
    /// them to the even (`parity` 0) or the odd vectors.
    #[inline(always)]
    fn add(
        &mut self,
        simd: S,
        parity: usize,
        re: f32x16<S>,
        im: f32x16<S>,
        mixer: Option<(&[f32], &[f32])>,
    ) {
        let square_re = (re + im) * (re - im);
        let square_im = (re + re) * im;
        if let Some((c, s)) = mixer {
            let (c, s) = (f32x16::from_slice(simd, c), f32x16::from_slice(simd, s));
            self.real[parity] += square_re * c - square_im * s;
            self.imaginary[parity] += square_re * s + square_im * c;
        } else {
            self.real[parity] += square_re;
            self.imaginary[parity] += square_im;
        }
        let power = square_im.mul_add(square_im, self.power[parity]);
        self.power[parity] = square_re.mul_add(square_re, power);
    }

    #[inline(always)]
    fn tone(self) -> Tone {
        // No closure: it would be compiled without the level's instructions.
        Tone {
            even: Complex64::new(total(self.real[0]), total(self.imaginary[0])),
            odd: Complex64::new(total(self.real[1]), total(self.imaginary[1])),
            power: total(self.power[0] + self.power[1]),
        }
    }
}

/// Sums the lanes, in one order on every machine.
#[inline(always)]
fn total<S: Simd>(lanes: f32x16<S>) -> f64 {
    let (a, b) = lanes.split();
    let (a, b) = (a + b).split();
    let [a, b, c, d] = *(a + b);
    f64::from(a + c) + f64::from(b + d)
}

#[cfg(test)]
mod tests;

//! The tone at the symbol rate, block by block.
//!
//! ```text
//! v(p) = sum_n h(n) x(p + n) exp(-j pi n / T)                p = D i, T: samples per symbol
//! z(i) = v(D i)^2 exp(-2 j pi D i / T)
//! tone(b) = sum over the outputs i of block b of z(i)
//! ```
//!
//! `h` is a window of plus and minus three symbols; the filter is a band pass at half the symbol
//! rate, and its square has a line at the symbol rate whose phase is the timing (see
//! [`crate::timing`]). The stride `D` is the largest whole number of samples that fits into a
//! symbol, so that the filter runs once or twice a symbol at any oversampling. At two samples a
//! symbol every other coefficient of the real and of the imaginary part is zero: 11 products a
//! symbol are left, and the mixer stands still.
//!
//! The lanes are neighbouring outputs. The even and the odd vectors of a block have sums of their
//! own: they are the block's tone together, and their difference tells its noise.

use std::f64::consts::PI;

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;
use num_complex::Complex64;

use super::polyphase;

/// Lanes of a vector.
const LANES: usize = 16;

/// Half width of the window in symbols: a Hann window of six symbols passes about plus and minus
/// 0.17 of the symbol rate, the band edge and nothing else.
const HALF_WINDOW: f64 = 3.0;

/// Coefficients below this part of the largest are left out.
const NEGLIGIBLE: f64 = 1e-9;

/// A coefficient: which stream, how far along it, how much.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tap {
    stream: usize,
    shift: usize,
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
    reach: usize,
    real: Vec<Tap>,
    imaginary: Vec<Tap>,
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

/// Buffers of one block.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    streams: Vec<f32>,
    real: Vec<f32>,
    imaginary: Vec<f32>,
}

impl BandEdge {
    /// Plans blocks of about `symbols` symbols for samples of about the magnitude `1 / gain`.
    pub fn new(samples_per_symbol: f64, symbols: usize, gain: f64) -> Self {
        let stride = (samples_per_symbol.floor() as usize).max(1);
        let per_vector = LANES as f64 * stride as f64 / samples_per_symbol;
        // Whole pairs of vectors: an even and an odd one.
        let pairs = (symbols as f64 / per_vector / 2.0).round().max(1.0) as usize;
        let outputs = 2 * LANES * pairs;
        let (first, taps) = band_pass(samples_per_symbol, gain);
        let part = |value: fn(&Complex64) -> f64| {
            let weights: Vec<f64> = taps.iter().map(value).collect();
            let largest = weights.iter().fold(0.0f64, |m, w| m.max(w.abs()));
            let list = weights.iter().enumerate().filter_map(|(m, &w)| {
                (w.abs() > NEGLIGIBLE * largest).then_some(Tap {
                    stream: m % stride,
                    shift: m / stride,
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
            reach: taps.len().div_ceil(stride),
            real: part(|c| c.re),
            imaginary: part(|c| c.im),
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

    /// Computes the tone of block `block`.
    pub fn tone(&self, level: Level, samples: &[f32], block: usize, scratch: &mut Scratch) -> Tone {
        self.filter(level, samples, block, scratch);
        let sums = dispatch!(level, simd => mix(
            simd,
            &scratch.real,
            &scratch.imaginary,
            &self.cosine,
            &self.sine
        ));
        // The mixer's table begins anew with each block; the block's own angle comes on top.
        let position = (block * self.outputs * self.stride) as f64;
        let start = Complex64::cis(-2.0 * PI * (position / self.samples_per_symbol).fract());
        Tone {
            even: start * Complex64::new(total(&sums.even_real), total(&sums.even_imaginary)),
            odd: start * Complex64::new(total(&sums.odd_real), total(&sums.odd_imaginary)),
            power: total(&sums.power),
        }
    }

    /// Computes the filter's outputs `v` of a block, as real and imaginary parts.
    pub fn filter<'s>(
        &self,
        level: Level,
        samples: &[f32],
        block: usize,
        scratch: &'s mut Scratch,
    ) -> (&'s [f32], &'s [f32]) {
        let length = self.outputs + self.reach;
        scratch.streams.resize(self.stride * length, 0.0);
        scratch.real.resize(self.outputs, 0.0);
        scratch.imaginary.resize(self.outputs, 0.0);
        let first = (block * self.outputs * self.stride) as i64 + self.first;
        polyphase::split(
            level,
            samples,
            first,
            self.stride,
            length,
            &mut scratch.streams,
        );
        dispatch!(level, simd => {
            run(simd, &self.real, &scratch.streams, length, &mut scratch.real);
            run(simd, &self.imaginary, &scratch.streams, length, &mut scratch.imaginary);
        });
        (&scratch.real, &scratch.imaginary)
    }

    /// Computes the tone of a block from its definition, in double precision and without
    /// streams: the oracle of [`BandEdge::tone`].
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
    // The window's sum is about 3.2 symbols.
    let scale = gain / (3.2 * samples_per_symbol);
    (-half, taps.iter().map(|c| c * scale).collect())
}

struct Sums {
    even_real: [f32; LANES],
    even_imaginary: [f32; LANES],
    odd_real: [f32; LANES],
    odd_imaginary: [f32; LANES],
    power: [f32; LANES],
}

fn total(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|&x| f64::from(x)).sum()
}

/// One part of the filter for all outputs of a block, two vectors at a time.
#[simd]
fn run<S: Simd>(simd: S, taps: &[Tap], streams: &[f32], length: usize, out: &mut [f32]) {
    for (pair, out) in out.chunks_exact_mut(2 * LANES).enumerate() {
        let start = 2 * LANES * pair;
        let mut low = f32x16::splat(simd, 0.0);
        let mut high = f32x16::splat(simd, 0.0);
        for tap in taps {
            let at = tap.stream * length + tap.shift + start;
            let source = &streams[at..at + 2 * LANES];
            let weight = f32x16::splat(simd, tap.weight);
            low = f32x16::from_slice(simd, &source[..LANES]).mul_add(weight, low);
            high = f32x16::from_slice(simd, &source[LANES..]).mul_add(weight, high);
        }
        low.store_slice(&mut out[..LANES]);
        high.store_slice(&mut out[LANES..]);
    }
}

/// Squares, mixes and sums the outputs of a block.
#[simd]
fn mix<S: Simd>(simd: S, real: &[f32], imaginary: &[f32], cosine: &[f32], sine: &[f32]) -> Sums {
    let zero = f32x16::splat(simd, 0.0);
    let (mut tone_re, mut tone_im, mut power) = ([zero; 2], [zero; 2], zero);
    for v in 0..real.len() / LANES {
        let at = LANES * v..LANES * (v + 1);
        let re = f32x16::from_slice(simd, &real[at.clone()]);
        let im = f32x16::from_slice(simd, &imaginary[at.clone()]);
        let c = f32x16::from_slice(simd, &cosine[at.clone()]);
        let s = f32x16::from_slice(simd, &sine[at]);
        let square_re = (re + im) * (re - im);
        let square_im = (re + re) * im;
        tone_re[v % 2] += square_re * c - square_im * s;
        tone_im[v % 2] += square_re * s + square_im * c;
        power = square_re.mul_add(square_re, square_im.mul_add(square_im, power));
    }
    Sums {
        even_real: *tone_re[0],
        even_imaginary: *tone_im[0],
        odd_real: *tone_re[1],
        odd_imaginary: *tone_im[1],
        power: *power,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{level_name, levels};
    use crate::signals::Noise;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Every level against the definition: 300 outputs of some 30 single-precision products
        /// each, rounded to 2^-24, are off by less than 1e-5 of the summed magnitude.
        #[test]
        fn prop_every_level_finds_the_oracles_tone(
            sps in prop_oneof![Just(2.0), Just(4.0), 1.1f64..9.0],
            count in 100usize..6_000,
            block in 0usize..4,
            seed in 0u64..1_000,
        ) {
            let mut noise = Noise::new(seed);
            let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
            let plan = BandEdge::new(sps, 256, 1.0);
            let expected = plan.tone_scalar(&samples, block, 1.0);
            let bound = 1e-5 * (expected.power * plan.outputs() as f64).sqrt() + 1e-9;
            for level in levels() {
                let found = plan.tone(level, &samples, block, &mut Scratch::default());
                let name = level_name(level);
                prop_assert!((found.even - expected.even).norm() < bound, "{name} {sps}");
                prop_assert!((found.odd - expected.odd).norm() < bound, "{name} {sps}");
                prop_assert!((found.power - expected.power).abs() < 1e-4 * expected.power + 1e-9);
            }
        }
    }

    /// The closed form: `x = 1 + cos(2 pi f n + phi)` with `f` half the symbol rate gives
    /// `v = exp(j (pi n / T + phi)) H / 2`, so that `z = exp(2 j phi) (H / 2)^2` in every output,
    /// and nothing of the constant.
    #[test]
    fn ref_a_cosine_at_the_band_edge_gives_its_phase() {
        for sps in [1.2, 2.0, 3.879, 8.0] {
            let plan = BandEdge::new(sps, 64, 1.0);
            let phi = 0.4;
            let samples: Vec<f32> = (0..(300.0 * sps) as usize)
                .map(|n| 100.0 + (PI * n as f64 / sps + phi).cos() as f32)
                .collect();
            // The second block's first outputs do not see the capture's ends.
            let tone = plan.tone(
                crate::kernels::level(),
                &samples,
                1,
                &mut Scratch::default(),
            );
            let sum = tone.even + tone.odd;
            // The image at minus half the rate leaks by the window's side lobes: below 5 %.
            assert!((sum.arg() - 2.0 * phi).abs() < 0.1, "{sps}: {}", sum.arg());
            assert_eq!(plan.stride(), sps.floor() as usize);
        }
    }

    #[test]
    fn two_samples_a_symbol_need_eleven_products() {
        let plan = BandEdge::new(2.0, 256, 1.0);
        assert_eq!(plan.real.len() + plan.imaginary.len(), 11);
        assert_eq!((plan.outputs(), plan.block_symbols()), (256, 256.0));
    }
}

//! Power of the correlation with a delayed signal, block by block.
//!
//! ```text
//! p(lag) = sum over blocks b of ( sum over t in b of x(t) d(t - lag) )^2
//! ```
//!
//! A block of `B` samples is correlated with a piece of `4 B` samples of the delayed signal by FFT
//! (overlap-save): `3 B` lags a transform. All signals are real, so the spectra are kept by half,
//! and the products of two blocks share one inverse transform, as its real and its imaginary part.
//!
//! *Complexity*: `n lags / B` transforms' worth of `log B`: a long block is cheap, but beyond the
//! coherence time of what is looked for it loses it.

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

use crate::measure::statistics::median;

/// Blocks in a piece of the delayed signal.
const PIECE: usize = 4;
/// Lags from which the scale of the sums is taken.
const SCALE_LAGS: usize = 1 << 15;
/// Blocks of lags that one transform gives.
const HOP: usize = PIECE - 1;

/// Correlates within blocks of `x`, each scaled to unit power, squares, adds over the blocks, and
/// turns the sums into standard normal deviates, at whole lags and half a lag below each. Blocks
/// whose delayed signal would begin before the capture do not count.
///
/// `d` is white and independent of the blocks: then each square has one degree of freedom, however
/// the power of `x` wanders.
pub fn by_blocks(x: &[f32], d: &[f32], lags: usize, block: usize) -> [Vec<f32>; 2] {
    let mut scaled = x.to_vec();
    for part in scaled.chunks_mut(block) {
        let power = part.iter().map(|&x| f64::from(x * x)).sum::<f64>();
        let scale = 1.0 / power.sqrt().max(f64::MIN_POSITIVE);
        part.iter_mut().for_each(|x| *x *= scale as f32);
    }
    let [mut whole, mut below] = squares(&scaled, d, lags, block);
    let pieces = x.len() / block;
    let count = |lag: usize| pieces.saturating_sub(lag.div_ceil(block).max(1)).max(1) as f64;
    chi_squared_to_normal(&mut whole, count);
    chi_squared_to_normal(&mut below, count);
    [whole, below]
}

/// The sums of squares: of the blocks' correlations `C(lag)`, and of `C(lag) + C(lag - 1)`, the
/// template of half a lag less.
fn squares(x: &[f32], d: &[f32], lags: usize, block: usize) -> [Vec<f32>; 2] {
    let spectra = Spectra::new(x, d, block);
    let size = PIECE * block;
    let inverse = FftPlanner::<f32>::new().plan_fft_inverse(size);
    let mut scratch = vec![Complex32::ZERO; inverse.get_inplace_scratch_len()];
    let mut product = vec![Complex32::ZERO; size];
    let mut power = vec![0.0f32; lags];
    let mut below = vec![0.0f32; lags];
    for first in (0..spectra.blocks).step_by(2) {
        let second = first + 1;
        for back in (HOP..).step_by(HOP) {
            // The smallest lag of this transform.
            let least = (back - HOP) * block + 1;
            if least >= lags || least > second * block {
                break;
            }
            spectra.multiply(first, back, &mut product);
            inverse.process_with_scratch(&mut product, &mut scratch);
            // Offset k of the piece against the block is a lag of back * block - k. Blocks see
            // only what is there before them.
            // The offset one above is the lag one below, and the last one is still whole.
            let offsets = || product[..=HOP * block].windows(2).rev();
            let seen = |b: usize| (b * block + 1).clamp(least, lags);
            let sums = power[least..seen(first)].iter_mut();
            for ((p, q), z) in sums.zip(&mut below[least..]).zip(offsets()) {
                *p += z[0].re * z[0].re;
                *q += (z[0].re + z[1].re) * (z[0].re + z[1].re);
            }
            if second < spectra.blocks {
                let sums = power[least..seen(second)].iter_mut();
                for ((p, q), z) in sums.zip(&mut below[least..]).zip(offsets()) {
                    *p += z[0].im * z[0].im;
                    *q += (z[0].im + z[1].im) * (z[0].im + z[1].im);
                }
            }
        }
    }
    [power, below]
}

/// Half spectra of all blocks and of all pieces of the delayed signal.
struct Spectra {
    /// Number of whole blocks.
    blocks: usize,
    /// Bins of a half spectrum.
    half: usize,
    /// Blocks, and one of zeros when their number is odd.
    here: Vec<Complex32>,
    /// Pieces that begin at block -[`HOP`] and on.
    delayed: Vec<Complex32>,
}

impl Spectra {
    fn new(x: &[f32], d: &[f32], block: usize) -> Self {
        let size = PIECE * block;
        let forward: Arc<dyn Fft<f32>> = FftPlanner::new().plan_fft_forward(size);
        let (blocks, half) = (x.len() / block, size / 2 + 1);
        let mut buffer = vec![Complex32::ZERO; size];
        let mut add = |v: &[f32], at: usize, to: &mut Vec<Complex32>| {
            buffer.fill(Complex32::ZERO);
            buffer[at..at + v.len()]
                .iter_mut()
                .zip(v)
                .for_each(|(z, &a)| *z = Complex32::new(a, 0.0));
            forward.process(&mut buffer);
            to.extend_from_slice(&buffer[..half]);
        };
        let mut here = Vec::with_capacity(half * (blocks + 1));
        for part in x.chunks_exact(block) {
            add(part, 0, &mut here);
        }
        here.resize(half * (blocks + blocks % 2), Complex32::ZERO);
        let mut delayed = Vec::with_capacity(half * (blocks + 1));
        for p in 0..blocks + 1 {
            let missing = HOP.saturating_sub(p) * block;
            let first = p.saturating_sub(HOP) * block;
            let last = (first + size - missing).min(d.len());
            add(&d[first.min(last)..last], missing, &mut delayed);
        }
        Self {
            blocks,
            half,
            here,
            delayed,
        }
    }

    /// Spectrum whose transform has the correlation of block `first` as its real part and that of
    /// the next block as its imaginary part, each with the piece `back` blocks before it.
    fn multiply(&self, first: usize, back: usize, product: &mut [Complex32]) {
        let half = self.half;
        let row = |v: &'_ [Complex32], i: usize| -> std::ops::Range<usize> {
            debug_assert!((i + 1) * half <= v.len());
            i * half..(i + 1) * half
        };
        let one = &self.here[row(&self.here, first)];
        let two = &self.here[row(&self.here, first + 1)];
        // A block without any lag here takes the first piece; its part is not looked at.
        let piece = |b: usize| {
            let i = (b + HOP).saturating_sub(back);
            &self.delayed[row(&self.delayed, i)]
        };
        let (before_one, before_two) = (piece(first), piece(first + 1));
        let (low, high) = product.split_at_mut(half);
        let ones = one.iter().zip(before_one);
        let twos = two.iter().zip(before_two);
        for ((z, (x1, d1)), (x2, d2)) in low.iter_mut().zip(ones).zip(twos) {
            let (a, b) = (x1.conj() * d1, x2.conj() * d2);
            *z = Complex32::new(a.re - b.im, a.im + b.re);
        }
        let ones = one.iter().zip(before_one);
        let twos = two.iter().zip(before_two);
        let mirror = high.iter_mut().rev();
        for ((z, (x1, d1)), (x2, d2)) in mirror.zip(ones.skip(1)).zip(twos.skip(1)) {
            let (a, b) = (x1.conj() * d1, x2.conj() * d2);
            *z = Complex32::new(a.re + b.im, b.re - a.im);
        }
    }
}

/// Turns sums of `count(lag)` squares into standard normal deviates (Wilson and Hilferty, PNAS 17
/// (1931) 684): the cube root of a chi-squared over its degrees of freedom is nearly normal with
/// mean `1 - 2/(9 M)` and variance `2/(9 M)`, far into the tail that decides a detection.
fn chi_squared_to_normal(power: &mut [f32], count: impl Fn(usize) -> f64) {
    // The median of a chi-squared over its degrees of freedom is the cube of the root's mean.
    let step = power.len().div_ceil(SCALE_LAGS).max(1);
    let mut means: Vec<f64> = (1..power.len())
        .step_by(step)
        .map(|lag| f64::from(power[lag]) / count(lag) / (1.0 - 2.0 / (9.0 * count(lag))).powi(3))
        .collect();
    if means.is_empty() {
        return;
    }
    let one = median(&mut means).max(f64::MIN_POSITIVE);
    for (lag, value) in power.iter_mut().enumerate() {
        let m = count(lag);
        let spread = 2.0 / (9.0 * m);
        let root = f64::from(libm::cbrtf((f64::from(*value) / (m * one)) as f32));
        *value = ((root - (1.0 - spread)) / spread.sqrt()) as f32;
    }
    power[0] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, lag by lag, for even and odd numbers of blocks and tails that fill
    /// no block.
    #[test]
    fn ref_sums_are_those_of_the_definition() {
        for (n, block, lags) in [(64, 8, 40), (77, 8, 77), (200, 16, 100), (40, 16, 33)] {
            let x: Vec<f32> = (0..n)
                .map(|i| ((i * i * 7 + 3) % 23) as f32 - 11.0)
                .collect();
            let d: Vec<f32> = (0..n)
                .map(|i| ((i * i * 5 + i) % 19) as f32 - 9.0)
                .collect();
            for (half, found) in squares(&x, &d, lags, block).iter().enumerate() {
                for (lag, &sum) in found.iter().enumerate().skip(1) {
                    let late = |t: usize| d[t - lag] + half as f32 * d[t + 1 - lag];
                    let expected: f64 = (lag.div_ceil(block)..n / block)
                        .map(|b| {
                            let dot: f64 = (b * block..(b + 1) * block)
                                .map(|t| f64::from(x[t] * late(t)))
                                .sum();
                            dot * dot
                        })
                        .sum();
                    let expected = expected * ((PIECE * block) as f64).powi(2);
                    // f32 transforms: 1e-5 of the largest sum.
                    assert!(
                        (f64::from(sum) - expected).abs() <= 1e-5 * expected + 1e4,
                        "n {n} block {block} lag {lag} half {half}: {sum} expected {expected}"
                    );
                }
            }
        }
    }

    /// Squares of unit normals come out with mean 0 and variance 1: the Wilson-Hilferty mean and
    /// variance are right to 1 % for 8 degrees and more; 4096 values give 3 standard errors of
    /// 0.05 and 0.07.
    #[test]
    fn ref_sums_of_squares_become_normal() {
        use crate::signals::Noise;
        let mut noise = Noise::new(5);
        let mut sums: Vec<f32> = (0..4097)
            .map(|_| (0..16).map(|_| noise.normal().powi(2)).sum::<f64>() as f32)
            .collect();
        chi_squared_to_normal(&mut sums, |_| 16.0);
        let n = (sums.len() - 1) as f64;
        let values = || sums[1..].iter().map(|&x| f64::from(x));
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        // The scale is taken from the median, which lies where the deviate is zero.
        assert!(mean.abs() < 0.06, "mean {mean}");
        assert!((0.85..1.25).contains(&variance), "variance {variance}");
    }
}

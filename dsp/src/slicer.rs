//! Levels, thresholds and decisions.
//!
//! A [`Slicer`] holds mean and standard deviation of every level and the thresholds between them,
//! `t(i) = (m(i) s(i+1) + m(i+1) s(i)) / (s(i) + s(i+1))`: where two Gaussians are equally many of
//! their widths away. From known symbols it is a set of averages; without them [`cluster`] finds
//! the levels (Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129, in one dimension).
//!
//! *Assumes* noise that is about Gaussian at each level. *Breaks* when the eye is closed: clusters
//! of decided samples are narrower than the levels, and the noise is underrated.

use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

use crate::kernels::level;

/// Nominal symbol values: evenly spaced, two apart, zero mean (-3, -1, 1, 3 or -1, 1).
pub fn nominal(levels: usize, symbol: u8) -> f64 {
    2.0 * f64::from(symbol) - (levels as f64 - 1.0)
}

/// Levels with their noise, and the thresholds between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Slicer {
    /// Level means, lowest first.
    pub means: Vec<f64>,
    /// Standard deviations.
    pub sigmas: Vec<f64>,
    /// Symbols behind each level.
    pub counts: Vec<u64>,
    /// Thresholds, one fewer than levels.
    pub thresholds: Vec<f64>,
}

impl Slicer {
    /// Takes levels from samples and the symbols that they belong to.
    ///
    /// The threshold between two levels is where two Gaussians of their widths weigh the same
    /// against their distance, `(m_i s_(i+1) + m_(i+1) s_i) / (s_i + s_(i+1))`.
    pub fn from_symbols(samples: &[f32], symbols: &[u8], levels: usize) -> Self {
        let origin = f64::from(samples.first().copied().unwrap_or(0.0));
        let mut sums = Sums::new(levels);
        for (y, s) in samples.chunks(LANES).zip(symbols.chunks(LANES)) {
            sums.add(y, s, origin);
        }
        let (means, sigmas, counts) = (0..levels).map(|level| sums.level(level, origin)).collect();
        Self::new(means, sigmas, counts)
    }

    fn new(means: Vec<f64>, sigmas: Vec<f64>, counts: Vec<u64>) -> Self {
        let thresholds = (1..means.len())
            .map(|i| {
                let (a, b): (f64, f64) = (sigmas[i - 1], sigmas[i]);
                if a + b > 0.0 {
                    (means[i - 1] * b + means[i] * a) / (a + b)
                } else {
                    0.5 * (means[i - 1] + means[i])
                }
            })
            .collect();
        Self {
            means,
            sigmas,
            counts,
            thresholds,
        }
    }

    /// Takes thresholds half way between the levels when that makes fewer errors on these
    /// symbols: residual interference between symbols is no Gaussian, and the weighting by
    /// widths then misleads.
    pub fn refine_thresholds(&mut self, samples: &[f32], symbols: &[u8]) {
        let mut plain = self.clone();
        plain.thresholds = self.means.windows(2).map(|m| 0.5 * (m[0] + m[1])).collect();
        let errors = |slicer: &Self| {
            samples
                .iter()
                .zip(symbols)
                .filter(|&(&y, &s)| slicer.decide(y) != s)
                .count()
        };
        if errors(&plain) < errors(self) {
            self.thresholds = plain.thresholds;
        }
    }

    /// Decides one sample.
    pub fn decide(&self, y: f32) -> u8 {
        self.thresholds
            .iter()
            .map(|&t| u8::from(f64::from(y) > t))
            .sum()
    }

    /// Decides every sample.
    pub fn decide_all(&self, samples: &[f32]) -> Vec<u8> {
        // A sample lies above a threshold when it lies above the next value of single precision
        // below it: comparing in single precision decides the same and eight times faster.
        let below: Vec<f32> = self.thresholds.iter().map(|&t| round_down(t)).collect();
        let mut decided = vec![0u8; samples.len()];
        for (samples, decided) in samples.chunks(BLOCK).zip(decided.chunks_mut(BLOCK)) {
            dispatch!(level(), simd => count_below(simd, samples, &below, decided));
        }
        decided
    }

    /// Returns the mean square of the distance from the level, over all symbols.
    pub fn noise_variance(&self) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let sum: f64 = self
            .sigmas
            .iter()
            .zip(&self.counts)
            .map(|(s, &c)| s * s * c as f64)
            .sum();
        sum / total.max(1) as f64
    }

    /// Returns the variance of the levels as they occurred.
    pub fn signal_variance(&self) -> f64 {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        let mean: f64 = self
            .means
            .iter()
            .zip(&self.counts)
            .map(|(m, &c)| m * c as f64)
            .sum::<f64>()
            / total;
        self.means
            .iter()
            .zip(&self.counts)
            .map(|(m, &c)| (m - mean).powi(2) * c as f64)
            .sum::<f64>()
            / total
    }

    /// Returns the signal-to-noise ratio, linear.
    pub fn snr(&self) -> f64 {
        self.signal_variance() / self.noise_variance().max(f64::MIN_POSITIVE)
    }

    /// Says whether the levels rise and every level was met.
    pub fn is_sane(&self) -> bool {
        self.counts.iter().all(|&c| c > 0) && self.means.windows(2).all(|w| w[1] > w[0])
    }
}

/// The largest value of single precision that is not above `x`.
fn round_down(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x {
        near.next_down()
    } else {
        near
    }
}

/// Samples that are compared while they are in the first-level cache.
const BLOCK: usize = 4096;

/// Counts the thresholds below each sample.
#[simd]
fn count_below<S: Simd>(_: S, samples: &[f32], thresholds: &[f32], counts: &mut [u8]) {
    for &t in thresholds {
        for (count, &y) in counts.iter_mut().zip(samples) {
            *count += u8::from(y > t);
        }
    }
}

/// Sums side by side, so that an addition need not wait for the one before it.
const LANES: usize = 4;

/// Sums of samples and their squares by level.
///
/// The squares are taken about `origin`, a sample of the capture, so that a large offset costs no
/// digits.
struct Sums {
    /// Count, sum and sum of squares, `LANES` of each level.
    lanes: Vec<[(u64, f64, f64); LANES]>,
}

impl Sums {
    fn new(levels: usize) -> Self {
        Self {
            lanes: vec![[(0, 0.0, 0.0); LANES]; levels],
        }
    }

    fn add(&mut self, samples: &[f32], symbols: &[u8], origin: f64) {
        for (lane, (&y, &s)) in samples.iter().zip(symbols).enumerate() {
            let e = f64::from(y) - origin;
            let sum = &mut self.lanes[usize::from(s)][lane];
            *sum = (sum.0 + 1, sum.1 + e, sum.2 + e * e);
        }
    }

    /// Mean, standard deviation and count of a level.
    fn level(&self, level: usize, origin: f64) -> (f64, f64, u64) {
        let (count, sum, square) = self.lanes[level]
            .iter()
            .fold((0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let n = count.max(1) as f64;
        let mean = sum / n;
        let sigma = (square / n - mean * mean).max(0.0).sqrt();
        (if count == 0 { 0.0 } else { origin + mean }, sigma, count)
    }
}

/// Finds levels blindly: quantiles to start with, then Lloyd's iteration on the sorted samples
/// (the one-dimensional k-means).
///
/// *Assumes* that every level occurs about equally often.
pub fn cluster(samples: &[f32], levels: usize) -> Slicer {
    let mut sorted: Vec<f32> = samples.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let prefix = prefix_sums(&sorted);
    let n = sorted.len();
    let mut cuts: Vec<usize> = (0..=levels).map(|i| i * n / levels).collect();
    for _ in 0..100 {
        let means: Vec<f64> = cuts.windows(2).map(|w| mean(&prefix, w[0], w[1])).collect();
        let mut next = cuts.clone();
        for i in 1..levels {
            let threshold = 0.5 * (means[i - 1] + means[i]);
            next[i] = sorted.partition_point(|&x| f64::from(x) <= threshold);
        }
        if next == cuts {
            break;
        }
        cuts = next;
    }
    let means: Vec<f64> = cuts.windows(2).map(|w| mean(&prefix, w[0], w[1])).collect();
    let sigmas = cuts
        .windows(2)
        .zip(&means)
        .map(|(w, m)| {
            let s: f64 = sorted[w[0]..w[1]]
                .iter()
                .map(|&x| (f64::from(x) - m).powi(2))
                .sum();
            (s / (w[1] - w[0]).max(1) as f64).sqrt()
        })
        .collect();
    let counts = cuts.windows(2).map(|w| (w[1] - w[0]) as u64).collect();
    Slicer::new(means, sigmas, counts)
}

fn prefix_sums(sorted: &[f32]) -> Vec<f64> {
    let mut prefix = Vec::with_capacity(sorted.len() + 1);
    prefix.push(0.0);
    let mut sum = 0.0;
    for &x in sorted {
        sum += f64::from(x);
        prefix.push(sum);
    }
    prefix
}

fn mean(prefix: &[f64], first: usize, last: usize) -> f64 {
    (prefix[last] - prefix[first]) / last.saturating_sub(first).max(1) as f64
}

#[cfg(test)]
mod tests;

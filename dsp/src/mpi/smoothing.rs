//! Wiener's smoother for a beat in white noise.
//!
//! A beat of power `v` whose autocovariance decays by `x` a block has the spectrum
//! `2 v x / (w^2 + x^2)`; against white noise of variance `s2` a block the best linear estimate is
//! a two-sided exponential,
//!
//! ```text
//! h(j) = R / (1 + R) tanh(b / 2) exp(-b |j|)     R = 2 v / (x s2)     b = x sqrt(1 + R)
//! ```
//!
//! with `R / (1 + R)` the gain at zero frequency. *Source*: Wiener, Extrapolation, Interpolation
//! and Smoothing of Stationary Time Series (1949), for a first-order process.

/// A smoother.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoother {
    gain: f64,
    decay: f64,
    /// Decay of the beat a block.
    rate: f64,
}

impl Smoother {
    /// For a beat of a power with a decay a block, in noise of a variance a block.
    pub fn new(power: f64, noise: f64, rate: f64) -> Self {
        // However weak the beat may be, its shape stays the best guess.
        let ratio = (2.0 * power / (rate * noise.max(f64::MIN_POSITIVE))).clamp(1e-3, 1e9);
        Self {
            gain: ratio / (1.0 + ratio),
            decay: rate * (1.0 + ratio).sqrt(),
            rate,
        }
    }

    /// The smoothed ratio `up / down`, both per block, shrunk by the gain.
    pub fn ratio(&self, up: &[f64], down: &[f64]) -> Vec<f64> {
        let (up, down) = (self.exponential(up), self.exponential(down));
        let ratio = |(u, d): (&f64, &f64)| if *d > 0.0 { self.gain * u / d } else { 0.0 };
        up.iter().zip(&down).map(ratio).collect()
    }

    /// `sum_j exp(-b |j|) v(i - j)`, as a forward and a backward recursion.
    pub fn exponential(&self, values: &[f64]) -> Vec<f64> {
        let keep = (-self.decay).exp();
        let mut sums = Vec::with_capacity(values.len());
        let mut sum = 0.0;
        for v in values {
            sum = v + keep * sum;
            sums.push(sum);
        }
        sum = 0.0;
        for (s, v) in sums.iter_mut().zip(values).rev() {
            *s += keep * sum;
            sum = v + keep * sum;
        }
        sums
    }

    /// Blocks over which the weights fall by a factor of e.
    pub fn reach(&self) -> f64 {
        1.0 / self.decay
    }

    /// What the smoother leaves of the beat in its correlation with the beat.
    pub fn left(&self) -> f64 {
        self.gain * (0.5 * self.decay).tanh() / (0.5 * (self.decay + self.rate)).tanh()
    }
}

/// Lags over which neighbouring blocks of a beat have much in common: a third of a decay.
fn lags(rate: f64, blocks: usize) -> usize {
    ((0.3 / rate).round() as usize)
        .clamp(1, 16)
        .min(blocks.max(1) - 1)
}

/// Power of a beat with a decay a block in what neighbouring blocks have in common,
/// `sum u(i) u(i+j) / sum d(i) d(i+j)` over a third of a decay, in which white noise has no part.
pub fn common_power(up: &[f64], down: &[f64], rate: f64) -> f64 {
    let lags = lags(rate, up.len());
    let fallen = (1..=lags).map(|j| (-rate * j as f64).exp()).sum::<f64>() / lags.max(1) as f64;
    let sum = |v: &[f64]| -> f64 {
        (1..=lags)
            .map(|j| v.iter().zip(&v[j..]).map(|(a, b)| a * b).sum::<f64>())
            .sum()
    };
    (sum(up) / (fallen * sum(down)).max(f64::MIN_POSITIVE)).max(0.0)
}

/// Standard error of that power from white noise alone, for blocks of unit weight: every lag has the
/// variance `s2 (s2 + 4 v) / n`, the second part being the products of beat and noise.
pub fn common_power_sigma(beat: &[f64], power: f64, rate: f64) -> f64 {
    let blocks = beat.len().max(1) as f64;
    let square = beat.iter().map(|g| g * g).sum::<f64>() / blocks;
    let noise = (square - power).max(0.0);
    (noise * (noise + 4.0 * power) / (blocks * lags(rate, beat.len()).max(1) as f64)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::Noise;

    /// The mean square error of Wiener's estimate of this process is `v / sqrt(1 + R)`; over 2^16
    /// blocks of 20 to the coherence time it scatters by about 2 %. What is left is `E[c q] / v =
    /// 1 - error / v`.
    #[test]
    fn ref_error_is_that_of_theory() {
        let (rate, power, noise) = (0.05f64, 1.0, 4.0f64);
        let keep = (-rate).exp();
        let mut draw = Noise::new(3);
        let mut state = draw.normal();
        let truth: Vec<f64> = (0..1 << 16)
            .map(|_| {
                state = keep * state + (1.0 - keep * keep).sqrt() * draw.normal();
                state
            })
            .collect();
        let seen: Vec<f64> = truth
            .iter()
            .map(|t| t + noise.sqrt() * draw.normal())
            .collect();
        let ones = vec![1.0; seen.len()];
        let smoother = Smoother::new(power, noise, rate);
        let found = smoother.ratio(&seen, &ones);
        let pairs = || truth.iter().zip(&found).skip(200).take(65_000);
        let error = pairs().map(|(t, f)| (t - f).powi(2)).sum::<f64>() / 65_000.0;
        let expected = 1.0 / (1.0 + 2.0 * power / (rate * noise)).sqrt();
        assert!((error / expected - 1.0).abs() < 0.08, "{error} {expected}");
        let left = pairs().map(|(t, f)| t * f).sum::<f64>() / 65_000.0;
        assert!((left - smoother.left()).abs() < 0.06, "{left}");
        assert!((smoother.left() - (1.0 - expected)).abs() < 0.02);
        // 2^16 products of noise: 4 / 256 over 6 lags.
        let common = common_power(&seen, &ones, rate);
        assert!((common - 1.0).abs() < 0.1, "{common}");
        let sigma = common_power_sigma(&seen, 1.0, rate);
        assert!(
            (sigma / (32.0f64 / 65_536.0 / 6.0).sqrt() - 1.0).abs() < 0.05,
            "{sigma}"
        );
    }
}

//! The reference equalizer of TDECQ: taps one symbol apart, their rules and their noise gain.
//!
//! ```text
//! y(k) = sum_j w(j) x(k + main - j),      sum_j w(j) = 1
//! Ceq  = sqrt( int N(f) |Heq(f)|^2 df / int N(f) df ) = sqrt( sum_ij w(i) w(j) r(i - j) )
//! ```
//!
//! `N(f) = |H(f)|^2` is white noise behind the reference receiver, `r(m)` its correlation after
//! `m` symbols: for a 0.5-baud Bessel-Thomson filter the integral over frequency and this sum are
//! the same thing.
//!
//! *Source:* IEEE 802.3 121.8.5.4 (five taps; the largest is one of the first three and at least
//! 0.8: as remembered, to be checked against the text).

use std::ops::RangeInclusive;

use etalon_types::bessel_thomson::response;

use crate::equalizer::least_squares::cholesky_solve;
use crate::measure::reference_receiver::CUTOFF_BAUD;

/// Most taps that are supported.
pub const MAX_TAPS: usize = 31;

/// What the taps may be.
#[derive(Clone, Debug, PartialEq)]
pub struct TapRules {
    /// Number of taps, 1 to [`MAX_TAPS`].
    pub taps: usize,
    /// Positions from 0 that the largest tap may have.
    pub main: RangeInclusive<usize>,
    /// Smallest value of the largest tap.
    pub main_min: f64,
    /// Lowest and highest value of every other tap.
    pub others: (f64, f64),
}

impl TapRules {
    /// Returns the rules of the 50G and 100G-per-lane optical clauses: five taps, the largest of
    /// them among the first three and at least 0.8.
    pub fn five() -> Self {
        Self::of(5, 0..=2)
    }

    /// Returns nine taps, as IEEE 802.3db has for 100G VCSEL links. The place of the largest tap
    /// is an assumption: the first three, as with five.
    pub fn nine() -> Self {
        Self::of(9, 0..=2)
    }

    /// Returns fifteen taps, as drafts of IEEE 802.3dj have for 200G a lane. Their table of bounds
    /// per tap is not known here: the largest is looked for among the first six.
    pub fn fifteen() -> Self {
        Self::of(15, 0..=5)
    }

    fn of(taps: usize, main: RangeInclusive<usize>) -> Self {
        Self {
            taps,
            main,
            main_min: 0.8,
            others: (-0.8, 0.8),
        }
    }

    /// Returns the number of taps, brought into what is supported.
    pub fn count(&self) -> usize {
        self.taps.clamp(1, MAX_TAPS)
    }

    /// Returns the allowed places of the largest tap that exist.
    pub fn mains(&self) -> impl Iterator<Item = usize> + use<> {
        let last = self.count() - 1;
        (*self.main.start()).min(last)..=(*self.main.end()).min(last)
    }

    /// Moves taps to the nearest allowed ones: the others into their bounds, their sum down to
    /// what leaves the largest tap its smallest value, the largest to what is missing to 1.
    pub fn project(&self, taps: &mut [f64], main: usize) {
        let others = taps.len() - 1;
        // Even shares of the excess; a share that a bound takes away needs another round.
        for _ in 0..8 {
            let mut sum = 0.0;
            for (_, w) in taps.iter_mut().enumerate().filter(|(j, _)| *j != main) {
                *w = w.clamp(self.others.0, self.others.1);
                sum += *w;
            }
            let excess = sum - (1.0 - self.main_min);
            if excess <= 1e-12 || others == 0 {
                break;
            }
            for (_, w) in taps.iter_mut().enumerate().filter(|(j, _)| *j != main) {
                *w -= excess / others as f64;
            }
        }
        let sum: f64 = taps.iter().sum::<f64>() - taps[main];
        taps[main] = 1.0 - sum;
    }
}

impl Default for TapRules {
    fn default() -> Self {
        Self::five()
    }
}

/// Returns the correlation of white noise behind the reference receiver after 0, 1, ...,
/// `count - 1` symbols, 1 at 0.
pub fn noise_correlation(count: usize) -> Vec<f64> {
    // To 8 cut-offs, where |H|^2 is -68 dB; steps of 1/500 of the symbol rate leave 1e-6 even
    // after 30 symbols, whose cosine has 16 steps a period.
    const STEP_BAUD: f64 = 2e-3;
    let density: Vec<f64> = (0..2000)
        .map(|i| response((f64::from(i) + 0.5) * STEP_BAUD / CUTOFF_BAUD).norm_sqr())
        .collect();
    let total: f64 = density.iter().sum();
    (0..count)
        .map(|m| {
            let turn = std::f64::consts::TAU * STEP_BAUD * m as f64;
            let sum: f64 = density
                .iter()
                .enumerate()
                .map(|(i, n)| n * (turn * (i as f64 + 0.5)).cos())
                .sum();
            sum / total
        })
        .collect()
}

/// Returns Ceq, the standard deviation of the noise behind the taps over that before them.
pub fn ceq(taps: &[f64]) -> f64 {
    noise_gain(taps, &noise_correlation(taps.len())).sqrt()
}

/// Returns `Ceq^2` with a correlation at hand.
pub(super) fn noise_gain(taps: &[f64], correlation: &[f64]) -> f64 {
    let mut gain = 0.0;
    for (i, a) in taps.iter().enumerate() {
        for (j, b) in taps.iter().enumerate() {
            gain += a * b * correlation[i.abs_diff(j)];
        }
    }
    gain
}

/// Sum of products: f32 lanes over short stretches, f64 over those.
pub(super) fn inner_product(a: &[f32], b: &[f32]) -> f64 {
    let stretches = a.chunks(1024).zip(b.chunks(1024));
    stretches
        .map(|(a, b)| {
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
            let mut lanes = [0.0f32; 16];
            for (a, b) in a.iter().zip(b) {
                for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                    *lane += a * b;
                }
            }
            let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
            lanes.into_iter().chain(rest).map(f64::from).sum::<f64>()
        })
        .sum()
}

/// Second moments of one column of samples: what least squares needs.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    /// Mean products of samples `m` symbols apart.
    auto: Vec<f64>,
    /// Mean products of sample `k + lag` and target `k`, lags from `-(taps - 1)` on.
    cross: Vec<f64>,
    /// Mean square of the targets.
    target: f64,
}

impl Moments {
    /// Takes the moments of a column that goes around; targets are `(symbol - 1.5) / 3`.
    pub fn new(column: &[f32], symbols: &[u8], rules: &TapRules) -> Self {
        let (n, taps) = (column.len(), rules.count());
        let targets: Vec<f32> = symbols
            .iter()
            .map(|&s| (f32::from(s) - 1.5) / 3.0)
            .collect();
        let around = |a: &[f32], b: &[f32], lag: usize| -> f64 {
            // Sum of a(k + lag) b(k), in two straight parts.
            inner_product(&a[lag..], &b[..n - lag]) + inner_product(&a[..lag], &b[n - lag..])
        };
        let scale = 1.0 / n as f64;
        let last_main = rules.mains().max().unwrap_or(0);
        let cross = (0..taps + last_main)
            .map(|i| {
                let lag = (n + i + 1 - taps) % n;
                scale * around(column, &targets, lag)
            })
            .collect();
        Self {
            auto: (0..taps)
                .map(|m| scale * around(column, column, m))
                .collect(),
            cross,
            target: scale * around(&targets, &targets, 0),
        }
    }

    /// Returns the taps of least mean square error that sum to 1, with a noise of variance
    /// `noise` in mind, and that error without the noise.
    ///
    /// Minimizes `w' (R + noise N) w - 2 p' w` on `sum w = 1` by one Lagrange multiplier.
    pub fn fit(&self, main: usize, noise: f64, correlation: &[f64]) -> Option<(Vec<f64>, f64)> {
        let taps = self.auto.len();
        let cross: Vec<f64> = (0..taps).map(|j| self.cross[main + taps - 1 - j]).collect();
        let mut matrix = vec![0.0; taps * taps];
        for i in 0..taps {
            for j in 0..taps {
                let m = i.abs_diff(j);
                matrix[i * taps + j] = self.auto[m] + noise * correlation[m];
            }
            matrix[i * taps + i] += 1e-9;
        }
        let free = cholesky_solve(&mut matrix.clone(), &cross, taps)?;
        let ones = cholesky_solve(&mut matrix, &vec![1.0; taps], taps)?;
        let short = (1.0 - free.iter().sum::<f64>()) / ones.iter().sum::<f64>();
        let w: Vec<f64> = free.iter().zip(&ones).map(|(f, o)| f + short * o).collect();
        let error = noise_gain(&w, &self.auto) + self.target
            - 2.0 * w.iter().zip(&cross).map(|(w, p)| w * p).sum::<f64>();
        error.is_finite().then_some((w, error))
    }
}

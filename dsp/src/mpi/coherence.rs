//! Autocovariance and spectrum of a beat whose delay is known.
//!
//! The phase `psi(t) = phi(t) - phi(t - tau) + theta` of a laser of linewidth `w` moves by
//! independent steps, so with `g = 2 pi w`, `V = g tau` and `A = 2 sqrt(m) E[cos psi]` the beat
//! `q = 2 sqrt(m) cos psi` has
//!
//! ```text
//! R(s) = 2 m (exp(-g s) - exp(-2 V + g s)) + A^2 (exp(-V + g s) - 1)     0 <= s < tau
//! R(s) = 0                                                               s >= tau
//! ```
//!
//! about its mean. The mean hides in the levels of the eye, but the part of the beat that carries
//! the delayed data shows it. At `s = 0` this is `m = (var + A^2 (1 - exp(-V))) / (2 (1 -
//! exp(-2 V)))`; for a long delay it is the exponential `2 m exp(-g s)`, less what the capture's
//! own mean takes. Averaged over blocks `exp(-x j)` becomes `(2 cosh x - 2) / x^2 exp(-x j)`.
//!
//! *Source*: mpi-methods.md section 1; the lags in between are derived the same way, from the
//! variances `2 g s` of `psi(t + s) - psi(t)` and `4 V - 2 g s` of their sum.
//!
//! *Assumes* a Lorentzian line and one path, or several whose delays all exceed the coherence time.

use num_complex::Complex64;

/// The shape for a decay and a delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Decay of the beat a block, `2 pi linewidth L Ts`.
    pub rate: f64,
    /// Delay in blocks; infinite when it is not known.
    pub delay: f64,
}

/// What multiplies the level, and what multiplies the squared mean of the beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// Weight of the level.
    pub level: f64,
    /// Weight of the squared mean.
    pub standing: f64,
}

impl Shape {
    /// Returns `V`, the delay in coherence times.
    pub fn delay_angle(self) -> f64 {
        self.rate * self.delay
    }

    /// Covariance of block means `lag` blocks apart, 1 or more.
    pub fn covariance(self, lag: f64) -> Parts {
        if lag >= self.delay {
            return Parts {
                level: 0.0,
                standing: 0.0,
            };
        }
        let (x, v) = (self.rate, self.delay_angle());
        let weight = lag_weight(x);
        let back = |angle: f64| (angle + x * lag).exp();
        Parts {
            level: 2.0 * weight * ((-x * lag).exp() - back(-2.0 * v)),
            standing: weight * back(-v) - 1.0,
        }
    }

    /// Variance of a block mean for a unit level and no mean: the largest there is.
    pub fn own(self) -> f64 {
        2.0 * own_weight(self.rate) * (1.0 - (-2.0 * self.delay_angle()).exp())
    }

    /// What a unit squared mean adds to that variance: less than nothing, for a beat that rests at its
    /// largest swings least.
    pub fn own_standing(self) -> f64 {
        own_weight(-self.rate) * (-self.delay_angle()).exp() - 1.0
    }

    /// Most of the squared mean for a unit level: a phase at zero.
    pub fn most_standing(self) -> f64 {
        4.0 * (-self.delay_angle()).exp()
    }

    /// Spectrum beside the variance, `2 sum_j R(j) cos(w j)`, at `turn = exp(i w)`.
    pub fn spectrum(self, turn: Complex64) -> Parts {
        let (x, v) = (self.rate, self.delay_angle());
        let weight = lag_weight(x);
        let fall = turn * (-x).exp();
        if !self.delay.is_finite() || v > 40.0 {
            return Parts {
                level: 4.0 * weight * (fall / (1.0 - fall)).re,
                standing: 0.0,
            };
        }
        let lags = (self.delay.ceil() - 1.0).max(0.0);
        // sum_{j=1}^{n} z^j for z = r turn, times a factor that keeps r^n from overflowing.
        let around = Complex64::cis(turn.arg() * lags);
        let sum = |z: Complex64, factor: f64, last: f64| z * (factor - around * last) / (1.0 - z);
        let rise = turn * x.exp();
        let falling = sum(fall, 1.0, (-x * lags).exp());
        let rising = sum(rise, (-2.0 * v).exp(), (x * lags - 2.0 * v).exp());
        let standing = sum(rise, (-v).exp(), (x * lags - v).exp());
        let flat = match turn == Complex64::ONE {
            true => Complex64::from(lags),
            false => sum(turn, 1.0, 1.0),
        };
        Parts {
            level: 4.0 * weight * (falling - rising).re,
            standing: 2.0 * (weight * standing - flat).re,
        }
    }
}

/// Variance of a block mean of an exponential process: `2 (x - 1 + exp(-x)) / x^2`.
fn own_weight(x: f64) -> f64 {
    if x.abs() < 1e-3 {
        1.0 - x / 3.0
    } else {
        2.0 * (x - 1.0 + (-x).exp()) / (x * x)
    }
}

/// Weight of its covariance at lags from 1 on: `(2 cosh x - 2) / x^2`.
fn lag_weight(x: f64) -> f64 {
    if x < 1e-4 {
        1.0
    } else {
        (2.0 * x.cosh() - 2.0) / (x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spectrum is the sum over the covariances.
    #[test]
    fn ref_spectrum_is_the_sum_of_the_covariances() {
        for (rate, delay) in [(0.02, 50.0), (0.3, 7.5), (0.05, 400.0), (0.001, 300.0)] {
            let shape = Shape { rate, delay };
            for angle in [0.0, 0.001, 0.03, 0.4, 2.9] {
                let found = shape.spectrum(Complex64::cis(angle));
                let lags = (1..2000).map(f64::from);
                let (level, standing) = lags.fold((0.0, 0.0), |sum, j| {
                    let r = shape.covariance(j);
                    let turn = 2.0 * (angle * j).cos();
                    (sum.0 + turn * r.level, sum.1 + turn * r.standing)
                });
                assert!((found.level - level).abs() < 1e-6 * (1.0 + level.abs()));
                assert!(
                    (found.standing - standing).abs() < 1e-6 * (1.0 + standing.abs()),
                    "{found:?} {level} {standing}"
                );
            }
        }
    }

    /// At no lag it is the formula of the references; a long delay makes an exponential.
    #[test]
    fn ref_limits() {
        let (level, standing, v): (f64, f64, f64) = (1e-3, 2e-4, 0.63);
        let shape = Shape {
            rate: 1e-5,
            delay: v / 1e-5,
        };
        let r = shape.covariance(0.0);
        let variance = level * r.level + standing * r.standing;
        let back = (variance + standing * (1.0 - (-v).exp())) / (2.0 * (1.0 - (-2.0 * v).exp()));
        assert!((back / level - 1.0).abs() < 1e-9);
        let long = Shape {
            rate: 0.01,
            delay: f64::INFINITY,
        };
        let r = long.covariance(30.0);
        assert!((r.level - 2.0 * (-0.3f64).exp()).abs() < 1e-4);
        assert!((r.standing + 1.0).abs() < 1e-12);
    }
}

//! A polarisation that wanders: a random walk on the Poincare sphere.
//!
//! The Jones vector of a path against the signal's polarisation, `(along, across)`, is turned
//! again and again by a small random rotation of the sphere,
//!
//! ```text
//! J <- exp(-j/2 (b1 s1 + b2 s2 + b3 s3)) J,   b1, b2, b3 of variance 2 pi r dt
//! ```
//!
//! with Pauli's matrices `s1 = diag(1, -1)`, `s2`, `s3` and the rate `r` (Czegledi, Karlsson,
//! Agrell and Johannisson, Scientific Reports 6, 2016, "Polarization drift channel model"). The
//! state's autocorrelation falls as `exp(-2 pi r |t|)`, as that of a laser's field with the
//! linewidth `2 r` does, every state is equally likely in the long run, and the squared overlap
//! `|along|^2` is uniform from 0 to 1. The phases of both components wander along.
//!
//! The walk is drawn at knots so close that a step's variance is at most 1e-4 rad^2, and is
//! straight between them, which takes less than 3e-5 of the power.

use std::f64::consts::PI;

use num_complex::Complex64;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Largest variance of a rotation's component between two knots, in rad^2.
const STEP_VARIANCE: f64 = 1e-4;
/// Most samples from knot to knot.
const LONGEST_STEP: usize = 1 << 12;

/// A Jones vector: along the signal's polarisation, and across it.
pub(super) type Jones = [Complex64; 2];

/// The walk of a path's state over the simulated stretch.
pub(super) struct Walk {
    /// States, one each `step` samples.
    knots: Vec<Jones>,
    step: usize,
    /// Sample of the first knot, before the stretch's start.
    before: f64,
}

impl Walk {
    /// Draws a walk through `start` at the sample `origin` that covers `first..end`.
    ///
    /// `rate` is the rate over the sample rate.
    pub fn new(
        start: Jones,
        rate: f64,
        [first, origin, end]: [usize; 3],
        mut generator: Xoshiro256PlusPlus,
    ) -> Self {
        let variance = 2.0 * PI * rate;
        let step = ((STEP_VARIANCE / variance) as usize).clamp(1, LONGEST_STEP);
        let deviation = (variance * step as f64).sqrt();
        let mut walk = |count: usize| {
            let mut state = start;
            let states = (0..count).map(|_| {
                state = turn(state, deviation, &mut generator);
                state
            });
            states.collect::<Vec<Jones>>()
        };
        let after = walk((end - origin).div_ceil(step) + 1);
        let ahead = (origin - first).div_ceil(step) + 1;
        let mut knots = walk(ahead);
        knots.reverse();
        knots.push(start);
        knots.extend(after);
        Self {
            knots,
            step,
            before: origin as f64 - (ahead * step) as f64,
        }
    }

    /// Returns the state at a sample.
    pub fn at(&self, sample: usize) -> Jones {
        let place = (sample as f64 - self.before) / self.step as f64;
        let (left, part) = (place as usize, place.fract());
        let (a, b) = (self.knots[left], self.knots[left + 1]);
        [0, 1].map(|i| a[i] * (1.0 - part) + b[i] * part)
    }
}

/// Turns a state by a random rotation whose three components have a standard deviation in rad.
fn turn(state: Jones, deviation: f64, generator: &mut Xoshiro256PlusPlus) -> Jones {
    let [b1, b2, b3]: [f64; 3] = std::array::from_fn(|_| {
        let draw: f64 = generator.sample(StandardNormal);
        deviation * draw
    });
    let angle = (b1 * b1 + b2 * b2 + b3 * b3).sqrt();
    let (sine, cosine) = (0.5 * angle).sin_cos();
    // A rotation by nothing has no axis.
    let scale = if angle > 0.0 { sine / angle } else { 0.0 };
    let [along, across] = state;
    let own = Complex64::new(cosine, -scale * b1);
    let mix = Complex64::new(-scale * b3, -scale * b2);
    [
        own * along + mix * across,
        own.conj() * across - mix.conj() * along,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// First Stokes parameter over 2 pi r T = 2 pi 2000 radians squared: variance 1/3 and the
    /// autocorrelation exp(-2 pi r t). 12,600 coherence times hold as many independent states:
    /// standard error of the variance 0.9 % (kurtosis 1.8), of the correlation about the same.
    #[test]
    fn ref_the_state_wanders_over_the_whole_sphere() {
        let start = [Complex64::new(1.0, 0.0), Complex64::new(0.0, 0.0)];
        let generator = Xoshiro256PlusPlus::seed_from_u64(5);
        let samples = 2_000_000;
        let rate = 1e-3;
        let walk = Walk::new(start, rate, [0, 1000, samples], generator);
        let states: Vec<Jones> = (0..samples).step_by(8).map(|n| walk.at(n)).collect();
        let power = |[a, b]: Jones| a.norm_sqr() + b.norm_sqr();
        assert!(states.iter().all(|&s| (power(s) - 1.0).abs() < 1e-2));
        let s1: Vec<f64> = states
            .iter()
            .map(|[a, b]| a.norm_sqr() - b.norm_sqr())
            .collect();
        let mean_square = s1.iter().map(|x| x * x).sum::<f64>() / s1.len() as f64;
        assert!((mean_square * 3.0 - 1.0).abs() < 0.03, "{mean_square}");
        // 20 of every eighth sample are 160.
        let product = s1.iter().zip(&s1[20..]).map(|(a, b)| a * b).sum::<f64>();
        let found = product / (s1.len() - 20) as f64 / mean_square;
        let expected = (-2.0 * PI * rate * 160.0).exp();
        assert!((found - expected).abs() < 0.03, "{found} {expected}");
        let [along, across] = walk.at(1000);
        assert!((along - 1.0).norm() < 1e-12 && across.norm() < 1e-12);
    }
}

//! Noise below a corner: a stationary first-order random process (Ornstein and Uhlenbeck).
//!
//! ```text
//! x[n+1] = a x[n] + sqrt(1 - a^2) w[n],   a = exp(-2 pi fc / fs),   w white, of variance 1
//! ```
//!
//! It has variance 1, the autocorrelation `exp(-2 pi fc |t|)`, and a spectrum that is flat below
//! the corner `fc` and falls as `1 / f^2` above it (Gardiner, Handbook of Stochastic Methods,
//! section 3.8.4). The recursion samples the process exactly at any step; a corner far above the
//! sample rate gives white noise. It looks the same forwards and backwards in time, so it is
//! drawn from the capture's first sample on in both directions.

use std::f64::consts::PI;

use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::window::capture_first;

/// Draws `total` samples of unit variance, the capture's first at `lead`.
pub(super) fn low_pass_noise(
    corner_over_rate: f64,
    lead: usize,
    total: usize,
    mut generator: Xoshiro256PlusPlus,
) -> Vec<f64> {
    let keep = (-2.0 * PI * corner_over_rate).exp();
    // sqrt(1 - a^2) without the loss of digits near a = 1.
    let fresh = (-(-4.0 * PI * corner_over_rate).exp_m1()).sqrt();
    let start: f64 = generator.sample(StandardNormal);
    let mut noise = vec![0.0; total];
    let mut state = start;
    for n in capture_first(lead, total) {
        if n + 1 == lead {
            state = start;
        }
        if n != lead {
            let draw: f64 = generator.sample(StandardNormal);
            state = keep * state + fresh * draw;
        }
        noise[n] = state;
    }
    noise
}

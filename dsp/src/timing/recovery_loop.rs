//! What the standards' clock recovery would have made of the clock.
//!
//! Optical and electrical clauses measure behind a clock recovery unit with a corner of 4 MHz and
//! a slope of 20 dB a decade (IEEE Std 802.3-2022, 121.8.5.1 for TDECQ, 120D.3.1.8 for jitter): a
//! first-order loop, whose clock follows slow phase and whose error is
//!
//! ```text
//! clock(s) = phase(s) / (1 + s / w)      error(s) = phase(s) (s / w) / (1 + s / w)
//! ```
//!
//! with `w = 2 pi corner`. Jitter below the corner is followed and does not count; above, it
//! stays in the eye. The phase between knots is a straight line, for which the loop's equation
//! `clock' = w (phase - clock)` has the exact solution that [`follow`] takes from knot to knot.
//! A constant clock offset is followed without lag, as a loop with an integrator would.
//!
//! *Assumes* a track fine enough for the corner: jitter that the averages of
//! [`super::track`] do not follow is in neither clock, and stays. *Breaks* within about
//! `1 / w` (1,060 symbols at 26.5625 GBd) of the start, where the loop settles.

use super::Timing;
use super::track::straight_line;

/// Corner of the reference clock recovery in hertz.
pub const CORNER_HZ: f64 = 4e6;

/// Returns the clock that a first-order loop of the given corner recovers from `timing`.
///
/// # Units
/// `baud_hz` and `corner_hz` in hertz, both positive; a loop without a corner follows nothing
/// but the clock offset.
pub fn follow(timing: &Timing, baud_hz: f64, corner_hz: f64) -> Timing {
    let knots: Vec<(f64, f64)> = timing.knots().collect();
    let delays: Vec<f64> = knots.iter().map(|k| k.1).collect();
    let (_, residual) = straight_line(&delays);
    let per_knot = 2.0 * std::f64::consts::PI * corner_hz.max(0.0) / baud_hz * timing.knot_ui;
    let followed = first_order(&residual, per_knot);
    let clock = delays
        .iter()
        .zip(&residual)
        .zip(&followed)
        .map(|((delay, off), followed)| delay - off + followed);
    Timing {
        track_ui: clock.collect(),
        ..timing.clone()
    }
}

/// Runs a first-order low-pass over points joined by straight lines, `per_point` time constants
/// apart.
fn first_order(points: &[f64], per_point: f64) -> Vec<f64> {
    let kept = (-per_point).exp();
    // Mean of the weight over the interval; its limit for a slow loop is 1 - x / 2.
    let mean = if per_point < 1e-6 {
        1.0 - 0.5 * per_point
    } else {
        (1.0 - kept) / per_point
    };
    let mut state = points.first().copied().unwrap_or(0.0);
    let mut previous = state;
    points
        .iter()
        .enumerate()
        .map(|(i, &point)| {
            if i > 0 {
                state = kept * state + (mean - kept) * previous + (1.0 - mean) * point;
            }
            previous = point;
            state
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// Amplitude of what the loop leaves of sinusoidal jitter.
    fn left(frequency_hz: f64, knot_ui: f64) -> f64 {
        let baud_hz = 26.5625e9;
        let turn = 2.0 * PI * frequency_hz / baud_hz * knot_ui;
        let periods = (40.0 * 2.0 * PI / turn).ceil() as usize;
        let jitter: Vec<f64> = (0..periods.max(4000))
            .map(|i| 0.1 * (turn * i as f64).sin())
            .collect();
        let timing = Timing::from_track(2.0, jitter, 0.0, knot_ui);
        let clock = follow(&timing, baud_hz, CORNER_HZ);
        let error: Vec<f64> = timing
            .knots()
            .zip(clock.knots())
            .map(|(a, b)| a.1 - b.1)
            .collect();
        // The last half, over whole periods near enough: mean square of a sine is a half.
        let half = &error[error.len() / 2..];
        (2.0 * half.iter().map(|e| e * e).sum::<f64>() / half.len() as f64).sqrt() / 0.1
    }

    /// `|error / phase| = x / sqrt(1 + x^2)` with `x` the frequency over 4 MHz: 0.0995 at a tenth,
    /// 0.7071 (-3.01 dB) at the corner, 0.9950 at ten times it. With knots 32 symbols apart,
    /// 166 a period at 40 MHz / 8, straight lines between them change the amplitude by
    /// `(2 pi / 20)^2 / 12` at most, 0.8 % at 40 MHz.
    #[test]
    fn ref_jitter_is_followed_below_the_corner_and_stays_above() {
        for x in [0.1f64, 1.0, 10.0] {
            let expected = x / (1.0 + x * x).sqrt();
            let found = left(x * CORNER_HZ, 32.0);
            assert!(
                (found / expected - 1.0).abs() < 0.01,
                "{x}: {found} expected {expected}"
            );
        }
    }

    /// A clock offset alone is followed entirely.
    #[test]
    fn ref_a_constant_offset_leaves_nothing() {
        let track: Vec<f64> = (0..500).map(|i| 0.3 - 0.0256 * f64::from(i)).collect();
        let timing = Timing::from_track(2.0, track, 10.0, 256.0);
        let clock = follow(&timing, 26.5625e9, CORNER_HZ);
        for (a, b) in timing.knots().zip(clock.knots()) {
            assert!((a.1 - b.1).abs() < 1e-9);
        }
        assert!((clock.offset_ppm - 100.0).abs() < 1e-6);
    }
}

//! An equalizer that cannot learn the beat.
//!
//! Taps fitted to the samples also fit the interference: its beat is slow, so a long filter
//! takes part of it out by a notch at zero frequency, and with it the level that is to be
//! measured. Here the taps are designed from the measured pulse response and white noise alone,
//!
//! ```text
//! (H' H + (s2 / d2) I) w = h0        H: pulse response as a convolution, d2 = E d^2
//! ```
//!
//! (the Wiener solution), and scaled to sum to one, so that power stays power.

use crate::equalizer::Equalizer;
use crate::equalizer::least_squares::{Fit, Shape, cholesky_solve};
use crate::measure::channel::Channel;

/// Taps at one and at two samples a symbol.
const TAPS: [usize; 2] = [15, 25];

/// Designs the taps; `None` when the pulse cannot be inverted.
///
/// `symbol_power` is the mean square of the nominal symbols, `noise_power` that of the samples
/// about the model, in the unit of the samples squared.
pub fn design(
    channel: &Channel,
    symbol_power: f64,
    noise_power: f64,
    pad: f32,
) -> Option<Equalizer> {
    let s = channel.spacing;
    let taps = TAPS[usize::from(s > 1)];
    let shape = Shape {
        spacing: s,
        taps,
        feedback: 0,
    };
    let h = |i: i64| {
        usize::try_from(i)
            .ok()
            .and_then(|i| channel.pulse.get(i))
            .copied()
            .unwrap_or(0.0)
    };
    // Sample s k + i - centre holds symbol k - j with weight pulse(main + i - centre + s j).
    let row = |tap: usize, j: i64| {
        h(channel.main() as i64 + tap as i64 - shape.centre() as i64 + s as i64 * j)
    };
    let reach = (channel.pulse.len() / s + taps / s + 2) as i64;
    let mut gram = vec![0.0; taps * taps];
    for a in 0..taps {
        for b in 0..taps {
            gram[a * taps + b] = (-reach..=reach).map(|j| row(a, j) * row(b, j)).sum();
        }
        gram[a * taps + a] += noise_power / symbol_power;
    }
    let rhs: Vec<f64> = (0..taps).map(|a| row(a, 0)).collect();
    let solution = cholesky_solve(&mut gram, &rhs, taps)?;
    let fit = Fit {
        taps: solution,
        feedback: Vec::new(),
        bias: 0.0,
    };
    Some(Equalizer::from_fit(&fit, shape, pad))
}

//! The Wiener gain of a block's beat.
//!
//! ```text
//! R(j) = mean of c(b) c(b + j)      S = R(1) exp(x),  S + N = R(0),  x = 2 pi linewidth L / baud
//! ```
//!
//! The noise of the block means is white from block to block, so that `R(1)` holds the beat
//! alone. Without a beat `R(1)` scatters by `R(0) / sqrt(B)` over `B` blocks.

use super::Input;

/// Standard deviations of `R(1)` from which on a beat is believed: a clean link is touched in
/// 3 captures of 10 million.
const MIN_SIGNIFICANCE: f64 = 5.0;

/// Gain `S / (S + N)`, or none when no beat is significant.
pub(super) fn gain(beats: &[f32], input: &Input, block: usize) -> Option<f64> {
    let count = beats.len() as f64;
    let square: f64 = beats.iter().map(|&c| f64::from(c).powi(2)).sum::<f64>() / count;
    let next = beats.windows(2);
    let product: f64 = next.map(|c| f64::from(c[0]) * f64::from(c[1])).sum::<f64>() / count;
    let significant = product > MIN_SIGNIFICANCE * square / count.sqrt();
    let angle = 2.0 * std::f64::consts::PI * input.linewidth_hz * block as f64 / input.baud_hz;
    significant.then(|| (product * angle.min(1.0).exp() / square).min(1.0))
}

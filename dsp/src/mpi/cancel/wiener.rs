//! The Wiener gain of a block's beat, and the block in which least is left.
//!
//! ```text
//! R(j) = mean of c(b) c(b + j)      x = 2 pi linewidth L / baud
//! S = R(1) exp(2 x / 3)             S + N = R(0)
//! gain = S / (S + N)                left = N / (S + N) + 2 x / 3
//! ```
//!
//! The noise of the block means is white from block to block, so that `R(1)` holds the beat
//! alone. With the beat's autocovariance `p (1 - 2 pi linewidth |t|)`, means of a block have the
//! variance `S = p (1 - x / 3)` and those of neighbours the covariance `R(1) = p (1 - x)`. Without a beat `R(1)` scatters by `R(0) / sqrt(B)` over `B` blocks. A block twice as
//! long has half the noise and twice the turn: for weak beats a longer one leaves less. `x / 3`
//! of the beat's power is left by its turn within a block; it counts twice, because strong beats
//! make their errors where they turn: counted once, -19 dB at 10 MHz got too long a block and
//! three times the errors.

use super::Input;
use super::walk::{self, Constellation, LONGEST, Late};

/// Standard deviations of `R(1)` from which on a beat is believed: a clean link is touched in
/// 3 captures of 10 million.
const MIN_SIGNIFICANCE: f64 = 5.0;

/// Beats of all blocks and what is to be done with them.
pub(super) struct Found {
    /// Beat of each block.
    pub beats: Vec<f32>,
    /// Gain to subtract them with.
    pub gain: f64,
    /// Symbols in a block.
    pub block: usize,
}

/// Power of the beat and of the noise in the block means.
#[derive(Clone, Copy)]
struct Split {
    signal: f64,
    noise: f64,
}

impl Split {
    fn gain(self) -> f64 {
        self.signal / (self.signal + self.noise)
    }
}

/// Finds the beats in blocks of `block` symbols, or in longer ones when less is left with them;
/// none when no beat is significant.
pub(super) fn find(
    input: &Input,
    levels: &Constellation,
    block: usize,
    late: &mut Late,
) -> Option<Found> {
    let beats = walk::beats(input.power, levels, block, late);
    let split = split(&beats, input, block)?;
    let found = Found {
        beats,
        gain: split.gain(),
        block,
    };
    let longer = least_left(split, input, block);
    if longer == block {
        return Some(found);
    }
    let beats = walk::beats(input.power, levels, longer, late);
    let gain = gain(&beats, input, longer);
    // A beat that is no longer significant was the shorter block's.
    Some(gain.map_or(found, |gain| Found {
        beats,
        gain,
        block: longer,
    }))
}

/// Gain `S / (S + N)`, or none when no beat is significant.
pub(super) fn gain(beats: &[f32], input: &Input, block: usize) -> Option<f64> {
    split(beats, input, block).map(Split::gain)
}

fn split(beats: &[f32], input: &Input, block: usize) -> Option<Split> {
    let count = beats.len() as f64;
    let square: f64 = beats.iter().map(|&c| f64::from(c).powi(2)).sum::<f64>() / count;
    let next = beats.windows(2);
    let product: f64 = next.map(|c| f64::from(c[0]) * f64::from(c[1])).sum::<f64>() / count;
    let significant = product > MIN_SIGNIFICANCE * square / count.sqrt();
    significant.then(|| {
        let signal = (product * (angle(input, block).min(1.0) / 1.5).exp()).min(square);
        Split {
            signal,
            noise: square - signal,
        }
    })
}

/// Angle in rad^2 by which the beat turns in a block.
fn angle(input: &Input, block: usize) -> f64 {
    2.0 * std::f64::consts::PI * input.linewidth_hz * block as f64 / input.baud_hz
}

/// The block, from `block` on, with the smallest share of the beat left.
fn least_left(split: Split, input: &Input, block: usize) -> usize {
    let left = |length: usize| {
        let noise = split.noise * block as f64 / length as f64;
        noise / (split.signal + noise) + angle(input, length) / 1.5
    };
    std::iter::successors(Some(block), |length| Some(2 * length))
        .take_while(|length| *length <= LONGEST)
        .min_by(|a, b| left(*a).total_cmp(&left(*b)))
        .unwrap_or(block)
}

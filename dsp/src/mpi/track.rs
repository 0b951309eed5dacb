//! Decisions against levels that follow the beat.
//!
//! A plain slicer decides away the largest beats and so biases the level of the interference by
//! several dB. Here every block of symbols first estimates the beat,
//!
//! ```text
//! c(b) = sum (y - P(d)) sqrt(P(d)) / sum P(d)
//! ```
//!
//! from decisions made with the previous block's beat, then decides again with its own: the
//! level of symbol `d` is `P(d) + c sqrt(P(d))`.
//!
//! *Breaks* when the beat turns within a block, or when the eye is shut.

use crate::slicer::Slicer;

/// Symbols in a block of the first pass.
pub const BLOCK: usize = 32;

/// Tracked decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// Decided symbols.
    pub symbols: Vec<u8>,
    /// Level means, taken again from the tracked decisions.
    pub power: Vec<f64>,
    /// Square roots of the level means.
    pub amplitude: Vec<f64>,
    /// Symbols decided for each level.
    pub counts: Vec<u64>,
}

impl Tracked {
    /// Returns the mean over all symbols of a value that each level has.
    pub fn mean_of(&self, value: impl Fn(usize) -> f64) -> f64 {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        let weighted = |(i, &n): (usize, &u64)| value(i) * n as f64;
        self.counts.iter().enumerate().map(weighted).sum::<f64>() / total
    }
}

/// Symbols whose sums are taken side by side.
const LANES: usize = 8;

/// Levels as steps, so that a symbol's values are sums over the thresholds below it: arithmetic
/// that the compiler makes vectors of, where a table of levels would be read one by one.
struct Steps {
    mean: Vec<f32>,
    amplitude: Vec<f32>,
}

impl Steps {
    /// The beat over a block: `sum (y - P) sqrt(P) / sum P`.
    fn beat(&self, block: &[f32], thresholds: &[f32]) -> f32 {
        let (mut up, mut down) = ([0.0f32; LANES], [0.0f32; LANES]);
        for part in block.chunks(LANES) {
            for ((&y, up), down) in part.iter().zip(&mut up).zip(&mut down) {
                let (mut mean, mut amplitude) = (self.mean[0], self.amplitude[0]);
                for (i, &t) in thresholds.iter().enumerate() {
                    let above = if y > t { 1.0 } else { 0.0 };
                    mean += above * self.mean[i + 1];
                    amplitude += above * self.amplitude[i + 1];
                }
                *up += (y - mean) * amplitude;
                *down += mean;
            }
        }
        up.iter().sum::<f32>() / down.iter().sum::<f32>().max(f32::MIN_POSITIVE)
    }
}

/// The first value and the steps to the following ones.
fn steps(values: &[f32]) -> Vec<f32> {
    let mut steps = vec![values[0]];
    steps.extend(values.windows(2).map(|v| v[1] - v[0]));
    steps
}

/// Decides every symbol; `power` is optical power above zero, one sample a symbol.
pub fn decide(power: &[f32], slicer: &Slicer, block: usize) -> Tracked {
    let levels = slicer.means.len();
    // A level at or below zero has no amplitude: a small fraction of the top one stands in.
    let floor = 1e-3 * slicer.means[levels - 1].max(f64::MIN_POSITIVE);
    let mean: Vec<f32> = slicer.means.iter().map(|&m| m.max(floor) as f32).collect();
    let amplitude: Vec<f32> = mean.iter().map(|m| m.sqrt()).collect();
    let base: Vec<f32> = slicer.thresholds.iter().map(|&t| t as f32).collect();
    let slope: Vec<f32> = amplitude.windows(2).map(|a| 0.5 * (a[0] + a[1])).collect();
    let levels_as_steps = Steps {
        mean: steps(&mean),
        amplitude: steps(&amplitude),
    };
    let mut symbols = vec![0u8; power.len()];
    let mut beat = 0.0f32;
    let mut thresholds = base.clone();
    let turn = |thresholds: &mut [f32], beat: f32| {
        for ((t, b), s) in thresholds.iter_mut().zip(&base).zip(&slope) {
            *t = b + beat * s;
        }
    };
    for (part, decided) in power.chunks(block).zip(symbols.chunks_mut(block)) {
        for _ in 0..2 {
            turn(&mut thresholds, beat);
            beat = levels_as_steps.beat(part, &thresholds);
        }
        turn(&mut thresholds, beat);
        for &t in &thresholds {
            for (&y, d) in part.iter().zip(decided.iter_mut()) {
                *d += u8::from(y > t);
            }
        }
    }
    let again = Slicer::from_symbols(power, &symbols, levels);
    let power_means: Vec<f64> = again
        .means
        .iter()
        .zip(&slicer.means)
        .map(|(&m, &old)| if m > floor { m } else { old.max(floor) })
        .collect();
    Tracked {
        symbols,
        amplitude: power_means.iter().map(|m| m.sqrt()).collect(),
        power: power_means,
        counts: again.counts,
    }
}

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
    let mut symbols = vec![0u8; power.len()];
    let mut beat = 0.0f32;
    let mut thresholds = base.clone();
    for (part, decided) in power.chunks(block).zip(symbols.chunks_mut(block)) {
        for _ in 0..2 {
            for i in 0..base.len() {
                thresholds[i] = base[i] + beat * slope[i];
            }
            let (mut up, mut down) = (0.0f32, 0.0f32);
            for (&y, d) in part.iter().zip(decided.iter_mut()) {
                *d = thresholds.iter().map(|&t| u8::from(y > t)).sum();
                let i = *d as usize;
                up += (y - mean[i]) * amplitude[i];
                down += mean[i];
            }
            beat = up / down.max(f32::MIN_POSITIVE);
        }
        for i in 0..base.len() {
            thresholds[i] = base[i] + beat * slope[i];
        }
        for (&y, d) in part.iter().zip(decided.iter_mut()) {
            *d = thresholds.iter().map(|&t| u8::from(y > t)).sum();
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
    }
}

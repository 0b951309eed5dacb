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

use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

use crate::kernels::level;
use crate::slicer::Slicer;

/// Symbols in a block of the first pass.
pub const BLOCK: usize = 32;

/// Tracked decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// Decided symbols.
    pub symbols: Vec<u8>,
    /// Level means, taken again from the tracked decisions.
    pub levels: Vec<f64>,
    /// Amplitudes that were sent: square roots of the level means, until a beat that stands still is
    /// taken out of them ([`super::standing`]).
    pub amplitude: Vec<f64>,
    /// Symbols decided for each level.
    pub counts: Vec<u64>,
}

impl Tracked {
    /// Returns the power that was sent for a symbol.
    pub fn power(&self, symbol: usize) -> f64 {
        self.amplitude[symbol] * self.amplitude[symbol]
    }

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
struct Steps<const T: usize> {
    mean: (f32, [f32; T]),
    amplitude: (f32, [f32; T]),
    /// Thresholds without a beat, and how they move with it.
    base: [f32; T],
    slope: [f32; T],
}

impl<const T: usize> Steps<T> {
    /// Takes the level means and thresholds of a slicer with `T + 1` levels.
    fn new(mean: &[f32], thresholds: &[f64]) -> Self {
        let amplitude: Vec<f32> = mean.iter().map(|m| m.sqrt()).collect();
        let steps = |v: &[f32]| (v[0], std::array::from_fn(|i| v[i + 1] - v[i]));
        Self {
            mean: steps(mean),
            amplitude: steps(&amplitude),
            base: std::array::from_fn(|i| thresholds[i] as f32),
            slope: std::array::from_fn(|i| 0.5 * (amplitude[i] + amplitude[i + 1])),
        }
    }

    #[inline(always)]
    fn thresholds(&self, beat: f32) -> [f32; T] {
        let mut thresholds = self.base;
        for (t, s) in thresholds.iter_mut().zip(self.slope) {
            *t += beat * s;
        }
        thresholds
    }

    /// The beat over a block: `sum (y - P) sqrt(P) / sum P`.
    #[inline(always)]
    fn beat(&self, block: &[f32], thresholds: &[f32; T]) -> f32 {
        let (mut up, mut down) = ([0.0f32; LANES], [0.0f32; LANES]);
        let (whole, rest) = block.as_chunks::<LANES>();
        for part in whole {
            self.add(part, thresholds, &mut up, &mut down);
        }
        self.add(rest, thresholds, &mut up, &mut down);
        up.iter().sum::<f32>() / down.iter().sum::<f32>().max(f32::MIN_POSITIVE)
    }

    #[inline(always)]
    fn add(
        &self,
        part: &[f32],
        thresholds: &[f32; T],
        up: &mut [f32; LANES],
        down: &mut [f32; LANES],
    ) {
        for ((&y, up), down) in part.iter().zip(up).zip(down) {
            let (mut mean, mut amplitude) = (self.mean.0, self.amplitude.0);
            for (i, &t) in thresholds.iter().enumerate() {
                mean += if y > t { self.mean.1[i] } else { 0.0 };
                amplitude += if y > t { self.amplitude.1[i] } else { 0.0 };
            }
            *up += (y - mean) * amplitude;
            *down += mean;
        }
    }
}

/// Decides block by block, each with the beat that its own symbols show.
#[simd]
fn walk<S: Simd, const T: usize>(
    _: S,
    power: &[f32],
    steps: &Steps<T>,
    block: usize,
    symbols: &mut [u8],
) {
    let mut beat = 0.0f32;
    for (part, decided) in power.chunks(block).zip(symbols.chunks_mut(block)) {
        for _ in 0..2 {
            beat = steps.beat(part, &steps.thresholds(beat));
        }
        for t in steps.thresholds(beat) {
            for (&y, d) in part.iter().zip(decided.iter_mut()) {
                *d += u8::from(y > t);
            }
        }
    }
}

/// Share of the least step between levels by which they may move in the last pass.
const SETTLED: f64 = 0.01;
/// Most passes.
const PASSES: usize = 12;

/// Decides until levels and decisions agree: a strong beat shuts the eye, so that levels found
/// without it lie wrong, and with them the first tracked decisions.
pub fn settle(power: &[f32], slicer: &Slicer, block: usize) -> Tracked {
    let mut tracked = decide(power, slicer, block);
    let mut before = slicer.means.clone();
    for _ in 1..PASSES {
        let steps = tracked.levels.windows(2).map(|p| p[1] - p[0]);
        let step = steps.fold(f64::INFINITY, f64::min);
        let moves = tracked
            .levels
            .iter()
            .zip(&before)
            .map(|(a, b)| (a - b).abs());
        // Levels that cross have lost their order; what is there stays.
        if step <= 0.0 || moves.fold(0.0, f64::max) <= SETTLED * step {
            break;
        }
        before.clone_from(&tracked.levels);
        let mut next = slicer.clone();
        next.means.clone_from(&tracked.levels);
        next.thresholds = before.windows(2).map(|p| 0.5 * (p[0] + p[1])).collect();
        tracked = decide(power, &next, block);
    }
    tracked
}

/// Decides every symbol; `power` is optical power above zero, one sample a symbol.
pub fn decide(power: &[f32], slicer: &Slicer, block: usize) -> Tracked {
    let levels = slicer.means.len();
    // A level at or below zero has no amplitude: a small fraction of the top one stands in.
    let floor = 1e-3 * slicer.means[levels - 1].max(f64::MIN_POSITIVE);
    let mean: Vec<f32> = slicer.means.iter().map(|&m| m.max(floor) as f32).collect();
    let mut symbols = vec![0u8; power.len()];
    let thresholds = &slicer.thresholds;
    if levels == 4 {
        let steps = Steps::<3>::new(&mean, thresholds);
        dispatch!(level(), simd => walk(simd, power, &steps, block, &mut symbols));
    } else {
        let steps = Steps::<1>::new(&mean, thresholds);
        dispatch!(level(), simd => walk(simd, power, &steps, block, &mut symbols));
    }
    let again = Slicer::from_symbols(power, &symbols, levels);
    let levels: Vec<f64> = again
        .means
        .iter()
        .zip(&slicer.means)
        .map(|(&m, &old)| if m > floor { m } else { old.max(floor) })
        .collect();
    Tracked {
        symbols,
        amplitude: levels.iter().map(|m| m.sqrt()).collect(),
        levels,
        counts: again.counts,
    }
}

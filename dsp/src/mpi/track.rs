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

impl Tracked {
    /// Says for every stretch whether its decisions have lost the levels; never with two levels.
    pub fn lost(&self) -> Vec<bool> {
        let four = self.levels.len() == 4;
        let each = self.symbols.chunks(STRETCH);
        let lost: Vec<bool> = each.map(|part| four && is_lost(part)).collect();
        // Where it begins and ends is within a neighbour.
        let near = |i: usize| lost[i.saturating_sub(1)..(i + 2).min(lost.len())].contains(&true);
        (0..lost.len()).map(near).collect()
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

/// Symbols of a stretch that is judged by how often the outer levels occur.
pub const STRETCH: usize = 128;
/// Fewest decisions for an outer level: of 128 independent symbols 32 are expected, with a standard
/// deviation of 4.9.
const FEWEST: usize = 8;

/// Says whether the decisions of a stretch have lost the levels: a deep beat that shuts the eye can
/// shift all of them by one until it has passed, and then one of the outer levels does not occur.
fn is_lost(symbols: &[u8]) -> bool {
    let of = |level: u8| symbols.iter().filter(|&&s| s == level).count();
    symbols.len() == STRETCH && of(0).min(of(3)) < FEWEST
}

/// Share of the least step between levels by which they may move in the last pass.
const SETTLED: f64 = 0.01;
/// Most passes.
const PASSES: usize = 12;

/// Decides until levels and decisions agree: a strong beat shuts the eye, so that levels found
/// without it lie wrong, and with them the first tracked decisions. Where they have lost the levels
/// they are made once more, from the end to the start.
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
        let next = with_levels(slicer, &before);
        tracked = decide(power, &next, block);
    }
    from_both_ends(power, slicer, block, tracked)
}

fn with_levels(slicer: &Slicer, levels: &[f64]) -> Slicer {
    let mut next = slicer.clone();
    next.means.clear();
    next.means.extend(levels);
    next.thresholds = levels.windows(2).map(|p| 0.5 * (p[0] + p[1])).collect();
    next
}

/// Takes the decisions from the end to the start where those from the start to the end have lost the
/// levels and the others have not: a beat that changed too fast one way may be followed the other way.
fn from_both_ends(power: &[f32], slicer: &Slicer, block: usize, tracked: Tracked) -> Tracked {
    let lost = tracked.lost();
    if !lost.contains(&true) || tracked.levels.windows(2).any(|p| p[1] <= p[0]) {
        return tracked;
    }
    let slicer = with_levels(slicer, &tracked.levels);
    let backwards: Vec<f32> = power.iter().rev().copied().collect();
    let mut other = decide(&backwards, &slicer, block);
    other.symbols.reverse();
    let mut symbols = tracked.symbols;
    let parts = symbols
        .chunks_mut(STRETCH)
        .zip(other.symbols.chunks(STRETCH));
    for ((own, other), lost) in parts.zip(&lost) {
        if *lost && !is_lost(other) {
            own.copy_from_slice(other);
        }
    }
    with_means(power, symbols, &slicer)
}

/// Decides every symbol; `power` is optical power above zero, one sample a symbol.
pub fn decide(power: &[f32], slicer: &Slicer, block: usize) -> Tracked {
    let levels = slicer.means.len();
    let floor = floor(slicer);
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
    with_means(power, symbols, slicer)
}

/// Takes the level means again from decisions.
fn with_means(power: &[f32], symbols: Vec<u8>, slicer: &Slicer) -> Tracked {
    let floor = floor(slicer);
    let again = Slicer::from_symbols(power, &symbols, slicer.means.len());
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

/// A level at or below zero has no amplitude: a small fraction of the top one stands in.
fn floor(slicer: &Slicer) -> f64 {
    1e-3 * slicer.means[slicer.means.len() - 1].max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::symbols;

    /// A beat that jumps by more than half a step between levels and falls back slowly: from the start
    /// the levels are lost for as long as it lasts, from the end they are followed.
    #[test]
    fn a_beat_that_jumps_is_followed_from_the_other_end() {
        let sent = symbols(7, 1 << 14, 4);
        let means = [0.5f64, 0.85, 1.2, 1.55];
        let beat = |t: usize| match t.checked_sub(4_000) {
            Some(after) if after < 6_000 => -0.24 * (1.0 - after as f64 / 6_000.0),
            _ => 0.0,
        };
        let power: Vec<f32> = sent
            .iter()
            .enumerate()
            .map(|(t, &s)| {
                let p = means[s as usize];
                (p + beat(t) * p.sqrt()) as f32
            })
            .collect();
        let still: Vec<f32> = sent.iter().map(|&s| means[s as usize] as f32).collect();
        let slicer = Slicer::from_symbols(&still, &sent, 4);
        let forwards = decide(&power, &slicer, BLOCK);
        assert!(forwards.lost().iter().filter(|&&l| l).count() > 8);
        let settled = settle(&power, &slicer, BLOCK);
        assert!(!settled.lost().contains(&true));
        let wrong = settled.symbols.iter().zip(&sent).filter(|(a, b)| a != b);
        assert!(wrong.count() < 2 * BLOCK);
    }
}

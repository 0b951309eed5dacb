//! Looks at the samples before anything is computed: non-finite, constant, clipped, out of range.
//!
//! Nothing is repaired. Non-finite samples cut the capture: the longest finite stretch is
//! analyzed and the flag says which. Clipping is only reported.

use std::ops::Range;

use etalon_types::report::QualityFlag;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

use crate::kernels::level;

/// What is usable of a capture, and what is odd about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The samples to analyze.
    pub range: Range<usize>,
    /// What was seen.
    pub flags: Vec<QualityFlag>,
    /// Why nothing can be measured, when that is so.
    pub fatal: Option<String>,
}

/// Fraction of samples at an end of the range from which on they count as clipped.
const CLIPPED_FRACTION: f64 = 2e-4;

/// Samples at the end of the range over those at the most frequent value next to it, from which on
/// the end is clipped. Gaussian noise of 6 codes cut off at 2.3 sigma, where 1 % is lost, leaves 2.4.
const PILE: f64 = 2.0;

/// Magnitudes that single precision can square and sum no more; no instrument has them.
const RANGE: std::ops::RangeInclusive<f32> = 1e-36..=1e36;

/// Makes a quality flag.
pub fn flag(flag: &str, detail: impl Into<String>) -> QualityFlag {
    QualityFlag {
        flag: flag.into(),
        detail: detail.into(),
    }
}

/// Looks at the samples.
pub fn condition(samples: &[f32]) -> Condition {
    let mut flags = Vec::new();
    let finite = dispatch!(level(), simd => every_finite(simd, samples));
    let range = if finite {
        0..samples.len()
    } else {
        longest_finite(samples)
    };
    if !finite {
        let bad = samples.iter().filter(|x| !x.is_finite()).count();
        let first = samples.iter().position(|x| !x.is_finite()).unwrap_or(0);
        flags.push(flag(
            "nan",
            format!(
                "{bad} of {} samples are not finite, the first at {first}; the longest finite stretch, samples {} to {}, is analyzed",
                samples.len(),
                range.start,
                range.end
            ),
        ));
    }
    let used = &samples[range.clone()];
    let fatal = if used.is_empty() {
        flags.push(flag("too-short", "no finite sample"));
        Some("the capture holds no finite sample".to_owned())
    } else {
        let blocks = dispatch!(level(), simd => by_block(simd, used));
        let low = blocks.iter().fold(f32::INFINITY, |l, b| l.min(b.0));
        let high = blocks.iter().fold(f32::NEG_INFINITY, |h, b| h.max(b.1));
        if low == high {
            flags.push(flag("constant", format!("every sample is {low}")));
            Some(format!("the capture is constant at {low}"))
        } else if !RANGE.contains(&low.abs().max(high.abs())) {
            let reason = format!(
                "samples from {low:e} to {high:e}: the largest magnitude should lie between {:e} and {:e}",
                RANGE.start(),
                RANGE.end()
            );
            flags.push(flag("out-of-range", reason.clone()));
            Some(reason)
        } else {
            flags.extend(clipping(used, &blocks, low, high));
            None
        }
    };
    Condition {
        range,
        flags,
        fatal,
    }
}

fn longest_finite(samples: &[f32]) -> Range<usize> {
    let mut best = 0..0;
    let mut start = 0;
    for (i, x) in samples.iter().enumerate() {
        if !x.is_finite() {
            if i - start > best.len() {
                best = start..i;
            }
            start = i + 1;
        }
    }
    if samples.len() - start.min(samples.len()) > best.len() {
        best = start..samples.len();
    }
    best
}

/// Samples that are looked at together.
const BLOCK: usize = 256;

/// Values side by side in a block, for as many comparisons at once.
const LANES: usize = 16;

/// Says whether every sample is finite.
#[simd]
fn every_finite<S: Simd>(_: S, samples: &[f32]) -> bool {
    samples.chunks(BLOCK).all(all_finite)
}

/// Extremes of every block.
#[simd]
fn by_block<S: Simd>(_: S, samples: &[f32]) -> Vec<(f32, f32)> {
    let mut blocks = Vec::with_capacity(samples.len().div_ceil(BLOCK));
    for block in samples.chunks(BLOCK) {
        blocks.push(extremes(block));
    }
    blocks
}

/// Says whether no exponent is all ones, as those of infinities and NaN are.
#[inline(always)]
fn all_finite(block: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    let odd = |x: &f32| u32::from(x.to_bits() & EXPONENT == EXPONENT);
    block.iter().map(odd).sum::<u32>() == 0
}

#[inline(always)]
fn extremes(block: &[f32]) -> (f32, f32) {
    let mut low = [f32::INFINITY; LANES];
    let mut high = [f32::NEG_INFINITY; LANES];
    let (lanes, rest) = block.as_chunks::<LANES>();
    for lane in lanes {
        for (i, &x) in lane.iter().enumerate() {
            low[i] = if x < low[i] { x } else { low[i] };
            high[i] = if x > high[i] { x } else { high[i] };
        }
    }
    let all = low.iter().chain(rest).copied();
    let least = all.fold(f32::INFINITY, f32::min);
    let all = high.iter().chain(rest).copied();
    (least, all.fold(f32::NEG_INFINITY, f32::max))
}

/// A clipped end piles samples up at exactly one value: far more than at any single value of the
/// 1.5 % of the range next to it. A converter that is not driven out of its range has fewer
/// samples at its last code than at the one before. A capture with few distinct values (a
/// noiseless pattern) piles up everywhere and is not judged.
///
/// `blocks` holds the extremes of every [`BLOCK`] samples: those that keep away from the ends are
/// not looked at again.
fn clipping(samples: &[f32], blocks: &[(f32, f32)], low: f32, high: f32) -> Option<QualityFlag> {
    if few_values(samples) {
        return None;
    }
    let margin = 0.015 * (high - low);
    let n = samples.len() as f64;
    let clipped: usize = [
        pile(samples, blocks, low, |x| x < low + margin),
        pile(samples, blocks, high, |x| x > high - margin),
    ]
    .into_iter()
    .filter(|&(at, next)| {
        at >= 16 && at as f64 >= CLIPPED_FRACTION * n && at as f64 > PILE * next as f64
    })
    .map(|(at, _)| at)
    .sum();
    (clipped > 0).then(|| {
        flag(
            "clipping",
            format!(
                "{:.3} % of the samples stand at the end of the range ({low} to {high}): levels and noise are biased",
                100.0 * clipped as f64 / n
            ),
        )
    })
}

/// Counts the samples at an end of the range and those at the most frequent single value near it.
fn pile(
    samples: &[f32],
    blocks: &[(f32, f32)],
    end: f32,
    near: impl Fn(f32) -> bool,
) -> (usize, usize) {
    let mut close: Vec<f32> = samples
        .chunks(BLOCK)
        .zip(blocks)
        .filter(|(_, extremes)| near(extremes.0) || near(extremes.1))
        .flat_map(|(block, _)| block.iter().copied().filter(|&x| near(x)))
        .collect();
    close.sort_unstable_by(f32::total_cmp);
    let (mut at, mut next) = (0, 0);
    for run in close.chunk_by(|a, b| a == b) {
        if run[0] == end {
            at = run.len();
        } else {
            next = next.max(run.len());
        }
    }
    (at, next)
}

fn few_values(samples: &[f32]) -> bool {
    let mut seen: Vec<u32> = Vec::with_capacity(17);
    for x in samples.iter().take(8192) {
        if !seen.contains(&x.to_bits()) {
            seen.push(x.to_bits());
            if seen.len() > 16 {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: &[f32], flags: &[&str], fatal: bool) {
        let found = condition(samples);
        let names: Vec<&str> = found.flags.iter().map(|f| f.flag.as_str()).collect();
        assert_eq!(names, flags);
        assert_eq!(found.fatal.is_some(), fatal);
    }

    fn wave(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * i) as f32 * 0.37).sin() + 0.3 * ((i * 7) as f32).cos())
            .collect()
    }

    #[test]
    fn clean_samples_pass() {
        check(&wave(10_000), &[], false);
    }

    #[test]
    fn constant_and_empty_are_fatal() {
        check(&[0.5; 100], &["constant"], true);
        check(&[], &["too-short"], true);
        check(&[f32::NAN; 10], &["nan", "too-short"], true);
    }

    #[test]
    fn nan_cuts_the_capture() {
        let mut samples = wave(10_000);
        samples[2_000] = f32::NAN;
        check(&samples, &["nan"], false);
        assert_eq!(condition(&samples).range, 2_001..10_000);
    }

    #[test]
    fn clipping_is_seen_from_half_a_per_mille() {
        let mut samples = wave(100_000);
        let mut sorted = samples.clone();
        sorted.sort_by(f32::total_cmp);
        let limit = sorted[sorted.len() - 1_000];
        samples.iter_mut().for_each(|x| *x = x.min(limit));
        check(&samples, &["clipping"], false);
    }

    #[test]
    fn a_noiseless_pattern_is_not_clipped() {
        let samples: Vec<f32> = (0..10_000).map(|i| ((i * 7919) % 4) as f32).collect();
        check(&samples, &[], false);
    }
}

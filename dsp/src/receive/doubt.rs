//! Findings that look like an answer and are none: a level that is missing, a pattern that fits a
//! part of the capture only, an eye that opens and shuts.
//!
//! Every check asks for what the figures behind it take for granted:
//!
//! | check | takes for granted | seen from |
//! |---|---|---|
//! | [`broken_fit`] | the pattern runs on without a gap | the pulse that its symbols leave, part by part |
//! | [`third_heap`] | two levels are two | samples cut into three heaps that stand well apart |
//! | [`missing_level`] | four levels are four | neighbours that cannot be told apart, beside others that can |
//! | [`unsteady_eye`] | instants stand still in the symbols | noise and likeness of neighbours, by stretches of 64 symbols |
//!
//! *Breaks* for eyes that are all but shut: there nothing is told apart, and `eye-closed` says so.

use std::ops::Range;

use crate::measure::channel::{Channel, Span};
use crate::slicer::{Slicer, cluster, nominal};

/// Parts that a capture is cut into.
const PARTS: usize = 32;
/// Symbols that are looked at in a part: with an SNR of 0 dB a pulse of nine symbols is known to
/// 13 % of its norm, with 15 dB to 2 %.
const LOOKED_AT: usize = 512;
/// What a pulse is fitted over.
const SPAN: Span = Span {
    before: 4,
    after: 4,
};
/// Share of the strongest pulse below which a part has none.
const ABSENT: f64 = 0.4;
/// Cosine between two pulses from which on they stand at the same place.
const ALIKE: f64 = 0.9;

/// Spacing over the sum of both widths above which two heaps are two: halves of a Gaussian heap
/// have 1.3, of a flat one 1.7, of a sine's 2.1.
const APART: f64 = 2.2;
/// The same, from which on three heaps are certain.
const WELL_APART: f64 = 3.0;
/// Share of the mean spacing below which known levels coincide.
const COINCIDING: f64 = 0.1;
/// Share of an equal count below which a level was hardly ever decided.
const RARE: f64 = 0.1;
/// Symbols that are cut into heaps at most.
const HEAPED: usize = 1 << 15;

/// Symbols of a stretch in which noise and neighbours are measured: a clock that is 0.2 % off
/// moves by an eighth of a symbol in them.
const STRETCH: usize = 64;
/// Stretches that are needed and that are looked at at most.
const STRETCHES: (usize, usize) = (128, 1024);
/// Variance of the noise, ninth decile of the stretches over the first, from which on it changes:
/// with 60 degrees of freedom equal noise leaves 1.6.
const CHANGING: f64 = 2.2;
/// Variance of the correlation with the neighbours over that of independent symbols, from which
/// on the neighbours' share changes: independent symbols leave 1 +- 0.13 in 128 stretches, a
/// wandering clock 1.5 to 1.8 behind rectangular or raised-cosine symbols.
const SHARING: f64 = 1.3;

/// Finds a part of the capture that a pattern does not fit as it fits another; says where.
///
/// `samples` has `spacing` samples for each symbol of `sent`. In every part the pulse is fitted
/// that a symbol leaves in the samples. Where symbols were lost or inserted it stands at another
/// place, or beyond all places that are looked at. A pulse of another shape at the same place is
/// no gap.
pub(super) fn broken_fit(
    samples: &[f32],
    spacing: usize,
    sent: &[u8],
    levels: usize,
) -> Option<String> {
    let count = (samples.len() / spacing).min(sent.len());
    let part = (count / PARTS).max(LOOKED_AT);
    let pulses: Vec<(usize, Vec<f64>)> = (1..=count / part)
        .filter_map(|i| {
            let window = i * part - LOOKED_AT..i * part;
            let at = |k: usize| samples[spacing * k];
            let instants: Vec<f32> = window.clone().map(at).collect();
            let targets: Vec<f32> = sent[window.clone()]
                .iter()
                .map(|&s| nominal(levels, s) as f32)
                .collect();
            let channel = Channel::fit_over(&instants, &targets, 1, SPAN)?;
            Some((window.start, channel.pulse))
        })
        .collect();
    let (start, best) = pulses
        .iter()
        .max_by(|a, b| norm(&a.1).total_cmp(&norm(&b.1)))?;
    let (broken, _) = pulses.iter().find(|(_, pulse)| {
        norm(pulse) < ABSENT * norm(best) || {
            let there = likeness(pulse, best, 0);
            let elsewhere = (1..=4)
                .flat_map(|s| [s, -s])
                .map(|s| likeness(pulse, best, s));
            there < ALIKE && elsewhere.fold(f64::NEG_INFINITY, f64::max) > there
        }
    })?;
    Some(format!(
        "it fits around symbol {start} and not in the same place around symbol {broken}: symbols were lost or inserted, or the signal was"
    ))
}

fn norm(pulse: &[f64]) -> f64 {
    pulse.iter().map(|h| h * h).sum::<f64>().sqrt()
}

/// Cosine between a pulse that is moved by so many symbols and another.
fn likeness(pulse: &[f64], other: &[f64], moved: isize) -> f64 {
    let at = |j: usize| {
        j.checked_add_signed(moved)
            .and_then(|j| pulse.get(j))
            .copied()
            .unwrap_or(0.0)
    };
    let product: f64 = other.iter().enumerate().map(|(j, h)| at(j) * h).sum();
    product / (norm(pulse) * norm(other)).max(f64::MIN_POSITIVE)
}

/// Finds three heaps of samples where two levels were taken for granted.
pub(super) fn third_heap(output: &[f32]) -> Option<String> {
    let head = &output[..output.len().min(HEAPED)];
    let two = cluster(head, 2);
    let (low, high): (Vec<f32>, Vec<f32>) = head
        .iter()
        .partition(|&&y| f64::from(y) <= two.thresholds[0]);
    // Each side is cut by itself: a cut of all into three may end in a heap's middle.
    let halves = |side: &[f32]| {
        let cut = (20 * side.len() > head.len()).then(|| cluster(side, 2))?;
        let all_there = cut.counts.iter().all(|&c| 20 * c > head.len() as u64);
        let apart = gaps(&cut).all(|gap| gap > WELL_APART);
        (all_there && apart).then_some(cut.means)
    };
    let (low, high) = (halves(&low), halves(&high));
    (low.is_some() || high.is_some()).then(|| {
        let means: Vec<String> = low
            .unwrap_or_else(|| vec![two.means[0]])
            .into_iter()
            .chain(high.unwrap_or_else(|| vec![two.means[1]]))
            .map(|mean| format!("{mean:.4}"))
            .collect();
        format!(
            "the samples stand in {} heaps, at {}: four levels of which one is missing, or two that leave half of themselves behind (tell --modulation)",
            means.len(),
            means.join(", ")
        )
    })
}

/// Finds a level that is not there; `slicer` is that of the judged symbols.
pub(super) fn missing_level(slicer: &Slicer, symbols: Symbols) -> Option<String> {
    let spacings: Vec<f64> = slicer.means.windows(2).map(|m| m[1] - m[0]).collect();
    let largest = spacings.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mean = spacings.iter().sum::<f64>() / spacings.len() as f64;
    let (at, &smallest) = spacings
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(b.1))?;
    match symbols {
        Symbols::Sent => (smallest < COINCIDING * mean).then(|| {
            format!(
                "symbols {at} and {} stand at {:.4} and {:.4}: one level is missing",
                at + 1,
                slicer.means[at],
                slicer.means[at + 1]
            )
        }),
        Symbols::Decided => {
            let total: u64 = slicer.counts.iter().sum();
            let even = total as f64 / slicer.counts.len() as f64;
            let rare = slicer.counts.iter().position(|&c| (c as f64) < RARE * even);
            if let Some(level) = rare {
                return Some(format!(
                    "level {level} holds {} of {total} symbols: the others may be no levels either",
                    slicer.counts[level]
                ));
            }
            let (least, most) =
                gaps(slicer).fold((f64::INFINITY, 0.0f64), |(l, m), g| (l.min(g), m.max(g)));
            (least < APART && most > 2.0 * least && smallest < 0.4 * largest).then(|| {
                format!(
                    "levels {at} and {} are one heap that was cut in two (at {:.4} and {:.4}): one level is missing",
                    at + 1,
                    slicer.means[at],
                    slicer.means[at + 1]
                )
            })
        }
    }
}

/// What the symbols are that samples are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbols {
    /// The sent ones.
    Sent,
    /// The receiver's own decisions.
    Decided,
}

/// Spacing of neighbours over the sum of their widths.
fn gaps(slicer: &Slicer) -> impl Iterator<Item = f64> {
    let means = slicer.means.windows(2).map(|m| m[1] - m[0]);
    let widths = slicer.sigmas.windows(2).map(|s| s[0] + s[1]);
    means
        .zip(widths)
        .map(|(spacing, width)| spacing / width.max(1e-9 * spacing.abs()).max(f64::MIN_POSITIVE))
}

/// Finds instants that wander over the symbols, which nothing can follow at one sample a symbol.
///
/// Two things then change from stretch to stretch: how far samples are from their levels, and how
/// alike neighbouring samples are, which half way between two symbols have one of them in common.
/// Interference from a reflection does the first alone; a pattern that is not white, the second.
pub(super) fn unsteady_eye(
    output: &[f32],
    decided: &[u8],
    judged: Range<usize>,
    slicer: &Slicer,
) -> Option<String> {
    let stretches = (judged.len() / STRETCH).saturating_sub(2);
    if stretches < STRETCHES.0 {
        return None;
    }
    let (mut noise, mut alike) = (Vec::new(), Vec::new());
    for i in (1..=stretches).step_by(stretches.div_ceil(STRETCHES.1)) {
        let first = judged.start + i * STRETCH;
        let window = first - 1..first + STRETCH + 1;
        let mean = output[window.clone()]
            .iter()
            .map(|&y| f64::from(y))
            .sum::<f64>()
            / window.len() as f64;
        let at = |k: usize| f64::from(output[k]) - mean;
        let (mut left, mut power, mut product) = (0.0, 0.0, 0.0);
        for k in first..first + STRETCH {
            left += (f64::from(output[k]) - slicer.means[usize::from(decided[k])]).powi(2);
            power += at(k) * at(k);
            product += at(k) * (at(k - 1) + at(k + 1));
        }
        if power > 0.0 {
            noise.push(left);
            alike.push(product / power);
        }
    }
    let count = alike.len();
    if count < STRETCHES.0 {
        return None;
    }
    noise.sort_unstable_by(f64::total_cmp);
    let (low, high) = (noise[count / 10], noise[count * 9 / 10]);
    let mean = alike.iter().sum::<f64>() / count as f64;
    let variance = alike.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
    // Both neighbours have every product but the outermost in common.
    let sharing = variance * STRETCH as f64 / 4.0;
    (high > CHANGING * low && sharing > SHARING).then(|| {
        format!(
            "the eye opens and shuts along the capture (noise {:.1} times as strong in one tenth as in another, and so are the neighbours): instants that wander over the symbols cannot be followed at one sample a symbol",
            (high / low.max(f64::MIN_POSITIVE)).sqrt().min(1e3)
        )
    })
}

#[cfg(test)]
mod tests;

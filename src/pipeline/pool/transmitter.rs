//! Levels and transmitter measures of many blocks.

use etalon_types::Figure;
use etalon_types::report::{Level, LevelShape, TransmitterReport};

use super::figures::{Figures, is_most};

/// Puts the same level of many blocks together: counts, means and variances, the scatter of the
/// means being part of the variance.
pub(super) fn levels(each: &[&[Level]]) -> Vec<Level> {
    let count = each.iter().map(|levels| levels.len()).max().unwrap_or(0);
    (0..count)
        .filter_map(|i| {
            let same = each.iter().filter_map(|levels| levels.get(i));
            let parts = same.map(|level| (level.count, level.mean, level.sigma));
            let (count, mean, sigma) = together(&parts.collect::<Vec<_>>())?;
            Some(Level { mean, sigma, count })
        })
        .collect()
}

/// Count, mean and standard deviation of the union; `None` of nothing.
fn together(parts: &[(u64, f64, f64)]) -> Option<(u64, f64, f64)> {
    let parts: Vec<_> = parts.iter().filter(|part| part.0 > 0).collect();
    let count: u64 = parts.iter().map(|part| part.0).sum();
    let weighted = |value: &dyn Fn(f64, f64) -> f64| {
        parts
            .iter()
            .map(|p| p.0 as f64 * value(p.1, p.2))
            .sum::<f64>()
            / count as f64
    };
    if count == 0 {
        return None;
    }
    let mean = weighted(&|mean, _| mean);
    let variance = weighted(&|own, sigma| sigma * sigma + (own - mean).powi(2));
    Some((count, mean, variance.sqrt()))
}

/// Pools what most blocks say of the transmitter; the reference equalizer is the first's.
pub(super) fn transmitter(each: &[&TransmitterReport], blocks: usize) -> Option<TransmitterReport> {
    let first = *each.first()?;
    if !is_most(each.len(), blocks) {
        return None;
    }
    let pooled = |get: fn(&TransmitterReport) -> &Figure| {
        let each = each.iter().map(|t| get(t)).collect();
        Figures { each, blocks }.pooled()
    };
    Some(TransmitterReport {
        periods: each.iter().map(|t| t.periods).sum(),
        k_db: pooled(|t| &t.k_db),
        reference_equalizer: each.iter().find_map(|t| t.reference_equalizer.clone()),
        overshoot_percent: pooled(|t| &t.overshoot_percent),
        undershoot_percent: pooled(|t| &t.undershoot_percent),
        power_excursion: pooled(|t| &t.power_excursion),
        rise_time_s: pooled(|t| &t.rise_time_s),
        fall_time_s: pooled(|t| &t.fall_time_s),
        transition_time_s: pooled(|t| &t.transition_time_s),
        sndr_db: pooled(|t| &t.sndr_db),
        level_shapes: (0..first.level_shapes.len())
            .map(|i| {
                shape(
                    &each
                        .iter()
                        .filter_map(|t| *t.level_shapes.get(i)?)
                        .collect::<Vec<_>>(),
                )
            })
            .collect(),
    })
}

/// The shape of a level: that of all samples, but for the skewness, which is the mean within a
/// block, so that a level that wanders from block to block is not taken for a lopsided one.
fn shape(each: &[LevelShape]) -> Option<LevelShape> {
    let parts: Vec<_> = each.iter().map(|s| (s.count, s.mean, s.sigma)).collect();
    let (count, mean, sigma) = together(&parts)?;
    let weight = |s: &LevelShape| s.count as f64 / count as f64;
    Some(LevelShape {
        mean,
        sigma,
        skewness: each.iter().map(|s| weight(s) * s.skewness).sum(),
        skewness_error: each
            .iter()
            .map(|s| (weight(s) * s.skewness_error).powi(2))
            .sum::<f64>()
            .sqrt(),
        count,
    })
}

//! Error statistics and cancellations of many blocks.

use std::collections::BTreeMap;

use etalon_dsp::measure::statistics::{CONFIDENCE, clopper_pearson};
use etalon_types::Figure;
use etalon_types::cancellation::{Cancellation, CancellationAction, ErrorBursts};
use etalon_types::report::{
    BurstLength, BurstReport, CodewordErrors, ErrorStatistics, EyeErrors, GapCount, Tally,
};

use super::figures::{Figures, Scale, is_most, lost_of};

/// Adds up what was counted; `None` when most blocks counted nothing.
pub(super) fn statistics(each: &[&ErrorStatistics], blocks: usize) -> Option<ErrorStatistics> {
    let first = *each.first()?;
    if !is_most(each.len(), blocks) {
        return None;
    }
    let eyes = (0..first.eyes.len()).map(|i| EyeErrors {
        eye: first.eyes[i].eye.clone(),
        upwards: tally(each.iter().map(|s| &s.eyes[i].upwards)),
        downwards: tally(each.iter().map(|s| &s.eyes[i].downwards)),
    });
    let transitions = (0..first.transitions.len()).map(|i| {
        (0..first.transitions[i].len())
            .map(|j| tally(each.iter().map(|s| &s.transitions[i][j])))
            .collect()
    });
    let decisions = (0..first.decisions.len()).map(|i| {
        (0..first.decisions[i].len())
            .map(|j| each.iter().map(|s| s.decisions[i][j]).sum())
            .collect()
    });
    let q_scale = Figures {
        each: each.iter().map(|s| &s.ser_by_q_scale).collect(),
        blocks,
    };
    let kp4 = (0..first.kp4.len()).map(|i| {
        let schemes: Vec<&CodewordErrors> = each.iter().map(|s| &s.kp4[i]).collect();
        codewords(&schemes, blocks)
    });
    Some(ErrorStatistics {
        eyes: eyes.collect(),
        transitions: transitions.collect(),
        decisions: decisions.collect(),
        bursts: bursts(&each.iter().map(|s| &s.bursts).collect::<Vec<_>>(), blocks),
        kp4: kp4.collect(),
        ser_by_q_scale: q_scale.pooled_on(Scale::Logarithmic),
    })
}

fn tally<'a>(each: impl Iterator<Item = &'a Tally>) -> Tally {
    let (errors, n) = each.fold((0, 0), |(k, n), t| (k + t.errors, n + t.n));
    let (low, high) = clopper_pearson(errors, n, CONFIDENCE);
    Tally {
        errors,
        n,
        low,
        high,
    }
}

fn bursts(each: &[&BurstReport], blocks: usize) -> BurstReport {
    let mut lengths: BTreeMap<u64, u64> = BTreeMap::new();
    let mut gaps: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for report in each {
        for length in &report.lengths {
            *lengths.entry(length.symbols).or_default() += length.count;
        }
        for gap in &report.gaps {
            *gaps.entry((gap.from, gap.below)).or_default() += gap.count;
        }
    }
    BurstReport {
        errors: each.iter().map(|b| b.errors).sum(),
        events: each.iter().map(|b| b.events).sum(),
        longest: each.iter().map(|b| b.longest).max().unwrap_or(0),
        continuation: Figures {
            each: each.iter().map(|b| &b.continuation).collect(),
            blocks,
        }
        .pooled(),
        lengths: lengths
            .into_iter()
            .map(|(symbols, count)| BurstLength { symbols, count })
            .collect(),
        gaps: gaps
            .into_iter()
            .map(|((from, below), count)| GapCount { from, below, count })
            .collect(),
    }
}

fn codewords(each: &[&CodewordErrors], blocks: usize) -> CodewordErrors {
    let first = each[0];
    let mut histogram = vec![0.0; first.histogram.len()];
    for scheme in each {
        for (sum, count) in histogram.iter_mut().zip(&scheme.histogram) {
            *sum += count;
        }
    }
    let counts: Vec<(f64, f64)> = each
        .iter()
        .map(|s| {
            (
                s.histogram.last().copied().unwrap_or(0.0),
                s.histogram.iter().sum(),
            )
        })
        .filter(|&(_, n)| n > 0.0)
        .collect();
    let lost: f64 = counts.iter().map(|c| c.0).sum();
    let definition = each
        .iter()
        .find_map(|s| Some(s.error_ratio.estimate()?.definition.as_str()));
    let error_ratio = match definition {
        Some(definition) if lost > 0.0 => lost_of(&counts, blocks, definition),
        _ => extrapolated(each, &counts, blocks),
    };
    CodewordErrors {
        interleave: first.interleave,
        precoding: first.precoding,
        histogram,
        error_ratio,
    }
}

/// No codeword was lost: the mean of what the blocks extrapolate, or a bound by all codewords.
fn extrapolated(each: &[&CodewordErrors], counts: &[(f64, f64)], blocks: usize) -> Figure {
    let figures = Figures {
        each: each.iter().map(|s| &s.error_ratio).collect(),
        blocks,
    };
    let pooled = figures.pooled_on(Scale::Logarithmic);
    let codewords = counts.iter().map(|c| c.1).sum::<f64>().round() as u64;
    match pooled {
        Figure::NotMeasurable(none) if codewords > 0 => {
            let (_, bound) = clopper_pearson(0, codewords, CONFIDENCE);
            Figure::at_most(bound, "1", CONFIDENCE, codewords, none.reason)
        }
        other => other,
    }
}

/// Pools what each canceller did; those that most blocks tried.
pub(super) fn cancellations(each: &[&[Cancellation]], blocks: usize) -> Vec<Cancellation> {
    let Some(first) = each.iter().find(|list| !list.is_empty()) else {
        return Vec::new();
    };
    first
        .iter()
        .filter_map(|kind| {
            let same: Vec<&Cancellation> = each
                .iter()
                .filter_map(|list| list.iter().find(|c| c.method == kind.method))
                .collect();
            is_most(same.len(), blocks).then(|| cancellation(&same, blocks))
        })
        .collect()
}

fn cancellation(each: &[&Cancellation], blocks: usize) -> Cancellation {
    let pooled = |get: fn(&Cancellation) -> &Figure| {
        let each = each.iter().map(|c| get(c)).collect();
        Figures { each, blocks }.pooled()
    };
    let gains: Vec<f64> = each
        .iter()
        .filter_map(|c| match c.action {
            CancellationAction::Subtracted { gain } => Some(gain),
            CancellationAction::Bypassed => None,
        })
        .collect();
    let delays: Vec<f64> = each.iter().filter_map(|c| c.delay_s).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let errors = |get: fn(&Cancellation) -> Option<&ErrorBursts>| {
        let all: Vec<&ErrorBursts> = each.iter().filter_map(|c| get(c)).collect();
        is_most(all.len(), blocks).then(|| error_bursts(&all, blocks))
    };
    Cancellation {
        method: each[0].method,
        action: if is_most(gains.len(), each.len()) {
            CancellationAction::Subtracted { gain: mean(&gains) }
        } else {
            CancellationAction::Bypassed
        },
        block_symbols: each[0].block_symbols,
        delay_s: (!delays.is_empty()).then(|| mean(&delays)),
        ber_before: pooled(|c| &c.ber_before),
        ber_after: pooled(|c| &c.ber_after),
        suppression_db: pooled(|c| &c.suppression_db),
        bursts_before: errors(|c| c.bursts_before.as_ref()),
        bursts_after: errors(|c| c.bursts_after.as_ref()),
    }
}

fn error_bursts(each: &[&ErrorBursts], blocks: usize) -> ErrorBursts {
    let pooled = |get: fn(&ErrorBursts) -> &Figure| {
        let each = each.iter().map(|b| get(b)).collect();
        Figures { each, blocks }.pooled()
    };
    let errors = each.iter().map(|b| b.errors).sum();
    let events = each.iter().map(|b| b.events).sum();
    ErrorBursts {
        errors,
        events,
        longest: each.iter().map(|b| b.longest).max().unwrap_or(0),
        errors_per_burst: (events > 0).then(|| errors as f64 / events as f64),
        burst_factor: pooled(|b| &b.burst_factor),
        frame_error_ratio_kp4: pooled(|b| &b.frame_error_ratio_kp4),
    }
}

//! One figure from those of many blocks.
//!
//! **Counts** (errors of so many) are added up. The interval is made as for one block: exact, of
//! `k / F` errors in `n / F`. F is how much less dependent errors tell: the larger of what the
//! blocks' own intervals were widened by and of what the counts scatter between blocks, over what
//! independent errors would do; never below 1.
//!
//! **Other figures** are the mean over the blocks. Half the interval's width is
//!
//! ```text
//! sqrt( (t s / sqrt(k))^2  +  max(0, mean(h^2) - (z s)^2) )
//! ```
//!
//! with the scatter s between k blocks, Student's t, and the half widths h of the blocks' own
//! intervals: whatever those claim beyond the scatter all blocks have in common, and no mean makes
//! it smaller. Neighbours that are alike (correlation r between one block and the next) count as
//! `k (1 - r) / (1 + r)` blocks. The upper and the lower half are done apart.
//!
//! *Assumes* that blocks are alike but for chance and slow drift. *Breaks* where the link is in
//! one state in some blocks and in another in the rest: a mean of two states is neither.

use std::collections::BTreeMap;

use etalon_dsp::measure::statistics::{
    CONFIDENCE, Z95, clopper_pearson, clopper_pearson_of_mean, error_ratio,
    error_ratio_of_dependent, student_t,
};
use etalon_types::{Estimate, Figure};

/// The same figure from every block that could be used, of `blocks` in all.
pub(super) struct Figures<'a> {
    pub each: Vec<&'a Figure>,
    pub blocks: usize,
}

/// Whether values are averaged as they are or by their logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Ratios that range over decades.
    Logarithmic,
}

impl Figures<'_> {
    /// Pools counts by their sum and everything else by its mean.
    pub fn pooled(&self) -> Figure {
        self.pooled_on(Scale::Linear)
    }

    /// Does so on a scale.
    pub fn pooled_on(&self, scale: Scale) -> Figure {
        let measured: Vec<&Estimate> = self.each.iter().filter_map(|f| f.estimate()).collect();
        if !is_most(measured.len(), self.blocks) {
            return self.unmeasured();
        }
        match measured.as_slice() {
            [one] if self.blocks == 1 => Figure::Estimate((*one).clone()),
            many if many.iter().all(|e| e.errors.is_some()) => summed(many, self.blocks),
            many => averaged(many, self.blocks, scale),
        }
    }

    /// The most frequent reason, and bounds that hold for every block.
    fn unmeasured(&self) -> Figure {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.each.iter().filter_map(|f| f.reason()) {
            *reasons.entry(reason).or_default() += 1;
        }
        let missing = self.blocks - self.each.iter().filter(|f| f.value().is_some()).count();
        let common = reasons.iter().max_by_key(|(_, count)| **count);
        let common = common.map_or("nothing was measured", |(reason, _)| reason);
        let reason = format!(
            "{common} (not measurable in {missing} of {} blocks)",
            self.blocks
        );
        let every = self.each.len() == self.blocks;
        let bound = |get: fn(&Figure) -> Option<f64>, worse: fn(f64, f64) -> f64| {
            let all: Option<Vec<f64>> = self.each.iter().map(|f| get(f)).collect();
            all.filter(|_| every)?.into_iter().reduce(worse)
        };
        let (low, high) = (bound(Figure::low, f64::min), bound(Figure::high, f64::max));
        let unit = self.each.iter().find_map(|f| match f {
            Figure::Estimate(e) => Some(e.unit.as_str()),
            Figure::NotMeasurable(none) => none.unit.as_deref(),
        });
        match (low.or(high), unit) {
            (Some(_), Some(unit)) => {
                let n = self.each.iter().map(|f| observations(f)).sum();
                Figure::without_value(low, high, unit, CONFIDENCE, n, reason)
            }
            _ => Figure::not_measurable(reason),
        }
    }
}

/// Says whether so many blocks are more than half of all.
pub(super) fn is_most(some: usize, blocks: usize) -> bool {
    2 * some > blocks
}

fn observations(figure: &Figure) -> u64 {
    match figure {
        Figure::Estimate(estimate) => estimate.n,
        Figure::NotMeasurable(none) => none.n.unwrap_or(0),
    }
}

fn summed(measured: &[&Estimate], blocks: usize) -> Figure {
    let counts: Vec<(f64, f64)> = measured
        .iter()
        .map(|e| (e.errors.unwrap_or(0) as f64, e.n as f64))
        .collect();
    let errors = measured.iter().filter_map(|e| e.errors).sum();
    let n = measured.iter().map(|e| e.n).sum();
    let factor = own_factor(measured).max(between_factor(&counts));
    let method = format!("counts of {} of {blocks} blocks together", measured.len());
    let method = if factor > 1.0 {
        format!(
            "{method}; within or between the blocks they vary {factor:.2} times as much as those of independent errors, so the interval is widened"
        )
    } else {
        method
    };
    let definition = measured[0].definition.as_str();
    if factor > 1.0 {
        error_ratio_of_dependent(errors, n, factor, &method, definition)
    } else {
        error_ratio(errors, n, &method, definition)
    }
}

/// Pools codewords: `lost` is a mean over alignments, not a whole number.
pub(super) fn lost_of(counts: &[(f64, f64)], blocks: usize, definition: &str) -> Figure {
    let (lost, n) = counts
        .iter()
        .fold((0.0, 0.0), |(k, n), c| (k + c.0, n + c.1));
    let factor = between_factor(counts);
    let (low, high) = clopper_pearson_of_mean(lost / factor, n / factor, CONFIDENCE);
    let value = lost / n;
    Figure::Estimate(Estimate {
        value,
        low: low.min(value),
        high: high.max(value),
        confidence: CONFIDENCE,
        n: n.round() as u64,
        errors: Some(lost.round() as u64),
        unit: "1".into(),
        method: format!(
            "codewords of {} of {blocks} blocks together, {lost:.2} lost on average over all alignments; Clopper-Pearson interval of {:.1} lost",
            counts.len(),
            lost / factor
        ),
        definition: definition.into(),
    })
}

/// How much less errors tell than independent ones, from the widths of the blocks' intervals;
/// the mean over the errors of at most 64 blocks, evenly spread: an exact interval of many symbols
/// takes milliseconds, and a mean of 64 is known to an eighth of what single blocks scatter.
fn own_factor(measured: &[&Estimate]) -> f64 {
    const ASKED: usize = 64;
    let (mut sum, mut errors) = (0.0, 0.0);
    for estimate in measured
        .iter()
        .step_by(measured.len().div_ceil(ASKED).max(1))
    {
        let k = estimate.errors.unwrap_or(0);
        if k == 0 || k >= estimate.n {
            continue;
        }
        let (low, high) = clopper_pearson(k, estimate.n, CONFIDENCE);
        let wider = (estimate.high - estimate.low) / (high - low);
        sum += k as f64 * (wider * wider).max(1.0);
        errors += k as f64;
    }
    // The same interval made twice differs in its last digits.
    if sum > errors * (1.0 + 1e-6) {
        sum / errors
    } else {
        1.0
    }
}

/// Variance of counts between blocks over that of independent errors, at least 1.
fn between_factor(counts: &[(f64, f64)]) -> f64 {
    let (errors, n) = counts
        .iter()
        .fold((0.0, 0.0), |(k, n), c| (k + c.0, n + c.1));
    let p = errors / n;
    if counts.len() < 2 || errors <= 0.0 || p >= 1.0 {
        return 1.0;
    }
    let squares: f64 = counts
        .iter()
        .map(|(k, n)| (k - n * p).powi(2) / (n * p * (1.0 - p)))
        .sum();
    (squares / (counts.len() - 1) as f64).max(1.0)
}

fn averaged(measured: &[&Estimate], blocks: usize, scale: Scale) -> Figure {
    type Map = fn(f64) -> f64;
    let (to, from): (Map, Map) = match scale {
        Scale::Linear => (|x| x, |x| x),
        Scale::Logarithmic => (|x| x.max(f64::MIN_POSITIVE).ln(), f64::exp),
    };
    let k = measured.len();
    let values: Vec<f64> = measured.iter().map(|e| to(e.value)).collect();
    let mean = values.iter().sum::<f64>() / k as f64;
    let (scatter, independent) = scatter(&values, mean);
    let half = |ends: Vec<f64>| {
        let own = ends.iter().zip(&values).map(|(e, v)| (e - v).powi(2));
        let own = own.sum::<f64>() / k as f64;
        let common = (own - (Z95 * scatter).powi(2)).max(0.0);
        let chance = match k {
            1 => 0.0,
            _ => student_t((independent - 1.0).max(1.0), CONFIDENCE) * scatter / independent.sqrt(),
        };
        (chance * chance + common).sqrt()
    };
    let below = half(measured.iter().map(|e| to(e.low)).collect());
    let above = half(measured.iter().map(|e| to(e.high)).collect());
    let (mut low, high) = (from(mean - below), from(mean + above));
    let mut method = format!(
        "mean of {k} of {blocks} blocks; Student's t of their scatter, and what their own intervals claim beyond it"
    );
    if low < 0.0 && measured.iter().all(|e| e.low >= 0.0) {
        low = 0.0;
        method += "; the interval ends at 0, as theirs";
    }
    let one = measured[0];
    Figure::Estimate(Estimate {
        value: from(mean),
        low,
        high,
        confidence: one.confidence,
        n: measured.iter().map(|e| e.n).sum(),
        errors: None,
        unit: one.unit.clone(),
        method: format!("{method}; a block: {}", one.method),
        definition: format!("mean over blocks of: {}", one.definition),
    })
}

/// Standard deviation of the values, and how many independent ones they are worth.
fn scatter(values: &[f64], mean: f64) -> (f64, f64) {
    /// With fewer blocks a correlation is mostly chance.
    const ENOUGH: usize = 8;
    let k = values.len() as f64;
    let power: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    if values.len() < 2 || power <= 0.0 {
        return (0.0, k);
    }
    let product: f64 = values
        .windows(2)
        .map(|v| (v[0] - mean) * (v[1] - mean))
        .sum();
    let alike = if values.len() < ENOUGH {
        0.0
    } else {
        (product / power).clamp(0.0, 0.99)
    };
    let independent = (k * (1.0 - alike) / (1.0 + alike)).max(1.0);
    ((power / (k - 1.0)).sqrt(), independent)
}

//! Fits the chain of bursts, tests it and extrapolates with it.
//!
//! The maximum-likelihood estimates of a chain are its transition counts: P(wrong | right before)
//! is onsets over right symbols, P(wrong | wrong before) continuations over wrong ones. The two are
//! independent binomials given how often the chain was in each state.
//!
//! Under the chain a gap of one has the probability a; longer ones are geometric with p. Bursts
//! are geometric with a. The wrong code symbols of a codeword follow
//! [`BurstChain::wrong_code_symbols`]. Cells of a test are merged until five are expected in each;
//! a test with too few cells says nothing.

use etalon_types::{Estimate, Figure};

use super::{DEFINITION, FIT_LEVEL, MIN_EVENTS, side_by_side};
use crate::fec::burst_chain::{BurstChain, Scheme};
use crate::measure::error_positions::SymbolErrors;
use crate::measure::statistics::{CONFIDENCE, chi_squared_tail, clopper_pearson};

/// Smallest expected count of a cell.
const MIN_EXPECTED: f64 = 5.0;
/// Cells of the test of gaps at most.
const GAP_CELLS: usize = 12;
/// Tests that share the level.
const TESTS: f64 = 4.0;

/// Extrapolates by a fitted chain; or says why not.
pub(super) fn extrapolate(
    errors: &SymbolErrors,
    line: &SymbolErrors,
    scheme: Scheme,
) -> Result<Figure, String> {
    let bursts = errors.bursts();
    let events = bursts.len() as u64;
    if events < MIN_EVENTS {
        return Err(format!(
            "{events} error events are too few to extrapolate from ({MIN_EVENTS} are needed)"
        ));
    }
    let t = errors.transitions();
    if t.from_right == 0 || t.from_wrong == 0 {
        return Err("every symbol is wrong".into());
    }
    let onset = t.onsets as f64 / t.from_right as f64;
    let continuation = t.continuations as f64 / t.from_wrong as f64;
    let chain = BurstChain::from_transitions(onset, continuation);
    let model = chain.wrong_code_symbols(scheme);
    let codewords = side_by_side(line, scheme);
    let tests = [
        ("gaps between errors", gaps(&errors.gaps(), onset)),
        ("burst lengths", burst_lengths(&bursts, continuation)),
        ("wrong symbols per codeword", histogram(&codewords, &model)),
        ("their variance", variance(&codewords, &model)),
    ];
    let (worst, chance) = tests
        .into_iter()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("", 1.0));
    if chance < FIT_LEVEL / TESTS {
        return Err(format!(
            "a chain of bursts does not describe the errors ({worst}: such a misfit has a probability of {chance:.1e})"
        ));
    }
    // Both intervals hold their truth at once with the confidence that the figure states.
    let each = CONFIDENCE.sqrt();
    let (p_low, p_high) = clopper_pearson(t.onsets, t.from_right, each);
    let (a_low, a_high) = clopper_pearson(t.continuations, t.from_wrong, each);
    let ratio = |p: f64, a: f64| BurstChain::from_transitions(p, a).codeword_error_ratio(scheme);
    let value = ratio(onset, continuation);
    let corners = [
        ratio(p_low, a_low),
        ratio(p_low, a_high),
        ratio(p_high, a_low),
        ratio(p_high, a_high),
    ];
    Ok(Figure::Estimate(Estimate {
        value,
        low: corners.iter().copied().fold(value, f64::min),
        high: corners.iter().copied().fold(value, f64::max),
        confidence: CONFIDENCE,
        n: errors.judged as u64,
        errors: Some(errors.count()),
        unit: "1".into(),
        method: format!(
            "no codeword of {} lost: extrapolated by a chain of bursts fitted to {events} events, P(wrong | wrong before) = {continuation:.3}; of four chi-squared tests the worst ({worst}) has a probability of {chance:.2}; interval from the exact ones of both transition probabilities",
            codewords.len()
        ),
        definition: DEFINITION.into(),
    }))
}

/// Chi-squared tail probability over cells (seen, expected) that are merged from the front until
/// each expects enough; 1 when too few cells are left.
fn chi_squared(cells: impl Iterator<Item = (f64, f64)>, fitted: usize) -> f64 {
    let mut merged: Vec<(f64, f64)> = vec![(0.0, 0.0)];
    for (seen, expected) in cells {
        if merged.last().is_some_and(|m| m.1 >= MIN_EXPECTED) {
            merged.push((0.0, 0.0));
        }
        if let Some(last) = merged.last_mut() {
            last.0 += seen;
            last.1 += expected;
        }
    }
    // What is left over joins the cell before it.
    if merged.len() > 1
        && let Some(&(seen, expected)) = merged.last()
        && expected < MIN_EXPECTED
    {
        merged.pop();
        if let Some(last) = merged.last_mut() {
            last.0 += seen;
            last.1 += expected;
        }
    }
    if merged.len() <= 1 + fitted {
        return 1.0;
    }
    let statistic: f64 = merged.iter().map(|(s, e)| (s - e).powi(2) / e).sum();
    chi_squared_tail(statistic, (merged.len() - 1 - fitted) as f64)
}

/// Gaps of two and more against the geometric distribution that the onset makes.
fn gaps(gaps: &[usize], onset: f64) -> f64 {
    let mut long: Vec<usize> = gaps.iter().filter(|&&g| g > 1).map(|g| g - 2).collect();
    long.sort_unstable();
    let n = long.len() as f64;
    let cells = GAP_CELLS.min((n / (2.0 * MIN_EXPECTED)) as usize);
    if cells < 3 || onset >= 1.0 {
        return 1.0;
    }
    // P(gap - 2 >= g) = (1 - p)^g; edges at its quantiles, as whole symbols.
    let stay = (-onset).ln_1p();
    let mut edges: Vec<usize> = (0..cells)
        .map(|i| ((-(i as f64) / cells as f64).ln_1p() / stay).round() as usize)
        .collect();
    edges.dedup();
    let beyond = |i: usize| {
        edges.get(i).map_or((0.0, 0.0), |&edge| {
            let seen = long.len() - long.partition_point(|&g| g < edge);
            (seen as f64, n * (edge as f64 * stay).exp())
        })
    };
    chi_squared(
        (0..edges.len()).map(|i| {
            let (here, next) = (beyond(i), beyond(i + 1));
            (here.0 - next.0, here.1 - next.1)
        }),
        1,
    )
}

/// Burst lengths against the geometric distribution that the continuation makes.
fn burst_lengths(bursts: &[usize], continuation: f64) -> f64 {
    let n = bursts.len() as f64;
    let longest = bursts.iter().copied().max().unwrap_or(1);
    let mut counts = vec![0.0; longest + 1];
    for &b in bursts {
        counts[b] += 1.0;
    }
    let cells = (1..=longest).map(|l| {
        let expected = n * continuation.powi(l as i32 - 1) * (1.0 - continuation);
        (counts[l], expected)
    });
    let beyond = (0.0, n * continuation.powi(longest as i32));
    chi_squared(cells.chain([beyond]), 1)
}

/// The histogram of wrong code symbols against the chain's. The chain was not fitted to the
/// histogram, so no degree is taken off: that refuses less often than the level says.
fn histogram(codewords: &[usize], model: &[f64]) -> f64 {
    let mut seen = vec![0.0; model.len()];
    for &c in codewords {
        seen[c.min(model.len() - 1)] += 1.0;
    }
    let n = codewords.len() as f64;
    chi_squared(seen.into_iter().zip(model.iter().map(|p| n * p)), 0)
}

/// Whether the counts of wrong code symbols vary more than the chain's: a slow swing of the error
/// ratio does that. Chi-squared with the degrees that the model's kurtosis leaves.
fn variance(codewords: &[usize], model: &[f64]) -> f64 {
    let n = codewords.len() as f64;
    if n < 3.0 {
        return 1.0;
    }
    let mean = |f: &dyn Fn(f64) -> f64| -> f64 {
        model.iter().enumerate().map(|(k, p)| p * f(k as f64)).sum()
    };
    let centre = mean(&|k| k);
    let spread = mean(&|k| (k - centre).powi(2));
    if spread <= 0.0 {
        return 1.0;
    }
    let excess = mean(&|k| (k - centre).powi(4)) / (spread * spread) - 3.0;
    let seen = codewords.iter().sum::<usize>() as f64 / n;
    let squares: f64 = codewords.iter().map(|&c| (c as f64 - seen).powi(2)).sum();
    let degrees = 2.0 / (2.0 / (n - 1.0) + excess / n);
    chi_squared_tail(squares / (n - 1.0) / spread * degrees, degrees)
}

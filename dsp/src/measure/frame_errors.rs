//! Codeword error ratio from the measured error positions.
//!
//! **Counted.** The judged symbols are cut into codewords at every alignment: each phase of the
//! code symbols on the line, each codeword of the interleaved ones, each first symbol. A code
//! symbol is wrong when one of its line symbols is; a codeword is lost when more than t are. The
//! share of lost windows is the estimate. Windows that overlap tell less than disjoint ones, so
//! the interval is Clopper-Pearson with as many codewords as fit side by side, which is safe.
//! A precoded line is judged by the same wrong decisions, put through the receiver's `1 + D`.
//!
//! **Extrapolated.** When no codeword was lost, the chain of [`crate::fec::burst_chain`] is fitted
//! to the transitions between right and wrong symbols (see `fit.rs`) and asked. That is done only
//! with [`MIN_EVENTS`] events and when four tests do not speak against the chain, at a level of
//! [`FIT_LEVEL`] together: chi-squared of the gaps, of the burst lengths, of the histogram of wrong
//! code symbols per codeword, and the variance of that histogram. Else the ratio is "not
//! measurable", and its upper bound by the codewords that were seen is given. The interval comes
//! from exact intervals of both transition probabilities: the extreme ratios at the corners of
//! the rectangle that holds both with 95 %.
//!
//! *Assumes* that the judged symbols are a fair sample of the link's time, and for the
//! extrapolation that errors beyond those seen go on by the same chain.
//! *Breaks* where errors are lost in clusters longer than a codeword: the counted interval then
//! is too narrow, as lost codewords come in clusters too.

mod fit;

use etalon_types::kp4::Precoding;
use etalon_types::kp4::framing::line_symbols_per_code_symbol;
use etalon_types::{Estimate, Figure};

use crate::fec::burst_chain::Scheme;
use crate::measure::error_positions::SymbolErrors;
use crate::measure::statistics::{CONFIDENCE, clopper_pearson, clopper_pearson_of_mean};

/// Events (bursts) below which nothing is extrapolated.
pub const MIN_EVENTS: u64 = 50;
/// Probability with which the tests refuse a chain that is the right one.
pub const FIT_LEVEL: f64 = 0.01;

/// What a code would make of the errors.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameErrors {
    /// Codewords with 0, 1, ..., t wrong code symbols and last with more: means over all
    /// alignments that sum to `codewords`.
    pub histogram: Vec<f64>,
    /// Codewords that fit side by side.
    pub codewords: u64,
    /// Share of lost codewords.
    pub ratio: Figure,
}

/// Estimates the share of codewords that a scheme would lose with these errors at the slicer.
pub fn frame_errors(errors: &SymbolErrors, scheme: Scheme) -> FrameErrors {
    let line = match scheme.precoding {
        Precoding::None => errors.clone(),
        Precoding::OneOverOnePlusD => errors.behind_precoder(),
    };
    let rounds = errors.judged / scheme.span_symbols().max(1);
    let codewords = (rounds * scheme.interleave) as u64;
    let lost_at = scheme.code.t() + 1;
    let mut histogram = vec![0.0; lost_at + 1];
    if codewords == 0 {
        let reason = format!(
            "the {} judged symbols hold no whole codeword of {} symbols",
            errors.judged,
            scheme.span_symbols()
        );
        return FrameErrors {
            histogram,
            codewords,
            ratio: Figure::not_measurable(reason),
        };
    }
    let windows = every_alignment(&line, scheme, &mut |wrong, count| {
        histogram[wrong.min(lost_at)] += count as f64;
    });
    for cell in &mut histogram {
        *cell *= codewords as f64 / windows as f64;
    }
    let ratio = if histogram[lost_at] > 0.0 {
        counted(histogram[lost_at], codewords)
    } else {
        match fit::extrapolate(errors, &line, scheme) {
            Ok(figure) => figure,
            Err(reason) => {
                let (_, bound) = clopper_pearson(0, codewords, CONFIDENCE);
                let reason = format!("no codeword of {codewords} would be lost, and {reason}");
                Figure::at_most(bound, "1", CONFIDENCE, codewords, reason)
            }
        }
    };
    FrameErrors {
        histogram,
        codewords,
        ratio,
    }
}

/// The figure of lost codewords that were seen: `lost` is a mean over alignments.
fn counted(lost: f64, codewords: u64) -> Figure {
    let (low, high) = clopper_pearson_of_mean(lost, codewords as f64, CONFIDENCE);
    // A mean over alignments that is all of them but for rounding is not above its own interval.
    let value = lost / codewords as f64;
    Figure::Estimate(Estimate {
        value,
        low: low.min(value),
        high: high.max(value),
        confidence: CONFIDENCE,
        n: codewords,
        errors: Some(lost.round() as u64),
        unit: "1".into(),
        method: format!(
            "error positions cut into codewords at every alignment, {lost:.2} lost on average; Clopper-Pearson interval of the codewords side by side"
        ),
        definition: DEFINITION.into(),
    })
}

/// What the figure means.
const DEFINITION: &str = "codewords with more wrong 10-bit symbols than the code corrects, over codewords; the loss ratio of 64-octet frames is 9/8 of it";

/// Tells `tell` how many windows have how many wrong code symbols, over all alignments, and
/// returns the number of windows.
///
/// A window slides over the code symbols of one phase and one interleaved codeword; its count
/// changes only where an error comes in or goes out.
fn every_alignment(line: &SymbolErrors, scheme: Scheme, tell: &mut impl FnMut(usize, u64)) -> u64 {
    let each = line_symbols_per_code_symbol(scheme.modulation);
    let (m, n) = (scheme.interleave, scheme.code.n());
    let mut windows = 0;
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); m];
    for phase in 0..each {
        let code_symbols = line.judged.saturating_sub(phase) / each;
        for places in &mut classes {
            places.clear();
        }
        for r in wrong_code_symbols(line, phase, each, code_symbols) {
            classes[r % m].push(r / m);
        }
        for (class, places) in classes.iter().enumerate() {
            let length = (code_symbols + m - 1 - class) / m;
            if length >= n {
                slide(places, length, n, tell);
                windows += (length - n + 1) as u64;
            }
        }
    }
    windows
}

/// Places of the wrong code symbols, in order, when the first one begins at line symbol `phase`.
fn wrong_code_symbols(
    line: &SymbolErrors,
    phase: usize,
    each: usize,
    code_symbols: usize,
) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::with_capacity(line.errors.len());
    let end = phase + code_symbols * each;
    let mut next = 0;
    for error in line.errors.iter().filter(|e| (phase..end).contains(&e.at)) {
        // In the code symbol of the error before: nothing to divide.
        if error.at >= next {
            let r = (error.at - phase) / each;
            places.push(r);
            next = phase + (r + 1) * each;
        }
    }
    places
}

/// Slides a window of `n` over `length` places and tells how many windows hold how many of the
/// marked ones.
fn slide(places: &[usize], length: usize, n: usize, tell: &mut impl FnMut(usize, u64)) {
    let last = length - n;
    let (mut start, mut entered, mut left) = (0, 0, 0);
    // A place is in windows that start at place - n + 1 to place.
    while start <= last {
        while entered < places.len() && places[entered] < start + n {
            entered += 1;
        }
        while left < places.len() && places[left] < start {
            left += 1;
        }
        let next_in = places.get(entered).map_or(usize::MAX, |&p| p + 1 - n);
        let next_out = places.get(left).map_or(usize::MAX, |&p| p + 1);
        let end = next_in.min(next_out).min(last + 1);
        tell(entered - left, (end - start) as u64);
        start = end;
    }
}

/// Counts of wrong code symbols of the codewords side by side from the first judged symbol.
fn side_by_side(line: &SymbolErrors, scheme: Scheme) -> Vec<usize> {
    let each = line_symbols_per_code_symbol(scheme.modulation);
    let (m, n) = (scheme.interleave, scheme.code.n());
    let rounds = line.judged / scheme.span_symbols();
    let mut counts = vec![0; rounds * m];
    for r in wrong_code_symbols(line, 0, each, rounds * n * m) {
        counts[r / (n * m) * m + r % m] += 1;
    }
    counts
}

#[cfg(test)]
mod tests;

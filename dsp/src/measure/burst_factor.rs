//! Whether errors come independently: variance of their counts in windows.
//!
//! ```text
//! F(W) = s^2 / (c (1 - c / W))        s^2, c: variance and mean of the error counts in windows of W
//! ```
//!
//! is 1 for independent errors and `(1 + a) / (1 - a)` for bursts with `P(wrong | wrong before) =
//! a` in windows that are long against them; under slow interference it grows with the window.
//! The *burst factor* of a report is F in windows of one KP4 codeword, or of a 32nd of the judged
//! symbols where fewer than 32 codewords fit.
//!
//! *Interval:* the variance of N counts has a relative variance of `2 / (N - 1) + k / N` with the
//! excess kurtosis k of the counts (at least 1 / c, that of independent errors), and is taken for
//! chi-squared with as many degrees. *Test:* under independence the same holds with k = 1 / c; F
//! is significant when it exceeds what chance does with a probability of [`LEVEL`], shared
//! between the windows that are tried.
//!
//! *Breaks* with few errors: below [`MIN_ERRORS`] nothing is said. Where a handful of long bursts
//! makes most errors, the kurtosis is underrated, and the interval is too narrow.

use etalon_types::kp4::Code;
use etalon_types::kp4::framing::line_symbols_per_code_symbol;
use etalon_types::{Figure, Modulation};

use crate::measure::error_positions::SymbolErrors;
use crate::measure::statistics::{CONFIDENCE, between, chi_squared_ratio, chi_squared_tail};

/// Errors below which no factor is measured.
pub const MIN_ERRORS: u64 = 20;
/// Windows that there have to be.
pub const MIN_WINDOWS: usize = 32;
/// Probability with which independent errors are taken for dependent.
pub const LEVEL: f64 = 1e-3;

/// Counts of errors in windows of one length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// Symbols of a window.
    pub window: usize,
    /// Windows.
    pub windows: usize,
    /// Mean count.
    pub mean: f64,
    /// Variance of the counts over that of independent errors.
    pub factor: f64,
    /// Excess kurtosis of the counts.
    excess: f64,
}

impl Dispersion {
    /// Counts errors in the windows of `window` symbols that fit; `None` without two windows or
    /// without an error in them.
    pub fn new(errors: &SymbolErrors, window: usize) -> Option<Self> {
        let windows = errors.judged / window.max(1);
        if windows < 2 || window == 0 {
            return None;
        }
        let counts: Vec<f64> = errors
            .errors
            .chunk_by(|a, b| a.at / window == b.at / window)
            .filter(|same| same[0].at / window < windows)
            .map(|same| same.len() as f64)
            .collect();
        let n = windows as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let empty = n - counts.len() as f64;
        let moment = |power: i32| {
            let met: f64 = counts.iter().map(|c| (c - mean).powi(power)).sum();
            met + empty * mean.powi(power)
        };
        let variance = moment(2) / (n - 1.0);
        let independent = mean * (1.0 - mean / window as f64);
        (independent > 0.0 && variance > 0.0).then(|| Self {
            window,
            windows,
            mean,
            factor: variance / independent,
            excess: moment(4) / n / (variance * variance) - 3.0,
        })
    }

    /// Degrees of freedom of the variance of N counts with an excess kurtosis.
    fn degrees(&self, excess: f64) -> f64 {
        let n = self.windows as f64;
        2.0 / (2.0 / (n - 1.0) + excess / n)
    }

    /// Returns the interval of the factor.
    pub fn interval(&self) -> (f64, f64) {
        let degrees = self.degrees(self.excess.max(1.0 / self.mean));
        let tail = (1.0 - CONFIDENCE) / 2.0;
        (
            self.factor / chi_squared_ratio(degrees, 1.0 - tail),
            self.factor / chi_squared_ratio(degrees, tail),
        )
    }

    /// Returns the probability with which independent errors have a factor this large.
    pub fn chance(&self) -> f64 {
        let degrees = self.degrees(1.0 / self.mean);
        chi_squared_tail(self.factor * degrees, degrees)
    }
}

/// Measures the burst factor, in windows of one KP4 codeword where there are enough of them.
pub fn burst_factor(errors: &SymbolErrors) -> Figure {
    if errors.count() < MIN_ERRORS {
        return Figure::not_measurable(format!(
            "{} symbol errors were counted, {MIN_ERRORS} are needed",
            errors.count()
        ));
    }
    let window = codeword(errors.modulation).min(errors.judged / MIN_WINDOWS);
    let Some(dispersion) = Dispersion::new(errors, window) else {
        return Figure::not_measurable("the errors fill every symbol or no window");
    };
    let (low, high) = dispersion.interval();
    between(
        dispersion.factor,
        low,
        high,
        dispersion.windows as u64,
        "1",
        "moments of the error counts; chi-squared interval with their kurtosis",
        &format!(
            "variance of the symbol error counts in windows of {window} symbols over that of independent errors"
        ),
    )
}

/// How much less the errors tell than as many independent ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependence {
    /// So many errors tell as much as one independent one; at least 1.
    pub factor: f64,
    /// Window in which that was seen, in symbols; 0 when errors seem independent.
    pub window: usize,
}

/// Tests for dependence in windows of 4, 16, 64, ... symbols up to a 32nd of the judged ones, and
/// returns the largest factor that is significant.
pub fn dependence(errors: &SymbolErrors) -> Dependence {
    let windows: Vec<usize> = std::iter::successors(Some(4usize), |w| w.checked_mul(4))
        .take_while(|w| w * MIN_WINDOWS <= errors.judged)
        .collect();
    let level = LEVEL / windows.len().max(1) as f64;
    let independent = Dependence {
        factor: 1.0,
        window: 0,
    };
    if errors.count() < MIN_ERRORS {
        return independent;
    }
    windows
        .iter()
        .filter_map(|&w| Dispersion::new(errors, w))
        .filter(|d| d.chance() < level)
        .map(|d| Dependence {
            factor: d.factor,
            window: d.window,
        })
        .fold(independent, |a, b| if b.factor > a.factor { b } else { a })
}

/// Line symbols of one KP4 codeword.
fn codeword(modulation: Modulation) -> usize {
    Code::KP4.n() * line_symbols_per_code_symbol(modulation)
}

#[cfg(test)]
mod tests;

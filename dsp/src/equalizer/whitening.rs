//! Noise whitening: what a linear equalizer did to the noise is undone, at the price of a short
//! known channel.
//!
//! An equalizer that inverts a channel amplifies the noise where the channel is weak; its error
//! `e(k) = y(k) - v(d(k))` is then correlated from symbol to symbol. The best one-step
//! prediction of it from its past leaves
//!
//! ```text
//! n(k) = e(k) + a1 e(k-1) + ... + am e(k-m)
//! ```
//!
//! which is white, and smaller than `e`. The same filter over the equalizer's output makes
//! `y'(k) = v(d(k)) + a1 v(d(k-1)) + ... + am v(d(k-m)) + n(k)`: the channel `1 + a1 D + ... +
//! am D^m` with white noise, which is what [`super::mlse`] wants.
//!
//! The coefficients solve the normal equations of linear prediction, `sum_j a(j) r(i - j) =
//! -r(i)`, by Levinson's recursion (N. Levinson, J. Math. Phys. 25 (1947) 261; J. Durbin, Rev.
//! Inst. Int. Stat. 28 (1960) 233), which gives the variance for every order on its way. For the
//! use before a Viterbi detector: P. Chevillat and E. Eleftheriou, IEEE Trans. Commun. 37 (1989)
//! 669 (noise-predictive detection).
//!
//! *Assumes* an error that is stationary and independent of the symbols. *Breaks* when residual
//! interference dominates the error: it is predictable from the symbols, not from its own past.

/// Longest filter.
pub const MAX_ORDER: usize = 3;
/// A longer filter must lower the noise by this (0.05 dB) to be worth four times the states.
const WORTH: f64 = 1.0116;
/// Errors for every lag of the autocorrelation that make an estimate worth having.
const ERRORS_PER_LAG: usize = 100;

/// A monic prediction-error filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    /// `a1 ..= am`; the filter is `1 + a1 D + ... + am D^m`.
    pub coefficients: Vec<f64>,
    /// Variance of the error behind the filters of order 0, 1, ... [`MAX_ORDER`], as predicted
    /// from the autocorrelation, in the unit of the samples squared.
    pub variances: Vec<f64>,
    /// Errors behind the estimate.
    pub symbols: usize,
}

impl Whitening {
    /// Fits the filter of the order that pays: the shortest, from 1 on, whose predicted noise is
    /// within 0.05 dB of the longest's.
    ///
    /// `errors` are equalizer output minus level on training symbols, in their order. `None` for
    /// fewer than 100 errors a lag, for errors that are not finite and for no error at all.
    pub fn fit(errors: &[f32]) -> Option<Self> {
        let correlation = autocorrelation(errors)?;
        let (filters, variances) = levinson(&correlation)?;
        let order = (1..=MAX_ORDER).find(|&m| variances[m] <= WORTH * variances[MAX_ORDER])?;
        Some(Self {
            coefficients: filters[order].clone(),
            variances,
            symbols: errors.len(),
        })
    }

    /// Fits the filter of an order, 1 to [`MAX_ORDER`]. `None` also for another order.
    pub fn with_order(errors: &[f32], order: usize) -> Option<Self> {
        let correlation = autocorrelation(errors)?;
        let (filters, variances) = levinson(&correlation)?;
        let coefficients = filters.get(order).filter(|_| order > 0)?.clone();
        Some(Self {
            coefficients,
            variances,
            symbols: errors.len(),
        })
    }

    /// Returns the order `m`, the memory of the channel that the filter makes.
    pub fn order(&self) -> usize {
        self.coefficients.len()
    }

    /// Returns by how much the filter lowers the noise, in dB: what an ideal decision feedback
    /// gains; maximum-likelihood detection gains at least that.
    pub fn gain_db(&self) -> f64 {
        10.0 * (self.variances[0] / self.variances[self.order()]).log10()
    }

    /// Returns the channel that the filter makes, `1, a1, ..., am`.
    pub fn channel(&self) -> Vec<f64> {
        let mut channel = vec![1.0];
        channel.extend(&self.coefficients);
        channel
    }

    /// Filters the equalizer's output; what came before the first sample counts as that sample.
    pub fn apply(&self, samples: &[f32]) -> Vec<f32> {
        let first = samples.first().copied().unwrap_or(0.0);
        (0..samples.len())
            .map(|k| {
                self.coefficients
                    .iter()
                    .enumerate()
                    .fold(samples[k], |sum, (j, &a)| {
                        let past = k.checked_sub(j + 1).map_or(first, |i| samples[i]);
                        sum + a as f32 * past
                    })
            })
            .collect()
    }
}

/// Autocorrelation of the errors about their mean at lags 0 to [`MAX_ORDER`], with the divisor
/// `n` at every lag, which keeps the matrix positive definite.
fn autocorrelation(errors: &[f32]) -> Option<Vec<f64>> {
    let n = errors.len();
    if n < ERRORS_PER_LAG * (MAX_ORDER + 1) {
        return None;
    }
    let mean = errors.iter().map(|&e| f64::from(e)).sum::<f64>() / n as f64;
    let centred: Vec<f64> = errors.iter().map(|&e| f64::from(e) - mean).collect();
    let correlation: Vec<f64> = (0..=MAX_ORDER)
        .map(|lag| {
            let sum: f64 = centred
                .iter()
                .zip(&centred[lag..])
                .map(|(a, b)| a * b)
                .sum();
            sum / n as f64
        })
        .collect();
    (correlation[0] > 0.0 && correlation[0].is_finite()).then_some(correlation)
}

/// Prediction-error filters of order 0 to the last lag, and their variances.
fn levinson(correlation: &[f64]) -> Option<(Vec<Vec<f64>>, Vec<f64>)> {
    let mut filters = vec![vec![]];
    let mut variances = vec![correlation[0]];
    for order in 1..correlation.len() {
        let last: &Vec<f64> = filters.last()?;
        let variance = *variances.last()?;
        let sum: f64 = last
            .iter()
            .enumerate()
            .map(|(j, a)| a * correlation[order - 1 - j])
            .sum();
        let reflection = -(correlation[order] + sum) / variance;
        let mut next: Vec<f64> = (0..order - 1)
            .map(|j| last[j] + reflection * last[order - 2 - j])
            .collect();
        next.push(reflection);
        let left = variance * (1.0 - reflection * reflection);
        if !(left > 0.0 && left.is_finite()) {
            return None;
        }
        filters.push(next);
        variances.push(left);
    }
    Some((filters, variances))
}

#[cfg(test)]
mod tests;

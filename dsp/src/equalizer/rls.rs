//! Recursive least squares.
//!
//! ```text
//! g = P u / (l + u' P u)
//! w <- w + g e
//! P <- (P - g u' P) / l
//! ```
//!
//! Minimizes `sum_j l^(k-j) e(j)^2` at every symbol, for `taps^2` operations each (Haykin, Adaptive
//! Filter Theory, chapter on RLS). `P` starts as the identity over `delta`, so that the result is
//! that of least squares with a ridge of `delta l^k`. With forgetting `l` below one the excess
//! error is about `(1 - l) / (1 + l)` times the number of coefficients.
//!
//! *Assumes* input that excites every direction. *Breaks* without: with `l < 1` and a direction
//! without power, `P` grows until it is no number; the result is then refused. `P` is kept
//! symmetric, so that rounding does not make it indefinite.

use crate::equalizer::adaptive::{Adapted, Refusal, Rule, Signal, Start, dot, mean_square, run};

/// Settings of recursive least squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Forgetting factor `l`; 1 forgets nothing.
    pub forgetting: f64,
    /// Ridge `delta` as a share of the samples' power: how much the start counts.
    pub ridge: f64,
    /// Coefficients at the first symbol.
    pub start: Start,
}

impl Default for Settings {
    /// A memory of 10,000 symbols and a start that counts as a hundredth of a symbol.
    fn default() -> Self {
        Self {
            forgetting: 0.9999,
            ridge: 0.01,
            start: Start::CentreSpike,
        }
    }
}

/// Equalizes a signal, solving least squares anew after every symbol.
///
/// # Errors
/// A [`Refusal`]: of the signal, of a ridge that is not positive, of a forgetting factor above one
/// or so low that the excess error would be as large as the minimum, or of a result that did not
/// converge.
pub fn adapt(signal: &Signal, settings: &Settings) -> Result<Adapted, Refusal> {
    let power = signal.check()?;
    let w = signal.start(&settings.start, power)?;
    let size = w.len();
    // (1 - l) / (1 + l) size < 1.
    let lowest = (size as f64 - 1.0) / (size as f64 + 1.0);
    if !(settings.forgetting > lowest && settings.forgetting <= 1.0) {
        return Err(Refusal::Setting {
            setting: "forgetting",
            expected: format!("above {lowest:.4} and at most 1"),
            found: settings.forgetting,
        });
    }
    if !(settings.ridge > 0.0 && settings.ridge.is_finite()) {
        return Err(Refusal::Setting {
            setting: "ridge",
            expected: "a positive number".into(),
            found: settings.ridge,
        });
    }
    let delta = settings.ridge * mean_square(signal.samples, signal.offset);
    let mut inverse = vec![0.0; size * size];
    (0..size).for_each(|i| inverse[i * size + i] = 1.0 / delta);
    let rule = Rls {
        forgetting: settings.forgetting,
        inverse,
        product: vec![0.0; size],
        w,
    };
    run(signal, rule)
}

struct Rls {
    forgetting: f64,
    /// `P`, row by row.
    inverse: Vec<f64>,
    /// `P u`.
    product: Vec<f64>,
    w: Vec<f64>,
}

impl Rule for Rls {
    fn coefficients(&self) -> &[f64] {
        &self.w
    }

    fn correct(&mut self, u: &[f64], error: f64) {
        let size = u.len();
        for (p, row) in self.product.iter_mut().zip(self.inverse.chunks(size)) {
            *p = dot(row, u);
        }
        let gain = 1.0 / (self.forgetting + dot(&self.product, u));
        for (w, p) in self.w.iter_mut().zip(&self.product) {
            *w += gain * error * p;
        }
        let scale = 1.0 / self.forgetting;
        for (row, p) in self.inverse.chunks_mut(size).zip(&self.product) {
            // A product of two numbers is the same in either order: symmetry stays exact.
            for (value, q) in row.iter_mut().zip(&self.product) {
                *value = (*value - gain * (p * q)) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests;

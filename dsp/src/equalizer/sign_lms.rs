//! Sign-error least mean squares.
//!
//! ```text
//! w(k+1) = w(k) + mu sign(e(k)) u(k)
//! ```
//!
//! Only the sign of the error is used, as in hardware; it minimizes the mean *absolute* error. The
//! taps cannot run away, but they never rest: the mean absolute error ends within `mu tr R / 2` of
//! its minimum (Gersho, IEEE Trans. Inf. Theory 30 (1984) 191). A step whose bound is half the
//! distance from a level to its threshold is refused: its own jitter would make errors.
//!
//! *Assumes*, as all of this kind, known symbols until the eye is open. *Breaks* by slowness: far
//! from the optimum a large error corrects no more than a small one.

use crate::equalizer::adaptive::{Adapted, Refusal, Rule, Signal, Start, Step, run};

/// Settings of sign-error least mean squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Step `mu`, in levels over the samples' power.
    pub step: Step,
    /// Coefficients at the first symbol.
    pub start: Start,
}

impl Default for Settings {
    /// A hundredth of the bound: the mean absolute error is raised by at most half a percent of
    /// the distance from a level to its threshold.
    fn default() -> Self {
        Self {
            step: Step::OfBound(0.01),
            start: Start::CentreSpike,
        }
    }
}

/// Returns the step at which the jitter of the taps may raise the mean absolute error by half the
/// distance from a level to its threshold.
pub fn step_bound(signal: &Signal) -> f64 {
    signal.levels.half_spacing() / signal.trace().max(f64::MIN_POSITIVE)
}

/// Equalizes a signal, correcting after every symbol by the sign of its error.
///
/// # Errors
/// A [`Refusal`]: of the signal, of a step of [`step_bound`] or more, or of a result that did not
/// converge.
pub fn adapt(signal: &Signal, settings: &Settings) -> Result<Adapted, Refusal> {
    let power = signal.check()?;
    let rule = SignLms {
        step: settings.step.within(step_bound(signal))?,
        w: signal.start(&settings.start, power)?,
    };
    run(signal, rule)
}

struct SignLms {
    step: f64,
    w: Vec<f64>,
}

impl Rule for SignLms {
    fn coefficients(&self) -> &[f64] {
        &self.w
    }

    fn correct(&mut self, u: &[f64], error: f64) {
        // No correction for no error: `signum` of zero is one.
        let gain = if error == 0.0 {
            0.0
        } else {
            self.step * error.signum()
        };
        self.w.iter_mut().zip(u).for_each(|(w, u)| *w += gain * u);
    }
}

#[cfg(test)]
mod tests;

//! Block least mean squares.
//!
//! ```text
//! w(b+1) = w(b) + mu sum over the block of e(k) u(k)
//! ```
//!
//! The taps stand still within a block of `B` symbols and are corrected by the sum over it (Clark,
//! Mitra and Parker, IEEE Trans. Circuits Syst. 28 (1981) 584). The same step learns as fast as
//! symbol by symbol, and the block can be filtered at once; the price is a bound `B` times lower,
//! `mu = 2 / (3 B tr R)`, and a correction that comes up to `B` symbols late.
//!
//! *Assumes* a channel that stands still over a block. *Breaks* with feedback only in that the
//! feedback taps, not the decisions, are late.

use crate::equalizer::adaptive::{Adapted, Refusal, Rule, Signal, Start, Step, run};

/// Settings of block least mean squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Step `mu` of every symbol's error, in the inverse of the samples' power.
    pub step: Step,
    /// Symbols in a block.
    pub block: usize,
    /// Coefficients at the first symbol.
    pub start: Start,
}

impl Default for Settings {
    /// Blocks of 16, half of the bound: the excess error is about 1 %.
    fn default() -> Self {
        Self {
            step: Step::OfBound(0.5),
            block: 16,
            start: Start::CentreSpike,
        }
    }
}

/// Equalizes a signal, correcting after every block.
///
/// # Errors
/// A [`Refusal`]: of the signal, of a block without symbols, of a step of `2 / (3 B tr R)` or
/// more, or of a result that did not converge.
pub fn adapt(signal: &Signal, settings: &Settings) -> Result<Adapted, Refusal> {
    let power = signal.check()?;
    if settings.block == 0 {
        return Err(Refusal::Shape {
            expected: "at least one symbol in a block",
            found: 0,
        });
    }
    let w = signal.start(&settings.start, power)?;
    let bound = signal.step_bound() / settings.block as f64;
    let rule = BlockLms {
        step: settings.step.within(bound)?,
        block: settings.block,
        gradient: vec![0.0; w.len()],
        summed: 0,
        w,
    };
    run(signal, rule)
}

struct BlockLms {
    step: f64,
    block: usize,
    gradient: Vec<f64>,
    summed: usize,
    w: Vec<f64>,
}

impl Rule for BlockLms {
    fn coefficients(&self) -> &[f64] {
        &self.w
    }

    fn correct(&mut self, u: &[f64], error: f64) {
        self.gradient
            .iter_mut()
            .zip(u)
            .for_each(|(g, u)| *g += error * u);
        self.summed += 1;
        if self.summed == self.block {
            self.w
                .iter_mut()
                .zip(&mut self.gradient)
                .for_each(|(w, g)| *w += self.step * std::mem::take(g));
            self.summed = 0;
        }
    }
}

#[cfg(test)]
mod tests;

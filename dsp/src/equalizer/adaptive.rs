//! What adaptive equalizers share: the signal, the levels, the walk over the symbols, the result.
//!
//! Every algorithm here filters with coefficients `w(k)` and corrects them by the error:
//!
//! ```text
//! y(k) = m + w(k)' u(k)            u(k) = [x(s k - c) ... x(s k - c + n - 1), d(k-1) ... d(k-f)]
//! e(k) = d(k) - y(k)               w(k+1) = w(k) + (what the algorithm makes of e(k) and u(k))
//! ```
//!
//! with `x` the samples less their offset, `d` the level of the symbol, `m` the mean of the levels
//! (fed-back symbols count from it too), `s` the samples a symbol and `c` the tap at the decision
//! instant. While symbols are known, they are `d`; afterwards the decisions are.
//!
//! *Breaks* when the decisions that follow the training are mostly wrong: the taps then follow
//! their own errors. An error that stays above half the variance of the levels is a
//! [`Refusal::NotConverged`], never a result.

mod levels;
mod refusal;

pub use levels::Levels;
pub use refusal::Refusal;

use crate::equalizer::Equalizer;
use crate::equalizer::least_squares::{Fit, Shape};
use crate::measure::statistics::sum_of;

/// Symbols over which one value of the mean-square error is averaged.
pub const MSE_BLOCK: usize = 1024;

/// Known symbols that each coefficient needs: with ten, least squares is within a tenth of its
/// own optimum, and no adaptive rule is better than that.
pub const SYMBOLS_A_COEFFICIENT: usize = 10;

/// What is equalized.
#[derive(Clone, Copy, Debug)]
pub struct Signal<'a> {
    /// Samples, `shape.spacing` a symbol; symbol `k` is decided at sample `spacing * k`.
    pub samples: &'a [f32],
    /// Known symbols, from symbol 0 on; what follows is decided.
    pub known: &'a [u8],
    /// Levels of the output.
    pub levels: &'a Levels,
    /// Taps, spacing and feedback.
    pub shape: Shape,
    /// Offset that is taken off every sample (their mean, as a rule); samples beyond the ends of
    /// the capture count as it.
    pub offset: f32,
}

impl Signal<'_> {
    /// Returns the number of symbols that have samples.
    pub fn symbols(&self) -> usize {
        self.samples.len() / self.shape.spacing.max(1)
    }

    /// Returns the number of symbols that train.
    pub fn trained(&self) -> usize {
        self.known.len().min(self.symbols())
    }

    /// Returns the trace of the correlation matrix of what is filtered: taps times the power of
    /// the samples, and the power of the symbols that are fed back.
    pub fn trace(&self) -> f64 {
        self.trace_at(mean_square(self.samples, self.offset))
    }

    fn trace_at(&self, power: f64) -> f64 {
        self.shape.taps as f64 * power + self.shape.feedback as f64 * self.levels.variance()
    }

    /// Returns the largest step of least mean squares that is called stable, `2 / (3 tr R)`
    /// (Feuer and Weinstein, IEEE Trans. ASSP 33 (1985) 222: above it the mean-square error may
    /// grow without bound although the mean of the taps converges).
    pub fn step_bound(&self) -> f64 {
        2.0 / (3.0 * self.trace().max(f64::MIN_POSITIVE))
    }

    /// [`Signal::step_bound`] at a known power of the samples.
    pub(crate) fn step_bound_at(&self, power: f64) -> f64 {
        2.0 / (3.0 * self.trace_at(power).max(f64::MIN_POSITIVE))
    }

    /// Refuses what cannot be equalized; returns the power of the samples.
    pub(crate) fn check(&self) -> Result<f64, Refusal> {
        if !matches!(self.shape.spacing, 1 | 2) {
            return Err(Refusal::Shape {
                expected: "1 or 2 samples a symbol",
                found: self.shape.spacing,
            });
        }
        if self.shape.taps == 0 {
            return Err(Refusal::Shape {
                expected: "at least one tap",
                found: 0,
            });
        }
        let power = check_samples(self.samples, self.offset)?;
        check_known(self.known, self.levels.values().len())?;
        let needed = SYMBOLS_A_COEFFICIENT * (self.shape.taps + self.shape.feedback);
        if self.trained() < needed {
            return Err(Refusal::TooFewSymbols {
                needed,
                found: self.trained(),
            });
        }
        Ok(power)
    }

    /// Returns the coefficients to start with: taps, then feedback; `power` is that of the samples.
    pub(crate) fn start(&self, start: &Start, power: f64) -> Result<Vec<f64>, Refusal> {
        let size = self.shape.taps + self.shape.feedback;
        match start {
            Start::CentreSpike => {
                let mut w = vec![0.0; size];
                w[self.shape.centre()] = (self.levels.variance() / power).sqrt();
                Ok(w)
            }
            Start::Coefficients(given) if given.len() == size => Ok(given.clone()),
            Start::Coefficients(given) => Err(Refusal::Shape {
                expected: "as many coefficients as taps and feedback together",
                found: given.len(),
            }),
        }
    }
}

/// Refuses samples that are no numbers or do not move; returns their power.
pub(crate) fn check_samples(samples: &[f32], offset: f32) -> Result<f64, Refusal> {
    let power = mean_square(samples, offset);
    // Squares of finite numbers of single precision have a finite sum.
    if !power.is_finite()
        && let Some(index) = samples.iter().position(|x| !x.is_finite())
    {
        let found = samples[index];
        return Err(Refusal::NotFinite { index, found });
    }
    if power > 0.0 {
        Ok(power)
    } else {
        Err(Refusal::Constant { found: offset })
    }
}

/// Refuses known symbols beyond the levels.
pub(crate) fn check_known(known: &[u8], levels: usize) -> Result<(), Refusal> {
    match known.iter().position(|&s| usize::from(s) >= levels) {
        Some(index) => Err(Refusal::Symbol {
            index,
            levels,
            found: known[index],
        }),
        None => Ok(()),
    }
}

pub(crate) fn mean_square(samples: &[f32], offset: f32) -> f64 {
    let square = |x: f32| (f64::from(x) - f64::from(offset)).powi(2);
    sum_of(samples, square) / samples.len().max(1) as f64
}

/// Coefficients at the first symbol.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// All zero but the tap at the decision instant, which brings the samples to the power of the
    /// levels.
    CentreSpike,
    /// Given: taps, earliest sample first, then feedback, nearest symbol first (it is added).
    Coefficients(Vec<f64>),
}

/// Step of the correction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// In the unit of the algorithm's formula.
    Is(f64),
    /// As a share of the bound that the algorithm states; below 1.
    OfBound(f64),
}

impl Step {
    /// Returns the step, or refuses it when it is not within (0, bound).
    pub(crate) fn within(self, bound: f64) -> Result<f64, Refusal> {
        let found = match self {
            Self::Is(step) => step,
            Self::OfBound(share) => share * bound,
        };
        if found > 0.0 && found < bound {
            Ok(found)
        } else {
            Err(Refusal::Unstable { bound, found })
        }
    }
}

/// What an adaptive equalizer leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted {
    /// Tap spacing and counts.
    pub shape: Shape,
    /// Taps at the end, earliest sample first.
    pub taps: Vec<f64>,
    /// Feedback at the end, nearest symbol first, in output units a unit of level; it is added.
    pub feedback: Vec<f64>,
    /// Offset that was taken off the samples.
    pub offset: f32,
    /// Output for every symbol, in the unit of the levels.
    pub output: Vec<f32>,
    /// Decision for every symbol, the training ones too.
    pub decided: Vec<u8>,
    /// Mean-square error over every [`MSE_BLOCK`] symbols: from the known symbols while there
    /// are any, from the decisions afterwards. The last block may be shorter.
    pub mse: Vec<f64>,
    /// Symbols that trained.
    pub trained: usize,
    /// Half the mean level spacing.
    pub half_spacing: f64,
}

impl Adapted {
    /// Freezes the taps at the end into an equalizer in the unit of the samples.
    ///
    /// Levels that are not evenly spaced are fed back as if they were.
    pub fn equalizer(&self) -> Equalizer {
        let fit = Fit {
            taps: self.taps.clone(),
            feedback: self
                .feedback
                .iter()
                .map(|f| f * self.half_spacing)
                .collect(),
            bias: 0.0,
        };
        Equalizer::from_fit(&fit, self.shape, self.offset)
    }
}

/// How an algorithm corrects its coefficients.
pub(crate) trait Rule {
    /// Returns taps and feedback.
    fn coefficients(&self) -> &[f64];
    /// Corrects them by the error of one symbol.
    fn correct(&mut self, u: &[f64], error: f64);
}

/// Walks over the symbols of a checked signal.
pub(crate) fn run(signal: &Signal, mut rule: impl Rule) -> Result<Adapted, Refusal> {
    let Shape {
        spacing,
        taps,
        feedback,
    } = signal.shape;
    let (mean, symbols, trained) = (signal.levels.mean(), signal.symbols(), signal.trained());
    let padded = padded(signal);
    let mut u = vec![0.0; taps + feedback];
    let mut output = Vec::with_capacity(symbols);
    let mut decided = Vec::with_capacity(symbols);
    let mut squares = vec![0.0; symbols.div_ceil(MSE_BLOCK)];
    for k in 0..symbols {
        u[..taps].copy_from_slice(&padded[spacing * k..spacing * k + taps]);
        let y = mean + dot(rule.coefficients(), &u);
        let decision = signal.levels.decide(y);
        let symbol = if k < trained {
            signal.known[k]
        } else {
            decision
        };
        let wanted = signal.levels.values()[usize::from(symbol)];
        rule.correct(&u, wanted - y);
        if feedback > 0 {
            u.copy_within(taps..taps + feedback - 1, taps + 1);
            u[taps] = wanted - mean;
        }
        squares[k / MSE_BLOCK] += (wanted - y).powi(2);
        output.push(y as f32);
        decided.push(decision);
    }
    finish(signal, rule.coefficients(), output, decided, &squares)
}

/// Makes the result of what came out, or refuses it; `squares` are sums of squared errors over
/// [`MSE_BLOCK`] symbols.
pub(crate) fn finish(
    signal: &Signal,
    w: &[f64],
    output: Vec<f32>,
    decided: Vec<u8>,
    squares: &[f64],
) -> Result<Adapted, Refusal> {
    let (symbols, trained, taps) = (output.len(), signal.trained(), signal.shape.taps);
    let mse = mean_squares(squares, symbols);
    converged(&mse, trained, signal.levels)?;
    Ok(Adapted {
        shape: signal.shape,
        taps: w[..taps].to_vec(),
        feedback: w[taps..].to_vec(),
        offset: signal.offset,
        output,
        decided,
        mse,
        trained,
        half_spacing: signal.levels.half_spacing(),
    })
}

/// Means of sums over [`MSE_BLOCK`] symbols each, of which the last has what is left.
pub(crate) fn mean_squares(sums: &[f64], symbols: usize) -> Vec<f64> {
    let count = |b: usize| (symbols - b * MSE_BLOCK).min(MSE_BLOCK) as f64;
    sums.iter()
        .enumerate()
        .map(|(b, sum)| sum / count(b))
        .collect()
}

/// Refuses an error above half the variance of the levels, where the training ends and at the end.
/// (After the training the error of wrong decisions is small by itself, so the training tells
/// more.)
pub(crate) fn converged(mse: &[f64], trained: usize, levels: &Levels) -> Result<(), Refusal> {
    let limit = 0.5 * levels.variance();
    let last_known = (trained / MSE_BLOCK).saturating_sub(1);
    for found in mse.get(last_known).into_iter().chain(mse.last()).copied() {
        if found.is_nan() || found > limit {
            return Err(Refusal::NotConverged { limit, found });
        }
    }
    Ok(())
}

/// Samples less their offset, with zeros beyond the ends.
fn padded(signal: &Signal) -> Vec<f64> {
    let offset = f64::from(signal.offset);
    let mut x = vec![0.0; signal.shape.centre()];
    x.extend(signal.samples.iter().map(|&x| f64::from(x) - offset));
    x.resize(x.len() + signal.shape.taps, 0.0);
    x
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums break the chain of additions, so that the adders overlap.
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4
        .remainder()
        .iter()
        .zip(b4.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a4.zip(b4) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests;

//! The trellis of a short channel: which noise-free sample belongs to which run of symbols.
//!
//! A channel of memory `m` turns the symbols `d(k), d(k-1), ..., d(k-m)` into one value,
//!
//! ```text
//! x(k) = b + h0 v(d(k)) + h1 v(d(k-1)) + ... + hm v(d(k-m))
//! ```
//!
//! A [`Trellis`] is the table of these values for every context of `m + 1` symbols. Nothing that
//! reads it asks where the table came from, so a channel that is no sum (levels that bend, a
//! modulator that remembers) is detected as well as one that is.
//!
//! [`ContextMeans`] takes the table from known symbols: count, mean and spread of the samples of
//! every context. A [`ChannelModel`] says how much of it is believed. *Linear* has one tap per
//! delay and evenly spaced levels; *additive* has an own value for every level at every delay,
//! which holds for unequal levels; *table* takes the mean of each context as it is. More freedom
//! costs more symbols: a mean over `n` samples has the noise variance over `n`.
//!
//! *Breaks* when a context does not occur (short or periodic patterns: the additive model is
//! singular, the table has holes) and when the channel is longer than `m + 1` symbols: the rest
//! counts as noise.

use std::ops::Range;

use crate::equalizer::least_squares::cholesky_solve;
use crate::slicer::nominal;

/// Longest memory that a trellis may have: 64 states on four levels.
pub const MAX_MEMORY: usize = 3;

/// Why there is no trellis.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrellisError {
    /// Only two and four levels have a trellis here.
    #[error("levels: expected 2 or 4, found {found}")]
    Levels {
        /// Levels that were asked for.
        found: usize,
    },
    /// The memory is out of range.
    #[error("memory: expected 1 to {MAX_MEMORY} symbols, found {found}")]
    Memory {
        /// Symbols of memory that were asked for.
        found: usize,
    },
    /// The table has the wrong length.
    #[error("branch values: expected {expected}, found {found}")]
    Values {
        /// Contexts of `memory + 1` symbols.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A value is infinite or not a number, or all are the same.
    #[error("branch values: expected finite values that differ, found {found}")]
    Degenerate {
        /// The offending value.
        found: f32,
    },
    /// Too few training symbols.
    #[error("training symbols: expected at least {expected}, found {found}")]
    TooFew {
        /// Symbols needed.
        expected: usize,
        /// Symbols there.
        found: usize,
    },
    /// A training symbol is beyond the levels.
    #[error("training symbols: expected 0 to {expected}, found {found}")]
    Symbol {
        /// The highest symbol that there is.
        expected: u8,
        /// The offending symbol.
        found: u8,
    },
    /// The training symbols do not excite the channel: a level or a context is missing.
    #[error(
        "training symbols: expected every context of {expected} symbols, found {found} contexts"
    )]
    NotExciting {
        /// Contexts of `memory + 1` symbols.
        expected: usize,
        /// Contexts that occur.
        found: usize,
    },
}

/// Noise-free samples of every run of symbols.
///
/// A *context* is the number whose digits to the base `levels` are `d(k), d(k-1), ..., d(k-m)`,
/// newest first. A *state* is a context without its newest symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct Trellis {
    levels: usize,
    memory: usize,
    values: Vec<f32>,
}

impl Trellis {
    /// Takes the table as it is.
    ///
    /// # Errors
    /// Levels other than 2 and 4, a memory outside 1 to [`MAX_MEMORY`], a table that has not
    /// `levels^(memory + 1)` values, values that are not finite or all the same.
    pub fn from_values(
        levels: usize,
        memory: usize,
        values: Vec<f32>,
    ) -> Result<Self, TrellisError> {
        let expected = contexts(levels, memory)?;
        if values.len() != expected {
            return Err(TrellisError::Values {
                expected,
                found: values.len(),
            });
        }
        if let Some(&found) = values.iter().find(|v| !v.is_finite()) {
            return Err(TrellisError::Degenerate { found });
        }
        if values.iter().all(|&v| v == values[0]) {
            return Err(TrellisError::Degenerate { found: values[0] });
        }
        Ok(Self {
            levels,
            memory,
            values,
        })
    }

    /// Computes the table of a linear channel: `taps` are `h0 ..= hm`, `level_values` the value
    /// of each symbol (unequal spacing is fine), `bias` the constant.
    ///
    /// # Errors
    /// As [`Self::from_values`].
    pub fn from_channel(
        level_values: &[f64],
        taps: &[f64],
        bias: f64,
    ) -> Result<Self, TrellisError> {
        let levels = level_values.len();
        let memory = taps.len().saturating_sub(1);
        let values = (0..contexts(levels, memory)?)
            .map(|c| {
                let sum: f64 = taps
                    .iter()
                    .enumerate()
                    .map(|(j, h)| h * level_values[digit(c, levels, memory, j)])
                    .sum();
                (bias + sum) as f32
            })
            .collect();
        Self::from_values(levels, memory, values)
    }

    /// Returns the number of levels, 2 or 4.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Returns the channel's memory in symbols.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Returns the number of states, `levels^memory`.
    pub fn states(&self) -> usize {
        self.levels.pow(self.memory as u32)
    }

    /// Returns the noise-free sample of every context.
    ///
    /// The branches into state `n` are the contexts `n * levels + o`, where `o` is the oldest
    /// symbol, which drops out; such a branch comes from state
    /// `(n % (states / levels)) * levels + o`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the lowest and the highest noise-free sample.
    pub fn span(&self) -> (f32, f32) {
        self.values
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), &v| {
                (low.min(v), high.max(v))
            })
    }
}

/// Number of contexts of `memory + 1` symbols; checks both.
fn contexts(levels: usize, memory: usize) -> Result<usize, TrellisError> {
    if levels != 2 && levels != 4 {
        return Err(TrellisError::Levels { found: levels });
    }
    if !(1..=MAX_MEMORY).contains(&memory) {
        return Err(TrellisError::Memory { found: memory });
    }
    Ok(levels.pow(memory as u32 + 1))
}

/// Symbol `d(k - j)` of a context.
fn digit(context: usize, levels: usize, memory: usize, j: usize) -> usize {
    context / levels.pow((memory - j) as u32) % levels
}

/// How the table is taken from the samples of known symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelModel {
    /// One tap per delay, evenly spaced levels: `m + 2` unknowns.
    Linear,
    /// A value for every level at every delay: `(m + 1) (levels - 1) + 1` unknowns.
    Additive,
    /// The mean of every context: `levels^(m + 1)` unknowns.
    Table,
}

/// Count, mean and spread of the samples of every context.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextMeans {
    levels: usize,
    memory: usize,
    counts: Vec<f64>,
    means: Vec<f64>,
    spread: f64,
}

/// A channel fitted to samples of known symbols.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedChannel {
    /// Its trellis.
    pub trellis: Trellis,
    /// Mean square distance of the samples from the trellis, in their unit squared: noise, and
    /// interference that the memory does not reach.
    pub noise_variance: f64,
    /// Symbols that were used.
    pub symbols: usize,
}

/// Training symbols for every unknown of a model: the table's own noise then adds at most this
/// share, 1/10, to the noise variance.
const SYMBOLS_PER_UNKNOWN: usize = 10;

impl ContextMeans {
    /// Sorts samples by the symbols that led to them. Sample `k` belongs to `symbols[k]`; only
    /// those in `range` count, but for the first `memory` symbols of the capture, whose past is
    /// not known.
    ///
    /// # Errors
    /// Levels and memory as [`Trellis::from_values`]; too few symbols for the means to be worth
    /// anything; a symbol beyond the levels.
    pub fn new(
        samples: &[f32],
        symbols: &[u8],
        range: Range<usize>,
        levels: usize,
        memory: usize,
    ) -> Result<Self, TrellisError> {
        let size = contexts(levels, memory)?;
        let last = range.end.min(samples.len()).min(symbols.len());
        let first = range.start.max(memory).min(last);
        let known = &symbols[first - memory.min(first)..last];
        if let Some(&found) = known.iter().find(|&&s| usize::from(s) >= levels) {
            let expected = levels as u8 - 1;
            return Err(TrellisError::Symbol { expected, found });
        }
        let mut context = 0;
        for &s in &known[..known.len() - (last - first)] {
            context = (context * levels + usize::from(s)) % size;
        }
        // The digits come oldest first; contexts have the newest first.
        let newest_first: Vec<usize> = (0..size).map(|c| reversed(c, levels, memory)).collect();
        let (mut counts, mut sums, mut squares) = (vec![0.0; size], vec![0.0; size], 0.0);
        let pivot = samples.get(first).copied().map_or(0.0, f64::from);
        for (&y, &s) in samples[first..last].iter().zip(&symbols[first..last]) {
            context = (context * levels + usize::from(s)) % size;
            let y = f64::from(y) - pivot;
            counts[context] += 1.0;
            sums[context] += y;
            squares += y * y;
        }
        let found = last - first;
        let expected = SYMBOLS_PER_UNKNOWN * (memory + 2);
        if found < expected {
            return Err(TrellisError::TooFew { expected, found });
        }
        let by_context = |v: &[f64]| -> Vec<f64> { newest_first.iter().map(|&c| v[c]).collect() };
        let (counts, sums) = (by_context(&counts), by_context(&sums));
        let explained: f64 = sums
            .iter()
            .zip(&counts)
            .filter(|c| *c.1 > 0.0)
            .map(|(s, n)| s * s / n)
            .sum();
        let means = sums
            .iter()
            .zip(&counts)
            .map(|(s, n)| pivot + s / n.max(1.0))
            .collect();
        Ok(Self {
            levels,
            memory,
            counts,
            means,
            spread: (squares - explained).max(0.0),
        })
    }

    /// Fits a model.
    ///
    /// # Errors
    /// Too few symbols for its unknowns; contexts missing.
    pub fn fit(&self, model: ChannelModel) -> Result<FittedChannel, TrellisError> {
        let total: f64 = self.counts.iter().sum();
        let unknowns = match model {
            ChannelModel::Linear => self.memory + 2,
            ChannelModel::Additive => (self.memory + 1) * (self.levels - 1) + 1,
            ChannelModel::Table => self.counts.len(),
        };
        let (expected, found) = (SYMBOLS_PER_UNKNOWN * unknowns, total as usize);
        if found < expected {
            return Err(TrellisError::TooFew { expected, found });
        }
        let values = match model {
            ChannelModel::Table => {
                if self.counts.contains(&0.0) {
                    return Err(self.not_exciting());
                }
                self.means.clone()
            }
            _ => self.regress(model, unknowns)?,
        };
        let misfit: f64 = values
            .iter()
            .zip(&self.means)
            .zip(&self.counts)
            .map(|((x, m), n)| n * (x - m).powi(2))
            .sum();
        let table = values.iter().map(|&v| v as f32).collect();
        Ok(FittedChannel {
            trellis: Trellis::from_values(self.levels, self.memory, table)?,
            noise_variance: (self.spread + misfit) / (total - unknowns as f64).max(1.0),
            symbols: found,
        })
    }

    /// Least squares on the means, each weighted by its count: the same solution as on the
    /// samples themselves.
    fn regress(&self, model: ChannelModel, unknowns: usize) -> Result<Vec<f64>, TrellisError> {
        let rows: Vec<Vec<f64>> = (0..self.counts.len())
            .map(|c| self.row(c, model, unknowns))
            .collect();
        let mut gram = vec![0.0; unknowns * unknowns];
        let mut rhs = vec![0.0; unknowns];
        for ((row, n), mean) in rows.iter().zip(&self.counts).zip(&self.means) {
            for i in 0..unknowns {
                rhs[i] += n * row[i] * mean;
                for j in 0..unknowns {
                    gram[i * unknowns + j] += n * row[i] * row[j];
                }
            }
        }
        // Singular up to rounding is singular: a pivot of 1e-9 of its diagonal is none.
        let ridge = 1e-9;
        (0..unknowns).for_each(|i| gram[i * unknowns + i] *= 1.0 - ridge);
        let solution =
            cholesky_solve(&mut gram, &rhs, unknowns).ok_or_else(|| self.not_exciting())?;
        Ok(rows
            .iter()
            .map(|row| row.iter().zip(&solution).map(|(r, x)| r * x).sum())
            .collect())
    }

    /// What multiplies each unknown in a context.
    fn row(&self, context: usize, model: ChannelModel, unknowns: usize) -> Vec<f64> {
        let mut row = vec![0.0; unknowns];
        row[unknowns - 1] = 1.0;
        for j in 0..=self.memory {
            let symbol = digit(context, self.levels, self.memory, j);
            match model {
                ChannelModel::Linear => row[j] = nominal(self.levels, symbol as u8),
                // The lowest level is the reference of its delay.
                _ if symbol > 0 => row[j * (self.levels - 1) + symbol - 1] = 1.0,
                _ => {}
            }
        }
        row
    }

    fn not_exciting(&self) -> TrellisError {
        TrellisError::NotExciting {
            expected: self.counts.len(),
            found: self.counts.iter().filter(|&&n| n > 0.0).count(),
        }
    }
}

/// A context with its digits in the other order.
fn reversed(context: usize, levels: usize, memory: usize) -> usize {
    (0..=memory).fold(0, |r, j| {
        r * levels + digit(context, levels, memory, memory - j)
    })
}

#[cfg(test)]
mod tests;

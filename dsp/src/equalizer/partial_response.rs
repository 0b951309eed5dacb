//! A forward equalizer that leaves a short channel on purpose, for sequence detection.
//!
//! Inverting a channel with a deep null amplifies the noise there. A detector that copes with a
//! short channel needs no inverse: the forward taps only have to reach a target `1 + g1 D + ... +
//! gm D^m` that resembles the channel. Two ways lead there:
//!
//! * **target**: taps and target together by least squares,
//!   `min sum_k ( sum_i w(i) x(s k + i - c) - d(k) - sum_j g(j) d(k-j) )^2`, which is the same
//!   problem as forward taps with decision feedback `-g` (first coefficient fixed at one; J. Moon
//!   and W. Zeng, IEEE Trans. Magn. 31 (1995) 1083). With enough taps the error is white;
//! * **whitened**: taps that aim at the symbol alone, then [`Whitening`] of what they leave. Its
//!   target comes from the noise and not from the channel; it costs `m` more multiplications a
//!   symbol and needs no new fit when only the noise changed.
//!
//! Either way the branch values are then taken from the shaped training samples
//! ([`ContextMeans`]), so that unequal levels are told as they are.
//!
//! *Assumes* known training symbols. *Breaks* as its parts do: singular fits when the pattern
//! does not excite the channel, a floor of errors when the channel is longer than target and taps
//! can shape.

use std::ops::Range;

use crate::equalizer::Equalizer;
use crate::equalizer::least_squares::{self, Shape};
use crate::equalizer::trellis::{
    ChannelModel, ContextMeans, FittedChannel, MAX_MEMORY, TrellisError,
};
use crate::equalizer::whitening::Whitening;
use crate::measure::channel::high_pass;
use crate::slicer::{Slicer, nominal};

/// More memory must raise the signal-to-noise ratio by this (0.05 dB) to be worth four times the
/// states.
const WORTH: f64 = 1.0116;

/// Training symbols for every tap: fewer, and the taps fit the noise.
const SYMBOLS_PER_TAP: usize = 10;

/// Samples whose symbols are known.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// Samples, `spacing` a symbol; symbol `k` is decided at sample `spacing * k`.
    pub samples: &'a [f32],
    /// Samples per symbol, 1 or 2.
    pub spacing: usize,
    /// The symbol of every instant; those outside `training` do not train.
    pub sent: &'a [u8],
    /// Levels, 2 or 4.
    pub levels: usize,
    /// Symbols that train.
    pub training: Range<usize>,
    /// What a sample beyond the ends counts as.
    pub pad: f32,
}

/// How the forward part reaches its short channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shaping {
    /// Taps and target fitted together.
    Target,
    /// Taps that aim at the symbol, then a whitening filter.
    Whitened,
}

/// How much memory the detector is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// So many symbols, 1 to [`MAX_MEMORY`].
    Is(usize),
    /// As few as leave the predicted noise within 0.05 dB of the most.
    Auto,
}

/// Why a partial-response equalizer could not be trained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapingError {
    /// The normal equations of the forward taps are singular.
    #[error(
        "forward taps: expected samples that determine {expected} taps (10 symbols each), found too few or flat ones"
    )]
    Taps {
        /// Taps that were to be fitted.
        expected: usize,
    },
    /// The error cannot be whitened: too few training symbols or no error at all.
    #[error("whitening: expected noise on enough training symbols, found {found} symbols")]
    Whitening {
        /// Training symbols there.
        found: usize,
    },
    /// The shaped channel has no trellis.
    #[error(transparent)]
    Trellis(#[from] TrellisError),
}

/// A forward equalizer with the short channel that it leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialResponse {
    /// Forward taps.
    pub equalizer: Equalizer,
    /// The filter behind them, when the shaping is by whitening.
    pub whitening: Option<Whitening>,
    /// The short channel, from the shaped training samples.
    pub channel: FittedChannel,
    /// Signal-to-noise ratio at the main cursor, linear: that of ideal decision feedback. Taken
    /// on the training symbols.
    pub main_cursor_snr: f64,
    /// Why this much memory.
    pub why: String,
}

impl PartialResponse {
    /// Fits forward taps, short channel and noise on the training symbols.
    ///
    /// # Errors
    /// See [`ShapingError`]; a memory out of range is an error of the trellis.
    pub fn train(
        known: &Known,
        taps: usize,
        shaping: Shaping,
        memory: Memory,
    ) -> Result<Self, ShapingError> {
        known.check(taps)?;
        match (shaping, memory) {
            (Shaping::Target, Memory::Is(m)) => {
                let mut shaped = known.targeted(taps, m)?;
                shaped.why = format!("memory {m}: asked for");
                Ok(shaped)
            }
            (Shaping::Target, Memory::Auto) => known.targeted_by_noise(taps),
            (Shaping::Whitened, memory) => known.whitened(taps, memory),
        }
    }

    /// Returns the memory of the short channel.
    pub fn memory(&self) -> usize {
        self.channel.trellis.memory()
    }

    /// Shapes samples: one a symbol comes out, ready for the detector.
    pub fn shape(&self, samples: &[f32]) -> Vec<f32> {
        let forward = self.equalizer.feed_forward(samples);
        match &self.whitening {
            Some(filter) => filter.apply(&forward),
            None => forward,
        }
    }
}

impl Known<'_> {
    /// Looks at what would make a fit meaningless or impossible.
    fn check(&self, taps: usize) -> Result<(), ShapingError> {
        if self.levels != 2 && self.levels != 4 {
            return Err(TrellisError::Levels { found: self.levels }.into());
        }
        let highest = self.levels as u8 - 1;
        if let Some(&found) = self.sent.iter().find(|&&s| s > highest) {
            let expected = highest;
            return Err(TrellisError::Symbol { expected, found }.into());
        }
        let enough = self.range().len() >= SYMBOLS_PER_TAP * (taps + MAX_MEMORY);
        if taps == 0 || self.spacing == 0 || !enough {
            return Err(ShapingError::Taps { expected: taps });
        }
        Ok(())
    }

    /// Symbols of the capture for which both sample and sent symbol are there.
    fn range(&self) -> Range<usize> {
        let end = (self.samples.len() / self.spacing.max(1))
            .min(self.sent.len())
            .min(self.training.end);
        self.training.start.min(end)..end
    }

    /// Forward taps with so many symbols of feedback, which become the target.
    fn forward(&self, taps: usize, feedback: usize) -> Result<Equalizer, ShapingError> {
        let range = self.range();
        let shape = Shape {
            spacing: self.spacing,
            taps,
            feedback,
        };
        // Slow beats are taken off both sides, as in `train`: a long filter would else become a
        // notch at zero frequency.
        let nominal: Vec<f32> = self.sent[..range.end]
            .iter()
            .map(|&s| nominal(self.levels, s) as f32)
            .collect();
        let targets = high_pass(&nominal, 1);
        let samples = high_pass(self.samples, self.spacing);
        let error = ShapingError::Taps { expected: taps };
        let fit = least_squares::fit(&samples, &targets, range, shape, 0.0).ok_or(error)?;
        let mut equalizer = Equalizer::from_fit(&fit, shape, self.pad);
        // The target is the detector's business; nothing is fed back.
        equalizer.shape.feedback = 0;
        equalizer.feedback.clear();
        Ok(equalizer)
    }

    /// Taps and target together.
    fn targeted(&self, taps: usize, memory: usize) -> Result<PartialResponse, ShapingError> {
        let equalizer = self.forward(taps, memory)?;
        let shaped = equalizer.feed_forward(self.samples);
        self.finish(equalizer, None, &shaped, memory)
    }

    /// The least memory whose signal-to-noise ratio is within 0.05 dB of the best.
    fn targeted_by_noise(&self, taps: usize) -> Result<PartialResponse, ShapingError> {
        let tried: Vec<PartialResponse> = (1..=MAX_MEMORY)
            .map(|m| self.targeted(taps, m))
            .collect::<Result<_, _>>()?;
        let snr: Vec<f64> = tried.iter().map(|t| t.main_cursor_snr).collect();
        let best = snr.iter().copied().fold(0.0, f64::max);
        let chosen = snr.iter().position(|s| s * WORTH >= best).unwrap_or(0);
        let listed: Vec<String> = snr
            .iter()
            .map(|s| format!("{:.2}", 10.0 * s.log10()))
            .collect();
        let why = format!(
            "memory {} of 1, 2, 3: {} dB at the main cursor, training symbols",
            chosen + 1,
            listed.join(", ")
        );
        let mut response = tried
            .into_iter()
            .nth(chosen)
            .ok_or(ShapingError::Taps { expected: taps })?;
        response.why = why;
        Ok(response)
    }

    /// Taps that aim at the symbol, then whitening.
    fn whitened(&self, taps: usize, memory: Memory) -> Result<PartialResponse, ShapingError> {
        let equalizer = self.forward(taps, 0)?;
        let range = self.range();
        let forward = equalizer.feed_forward(self.samples);
        let (output, sent) = (&forward[range.clone()], &self.sent[range.clone()]);
        let slicer = Slicer::from_symbols(output, sent, self.levels);
        let errors: Vec<f32> = output
            .iter()
            .zip(sent)
            .map(|(&y, &s)| y - slicer.means[s as usize] as f32)
            .collect();
        let whitening = match memory {
            Memory::Is(m) if !(1..=MAX_MEMORY).contains(&m) => {
                return Err(TrellisError::Memory { found: m }.into());
            }
            Memory::Is(m) => Whitening::with_order(&errors, m),
            Memory::Auto => Whitening::fit(&errors),
        }
        .ok_or(ShapingError::Whitening { found: range.len() })?;
        let shaped = whitening.apply(&forward);
        let order = whitening.order();
        let gain = format!(
            "memory {order}: {:.2} dB less noise at the slicer is predicted, {:.2} dB with memory {MAX_MEMORY}",
            whitening.gain_db(),
            10.0 * (whitening.variances[0] / whitening.variances[MAX_MEMORY]).log10()
        );
        let mut response = self.finish(equalizer, Some(whitening), &shaped, order)?;
        response.why = gain;
        Ok(response)
    }

    /// Takes branch values and noise from the shaped training samples.
    fn finish(
        &self,
        equalizer: Equalizer,
        whitening: Option<Whitening>,
        shaped: &[f32],
        memory: usize,
    ) -> Result<PartialResponse, ShapingError> {
        let means = ContextMeans::new(shaped, self.sent, self.range(), self.levels, memory)?;
        let channel = match means.fit(ChannelModel::Additive) {
            // A pattern with few contexts still determines one tap per delay.
            Err(_) => means.fit(ChannelModel::Linear)?,
            Ok(channel) => channel,
        };
        let main_cursor_snr = main_cursor_snr(&channel);
        Ok(PartialResponse {
            equalizer,
            whitening,
            channel,
            main_cursor_snr,
            why: String::new(),
        })
    }
}

/// Variance of the newest symbol's share of the samples over the noise variance.
fn main_cursor_snr(channel: &FittedChannel) -> f64 {
    let (levels, values) = (channel.trellis.levels(), channel.trellis.values());
    let states = channel.trellis.states();
    let means: Vec<f64> = values
        .chunks(states)
        .map(|v| v.iter().map(|&x| f64::from(x)).sum::<f64>() / states as f64)
        .collect();
    let mean = means.iter().sum::<f64>() / levels as f64;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / levels as f64;
    variance / channel.noise_variance.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;

//! Cancellation: takes the beat of the interference out of the samples and decides again.
//!
//! ```text
//! y(t) = P(d(t)) + c(t) g(t) sqrt(P(d(t))) + n(t)
//! ```
//!
//! with `c` the slow beat, `2 sqrt(m) cos(psi(t))`. [`block_tracker`] takes `g = 1`, so that the
//! data of the interferer stay in as noise. [`delay_aware`] knows the delay from the reflectogram
//! and takes `g(t) = sqrt(P(d(t - tau)))`. [`high_pass`] takes off a moving mean, for comparison.
//! [`suppression`] tells what is left of the interferer.
//!
//! *Source*: decision-directed block estimates (science.md, script t6; mpi-methods.md section 3).
//! US 11,258,518 and US 9,246,587 exist near the first structure. Every canceller here is a
//! separate, optional stage: nothing else in the receiver calls one.
//!
//! *Measured* (this module's tests; ER 6 dB, 500 ns, thermal noise for a bit error ratio of 1e-6
//! without interference, 26.5625 GBd): with so much more interference than the plain slicer bears
//! at KP4's 2.4e-4, the bit error ratio is
//!
//! | linewidth | tracker | delay-aware |
//! |---|---|---|
//! | 0.1 MHz | +10 dB: 1.3e-4 | +14 dB: 2.9e-5 |
//! | 1 MHz | +10 dB: 1.0e-4 | +13 dB: 2.6e-5 |
//! | 10 MHz | +9 dB: 1.6e-4 | +10.5 dB: 1.4e-4 |
//!
//! The delay-aware figures leave out the first delay of a capture, whose past is not known.
//! At -24 dB and 1 MHz: 9.7e-3 before, 1.5e-5 and 2.9e-6 after.
//!
//! *Assumes* optical power above the zero level, one equalized sample a symbol, nominal levels
//! (not levels with a standing beat in them), aligned polarizations, one path that dominates.
//!
//! *Breaks* when the beat turns within a block (linewidth well above 10 MHz at 26.5625 GBd), when
//! the eye is shut so far that most decisions are wrong, and with an AC-coupled receiver, whose
//! power above zero is not known. Other slow wander (hum, laser noise) is partly taken out as if
//! it were a beat: this stage lowers errors, it does not say where they come from.

pub mod block_tracker;
pub mod delay_aware;
pub mod high_pass;
pub mod suppression;
mod walk;
mod wiener;

use thiserror::Error;

use crate::slicer::Slicer;

/// What a canceller works on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Equalized samples, one a symbol, as optical power above the zero level.
    pub power: &'a [f32],
    /// Levels, lowest first, zero level taken off; two or four of them.
    pub slicer: &'a Slicer,
    /// Symbol rate in baud.
    pub baud_hz: f64,
    /// Linewidth in hertz, from which the block length is chosen.
    pub linewidth_hz: f64,
    /// Delay of the interferer in symbols, when it was found; fractions of a symbol count.
    pub delay: Option<f64>,
}

/// Which canceller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Decision-directed beat of each block, [`block_tracker`].
    BlockTracker,
    /// The interferer rebuilt from the decisions a delay ago, [`delay_aware`].
    DelayAware,
    /// A moving mean taken off, [`high_pass`].
    HighPass,
}

/// Whether anything was taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// The beat was taken out, weighted by this gain between 0 and 1.
    Subtracted {
        /// Wiener gain `S / (S + N)`; 1 for the high-pass.
        gain: f64,
    },
    /// No beat was significant: samples as they came, the slicer's own decisions.
    Bypassed,
}

/// What a canceller gives back.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancelled {
    /// Decisions, one a symbol.
    pub symbols: Vec<u8>,
    /// Samples without the beat, in the unit of the input.
    pub samples: Vec<f32>,
    /// Symbols in a block, or in the moving mean.
    pub block: usize,
    /// What was done.
    pub action: Action,
}

/// Why a canceller does not run.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Fewer symbols than the statistics need.
    #[error("at least {expected} symbols are needed, found {found}")]
    TooShort {
        /// Fewest symbols.
        expected: usize,
        /// Symbols given.
        found: usize,
    },
    /// Levels that are not two or four, not finite or not ascending, or none above zero.
    #[error("expected 2 or 4 ascending levels with thresholds between them, found {found:?}")]
    Levels {
        /// Level means given.
        found: Vec<f64>,
    },
    /// A sample that is no number.
    #[error("sample {index} is {found}, expected a finite power")]
    Sample {
        /// Position of the first such sample.
        index: usize,
        /// The sample.
        found: f32,
    },
    /// A symbol rate or linewidth that is none.
    #[error(
        "expected a positive symbol rate and linewidth, found {baud_hz} Bd and {linewidth_hz} Hz"
    )]
    Rates {
        /// Symbol rate given.
        baud_hz: f64,
        /// Linewidth given.
        linewidth_hz: f64,
    },
    /// No delay, or one outside of the capture.
    #[error("expected a delay of 1 to {longest} symbols, found {found:?}")]
    Delay {
        /// Longest delay that leaves half of the capture.
        longest: usize,
        /// Delay given.
        found: Option<f64>,
    },
}

/// Fewest symbols: 64 blocks of 64 for the power of the beat.
pub const MIN_SYMBOLS: usize = 4096;

/// Runs a canceller.
///
/// # Errors
///
/// A [`Refusal`] for input that cannot be worked on.
pub fn cancel(input: &Input, method: Method) -> Result<Cancelled, Refusal> {
    match method {
        Method::BlockTracker => block_tracker::cancel(input),
        Method::DelayAware => delay_aware::cancel(input),
        Method::HighPass => high_pass::cancel(input),
    }
}

/// Checks what every canceller needs.
fn check(input: &Input) -> Result<(), Refusal> {
    let found = input.power.len();
    if found < MIN_SYMBOLS {
        return Err(Refusal::TooShort {
            expected: MIN_SYMBOLS,
            found,
        });
    }
    let means = &input.slicer.means;
    let whole = matches!(means.len(), 2 | 4)
        && means.iter().all(|m| m.is_finite())
        && means.windows(2).all(|m| m[0] < m[1])
        && means[means.len() - 1] > 0.0
        && input.slicer.thresholds.len() + 1 == means.len();
    if !whole {
        return Err(Refusal::Levels {
            found: means.clone(),
        });
    }
    let positive = |x: f64| x.is_finite() && x > 0.0;
    if !positive(input.baud_hz) || !positive(input.linewidth_hz) {
        return Err(Refusal::Rates {
            baud_hz: input.baud_hz,
            linewidth_hz: input.linewidth_hz,
        });
    }
    match input.power.iter().position(|y| !y.is_finite()) {
        Some(index) => Err(Refusal::Sample {
            index,
            found: input.power[index],
        }),
        None => Ok(()),
    }
}

/// Symbols in a block for a linewidth: `longest` up to 1 MHz at 26.5625 GBd, `shortest` from
/// 10 MHz on, in between the power of two nearest to the power law through both. The simulated
/// optima at the three linewidths, where errors begin to matter, are 64/64/16 and, with the delay
/// known, 64/64/8; weaker beats get longer blocks ([`wiener`]).
fn block_length(input: &Input, longest: usize, shortest: usize) -> usize {
    // 1 MHz and 10 MHz at 26.5625 GBd.
    const SLOW: f64 = 1e6 / 26.562_5e9;
    let decades = (input.linewidth_hz / input.baud_hz / SLOW)
        .log10()
        .clamp(0.0, 1.0);
    let octaves = (longest as f64 / shortest as f64).log2();
    longest >> (decades * octaves).round() as u32
}

/// The input as it came, decided by the slicer.
fn bypass(input: &Input, block: usize) -> Cancelled {
    Cancelled {
        symbols: input.slicer.decide_all(input.power),
        samples: input.power.to_vec(),
        block,
        action: Action::Bypassed,
    }
}

#[cfg(test)]
mod tests;

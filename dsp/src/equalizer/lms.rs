//! Least mean squares.
//!
//! ```text
//! w(k+1) = w(k) + mu e(k) u(k)
//! ```
//!
//! (Widrow and Hoff, IRE WESCON Conv. Rec. 4 (1960) 96). Stable in the mean square below
//! `mu = 2 / (3 tr R)`, with `R` the correlation matrix of `u`; the excess error over the least
//! squares minimum is about `mu tr R / (2 - mu tr R)` for small steps and independent input. Windows that
//! overlap are not independent: simulation finds up to a third more.
//!
//! *Assumes* that the channel changes slowly against `1 / (mu lambda)` symbols for the smallest
//! eigenvalue that matters. *Breaks* when that eigenvalue is tiny: a deep notch in the channel
//! takes longer to learn than a capture lasts; see [`rls`](crate::equalizer::rls).

use crate::equalizer::adaptive::{
    Adapted, MSE_BLOCK, Refusal, Rule, Signal, Start, Step, converged, finish, mean_squares, run,
};
use crate::kernels;
use crate::kernels::lms_exact::{self, MAX_TAPS, Outputs};

/// Settings of least mean squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Step `mu`, in the inverse of the samples' power.
    pub step: Step,
    /// Coefficients at the first symbol.
    pub start: Start,
}

impl Default for Settings {
    /// A twenty-fifth of the stability bound: the excess error is about 1.3 %.
    fn default() -> Self {
        Self {
            step: Step::OfBound(0.04),
            start: Start::CentreSpike,
        }
    }
}

/// Equalizes a signal, correcting after every symbol.
///
/// # Errors
/// A [`Refusal`]: of the signal, of a step of `2 / (3 tr R)` or more, or of a result that did not
/// converge.
///
/// # Example
/// ```
/// use etalon_dsp::equalizer::adaptive::{Levels, Signal};
/// use etalon_dsp::equalizer::{least_squares::Shape, lms};
///
/// let sent: Vec<u8> = (0..4000u32).map(|k| (k * k % 7 % 2) as u8).collect();
/// let level = |k: usize| 2.0 * f32::from(sent[k]) - 1.0;
/// // Every symbol leaves a third of itself in the next.
/// let samples: Vec<f32> =
///     (0..4000).map(|k| level(k) + if k > 0 { level(k - 1) / 3.0 } else { 0.0 }).collect();
/// let signal = Signal {
///     samples: &samples,
///     known: &sent[..2000],
///     levels: &Levels::nominal(2)?,
///     shape: Shape { spacing: 1, taps: 7, feedback: 0 },
///     offset: 0.0,
/// };
/// let adapted = lms::adapt(&signal, &lms::Settings::default())?;
/// assert_eq!(adapted.decided[2000..], sent[2000..]);
/// # Ok::<(), etalon_dsp::equalizer::adaptive::Refusal>(())
/// ```
pub fn adapt(signal: &Signal, settings: &Settings) -> Result<Adapted, Refusal> {
    let power = signal.check()?;
    let step = settings.step.within(signal.step_bound_at(power))?;
    let w = signal.start(&settings.start, power)?;
    if !is_for_kernel(signal) {
        return run(signal, Lms { step, w });
    }
    let mut output = vec![0.0; signal.symbols()];
    let (w, decided, squares) = feed_forward(signal, step, power, w, &mut output);
    finish(signal, &w, output, decided, &squares)
}

/// Decides a signal as [`adapt`] does, and keeps nothing else.
///
/// # Errors
/// As [`adapt`].
pub fn decide(signal: &Signal, settings: &Settings) -> Result<Vec<u8>, Refusal> {
    if !is_for_kernel(signal) {
        return adapt(signal, settings).map(|adapted| adapted.decided);
    }
    let power = signal.check()?;
    let step = settings.step.within(signal.step_bound_at(power))?;
    let w = signal.start(&settings.start, power)?;
    let (_, decided, squares) = feed_forward(signal, step, power, w, &mut []);
    let mse = mean_squares(&squares, decided.len());
    converged(&mse, signal.trained(), signal.levels)?;
    Ok(decided)
}

/// The kernel knows no feedback.
fn is_for_kernel(signal: &Signal) -> bool {
    signal.shape.feedback == 0 && signal.shape.taps <= MAX_TAPS
}

/// The kernel: taps at the end, decisions, sums of squared errors by blocks.
fn feed_forward(
    signal: &Signal,
    step: f64,
    power: f64,
    mut w: Vec<f64>,
    output: &mut [f32],
) -> (Vec<f64>, Vec<u8>, Vec<f64>) {
    const { assert!(MSE_BLOCK == lms_exact::BLOCK) };
    let symbols = signal.symbols();
    let settings = lms_exact::Settings {
        spacing: signal.shape.spacing,
        centre: signal.shape.centre(),
        step,
        slices: signal.levels.slices(),
        bias: signal.levels.mean() as f32,
        offset: signal.offset,
        size: power.sqrt(),
    };
    let mut decided = vec![0; symbols];
    let mut squares = vec![0.0; symbols.div_ceil(MSE_BLOCK)];
    lms_exact::lms_exact(
        kernels::level(),
        signal.samples,
        &signal.known[..signal.trained()],
        &settings,
        &mut w,
        &mut Outputs {
            output,
            decided: &mut decided,
            squares: &mut squares,
        },
    );
    (w, decided, squares)
}

struct Lms {
    step: f64,
    w: Vec<f64>,
}

impl Rule for Lms {
    fn coefficients(&self) -> &[f64] {
        &self.w
    }

    fn correct(&mut self, u: &[f64], error: f64) {
        let gain = self.step * error;
        self.w.iter_mut().zip(u).for_each(|(w, u)| *w += gain * u);
    }
}

#[cfg(test)]
mod tests;

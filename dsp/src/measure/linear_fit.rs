//! The linear fit pulse of a pattern waveform, by least squares over whole periods.
//!
//! ```text
//! x(M k + p) = x0 + sum_j h(M j + p) a(k - j) + e(M k + p)        j = -before .. after
//! ```
//!
//! with `a` the symbols as -1, -ES, ES and 1. The pattern goes around, so the sums are circular:
//! means come off exactly (one a phase, so `x0` may differ between them), the normal matrix is the symbols' correlation alone and is the same
//! for all phases.
//!
//! *Source:* IEEE 802.3 85.8.3.3.5 and 94.3.12.5.2; 120D.3.1.3 takes 200 symbols with PRBS13Q (as
//! remembered). *Assumes* a linear transmitter: what is not linear is in the error. *Breaks* with
//! a pattern shorter than a few pulses, whose shifts are no longer independent.

use crate::equalizer::least_squares::cholesky_solve;
use crate::kernels::{self, correlation::correlate};

use super::pattern_waveform::PatternWaveform;

/// Symbols of the pulse before its own, `Dp`.
pub const BEFORE: usize = 2;
/// Symbols of the pulse, `Np`.
pub const SYMBOLS: usize = 200;

/// A fitted pulse.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearFit {
    /// The pulse, `per_symbol` samples a symbol, from [`BEFORE`] symbols before the instant of
    /// its own on, in the unit of the samples for a symbol of 1.
    pub pulse: Vec<f64>,
    /// Mean square of what the fit leaves of the averaged periods, in that unit squared,
    /// corrected for the values that were fitted.
    pub error_power: f64,
}

impl LinearFit {
    /// Fits the pulse to the mean of all periods; `None` when the pattern is shorter than four
    /// pulses or its shifts are not independent.
    ///
    /// # Shapes
    /// `values` are the symbols' nominal values, lowest first, from -1 to 1.
    pub fn new(wave: &PatternWaveform, values: [f64; 4]) -> Option<Self> {
        let averaged = wave.averaged();
        let (n, per_symbol) = (wave.symbols().len(), wave.per_symbol());
        if n < 4 * SYMBOLS {
            return None;
        }
        let mut drive: Vec<f64> = wave
            .symbols()
            .iter()
            .map(|&s| values[usize::from(s)])
            .collect();
        let mut samples: Vec<f64> = averaged
            .from_origin()
            .iter()
            .map(|&x| f64::from(x))
            .collect();
        take_mean_off(&mut drive, 1);
        // The mean of a phase also holds the symbols' mean through that phase of the pulse.
        take_mean_off(&mut samples, per_symbol);
        let auto = circular(&drive, &drive, 1, 0, SYMBOLS);
        let cross = circular(&drive, &samples, per_symbol, BEFORE, SYMBOLS * per_symbol);
        let matrix: Vec<f64> = (0..SYMBOLS * SYMBOLS)
            .map(|i| auto[(i / SYMBOLS).abs_diff(i % SYMBOLS)])
            .collect();
        let mut pulse = vec![0.0; SYMBOLS * per_symbol];
        let mut explained = 0.0;
        for phase in 0..per_symbol {
            let of_phase: Vec<f64> = cross[phase..].iter().step_by(per_symbol).copied().collect();
            let h = cholesky_solve(&mut matrix.clone(), &of_phase, SYMBOLS)?;
            for (j, (h, c)) in h.iter().zip(&of_phase).enumerate() {
                pulse[j * per_symbol + phase] = *h;
                explained += h * c;
            }
        }
        let total: f64 = samples.iter().map(|x| x * x).sum();
        let free = ((n - SYMBOLS - 1) * per_symbol) as f64;
        Some(Self {
            pulse,
            error_power: ((total - explained) / free).max(0.0),
        })
    }

    /// Returns the peak of the pulse, `pmax`.
    pub fn peak(&self) -> f64 {
        self.pulse.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Takes the mean of each phase off.
fn take_mean_off(x: &mut [f64], phases: usize) {
    for phase in 0..phases {
        let values = x[phase..].iter().step_by(phases);
        let mean = values.clone().sum::<f64>() / values.len().max(1) as f64;
        x[phase..]
            .iter_mut()
            .step_by(phases)
            .for_each(|x| *x -= mean);
    }
}

/// `c(i) = sum over k of drive(k) samples(spacing (k - before) + i)`, going around.
fn circular(
    drive: &[f64],
    samples: &[f64],
    spacing: usize,
    before: usize,
    outputs: usize,
) -> Vec<f64> {
    let n = samples.len();
    let start = n - spacing * before;
    let around: Vec<f64> = (0..n + outputs).map(|i| samples[(start + i) % n]).collect();
    let mut out = vec![0.0; outputs];
    correlate(kernels::level(), drive, &around, spacing, &mut out);
    out
}

#[cfg(test)]
mod tests;

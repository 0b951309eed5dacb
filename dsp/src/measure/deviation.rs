//! A measured channel against the response that it should have.
//!
//! ```text
//! r(f) = H_found(f) / (H_given(f) P(f)),   f from 1 / span to half the symbol rate
//! ```
//!
//! with `P` the shape of a symbol. The capture knows neither the transmitter's swing nor when it
//! began, so a constant gain (the mean of `r` in decibels) and a delay (the slope of its phase)
//! are taken out and told apart. What is left is the deviation: in decibels the largest and the
//! root mean square, and in rad the root mean square.
//!
//! Frequencies below one over the span are left out: the fit cannot tell them apart, and slow
//! content was filtered off before it. A channel that is longer than the span, and everything
//! else that transmitter and receiver do, counts as deviation.

use std::f64::consts::{PI, TAU};

use etalon_types::FrequencyResponse;

use super::channel::Channel;

/// What a transmitted symbol looks like before the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolShape {
    /// So short that all frequencies are in it alike.
    Impulse,
    /// Constant over a symbol: `sin(pi f) / (pi f)`.
    Rectangle,
    /// Constant over a symbol in a signal of so many samples a symbol, as in a simulation:
    /// `sin(pi f) / (K sin(pi f / K))`, 0.2 dB above the rectangle at half the symbol rate for 4.
    Held {
        /// Samples a symbol.
        samples: usize,
    },
}

impl SymbolShape {
    /// Returns the gain at a frequency given in symbol rates.
    pub fn gain(self, frequency: f64) -> f64 {
        let x = PI * frequency;
        if x.abs() < 1e-9 {
            return 1.0;
        }
        match self {
            Self::Impulse => 1.0,
            Self::Rectangle => x.sin() / x,
            Self::Held { samples } => {
                let k = samples.max(1) as f64;
                x.sin() / (k * (x / k).sin())
            }
        }
    }
}

/// How far a channel is from a given response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Largest deviation of the magnitude in dB, without sign.
    pub worst_db: f64,
    /// Frequency of the largest deviation in symbol rates.
    pub worst_at: f64,
    /// Root mean square of the magnitude's deviation in dB.
    pub rms_db: f64,
    /// Root mean square of the phase's deviation in rad.
    pub rms_rad: f64,
    /// Gain in dB that was taken out, in units of half the level spacing.
    pub gain_db: f64,
    /// Delay in symbols that was taken out, that of the given response not counted.
    pub delay_symbols: f64,
    /// Frequencies that were compared.
    pub frequencies: usize,
}

/// Compares a channel with a given response up to half the symbol rate.
///
/// `None` when the response ends below half the symbol rate, when either passes nothing there,
/// or when the channel has less than two samples a symbol: then what lies above half the symbol
/// rate is folded onto what lies below.
pub fn compare(
    channel: &Channel,
    given: &FrequencyResponse,
    baud_hz: f64,
    shape: SymbolShape,
) -> Option<Deviation> {
    if channel.spacing < 2 || given.top_hz() < 0.5 * baud_hz {
        return None;
    }
    // The response's own delay turns the phase several times from one frequency to the next.
    let own_delay = given.delay_s(0.5 * baud_hz) * baud_hz;
    let steps = channel.span.symbols();
    let given = given.interpolator();
    let mut frequency = Vec::with_capacity(steps);
    let mut level_db = Vec::with_capacity(steps);
    let mut phase: Vec<f64> = Vec::with_capacity(steps);
    for i in 2..=steps {
        // Steps of half the resolution: no ripple hides between two.
        let f = 0.5 * i as f64 / steps as f64;
        let expected = given.at(f * baud_hz) * shape.gain(f);
        let ratio = channel.response(f) / expected;
        let size = ratio.norm();
        if !(size.is_finite() && size > 0.0) {
            return None;
        }
        // The given response's delay is a lag of the pattern here: it is taken out of both.
        let angle = ratio.arg() - TAU * f * own_delay;
        let before = phase.last().copied().unwrap_or(0.0);
        frequency.push(f);
        level_db.push(20.0 * size.log10());
        phase.push(before + (angle - before) - TAU * ((angle - before) / TAU).round());
    }
    let (gain_db, _) = centred(&mut level_db, None);
    let (_, slope) = centred(&mut phase, Some(&frequency));
    let worst =
        (0..level_db.len()).max_by(|&a, &b| level_db[a].abs().total_cmp(&level_db[b].abs()))?;
    Some(Deviation {
        worst_db: level_db[worst].abs(),
        worst_at: frequency[worst],
        rms_db: root_mean_square(&level_db),
        rms_rad: root_mean_square(&phase),
        gain_db,
        delay_symbols: -slope / TAU,
        frequencies: frequency.len(),
    })
}

/// Takes off the mean, or the straight line over `x`; returns the mean and the slope.
fn centred(y: &mut [f64], x: Option<&[f64]>) -> (f64, f64) {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    y.iter_mut().for_each(|y| *y -= mean);
    let Some(x) = x else {
        return (mean, 0.0);
    };
    let middle = x.iter().sum::<f64>() / n;
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in x.iter().zip(&*y) {
        xx += (x - middle) * (x - middle);
        xy += (x - middle) * y;
    }
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    for (x, y) in x.iter().zip(y) {
        *y -= slope * (x - middle);
    }
    (mean, slope)
}

fn root_mean_square(y: &[f64]) -> f64 {
    (y.iter().map(|y| y * y).sum::<f64>() / y.len() as f64).sqrt()
}

#[cfg(test)]
mod tests;

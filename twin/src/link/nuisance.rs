//! What disturbs a receiver's electronics and is not interference.
//!
//! Each of these moves the levels slowly, or echoes them, as interference does, and none of them
//! is interference: they are here so that an estimator can be shown to keep silent. They act on
//! the detected power behind the measured channel and before the receiver's noise, in this order
//! (`y` the detected power, `P` the mean received power, [`Nuisances`] the amplitudes):
//!
//! ```text
//! gain       y <- y (1 + sum of gain tones + gain ramp)
//! saturation y <- y - x (y - P)^2 / P
//! echoes     y(t) <- y(t) + sum_k a_k (y(t - d_k) - P)
//! coupling   y <- first-order high-pass of y
//! offset     y <- y + P (sum of additive tones + offset ramp)
//! ```
//!
//! Times count from the capture's first sample, on the receiver's nominal clock. Low-frequency
//! intensity noise ([`super::LowFrequencyRin`]) and jitter ([`super::Jitter`]) belong to the laser
//! and the sample clock and act there.

mod ac_coupling;
mod echo;
mod ramp;
mod saturation;
mod tone;

pub use ac_coupling::{AcCoupling, Baseline};
pub use echo::Echo;
pub use tone::{Tone, ToneOn};

pub(super) use echo::reach;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkConfig;
use super::validation::check;
use super::window::Window;
use crate::Error;

/// Nuisances of the receiver's electronics; by default none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nuisances {
    /// Supply tones, added to the signal or on its gain.
    pub tones: Vec<Tone>,
    /// Drift of the offset over the capture, end less start over the mean power.
    pub offset_ramp: Option<f64>,
    /// Drift of the gain over the capture, end less start over the mean gain.
    pub gain_ramp: Option<f64>,
    /// A high-pass between detector and converter.
    pub ac_coupling: Option<AcCoupling>,
    /// Electrical echoes behind the detector.
    pub echoes: Vec<Echo>,
    /// Soft compression `x`, 0 to 0.25: how much of the mean power is missing at twice the
    /// mean power.
    pub saturation: Option<f64>,
}

impl Nuisances {
    /// Refuses what is no nuisance of a working receiver.
    pub(super) fn validate(&self) -> Result<(), Error> {
        self.tones.iter().try_for_each(Tone::validate)?;
        let ramp = |name, ramp: Option<f64>| {
            ramp.map_or(Ok(()), |x| {
                check(name, "-1 to 1 of the mean", x, |x| x.abs() <= 1.0)
            })
        };
        ramp("nuisances.offset_ramp", self.offset_ramp)?;
        ramp("nuisances.gain_ramp", self.gain_ramp)?;
        self.ac_coupling
            .as_ref()
            .map_or(Ok(()), AcCoupling::validate)?;
        self.echoes.iter().try_for_each(Echo::validate)?;
        self.saturation.map_or(Ok(()), |x| {
            check("nuisances.saturation", "0 to 0.25", x, |x| {
                (0.0..=0.25).contains(&x)
            })
        })
    }
}

/// Disturbs the detected power: receiver guard, capture, receiver guard.
pub(super) fn disturb(config: &LinkConfig, window: &Window, received: &mut [f64]) {
    let nuisances = &config.nuisances;
    let mean_w = config.rop.to_watts();
    let place = Place {
        first: window.receiver_guard,
        samples: window.samples(),
        rate_hz: config.sample_rate().0,
    };
    if let Some(gain) = place.drift(nuisances, ToneOn::Gain, nuisances.gain_ramp) {
        for (y, gain) in received.iter_mut().zip(gain) {
            *y *= 1.0 + gain;
        }
    }
    if let Some(compression) = nuisances.saturation {
        saturation::saturate(received, mean_w, compression);
    }
    echo::add(&nuisances.echoes, received, mean_w, place.rate_hz);
    if let Some(coupling) = &nuisances.ac_coupling {
        coupling.filter(received, place.rate_hz);
    }
    if let Some(offset) = place.drift(nuisances, ToneOn::Offset, nuisances.offset_ramp) {
        for (y, offset) in received.iter_mut().zip(offset) {
            *y += mean_w * offset;
        }
    }
}

/// Where the capture lies in the disturbed stretch, and how fast it is sampled.
#[derive(Clone, Copy)]
struct Place {
    /// Sample of the stretch that is the capture's first.
    first: usize,
    /// Samples in the capture.
    samples: usize,
    /// Sample rate in Hz.
    rate_hz: f64,
}

impl Place {
    /// Sum of the tones on a quantity and of its ramp, relative, without end; `None` when there
    /// is neither.
    fn drift<'a>(
        self,
        nuisances: &'a Nuisances,
        on: ToneOn,
        ramp: Option<f64>,
    ) -> Option<impl Iterator<Item = f64> + 'a> {
        let tones = move || nuisances.tones.iter().filter(move |tone| tone.on == on);
        if tones().next().is_none() && ramp.is_none() {
            return None;
        }
        let ramp = ramp.unwrap_or(0.0);
        Some((0..).map(move |n: usize| {
            let since = n as f64 - self.first as f64;
            tones()
                .map(|tone| tone.at(since / self.rate_hz))
                .sum::<f64>()
                + ramp::at(ramp, since, self.samples)
        }))
    }
}

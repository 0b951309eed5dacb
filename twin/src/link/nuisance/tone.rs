//! A supply tone: `a sin(2 pi f t + phase)`, added to the signal or on its gain.
//!
//! Switching converters and the mains couple into a receiver's supply, and from there into the
//! offset or the gain of its amplifier.

use std::f64::consts::PI;

use etalon_types::units::Hertz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::link::validation::check;

/// A tone of the supply.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tone {
    /// Its frequency, at most 1 THz; beyond half the sample rate it folds back.
    pub frequency: Hertz,
    /// Its amplitude (half of peak to peak) over the mean power, or over the mean gain; 0 to 1.
    pub amplitude: f64,
    /// What it moves.
    #[serde(default)]
    pub on: ToneOn,
    /// Its phase at the capture's first sample, in rad; 0 is a rising zero.
    #[serde(default)]
    pub phase_rad: f64,
}

/// What a tone moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToneOn {
    /// The offset: the same shift for every level.
    #[default]
    Offset,
    /// The gain: a shift that goes with the level.
    Gain,
}

impl Tone {
    /// Returns its value at a time in s.
    pub(super) fn at(&self, time_s: f64) -> f64 {
        self.amplitude * (2.0 * PI * self.frequency.0 * time_s + self.phase_rad).sin()
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        check(
            "nuisances.tones.frequency",
            "0 to 1e12 Hz",
            self.frequency.0,
            |f| (0.0..=1e12).contains(&f),
        )?;
        check("nuisances.tones.amplitude", "0 to 1", self.amplitude, |x| {
            (0.0..=1.0).contains(&x)
        })?;
        check(
            "nuisances.tones.phase_rad",
            "a finite number",
            self.phase_rad,
            f64::is_finite,
        )
    }
}

//! Chirp: what the transmitter's power does to its phase.
//!
//! ```text
//! phase(t) = alpha / 2 (ln(P / <P>) + kappa int (P - <P>) dt)
//! ```
//!
//! `alpha` is Henry's factor (transient chirp), `kappa` the adiabatic chirp: a shift of the
//! carrier by `alpha kappa (P - <P>) / (4 pi)`, `P` the power that leaves the transmitter (Koch and
//! Linke, Applied Physics Letters 48, 1986, equation 1). The carrier at the mean power is the
//! reference. Of the three common kinds
//!
//! - an ideal Mach-Zehnder modulator (MZM) has neither,
//! - an electro-absorption modulator (EML) has transient chirp,
//! - a directly modulated laser (DML) has both.
//!
//! Transient chirp takes a part of the beat out of the laser's line: of a path that carries
//! other symbols, the part `|<P^(1/2 + j alpha / 2)>|^4 / <P>^2` of the beat's power stays
//! there. Adiabatic chirp adds up over the data to a random walk of the phase, so the beat's
//! line itself widens, from a half width of the linewidth to
//!
//! ```text
//! linewidth + (alpha kappa)^2 T var(P) / (8 pi),   T the unit interval
//! ```
//!
//! (independent symbols in signal and copy, small steps of the phase). What rests on slow beats,
//! a high-pass or a tracker, loses its hold with it (Wen, Optics Express 2020,
//! 10.1364/OE.413054, finds so by experiment).
//!
//! *Left out:* relaxation oscillation, thermal chirp, the modulator's bias.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkConfig;
use super::validation::check;
use super::window::capture_first;
use crate::Error;

/// A kind of transmitter: a preset of the two chirps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transmitter {
    /// An ideal Mach-Zehnder modulator in push-pull: no chirp.
    Mzm,
    /// A laser with an electro-absorption modulator.
    Eml,
    /// A directly modulated laser.
    Dml,
}

impl Transmitter {
    /// Returns the transient chirp `alpha` of the preset: 0, 1 or 3, of the usual size and no
    /// product's.
    pub fn chirp(self) -> f64 {
        match self {
            Self::Mzm => 0.0,
            Self::Eml => 1.0,
            Self::Dml => 3.0,
        }
    }

    /// Returns the adiabatic chirp `kappa` of the preset in Hz/W: 10 GHz/mW for a directly
    /// modulated laser, of the usual size and no product's, and 0 for the others.
    pub fn adiabatic_chirp_hz_per_w(self) -> f64 {
        match self {
            Self::Mzm | Self::Eml => 0.0,
            Self::Dml => 10e12,
        }
    }
}

/// Refuses chirps that no transmitter has, and shifts that the samples cannot hold.
pub(super) fn validate(config: &LinkConfig) -> Result<(), Error> {
    check("chirp", "-20 to 20", config.chirp, |x| x.abs() <= 20.0)?;
    check(
        "adiabatic_chirp_hz_per_w",
        "0 to 1e15 Hz/W",
        config.adiabatic_chirp_hz_per_w,
        |x| (0.0..=1e15).contains(&x),
    )?;
    check("launch", "-60 to 40 dBm", config.launch.0, |x| {
        (-60.0..=40.0).contains(&x)
    })
}

/// Refuses a shift of the carrier beyond a quarter of the sample rate: the levels must be valid.
pub(super) fn validate_shift(config: &LinkConfig) -> Result<(), Error> {
    let highest = config.levels_w().into_iter().fold(0.0, f64::max) - config.rop.to_watts();
    let shift_hz = turn_per_w(config) * highest / (2.0 * std::f64::consts::PI);
    check(
        "adiabatic_chirp_hz_per_w",
        "a shift of the carrier of at most a quarter of the sample rate",
        shift_hz.abs(),
        |shift| shift <= 0.25 * config.sample_rate().0,
    )
}

/// Rate of the phase in rad/s over a *received* power above the mean, in W.
fn turn_per_w(config: &LinkConfig) -> f64 {
    let launched = config.launch.to_watts() / config.rop.to_watts();
    0.5 * config.chirp * config.adiabatic_chirp_hz_per_w * launched
}

/// Returns the phase that the power makes, in rad, sample by sample; `lead` is the capture's
/// first sample, where the adiabatic part is zero.
pub(super) fn phase(config: &LinkConfig, power: &[f64], lead: usize) -> Vec<f64> {
    let mean = config.rop.to_watts();
    // No light has no phase: the floor, 120 dB down, only keeps the logarithm finite.
    let transient = |power: f64| 0.5 * config.chirp * (power / mean).max(1e-12).ln();
    let mut phase: Vec<f64> = power.iter().map(|&p| transient(p)).collect();
    let step = turn_per_w(config) / config.sample_rate().0;
    if step != 0.0 {
        let mut turned = 0.0;
        for n in capture_first(lead, power.len()) {
            if n + 1 == lead {
                turned = 0.0;
            }
            // The power of a sample holds until the next one.
            if n > lead {
                turned += step * (power[n - 1] - mean);
            } else if n < lead {
                turned -= step * (power[n] - mean);
            }
            phase[n] += turned;
        }
    }
    phase
}

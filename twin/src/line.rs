//! Light by its spectrum: amplifiers, loss, reflections, and what a spectrum analyzer makes of it.
//!
//! [`Light`] is what travels: channels with their power and spectral shape, and noise by its
//! density. [`Amplifier`] raises both and adds its own noise, [`Light::attenuated`] lowers them,
//! [`Echoes`] let them interfere with their own copies, and [`Analyzer`] reads levels within its
//! resolution. Densities are of both polarisations together, in W/Hz.
//!
//! The same echo that beats in a detector shows here as a ripple of period `1 / delay`, because a
//! stationary field that passes `1 + sum sqrt(m_j) exp(-2 pi i nu tau_j)` has its density times
//! the square of that, whatever its linewidth. An analyzer resolves it while `1 / delay` is well
//! above its resolution: 0.02 nm at 1550 nm is 2.5 GHz, so that delays above about half a
//! nanosecond are flat to it.
//!
//! ```
//! use etalon_twin::line::{Amplifier, Channel, Light};
//! use etalon_types::units::{Db, Dbm};
//!
//! // Four spans of 22 dB, each made good for by an amplifier with a noise figure of 5 dB.
//! let channel = Channel { level: Dbm(0.0), ..Channel::default() };
//! let mut light = Light { channels: vec![channel], ..Light::default() };
//! let amplifier = Amplifier { small_signal_gain: Db(22.0), noise_figure: Db(5.0), ..Amplifier::linear() };
//! for _ in 0..4 {
//!     light = amplifier.amplified(&light.attenuated(Db(22.0)));
//! }
//! // 57.95 + 0 - 5 - 22 - 10 log 4 dB, but for the zero-point term that the rule leaves out.
//! let osnr = light.osnr_01nm(&light.channels[0]).0;
//! assert!((osnr - 24.93).abs() < 0.05, "{osnr}");
//! ```

pub mod amplifier;
pub mod analyzer;
pub mod echo;

pub use amplifier::Amplifier;
pub use analyzer::{Analyzer, Levels};
pub use echo::Echoes;

use etalon_types::units::{Db, Dbm};

/// Speed of light in vacuum in m/s (exact, SI).
pub const C: f64 = 299_792_458.0;
/// Planck's constant in J s (exact, SI).
pub const PLANCK: f64 = 6.626_070_15e-34;

/// Returns the frequency of a wavelength in vacuum, or the other way round.
pub fn swap_m_hz(x: f64) -> f64 {
    C / x
}

/// Returns the bandwidth in Hz of a small width in metres at a wavelength in metres.
pub fn width_hz(width_m: f64, wavelength_m: f64) -> f64 {
    C * width_m / (wavelength_m * wavelength_m)
}

/// A modulated carrier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Frequency of the carrier in Hz.
    pub frequency_hz: f64,
    /// Mean power of carrier and sidebands.
    pub level: Dbm,
    /// Symbol rate in Bd; 0 for a bare laser.
    pub baud_hz: f64,
    /// Share of the power that stays in the carrier, 0 to 1.
    pub carrier_share: f64,
    /// Frequency at which the transmitter's filter has lost 3 dB; infinite for none.
    pub bandwidth_hz: f64,
    /// Full width of the laser's line at half its height, in Hz.
    pub linewidth_hz: f64,
}

impl Default for Channel {
    /// An unmodulated laser of 0 dBm at 1550 nm with a line of 1 MHz.
    fn default() -> Self {
        Self {
            frequency_hz: C / 1550e-9,
            level: Dbm(0.0),
            baud_hz: 0.0,
            carrier_share: 1.0,
            bandwidth_hz: f64::INFINITY,
            linewidth_hz: 1e6,
        }
    }
}

impl Channel {
    /// Returns the share of the power that intensity modulation leaves in the carrier: the square
    /// of the mean field over the mean power of equally likely levels.
    pub fn carrier_share_of(levels_w: &[f64]) -> f64 {
        let n = levels_w.len().max(1) as f64;
        let field = levels_w.iter().map(|p| p.max(0.0).sqrt()).sum::<f64>() / n;
        let power = levels_w.iter().map(|p| p.max(0.0)).sum::<f64>() / n;
        if power > 0.0 {
            field * field / power
        } else {
            1.0
        }
    }

    /// Returns the form of the sidebands so far from the carrier, 1 at the carrier: rectangular
    /// pulses behind a Gaussian filter, `sinc^2(f / baud) 2^(-(f / bandwidth)^2)`.
    fn sideband_form(&self, offset_hz: f64) -> f64 {
        let x = std::f64::consts::PI * offset_hz / self.baud_hz;
        let sinc = if x.abs() < 1e-8 { 1.0 } else { x.sin() / x };
        sinc * sinc * (-(offset_hz / self.bandwidth_hz).powi(2)).exp2()
    }

    /// Returns the density of the sidebands at the carrier in 1/Hz, for a mean power of 1 W: all
    /// of them together hold what is not in the carrier.
    pub fn sideband_peak(&self) -> f64 {
        if self.baud_hz <= 0.0 {
            return 0.0;
        }
        // Without a filter the integral of sinc^2 is the symbol rate; with one, midpoints up to
        // where it has lost 75 dB, fine enough for the lobes.
        let area = if self.bandwidth_hz.is_finite() {
            let reach = 5.0 * self.bandwidth_hz;
            let steps = (16.0 * reach / self.baud_hz).ceil().clamp(256.0, 65_536.0);
            let step = reach / steps;
            let part = |k: usize| self.sideband_form(step * (k as f64 + 0.5));
            2.0 * step * (0..steps as usize).map(part).sum::<f64>()
        } else {
            self.baud_hz
        };
        (1.0 - self.carrier_share) / area
    }

    /// Returns the density of the sidebands in 1/Hz so far from the carrier, for a mean power of
    /// 1 W; `peak` is that of [`Channel::sideband_peak`].
    pub fn sidebands(&self, offset_hz: f64, peak: f64) -> f64 {
        if peak <= 0.0 {
            return 0.0;
        }
        peak * self.sideband_form(offset_hz)
    }
}

/// Noise with a density that is flat, or tilted in decibels over the wavelength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Density in W/Hz of both polarisations at the reference wavelength.
    pub density_w_hz: f64,
    /// Reference wavelength in metres.
    pub reference_m: f64,
    /// Tilt in dB per metre of wavelength.
    pub tilt_db_m: f64,
    /// First and last wavelength in metres; there is none beyond.
    pub band_m: (f64, f64),
}

impl Noise {
    /// Returns the density at a wavelength.
    pub fn density(&self, wavelength_m: f64) -> f64 {
        if wavelength_m < self.band_m.0 || wavelength_m > self.band_m.1 {
            return 0.0;
        }
        let tilt = Db(self.tilt_db_m * (wavelength_m - self.reference_m));
        self.density_w_hz * tilt.to_linear()
    }

    /// Returns its power in watts, by Simpson's rule over 64 steps: exact to 1e-6 for tilts that
    /// amplifiers have.
    pub fn power_w(&self) -> f64 {
        const STEPS: usize = 64;
        let (low, high) = (C / self.band_m.1, C / self.band_m.0);
        let step = (high - low) / STEPS as f64;
        let at = |k: usize| {
            let weight = match k {
                0 | STEPS => 1.0,
                k if k % 2 == 1 => 4.0,
                _ => 2.0,
            };
            // The ends belong to the band, whatever rounding says.
            let wavelength = (C / (low + step * k as f64)).clamp(self.band_m.0, self.band_m.1);
            weight * self.density(wavelength)
        };
        (0..=STEPS).map(at).sum::<f64>() * step / 3.0
    }
}

/// Light on a fibre.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Light {
    /// Signals.
    pub channels: Vec<Channel>,
    /// Noise of the amplifiers that it went through.
    pub noise: Vec<Noise>,
}

impl Light {
    /// Returns the power of all of it in watts.
    pub fn power_w(&self) -> f64 {
        let signals: f64 = self.channels.iter().map(|c| c.level.to_watts()).sum();
        signals + self.noise.iter().map(Noise::power_w).sum::<f64>()
    }

    /// Returns the density of its noise at a wavelength, in W/Hz.
    pub fn noise_density(&self, wavelength_m: f64) -> f64 {
        self.noise.iter().map(|n| n.density(wavelength_m)).sum()
    }

    /// Returns what is left of it behind a loss.
    #[must_use]
    pub fn attenuated(&self, loss: Db) -> Self {
        self.scaled(|_| Db(-loss.0))
    }

    /// Returns it with every part raised by a gain that depends on the wavelength.
    pub(crate) fn scaled(&self, gain: impl Fn(f64) -> Db) -> Self {
        let channels = self.channels.iter().map(|c| Channel {
            level: Dbm(c.level.0 + gain(C / c.frequency_hz).0),
            ..*c
        });
        let noise = self.noise.iter().map(|n| {
            // A gain that is a line in decibels over the wavelength stays one.
            let (low, high) = (gain(n.band_m.0).0, gain(n.band_m.1).0);
            let tilt = (high - low) / (n.band_m.1 - n.band_m.0);
            Noise {
                density_w_hz: n.density_w_hz * gain(n.reference_m).to_linear(),
                tilt_db_m: n.tilt_db_m + tilt,
                ..*n
            }
        });
        Self {
            channels: channels.collect(),
            noise: noise.collect(),
        }
    }

    /// Returns the ratio of a channel's power to the noise in 0.1 nm around it, in both
    /// polarisations: the truth that an analyzer estimates.
    pub fn osnr_01nm(&self, channel: &Channel) -> Db {
        let wavelength = C / channel.frequency_hz;
        let noise = self.noise_density(wavelength) * width_hz(0.1e-9, wavelength);
        Db::from_linear(channel.level.to_watts() / noise)
    }
}

#[cfg(test)]
mod tests;

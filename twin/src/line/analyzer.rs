//! An optical spectrum analyzer: levels within its resolution.
//!
//! At each wavelength it reads the power that passes a Gaussian slit of the resolution's width at
//! half its height (so that noise of density `S` reads `1.064 S` times that width), light that its
//! grating scatters, and the noise of its detector.

use etalon_types::units::{Db, Dbm};

use super::{C, Channel, Echoes, Light, width_hz};

/// An analyzer and its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Analyzer {
    /// Width of its slit at half its height, in metres.
    pub resolution_m: f64,
    /// Levels below this are its own noise.
    pub floor: Dbm,
    /// Light that is scattered past the slit, below the power of all of it.
    pub stray: Db,
}

/// A sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Wavelengths in metres, rising.
    pub wavelength_m: Vec<f64>,
    /// Level at each, within the resolution.
    pub level: Vec<Dbm>,
}

impl Default for Analyzer {
    /// 0.1 nm, a floor of -85 dBm, stray light 60 dB down.
    fn default() -> Self {
        Self {
            resolution_m: 0.1e-9,
            floor: Dbm(-85.0),
            stray: Db(-60.0),
        }
    }
}

/// Full width at half height of a Gaussian over its standard deviation, `2 sqrt(2 ln 2)`.
const FWHM: f64 = 2.354_820_045_030_949;
/// Area of a Gaussian of height 1 over its full width at half height, `sqrt(pi / (4 ln 2))`.
const AREA: f64 = 1.064_467_019_431_226;
/// Steps over which sidebands are summed.
const STEPS: usize = 48;

impl Analyzer {
    /// Returns what it reads, point by point, from `start_m` to `stop_m`.
    pub fn sweep(
        &self,
        light: &Light,
        echoes: &Echoes,
        start_m: f64,
        stop_m: f64,
        points: usize,
    ) -> Levels {
        let step = (stop_m - start_m) / (points.max(2) - 1) as f64;
        let wavelength_m: Vec<f64> = (0..points).map(|k| start_m + step * k as f64).collect();
        let stray_w = light.power_w() * echoes.mean() * self.stray.to_linear();
        let peaks: Vec<f64> = light.channels.iter().map(Channel::sideband_peak).collect();
        let level = wavelength_m.iter().map(|&wavelength| {
            let passed = self.power_w(light, &peaks, echoes, wavelength);
            let power = passed + stray_w + self.floor.to_watts();
            Dbm::from_watts(power)
        });
        let level = level.collect();
        Levels {
            wavelength_m,
            level,
        }
    }

    /// Returns the power within the slit at a wavelength, in watts.
    fn power_w(&self, light: &Light, peaks: &[f64], echoes: &Echoes, wavelength_m: f64) -> f64 {
        let centre = C / wavelength_m;
        let width = width_hz(self.resolution_m, wavelength_m);
        let sigma = width / FWHM;
        let slit = |offset: f64| (-0.5 * (offset / sigma).powi(2)).exp();
        let mut power = light.noise_density(wavelength_m)
            * AREA
            * width
            * echoes.transfer_through(centre, sigma * sigma);
        for (channel, peak) in light.channels.iter().zip(peaks) {
            let offset = centre - channel.frequency_hz;
            let carrier = channel.carrier_share * slit(offset);
            let line = if carrier > 1e-12 {
                carrier * line_transfer(echoes, channel)
            } else {
                0.0
            };
            let sidebands = sidebands(channel, *peak, echoes, centre, sigma);
            power += channel.level.to_watts() * (line + sidebands);
        }
        power
    }
}

/// What echoes leave of a line of finite width: each beat shrinks by `exp(-pi linewidth delay)`.
fn line_transfer(echoes: &Echoes, channel: &Channel) -> f64 {
    let mut sum = echoes.mean();
    for &(level, delay_s, phase) in &echoes.copies {
        let angle = phase - std::f64::consts::TAU * channel.frequency_hz * delay_s;
        let left = (-std::f64::consts::PI * channel.linewidth_hz * delay_s).exp();
        sum += 2.0 * level.to_linear().sqrt() * angle.cos() * left;
    }
    sum
}

/// Share of a channel's power that its sidebands send through the slit: a sum over four standard
/// deviations to either side.
fn sidebands(channel: &Channel, peak: f64, echoes: &Echoes, centre: f64, sigma: f64) -> f64 {
    if peak <= 0.0 {
        return 0.0;
    }
    let step = 8.0 * sigma / STEPS as f64;
    let part = |k: usize| {
        let x = -4.0 * sigma + step * (k as f64 + 0.5);
        let density = channel.sidebands(centre + x - channel.frequency_hz, peak);
        // Within a step the ripple is averaged, as the slit does.
        let ripple = echoes.transfer_through(centre + x, step * step / 12.0);
        density * (-0.5 * (x / sigma).powi(2)).exp() * ripple
    };
    (0..STEPS).map(part).sum::<f64>() * step
}

//! What is simulated.

use etalon_types::units::{Baud, Db, Dbm, Hertz, Metres, Seconds};
use etalon_types::{Modulation, PatternName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adc::Adc;
use super::channel::MeasuredChannel;
use super::fibre::Fibre;
use super::jitter::Jitter;
use super::low_frequency_rin::LowFrequencyRin;
use super::nuisance::Nuisances;

/// Charge of an electron in C (exact by the definition of the ampere).
const ELECTRON_C: f64 = 1.602_176_634e-19;

/// A link and its capture. Every field has a default, so that a file or a caller names only
/// what differs.
///
/// Defaults: 131 072 symbols of PRBS31Q at 26.5625 GBd, four samples a symbol, extinction ratio
/// 4.5 dB, 0 dBm, linewidth 1 MHz at 1550 nm, no chirp, no dispersion, no reflections, no
/// channel, no filters, SNR 20 dB, no converter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LinkConfig {
    /// Seed of every random number; the same configuration gives the same bytes.
    pub seed: u64,
    /// Where the symbols come from.
    pub source: SymbolSource,
    /// Symbols in the capture, at least 1.
    pub symbols: usize,
    /// Symbol rate.
    pub baud: Baud,
    /// Samples a symbol, any whole number from 1 on.
    pub samples_per_symbol: usize,
    /// Extinction ratio, highest over lowest level; the levels between are equally spaced in
    /// power. Not used when `levels` are given.
    pub extinction_ratio: Db,
    /// Relative level powers, lowest first, in any unit; they are scaled to the mean power.
    pub levels: Option<Vec<f64>>,
    /// Received optical power: the mean over equally likely levels, interferers not counted.
    pub rop: Dbm,
    /// Linewidth of the laser, full width at half maximum of a Lorentzian line.
    pub linewidth: Hertz,
    /// Transient chirp (Henry's factor) of the transmitter: the phase moves by half of it for
    /// each factor e of the power. It shows with dispersion and reflections only; see
    /// [`super::transmitter`].
    pub chirp: f64,
    /// Adiabatic chirp `kappa` of the transmitter in Hz/W: the carrier moves by `alpha kappa /
    /// (4 pi)` for a watt that leaves it. 1 GHz/mW is 1e12 Hz/W.
    pub adiabatic_chirp_hz_per_w: f64,
    /// Mean power that leaves the transmitter; only the adiabatic chirp asks for it.
    pub launch: Dbm,
    /// Accumulated chromatic dispersion of the fibre in ps/nm; see [`super::dispersion`].
    pub dispersion_ps_per_nm: f64,
    /// Wavelength of the laser.
    pub wavelength: Metres,
    /// Delayed copies of the signal that reach the receiver, by level and delay.
    pub reflections: Vec<Reflection>,
    /// What the fibre reflects: connectors by position, each pair of which makes a path.
    pub fibre: Fibre,
    /// Rate at which [`Polarization::Scrambled`] states wander: their autocorrelation falls as
    /// `exp(-2 pi rate |t|)`. At 0 they stand still, each in a random state.
    pub scrambling_rate: Hertz,
    /// Cut-off (-3 dB) of the transmitter's fourth-order Bessel-Thomson response.
    pub tx_bandwidth: Option<Hertz>,
    /// A measured channel between detector and receiver; see [`super::channel`].
    pub channel: Option<MeasuredChannel>,
    /// Cut-off (-3 dB) of the receiver's fourth-order Bessel-Thomson response.
    pub rx_bandwidth: Option<Hertz>,
    /// Relative intensity noise of the laser in dB/Hz (one-sided density), white from DC to
    /// half the sample rate: a relative variance of `10^(rin/10) fs / 2` a sample.
    pub rin_db_per_hz: Option<f64>,
    /// Intensity noise of the laser below a corner, beside the white one.
    pub low_frequency_rin: Option<LowFrequencyRin>,
    /// What disturbs the receiver's electronics without being interference.
    pub nuisances: Nuisances,
    /// Noise of the receiver, white, behind a measured channel and before the receiver's filter.
    pub noise: Noise,
    /// Converter; without one the samples are `f32` watts.
    pub adc: Option<Adc>,
    /// How much faster than nominal the receiver's sample clock runs, in parts per million of
    /// the transmitter's. The detected power is interpolated by a windowed sinc.
    pub clock_offset_ppm: f64,
    /// Jitter of the receiver's sample clock.
    pub jitter: Option<Jitter>,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            source: SymbolSource::default(),
            symbols: 1 << 17,
            baud: Baud(26.5625e9),
            samples_per_symbol: 4,
            extinction_ratio: Db(4.5),
            levels: None,
            rop: Dbm(0.0),
            linewidth: Hertz(1e6),
            chirp: 0.0,
            adiabatic_chirp_hz_per_w: 0.0,
            launch: Dbm(0.0),
            dispersion_ps_per_nm: 0.0,
            wavelength: Metres(1550e-9),
            reflections: Vec::new(),
            fibre: Fibre::default(),
            scrambling_rate: Hertz(0.0),
            channel: None,
            tx_bandwidth: None,
            rx_bandwidth: None,
            rin_db_per_hz: None,
            low_frequency_rin: None,
            nuisances: Nuisances::default(),
            noise: Noise::Snr { snr: Db(20.0) },
            adc: None,
            clock_offset_ppm: 0.0,
            jitter: None,
        }
    }
}

/// Where the transmitted symbols come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SymbolSource {
    /// A test pattern; the capture begins anywhere in its period, by the seed.
    Pattern {
        /// The pattern.
        name: PatternName,
    },
    /// Given symbols, repeated as often as needed; the capture begins with the first.
    Explicit {
        /// Number of levels.
        modulation: Modulation,
        /// The symbols, each below the number of levels.
        symbols: Vec<u8>,
    },
    /// Equally likely, independent symbols from the seed.
    Random {
        /// Number of levels.
        modulation: Modulation,
    },
}

impl Default for SymbolSource {
    fn default() -> Self {
        Self::Pattern {
            name: PatternName::PrbsQ(31),
        }
    }
}

impl SymbolSource {
    /// Returns the modulation of the symbols.
    pub fn modulation(&self) -> Modulation {
        match self {
            Self::Pattern { name } => name.modulation(),
            Self::Explicit { modulation, .. } | Self::Random { modulation } => *modulation,
        }
    }
}

/// One delayed copy of the signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reflection {
    /// Power of the copy over the power of the signal, in all polarisations.
    pub level: Db,
    /// Delay behind the signal.
    pub delay: Seconds,
    /// How its polarisation lies to the signal's.
    pub polarization: Polarization,
}

impl Default for Reflection {
    fn default() -> Self {
        Self {
            level: Db(-30.0),
            delay: Seconds(100e-9),
            polarization: Polarization::Aligned,
        }
    }
}

/// How the polarisation of a reflection lies to the signal's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Polarization {
    /// Along the signal: the whole copy beats with it (overlap 1).
    #[default]
    Aligned,
    /// Across the signal: the copy adds its power alone (overlap 0).
    Orthogonal,
    /// A random state, drawn once a capture: the squared overlap is uniform from 0 to 1, so
    /// the beat's variance is 3 dB lower in the mean.
    Random,
    /// A random state that wanders from there on, at [`LinkConfig::scrambling_rate`]; at the
    /// rate 0 the same as [`Polarization::Random`].
    Scrambled,
    /// A given overlap of the fields, 0 to 1; the beat's variance goes with its square.
    Overlap(f64),
}

/// The receiver's noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Noise {
    /// No noise.
    None,
    /// Noise for a signal-to-noise ratio: the variance of the (equally likely) levels over
    /// `sigma^2`, the noise in a band as wide as the symbol rate.
    ///
    /// Before the receiver's filter a sample has the variance `sigma^2 * samples_per_symbol`:
    /// the mean over a symbol's samples, which is the matched filter of a rectangular symbol,
    /// reaches the ratio exactly; at one sample a symbol this is the textbook's `Es / sigma^2`.
    Snr {
        /// The ratio.
        snr: Db,
    },
    /// Thermal noise of the receiver, referred to optical power by the responsivity:
    /// `sigma^2 = i_n^2 (baud / 2) / R^2` in a band as wide as the symbol rate.
    Thermal {
        /// One-sided input-referred current density in A/sqrt(Hz); [`Noise::thermal`] takes
        /// 18e-12.
        current_a_per_sqrt_hz: f64,
        /// Responsivity in A/W; [`Noise::thermal`] takes 0.8.
        responsivity_a_per_w: f64,
    },
    /// Thermal noise as above and shot noise beside it, `sigma^2 = q P baud / R` in a band as
    /// wide as the symbol rate (`2 q R P B` of current, Agrawal, Fiber-Optic Communication
    /// Systems, section 4.4), `P` the light that falls on the detector at the time: upper levels
    /// are noisier.
    ThermalAndShot {
        /// One-sided input-referred current density in A/sqrt(Hz).
        current_a_per_sqrt_hz: f64,
        /// Responsivity in A/W.
        responsivity_a_per_w: f64,
    },
}

impl Noise {
    /// Returns the thermal noise of a common receiver: 18 pA/sqrt(Hz) at 0.8 A/W.
    pub fn thermal() -> Self {
        Self::Thermal {
            current_a_per_sqrt_hz: 18e-12,
            responsivity_a_per_w: 0.8,
        }
    }

    /// Returns thermal and shot noise of a common receiver: 18 pA/sqrt(Hz) at 0.8 A/W.
    pub fn thermal_and_shot() -> Self {
        Self::ThermalAndShot {
            current_a_per_sqrt_hz: 18e-12,
            responsivity_a_per_w: 0.8,
        }
    }
}

impl LinkConfig {
    /// Returns the nominal sample rate, symbol rate times samples a symbol.
    pub fn sample_rate(&self) -> Hertz {
        Hertz(self.baud.0 * self.samples_per_symbol as f64)
    }

    /// Returns the level powers in W, lowest first.
    ///
    /// Without given levels they are equally spaced between `P0 = 2 P / (r + 1)` and
    /// `P3 = 2 r P / (r + 1)`, with `r` the extinction ratio and `P` the mean power, so that
    /// `OMA / P = 2 (r - 1) / (r + 1)`.
    pub fn levels_w(&self) -> Vec<f64> {
        let count = self.source.modulation().levels();
        let relative = match &self.levels {
            Some(levels) => levels.clone(),
            None => super::theory::levels(self.extinction_ratio, count),
        };
        let mean = relative.iter().sum::<f64>() / relative.len() as f64;
        relative
            .iter()
            .map(|level| level * self.rop.to_watts() / mean)
            .collect()
    }

    /// Returns the standard deviation in W of the noise in a band as wide as the symbol rate, at
    /// the mean power where it goes with the power.
    pub fn noise_sigma_w(&self) -> f64 {
        self.noise_variance_w2(self.rop.to_watts()).sqrt()
    }

    /// Returns the variance in W^2 of the noise in a band as wide as the symbol rate while
    /// `power_w` falls on the detector.
    pub(super) fn noise_variance_w2(&self, power_w: f64) -> f64 {
        let thermal = |current: f64, responsivity: f64| {
            let sigma = current * (self.baud.0 / 2.0).sqrt() / responsivity;
            sigma * sigma
        };
        match self.noise {
            Noise::None => 0.0,
            Noise::Snr { snr } => {
                super::theory::level_set_variance(&self.levels_w()) / snr.to_linear()
            }
            Noise::Thermal {
                current_a_per_sqrt_hz,
                responsivity_a_per_w,
            } => thermal(current_a_per_sqrt_hz, responsivity_a_per_w),
            Noise::ThermalAndShot {
                current_a_per_sqrt_hz,
                responsivity_a_per_w,
            } => {
                thermal(current_a_per_sqrt_hz, responsivity_a_per_w)
                    + ELECTRON_C * power_w.max(0.0) * self.baud.0 / responsivity_a_per_w
            }
        }
    }
}

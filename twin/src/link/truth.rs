//! What is true of a simulated capture.

use std::f64::consts::PI;

use etalon_types::Modulation;
use etalon_types::units::{Db, Hertz, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rayleigh::RayleighTruth;
use super::{ChannelTruth, LinkConfig, Reflection, dispersion, theory};

/// What a receiver ought to find in a simulated capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Truth {
    /// The configuration; with it the capture can be made again.
    pub config: LinkConfig,
    /// Modulation of the symbols.
    pub modulation: Modulation,
    /// Nominal sample rate.
    pub sample_rate: Hertz,
    /// Place of the centre of symbol 0, in samples from the capture's first. A symbol's `K`
    /// samples are centred between its first and last, at `(K - 1) / 2`: for an even `K` that
    /// lies between two samples. Filters keep it there: their delay at DC is taken out, and so is the
    /// delay of a measured channel.
    pub first_symbol_sample: f64,
    /// Samples from one symbol's centre to the next: `K (1 + ppm 1e-6)`.
    pub symbol_spacing_samples: f64,
    /// Level powers in W, lowest first, interferers not counted.
    pub levels_w: Vec<f64>,
    /// Mean power in W over equally likely levels, interferers not counted.
    pub mean_power_w: f64,
    /// Outer optical modulation amplitude in W, highest less lowest level.
    pub oma_outer_w: f64,
    /// Extinction ratio, highest over lowest level; `None` when the lowest level is no light.
    pub extinction_ratio: Option<Db>,
    /// Standard deviation in W of the receiver's noise in a band as wide as the symbol rate, at
    /// the mean power where it goes with the power.
    pub noise_sigma_w: f64,
    /// Variance of the levels over the square of `noise_sigma_w`; `None` without noise.
    /// Interference and RIN are not counted.
    pub snr: Option<Db>,
    /// Total interferer power over signal power; `None` without reflections. Electrical echoes
    /// are none.
    pub mpi: Option<Db>,
    /// Coherence angles that the capture spans, `2 pi linewidth T`: below 10 the phase has
    /// hardly moved, and the level of the interference cannot be measured from the samples.
    pub coherence_angles: f64,
    /// The interfering paths, as configured and as drawn: given ones first, then the pairs of
    /// the fibre's reflectors.
    pub paths: Vec<PathTruth>,
    /// What was drawn of the fibre's backscatter; `None` where the glass does not scatter. Its
    /// level is part of `mpi`.
    #[serde(default)]
    pub rayleigh: Option<RayleighTruth>,
    /// First null that dispersion leaves in the response to a small modulation; `None` without
    /// dispersion.
    pub dispersion_null: Option<Hertz>,
    /// What the measured channel does; `None` without one.
    pub channel: Option<ChannelTruth>,
    /// Samples that the converter clipped.
    pub clipped_samples: u64,
}

/// The two reflectors of a path, by their places in `config.fibre.reflectors`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Between {
    /// The one nearer to the transmitter.
    pub near: usize,
    /// The other one.
    pub far: usize,
}

/// One interfering path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathTruth {
    /// The two reflectors that make the path; `None` for a path that was given by level and
    /// delay.
    #[serde(default)]
    pub between: Option<Between>,
    /// Whether the state of polarisation wanders, at `config.scrambling_rate`.
    #[serde(default)]
    pub scrambled: bool,
    /// Power over the signal's power, in all polarisations.
    pub level: Db,
    /// Delay behind the signal.
    pub delay: Seconds,
    /// The delay in samples, not rounded.
    pub delay_samples: f64,
    /// The delay in symbols (unit intervals), not rounded.
    pub delay_symbols: f64,
    /// Overlap of the path's field with the signal's polarisation, 0 to 1; of a state that
    /// wanders, that at the capture's first sample.
    pub overlap: f64,
    /// Phase along the signal's polarisation in rad, static as the state is.
    pub phase_rad: f64,
    /// Phase across the signal's polarisation in rad, static as the state is.
    pub across_phase_rad: f64,
    /// Coherence angles that the path spans, `2 pi linewidth delay`: well above 1 the beat is
    /// noise, well below 1 a slow shift of the levels.
    pub coherence_angles: f64,
}

impl PathTruth {
    pub(super) fn new(
        config: &LinkConfig,
        reflection: &Reflection,
        overlap: f64,
        [phase_rad, across_phase_rad]: [f64; 2],
    ) -> Self {
        let delay_symbols = reflection.delay.0 * config.baud.0;
        Self {
            between: None,
            scrambled: false,
            level: reflection.level,
            delay: reflection.delay,
            delay_samples: delay_symbols * config.samples_per_symbol as f64,
            delay_symbols,
            overlap,
            phase_rad,
            across_phase_rad,
            coherence_angles: 2.0 * PI * config.linewidth.0 * reflection.delay.0,
        }
    }
}

impl Truth {
    pub(super) fn new(
        config: &LinkConfig,
        paths: &[PathTruth],
        rayleigh: Option<RayleighTruth>,
        clipped_samples: u64,
    ) -> Self {
        let levels_w = config.levels_w();
        let (low, high) = (levels_w[0], levels_w[levels_w.len() - 1]);
        let noise_sigma_w = config.noise_sigma_w();
        let variance = theory::level_set_variance(&levels_w);
        let levels = paths.iter().map(|path| path.level);
        let levels = levels.chain(rayleigh.map(|rayleigh| rayleigh.level));
        let interference = levels.map(Db::to_linear).reduce(|a, b| a + b);
        let per_symbol = config.samples_per_symbol as f64;
        let clock = 1.0 + config.clock_offset_ppm * 1e-6;
        let duration_s = config.symbols as f64 / config.baud.0;
        Self {
            modulation: config.source.modulation(),
            sample_rate: config.sample_rate(),
            first_symbol_sample: (per_symbol - 1.0) / 2.0 * clock,
            symbol_spacing_samples: per_symbol * clock,
            mean_power_w: config.rop.to_watts(),
            oma_outer_w: high - low,
            extinction_ratio: (low > 0.0).then(|| Db::from_linear(high / low)),
            noise_sigma_w,
            snr: (noise_sigma_w > 0.0)
                .then(|| Db::from_linear(variance / (noise_sigma_w * noise_sigma_w))),
            mpi: interference.map(Db::from_linear),
            coherence_angles: 2.0 * PI * config.linewidth.0 * duration_s,
            paths: paths.to_vec(),
            rayleigh,
            dispersion_null: dispersion::null(config),
            channel: config
                .channel
                .as_ref()
                .map(|channel| ChannelTruth::new(channel, config)),
            clipped_samples,
            levels_w,
            config: config.clone(),
        }
    }
}

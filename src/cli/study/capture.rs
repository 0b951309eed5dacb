//! Captures of one sample a symbol, and what the estimator says of them.
//!
//! The `mpi-` studies ask the estimator of `etalon_dsp::mpi` alone: the twin gives symbol-rate
//! samples, levels are taken from decisions, and no transmitted symbol is told. What a whole receiver
//! adds (timing, equalizer) is the matter of `receive-mpi`.
//!
//! A fractional delay smears the copy over two symbols, as the twin documents: half a symbol late
//! is the mean of two.

use etalon_dsp::mpi::{self, Assessment, Search};
use etalon_dsp::slicer::Slicer;
use etalon_twin::link::{LinkConfig, Noise, SymbolSource, simulate};
use etalon_types::units::{Baud, Db};
use etalon_types::{Modulation, Samples};

use super::harness::Error;

/// Symbol rate of every capture.
pub const BAUD: Baud = Baud(26.5625e9);

/// Lags that belong to the equalizer's span.
const GUARD: usize = 32;

/// Returns a PAM-4 link of independent symbols without interference, one sample a symbol.
pub fn link(seed: u64, symbols: usize, extinction_ratio: Db, snr: Db) -> LinkConfig {
    LinkConfig {
        seed,
        source: SymbolSource::Random {
            modulation: Modulation::Pam4,
        },
        symbols,
        baud: BAUD,
        samples_per_symbol: 1,
        extinction_ratio,
        noise: Noise::Snr { snr },
        ..LinkConfig::default()
    }
}

/// What is known beside the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// Linewidth in hertz.
    pub linewidth_hz: Option<f64>,
    /// Symbols after which the traffic repeats.
    pub period: Option<usize>,
}

/// Simulates a link and assesses its interference.
///
/// # Errors
/// [`Error::Twin`], when the link cannot be simulated.
pub fn assess(config: &LinkConfig, known: Known) -> Result<Assessment, Error> {
    let simulated = simulate(config)?;
    let Samples::F32(watts) = simulated.waveform.samples() else {
        unreachable!("these links have no converter")
    };
    // About 1: products of powers stay far from the ends of single precision.
    let scale = (1.0 / config.rop.to_watts()) as f32;
    let power: Vec<f32> = watts.iter().map(|y| y * scale).collect();
    let slicer = levels(&power, config);
    Ok(mpi::assess(&mpi::Input {
        power: &power,
        slicer: &slicer,
        baud_hz: config.baud.0,
        guard: GUARD,
        period: known.period,
        linewidth_hz: known.linewidth_hz,
        search: Search::DelayedCopies,
    }))
}

/// Takes the levels from decisions: those of thresholds half way between the levels of the link
/// without interference, as a receiver has them that was trained on it.
///
/// Levels found blindly (clusters of the samples) would do below the closing of the eye: at ER
/// 4.5 dB and -20 dB they lie up to a third of a step beside the true ones.
fn levels(power: &[f32], config: &LinkConfig) -> Slicer {
    let scale = 1.0 / config.rop.to_watts();
    let thresholds: Vec<f32> = config
        .levels_w()
        .windows(2)
        .map(|pair| (0.5 * scale * (pair[0] + pair[1])) as f32)
        .collect();
    let decided: Vec<u8> = power
        .iter()
        .map(|&y| thresholds.iter().map(|&t| u8::from(y > t)).sum())
        .collect();
    Slicer::from_symbols(power, &decided, 4)
}

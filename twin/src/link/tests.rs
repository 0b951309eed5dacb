//! The simulation against theory. Tolerances say what they rest on; all seeds are fixed, so a
//! test that passes passes always, and the tolerance guards against changes of the model.

mod channel;
mod configuration;
mod fibre;
mod filters;
mod interference;
mod nuisances;
mod receiver;
mod refusals;
mod robustness;
mod transmitter;

use etalon_types::units::{Baud, Db, Hertz, Metres};
use etalon_types::{Modulation, WaveformSource};

use super::{LinkConfig, Noise, Reflector, Simulated, SymbolSource, simulate};

/// Random PAM-4 at 26.5625 GBd, one sample a symbol, mean power 1 mW, no noise, a still laser.
fn clean(symbols: usize) -> LinkConfig {
    LinkConfig {
        source: SymbolSource::Random {
            modulation: Modulation::Pam4,
        },
        symbols,
        samples_per_symbol: 1,
        linewidth: Hertz(0.0),
        noise: Noise::None,
        ..LinkConfig::default()
    }
}

/// Samples in W.
fn watts(simulated: &Simulated) -> Vec<f64> {
    let mut samples = vec![0.0; simulated.waveform.samples().len()];
    let read = simulated.waveform.read_at(0, &mut samples).unwrap();
    assert_eq!(read, samples.len());
    samples
}

/// Decides each of one value a symbol against thresholds midway between the true levels, moved
/// up by the mean power `pedestal_w` that interferers add; returns symbol and bit error ratios.
fn error_ratios(values: &[f64], simulated: &Simulated, pedestal_w: f64) -> (f64, f64) {
    let levels = &simulated.truth.levels_w;
    let thresholds: Vec<f64> = levels
        .windows(2)
        .map(|pair| 0.5 * (pair[0] + pair[1]) + pedestal_w)
        .collect();
    let (mut symbols, mut bits) = (0u64, 0u32);
    for (value, &sent) in values.iter().zip(&simulated.symbols) {
        let decided = thresholds
            .iter()
            .filter(|&threshold| value > threshold)
            .count() as u8;
        let gray = |level: u8| level ^ (level >> 1);
        symbols += u64::from(decided != sent);
        bits += (gray(decided) ^ gray(sent)).count_ones();
    }
    let count = values.len() as f64;
    let per_symbol = simulated.truth.modulation.bits_per_symbol() as f64;
    (symbols as f64 / count, f64::from(bits) / count / per_symbol)
}

/// Mean over each symbol's samples: the matched filter of a rectangular symbol.
fn symbol_means(samples: &[f64], per_symbol: usize) -> Vec<f64> {
    samples
        .chunks_exact(per_symbol)
        .map(|symbol| symbol.iter().sum::<f64>() / per_symbol as f64)
        .collect()
}

/// Mean and variance.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (
        mean,
        values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count,
    )
}

/// Values of the symbols that were sent at a level.
fn at_level<'a>(
    values: &'a [f64],
    symbols: &'a [u8],
    level: u8,
) -> impl Iterator<Item = f64> + Clone + 'a {
    values
        .iter()
        .zip(symbols)
        .filter(move |(_, sent)| **sent == level)
        .map(|(&value, _)| value)
}

/// A constant NRZ carrier at its upper level, at a rate in baud.
fn carrier(symbols: usize, baud: f64) -> LinkConfig {
    LinkConfig {
        source: SymbolSource::Explicit {
            modulation: Modulation::Nrz,
            symbols: vec![1],
        },
        baud: Baud(baud),
        ..clean(symbols)
    }
}

fn assert_close(label: &str, found: f64, expected: f64, relative: f64) {
    assert!(
        (found / expected - 1.0).abs() <= relative,
        "{label}: found {found:.6e}, expected {expected:.6e} within {relative}"
    );
}

/// A connector of 20 dB.
fn connector(position_m: f64) -> Reflector {
    Reflector {
        position: Metres(position_m),
        return_loss: Db(20.0),
    }
}

fn snr(snr_db: f64) -> Noise {
    Noise::Snr { snr: Db(snr_db) }
}

fn run(config: &LinkConfig) -> Simulated {
    simulate(config).expect("a valid configuration")
}

//! The scope at the far end: from what arrives to samples.

use etalon_dsp::{BaudChoice, Measures, ModulationChoice, PatternChoice, Quantity, ReceiveOptions};
use etalon_twin::link::{Adc, LinkConfig, Noise, Reflection, SymbolSource, simulate};
use etalon_twin::path::PathCondition;
use etalon_types::units::{Baud, Db, Dbm, Hertz, Seconds};
use etalon_types::{PatternName, TransmissionMode, Waveform};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::BenchError;

/// Symbol rate of every service in baud.
pub const BAUD_HZ: f64 = 26.5625e9;

/// Samples a symbol.
const SAMPLES_PER_SYMBOL: usize = 2;
/// Bandwidth of transmitter and receiver over the symbol rate.
const BANDWIDTH: f64 = 0.7;
/// What filters, converter and adaptive equalizer cost, in dB: the path model states the ratio
/// at the slicer, the simulated channel is given this much more. Measured with the receiver at
/// 20 and 22 dB (2.5 and 2.9 dB).
const IMPLEMENTATION_DB: f64 = 0.8;
/// Largest clock offset in parts per million.
const CLOCK_PPM: f64 = 50.0;

/// How long a look is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every service in turn: 2^16 symbols.
    Survey,
    /// One service, to name a fault or to verify a path: 2^17 symbols, of which enough are
    /// judged for an interval of the bit error ratio that ends below 2.4e-4.
    Close,
}

impl Look {
    /// Returns how many symbols are captured.
    pub fn symbols(self) -> usize {
        match self {
            Self::Survey => 1 << 16,
            Self::Close => 1 << 17,
        }
    }

    /// Returns what the receiver is told of a capture in this mode: what the operator of a link
    /// knows, and nothing of the fault.
    pub fn options(self, mode: TransmissionMode) -> ReceiveOptions {
        ReceiveOptions {
            baud: BaudChoice::Is(BAUD_HZ),
            modulation: ModulationChoice::Is(pattern(mode).modulation()),
            pattern: PatternChoice::Named(pattern(mode)),
            quantity: Quantity::OpticalPower,
            measures: Measures {
                eye: self == Self::Close,
                ..Measures::default()
            },
            ..ReceiveOptions::default()
        }
    }
}

/// A capture and the mode that it was taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Optical power in W, 8-bit samples.
    pub waveform: Waveform,
    /// Mode of the transceiver, which the far end reads from the link's management.
    pub mode: TransmissionMode,
}

/// Simulates the `nth` capture of a service. The truth that the link model gives is dropped
/// here.
pub(super) fn capture(
    seed: u64,
    service: u64,
    nth: u64,
    condition: &PathCondition,
    mode: TransmissionMode,
    look: Look,
) -> Result<Capture, BenchError> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x5C09_E000);
    // Each service has its own clock for the whole run, and each capture its own noise.
    let offsets: Vec<f64> = (0..=service)
        .map(|_| rng.random_range(-CLOCK_PPM..CLOCK_PPM))
        .collect();
    let own = seed ^ (service + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let seed = own ^ (nth + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
    let reflection = |&(level_db, delay_s): &(f64, f64)| Reflection {
        level: Db(level_db),
        delay: Seconds(delay_s),
        ..Reflection::default()
    };
    let own_hz = BANDWIDTH * BAUD_HZ;
    // The link's low-pass comes before the receiver's noise, so it stands with the transmitter.
    let sent_hz = condition
        .rx_bandwidth_hz
        .map_or(own_hz, |hz| cascade(own_hz, hz));
    let config = LinkConfig {
        seed,
        source: SymbolSource::Pattern {
            name: pattern(mode),
        },
        symbols: look.symbols(),
        baud: Baud(BAUD_HZ),
        samples_per_symbol: SAMPLES_PER_SYMBOL,
        extinction_ratio: Db(condition.er_db),
        rop: Dbm(condition.mean_power_dbm),
        linewidth: Hertz(condition.linewidth_hz),
        reflections: condition.mpi.iter().map(reflection).collect(),
        tx_bandwidth: Some(Hertz(sent_hz)),
        rx_bandwidth: Some(Hertz(own_hz)),
        noise: Noise::Snr {
            snr: Db(condition.snr_db + IMPLEMENTATION_DB),
        },
        adc: Some(Adc::default()),
        clock_offset_ppm: offsets[service as usize],
        ..LinkConfig::default()
    };
    Ok(Capture {
        waveform: simulate(&config)?.waveform,
        mode,
    })
}

/// Bandwidth of two low-passes in a row, as those of Gaussian ones combine.
fn cascade(one_hz: f64, other_hz: f64) -> f64 {
    1.0 / (one_hz.powi(-2) + other_hz.powi(-2)).sqrt()
}

/// The test pattern of a mode: long enough that no capture holds a period, so that a reflection
/// is not mistaken for a repetition, and short enough to be found by correlation in a closed eye.
/// (A PRBS31 is found by its register, which needs 31 bits in a row without an error.)
fn pattern(mode: TransmissionMode) -> PatternName {
    match mode {
        TransmissionMode::Pam4At53G => PatternName::PrbsQ(20),
        TransmissionMode::NrzAt26G => PatternName::Prbs(20),
    }
}

use super::*;
use crate::mpi::{level, track};
use crate::signals::{Interference, symbols};
use crate::slicer::Slicer;

const BAUD_HZ: f64 = 26.5625e9;

fn gram(interference: Interference, count: usize, seed: u64) -> Reflectogram {
    let sent = symbols(seed, count, 4);
    let power = interference.power(&sent, 4, seed + 1_000);
    let slicer = Slicer::from_symbols(&power, &sent, 4);
    let tracked = track::decide(&power, &slicer, track::BLOCK);
    let beat = level::beat(&power, &tracked, BAUD_HZ);
    let input = Input {
        power: &power,
        slicer: &slicer,
        baud_hz: BAUD_HZ,
        guard: 20,
        period: None,
        linewidth_hz: None,
        search: crate::mpi::Search::DelayedCopies,
    };
    correlate(&input, &tracked, &beat).expect("long enough")
}

const NOISE: Interference = Interference {
    level_db: f64::NEG_INFINITY,
    delay: 0,
    linewidth: 0.0,
    snr_db: 20.0,
    extinction_db: 4.5,
};

/// The threshold promises one false path in a thousand captures. Of 300 captures more than three
/// have one with a probability of 3e-4.
#[test]
fn ref_noise_alone_raises_no_peak() {
    let alarms: usize = (0..300)
        .filter(|&seed| !gram(NOISE, 1 << 13, seed).peaks.is_empty())
        .count();
    assert!(alarms <= 3, "{alarms} false paths in 300 captures");
}

/// The delay is found to half a symbol before and within one after the parabola.
#[test]
fn the_delay_is_found_within_a_unit_interval() {
    for (seed, delay) in [(1, 700usize), (2, 2657), (3, 9001)] {
        let path = Interference {
            level_db: -28.0,
            delay,
            linewidth: 4e-4,
            ..NOISE
        };
        let gram = gram(path, 1 << 16, seed);
        let found = paths(&gram, BAUD_HZ);
        assert_eq!(found.len(), 1, "{found:?}");
        let lag = found[0].delay_s * BAUD_HZ;
        assert!((lag - delay as f64).abs() < 1.0, "{lag} expected {delay}");
    }
}

/// The level that the aided correlation stands for is that of the path, and the threshold stands
/// below it by the significance over the threshold.
#[test]
fn the_correlation_tells_the_level() {
    let path = Interference {
        level_db: -28.0,
        delay: 2657,
        linewidth: 4e-4,
        ..NOISE
    };
    let gram = gram(path, 1 << 17, 4);
    let peak = gram.peaks[0];
    // The mean square of the beat scatters by 2.17 / sqrt(K) dB = 0.12 dB, K = 2 pi linewidth T =
    // 329; the smoothed track loses about a tenth of the beat, 0.4 dB, and its noise as much.
    let level = gram.level_db[peak];
    assert!((level + 28.0).abs() < 1.2, "{level} dB, expected -28 dB");
    let above = level - gram.floor_db[peak];
    let expected = 10.0 * (gram.significance[peak] / gram.threshold).log10();
    assert!(
        (above - expected).abs() < 0.1,
        "{above} dB, expected {expected} dB"
    );
}

#[test]
fn ref_distance_of_a_round_trip() {
    // 100 ns there and back in fibre: 10.21 m.
    assert!((distance_m(100e-9) - 10.2109).abs() < 1e-3);
}

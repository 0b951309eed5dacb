//! The Bessel-Thomson responses, alone and in the link.

use etalon_types::units::Dbm;
use num_complex::Complex64;

use super::*;
use crate::link::bessel_thomson::{filter, response};

/// A square wave of eight symbols a period through one of the link's filters: fundamental and
/// third harmonic must be scaled and turned by the response, with the delay at DC taken out.
fn square_wave_ratio(config: &LinkConfig, cutoff_hz: f64) {
    const PERIOD: usize = 8 * 4;
    let filtered = watts(&run(config));
    let plain = watts(&run(&LinkConfig {
        tx_bandwidth: None,
        rx_bandwidth: None,
        ..config.clone()
    }));
    let line = |samples: &[f64], harmonic: usize| -> Complex64 {
        samples
            .iter()
            .enumerate()
            .map(|(n, &x)| {
                let turns = (harmonic * n % PERIOD) as f64 / PERIOD as f64;
                x * Complex64::cis(-std::f64::consts::TAU * turns)
            })
            .sum()
    };
    for harmonic in [1, 3] {
        let frequency_hz = harmonic as f64 * config.baud.0 / 8.0;
        let x = frequency_hz / cutoff_hz;
        let expected = response(x) * Complex64::cis(2.114 * x);
        let found = line(&filtered, harmonic) / line(&plain, harmonic);
        // The period holds whole samples, so only f32 and the filter's ends are left: 1e-5.
        assert!(
            (found - expected).norm() < 1e-5,
            "{harmonic}: {found} {expected}"
        );
    }
}

fn square_wave() -> LinkConfig {
    LinkConfig {
        source: SymbolSource::Explicit {
            modulation: Modulation::Nrz,
            symbols: vec![0, 0, 0, 0, 1, 1, 1, 1],
        },
        samples_per_symbol: 4,
        ..clean(8 * 128)
    }
}

/// With the fundamental at the cut-off it must come out at -3.011 dB.
#[test]
fn ref_receiver_filter_in_the_link() {
    let cutoff_hz = square_wave().baud.0 / 8.0;
    let config = LinkConfig {
        rx_bandwidth: Some(Hertz(cutoff_hz)),
        ..square_wave()
    };
    square_wave_ratio(&config, cutoff_hz);
}

#[test]
fn ref_transmitter_filter_in_the_link() {
    let cutoff_hz = square_wave().baud.0 / 5.0;
    let config = LinkConfig {
        tx_bandwidth: Some(Hertz(cutoff_hz)),
        ..square_wave()
    };
    square_wave_ratio(&config, cutoff_hz);
}

/// White noise behind the receiver's filter has its noise bandwidth: variance over the sample's
/// 1.0463 fr / (fs / 2). 2^19 symbols at 4 samples, half of them independent after the filter:
/// a standard error of 0.2 to 0.3 %.
#[test]
fn ref_noise_bandwidth_in_the_link() {
    let cutoff_hz = 13.28125e9;
    let config = LinkConfig {
        samples_per_symbol: 4,
        noise: Noise::thermal(),
        rx_bandwidth: Some(Hertz(cutoff_hz)),
        ..carrier(1 << 19, 26.5625e9)
    };
    let simulated = run(&config);
    let (_, variance) = moments(watts(&simulated).into_iter());
    // One-sided density 18 pA/sqrt(Hz) over 0.8 A/W.
    let expected = (18e-12f64 / 0.8).powi(2) * 1.0463 * cutoff_hz;
    assert_close("variance", variance, expected, 0.015);
}

/// The capture's first and last symbols are as good as those inside: a periodic signal stays
/// periodic up to both ends.
#[test]
fn the_ends_are_not_spoiled() {
    let config = LinkConfig {
        tx_bandwidth: Some(Hertz(9e9)),
        rx_bandwidth: Some(Hertz(9e9)),
        rop: Dbm(0.0),
        ..square_wave()
    };
    let samples = watts(&run(&config));
    for n in 32..samples.len() {
        // f32 steps of 1e-10 W, and what a sampled response leaves beyond its guard.
        assert!((samples[n] - samples[n - 32]).abs() < 1e-9, "sample {n}");
    }
}

#[test]
fn filtering_keeps_a_constant_and_any_length() {
    for length in [1usize, 2, 7, 97, 1000] {
        let mut signal = vec![2.5; length];
        filter(&mut signal, 1e9, 2e8);
        assert!(signal.iter().all(|x| (x - 2.5).abs() < 1e-12), "{length}");
    }
    filter(&mut [], 1e9, 2e8);
}

/// Blocks leave no seams: an impulse anywhere in a signal of several blocks comes out as the
/// same response to the last bits, wherever it lies to the blocks' ends; and two blocks that
/// share a transform do not leak into each other. At five samples a cut-off period half the
/// sample rate cuts the response off at a tenth, which rings as 0.1 / (pi n): 1e-4 at n = 300.
#[test]
fn blocks_leave_no_seams() {
    let response_around = |place: usize| -> Vec<f64> {
        let mut signal = vec![0.0; 40_000];
        signal[place] = 1.0;
        filter(&mut signal, 1e9, 2e8);
        let mut far = signal[..place - 300].iter().chain(&signal[place + 300..]);
        assert!(far.all(|x| x.abs() < 1.2e-4), "around {place}");
        signal[place - 50..place + 50].to_vec()
    };
    let expected = response_around(5_000);
    for place in [
        15_800, 15_821, 15_822, 15_823, 20_000, 31_643, 31_644, 31_645, 39_000,
    ] {
        for (found, expected) in response_around(place).into_iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-14,
                "{place}: {found} {expected}"
            );
        }
    }
}

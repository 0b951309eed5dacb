//! A measured channel in the link, and dispersion.

use std::f64::consts::TAU;

use etalon_types::FrequencyResponse;
use etalon_types::units::Metres;
use num_complex::Complex64;

use super::*;
use crate::Error;
use crate::link::MeasuredChannel;
use crate::link::channel::precursor_energy;

/// Points of a response given as a function, from 0 to `top_hz`.
fn sampled(top_hz: f64, gain: impl Fn(f64) -> Complex64) -> FrequencyResponse {
    let frequency_hz: Vec<f64> = (0..=2000).map(|i| top_hz * f64::from(i) / 2000.0).collect();
    let gains: Vec<Complex64> = frequency_hz.iter().map(|&f| gain(f)).collect();
    FrequencyResponse::from_gains(frequency_hz, &gains).unwrap()
}

fn channel(response: FrequencyResponse) -> Option<MeasuredChannel> {
    Some(MeasuredChannel {
        name: "made".into(),
        sha256: None,
        response,
    })
}

/// A two-pole low-pass of 20 GHz behind a delay.
fn poles(f: f64, delay_s: f64) -> Complex64 {
    let pole = Complex64::new(1.0, f / 20e9);
    0.9 * Complex64::cis(-TAU * f * delay_s) / (pole * pole)
}

/// Content of samples at a harmonic of a period.
fn line(samples: &[f64], period: usize, harmonic: usize) -> Complex64 {
    let turns = |n: usize| (harmonic * n % period) as f64 / period as f64;
    let parts = samples.iter().enumerate();
    parts
        .map(|(n, &x)| x * Complex64::cis(-TAU * turns(n)))
        .sum()
}

/// A square wave of eight symbols a period through the channel: each harmonic is scaled and
/// turned as the response says, with the delay that the truth tells taken out. The period holds
/// whole samples; the response is interpolated between points 50 MHz apart, 1e-5 as in its own
/// tests, and samples are f32.
#[test]
fn ref_the_channel_does_to_a_harmonic_what_its_points_say() {
    let plain = LinkConfig {
        source: SymbolSource::Explicit {
            modulation: Modulation::Nrz,
            symbols: vec![0, 0, 0, 0, 1, 1, 1, 1],
        },
        samples_per_symbol: 4,
        ..clean(8 * 256)
    };
    let delay_s = 1.23e-9;
    let config = LinkConfig {
        channel: channel(sampled(100e9, |f| poles(f, delay_s))),
        ..plain.clone()
    };
    let simulated = run(&config);
    let truth = simulated.truth.channel.clone().unwrap();
    assert!(
        truth.delay.0 > delay_s && truth.delay.0 < delay_s + 20e-12,
        "{truth:?}"
    );
    assert!(
        (truth.dc_gain - 0.9).abs() < 1e-9 && truth.remarks.is_empty(),
        "{truth:?}"
    );
    let (with, without) = (watts(&simulated), watts(&run(&plain)));
    for harmonic in [0usize, 1, 3, 5] {
        let f = harmonic as f64 * config.baud.0 / 8.0;
        let expected = poles(f, delay_s) * Complex64::cis(TAU * f * truth.delay.0);
        let found = line(&with, 32, harmonic) / line(&without, 32, harmonic);
        assert!(
            (found - expected).norm() < 3e-5,
            "{harmonic}: {found} {expected}"
        );
    }
    // The ends are as good as the middle.
    for n in 32..with.len() {
        assert!((with[n] - with[n - 32]).abs() < 1e-9, "sample {n}");
    }
}

#[test]
fn a_channel_moves_no_draw_and_must_cover_the_band() {
    let plain = LinkConfig {
        samples_per_symbol: 2,
        noise: snr(20.0),
        ..clean(2000)
    };
    let flat = |top| LinkConfig {
        channel: channel(sampled(top, |_| Complex64::new(1.0, 0.0))),
        ..plain.clone()
    };
    // Flat up to beyond the sample rate: the capture is the one without a channel, in f32.
    let (with, without) = (watts(&run(&flat(60e9))), watts(&run(&plain)));
    for (a, b) in with.iter().zip(&without) {
        assert!((a - b).abs() < 3e-10, "{a} {b}");
    }
    let error = simulate(&flat(13e9)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfRange {
                quantity: "channel.response",
                ..
            }
        ),
        "{error}"
    );
}

/// A delay is causal, an advance is not: a pulse moved to before time zero has all of its energy
/// there.
#[test]
fn ref_energy_before_time_zero() {
    assert!(precursor_energy(&sampled(50e9, |f| poles(f, 0.0))) < 1e-3);
    assert!(precursor_energy(&sampled(50e9, |f| poles(f, 1e-9))) < 1e-6);
    assert!(precursor_energy(&sampled(50e9, |f| poles(f, -1e-9))) > 0.99);
    let config = LinkConfig {
        channel: channel(sampled(50e9, |f| poles(f, -1e-9))),
        ..clean(100)
    };
    let remarks = run(&config).truth.channel.unwrap().remarks;
    assert_eq!(remarks[0].flag, "channel-not-causal");
}

/// The tone method: a small square wave through dispersed fibre, its fundamental against the one
/// without, must follow `cos(pi D lambda^2 f^2 / c)`, and with chirp the shifted form. At an
/// extinction ratio of 0.1 dB the modulation is 1 %, and the square law's second order 1e-4 of it.
#[test]
fn ref_dispersion_turns_a_small_modulation_by_the_cosine() {
    for (chirp, ps_per_nm) in [(0.0, 170.0), (0.0, -340.0), (0.7, 170.0), (0.7, -170.0)] {
        for baud in [10e9, 26.5625e9, 40e9] {
            let plain = LinkConfig {
                source: SymbolSource::Explicit {
                    modulation: Modulation::Nrz,
                    symbols: vec![0, 1],
                },
                baud: Baud(baud),
                extinction_ratio: Db(0.1),
                samples_per_symbol: 8,
                ..clean(512)
            };
            let config = LinkConfig {
                chirp,
                dispersion_ps_per_nm: ps_per_nm,
                wavelength: Metres(1550e-9),
                ..plain.clone()
            };
            let simulated = run(&config);
            let found = line(&watts(&simulated), 16, 1) / line(&watts(&run(&plain)), 16, 1);
            let f = baud / 2.0;
            let theta =
                std::f64::consts::PI * ps_per_nm * 1e-3 * (1550e-9f64 * f).powi(2) / 299_792_458.0;
            let expected = theta.cos() - chirp * theta.sin();
            assert!(
                (found - expected).norm() < 2e-3,
                "{chirp} {ps_per_nm} {baud}: {found} {expected}"
            );
            // The null that the truth tells is where that form is zero.
            let null = simulated.truth.dispersion_null.unwrap().0;
            let at_null = theta * (null / f).powi(2);
            assert!((at_null.cos() - chirp * at_null.sin()).abs() < 1e-9);
        }
    }
}

/// Science, section 6: 19.16 GHz at 170 ps/nm and 1550 nm, 51.17 GHz at 32 ps/nm and 1337.5 nm.
#[test]
fn ref_null_of_dispersion() {
    for (ps_per_nm, nanometres, gigahertz) in [(170.0, 1550.0, 19.16), (32.0, 1337.5, 51.17)] {
        let config = LinkConfig {
            dispersion_ps_per_nm: ps_per_nm,
            wavelength: Metres(nanometres * 1e-9),
            samples_per_symbol: 2,
            ..clean(16)
        };
        let null = run(&config).truth.dispersion_null.unwrap().0;
        assert!((null / 1e9 - gigahertz).abs() < 0.005, "{null}");
    }
    assert_eq!(run(&clean(16)).truth.dispersion_null, None);
}

#[test]
fn dispersion_keeps_the_power_and_needs_sidebands() {
    let config = LinkConfig {
        dispersion_ps_per_nm: 500.0,
        samples_per_symbol: 8,
        ..clean(4096)
    };
    let (mean, _) = moments(watts(&run(&config)).into_iter());
    let (plain, _) = moments(
        watts(&run(&LinkConfig {
            dispersion_ps_per_nm: 0.0,
            ..config.clone()
        }))
        .into_iter(),
    );
    // All-pass: only the symbols that cross the capture's ends make a difference.
    assert_close("mean power", mean, plain, 2e-3);
    let one = LinkConfig {
        samples_per_symbol: 1,
        ..config
    };
    assert!(simulate(&one).is_err());
    let absurd = LinkConfig {
        dispersion_ps_per_nm: 1e5,
        samples_per_symbol: 1000,
        ..clean(16)
    };
    assert!(matches!(simulate(&absurd), Err(Error::TooLarge { .. })));
}

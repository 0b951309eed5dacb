//! Nuisances against their closed forms. Samples are `f32`: equality is to 1e-6 of the power.

use std::f64::consts::PI;

use etalon_types::units::Seconds;

use super::*;
use crate::link::{
    AcCoupling, Baseline, Echo, Jitter, LowFrequencyRin, Nuisances, Polarization, Reflection, Tone,
    ToneOn,
};

/// Simulates random PAM-4 with and without nuisances; returns both in units of the mean power.
fn beside(nuisances: Nuisances) -> [Vec<f64>; 2] {
    let config = LinkConfig {
        nuisances,
        ..clean(2000)
    };
    [config, clean(2000)].map(|config| watts(&run(&config)).iter().map(|p| p / 1e-3).collect())
}

fn assert_same(found: &[f64], expected: impl Iterator<Item = f64>) {
    for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() < 1e-6,
            "sample {n}: {found}, expected {expected}"
        );
    }
}

/// A tone and a ramp of the offset move every level alike, those of the gain by its power.
#[test]
fn ref_tones_and_ramps_move_offset_or_gain() {
    let (frequency_hz, amplitude) = (30e6, 0.03);
    for on in [ToneOn::Offset, ToneOn::Gain] {
        let ramp = Some(-0.02);
        let tones = vec![Tone {
            frequency: Hertz(frequency_hz),
            amplitude,
            on,
            phase_rad: 0.4,
        }];
        let [with, without] = beside(match on {
            ToneOn::Offset => Nuisances {
                tones,
                offset_ramp: ramp,
                ..Nuisances::default()
            },
            ToneOn::Gain => Nuisances {
                tones,
                gain_ramp: ramp,
                ..Nuisances::default()
            },
        });
        let moved = without.iter().enumerate().map(|(n, power)| {
            let turn = 2.0 * PI * frequency_hz * n as f64 / 26.5625e9 + 0.4;
            let drift = amplitude * turn.sin() - 0.02 * (n as f64 / 2000.0 - 0.5);
            match on {
                ToneOn::Offset => power + drift,
                ToneOn::Gain => power * (1.0 + drift),
            }
        });
        assert_same(&with, moved);
    }
}

#[test]
fn ref_saturation_bends_the_levels() {
    let [with, without] = beside(Nuisances {
        saturation: Some(0.03),
        ..Nuisances::default()
    });
    let bent = without.iter().map(|p| p - 0.03 * (p - 1.0) * (p - 1.0));
    assert_same(&with, bent);
}

/// An echo of 200 symbols adds the power of 200 symbols before, less the mean.
#[test]
fn ref_an_electrical_echo_repeats_the_power() {
    let [with, without] = beside(Nuisances {
        echoes: vec![Echo {
            delay: Seconds(200.0 / 26.5625e9),
            amplitude: -0.02,
        }],
        ..Nuisances::default()
    });
    let late = without[200..].iter().zip(&without);
    let echoed = late.map(|(now, before)| now - 0.02 * (before - 1.0));
    // 200 over the baud is not exactly 200 samples: the interpolation is off by 1e-13 of one.
    assert_same(&with[200..], echoed);
    // The lead-in has the symbols from before the capture: no sample is without its echo.
    assert!(
        with[..200]
            .iter()
            .zip(&without)
            .all(|(a, b)| (a - b).abs() > 1e-4)
    );
}

/// A square wave through a first-order high-pass, settled: each half period of length `h` begins
/// at `A / (1 + exp(-h / t))`, `A` the step, and decays with the time constant `t`.
///
/// The bilinear transform puts the decay per sample at the tangent, (pi fc / fs)^2 / 3 = 5e-8
/// off, and the steps in the middle between two samples: half a sample of decay, 6e-4.
#[test]
fn ref_ac_coupling_droops() {
    const HALF: usize = 500;
    let corner_hz = 10e6;
    let time = 1.0 / (2.0 * PI * corner_hz / 26.5625e9);
    let symbols = [vec![0; HALF], vec![1; HALF]].concat();
    for baseline in [Baseline::Removed, Baseline::Kept] {
        let config = LinkConfig {
            source: SymbolSource::Explicit {
                modulation: Modulation::Nrz,
                symbols: symbols.clone(),
            },
            nuisances: Nuisances {
                ac_coupling: Some(AcCoupling {
                    corner: Hertz(corner_hz),
                    baseline,
                }),
                ..Nuisances::default()
            },
            ..clean(20 * HALF)
        };
        let simulated = run(&config);
        let levels = &simulated.truth.levels_w;
        let begins = (levels[1] - levels[0]) / (1.0 + (-(HALF as f64) / time).exp());
        let rest_w = match baseline {
            Baseline::Removed => 0.0,
            Baseline::Kept => simulated.truth.mean_power_w,
        };
        let samples = watts(&simulated);
        // After 18 half periods the start is forgotten to exp(-18 * 500 / 423) = 6e-10.
        for (n, sample) in samples.iter().enumerate().skip(18 * HALF) {
            let sign = if (n / HALF) % 2 == 1 { 1.0 } else { -1.0 };
            let expected = sign * begins * (-(((n % HALF) as f64) + 0.5) / time).exp();
            assert!(
                (sample - rest_w - expected).abs() < 1e-3 * begins,
                "{n}: {sample} {expected}"
            );
        }
    }
}

/// Low-frequency noise of the laser on a constant carrier: variance `r^2`, and an
/// autocorrelation that has fallen to 1/e after `1 / (2 pi fc)`.
///
/// 2^20 ns at 5 MHz hold 16,000 independent pieces (half the coherence angles): 1.1 % of the
/// variance, and less of the correlation.
#[test]
fn ref_low_frequency_noise_has_its_variance_and_corner() {
    let config = LinkConfig {
        low_frequency_rin: Some(LowFrequencyRin {
            rms: 5e-3,
            corner: Hertz(5e6),
        }),
        ..carrier(1 << 20, 1e9)
    };
    let simulated = run(&config);
    let level = simulated.truth.levels_w[1];
    let relative: Vec<f64> = watts(&simulated).iter().map(|p| p / level - 1.0).collect();
    let variance = relative.iter().map(|x| x * x).sum::<f64>() / relative.len() as f64;
    assert_close("variance", variance, 25e-6, 0.035);
    // 32 ns are 1 / (2 pi 5 MHz) to 0.5 %.
    let later = relative.iter().zip(&relative[32..]);
    let product = later.map(|(a, b)| a * b).sum::<f64>() / (relative.len() - 32) as f64;
    let expected = (-2.0 * PI * 5e6 * 32e-9f64).exp();
    assert!(
        (product / variance - expected).abs() < 0.03,
        "{}",
        product / variance
    );
}

/// To first order jitter adds the slope times the shift: its mean square over that of the slope
/// is the variance of the shift.
///
/// A square wave through a narrow filter, 64 samples a period: nearly a sine, so the central
/// difference takes 0.2 % off the slope. 2^18 samples of the fundamental: standard error 0.4 %
/// for independent shifts; with a corner of 200 MHz 3,000 independent ones, 3 %.
#[test]
fn ref_jitter_is_the_slope_times_the_shift() {
    const PER_SYMBOL: usize = 32;
    let rms = 0.01;
    let plain = LinkConfig {
        source: SymbolSource::Explicit {
            modulation: Modulation::Nrz,
            symbols: vec![0, 1],
        },
        samples_per_symbol: PER_SYMBOL,
        tx_bandwidth: Some(Hertz(0.4 * 26.5625e9)),
        ..clean((1 << 18) / PER_SYMBOL)
    };
    let still = watts(&run(&plain));
    for (corner, tolerance) in [(None, 0.02), (Some(Hertz(200e6)), 0.1)] {
        let config = LinkConfig {
            jitter: Some(Jitter {
                rms: Seconds(rms / 26.5625e9),
                corner,
            }),
            ..plain.clone()
        };
        let moved = watts(&run(&config));
        let (mut noise, mut slopes) = (0.0, 0.0);
        for (three, y) in still.windows(3).zip(&moved[1..]) {
            let slope = 0.5 * (three[2] - three[0]) * PER_SYMBOL as f64;
            noise += (y - three[1]) * (y - three[1]);
            slopes += slope * slope;
        }
        assert_close("variance", noise / slopes, rms * rms, tolerance);
    }
}

/// No nuisance draws from another's stream, and none is a path of interference.
#[test]
fn nuisances_leave_symbols_phase_and_paths_as_they_are() {
    let plain = LinkConfig {
        linewidth: Hertz(1e6),
        reflections: vec![Reflection {
            polarization: Polarization::Scrambled,
            ..Reflection::default()
        }],
        ..clean(3000)
    };
    let silent = |plain: LinkConfig| LinkConfig {
        low_frequency_rin: Some(LowFrequencyRin {
            rms: 0.0,
            corner: Hertz(1e6),
        }),
        jitter: Some(Jitter {
            rms: Seconds(0.0),
            corner: None,
        }),
        nuisances: Nuisances {
            echoes: vec![Echo {
                delay: Seconds(1e-9),
                amplitude: 0.0,
            }],
            saturation: Some(0.0),
            offset_ramp: Some(0.0),
            ..Nuisances::default()
        },
        ..plain
    };
    let (with, without) = (run(&silent(plain.clone())), run(&plain));
    assert_eq!(with.symbols, without.symbols);
    assert_eq!(with.truth.paths, without.truth.paths);
    // 2656.25 symbols later the interferer is from inside the capture; what was sent before it
    // depends on how much is simulated around it.
    let (with, without) = (watts(&with), watts(&without));
    assert_eq!(with[2658..], without[2658..]);
}

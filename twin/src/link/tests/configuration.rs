//! Determinism, symbols, levels.

use etalon_types::units::{Dbm, Metres, Seconds};
use etalon_types::{PatternName, Samples};

use super::*;
use crate::link::{
    AcCoupling, Adc, Baseline, Echo, Fibre, Jitter, LowFrequencyRin, Nuisances, Polarization,
    Rayleigh, Reflection, Tone, ToneOn,
};

fn everything() -> LinkConfig {
    LinkConfig {
        symbols: 3000,
        samples_per_symbol: 3,
        reflections: vec![
            Reflection {
                polarization: Polarization::Scrambled,
                ..Reflection::default()
            },
            Reflection {
                delay: Seconds(7.7e-9),
                ..Reflection::default()
            },
        ],
        tx_bandwidth: Some(Hertz(20e9)),
        rx_bandwidth: Some(Hertz(13e9)),
        rin_db_per_hz: Some(-140.0),
        noise: snr(18.0),
        adc: Some(Adc {
            enob: Some(6.5),
            ..Adc::default()
        }),
        clock_offset_ppm: 30.0,
        scrambling_rate: Hertz(1e6),
        chirp: 3.0,
        adiabatic_chirp_hz_per_w: 1e12,
        fibre: Fibre {
            reflectors: [0.0, 1.3, 2.0].map(connector).to_vec(),
            polarization: Polarization::Random,
            rayleigh: Some(Rayleigh {
                length: Metres(50.0),
                ..Rayleigh::default()
            }),
            ..Fibre::default()
        },
        low_frequency_rin: Some(LowFrequencyRin {
            rms: 5e-3,
            corner: Hertz(5e6),
        }),
        nuisances: every_nuisance(),
        jitter: Some(Jitter {
            rms: Seconds(1e-13),
            corner: Some(Hertz(4e6)),
        }),
        ..LinkConfig::default()
    }
}

fn every_nuisance() -> Nuisances {
    Nuisances {
        tones: vec![Tone {
            frequency: Hertz(1e6),
            amplitude: 0.03,
            on: ToneOn::Gain,
            phase_rad: 0.3,
        }],
        offset_ramp: Some(0.03),
        gain_ramp: Some(-0.03),
        ac_coupling: Some(AcCoupling {
            corner: Hertz(1e6),
            baseline: Baseline::Kept,
        }),
        echoes: vec![Echo {
            delay: Seconds(1.1e-9),
            amplitude: 0.02,
        }],
        saturation: Some(0.03),
    }
}

#[test]
fn the_same_configuration_gives_the_same_bytes() {
    let config = everything();
    assert_eq!(run(&config), run(&config));
    let other = LinkConfig {
        seed: 2,
        ..config.clone()
    };
    assert_ne!(run(&config).waveform, run(&other).waveform);
}

#[test]
fn switching_an_impairment_on_leaves_the_other_draws() {
    // Receiver noise is the difference to the run without it; it must not depend on whether a
    // reflection or a filter lengthens the lead-in.
    let noise_of = |config: &LinkConfig| {
        let with = run(&LinkConfig {
            noise: snr(15.0),
            ..config.clone()
        });
        let without = run(&LinkConfig {
            noise: Noise::None,
            ..config.clone()
        });
        assert_eq!(with.symbols, without.symbols);
        let (with, without) = (watts(&with), watts(&without));
        with.iter()
            .zip(without)
            .map(|(a, b)| a - b)
            .collect::<Vec<f64>>()
    };
    let plain = clean(2000);
    let echoed = LinkConfig {
        reflections: vec![Reflection::default()],
        linewidth: Hertz(1e7),
        tx_bandwidth: Some(Hertz(20e9)),
        ..plain.clone()
    };
    assert_eq!(run(&plain).symbols, run(&echoed).symbols);
    for (a, b) in noise_of(&plain).iter().zip(noise_of(&echoed)) {
        // Watts of about 1e-3 are kept as f32, whose step there is 1e-10.
        assert!((a - b).abs() < 3e-10, "{a} {b}");
    }
}

#[test]
fn samples_sit_on_the_levels_and_symbols_on_the_pattern() {
    let config = LinkConfig {
        source: SymbolSource::Pattern {
            name: PatternName::Ssprq,
        },
        samples_per_symbol: 5,
        rop: Dbm(-5.0),
        ..clean(70_000)
    };
    let simulated = run(&config);
    let period = PatternName::Ssprq.symbols(65_535);
    let rotation = (0..65_535)
        .find(|r| (0..65_535).all(|i| simulated.symbols[i] == period[(r + i) % 65_535]))
        .expect("a rotation of the pattern");
    assert_ne!(rotation, 0, "seed 1 happens to draw no rotation of zero");
    assert_eq!(
        simulated.symbols[65_535..],
        simulated.symbols[..70_000 - 65_535]
    );
    let levels = &simulated.truth.levels_w;
    for (n, power) in watts(&simulated).into_iter().enumerate() {
        let level = levels[usize::from(simulated.symbols[n / 5])];
        assert_close("sample", power, level, 1e-7); // f32
    }
    assert_eq!(simulated.truth.first_symbol_sample, 2.0);
    assert_eq!(simulated.truth.symbol_spacing_samples, 5.0);
}

/// OMA over mean power against the closed form, from the samples, for four extinction ratios.
#[test]
fn ref_oma_over_mean_power() {
    for (er_db, expected_db) in [(3.5, -1.164), (4.5, -0.212), (6.0, 0.781), (10.0, 2.139)] {
        let config = LinkConfig {
            extinction_ratio: Db(er_db),
            rop: Dbm(-3.0),
            ..clean(4096)
        };
        let simulated = run(&config);
        let samples = watts(&simulated);
        let (low, _) = moments(at_level(&samples, &simulated.symbols, 0));
        let (high, _) = moments(at_level(&samples, &simulated.symbols, 3));
        let found = Dbm::from_watts(high - low) - Dbm(-3.0);
        assert!((found.0 - expected_db).abs() < 6e-4, "ER {er_db}: {found}");
        assert!((simulated.truth.extinction_ratio.unwrap().0 - er_db).abs() < 1e-9);
    }
}

#[test]
fn given_levels_are_scaled_to_the_mean_power() {
    let config = LinkConfig {
        levels: Some(vec![0.0, 0.9, 1.95, 3.0]),
        ..clean(1000)
    };
    let truth = run(&config).truth;
    assert_close("level 3", truth.levels_w[3], 3.0 / 1.4625 * 1e-3, 1e-12);
    assert_eq!(truth.levels_w[0], 0.0);
    assert_eq!(truth.extinction_ratio, None);
}

#[test]
fn an_explicit_sequence_goes_round_and_begins_with_its_first() {
    let mut config = clean(7);
    config.source = SymbolSource::Explicit {
        modulation: Modulation::Pam4,
        symbols: vec![0, 3, 1],
    };
    assert_eq!(run(&config).symbols, [0, 3, 1, 0, 3, 1, 0]);
    // An orthogonal echo of one symbol adds the power of the symbol before, from sample 0 on.
    config.reflections = vec![Reflection {
        level: Db(-10.0),
        delay: Seconds(1.0 / config.baud.0),
        polarization: Polarization::Orthogonal,
    }];
    let simulated = run(&config);
    let levels = &simulated.truth.levels_w;
    let expected: Vec<f64> = [(0, 1), (3, 0), (1, 3), (0, 1), (3, 0), (1, 3), (0, 1)]
        .iter()
        .map(|&(now, before): &(usize, usize)| levels[now] + 0.1 * levels[before])
        .collect();
    for (found, expected) in watts(&simulated).into_iter().zip(expected) {
        assert_close("power", found, expected, 1e-6); // f32, and the delay's last bits
    }
}

#[test]
fn the_storage_follows_the_converter() {
    let storage = |bits| {
        let config = LinkConfig {
            adc: Some(Adc {
                bits,
                ..Adc::default()
            }),
            ..clean(100)
        };
        run(&config).waveform.samples().clone()
    };
    assert!(matches!(storage(8), Samples::I8(_)));
    assert!(matches!(storage(12), Samples::I16(_)));
    assert!(matches!(
        run(&clean(100)).waveform.samples(),
        Samples::F32(_)
    ));
}

#[test]
fn a_configuration_survives_json_and_may_be_partial() {
    let config = everything();
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<LinkConfig>(&text).unwrap(), config);
    let partial: LinkConfig = serde_json::from_str(r#"{"symbols": 99}"#).unwrap();
    assert_eq!(
        partial,
        LinkConfig {
            symbols: 99,
            ..LinkConfig::default()
        }
    );
    assert!(serde_json::from_str::<LinkConfig>(r#"{"symbolz": 99}"#).is_err());
    let truth = run(&config).truth;
    let text = serde_json::to_string(&truth).unwrap();
    let back: super::super::Truth = serde_json::from_str(&text).unwrap();
    assert_eq!(back.config, truth.config);
    // Two given ones, and three pairs of three reflectors.
    assert_eq!(back.paths.len(), 5);
    // The JSON reader may be off by the last bit of a float.
    assert_close(
        "phase",
        back.paths[0].phase_rad,
        truth.paths[0].phase_rad,
        1e-15,
    );
}

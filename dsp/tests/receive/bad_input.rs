//! Input that no good capture holds: a flag or a typed error, never a panic, never a NaN.

use crate::signals::{Noise, Shaping, noisy, pattern, shaped, symbols};
use crate::{BAUD_HZ, at, plain, walker};
use etalon_dsp::options::Quantity;
use etalon_dsp::{
    BaudChoice, EqualizerChoice, Error, LineCode, ModulationChoice, PatternChoice, ReceiveOptions,
    Reception, receive,
};
use etalon_types::Modulation;
use proptest::prelude::*;

fn good() -> Vec<f32> {
    noisy(&pattern("prbs9q", 6_000), 4, 0.2, 3)
        .iter()
        .map(|x| x + 5.0)
        .collect()
}

fn flags(reception: &Reception) -> Vec<&str> {
    let quality = &reception.report.quality;
    quality.iter().map(|q| q.flag.as_str()).collect()
}

/// Every way to ask.
fn ways() -> Vec<ReceiveOptions> {
    let auto = ReceiveOptions {
        baud: BaudChoice::Is(BAUD_HZ),
        line_code: LineCode::Code64b66b,
        quantity: Quantity::OpticalPower,
        ..Default::default()
    };
    vec![
        plain("prbs9q"),
        auto.clone(),
        ReceiveOptions {
            pattern: PatternChoice::None,
            quantity: Quantity::Unknown,
            ..auto.clone()
        },
        ReceiveOptions {
            equalizer: EqualizerChoice::FfeDfe,
            ..plain("prbs9")
        },
        ReceiveOptions {
            equalizer: EqualizerChoice::Ffe,
            taps: Some(301),
            pattern: PatternChoice::Symbols {
                name: "mine".into(),
                symbols: vec![0, 1, 1, 0, 0, 0, 1],
            },
            ..auto
        },
    ]
}

#[test]
fn samples_that_are_missing_or_not_finite_are_flagged() {
    let mut cut = good();
    cut[4_000] = f32::NAN;
    let mut laden = good();
    laden.iter_mut().step_by(100).for_each(|x| *x = f32::NAN);
    let mut infinite = good();
    infinite[10] = f32::INFINITY;
    infinite[11] = f32::NEG_INFINITY;
    let cases: [(&str, Vec<f32>, &str); 8] = [
        ("empty", vec![], "too-short"),
        ("one sample", vec![1.0], "constant"),
        ("all zero", vec![0.0; 5_000], "constant"),
        ("constant", vec![0.3; 5_000], "constant"),
        ("not a number", vec![f32::NAN; 5_000], "nan"),
        ("a hole", cut, "nan"),
        ("holes everywhere", laden, "too-short"),
        ("infinite", infinite, "nan"),
    ];
    for (name, samples, flag) in &cases {
        for options in ways() {
            let found = at(samples, 1.0, &options);
            assert!(flags(&found).contains(flag), "{name}: {:?}", flags(&found));
        }
    }
}

#[test]
fn what_is_left_of_a_hole_is_measured() {
    let mut samples = good();
    samples[1_000] = f32::NAN;
    let report = at(&samples, 1.0, &plain("prbs9q")).report;
    assert!(report.estimates.snr_db.estimate().is_some());
    assert_eq!(report.input.samples, 6_000);
}

#[test]
fn clipped_samples_are_flagged_and_measured() {
    let mut samples = good();
    samples.iter_mut().for_each(|x| *x = x.clamp(1.9, 8.1));
    for options in ways() {
        let found = at(&samples, 1.0, &options);
        assert!(flags(&found).contains(&"clipping"), "{:?}", flags(&found));
    }
}

/// The figures that have no unit do not depend on it; those that have scale with it.
#[test]
fn any_unit_will_do() {
    let one = good();
    let wanted = at(&one, 1.0, &ways()[1]).report.estimates;
    for scale in [1e-30f32, 1e-12, 1e12, 1e30] {
        let scaled: Vec<f32> = one.iter().map(|x| x * scale).collect();
        for options in ways() {
            at(&scaled, 1.0, &options);
        }
        let found = at(&scaled, 1.0, &ways()[1]).report.estimates;
        let close = |a: Option<f64>, b: Option<f64>, factor: f64| {
            let (a, b) = (a.expect("measured"), b.expect("measured"));
            // Samples are rounded anew to 24 bits: a part in 1e6 is left.
            assert!((a / (b * factor) - 1.0).abs() < 1e-4, "{scale}: {a} {b}");
        };
        close(found.snr_db.value(), wanted.snr_db.value(), 1.0);
        close(found.ser.value(), wanted.ser.value(), 1.0);
        close(found.rlm_120d.value(), wanted.rlm_120d.value(), 1.0);
        let factor = f64::from(scale);
        close(found.oma_outer.value(), wanted.oma_outer.value(), factor);
    }
}

#[test]
fn magnitudes_beyond_single_precision_are_refused() {
    for scale in [3e37f32, 1e-38] {
        let samples: Vec<f32> = good().iter().map(|x| x * scale).collect();
        for options in ways() {
            let found = at(&samples, 1.0, &options);
            assert!(flags(&found).contains(&"out-of-range"));
        }
    }
}

#[test]
fn a_wrong_rate_is_flagged() {
    let shape = Shaping {
        samples_per_symbol: 4.0,
        offset_ppm: 0.0,
        delay_ui: 0.2,
    };
    let samples = shaped(&pattern("prbs9q", 8_000), 4, shape);
    for options in ways() {
        let found = at(&samples, 3.3, &options);
        assert!(flags(&found).contains(&"wrong-rate"), "{:?}", flags(&found));
        assert!(found.report.estimates.snr_db.estimate().is_none());
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let samples = good();
    let ask = |interval_s: f64, options: ReceiveOptions| {
        receive(&samples, interval_s, &options, &mut ()).expect_err("makes no sense")
    };
    for interval_s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(ask(interval_s, plain("prbs9q")), Error::NoSampleRate);
    }
    for baud_hz in [0.0, -1e9, f64::NAN, f64::INFINITY, 27e9, 1e12] {
        let options = ReceiveOptions {
            baud: BaudChoice::Is(baud_hz),
            ..plain("prbs9q")
        };
        let error = ask(1.0 / BAUD_HZ, options);
        assert!(matches!(error, Error::ImpossibleBaud { .. }), "{error}");
    }
    let symbols = |symbols: Vec<u8>| PatternChoice::Symbols {
        name: "mine".into(),
        symbols,
    };
    let nrz = ModulationChoice::Is(Modulation::Nrz);
    let wrong = [
        ReceiveOptions {
            taps: Some(0),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            taps: Some(1026),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            zero: f64::NAN,
            ..plain("prbs9q")
        },
        ReceiveOptions {
            linewidth_hz: Some(0.0),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            linewidth_hz: Some(f64::NAN),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            modulation: nrz,
            ..plain("prbs9q")
        },
        ReceiveOptions {
            pattern: symbols(vec![]),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            pattern: symbols(vec![0, 1, 4]),
            ..plain("prbs9q")
        },
        ReceiveOptions {
            pattern: symbols(vec![0, 2]),
            modulation: nrz,
            ..plain("prbs9q")
        },
    ];
    for options in wrong {
        let error = ask(1.0 / BAUD_HZ, options);
        let Error::Option {
            expected, found, ..
        } = &error
        else {
            panic!("{error}");
        };
        assert!(!expected.is_empty() && !found.is_empty(), "{error}");
    }
}

/// More taps than the capture can train, and a level that never occurs.
#[test]
fn a_capture_that_cannot_train_is_received_blindly() {
    for taps in [1, 2, 101, 1025] {
        for equalizer in [
            EqualizerChoice::Auto,
            EqualizerChoice::Ffe,
            EqualizerChoice::FfeDfe,
        ] {
            let options = ReceiveOptions {
                equalizer,
                taps: Some(taps),
                ..plain("prbs9q")
            };
            at(&good()[..600], 1.0, &options);
            at(&good()[..1500], 1.0, &options);
        }
    }
    let two_of_four = PatternChoice::Symbols {
        name: "two of four".into(),
        symbols: symbols(3, 500, 2).iter().map(|s| 3 * s).collect(),
    };
    let options = ReceiveOptions {
        pattern: two_of_four,
        ..plain("prbs9q")
    };
    let sent: Vec<u8> = symbols(3, 500, 2)
        .iter()
        .cycle()
        .take(4_000)
        .map(|s| 3 * s)
        .collect();
    at(&noisy(&sent, 4, 0.1, 1), 1.0, &options);
}

fn any_signal(kind: u8, count: usize, seed: u64, offset: f32, scale: f32) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    let base: Vec<f32> = match kind {
        0 => (0..count).map(|_| noise.normal() as f32).collect(),
        1 => noisy(&symbols(seed, count, 4), 4, 0.1, seed),
        2 => noisy(&symbols(seed, count, 2), 2, 0.5, seed),
        3 => (0..count).map(|i| (i % 7) as f32).collect(),
        4 => (0..count).map(|i| i as f32).collect(),
        5 => (0..count)
            .map(|i| {
                if i % 997 == 3 {
                    f32::NAN
                } else {
                    noise.normal() as f32
                }
            })
            .collect(),
        6 => (0..count)
            .map(|i| {
                if i == count / 2 {
                    1e20
                } else {
                    noise.symbol(2) as f32
                }
            })
            .collect(),
        _ => noisy(&pattern("prbs7q", count), 4, 0.0, seed),
    };
    base.iter().map(|x| (x + offset) * scale).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever the samples and the options, there is a report of finite numbers or an error.
    #[test]
    fn prop_the_receiver_never_panics(
        kind in 0u8..8,
        count in 0usize..6_000,
        seed in 0u64..1_000,
        offset in prop_oneof![Just(0.0f32), Just(5.0), Just(-1e6)],
        scale in prop_oneof![Just(1.0f32), Just(1e-25), Just(1e15)],
        sps in prop_oneof![Just(1.0), Just(1.13), Just(2.0), Just(3.3), Just(50.0)],
        taps in prop_oneof![Just(None), (1usize..200).prop_map(Some)],
        way in 0usize..5,
        equalizer in 0usize..4,
        zero in prop_oneof![Just(0.0), Just(-3.0), Just(1e9)],
    ) {
        let samples = any_signal(kind, count, seed, offset, scale);
        let options = ReceiveOptions {
            taps,
            zero,
            equalizer: [
                EqualizerChoice::Auto,
                EqualizerChoice::None,
                EqualizerChoice::Ffe,
                EqualizerChoice::FfeDfe,
            ][equalizer],
            ..ways()[way].clone()
        };
        if let Ok(found) = receive(&samples, 1.0 / (BAUD_HZ * sps), &options, &mut ()) {
            walker::every_number_is_finite(&found);
        }
    }
}

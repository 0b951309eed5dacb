//! Noise, RIN, converter and sample clock.

use etalon_types::units::Dbm;
use etalon_types::{Samples, WaveformSource};

use super::*;
use crate::link::Adc;
use crate::link::theory;

/// Acceptance row 4: 10^6 symbols at 16 dB. 3,580 bit errors have a standard error of 1.7 %, a
/// third of the tolerance.
#[test]
fn ref_pam4_ber_in_white_noise() {
    let simulated = run(&LinkConfig {
        noise: snr(16.0),
        ..clean(1_000_000)
    });
    let (ser, ber) = error_ratios(&watts(&simulated), &simulated, 0.0);
    assert_close("BER", ber, 1.791e-3, 0.05);
    assert_close("SER", ser, theory::pam4_ser(Db(16.0)), 0.05);
}

/// The matched filter of a rectangular symbol reaches the same ratio at any number of samples a
/// symbol, at any mean power and extinction ratio; standard errors 1.2 to 2.5 %, within three.
#[test]
fn ref_snr_holds_for_any_oversampling() {
    for (per_symbol, snr_db, rop_dbm) in [(2, 15.0, -7.0), (3, 14.0, 3.0), (8, 15.0, 0.0)] {
        let config = LinkConfig {
            samples_per_symbol: per_symbol,
            extinction_ratio: Db(9.0),
            rop: Dbm(rop_dbm),
            noise: snr(snr_db),
            ..clean(400_000)
        };
        let simulated = run(&config);
        let means = symbol_means(&watts(&simulated), per_symbol);
        let (_, ber) = error_ratios(&means, &simulated, 0.0);
        assert_close("BER", ber, theory::pam4_ber(Db(snr_db)), 0.06);
        assert!((simulated.truth.snr.unwrap().0 - snr_db).abs() < 1e-9);
    }
}

/// NRZ at 9 dB: BER 2.4e-3, 1,900 errors in 800,000 symbols, standard error 2.3 %.
#[test]
fn ref_nrz_ber_in_white_noise() {
    let config = LinkConfig {
        source: SymbolSource::Random {
            modulation: Modulation::Nrz,
        },
        noise: snr(9.0),
        ..clean(800_000)
    };
    let simulated = run(&config);
    let (_, ber) = error_ratios(&watts(&simulated), &simulated, 0.0);
    assert_close("BER", ber, theory::nrz_ber(Db(9.0)), 0.07);
}

/// Thermal noise: 18 pA/sqrt(Hz) over half the symbol rate at 0.8 A/W, and an SNR that falls by
/// 2 dB (electrical) for each dB of light. 2^18 samples: standard error 0.3 %.
#[test]
fn ref_thermal_noise_follows_the_received_power() {
    let config = LinkConfig {
        noise: Noise::thermal(),
        ..carrier(1 << 18, 26.5625e9)
    };
    let (_, variance) = moments(watts(&run(&config)).into_iter());
    let expected = (18e-12f64 / 0.8).powi(2) * 26.5625e9 / 2.0;
    assert_close("variance", variance, expected, 0.01);
    let snr_at = |rop_dbm: f64| {
        let config = LinkConfig {
            rop: Dbm(rop_dbm),
            noise: Noise::thermal(),
            ..clean(10)
        };
        run(&config).truth.snr.unwrap().0
    };
    assert!((snr_at(-3.0) - snr_at(-13.0) - 20.0).abs() < 1e-9);
}

/// Shot noise: `2 q R P B` of current is `q P baud / R` of optical power squared, beside the
/// thermal one, on each of the levels. 0.3 % of standard error for 2^18 samples, 0.6 % for a
/// quarter of them.
#[test]
fn ref_shot_noise_grows_with_the_power() {
    let thermal = (18e-12f64 / 0.8).powi(2) * 26.5625e9 / 2.0;
    let shot_per_w = 1.602_176_634e-19 * 26.5625e9 / 0.8;
    let config = LinkConfig {
        noise: Noise::thermal_and_shot(),
        extinction_ratio: Db(10.0),
        ..clean(1 << 18)
    };
    let simulated = run(&config);
    let samples = watts(&simulated);
    for level in 0..4u8 {
        let power = simulated.truth.levels_w[usize::from(level)];
        let (_, variance) = moments(at_level(&samples, &simulated.symbols, level));
        assert_close("variance", variance, thermal + shot_per_w * power, 0.025);
    }
    // The truth's is that of the mean power, 0 dBm.
    let expected = thermal + shot_per_w * 1e-3;
    assert_close(
        "truth",
        simulated.truth.noise_sigma_w.powi(2),
        expected,
        1e-9,
    );
    // At 1 mW shot noise is not to be neglected beside 18 pA/sqrt(Hz).
    assert!(shot_per_w * 1e-3 > 0.5 * thermal);
}

/// RIN: a relative variance of rin fs / 2 on every level. A level has 65,000 samples: standard
/// error 0.55 %.
#[test]
fn ref_rin_scales_with_the_level() {
    let config = LinkConfig {
        rin_db_per_hz: Some(-138.0),
        ..clean(1 << 18)
    };
    let simulated = run(&config);
    let samples = watts(&simulated);
    let relative = 10f64.powf(-13.8) * 26.5625e9 / 2.0;
    for level in 0..4u8 {
        let (mean, variance) = moments(at_level(&samples, &simulated.symbols, level));
        assert_close(
            "relative variance",
            variance / (mean * mean),
            relative,
            0.02,
        );
    }
}

/// An ideal converter errs by at most half a step, spans the capture and clips nothing; its
/// error's variance is step^2 / 12 (2^16 samples of noisy input: standard error 0.4 %).
#[test]
fn ref_quantization_of_an_ideal_converter() {
    let config = LinkConfig {
        noise: snr(15.0),
        ..clean(1 << 16)
    };
    let exact = watts(&run(&config));
    for bits in [6, 8, 12] {
        let config = LinkConfig {
            adc: Some(Adc {
                bits,
                ..Adc::default()
            }),
            ..config.clone()
        };
        let simulated = run(&config);
        assert_eq!(simulated.truth.clipped_samples, 0);
        let step = simulated.waveform.info().scale;
        let converted = watts(&simulated);
        let errors: Vec<f64> = converted.iter().zip(&exact).map(|(a, b)| a - b).collect();
        // The exact samples are known to f32's step of 1e-10 W.
        assert!(
            errors.iter().all(|e| e.abs() <= 0.5 * step + 2e-10),
            "{bits} bits"
        );
        let (_, variance) = moments(errors.into_iter());
        assert_close("variance", variance, step * step / 12.0, 0.03);
        let codes: Vec<i64> = match simulated.waveform.samples() {
            Samples::I8(codes) => codes.iter().map(|&code| i64::from(code)).collect(),
            Samples::I16(codes) => codes.iter().map(|&code| i64::from(code)).collect(),
            other => panic!("expected integers, found {:?}", other.storage()),
        };
        assert_eq!(codes.iter().min(), Some(&-(1 << (bits - 1))));
        assert_eq!(codes.iter().max(), Some(&((1 << (bits - 1)) - 1)));
    }
}

/// With an effective resolution the error has the variance of an ideal converter of that
/// resolution over the same full scale (2^17 samples: standard error 0.4 %).
#[test]
fn ref_effective_number_of_bits() {
    let config = LinkConfig {
        noise: snr(15.0),
        ..clean(1 << 17)
    };
    let exact = watts(&run(&config));
    let adc = Adc {
        bits: 8,
        enob: Some(5.5),
        ..Adc::default()
    };
    let simulated = run(&LinkConfig {
        adc: Some(adc),
        ..config
    });
    let full_scale = 256.0 * simulated.waveform.info().scale;
    let errors = watts(&simulated).into_iter().zip(exact).map(|(a, b)| a - b);
    let (_, variance) = moments(errors.collect::<Vec<f64>>().into_iter());
    assert_close(
        "variance",
        variance,
        (full_scale / 2f64.powf(5.5)).powi(2) / 12.0,
        0.02,
    );
}

#[test]
fn a_narrow_full_scale_clips_and_counts() {
    let adc = Some(Adc {
        clip: 0.5,
        ..Adc::default()
    });
    let simulated = run(&LinkConfig { adc, ..clean(4000) });
    let outer = simulated
        .symbols
        .iter()
        .filter(|&&symbol| symbol == 0 || symbol == 3)
        .count();
    // Half the span leaves the two outer levels outside and the two inner ones within.
    assert_eq!(simulated.truth.clipped_samples, outer as u64);
}

#[test]
fn a_constant_capture_survives_the_converter() {
    for clip in [0.5, 1.0] {
        let adc = Some(Adc {
            clip,
            ..Adc::default()
        });
        let simulated = run(&LinkConfig {
            adc,
            ..carrier(64, 1e9)
        });
        let expected = simulated.truth.levels_w[1];
        assert!(
            watts(&simulated)
                .iter()
                .all(|x| (x / expected - 1.0).abs() < 5e-3)
        );
        assert_eq!(simulated.truth.clipped_samples, 0);
    }
}

/// A clock offset moves the symbols as the truth says: reading the sample nearest to each
/// symbol's centre finds every symbol, to the end of the capture, in both directions and with
/// filters; without following the clock, half the capture would be off by symbols.
#[test]
fn ref_symbols_lie_where_the_truth_says() {
    for ppm in [-5000.0, -100.0, 0.0, 100.0, 5000.0] {
        for bandwidth in [None, Some(Hertz(20e9))] {
            let config = LinkConfig {
                samples_per_symbol: 8,
                clock_offset_ppm: ppm,
                tx_bandwidth: bandwidth,
                rx_bandwidth: bandwidth,
                ..clean(20_000)
            };
            let simulated = run(&config);
            let samples = watts(&simulated);
            let truth = &simulated.truth;
            let values: Vec<f64> = (0..20_000)
                .map(|i| truth.first_symbol_sample + f64::from(i) * truth.symbol_spacing_samples)
                .map_while(|place| samples.get(place.round() as usize).copied())
                .collect();
            assert!(values.len() > 19_000, "{ppm} ppm: {}", values.len());
            let (ser, _) = error_ratios(&values, &simulated, 0.0);
            assert_eq!(ser, 0.0, "{ppm} ppm, {bandwidth:?}");
        }
    }
}

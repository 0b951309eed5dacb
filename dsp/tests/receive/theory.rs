//! Against closed forms: error ratios, amplitudes, intervals.

use crate::signals::{Interference, noisy, pattern};
use crate::{at, plain};
use etalon_dsp::options::Quantity;
use etalon_dsp::{EqualizerChoice, ReceiveOptions};

/// Noise for an SNR in dB: levels -3, -1, 1, 3 have the variance 5.
fn sigma(snr_db: f64) -> f64 {
    (5.0 / 10f64.powf(snr_db / 10.0)).sqrt()
}

/// Acceptance row 4: `BER = 0.75 Q(x) + 0.5 Q(3x) - 0.25 Q(5x)`, `5 x^2 = SNR`: 1.791e-3 at 16 dB.
/// The pattern trains on at most 2^17 symbols, so that 2 x 877 000 bits are judged: 3140 errors,
/// 1.8 % standard error (and the acceptance's 5 % is 2.8 of them).
#[test]
fn ref_bit_error_ratio_in_white_noise() {
    let sent = pattern("prbs15q", 1_010_000);
    let samples = noisy(&sent, 4, sigma(16.0), 42);
    let report = at(&samples, 1.0, &plain("prbs15q")).report;
    let ber = report.estimates.pre_fec_ber.estimate().expect("a pattern");
    assert!((ber.value / 1.791e-3 - 1.0).abs() < 0.05, "{ber:?}");
    assert!(ber.low < 1.791e-3 && 1.791e-3 < ber.high, "{ber:?}");
    assert!(ber.n > 1_700_000);
    // Gray: an error moves one level and costs one bit.
    let ser = report.estimates.ser.value().expect("a pattern");
    assert!((ser / (2.0 * ber.value) - 1.0).abs() < 1e-3);
    // Four decibels from row 4's table: the SNR figure itself.
    let snr = report.estimates.snr_db.estimate().expect("noise");
    assert!((snr.value - 16.0).abs() < 0.05, "{snr:?}");
}

/// The table of science.md section 2 at other SNRs, each inside five standard errors of its count.
#[test]
fn ref_bit_error_ratio_follows_the_snr() {
    for (snr_db, expected) in [(14.0, 9.376e-3), (15.0, 4.465e-3), (17.0, 5.795e-4)] {
        let sent = pattern("prbs15q", 340_000);
        let samples = noisy(&sent, 4, sigma(snr_db), 7);
        let report = at(&samples, 1.0, &plain("prbs15q")).report;
        let ber = report.estimates.pre_fec_ber.estimate().expect("a pattern");
        let error = (expected / ber.n as f64).sqrt();
        assert!(
            (ber.value - expected).abs() < 5.0 * error,
            "{snr_db} dB: {ber:?}"
        );
    }
}

/// Acceptance row 14: OMA over mean power is `2 (r - 1) / (r + 1)`, -0.212 dB at an extinction
/// ratio of 4.5 dB and +0.781 dB at 6 dB. SSPRQ at 25 dB, several periods.
#[test]
fn ref_oma_over_mean_power() {
    for (extinction_db, expected_db) in [(4.5, -0.212), (6.0, 0.781)] {
        let link = Interference {
            level_db: f64::NEG_INFINITY,
            delay: 0,
            linewidth: 0.0,
            snr_db: 25.0,
            extinction_db,
        };
        let sent = pattern("ssprq", 4 * 65_535);
        let samples = link.power(&sent, 4, 3);
        let options = ReceiveOptions {
            quantity: Quantity::OpticalPower,
            ..plain("ssprq")
        };
        let report = at(&samples, 1.0, &options).report;
        let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len() as f64;
        let oma = report.estimates.oma_outer.estimate().expect("long runs");
        let found_db = 10.0 * (oma.value / mean).log10();
        assert!(
            (found_db - expected_db).abs() < 0.05,
            "{found_db} expected {expected_db}"
        );
        assert!(oma.definition.contains("runs"), "{}", oma.definition);
        let er = report
            .estimates
            .extinction_ratio_db
            .estimate()
            .expect("optical");
        assert!((er.value - extinction_db).abs() < 0.05, "{er:?}");
        assert!(er.low < extinction_db && extinction_db < er.high, "{er:?}");
        assert!((report.estimates.rlm_120d.value().unwrap() - 1.0).abs() < 0.01);
    }
}

/// The 95 % interval of the SNR holds the truth. Of 400 draws a binomial of 0.95 leaves the range
/// 366 to 393 with a probability of 1e-3.
#[test]
fn ref_the_snr_interval_covers_as_promised() {
    let sent = pattern("prbs9q", 4_000);
    let covered = (0..400)
        .filter(|&seed| {
            let samples = noisy(&sent, 4, sigma(20.0), 100 + seed);
            let report = at(&samples, 1.0, &plain("prbs9q")).report;
            let snr = report.estimates.snr_db.estimate().expect("noise").clone();
            snr.low <= 20.0 && 20.0 <= snr.high
        })
        .count();
    assert!((366..=393).contains(&covered), "{covered} of 400");
}

/// The 95 % interval of the BER holds the truth in at least 95 % of the draws: of 300 at least
/// 273 with a probability of 0.999.
#[test]
fn ref_the_ber_interval_covers_as_promised() {
    let sent = pattern("prbs9q", 6_000);
    let covered = (0..300)
        .filter(|&seed| {
            let samples = noisy(&sent, 4, sigma(14.0), 900 + seed);
            let report = at(&samples, 1.0, &plain("prbs9q")).report;
            let ber = report.estimates.pre_fec_ber.clone();
            // Thresholds come from 3000 symbols; their error costs less than 1 % of 9.376e-3.
            ber.low() <= Some(9.376e-3) && Some(9.376e-3) <= ber.high()
        })
        .count();
    assert!(covered >= 273, "{covered} of 300");
}

/// A feed-forward equalizer undoes `1 + 0.5 D`; what it trained on is not judged.
#[test]
fn an_equalizer_repairs_interference_on_symbols_it_has_not_seen() {
    let sent = pattern("prbs13q", 60_000);
    let clean = noisy(&sent, 4, sigma(26.0), 1);
    let samples: Vec<f32> = (0..sent.len())
        .map(|k| clean[k] + 0.5 * if k > 0 { clean[k - 1] } else { 0.0 })
        .collect();
    let closed = at(&samples, 1.0, &plain("prbs13q")).report;
    assert!(closed.estimates.pre_fec_ber.value() > Some(0.05));
    for equalizer in [
        EqualizerChoice::Auto,
        EqualizerChoice::Ffe,
        EqualizerChoice::FfeDfe,
    ] {
        let options = ReceiveOptions {
            equalizer,
            ..plain("prbs13q")
        };
        let report = at(&samples, 1.0, &options).report;
        let ber = report.estimates.pre_fec_ber.value();
        assert!(ber < Some(1e-3), "{equalizer:?}: {ber:?}");
        let judged = report.equalizer.judged_symbols;
        let trained = report.equalizer.training_symbols;
        assert!(trained + judged <= 60_000 && judged > 20_000);
    }
}

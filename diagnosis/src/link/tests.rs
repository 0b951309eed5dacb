//! Rules against reports with one thing wrong at a time. The figures are those that the receiver
//! gives for simulated links of that kind; end to end they are tested at the root.

use std::collections::BTreeMap;

use etalon_types::report::*;
use etalon_types::{Estimate, Figure, LinkReport, Modulation};

use super::*;

fn figure(value: f64, unit: &str) -> Figure {
    Figure::Estimate(Estimate {
        value,
        low: value,
        high: value,
        confidence: 0.95,
        n: 1000,
        errors: None,
        unit: unit.into(),
        method: "made up".into(),
        definition: "made up".into(),
    })
}

/// A PAM-4 report at ER 4.5 dB with the given figures.
fn report(snr_db: f64, loss_db: f64, rlm: f64, mpi_db: Option<f64>, slope: f64) -> LinkReport {
    let none = || Figure::not_measurable("left out");
    let features = BTreeMap::from([
        ("snr_db".to_owned(), snr_db),
        ("nyquist_loss_db".to_owned(), loss_db),
        ("noise_slope".to_owned(), slope),
    ]);
    LinkReport {
        schema: LinkReport::SCHEMA.into(),
        input: Input::default(),
        link: LinkParameters {
            modulation: Modulation::Pam4,
            baud_hz: 26.5625e9,
            samples_per_symbol: 2.0,
            pattern: None,
            polarity: None,
            lag: None,
        },
        estimates: Estimates {
            pre_fec_ber: none(),
            ser: none(),
            snr_db: figure(snr_db, "dB"),
            oma_outer: none(),
            extinction_ratio_db: none(),
            rlm_120d: figure(rlm, "1"),
            rlm_94: none(),
            tdecq_db: none(),
            ceq_db: none(),
            mpi_db: mpi_db.map_or_else(none, |v| figure(v, "dB")),
            linewidth_hz: none(),
            frame_error_ratio_kp4: none(),
            burst_factor: none(),
        },
        mpi_paths: vec![],
        cancellation: vec![],
        line_code: None,
        equalizer: EqualizerReport {
            kind: "ffe".into(),
            taps: vec![1.0],
            tap_spacing_ui: 0.5,
            feedback: vec![],
            main_cursor: 0,
            training_symbols: 0,
            judged_symbols: 0,
            why: String::new(),
        },
        levels: [0.524, 0.841, 1.159, 1.476]
            .map(|mean| Level {
                mean,
                sigma: 0.03,
                count: 1000,
            })
            .to_vec(),
        error_statistics: None,
        transmitter: None,
        limits: Vec::new(),
        mpi_exponent: None,
        mpi_regime: Some(if mpi_db.is_some() {
            MpiRegime::Incoherent
        } else {
            MpiRegime::None
        }),
        features,
        quality: vec![],
        classification: None,
        provenance: Provenance::default(),
        timing_s: BTreeMap::new(),
    }
}

fn check(report: &LinkReport, kind: FaultKind) {
    let found = classify(report);
    assert_eq!(found.kind, kind, "{found:#?}");
    assert!(
        (0.0..=1.0).contains(&found.confidence),
        "{}",
        found.confidence
    );
    let total: f64 =
        found.confidence + found.alternatives.iter().map(|a| a.confidence).sum::<f64>();
    assert!(total <= 1.0 + 1e-9, "confidences add up to {total}");
    assert!(!found.evidence.is_empty());
}

#[test]
fn one_cause_at_a_time() {
    check(&report(21.0, 6.0, 0.99, None, 1.0), FaultKind::Healthy);
    check(&report(12.8, 6.0, 0.99, Some(-25.0), 2.4), FaultKind::Mpi);
    check(&report(16.4, 6.0, 0.99, Some(-30.0), 1.9), FaultKind::Mpi);
    check(&report(16.0, 17.0, 0.99, None, 1.0), FaultKind::Bandwidth);
    check(&report(13.2, 6.0, 0.99, None, 1.0), FaultKind::LowPower);
    check(&report(21.0, 6.0, 0.80, None, 1.0), FaultKind::Nonlinearity);
}

#[test]
fn noise_that_grows_with_the_level_without_a_beat_is_unknown() {
    check(&report(16.0, 6.0, 0.99, None, 2.3), FaultKind::Unknown);
}

#[test]
fn a_closed_eye_or_nothing_measured_is_unknown() {
    let mut closed = report(9.5, 6.0, 0.9, None, 1.0);
    closed.quality.push(QualityFlag {
        flag: "eye-closed".into(),
        detail: "closed".into(),
    });
    check(&closed, FaultKind::Unknown);
    let mut nothing = report(20.0, 6.0, 0.99, None, 1.0);
    nothing.estimates.snr_db = Figure::not_measurable("constant");
    check(&nothing, FaultKind::Unknown);
}

#[test]
fn clipping_comes_first() {
    let mut clipped = report(15.0, 6.0, 0.7, None, 1.0);
    clipped.quality.push(QualityFlag {
        flag: "clipping".into(),
        detail: "1 %".into(),
    });
    check(&clipped, FaultKind::Clipping);
}

/// Share of the beat in the noise from the closed form: ER 4.5 dB, -30 dB gives a variance of
/// 2e-3 of the squared mean power; the levels' variance is 0.1266 of it, so at 16 dB of
/// signal-to-noise ratio the noise is 3.18e-3 and the beat 63 % of it: 4.3 dB.
#[test]
fn ref_interference_share() {
    let penalties = attribute(&report(16.0, 6.0, 0.99, Some(-30.0), 1.9)).unwrap();
    assert!((penalties.mpi_db - 4.3).abs() < 0.1, "{}", penalties.mpi_db);
}

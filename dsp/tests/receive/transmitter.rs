//! TDECQ and the other transmitter measures through the receiver.

use etalon_dsp::measure::tdecq::Q_T;
use etalon_dsp::{Measures, ReceiveOptions, ReferenceReceiver};
use etalon_types::LinkReport;

use crate::signals::{Noise, pattern};
use crate::{BAUD_HZ, at, plain};

/// Rectangular symbols from 0.5 to 2 (an OMA of 1.5), with white noise over half the sample rate
/// that leaves `s_over_oma` behind the reference receiver.
fn rectangular(symbols: &[u8], per_symbol: usize, s_over_oma: f64) -> Vec<f32> {
    // Behind the filter white noise keeps 1.0463 / 2 symbol rates out of half the sample rate.
    let kept = 1.0463 / per_symbol as f64;
    let sigma = 1.5 * s_over_oma / kept.sqrt();
    let mut noise = Noise::new(21);
    let level = |&s: &u8| std::iter::repeat_n(0.5 + 0.5 * f64::from(s), per_symbol);
    symbols
        .iter()
        .flat_map(level)
        .map(|x| (x + sigma * noise.normal()) as f32)
        .collect()
}

/// Filtered here, and only the transmitter measured.
fn options(name: &str) -> ReceiveOptions {
    ReceiveOptions {
        reference_receiver: ReferenceReceiver::BesselThomson4,
        measures: Measures {
            mpi: false,
            reflectogram: false,
            eye: false,
            tdecq: true,
            cancellation: false,
        },
        ..plain(name)
    }
}

fn tdecq_db(report: &LinkReport) -> f64 {
    let figure = &report.estimates.tdecq_db;
    figure
        .value()
        .unwrap_or_else(|| panic!("{:?}", figure.reason()))
}

fn reason(report: &LinkReport) -> &str {
    assert_eq!(
        report.estimates.ceq_db.reason(),
        report.estimates.tdecq_db.reason()
    );
    assert_eq!(report.transmitter, None);
    report.estimates.tdecq_db.reason().expect("no figure")
}

/// Noise takes from what the noise-free transmitter leaves (0.315 dB, science.md 1.4: 0.32):
/// `10^(-T/5) = 10^(-T0/5) - (6 Qt s / OMA)^2`, since white noise goes through the equalizer just
/// as the noise that TDECQ adds. 131 071 samples of SSPRQ leave sigma^2 at 0.5 %, OMA at 0.5 %
/// (s over some thirty long runs): together 0.05 dB at 0.03.
#[test]
fn ref_noise_behind_the_reference_receiver() {
    let symbols = pattern("ssprq", 2 * 65_535 + 400);
    for s_over_oma in [0.01, 0.02, 0.03] {
        let samples = rectangular(&symbols[300..], 8, s_over_oma);
        let report = at(&samples, 8.0, &options("ssprq")).report;
        let left = 10f64.powf(-0.315 / 5.0) - (6.0 * Q_T * s_over_oma).powi(2);
        let expected_db = -5.0 * left.log10();
        let found_db = tdecq_db(&report);
        assert!(
            (found_db - expected_db).abs() < 0.05,
            "{s_over_oma}: {found_db} {expected_db}"
        );
        let transmitter = report.transmitter.expect("measured");
        assert_eq!(transmitter.periods, 2);
        let ceq_db = report.estimates.ceq_db.value().unwrap();
        assert!((transmitter.k_db.value().unwrap() - (found_db - ceq_db)).abs() < 1e-9);
        // The filter's own 20-80 % time is 0.48 UI.
        let time_ui = transmitter.transition_time_s.value().unwrap() * BAUD_HZ;
        assert!((time_ui - 0.48).abs() < 0.04, "{time_ui}");
        // SNDR: the pulse's peak is two thirds of the step from level 0 to 3 or a little less,
        // 2 / 3 of OMA at most for a symbol of 1; noise s.
        let sndr_db = transmitter.sndr_db.value().unwrap();
        assert!(
            sndr_db < 20.0 * (0.5 / s_over_oma).log10() + 0.5,
            "{sndr_db}"
        );
        assert!(
            sndr_db > 20.0 * (0.4 / s_over_oma).log10() - 0.5,
            "{sndr_db}"
        );
        for shape in transmitter.level_shapes.into_iter().flatten() {
            assert!(
                shape.skewness.abs() < 1.0 && shape.count > 60_000 / 4,
                "{shape:?}"
            );
        }
    }
}

/// Upside down, without being told pattern or polarity, and with a digitizer clock that is 40 ppm
/// off and has no whole number of samples a symbol: the same TDECQ. The interpolation of white
/// noise near half the sample rate does not matter behind the filter.
#[test]
fn polarity_and_clock_change_nothing() {
    let symbols = pattern("ssprq", 70_000);
    let samples = rectangular(&symbols, 8, 0.02);
    let plain_db = tdecq_db(&at(&samples, 8.0, &options("ssprq")).report);
    let inverted: Vec<f32> = samples.iter().map(|x| -x).collect();
    let found = tdecq_db(&at(&inverted, 8.0, &options("ssprq")).report);
    assert!((found - plain_db).abs() < 0.01, "{found} {plain_db}");
    // Every 1.3 samples, straight between them: the filter comes first, as in a scope.
    let filtered = etalon_dsp::measure::reference_receiver::filter(&samples, 8.0);
    let step = 1.3 * (1.0 + 40e-6);
    let resampled: Vec<f32> = (0..((filtered.len() - 1) as f64 / step) as usize)
        .map(|i| {
            let x = i as f64 * step;
            let (k, f) = (x as usize, (x - x.floor()) as f32);
            filtered[k] * (1.0 - f) + filtered[k + 1] * f
        })
        .collect();
    let mut filtered_before = options("ssprq");
    filtered_before.reference_receiver = ReferenceReceiver::None;
    let found = tdecq_db(&at(&resampled, 8.0 / 1.3, &filtered_before).report);
    assert!((found - plain_db).abs() < 0.05, "{found} {plain_db}");
}

#[test]
fn prbs13q_will_do() {
    let symbols = pattern("prbs13q", 5 * 8191);
    let report = at(&rectangular(&symbols, 8, 0.01), 8.0, &options("prbs13q")).report;
    let found_db = tdecq_db(&report);
    // PRBS13Q is milder than SSPRQ: noise alone is 0.09 dB, the filter 0.3.
    assert!((0.2..0.6).contains(&found_db), "{found_db}");
}

#[test]
fn what_cannot_be_measured_says_why() {
    let measured = |name: &str, count: usize, per_symbol: usize, noise: f64| {
        let samples = rectangular(&pattern(name, count), per_symbol, noise);
        at(&samples, per_symbol as f64, &options(name)).report
    };
    assert!(reason(&measured("prbs15q", 40_000, 4, 0.01)).contains("found prbs15q"));
    assert!(reason(&measured("prbs13", 20_000, 4, 0.01)).contains("four levels"));
    assert!(reason(&measured("prbs13q", 20_000, 2, 0.01)).contains("2.00 samples a symbol"));
    assert!(reason(&measured("ssprq", 60_000, 4, 0.01)).contains("a whole period"));
    // The capture itself makes more errors than the target: a reason, and the rest all the same.
    let report = measured("ssprq", 66_000, 4, 0.06);
    let figure = &report.estimates.tdecq_db;
    assert!(
        figure.reason().unwrap().contains("beyond reach"),
        "{figure:?}"
    );
    let transmitter = report.transmitter.unwrap();
    assert!(transmitter.reference_equalizer.is_none());
    assert!(transmitter.sndr_db.value().is_some());
}

#[test]
fn nothing_is_measured_unasked() {
    let samples = rectangular(&pattern("prbs13q", 9_000), 8, 0.01);
    let mut fast = options("prbs13q");
    fast.measures.tdecq = false;
    let report = at(&samples, 8.0, &fast).report;
    assert!(reason(&report).contains("not asked for"));
}

/// At one sample a symbol there is nothing to filter.
#[test]
fn a_reference_receiver_needs_samples() {
    let samples: Vec<f32> = pattern("prbs13q", 9_000)
        .iter()
        .map(|&s| f32::from(s))
        .collect();
    let found = etalon_dsp::receive(&samples, 1.0 / BAUD_HZ, &options("prbs13q"), &mut ());
    let error = found.unwrap_err().to_string();
    assert!(error.starts_with("--reference-receiver"), "{error}");
}

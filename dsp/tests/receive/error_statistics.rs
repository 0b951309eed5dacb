//! Statistics of the errors, from samples to the report.

use etalon_dsp::fec::burst_chain::{BurstChain, Scheme};
use etalon_dsp::{EqualizerChoice, PatternChoice, ReceiveOptions};
use etalon_types::LinkReport;
use etalon_types::kp4::Precoding;

use crate::signals::{Noise, noisy, pattern};
use crate::{at, plain};

/// Symbols of which at most 2^17 train.
const SYMBOLS: usize = 1_000_000;

fn report(samples: &[f32]) -> LinkReport {
    at(samples, 1.0, &plain("prbs15q")).report
}

/// White noise at 17 dB: errors are independent, so the burst factor is 1, the BER's interval is
/// not widened, the codeword error ratio is extrapolated to that of a chain without memory, the Q
/// scale gives 1.5 Q(x), and every eye and transition is counted. One capture is judged, so all
/// within five standard errors: 990 errors are 3.2 % of one, which the codeword error ratio takes to
/// its 16th power; 313 windows leave the factor sqrt(2/313) = 8 %; the tails leave 1.2 % (seen over
/// ten seeds).
#[test]
fn ref_white_noise_has_independent_errors() {
    let sent = pattern("prbs15q", SYMBOLS);
    let sigma = (5.0 / 10f64.powf(1.7)).sqrt();
    let report = report(&noisy(&sent, 4, sigma, 12));
    let e = &report.estimates;
    let ser = 2.0 * 5.795e-4;
    let factor = e.burst_factor.estimate().expect("1000 errors");
    assert!((factor.value - 1.0).abs() < 0.4, "{factor:?}");
    assert!(factor.high < 1.5 * factor.low, "{factor:?}");
    let ber = e.pre_fec_ber.estimate().expect("a pattern");
    assert!(!ber.method.contains("bursts"), "{}", ber.method);
    let frames = e.frame_error_ratio_kp4.estimate().expect("a chain");
    let truth = BurstChain::new(ser, ser)
        .unwrap()
        .codeword_error_ratio(Scheme::KP4_PAM4);
    let off = (frames.value / truth).ln() / (16.0 * 0.032);
    assert!(off.abs() < 5.0, "{frames:?} {truth}");
    let statistics = report.error_statistics.as_ref().expect("a pattern");
    let line = statistics.ser_by_q_scale.estimate().expect("Gaussian");
    assert!((line.value / ser - 1.0).abs() < 0.06, "{line:?}");
    assert!(line.high < 1.2 * line.low, "{line:?}");
    let errors = e.ser.estimate().unwrap().errors.unwrap();
    let by_eye: u64 = statistics
        .eyes
        .iter()
        .map(|eye| eye.upwards.errors + eye.downwards.errors)
        .sum();
    assert_eq!(by_eye, errors);
    assert_eq!(statistics.bursts.errors, errors);
    let judged: u64 = statistics.decisions.iter().flatten().sum();
    assert_eq!(judged, report.equalizer.judged_symbols);
}

/// Bursts with P(wrong | wrong before) = 0.6 pushed onto clean levels: the report tells them, its
/// intervals widen, and precoding is judged by the same decisions.
#[test]
fn ref_bursts_are_told_and_judged_with_and_without_precoding() {
    let sent = pattern("prbs15q", SYMBOLS);
    let mut samples = noisy(&sent, 4, 0.05, 3);
    let chain = BurstChain::new(6e-4, 0.6).unwrap();
    let mut noise = Noise::new(21);
    let (mut wrong, mut sign) = (false, 1.0);
    for (sample, &s) in samples.iter_mut().zip(&sent) {
        let p = if wrong {
            chain.continuation()
        } else {
            chain.onset()
        };
        wrong = noise.uniform() < p;
        if wrong {
            // One level over, to alternate sides where the level allows it.
            sign = match s {
                0 => 1.0,
                3 => -1.0,
                _ => -sign,
            };
            *sample += 2.0 * sign as f32;
        }
    }
    let report = report(&samples);
    let e = &report.estimates;
    let statistics = report.error_statistics.as_ref().expect("a pattern");
    let continuation = statistics.bursts.continuation.estimate().unwrap();
    assert!(
        continuation.low < 0.6 && 0.6 < continuation.high,
        "{continuation:?}"
    );
    // (1 + a) / (1 - a) = 4 for long windows.
    let factor = e.burst_factor.estimate().unwrap();
    assert!(
        factor.low > 1.5 && factor.low < 4.0 && 4.0 < factor.high,
        "{factor:?}"
    );
    let ber = e.pre_fec_ber.estimate().unwrap();
    assert!(ber.method.contains("bursts"), "{}", ber.method);
    assert!(ber.low < 3e-4 && 3e-4 < ber.high, "{ber:?}");
    for (i, words) in statistics.kp4.iter().enumerate() {
        let scheme = Scheme {
            interleave: [1, 2, 4][i % 3],
            precoding: words.precoding,
            ..Scheme::KP4_PAM4
        };
        assert_eq!(words.interleave as usize, scheme.interleave);
        // Levels 0 and 3 can err to one side only, so not every burst alternates: only the plain
        // line is the chain's own.
        if words.precoding == Precoding::None {
            let truth = chain.codeword_error_ratio(scheme);
            let ratio = words.error_ratio.estimate().expect("a chain");
            assert!(ratio.low < truth && truth < ratio.high, "{ratio:?} {truth}");
        }
    }
    assert_eq!(e.frame_error_ratio_kp4, statistics.kp4[0].error_ratio);
}

/// Interference over one path is a bounded disturbance: nothing is drawn on from it.
#[test]
fn ref_one_path_is_not_drawn_on() {
    let sent = pattern("prbs15q", 300_000);
    let mut noise = Noise::new(2);
    let samples: Vec<f32> = noisy(&sent, 4, 0.1, 5)
        .iter()
        .map(|x| x + 0.4 * (std::f64::consts::TAU * noise.uniform()).cos() as f32)
        .collect();
    let report = report(&samples);
    let statistics = report.error_statistics.expect("a pattern");
    let reason = statistics.ser_by_q_scale.reason().expect("refused");
    assert!(reason.contains("not a line"), "{reason}");
}

#[test]
fn without_a_pattern_errors_have_no_places() {
    let sent = pattern("prbs15q", 60_000);
    let options = ReceiveOptions {
        pattern: PatternChoice::None,
        ..plain("prbs15q")
    };
    let report = at(&noisy(&sent, 4, 0.2, 1), 1.0, &options).report;
    assert!(report.error_statistics.is_none());
    for figure in [
        &report.estimates.frame_error_ratio_kp4,
        &report.estimates.burst_factor,
    ] {
        assert!(figure.reason().unwrap().contains("not known"));
    }
}

/// A sequence detector decides by more than the sample at the slicer.
#[test]
fn behind_a_sequence_detector_nothing_is_drawn_on() {
    let sent = pattern("prbs13q", 100_000);
    let clean = noisy(&sent, 4, 0.35, 6);
    let samples: Vec<f32> = (0..sent.len())
        .map(|k| {
            clean[k]
                + if k > 0 {
                    2.0 * f32::from(sent[k - 1]) - 3.0
                } else {
                    0.0
                }
        })
        .collect();
    let options = ReceiveOptions {
        equalizer: EqualizerChoice::FfeMlse,
        ..plain("prbs13q")
    };
    let report = at(&samples, 1.0, &options).report;
    let statistics = report.error_statistics.expect("a pattern");
    let reason = statistics.ser_by_q_scale.reason().expect("refused");
    assert!(reason.contains("detector"), "{reason}");
}

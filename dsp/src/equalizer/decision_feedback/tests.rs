use super::*;
use crate::equalizer::least_squares::Shape;
use crate::kernels::{level, levels};
use crate::signals::{noisy, symbols};

fn one_plus_a_d(a: f32, sent: &[u8], sigma: f64, seed: u64) -> Vec<f32> {
    let clean = noisy(sent, 4, 0.0, 0);
    let noise = noisy(&vec![0; sent.len()], 1, sigma, seed);
    (0..sent.len())
        .map(|k| clean[k] + a * if k > 0 { clean[k - 1] } else { 0.0 } + noise[k])
        .collect()
}

fn with(feedback: Vec<f32>) -> Equalizer {
    Equalizer {
        shape: Shape {
            spacing: 1,
            taps: 1,
            feedback: feedback.len(),
        },
        taps: vec![1.0],
        feedback,
        pad: 0.0,
    }
}

fn slicer(sent: &[u8]) -> Slicer {
    Slicer::from_symbols(&noisy(sent, 4, 0.0, 0), sent, 4)
}

/// Science section 5 and acceptance row 33: symbol error ratios of feedback over 1 + a D at a
/// signal-to-noise ratio of the main tap, and how often an error follows an error.
///
/// An error goes on with the probability `b` (3/4, 0.38), so events are 1/(1 - b) long and the
/// ratio's relative deviation is sqrt((1 + b)/(1 - b)/(n p)): 1.4 % and 1.3 % of 1e6 symbols here,
/// 1.1 % and 1.0 % of the published 1.6e6. Five times both, 9 and 8 %, would be missed by no
/// draw; row 33's 6 % is asked. (Theory has `p = p0 / (1 - b + p0)` with `p0 = 8.93e-3` for no
/// interference: 3.45e-2 for a = 1, between the published figure and this one.) `b` itself is known to sqrt(b (1 - b)/(n p)) = 0.0024: row 33
/// asks 0.015, and 0.746 was published where theory says 3/4.
#[test]
fn ref_error_ratio_and_bursts_on_one_plus_a_d() {
    for (a, expected, follows) in [(1.0f32, 3.38e-2, 0.75), (0.5, 1.409e-2, 0.38)] {
        let sent = symbols(1, 1_000_000, 4);
        let sigma = (5.0 / 10f64.powf(1.5)).sqrt();
        let mut samples = one_plus_a_d(a, &sent, sigma, 2);
        let decided = with(vec![a]).feed_back(level(), &mut samples, &slicer(&sent));
        let wrong: Vec<bool> = decided.iter().zip(&sent).map(|(d, s)| d != s).collect();
        let errors = wrong.iter().filter(|&&w| w).count() as f64;
        let again = wrong.windows(2).filter(|w| w[0] && w[1]).count() as f64;
        let (ratio, burst) = (errors / sent.len() as f64, again / errors);
        println!("a = {a}: SER {ratio:.3e}, an error follows an error with {burst:.4}");
        assert!((ratio / expected - 1.0).abs() < 0.06, "a = {a}: {ratio:e}");
        assert!((burst - follows).abs() < 0.015, "a = {a}: {burst}");
    }
}

/// One tap: the serial loop bit for bit, thresholds in f64 there and in f32 here.
#[test]
fn one_tap_is_the_serial_loop() {
    let sent = symbols(3, 20_000, 4);
    let samples = one_plus_a_d(0.8, &sent, 0.5, 4);
    let slicer = Slicer::from_symbols(&samples, &sent, 4);
    let equalizer = with(vec![0.8]);
    let mut serial = samples.clone();
    let expected = equalizer.decision_feedback(&mut serial, &slicer, &[]);
    for level in levels() {
        let mut fast = samples.clone();
        assert_eq!(equalizer.feed_back(level, &mut fast, &slicer), expected);
        assert_eq!(fast, serial);
    }
}

/// Segments decide as the serial loop does (acceptance row 35 allows 1e-5 of the symbols). On
/// 1 + D a wrong start outlives the warm-up of 64 symbols with 0.75^64 = 1e-8 in each of some 160
/// segments: no symbol may differ, while 32 symbols (1e-4) would leave a few draws in a hundred
/// with one. Taps that sum to more than 1 have 128.
#[test]
fn ref_segments_decide_as_the_serial_loop() {
    // A second tap of zero: the loop is that of 1 + D, but it has to go in segments.
    for taps in [vec![1.0, 0.0], vec![0.6, 0.25], vec![0.9, 0.4, -0.2]] {
        for seed in 0..4 {
            let sent = symbols(5 + seed, 300_000, 4);
            let clean = noisy(&sent, 4, 0.0, 0);
            let noise = noisy(&vec![0; sent.len()], 1, 0.4, 60 + seed);
            let samples: Vec<f32> = (0..sent.len())
                .map(|k| {
                    let past = |j: usize| k.checked_sub(j + 1).map_or(0.0, |i| clean[i]);
                    let tail: f32 = taps.iter().enumerate().map(|(j, f)| f * past(j)).sum();
                    clean[k] + tail + noise[k]
                })
                .collect();
            let equalizer = with(taps.clone());
            let slicer = slicer(&sent);
            let mut serial = samples.clone();
            let expected = equalizer.decision_feedback(&mut serial, &slicer, &[]);
            let mut fast = samples;
            let found = equalizer.feed_back(level(), &mut fast, &slicer);
            let wrong = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
            assert_eq!(wrong(&found, &expected), 0, "{taps:?}, seed {seed}");
            assert!(wrong(&expected, &sent) > 1_000, "{taps:?}");
        }
    }
}

#[test]
fn no_feedback_leaves_the_samples_alone() {
    let sent = symbols(7, 100, 4);
    let mut samples = noisy(&sent, 4, 0.1, 8);
    let before = samples.clone();
    let decided = with(vec![]).feed_back(level(), &mut samples, &slicer(&sent));
    assert_eq!((decided, samples), (sent, before));
}

/// `x = d(k) + a d(k-1) + noise`: exact feedback leaves the noise alone, so that the symbol error
/// ratio is that without interference, times the bursts that wrong feedback adds (at most
/// `levels` times for a <= 1). At a noise of 0.2, Q(5) = 2.9e-7: no errors in 20 000 symbols
/// with a probability above 0.99.
#[test]
fn ref_decision_feedback_undoes_one_plus_a_d() {
    for a in [0.5f32, 1.0] {
        let sent = symbols(3, 20_000, 4);
        let clean = noisy(&sent, 4, 0.0, 0);
        let noise = noisy(&vec![0; sent.len()], 1, 0.2, 4);
        let samples: Vec<f32> = (0..sent.len())
            .map(|k| clean[k] + a * if k > 0 { clean[k - 1] } else { 0.0 } + noise[k])
            .collect();
        let equalizer = Equalizer {
            shape: Shape {
                spacing: 1,
                taps: 1,
                feedback: 1,
            },
            taps: vec![1.0],
            feedback: vec![a],
            pad: 0.0,
        };
        let slicer = Slicer::from_symbols(&clean, &sent, 4);
        let mut output = equalizer.feed_forward(&samples);
        let undone = equalizer.decision_feedback(&mut output, &slicer, &[]);
        assert_eq!(undone, sent, "a = {a}");
        let without = slicer.decide_all(&samples);
        assert_ne!(without, sent, "a = {a} needs no feedback");
    }
}

/// Known symbols are fed back instead of wrong decisions.
#[test]
fn known_symbols_are_fed_back() {
    let sent = symbols(5, 2_000, 2);
    let clean = noisy(&sent, 2, 0.0, 0);
    let slicer = Slicer::from_symbols(&clean, &sent, 2);
    let equalizer = Equalizer {
        shape: Shape {
            spacing: 1,
            taps: 1,
            feedback: 1,
        },
        taps: vec![1.0],
        feedback: vec![0.5],
        pad: 0.0,
    };
    let mut output = vec![0.0f32; sent.len()];
    let known: Vec<Option<u8>> = sent.iter().map(|&s| Some(s)).collect();
    equalizer.decision_feedback(&mut output, &slicer, &known);
    for k in 1..sent.len() {
        assert_eq!(output[k], -0.5 * clean[k - 1]);
    }
}

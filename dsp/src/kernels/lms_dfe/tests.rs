use super::*;
use crate::kernels::lms::tests::{LEVELS, THRESHOLDS, fitted};
use crate::kernels::{is_fused, levels};
use crate::signals::{Noise, symbols};

/// A channel whose second sample is nearly as large as the first: feedback has work to do.
fn received(sent: &[u8], sigma: f64) -> Vec<f32> {
    let mut noise = Noise::new(78);
    let value = |k: usize| {
        sent.get(k)
            .map_or(0.0, |&s| f64::from(LEVELS[usize::from(s)]))
    };
    (0..2 * sent.len())
        .map(|i| {
            let k = i / 2;
            let clean = if i % 2 == 0 {
                value(k) + 0.8 * value(k.wrapping_sub(1))
            } else {
                0.9 * value(k) + 0.3 * value(k.wrapping_sub(1))
            };
            (clean + sigma * noise.normal()) as f32
        })
        .collect()
}

/// Segments against one chain from the start, in f64. A warm-up of 64 symbols leaves a wrong
/// beginning with a probability of `0.75^64 = 1e-8` a stretch. Rounding (1e-5) moves a decision in
/// one symbol of 3e5, and each may be followed by a burst: 20 of 60 000 is far above both.
#[test]
fn every_level_is_the_chain_but_for_rounding() {
    let sent = symbols(51, 60_000, 4);
    let samples = received(&sent, 0.3);
    let (start, feedback) = fitted(&samples, &sent, 13, 3);
    let feedback: [f32; 3] = feedback.try_into().unwrap();
    let settings = Settings {
        step: 2e-6,
        levels: LEVELS,
        thresholds: THRESHOLDS,
    };
    let mut expected = vec![0; sent.len()];
    let (mut oracle, mut back) = (start.clone(), feedback);
    lms_dfe_scalar(&samples, &settings, &mut oracle, &mut back, &mut expected);
    let wrong = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    // Feedback matters here: without it nearly a tenth would be wrong.
    assert!(wrong(&expected, &sent) < 600, "{}", wrong(&expected, &sent));
    let mut fused = None;
    for level in levels() {
        let mut found = vec![0; sent.len()];
        let (mut fir, mut fed) = (start.clone(), feedback);
        let n = lms_dfe(level, &samples, &settings, &mut fir, &mut fed, &mut found);
        assert_eq!(n, sent.len());
        assert!(
            wrong(&found, &expected) <= 20,
            "{level:?}: {}",
            wrong(&found, &expected)
        );
        let pairs = fir
            .taps
            .iter()
            .zip(&oracle.taps)
            .chain(fed.iter().zip(&back));
        for (f, e) in pairs {
            assert!((f - e).abs() < 1e-3, "{level:?}: {f} expected {e}");
        }
        if is_fused(level) {
            let all = (found, fir.taps, fed);
            assert!(*fused.get_or_insert_with(|| all.clone()) == all);
        }
    }
}

#[test]
fn ends_are_decided_and_nothing_is_written_beyond() {
    let sent = symbols(52, BLOCK + 3 * RUN + 5, 4);
    let samples = received(&sent, 0.05);
    let (start, feedback) = fitted(&samples, &sent, 13, 3);
    let feedback: [f32; 3] = feedback.try_into().unwrap();
    let settings = Settings {
        step: 0.0,
        levels: LEVELS,
        thresholds: THRESHOLDS,
    };
    for count in [
        0,
        1,
        63,
        64,
        65,
        RUN,
        BLOCK - 1,
        BLOCK,
        BLOCK + 1,
        sent.len(),
    ] {
        for level in levels() {
            let mut decided = vec![9; sent.len()];
            let samples = &samples[..2 * count];
            let n = lms_dfe(
                level,
                samples,
                &settings,
                &mut start.clone(),
                &mut { feedback },
                &mut decided,
            );
            assert_eq!(n, count);
            assert!(decided[count..].iter().all(|&d| d == 9), "{count}");
            // The last few miss samples to come.
            let judged = count.saturating_sub(8);
            let from = 3.min(judged);
            assert_eq!(
                decided[from..judged],
                sent[from..judged],
                "{level:?} {count}"
            );
        }
    }
}

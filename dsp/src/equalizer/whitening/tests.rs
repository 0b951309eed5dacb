use super::*;
use crate::signals::Noise;

/// `e(k) = n(k) - sum_j a(j) e(k-j)`, whose whitening filter is `a`.
fn autoregressive(a: &[f64], count: usize, seed: u64) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    let mut e = vec![0.0f64; count];
    for k in 0..count {
        let past: f64 = a
            .iter()
            .enumerate()
            .filter(|(j, _)| *j < k)
            .map(|(j, a)| a * e[k - 1 - j])
            .sum();
        e[k] = noise.normal() - past;
    }
    e.iter().map(|&e| e as f32).collect()
}

/// The standard deviation of an estimated coefficient is at most 1/sqrt(n) = 0.003 (Box, Jenkins:
/// sqrt((1 - a^2)/n) for one); of a variance sqrt(2/n) = 0.0045. Five of them are allowed.
#[test]
fn ref_autoregressive_errors_return_their_filter() {
    for (a, seed) in [
        (vec![0.6], 1),
        (vec![-0.9, 0.5], 2),
        (vec![0.8, 0.3, -0.2], 3),
    ] {
        let errors = autoregressive(&a, 100_000, seed);
        let found = Whitening::fit(&errors).unwrap();
        assert_eq!(found.order(), a.len(), "{a:?}: {found:?}");
        for (x, y) in found.coefficients.iter().zip(&a) {
            assert!((x - y).abs() < 0.016, "{a:?}: {found:?}");
        }
        let left = found.variances[a.len()];
        assert!((left - 1.0).abs() < 0.023, "{a:?}: {left}");
    }
}

/// A moving average `n(k) - 0.5 n(k-1)` has r = 1.25, -0.5, 0, 0; the prediction variances are
/// ratios of determinants, D(m+1)/D(m) with D(m) = (1 - 4^-(m+1)) / (1 - 1/4): 1.25, 1.05,
/// 1.0119, 1.0029. 0.05 dB of the last is 1.0146: memory 2.
#[test]
fn ref_prediction_variances_of_a_moving_average() {
    let mut noise = Noise::new(4);
    let white: Vec<f64> = (0..200_001).map(|_| noise.normal()).collect();
    let errors: Vec<f32> = white
        .windows(2)
        .map(|w| (w[1] - 0.5 * w[0]) as f32)
        .collect();
    let found = Whitening::fit(&errors).unwrap();
    for (left, expected) in found
        .variances
        .iter()
        .zip([1.25, 1.05, 1.011_905, 1.002_941])
    {
        // sqrt(2/n) = 0.32 %, times sqrt(1 + 2 sum rho^2) = 1.15: four of them are 1.5 %.
        assert!((left / expected - 1.0).abs() < 0.015, "{found:?}");
    }
    assert_eq!(found.order(), 2);
    let gain = 10.0 * (1.25f64 / 1.011_905).log10();
    assert!((found.gain_db() - gain).abs() < 0.07, "{found:?}");
}

#[test]
fn ref_filtered_errors_are_white() {
    let errors = autoregressive(&[0.7, 0.2], 50_000, 5);
    let filter = Whitening::fit(&errors).unwrap();
    let white = filter.apply(&errors);
    let r = autocorrelation(&white).unwrap();
    for lag in 1..=MAX_ORDER {
        // 1/sqrt(n) = 0.0045, four of them.
        assert!((r[lag] / r[0]).abs() < 0.018, "{r:?}");
    }
}

#[test]
fn white_errors_need_no_more_than_one() {
    let errors = autoregressive(&[], 50_000, 6);
    let found = Whitening::fit(&errors).unwrap();
    assert_eq!(found.order(), 1);
    assert!(found.gain_db().abs() < 0.01, "{found:?}");
    assert_eq!(found.channel().len(), 2);
}

#[test]
fn too_few_or_no_errors_give_no_filter() {
    assert_eq!(Whitening::fit(&[]), None);
    assert_eq!(Whitening::fit(&vec![0.0; 1000]), None);
    assert_eq!(Whitening::fit(&vec![f32::NAN; 1000]), None);
    assert_eq!(Whitening::fit(&autoregressive(&[], 399, 7)), None);
    let errors = autoregressive(&[], 400, 7);
    assert!(Whitening::fit(&errors).is_some());
    assert_eq!(Whitening::with_order(&errors, 0), None);
    assert_eq!(Whitening::with_order(&errors, 4), None);
    assert_eq!(Whitening::with_order(&errors, 3).unwrap().order(), 3);
}

use super::*;
use crate::signals::{noisy, symbols};

/// Levels of clustered samples: standard errors are sigma / sqrt(n / levels), the cut tails of
/// neighbours at 4 sigma weigh 6e-5 each.
#[test]
fn ref_clusters_are_the_levels() {
    for levels in [2usize, 4] {
        let sent = symbols(3, 40_000, levels);
        let found = cluster(&noisy(&sent, levels, 0.25, 4), levels);
        for (i, mean) in found.means.iter().enumerate() {
            assert!((mean - nominal(levels, i as u8)).abs() < 0.01, "{found:?}");
            assert!((found.sigmas[i] - 0.25).abs() < 0.01, "{found:?}");
        }
        assert_eq!(found.counts.iter().sum::<u64>(), 40_000);
        for (i, threshold) in found.thresholds.iter().enumerate() {
            let middle = 0.5 * (nominal(levels, i as u8) + nominal(levels, i as u8 + 1));
            assert!((threshold - middle).abs() < 0.02);
        }
    }
}

/// Two Gaussians weigh the same against their distance at the threshold.
#[test]
fn ref_thresholds_follow_the_widths() {
    let sent = symbols(3, 100_000, 2);
    let wide = noisy(&vec![0; 100_000], 1, 1.0, 9);
    let samples: Vec<f32> = sent
        .iter()
        .zip(&wide)
        .map(|(&s, n)| if s == 0 { 0.1 * n } else { 1.0 + 0.3 * n })
        .collect();
    let slicer = Slicer::from_symbols(&samples, &sent, 2);
    // 0.1 / (0.1 + 0.3) of the way up.
    assert!((slicer.thresholds[0] - 0.25).abs() < 0.005, "{slicer:?}");
}

#[test]
fn every_decision_is_the_nearest_level() {
    let sent = symbols(3, 4_000, 4);
    let clean = noisy(&sent, 4, 0.0, 0);
    let slicer = Slicer::from_symbols(&clean, &sent, 4);
    assert_eq!(slicer.decide_all(&noisy(&sent, 4, 0.15, 2)), sent);
    assert_eq!(slicer.noise_variance(), 0.0);
    assert!(slicer.is_sane());
}

#[test]
fn an_empty_cluster_is_not_sane() {
    assert!(!cluster(&[], 4).is_sane());
    assert!(!cluster(&[1.0; 50], 4).is_sane());
}

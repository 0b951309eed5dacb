use super::*;
use crate::equalizer::adaptive::Levels;
use crate::equalizer::volterra::{Memory, Training};
use crate::kernels::{is_fused, levels};
use crate::signals::{Noise, symbols};

const VALUES: [f32; 4] = [-1.5, -0.5, 0.5, 1.5];
const SLICES: Slices = Slices {
    levels: VALUES,
    thresholds: [-1.0, 0.0, 1.0],
};

fn received(sent: &[u8]) -> Vec<f32> {
    let mut noise = Noise::new(70);
    let value = |k: usize| {
        sent.get(k)
            .map_or(0.0, |&s| f64::from(VALUES[usize::from(s)]))
    };
    (0..2 * sent.len())
        .map(|i| {
            let k = i / 2;
            let x = if i % 2 == 0 {
                0.9 * value(k) + 0.2 * value(k.wrapping_sub(1))
            } else {
                0.6 * value(k) + 0.5 * value(k + 1)
            };
            (0.3 + x + 0.1 * x * x + 0.08 * noise.normal()) as f32
        })
        .collect()
}

/// Fit and outputs against the Volterra equalizer in f64, on the same symbols. The sums are in
/// single precision with a ridge of 1e-6 of each term's power, and the terms' condition is below
/// 1e4: coefficients agree to about 1e-2 of the largest, outputs, where such errors cancel, to
/// 1e-3, so that a decision may differ in one symbol of 300 at most; here few are near a threshold.
#[test]
fn ref_fit_and_decisions_are_those_in_f64() {
    let sent = symbols(71, 20_000, 4);
    let samples = received(&sent);
    let known = &sent[..8 * BLOCK];
    let levels_f64 = Levels::half_way(VALUES.map(f64::from).to_vec()).unwrap();
    let training = Training {
        samples: &samples,
        known,
        levels: &levels_f64,
        memory: Memory {
            spacing: 2,
            linear: 11,
            quadratic: 5,
            cubic: 0,
        },
        offset: 0.3,
    };
    let oracle = crate::equalizer::volterra::fit(&training).unwrap();
    let output = oracle.apply(&samples);
    let expected: Vec<u8> = output
        .iter()
        .map(|&y| levels_f64.decide(f64::from(y)))
        .collect();
    let mut fused = None;
    for level in levels() {
        let model: Quadratic<11, 5> = fit(level, &samples, known, VALUES, 0.3).unwrap();
        for (w, term) in model.linear.iter().zip(&oracle.linear) {
            assert!((f64::from(*w) - term.weight).abs() < 1e-2, "{w} {term:?}");
        }
        for term in &oracle.quadratic {
            let [i, j] = term.at.map(|i| (i + 2) as usize);
            let q = f64::from(model.products[i][j]);
            assert!((q - term.weight).abs() < 1e-2, "{q} {term:?}");
        }
        let mut decided = vec![9; sent.len()];
        assert_eq!(
            volterra(level, &samples, &model, &SLICES, &mut decided),
            sent.len()
        );
        let other = decided
            .iter()
            .zip(&expected)
            .filter(|(a, b)| a != b)
            .count();
        assert!(other <= 20, "{level:?}: {other}");
        // The same coefficients in the formula: only rounding is left.
        let mut scalar = vec![9; sent.len()];
        volterra_scalar(&samples, &model, &SLICES, &mut scalar);
        let other = decided.iter().zip(&scalar).filter(|(a, b)| a != b).count();
        assert!(other <= 1, "{level:?}: {other}");
        if is_fused(level) {
            let all = (model, decided);
            assert!(*fused.get_or_insert_with(|| all.clone()) == all);
        }
    }
}

#[test]
fn too_few_symbols_have_no_fit_and_short_captures_are_decided() {
    let sent = symbols(72, 3 * BLOCK, 4);
    let samples = received(&sent);
    for level in levels() {
        let none: Option<Quadratic<11, 5>> = fit(level, &samples, &sent[..BLOCK - 1], VALUES, 0.3);
        assert_eq!(none, None);
        let constant = vec![0.3; samples.len()];
        let none: Option<Quadratic<11, 5>> = fit(level, &constant, &sent, VALUES, 0.3);
        assert_eq!(none, None);
        let model: Quadratic<11, 5> = fit(level, &samples, &sent, VALUES, 0.3).unwrap();
        for count in [0, 1, 63, 64, 65, BLOCK, BLOCK + 1] {
            let mut decided = vec![9; 3 * BLOCK];
            assert_eq!(
                volterra(level, &samples[..2 * count], &model, &SLICES, &mut decided),
                count
            );
            assert!(decided[count..].iter().all(|&d| d == 9));
            let judged = count.saturating_sub(6);
            let wrong = (0..judged).filter(|&k| decided[k] != sent[k]).count();
            assert!(wrong * 100 <= judged, "{level:?} {count}: {wrong}");
        }
    }
}

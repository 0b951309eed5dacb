use super::*;
use crate::measure::reference_receiver::filter_periodic;
use crate::signals::{Noise, pattern};

/// PRBS13Q behind the reference receiver, levels 0 to 3, bent by `bend` of the square.
fn bent(periods: usize, noise: f64, bend: f64) -> PatternWaveform {
    let symbols = pattern("prbs13q", 8191);
    let rectangular: Vec<f32> = symbols.iter().flat_map(|&s| [f32::from(s); 8]).collect();
    let clean = filter_periodic(&rectangular, 8.0);
    let mut draw = Noise::new(9);
    let samples = (0..periods * clean.len())
        .map(|i| {
            let x = f64::from(clean[i % clean.len()]) - 1.5;
            (x + bend * x * x + noise * draw.normal()) as f32
        })
        .collect();
    PatternWaveform::new(samples, symbols, 8, 3.5).unwrap()
}

const LEVELS: [f64; 4] = [-1.5, -0.5, 0.5, 1.5];

/// Noise alone: pmax is that of the fitted pulse, sigma_n what was put in, so the ratio is known;
/// one period (noise in the error) and four (noise apart) agree. The pulse's peak is off by
/// `0.05 / sqrt(8191 5/9)` of 1.4; 8191 symbols leave 0.07 dB, of which three standard errors. With four
/// periods the noise comes from flat runs alone, some 40 with three degrees of freedom each:
/// 10 % or 0.4 dB.
#[test]
fn ref_noise_alone() {
    let expected_db = |peak: f64| 20.0 * (peak / 0.05).log10();
    let one = sndr(&bent(1, 0.05, 0.0), LEVELS).unwrap();
    let found = one.sndr_db.value().unwrap();
    assert!((found - expected_db(one.peak)).abs() < 0.2, "{one:?}");
    assert!((one.sigma_e - 0.05).abs() < 0.001 && one.sigma_n.is_none());
    // The step of 3 between outer levels is 2 for the pulse; the filter keeps nearly all of it.
    assert!(one.peak > 1.3 && one.peak < 1.6, "{}", one.peak);
    let four = sndr(&bent(4, 0.05, 0.0), LEVELS).unwrap();
    let found = four.sndr_db.value().unwrap();
    assert!((found - expected_db(four.peak)).abs() < 1.2, "{four:?}");
    assert!(four.sigma_e < 0.01, "{four:?}");
}

/// Distortion alone: a square of weight 0.02 leaves, beside a constant and what the pulse takes of
/// it, an error that does not shrink with more periods.
#[test]
fn distortion_is_no_noise() {
    let means = LEVELS.map(|x| x + 0.02 * x * x);
    let one = sndr(&bent(1, 0.0, 0.02), means).unwrap();
    let four = sndr(&bent(4, 0.0, 0.02), means).unwrap();
    assert!((one.sndr_db.value().unwrap() - four.sndr_db.value().unwrap()).abs() < 0.01);
    assert_eq!(four.sigma_n, Some(0.0));
    // The variance of 0.02 x^2 over levels +-1.5 and +-0.5 is (0.02)^2: sigma 0.02 at most.
    assert!(one.sigma_e > 0.01 && one.sigma_e < 0.02, "{}", one.sigma_e);
}

#[test]
fn levels_that_are_one_have_no_ratio() {
    assert_eq!(sndr(&bent(1, 0.05, 0.0), [1.0; 4]), None);
}

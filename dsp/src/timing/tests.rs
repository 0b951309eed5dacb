use super::*;
use crate::signals::{self, Noise, Shaping};

fn shaping(samples_per_symbol: f64, offset_ppm: f64, delay_ui: f64) -> Shaping {
    Shaping {
        samples_per_symbol,
        offset_ppm,
        delay_ui,
    }
}

/// Root mean square of the instants' error over the middle of a capture, in unit intervals.
fn error_ui(shape: Shaping, levels: usize, sigma: f64) -> (Timing, f64) {
    let symbols = signals::symbols(11, 20_000, levels);
    let mut samples = signals::shaped(&symbols, levels, shape);
    let mut noise = Noise::new(3);
    samples
        .iter_mut()
        .for_each(|x| *x += (sigma * noise.normal()) as f32);
    let timing = recover(&samples, shape.samples_per_symbol);
    let (mut square, mut n) = (0.0, 0.0);
    for k in 2_000..18_000 {
        let instant = timing.position(f64::from(k));
        // The instant nearest to it, whatever the symbol's number.
        let ui =
            instant / shape.samples_per_symbol * (1.0 + 1e-6 * shape.offset_ppm) - shape.delay_ui;
        square += (ui - ui.round()).powi(2);
        n += 1.0;
    }
    (timing, (square / n).sqrt())
}

/// Pattern noise alone: with 1024-symbol blocks averaged by five, about 5000 independent products
/// of neighbouring symbols carry the tone, each with a phase noise of order one:
/// `1 / (2 pi sqrt(5000))` is 0.002 UI. Five times that is allowed for the pulse's small share of
/// power at the band edge.
#[test]
fn ref_instants_are_found_at_any_oversampling() {
    for sps in [2.0, 3.879, 4.0, 8.0] {
        for (ppm, delay) in [(0.0, 0.3), (50.0, 0.9), (-80.0, 0.55)] {
            for levels in [2, 4] {
                let (timing, error) = error_ui(shaping(sps, ppm, delay), levels, 0.0);
                assert!(
                    error < 0.01,
                    "{sps} samples a symbol, {ppm} ppm, {levels} levels: {error} UI"
                );
                // A slope over 20 blocks of 1024 with 0.005 UI each: 0.005 / 1024 / 25 ppm
                // is 0.2 ppm; ten times that.
                assert!(
                    (timing.offset_ppm - ppm).abs() < 2.0,
                    "{sps}: {} ppm expected {ppm}",
                    timing.offset_ppm
                );
                assert!(timing.significance > 2.0 * MIN_SIGNIFICANCE);
            }
        }
    }
}

/// Noise 20 dB below the signal adds less than the pattern does.
#[test]
fn noise_moves_the_instants_little() {
    let (_, error) = error_ui(shaping(4.0, 20.0, 0.2), 4, 0.22);
    assert!(error < 0.015, "{error} UI");
}

#[test]
fn the_right_rate_ranks_first_and_noise_ranks_nowhere() {
    let symbols = signals::symbols(5, 30_000, 4);
    let shape = shaping(3.0, 10.0, 0.4);
    let samples = signals::shaped(&symbols, 4, shape);
    let rate_hz = 26.5625e9;
    let ranked = rank_standard_rates(&samples, 3.0 * rate_hz);
    assert_eq!(ranked[0].0, rate_hz);
    assert!(ranked[0].1 > 2.0 * MIN_SIGNIFICANCE, "{ranked:?}");
    assert!(ranked[0].1 > 2.0 * ranked[1].1, "{ranked:?}");

    // exp(-36) for each of 14 rates, times the frequencies searched: no noise gets to 6.
    let mut noise = Noise::new(9);
    let samples: Vec<f32> = (0..90_000).map(|_| noise.normal() as f32).collect();
    for (rate, significance) in rank_standard_rates(&samples, 3.0 * rate_hz) {
        assert!(significance < MIN_SIGNIFICANCE, "{rate}: {significance}");
    }
}

#[test]
fn a_wrong_rate_has_no_tone() {
    let symbols = signals::symbols(5, 30_000, 4);
    let samples = signals::shaped(&symbols, 4, shaping(4.0, 0.0, 0.4));
    for wrong in [3.0, 3.7, 4.1, 5.0] {
        let found = recover(&samples, wrong).significance;
        assert!(found < MIN_SIGNIFICANCE, "{wrong}: {found}");
    }
}

mod channel;
mod rates;
mod tracking;

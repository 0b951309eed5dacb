use super::*;
use crate::equalizer::adaptive::Levels;
use crate::equalizer::least_squares::{self, Shape};
use crate::signals::{noisy, symbols};
use crate::slicer::nominal;

fn received(sent: &[u8]) -> Vec<f32> {
    let clean = noisy(sent, 4, 0.0, 0);
    let noise = noisy(&vec![0; sent.len()], 1, 0.3, 9);
    let at = |k: usize, back: usize| if k >= back { clean[k - back] } else { 0.0 };
    (0..sent.len())
        .map(|k| at(k, 0) + 0.6 * at(k, 1) - 0.2 * at(k, 2) + noise[k])
        .collect()
}

/// Without forgetting, the taps are those of least squares over all symbols so far but for the
/// ridge: 0.01 symbols of 5000, that is 2e-6 of a tap in the direction of the mean power, and
/// the condition of this channel (about 10) times that in the weakest.
#[test]
fn ref_converges_to_least_squares() {
    let sent = symbols(9, 5_000, 4);
    let samples = received(&sent);
    let levels = Levels::nominal(4).unwrap();
    let shape = Shape {
        spacing: 1,
        taps: 9,
        feedback: 2,
    };
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape,
        offset: 0.0,
    };
    let settings = Settings {
        forgetting: 1.0,
        ..Default::default()
    };
    let adapted = adapt(&signal, &settings).unwrap();
    // Least squares without a constant: the same equations by Cholesky.
    let targets: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
    let size = shape.taps + shape.feedback;
    let (mut gram, mut rhs) = (vec![0.0; size * size], vec![0.0; size]);
    for k in 0..sent.len() {
        let sample = |i: usize| {
            let at = (k + i)
                .checked_sub(shape.centre())
                .and_then(|i| samples.get(i));
            f64::from(at.copied().unwrap_or(0.0))
        };
        let past = |j: usize| {
            if k > j {
                f64::from(targets[k - 1 - j])
            } else {
                0.0
            }
        };
        let u: Vec<f64> = (0..9).map(sample).chain((0..2).map(past)).collect();
        for i in 0..size {
            rhs[i] += u[i] * f64::from(targets[k]);
            (0..size).for_each(|j| gram[i * size + j] += u[i] * u[j]);
        }
    }
    let expected = least_squares::cholesky_solve(&mut gram, &rhs, size).unwrap();
    let found = adapted.taps.iter().chain(&adapted.feedback);
    for (i, (f, e)) in found.zip(&expected).enumerate() {
        assert!((f - e).abs() < 1e-4, "{i}: {f} expected {e}");
    }
}

/// The excess error is `(1 - l) / (1 + l) n` of the minimum for `n` coefficients: 11 and
/// l = 0.99 give 5.5 %. The error is that before the correction. Over 95 blocks of 1024 the mean
/// square is known to 0.5 %, twice that for the difference of two.
#[test]
fn ref_forgetting_costs_what_theory_says() {
    let sent = symbols(10, 100 * 1024, 4);
    let samples = received(&sent);
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape: Shape {
            spacing: 1,
            taps: 9,
            feedback: 2,
        },
        offset: 0.0,
    };
    let error = |forgetting: f64| -> f64 {
        let settings = Settings {
            forgetting,
            ..Default::default()
        };
        let adapted = adapt(&signal, &settings).unwrap();
        adapted.mse[5..].iter().sum::<f64>() / 95.0
    };
    let excess = error(0.99) / error(1.0) - 1.0;
    assert!((excess - 0.0553).abs() < 0.015, "{excess}");
}

/// Refused rather than run into infinity: with forgetting, a direction without power blows `P` up.
#[test]
fn a_direction_without_power_never_gives_numbers_that_are_none() {
    let sent: Vec<u8> = (0..60_000).map(|k| 3 * (k % 2) as u8).collect();
    let samples: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape: Shape {
            spacing: 1,
            taps: 9,
            feedback: 0,
        },
        offset: 0.0,
    };
    let settings = Settings {
        forgetting: 0.9,
        ..Default::default()
    };
    match adapt(&signal, &settings) {
        Ok(adapted) => assert!(adapted.output.iter().all(|y| y.is_finite())),
        Err(refusal) => assert!(matches!(refusal, Refusal::NotConverged { .. }), "{refusal}"),
    }
}

use super::*;
use crate::equalizer::adaptive::Levels;
use crate::equalizer::least_squares::Shape;
use crate::equalizer::lms;
use crate::signals::{noisy, symbols};

fn check(block: usize, mu: f64) -> (Adapted, Adapted) {
    let sent = symbols(7, 30_000, 4);
    let clean = noisy(&sent, 4, 0.2, 8);
    let samples: Vec<f32> = (0..clean.len())
        .map(|k| clean[k] + if k > 0 { 0.4 * clean[k - 1] } else { 0.0 })
        .collect();
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent[..10_000],
        levels: &levels,
        shape: Shape {
            spacing: 1,
            taps: 9,
            feedback: 1,
        },
        offset: 0.0,
    };
    let (step, start) = (Step::Is(mu), Start::CentreSpike);
    let settings = Settings {
        step,
        block,
        start: start.clone(),
    };
    let found = adapt(&signal, &settings).unwrap();
    let sequential = lms::adapt(&signal, &lms::Settings { step, start }).unwrap();
    (found, sequential)
}

#[test]
fn blocks_of_one_are_least_mean_squares() {
    let (found, sequential) = check(1, 1e-3);
    assert_eq!(found.decided, sequential.decided);
    let differences = found.output.iter().zip(&sequential.output);
    // Only the order of two products differs.
    assert!(differences.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-5);
}

/// The taps of blocks follow those of single symbols with a delay of half a block: once learnt,
/// both have the error of the same optimum plus `mu tr R / 2`, here 0.3 %, and differ by
/// no more than that.
#[test]
fn ref_blocks_learn_the_same_taps() {
    let (found, sequential) = check(32, 1e-4);
    for (a, b) in found.mse.iter().zip(&sequential.mse).skip(10) {
        assert!((a / b - 1.0).abs() < 0.01, "{a} {b}");
    }
}

use super::*;
use crate::equalizer::adaptive::Levels;
use crate::equalizer::least_squares::{self, Shape};
use crate::signals::{Noise, symbols};
use crate::slicer::nominal;

/// Excess error of 11 taps on a PAM-4 signal with `tr R = 62`: the published table has
/// simulation / minimum 1.0043, 1.0127, 1.0431 at steps of 1e-4, 3e-4, 1e-3, and small-step
/// theory `mu tr R / (2 - mu tr R)` 1.0031, 1.0094, 1.0322, "about 30 % low".
///
/// How much theory misses depends on the channel, which the table does not tell: here it is a
/// sixth. The excess is the mean of `e^2 - e_opt^2` on the same symbols. Its deviation is that of
/// `2 e_opt delta` (2 sqrt(excess / n) of the minimum, 3 % of the smallest excess for 1e6
/// symbols) and that of the taps' slow wander (time constant `1 / (2 mu lambda)`, about 1000
/// symbols at the smallest step, 11 directions: 1 %). So it must lie between theory and the published
/// figure, give or take 12 % (three sigma and more).
#[test]
fn ref_excess_error_is_that_of_the_published_simulation() {
    const N: usize = 1_000_000;
    let sent = symbols(11, N, 4);
    let d: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
    let mut noise = Noise::new(12);
    let at = |k: usize, back: usize| if k >= back { d[k - back] } else { 0.0 };
    let samples: Vec<f32> = (0..N)
        .map(|k| at(k, 0) + 0.3 * at(k, 1) + 0.1 * at(k, 2) + (0.37 * noise.normal()) as f32)
        .collect();
    let shape = Shape {
        spacing: 1,
        taps: 11,
        feedback: 0,
    };
    let fit = least_squares::fit(&samples, &d, 0..N, shape, 0.0).unwrap();
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape,
        offset: 0.0,
    };
    let trace = signal.trace();
    let error = |output: &[f32]| -> f64 {
        let from = 20_000;
        let sum: f64 = (from..N).map(|k| f64::from(d[k] - output[k]).powi(2)).sum();
        sum / (N - from) as f64
    };
    // Without any step, the least squares taps.
    let optimum = Start::Coefficients(fit.taps.clone());
    let still = Settings {
        step: Step::Is(1e-12),
        start: optimum.clone(),
    };
    let minimum = error(&adapt(&signal, &still).unwrap().output);
    for (mu, published) in [(1e-4, 0.0043), (3e-4, 0.0127), (1e-3, 0.0431)] {
        let settings = Settings {
            step: Step::Is(mu),
            start: optimum.clone(),
        };
        let found = error(&adapt(&signal, &settings).unwrap().output) / minimum;
        let theory = mu * trace / (2.0 - mu * trace);
        println!(
            "trace {trace:.2} mu {mu}: {found:.4} theory {:.4} published {published}",
            1.0 + theory
        );
        let excess = found - 1.0;
        assert!(
            excess > 0.88 * theory && excess < 1.12 * 1.4 * theory,
            "{mu}: {found}"
        );
    }
}

/// Alone or with all the rest, the same kernel decides; with feedback, the walk over the symbols.
#[test]
fn decisions_alone_are_those_of_the_whole_result() {
    let sent = symbols(5, 6_000, 4);
    let levels = Levels::nominal(4).unwrap();
    let mut noise = Noise::new(6);
    let samples: Vec<f32> = sent
        .iter()
        .map(|&s| (nominal(4, s) + 0.4 * noise.normal()) as f32)
        .collect();
    for feedback in [0, 1] {
        let shape = Shape {
            spacing: 1,
            taps: 7,
            feedback,
        };
        let signal = Signal {
            samples: &samples,
            known: &sent[..3_000],
            levels: &levels,
            shape,
            offset: 0.0,
        };
        let whole = adapt(&signal, &Settings::default()).unwrap();
        assert!(
            whole.decided[3_000..] != sent[3_000..],
            "some noise, some errors"
        );
        assert_eq!(
            decide(&signal, &Settings::default()).unwrap(),
            whole.decided
        );
    }
}

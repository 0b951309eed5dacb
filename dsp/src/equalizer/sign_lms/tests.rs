use super::*;
use crate::equalizer::adaptive::Levels;
use crate::equalizer::least_squares::Shape;
use crate::signals::{noisy, symbols};

/// Gersho's bound: the mean absolute error ends within `mu tr R / 2` of its minimum, which for
/// white Gaussian noise of deviation `s` behind an ideal channel is `s sqrt(2 / pi)`. Doubling
/// the step doubles what is above it, to first order; the jitter is a Gaussian of its own, so what
/// is seen lies well below the bound and must grow with the step.
#[test]
fn ref_mean_absolute_error_stays_within_the_bound() {
    let sent = symbols(5, 200_000, 4);
    let sigma = 0.3;
    let samples = noisy(&sent, 4, sigma, 6);
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape: Shape {
            spacing: 1,
            taps: 7,
            feedback: 0,
        },
        offset: 0.0,
    };
    // The best taps shrink the signal by 5 / (5 + s^2), which changes the noise by 1 %.
    let minimum = sigma * (2.0 / std::f64::consts::PI).sqrt();
    let mut excess = Vec::new();
    for share in [0.05, 0.2, 0.8] {
        let settings = Settings {
            step: Step::OfBound(share),
            start: Start::CentreSpike,
        };
        let adapted = adapt(&signal, &settings).unwrap();
        let from = 50_000;
        let found: f64 = (from..200_000)
            .map(|k| (levels.values()[usize::from(sent[k])] - f64::from(adapted.output[k])).abs())
            .sum::<f64>()
            / (200_000 - from) as f64;
        let bound = 0.5 * share * step_bound(&signal) * signal.trace();
        // 150 000 absolute values of deviation 0.6 s: 0.05 %, and 1 % for the shrinking.
        assert!(found > 0.985 * minimum, "{share}: {found}");
        assert!(found < minimum + bound, "{share}: {found}");
        excess.push(found - 0.985 * minimum);
    }
    assert!(excess.is_sorted(), "{excess:?}");
}

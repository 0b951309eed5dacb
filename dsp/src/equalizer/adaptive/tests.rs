use super::*;
use crate::equalizer::{block_lms, lms, rls, sign_lms};
use crate::signals::{Noise, symbols};
use crate::slicer::{Slicer, nominal};

/// A PAM-4 signal at two samples a symbol: levels -3..3, a pulse of three samples, an offset.
fn received(sent: &[u8], sigma: f64) -> Vec<f32> {
    let value = |k: i64| {
        let s = usize::try_from(k).ok().and_then(|k| sent.get(k));
        s.map_or(0.0, |&s| nominal(4, s))
    };
    let mut noise = Noise::new(99);
    (0..2 * sent.len() as i64)
        .map(|i| {
            let k = i / 2;
            let clean = if i % 2 == 0 {
                value(k) + 0.2 * value(k - 1)
            } else {
                0.7 * value(k) + 0.6 * value(k + 1)
            };
            (5.0 + 0.1 * (clean + sigma * noise.normal())) as f32
        })
        .collect()
}

const SHAPE: Shape = Shape {
    spacing: 2,
    taps: 15,
    feedback: 2,
};

type Adapt = fn(&Signal) -> Result<Adapted, Refusal>;

const ALL: [(&str, Adapt); 4] = [
    ("lms", |s| lms::adapt(s, &lms::Settings::default())),
    ("sign_lms", |s| {
        sign_lms::adapt(s, &sign_lms::Settings::default())
    }),
    ("block_lms", |s| {
        block_lms::adapt(s, &block_lms::Settings::default())
    }),
    ("rls", |s| rls::adapt(s, &rls::Settings::default())),
];

/// At a noise of 0.12 of the distance to a threshold an open eye has Q(6) = 1e-9 errors; every
/// algorithm learns it within 20 000 known symbols and then makes none, and its frozen equalizer
/// makes none either.
#[test]
fn every_algorithm_opens_the_eye_and_freezes_into_an_equalizer() {
    let sent = symbols(1, 40_000, 4);
    let samples = received(&sent, 0.12);
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent[..20_000],
        levels: &levels,
        shape: SHAPE,
        offset: 5.0,
    };
    for (name, adapt) in ALL {
        let adapted = adapt(&signal).unwrap();
        assert_eq!(adapted.output.len(), 40_000, "{name}");
        assert_eq!(adapted.mse.len(), 40, "{name}");
        assert_eq!(adapted.decided[20_000..], sent[20_000..], "{name}");
        let equalizer = adapted.equalizer();
        let mut output = equalizer.feed_forward(&samples);
        let known: Vec<Option<u8>> = sent.iter().map(|&s| Some(s)).collect();
        let any = Slicer::from_symbols(&output, &sent, 4);
        equalizer.decision_feedback(&mut output, &any, &known);
        let slicer = Slicer::from_symbols(&output, &sent, 4);
        let decided = slicer.decide_all(&output);
        // The last symbols miss samples to come.
        assert_eq!(decided[8..39_990], sent[8..39_990], "{name}");
    }
}

#[test]
fn every_algorithm_refuses_what_it_cannot_do() {
    let sent = symbols(2, 4_000, 4);
    let samples = received(&sent, 0.1);
    let levels = Levels::nominal(4).unwrap();
    let good = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape: SHAPE,
        offset: 5.0,
    };
    let mut broken = samples.clone();
    broken[77] = f32::NAN;
    let constant = vec![5.0f32; samples.len()];
    let unrelated = symbols(3, 4_000, 4);
    let four = vec![4u8; 4_000];
    let shape = |spacing, taps| Shape {
        spacing,
        taps,
        feedback: 0,
    };
    for (name, adapt) in ALL {
        let refusal = |signal: Signal| match adapt(&signal) {
            Ok(_) => panic!("{name} refused nothing"),
            Err(refusal) => refusal,
        };
        let few = refusal(Signal {
            known: &sent[..169],
            ..good
        });
        assert_eq!(
            few.to_string(),
            "expected at least 170 known symbols, found 169"
        );
        let nan = refusal(Signal {
            samples: &broken,
            ..good
        });
        assert_eq!(
            nan.to_string(),
            "sample 77: expected a finite number, found NaN"
        );
        let still = refusal(Signal {
            samples: &constant,
            ..good
        });
        assert_eq!(still, Refusal::Constant { found: 5.0 });
        let wrong = refusal(Signal {
            known: &four,
            ..good
        });
        assert!(
            matches!(
                wrong,
                Refusal::Symbol {
                    index: 0,
                    found: 4,
                    ..
                }
            ),
            "{wrong}"
        );
        for (spacing, taps) in [(0, 5), (3, 5), (1, 0)] {
            let odd = refusal(Signal {
                shape: shape(spacing, taps),
                ..good
            });
            assert!(matches!(odd, Refusal::Shape { .. }), "{odd}");
        }
        let nothing = refusal(Signal {
            samples: &[],
            ..good
        });
        assert!(matches!(nothing, Refusal::Constant { .. }), "{nothing}");
        // Symbols that have nothing to do with the samples teach nothing.
        let lost = refusal(Signal {
            known: &unrelated,
            shape: shape(2, 15),
            ..good
        });
        assert!(
            matches!(lost, Refusal::NotConverged { .. }),
            "{name}: {lost}"
        );
    }
}

#[test]
fn a_step_beyond_the_bound_is_refused_and_says_so() {
    let sent = symbols(4, 4_000, 4);
    let samples = received(&sent, 0.1);
    let levels = Levels::nominal(4).unwrap();
    let signal = Signal {
        samples: &samples,
        known: &sent,
        levels: &levels,
        shape: SHAPE,
        offset: 5.0,
    };
    for step in [
        Step::OfBound(1.0),
        Step::OfBound(0.0),
        Step::Is(1e9),
        Step::Is(f64::NAN),
    ] {
        let start = Start::CentreSpike;
        let lms = lms::Settings { step, start };
        let refused = lms::adapt(&signal, &lms).unwrap_err();
        assert!(matches!(refused, Refusal::Unstable { .. }), "{refused}");
        let start = Start::CentreSpike;
        let sign = sign_lms::Settings { step, start };
        let refused = sign_lms::adapt(&signal, &sign).unwrap_err();
        assert!(matches!(refused, Refusal::Unstable { .. }), "{refused}");
        let start = Start::CentreSpike;
        let block = block_lms::Settings {
            step,
            block: 64,
            start,
        };
        let refused = block_lms::adapt(&signal, &block).unwrap_err();
        assert!(matches!(refused, Refusal::Unstable { .. }), "{refused}");
    }
    for forgetting in [0.5, 1.01, f64::NAN] {
        let settings = rls::Settings {
            forgetting,
            ..Default::default()
        };
        let refused = rls::adapt(&signal, &settings).unwrap_err();
        assert!(matches!(refused, Refusal::Setting { .. }), "{refused}");
    }
    let start = Start::Coefficients(vec![0.0; 3]);
    let settings = lms::Settings {
        start,
        ..Default::default()
    };
    let refused = lms::adapt(&signal, &settings).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "expected as many coefficients as taps and feedback together, found 3"
    );
}

#[test]
fn levels_rise_with_a_threshold_between() {
    assert!(Levels::new(vec![0.0, 1.0], vec![0.4]).is_ok());
    for (values, thresholds) in [
        (vec![0.0, 1.0, 2.0], vec![0.5, 1.5]),
        (vec![1.0, 0.0], vec![0.5]),
        (vec![0.0, 1.0], vec![1.5]),
        (vec![0.0, 1.0], vec![]),
        (vec![f64::NEG_INFINITY, 1.0], vec![0.0]),
        (vec![0.0, f64::NAN], vec![0.0]),
    ] {
        let refused = Levels::new(values, thresholds).unwrap_err();
        assert!(matches!(refused, Refusal::Levels { .. }), "{refused}");
    }
    assert!(Levels::nominal(3).is_err());
    let levels = Levels::half_way(vec![0.0, 1.0, 2.0, 4.0]).unwrap();
    assert_eq!(levels.thresholds(), [0.5, 1.5, 3.0]);
    assert_eq!(
        [-9.0, 0.6, 2.9, 9.0].map(|y| levels.decide(y)),
        [0, 1, 2, 3]
    );
    assert_eq!(levels.mean(), 1.75);
    assert_eq!(levels.half_spacing(), 4.0 / 6.0);
}

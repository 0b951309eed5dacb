use super::*;
use crate::equalizer::adaptive::Step;
use crate::signals::{Noise, symbols};

const MEMORY: Memory = Memory {
    spacing: 1,
    linear: 5,
    quadratic: 5,
    cubic: 3,
};

/// Samples whose symbols are a Volterra series of them: nine samples' noise drives it, and the
/// "symbols" are what the series makes of it plus noise. The series of the issue: memoryless and
/// with memory.
fn truth(x: impl Fn(i64) -> f64) -> f64 {
    0.05 + x(0) + 0.2 * x(-1) - 0.1 * x(1) + 0.15 * x(0) * x(0) + 0.08 * x(-1) * x(0)
        - 0.05 * x(-2) * x(1)
        + 0.04 * x(0) * x(0) * x(0)
        - 0.03 * x(-1) * x(0) * x(1)
}

/// A training set for which the truth is known: targets are values, not levels, so the normal
/// equations are fed directly.
fn known(n: usize, sigma: f64) -> (Vec<f32>, Vec<f64>) {
    let mut noise = Noise::new(21);
    let samples: Vec<f32> = (0..n)
        .map(|_| (2.0 * noise.uniform() - 1.0) as f32)
        .collect();
    let at = |k: i64| {
        let x = usize::try_from(k).ok().and_then(|k| samples.get(k));
        f64::from(x.copied().unwrap_or(0.0))
    };
    let targets = (0..n as i64)
        .map(|k| truth(|i| at(k + i)) + sigma * noise.normal())
        .collect();
    (samples, targets)
}

fn weight<const N: usize>(terms: &[Term<N>], at: [i32; N]) -> f64 {
    terms.iter().find(|t| t.at == at).map_or(0.0, |t| t.weight)
}

fn check_truth(found: &Volterra, tolerance: f64) {
    let near = |name: &str, found: f64, expected: f64| {
        assert!(
            (found - expected).abs() < tolerance,
            "{name}: {found} expected {expected}"
        );
    };
    near("bias", found.bias, 0.05);
    for (at, w) in [(-2, 0.0), (-1, 0.2), (0, 1.0), (1, -0.1), (2, 0.0)] {
        near("linear", weight(&found.linear, [at]), w);
    }
    for i in -2..=2 {
        for j in i..=2 {
            let expected = match (i, j) {
                (0, 0) => 0.15,
                (-1, 0) => 0.08,
                (-2, 1) => -0.05,
                _ => 0.0,
            };
            near("quadratic", weight(&found.quadratic, [i, j]), expected);
        }
    }
    near("cubic", weight(&found.cubic, [0, 0, 0]), 0.04);
    near("cubic", weight(&found.cubic, [-1, 0, 1]), -0.03);
}

/// Without noise the fit is exact but for the ridge of 1e-9 and the samples' single precision;
/// with it, a coefficient's deviation is `sigma / sqrt(n var)`, and the smallest variance among
/// these products of uniform samples beside the others is that of the cube beside the tap,
/// `4/175 = 0.023`: 0.01 / sqrt(40 000 * 0.023) = 3.3e-4.
#[test]
fn ref_a_quadratic_and_cubic_distortion_is_recovered() {
    for (sigma, tolerance) in [(0.0, 1e-5), (0.01, 5.0 * 3.3e-4)] {
        let (samples, targets) = known(40_000, sigma);
        check_truth(&fit_to(&samples, &targets, MEMORY), tolerance);
    }
}

/// Targets are given as they are: what `fit` does after it has looked up the levels.
fn fit_to(samples: &[f32], targets: &[f64], memory: Memory) -> Volterra {
    let levels = Levels::nominal(4).unwrap();
    let training = Training {
        samples,
        known: &[],
        levels: &levels,
        memory,
        offset: 0.0,
    };
    let products = Products::new(&training);
    let (mut gram, rhs, _) = products.normal_equations(targets);
    let c = cholesky_solve(&mut gram, &rhs, products.count()).unwrap();
    products.volterra(&c, 0.0)
}

/// With a noise of 0.01 a term that does nothing costs about `sigma^2 / n = 2.5e-9` to drop (its
/// chi-squared times that: below 25 times for all of the 20 but once in 1e5 draws), the weakest
/// true one (the cubic product of three samples) `0.03^2 / 27 = 3.3e-5`. A limit of 1e-6 parts
/// them by far on either side.
#[test]
fn ref_pruning_keeps_the_true_terms_and_no_other() {
    let (samples, targets) = known(40_000, 0.01);
    let levels = Levels::nominal(4).unwrap();
    let training = Training {
        samples: &samples,
        known: &[],
        levels: &levels,
        memory: MEMORY,
        offset: 0.0,
    };
    let products = Products::new(&training);
    let (found, pruning) = prune::prune(&products, &targets, 1e-6, 0.0).unwrap();
    let kept: Vec<[i32; 2]> = found.quadratic.iter().map(|t| t.at).collect();
    assert_eq!(kept, [[-2, 1], [-1, 0], [0, 0]]);
    let kept: Vec<[i32; 3]> = found.cubic.iter().map(|t| t.at).collect();
    assert_eq!(kept, [[-1, 0, 1], [0, 0, 0]]);
    assert_eq!((pruning.before, pruning.kept), (25, 5));
    check_truth(&found, 5.0 * 3.3e-4);
    // What was dropped cost what pruning says: both errors anew from the outputs.
    let error = |v: &Volterra| {
        let output = v.apply(&samples);
        let sum: f64 = output
            .iter()
            .zip(&targets)
            .map(|(y, d)| (f64::from(*y) - d).powi(2))
            .sum();
        sum / targets.len() as f64
    };
    let all = fit_to(&samples, &targets, MEMORY);
    // Outputs in single precision: 1e-7 of 1e-2 squared away.
    assert!(
        (error(&all) - pruning.mse_before).abs() < 1e-8,
        "{pruning:?}"
    );
    assert!(
        (error(&found) - pruning.mse_after).abs() < 1e-8,
        "{pruning:?}"
    );
    assert!(pruning.mse_after > pruning.mse_before);
}

/// A PAM-4 link with a square-law bend: `0.2 (x^2 - 0.8)` has a deviation of about 0.2 times that
/// of `x^2` (0.6 to 0.8), so 0.012 to 0.026 of mean square, against 0.0036 of noise a sample. The
/// quadratic part takes most of it away, by least squares, pruned, and by least mean squares.
#[test]
fn quadratic_terms_undo_a_bend() {
    let n = 40_000;
    let sent = symbols(31, n, 4);
    let values = [-3.0, -1.0, 1.0, 3.0].map(|v: f64| v / 5f64.sqrt());
    let levels = Levels::half_way(values.to_vec()).unwrap();
    let value = |k: i64| {
        let s = usize::try_from(k).ok().and_then(|k| sent.get(k));
        s.map_or(0.0, |&s| values[usize::from(s)])
    };
    let mut noise = Noise::new(32);
    let samples: Vec<f32> = (0..2 * n as i64)
        .map(|i| {
            let k = i / 2;
            let linear = if i % 2 == 0 {
                0.9 * value(k) + 0.2 * value(k - 1)
            } else {
                0.6 * value(k) + 0.5 * value(k + 1)
            };
            (linear + 0.2 * (linear * linear - 0.8) + 0.06 * noise.normal()) as f32
        })
        .collect();
    let training = |quadratic| Training {
        samples: &samples,
        known: &sent[..20_000],
        levels: &levels,
        memory: Memory {
            spacing: 2,
            linear: 11,
            quadratic,
            cubic: 0,
        },
        offset: 0.0,
    };
    let error = |output: &[f32]| {
        let judged = 20_000..n - 10;
        let square = |k: usize| (f64::from(output[k]) - values[usize::from(sent[k])]).powi(2);
        judged.clone().map(square).sum::<f64>() / judged.len() as f64
    };
    let linear = error(&fit(&training(0)).unwrap().apply(&samples));
    let full = fit(&training(5)).unwrap();
    assert_eq!((full.quadratic.len(), full.terms()), (15, 26));
    let quadratic = error(&full.apply(&samples));
    assert!(quadratic < 0.5 * linear, "{quadratic} {linear}");
    let (pruned, pruning) = fit_pruned(&training(5), 1e-5).unwrap();
    assert_eq!(pruned.quadratic.len(), pruning.kept);
    assert!(pruning.kept < 15, "{pruning:?}");
    assert!(error(&pruned.apply(&samples)) < 0.5 * linear);
    let adapted = adapt(&training(5), &Steps::default()).unwrap();
    let learnt = error(&adapted.output);
    assert!(learnt < 0.6 * linear, "{learnt} {linear}");
    assert_eq!(adapted.decided.len(), n);
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let sent = symbols(33, 2_000, 4);
    let samples: Vec<f32> = sent.iter().map(|&s| f32::from(s)).collect();
    let levels = Levels::nominal(4).unwrap();
    let good = Training {
        samples: &samples,
        known: &sent,
        levels: &levels,
        memory: MEMORY,
        offset: 1.5,
    };
    let few = Training {
        known: &sent[..300],
        ..good
    };
    assert_eq!(
        fit(&few).unwrap_err().to_string(),
        "expected at least 310 known symbols, found 300"
    );
    let none = Training {
        memory: Memory {
            linear: 0,
            ..MEMORY
        },
        ..good
    };
    assert!(matches!(fit(&none), Err(Refusal::Shape { .. })));
    assert!(matches!(
        fit_pruned(&good, f64::NAN),
        Err(Refusal::Setting { .. })
    ));
    let fast = Steps {
        linear: Step::OfBound(1.5),
        products: 0.3,
    };
    assert!(matches!(adapt(&good, &fast), Err(Refusal::Unstable { .. })));
    // With two values only, a square is a constant: no unique solution.
    let two: Vec<u8> = sent.iter().map(|s| 3 * (s % 2)).collect();
    let flat: Vec<f32> = two.iter().map(|&s| f32::from(s) - 1.5).collect();
    let twofold = Training {
        samples: &flat,
        known: &two,
        offset: 0.0,
        ..good
    };
    match fit(&twofold) {
        Ok(found) => assert!(found.apply(&flat).iter().all(|y| y.is_finite())),
        Err(refusal) => assert!(matches!(refusal, Refusal::Singular { .. })),
    }
}

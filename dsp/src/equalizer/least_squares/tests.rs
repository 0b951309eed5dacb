use super::*;
use crate::signals::{Noise, symbols};
use crate::slicer::nominal;
use proptest::prelude::*;

/// The normal equations written out, row by row, and solved by Gauss-Jordan with pivoting.
fn oracle(
    samples: &[f32],
    targets: &[f32],
    range: std::ops::Range<usize>,
    shape: Shape,
    pad: f32,
) -> Vec<f64> {
    let size = shape.taps + shape.feedback + 1;
    let mut a = vec![vec![0.0; size + 1]; size];
    for k in range {
        let mut row = Vec::with_capacity(size);
        for i in 0..shape.taps {
            let at = (shape.spacing * k + i) as i64 - shape.centre() as i64;
            let x = usize::try_from(at).ok().and_then(|i| samples.get(i));
            row.push(f64::from(*x.unwrap_or(&pad)));
        }
        for j in 1..=shape.feedback {
            row.push(if j <= k {
                f64::from(targets[k - j])
            } else {
                0.0
            });
        }
        row.push(1.0);
        for i in 0..size {
            for j in 0..size {
                a[i][j] += row[i] * row[j];
            }
            a[i][size] += row[i] * f64::from(targets[k]);
        }
    }
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))
            .unwrap();
        a.swap(column, pivot);
        for i in 0..size {
            if i != column {
                let factor = a[i][column] / a[column][column];
                let pivot = a[column].clone();
                a[i].iter_mut()
                    .zip(&pivot)
                    .for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    (0..size).map(|i| a[i][size] / a[i][i]).collect()
}

proptest! {
    /// The shift recursion against the sums written out. The ridge of 1e-9 and rounding in
    /// equations whose condition is below 1e4 (white noise of a tenth of the power) leave 1e-4.
    #[test]
    fn prop_taps_are_those_of_the_normal_equations(
        seed in 0u64..1000,
        spacing in 1usize..=2,
        taps in 1usize..16,
        feedback in 0usize..4,
        first in 0usize..20,
        missing in 0usize..20,
    ) {
        let sent = symbols(seed, 300, 4);
        let targets: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
        let mut noise = Noise::new(seed + 1);
        let samples: Vec<f32> = (0..300 * spacing)
            .map(|i| {
                let now = targets[i / spacing];
                let before = targets[(i / spacing).saturating_sub(1)];
                0.7 * now + 0.4 * before + (0.7 * noise.normal()) as f32 + 0.5
            })
            .collect();
        let shape = Shape { spacing, taps, feedback };
        let range = first..300 - missing;
        let found = fit(&samples, &targets, range.clone(), shape, 0.5).expect("white noise");
        let expected = oracle(&samples, &targets, range, shape, 0.5);
        let all = found.taps.iter().chain(&found.feedback).chain([&found.bias]);
        for (i, (f, e)) in all.zip(&expected).enumerate() {
            prop_assert!((f - e).abs() < 1e-4, "{i}: {f} expected {e}");
        }
    }
}

#[test]
fn a_constant_input_has_no_fit() {
    let targets = vec![1.0f32; 100];
    let shape = Shape {
        spacing: 1,
        taps: 3,
        feedback: 0,
    };
    assert_eq!(fit(&[0.0; 100], &targets, 0..100, shape, 0.0), None);
}

/// A channel without noise that a tap inverts exactly.
#[test]
fn ref_a_scaled_and_shifted_input_is_undone() {
    let sent = symbols(1, 500, 4);
    let targets: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
    let samples: Vec<f32> = targets.iter().map(|d| 3.0 + 0.25 * d).collect();
    let shape = Shape {
        spacing: 1,
        taps: 1,
        feedback: 0,
    };
    let found = fit(&samples, &targets, 0..500, shape, 3.0).expect("four levels");
    assert!((found.taps[0] - 4.0).abs() < 1e-6, "{found:?}");
    assert!((found.bias + 12.0).abs() < 1e-5, "{found:?}");
}

use super::*;
use crate::equalizer::least_squares::{self, Shape};
use crate::kernels::{is_fused, levels};
use crate::signals::{Noise, symbols};
use crate::slicer::nominal;
use proptest::prelude::*;

proptest! {
    /// Against the fit in f64 on the same symbols, which also fits a constant. The sums are in
    /// single precision and have a ridge of 1e-6: with a condition below 1e3 (noise of a tenth of
    /// the power) both change a tap by at most 1e-3. A constant that only one side fits moves a tap
    /// by the product of the means over the noise's power; the second half of the symbols and of
    /// the noise is the first one upside down, so that only the 64 symbols at the end that take no
    /// part leave a mean: 0.005 rms, and five times that move a tap by 1e-3.
    #[test]
    fn prop_taps_are_those_of_least_squares(
        seed in 0u64..1000,
        half in any::<bool>(),
        taps in 1usize..24,
        feedback in 0usize..4,
        offset in -1.0f32..1.0,
    ) {
        let spacing = if half { Spacing::HalfSymbol } else { Spacing::Symbol };
        let s = spacing.samples();
        let mut sent = symbols(seed, 2000, 4);
        sent.extend_from_within(..);
        sent[2000..].iter_mut().for_each(|s| *s = 3 - *s);
        let wanted: Vec<f32> = sent.iter().map(|&s| nominal(4, s) as f32).collect();
        let mut noise = Noise::new(seed + 1);
        let mut noise: Vec<f32> = (0..2000 * s).map(|_| (0.7 * noise.normal()) as f32).collect();
        noise.extend_from_within(..);
        noise[2000 * s..].iter_mut().for_each(|n| *n = -*n);
        let samples: Vec<f32> = (0..4000 * s)
            .map(|i| {
                let now = wanted[i / s];
                let before = wanted[(i / s).saturating_sub(1)];
                0.7 * now + 0.4 * before + noise[i] + offset
            })
            .collect();
        let shape = Shape { spacing: s, taps, feedback };
        // The same symbols as the kernel takes.
        let first = (taps / 2).div_ceil(s).max(feedback);
        let last = (samples.len() + taps / 2 - MAX_WINDOW) / s;
        let expected = least_squares::fit(&samples, &wanted, first..last, shape, offset)
            .expect("white noise");
        let mut fused = None;
        for level in levels() {
            let training = Training {
                samples: &samples,
                wanted: &wanted,
                spacing,
                taps,
                feedback,
                offset,
            };
            let found = fit(level, &training).expect("white noise");
            let pairs = found.taps.iter().zip(&expected.taps);
            let back = found.feedback.iter().zip(&expected.feedback);
            for (i, (f, e)) in pairs.chain(back).enumerate() {
                prop_assert!((f - e).abs() < 3e-3, "{i}: {f} expected {e}");
            }
            if is_fused(level) {
                prop_assert_eq!(fused.get_or_insert_with(|| found.clone()), &found);
            }
            let sum: f64 = found.taps.iter().sum();
            prop_assert!((found.bias + f64::from(offset) * sum).abs() < 1e-9);
        }
    }
}

#[test]
fn what_has_no_solution_has_no_fit() {
    let wanted = vec![1.0f32; 1000];
    let training = Training {
        samples: &[0.0; 2000],
        wanted: &wanted,
        spacing: Spacing::HalfSymbol,
        taps: 5,
        feedback: 0,
        offset: 0.0,
    };
    let samples: Vec<f32> = symbols(1, 2000, 4).iter().map(|&s| f32::from(s)).collect();
    for level in levels() {
        assert_eq!(fit(level, &training), None, "no power");
        let good = Training {
            samples: &samples,
            ..training
        };
        assert!(fit(level, &good).is_some());
        for (short, taps, feedback) in [(60, 5, 0), (2000, 0, 0), (2000, 61, 2), (70, 33, 0)] {
            let odd = Training {
                samples: &samples[..short],
                taps,
                feedback,
                ..good
            };
            assert_eq!(fit(level, &odd), None, "{short} {taps} {feedback}");
        }
        let mut broken = samples.clone();
        broken[500] = f32::NAN;
        let odd = Training {
            samples: &broken,
            ..good
        };
        assert_eq!(fit(level, &odd), None, "not a number");
    }
}

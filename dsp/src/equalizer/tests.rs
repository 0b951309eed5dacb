use super::*;
use crate::signals::Noise;
use proptest::prelude::*;

/// The definition: `y(k) = sum_i w(i) x(s k + i - c)`, `pad` beyond the ends.
fn oracle(equalizer: &Equalizer, samples: &[f32]) -> Vec<f32> {
    let shape = equalizer.shape;
    (0..samples.len() / shape.spacing)
        .map(|k| {
            let mut y = 0.0f32;
            for (i, w) in equalizer.taps.iter().enumerate() {
                let at = (shape.spacing * k + i) as i64 - shape.centre() as i64;
                let x = usize::try_from(at).ok().and_then(|i| samples.get(i));
                y += w * x.unwrap_or(&equalizer.pad);
            }
            y
        })
        .collect()
}

proptest! {
    /// Both add the taps in the same order; a fused multiply-add rounds once where the oracle
    /// rounds twice. Each stays within `(n + 1) u sum |w x|` of the exact sum (Higham, *Accuracy
    /// and Stability of Numerical Algorithms*, section 3.1, u = 2^-24 and half as much again for
    /// the second order), so they are within twice that of each other.
    #[test]
    fn prop_feed_forward_is_the_sum_of_its_definition(
        seed in 0u64..1000,
        spacing in 1usize..=2,
        taps in 1usize..40,
        count in 0usize..1500,
    ) {
        let mut noise = Noise::new(seed);
        let equalizer = Equalizer {
            shape: Shape { spacing, taps, feedback: 0 },
            taps: (0..taps).map(|_| noise.normal() as f32).collect(),
            feedback: vec![],
            pad: 0.25,
        };
        let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
        let weight: f32 = equalizer.taps.iter().map(|w| w.abs()).sum();
        let peak = samples.iter().fold(equalizer.pad, |m, x| m.max(x.abs()));
        let bound = 3.0 * (taps + 1) as f32 * (0.5 * f32::EPSILON) * weight * peak;
        let output = equalizer.feed_forward(&samples);
        let expected = oracle(&equalizer, &samples);
        prop_assert_eq!(output.len(), expected.len());
        for (y, e) in output.iter().zip(&expected) {
            prop_assert!((y - e).abs() <= bound, "{y} against {e} within {bound}");
        }
    }
}

#[test]
fn ref_noise_enhancement_of_simple_taps() {
    let with = |spacing: usize, taps: Vec<f32>| Equalizer {
        shape: Shape {
            spacing,
            taps: taps.len(),
            feedback: 0,
        },
        taps,
        feedback: vec![],
        pad: 0.0,
    };
    // One tap at the symbol rate: none. Two equal taps at half of it: integrate and dump.
    assert_eq!(with(1, vec![1.0]).noise_enhancement_db(), 0.0);
    assert_eq!(with(2, vec![0.5, 0.5]).noise_enhancement_db(), 0.0);
    // (-0.5, 2, -0.5): 10 log10 4.5 = 6.532 dB.
    let three = with(1, vec![-0.5, 2.0, -0.5]).noise_enhancement_db();
    assert!((three - 6.5321).abs() < 1e-3, "{three}");
}

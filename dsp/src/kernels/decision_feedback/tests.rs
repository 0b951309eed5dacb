use super::*;
use crate::kernels::{level_name, levels};
use crate::signals::Noise;
use proptest::prelude::*;

fn any_loop(levels: usize, taps: usize, noise: &mut Noise) -> Loop {
    let mut thresholds: Vec<f32> = (1..levels).map(|_| 2.0 * noise.normal() as f32).collect();
    thresholds.sort_by(f32::total_cmp);
    Loop {
        taps: (0..taps).map(|_| 0.5 * noise.normal() as f32).collect(),
        values: (0..levels)
            .map(|s| 2.0 * s as f32 - levels as f32 + 1.0)
            .collect(),
        thresholds,
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Byte for byte: no product is fused, and segments depend on the length alone. Counts of
    /// levels and taps that have no lanes go the serial way.
    #[test]
    fn prop_every_level_feeds_back_as_the_oracle(
        seed in 0u64..10_000,
        levels in 2usize..=4,
        taps in 0usize..=9,
        count in 0usize..6_000,
    ) {
        let mut noise = Noise::new(seed);
        let feedback = any_loop(levels, taps, &mut noise);
        let samples: Vec<f32> = (0..count).map(|_| 3.0 * noise.normal() as f32).collect();
        let mut expected = vec![0.0; count];
        decision_feedback_scalar(&samples, &feedback, &mut expected);
        for level in self::levels() {
            let mut found = vec![9.0; count];
            decision_feedback(level, &samples, &feedback, &mut found);
            prop_assert!(bits(&found) == bits(&expected), "{} differs", level_name(level));
        }
    }

    /// The serial loop, bit for bit.
    #[test]
    fn prop_look_ahead_is_the_serial_loop(
        seed in 0u64..10_000,
        levels in 2usize..=4,
        taps in 0usize..=2,
        count in 0usize..2_000,
    ) {
        let mut noise = Noise::new(seed);
        let mut feedback = any_loop(levels, taps, &mut noise);
        feedback.taps.iter_mut().for_each(|f| *f *= 2.0);
        let mut samples: Vec<f32> = (0..count).map(|_| 3.0 * noise.normal() as f32).collect();
        if let Some(y) = samples.get_mut(count / 2) {
            *y = f32::NAN;
        }
        let mut expected = vec![0.0; count];
        serial(&samples, &feedback, &mut expected);
        for level in self::levels() {
            let mut found = vec![9.0; count];
            look_ahead(level, &samples, &feedback, &mut found);
            prop_assert!(bits(&found) == bits(&expected), "{} differs", level_name(level));
        }
    }
}

#[test]
fn segments_are_longer_than_their_warm_up() {
    for symbols in [0, 1, 700, 1 << 20, 10_000_019] {
        for warm_up in WARM_UPS {
            let length = length(symbols, warm_up);
            assert!(length > warm_up && length <= LONGEST && length / GRAIN % 2 == 1);
        }
    }
}

#[test]
fn the_warm_up_follows_the_taps() {
    let warm_up = |levels: usize, taps: &[f32]| {
        let feedback = Loop {
            taps: taps.to_vec(),
            ..any_loop(levels, 0, &mut Noise::new(1))
        };
        feedback.warm_up()
    };
    // 0.75^32 = 1e-4 is too much for a million segments, 0.75^64 = 1e-8 is not.
    assert_eq!(warm_up(4, &[1.0]), 64);
    assert_eq!(warm_up(4, &[0.5, -0.5]), 64);
    assert_eq!(warm_up(4, &[0.5, -0.3]), 32);
    // Two levels go on with 1/2 at most.
    assert_eq!(warm_up(2, &[1.0]), 32);
    assert_eq!(warm_up(2, &[1.0, 0.1]), 128);
    assert_eq!(warm_up(4, &[f32::NAN]), 128);
    assert_eq!(warm_up(4, &[]), 32);
}

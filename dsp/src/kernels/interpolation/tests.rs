use super::emit::Decisions;
use super::*;
use crate::kernels::{levels, polyphase};
use crate::signals::Noise;
use proptest::prelude::*;

fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    (0..count).map(|_| noise.normal() as f32).collect()
}

/// A table of a windowed cosine: its rows are as smooth as those of an interpolator, and the
/// window lets a sample come in and go out unseen.
fn table(taps: usize) -> Table {
    let count = 128;
    let padded = taps.next_multiple_of(16);
    let half = taps as f64 / 2.0;
    let value = |row: usize, j: usize| {
        let t = j as f64 - row as f64 / count as f64 - (half - 1.0);
        let window = (1.0 - (t / half).powi(2)).max(0.0).powi(2);
        window * (0.9 * t).cos() / half
    };
    let grid = || (0..count).flat_map(move |row| (0..padded).map(move |j| (row, j)));
    Table {
        rows: grid().map(|(row, j)| value(row, j) as f32).collect(),
        steps: grid()
            .map(|(row, j)| (value(row + 1, j) - value(row, j)) as f32)
            .collect(),
        count,
        taps,
        padded,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Against the oracle, which slides at every output: within a run the instant moves by
    /// half of `slide` from the middle. A windowed wave of 0.9 radians a sample bends by at
    /// most `0.9^2 + 8 / 4^2 < 1.4` a square sample and climbs by less than 1.4 a sample, so
    /// that samples below a half change by `0.35 slide` when it stands still, and by
    /// `0.7 (3 / 128)^2 / 2 = 2e-4` over three rows taken as straight. Twice that is allowed.
    #[test]
    fn prop_every_level_stretches_as_the_oracle(
        stride in 1usize..5,
        half in 4usize..33,
        start in 0.0f64..9.0,
        slide in -0.04f64..0.04,
        seed in 0u64..1_000,
    ) {
        let taps = 2 * half;
        let length = 3 * RUN + (12 + taps).div_ceil(stride) + 1;
        let mut noise = Noise::new(seed);
        let samples: Vec<f32> =
            (0..stride * length).map(|_| noise.uniform() as f32 - 0.5).collect();
        let mut streams = samples.clone();
        if stride > 2 {
            let best = crate::kernels::level();
            polyphase::split(best, &samples, 0, stride, length, &mut streams);
        }
        let table = table(taps);
        let step = stride as f64 + slide / RUN as f64;
        let place = Place { stride, length, start: start + 0.1, step };
        let mut expected = [0.0; 3 * RUN];
        stretch_scalar(&table, &streams, place, &mut expected);
        let bound = 2.0 * if slide.abs() <= STILL_SAMPLES { 0.35 * slide.abs() + 2e-4 } else { 2e-4 };
        let mut fused: Option<[f32; 3 * RUN]> = None;
        for level in levels() {
            let mut found = [0.0; 3 * RUN];
            stretch(level, &table, &streams, place, &mut Vec::new(), &mut found);
            for (f, e) in found.iter().zip(&expected) {
                prop_assert!((f - e).abs() < bound as f32 + 1e-5, "{f} {e}");
            }
            // Decisions are those of the outputs, whatever the level.
            let mut decided = [0u8; 3 * RUN];
            let emit = Decisions([-0.1, 0.0, 0.15]);
            stretch_as(level, &table, &streams, place, &mut Vec::new(), &emit, &mut decided);
            prop_assert!(decided.iter().zip(&found).all(|(&d, &y)| d == emit.one(y)));
            // Levels with fused multiply-add give the same bytes.
            if crate::kernels::is_fused(level) {
                prop_assert_eq!(*fused.get_or_insert(found), found);
            }
        }
    }

    #[test]
    fn prop_every_level_computes_the_oracles_single_output(
        chunks in 1usize..5,
        rows in -1.0f32..1.0,
        seed in 0u64..1_000,
    ) {
        let n = 16 * chunks;
        let (x, r, s) = (noise(seed, n), noise(seed + 1, n), noise(seed + 2, n));
        let expected = single_scalar(&x, &r, &s, rows);
        let mut fused = None;
        for level in levels() {
            let found = single(level, &x, &r, &s, rows);
            prop_assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            if crate::kernels::is_fused(level) {
                prop_assert_eq!(*fused.get_or_insert(found), found);
            }
        }
    }
}

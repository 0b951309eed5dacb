use super::*;
use crate::kernels::{level_name, levels};
use crate::signals::Noise;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Equal, not close: the same f32 operations.
    #[test]
    fn prop_every_level_counts_what_the_oracle_counts(
        seed in 0u64..1000,
        columns in 1usize..70,
        rows in 1usize..300,
        first in 0usize..70,
        count in 0usize..9000,
        spread in 0.1f32..3.0,
    ) {
        let mut noise = Noise::new(seed);
        let samples: Vec<f32> = (0..count).map(|_| spread * noise.normal() as f32).collect();
        let grid = Grid::new(columns, rows, -2.0, 1.5).unwrap();
        let mut expected = grid.density();
        accumulate_scalar(&samples, first, &grid, &mut expected);
        let total: u64 = expected.hits.iter().map(|&h| u64::from(h)).sum();
        prop_assert_eq!(total + expected.outside, count as u64);
        for level in levels() {
            let mut density = grid.density();
            accumulate(level, &samples, first, &grid, &mut density);
            prop_assert_eq!(&density, &expected, "{}", level_name(level));
        }
    }
}

/// One cell gets every sample of a column: more than 16 bits hold.
#[test]
fn a_constant_level_overflows_nothing() {
    let grid = Grid::new(2, 4, 0.0, 4.0).unwrap();
    let samples = vec![2.5f32; 300_001];
    for level in levels() {
        let mut density = grid.density();
        accumulate(level, &samples, 1, &grid, &mut density);
        assert_eq!(density.hits[4 + 2], 150_001, "{}", level_name(level));
        assert_eq!(density.hits[2], 150_000, "{}", level_name(level));
    }
}

#[test]
fn what_is_not_finite_is_outside() {
    let grid = Grid::new(1, 8, -1.0, 1.0).unwrap();
    let samples = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1e30,
        -1.0,
        0.999,
    ]
    .repeat(40);
    for level in levels() {
        let mut density = grid.density();
        accumulate(level, &samples, 0, &grid, &mut density);
        assert_eq!(density.outside, 160, "{}", level_name(level));
        assert_eq!((density.hits[0], density.hits[7]), (40, 40));
    }
}

#[test]
fn a_grid_has_cells_and_a_range() {
    assert!(Grid::new(32, 256, -1.0, 1.0).is_some());
    assert!(Grid::new(0, 256, -1.0, 1.0).is_none());
    assert!(Grid::new(32, 0, -1.0, 1.0).is_none());
    assert!(Grid::new(300, 256, -1.0, 1.0).is_none());
    assert!(Grid::new(usize::MAX, usize::MAX, -1.0, 1.0).is_none());
    assert!(Grid::new(32, 256, 1.0, 1.0).is_none());
    assert!(Grid::new(32, 256, f32::NAN, 1.0).is_none());
}

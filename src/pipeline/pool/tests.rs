//! Pooled figures against sums and means by hand, and the coverage of their intervals.

use super::figures::{Figures, Scale};
use super::paths::paths;
use etalon_dsp::measure::statistics::{CONFIDENCE, Z95, clopper_pearson, error_ratio};
use etalon_types::report::{MpiPath, PathKind};
use etalon_types::{Estimate, Figure};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn measured(value: f64, half: f64) -> Figure {
    Figure::Estimate(Estimate {
        value,
        low: value - half,
        high: value + half,
        confidence: CONFIDENCE,
        n: 10,
        errors: None,
        unit: "dB".into(),
        method: "test".into(),
        definition: "test".into(),
    })
}

fn pooled(figures: &[Figure]) -> Figure {
    Figures {
        each: figures.iter().collect(),
        blocks: figures.len(),
    }
    .pooled()
}

/// Standard normal.
fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Five values by hand: mean 3, s = sqrt(2.5), t = 2.776, half width 2.776 sqrt(2.5 / 5).
#[test]
fn ref_a_mean_has_the_interval_of_student() {
    let figure = pooled(&[1.0, 2.0, 3.0, 4.0, 5.0].map(|v| measured(v, 0.0)));
    let estimate = figure.estimate().unwrap();
    let half = 2.776_445 * 0.5_f64.sqrt();
    assert!((estimate.value - 3.0).abs() < 1e-12);
    assert!((estimate.low - (3.0 - half)).abs() < 1e-5, "{estimate:?}");
    assert!((estimate.high - (3.0 + half)).abs() < 1e-5, "{estimate:?}");
    assert_eq!(estimate.n, 50);
}

/// Blocks that are equal but each unsure by 0.5 have that doubt in common.
#[test]
fn what_all_blocks_doubt_no_mean_takes_away() {
    let figure = pooled(&vec![measured(2.0, 0.5); 100]);
    assert_eq!((figure.low(), figure.high()), (Some(1.5), Some(2.5)));
}

/// Independent blocks with honest intervals: the pooled interval holds the truth in 95 % of all
/// cases at least; 99.9 % of 2000 trials with exactly 95 % hold it 1868 times or more.
#[test]
fn ref_pooled_intervals_hold_the_truth() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
    for (blocks, common) in [(4, 0.0), (12, 0.0), (12, 0.5), (60, 1.0)] {
        let mut held = 0;
        for _ in 0..2000 {
            // What is common to all blocks of a capture, and each one's own chance.
            let shared = common * normal(&mut random);
            let half = Z95 * (1.0 + common * common).sqrt();
            let figures: Vec<Figure> = (0..blocks)
                .map(|_| measured(shared + normal(&mut random), half))
                .collect();
            let figure = pooled(&figures);
            held += i32::from(figure.low() <= Some(0.0) && Some(0.0) <= figure.high());
        }
        assert!(held >= 1868, "{blocks} blocks, {common}: {held}");
    }
}

/// Blocks that follow each other slowly are worth fewer: the interval is wider than Student's.
#[test]
fn slow_drift_widens_the_interval() {
    let drift = |order: fn(usize) -> usize| {
        let values = (0..64).map(|k| measured((order(k) as f64 * 0.1).sin(), 0.0));
        let figure = pooled(&values.collect::<Vec<_>>());
        figure.high().unwrap() - figure.low().unwrap()
    };
    // 37 and 64 have no factor in common: the same values, out of order.
    assert!(drift(|k| k) > 3.0 * drift(|k| 37 * k % 64));
}

#[test]
fn counts_add_up_with_the_exact_interval_of_their_sum() {
    // Equal counts: nothing scatters more than chance.
    let figure = pooled(&vec![error_ratio(25, 10_000, "pattern", "errors"); 4]);
    let estimate = figure.estimate().unwrap();
    assert_eq!(
        (estimate.errors, estimate.n, estimate.value),
        (Some(100), 40_000, 0.0025)
    );
    let (low, high) = clopper_pearson(100, 40_000, CONFIDENCE);
    assert!((estimate.low - low).abs() < 1e-9 && (estimate.high - high).abs() < 1e-9);
    // No errors at all: an upper bound by all trials.
    let none = pooled(&vec![error_ratio(0, 10_000, "pattern", "errors"); 4]);
    assert_eq!(none.high(), Some(clopper_pearson(0, 40_000, CONFIDENCE).1));
    assert_eq!(none.low(), Some(0.0));
    // One block in four has all errors: they tell as much as few.
    let mut uneven = vec![error_ratio(0, 10_000, "pattern", "errors"); 3];
    uneven.push(error_ratio(100, 10_000, "pattern", "errors"));
    let uneven = pooled(&uneven);
    assert_eq!(uneven.value(), Some(0.0025));
    assert!(uneven.high().unwrap() > 3.0 * high);
}

#[test]
fn what_half_of_the_blocks_miss_is_not_measurable() {
    let missing = |high| Figure::at_most(high, "dB", CONFIDENCE, 7, "too weak");
    let figures = [
        measured(-40.0, 1.0),
        missing(-35.0),
        missing(-37.0),
        measured(-41.0, 1.0),
    ];
    let figure = pooled(&figures);
    assert_eq!(figure.value(), None);
    assert_eq!(
        figure.reason(),
        Some("too weak (not measurable in 2 of 4 blocks)")
    );
    // The bound that holds for every block; nothing bounds all of them from below.
    assert_eq!((figure.low(), figure.high()), (None, Some(-35.0)));
    let most = pooled(&[measured(-40.0, 1.0), measured(-40.0, 1.0), missing(-35.0)]);
    assert_eq!(most.value(), Some(-40.0));
}

#[test]
fn ratios_over_decades_are_averaged_by_their_logarithms() {
    let each: Vec<Figure> = [1e-8, 1e-6].map(|v| measured(v, 0.0)).to_vec();
    let figures = Figures {
        each: each.iter().collect(),
        blocks: 2,
    };
    let figure = figures.pooled_on(Scale::Logarithmic);
    assert!((figure.value().unwrap() / 1e-7 - 1.0).abs() < 1e-9);
    assert!(figure.low().unwrap() > 0.0);
}

#[test]
fn paths_are_those_that_half_of_the_blocks_have() {
    let path = |delay_s: f64, significance: f64| MpiPath {
        delay_s,
        level_db: Some(-30.0),
        low_db: Some(-31.0),
        high_db: Some(-29.0),
        significance,
        kind: Some(PathKind::Interference),
        ..MpiPath::default()
    };
    let blocks = [
        vec![path(100.00e-9, 20.0), path(7e-9, 9.0)],
        vec![path(100.01e-9, 10.0)],
        vec![
            path(100.02e-9, 30.0),
            path(100.01e-9, 8.0),
            path(55e-9, 7.0),
        ],
        vec![],
    ];
    let each: Vec<&[MpiPath]> = blocks.iter().map(Vec::as_slice).collect();
    let found = paths(&each, 4, 1.0 / 26.5625e9);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].delay_s - 100.01e-9).abs() < 1e-15);
    // (20 + 10 + 30 + 0) / 4.
    assert!((found[0].significance - 15.0).abs() < 1e-12);
    assert_eq!(found[0].kind, Some(PathKind::Interference));
    assert_eq!(
        (found[0].low_db, found[0].high_db),
        (Some(-31.0), Some(-29.0))
    );
}

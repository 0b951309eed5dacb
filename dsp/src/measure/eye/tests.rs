use super::*;
use crate::signals::{self, Shaping};
use crate::slicer::cluster;
use crate::timing;

fn eye(samples_per_symbol: f64) -> (Eye, usize) {
    let sent = signals::symbols(4, 6_000, 4);
    let shape = Shaping {
        samples_per_symbol,
        offset_ppm: 10.0,
        delay_ui: 0.3,
    };
    let samples = signals::shaped(&sent, 4, shape);
    let timing = timing::recover(&samples, samples_per_symbol);
    let equalizer = Equalizer::identity(2, 0.0);
    let resampled = crate::timing::resample::two_per_symbol(&samples, &timing);
    let slicer = cluster(&equalizer.feed_forward(&resampled), 4);
    (
        oversampled(&samples, &timing, &equalizer, &slicer),
        sent.len(),
    )
}

/// Every sample is counted once, those outside the frame aside; the pulse overshoots by less than
/// the frame's margin of 0.3, so hardly any are.
#[test]
fn counts_sum_up() {
    for sps in [2.0, 4.0] {
        let (eye, symbols) = eye(sps);
        let hits: u64 = eye.hits.iter().map(|&h| u64::from(h)).sum();
        assert!(hits <= eye.samples);
        assert!(
            hits as f64 > 0.98 * eye.samples as f64,
            "{hits} of {}",
            eye.samples
        );
        assert!(eye.samples as usize <= symbols * COLUMNS / 2);
        assert!(eye.samples as usize > (symbols - 20) * COLUMNS / 2);
        assert!(eye.time_resolved);
    }
}

/// At the decision instants an eye without interference has hits at the levels alone; between
/// them, at the crossings, it is filled.
#[test]
fn the_eye_is_open_where_decisions_are_made() {
    let (eye, _) = eye(4.0);
    let row = |level: f64| ((level - eye.low) / (eye.high - eye.low) * ROWS as f64) as usize;
    let middle = |column: usize| -> u32 {
        let rows = row(eye.thresholds[1] - 0.3)..=row(eye.thresholds[1] + 0.3);
        rows.map(|r| eye.hits[(r, column)]).sum()
    };
    for instant in &eye.instants_ui {
        let column = (instant / eye.span_ui * COLUMNS as f64) as usize;
        assert_eq!(middle(column), 0, "closed at {instant} UI");
    }
    assert!(middle(0) > 100);
}

#[test]
fn a_histogram_counts_every_symbol_by_its_level() {
    let sent = signals::symbols(4, 6_000, 4);
    let samples = signals::noisy(&sent, 4, 0.1, 5);
    let slicer = Slicer::from_symbols(&samples, &sent, 4);
    let found = histogram(&samples, &sent, &slicer);
    for (level, counts) in found.counts.iter().enumerate() {
        assert_eq!(counts.iter().sum::<u64>(), slicer.counts[level]);
    }
    let flat = at_the_slicer(&samples, &Equalizer::identity(1, 0.0), &slicer);
    assert!(!flat.time_resolved);
    assert_eq!(flat.samples, 6_000);
    assert_eq!(
        flat.hits.iter().map(|&h| u64::from(h)).sum::<u64>(),
        6_000 * COLUMNS as u64
    );
}

//! Clocks that are not what they seem: a flag or "not measurable", never a plausible number.

use crate::signals::{Noise, Shaping, pattern, shaped};
use crate::{BAUD_HZ, at, plain};
use etalon_dsp::{BaudChoice, Error, PatternChoice, ReceiveOptions, Reception, receive};

fn steady(samples_per_symbol: f64) -> Shaping {
    Shaping {
        samples_per_symbol,
        offset_ppm: 0.0,
        delay_ui: 0.2,
    }
}

fn told(pattern: &str, baud_hz: f64) -> ReceiveOptions {
    ReceiveOptions {
        baud: BaudChoice::Is(baud_hz),
        ..plain(pattern)
    }
}

fn flagged(found: &Reception, flag: &str) -> bool {
    found.report.quality.iter().any(|q| q.flag == flag)
}

fn with_noise(mut samples: Vec<f32>, sigma: f64) -> Vec<f32> {
    let mut noise = Noise::new(4);
    samples
        .iter_mut()
        .for_each(|x| *x += (sigma * noise.normal()) as f32);
    samples
}

/// A percent off, and off by one line of a repeating pattern (1/127, 1/511).
#[test]
fn a_symbol_rate_that_is_a_percent_off_measures_nothing() {
    for (name, levels) in [("prbs7", 2), ("prbs9q", 4), ("prbs13q", 4)] {
        let samples = with_noise(shaped(&pattern(name, 20_000), levels, steady(4.0)), 0.1);
        for off in [
            0.99,
            1.01,
            1.0 + 1.0 / 127.0,
            1.0 - 1.0 / 127.0,
            1.0 + 1.0 / 511.0,
        ] {
            let options = told(name, BAUD_HZ * off);
            let found = receive(&samples, 1.0 / (4.0 * BAUD_HZ), &options, &mut ()).unwrap();
            assert!(
                flagged(&found, "wrong-rate"),
                "{name} {off}: {:?}",
                found.report.quality
            );
            assert!(
                found.report.estimates.pre_fec_ber.value().is_none(),
                "{name} {off}"
            );
            assert!(
                found.report.estimates.snr_db.estimate().is_none(),
                "{name} {off}"
            );
        }
        let found = at(&samples, 4.0, &told(name, BAUD_HZ));
        assert!(
            !flagged(&found, "wrong-rate"),
            "{name}: {:?}",
            found.report.quality
        );
    }
}

#[test]
fn all_symbols_equal_measure_nothing() {
    for symbol in [0, 3] {
        let samples = with_noise(shaped(&vec![symbol; 20_000], 4, steady(4.0)), 0.1);
        let found = at(&samples, 4.0, &plain("prbs9q"));
        assert!(flagged(&found, "wrong-rate"), "{:?}", found.report.quality);
        let auto = ReceiveOptions {
            baud: BaudChoice::Auto,
            pattern: PatternChoice::Auto,
            ..plain("prbs9q")
        };
        let refused = receive(&samples, 1e-11, &auto, &mut ());
        assert!(matches!(refused, Err(Error::NoBaud { .. })));
    }
}

#[test]
fn too_few_symbols_measure_nothing() {
    let samples = shaped(&pattern("prbs9q", 400), 4, steady(4.0));
    let found = at(&samples, 4.0, &plain("prbs9q"));
    assert!(flagged(&found, "too-short"), "{:?}", found.report.quality);
}

/// A frequency that swings by 0.6 % either way, three times what blocks can follow.
#[test]
fn a_clock_that_swings_beyond_tracking_is_flagged() {
    let still = shaped(&pattern("prbs13q", 60_000), 4, steady(8.0));
    // Read at the times of a swinging clock, from eight samples a symbol to two.
    let swing = 6e-3 * 20_000.0 / (2.0 * std::f64::consts::PI);
    let samples: Vec<f32> = (0..100_000)
        .map(|n| {
            let time = f64::from(n) / 2.0;
            let phase = time * 2.0 * std::f64::consts::PI / 20_000.0;
            let x = 8.0 * (time + swing * phase.sin() + 100.0);
            let (i, f) = (x as usize, (x - x.floor()) as f32);
            still[i] + f * (still[i + 1] - still[i])
        })
        .collect();
    let found = at(&samples, 2.0, &plain("prbs13q"));
    assert!(
        flagged(&found, "drift") || flagged(&found, "wrong-rate"),
        "{:?}",
        found.report.quality
    );
}

/// A rate of no standard, with an offset: found, and the same figures as with the rate told.
#[test]
fn a_rate_of_no_standard_is_found() {
    let samples = with_noise(shaped(&pattern("prbs9q", 30_000), 4, steady(2.7)), 0.1);
    let auto = ReceiveOptions {
        baud: BaudChoice::Auto,
        ..plain("prbs9q")
    };
    let rate_hz = 17.3e9;
    let found = receive(&samples, 1.0 / (2.7 * rate_hz), &auto, &mut ()).unwrap();
    let baud_hz = found.report.link.baud_hz;
    assert!((baud_hz / rate_hz - 1.0).abs() < 2e-6, "{baud_hz}");
    assert!(found.report.estimates.ser.high().unwrap() < 1e-3);
}

//! Multipath interference against the field model of one delayed path.

use crate::signals::{Interference, symbols};
use crate::{BAUD_HZ, at, plain};
use etalon_dsp::mpi::{self, Assessment};
use etalon_dsp::options::Quantity;
use etalon_dsp::slicer::Slicer;
use etalon_dsp::{EqualizerChoice, PatternChoice, ReceiveOptions};
use etalon_types::Figure;
use etalon_types::report::MpiRegime;

/// 100 ns, 10 MHz, SNR 20 dB, ER 4.5 dB at 26.5625 GBd.
const LINK: Interference = Interference {
    level_db: -30.0,
    delay: 2656,
    linewidth: 10e6 / BAUD_HZ,
    snr_db: 20.0,
    extinction_db: 4.5,
};

/// The assessment alone, on known levels.
fn assess(link: Interference, count: usize, seed: u64) -> Assessment {
    let sent = symbols(seed, count, 4);
    let power = link.power(&sent, 4, seed + 10_000);
    let slicer = Slicer::from_symbols(&power, &sent, 4);
    mpi::assess(&mpi::Input {
        power: &power,
        slicer: &slicer,
        baud_hz: BAUD_HZ,
        guard: 20,
        period: None,
        linewidth_hz: None,
        search: mpi::Search::DelayedCopies,
    })
}

/// Acceptance row 30: -20 to -36 dB, 2^19 symbols, through the whole receiver: within 0.5 dB rms,
/// each within its own reach. (The reference's own estimator has 0.1 dB.)
#[test]
fn ref_level_is_right_over_the_range() {
    let options = ReceiveOptions {
        pattern: PatternChoice::None,
        equalizer: EqualizerChoice::Auto,
        quantity: Quantity::OpticalPower,
        ..plain("prbs7")
    };
    let (mut square, mut n) = (0.0, 0.0);
    for (seed, level_db) in [-20.0, -24.0, -28.0, -32.0, -36.0].into_iter().enumerate() {
        let link = Interference { level_db, ..LINK };
        let sent = symbols(seed as u64, 1 << 19, 4);
        let samples = link.power(&sent, 4, 50 + seed as u64);
        let report = at(&samples, 1.0, &options).report;
        assert_eq!(
            report.mpi_regime,
            Some(MpiRegime::Incoherent),
            "{level_db} dB"
        );
        let found = report.estimates.mpi_db.estimate().expect("measurable");
        println!(
            "{level_db} dB: {:.3} [{:.3}, {:.3}]",
            found.value, found.low, found.high
        );
        square += (found.value - level_db).powi(2);
        n += 1.0;
        let path = report.mpi_paths.first().expect("a path");
        let lag = path.delay_s * BAUD_HZ;
        assert!((lag - LINK.delay as f64).abs() < 1.0, "{lag}");
        let width = report
            .estimates
            .linewidth_hz
            .estimate()
            .expect("with the level");
        assert!((0.7e7..1.4e7).contains(&width.value), "{width:?}");
    }
    let rms = f64::sqrt(square / n);
    assert!(rms < 0.5, "{rms} dB rms");
}

/// The 95 % interval of the level holds the truth. Of 200 draws a binomial of 0.95 stays at or
/// above 178 with a probability of 0.9996; a binomial of 0.88 does with 0.4.
#[test]
fn ref_the_level_interval_covers_as_promised() {
    let link = Interference {
        linewidth: 20e6 / BAUD_HZ,
        ..LINK
    };
    let (mut covered, mut measured) = (0, 0);
    for seed in 0..200 {
        if let Figure::Estimate(level) = assess(link, 1 << 16, seed).level {
            measured += 1;
            covered += usize::from(level.low <= -30.0 && -30.0 <= level.high);
        }
    }
    println!("{covered} of {measured} intervals hold the truth");
    assert!(measured >= 198, "{measured} of 200 measured");
    assert!(covered >= 178 * measured / 200, "{covered} of {measured}");
}

/// Without interference no level is claimed, and an upper bound is given. A beat is believed from
/// 5 sigma (3e-6), a path with 1e-3: of 100 draws at most one is anything but `none` with a
/// probability of 0.995.
#[test]
fn ref_nothing_is_found_where_nothing_is() {
    let link = Interference {
        level_db: f64::NEG_INFINITY,
        ..LINK
    };
    let mut other = 0;
    for seed in 0..100 {
        let found = assess(link, 1 << 15, seed);
        assert!(found.level.estimate().is_none(), "{:?}", found.level);
        if found.regime == Some(MpiRegime::None) {
            assert!(found.level.high().expect("a bound") < -30.0);
        } else {
            other += 1;
        }
    }
    assert!(other <= 1, "{other} of 100");
}

/// A capture that sees the phase turn less than ten coherence angles (K = 2 pi linewidth T) tells
/// no level.
#[test]
fn a_phase_that_hardly_turns_is_not_measurable() {
    let count = 1 << 16;
    for angles in [1.0, 5.0, 9.0] {
        let link = Interference {
            level_db: -25.0,
            linewidth: angles / (2.0 * std::f64::consts::PI * count as f64),
            ..LINK
        };
        for seed in 0..5 {
            let found = assess(link, count, seed);
            assert!(
                found.level.estimate().is_none(),
                "K {angles}: {:?}",
                found.level
            );
            let reason = found.level.reason().expect("not measurable");
            assert!(!reason.is_empty());
        }
    }
}

/// A delay short against the coherence time (V = 2 pi linewidth tau below 1) leaves part of the
/// beat standing still: no level, though the capture is long.
#[test]
fn a_delay_within_the_coherence_time_is_not_measurable() {
    for (seed, angle) in [0.05, 0.3, 1.0].into_iter().enumerate() {
        let linewidth = angle / (2.0 * std::f64::consts::PI * 400.0);
        let link = Interference {
            level_db: -25.0,
            delay: 400,
            linewidth,
            ..LINK
        };
        let found = assess(link, 1 << 18, seed as u64);
        assert!(
            found.level.estimate().is_none(),
            "V {angle}: {:?}",
            found.level
        );
        assert_ne!(found.regime, Some(MpiRegime::None), "V {angle}");
    }
}

/// White receiver noise and slow hum are no interference: without a delayed copy no level.
#[test]
fn hum_is_no_interference() {
    let sent = symbols(1, 1 << 16, 4);
    let link = Interference {
        level_db: f64::NEG_INFINITY,
        ..LINK
    };
    let mut power = link.power(&sent, 4, 2);
    for (t, y) in power.iter_mut().enumerate() {
        *y += 0.05 * (t as f32 * 1e-3).sin();
    }
    let slicer = Slicer::from_symbols(&power, &sent, 4);
    let found = mpi::assess(&mpi::Input {
        power: &power,
        slicer: &slicer,
        baud_hz: BAUD_HZ,
        guard: 20,
        period: None,
        linewidth_hz: None,
        search: mpi::Search::DelayedCopies,
    });
    assert!(found.level.estimate().is_none(), "{:?}", found.level);
    assert!(found.paths.is_empty(), "{:?}", found.paths);
}

/// With a repeating pattern the delay is told within a period: its ghosts a period later are left
/// out.
#[test]
fn regress_a_period_later_is_the_same_delay() {
    let sent = crate::signals::pattern("prbs13q", 1 << 17);
    let samples = LINK.power(&sent, 4, 9);
    let options = ReceiveOptions {
        quantity: Quantity::OpticalPower,
        ..plain("prbs13q")
    };
    let report = at(&samples, 1.0, &options).report;
    let path = report.mpi_paths.first().expect("a path");
    assert!((path.delay_s * BAUD_HZ - 2656.0).abs() < 1.0, "{path:?}");
    assert!(
        report
            .mpi_paths
            .iter()
            .all(|p| p.delay_s * BAUD_HZ < 8191.0)
    );
    assert!((path.distance_m - etalon_types::fibre::distance_m(path.delay_s)).abs() < 1e-9);
}

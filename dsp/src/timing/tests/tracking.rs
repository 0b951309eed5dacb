//! Instants against the truth.

use super::channel::{Channel, Signal};
use super::*;
use proptest::prelude::*;

/// The bar: 0.01 UI rms down to a channel of a quarter of the symbol rate. Blocks of 256 symbols
/// alone have 0.008 UI at 0.25 baud (simulated in another language), and the average over the
/// blocks of a clock that stands still leaves far less; what is left at 1.0 baud is the alias of
/// what lies beyond half the sample rate.
#[test]
fn ref_instants_hold_to_a_hundredth_behind_a_channel_of_a_quarter_baud() {
    for bandwidth in [1.0, 0.5, 0.35, 0.25] {
        for channel in [Channel::Gaussian(bandwidth), Channel::Bessel(bandwidth)] {
            let sps = if bandwidth < 0.4 {
                vec![2.0, 2.7, 4.0]
            } else {
                vec![4.0]
            };
            for sps in sps {
                let signal = Signal::new(channel, 1 << 17, sps);
                let timing = recover(&signal.samples(), sps);
                let error = signal.error_ui(&timing);
                println!(
                    "{channel:?}, {sps} samples a symbol: {error:.5} UI, stated {:.5}",
                    timing.noise_ui
                );
                assert!(error < 0.01, "{channel:?}, {sps}: {error} UI");
                assert!(
                    (timing.offset_ppm - 50.0).abs() < 0.5,
                    "{}",
                    timing.offset_ppm
                );
                assert_eq!(timing.trouble(), None);
                assert_eq!(timing.method, Method::BandEdge);
                assert_eq!(rival(&signal.samples(), &timing), None);
            }
        }
    }
}

/// Behind `1 + D` there is nothing at half the symbol rate. The rectifier's line leaves
/// 0.002 UI for two levels and 0.01 UI for four after 16,384 symbols (simulated in another
/// language); 131,072 symbols are eight times as many, and twice the root of an eighth of that is
/// allowed.
#[test]
fn ref_partial_response_is_timed_by_the_rectifier() {
    for (levels, bound) in [(2, 0.0015), (4, 0.007)] {
        let signal = Signal {
            levels,
            ..Signal::new(Channel::Duobinary, 1 << 17, 2.0)
        };
        let samples = signal.samples();
        let timing = recover(&samples, 2.0);
        let error = signal.error_ui(&timing);
        println!(
            "1 + D, {levels} levels: {error:.5} UI, {:.1} deviations",
            timing.significance
        );
        assert_eq!(timing.method, Method::Rectifier);
        assert!(timing.significance > MIN_SIGNIFICANCE, "{levels}");
        assert!(error < bound, "{levels}: {error}");
        assert_eq!(rival(&samples, &timing), None);
    }
}

/// Jitter of 0.1 UI: the average has to follow it where blocks allow, and says how well. A period
/// of 6,640 symbols is 4 MHz at 26.5625 GBd. The stated error is the truth's within a factor of
/// two: it is itself estimated, from 512 comparisons.
#[test]
fn ref_jitter_is_followed_and_the_error_stated() {
    for period in [100_000.0, 20_000.0, 6_640.0] {
        let signal = Signal {
            jitter: (0.1, period),
            ..Signal::new(Channel::Bessel(0.5), 1 << 17, 4.0)
        };
        let timing = recover(&signal.samples(), 4.0);
        let error = signal.error_ui(&timing);
        println!(
            "period {period}: {error:.5} UI, stated {:.5}",
            timing.noise_ui
        );
        assert!(error < 0.005, "{period}: {error}");
        assert!(timing.noise_ui < 2.0 * error + 0.001 && timing.noise_ui > 0.5 * error - 0.001);
        // A sine's root mean square, less what the knots cut off its tops.
        assert!((timing.wander_ui() - 0.1 / 2f64.sqrt()).abs() < 0.004);
    }
}

/// A clock whose frequency swings by 6000 ppm either way, as spread-spectrum clocks do, and one
/// that jumps by 0.4 UI back and forth: flagged, one way or the other.
#[test]
fn drift_beyond_tracking_is_told() {
    let swing = 6e-3 * 20_000.0 / (2.0 * std::f64::consts::PI);
    for jitter in [(swing, 20_000.0), (10.0, 20_000.0), (0.45, 1_500.0)] {
        let signal = Signal {
            jitter,
            ..Signal::new(Channel::Bessel(0.5), 1 << 17, 2.0)
        };
        let samples = signal.samples();
        let timing = recover(&samples, 2.0);
        println!(
            "{jitter:?}: {:.1} deviations, {:?}, error {:.4} UI, stated {:.4}",
            timing.significance,
            timing.trouble(),
            signal.error_ui(&timing),
            timing.noise_ui
        );
        let told = timing.significance < MIN_SIGNIFICANCE
            || timing.trouble().is_some()
            || rival(&samples, &timing).is_some();
        assert!(told || signal.error_ui(&timing) < 0.02, "{jitter:?}");
    }
}

/// Patterns have lines at all multiples of their repetition rate: a rate that is off by one of
/// them, or by any percent, has none of its own.
#[test]
fn ref_a_rate_that_is_a_percent_off_is_not_believed() {
    for (name, levels, period) in [
        ("prbs7", 2, 127.0),
        ("prbs9q", 4, 511.0),
        ("prbs13q", 4, 8191.0),
    ] {
        let sent = crate::signals::pattern(name, 40_000);
        let signal = Signal {
            levels,
            ..Signal::new(Channel::Bessel(0.5), sent.len(), 2.0)
        };
        let samples = signal.of(&sent);
        let right = recover(&samples, 2.0);
        assert!(
            right.significance > MIN_SIGNIFICANCE && rival(&samples, &right).is_none(),
            "{name}"
        );
        for off in [
            0.99,
            1.01,
            1.0 + 1.0 / period,
            1.0 - 1.0 / period,
            1.0 + 2.0 / period,
            0.9,
            1.1,
            1.2,
        ] {
            if f64::abs(off - 1.0) < 2e-3 {
                continue; // Within the range of a clock the right line is found.
            }
            let wrong = recover(&samples, 2.0 / off);
            let doubted =
                wrong.significance < MIN_SIGNIFICANCE || rival(&samples, &wrong).is_some();
            assert!(doubted, "{name}, {off}: {:.1}", wrong.significance);
        }
    }
}

/// A quarter of the blocks is enough for a clock that stands still: 2^18 symbols behind a quarter
/// of a baud have 280 seen blocks of 0.008 UI each, and an average over 17 of them or more leaves
/// 0.002 UI; the promise is 0.01. All blocks are not better by more than the root of four, times
/// two for chance.
#[test]
fn ref_bursts_tell_a_clock_that_stands_still() {
    for (channel, offset_ppm) in [
        (Channel::Gaussian(0.25), 50.0),
        (Channel::Bessel(0.25), -1200.0),
        (Channel::Bessel(0.5), 0.0),
    ] {
        let signal = Signal {
            offset_ppm,
            ..Signal::new(channel, (1 << 18) + 2_000, 2.0)
        };
        let samples = signal.samples();
        let level = kernels::level();
        let mut looker = Looker::new(level, &samples, 2.0);
        let some = track::track(looker.some(), 1e-6 * MAX_OFFSET_PPM);
        assert!(is_enough(&some), "{channel:?}: {some:?}");
        let (few, all) = (
            recover(&samples, 2.0),
            recover_from_all(level, &samples, 2.0),
        );
        let (error, least) = (signal.error_ui(&few), signal.error_ui(&all));
        println!(
            "{channel:?}: {error:.5} UI (stated {:.5}), all {least:.5} (stated {:.5})",
            few.noise_ui, all.noise_ui
        );
        assert!(error < 0.0025, "{channel:?}: {error} UI");
        assert!(error < 4.0 * least.max(0.0003), "{error} {least}");
        assert!(
            (few.offset_ppm - offset_ppm).abs() < 0.2,
            "{}",
            few.offset_ppm
        );
    }
}

/// Bursts do not overlook a clock that moves: not one with the bursts' own period of 4,096
/// symbols, which would have the same phase in all of them if they were evenly spaced, nor its
/// harmonics and neighbours. Amplitudes of 0.1 and 0.03 UI are followed to 0.01 UI; what is too
/// small to be seen (0.01 UI, 0.007 rms) may be averaged out.
#[test]
fn ref_bursts_do_not_overlook_jitter() {
    for period in [2_048.0, 3_300.0, 4_096.0, 5_376.0, 8_192.0, 40_000.0] {
        for amplitude in [0.1, 0.03, 0.01] {
            let signal = Signal {
                jitter: (amplitude, period),
                ..Signal::new(Channel::Bessel(0.5), (1 << 18) + 2_000, 2.0)
            };
            let timing = recover(&signal.samples(), 2.0);
            let error = signal.error_ui(&timing);
            println!(
                "{amplitude} UI, {period} symbols: {error:.5} UI, stated {:.5}",
                timing.noise_ui
            );
            assert!(error < 0.01, "{amplitude} UI, {period}: {error}");
        }
    }
}

#[test]
fn noise_alone_has_no_clock() {
    let mut noise = crate::signals::Noise::new(5);
    for count in [600, 5_000, 200_000] {
        let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
        for sps in [1.1, 2.0, 3.3] {
            let found = recover(&samples, sps).significance;
            assert!(found < MIN_SIGNIFICANCE, "{count} {sps}: {found}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any oversampling and any offset within the range. The slope's error is that of a straight
    /// line through 80 blocks of 0.01 UI each: `0.01 sqrt(12 / 80) / 20,000 = 0.2 ppm`; ten times.
    #[test]
    fn prop_any_oversampling_and_offset_is_tracked(
        sps in 1.25f64..9.0,
        offset_ppm in -1400.0f64..1400.0,
    ) {
        let signal = Signal { offset_ppm, ..Signal::new(Channel::Bessel(0.4), 20_000, sps) };
        let timing = recover(&signal.samples(), sps);
        prop_assert!((timing.offset_ppm - offset_ppm).abs() < 2.0, "{} {offset_ppm}", timing.offset_ppm);
        let error = signal.error_ui(&timing);
        prop_assert!(error < 0.02, "{error}");
    }
}

//! The search for a symbol rate.

use super::channel::{Channel, Signal};
use super::search::search;
use crate::signals::{Noise, pattern};

/// Frequency resolution of a line of N symbols with a height of h deviations is
/// `sqrt(6) / (2 pi h N)` of the rate; at 2^16 symbols and a height of 30 that is 0.2 ppm. The
/// rate itself carries the offset of 50 ppm.
#[test]
fn ref_any_rate_is_found_to_a_part_per_million() {
    for (sps, channel) in [
        (1.25, Channel::Bessel(0.4)),
        (1.7, Channel::Bessel(0.35)),
        (2.0, Channel::Bessel(0.35)),
        (3.879, Channel::Bessel(0.5)),
        (5.3, Channel::Gaussian(0.25)),
        (16.0, Channel::Bessel(0.5)),
        (16.0, Channel::Bessel(2.0)),
        (8.0, Channel::Bessel(1.5)),
    ] {
        for levels in [2, 4] {
            let signal = Signal {
                levels,
                snr_db: 20.0,
                ..Signal::new(channel, 1 << 16, sps)
            };
            let found = search(&signal.samples(), sps * 17e9).expect("found");
            let true_hz = 17e9 * (1.0 + 50e-6);
            println!("{channel:?} {sps}: {found:?}");
            assert!(
                (found.measured_hz / true_hz - 1.0).abs() < 1e-6,
                "{sps} {channel:?}: {found:?}"
            );
            assert_eq!(
                (found.standard_hz, found.baud_hz),
                (None, found.measured_hz)
            );
        }
    }
}

#[test]
fn a_rate_near_a_standards_is_that_one() {
    let signal = Signal {
        offset_ppm: -80.0,
        ..Signal::new(Channel::Bessel(0.5), 1 << 15, 3.0)
    };
    let found = search(&signal.samples(), 3.0 * 26.5625e9).expect("found");
    assert_eq!(
        (found.baud_hz, found.standard_hz),
        (26.5625e9, Some(26.5625e9))
    );
    assert!((found.measured_hz / 26.5625e9 - 1.0 + 80e-6).abs() < 2e-6);
}

/// Repeating patterns have lines everywhere, of which the rate's is the one that is found.
#[test]
fn patterns_that_repeat_are_found_at_their_rate() {
    for (name, levels) in [("prbs7", 2), ("prbs9", 2), ("prbs7q", 4), ("prbs13q", 4)] {
        for (sps, snr_db) in [(2.0, 25.0), (4.0, 15.0), (8.0, 60.0)] {
            let sent = pattern(name, 30_000);
            let signal = Signal {
                levels,
                snr_db,
                ..Signal::new(Channel::Bessel(0.5), sent.len(), sps)
            };
            match search(&signal.of(&sent), sps * 17e9) {
                Ok(found) => {
                    let off = found.measured_hz / 17e9 - 1.0 - 50e-6;
                    assert!(off.abs() < 2e-6, "{name} {sps}: {found:?}");
                }
                // A short pattern may hide its rate, but never make another.
                Err(_) => assert!(name.starts_with("prbs7"), "{name} {sps}: not found"),
            }
        }
    }
}

/// What is no symbol stream has no symbol rate.
#[test]
fn nothing_is_found_where_nothing_is() {
    let mut noise = Noise::new(8);
    let n = 200_000;
    let white: Vec<f64> = (0..n).map(|_| noise.normal()).collect();
    let pi = std::f64::consts::PI;
    let coloured: Vec<f64> = white
        .iter()
        .scan((0.0, 0.0), |s, &x| {
            // A resonance at 0.15 of the sample rate.
            let y = x + 1.9 * (2.0 * pi * 0.15).cos() * s.0 - 0.9025 * s.1;
            *s = (y, s.0);
            Some(y)
        })
        .collect();
    let with = |f: &dyn Fn(f64) -> f64| {
        white
            .iter()
            .enumerate()
            .map(|(i, x)| 0.05 * x + f(i as f64))
            .collect::<Vec<f64>>()
    };
    let cases = [
        ("noise", white.clone()),
        ("coloured noise", coloured),
        ("a sine", with(&|i| (2.0 * pi * 0.1234 * i).sin())),
        ("two sines", with(&|i| (0.7 * i).sin() + (0.93 * i).cos())),
        ("a square wave", with(&|i| (0.1 * i).sin().signum())),
        ("a swept sine", with(&|i| (1e-6 * i * i).sin())),
        ("a constant", vec![0.25; n]),
        ("short", white[..300].to_vec()),
        ("one", vec![1.0]),
        ("none", vec![]),
    ];
    for (name, samples) in cases {
        let samples: Vec<f32> = samples.iter().map(|&x| x as f32).collect();
        let found = search(&samples, 80e9);
        assert!(found.is_err(), "{name}: {found:?}");
    }
}

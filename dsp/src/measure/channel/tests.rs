use super::*;
use crate::signals::{noisy, symbols};

/// Pulse of a known channel from its symbols. A least-squares coefficient has the standard error
/// `sigma / sqrt(n E d^2)` = 0.05 / sqrt(20 000 * 5) = 1.6e-4, and the high-pass takes 1/65 of
/// the sums only; five standard errors over 34 coefficients.
#[test]
fn ref_a_known_pulse_is_found() {
    for spacing in [1usize, 2] {
        let pulse = [0.1, 0.3, 1.0, 0.6, -0.2, 0.05];
        let sent = symbols(6, 20_000, 4);
        let targets = noisy(&sent, 4, 0.0, 0);
        let noise = noisy(&vec![0; spacing * sent.len()], 1, 0.05, 1);
        // pulse[2] stands at the decision instant.
        let samples: Vec<f32> = (0..spacing * sent.len())
            .map(|n| {
                let mut x = 3.0 + noise[n];
                for (i, h) in pulse.iter().enumerate() {
                    let at = n as i64 + 2 - i as i64;
                    if at >= 0 && at % spacing as i64 == 0 {
                        let k = at as usize / spacing;
                        x += h * targets.get(k).copied().unwrap_or(0.0);
                    }
                }
                x
            })
            .collect();
        let channel = Channel::fit(&samples, &targets, spacing).expect("excited");
        for (i, found) in channel.pulse.iter().enumerate() {
            let own = i as i64 - channel.main() as i64 + 2;
            let expected = usize::try_from(own).ok().and_then(|i| pulse.get(i));
            let expected = f64::from(*expected.unwrap_or(&0.0));
            assert!(
                (found - expected).abs() < 8e-4,
                "{spacing} {i}: {found} expected {expected}"
            );
        }
        // The residual is the noise: its variance has a relative error of sqrt(2 / n) = 1 %.
        let noise_power = 0.05f64.powi(2) * (1.0 - 1.0 / 65.0);
        assert!((channel.residual_power / noise_power - 1.0).abs() < 0.04);
    }
}

/// `H(f) = (1 + exp(-j 2 pi f)) / 2`: -3 dB at a quarter of the symbol rate (|cos(pi f)|).
#[test]
fn ref_bandwidth_of_a_two_tap_channel() {
    let span = Span::default();
    let mut pulse = vec![0.0; span.symbols()];
    pulse[span.before] = 0.5;
    pulse[span.before + 1] = 0.5;
    let channel = Channel {
        pulse,
        spacing: 1,
        span,
        residual_power: 0.0,
    };
    assert!((channel.gain_db(0.25) + 3.0103).abs() < 1e-3);
    // The grid has steps of 1/800.
    assert!((channel.bandwidth() - 0.25).abs() < 1.0 / 400.0);
}

#[test]
fn symbols_that_do_not_move_excite_nothing() {
    assert_eq!(Channel::fit(&[1.0; 5000], &[1.0; 5000], 1), None);
    assert_eq!(Channel::fit(&[1.0; 10], &[1.0; 10], 1), None);
}

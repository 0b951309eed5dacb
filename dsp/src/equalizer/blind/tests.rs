use super::*;
use crate::signals::{noisy, symbols};

/// A channel that closes the eye opens up to an error ratio below one in a thousand. Without an
/// equalizer more than one symbol in ten is wrong.
fn check(levels: usize, channel: &[f32], sigma: f64) {
    let sent = symbols(21, 40_000, levels);
    let clean = noisy(&sent, levels, 0.0, 0);
    let noise = noisy(&vec![0; sent.len()], 1, sigma, 8);
    let samples: Vec<f32> = (0..sent.len())
        .map(|k| {
            let past = channel.iter().enumerate().filter(|(j, _)| *j <= k);
            past.map(|(j, h)| h * clean[k - j]).sum::<f32>() + noise[k]
        })
        .collect();
    let plain = cluster(&samples, levels).decide_all(&samples);
    let closed = plain.iter().zip(&sent).filter(|(a, b)| a != b).count();
    assert!(closed > sent.len() / 10, "open already: {closed}");

    let shape = Shape {
        spacing: 1,
        taps: 21,
        feedback: 0,
    };
    let opened = equalize(&samples, shape, levels, 0.0);
    let decided = opened.slicer.decide_all(&opened.output);
    // Blind equalization finds the symbols up to a delay and a sign.
    let top = levels as u8 - 1;
    let errors = (-10i64..=10)
        .flat_map(|delay| [false, true].map(|inverted| (delay, inverted)))
        .map(|(delay, inverted)| {
            (100..sent.len() - 100)
                .filter(|&k| {
                    let s = sent[(k as i64 + delay) as usize];
                    decided[k] != if inverted { top - s } else { s }
                })
                .count()
        })
        .min()
        .unwrap();
    assert!(errors < sent.len() / 1000, "{errors} errors");
}

#[test]
fn a_closed_two_level_eye_opens() {
    check(2, &[1.0, 0.75, 0.5], 0.05);
}

#[test]
fn a_closed_four_level_eye_opens() {
    check(4, &[1.0, 0.35, -0.2], 0.05);
}

#[test]
fn an_open_eye_needs_no_equalizer() {
    let sent = symbols(2, 5_000, 4);
    let shape = Shape {
        spacing: 1,
        taps: 21,
        feedback: 0,
    };
    let found = equalize(&noisy(&sent, 4, 0.1, 1), shape, 4, 0.0);
    assert_eq!(found.slicer.decide_all(&found.output), sent);
}

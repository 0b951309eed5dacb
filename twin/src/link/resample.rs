//! The receiver's sample clock.

use std::f64::consts::PI;

use super::LinkConfig;
use super::window::Window;

/// Samples on each side that the interpolation takes.
pub(super) const REACH: usize = 12;

/// Reads the detected power at the instants of the receiver's clock, by a windowed sinc.
///
/// Sample `n` (0 the capture's first) is taken at `n / (1 + ppm 1e-6)` of the simulated grid,
/// so the two agree at the capture's start, moved by the jitter's shift in samples. Returns receiver guard, capture, receiver guard.
/// The window is a raised cosine over [`REACH`] samples a side: flat to within 1 % up to 0.85 of
/// the Nyquist frequency. (Linear interpolation loses 3 dB at half of it whenever the clocks
/// stand half a sample apart, a slow beat that no receiver has.)
pub(super) fn to_receiver_clock(
    detected: Vec<f64>,
    config: &LinkConfig,
    window: &Window,
    jitter: Option<&[f64]>,
) -> Vec<f64> {
    let guard = window.receiver_guard;
    let wanted = window.samples() + 2 * guard;
    if config.clock_offset_ppm == 0.0 && jitter.is_none() {
        let mut detected = detected;
        detected.truncate(wanted);
        return detected;
    }
    let rate = 1.0 + config.clock_offset_ppm * 1e-6;
    let origin = (window.reserve + guard) as f64;
    (0..wanted)
        .map(|n| {
            let place =
                origin + (n as f64 - guard as f64) / rate + jitter.map_or(0.0, |shifts| shifts[n]);
            interpolate(&detected, place)
        })
        .collect()
}

/// Value between samples; `place` lies [`REACH`] from the first and the last one.
pub(super) fn interpolate(samples: &[f64], place: f64) -> f64 {
    let left = place.floor();
    let fraction = place - left;
    let left = left as usize;
    if fraction < 1e-12 {
        return samples[left];
    }
    // sin(pi (fraction - k)) alternates in sign with k: one sine serves all taps.
    let sine = (PI * fraction).sin() / PI;
    let (mut sum, mut weights) = (0.0, 0.0);
    for k in 0..2 * REACH {
        let distance = fraction + REACH as f64 - 1.0 - k as f64;
        let sign = if (k + REACH) % 2 == 1 { 1.0 } else { -1.0 };
        let window = 0.5 + 0.5 * (PI * distance / REACH as f64).cos();
        let weight = sign * sine / distance * window;
        sum += weight * samples[left + 1 + k - REACH];
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_a_sine_keeps_its_value_between_samples() {
        // 0.35 of the sample rate is 0.7 of the Nyquist frequency.
        let wave = |t: f64| (2.0 * PI * 0.35 * t).sin();
        let samples: Vec<f64> = (0..200).map(|n| wave(f64::from(n))).collect();
        for i in 0..500 {
            let place = 50.0 + 0.137 * f64::from(i);
            let found = interpolate(&samples, place);
            // Pass-band error of the raised-cosine window at 0.7 of Nyquist.
            assert!(
                (found - wave(place)).abs() < 5e-3,
                "{place}: {found} {}",
                wave(place)
            );
        }
    }
}

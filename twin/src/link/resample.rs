//! The receiver's sample clock.

use super::LinkConfig;
use super::window::Window;

/// Reads the detected power at the instants of the receiver's clock, by linear interpolation.
///
/// Sample `n` (0 the capture's first) is taken at `n / (1 + ppm 1e-6)` of the simulated grid,
/// so the two agree at the capture's start. Returns receiver guard, capture, receiver guard.
pub(super) fn to_receiver_clock(
    detected: Vec<f64>,
    config: &LinkConfig,
    window: &Window,
) -> Vec<f64> {
    let guard = window.receiver_guard;
    let wanted = window.samples() + 2 * guard;
    if config.clock_offset_ppm == 0.0 {
        let mut detected = detected;
        detected.truncate(wanted);
        return detected;
    }
    let rate = 1.0 + config.clock_offset_ppm * 1e-6;
    let origin = (window.reserve + guard) as f64;
    (0..wanted)
        .map(|n| {
            let place = origin + (n as f64 - guard as f64) / rate;
            let left = place.floor();
            let (fraction, left) = (place - left, left as usize);
            detected[left] * (1.0 - fraction) + detected[left + 1] * fraction
        })
        .collect()
}

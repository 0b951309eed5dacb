//! White noise: the laser's relative intensity noise and the receiver's.

use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::LinkConfig;
use super::window::{Window, capture_first};

/// Multiplies the transmitted power by `1 + n`, `n` of variance `10^(rin/10) fs / 2`; power
/// that would become negative is no light.
pub(super) fn add_rin(
    config: &LinkConfig,
    rin_db_per_hz: f64,
    window: &Window,
    power: &mut [f64],
    mut generator: Xoshiro256PlusPlus,
) {
    let sigma = (10f64.powf(rin_db_per_hz / 10.0) * config.sample_rate().0 / 2.0).sqrt();
    for n in capture_first(window.lead(), power.len()) {
        let draw: f64 = generator.sample(StandardNormal);
        power[n] = (power[n] * (1.0 + sigma * draw)).max(0.0);
    }
}

/// Adds the receiver's noise: a sample has `samples_per_symbol` times the variance that a band
/// as wide as the symbol rate has.
pub(super) fn add_receiver_noise(
    config: &LinkConfig,
    window: &Window,
    received: &mut [f64],
    mut generator: Xoshiro256PlusPlus,
) {
    let sigma = config.noise_sigma_w() * (window.samples_per_symbol as f64).sqrt();
    if sigma == 0.0 {
        return;
    }
    for n in capture_first(window.receiver_guard, received.len()) {
        let draw: f64 = generator.sample(StandardNormal);
        received[n] += sigma * draw;
    }
}

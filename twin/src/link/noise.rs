//! White noise: the laser's relative intensity noise and the receiver's.

use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::window::{Window, capture_first};
use super::{LinkConfig, Noise};

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
/// as wide as the symbol rate has. Shot noise goes with the sample's own power.
pub(super) fn add_receiver_noise(
    config: &LinkConfig,
    window: &Window,
    received: &mut [f64],
    mut generator: Xoshiro256PlusPlus,
) {
    let per_symbol = window.samples_per_symbol as f64;
    let still = config.noise_sigma_w() * per_symbol.sqrt();
    if still == 0.0 {
        return;
    }
    let shot = matches!(config.noise, Noise::ThermalAndShot { .. });
    for n in capture_first(window.receiver_guard, received.len()) {
        let draw: f64 = generator.sample(StandardNormal);
        let sigma = if shot {
            (config.noise_variance_w2(received[n]) * per_symbol).sqrt()
        } else {
            still
        };
        received[n] += sigma * draw;
    }
}

//! Chromatic dispersion of the fibre, on the field.
//!
//! ```text
//! E_out(f) = E_in(f) exp(j pi D lambda^2 f^2 / c)
//! ```
//!
//! with `D` the accumulated dispersion (delay over wavelength, s/m) and `f` the distance from
//! the carrier (Agrawal, Fiber-Optic Communication Systems, section 2.4; the third order is left
//! out). It turns the phase of the two sidebands of a modulation against the carrier, and after
//! the square law a small modulation at `f` is left with
//!
//! ```text
//! |H(f)| = sqrt(1 + alpha^2) |cos(pi D lambda^2 f^2 / c + atan alpha)|
//! ```
//!
//! with `alpha` the chirp: without one the first null is at `sqrt(c / (2 D lambda^2))`.
//!
//! The field is known up to half the sample rate, and the square law doubles its band: take
//! eight samples a symbol or more, or beats beyond half the sample rate fold back.

use std::f64::consts::PI;

use etalon_types::fibre::LIGHT_M_PER_S;
use etalon_types::units::Hertz;
use num_complex::Complex64;

use super::LinkConfig;
use super::overlap_save::filter_complex;

/// Samples of guard beyond the largest delay: at half the sample rate the phase's slope jumps
/// from one end of the band to the other, which rings as `1 / n^2`.
const RINGING: usize = 256;

/// Returns `pi D lambda^2 / c` in s^2: the phase over the square of the frequency.
fn phase_s2(config: &LinkConfig) -> f64 {
    // 1 ps/nm is 1e-12 s over 1e-9 m.
    let s_per_m = config.dispersion_ps_per_nm * 1e-3;
    PI * s_per_m * config.wavelength.0 * config.wavelength.0 / LIGHT_M_PER_S
}

/// Samples that the dispersed field reaches to either side; 0 without dispersion.
pub(super) fn reach(config: &LinkConfig) -> usize {
    let phase = phase_s2(config).abs();
    if phase == 0.0 {
        return 0;
    }
    let rate = config.sample_rate().0;
    // The delay is the slope of the phase over 2 pi, largest at half the sample rate.
    let delay_s = phase * rate / (2.0 * PI);
    // An absurd dispersion ends as a window that is too large, not as an overflow.
    ((delay_s * rate).ceil() as usize).saturating_add(RINGING)
}

/// Disperses the field in place.
pub(super) fn disperse(config: &LinkConfig, field: &mut [Complex64]) {
    let guard = reach(config);
    if guard == 0 {
        return;
    }
    let rate = config.sample_rate().0;
    let turn = phase_s2(config) * rate * rate;
    filter_complex(field, guard, |f| Complex64::cis(turn * f * f));
}

/// Returns the frequency of the first null that dispersion leaves in the detected signal; `None`
/// without dispersion.
///
/// *Assumes* a small modulation and no adiabatic chirp.
pub fn null(config: &LinkConfig) -> Option<Hertz> {
    let phase = phase_s2(config);
    if phase == 0.0 {
        return None;
    }
    // cos(theta + atan alpha) is zero where theta first leads to an odd multiple of pi / 2; a
    // negative dispersion turns theta the other way.
    let turned = config.chirp.atan() * phase.signum();
    Some(Hertz(((PI / 2.0 - turned) / phase.abs()).sqrt()))
}

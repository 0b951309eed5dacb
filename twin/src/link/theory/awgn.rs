//! Error ratios in white Gaussian noise.
//!
//! With `x = d / sigma`, `d` half the level spacing: a PAM-4 set of equally spaced, equally
//! likely levels has `SNR = 5 x^2` (variance of the levels over that of the noise), and with
//! thresholds midway
//!
//! ```text
//! SER = 3/2 Q(x),   BER (Gray) = 3/4 Q(x) + 1/2 Q(3x) - 1/4 Q(5x)
//! ```
//!
//! NRZ has `SNR = x^2` and `BER = Q(x)`.

use std::f64::consts::SQRT_2;

use etalon_types::units::Db;

use super::bisect;

/// Returns the upper tail of the standard normal distribution, `Q(x) = erfc(x / sqrt 2) / 2`.
pub fn q_function(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

/// Returns the symbol error ratio of PAM-4 at an SNR.
pub fn pam4_ser(snr: Db) -> f64 {
    1.5 * q_function((snr.to_linear() / 5.0).sqrt())
}

/// Returns the bit error ratio of Gray-mapped PAM-4 at an SNR.
pub fn pam4_ber(snr: Db) -> f64 {
    let x = (snr.to_linear() / 5.0).sqrt();
    0.75 * q_function(x) + 0.5 * q_function(3.0 * x) - 0.25 * q_function(5.0 * x)
}

/// Returns the bit error ratio of NRZ at an SNR.
pub fn nrz_ber(snr: Db) -> f64 {
    q_function(snr.to_linear().sqrt())
}

/// Returns the SNR at which Gray-mapped PAM-4 has a bit error ratio, found to 1e-7 dB.
///
/// `None` outside -20 to 40 dB, that is for ratios that are not below 0.5 or are below 1e-300.
pub fn pam4_snr_for_ber(ber: f64) -> Option<Db> {
    snr_for(ber, pam4_ber)
}

/// Returns the SNR at which NRZ has a bit error ratio; as [`pam4_snr_for_ber`].
pub fn nrz_snr_for_ber(ber: f64) -> Option<Db> {
    snr_for(ber, nrz_ber)
}

fn snr_for(ber: f64, theory: impl Fn(Db) -> f64) -> Option<Db> {
    // In the logarithm, so that the crossing is as sharp at 1e-15 as at 1e-2.
    bisect(-20.0, 40.0, |snr_db| {
        theory(Db(snr_db)).max(f64::MIN_POSITIVE).ln() - ber.ln()
    })
    .map(Db)
}

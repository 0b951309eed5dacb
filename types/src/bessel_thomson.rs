//! The fourth-order Bessel-Thomson response of IEEE 802.3's reference receivers.
//!
//! ```text
//! H(y) = 105 / (105 + 105 y + 45 y^2 + 10 y^3 + y^4),   y = j 2.114 f / fr
//! ```
//!
//! It is -3.011 dB at `fr` and -13.406 dB at `2 fr`. Transmitter and receiver models filter with
//! it, and the receiver's TDECQ weighs noise with `|H|^2`: one definition for both directions.
//!
//! *Source:* IEEE 802.3 121.8.5.2 names the filter; the polynomial is the reverse Bessel
//! polynomial of order four, scaled to half power at `fr` by 2.114.
//!
//! ```
//! use etalon_types::bessel_thomson::response;
//!
//! let db = |x: f64| 10.0 * response(x).norm_sqr().log10();
//! assert!((db(1.0) + 3.011).abs() < 1e-3);
//! assert!((db(2.0) + 13.406).abs() < 1e-3);
//! ```

use num_complex::Complex64;

/// Cut-off scale: `|H|` is -3.011 dB at `y = j 2.114`.
pub const CUTOFF_SCALE: f64 = 2.114;

/// One-sided noise bandwidth over the cut-off frequency: the integral of `|H|^2` from zero.
pub const NOISE_BANDWIDTH: f64 = 1.0463;

/// Returns the response at a frequency over the cut-off, magnitude and phase.
///
/// Its delay at zero frequency is `2.114 / (2 pi fr)`; [`without_delay`] takes that out.
pub fn response(frequency_over_cutoff: f64) -> Complex64 {
    let w = CUTOFF_SCALE * frequency_over_cutoff;
    let w2 = w * w;
    Complex64::new(105.0, 0.0)
        / Complex64::new(105.0 - 45.0 * w2 + w2 * w2, 105.0 * w - 10.0 * w2 * w)
}

/// Returns the response with its delay at zero frequency taken out, so that a filtered symbol
/// stays where it was; the rest of the phase response stays in.
pub fn without_delay(frequency_over_cutoff: f64) -> Complex64 {
    response(frequency_over_cutoff) * Complex64::cis(CUTOFF_SCALE * frequency_over_cutoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(gain: Complex64) -> f64 {
        10.0 * gain.norm_sqr().log10()
    }

    /// Acceptance row 15: -3.011 dB at the cut-off, -13.406 dB at twice it, one-sided noise
    /// bandwidth 1.0463 of it (trapezoids of 1e-3 to 40 cut-offs, where |H|^2 is below 1e-12).
    #[test]
    fn ref_response_at_the_cutoff() {
        assert!((db(response(1.0)) + 3.011).abs() < 1e-3);
        assert!((db(response(2.0)) + 13.406).abs() < 1e-3);
        let bandwidth: f64 = (0..40_000)
            .map(|i| 1e-3 * response((f64::from(i) + 0.5) * 1e-3).norm_sqr())
            .sum();
        assert!((bandwidth - NOISE_BANDWIDTH).abs() < 1e-4, "{bandwidth}");
    }

    /// A delay is the negative slope of the phase, so near zero frequency the phase without it
    /// grows no faster than as the cube of the frequency (the order-four delay is flatter still).
    #[test]
    fn the_delay_at_zero_frequency_is_taken_out() {
        for x in [1e-3, 1e-2, 0.1] {
            assert!(without_delay(x).arg().abs() < x * x * x, "{x}");
        }
    }
}

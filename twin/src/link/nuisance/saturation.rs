//! Soft compression: `y - x (y - P)^2 / P`.
//!
//! The second-order term of an amplifier's characteristic about its operating point, the mean
//! power `P`; what the upper levels lose, the lower ones lose too, so the levels are no longer
//! equally spaced. It is memoryless: what bends with frequency (slew) is not here. Beyond
//! `y = P (1 + 1 / (2 x))` the parabola would turn back; the characteristic stays flat there.

/// Compresses samples in place.
pub(super) fn saturate(samples: &mut [f64], mean_w: f64, compression: f64) {
    // x = 0 never turns back: the top is then infinitely far up.
    let top_w = mean_w * (1.0 + 0.5 / compression);
    for y in samples {
        let inside = y.min(top_w);
        let away = inside - mean_w;
        *y = inside - compression * away * away / mean_w;
    }
}

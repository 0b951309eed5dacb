//! Filtering with the fourth-order Bessel-Thomson response of IEEE 802.3's reference receivers.
//!
//! The response is [`etalon_types::bessel_thomson`]. Its delay at DC, `2.114 / (2 pi fr)`, is
//! taken out by [`filter`], so that a symbol stays where the truth says; the rest of the phase
//! response stays in.

pub use etalon_types::bessel_thomson::response;

use etalon_types::bessel_thomson::without_delay;

use super::overlap_save::filter_real;

/// Samples of a block's guard beyond the response's own length. A response that half the sample
/// rate cuts off rings as `1 / n`; after this many samples what is left is below 1e-4 of the
/// signal's content at half the sample rate.
const RINGING: usize = 256;

/// Length of the response that counts, in periods of the cut-off: the slowest pole pair dies as
/// `exp(-2 pi 0.99 fr t)`, by 1e-13 in five periods.
pub(super) const LENGTH_PERIODS: f64 = 5.0;

/// Filters samples in place, with the delay at DC taken out; before its first and behind its
/// last sample the signal counts as held.
///
/// *Complexity:* `n log n` of a block's length, a few times the response's length or 2^14.
pub fn filter(signal: &mut [f64], sample_rate_hz: f64, cutoff_hz: f64) {
    let rate_over_cutoff = sample_rate_hz / cutoff_hz;
    let guard = (LENGTH_PERIODS * rate_over_cutoff).ceil() as usize + RINGING;
    filter_real(signal, guard, |f| without_delay(f * rate_over_cutoff));
}

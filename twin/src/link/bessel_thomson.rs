//! Filtering with the fourth-order Bessel-Thomson response of IEEE 802.3's reference receivers.
//!
//! The response is [`etalon_types::bessel_thomson`]. Its delay at DC, `2.114 / (2 pi fr)`, is
//! taken out by [`filter`], so that a symbol stays where the truth says; the rest of the phase
//! response stays in.

pub use etalon_types::bessel_thomson::response;

use etalon_types::bessel_thomson::without_delay;
use num_complex::Complex64;
use rustfft::FftPlanner;

/// Samples of a block's guard beyond the response's own length. A response that half the sample
/// rate cuts off rings as `1 / n`; after this many samples what is left is below 1e-4 of the
/// signal's content at half the sample rate.
const RINGING: usize = 256;

/// Length of the response that counts, in periods of the cut-off: the slowest pole pair dies as
/// `exp(-2 pi 0.99 fr t)`, by 1e-13 in five periods.
pub(super) const LENGTH_PERIODS: f64 = 5.0;

/// Shortest block of a long signal; 16 bytes each, it stays in the L2 cache.
const BLOCK: usize = 1 << 14;

/// Filters samples in place, with the delay at DC taken out; before its first and behind its
/// last sample the signal counts as held.
///
/// Overlap-save by blocks. The response is real, so two blocks share one complex transform, one
/// as its real and one as its imaginary part. *Complexity:* `n log n` of the block length, a
/// few times the response's length or 2^14.
pub fn filter(signal: &mut [f64], sample_rate_hz: f64, cutoff_hz: f64) {
    let n = signal.len();
    if n == 0 {
        return;
    }
    let guard = (LENGTH_PERIODS * sample_rate_hz / cutoff_hz).ceil() as usize + RINGING;
    let length = BLOCK.max(4 * guard).min(n + 2 * guard).next_power_of_two();
    let hop = length - 2 * guard;
    let gains = gains(length, sample_rate_hz / cutoff_hz);
    let mut planner = FftPlanner::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(length);
    let scratch_length = forward
        .get_inplace_scratch_len()
        .max(inverse.get_inplace_scratch_len());
    let mut scratch = vec![Complex64::default(); scratch_length];
    let mut block = vec![Complex64::default(); length];
    let source = signal.to_vec();
    let held = |place: usize| source[place.saturating_sub(guard).min(n - 1)];
    for first in (0..n).step_by(2 * hop) {
        for (i, z) in block.iter_mut().enumerate() {
            *z = Complex64::new(held(first + i), held(first + hop + i));
        }
        forward.process_with_scratch(&mut block, &mut scratch);
        for (z, gain) in block.iter_mut().zip(&gains) {
            *z *= gain;
        }
        inverse.process_with_scratch(&mut block, &mut scratch);
        let filtered = &block[guard..guard + hop];
        let mut parts = signal[first..].chunks_mut(hop);
        for (y, z) in parts.next().into_iter().flatten().zip(filtered) {
            *y = z.re;
        }
        for (y, z) in parts.next().into_iter().flatten().zip(filtered) {
            *y = z.im;
        }
    }
}

/// Gains of the transform's bins, Hermitian, with the delay at DC and the transform's scale
/// taken out.
fn gains(length: usize, rate_over_cutoff: f64) -> Vec<Complex64> {
    let mut gains = vec![Complex64::default(); length];
    for k in 0..=length / 2 {
        let x = k as f64 / length as f64 * rate_over_cutoff;
        let mut gain = without_delay(x) / length as f64;
        if 2 * k == length {
            gain.im = 0.0;
        }
        gains[k] = gain;
        if k > 0 {
            gains[length - k] = gain.conj();
        }
    }
    gains
}

//! The reference receiver: a fourth-order Bessel-Thomson filter, -3 dB at half the symbol rate.
//!
//! IEEE 802.3 121.8.5.2 has every transmitter measure taken behind this filter. A scope often
//! has it built in; for captures that were taken wider open it is applied here, in the frequency
//! domain, with the response of [`etalon_types::bessel_thomson`] and its delay at zero frequency
//! taken out, so that instants stay where they were.
//!
//! * [`filter`] is for a capture: overlap-save by blocks, the end samples held beyond the ends.
//! * [`filter_periodic`] is for whole periods of a repeating pattern: one transform, circular.
//!
//! *Assumes* an input that is wider than the filter: a scope of 0.5 symbol rates in front of it
//! makes the two together narrower than the standard's receiver, and every closure too large.
//! *Breaks* below two samples a symbol, where the response is not over at half the sample rate.

use etalon_types::bessel_thomson::without_delay;
use num_complex::Complex32;
use rustfft::FftPlanner;

/// Cut-off of the reference receiver in symbol rates, IEEE 802.3 121.8.5.2.
pub const CUTOFF_BAUD: f64 = 0.5;

/// Length of the response that counts, in periods of the cut-off: the slowest pole pair dies as
/// `exp(-2 pi 0.99 fr t)`, by 1e-13 in five periods.
const LENGTH_PERIODS: f64 = 5.0;

/// Samples of a block's guard beyond the response's length: a response that half the sample rate
/// cuts off rings as `1 / n`, here below 1e-4 of the content at half the sample rate.
const RINGING: usize = 256;

/// Shortest block; with 8 bytes a sample it stays in the second-level cache.
const BLOCK: usize = 1 << 14;

/// Filters a capture.
///
/// # Shapes
/// `samples` at `samples_per_symbol`; as many come out. Beyond its ends the capture counts as
/// held at its first and last sample, which spoils five symbols there.
///
/// # Complexity
/// `n log n` of the block length; two real blocks share one complex transform.
pub fn filter(samples: &[f32], samples_per_symbol: f64) -> Vec<f32> {
    let n = samples.len();
    if n == 0 {
        return Vec::new();
    }
    let rate_over_cutoff = samples_per_symbol / CUTOFF_BAUD;
    let guard = (LENGTH_PERIODS * rate_over_cutoff).ceil() as usize + RINGING;
    let length = BLOCK.max(4 * guard).min(n + 2 * guard).next_power_of_two();
    let hop = length - 2 * guard;
    let gains = gains(length, rate_over_cutoff);
    let mut planner = FftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(length);
    let mut scratch = vec![
        Complex32::ZERO;
        forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len())
    ];
    let mut block = vec![Complex32::ZERO; length];
    let held = |place: usize| samples[place.saturating_sub(guard).min(n - 1)];
    let mut out = Vec::with_capacity(n + 2 * hop);
    for first in (0..n).step_by(2 * hop) {
        for (i, z) in block.iter_mut().enumerate() {
            *z = Complex32::new(held(first + i), held(first + hop + i));
        }
        forward.process_with_scratch(&mut block, &mut scratch);
        block.iter_mut().zip(&gains).for_each(|(z, g)| *z *= g);
        inverse.process_with_scratch(&mut block, &mut scratch);
        out.extend(block[guard..guard + hop].iter().map(|z| z.re));
        out.extend(block[guard..guard + hop].iter().map(|z| z.im));
    }
    out.truncate(n);
    out
}

/// Filters whole periods of a repeating pattern: what leaves at the end comes in at the start.
///
/// # Shapes
/// `samples` at `samples_per_symbol`; as many come out.
pub fn filter_periodic(samples: &[f32], samples_per_symbol: f64) -> Vec<f32> {
    let n = samples.len();
    let gains = gains(n, samples_per_symbol / CUTOFF_BAUD);
    let mut planner = FftPlanner::<f32>::new();
    let mut block: Vec<Complex32> = samples.iter().map(|&x| Complex32::new(x, 0.0)).collect();
    planner.plan_fft_forward(n).process(&mut block);
    block.iter_mut().zip(&gains).for_each(|(z, g)| *z *= g);
    planner.plan_fft_inverse(n).process(&mut block);
    block.iter().map(|z| z.re).collect()
}

/// Gains of a transform's bins, Hermitian, with the transform's scale taken out.
fn gains(length: usize, rate_over_cutoff: f64) -> Vec<Complex32> {
    let mut gains = vec![Complex32::ZERO; length];
    for k in 0..=length / 2 {
        let gain =
            without_delay(k as f64 / length.max(1) as f64 * rate_over_cutoff) / length as f64;
        let mut gain = Complex32::new(gain.re as f32, gain.im as f32);
        if 2 * k == length {
            gain.im = 0.0;
        }
        if k < length {
            gains[k] = gain;
        }
        if k > 0 {
            gains[length - k] = gain.conj();
        }
    }
    gains
}

#[cfg(test)]
mod tests;

//! The fourth-order Bessel-Thomson response of IEEE 802.3's reference receivers.
//!
//! ```text
//! H(y) = 105 / (105 + 105 y + 45 y^2 + 10 y^3 + y^4),   y = j 2.114 f / fr
//! ```
//!
//! It is -3.011 dB at `fr`, -13.406 dB at `2 fr`, and its one-sided noise bandwidth is
//! `1.0463 fr`. Its delay at DC, `2.114 / (2 pi fr)`, is taken out by [`filter`], so that a
//! symbol stays where the truth says; the rest of the phase response stays in.

use num_complex::Complex64;
use rustfft::FftPlanner;

/// Cut-off scale: `|H|` is -3.011 dB at `y = j 2.114`.
const CUTOFF_SCALE: f64 = 2.114;

/// Returns the response at a frequency over the cut-off, magnitude and phase.
pub fn response(frequency_over_cutoff: f64) -> Complex64 {
    let w = CUTOFF_SCALE * frequency_over_cutoff;
    let w2 = w * w;
    Complex64::new(105.0, 0.0)
        / Complex64::new(105.0 - 45.0 * w2 + w2 * w2, 105.0 * w - 10.0 * w2 * w)
}

/// Filters samples in place, circularly, with the delay at DC taken out.
///
/// What lies within a few periods of the cut-off from either end is spoiled by the wrap-around;
/// the caller keeps a guard there. *Complexity:* two transforms of about `signal.len()`.
pub fn filter(signal: &mut [f64], sample_rate_hz: f64, cutoff_hz: f64) {
    let Some(&last) = signal.last() else { return };
    let n = smooth_length(signal.len());
    let mut spectrum: Vec<Complex64> = signal.iter().map(|&x| Complex64::new(x, 0.0)).collect();
    spectrum.resize(n, Complex64::new(last, 0.0));
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(n).process(&mut spectrum);
    let step = sample_rate_hz / n as f64 / cutoff_hz;
    for k in 0..=n / 2 {
        let x = k as f64 * step;
        let mut gain = response(x) * Complex64::cis(CUTOFF_SCALE * x) / n as f64;
        if 2 * k == n {
            gain.im = 0.0;
        }
        spectrum[k] *= gain;
        if k > 0 && 2 * k < n {
            spectrum[n - k] *= gain.conj();
        }
    }
    planner.plan_fft_inverse(n).process(&mut spectrum);
    for (y, z) in signal.iter_mut().zip(&spectrum) {
        *y = z.re;
    }
}

/// Returns the next length whose prime factors are 2, 3 and 5, where the transform is fast.
fn smooth_length(at_least: usize) -> usize {
    (at_least..)
        .find(|&n| {
            let mut rest = n;
            for prime in [2, 3, 5] {
                while rest > 0 && rest.is_multiple_of(prime) {
                    rest /= prime;
                }
            }
            rest == 1
        })
        .unwrap_or(at_least)
}

//! Loss of the received spectrum, without decisions.
//!
//! Data are white, so the power spectrum of the samples is `|H(f)|^2` plus noise: its fall from
//! near zero to near half the symbol rate shows the bandwidth even when the eye is shut. Noise
//! fills the bottom, so a large loss is read too small, never too large.

use num_complex::Complex64;
use rustfft::FftPlanner;

/// Samples of a segment.
const SEGMENT: usize = 1024;
/// Segments that are averaged at most: 256 leave 0.1 dB of scatter in the narrower band.
const SEGMENTS: usize = 256;
/// Band near zero frequency in symbol rates. Below lies hum, above the channel already falls.
const LOW_BAND: (f64, f64) = (0.01, 0.06);
/// Band near half the symbol rate.
const HIGH_BAND: (f64, f64) = (0.44, 0.5);

/// Returns the loss in dB from `LOW_BAND` to `HIGH_BAND`, by Welch's method with a Hann
/// window; `None` for fewer than eight segments.
///
/// *Shapes*: `spacing` (1 or 2) samples a symbol.
pub fn loss_db(samples: &[f32], spacing: usize) -> Option<f64> {
    if samples.len() < 8 * SEGMENT {
        return None;
    }
    let samples = &samples[..samples.len().min(SEGMENTS * SEGMENT)];
    let window: Vec<f64> = (0..SEGMENT)
        .map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / SEGMENT as f64).cos())
        .collect();
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len() as f64;
    let fft = FftPlanner::new().plan_fft_forward(SEGMENT);
    let mut density = vec![0.0; SEGMENT / 2];
    let mut segment = vec![Complex64::ZERO; SEGMENT];
    for part in samples.chunks_exact(SEGMENT) {
        for ((s, &x), w) in segment.iter_mut().zip(part).zip(&window) {
            *s = Complex64::new((f64::from(x) - mean) * w, 0.0);
        }
        fft.process(&mut segment);
        density
            .iter_mut()
            .zip(&segment)
            .for_each(|(d, s)| *d += s.norm_sqr());
    }
    let band = |(from, to): (f64, f64)| {
        let bin =
            |f: f64| ((f / spacing as f64 * SEGMENT as f64) as usize).clamp(1, SEGMENT / 2 - 1);
        let bins = bin(from)..=bin(to);
        let count = bins.clone().count() as f64;
        density[bins].iter().sum::<f64>() / count
    };
    let (low, high) = (band(LOW_BAND), band(HIGH_BAND));
    (low > 0.0 && high > 0.0).then(|| 10.0 * (low / high).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A two-sample average of white data loses `20 log10 |cos(pi f)|` at `f` of the sample rate:
    /// over the high band (two samples a symbol: 0.22 to 0.25) 2.6 dB.
    #[test]
    fn ref_a_two_sample_average_loses_what_theory_says() {
        let mut state = 1u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        let white: Vec<f32> = (0..200_000).map(|_| draw()).collect();
        let averaged: Vec<f32> = white.windows(2).map(|w| w[0] + w[1]).collect();
        let found = loss_db(&averaged, 2).unwrap();
        // 195 segments and 30 bins: a relative error of 1/sqrt(5900) is 0.06 dB.
        assert!((found - 2.64).abs() < 0.25, "{found}");
        assert!(loss_db(&white, 2).unwrap().abs() < 0.25);
    }
}

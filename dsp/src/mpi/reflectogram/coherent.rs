//! Correlation over the whole capture with a delayed signal, by transforms.

use num_complex::Complex32;
use rustfft::FftPlanner;

/// Returns `sum_t x(t) d(t - lag)` and `sum_t y(t) d(t - lag)` for lags from 0 on. Two real
/// sequences share the transforms as a real and an imaginary part: with `Z = F(x + i y)` and
/// `D = F(d)` the inverse of `Z D*` has the one correlation as its real part and the other as its
/// imaginary part.
///
/// Single precision: its rounding is 1e-6 of the highest peak, so that a peak of a thousand
/// standard deviations raises the others by a thousandth of one.
pub(super) fn correlations(x: &[f32], y: &[f32], d: &[f32], lags: usize) -> [Vec<f64>; 2] {
    let size = (x.len() + lags).next_power_of_two();
    let mut planner = FftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(size);
    let mut scratch = vec![Complex32::ZERO; forward.get_inplace_scratch_len()];
    let mut pair: Vec<Complex32> = x
        .iter()
        .zip(y)
        .map(|(&x, &y)| Complex32::new(x, y))
        .collect();
    pair.resize(size, Complex32::ZERO);
    forward.process_with_scratch(&mut pair, &mut scratch);
    let mut late: Vec<Complex32> = d.iter().map(|&d| Complex32::new(d, 0.0)).collect();
    late.resize(size, Complex32::ZERO);
    forward.process_with_scratch(&mut late, &mut scratch);
    for (z, d) in pair.iter_mut().zip(&late) {
        *z *= d.conj();
    }
    planner
        .plan_fft_inverse(size)
        .process_with_scratch(&mut pair, &mut scratch);
    let scale = 1.0 / size as f64;
    let part = |of: fn(&Complex32) -> f32| -> Vec<f64> {
        let scaled = |z: &Complex32| f64::from(of(z)) * scale;
        pair[..lags].iter().map(scaled).collect()
    };
    [part(|z| z.re), part(|z| z.im)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition. Single precision: 1e-6 of the sum of the products' magnitudes,
    /// which is at most 400 * 11 * 9.
    #[test]
    fn ref_correlations_are_those_of_the_definition() {
        let series = |n: usize, modulus: usize| -> Vec<f32> {
            (0..400)
                .map(|i| ((i * i * n + 3 * i) % modulus) as f32 - (modulus / 2) as f32)
                .collect()
        };
        let (x, y, d) = (series(7, 23), series(3, 17), series(5, 19));
        let found = correlations(&x, &y, &d, 150);
        for (series, found) in [&x, &y].into_iter().zip(&found) {
            for (lag, &sum) in found.iter().enumerate() {
                let expected: f32 = (lag..400).map(|t| series[t] * d[t - lag]).sum();
                assert!((sum - f64::from(expected)).abs() < 0.04, "lag {lag}");
            }
        }
    }
}

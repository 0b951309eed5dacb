//! Correlation over the whole capture with a delayed signal, by transforms.

use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Part of the capture by which the transform may be short: the last lags then take in as many
/// products of the other end, which is as much more noise.
const OVERLAP: usize = 256;

/// What sums run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The capture, from the lag on: what came before is not known.
    Capture { lags: usize },
    /// A period of what repeats.
    Period,
}

/// The transformed delayed signal, against which residuals are correlated.
pub(super) struct Correlator {
    extent: Extent,
    symbols: usize,
    spectrum: Vec<Complex32>,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Correlator {
    /// Takes the delayed signal, and the number of lags that will be asked for.
    pub fn new(delayed: &[f32], lags: usize) -> Self {
        let size = size(delayed.len() + lags - delayed.len() / OVERLAP);
        Self::of_size(delayed, size, Extent::Capture { lags })
    }

    /// Takes one period of a delayed signal that repeats. All lags of the period are told.
    pub fn of_period(delayed: &[f32]) -> Self {
        Self::of_size(delayed, delayed.len(), Extent::Period)
    }

    fn of_size(delayed: &[f32], size: usize, extent: Extent) -> Self {
        let mut planner = FftPlanner::<f32>::new();
        let forward = planner.plan_fft_forward(size);
        let inverse = planner.plan_fft_inverse(size);
        let mut spectrum = Vec::with_capacity(size);
        spectrum.extend(delayed.iter().map(|&d| Complex32::new(d, 0.0)));
        spectrum.resize(size, Complex32::ZERO);
        forward.process(&mut spectrum);
        let scale = 1.0 / size as f32;
        spectrum.iter_mut().for_each(|d| *d = d.conj() * scale);
        Self {
            extent,
            symbols: delayed.len(),
            spectrum,
            forward,
            inverse,
        }
    }

    /// Share of the symbols that the sum for a lag runs over.
    pub fn covered(&self, lag: usize) -> f64 {
        match self.extent {
            Extent::Capture { .. } => 1.0 - lag as f64 / self.symbols as f64,
            Extent::Period => 1.0,
        }
    }

    /// Returns `sum_t x(t) d(t - lag)` and `sum_t y(t) d(t - lag)` for lags from 0 on, each over
    /// the root of the share of the capture that its sum runs over, so that white noise has one
    /// variance at all lags. Two real sequences share the transforms as a real and an imaginary
    /// part: with `Z = F(x + i y)` and `D = F(d)` the inverse of `Z D*` has the one correlation as
    /// its real part and the other as its imaginary part.
    ///
    /// Single precision: its rounding is 1e-6 of the highest peak, so that a peak of a thousand
    /// standard deviations raises the others by a thousandth of one. Both parts are brought to one
    /// size first: the rounding of a sequence 1e5 times as large, which is not white, would show in
    /// the other as peaks a quarter of the transform behind those of the large one.
    pub fn correlate(&self, x: &[f32], y: &[f32]) -> [Vec<f32>; 2] {
        let sizes = [x, y].map(rms);
        let mut pair = Vec::with_capacity(self.spectrum.len());
        let one = sizes.map(|size| 1.0 / size);
        let parts = x.iter().zip(y);
        pair.extend(parts.map(|(&x, &y)| Complex32::new(one[0] * x, one[1] * y)));
        pair.resize(self.spectrum.len(), Complex32::ZERO);
        self.forward.process(&mut pair);
        for (z, d) in pair.iter_mut().zip(&self.spectrum) {
            *z *= d;
        }
        self.inverse.process(&mut pair);
        let lags = match self.extent {
            Extent::Capture { lags } => lags,
            Extent::Period => self.symbols,
        };
        let mut both = [(); 2].map(|()| Vec::with_capacity(lags));
        for (lag, z) in pair[..lags].iter().enumerate() {
            let scale = (1.0 / self.covered(lag)).sqrt() as f32;
            both[0].push(z.re * scale * sizes[0]);
            both[1].push(z.im * scale * sizes[1]);
        }
        both
    }
}

/// Root of the mean square; 1 for a sequence of zeros.
fn rms(series: &[f32]) -> f32 {
    let square: f64 = series.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    match (square / series.len().max(1) as f64).sqrt() as f32 {
        size if size > 0.0 => size,
        _ => 1.0,
    }
}

/// The smallest fast transform that holds so many numbers: a power of two times 1, 3, 5, 9 or 15.
fn size(numbers: usize) -> usize {
    let fits = |odd: usize| odd * numbers.div_ceil(odd).next_power_of_two();
    [1, 3, 5, 9, 15].map(fits).into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition. Single precision: 1e-6 of the sum of the products' magnitudes,
    /// which is at most 400 * 11 * 9. The transform is one number short of what no wrap needs, so
    /// that the last lag may take in one product of 11 * 9.
    #[test]
    fn ref_correlations_are_those_of_the_definition() {
        let series = |n: usize, modulus: usize| -> Vec<f32> {
            (0..400)
                .map(|i| ((i * i * n + 3 * i) % modulus) as f32 - (modulus / 2) as f32)
                .collect()
        };
        let (x, y, d) = (series(7, 23), series(3, 17), series(5, 19));
        let found = Correlator::new(&d, 150).correlate(&x, &y);
        for (series, found) in [&x, &y].into_iter().zip(&found) {
            for (lag, &sum) in found.iter().enumerate() {
                let expected: f32 = (lag..400).map(|t| series[t] * d[t - lag]).sum();
                let scale = (400.0 / (400.0 - lag as f32)).sqrt();
                let wrapped = if lag == 149 { 99.0 } else { 0.0 };
                assert!(
                    (sum - scale * expected).abs() < 0.06 + scale * wrapped,
                    "lag {lag}"
                );
            }
        }
    }

    /// A peak of 140 standard deviations in a sequence, and another sequence 1e6 times as small: its
    /// correlations are those of the definition, to a hundredth of their noise.
    #[test]
    fn regress_a_strong_sequence_leaves_no_image_in_a_weak_one() {
        let (n, late) = (1 << 17, 200);
        let mut noise = crate::signals::Noise::new(3);
        let mut draw =
            |size: f64| -> Vec<f32> { (0..n).map(|_| (size * noise.normal()) as f32).collect() };
        let (d, weak, mut strong) = (draw(1.0), draw(1e-6), draw(1.0));
        for t in late..n {
            strong[t] += 0.4 * d[t - late];
        }
        let correlator = Correlator::new(&d, 1 << 16);
        let [found, _] = correlator.correlate(&weak, &strong);
        let quarter = correlator.spectrum.len() / 4;
        for lag in [late, quarter + late - 1, quarter + late, quarter + late + 1] {
            let products = (lag..n).map(|t| f64::from(weak[t]) * f64::from(d[t - lag]));
            let scale = (n as f64 / (n - lag) as f64).sqrt();
            let off = f64::from(found[lag]) - scale * products.sum::<f64>();
            assert!(
                off.abs() < 0.01 * 1e-6 * (n as f64).sqrt(),
                "{lag}: {off:e}"
            );
        }
    }

    #[test]
    fn sizes_are_fast_and_large_enough() {
        assert_eq!(size((1 << 20) + 266_240 - (1 << 12)), 5 << 18);
        for n in [1usize, 100, 1000, 1 << 17, (1 << 17) + 1] {
            assert!(size(n) >= n && size(n) <= 2 * n, "{n}");
        }
    }
}

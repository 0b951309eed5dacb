//! The line at the symbol rate of the rectified signal, for channels without energy at the band
//! edge.
//!
//! A square makes a line only from pairs of frequencies that are a symbol rate apart; a channel
//! that ends at half the symbol rate (partial response `1 + D`) has none. A rectifier takes
//! products of four and more as well: for independent symbols of a fourth cumulant `k4`, the
//! fourth moment of `x(t) = sum_k a(k) p(t - k T)` is
//!
//! ```text
//! E x(t)^4 = 3 (E x(t)^2)^2 + k4 sum_k p(t - k T)^4
//! ```
//!
//! whose last term has a line as long as the band exceeds a quarter of the symbol rate; that of
//! the magnitude is stronger against its own noise, the more so for two levels. So
//!
//! ```text
//! z(m) = sum_{q=0..7} | x(m T + q T/8) - mean | exp(-2 j pi q / 8)
//! ```
//!
//! is summed by blocks as the band-edge tone is. Eight samples a symbol keep the line apart from
//! the aliases of its harmonics up to the seventh.
//!
//! *Assumes* levels about a mean. *Breaks* with Gaussian signals (no cumulants) and needs long
//! captures: four levels behind `1 + D` leave 0.01 UI after 16,384 symbols.

use std::f64::consts::PI;

use fearless_simd::Level;
use num_complex::Complex64;

use super::Timing;
use super::band_edge::gain;
use super::resample::{Resampler, Scratch};

/// Samples a symbol at the rectifier.
const RATE: usize = 8;
/// Symbols that are resampled at a time.
const GROUP: usize = 1024;

/// Computes one output every two symbols.
pub(super) fn outputs(
    level: Level,
    samples: &[f32],
    samples_per_symbol: f64,
    symbols: usize,
) -> Vec<Complex64> {
    let steady = Timing::from_track(samples_per_symbol, vec![0.0], 0.0, 1.0);
    let resampler = Resampler::new(RATE as f64 / samples_per_symbol);
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len().max(1) as f64;
    let scale = gain(samples);
    let available = (samples.len() as f64 / samples_per_symbol) as usize;
    let symbols = symbols.min(available);
    let turns: Vec<Complex64> = (0..RATE)
        .map(|q| Complex64::cis(-2.0 * PI * q as f64 / RATE as f64))
        .collect();
    let mut scratch = Scratch::default();
    let mut z = Vec::with_capacity(symbols / 2 + 1);
    let mut block = vec![0.0; GROUP * RATE];
    for first in (0..symbols).step_by(GROUP) {
        let count = GROUP.min(symbols - first) / 2 * 2;
        let block = &mut block[..count * RATE];
        let start = first as f64;
        resampler.fill(level, samples, &steady, start, RATE, &mut scratch, block);
        z.extend(block.chunks_exact(2 * RATE).map(|two| {
            let value: Complex64 = two
                .iter()
                .zip(turns.iter().cycle())
                .map(|(&x, turn)| turn * ((f64::from(x) - mean) * scale).abs())
                .sum();
            if value.is_finite() {
                value
            } else {
                Complex64::ZERO
            }
        }));
    }
    z
}

/// Time of the first output in unit intervals: the middle of its samples.
pub(super) const CENTRE_UI: f64 = (2 * RATE - 1) as f64 / (2 * RATE) as f64;

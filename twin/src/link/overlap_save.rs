//! Filtering a long signal by blocks, with a gain given over frequency.
//!
//! Overlap-save: each block is transformed with `guard` samples on either side, multiplied, and
//! its middle kept. What the response holds beyond the guard folds back into the block, so the
//! guard is at least as long as the response. Before its first and behind its last sample the
//! signal counts as held.
//!
//! *Complexity:* `n log n` of the block length, a few times the guard or 2^14 samples.

use num_complex::Complex64;
use rustfft::FftPlanner;

/// Shortest block of a long signal; 16 bytes each, it stays in the L2 cache.
const BLOCK: usize = 1 << 14;

/// Filters real samples in place. `gain` is asked at frequencies from 0 to 1/2 of the sample
/// rate; below zero the conjugate is taken, so that the output is real.
///
/// Two blocks share one transform, one as its real and one as its imaginary part.
pub(super) fn filter_real(signal: &mut [f64], guard: usize, gain: impl Fn(f64) -> Complex64) {
    let n = signal.len();
    if n == 0 {
        return;
    }
    let mut blocks = Blocks::new(n, guard);
    let hop = blocks.hop();
    let gains = hermitian(blocks.length, gain);
    let source = signal.to_vec();
    let held = |place: usize| source[place.saturating_sub(guard).min(n - 1)];
    for first in (0..n).step_by(2 * hop) {
        let filtered = blocks.filter(&gains, |i| {
            Complex64::new(held(first + i), held(first + hop + i))
        });
        let mut parts = signal[first..].chunks_mut(hop);
        for (y, z) in parts.next().into_iter().flatten().zip(filtered) {
            *y = z.re;
        }
        for (y, z) in parts.next().into_iter().flatten().zip(filtered) {
            *y = z.im;
        }
    }
}

/// Filters complex samples in place. `gain` is asked at frequencies from -1/2 to 1/2 of the
/// sample rate.
pub(super) fn filter_complex(
    signal: &mut [Complex64],
    guard: usize,
    gain: impl Fn(f64) -> Complex64,
) {
    let n = signal.len();
    if n == 0 {
        return;
    }
    let mut blocks = Blocks::new(n, guard);
    let hop = blocks.hop();
    let length = blocks.length;
    let gains: Vec<Complex64> = (0..length)
        .map(|k| {
            let signed = if 2 * k < length {
                k as f64
            } else {
                k as f64 - length as f64
            };
            gain(signed / length as f64) / length as f64
        })
        .collect();
    let source = signal.to_vec();
    for first in (0..n).step_by(hop) {
        let filtered = blocks.filter(&gains, |i| {
            source[(first + i).saturating_sub(guard).min(n - 1)]
        });
        let part = &mut signal[first..n.min(first + hop)];
        part.copy_from_slice(&filtered[..part.len()]);
    }
}

/// Gains of the transform's bins, Hermitian, with the transform's scale taken out.
fn hermitian(length: usize, gain: impl Fn(f64) -> Complex64) -> Vec<Complex64> {
    let mut gains = vec![Complex64::default(); length];
    for k in 0..=length / 2 {
        let mut value = gain(k as f64 / length as f64) / length as f64;
        if 2 * k == length {
            value.im = 0.0;
        }
        gains[k] = value;
        if k > 0 {
            gains[length - k] = value.conj();
        }
    }
    gains
}

/// Transforms and their memory.
struct Blocks {
    length: usize,
    guard: usize,
    forward: std::sync::Arc<dyn rustfft::Fft<f64>>,
    inverse: std::sync::Arc<dyn rustfft::Fft<f64>>,
    block: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Blocks {
    fn new(n: usize, guard: usize) -> Self {
        let length = BLOCK.max(4 * guard).min(n + 2 * guard).next_power_of_two();
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(length);
        let inverse = planner.plan_fft_inverse(length);
        let scratch = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        Self {
            length,
            guard,
            forward,
            inverse,
            block: vec![Complex64::default(); length],
            scratch: vec![Complex64::default(); scratch],
        }
    }

    /// Samples that a block gives.
    fn hop(&self) -> usize {
        self.length - 2 * self.guard
    }

    /// Filters a block whose sample `i` is `at(i)`; returns its middle.
    fn filter(&mut self, gains: &[Complex64], at: impl Fn(usize) -> Complex64) -> &[Complex64] {
        for (i, z) in self.block.iter_mut().enumerate() {
            *z = at(i);
        }
        self.forward
            .process_with_scratch(&mut self.block, &mut self.scratch);
        for (z, gain) in self.block.iter_mut().zip(gains) {
            *z *= gain;
        }
        self.inverse
            .process_with_scratch(&mut self.block, &mut self.scratch);
        &self.block[self.guard..self.length - self.guard]
    }
}

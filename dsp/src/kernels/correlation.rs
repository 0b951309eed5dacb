//! Sums of products of a drive with delayed samples: the entries of normal equations.
//!
//! ```text
//! c(i) = sum over k of d(k) x(s k + i)        i = 0 .. outputs
//! ```
//!
//! Vectorized across the outputs `i`: neighbours read neighbouring samples, so one load serves a
//! whole vector, and the sum over `k` of every output runs in the order of the symbols at any
//! width. Sixty-one outputs in `f64` cost eight multiply-adds a symbol with eight lanes.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// Vectors of outputs that stay in registers: enough additions under way to hide their latency.
const GROUP: usize = 8;
/// Outputs of a group at the widest vectors.
const WIDEST: usize = GROUP * 8;

/// Adds the correlation of `drive` with `samples` to `out`.
///
/// *Shapes*: `drive` one value a symbol, `samples` at least `spacing (drive.len() - 1) +
/// out.len()` values; a shorter one leaves the symbols out that do not fit.
///
/// *Complexity*: `drive.len() out.len()` multiply-adds.
pub fn correlate(level: Level, drive: &[f64], samples: &[f64], spacing: usize, out: &mut [f64]) {
    dispatch!(level, simd => all(simd, drive, samples, spacing, out));
}

/// The formula, one output after the other.
pub fn correlate_scalar(drive: &[f64], samples: &[f64], spacing: usize, out: &mut [f64]) {
    let symbols = fitting(drive.len(), samples.len(), spacing, out.len());
    for (i, c) in out.iter_mut().enumerate() {
        for k in 0..symbols {
            *c += drive[k] * samples[spacing * k + i];
        }
    }
}

/// Symbols whose window lies within the samples.
fn fitting(symbols: usize, samples: usize, spacing: usize, outputs: usize) -> usize {
    match samples.checked_sub(outputs) {
        Some(room) => symbols.min(room / spacing + 1),
        None => 0,
    }
}

#[simd]
fn all<S: Simd>(simd: S, drive: &[f64], samples: &[f64], spacing: usize, out: &mut [f64]) {
    let lanes = S::f64s::LEN;
    let drive = &drive[..fitting(drive.len(), samples.len(), spacing, out.len())];
    let mut first = 0;
    while first < out.len() {
        // The last vector may reach past the outputs; what it computes there is thrown away.
        let vectors = (out.len() - first).div_ceil(lanes).min(GROUP);
        let out = &mut out[first..];
        let samples = &samples[first..];
        match vectors {
            1 => group::<S, 1>(simd, drive, samples, spacing, out),
            2 => group::<S, 2>(simd, drive, samples, spacing, out),
            3 => group::<S, 3>(simd, drive, samples, spacing, out),
            4 => group::<S, 4>(simd, drive, samples, spacing, out),
            5 => group::<S, 5>(simd, drive, samples, spacing, out),
            6 => group::<S, 6>(simd, drive, samples, spacing, out),
            7 => group::<S, 7>(simd, drive, samples, spacing, out),
            _ => group::<S, GROUP>(simd, drive, samples, spacing, out),
        }
        first += vectors * lanes;
    }
}

/// Up to `N` vectors of outputs.
#[simd]
fn group<S: Simd, const N: usize>(
    simd: S,
    drive: &[f64],
    samples: &[f64],
    spacing: usize,
    out: &mut [f64],
) {
    let lanes = S::f64s::LEN;
    let width = out.len().min(N * lanes);
    let wide = fitting(drive.len(), samples.len(), spacing, N * lanes);
    let mut sums = [S::f64s::splat(simd, 0.0); N];
    for (k, &d) in drive[..wide].iter().enumerate() {
        let window = &samples[spacing * k..spacing * k + N * lanes];
        add(simd, d, window, &mut sums);
    }
    // The last symbols, whose window is too short for whole vectors: zeros fill it up.
    let mut filled = [0.0; WIDEST];
    for (k, &d) in drive.iter().enumerate().skip(wide) {
        filled[..width].copy_from_slice(&samples[spacing * k..spacing * k + width]);
        add(simd, d, &filled[..N * lanes], &mut sums);
    }
    for (sum, out) in sums.iter().zip(out[..width].chunks_mut(lanes)) {
        for (c, s) in out.iter_mut().zip(sum.as_slice()) {
            *c += s;
        }
    }
}

/// Adds a window times one value of the drive.
#[inline(always)]
fn add<S: Simd, const N: usize>(simd: S, d: f64, window: &[f64], sums: &mut [S::f64s; N]) {
    let lanes = S::f64s::LEN;
    let d = S::f64s::splat(simd, d);
    for (x, sum) in window.chunks_exact(lanes).zip(sums) {
        *sum = d.mul_add(S::f64s::from_slice(simd, x), *sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{is_fused, levels};
    use proptest::prelude::*;

    proptest! {
        /// Two orders of rounding (fused or not) of a sum of `n` products of size at most 1 differ
        /// by at most `n` times the rounding of the largest partial sum, `n eps`.
        #[test]
        fn prop_every_level_is_the_formula(
            drive in prop::collection::vec(-1.0f64..1.0, 0..200),
            outputs in 0usize..90,
            spacing in 1usize..3,
            seed in any::<u64>(),
        ) {
            let length = spacing * drive.len() + outputs;
            let mut noise = crate::signals::Noise::new(seed);
            let samples: Vec<f64> = (0..length).map(|_| noise.normal().clamp(-1.0, 1.0)).collect();
            let mut wanted = vec![0.5; outputs];
            correlate_scalar(&drive, &samples, spacing, &mut wanted);
            let n = drive.len().max(1) as f64;
            let mut fused: Option<Vec<f64>> = None;
            for level in levels() {
                let mut found = vec![0.5; outputs];
                correlate(level, &drive, &samples, spacing, &mut found);
                for (a, b) in found.iter().zip(&wanted) {
                    prop_assert!((a - b).abs() <= n * n * f64::EPSILON);
                }
                if is_fused(level) {
                    prop_assert_eq!(fused.get_or_insert_with(|| found.clone()), &found);
                }
            }
        }
    }
}

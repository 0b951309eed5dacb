//! Every other sample as an output, without taking the samples apart.
//!
//! ```text
//! lane 2 k     sum over even j of w(j)     x(2 k + j)
//! lane 2 k + 1 sum over even j of w(j + 1) x(2 k + j + 1)
//! y(k)         their sum
//! ```
//!
//! Vectors are read as the samples lie, and neighbouring lanes take neighbouring weights. Streams
//! of even and of odd samples would need as many multiplications and loads, and two shuffles and
//! two stores a vector before; this needs two shuffles and an addition behind.

use fearless_simd::{f32x16, f64x8, prelude::*};

use super::{RUN, VECTORS};

/// Filters one run at every other sample, without streams: neighbouring lanes take neighbouring
/// weights, and the two lanes of an output are added at the end.
#[inline(always)]
pub(super) fn filtered_pairs<S: Simd>(
    simd: S,
    weights: &[f32],
    samples: &[f32],
) -> [f32x16<S>; VECTORS] {
    let mut outputs = [f32x16::splat(simd, 0.0); VECTORS];
    for (half, outputs) in outputs.chunks_exact_mut(VECTORS / 2).enumerate() {
        let mut sums = [f32x16::splat(simd, 0.0); VECTORS];
        let mut at = RUN * half;
        for pair in weights.as_chunks::<2>().0 {
            let window = &samples[at..at + RUN];
            let weight = splat_pair(simd, *pair);
            for (sum, x) in sums.iter_mut().zip(window.chunks_exact(16)) {
                *sum = f32x16::from_slice(simd, x).mul_add(weight, *sum);
            }
            at += 2;
        }
        for (output, sums) in outputs.iter_mut().zip(sums.chunks_exact(2)) {
            let (even, odd) = sums[0].deinterleave(sums[1]);
            *output = even + odd;
        }
    }
    outputs
}

/// Two weights in turn in all lanes.
#[inline(always)]
fn splat_pair<S: Simd>(simd: S, [even, odd]: [f32; 2]) -> f32x16<S> {
    let both = u64::from(even.to_bits()) | u64::from(odd.to_bits()) << 32;
    f64x8::splat(simd, f64::from_bits(both)).bitcast()
}

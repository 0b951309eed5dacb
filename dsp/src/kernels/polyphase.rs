//! Splits samples into streams, so that every `stride`-th sample lies beside the next one.
//!
//! ```text
//! stream d (i) = x(first + d + stride i)        d = 0 .. stride
//! ```
//!
//! A filter that is wanted at every `stride`-th sample only reads whole vectors from the streams,
//! and its lanes are neighbouring outputs.

use fearless_simd::{Level, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

/// Splits `samples` from the position `first` on into `stride` streams of `length` samples, one
/// after the other in `streams`. Beyond the ends the end samples repeat.
///
/// # Shapes
/// `streams` holds at least `stride * length`; `samples` is not empty.
pub fn split(
    level: Level,
    samples: &[f32],
    first: i64,
    stride: usize,
    length: usize,
    streams: &mut [f32],
) {
    let whole = usize::try_from(first)
        .ok()
        .and_then(|f| samples.get(f..f + stride * length));
    match whole {
        Some(source) if stride == 1 => streams[..length].copy_from_slice(source),
        Some(source) if stride == 2 => {
            let (even, odd) = streams[..2 * length].split_at_mut(length);
            dispatch!(level, simd => split_two(simd, source, even, odd));
        }
        Some(source) if stride == 4 => {
            let (low, high) = streams[..4 * length].split_at_mut(2 * length);
            let (a, b) = low.split_at_mut(length);
            let (c, d) = high.split_at_mut(length);
            dispatch!(level, simd => split_four(simd, source, [a, b, c, d]));
        }
        Some(source) => {
            for (i, group) in source.chunks_exact(stride).enumerate() {
                for (d, &x) in group.iter().enumerate() {
                    streams[d * length + i] = x;
                }
            }
        }
        None => split_scalar(samples, first, stride, length, streams),
    }
}

/// Splits sample by sample: the oracle of [`split`], and its way at the ends of a capture.
pub fn split_scalar(
    samples: &[f32],
    first: i64,
    stride: usize,
    length: usize,
    streams: &mut [f32],
) {
    let last = samples.len() as i64 - 1;
    for d in 0..stride {
        for i in 0..length {
            let n = first + (d + stride * i) as i64;
            streams[d * length + i] = samples[n.clamp(0, last) as usize];
        }
    }
}

#[simd]
fn split_two<S: Simd>(simd: S, source: &[f32], even: &mut [f32], odd: &mut [f32]) {
    let vectors = even.len() / 16;
    for v in 0..vectors {
        let a = f32x16::from_slice(simd, &source[32 * v..32 * v + 16]);
        let b = f32x16::from_slice(simd, &source[32 * v + 16..32 * v + 32]);
        let (e, o) = a.deinterleave(b);
        e.store_slice(&mut even[16 * v..16 * v + 16]);
        o.store_slice(&mut odd[16 * v..16 * v + 16]);
    }
    for i in 16 * vectors..even.len() {
        even[i] = source[2 * i];
        odd[i] = source[2 * i + 1];
    }
}

#[simd]
fn split_four<S: Simd>(simd: S, source: &[f32], streams: [&mut [f32]; 4]) {
    let length = streams[0].len();
    let vectors = length / 16;
    let [a, b, c, d] = streams;
    for v in 0..vectors {
        let group = &source[64 * v..64 * v + 64];
        let load = |i: usize| f32x16::from_slice(simd, &group[16 * i..16 * i + 16]);
        let (even_low, odd_low) = load(0).deinterleave(load(1));
        let (even_high, odd_high) = load(2).deinterleave(load(3));
        let (first, third) = even_low.deinterleave(even_high);
        let (second, fourth) = odd_low.deinterleave(odd_high);
        let at = 16 * v..16 * v + 16;
        first.store_slice(&mut a[at.clone()]);
        second.store_slice(&mut b[at.clone()]);
        third.store_slice(&mut c[at.clone()]);
        fourth.store_slice(&mut d[at]);
    }
    for i in 16 * vectors..length {
        (a[i], b[i]) = (source[4 * i], source[4 * i + 1]);
        (c[i], d[i]) = (source[4 * i + 2], source[4 * i + 3]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Moving is exact: every level gives the oracle's bytes, within the capture and beyond.
        #[test]
        fn prop_every_level_splits_as_the_oracle(
            count in 1usize..400,
            first in -40i64..300,
            stride in 1usize..6,
            length in 0usize..70,
        ) {
            let samples: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let mut expected = vec![0.0; stride * length];
            split_scalar(&samples, first, stride, length, &mut expected);
            for level in crate::kernels::levels() {
                let mut found = vec![0.0; stride * length];
                split(level, &samples, first, stride, length, &mut found);
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}

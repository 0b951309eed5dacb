//! Taking samples apart into phases, and widening them to f32 on the way.
//!
//! Phase `p` of `P` holds samples `p, p + P, p + 2 P ...`. f32 samples are taken apart by
//! shuffles; narrow ones lie several to a 32-bit word, and shifts within the word take them apart
//! and extend their sign at once.

#[cfg(target_arch = "x86_64")]
use fearless_simd::Level;
use fearless_simd::{Simd, prelude::*};

#[cfg(target_arch = "x86_64")]
use super::transpose;

// Shifts take the first sample from the low end of a word.
const _: () = assert!(cfg!(target_endian = "little"));

/// A sample as a scope delivers it: `f32`, `i16` or `i8`.
pub trait RawSample: Copy + Default + Send + Sync + 'static {
    /// Widens, without loss.
    fn to_f32(self) -> f32;

    /// Takes `4 L` samples apart into four phases of `L` lanes.
    #[doc(hidden)]
    fn four<S: Simd>(simd: S, samples: &[Self]) -> [S::f32s; 4];

    /// Takes `8 L` samples apart into eight phases of `L` lanes.
    #[doc(hidden)]
    fn eight<S: Simd>(simd: S, samples: &[Self]) -> [S::f32s; 8];

    /// Takes the `v`-th run of `4 SP L` samples apart and stores it at lane `at` of `4 SP` phases
    /// of `stride` lanes.
    #[doc(hidden)]
    #[inline(always)]
    fn split<S: Simd, const SP: usize>(
        simd: S,
        samples: &[Self],
        v: usize,
        phases: &mut [f32],
        stride: usize,
        at: usize,
    ) {
        let lanes = S::f32s::LEN;
        let run = 4 * SP * lanes;
        let x = &samples[run * v..run * (v + 1)];
        if SP == 1 {
            for (p, y) in Self::four(simd, x).into_iter().enumerate() {
                y.store_slice(&mut phases[p * stride + at..][..lanes]);
            }
        } else {
            for (p, y) in Self::eight(simd, x).into_iter().enumerate() {
                y.store_slice(&mut phases[p * stride + at..][..lanes]);
            }
        }
    }
}

/// Loads the `N` vectors of `x`.
#[inline(always)]
fn load<S: Simd, V: SimdBase<S>, const N: usize>(simd: S, x: &[V::Element]) -> [V; N] {
    std::array::from_fn(|i| V::from_slice(simd, &x[i * V::LEN..(i + 1) * V::LEN]))
}

/// Takes four vectors apart into every fourth element.
#[inline(always)]
fn every_fourth<S: Simd, V: SimdBase<S>>([a, b, c, d]: [V; 4]) -> [V; 4] {
    let (low, high) = (a.deinterleave(b), c.deinterleave(d));
    let even = low.0.deinterleave(high.0);
    let odd = low.1.deinterleave(high.1);
    [even.0, odd.0, even.1, odd.1]
}

impl RawSample for f32 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, samples: &[f32]) -> [S::f32s; 4] {
        every_fourth(load::<S, S::f32s, 4>(simd, samples))
    }

    #[inline(always)]
    fn eight<S: Simd>(simd: S, samples: &[f32]) -> [S::f32s; 8] {
        #[cfg(target_arch = "x86_64")]
        match simd.level() {
            Level::Avx512(token) => {
                if let Some(rows) = samples.first_chunk() {
                    return transpose::sixteen_rows(token, rows)
                        .map(|v| S::f32s::from_slice(simd, v.as_slice()));
                }
            }
            Level::Avx2(token) => {
                if let Some(rows) = samples.first_chunk() {
                    return transpose::eight_rows(token, rows)
                        .map(|v| S::f32s::from_slice(simd, v.as_slice()));
                }
            }
            _ => {}
        }
        let v = load::<S, S::f32s, 8>(simd, samples);
        let pairs: [(S::f32s, S::f32s); 4] =
            std::array::from_fn(|i| v[2 * i].deinterleave(v[2 * i + 1]));
        let even = every_fourth(pairs.map(|p| p.0));
        let odd = every_fourth(pairs.map(|p| p.1));
        std::array::from_fn(|i| if i % 2 == 0 { even[i / 2] } else { odd[i / 2] })
    }
}

/// Sample `i` of the two in every word.
#[inline(always)]
fn half<S: Simd>(words: S::i32s, i: u32) -> S::f32s {
    ((words << (16 - 16 * i)) >> 16u32).to_float()
}

impl RawSample for i16 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, samples: &[i16]) -> [S::f32s; 4] {
        let [a, b] = load::<S, S::i16s, 2>(simd, samples).map(|v| v.bitcast::<S::i32s>());
        let (even, odd) = a.deinterleave(b);
        [
            half::<S>(even, 0),
            half::<S>(even, 1),
            half::<S>(odd, 0),
            half::<S>(odd, 1),
        ]
    }

    #[inline(always)]
    fn eight<S: Simd>(simd: S, samples: &[i16]) -> [S::f32s; 8] {
        let words = load::<S, S::i16s, 4>(simd, samples).map(|v| v.bitcast::<S::i32s>());
        let words = every_fourth(words);
        std::array::from_fn(|i| half::<S>(words[i / 2], i as u32 % 2))
    }
}

/// Sample `i` of the four in every word.
#[inline(always)]
fn quarter<S: Simd>(words: S::i32s, i: u32) -> S::f32s {
    ((words << (24 - 8 * i)) >> 24u32).to_float()
}

impl RawSample for i8 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn four<S: Simd>(simd: S, samples: &[i8]) -> [S::f32s; 4] {
        let words: S::i32s = S::i8s::from_slice(simd, samples).bitcast();
        std::array::from_fn(|i| quarter::<S>(words, i as u32))
    }

    #[inline(always)]
    fn eight<S: Simd>(simd: S, samples: &[i8]) -> [S::f32s; 8] {
        let [a, b] = load::<S, S::i8s, 2>(simd, samples).map(|v| v.bitcast::<S::i32s>());
        let (even, odd) = a.deinterleave(b);
        std::array::from_fn(|i| quarter::<S>(if i < 4 { even } else { odd }, i as u32 % 4))
    }
}

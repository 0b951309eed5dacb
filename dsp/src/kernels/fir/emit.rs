//! What becomes of four vectors of symbols: the symbols themselves, or decisions.

use fearless_simd::{Simd, prelude::*};

/// Stores the symbols `4 l + r` that stand in lane `l` of vector `r`.
pub trait Emit {
    /// Type of what is stored.
    type Item: Copy + Default;

    /// Writes four vectors' worth of items in the order of the symbols.
    fn store<S: Simd>(&self, simd: S, symbols: [S::f32s; 4], out: &mut [Self::Item]);
}

/// The symbols as they are.
pub struct Symbols;

impl Emit for Symbols {
    type Item = f32;

    #[inline(always)]
    fn store<S: Simd>(&self, _simd: S, [a, b, c, d]: [S::f32s; 4], out: &mut [f32]) {
        let (even, odd) = (a.interleave(c), b.interleave(d));
        let low = even.0.interleave(odd.0);
        let high = even.1.interleave(odd.1);
        let lanes = S::f32s::LEN;
        for (v, out) in [low.0, low.1, high.0, high.1]
            .iter()
            .zip(out.chunks_exact_mut(lanes))
        {
            v.store_slice(out);
        }
    }
}

/// Index of the level: how many of the thresholds are below the symbol.
pub struct Decisions<const N: usize>(pub [f32; N]);

impl<const N: usize> Emit for Decisions<N> {
    type Item = u8;

    #[inline(always)]
    fn store<S: Simd>(&self, simd: S, symbols: [S::f32s; 4], out: &mut [u8]) {
        let mut words = S::u32s::splat(simd, 0);
        for (r, y) in symbols.into_iter().enumerate() {
            // Above a threshold the difference is negative; its sign is exact. Byte r counts
            // symbol r's thresholds and stays below 4, so nothing carries over.
            let mut count = S::u32s::splat(simd, 0);
            for t in self.0 {
                let below: S::u32s = (S::f32s::splat(simd, t) - y).bitcast();
                count += below >> 31u32;
            }
            words += count << (8 * r as u32);
        }
        let bytes: S::u8s = words.bitcast();
        bytes.store_slice(out);
    }
}

//! What becomes of a run of outputs: the outputs themselves, or decisions.

use fearless_simd::{f32x16, prelude::*, u8x64};

use super::VECTORS;

/// Stores the outputs of a run.
pub trait Emit {
    /// Type of what is stored.
    type Item: Copy + Default;

    /// Stores a run, lanes in the order of the outputs.
    fn store<S: Simd>(&self, simd: S, outputs: [f32x16<S>; VECTORS], out: &mut [Self::Item]);

    /// Makes one item.
    fn one(&self, output: f32) -> Self::Item;
}

/// The outputs as they are.
#[derive(Clone, Copy, Debug)]
pub struct Outputs;

impl Emit for Outputs {
    type Item = f32;

    #[inline(always)]
    fn store<S: Simd>(&self, _: S, outputs: [f32x16<S>; VECTORS], out: &mut [f32]) {
        for (output, out) in outputs.iter().zip(out.chunks_exact_mut(16)) {
            output.store_slice(out);
        }
    }

    fn one(&self, output: f32) -> f32 {
        output
    }
}

/// Index of the level: how many of `N` thresholds lie below the output.
#[derive(Clone, Copy, Debug)]
pub struct Decisions<const N: usize>(pub [f32; N]);

impl<const N: usize> Emit for Decisions<N> {
    type Item = u8;

    #[inline(always)]
    fn store<S: Simd>(&self, simd: S, outputs: [f32x16<S>; VECTORS], out: &mut [u8]) {
        let [a, b, c, d] = outputs;
        let (zero, one) = (u8x64::splat(simd, 0), u8x64::splat(simd, 1));
        let mut counts = zero;
        for t in self.0 {
            let low = a.simd_gt(t).narrow(b.simd_gt(t));
            let high = c.simd_gt(t).narrow(d.simd_gt(t));
            counts += low.narrow(high).select(one, zero);
        }
        counts.store_slice(out);
    }

    fn one(&self, output: f32) -> u8 {
        self.0.iter().map(|&t| u8::from(output > t)).sum()
    }
}

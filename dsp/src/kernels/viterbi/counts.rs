//! Samples to counts.

use fearless_simd::prelude::*;
use fearless_simd_macros::simd;

use super::Branches;

/// How samples become counts, one vector a number.
#[derive(Clone, Copy)]
pub(super) struct Scale<S: Simd> {
    centre: S::f32s,
    counts_per_unit: S::f32s,
    clamp: S::f32s,
    /// 1.5 * 2^23: adding it rounds to an integer, to even as it should, and leaves it in the low
    /// bits.
    round: S::f32s,
}

impl<S: Simd> Scale<S> {
    pub(super) fn new(simd: S, branches: &Branches) -> Self {
        Self {
            centre: S::f32s::splat(simd, branches.centre),
            counts_per_unit: S::f32s::splat(simd, branches.counts_per_unit),
            clamp: S::f32s::splat(simd, branches.clamp),
            round: S::f32s::splat(simd, 12_582_912.0),
        }
    }

    /// One vector of counts.
    #[inline(always)]
    pub(super) fn convert(&self, simd: S, from: &[f32], to: &mut [i16]) {
        let (first, second) = from.split_at(S::f32s::LEN);
        let first = self.scale(S::f32s::from_slice(simd, first));
        let second = self.scale(S::f32s::from_slice(simd, second));
        first.narrow(second).store_slice(to);
    }

    #[inline(always)]
    fn scale(&self, y: S::f32s) -> S::i32s {
        let scaled = (y - self.centre) * self.counts_per_unit;
        let clamped = scaled.max(-self.clamp).min(self.clamp);
        (clamped + self.round).bitcast::<S::i32s>()
    }
}

/// Converts whole vectors.
#[simd]
pub(super) fn convert<S: Simd>(simd: S, scale: Scale<S>, from: &[f32], to: &mut [i16]) {
    let lanes = S::i16s::LEN;
    for (from, to) in from.chunks_exact(lanes).zip(to.chunks_exact_mut(lanes)) {
        scale.convert(simd, from, to);
    }
}

/// Fills what of a group's `counts`, which begin at sample `first - reach`, is no whole vector of
/// samples, and returns the samples and the place of those that are. What is beyond the capture
/// is the middle value, 0.
pub(super) fn edges<'a>(
    lanes: usize,
    samples: &'a [f32],
    first: usize,
    branches: &Branches,
    counts: &'a mut [i16],
) -> (&'a [f32], &'a mut [i16]) {
    let reach = branches.reach();
    let start = first.saturating_sub(reach).min(samples.len());
    let before = reach.saturating_sub(first).min(counts.len());
    let (outside, counts) = counts.split_at_mut(before);
    outside.fill(0);
    let there = (samples.len() - start).min(counts.len());
    let (counts, outside) = counts.split_at_mut(there);
    outside.fill(0);
    let (whole, rest) = samples[start..start + there].split_at(there / lanes * lanes);
    let (counts, last) = counts.split_at_mut(whole.len());
    for (to, &y) in last.iter_mut().zip(rest) {
        *to = branches.counts(y);
    }
    (whole, counts)
}

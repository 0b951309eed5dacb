//! The kernels' bodies.

use fearless_simd::prelude::*;
use fearless_simd_macros::simd;

use super::{Loop, SEGMENTS, length};

/// As many vectors as the widest level has lanes.
type Block<S> = [<S as Simd>::f32s; 16];

/// Levels and thresholds, one vector a number.
struct Slicing<S: Simd, const LEVELS: usize> {
    values: [S::f32s; LEVELS],
    /// One fewer than levels; the last is not used.
    thresholds: [S::f32s; LEVELS],
}

impl<S: Simd, const LEVELS: usize> Slicing<S, LEVELS> {
    fn new(simd: S, feedback: &Loop) -> Self {
        let number = |of: &[f32], i: usize| of.get(i).copied().unwrap_or(f32::MAX);
        Self {
            values: std::array::from_fn(|i| S::f32s::splat(simd, number(&feedback.values, i))),
            thresholds: std::array::from_fn(|i| {
                S::f32s::splat(simd, number(&feedback.thresholds, i))
            }),
        }
    }

    /// Value of the decision.
    #[inline(always)]
    fn value(&self, z: S::f32s) -> S::f32s {
        let [v, t] = [&self.values, &self.thresholds];
        if LEVELS == 2 {
            return z.simd_gt(t[0]).select(v[1], v[0]);
        }
        let low = z.simd_gt(t[0]).select(v[1], v[0]);
        let high = z.simd_gt(t[2]).select(v[3], v[2]);
        z.simd_gt(t[1]).select(high, low)
    }
}

/// Runs all segments; missing taps count as zero.
#[simd]
pub(super) fn run<S: Simd, const LEVELS: usize, const TAPS: usize>(
    simd: S,
    samples: &[f32],
    feedback: &Loop,
    out: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    let warm_up = feedback.warm_up();
    let length = length(samples.len(), warm_up);
    let slicing = Slicing::<S, LEVELS>::new(simd, feedback);
    let zero = S::f32s::splat(simd, 0.0);
    let mut taps = [zero; TAPS];
    for (to, &f) in taps.iter_mut().zip(&feedback.taps) {
        *to = S::f32s::splat(simd, f);
    }
    let groups = samples.len().div_ceil(length).next_multiple_of(SEGMENTS) / lanes;
    let mut block: Block<S> = [zero; 16];
    for group in 0..groups {
        let mut past = [zero; TAPS];
        for chunk in 0..(warm_up + length) / lanes {
            let at = chunk * lanes;
            if at == warm_up && group == 0 {
                // Before the capture there is nothing.
                for v in &mut past {
                    v.as_mut_slice()[0] = 0.0;
                }
            }
            let first = |lane: usize| (group * lanes + lane) * length + at;
            for (lane, row) in block[..lanes].iter_mut().enumerate() {
                *row = load(simd, samples, first(lane).wrapping_sub(warm_up));
            }
            transpose::<S>(&mut block);
            for y in &mut block[..lanes] {
                let mut sum = zero;
                for j in (0..TAPS).rev() {
                    sum += taps[j] * past[j];
                }
                *y -= sum;
                for j in (1..TAPS).rev() {
                    past[j] = past[j - 1];
                }
                past[0] = slicing.value(*y);
            }
            if at < warm_up {
                continue;
            }
            transpose::<S>(&mut block);
            for (lane, row) in block[..lanes].iter().enumerate() {
                store::<S>(row, out, first(lane) - warm_up);
            }
        }
    }
}

/// Samples from `first` on; zero where there is none.
#[inline(always)]
fn load<S: Simd>(simd: S, samples: &[f32], first: usize) -> S::f32s {
    let lanes = S::f32s::LEN;
    match first
        .checked_add(lanes)
        .and_then(|end| samples.get(first..end))
    {
        Some(whole) => S::f32s::from_slice(simd, whole),
        None => {
            let mut part = [0.0; 16];
            for (i, to) in part[..lanes].iter_mut().enumerate() {
                *to = samples.get(first.wrapping_add(i)).copied().unwrap_or(0.0);
            }
            S::f32s::from_slice(simd, &part[..lanes])
        }
    }
}

/// Writes a row from `first` on, as far as there is room.
#[inline(always)]
fn store<S: Simd>(row: &S::f32s, out: &mut [f32], first: usize) {
    let last = (first + S::f32s::LEN).min(out.len());
    if let Some(out) = out.get_mut(first..last) {
        if out.len() == S::f32s::LEN {
            row.store_slice(out);
        } else {
            out.copy_from_slice(&row.as_slice()[..out.len()]);
        }
    }
}

/// Rows to columns of the first `LEN` vectors, by `log2(LEN)` interleavings.
#[inline(always)]
fn transpose<S: Simd>(block: &mut Block<S>) {
    let lanes = S::f32s::LEN;
    let mut stages = lanes;
    while stages > 1 {
        let rows = *block;
        for i in 0..lanes / 2 {
            (block[2 * i], block[2 * i + 1]) = rows[i].interleave(rows[i + lanes / 2]);
        }
        stages /= 2;
    }
}

/// Symbols whose possible decisions are made before any is chosen.
const AHEAD: usize = 512;

/// One tap, ahead of the decisions.
#[simd]
pub(super) fn ahead<S: Simd, const LEVELS: usize>(
    simd: S,
    samples: &[f32],
    feedback: &Loop,
    out: &mut [f32],
) {
    let slicing = Slicing::<S, LEVELS>::new(simd, feedback);
    let back: [f32; LEVELS] = std::array::from_fn(|p| feedback.taps[0] * feedback.values[p]);
    let subtracted: [S::f32s; LEVELS] = std::array::from_fn(|p| S::f32s::splat(simd, back[p]));
    let mut maps = [0i32; AHEAD];
    // Twice the symbol before; before the first there is none.
    let mut twice = None;
    for (y, z) in samples.chunks(AHEAD).zip(out.chunks_mut(AHEAD)) {
        let lanes = S::f32s::LEN;
        let mut wide = y.chunks_exact(lanes);
        for (y, map) in (&mut wide).zip(maps.chunks_exact_mut(lanes)) {
            let y = S::f32s::from_slice(simd, y);
            decide_all::<S, LEVELS>(simd, y, &subtracted, &slicing).store_slice(map);
        }
        let rest = wide.remainder();
        for (map, &y) in maps[y.len() - rest.len()..].iter_mut().zip(rest) {
            let decide = |p: usize| i32::from(feedback.decide(y - back[p])) << (2 * p + 1);
            *map = (0..LEVELS).map(decide).sum();
        }
        for ((map, &y), z) in maps.iter().zip(y).zip(z) {
            match twice {
                None => {
                    *z = y;
                    twice = Some(2 * i32::from(feedback.decide(y)));
                }
                Some(before) => {
                    *z = y - back[(before >> 1) as usize % LEVELS];
                    twice = Some((map >> before) & 6);
                }
            }
        }
    }
}

/// Twice the decision for each symbol that may have come before, two bits each from bit 1 on.
#[inline(always)]
fn decide_all<S: Simd, const LEVELS: usize>(
    simd: S,
    y: S::f32s,
    subtracted: &[S::f32s; LEVELS],
    slicing: &Slicing<S, LEVELS>,
) -> S::i32s {
    let zero = S::i32s::splat(simd, 0);
    let mut map = zero;
    for (p, back) in subtracted.iter().enumerate() {
        let z = y - *back;
        for t in &slicing.thresholds[..LEVELS - 1] {
            let one = S::i32s::splat(simd, 2 << (2 * p));
            map += z.simd_gt(*t).select(one, zero);
        }
    }
    map
}

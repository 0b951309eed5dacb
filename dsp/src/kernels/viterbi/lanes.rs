//! The kernel's body: a group of as many segments as the instruction set has 16-bit lanes.

use fearless_simd::prelude::*;
use fearless_simd_macros::simd;

use super::counts::{Scale, convert, edges};
use super::transpose::{Block, transpose};
use super::way_back::{back, unload};
use super::{Branches, PHASES, RENORMALIZE, Workspace, cut};

/// A number for each pair of symbols.
type Square<S, const LEVELS: usize> = [[<S as Simd>::i16s; LEVELS]; LEVELS];

/// What every step looks up, one vector a number.
pub(super) struct Tables<S: Simd, const LEVELS: usize> {
    /// What belongs to the branch from state `r LEVELS + o` by the new symbol `s`, `[r][s][o]`:
    /// its value, or in a sum its constant, for every phase.
    branch: Vec<Square<S, LEVELS>>,
    /// In a sum `-2 f(q)`, `[r][o]`.
    past: Vec<[S::i16s; LEVELS]>,
    /// In a sum `g(s)`.
    newest: [S::i16s; LEVELS],
    /// Where the smallest metric is put.
    floor: S::i16s,
    /// The bits of a metric that hold the oldest symbol.
    index: S::i16s,
}

impl<S: Simd, const LEVELS: usize> Tables<S, LEVELS> {
    fn new(simd: S, rest: usize, branches: &Branches) -> Self {
        let splat = |v: i16| S::i16s::splat(simd, v);
        let split = branches.split.as_ref();
        let values = |phase: usize| split.map_or(&branches.values, |s| &s.cross[phase]);
        let branch = |phase: usize, r: usize, s: usize, o: usize| {
            splat(values(phase)[(s * rest + r) * LEVELS + o])
        };
        let phases = split.map_or(1, |_| PHASES);
        let past = |q: usize| split.map_or(0, |s| s.past[q]);
        Self {
            branch: (0..phases * rest)
                .map(|i| (i / rest, i % rest))
                .map(|(phase, r)| {
                    std::array::from_fn(|s| std::array::from_fn(|o| branch(phase, r, s, o)))
                })
                .collect(),
            past: (0..rest)
                .map(|r| std::array::from_fn(|o| splat(past(r * LEVELS + o))))
                .collect(),
            newest: std::array::from_fn(|s| splat(split.map_or(0, |t| t.newest[s]))),
            floor: splat(branches.floor()),
            index: splat(LEVELS as i16 - 1),
        }
    }
}

/// How a metric and a branch are added.
pub(super) trait Form {
    /// Steps after which the branches' constants repeat.
    const PHASES: usize;
    /// What all branches by one new symbol share, added after the selection.
    fn shared<S: Simd>(y: S::i16s, newest: S::i16s) -> S::i16s;
    /// A metric with what all branches from its state share.
    fn leave<S: Simd>(y: S::i16s, metric: S::i16s, past: S::i16s, index: S::i16s) -> S::i16s;
    /// A metric with the rest of its branch.
    fn sum<S: Simd>(y: S::i16s, metric: S::i16s, branch: S::i16s, index: S::i16s) -> S::i16s;
    /// The selected sum with what its branches share.
    fn arrive<S: Simd>(least: S::i16s, shared: S::i16s) -> S::i16s;
}

/// Any branch values: `M + (y - x)^2`.
pub(super) struct Table;

impl Form for Table {
    const PHASES: usize = 1;
    #[inline(always)]
    fn shared<S: Simd>(_: S::i16s, newest: S::i16s) -> S::i16s {
        newest
    }
    #[inline(always)]
    fn leave<S: Simd>(_: S::i16s, metric: S::i16s, _: S::i16s, _: S::i16s) -> S::i16s {
        metric
    }
    #[inline(always)]
    fn sum<S: Simd>(y: S::i16s, metric: S::i16s, branch: S::i16s, index: S::i16s) -> S::i16s {
        let d = y.saturating_sub(branch);
        metric.saturating_add(product_high::<S>(d, d) & !index)
    }
    #[inline(always)]
    fn arrive<S: Simd>(least: S::i16s, _: S::i16s) -> S::i16s {
        least
    }
}

/// Values `g + f`: `M - 2 y f + (f^2 + 2 g f) + (y - g)^2`, of which only the bracket depends on
/// the branch; a third fewer instructions.
pub(super) struct Sum;

impl Form for Sum {
    const PHASES: usize = PHASES;
    #[inline(always)]
    fn shared<S: Simd>(y: S::i16s, newest: S::i16s) -> S::i16s {
        let d = y.saturating_sub(newest);
        product_high::<S>(d, d)
    }
    #[inline(always)]
    fn leave<S: Simd>(y: S::i16s, metric: S::i16s, past: S::i16s, index: S::i16s) -> S::i16s {
        metric.saturating_add(product_high::<S>(y, past) & !index)
    }
    #[inline(always)]
    fn sum<S: Simd>(_: S::i16s, metric: S::i16s, branch: S::i16s, _: S::i16s) -> S::i16s {
        metric.saturating_add(branch)
    }
    #[inline(always)]
    fn arrive<S: Simd>(least: S::i16s, shared: S::i16s) -> S::i16s {
        least.saturating_add(shared)
    }
}

/// High half of the product: `a b >> 16`. The compiler makes one instruction of it.
#[inline(always)]
fn product_high<S: Simd>(a: S::i16s, b: S::i16s) -> S::i16s {
    let (low, high) = a.widening_mul(b);
    low.bitcast::<S::i16s>()
        .unzip_high(high.bitcast::<S::i16s>())
}

/// Bits of a survivor: one on two levels, two on four.
pub(super) const fn bits(levels: usize) -> usize {
    levels / 2
}

/// Vectors of survivor bits a step.
pub(super) const fn words(levels: usize, rest: usize) -> usize {
    (levels * rest * bits(levels)).div_ceil(16)
}

/// Decides all segments of a capture; `REST` is the number of states over `LEVELS`.
pub(super) fn run<S: Simd, F: Form, const LEVELS: usize, const REST: usize>(
    simd: S,
    samples: &[f32],
    branches: &Branches,
    workspace: &mut Workspace,
    out: &mut [u8],
) {
    let lanes = S::i16s::LEN;
    let (length, _) = cut(samples.len());
    let reach = branches.reach();
    let words = words(LEVELS, REST);
    let (now, next, survivors, pairs, spare) = workspace.parts(
        lanes * length + 2 * reach,
        (length + 2 * reach) * words * lanes,
        length / 2 * lanes,
        lanes * length,
    );
    let (mut now, mut next) = (now, next);
    let tables = Tables::<S, LEVELS>::new(simd, REST, branches);
    let scale = Scale::new(simd, branches);
    let (from, to) = edges(lanes, samples, 0, branches, now);
    convert(simd, scale, from, to);
    for (group, decided) in out.chunks_mut(lanes * length).enumerate() {
        // The next group's samples come from far away: they are fetched and converted a vector a
        // step, while this group's recursion keeps the arithmetic busy.
        let first = (group + 1) * lanes * length;
        let (from, to) = edges(lanes, samples, first, branches, next);
        let ahead = Ahead { scale, from, to };
        let ends = forward::<S, F, LEVELS, REST>(simd, length, now, &tables, survivors, ahead);
        let (_, survivors) = survivors.split_at(reach * words * lanes);
        back::<S, LEVELS, REST>(simd, length, &ends, survivors, pairs);
        if decided.len() == lanes * length {
            unload(simd, length, pairs, decided);
        } else {
            unload(simd, length, pairs, spare);
            decided.copy_from_slice(&spare[..decided.len()]);
        }
        std::mem::swap(&mut now, &mut next);
    }
}

/// Whole vectors of the next group's samples, not more than steps of this one.
struct Ahead<'a, S: Simd> {
    scale: Scale<S>,
    from: &'a [f32],
    to: &'a mut [i16],
}

/// Metrics, `[r][o]` for state `r LEVELS + o`; the lowest bits of each hold its `o`.
pub(super) type Metrics<S, const LEVELS: usize, const REST: usize> =
    [[<S as Simd>::i16s; LEVELS]; REST];

/// Runs the recursion over the group's segments, leaves the survivors and returns the last
/// metrics.
#[simd]
fn forward<S: Simd, F: Form, const LEVELS: usize, const REST: usize>(
    simd: S,
    length: usize,
    counts: &[i16],
    tables: &Tables<S, LEVELS>,
    survivors: &mut [i16],
    ahead: Ahead<S>,
) -> Metrics<S, LEVELS, REST> {
    let lanes = S::i16s::LEN;
    let words = words(LEVELS, REST);
    let start = |o: usize| tables.floor + S::i16s::splat(simd, o as i16);
    let mut even: Metrics<S, LEVELS, REST> = [std::array::from_fn(start); REST];
    let mut odd = even;
    let mut block: Block<S> = [S::i16s::splat(simd, 0); 32];
    let Ahead { scale, from, to } = ahead;
    let mut ahead = from.chunks_exact(lanes).zip(to.chunks_exact_mut(lanes));
    for (c, survivors) in survivors
        .chunks_exact_mut(lanes * words * lanes)
        .enumerate()
    {
        for (lane, row) in block[..lanes].iter_mut().enumerate() {
            let at = lane * length + c * lanes;
            *row = S::i16s::from_slice(simd, &counts[at..at + lanes]);
        }
        transpose::<S>(simd, &mut block);
        let steps = block[..lanes].as_chunks::<RENORMALIZE>().0;
        for (y, survivors) in steps
            .iter()
            .zip(survivors.chunks_exact_mut(RENORMALIZE * words * lanes))
        {
            renormalize::<S, LEVELS, REST>(&mut even, tables);
            // Two steps at a time: neither copies its metrics.
            for (i, (y, survivors)) in y
                .as_chunks::<2>()
                .0
                .iter()
                .zip(survivors.chunks_exact_mut(2 * words * lanes))
                .enumerate()
            {
                let (first, second) = survivors.split_at_mut(words * lanes);
                for _ in 0..2 {
                    if let Some((from, to)) = ahead.next() {
                        scale.convert(simd, from, to);
                    }
                }
                let phase = |k: usize| &tables.branch[k % F::PHASES * REST..][..REST];
                let (a, b) = (phase(2 * i), phase(2 * i + 1));
                step::<S, F, LEVELS, REST>(simd, y[0], &even, &mut odd, (tables, a), first);
                step::<S, F, LEVELS, REST>(simd, y[1], &odd, &mut even, (tables, b), second);
            }
        }
    }
    even
}

/// Moves the smallest metric to the floor. The lowest bits stay.
#[inline(always)]
fn renormalize<S: Simd, const LEVELS: usize, const REST: usize>(
    metrics: &mut Metrics<S, LEVELS, REST>,
    tables: &Tables<S, LEVELS>,
) {
    let mut least = metrics[0][0];
    for m in metrics.as_flattened() {
        least = least.min(*m);
    }
    let down = least.saturating_sub(tables.floor) & !tables.index;
    for m in metrics.as_flattened_mut() {
        *m = m.saturating_sub(down);
    }
}

/// Adds, compares and selects for one symbol of every lane.
#[inline(always)]
fn step<S: Simd, F: Form, const LEVELS: usize, const REST: usize>(
    simd: S,
    y: S::i16s,
    metrics: &Metrics<S, LEVELS, REST>,
    next: &mut Metrics<S, LEVELS, REST>,
    (tables, branch): (&Tables<S, LEVELS>, &[Square<S, LEVELS>]),
    survivors: &mut [i16],
) {
    let mut words = [S::i16s::splat(simd, 0); 8];
    let mut shared = tables.newest;
    for newest in &mut shared {
        *newest = F::shared::<S>(y, *newest);
    }
    // Not `|r| ...`: a closure that is called more than once is compiled on its own, without the
    // instruction set of its caller.
    let mut group = {
        #[inline(always)]
        |r: usize| {
            let mut from = metrics[r];
            for (m, past) in from.iter_mut().zip(&tables.past[r]) {
                *m = F::leave::<S>(y, *m, *past, tables.index);
            }
            let branch = &branch[r];
            let mut select = {
                #[inline(always)]
                |s: usize| {
                    let least = least::<S, F, LEVELS>(y, &from, &branch[s], tables.index);
                    let n = s * REST + r;
                    let arrived = F::arrive::<S>(least, shared[s]) & !tables.index;
                    next[n / LEVELS][n % LEVELS] =
                        arrived | S::i16s::splat(simd, (n % LEVELS) as i16);
                    let field = n * bits(LEVELS);
                    let (word, shift) = (field / 16, (field % 16) as u32);
                    words[word] |= (least << shift) & (tables.index << shift);
                }
            };
            select(0);
            select(1);
            if LEVELS == 4 {
                select(2);
                select(3);
            }
        }
    };
    // Written out, so that every index is a constant.
    match REST {
        1 => group(0),
        2 => {
            group(0);
            group(1);
        }
        4 => {
            group(0);
            group(1);
            group(2);
            group(3);
        }
        _ => {
            for r in 0..REST {
                group(r);
            }
        }
    }
    for (to, word) in survivors.chunks_exact_mut(S::i16s::LEN).zip(&words) {
        word.store_slice(to);
    }
}

/// The smallest sum of metric and branch; its lowest bits say which one it was.
#[inline(always)]
fn least<S: Simd, F: Form, const LEVELS: usize>(
    y: S::i16s,
    from: &[S::i16s; LEVELS],
    branch: &[S::i16s; LEVELS],
    index: S::i16s,
) -> S::i16s {
    let first = F::sum::<S>(y, from[0], branch[0], index);
    let least = first.min(F::sum::<S>(y, from[1], branch[1], index));
    if LEVELS == 2 {
        return least;
    }
    let third = F::sum::<S>(y, from[2], branch[2], index);
    least.min(third.min(F::sum::<S>(y, from[3], branch[3], index)))
}

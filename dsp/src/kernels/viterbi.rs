//! The Viterbi algorithm on segments of one capture, one segment a lane, in 16-bit metrics.
//!
//! ```text
//! M(k, n) = min over o of  M(k-1, q(n, o)) + ((y(k) - x(n, o))^2 >> 16)
//! ```
//!
//! with `q(n, o) = (n mod S/L) L + o` for `S` states and `L` levels; see
//! [`crate::equalizer::mlse`] for the algorithm. The recursion is serial in `k`, so lanes run
//! along the capture: it is cut into segments of equal length (a multiple of [`GRAIN`]), each with
//! a warm-up and a tail of [`Branches::reach`] symbols, and 8, 16 or 32 segments go side by side.
//! The cut depends on the capture's length alone and all arithmetic is on integers, so every
//! instruction set decides the same symbols, bit for bit.
//!
//! **Sums.** Where the branch values are sums, `x(s, q) = g(s) + f(q)` of the new symbol and the
//! past (every linear channel, unequal levels too), the square is taken apart,
//!
//! ```text
//! (y - x)^2 = (y - g(s))^2 + (f(q)^2 + 2 g(s) f(q)) - 2 y f(q)
//! ```
//!
//! so that one constant a branch is left to add, and the rest once a state. That is a third fewer
//! instructions than a square a branch, which any other table takes.
//!
//! **Survivors.** The lowest bits of a metric (one on two levels, two on four) are the number of
//! its state among those that lead to the same next ones; branches leave them alone. The smallest
//! sum then carries its survivor with it: no comparison, no mask. The way back shifts the bits out
//! of packed words, every lane by its own state: no lane looks into a table of its own.
//!
//! **Scale.** Samples are clamped at 1.25 times the branch values' half span and scaled so that
//! the largest distance that is squared is 32,767 counts. A square, shifted down by 16, takes at
//! most a quarter of the metrics' range. Metrics of two states differ by at most `m` branches, so
//! what saturates cannot win; every 8 steps the smallest goes back to where it began. Branches are
//! rounded to the survivor's bits: down, which depends on the sample and cancels, or, where a
//! constant is rounded, up and down in turn over four steps. The symbol error ratio changes by
//! less than 1 % (test `ref_sixteen_bits_decide_as_well`), decisions differ from those in f32 in
//! about 1 of 20 symbols that are wrong anyway.
//!
//! *Assumes* a capture much longer than the segments' overlap. *Breaks* at the capture's very
//! ends, where a segment's reach is filled with the middle value: the caller decides those again
//! ([`crate::equalizer::mlse::detect`] does).

mod counts;
mod lanes;
#[cfg(test)]
mod tests;
mod transpose;
mod way_back;

use fearless_simd::{Level, dispatch};

use self::lanes::{Sum, Table, run};

/// A segment's length is a multiple of this: 32 lanes take two symbols each from one transposed
/// block.
pub const GRAIN: usize = 64;
/// Longest segment: 32 of them, with what belongs to them, fill a quarter of a mebibyte.
const LONGEST: usize = 960;
/// The number of segments is a multiple of this, so that every width divides it.
const SEGMENTS: usize = 32;
/// Longest memory for which a sum's detour fits the range, beside the metrics' own spread.
const SPLIT_MEMORY: usize = 2;
/// Steps between renormalizations.
const RENORMALIZE: usize = 8;
/// Steps after which a sum's constants repeat.
const PHASES: usize = 4;
/// Samples are clamped at so many times the branch values' half span.
const MARGIN: f32 = 1.25;
/// The largest count.
const FULL: f32 = 32_767.0;

/// Branch values in counts, and how samples become counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches {
    levels: usize,
    memory: usize,
    values: Vec<i16>,
    split: Option<Split>,
    centre: f32,
    counts_per_unit: f32,
    clamp: f32,
}

/// Branch values that are a sum, `x(s, q) = g(s) + f(q)`, in the form that the recursion uses.
#[derive(Clone, Debug, PartialEq)]
struct Split {
    /// `g(s)`.
    newest: Vec<i16>,
    /// `-2 f(q)`.
    past: Vec<i16>,
    /// `(f(q)^2 + 2 g(s) f(q)) / 2^16` for branch `n levels + o`, for four steps in turn.
    cross: [Vec<i16>; PHASES],
}

impl Branches {
    /// Scales branch values, which lie in the order of [`crate::equalizer::trellis::Trellis`]:
    /// the branches into state `n` at `n * levels + o`.
    ///
    /// `None` unless there are 2 or 4 levels, memory 1 to 3, `levels^(memory + 1)` values, all
    /// finite, not all the same.
    pub fn new(levels: usize, memory: usize, values: &[f32]) -> Option<Self> {
        let known = matches!((levels, memory), (2 | 4, 1..=3));
        if !known || values.len() != levels.pow(memory as u32 + 1) {
            return None;
        }
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
        let usable = values.iter().all(|v| v.is_finite()) && centre.is_finite();
        if !usable || half <= 0.0 || !half.is_finite() || !(FULL / half).is_finite() {
            return None;
        }
        let relative: Vec<f32> = values.iter().map(|v| (v - centre) / half).collect();
        let sum = summands(&relative, levels).filter(|_| memory <= SPLIT_MEMORY);
        let half_counts = match &sum {
            Some((newest, past)) => {
                let largest = |v: &[f32]| v.iter().fold(0.0, |m: f32, x| m.max(x.abs()));
                (FULL / (MARGIN + largest(newest))).min(0.5 * FULL / largest(past))
            }
            None => FULL / (MARGIN + 1.0),
        };
        let count = |v: f32| v.round_ties_even() as i16;
        Some(Self {
            levels,
            memory,
            values: relative.iter().map(|x| count(half_counts * x)).collect(),
            split: sum.map(|(newest, past)| Split::new(&newest, &past, half_counts)),
            centre,
            counts_per_unit: half_counts / half,
            clamp: MARGIN * half_counts,
        })
    }

    /// Returns the sample in counts: rounded to even, clamped a quarter of the half span beyond
    /// the outermost branch values.
    pub fn counts(&self, sample: f32) -> i16 {
        let scaled = (sample - self.centre) * self.counts_per_unit;
        scaled.max(-self.clamp).min(self.clamp).round_ties_even() as i16
    }

    /// Where the smallest metric is put: a sum passes through values that are lower than its
    /// result by `(y - g)^2`, at most a quarter of the range.
    fn floor(&self) -> i16 {
        match self.split {
            Some(_) => i16::MIN / 2,
            None => i16::MIN,
        }
    }

    /// Returns how many counts one unit of the samples has.
    pub fn counts_per_unit(&self) -> f32 {
        self.counts_per_unit
    }

    /// Returns the symbols of warm-up and of tail of a segment: 32, with 64 states 64.
    pub fn reach(&self) -> usize {
        if self.states() <= 16 { 32 } else { 64 }
    }

    fn states(&self) -> usize {
        self.levels.pow(self.memory as u32)
    }
}

/// `g(s)` and `f(q)` of values that are their sums but for rounding.
fn summands(values: &[f32], levels: usize) -> Option<(Vec<f32>, Vec<f32>)> {
    let states = values.len() / levels;
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let newest: Vec<f32> = values
        .chunks(states)
        .map(|row| row.iter().sum::<f32>() / states as f32)
        .collect();
    let past: Vec<f32> = (0..states)
        .map(|q| values.iter().skip(q).step_by(states).sum::<f32>() / levels as f32 - mean)
        .collect();
    let is_sum = values
        .iter()
        .enumerate()
        .all(|(c, x)| (x - newest[c / states] - past[c % states]).abs() < 1e-5);
    is_sum.then_some((newest, past))
}

impl Split {
    fn new(newest: &[f32], past: &[f32], counts: f32) -> Self {
        let (levels, states) = (newest.len(), past.len());
        let whole = |v: f32| v.round_ties_even() as i16;
        let cross = |phase: f32| {
            let one = |c: usize| {
                let (g, f) = (counts * newest[c / states], counts * past[c % states]);
                let exact = (f * f + 2.0 * g * f) / 65_536.0;
                let step = levels as f32;
                whole(((exact + 0.5 + phase) / step).floor() * step)
            };
            (0..levels * states).map(one).collect()
        };
        Self {
            newest: newest.iter().map(|&g| whole(counts * g)).collect(),
            past: past.iter().map(|&f| whole(-2.0 * counts * f)).collect(),
            cross: [cross(0.0), cross(2.0), cross(1.0), cross(3.0)],
        }
    }
}

/// Length and number of the segments that a capture is cut into.
fn cut(symbols: usize) -> (usize, usize) {
    let rounds = symbols.div_ceil(SEGMENTS * LONGEST).max(1);
    let grains = symbols.div_ceil(SEGMENTS * rounds * GRAIN).max(1);
    // An odd number of grains: with a power of two between them, the segments' samples would all
    // fall into the same few sets of the first-level cache.
    let length = GRAIN * (grains | 1);
    (length, symbols.div_ceil(length).next_multiple_of(SEGMENTS))
}

/// Memory that the kernel works in; kept between captures, it is allocated once.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    words: Vec<i16>,
    bytes: Vec<u8>,
}

/// Samples in counts of this group and of the next, survivors, pairs of decided symbols, symbols of
/// an incomplete group.
type Parts<'a> = (
    &'a mut [i16],
    &'a mut [i16],
    &'a mut [i16],
    &'a mut [i16],
    &'a mut [u8],
);

impl Workspace {
    /// Lends buffers of these lengths, each on a cache line of its own.
    fn parts(&mut self, counts: usize, survivors: usize, pairs: usize, spare: usize) -> Parts<'_> {
        const LINE: usize = 32;
        let whole = |n: usize| n.next_multiple_of(LINE);
        let size = 2 * whole(counts) + whole(survivors) + whole(pairs) + LINE;
        if self.words.len() < size {
            self.words.resize(size, 0);
        }
        if self.bytes.len() < spare {
            self.bytes.resize(spare, 0);
        }
        let start = self.words.as_ptr().align_offset(2 * LINE).min(LINE);
        let (a, rest) = self.words[start..].split_at_mut(whole(counts));
        let (b, rest) = rest.split_at_mut(whole(counts));
        let (c, rest) = rest.split_at_mut(whole(survivors));
        (
            &mut a[..counts],
            &mut b[..counts],
            &mut c[..survivors],
            &mut rest[..pairs],
            &mut self.bytes[..spare],
        )
    }
}

/// Decides every symbol.
///
/// The first and the last [`Branches::reach`] symbols are decided as if the middle value had been
/// received before and after the capture.
pub fn viterbi(level: Level, samples: &[f32], branches: &Branches) -> Vec<u8> {
    let mut out = vec![0; samples.len()];
    viterbi_into(
        level,
        samples,
        branches,
        &mut Workspace::default(),
        &mut out,
    );
    out
}

/// Decides every symbol into `out`, of which as many as there are samples are written; without
/// allocation once the workspace has grown.
///
/// *Complexity*: `samples * levels^(memory + 1)` branches of two instructions on 8, 16 or 32 lanes
/// (four where the values are no sums), and 1/15 more for the segments' reach. The workspace grows
/// to 220 kB with four states, 290 kB with sixteen and 720 kB with 64.
pub fn viterbi_into(
    level: Level,
    samples: &[f32],
    branches: &Branches,
    workspace: &mut Workspace,
    out: &mut [u8],
) {
    let n = samples.len().min(out.len());
    let (y, b, w, o) = (&samples[..n], branches, workspace, &mut out[..n]);
    match (b.levels, b.memory, &b.split) {
        (2, 1, Some(_)) => dispatch!(level, simd => run::<_, Sum, 2, 1>(simd, y, b, w, o)),
        (2, 2, Some(_)) => dispatch!(level, simd => run::<_, Sum, 2, 2>(simd, y, b, w, o)),
        (4, 1, Some(_)) => dispatch!(level, simd => run::<_, Sum, 4, 1>(simd, y, b, w, o)),
        (4, 2, Some(_)) => dispatch!(level, simd => run::<_, Sum, 4, 4>(simd, y, b, w, o)),
        (2, 1, _) => dispatch!(level, simd => run::<_, Table, 2, 1>(simd, y, b, w, o)),
        (2, 2, _) => dispatch!(level, simd => run::<_, Table, 2, 2>(simd, y, b, w, o)),
        (2, _, _) => dispatch!(level, simd => run::<_, Table, 2, 4>(simd, y, b, w, o)),
        (_, 1, _) => dispatch!(level, simd => run::<_, Table, 4, 1>(simd, y, b, w, o)),
        (_, 2, _) => dispatch!(level, simd => run::<_, Table, 4, 4>(simd, y, b, w, o)),
        _ => dispatch!(level, simd => run::<_, Table, 4, 16>(simd, y, b, w, o)),
    }
}

/// The oracle of [`viterbi`]: the same segments, one after the other, in plain integers.
pub fn viterbi_scalar(samples: &[f32], branches: &Branches) -> Vec<u8> {
    let (length, segments) = cut(samples.len());
    let reach = branches.reach();
    let mut out = Vec::with_capacity(segments * length);
    for segment in 0..segments {
        let counts: Vec<i16> = (0..length + 2 * reach)
            .map(|k| (segment * length + k).checked_sub(reach))
            .map(|at| at.and_then(|i| samples.get(i)))
            .map(|y| y.map_or(0, |&y| branches.counts(y)))
            .collect();
        let decided = segment_scalar(&counts, branches);
        out.extend_from_slice(&decided[reach..reach + length]);
    }
    out.truncate(samples.len());
    out
}

fn segment_scalar(counts: &[i16], branches: &Branches) -> Vec<u8> {
    let (levels, states) = (branches.levels, branches.states());
    let rest = states / levels;
    // The lowest bits of a metric hold the oldest symbol of its state.
    let index = levels as i16 - 1;
    let mut metrics: Vec<i16> = (0..states)
        .map(|n| branches.floor() + (n % levels) as i16)
        .collect();
    let mut survivors = vec![];
    for (k, &y) in counts.iter().enumerate() {
        if k % RENORMALIZE == 0 {
            let least = metrics.iter().copied().min().unwrap_or(i16::MIN);
            let down = least.saturating_sub(branches.floor()) & !index;
            metrics.iter_mut().for_each(|m| *m = m.saturating_sub(down));
        }
        let least: Vec<(i16, usize)> = (0..states)
            .map(|n| {
                let from = n % rest * levels;
                least_scalar((k, y), &metrics[from..from + levels], n, branches)
            })
            .collect();
        for (n, m) in metrics.iter_mut().enumerate() {
            *m = least[n].0 & !index | (n % levels) as i16;
        }
        survivors.push(least);
    }
    let mut state = (0..states)
        .min_by_key(|&n| metrics[n] & !index)
        .unwrap_or(0);
    let mut decided = vec![0; counts.len()];
    for (k, least) in survivors.iter().enumerate().rev() {
        decided[k] = (state / rest) as u8;
        state = state % rest * levels + least[state].1;
    }
    decided
}

/// The metric of state `n` and the old symbol of the branch that survives.
fn least_scalar((k, y): (usize, i16), from: &[i16], n: usize, branches: &Branches) -> (i16, usize) {
    let levels = branches.levels;
    let index = levels as i16 - 1;
    let high = |a: i16, b: i16| ((i32::from(a) * i32::from(b)) >> 16) as i16;
    let sums = (0..levels).map(|o| match &branches.split {
        Some(split) => {
            let q = n * levels % branches.states() + o;
            from[o]
                .saturating_add(high(y, split.past[q]) & !index)
                .saturating_add(split.cross[k % PHASES][n * levels + o])
        }
        None => {
            let d = y.saturating_sub(branches.values[n * levels + o]);
            from[o].saturating_add(high(d, d) & !index)
        }
    });
    let least = sums.min().unwrap_or(i16::MAX);
    let rest = match &branches.split {
        Some(split) => {
            let d = y.saturating_sub(split.newest[n * levels / branches.states()]);
            high(d, d)
        }
        None => 0,
    };
    (least.saturating_add(rest), (least & index) as usize)
}

//! Fixed feed-forward filter, with the slicer behind it when only decisions are wanted.
//!
//! ```text
//! y(k) = b + sum_i w(i) x(s k + i - c)        d(k) = number of thresholds below y(k)
//! ```
//!
//! with `s` samples a symbol (1 or 2), centre `c`, and `pad` for samples beyond the ends. Samples
//! are f32, or raw i8 or i16: [`Fir::for_raw`] folds their scale into the taps and their offset
//! into `b`, so that a narrow capture is never widened in memory.
//!
//! # How
//!
//! Lanes are symbols four apart. A block of samples is taken apart into `4 s` phases that lie in
//! the first-level cache, `X(i) = x(i), x(i + 4 s), x(i + 8 s) ...`. Then
//!
//! ```text
//! Y(r) = b + sum_i w(i) X(s r + i)            r = 0 .. 3
//! ```
//!
//! and `X(i + 4 s)` is `X(i)` one lane on, which an unaligned load gives. Every loaded vector
//! serves up to four symbols: a plain polyphase loop needs one unaligned load a multiplication
//! and stands at half of the multiplier's rate, because a 64-byte load that is not aligned
//! touches two lines. Four symbols apart also makes the decisions cheap: the decision of symbol
//! `4 l + r` is byte `r` of the 32-bit lane `l`, so four are stored at once without a shuffle.
//!
//! Samples are taken apart by shuffles (f32) or by shifts within 32-bit words (i8, i16). A
//! decision counts sign bits of `threshold - y`: a comparison would share its unit with the
//! multiplier.
//!
//! # Rounding
//!
//! Taps are added one after the other, first to last, in f32: levels with fused multiply-add give
//! the same bytes. Against the exact sum every level stays within `(n + 1) u sum |w x|` with `n`
//! taps and `u` = 2^-23 (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
//! section 3.1), so a decision can differ from the exact one only that near to a threshold.
//!
//! *Breaks* with non-finite samples (they spread over as many symbols as there are taps, and over
//! four at least) and with an offset that is much larger than the swing: f32 has 24 bits for both.

use fearless_simd::{Level, Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

mod emit;
mod phases;
#[cfg(target_arch = "x86_64")]
mod transpose;

use emit::{Decisions, Emit, Symbols};
pub use phases::RawSample;

/// Lanes of a phase in a block: eight phases of f32 are 6 KiB. A multiple of every group.
const LANES: usize = 192;
/// Symbols of a block.
const BLOCK: usize = 4 * LANES;

/// Samples a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// One.
    Symbol,
    /// Two.
    HalfSymbol,
}

impl Spacing {
    /// Returns the samples a symbol.
    pub fn samples(self) -> usize {
        match self {
            Spacing::Symbol => 1,
            Spacing::HalfSymbol => 2,
        }
    }
}

/// Thresholds of the decisions, ascending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thresholds {
    /// Two levels.
    One([f32; 1]),
    /// Four levels.
    Three([f32; 3]),
}

impl Thresholds {
    /// Takes 1 or 3 thresholds, each rounded down to f32: an f32 is above a threshold exactly
    /// when it is above the rounded one. `None` for another number of them.
    pub fn new(thresholds: &[f64]) -> Option<Self> {
        match *thresholds {
            [t] => Some(Self::One([round_down(t)])),
            [a, b, c] => Some(Self::Three([a, b, c].map(round_down))),
            _ => None,
        }
    }

    /// Returns the thresholds.
    pub fn as_slice(&self) -> &[f32] {
        match self {
            Self::One(t) => t,
            Self::Three(t) => t,
        }
    }
}

fn round_down(t: f64) -> f32 {
    let near = t as f32;
    if f64::from(near) > t {
        near.next_down()
    } else {
        near
    }
}

/// A fixed filter over samples of type `T`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fir<T> {
    /// Samples a symbol.
    pub spacing: Spacing,
    /// Taps, earliest sample first.
    pub taps: Vec<f32>,
    /// Tap at the decision instant.
    pub centre: usize,
    /// What is added to every symbol.
    pub bias: f32,
    /// What a sample beyond the ends counts as.
    pub pad: T,
}

impl Fir<f32> {
    /// A filter over samples in their own unit.
    pub fn new(spacing: Spacing, taps: &[f32], centre: usize, pad: f32) -> Self {
        Self {
            spacing,
            taps: taps.to_vec(),
            centre,
            bias: 0.0,
            pad,
        }
    }
}

impl<T: RawSample> Fir<T> {
    /// The same filter over raw samples that mean `offset + scale * raw`: the scale goes into the
    /// taps, the offset times their sum into the bias.
    pub fn for_raw(of: &Fir<f32>, scale: f64, offset: f64, pad: T) -> Self {
        let sum: f64 = of.taps.iter().map(|&w| f64::from(w)).sum();
        Self {
            spacing: of.spacing,
            taps: of
                .taps
                .iter()
                .map(|&w| (f64::from(w) * scale) as f32)
                .collect(),
            centre: of.centre,
            bias: (f64::from(of.bias) + offset * sum) as f32,
            pad,
        }
    }

    /// Returns how many symbols `samples` samples give.
    pub fn symbols(&self, samples: usize) -> usize {
        samples / self.spacing.samples()
    }

    /// Equalizes: one f32 a symbol.
    ///
    /// # Shapes
    /// Writes the first `min(out.len(), self.symbols(samples.len()))` symbols and returns how
    /// many that are.
    pub fn filter_into(&self, level: Level, samples: &[T], out: &mut [f32]) -> usize {
        self.run(level, samples, &Symbols, out)
    }

    /// Equalizes and decides: one level index a symbol.
    ///
    /// # Shapes
    /// As [`Self::filter_into`].
    pub fn decide_into(
        &self,
        level: Level,
        samples: &[T],
        thresholds: &Thresholds,
        out: &mut [u8],
    ) -> usize {
        match thresholds {
            Thresholds::One(t) => self.run(level, samples, &Decisions(*t), out),
            Thresholds::Three(t) => self.run(level, samples, &Decisions(*t), out),
        }
    }

    fn run<E: Emit>(&self, level: Level, samples: &[T], emit: &E, out: &mut [E::Item]) -> usize {
        let count = out.len().min(self.symbols(samples.len()));
        let out = &mut out[..count];
        match self.spacing {
            Spacing::Symbol => {
                dispatch!(level, simd => walk::<_, T, E, 1>(simd, self, samples, emit, out));
            }
            Spacing::HalfSymbol => {
                dispatch!(level, simd => walk::<_, T, E, 2>(simd, self, samples, emit, out));
            }
        }
        count
    }

    /// The oracle of [`Self::filter_into`]: the same taps in f64, rounded once at the end.
    pub fn filter_scalar(&self, samples: &[T], out: &mut [f32]) -> usize {
        let count = out.len().min(self.symbols(samples.len()));
        for (k, y) in out[..count].iter_mut().enumerate() {
            *y = self.symbol_scalar(samples, k) as f32;
        }
        count
    }

    /// The oracle of [`Self::decide_into`]: thresholds against the sum in f64.
    pub fn decide_scalar(&self, samples: &[T], thresholds: &Thresholds, out: &mut [u8]) -> usize {
        let count = out.len().min(self.symbols(samples.len()));
        for (k, d) in out[..count].iter_mut().enumerate() {
            let y = self.symbol_scalar(samples, k);
            let above = |&&t: &&f32| y > f64::from(t);
            *d = thresholds.as_slice().iter().filter(above).count() as u8;
        }
        count
    }

    fn symbol_scalar(&self, samples: &[T], k: usize) -> f64 {
        let first = self.spacing.samples() * k;
        let mut y = f64::from(self.bias);
        for (i, &w) in self.taps.iter().enumerate() {
            let x = (first + i)
                .checked_sub(self.centre)
                .and_then(|at| samples.get(at))
                .unwrap_or(&self.pad);
            y += f64::from(w) * f64::from(x.to_f32());
        }
        y
    }
}

/// Walks over the capture with as many sums at once as there are registers for: eight of sixteen
/// on AVX2, twelve of thirty-two on AVX-512. Fewer than eight would wait for each other; twelve on
/// AVX2 go through memory, and 1530 million symbols a second become 1070 (i8, Zen 4).
#[simd]
fn walk<S: Simd, T: RawSample, E: Emit, const SP: usize>(
    simd: S,
    fir: &Fir<T>,
    samples: &[T],
    emit: &E,
    out: &mut [E::Item],
) {
    if S::f32s::LEN == 16 {
        blocks::<S, T, E, SP, 3>(simd, fir, samples, emit, out);
    } else {
        blocks::<S, T, E, SP, 2>(simd, fir, samples, emit, out);
    }
}

/// Takes samples apart one group ahead of the sums, so that what was just stored is not loaded
/// yet; the lanes ahead are carried from block to block.
#[inline(always)]
fn blocks<S: Simd, T: RawSample, E: Emit, const SP: usize, const G: usize>(
    simd: S,
    fir: &Fir<T>,
    samples: &[T],
    emit: &E,
    out: &mut [E::Item],
) {
    let lanes = S::f32s::LEN;
    // The sums of a group begin and end with `3 SP` samples that not all symbols take.
    let mut taps = fir.taps.clone();
    taps.resize(taps.len().max(3 * SP), 0.0);
    let reach = taps.len() + 3 * SP;
    let ahead = reach.div_ceil(4 * SP).next_multiple_of(lanes) + G * lanes;
    // One vector more keeps phases from being whole kibibytes apart, in the same cache sets.
    let stride = LANES + ahead + lanes;
    let offsets: Vec<u32> = (0..reach)
        .map(|i| ((i % (4 * SP)) * stride + i / (4 * SP)) as u32)
        .collect();
    // A cache line more than is used, so that the phases can begin on a line.
    let mut buffer = vec![0.0f32; 4 * SP * stride + 16];
    let skip = buffer.as_ptr().align_offset(64).min(16);
    let phases = &mut buffer[skip..skip + 4 * SP * stride];
    let mut edge = vec![fir.pad; 4 * SP * LANES.max(ahead)];
    let mut rest = vec![E::Item::default(); BLOCK];

    copy_edge(samples, -(fir.centre as i64), &mut edge, fir.pad);
    for v in 0..ahead / lanes {
        T::split::<S, SP>(simd, &edge, v, phases, stride, v * lanes);
    }
    for (b, block) in out.chunks_mut(BLOCK).enumerate() {
        let first = (SP * (BLOCK * b + 4 * ahead)) as i64 - fir.centre as i64;
        let inside = usize::try_from(first)
            .ok()
            .and_then(|first| samples.get(first..first + SP * BLOCK));
        let source = inside.unwrap_or_else(|| {
            copy_edge(samples, first, &mut edge, fir.pad);
            &edge
        });
        let whole = block.len() == BLOCK;
        let target = if whole { &mut *block } else { &mut rest };
        for (group, out) in target.chunks_exact_mut(4 * G * lanes).enumerate() {
            for v in G * group..G * (group + 1) {
                T::split::<S, SP>(simd, source, v, phases, stride, ahead + v * lanes);
            }
            let phases = &phases[G * group * lanes..];
            sum_group::<S, E, SP, G>(simd, fir.bias, &taps, phases, &offsets, emit, out);
        }
        if !whole {
            block.copy_from_slice(&rest[..block.len()]);
        }
        for phase in phases.chunks_exact_mut(stride) {
            phase.copy_within(LANES..LANES + ahead, 0);
        }
    }
}

/// Copies samples from `first` on, `pad` where there are none.
fn copy_edge<T: RawSample>(samples: &[T], first: i64, edge: &mut [T], pad: T) {
    let n = samples.len() as i64;
    let from = first.clamp(0, n);
    let to = (first + edge.len() as i64).clamp(from, n);
    let (at, count) = ((from - first) as usize, (to - from) as usize);
    edge.fill(pad);
    if count > 0 {
        edge[at..at + count].copy_from_slice(&samples[from as usize..to as usize]);
    }
}

/// Sums one group: `G` vectors of each of the four symbols at once.
///
/// The first and last `3 SP` samples serve fewer than four symbols, which ones is known to the
/// compiler; there are at least `3 SP` taps. `offsets` says where the lanes of sample `i` begin.
#[inline(always)]
fn sum_group<S: Simd, E: Emit, const SP: usize, const G: usize>(
    simd: S,
    bias: f32,
    taps: &[f32],
    phases: &[f32],
    offsets: &[u32],
    emit: &E,
    out: &mut [E::Item],
) {
    let lanes = S::f32s::LEN;
    let n = taps.len();
    let (head, tail) = (&taps[..3 * SP], &taps[n - 3 * SP..]);
    let (first, rest) = offsets.split_at(3 * SP);
    let (middle, last) = rest.split_at(n - 3 * SP);
    let mut sums = [[S::f32s::splat(simd, bias); G]; 4];
    for i in 0..3 * SP {
        let x = load::<S, G>(simd, phases, first[i]);
        for r in 0..=i / SP {
            add(simd, &mut sums[r], head[i - SP * r], x);
        }
    }
    for (w, &at) in taps.windows(3 * SP + 1).zip(middle) {
        let x = load::<S, G>(simd, phases, at);
        for r in 0..4 {
            add(simd, &mut sums[r], w[SP * (3 - r)], x);
        }
    }
    for i in 0..3 * SP {
        let x = load::<S, G>(simd, phases, last[i]);
        for r in i / SP + 1..4 {
            add(simd, &mut sums[r], tail[3 * SP + i - SP * r], x);
        }
    }
    for (g, out) in out.chunks_exact_mut(4 * lanes).enumerate() {
        let symbols = std::array::from_fn(
            #[inline(always)]
            |r| sums[r][g],
        );
        emit.store(simd, symbols, out);
    }
}

#[inline(always)]
fn load<S: Simd, const G: usize>(simd: S, phases: &[f32], at: u32) -> [S::f32s; G] {
    let lanes = S::f32s::LEN;
    let at = at as usize;
    let x = &phases[at..at + G * lanes];
    std::array::from_fn(
        #[inline(always)]
        |g| S::f32s::from_slice(simd, &x[g * lanes..(g + 1) * lanes]),
    )
}

#[inline(always)]
fn add<S: Simd, const G: usize>(simd: S, sums: &mut [S::f32s; G], tap: f32, x: [S::f32s; G]) {
    let tap = S::f32s::splat(simd, tap);
    for (sum, x) in sums.iter_mut().zip(x) {
        *sum = tap.mul_add(x, *sum);
    }
}

#[cfg(test)]
mod tests;

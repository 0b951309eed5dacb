//! Sixteen streams side by side: transposing loads, decisions by lane.
//!
//! A recursion (an adaptive filter, decision feedback) cannot be vectorized along time, but sixteen
//! streams of it can be run at once: sixteen captures, or sixteen stretches of one. The samples
//! come as rows (one stream each) and are wanted as columns (one instant of all streams), so
//! blocks of 16 by 16 are transposed in registers by four rounds of perfect shuffles: with the
//! row and the column of an element as one number of eight bits, interleaving row `i` with row
//! `i + 8` rotates it left by one bit, and four rotations swap row and column.
//!
//! The lanes never meet in a sum, so the results are the same at every vector width, but for
//! fused multiply-add. Where sixteen partial sums have to become one, `total` does it in one
//! order.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x4, f32x16, u32x16};

/// Streams that run side by side.
pub const LANES: usize = 16;
/// Symbols of each stream that are worked on at once.
pub const CHUNK: usize = 64;
/// Samples of each stream in a chunk.
pub const CHUNK_SAMPLES: usize = 2 * CHUNK;
/// Samples beyond a chunk that its filters may reach.
pub const REACH: usize = 48;

/// Writes a loop over `j` out, so that arrays indexed by it stay in registers: the optimizer leaves
/// a loop of twenty steps rolled, and with it the arrays in memory.
macro_rules! unroll {
    // For short arrays: the compiler refuses an index beyond them even where it is never used.
    ($j:ident < $n:expr, at most 3 => $body:block) => {
        unroll!(@ $j, $n, $body, 0 1 2)
    };
    ($j:ident < $n:expr, at most 4 => $body:block) => {
        unroll!(@ $j, $n, $body, 0 1 2 3)
    };
    ($j:ident < $n:expr, at most 16 => $body:block) => {
        unroll!(@ $j, $n, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($j:ident < $n:expr, at most 8 => $body:block) => {
        unroll!(@ $j, $n, $body, 0 1 2 3 4 5 6 7)
    };
    ($j:ident < $n:expr => $body:block) => {
        unroll!(@ $j, $n, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39)
    };
    (@ $j:ident, $n:expr, $body:block, $($i:literal)*) => {
        $(if $i < $n {
            let $j: usize = $i;
            $body
        })*
    };
}
pub(crate) use unroll;

/// One instant of all streams, in a cache line of its own: a vector that straddles two lines costs
/// two loads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub struct Column(pub [f32; LANES]);

/// Sums the lanes by halves, in one order at every width.
#[inline(always)]
pub(crate) fn total<S: Simd>(lanes: f32x16<S>) -> f32 {
    let (a, b) = lanes.split();
    let (a, b) = (a + b).split();
    let [a, b, c, d] = *(a + b);
    (a + c) + (b + d)
}

/// Rows become columns.
#[inline(always)]
pub(crate) fn transpose<S: Simd>(rows: [f32x16<S>; LANES]) -> [f32x16<S>; LANES] {
    let mut now = rows;
    for _ in 0..4 {
        let mut next = now;
        unroll!(i < 8, at most 8 => {
            let (low, high) = now[i].interleave(now[i + 8]);
            next[2 * i] = low;
            next[2 * i + 1] = high;
        });
        now = next;
    }
    now
}

/// Fills `16 B` columns from sixteen streams, each from its own place on, less the offset; zero
/// beyond the ends.
#[inline(always)]
pub(crate) fn fill<S: Simd, const B: usize>(
    simd: S,
    columns: &mut [Column],
    streams: &[&[f32]; LANES],
    first: &[isize; LANES],
    offset: f32,
) {
    let inside = |l: usize| {
        let from = usize::try_from(first[l]).ok()?;
        streams[l].get(from..from + LANES * B)
    };
    let shift = f32x16::splat(simd, offset);
    let mut edges = [[0.0f32; LANES]; LANES];
    let whole: Option<[&[f32]; LANES]> = (0..LANES)
        .all(|l| inside(l).is_some())
        .then(|| std::array::from_fn(|l| inside(l).unwrap_or_default()));
    for (b, block) in columns
        .as_chunks_mut::<LANES>()
        .0
        .iter_mut()
        .take(B)
        .enumerate()
    {
        let mut rows = [shift; LANES];
        if let Some(whole) = &whole {
            unroll!(l < LANES, at most 16 => {
                rows[l] = f32x16::from_slice(simd, &whole[l][LANES * b..LANES * (b + 1)]) - shift;
            });
        } else {
            for (l, row) in edges.iter_mut().enumerate() {
                edge(row, streams[l], first[l] + (LANES * b) as isize, offset);
            }
            unroll!(l < LANES, at most 16 => {
                rows[l] = f32x16::from_slice(simd, &edges[l]) - shift;
            });
        }
        let turned = transpose(rows);
        unroll!(l < LANES, at most 16 => {
            turned[l].store_slice(&mut block[l].0);
        });
    }
}

/// Reads one sample of each cache line of a stretch, so that it is in the second-level cache when
/// its turn comes.
///
/// Sixteen streams read by turns are more than the processor's prefetcher follows. Each stream's
/// next stretch is therefore run through in one go, a few lines at a time between other work.
pub(crate) struct Ahead<'a> {
    left: &'a [f32],
    seen: u32,
}

/// Chunks of all streams that are worked on while each stream's next stretch is read: one chunk
/// for each stream.
pub(crate) const STRETCH: usize = LANES * CHUNK_SAMPLES;

impl<'a> Ahead<'a> {
    /// Takes the stretch of one stream that begins at `first`.
    pub(crate) fn new(stream: &'a [f32], first: isize) -> Self {
        let from = usize::try_from(first).unwrap_or(0).min(stream.len());
        let left = &stream[from..(from + STRETCH).min(stream.len())];
        Self { left, seen: 0 }
    }

    /// Reads the next eight lines.
    #[inline(always)]
    pub(crate) fn read(&mut self) {
        let Some((lines, left)) = self.left.split_first_chunk::<128>() else {
            return;
        };
        for line in lines.as_chunks::<16>().0 {
            self.seen ^= line[0].to_bits();
        }
        self.left = left;
    }

    /// Ends it: what was read must look as if it were wanted.
    pub(crate) fn end(self) {
        std::hint::black_box(self.seen);
    }
}

/// A row that begins before the stream or ends behind it: what lies beyond counts as the offset.
#[cold]
#[inline(never)]
fn edge(row: &mut [f32], samples: &[f32], first: isize, offset: f32) {
    for (i, x) in row.iter_mut().enumerate() {
        let at = usize::try_from(first + i as isize).ok();
        *x = at.and_then(|i| samples.get(i)).copied().unwrap_or(offset);
    }
}

/// Levels of PAM-4 (or of NRZ, with thresholds that are never reached) and their thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slices {
    /// Levels, lowest first.
    pub levels: [f32; 4],
    /// Thresholds between them.
    pub thresholds: [f32; 3],
}

/// Levels and thresholds in registers.
///
/// The two lowest bits of a level's significand carry its symbol, so that one selection decides
/// both; the level moves by at most three units in the last place, 4e-7 of itself.
pub(crate) struct Slicing<S: Simd> {
    levels: [f32x16<S>; 4],
    thresholds: [f32x16<S>; 3],
}

impl<S: Simd> Slicing<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S, slices: &Slices) -> Self {
        let tagged = |i: u32| f32::from_bits(slices.levels[i as usize].to_bits() & !3 | i);
        Self {
            levels: [0, 1, 2, 3].map(|i| f32x16::splat(simd, tagged(i))),
            thresholds: slices.thresholds.map(|t| f32x16::splat(simd, t)),
        }
    }

    /// Decides: the level, with its symbol in the two lowest bits.
    #[inline(always)]
    pub(crate) fn decide(&self, y: f32x16<S>) -> f32x16<S> {
        let (v, t) = (&self.levels, &self.thresholds);
        let low = y.simd_gt(t[0]).select(v[1], v[0]);
        let high = y.simd_gt(t[2]).select(v[3], v[2]);
        y.simd_gt(t[1]).select(high, low)
    }

    /// Returns the level of a symbol.
    #[inline(always)]
    pub(crate) fn level(&self, symbol: u32x16<S>) -> f32x16<S> {
        let v = &self.levels;
        let low = symbol.simd_gt(0).select(v[1], v[0]);
        let high = symbol.simd_gt(2).select(v[3], v[2]);
        symbol.simd_gt(1).select(high, low)
    }
}

/// Returns the symbol that a decided level carries.
#[inline(always)]
pub(crate) fn symbol<S: Simd>(level: f32x16<S>) -> u32x16<S> {
    level.to_bits() & 3
}

/// The sums across four vectors: halves are added to halves, and the last four lanes by pairs.
#[inline(always)]
pub(crate) fn sums<S: Simd>(of: [f32x16<S>; 4]) -> [f32; 4] {
    let a = quarter(of[0]);
    let b = quarter(of[1]);
    let c = quarter(of[2]);
    let d = quarter(of[3]);
    let ab = a.unzip_low(b) + a.unzip_high(b);
    let cd = c.unzip_low(d) + c.unzip_high(d);
    let sums: f32x4<S> = ab.unzip_low(cd) + ab.unzip_high(cd);
    let mut out = [0.0; 4];
    sums.store_slice(&mut out);
    out
}

/// Adds halves to halves until four lanes are left.
#[inline(always)]
fn quarter<S: Simd>(v: f32x16<S>) -> f32x4<S> {
    let (low, high) = v.split();
    let (low, high) = (low + high).split();
    low + high
}

/// Symbols of a chunk, four bytes a word: word `q` of a lane has the symbols `4 q` to `4 q + 3`.
pub(crate) type Words = [Word; CHUNK / 4];

/// Four symbols of all streams.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Word(pub(crate) [u32; LANES]);

/// Writes the symbols of a chunk to where each lane wants them.
#[inline(always)]
pub(crate) fn scatter<S: Simd>(simd: S, words: &Words, mut write: impl FnMut(usize, &[u8; CHUNK])) {
    let turned = turn(simd, words);
    for (lane, row) in turned.iter().enumerate() {
        let mut bytes = [0u8; CHUNK];
        unroll!(q < LANES, at most 16 => {
            bytes.as_chunks_mut::<4>().0[q] = row.0[q].to_le_bytes();
        });
        write(lane, &bytes);
    }
}

/// Reads the symbols of a chunk from where each lane has them; what a lane lacks is zero.
#[inline(always)]
pub(crate) fn gather<S: Simd>(simd: S, read: impl Fn(usize) -> Option<[u8; CHUNK]>) -> Words {
    let mut rows = Words::default();
    for (lane, row) in rows.iter_mut().enumerate() {
        let bytes = read(lane).unwrap_or([0; CHUNK]);
        unroll!(q < LANES, at most 16 => {
            row.0[q] = u32::from_le_bytes(bytes.as_chunks::<4>().0[q]);
        });
    }
    turn(simd, &rows)
}

/// Rows of words become columns; sixteen words of four symbols are as many as there are lanes.
#[inline(always)]
fn turn<S: Simd>(simd: S, words: &Words) -> Words {
    let mut rows = [f32x16::splat(simd, 0.0); LANES];
    unroll!(q < LANES, at most 16 => {
        rows[q] = f32x16::from_bits(u32x16::from_slice(simd, &words[q].0));
    });
    let columns = transpose(rows);
    let mut turned = Words::default();
    unroll!(q < LANES, at most 16 => {
        columns[q].to_bits().store_slice(&mut turned[q].0);
    });
    turned
}

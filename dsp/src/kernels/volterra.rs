//! Linear and quadratic equalizer at two samples a symbol, fitted by least squares.
//!
//! ```text
//! y(k) = b + sum_j w(j) x(2k + j - T/2) + sum_(i<=j) q(i,j) x(2k + i - Q/2) x(2k + j - Q/2)
//! ```
//!
//! With sixteen stretches of the capture side by side ([`lanes`](super::lanes)) all of it is lane by
//! lane: `T` multiplications for the taps, and for the products `sum_i x(i) (sum_(j>=i) q(i,j)
//! x(j))`, `Q (Q + 1) / 2 + Q` more. Four symbols are worked on at once, so that each coefficient
//! and each sample is loaded once for several.
//!
//! [`fit`] adds up the products of all pairs of terms, tile by tile in registers: the sums of 67
//! unknowns are 2278 multiplications a symbol, so it takes as many symbols as it is told and no
//! more. The Volterra equalizer of any order, with pruning, is
//! [`equalizer::volterra`](crate::equalizer::volterra), the oracle of this one.
//!
//! *Assumes* a channel that stands still: the coefficients do. *Breaks* on samples that are no
//! numbers (no fit).

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16, u32x16};
use fearless_simd_macros::simd;

use super::lanes::{
    CHUNK, CHUNK_SAMPLES, Column, LANES, REACH, Slices, Slicing, Words, fill, gather, scatter,
    symbol, unroll,
};
use crate::equalizer::least_squares::cholesky_solve;

/// Symbols that are worked on at once.
pub const BLOCK: usize = CHUNK * LANES;

/// Coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Quadratic<const TAPS: usize, const SPAN: usize> {
    /// Taps, earliest sample first.
    pub linear: [f32; TAPS],
    /// Coefficients of the products of samples `i` and `j >= i`; the others are not used.
    pub products: [[f32; SPAN]; SPAN],
    /// Constant.
    pub bias: f32,
    /// Taken off every sample.
    pub offset: f32,
}

/// Columns of a block: the windows of all its symbols.
type Columns = [Column; CHUNK_SAMPLES + REACH];

#[inline(always)]
fn load_block<S: Simd, const TAPS: usize>(
    simd: S,
    x: &mut Columns,
    samples: &[f32],
    first: usize,
    offset: f32,
) {
    let mut at = [0; LANES];
    for (l, at) in at.iter_mut().enumerate() {
        *at = (2 * (first + CHUNK * l)) as isize - (TAPS / 2) as isize;
    }
    fill::<S, { (CHUNK_SAMPLES + REACH) / LANES }>(simd, x, &[samples; LANES], &at, offset);
}

/// Equalizes and decides a capture; symbol `k` is decided at sample `2 k`, the tap `TAPS / 2`.
///
/// # Shapes
/// Writes the first `min(decided.len(), samples.len() / 2)` decisions and returns how many.
pub fn volterra<const TAPS: usize, const SPAN: usize>(
    level: Level,
    samples: &[f32],
    model: &Quadratic<TAPS, SPAN>,
    slices: &Slices,
    decided: &mut [u8],
) -> usize {
    let count = decided.len().min(samples.len() / 2);
    let decided = &mut decided[..count];
    dispatch!(level, simd => {
        match simd.level() {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Level::Avx512(_) => run::<_, TAPS, SPAN, 4>(simd, samples, model, slices, decided),
            _ => run::<_, TAPS, SPAN, 2>(simd, samples, model, slices, decided),
        }
    });
    count
}

#[simd]
fn run<S: Simd, const TAPS: usize, const SPAN: usize, const OUTPUTS: usize>(
    simd: S,
    samples: &[f32],
    model: &Quadratic<TAPS, SPAN>,
    slices: &Slices,
    decided: &mut [u8],
) {
    const { assert!(TAPS >= SPAN && SPAN <= 16 && TAPS + 6 <= 42) };
    let slicing = Slicing::new(simd, slices);
    let mut x = [Column::default(); CHUNK_SAMPLES + REACH];
    for (b, block) in decided.chunks_mut(BLOCK).enumerate() {
        load_block::<S, TAPS>(simd, &mut x, samples, b * BLOCK, model.offset);
        let mut words = Words::default();
        for (q, word) in words.iter_mut().enumerate() {
            let mut out = u32x16::splat(simd, 0);
            for part in 0..4 / OUTPUTS {
                let from = 8 * q + 2 * OUTPUTS * part;
                let Some(x) = x[from..].first_chunk::<42>() else {
                    return;
                };
                let y = outputs::<S, TAPS, SPAN, OUTPUTS>(simd, x, model);
                unroll!(o < OUTPUTS, at most 4 => {
                    let shift = 8 * (OUTPUTS * part + o) as u32;
                    out |= symbol(slicing.decide(y[o])) << shift;
                });
            }
            out.store_slice(&mut word.0);
        }
        scatter(simd, &words, |lane, bytes| {
            let from = (CHUNK * lane).min(block.len());
            let to = (from + CHUNK).min(block.len());
            block[from..to].copy_from_slice(&bytes[..to - from]);
        });
    }
}

/// Outputs of neighbouring symbols.
#[inline(always)]
fn outputs<S: Simd, const TAPS: usize, const SPAN: usize, const OUTPUTS: usize>(
    simd: S,
    x: &[Column; 42],
    model: &Quadratic<TAPS, SPAN>,
) -> [f32x16<S>; 4] {
    let load = |n: usize| f32x16::from_slice(simd, &x[n].0);
    let mut y = [f32x16::splat(simd, model.bias); 4];
    for (j, &w) in model.linear.iter().enumerate() {
        let w = f32x16::splat(simd, w);
        unroll!(o < OUTPUTS, at most 4 => {
            y[o] = f32x16::from_slice(simd, &x[(j + 2 * o) % 42].0).mul_add(w, y[o]);
        });
    }
    let first = TAPS / 2 - SPAN / 2;
    unroll!(i < SPAN, at most 16 => {
        let mut inner = [f32x16::splat(simd, 0.0); 4];
        unroll!(j < SPAN, at most 16 => {
            if j >= i {
                let q = f32x16::splat(simd, model.products[i][j]);
                unroll!(o < OUTPUTS, at most 4 => {
                    inner[o] = load((first + j + 2 * o) % 42).mul_add(q, inner[o]);
                });
            }
        });
        unroll!(o < OUTPUTS, at most 4 => {
            y[o] = load((first + i + 2 * o) % 42).mul_add(inner[o], y[o]);
        });
    });
    y
}

/// The formula, symbol by symbol in f64.
pub fn volterra_scalar<const TAPS: usize, const SPAN: usize>(
    samples: &[f32],
    model: &Quadratic<TAPS, SPAN>,
    slices: &Slices,
    decided: &mut [u8],
) -> usize {
    let count = decided.len().min(samples.len() / 2);
    for (k, decision) in decided[..count].iter_mut().enumerate() {
        let x = |i: usize, centre: usize| {
            let sample = (2 * k + i)
                .checked_sub(centre)
                .and_then(|at| samples.get(at));
            sample.map_or(0.0, |&x| f64::from(x) - f64::from(model.offset))
        };
        let mut y = f64::from(model.bias);
        for (j, &w) in model.linear.iter().enumerate() {
            y += f64::from(w) * x(j, TAPS / 2);
        }
        for (i, row) in model.products.iter().enumerate() {
            for (j, &q) in row.iter().enumerate().skip(i) {
                y += f64::from(q) * x(i, SPAN / 2) * x(j, SPAN / 2);
            }
        }
        let above = |t: &&f32| y > f64::from(**t);
        *decision = slices.thresholds.iter().filter(above).count() as u8;
    }
    count
}

/// Fits all coefficients on known symbols, the first of the capture: whole blocks of [`BLOCK`].
///
/// Returns `None` when there are fewer symbols than unknowns, or no solution.
///
/// *Complexity*: half the square of the unknowns, for every symbol.
pub fn fit<const TAPS: usize, const SPAN: usize>(
    level: Level,
    samples: &[f32],
    known: &[u8],
    levels: [f32; 4],
    offset: f32,
) -> Option<Quadratic<TAPS, SPAN>> {
    let unknowns = TAPS + SPAN * (SPAN + 1) / 2 + 1;
    let blocks = known.as_chunks::<BLOCK>().0;
    if blocks.len() * BLOCK < unknowns {
        return None;
    }
    // The symbols are one term more, so that the right-hand side is a column of the Gram matrix.
    let terms = (unknowns + 1).next_multiple_of(TILE);
    let sums = dispatch!(level, simd => {
        match simd.level() {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Level::Avx512(_) => gram::<_, TAPS, SPAN, 4, 6>(simd, samples, blocks, levels, offset, terms),
            _ => gram::<_, TAPS, SPAN, 2, 2>(simd, samples, blocks, levels, offset, terms),
        }
    });
    let entry = |i: usize, j: usize| {
        let lanes = sums[i.min(j) * terms + i.max(j)].0;
        lanes.iter().map(|&v| f64::from(v)).sum::<f64>()
    };
    let mut matrix = vec![0.0; unknowns * unknowns];
    let mut rhs = vec![0.0; unknowns];
    for i in 0..unknowns {
        for j in 0..unknowns {
            matrix[i * unknowns + j] = entry(i, j);
        }
        // Single precision sums: each term's own power times 1e-6 covers their rounding.
        matrix[i * unknowns + i] *= 1.0 + 1e-6;
        rhs[i] = entry(i, unknowns);
    }
    let solution = cholesky_solve(&mut matrix, &rhs, unknowns)?;
    let mut model = Quadratic {
        linear: [0.0; TAPS],
        products: [[0.0; SPAN]; SPAN],
        bias: solution[unknowns - 1] as f32,
        offset,
    };
    let mut found = solution.iter().map(|&c| c as f32);
    model
        .linear
        .iter_mut()
        .zip(&mut found)
        .for_each(|(w, c)| *w = c);
    for (i, row) in model.products.iter_mut().enumerate() {
        row[i..]
            .iter_mut()
            .zip(&mut found)
            .for_each(|(q, c)| *q = c);
    }
    Some(model)
}

/// The number of terms is a multiple of this, so that whole tiles cover the matrix.
const TILE: usize = 12;

/// Products of all pairs of terms, upper triangle of tiles, lane by lane.
#[simd]
fn gram<S: Simd, const TAPS: usize, const SPAN: usize, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    samples: &[f32],
    known: &[[u8; BLOCK]],
    levels: [f32; 4],
    offset: f32,
    terms: usize,
) -> Vec<Column> {
    const { assert!(TILE.is_multiple_of(ROWS) && TILE.is_multiple_of(COLUMNS)) };
    let slices = Slices {
        levels,
        thresholds: [0.0; 3],
    };
    let slicing = Slicing::new(simd, &slices);
    let mut sums = vec![Column::default(); terms * terms];
    let mut values = vec![Column::default(); terms * CHUNK];
    let mut x = [Column::default(); CHUNK_SAMPLES + REACH];
    for (b, block) in known.iter().enumerate() {
        load_block::<S, TAPS>(simd, &mut x, samples, b * BLOCK, offset);
        let words = gather(simd, |lane| block[CHUNK * lane..].first_chunk().copied());
        fill_terms::<S, TAPS, SPAN>(simd, &x, &words, &slicing, &mut values);
        for row in (0..terms).step_by(ROWS) {
            // The first tile that has the diagonal in it.
            let start = row / COLUMNS * COLUMNS;
            for column in (start..terms).step_by(COLUMNS) {
                tile::<S, ROWS, COLUMNS>(simd, &values, terms, row, column, &mut sums);
            }
        }
    }
    sums
}

/// Adds the products of some terms with some others over a chunk.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    values: &[Column],
    terms: usize,
    row: usize,
    column: usize,
    sums: &mut [Column],
) {
    let load = |column: &Column| f32x16::from_slice(simd, &column.0);
    let mut held = [[f32x16::splat(simd, 0.0); COLUMNS]; ROWS];
    let (rows, columns) = (&values[row * CHUNK..], &values[column * CHUNK..]);
    for t in 0..CHUNK {
        let mut right = [f32x16::splat(simd, 0.0); COLUMNS];
        for j in 0..COLUMNS {
            right[j] = load(&columns[j * CHUNK + t]);
        }
        for i in 0..ROWS {
            let left = load(&rows[i * CHUNK + t]);
            for j in 0..COLUMNS {
                held[i][j] = left.mul_add(right[j], held[i][j]);
            }
        }
    }
    for (i, held) in held.iter().enumerate() {
        for (j, held) in held.iter().enumerate() {
            let sum = &mut sums[(row + i) * terms + column + j];
            (load(sum) + *held).store_slice(&mut sum.0);
        }
    }
}

/// Values of every term for every symbol of a chunk: taps, products, one, the symbol's level.
#[inline(always)]
fn fill_terms<S: Simd, const TAPS: usize, const SPAN: usize>(
    simd: S,
    x: &Columns,
    words: &Words,
    slicing: &Slicing<S>,
    values: &mut [Column],
) {
    let load = |column: &Column| f32x16::from_slice(simd, &column.0);
    let first = TAPS / 2 - SPAN / 2;
    let mut terms = values.as_chunks_mut::<CHUNK>().0.iter_mut();
    for (j, term) in (0..TAPS).zip(&mut terms) {
        for (t, value) in term.iter_mut().enumerate() {
            *value = x[2 * t + j];
        }
    }
    for i in 0..SPAN {
        for (j, term) in (i..SPAN).zip(&mut terms) {
            for (t, value) in term.iter_mut().enumerate() {
                let at = 2 * t + first;
                (load(&x[at + i]) * load(&x[at + j])).store_slice(&mut value.0);
            }
        }
    }
    if let Some(ones) = terms.next() {
        ones.fill(Column([1.0; LANES]));
    }
    if let Some(wanted) = terms.next() {
        for (four, word) in wanted.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            let word = u32x16::from_slice(simd, &word.0);
            unroll!(r < 4, at most 4 => {
                let level = slicing.level((word >> (8 * r as u32)) & 255);
                level.store_slice(&mut four[r].0);
            });
        }
    }
}

#[cfg(test)]
mod tests;

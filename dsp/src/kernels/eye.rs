//! Eye density: how often a sample fell into each cell of level and time.
//!
//! ```text
//! column(i) = (first + i) mod columns        row(i) = floor((x(i) - low) rows / (high - low))
//! hits[column(i) rows + row(i)] += 1         outside += 1 when there is no such row
//! ```
//!
//! with `columns` samples in two unit intervals.
//!
//! # How
//!
//! Rows are found in vectors; each column has one row more at either end for what is outside, so
//! that nothing branches. Two 16-bit cell numbers share a word (the order of counting does not
//! matter, so no shuffle brings them in line), and a scalar loop counts: a load, an add and a
//! store a sample, which no vector instruction does faster. Counts are 16 bits wide until a
//! column could overflow, so that 32 by 258 cells take half of a 32 KiB cache, and a 16-bit
//! number cannot be out of the table's bounds, which spares the check. Few columns are counted in
//! several tables in turn: a cell that is counted twice in a row would wait for its own store.
//!
//! The same f32 operations at every level and in the oracle: the counts are equal, not close.
//!
//! *Assumes* a constant number of samples a unit interval: a capture with a drifting clock is
//! resampled first. *Breaks* with rows finer than f32's 24 bits of the range. A NaN is outside.

use fearless_simd::{Level, Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::at_most_avx2;

/// Cells that a 16-bit number reaches.
const CELLS: usize = 1 << 16;
/// Samples whose cell numbers are found before they are counted: few enough that the processor
/// counts one run while it finds the cells of the next. Measured on a Zen 4 core: 4096 give 1.8
/// Gsample/s, 256 give 2.6, 128 give 2.8, 64 give 2.3.
const RUN: usize = 128;
/// Samples after which a cell may be hit again: two of the widest vectors, which are counted in
/// pairs. By then its store is done.
const DISTANCE: usize = 32;

/// The grid of cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    columns: usize,
    rows: usize,
    low: f32,
    high: f32,
}

/// Hits on a [`Grid`].
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// Hits of every cell, a column after the other, its lowest row first.
    pub hits: Vec<u32>,
    /// Samples below the lowest or above the highest row.
    pub outside: u64,
}

impl Grid {
    /// A grid of `columns` by `rows` cells, levels from `low` to `high`.
    ///
    /// `None` when there is no cell, more than 65,536 with two rows a column for what is
    /// outside, or no range.
    pub fn new(columns: usize, rows: usize, low: f32, high: f32) -> Option<Self> {
        let cells = columns.checked_mul(rows.checked_add(2)?)?;
        let range = high - low;
        (columns > 0 && rows > 0 && cells <= CELLS && range > 0.0 && range.is_finite()).then_some(
            Self {
                columns,
                rows,
                low,
                high,
            },
        )
    }

    /// Returns an empty density.
    pub fn density(&self) -> Density {
        Density {
            hits: vec![0; self.columns * self.rows],
            outside: 0,
        }
    }

    fn scale(&self) -> f32 {
        self.rows as f32 / (self.high - self.low)
    }

    /// Cells of one table, with those for what is outside.
    fn cells(&self) -> usize {
        self.columns * (self.rows + 2)
    }

    /// Returns the number of tables that are counted in turn.
    fn tables(&self) -> usize {
        DISTANCE
            .div_ceil(self.columns)
            .min(CELLS / self.cells())
            .max(1)
    }

    /// Adds a table of cells to the density.
    fn add(&self, table: &[u16], density: &mut Density) {
        for (column, counts) in table.chunks_exact(self.rows + 2).enumerate() {
            let (below, inside) = (counts[0], &counts[1..=self.rows]);
            density.outside += u64::from(below) + u64::from(counts[self.rows + 1]);
            let hits = &mut density.hits[column * self.rows..(column + 1) * self.rows];
            for (hit, &count) in hits.iter_mut().zip(inside) {
                *hit = hit.saturating_add(u32::from(count));
            }
        }
    }
}

/// Counts samples, the first of them in column `first`.
///
/// # Shapes
/// `density` comes from [`Grid::density`] of the same grid, and is added to.
pub fn accumulate(level: Level, samples: &[f32], first: usize, grid: &Grid, density: &mut Density) {
    // The scalar loop decides, and over captures larger than the second-level cache the wider
    // loads cost up to a fifth (2.0 to 2.5 against 2.5 to 2.7 Gsample/s over 16 MiB, ten runs on a
    // shared Zen 4 core).
    let level = at_most_avx2(level);
    let mut counts = Box::new([0u16; CELLS]);
    // A column gets one sample in `columns`: none can overflow its 16 bits.
    let safe = usize::from(u16::MAX).saturating_mul(grid.columns);
    for (part, samples) in samples.chunks(safe).enumerate() {
        let first = (first + part * safe) % grid.columns;
        dispatch!(level, simd => count(simd, samples, first, grid, &mut counts));
        for table in counts[..grid.tables() * grid.cells()].chunks_exact_mut(grid.cells()) {
            grid.add(table, density);
            table.fill(0);
        }
    }
}

/// The oracle of [`accumulate`].
pub fn accumulate_scalar(samples: &[f32], first: usize, grid: &Grid, density: &mut Density) {
    for (i, &x) in samples.iter().enumerate() {
        let column = (first + i) % grid.columns;
        // One row up, so that what is below truncates to 0.
        let row = (x - grid.low) * grid.scale() + 1.0;
        let inside = row >= 1.0 && row < (grid.rows + 1) as f32;
        if inside {
            let hit = &mut density.hits[column * grid.rows + row as usize - 1];
            *hit = hit.saturating_add(1);
        } else {
            density.outside += 1;
        }
    }
}

#[simd]
fn count<S: Simd>(simd: S, samples: &[f32], first: usize, grid: &Grid, counts: &mut [u16; CELLS]) {
    let lanes = S::f32s::LEN;
    let bases = bases(grid, first, 2 * lanes);
    let mut words = [0i32; RUN / 2];
    let mut at = 0;
    for run in samples.chunks(RUN) {
        let pairs = run.chunks_exact(2 * lanes);
        let rest = pairs.remainder();
        let used = (run.len() - rest.len()) / 2;
        for (x, words) in pairs.zip(words.chunks_exact_mut(lanes)) {
            let base = &bases[at..at + 2 * lanes];
            let low = cells(simd, grid, &x[..lanes], &base[..lanes]);
            let high = cells(simd, grid, &x[lanes..], &base[lanes..]);
            (low | (high << 16u32)).store_slice(words);
            at += 2 * lanes;
            if at >= grid.columns * grid.tables() {
                at %= grid.columns * grid.tables();
            }
        }
        for &word in &words[..used] {
            let (low, high) = (word as u16, (word >> 16) as u16);
            counts[usize::from(low)] = counts[usize::from(low)].wrapping_add(1);
            counts[usize::from(high)] = counts[usize::from(high)].wrapping_add(1);
        }
        for (&x, &base) in rest.iter().zip(&bases[at..]) {
            let row = ((x - grid.low) * grid.scale() + 1.0).clamp(0.0, (grid.rows + 1) as f32);
            let cell = base as usize + row as usize;
            counts[cell % CELLS] = counts[cell % CELLS].wrapping_add(1);
        }
    }
}

/// Cell numbers of one vector.
#[inline(always)]
fn cells<S: Simd>(simd: S, grid: &Grid, x: &[f32], base: &[i32]) -> S::i32s {
    let row = (S::f32s::from_slice(simd, x) - grid.low) * grid.scale() + 1.0;
    // `max` first and precise: a NaN becomes 0, which is outside.
    let row = row
        .max_precise(S::f32s::splat(simd, 0.0))
        .min(S::f32s::splat(simd, (grid.rows + 1) as f32));
    row.to_int::<S::i32s>() + S::i32s::from_slice(simd, base)
}

/// First cell of every sample's column and table, `more` past the first round of all tables.
fn bases(grid: &Grid, first: usize, more: usize) -> Vec<i32> {
    (0..grid.columns * grid.tables() + more)
        .map(|i| {
            let column = (first + i) % grid.columns;
            let table = i / grid.columns % grid.tables();
            (table * grid.cells() + column * (grid.rows + 2)) as i32
        })
        .collect()
}

#[cfg(test)]
mod tests;

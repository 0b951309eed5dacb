//! Decision feedback in sixteen stretches of one capture at once.
//!
//! ```text
//! z(k) = w' x(k)      y(k) = z(k) + sum_m f(m) d(k - m)      d(k) = the level nearest to y(k)
//! ```
//!
//! The filter `z` is a [`fir`](super::fir) block by block; only the feedback is a chain. A block is
//! cut into sixteen stretches of [`RUN`] symbols, one a lane, and each begins [`WARM_UP`] symbols
//! early without any past: what it gets wrong there is thrown away. A wrong beginning is forgotten
//! as soon as as many decisions in a row are right as there are feedback taps, whatever was fed
//! back before; with an error propagating at 0.75 a symbol (feedback as large as the main tap), 64
//! symbols leave it with a probability of 1e-8.
//!
//! The taps stand still for a block and are then corrected as in [`lms`], the
//! feedback with them.
//!
//! *Assumes* taps that are right to begin with. *Breaks* where decisions are mostly wrong: no
//! stretch then finds its feet, and neither would one that ran from the start.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16, u32x16};
use fearless_simd_macros::simd;

use super::fir::Fir;
use super::lanes::{CHUNK, LANES, Slices, Slicing, Words, scatter, symbol, transpose, unroll};
use super::lms::{self, Settings};

/// Symbols that each lane decides of a block.
pub const RUN: usize = 15 * CHUNK;
/// Symbols that each lane decides before, for nothing.
pub const WARM_UP: usize = CHUNK;
/// Symbols of a block.
pub const BLOCK: usize = LANES * RUN;

/// Equalizes and decides a capture at four levels, block by block; `fir` and `feedback` hold the
/// taps at the start and, after, those at the end.
///
/// # Shapes
/// `feedback` is added, nearest symbol first, in output units a unit of level. Writes the first
/// `min(decided.len(), symbols in samples)` decisions and returns how many.
pub fn lms_dfe<const FEEDBACK: usize>(
    level: Level,
    samples: &[f32],
    settings: &Settings,
    fir: &mut Fir<f32>,
    feedback: &mut [f32; FEEDBACK],
    decided: &mut [u8],
) -> usize {
    let count = decided.len().min(fir.symbols(samples.len()));
    let mut z = vec![0.0f32; WARM_UP + BLOCK + 16];
    // The rows that are transposed begin on cache lines.
    let skip = z.as_ptr().align_offset(64).min(16);
    let z = &mut z[skip..][..WARM_UP + BLOCK];
    for first in (0..count).step_by(BLOCK) {
        let end = count.min(first + BLOCK);
        z.copy_within(BLOCK.., 0);
        let (symbols, none) = z[WARM_UP..].split_at_mut(end - first);
        lms::filter_from(level, samples, first, fir, symbols);
        none.fill(0.0);
        let out = &mut decided[first..end];
        dispatch!(level, simd => feed_back(simd, z, &settings.slices(), feedback, out));
        if out.len() == BLOCK {
            lms::correct(
                level,
                samples,
                first,
                settings,
                fir,
                feedback,
                &decided[..end],
            );
        }
    }
    count
}

#[simd]
fn feed_back<S: Simd, const FEEDBACK: usize>(
    simd: S,
    z: &[f32],
    slices: &Slices,
    feedback: &[f32; FEEDBACK],
    out: &mut [u8],
) {
    let slicing = Slicing::new(simd, slices);
    let f = feedback.map(|f| f32x16::splat(simd, f));
    let mut past = [f32x16::splat(simd, 0.0); FEEDBACK];
    for chunk in 0..(WARM_UP + RUN) / CHUNK {
        let mut words = Words::default();
        for (q, four) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let at = CHUNK * chunk + 16 * q;
            let mut rows = [f32x16::splat(simd, 0.0); LANES];
            unroll!(l < LANES, at most 16 => {
                rows[l] = f32x16::from_slice(simd, &z[RUN * l + at..RUN * l + at + 16]);
            });
            let columns = transpose(rows);
            unroll!(i < 4, at most 4 => {
                let mut word = u32x16::splat(simd, 0);
                unroll!(r < 4, at most 4 => {
                    let mut y = columns[4 * i + r];
                    // The nearest symbol last: it is the one that is waited for.
                    for m in (0..FEEDBACK).rev() {
                        y = f[m].mul_add(past[m], y);
                    }
                    let level = slicing.decide(y);
                    for m in (1..FEEDBACK).rev() {
                        past[m] = past[m - 1];
                    }
                    past[0] = level;
                    word |= symbol(level) << (8 * r as u32);
                });
                word.store_slice(&mut four[i].0);
            });
        }
        if chunk * CHUNK >= WARM_UP {
            let from = chunk * CHUNK - WARM_UP;
            scatter(simd, &words, |lane, bytes| {
                let from = (RUN * lane + from).min(out.len());
                let to = (from + CHUNK).min(out.len());
                out[from..to].copy_from_slice(&bytes[..to - from]);
            });
        }
    }
}

/// The formula, from the first symbol on in f64, with the same blocks.
pub fn lms_dfe_scalar(
    samples: &[f32],
    settings: &Settings,
    fir: &mut Fir<f32>,
    feedback: &mut [f32],
    decided: &mut [u8],
) -> usize {
    lms::lms_scalar(samples, settings, BLOCK, fir, feedback, decided)
}

#[cfg(test)]
mod tests;

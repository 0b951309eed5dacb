//! Least mean squares on sixteen captures at once, symbol by symbol.
//!
//! ```text
//! y(k) = w(k)' x(k)      w(k+1) = w(k) + mu e(k) x(k)
//! ```
//!
//! is a chain: the output needs the taps, the taps need the last error. Written for two symbols it
//! is half as long, and still the same algorithm:
//!
//! ```text
//! y(k)   = w(k)' x(k)
//! y(k+1) = w(k)' x(k+1) + mu e(k) r(k)            r(k) = x(k)' x(k+1)
//! w(k+2) = w(k) + mu e(k) x(k) + mu e(k+1) x(k+1)
//! ```
//!
//! Both dot products start from the same taps, each sample is loaded once for two of them, and
//! `r(k)` is a running sum. The sixteen captures fill the vectors; no sum crosses a lane.
//!
//! *Cost*: 2 n + 4 multiplications a symbol and lane.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16, u32x16};
use fearless_simd_macros::simd;

use super::lanes::{
    Ahead, CHUNK, CHUNK_SAMPLES, Column, LANES, REACH, Slices, Slicing, Words, fill, gather,
    scatter, symbol, unroll,
};

/// How captures are equalized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Step `mu`; see [`Signal::step_bound`](crate::equalizer::adaptive::Signal::step_bound).
    pub step: f32,
    /// Levels and thresholds.
    pub slices: Slices,
    /// Taken off every sample.
    pub offset: f32,
}

/// Equalizes sixteen captures at two samples a symbol with taps of their own, trained on the known
/// symbols and then decision directed, and returns the taps at the end.
///
/// # Shapes
/// `samples` has at least two samples for every symbol of `decided`, which are as many for all;
/// symbol `k` is decided at sample `2 k`, the tap `TAPS / 2`. `known` has the first symbols
/// of each; whole chunks of 64 that all lanes know are trained on. `taps` come in with the start
/// and go out as they are after the last whole chunk of 64.
pub fn lms_lanes<const TAPS: usize>(
    level: Level,
    samples: &[&[f32]; LANES],
    known: &[&[u8]; LANES],
    settings: &Settings,
    taps: &mut [Column; TAPS],
    decided: &mut [&mut [u8]; LANES],
) {
    dispatch!(level, simd => run(simd, samples, known, settings, taps, decided));
}

/// The formula, one capture after the other and symbol by symbol in f64.
pub fn lms_lanes_scalar<const TAPS: usize>(
    samples: &[&[f32]; LANES],
    known: &[&[u8]; LANES],
    settings: &Settings,
    taps: &mut [Column; TAPS],
    decided: &mut [&mut [u8]; LANES],
) {
    let symbols = decided.iter().map(|d| d.len()).min().unwrap_or(0);
    let trained = known.iter().map(|k| k.len()).min().unwrap_or(0) / CHUNK * CHUNK;
    for lane in 0..LANES {
        let mut w: Vec<f64> = taps.iter().map(|w| f64::from(w.0[lane])).collect();
        let mut kept = w.clone();
        for k in 0..symbols {
            if k == symbols / CHUNK * CHUNK {
                kept.clone_from(&w);
            }
            let x: Vec<f64> = (0..TAPS)
                .map(|i| {
                    let at = (2 * k + i).checked_sub(TAPS / 2);
                    let x = at.and_then(|at| samples[lane].get(at));
                    x.map_or(0.0, |x| f64::from(x - settings.offset))
                })
                .collect();
            let y: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
            let above = |t: &&f32| y > f64::from(**t);
            let decision = settings.slices.thresholds.iter().filter(above).count() as u8;
            decided[lane][k] = decision;
            let symbol = if k < trained {
                known[lane][k]
            } else {
                decision
            };
            let error = f64::from(settings.slices.levels[usize::from(symbol)]) - y;
            let gain = f64::from(settings.step) * error;
            w.iter_mut().zip(&x).for_each(|(w, x)| *w += gain * x);
        }
        let kept = if symbols.is_multiple_of(CHUNK) {
            w
        } else {
            kept
        };
        taps.iter_mut()
            .zip(&kept)
            .for_each(|(to, w)| to.0[lane] = *w as f32);
    }
}

#[simd]
fn run<S: Simd, const TAPS: usize>(
    simd: S,
    samples: &[&[f32]; LANES],
    known: &[&[u8]; LANES],
    settings: &Settings,
    taps: &mut [Column; TAPS],
    decided: &mut [&mut [u8]; LANES],
) {
    let symbols = decided.iter().map(|d| d.len()).min().unwrap_or(0);
    let trained = known.iter().map(|k| k.len()).min().unwrap_or(0);
    let centre = (TAPS / 2) as isize;
    let mut x = [Column::default(); CHUNK_SAMPLES + REACH];
    fill::<S, { REACH / LANES }>(
        simd,
        &mut x[CHUNK_SAMPLES..],
        samples,
        &[-centre; LANES],
        settings.offset,
    );
    for k in (0..symbols).step_by(CHUNK) {
        x.copy_within(CHUNK_SAMPLES.., 0);
        let first = (2 * k + REACH) as isize - centre;
        fill::<S, { CHUNK_SAMPLES / LANES }>(
            simd,
            &mut x[REACH..],
            samples,
            &[first; LANES],
            settings.offset,
        );
        // Chunk by chunk, the next stretch of one stream after the other.
        let turn = k / CHUNK % LANES;
        let next = first + ((LANES - turn) * CHUNK_SAMPLES) as isize;
        let mut ahead = Ahead::new(samples[turn], next);
        let mut words = Words::default();
        // What a chunk that is not whole learns from nothing is forgotten.
        let mut last = *taps;
        let taps = if k + CHUNK <= symbols {
            &mut *taps
        } else {
            &mut last
        };
        if k + CHUNK <= trained {
            words = gather(simd, |lane| known[lane][k..].first_chunk().copied());
            chunk(simd, &x, taps, settings, &Known, &mut ahead, &mut words);
        } else {
            chunk(simd, &x, taps, settings, &Decided, &mut ahead, &mut words);
        }
        ahead.end();
        scatter(simd, &words, |lane, bytes| {
            let out = &mut decided[lane][k..];
            let n = out.len().min(CHUNK);
            out[..n].copy_from_slice(&bytes[..n]);
        });
    }
}

/// What the output is compared with.
trait Reference {
    fn wanted<S: Simd>(slicing: &Slicing<S>, decision: f32x16<S>, known: u32x16<S>) -> f32x16<S>;
}

struct Known;
struct Decided;

impl Reference for Known {
    #[inline(always)]
    fn wanted<S: Simd>(slicing: &Slicing<S>, _: f32x16<S>, known: u32x16<S>) -> f32x16<S> {
        slicing.level(known & 255)
    }
}

impl Reference for Decided {
    #[inline(always)]
    fn wanted<S: Simd>(_: &Slicing<S>, decision: f32x16<S>, _: u32x16<S>) -> f32x16<S> {
        decision
    }
}

/// Products of neighbouring windows, `mu r(k)` for every second symbol of a chunk: a running sum,
/// begun anew with every chunk.
#[inline(always)]
fn correlate<S: Simd, const TAPS: usize>(
    simd: S,
    x: &[Column; CHUNK_SAMPLES + REACH],
    step: f32x16<S>,
    correlation: &mut [Column; CHUNK / 2],
) {
    let load = |column: &Column| f32x16::from_slice(simd, &column.0);
    let mut r = f32x16::splat(simd, 0.0);
    unroll!(j < TAPS => { r = load(&x[j]).mul_add(load(&x[j + 2]), r); });
    for (x, out) in x.windows(42).step_by(4).zip(correlation) {
        (r * step).store_slice(&mut out.0);
        let mut change = [r; 4];
        unroll!(j < 4 => {
            change[j] = load(&x[TAPS + j]) * load(&x[TAPS + j + 2]) - load(&x[j]) * load(&x[j + 2]);
        });
        r += (change[0] + change[1]) + (change[2] + change[3]);
    }
}

#[simd]
fn chunk<S: Simd, R: Reference, const TAPS: usize>(
    simd: S,
    x: &[Column; CHUNK_SAMPLES + REACH],
    taps: &mut [Column; TAPS],
    settings: &Settings,
    _: &R,
    ahead: &mut Ahead,
    words: &mut Words,
) {
    const { assert!(TAPS > 4 && TAPS + 6 <= REACH) };
    let load = |column: &Column| f32x16::from_slice(simd, &column.0);
    let slicing = Slicing::new(simd, &settings.slices);
    let step = f32x16::splat(simd, settings.step);
    let mut correlation = [Column::default(); CHUNK / 2];
    correlate::<S, TAPS>(simd, x, step, &mut correlation);
    let mut w = [step; 42];
    unroll!(j < TAPS => { w[j] = load(&taps[j]); });
    for (q, word) in words.iter_mut().enumerate() {
        let known = u32x16::from_slice(simd, &word.0);
        let mut out = u32x16::splat(simd, 0);
        ahead.read();
        for half in 0..2 {
            let Some(x) = x[8 * q + 4 * half..].first_chunk::<42>() else {
                return;
            };
            let mut y = [
                load(&x[0]) * w[0],
                load(&x[1]) * w[1],
                load(&x[2]) * w[2],
                load(&x[3]) * w[3],
            ];
            unroll!(j < TAPS => {
                if j >= 4 {
                    y[j % 4] = load(&x[j]).mul_add(w[j], y[j % 4]);
                }
            });
            let y = (y[0] + y[1]) + (y[2] + y[3]);
            let first = slicing.decide(y);
            let shift = 16 * half as u32;
            let e = R::wanted(&slicing, first, known >> shift) - y;
            let x = std::hint::black_box(x);
            let mut z = [
                load(&x[2]) * w[0],
                load(&x[3]) * w[1],
                load(&x[4]) * w[2],
                load(&x[5]) * w[3],
            ];
            unroll!(j < TAPS => {
                if j >= 4 {
                    z[j % 4] = load(&x[j + 2]).mul_add(w[j], z[j % 4]);
                }
            });
            let z = load(&correlation[2 * q + half]).mul_add(e, (z[0] + z[1]) + (z[2] + z[3]));
            let second = slicing.decide(z);
            let f = R::wanted(&slicing, second, known >> (shift + 8)) - z;
            out |= (symbol(first) << shift) | (symbol(second) << (shift + 8));
            let (e, f) = (e * step, f * step);
            let x = std::hint::black_box(x);
            unroll!(j < TAPS => {
                w[j] = load(&x[j + 2]).mul_add(f, load(&x[j]).mul_add(e, w[j]));
            });
        }
        out.store_slice(&mut word.0);
    }
    unroll!(j < TAPS => { w[j].store_slice(&mut taps[j].0); });
}

#[cfg(test)]
mod tests;

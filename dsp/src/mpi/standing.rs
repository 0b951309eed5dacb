//! The mean of the beat over the capture, which hides in the levels of the eye.
//!
//! A beat that stands still moves every level by `A sqrt(P)` times the mean amplitude, which the
//! level fit takes for signal. The part of it that carries the delayed data `a'` stays visible:
//!
//! ```text
//! A = sum r u / sum u^2        u = a a'(t - tau) - a sum a^2 a'(t - tau) / sum a^2
//! ```
//!
//! for one path, and the same by least squares for several, whose data may resemble each other where a
//! pattern repeats, with `r` the residual and, for the template `u`, the sums over a block: what goes with `a` alone
//! is left to the turning beat. Between symbols `a'(t - tau)` is as in [`super::reflectogram`].
//!
//! The interferer's own power, `m P(t - tau)`, carries the delayed data too and adds `m E[a] E[a' P] /
//! (E[P] var(a))`, about `2 m`, to `A` ([`own_power`]).
//!
//! *Source*: the static term of mpi-methods.md section 1; the own power's share is derived here.

use crate::equalizer::least_squares::cholesky_solve;
use crate::mpi::level::{self, Beat};
use crate::mpi::track::Tracked;

/// Mean of the beat of all paths, each `2 sqrt(m) cos psi`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The mean.
    pub mean: f64,
    /// Its noise variance.
    pub noise: f64,
}

/// What the interferer's own power adds to the mean, for a unit level.
pub fn own_power(tracked: &Tracked) -> f64 {
    let mean = tracked.mean_of(|i| tracked.amplitude[i]);
    let power = tracked.mean_of(|i| tracked.power(i));
    let third = tracked.mean_of(|i| (tracked.amplitude[i] - mean) * tracked.power(i));
    mean * third / (power * (power - mean * mean)).max(f64::MIN_POSITIVE)
}

/// Movement of the mean level by the standing beat, as a share of it, from which on the amplitudes
/// are taken again: a level moves by about half of it.
const BENT: f64 = 0.005;
/// Level from which on the interferer's own power matters as much: the level told would be too low by
/// `2 m`, 0.01 dB here and 0.09 dB at -20 dB.
const MIN_LEVEL: f64 = 1e-3;
/// Rounds in which mean and amplitudes settle.
const ROUNDS: usize = 3;

/// Takes a beat that stands still, and the interferers' own power, out of the amplitudes, when that
/// matters.
///
/// With `A` the mean of the beat, `M` the mean amplitude and `m` the level the measured levels are
///
/// ```text
/// L = a^2 + A M a + m E[P]
/// ```
///
/// so that their square roots are too large or too small by `A M / 2`: at -20 dB by up to a tenth of
/// the amplitude, and not all alike, which bends the law over the levels as well. Solved for `a`.
/// Without `delays` nothing is known of them.
pub fn straightened(
    power: &[f32],
    tracked: &Tracked,
    beat: &Beat,
    delays: &[f64],
) -> Option<Tracked> {
    if delays.is_empty() {
        return None;
    }
    let mut straight: Option<Tracked> = None;
    for _ in 0..ROUNDS {
        let now = straight.as_ref().unwrap_or(tracked);
        let total = mean(power, now, beat, delays).mean;
        // The mean square of the beat over all phases is twice the level.
        let level = (beat.level + 0.5 * total * total).clamp(0.0, 0.1);
        let total = total - own_power(now) * level;
        let amplitude = now.mean_of(|i| now.amplitude[i]);
        let bend = total * amplitude;
        if straight.is_none() && bend.abs() < BENT * amplitude && level < MIN_LEVEL {
            return None;
        }
        let own = level * now.mean_of(|i| now.power(i));
        let half = 0.5 * bend;
        let next = Tracked {
            amplitude: tracked
                .levels
                .iter()
                .zip(&tracked.amplitude)
                .map(
                    |(l, a)| match (l - own + half * half).max(0.0).sqrt() - half {
                        solved if solved > 0.1 * a => solved,
                        _ => *a,
                    },
                )
                .collect(),
            ..now.clone()
        };
        straight = Some(next);
    }
    straight
}

/// Paths whose means are taken at most.
const MOST: usize = 4;

/// Takes the mean of the beat of paths whose delays in symbols are known; the longest delay of the
/// capture, whose past is not known, is left out.
pub fn mean(power: &[f32], tracked: &Tracked, beat: &Beat, delays: &[f64]) -> Standing {
    let paths = delays.len().min(MOST);
    let delays = &delays[..paths];
    let late: Vec<(usize, Vec<f64>)> = delays.iter().map(|&d| late(tracked, d)).collect();
    let levels = tracked.amplitude.len();
    let (mut up, mut down, mut square) = ([0.0; MOST], [[0.0; MOST]; MOST], 0.0);
    let first = late.iter().map(|(k, _)| (k + 1).div_ceil(level::BLOCK));
    let first = first.max().unwrap_or(0);
    let blocks = beat.track.len();
    for b in first..blocks {
        // Sums over the block of the residual, of the templates, and of the amplitude.
        let (mut rt, mut ta, mut tt) = ([0.0; MOST], [0.0; MOST], [[0.0; MOST]; MOST]);
        let (mut ra, mut aa, mut rr) = (0.0, 0.0, 0.0);
        let from = b * level::BLOCK;
        for (t, &y) in (from..).zip(&power[from..from + level::BLOCK]) {
            let s = tracked.symbols[t] as usize;
            let a = tracked.amplitude[s];
            let r = f64::from(y) - tracked.levels[s];
            let mut template = [0.0; MOST];
            for (to, (k, late)) in template.iter_mut().zip(&late) {
                let near = tracked.symbols[t - k] as usize;
                let far = tracked.symbols[t - k - 1] as usize;
                *to = a * late[near * levels + far];
            }
            for i in 0..paths {
                rt[i] += r * template[i];
                ta[i] += template[i] * a;
                for j in 0..=i {
                    tt[i][j] += template[i] * template[j];
                }
            }
            ra += r * a;
            aa += a * a;
            rr += r * r;
        }
        for i in 0..paths {
            up[i] += rt[i] - ra * ta[i] / aa;
            for j in 0..=i {
                down[i][j] += tt[i][j] - ta[i] * ta[j] / aa;
            }
        }
        square += rr - ra * ra / aa;
    }
    let free = (blocks.saturating_sub(first) * (level::BLOCK - 1)).max(1);
    sum(&up, &down, paths, square / free as f64)
}

/// What is late by a delay, without its mean, for every pair of decided symbols, and the whole symbols
/// of the delay.
fn late(tracked: &Tracked, delay: f64) -> (usize, Vec<f64>) {
    let f = delay - delay.floor();
    let average = tracked.mean_of(|i| tracked.amplitude[i]);
    let levels = tracked.amplitude.len();
    let pair = |i: usize| {
        let (near, far) = (tracked.amplitude[i / levels], tracked.amplitude[i % levels]);
        (1.0 - f) * near + f * far - average
    };
    (
        delay.floor() as usize,
        (0..levels * levels).map(pair).collect(),
    )
}

/// Solves the normal equations, of which the lower half is given, and sums over the paths.
fn sum(up: &[f64; MOST], down: &[[f64; MOST]; MOST], paths: usize, noise: f64) -> Standing {
    let full = |i: usize, j: usize| down[i.max(j)][i.min(j)];
    let solve = |right: &[f64]| -> Vec<f64> {
        let mut matrix: Vec<f64> = (0..paths * paths)
            .map(|at| full(at / paths, at % paths))
            .collect();
        cholesky_solve(&mut matrix, right, paths).unwrap_or_else(|| {
            let alone = |i: usize| right[i] / full(i, i).max(f64::MIN_POSITIVE);
            (0..paths).map(alone).collect()
        })
    };
    Standing {
        mean: solve(&up[..paths]).iter().sum(),
        noise: noise * solve(&vec![1.0; paths]).iter().sum::<f64>(),
    }
}

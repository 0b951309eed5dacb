//! The mean of the beat over the capture, which hides in the levels of the eye.
//!
//! A beat that stands still moves every level by `A sqrt(P)` times the mean amplitude, which the
//! level fit takes for signal. The part of it that carries the delayed data `a'` stays visible:
//!
//! ```text
//! A = sum r u / sum u^2        u = a a'(t - tau) - a sum a^2 a'(t - tau) / sum a^2
//! ```
//!
//! with `r` the residual and, for the template `u`, the sums over a block: what goes with `a` alone
//! is left to the turning beat. Between symbols `a'(t - tau)` is as in [`super::reflectogram`].
//!
//! The interferer's own power, `m P(t - tau)`, carries the delayed data too and adds `m E[a] E[a' P] /
//! (E[P] var(a))`, about `2 m`, to `A` ([`own_power`]).
//!
//! *Source*: the static term of mpi-methods.md section 1; the own power's share is derived here.

use crate::mpi::level::{self, Beat};
use crate::mpi::track::Tracked;

/// Mean of a path's beat `2 sqrt(m) cos psi`.
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
        let each = delays.iter().map(|&delay| mean(power, now, beat, delay));
        let total = each.fold(0.0, |sum, path| sum + path.mean);
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

/// Takes the mean of the beat of a path whose delay in symbols is known; the first delay of the
/// capture, whose past is not known, is left out.
pub fn mean(power: &[f32], tracked: &Tracked, beat: &Beat, delay: f64) -> Standing {
    let k = delay.floor() as usize;
    let f = delay - delay.floor();
    let average = tracked.mean_of(|i| tracked.amplitude[i]);
    let levels = tracked.amplitude.len();
    // What is late, for every pair of decided symbols.
    let late: Vec<f64> = (0..levels * levels)
        .map(|i| {
            let (near, far) = (tracked.amplitude[i / levels], tracked.amplitude[i % levels]);
            (1.0 - f) * near + f * far - average
        })
        .collect();
    let (mut up, mut down, mut square) = (0.0, 0.0, 0.0);
    let first = (k + 1).div_ceil(level::BLOCK);
    let blocks = beat.track.len();
    for b in first..blocks {
        // Sums of r t, t t, r a, t a, a a and r r over the block.
        let mut sums = [0.0; 6];
        let from = b * level::BLOCK;
        for (t, &y) in (from..).zip(&power[from..from + level::BLOCK]) {
            let s = tracked.symbols[t] as usize;
            let a = tracked.amplitude[s];
            let r = f64::from(y) - tracked.levels[s];
            let near = tracked.symbols[t - k] as usize;
            let far = tracked.symbols[t - k - 1] as usize;
            let template = a * late[near * levels + far];
            let terms = [
                r * template,
                template * template,
                r * a,
                template * a,
                a * a,
                r * r,
            ];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        }
        let [rt, tt, ra, ta, aa, rr] = sums;
        let (along, own) = (rt - ra * ta / aa, tt - ta * ta / aa);
        up += along;
        down += own;
        square += rr - ra * ra / aa;
    }
    let down = down.max(f64::MIN_POSITIVE);
    let free = (blocks.saturating_sub(first) * (level::BLOCK - 1)).max(1);
    Standing {
        mean: up / down,
        noise: square / free as f64 / down,
    }
}

//! What multipath interference does to level variances and error ratios.
//!
//! A path of level `m` (power ratio), long against the coherence time and along the signal's
//! polarisation, adds to level `P_i` the beat `2 sqrt(m P_i P_j) cos(psi)` with a random phase
//! `psi` and the level `P_j` that it happens to carry; its variance is `2 P_i <P> m`. One path
//! is bounded ([`Interference::Single`]); many small ones together are Gaussian
//! ([`Interference::Gauss`]); the two differ hugely in the tails.
//!
//! Thresholds are midway between the levels, the mean `m <P>` that the interferer adds is taken
//! out, as a receiver with thresholds from its data does, and an error is one to a neighbour (a
//! single bit of the Gray map), so the error ratio is that of all levels' tails over the bits.
//! The interferer's own power `m P_j` about its mean is left out: it is `sqrt(m)` times smaller
//! than the beat, but within 0.2 dB of the eye's closing it decides whether there is an error.

use std::f64::consts::PI;

use etalon_types::units::{Db, Hertz, Seconds};

use super::{bisect, level_set_variance, q_function};

/// Phases over half a turn in the average over a path's phase. The midpoint rule converges
/// geometrically for a smooth periodic integrand; how far is tested. Without any noise the
/// integrand is a step, and [`ber_floor`] has the closed form.
const PHASES: usize = 360;

/// How the interference is distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interference {
    /// One path that carries random symbols of the same level set, at a uniform phase.
    Single,
    /// Many paths: a Gaussian beat of variance `2 P_i <P> m`.
    Gauss,
}

/// Returns the variance that interference adds to a level, `2 P_i <P> m`, in the square of the
/// levels' unit.
///
/// Holds for a path along the signal's polarisation and `linewidth * delay >> 1`; a polarisation
/// overlap `p` makes it `p^2` times as large.
pub fn level_variance(level: f64, mean: f64, mpi: Db) -> f64 {
    2.0 * level * mean * mpi.to_linear()
}

/// Returns the variance of the beat at quadrature, over the square of its full amplitude, for
/// a finite delay: `(1 - exp(-4 pi linewidth delay)) / 2`.
pub fn beat_quadrature_variance(linewidth: Hertz, delay: Seconds) -> f64 {
    -0.5 * (-4.0 * PI * linewidth.0 * delay.0).exp_m1()
}

/// Returns the bit error ratio of equally likely, Gray-mapped levels in Gaussian noise `sigma`
/// (same unit) with interference of level `mpi` (`None`: without).
///
/// *Shapes:* any number of rising levels from 2 on.
pub fn ber(levels: &[f64], sigma: f64, mpi: Option<Db>, interference: Interference) -> f64 {
    let count = levels.len();
    let mean = levels.iter().sum::<f64>() / count as f64;
    let mut tails = 0.0;
    for (i, &level) in levels.iter().enumerate() {
        let below = i.checked_sub(1).map(|j| 0.5 * (level - levels[j]));
        let above = levels.get(i + 1).map(|next| 0.5 * (next - level));
        let at = |shift: f64, sigma: f64| {
            above.map_or(0.0, |gap| q_function((gap - shift) / sigma))
                + below.map_or(0.0, |gap| q_function((gap + shift) / sigma))
        };
        tails += match (mpi, interference) {
            (None, _) => at(0.0, sigma),
            (Some(mpi), Interference::Gauss) => at(
                0.0,
                (sigma * sigma + level_variance(level, mean, mpi)).sqrt(),
            ),
            (Some(mpi), Interference::Single) => {
                let mut sum = 0.0;
                for other in levels {
                    let beat = 2.0 * (mpi.to_linear() * level * other).sqrt();
                    for k in 0..PHASES {
                        let phase = PI * (k as f64 + 0.5) / PHASES as f64;
                        sum += at(beat * phase.cos(), sigma);
                    }
                }
                sum / (count * PHASES) as f64
            }
        };
    }
    tails / count as f64 / (count as f64).log2()
}

/// Returns the error ratio that interference alone causes, without other noise.
///
/// For a single path exactly: a beat of amplitude `b` passes a gap `g` for the part
/// `acos(g / b) / pi` of all phases, and never where `b <= g`.
pub fn ber_floor(levels: &[f64], mpi: Db, interference: Interference) -> f64 {
    if interference == Interference::Gauss {
        return ber(levels, 0.0, Some(mpi), interference);
    }
    let count = levels.len() as f64;
    let mut tails = 0.0;
    for pair in levels.windows(2) {
        let gap = 0.5 * (pair[1] - pair[0]);
        for level in pair {
            for other in levels {
                let beat = 2.0 * (mpi.to_linear() * level * other).sqrt();
                if beat > gap {
                    tails += (gap / beat).acos() / PI / count;
                }
            }
        }
    }
    tails / count / count.log2()
}

/// Returns the Gaussian noise, in the levels' unit, at which the bit error ratio reaches a
/// target, or `None` when interference alone exceeds it (a floor) or no noise reaches it.
pub fn sigma_for_ber(
    levels: &[f64],
    target: f64,
    mpi: Option<Db>,
    interference: Interference,
) -> Option<f64> {
    let spread = level_set_variance(levels).sqrt();
    let log_ratio = |log_sigma: f64| {
        let found = ber(levels, spread * (-log_sigma).exp(), mpi, interference);
        found.max(f64::MIN_POSITIVE).ln() - target.ln()
    };
    // The argument is minus the logarithm of sigma, in which the error ratio falls.
    bisect(-1.0, 9.0, log_ratio).map(|log_sigma| spread * (-log_sigma).exp())
}

/// Returns the optical power penalty of interference at a target bit error ratio: how much more
/// light makes up for it under fixed thermal noise. `None` beyond the floor.
pub fn optical_penalty(
    levels: &[f64],
    target: f64,
    mpi: Db,
    interference: Interference,
) -> Option<Db> {
    let without = sigma_for_ber(levels, target, None, interference)?;
    let with = sigma_for_ber(levels, target, Some(mpi), interference)?;
    // Power scales signal and beat alike, so the noise that is tolerated scales with it.
    Some(Db::from_linear(without / with))
}

/// Returns the level at which a single path just closes the eye without other noise: the beat
/// with the highest level reaches half the gap at the level that suffers first.
///
/// `None` for fewer than two levels.
pub fn eye_closing_mpi(levels: &[f64]) -> Option<Db> {
    let highest = *levels.last()?;
    let gap = levels
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .reduce(f64::min)?;
    let beat = 0.5 * gap / 2.0;
    Some(Db::from_linear(beat * beat / (highest * highest)))
}

/// Returns the upper bound of the optical penalty from pairs of discrete reflectances, all
/// copolarised and in the worst phase at once:
///
/// ```text
/// P = -10 log10(1 - 4 (M - 1) S r / (r - 1)),   S = sum over pairs of sqrt(R_i R_j)
/// ```
///
/// with `M` levels and extinction ratio `r`. `None` when the bound says the eye is closed.
///
/// *Source:* the upper-bound method of the IEEE 802.3 400G study group, 2012 to 2014.
pub fn upper_bound_penalty(
    reflectances: &[Db],
    extinction_ratio: Db,
    level_count: usize,
) -> Option<Db> {
    let amplitudes: Vec<f64> = reflectances.iter().map(|r| r.to_linear().sqrt()).collect();
    let total: f64 = amplitudes.iter().sum();
    let squares: f64 = amplitudes.iter().map(|a| a * a).sum();
    let pairs = 0.5 * (total * total - squares);
    let ratio = extinction_ratio.to_linear();
    let closed = 4.0 * (level_count as f64 - 1.0) * pairs * ratio / (ratio - 1.0);
    (closed < 1.0).then(|| Db::from_linear(1.0 / (1.0 - closed)))
}

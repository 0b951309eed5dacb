//! Which law the slow residual follows: the exponent of the power of the level.
//!
//! Interference moves a level of power `P` by `q sqrt(P)`; hum, AC coupling and drifting offsets
//! move all levels alike; laser noise and a drifting gain go with `P`. For every level the residual
//! is regressed on the beat track,
//!
//! ```text
//! s(i) = sum r c / sum c^2      over the symbols of level i
//! ```
//!
//! with `c` smoothed from the other blocks, so that its noise has nothing to do with `r`. All
//! levels see one track, so `s(i)` is the law up to a factor: `k P^g` is fitted by weighted least
//! squares over `g`, and the interval is where the sum of squares exceeds its least by the
//! quantile of a chi-squared of one degree.
//!
//! Additive, square-root and proportional parts are fitted together, `s(i) = u + v a(i) + w P(i)`
//! with no part negative, and the fewest parts that explain the levels (Akaike, IEEE Trans.
//! Autom. Control 19 (1974) 716).
//!
//! *Source*: the exponent test of mpi-methods.md section 4 (there over cross-covariances of blocks).
//!
//! *Assumes* at least three levels, none near zero. *Breaks* when most decisions next to a level
//! are wrong, which bends its regression.

use etalon_types::Figure;

use crate::measure::statistics::{CONFIDENCE, Z95, between};
use crate::mpi::level::{BLOCK, Beat};
use crate::mpi::smoothing::Smoother;
use crate::mpi::track::Tracked;

/// Range of exponents that is tried, and its steps.
const LOWEST: f64 = -1.0;
const STEP: f64 = 0.002;
const STEPS: usize = 1501;

/// The law of the slow residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// Exponent of the power.
    pub exponent: f64,
    /// Ends of the 95 % interval.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// Standard error.
    pub sigma: f64,
    /// Shares of the additive, square-root and proportional parts in the mean level's movement.
    pub parts: [f64; 3],
    /// Symbols that were regressed.
    pub symbols: u64,
}

/// Regression of a level's residual on the track.
#[derive(Clone, Copy, Debug, Default)]
struct Slope {
    slope: f64,
    variance: f64,
}

/// Takes the law; `None` with fewer than three levels or without a track.
pub fn law(power: &[f32], tracked: &Tracked, beat: &Beat) -> Option<Law> {
    if tracked.levels.len() < 3 || beat.track.len() < 64 || beat.level <= 0.0 {
        return None;
    }
    let slopes = slopes(power, tracked, &reference(beat));
    if slopes
        .iter()
        .any(|s| !(s.variance > 0.0 && s.slope.is_finite()))
    {
        return None;
    }
    let power: Vec<f64> = (0..slopes.len()).map(|i| tracked.power(i)).collect();
    let (exponent, least, misfits) = fit(&slopes, &power);
    let allowed = least + Z95 * Z95;
    let inside = || (0..STEPS).filter(|&i| misfits[i] <= allowed);
    let at = |i: usize| LOWEST + STEP * i as f64;
    let (first, last) = (inside().next()?, inside().next_back()?);
    // An interval that runs into the end of the range has no end.
    let low = if first == 0 {
        f64::NEG_INFINITY
    } else {
        at(first)
    };
    let high = if last == STEPS - 1 {
        f64::INFINITY
    } else {
        at(last)
    };
    Some(Law {
        exponent,
        low,
        high,
        sigma: (high - low) / (2.0 * Z95),
        parts: parts(&slopes, tracked),
        symbols: tracked.symbols.len() as u64,
    })
}

impl Law {
    /// The exponent as a figure.
    pub fn figure(&self) -> Figure {
        if self.low.is_finite() && self.high.is_finite() {
            between(
                self.exponent,
                self.low,
                self.high,
                self.symbols,
                "1",
                "regression of every level's residual on the beat track of the other blocks",
                "exponent g of the slow residual's movement P^g over the levels: 0 additive, 0.5 interference, 1 gain",
            )
        } else {
            Figure::not_measurable(format!(
                "the slow residual is too weak to tell its law over the levels at {:.0} % confidence",
                100.0 * CONFIDENCE
            ))
        }
    }
}

/// The track, smoothed from all blocks but each one's own.
fn reference(beat: &Beat) -> Vec<f64> {
    let power = 2.0 * beat.level * beat.mean_amplitude * beat.mean_amplitude;
    let smoother = Smoother::new(power, beat.noise_variance, beat.rate);
    let sums = smoother.exponential(&beat.track);
    sums.iter().zip(&beat.track).map(|(s, c)| s - c).collect()
}

fn slopes(power: &[f32], tracked: &Tracked, reference: &[f64]) -> Vec<Slope> {
    /// Sums of `r c`, `c^2`, `r^2 c^2`, `r c^3` and `c^4`.
    type Sums = [f64; 5];
    let mut sums = vec![Sums::default(); tracked.levels.len()];
    let blocks = power.as_chunks::<BLOCK>().0.iter();
    for ((part, symbols), &c) in blocks
        .zip(tracked.symbols.as_chunks::<BLOCK>().0)
        .zip(reference)
    {
        for (&y, &s) in part.iter().zip(symbols) {
            let r = f64::from(y) - tracked.levels[s as usize];
            let rc = r * c;
            let to = &mut sums[s as usize];
            to[0] += rc;
            to[1] += c * c;
            to[2] += rc * rc;
            to[3] += rc * c * c;
            to[4] += c * c * c * c;
        }
    }
    let slope = |s: &Sums| {
        let slope = s[0] / s[1];
        let scatter = s[2] - 2.0 * slope * s[3] + slope * slope * s[4];
        Slope {
            slope,
            variance: scatter / (s[1] * s[1]),
        }
    };
    sums.iter().map(slope).collect()
}

/// The best exponent, its misfit, and the misfit of all.
fn fit(slopes: &[Slope], power: &[f64]) -> (f64, f64, Vec<f64>) {
    let mean = power.iter().sum::<f64>() / power.len() as f64;
    let logs: Vec<f64> = power.iter().map(|p| (p / mean).ln()).collect();
    let misfit = |g: f64| {
        let (mut sy, mut ss, mut yy) = (0.0, 0.0, 0.0);
        for (s, log) in slopes.iter().zip(&logs) {
            let shape = (g * log).exp();
            sy += shape * s.slope / s.variance;
            ss += shape * shape / s.variance;
            yy += s.slope * s.slope / s.variance;
        }
        // A law that runs against the track is none.
        yy - sy.max(0.0).powi(2) / ss
    };
    let all: Vec<f64> = (0..STEPS)
        .map(|i| misfit(LOWEST + STEP * i as f64))
        .collect();
    let best = (0..STEPS).fold(0, |b, i| if all[i] < all[b] { i } else { b });
    (LOWEST + STEP * best as f64, all[best], all)
}

/// Shares of the three parts in the movement of the mean level.
fn parts(slopes: &[Slope], tracked: &Tracked) -> [f64; 3] {
    let mean_power = tracked.mean_of(|i| tracked.power(i));
    let mean_amplitude = tracked.mean_of(|i| tracked.amplitude[i]);
    let shape = |part: usize, i: usize| match part {
        0 => 1.0,
        1 => tracked.amplitude[i] / mean_amplitude,
        _ => tracked.power(i) / mean_power,
    };
    let mut best = ([0.0; 3], f64::INFINITY);
    for subset in 1..8usize {
        let chosen: Vec<usize> = (0..3).filter(|p| subset >> p & 1 == 1).collect();
        let Some(weights) = least_squares(slopes, &chosen, shape) else {
            continue;
        };
        if weights.iter().any(|w| *w < 0.0) {
            continue;
        }
        let misfit: f64 = slopes
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let model = chosen.iter().zip(&weights).map(|(&p, w)| w * shape(p, i));
                (s.slope - model.sum::<f64>()).powi(2) / s.variance
            })
            .sum();
        let score = misfit + 2.0 * chosen.len() as f64;
        if score < best.1 {
            let mut parts = [0.0; 3];
            let total: f64 = weights.iter().sum();
            for (&p, w) in chosen.iter().zip(&weights) {
                parts[p] = w / total.max(f64::MIN_POSITIVE);
            }
            best = (parts, score);
        }
    }
    best.0
}

/// Weighted least squares of the slopes on some parts.
fn least_squares(
    slopes: &[Slope],
    chosen: &[usize],
    shape: impl Fn(usize, usize) -> f64,
) -> Option<Vec<f64>> {
    let n = chosen.len();
    let mut gram = vec![0.0; n * n];
    let mut rhs = vec![0.0; n];
    for (i, s) in slopes.iter().enumerate() {
        for (a, &p) in chosen.iter().enumerate() {
            rhs[a] += shape(p, i) * s.slope / s.variance;
            for (b, &q) in chosen.iter().enumerate() {
                gram[a * n + b] += shape(p, i) * shape(q, i) / s.variance;
            }
        }
    }
    crate::equalizer::least_squares::cholesky_solve(&mut gram, &rhs, n)
}

//! Rate of decay of the beat, by Whittle's likelihood.
//!
//! The block means are a process with covariance `R(j) = v g(x) exp(-j x)` (`j >= 1`) plus white
//! noise. Its spectrum is
//!
//! ```text
//! S(w) = R(0) + 2 v g(x) Re( z / (1 - z) )      z = exp(-x + i w)
//! ```
//!
//! with `R(0)` the measured variance of the block means, and the periodogram `I` scatters about
//! it exponentially, so the rate maximizes `-sum (log S + I / S)`. Unlike a fit to the
//! autocovariance every frequency carries its own weight, and a slow excursion of one capture
//! does not pull the rate. *Source*: Whittle, Ark. Mat. 2 (1953) 423.

use num_complex::Complex64;

/// Groups of neighbouring frequencies, spaced logarithmically.
const GROUPS: usize = 160;
/// Rates on the grid.
const STEPS: i32 = 48;

/// A periodogram, averaged in groups.
struct Group {
    /// Unit number at the angle of the middle frequency.
    turn: Complex64,
    mean: f64,
    count: f64,
}

/// Returns the most likely rate per block for a track without mean.
///
/// The slowest rate that is considered turns once over the whole track.
pub fn rate(track: &[f64]) -> f64 {
    let n = track.len();
    let variance = track.iter().map(|c| c * c).sum::<f64>() / n as f64;
    let groups = periodogram(track);
    let (slowest, fastest): (f64, f64) = (1.0 / n as f64, 2.0);
    let ratio = (fastest / slowest).powf(1.0 / f64::from(STEPS));
    let likelihood = |rate: f64| best_over_power(&groups, variance, rate);
    let best = (0..=STEPS)
        .map(|i| slowest * ratio.powi(i))
        .map(|rate| (rate, likelihood(rate)))
        .fold((slowest, f64::MIN), |a, b| if b.1 > a.1 { b } else { a })
        .0;
    maximize(best / ratio, best * ratio, 24, likelihood).0
}

fn periodogram(track: &[f64]) -> Vec<Group> {
    let n = track.len();
    let mut spectrum: Vec<Complex64> = track.iter().map(|&c| Complex64::new(c, 0.0)).collect();
    rustfft::FftPlanner::new()
        .plan_fft_forward(n)
        .process(&mut spectrum);
    let half = n / 2;
    let mut groups: Vec<Group> = Vec::with_capacity(GROUPS);
    let mut first = 1usize;
    while first < half {
        let width = (first as f64 * ((half as f64).powf(1.0 / GROUPS as f64) - 1.0))
            .ceil()
            .max(1.0) as usize;
        let last = (first + width).min(half);
        let count = (last - first) as f64;
        groups.push(Group {
            turn: Complex64::cis(std::f64::consts::PI * (first + last - 1) as f64 / n as f64),
            mean: spectrum[first..last]
                .iter()
                .map(|s| s.norm_sqr())
                .sum::<f64>()
                / (count * n as f64),
            count,
        });
        first = last;
    }
    groups
}

/// Log-likelihood at a rate with the power that suits it best.
fn best_over_power(groups: &[Group], variance: f64, rate: f64) -> f64 {
    let (own, lagged) = (own_weight(rate), lag_weight(rate));
    let decay = (-rate).exp();
    let shapes: Vec<f64> = groups
        .iter()
        .map(|g| {
            let z = g.turn * decay;
            2.0 * lagged * (z / (1.0 - z)).re
        })
        .collect();
    // Above this power the white part would be negative.
    let most = variance / own;
    maximize(0.0, 0.999 * most, 24, |power| {
        let mut sum = 0.0;
        for (g, shape) in groups.iter().zip(&shapes) {
            let s = variance + power * shape;
            if s <= 0.0 {
                return f64::MIN;
            }
            sum -= g.count * (s.ln() + g.mean / s);
        }
        sum
    })
    .1
}

/// Variance of a block mean of an exponential process: `2 (x - 1 + exp(-x)) / x^2`.
fn own_weight(x: f64) -> f64 {
    if x < 1e-3 {
        1.0 - x / 3.0
    } else {
        2.0 * (x - 1.0 + (-x).exp()) / (x * x)
    }
}

/// Weight of its covariance at lags from 1 on: `(2 cosh x - 2) / x^2`.
pub fn lag_weight(x: f64) -> f64 {
    if x < 1e-4 {
        1.0
    } else {
        (2.0 * x.cosh() - 2.0) / (x * x)
    }
}

/// Golden-section search; returns the place and the value.
fn maximize(mut low: f64, mut high: f64, steps: usize, f: impl Fn(f64) -> f64) -> (f64, f64) {
    const GOLD: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - GOLD * (high - low), low + GOLD * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..steps {
        if fa > fb {
            (high, b, fb) = (b, a, fa);
            a = high - GOLD * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + GOLD * (high - low);
            fb = f(b);
        }
    }
    if fa > fb { (a, fa) } else { (b, fb) }
}

//! Rate of decay of the beat, by Whittle's likelihood.
//!
//! The block means are a process with the covariance `R(j)` (`j >= 1`) of [`super::coherence`] plus
//! white noise. Its spectrum is
//!
//! ```text
//! S(w) = R(0) + 2 sum_j R(j) cos(w j)
//! ```
//!
//! with `R(0)` the measured variance of the block means, and the periodogram `I` scatters about
//! it exponentially, so the rate maximizes `-sum (log S + I / S)`. Unlike a fit to the
//! autocovariance every frequency carries its own weight, and a slow excursion of one capture
//! does not pull the rate. *Source*: Whittle, Ark. Mat. 2 (1953) 423.

use std::f64::consts::FRAC_PI_2;

use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use num_complex::Complex64;

use crate::kernels::level;
use crate::mpi::coherence::{Parts, Shape};
use crate::mpi::standing::Standing;

/// Groups of neighbouring frequencies, spaced logarithmically.
const GROUPS: usize = 160;
/// Rates on the grid.
const STEPS: i32 = 48;
/// Steps of the phase at which the beat rests, over a quarter turn.
const PHASES: i32 = 8;

/// A periodogram, averaged in groups.
struct Periodogram {
    /// Unit numbers at the angles of the middle frequencies.
    turn: Vec<Complex64>,
    mean: Vec<f64>,
    count: Vec<f64>,
}

/// The track whose rate is looked for, ready to be tried with shapes.
pub struct Line {
    periodogram: Periodogram,
    variance: f64,
    blocks: usize,
}

impl Line {
    /// Takes a track without mean.
    pub fn new(track: &[f64]) -> Self {
        Self {
            periodogram: Periodogram::new(track),
            variance: track.iter().map(|c| c * c).sum::<f64>() / track.len().max(1) as f64,
            blocks: track.len(),
        }
    }

    /// Returns the most likely rate per block for a delay in blocks (infinite when it is not
    /// known) and the mean of the beat.
    ///
    /// The slowest rate that is considered turns once over the whole track.
    pub fn rate(&self, delay: f64, mean: Option<Standing>) -> f64 {
        self.likeliest(1.0 / self.blocks as f64, 2.0, delay, mean).0
    }

    /// By how much the log-likelihood of a rate exceeds that of the best one up to `most`: 2 and
    /// more reject the slower ones with 97.7 % confidence (Wilks).
    pub fn margin(&self, rate: f64, most: f64, delay: f64, mean: Option<Standing>) -> f64 {
        let slowest = 1.0 / self.blocks as f64;
        let slower = self.likeliest(slowest.min(0.5 * most), most, delay, mean).1;
        self.likelihood(Shape { rate, delay }, mean) - slower
    }

    /// The most likely rate of a range, and its log-likelihood.
    fn likeliest(
        &self,
        slowest: f64,
        fastest: f64,
        delay: f64,
        mean: Option<Standing>,
    ) -> (f64, f64) {
        let ratio = (fastest / slowest).powf(1.0 / f64::from(STEPS));
        let likelihood = |rate: f64| self.likelihood(Shape { rate, delay }, mean);
        let best = (0..=STEPS)
            .map(|i| slowest * ratio.powi(i))
            .map(|rate| (rate, likelihood(rate)))
            .fold((slowest, f64::MIN), |a, b| if b.1 > a.1 { b } else { a })
            .0;
        let high = (best * ratio).min(fastest);
        maximize((best / ratio).min(high), high, 24, likelihood)
    }

    /// Log-likelihood of a shape with the level and the phase of rest that suit it best.
    fn likelihood(&self, shape: Shape, mean: Option<Standing>) -> f64 {
        let parts: Vec<Parts> = self
            .periodogram
            .turn
            .iter()
            .map(|&t| shape.spectrum(t))
            .collect();
        let zero = shape.spectrum(Complex64::new(1.0, 0.0));
        let phases = match shape.most_standing() > 1e-3 {
            true => PHASES,
            false => 0,
        };
        (0..=phases)
            .map(|i| {
                let cosine = (FRAC_PI_2 * f64::from(i) / f64::from(PHASES)).sin();
                let standing = shape.most_standing() * cosine * cosine;
                let of = |p: &Parts| p.level + standing * p.standing;
                let whole = shape.own() + standing * shape.own_standing();
                let model = Model {
                    shape: parts.iter().map(of).collect(),
                    whole,
                    standing,
                    // Variance of the mean of the track.
                    scatter: (whole + of(&zero)).max(0.0) / self.blocks as f64,
                };
                self.best_over_level(&model, mean)
            })
            .fold(f64::MIN, f64::max)
    }

    /// The measured mean is the standing part, what the capture's own mean adds, and noise.
    fn best_over_level(&self, model: &Model, mean: Option<Standing>) -> f64 {
        let mut most = 0.999 * self.variance / model.whole.max(f64::MIN_POSITIVE);
        if let Some(mean) = mean.filter(|_| model.standing > 0.0) {
            let farthest = mean.mean.abs() + 6.0 * (mean.noise + self.variance).sqrt();
            most = most.min(farthest * farthest / model.standing);
        }
        let level = level();
        let likelihood = |power: f64| {
            let fit = dispatch!(level, simd => fitness(simd, &self.periodogram, &model.shape, self.variance, power));
            let Some(mean) = mean else { return fit };
            let spread = (mean.noise + power * model.scatter).max(f64::MIN_POSITIVE);
            let off = mean.mean.abs() - (model.standing * power).sqrt();
            fit - 0.5 * (off * off / spread + spread.ln())
        };
        maximize(0.0, most, 24, likelihood).1
    }
}

/// What a unit level makes.
struct Model {
    /// Spectrum beside the variance.
    shape: Vec<f64>,
    /// Variance of a block mean.
    whole: f64,
    /// Squared mean of the beat.
    standing: f64,
    /// Variance of the mean of the track.
    scatter: f64,
}

impl Periodogram {
    fn new(track: &[f64]) -> Self {
        let n = track.len();
        let mut spectrum: Vec<Complex64> = track.iter().map(|&c| Complex64::new(c, 0.0)).collect();
        rustfft::FftPlanner::new()
            .plan_fft_forward(n)
            .process(&mut spectrum);
        let half = n / 2;
        let mut groups = Self {
            turn: Vec::with_capacity(GROUPS),
            mean: Vec::with_capacity(GROUPS),
            count: Vec::with_capacity(GROUPS),
        };
        let mut first = 1usize;
        while first < half {
            let width = (first as f64 * ((half as f64).powf(1.0 / GROUPS as f64) - 1.0))
                .ceil()
                .max(1.0) as usize;
            let last = (first + width).min(half);
            let count = (last - first) as f64;
            let power: f64 = spectrum[first..last].iter().map(|s| s.norm_sqr()).sum();
            let angle = std::f64::consts::PI * (first + last - 1) as f64 / n as f64;
            groups.turn.push(Complex64::cis(angle));
            groups.mean.push(power / (count * n as f64));
            groups.count.push(count);
            first = last;
        }
        groups
    }
}

/// `-sum count (log S + mean / S)` with `S = fixed + power shape`; the least number there is
/// when any `S` is not positive.
#[simd]
fn fitness<S: Simd>(_: S, groups: &Periodogram, shapes: &[f64], fixed: f64, power: f64) -> f64 {
    const LANES: usize = 8;
    let (mut sums, mut least) = ([0.0f64; LANES], [f64::INFINITY; LANES]);
    let measured = groups.mean.chunks(LANES).zip(groups.count.chunks(LANES));
    for (shapes, (means, counts)) in shapes.chunks(LANES).zip(measured) {
        let rows = shapes.iter().zip(means).zip(counts);
        for (lane, ((shape, mean), count)) in rows.enumerate() {
            let s = fixed + power * shape;
            least[lane] = if s < least[lane] { s } else { least[lane] };
            sums[lane] -= count * (ln(s) + mean / s);
        }
    }
    let mut sum = 0.0;
    for lane in 0..LANES {
        if least[lane] <= 0.0 {
            return f64::MIN;
        }
        sum += sums[lane];
    }
    sum
}

/// Natural logarithm of a positive number that is not subnormal, to 1e-10: with `x = 2^e m` and
/// `t = (m - 1) / (m + 1)` it is `e log 2 + 2 (t + t^3 / 3 + t^5 / 5 + ...)`. Arithmetic that the
/// compiler makes vectors of; the library's function is called number by number.
#[inline(always)]
fn ln(x: f64) -> f64 {
    // The exponent as the last bits of 2^52, which is its value as a number.
    const MAGIC: u64 = 0x4330_0000_0000_0000;
    let bits = x.to_bits();
    let exponent = f64::from_bits((bits >> 52) | MAGIC) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let t = (m - 1.0) / (m + 1.0);
    let u = t * t;
    let mut series = 1.0 / 19.0;
    for k in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * u + 1.0 / k;
    }
    exponent * std::f64::consts::LN_2 + 2.0 * t * series
}

/// Golden-section search; returns the place and the value.
fn maximize(
    mut low: f64,
    mut high: f64,
    steps: usize,
    mut f: impl FnMut(f64) -> f64,
) -> (f64, f64) {
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

#[cfg(test)]
mod tests {
    use super::ln;

    /// The series' first term that is left out is `2 t^21 / 21` with `t` at most a third: 1e-11.
    #[test]
    fn ref_the_logarithm_is_the_library_s() {
        for i in -600..600 {
            let x = 1.0372f64.powi(7 * i) * (1.0 + 0.37 * f64::from(i % 5 + 5) / 10.0);
            assert!((ln(x) - x.ln()).abs() < 1e-10, "{x}");
        }
    }
}

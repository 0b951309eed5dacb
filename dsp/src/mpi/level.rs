//! Level and linewidth from the block means of the residual.
//!
//! With `r = y - P(d)` the block mean `c(b) = sum r sqrt(P) / sum P` is the beat, averaged over
//! the block, plus white noise. For a delay long against the coherence time the beat's
//! autocovariance is exponential, and that of its block means at block lags `j >= 1` is
//!
//! ```text
//! R(j) = v (2 cosh x - 2) / x^2  exp(-j x)      x = 2 pi linewidth L Ts,  v = 2 m E[sqrt P]^2
//! ```
//!
//! For a shorter one it is that of [`super::coherence`], which [`Beat::turning`] fits once the delay
//! is known.
//!
//! Noise is white from block to block, so it is absent from `R(j >= 1)`: fitting `v` and `x`
//! there needs no noise subtraction, and stays right when the equalizer has coloured the noise.
//! Fast wander (RIN, thermal) drops out the same way.
//!
//! *Source*: the low-frequency block mean of science.md section 4, with the block average's
//! bias taken out by the fit instead of the first-order term.

use fearless_simd::{Simd, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

use crate::kernels::correlation::correlate;
use crate::kernels::lanes::sums;
use crate::kernels::level;
use crate::mpi::coherence::Shape;
use crate::mpi::line::Line;
use crate::mpi::standing::Standing;
use crate::mpi::track::Tracked;
use crate::traces::ResidualSpectrum;

/// Symbols in a block.
pub const BLOCK: usize = 16;

/// Significance of the slow residual from which on it is believed. The fit searches one shape
/// parameter, equivalent to about ten independent looks: 5 sigma leaves 3e-6.
pub const MIN_SIGNIFICANCE: f64 = 5.0;

/// Delay angle `V` below which no level is told with an estimated decay: the shorter the delay, the
/// less the shape of the beat tells its decay from its level.
pub const SHORT_DELAY: f64 = 2.0;

/// Most lags that the fit uses.
const MAX_LAGS: usize = 4096;

/// The beat as the block means show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Beat {
    /// Block means in square roots of the unit of power.
    pub track: Vec<f64>,
    /// Number of blocks.
    pub blocks: usize,
    /// Level of the interference, linear.
    pub level: f64,
    /// Decay of the beat's autocovariance per block.
    pub rate: f64,
    /// Half width of the beat's line in hertz.
    pub half_width_hz: f64,
    /// Standard error of `level` from receiver noise alone.
    pub noise_sigma: f64,
    /// Fitted power over its noise error.
    pub significance: f64,
    /// Level that would have been found with 95 %, linear.
    pub upper_bound: f64,
    /// Noise variance of one block mean over the mean power.
    pub noise_variance: f64,
    /// Mean power that was sent, over the symbols as they occurred.
    pub mean_power: f64,
    /// Mean amplitude over them.
    pub mean_amplitude: f64,
    /// Variance of the block means explained by the fit.
    pub share: f64,
}

/// Estimates level and linewidth, as if the delay were long.
pub fn beat(power: &[f32], tracked: &Tracked, baud_hz: f64) -> Beat {
    let (track, noise_variance) = block_means(power, tracked);
    of_track(track, noise_variance, tracked, baud_hz)
}

/// The same from the part of the residual that a disturbance has no share in:
/// symbols are weighted by `w = a - s E[a s] / E[s^2]`, `s` the disturbance's dependence on the
/// level, so that `E[w s] = 0`. The block means `sum r w / (L E[a w])` have more noise, some 15 dB.
///
/// What the random composition of a block leaves of the disturbance is white from block to block,
/// so that the lags from 1 on do not see it.
pub fn beat_beside(
    power: &[f32],
    tracked: &Tracked,
    baud_hz: f64,
    disturbance: Disturbance,
) -> Beat {
    let shape = |i: usize| match disturbance {
        Disturbance::Additive => 1.0,
        Disturbance::Gain => tracked.levels[i],
    };
    let amplitude = |i: usize| tracked.amplitude[i];
    let share =
        tracked.mean_of(|i| amplitude(i) * shape(i)) / tracked.mean_of(|i| shape(i).powi(2));
    let weight = |i: usize| amplitude(i) - share * shape(i);
    let unit = BLOCK as f64 * tracked.mean_of(|i| amplitude(i) * weight(i));
    let weights: Vec<f64> = (0..tracked.levels.len())
        .map(|i| weight(i) / unit)
        .collect();
    let parts = power.as_chunks::<BLOCK>().0.iter();
    let mut square = 0.0;
    let track: Vec<f64> = parts
        .zip(tracked.symbols.as_chunks::<BLOCK>().0)
        .map(|(power, symbols)| {
            let terms = power
                .iter()
                .zip(symbols)
                .map(|(&y, &s)| (f64::from(y) - tracked.levels[s as usize]) * weights[s as usize]);
            terms.inspect(|term| square += term * term).sum()
        })
        .collect();
    let noise_variance = square / track.len().max(1) as f64;
    of_track(track, noise_variance, tracked, baud_hz)
}

/// How a disturbance that is no interference goes with the power of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The same on all levels: hum, AC coupling, an offset that drifts.
    Additive,
    /// In proportion to the power: laser noise, a gain that drifts.
    Gain,
}

fn of_track(mut track: Vec<f64>, noise_variance: f64, tracked: &Tracked, baud_hz: f64) -> Beat {
    let blocks = track.len();
    let mean = track.iter().sum::<f64>() / blocks.max(1) as f64;
    track.iter_mut().for_each(|c| *c -= mean);
    let mean_amplitude = tracked.mean_of(|i| tracked.amplitude[i]);
    let mean_power = tracked.mean_of(|i| tracked.power(i));
    let variance: f64 = track.iter().map(|c| c * c).sum::<f64>() / blocks.max(1) as f64;
    let mut beat = Beat {
        blocks,
        level: 1e-12,
        rate: 1.0,
        half_width_hz: 0.0,
        noise_sigma: f64::MAX,
        significance: 0.0,
        upper_bound: f64::MAX,
        noise_variance,
        mean_power,
        mean_amplitude,
        share: 0.0,
        track,
    };
    if blocks < 64 {
        return beat;
    }
    let turning = beat.turning(f64::INFINITY, None, None);
    // Taking the capture's own mean off takes the fraction 2/K of the power with it.
    let angles = turning.rate * blocks as f64;
    let whole = if angles > 8.0 {
        1.0 / (1.0 - 2.0 / angles)
    } else {
        1.0
    };
    beat.level = (turning.level * whole).max(1e-12);
    beat.rate = turning.rate;
    beat.half_width_hz = turning.rate * baud_hz / (2.0 * std::f64::consts::PI * BLOCK as f64);
    beat.noise_sigma = turning.noise_sigma;
    beat.significance = turning.level / turning.noise_sigma.max(f64::MIN_POSITIVE);
    beat.upper_bound = (turning.level.max(0.0) + 2.0 * turning.noise_sigma).max(1e-12);
    let fitted = 2.0 * turning.level * mean_amplitude * mean_amplitude;
    beat.share = (fitted / variance.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
    beat
}

/// Level and decay of the turning beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turning {
    /// Level of the interference, linear.
    pub level: f64,
    /// Decay a block.
    pub rate: f64,
    /// By how much the log-likelihood exceeds that of any delay angle below [`SHORT_DELAY`];
    /// infinite when the decay was given, 0 without a delay.
    pub margin: f64,
    /// Standard error of `level` from receiver noise alone.
    pub noise_sigma: f64,
}

impl Turning {
    /// A level before anything is known of its decay.
    pub fn of_level(level: f64) -> Self {
        Self {
            level,
            rate: 1.0,
            margin: 0.0,
            noise_sigma: f64::MAX,
        }
    }
}

impl Beat {
    /// Fits level and decay for a delay in blocks (infinite when it is not known) and the squared
    /// mean of the beat, which the track does not show (`4 m` for a phase at zero); the decay is
    /// the likeliest one unless it is given.
    ///
    /// The level is not taken from the likelihood too: the beat is no Gaussian process but a
    /// bounded cosine, whose mean square scatters half as much. It comes from the autocovariance
    /// at the lags within a third of a decay, where it hardly depends on the rate.
    pub fn turning(&self, delay: f64, standing: Option<Standing>, rate: Option<f64>) -> Turning {
        let unit = self.mean_amplitude * self.mean_amplitude;
        let of_track = |s: Standing| Standing {
            mean: s.mean * self.mean_amplitude,
            noise: s.noise * unit,
        };
        let standing = standing.map(of_track);
        let mean = standing.map_or(0.0, |s| s.mean * s.mean - s.noise);
        let (rate, margin) = match rate {
            Some(rate) => (rate, f64::INFINITY),
            None => {
                let line = Line::new(&self.track);
                let rate = line.rate(delay, standing);
                let short = SHORT_DELAY / delay;
                let margin = if short > 0.0 && rate > short {
                    line.margin(rate, short, delay, standing)
                } else {
                    0.0
                };
                (rate, margin)
            }
        };
        let shape = Shape { rate, delay };
        let longest = (self.blocks / 4).min(MAX_LAGS);
        let reach = ((0.3 / rate).round() as usize)
            .min((delay - 1.0).max(1.0) as usize)
            .clamp(2, longest.max(2));
        let covariance = autocovariance(&self.track, reach);
        let (mut up, mut down) = (0.0, 0.0);
        for (j, &r) in covariance.iter().enumerate().skip(1) {
            let parts = shape.covariance(j as f64);
            up += parts.level * (r - mean * parts.standing);
            down += parts.level * parts.level;
        }
        let down = down.max(f64::MIN_POSITIVE);
        let power = up / down;
        // Noise alone gives every lag a variance of s^4 / n; with a beat the products of beat and
        // noise add 2 v s^2 / n.
        let noise = self.noise_variance;
        let per_lag = noise * (noise + 4.0 * power.max(0.0)) / self.blocks as f64;
        Turning {
            level: power / unit.max(f64::MIN_POSITIVE),
            rate,
            margin,
            noise_sigma: (per_lag / down).sqrt() / unit.max(f64::MIN_POSITIVE),
        }
    }
}

/// Block means and the noise variance of one.
fn block_means(power: &[f32], tracked: &Tracked) -> (Vec<f64>, f64) {
    let steps = |values: &[f64]| -> Steps {
        let at = |i: usize| values[i.min(values.len() - 1)] as f32;
        [at(0), at(1) - at(0), at(2) - at(1), at(3) - at(2)]
    };
    let (levels, amplitudes) = (steps(&tracked.levels), steps(&tracked.amplitude));
    dispatch!(level(), simd => means(simd, power, &tracked.symbols, &levels, &amplitudes))
}

/// The value of the lowest level and the steps to the next ones.
type Steps = [f32; 4];

/// Single precision within a block: its rounding is some 1e-7 of the power, so 1e-5 of the noise at
/// an SNR of 40 dB.
///
/// A symbol's values are sums of the steps below it, and sums are taken in one order whatever the
/// width.
#[simd]
fn means<S: Simd>(
    simd: S,
    power: &[f32],
    symbols: &[u8],
    levels: &Steps,
    amplitudes: &Steps,
) -> (Vec<f64>, f64) {
    let mut track = Vec::with_capacity(power.len() / BLOCK);
    let mut noise = 0.0;
    let zero = f32x16::splat(simd, 0.0);
    let mut numbers = [0.0f32; BLOCK];
    let blocks = power.as_chunks::<BLOCK>().0.iter();
    for (part, symbols) in blocks.zip(symbols.as_chunks::<BLOCK>().0) {
        for (number, &s) in numbers.iter_mut().zip(symbols) {
            *number = f32::from(s);
        }
        let s = f32x16::from_slice(simd, &numbers);
        let mut p = f32x16::splat(simd, levels[0]);
        let mut a = f32x16::splat(simd, amplitudes[0]);
        for t in 1..4 {
            let above = s.simd_gt(f32x16::splat(simd, t as f32 - 0.5));
            p += above.select(f32x16::splat(simd, levels[t]), zero);
            a += above.select(f32x16::splat(simd, amplitudes[t]), zero);
        }
        // One look for the sums of r a, a^2 and of their squares: with c = sum r a / sum a^2, the
        // squared residual sum (r a - c a^2)^2 is sum (r a)^2 - 2 c sum r a^3 + c^2 sum a^4.
        let ra = (f32x16::from_slice(simd, part) - p) * a;
        let sent = a * a;
        let [up, down, ra2, rap] = sums([ra, sent, ra * ra, ra * sent]).map(f64::from);
        let [p2, ..] = sums([sent * sent, zero, zero, zero]).map(f64::from);
        let c = up / down;
        let square = (ra2 - 2.0 * c * rap + c * c * p2).max(0.0);
        noise += square * BLOCK as f64 / (BLOCK as f64 - 1.0) / (down * down);
        track.push(c);
    }
    let blocks = track.len().max(1) as f64;
    (track, noise / blocks)
}

/// Lags up to which sums of products are cheaper than transforms of the whole track.
const FEW_LAGS: usize = 256;

fn autocovariance(track: &[f64], lags: usize) -> Vec<f64> {
    let n = track.len();
    if lags > FEW_LAGS {
        return autocovariance_by_transform(track, lags);
    }
    let mut padded = track.to_vec();
    padded.resize(n + lags, 0.0);
    let mut sums = vec![0.0; lags + 1];
    correlate(level(), track, &padded, 1, &mut sums);
    let unbiased = |(j, sum): (usize, f64)| sum / (n - j) as f64;
    sums.into_iter().enumerate().map(unbiased).collect()
}

fn autocovariance_by_transform(track: &[f64], lags: usize) -> Vec<f64> {
    use num_complex::Complex64;
    let n = track.len();
    let size = (n + lags + 1).next_power_of_two();
    let mut planner = rustfft::FftPlanner::new();
    let mut spectrum: Vec<Complex64> = track.iter().map(|&c| Complex64::new(c, 0.0)).collect();
    spectrum.resize(size, Complex64::ZERO);
    planner.plan_fft_forward(size).process(&mut spectrum);
    spectrum
        .iter_mut()
        .for_each(|s| *s = Complex64::new(s.norm_sqr(), 0.0));
    planner.plan_fft_inverse(size).process(&mut spectrum);
    (0..=lags)
        .map(|j| spectrum[j].re / size as f64 / (n - j) as f64)
        .collect()
}

/// Signal-to-noise ratio without the beat: the variance of the levels over the residual within
/// blocks. A block mean of white noise `s2` has the variance `s2 / sum P`, which is solved for `s2`.
pub fn snr_without_beat_db(beat: &Beat, tracked: &Tracked) -> f64 {
    let variance = tracked.mean_of(|i| (tracked.power(i) - beat.mean_power).powi(2));
    let noise = beat.noise_variance * BLOCK as f64 * beat.mean_power;
    10.0 * (variance / noise.max(f64::MIN_POSITIVE)).log10()
}

/// Spectrum of the block means by Welch's method (Hann window, half overlap), relative to the
/// mean power.
pub fn spectrum(beat: &Beat, baud_hz: f64) -> Option<ResidualSpectrum> {
    use num_complex::Complex64;
    let n = beat.track.len();
    let size = (n / 8).next_power_of_two().clamp(64, 4096);
    if n < 2 * size {
        return None;
    }
    let rate = baud_hz / BLOCK as f64;
    let window: Vec<f64> = (0..size)
        .map(|i| 0.5 - 0.5 * (2.0 * std::f64::consts::PI * i as f64 / size as f64).cos())
        .collect();
    let gain: f64 = window.iter().map(|w| w * w).sum();
    let mut planner = rustfft::FftPlanner::new();
    let fft = planner.plan_fft_forward(size);
    let mut sum = vec![0.0; size / 2];
    let mut count = 0.0;
    let mut start = 0;
    while start + size <= n {
        let mut part: Vec<Complex64> = (0..size)
            .map(|i| Complex64::new(window[i] * beat.track[start + i], 0.0))
            .collect();
        fft.process(&mut part);
        sum.iter_mut()
            .zip(&part)
            .for_each(|(s, p)| *s += p.norm_sqr());
        count += 1.0;
        start += size / 2;
    }
    let unit = 2.0 / (gain * rate * count * beat.mean_power.max(f64::MIN_POSITIVE));
    let db = |x: f64| 10.0 * x.max(1e-30).log10();
    Some(ResidualSpectrum {
        frequency_hz: (1..size / 2)
            .map(|k| k as f64 * rate / size as f64)
            .collect(),
        density_db_hz: (1..size / 2).map(|k| db(sum[k] * unit)).collect(),
        floor_db_hz: db(2.0 * beat.noise_variance / (rate * beat.mean_power)),
        half_width_hz: (beat.significance >= MIN_SIGNIFICANCE).then_some(beat.half_width_hz),
    })
}

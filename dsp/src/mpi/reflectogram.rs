//! How far apart the reflections are: correlation of the residual with the delayed signal.
//!
//! The beat multiplies the delayed amplitude: `r(t) = 2 sqrt(m) cos(psi(t)) a(t) a(t - tau)`,
//! `a = sqrt(P)`. Two detectors share one FFT correlation:
//!
//! * aided by the beat track: `sum r(t) a(t) c(t) a'(t - tau)`, coherent over the whole
//!   capture, because the track `c` supplies the sign of the cosine;
//! * by blocks: the plain correlation `sum r(t) a(t) a'(t - tau)` within blocks about as long as
//!   the coherence time, squared and added. It needs no track and also sees a phase that stands
//!   still.
//!
//! `a'` is the amplitude without its mean. Lags within the equalizer's span are left out: there
//! an echo is intersymbol interference. The significance of every lag is the larger of both, each
//! normalized to unit variance by its own median absolute deviation over the lags.

use etalon_types::report::MpiPath;
use num_complex::Complex64;
use rustfft::FftPlanner;

use crate::measure::statistics::median;
use crate::mpi::Input;
use crate::mpi::block_correlation::by_blocks;
use crate::mpi::level::{self, Beat};
use crate::mpi::track::Tracked;
use crate::traces::Reflectogram;

/// Group index of standard single-mode fibre, as in ITU-T G.652 practice.
pub const GROUP_INDEX: f64 = etalon_types::fibre::GROUP_INDEX;
/// Speed of light in vacuum, m/s.
pub const LIGHT_M_S: f64 = etalon_types::fibre::LIGHT_M_PER_S;
/// Probability with which noise alone raises a peak somewhere.
const FALSE_ALARM: f64 = 1e-3;
/// Longest delay that is searched, in symbols.
const MAX_LAG: usize = 1 << 17;
/// Paths reported at most.
const MAX_PATHS: usize = 4;

/// Returns the distance between two reflections from the round-trip delay, in metres.
pub fn distance_m(delay_s: f64) -> f64 {
    LIGHT_M_S * delay_s / (2.0 * GROUP_INDEX)
}

/// Correlates; `None` when the capture, or the period of its pattern, is too short for any lag.
pub fn correlate(input: &Input, tracked: &Tracked, beat: &Beat) -> Option<Reflectogram> {
    let &Input {
        power,
        baud_hz,
        guard,
        ..
    } = input;
    // A delay of a period more or less makes the same signal, and about a period the
    // intersymbol interference comes back.
    let period = input.period.unwrap_or(usize::MAX);
    let lags = (power.len() / 2)
        .min(MAX_LAG)
        .min(period.saturating_sub(guard));
    if lags < guard + 256 {
        return None;
    }
    let signals = Signals::new(power, tracked, beat);
    let raised = coherent(&signals.aided, &signals.delayed, lags);
    let aided = normalize(&raised, guard);
    let coherence = baud_hz / (2.0 * std::f64::consts::PI * beat.half_width_hz.max(1.0));
    let block = (coherence as usize)
        .next_power_of_two()
        .clamp(256, 4096)
        .min(lags.next_power_of_two() / 2);
    let blocks = normalize(
        &by_blocks(&signals.plain, &signals.delayed, lags, block),
        guard,
    );
    let significance: Vec<f64> = aided
        .iter()
        .zip(&blocks)
        .map(|(a, b)| a.abs().max(*b))
        .collect();
    let threshold = threshold(lags - guard);
    let peaks = find_peaks(&significance, threshold, guard);
    let (level_db, floor_db) = levels(&raised, tracked, guard, threshold);
    Some(Reflectogram {
        delay_s: (0..lags).map(|k| k as f64 / baud_hz).collect(),
        significance,
        threshold,
        peaks,
        level_db,
        floor_db,
    })
}

/// Levels in dB that the aided correlation and its threshold stand for. The track is
/// `c = <a> b`, with `b = 2 sqrt(m) cos(psi)` and `<b^2> = 2 m`, so a path at lag `k` raises
/// `S(k) = (N - k) 2 m <a> <P> var(a)`.
///
/// *Assumes* a track without noise; *breaks* when the beat is weaker than the track's noise,
/// which then lowers the level, and when the beat stands still.
fn levels(raised: &[f64], tracked: &Tracked, guard: usize, threshold: f64) -> (Vec<f64>, Vec<f64>) {
    let n = tracked.symbols.len() as f64;
    let (amplitude, power) = (
        tracked.mean_of(|i| tracked.amplitude[i]),
        tracked.mean_of(|i| tracked.power[i]),
    );
    let scale = 2.0 * amplitude * power * (power - amplitude * amplitude);
    let Some((middle, sigma)) = spread(raised, guard) else {
        let lowest = vec![Reflectogram::LEVEL_FLOOR_DB; raised.len()];
        return (lowest, vec![f64::INFINITY; raised.len()]);
    };
    let lowest = 10f64.powf(Reflectogram::LEVEL_FLOOR_DB / 10.0);
    let db = |k: usize, height: f64| 10.0 * (height / (scale * (n - k as f64))).max(lowest).log10();
    (0..raised.len())
        .map(|k| match k <= guard {
            true => (Reflectogram::LEVEL_FLOOR_DB, f64::INFINITY),
            false => (db(k, (raised[k] - middle).abs()), db(k, threshold * sigma)),
        })
        .unzip()
}

/// Height that the larger of two unit-variance noises exceeds anywhere with [`FALSE_ALARM`]:
/// `2 lags (2 Q(z)) = FALSE_ALARM`. Half a sigma more allows for the cube root's remaining error
/// and for the noise's slow change over the capture.
fn threshold(lags: usize) -> f64 {
    let tail = FALSE_ALARM / (4.0 * lags as f64);
    let (mut low, mut high) = (0.0_f64, 20.0_f64);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if crate::measure::statistics::q(middle) > tail {
            low = middle
        } else {
            high = middle
        }
    }
    high + 0.5
}

/// The sequences that are correlated.
struct Signals {
    /// Residual times amplitude times the beat track.
    aided: Vec<f32>,
    /// Residual times amplitude.
    plain: Vec<f32>,
    /// Amplitude without its mean.
    delayed: Vec<f32>,
}

impl Signals {
    fn new(power: &[f32], tracked: &Tracked, beat: &Beat) -> Self {
        let smooth = smooth(&beat.track, beat);
        let n = power.len();
        let amplitude = |t: usize| tracked.amplitude[tracked.symbols[t] as usize];
        let mean = (0..n).map(amplitude).sum::<f64>() / n as f64;
        let (mut aided, mut plain, mut delayed) = (
            Vec::with_capacity(n),
            Vec::with_capacity(n),
            Vec::with_capacity(n),
        );
        for (t, &y) in power.iter().enumerate() {
            let a = amplitude(t);
            let c = interpolate(&smooth, t);
            let r = f64::from(y) - tracked.power[tracked.symbols[t] as usize];
            plain.push((r * a) as f32);
            // The beat's mean part is known by now; taking it out leaves less noise.
            aided.push(((r - c * a) * a * c) as f32);
            delayed.push((a - mean) as f32);
        }
        let offset = plain.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
        plain.iter_mut().for_each(|x| *x -= offset as f32);
        Self {
            aided,
            plain,
            delayed,
        }
    }
}

/// Smooths the track over about a third of the coherence time.
fn smooth(track: &[f64], beat: &Beat) -> Vec<f64> {
    let half = smoothing_half_width(beat);
    let n = track.len();
    let mut prefix = vec![0.0; n + 1];
    for (i, c) in track.iter().enumerate() {
        prefix[i + 1] = prefix[i] + c;
    }
    (0..n)
        .map(|i| {
            let (first, last) = (i.saturating_sub(half), (i + half + 1).min(n));
            (prefix[last] - prefix[first]) / (last - first) as f64
        })
        .collect()
}

/// Blocks on each side: averaging more lowers the noise, averaging beyond the coherence time
/// loses the beat.
fn smoothing_half_width(beat: &Beat) -> usize {
    let coherence_blocks = beat.coherence_blocks();
    ((0.3 * coherence_blocks).round() as usize).clamp(1, 512)
}

impl Beat {
    /// Coherence time of the beat in blocks.
    fn coherence_blocks(&self) -> f64 {
        if self.significance >= level::MIN_SIGNIFICANCE {
            1.0 / self.rate.max(1e-6)
        } else {
            16.0
        }
    }
}

fn interpolate(track: &[f64], t: usize) -> f64 {
    let x = (t as f64 + 0.5) / level::BLOCK as f64 - 0.5;
    if track.is_empty() {
        return 0.0;
    }
    let i = (x.floor().max(0.0) as usize).min(track.len() - 1);
    let j = (i + 1).min(track.len() - 1);
    let f = (x - i as f64).clamp(0.0, 1.0);
    track[i] * (1.0 - f) + track[j] * f
}

/// `sum_t x(t) d(t - lag)` for lags from 0 on. Both real sequences share one complex transform:
/// with `Z = F(x + i d)`, `X = (Z(k) + Z*(-k)) / 2` and `D = (Z(k) - Z*(-k)) / 2i`.
fn coherent(x: &[f32], d: &[f32], lags: usize) -> Vec<f64> {
    let size = (x.len() + lags).next_power_of_two();
    let mut planner = FftPlanner::<f64>::new();
    let mut both: Vec<Complex64> = x
        .iter()
        .zip(d)
        .map(|(&x, &d)| Complex64::new(f64::from(x), f64::from(d)))
        .collect();
    both.resize(size, Complex64::ZERO);
    planner.plan_fft_forward(size).process(&mut both);
    for k in 0..=size / 2 {
        let mirror = (size - k) % size;
        let (here, there) = (both[k], both[mirror].conj());
        let x = 0.5 * (here + there);
        let d = Complex64::new(0.0, -0.5) * (here - there);
        both[k] = x * d.conj();
        both[mirror] = both[k].conj();
    }
    planner.plan_fft_inverse(size).process(&mut both);
    (0..lags).map(|k| both[k].re / size as f64).collect()
}

/// Median and standard deviation (by the median absolute deviation) over the lags beyond the
/// guard; `None` without any spread.
fn spread(series: &[f64], guard: usize) -> Option<(f64, f64)> {
    let mut tail: Vec<f64> = series.iter().skip(guard + 1).copied().collect();
    if tail.is_empty() {
        return None;
    }
    let middle = median(&mut tail);
    let mut deviations: Vec<f64> = tail.iter().map(|x| (x - middle).abs()).collect();
    let sigma = 1.4826 * median(&mut deviations);
    (sigma > 0.0).then_some((middle, sigma))
}

/// Scales to unit variance.
fn normalize(series: &[f64], guard: usize) -> Vec<f64> {
    let Some((middle, sigma)) = spread(series, guard) else {
        return vec![0.0; series.len()];
    };
    series
        .iter()
        .enumerate()
        .map(|(k, x)| {
            if k <= guard {
                0.0
            } else {
                (x - middle) / sigma
            }
        })
        .collect()
}

/// Local maxima above the threshold, strongest first; a lag next to a stronger one is its skirt.
fn find_peaks(significance: &[f64], threshold: f64, guard: usize) -> Vec<usize> {
    let mut above: Vec<usize> = (guard + 1..significance.len())
        .filter(|&k| significance[k] > threshold)
        .collect();
    above.sort_by(|&a, &b| significance[b].total_cmp(&significance[a]));
    let mut peaks: Vec<usize> = Vec::new();
    for k in above {
        if peaks.len() == MAX_PATHS {
            break;
        }
        if peaks.iter().all(|&p| p.abs_diff(k) > 4) {
            peaks.push(k);
        }
    }
    peaks
}

/// Makes the reported paths; the delay is refined by a parabola through the peak.
pub fn paths(gram: &Reflectogram, baud_hz: f64) -> Vec<MpiPath> {
    gram.peaks
        .iter()
        .map(|&k| {
            let height = |i: usize| gram.significance.get(i).copied().unwrap_or(0.0);
            let (l, c, r) = (height(k.saturating_sub(1)), height(k), height(k + 1));
            let bend = l - 2.0 * c + r;
            let shift = if bend < 0.0 {
                (0.5 * (l - r) / bend).clamp(-0.5, 0.5)
            } else {
                0.0
            };
            let delay_s = (k as f64 + shift) / baud_hz;
            MpiPath {
                delay_s,
                distance_m: distance_m(delay_s),
                level_db: None,
                low_db: None,
                high_db: None,
                significance: c,
                ..MpiPath::default()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! Timing of an oversampled capture: a feed-forward estimate, block by block.
//!
//! [`recover`] measures the line at the symbol rate in blocks of about 256 symbols
//! (`band_edge`), tracks its phase through the capture with as long an average as the clock
//! allows (`track`), and returns a [`Timing`]: where every symbol's instant lies.
//! [`resample`] makes samples at those instants. Nothing loops from symbol to symbol, so that
//! all of it runs in vectors.
//!
//! *Range:* any oversampling from 1.1 samples a symbol up; clock offsets up to
//! [`MAX_OFFSET_PPM`]; wander that moves the clock by less than a quarter of a unit interval
//! between averages, which [`Timing::trouble`] watches.

pub(crate) mod band_edge;
pub mod resample;
mod track;

use fearless_simd::Level;

use crate::kernels;

/// Symbol rates of the standards in baud, for `--baud auto` and for hints.
pub const STANDARD_RATES_HZ: [f64; 14] = [
    1.25e9, 3.125e9, 5.0e9, 8.0e9, 9.953_28e9, 10.3125e9, 16.0e9, 25.78125e9, 26.5625e9, 28.0e9,
    28.125e9, 53.125e9, 56.0e9, 106.25e9,
];

/// Largest clock offset that is searched, in parts per million. Within a block of 256 symbols it
/// turns the line by 0.38 of a turn and takes 2 dB of it.
pub const MAX_OFFSET_PPM: f64 = 1500.0;

/// Significance below which no symbol rate is claimed. The line of noise alone is Rayleigh with
/// unit mean square, so it exceeds 6 with a probability of exp(-36) = 2e-16, times the number of
/// offsets searched: some ten thousand in a capture of a million symbols.
pub const MIN_SIGNIFICANCE: f64 = 6.0;

/// Share of the blocks without a line from which on the track is not to be trusted.
const MAX_LOST: f64 = 0.02;

/// Where the symbols are.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Nominal samples per symbol.
    pub samples_per_symbol: f64,
    /// Clock offset of the transmitter against the digitizer in parts per million: positive
    /// when symbols come faster than told.
    pub offset_ppm: f64,
    /// Height of the line in standard deviations of its noise.
    pub significance: f64,
    /// Estimated standard error of the instants in unit intervals: noise, and motion that the
    /// averages do not follow.
    pub noise_ui: f64,
    /// Timing at the knots in unit intervals: how much later than its nominal time the symbol
    /// comes that is due there.
    track_ui: Vec<f64>,
    /// Nominal time of the first knot in unit intervals after the first sample.
    first_ui: f64,
    /// Time from knot to knot in unit intervals.
    knot_ui: f64,
    /// Share of the blocks around which the line was lost.
    lost: f64,
    /// Steps of the track by more than a quarter of a unit interval.
    slips: usize,
}

impl Timing {
    /// Makes a timing for a capture whose samples are its symbols.
    pub fn one_per_symbol() -> Self {
        Self::from_track(1.0, vec![0.0], 0.0, 1.0)
    }

    /// Makes a timing from a known track: `track_ui[i]` is the delay at the nominal time
    /// `first_ui + i * knot_ui`, all in unit intervals.
    ///
    /// An empty track counts as one without delay.
    pub fn from_track(
        samples_per_symbol: f64,
        track_ui: Vec<f64>,
        first_ui: f64,
        knot_ui: f64,
    ) -> Self {
        let track_ui = if track_ui.is_empty() {
            vec![0.0]
        } else {
            track_ui
        };
        let (slope, _) = track::straight_line(&track_ui);
        Self {
            samples_per_symbol,
            offset_ppm: -slope / knot_ui * 1e6,
            significance: f64::INFINITY,
            noise_ui: 0.0,
            track_ui,
            first_ui,
            knot_ui,
            lost: 0.0,
            slips: 0,
        }
    }

    /// Returns the sample position of the instant `symbol` (which may be fractional).
    pub fn position(&self, symbol: f64) -> f64 {
        // The delay is known over time, not over symbols: with slopes of 1e-3 at most, each step
        // of this iteration gains three digits.
        let mut time = symbol + self.delay_ui(symbol);
        for _ in 0..3 {
            time = symbol + self.delay_ui(time);
        }
        time * self.samples_per_symbol
    }

    /// Interpolates the track, extending its end slopes.
    fn delay_ui(&self, time_ui: f64) -> f64 {
        let n = self.track_ui.len();
        if n == 1 {
            return self.track_ui[0];
        }
        let x = (time_ui - self.first_ui) / self.knot_ui;
        let i = (x.max(0.0) as usize).min(n - 2);
        self.track_ui[i] + (x - i as f64) * (self.track_ui[i + 1] - self.track_ui[i])
    }

    /// Returns the first symbol whose instant lies within the capture.
    pub fn first_symbol(&self) -> f64 {
        let mut k = (-self.track_ui[0]).floor() - 1.0;
        while self.position(k) < 0.0 {
            k += 1.0;
        }
        k
    }

    /// Returns the knots of the track: nominal time and delay, in unit intervals.
    pub fn knots(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let time = |i: usize| self.first_ui + i as f64 * self.knot_ui;
        self.track_ui
            .iter()
            .enumerate()
            .map(move |(i, &d)| (time(i), d))
    }

    /// Returns the root mean square of the track about its straight line, in unit intervals.
    pub fn wander_ui(&self) -> f64 {
        let (_, residual) = track::straight_line(&self.track_ui);
        (residual.iter().map(|r| r * r).sum::<f64>() / residual.len() as f64).sqrt()
    }

    /// Says why the track is not to be trusted, if it is not.
    pub fn trouble(&self) -> Option<String> {
        if self.slips > 0 {
            return Some(format!(
                "the clock jumps by more than a quarter of a unit interval at {} places: symbols may be lost or doubled there",
                self.slips
            ));
        }
        (self.lost > MAX_LOST).then(|| {
            format!(
                "the clock is lost in {:.0} % of the capture: it moves faster than can be tracked, or the signal fades",
                100.0 * self.lost
            )
        })
    }
}

/// Recovers the timing at a told symbol rate.
///
/// # Shapes
/// `samples` at `samples_per_symbol` (at least 1.1) samples a symbol, any offset and scale.
pub fn recover(samples: &[f32], samples_per_symbol: f64) -> Timing {
    recover_at(kernels::level(), samples, samples_per_symbol)
}

/// Does what [`recover`] does on a given instruction set.
pub fn recover_at(level: Level, samples: &[f32], samples_per_symbol: f64) -> Timing {
    let tones = band_edge::tones(level, samples, samples_per_symbol);
    let track = track::track(&tones, 1e-6 * MAX_OFFSET_PPM);
    let mut timing =
        Timing::from_track(samples_per_symbol, track.ui, tones.first_ui, tones.block_ui);
    timing.significance = track.significance;
    timing.noise_ui = track.noise_ui;
    timing.lost = track.lost;
    timing.slips = track.slips;
    timing
}

/// Returns how significant the line of a symbol rate is.
pub fn significance(samples: &[f32], samples_per_symbol: f64) -> f64 {
    recover(samples, samples_per_symbol).significance
}

/// Orders the standard rates that fit the sample rate by the strength of their line.
pub fn rank_standard_rates(samples: &[f32], sample_rate_hz: f64) -> Vec<(f64, f64)> {
    let enough = &samples[..samples.len().min(1 << 18)];
    let mut ranked: Vec<(f64, f64)> = STANDARD_RATES_HZ
        .iter()
        .filter(|&&rate| {
            sample_rate_hz / rate >= 1.1 && enough.len() as f64 * rate / sample_rate_hz >= 512.0
        })
        .map(|&rate| (rate, significance(enough, sample_rate_hz / rate)))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

#[cfg(test)]
mod tests;

//! Timing of an oversampled capture: a feed-forward estimate, block by block.
//!
//! [`recover`] measures the line at the symbol rate in blocks of about 256 symbols
//! (`band_edge`; in a long capture with a steady clock a quarter of them), tracks its phase through the capture with as long an average as the clock
//! allows (`track`), and returns a [`Timing`]: where every symbol's instant lies.
//! [`resample`] makes samples at those instants. Nothing loops from symbol to symbol, so that
//! all of it runs in vectors. Where the channel leaves no energy at half the symbol rate, the
//! rectified signal's line serves ([`rectifier`]).
//!
//! [`search`] finds the rate when nobody tells it, [`rival`] doubts one that was told, and
//! [`recovery_loop`] gives the clock that the standards' receiver would follow.
//!
//! *Range:* any oversampling from 1.1 samples a symbol up; clock offsets up to
//! [`MAX_OFFSET_PPM`]; wander that moves the clock by less than a quarter of a unit interval
//! between averages, which [`Timing::trouble`] watches.

pub mod band_edge;
mod neighbours;
pub mod recovery_loop;
pub mod rectifier;
pub mod resample;
pub mod search;
pub mod track;

pub use neighbours::Rival;
pub use search::{FoundRate, STANDARD_RATES_HZ, rank_standard_rates};

use fearless_simd::Level;

use crate::kernels;
use band_edge::{Looker, PERIOD, Tones};
use track::Track;

/// Largest clock offset that is searched, in parts per million. Within a block of 256 symbols it
/// turns the line by 0.38 of a turn and takes 2 dB of it.
pub const MAX_OFFSET_PPM: f64 = 1500.0;

/// Significance below which no symbol rate is claimed. The line of noise alone is Rayleigh with
/// unit mean square, so it exceeds 6 with a probability of exp(-36) = 2e-16, times the number of
/// offsets searched: some ten thousand in a capture of a million symbols.
pub const MIN_SIGNIFICANCE: f64 = 6.0;

/// Significance below which the rectifier is tried as well.
const WEAK: f64 = 2.0 * MIN_SIGNIFICANCE;

/// Standard error of the instants in unit intervals that is good enough: a quarter of the hundredth
/// that is promised.
const ENOUGH_UI: f64 = 0.0025;

/// Symbols on which neighbouring lines are compared, first and at most.
const COMPARED: [usize; 3] = [1 << 14, 1 << 16, 1 << 18];

/// What made the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The samples are the symbols, or the instants are told.
    Told,
    /// The square of the band around half the symbol rate.
    BandEdge,
    /// The magnitude: the channel leaves nothing at half the symbol rate.
    Rectifier,
}

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
    /// What made the line.
    pub method: Method,
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
            method: Method::Told,
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
        self.line(symbol).position(symbol)
    }

    /// Solves `time = symbol + delay(time)` around a symbol: the delay is known over time, not over
    /// symbols. Between knots it is a straight line, and so is the solution.
    fn line(&self, symbol: f64) -> Line {
        let knots = self.track_ui.len();
        if knots == 1 {
            return Line {
                shift: self.track_ui[0] * self.samples_per_symbol,
                slope: self.samples_per_symbol,
                last: f64::INFINITY,
            };
        }
        // The delay is next to nothing beside the time between knots, nearly always.
        let mut segment = self.segment(symbol + self.track_ui[self.segment(symbol)]);
        while segment + 2 < knots && symbol > self.symbol_at(segment + 1) {
            segment += 1;
        }
        while segment > 0 && symbol <= self.symbol_at(segment) {
            segment -= 1;
        }
        let rise = self.track_ui[segment + 1] - self.track_ui[segment];
        let slope = (rise / self.knot_ui).clamp(-0.5, 0.5);
        let begin = self.first_ui + segment as f64 * self.knot_ui;
        let stretched = self.samples_per_symbol / (1.0 - slope);
        Line {
            shift: (self.track_ui[segment] - slope * begin) * stretched,
            slope: stretched,
            last: if segment + 2 < knots {
                self.symbol_at(segment + 1)
            } else {
                f64::INFINITY
            },
        }
    }

    /// Returns the symbol, a fraction, whose instant is a knot.
    fn symbol_at(&self, knot: usize) -> f64 {
        self.first_ui + knot as f64 * self.knot_ui - self.track_ui[knot]
    }

    /// Index of the line between knots that holds at a time; the end lines go on forever.
    fn segment(&self, time_ui: f64) -> usize {
        let x = (time_ui - self.first_ui) / self.knot_ui;
        (x.max(0.0) as usize).min(self.track_ui.len() - 2)
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

/// Where symbols lie between two knots.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Position of the symbol 0, in samples.
    shift: f64,
    /// Samples a symbol.
    slope: f64,
    /// Last symbol of the line.
    last: f64,
}

impl Line {
    fn position(&self, symbol: f64) -> f64 {
        self.shift + self.slope * symbol
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
///
/// A long capture is looked at in bursts first, a quarter of it. That is enough where the clock
/// stands still: where the best average is much longer than the time between bursts and leaves
/// at most 0.0025 UI. Otherwise the rest is looked at as well.
pub fn recover_at(level: Level, samples: &[f32], samples_per_symbol: f64) -> Timing {
    let mut looker = Looker::new(level, samples, samples_per_symbol);
    let tones = looker.some();
    let track = track::track(tones, 1e-6 * MAX_OFFSET_PPM);
    let found = if tones.are_complete() || is_enough(&track) {
        timing(tones, track, samples_per_symbol, Method::BandEdge)
    } else {
        tracked(looker.all(), samples_per_symbol, Method::BandEdge)
    };
    if found.significance >= WEAK {
        return found;
    }
    let outputs = rectifier::outputs(level, samples, samples_per_symbol, usize::MAX);
    let tones = Tones::from_outputs(&outputs, rectifier::CENTRE_UI);
    let other = tracked(&tones, samples_per_symbol, Method::Rectifier);
    if other.significance > found.significance {
        other
    } else {
        found
    }
}

/// Does what [`recover_at`] does, but looks at all of the capture in any case: four times the
/// blocks, half the noise.
pub fn recover_from_all(level: Level, samples: &[f32], samples_per_symbol: f64) -> Timing {
    let mut looker = Looker::new(level, samples, samples_per_symbol);
    tracked(looker.all(), samples_per_symbol, Method::BandEdge)
}

/// Says whether bursts tell the clock as well as is asked.
fn is_enough(track: &Track) -> bool {
    track.half_width >= 2 * PERIOD
        && track.noise_ui <= ENOUGH_UI
        && track.significance >= WEAK
        && track.lost == 0.0
        && track.slips == 0
}

fn tracked(tones: &Tones, samples_per_symbol: f64, method: Method) -> Timing {
    let track = track::track(tones, 1e-6 * MAX_OFFSET_PPM);
    timing(tones, track, samples_per_symbol, method)
}

fn timing(tones: &Tones, track: Track, samples_per_symbol: f64, method: Method) -> Timing {
    let knot_ui = tones.block_ui * track.step as f64;
    Timing {
        method,
        significance: track.significance,
        noise_ui: track.noise_ui,
        lost: track.lost,
        slips: track.slips,
        ..Timing::from_track(samples_per_symbol, track.ui, tones.first_ui, knot_ui)
    }
}

/// Looks for a line near the told rate that leaves the recovered one in doubt: as strong as it or
/// nearly so, though further off than any clock.
pub fn rival(samples: &[f32], timing: &Timing) -> Option<Rival> {
    let level = kernels::level();
    let sps = timing.samples_per_symbol;
    let mut last = None;
    for symbols in COMPARED {
        let (outputs, spacing_ui) = match timing.method {
            Method::Told => return None,
            Method::BandEdge => band_edge::outputs(level, samples, sps, symbols),
            Method::Rectifier => (rectifier::outputs(level, samples, sps, symbols), 2.0),
        };
        let rival = neighbours::strongest(&outputs, spacing_ui, 1e-6 * MAX_OFFSET_PPM);
        if rival.ratio >= neighbours::MIN_RATIO {
            return None;
        }
        last = Some(rival);
        if samples.len() as f64 <= symbols as f64 * sps {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests;

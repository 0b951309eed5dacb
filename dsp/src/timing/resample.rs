//! Samples at any instants, by a windowed sinc.
//!
//! ```text
//! y(t) = sum_n x(n) c sinc(c (t - n)) w(c (t - n) / Z)      c: cut-off over the input's Nyquist
//! ```
//!
//! with a Kaiser window of `Z` zero crossings a side. The table has a row for every 1/128 of the
//! shortest wave that passes, and between rows the coefficients are interpolated: an error of
//! `(pi / 128)^2 / 8`, below -80 dB.
//!
//! Where the spacing of the outputs is nearly a whole number of samples (two a symbol from a
//! capture at 2, 4, 6 ... samples a symbol), 64 outputs share a row and the clock offset slides
//! through the lanes; any other spacing looks a row up for each output, four to six times slower
//! ([`crate::kernels::interpolation`]).
//!
//! *Assumes* a capture whose band is below half its sample rate. *Breaks* within `Z` samples of
//! the ends, where the end samples repeat.

use fearless_simd::Level;

use crate::kernels::fir::Thresholds;
use crate::kernels::interpolation::emit::{Decisions, Emit, Outputs};
use crate::kernels::interpolation::{self, Place, RUN, Table};
use crate::kernels::{self, polyphase};
use crate::timing::Timing;

/// Zero crossings on each side.
const CROSSINGS: usize = 8;
/// Rows of the table over one sample at a cut-off of one.
const ROWS: f64 = 128.0;
/// Kaiser window parameter for eight zero crossings: stop band below -70 dB.
const BETA: f64 = 7.0;
/// Outputs between which instants are interpolated: far fewer than the clock needs to bend.
const STRETCH: usize = 4 * RUN;
/// Stretches whose samples are split into streams at a time.
const GROUP: usize = 4;
/// Samples that the clock may slide within a run: beyond, the straight line from row to row is
/// off by more than 1e-3.
const MAX_SLIDE: f64 = 6.0 / ROWS;
/// Samples before and behind a group that the clock may slide into.
const ROOM: usize = 16;
/// Samples of a group at most, so that its streams stay in the second-level cache.
const MAX_GROUP_SAMPLES: usize = 1 << 18;

/// An interpolation table for one cut-off.
#[derive(Clone, Debug)]
pub struct Resampler(Table);

impl Resampler {
    /// Makes a table that passes up to `cutoff` of the input's Nyquist frequency (at most 1).
    pub fn new(cutoff: f64) -> Self {
        Self::with_crossings(cutoff, CROSSINGS)
    }

    /// Makes a table with another number of zero crossings a side: fewer cost less and cut off
    /// less sharply.
    pub fn with_crossings(cutoff: f64, crossings: usize) -> Self {
        let cutoff = cutoff.clamp(0.005, 1.0);
        let crossings = crossings.max(1) as f64;
        let half = (crossings / cutoff).ceil() as usize;
        let (taps, padded) = (2 * half, (2 * half).next_multiple_of(16));
        let rows = (ROWS * cutoff).ceil().max(8.0) as usize;
        let line = |row: usize| {
            let fraction = row as f64 / rows as f64;
            let line: Vec<f64> = (0..taps)
                .map(|i| {
                    let t = i as f64 - (half as f64 - 1.0) - fraction;
                    windowed_sinc(cutoff, crossings, t)
                })
                .collect();
            let sum: f64 = line.iter().sum();
            let scaled = move |i: usize| if i < taps { line[i] / sum } else { 0.0 };
            (0..padded).map(scaled).collect::<Vec<f64>>()
        };
        let (mut table, mut steps) = (Vec::new(), Vec::new());
        let mut this = line(0);
        for row in 0..rows {
            let next = line(row + 1);
            table.extend(this.iter().map(|&v| v as f32));
            steps.extend(next.iter().zip(&this).map(|(n, t)| (n - t) as f32));
            this = next;
        }
        Self(Table {
            rows: table,
            steps,
            count: rows,
            taps,
            padded,
        })
    }

    /// Returns the signal at a position in samples; beyond the ends the end samples repeat.
    pub fn at(&self, samples: &[f32], position: f64) -> f32 {
        let mut out = [0.0];
        self.each(kernels::level(), samples, position, 1.0, &Outputs, &mut out);
        out[0]
    }

    /// Fills `out` with `spacing` samples a symbol, from the instant of the symbol `first` on.
    ///
    /// Blocks of any length give the same signal; they give the same bytes as one long block
    /// when all but the last are multiples of 256.
    ///
    /// # Complexity
    /// At two samples a symbol from two, about 6 cycles a symbol with 512-bit vectors: 32
    /// multiply-adds in sixteen lanes, whose loads cross cache lines and take two cycles each,
    /// are 4 of them.
    #[allow(clippy::too_many_arguments, reason = "samples, instants and buffers")]
    pub fn fill(
        &self,
        level: Level,
        samples: &[f32],
        timing: &Timing,
        first: f64,
        spacing: usize,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        self.fill_as(
            level, samples, timing, first, spacing, scratch, &Outputs, out,
        );
    }

    /// Decides the symbols from `first` on: the outputs that [`Self::fill`] makes at one a symbol
    /// are compared with thresholds before they leave the registers.
    ///
    /// # Complexity
    /// From two samples a symbol with four zero crossings, about 2.4 cycles a symbol with 512-bit
    /// vectors (measured on Zen 4). Eight multiply-adds in sixteen lanes are half a cycle; their
    /// loads cross cache lines, two cycles each, which makes it one. The rest are the coefficients
    /// of each run, a chain of conversions for every 64 symbols, and the comparisons.
    #[allow(clippy::too_many_arguments, reason = "samples, instants and buffers")]
    pub fn decide(
        &self,
        level: Level,
        samples: &[f32],
        timing: &Timing,
        first: f64,
        thresholds: &Thresholds,
        scratch: &mut Scratch,
        out: &mut [u8],
    ) {
        match *thresholds {
            Thresholds::One(t) => {
                let emit = &Decisions(t);
                self.fill_as(level, samples, timing, first, 1, scratch, emit, out);
            }
            Thresholds::Three(t) => {
                let emit = &Decisions(t);
                self.fill_as(level, samples, timing, first, 1, scratch, emit, out);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "samples, instants and buffers")]
    fn fill_as<E: Emit>(
        &self,
        level: Level,
        samples: &[f32],
        timing: &Timing,
        first: f64,
        spacing: usize,
        scratch: &mut Scratch,
        emit: &E,
        out: &mut [E::Item],
    ) {
        if samples.is_empty() {
            out.fill(emit.one(0.0));
            return;
        }
        let per_output = 1.0 / spacing.max(1) as f64;
        let stride = (timing.samples_per_symbol * per_output).round() as usize;
        let mut symbol = first;
        let mut line = timing.line(first);
        let mut start = line.position(first);
        for out in out.chunks_mut(GROUP * STRETCH) {
            let mut ends = [0.0; GROUP];
            let ends = &mut ends[..out.len().div_ceil(STRETCH)];
            for (i, end) in ends.iter_mut().enumerate() {
                let symbol = symbol + ((i + 1) * STRETCH) as f64 * per_output;
                if symbol > line.last {
                    line = timing.line(symbol);
                }
                *end = line.position(symbol);
            }
            let group = Group {
                samples,
                stride,
                start,
                ends,
            };
            if group.is_even() {
                self.together(level, &group, scratch, emit, out);
            } else {
                for ((start, step), out) in group.stretches().zip(out.chunks_mut(STRETCH)) {
                    self.each(level, samples, start, step, emit, out);
                }
            }
            symbol += (GROUP * STRETCH) as f64 * per_output;
            start = ends[ends.len() - 1];
        }
    }

    /// A group whose outputs lie nearly `stride` samples apart.
    fn together<E: Emit>(
        &self,
        level: Level,
        group: &Group,
        scratch: &mut Scratch,
        emit: &E,
        out: &mut [E::Item],
    ) {
        let Group {
            samples, stride, ..
        } = *group;
        let reach = self.0.taps as i64 / 2 - 1;
        let first = group.start.floor() as i64 - reach - ROOM as i64;
        let length = out.len() + (self.0.taps + 2 * ROOM).div_ceil(stride) + 1;
        let inside = usize::try_from(first)
            .ok()
            .and_then(|f| samples.get(f..f + stride * length));
        let streams = match inside {
            // The samples themselves serve.
            Some(inside) if stride <= 2 => inside,
            _ => {
                let (stride, length) = if stride <= 2 {
                    (1, stride * length)
                } else {
                    (stride, length)
                };
                scratch.streams.resize(stride * length, 0.0);
                let streams = &mut scratch.streams;
                polyphase::split(level, samples, first, stride, length, streams);
                &scratch.streams
            }
        };
        for ((start, step), out) in group.stretches().zip(out.chunks_mut(STRETCH)) {
            let runs = out.len() / RUN * RUN;
            let (whole, rest) = out.split_at_mut(runs);
            let place = Place {
                stride,
                length,
                start: start - (first + reach) as f64,
                step,
            };
            let weights = &mut scratch.weights;
            interpolation::stretch_as(level, &self.0, streams, place, weights, emit, whole);
            self.each(level, samples, start + runs as f64 * step, step, emit, rest);
        }
    }

    /// A stretch at any spacing, output by output.
    fn each<E: Emit>(
        &self,
        level: Level,
        samples: &[f32],
        start: f64,
        step: f64,
        emit: &E,
        out: &mut [E::Item],
    ) {
        let reach = self.0.taps as i64 / 2 - 1;
        let last = samples.len() as i64 - 1;
        for (k, out) in out.iter_mut().enumerate() {
            let position = start + k as f64 * step;
            let whole = position.floor();
            let (row, next, behind) = self.0.row(position - whole);
            let first = whole as i64 - reach;
            let window = usize::try_from(first)
                .ok()
                .and_then(|f| samples.get(f..f + self.0.padded));
            let output = match window {
                Some(window) => interpolation::single(level, window, row, next, behind),
                None => {
                    let at = |j: i64| samples[(first.saturating_add(j)).clamp(0, last) as usize];
                    let window: Vec<f32> = (0..self.0.padded as i64).map(at).collect();
                    interpolation::single(level, &window, row, next, behind)
                }
            };
            *out = emit.one(output);
        }
    }
}

/// Buffers of [`Resampler::fill`]: any will do, one that is kept costs no allocation.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    streams: Vec<f32>,
    weights: Vec<f32>,
}

/// Some stretches of outputs one behind the other.
struct Group<'a> {
    samples: &'a [f32],
    /// Whole number of samples nearest to the outputs' spacing.
    stride: usize,
    /// Position of the first output.
    start: f64,
    /// Position of the output behind each stretch.
    ends: &'a [f64],
}

impl Group<'_> {
    /// Start and spacing of each stretch, in samples.
    fn stretches(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let starts = std::iter::once(self.start).chain(self.ends.iter().copied());
        let both = starts.zip(self.ends);
        both.map(|(start, end)| (start, (end - start) / STRETCH as f64))
    }

    /// Says whether all outputs lie so nearly a stride apart that they can share rows.
    fn is_even(&self) -> bool {
        let stride = self.stride as f64;
        let total = self.ends.len() * STRETCH;
        let slid = |(i, end): (usize, &f64)| {
            (end - self.start - ((i + 1) * STRETCH) as f64 * stride).abs() < ROOM as f64 - 1.0
        };
        self.stride >= 1
            && total * self.stride <= MAX_GROUP_SAMPLES
            && self.ends.iter().enumerate().all(slid)
            && self
                .stretches()
                .all(|(_, step)| RUN as f64 * (step - stride).abs() <= MAX_SLIDE)
    }
}

fn windowed_sinc(cutoff: f64, crossings: f64, t: f64) -> f64 {
    let x = cutoff * t;
    let edge = x / crossings;
    if edge.abs() >= 1.0 {
        return 0.0;
    }
    let sinc = if x.abs() < 1e-12 {
        1.0
    } else {
        (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
    };
    // A window of fewer crossings needs a wider main lobe for the same pass band. (Its height
    // cancels in the row's sum.)
    let beta = BETA * (crossings / CROSSINGS as f64).sqrt();
    sinc * bessel_i0(beta * (1.0 - edge * edge).sqrt())
}

/// Modified Bessel function of the first kind and order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= quarter / (k * k) as f64;
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

/// Two samples a symbol: index `2 k` is the instant of symbol `k`, `2 k + 1` half way to the
/// next. Noise beyond the symbol rate is filtered out.
///
/// Returns the samples; their number is twice the number of whole symbols in the capture.
pub fn two_per_symbol(samples: &[f32], timing: &Timing) -> Vec<f32> {
    per_symbol(kernels::level(), samples, timing, 2)
}

/// Samples at `spacing` a symbol, 1 or more: index `spacing * k` is the instant of symbol `k`.
/// What lies beyond half of the output's rate is filtered out.
pub fn per_symbol(level: Level, samples: &[f32], timing: &Timing, spacing: usize) -> Vec<f32> {
    let cutoff = spacing as f64 / timing.samples_per_symbol;
    let first = timing.first_symbol();
    let mut out = vec![0.0; spacing * whole_symbols(samples.len(), timing, first)];
    let scratch = &mut Scratch::default();
    Resampler::new(cutoff).fill(level, samples, timing, first, spacing, scratch, &mut out);
    out
}

/// Counts the symbols from `first` on whose instants lie within a capture.
pub fn whole_symbols(count: usize, timing: &Timing, first: f64) -> usize {
    let last = count as f64 - 1.0;
    let nominal = (last - timing.position(first)) / timing.samples_per_symbol;
    if nominal.is_nan() || nominal < 0.0 {
        return 0;
    }
    let mut symbols = nominal as usize;
    let inside = |symbols: usize| timing.position(first + symbols as f64) <= last;
    while symbols > 0 && !inside(symbols) {
        symbols -= 1;
    }
    while inside(symbols) && symbols <= count {
        symbols += 1;
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cut-off at a quarter of Nyquist takes out what lies at twice the cut-off (stop band of a
    /// Kaiser window with beta 7: below -70 dB) and keeps a constant.
    #[test]
    fn ref_what_lies_beyond_the_cutoff_is_gone() {
        let resampler = Resampler::new(0.25);
        let high: Vec<f32> = (0..2000)
            .map(|i| (std::f64::consts::PI * 0.5 * i as f64).sin() as f32)
            .collect();
        for i in 0..500 {
            let t = 200.0 + 1.37 * f64::from(i);
            assert!(resampler.at(&high, t).abs() < 1e-3, "{t}");
            assert!((resampler.at(&[0.7; 900], t) - 0.7).abs() < 1e-6);
        }
    }

    /// The instants of a pulse without interference give the symbols back.
    #[test]
    fn ref_two_per_symbol_gives_the_symbols_back() {
        use crate::signals::{Shaping, shaped, symbols};
        let sent = symbols(3, 8_000, 4);
        for sps in [2.0, 2.5, 4.0] {
            let shape = Shaping {
                samples_per_symbol: sps,
                offset_ppm: 0.0,
                delay_ui: 0.25,
            };
            let samples = shaped(&sent, 4, shape);
            let timing = crate::timing::recover(&samples, sps);
            let found = two_per_symbol(&samples, &timing);
            let slicer = crate::slicer::cluster(
                &found[..15_000]
                    .iter()
                    .step_by(2)
                    .copied()
                    .collect::<Vec<_>>(),
                4,
            );
            let decided: Vec<u8> = found.iter().step_by(2).map(|&y| slicer.decide(y)).collect();
            // The first instant may be that of symbol -1, 0 or 1.
            let best = (0..3)
                .map(|shift| {
                    (20..7_900)
                        .filter(|&k| decided[k] != sent[k + shift - 1])
                        .count()
                })
                .min();
            assert_eq!(best, Some(0), "{sps} samples a symbol");
        }
    }

    /// At the ends, within, and at odd lengths; from spacings that share rows and such that do not.
    #[test]
    fn decisions_are_those_of_the_outputs() {
        let samples: Vec<f32> = (0..4_000)
            .map(|i| (0.4 * i as f64).sin() as f32 + (0.077 * i as f64).cos() as f32)
            .collect();
        let thresholds = [-0.5f32, 0.1, 0.6];
        let table = Resampler::with_crossings(1.0, 4);
        for (sps, count) in [(1.0, 3_990), (2.0, 1_987), (2.7, 1_400), (4.0, 999)] {
            let timing = Timing::from_track(sps, vec![0.2, 0.1, 0.25], 100.0, 700.0);
            for level in kernels::levels() {
                let scratch = &mut Scratch::default();
                let mut outputs = vec![0.0; count];
                table.fill(level, &samples, &timing, 0.0, 1, scratch, &mut outputs);
                let mut decided = vec![9; count];
                let three = Thresholds::Three(thresholds);
                table.decide(level, &samples, &timing, 0.0, &three, scratch, &mut decided);
                for (k, (d, y)) in decided.iter().zip(&outputs).enumerate() {
                    let above = thresholds.iter().filter(|&&t| *y > t).count();
                    assert_eq!(usize::from(*d), above, "{sps}: symbol {k} at {y}");
                }
            }
        }
    }

    #[test]
    fn ref_a_sine_keeps_its_value_between_samples() {
        let n = 400;
        let f = 0.3; // of the sample rate
        let samples: Vec<f32> = (0..n)
            .map(|i| (2.0 * std::f64::consts::PI * f * i as f64).sin() as f32)
            .collect();
        let resampler = Resampler::new(1.0);
        for i in 0..1000 {
            let t = 50.0 + 0.3 * i as f64;
            let t = (t * 512.0).round() / 512.0;
            let expected = (2.0 * std::f64::consts::PI * f * t).sin();
            let found = f64::from(resampler.at(&samples, t));
            // Pass-band ripple of a Kaiser window with beta 7 is below 3e-4 at 0.6 Nyquist.
            assert!(
                (found - expected).abs() < 1e-3,
                "t={t}: {found} expected {expected}"
            );
        }
    }
}

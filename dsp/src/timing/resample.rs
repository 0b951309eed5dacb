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
//! capture at 2, 4, 6 ... samples a symbol), 32 outputs share a row and the clock offset slides
//! through the lanes ([`crate::kernels::interpolation`]); any other spacing looks a row up for
//! each output, four to six times slower.
//!
//! *Assumes* a capture whose band is below half its sample rate. *Breaks* within `Z` samples of
//! the ends, where the end samples repeat.

use fearless_simd::Level;

use crate::kernels::interpolation::{self, RUN, Run};
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
/// Rows that the clock may slide through within a run: beyond, the straight line from row to
/// row is off by more than 1e-3.
const MAX_SLIDE: f64 = 6.0;
/// Samples of one stretch at most, so that its streams stay in the second-level cache.
const MAX_STRETCH_SAMPLES: f64 = 65_536.0;

/// An interpolation table for one cut-off.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// Rows of coefficients, padded to a multiple of sixteen.
    table: Vec<f32>,
    /// Step from each row to the next.
    steps: Vec<f32>,
    rows: usize,
    taps: usize,
    padded: usize,
}

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
        Self {
            table,
            steps,
            rows,
            taps,
            padded,
        }
    }

    /// Returns the signal at a position in samples; beyond the ends the end samples repeat.
    pub fn at(&self, samples: &[f32], position: f64) -> f32 {
        let mut out = [0.0];
        self.each(kernels::level(), samples, position, 1.0, &mut out);
        out[0]
    }

    /// Fills `out` with `spacing` samples a symbol, from the instant of the symbol `first` on.
    ///
    /// Blocks of any length give the same signal; they give the same bytes as one long block
    /// when all but the last are multiples of 128.
    ///
    /// # Complexity
    /// At two samples a symbol from two, about 7 cycles a symbol with 512-bit vectors.
    pub fn fill(
        &self,
        level: Level,
        samples: &[f32],
        timing: &Timing,
        first: f64,
        spacing: usize,
        out: &mut [f32],
    ) {
        if samples.is_empty() {
            out.fill(0.0);
            return;
        }
        let per_output = 1.0 / spacing.max(1) as f64;
        let whole = (timing.samples_per_symbol * per_output).round();
        let mut streams = Vec::new();
        let mut start = timing.position(first);
        for (i, out) in out.chunks_mut(STRETCH).enumerate() {
            let end = timing.position(first + ((i + 1) * STRETCH) as f64 * per_output);
            let step = (end - start) / STRETCH as f64;
            let slide = RUN as f64 * (step - whole).abs() * self.rows as f64;
            let together = whole >= 1.0
                && slide <= MAX_SLIDE
                && whole * (STRETCH as f64) <= MAX_STRETCH_SAMPLES
                && out.len() == STRETCH;
            if together {
                let stride = whole as usize;
                self.together(level, samples, stride, start, step, &mut streams, out);
            } else {
                self.each(level, samples, start, step, out);
            }
            start = end;
        }
    }

    /// A stretch whose outputs lie nearly `stride` samples apart.
    #[allow(clippy::too_many_arguments, reason = "the places of one stretch")]
    fn together(
        &self,
        level: Level,
        samples: &[f32],
        stride: usize,
        start: f64,
        step: f64,
        streams: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let reach = self.taps as i64 / 2 - 1;
        // The stretch's samples, with room for the clock to slide either way.
        let room = 8;
        let first = start.floor() as i64 - reach - room;
        let length = STRETCH + (self.taps + 2 * room as usize).div_ceil(stride) + 1;
        let drift = STRETCH as f64 * (step - stride as f64);
        if drift.abs() >= room as f64 - 2.0 {
            return self.each(level, samples, start, step, out);
        }
        streams.resize(stride * length, 0.0);
        polyphase::split(level, samples, first, stride, length, streams);
        for (r, out) in out.chunks_exact_mut(RUN).enumerate() {
            let position = start + (r * RUN) as f64 * step;
            // The row in the middle of the run serves all of it.
            let slide = step - stride as f64;
            let middle = position + 0.5 * RUN as f64 * slide;
            let whole = middle.floor();
            let row = (((middle - whole) * self.rows as f64) as usize).min(self.rows - 1);
            let behind = (position - whole) * self.rows as f64 - row as f64;
            let at = Run {
                row: &self.table[row * self.padded..][..self.taps],
                step: &self.steps[row * self.padded..][..self.taps],
                base: (whole as i64 - reach - first) as usize,
                rows: behind as f32,
                rows_per_output: (slide * self.rows as f64) as f32,
            };
            interpolation::run(level, streams, stride, length, at, out);
        }
    }

    /// A stretch at any spacing, output by output.
    fn each(&self, level: Level, samples: &[f32], start: f64, step: f64, out: &mut [f32]) {
        let reach = self.taps as i64 / 2 - 1;
        let last = samples.len() as i64 - 1;
        for (k, out) in out.iter_mut().enumerate() {
            let position = start + k as f64 * step;
            let whole = position.floor();
            let scaled = (position - whole) * self.rows as f64;
            let row = (scaled as usize).min(self.rows - 1);
            let behind = (scaled - row as f64) as f32;
            let (r, s) = (
                &self.table[row * self.padded..][..self.padded],
                &self.steps[row * self.padded..][..self.padded],
            );
            let first = whole as i64 - reach;
            let window = usize::try_from(first)
                .ok()
                .and_then(|f| samples.get(f..f + self.padded));
            *out = match window {
                Some(window) => interpolation::single(level, window, r, s, behind),
                None => {
                    let at = |j: i64| samples[(first.saturating_add(j)).clamp(0, last) as usize];
                    let window: Vec<f32> = (0..self.padded as i64).map(at).collect();
                    interpolation::single(level, &window, r, s, behind)
                }
            };
        }
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
    // A window of fewer crossings needs a wider main lobe for the same pass band.
    let beta = BETA * (crossings / CROSSINGS as f64).sqrt();
    sinc * bessel_i0(beta * (1.0 - edge * edge).sqrt()) / bessel_i0(beta)
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
    Resampler::new(cutoff).fill(level, samples, timing, first, spacing, &mut out);
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

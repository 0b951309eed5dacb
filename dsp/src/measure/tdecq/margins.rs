//! Margins: how far equalized samples stand from their thresholds, and the symbol error ratio
//! that Gaussian noise makes of that.
//!
//! A sample `y` of symbol `s` errs when noise carries it over one of the two thresholds beside
//! its level. With `d` its distances to them (negative on the wrong side),
//!
//! ```text
//! SER(sigma) = 1/n sum over samples and their one or two thresholds of Q(d / sigma)
//! ```
//!
//! All distances of a histogram go into one histogram of margins, so that the sum costs the
//! number of bins, whatever the number of samples. A bin keeps count and mean of what is in it,
//! so that margins which are all alike, as an ideal transmitter's, lose nothing; what spread
//! within a bin of width `h` is left out makes the sum too small by at most
//! `(h / sigma)^2 / 24 (d / sigma)^2` of itself, 4e-4 at an ideal receiver's noise.
//!
//! *Assumes* waveforms normalized to OMAouter 1 and mean 0.

use std::ops::Range;

use crate::measure::statistics::q;

/// Bins of a margin histogram.
const BINS: usize = 512;
/// Margin at the lower edge of the first bin, over OMAouter; what lies below is as wrong as can
/// be all the same.
const LOW: f64 = -0.25;
/// Margin at the upper edge of the last bin, which takes all that lies beyond and never counts:
/// nine sigmas of an ideal receiver, no noise of interest gets over.
const HIGH: f64 = 0.45;
/// Width of a bin.
const STEP: f64 = (HIGH - LOW) / BINS as f64;
/// Symbols that are equalized at a time: a few kilobytes of the first-level cache.
const STRETCH: usize = 1024;
/// Samples before and behind a column, so that taps never go around.
const PAD: usize = super::reference_equalizer::MAX_TAPS;

/// Counts of margins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Margins {
    /// Count and sum of the distances from the middle, bin by bin.
    bins: Vec<[f64; 2]>,
    samples: u64,
}

impl Default for Margins {
    fn default() -> Self {
        Self {
            bins: vec![[0.0; 2]; BINS],
            samples: 0,
        }
    }
}

impl Margins {
    /// Adds the counts of others.
    pub fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        for (a, b) in self.bins.iter_mut().zip(&other.bins) {
            *a = [a[0] + b[0], a[1] + b[1]];
        }
    }

    /// Takes the counts of others away again.
    pub fn subtract(&mut self, other: &Self) {
        self.samples -= other.samples;
        for (a, b) in self.bins.iter_mut().zip(&other.bins) {
            *a = [a[0] - b[0], a[1] - b[1]];
        }
    }

    /// Returns the symbol error ratio with noise of a standard deviation (over OMAouter), and its
    /// derivative by that deviation.
    pub fn ser(&self, sigma: f64) -> (f64, f64) {
        // Beyond 7.5 sigmas a sample errs 3e-14 of the time.
        let last = bin((7.5 * sigma) as f32).min(BINS - 2);
        let (mut ser, mut slope) = (0.0, 0.0);
        for (i, &[count, sum]) in self.bins[..=last].iter().enumerate() {
            if count == 0.0 {
                continue;
            }
            let x = (centre(i) + sum / count) / sigma;
            ser += count * q(x);
            slope += count * density(x) * x;
        }
        let n = self.samples.max(1) as f64;
        (ser / n, slope / sigma / n)
    }

    /// Returns the symbol error ratio without noise: samples on the wrong side.
    pub fn floor(&self) -> f64 {
        let wrong: f64 = self
            .bins
            .iter()
            .enumerate()
            .filter(|(i, _)| centre(*i) < 0.0)
            .map(|(_, bin)| bin[0])
            .sum();
        wrong / self.samples.max(1) as f64
    }

    /// Returns the noise that makes a symbol error ratio; `None` when there are more errors
    /// without any.
    ///
    /// Newton's iteration on the logarithms, in which a Gaussian tail is nearly straight, with a
    /// bracket that catches it.
    pub fn sigma(&self, target: f64) -> Option<f64> {
        solve(|sigma| self.ser(sigma), target, self.floor())
    }
}

/// Solves `ser(sigma) = target` for a rising `ser` that starts at `floor`.
pub(super) fn solve(ser: impl Fn(f64) -> (f64, f64), target: f64, floor: f64) -> Option<f64> {
    if floor >= target {
        return None;
    }
    // A noise as large as the whole eye errs most of the time; one of a ten thousandth of OMA is
    // 27 dB below an ideal transmitter's.
    let (mut low, mut high) = (1e-4f64.ln(), 0.5f64.ln());
    if ser(1e-4).0 >= target {
        return None;
    }
    let mut u = 0.045f64.ln();
    for _ in 0..60 {
        let sigma = u.exp();
        let (value, slope) = ser(sigma);
        if value > target {
            high = u;
        } else {
            low = u;
        }
        let newton = u - (value / target).ln() * value / (slope * sigma);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - u).abs() < 1e-8 {
            return Some(next.exp());
        }
        u = next;
    }
    Some(u.exp())
}

/// Bin of a margin.
fn bin(d: f32) -> usize {
    ((d - LOW as f32) * (1.0 / STEP) as f32).clamp(0.0, (BINS - 1) as f32) as usize
}

/// Margin in the middle of a bin.
fn centre(bin: usize) -> f64 {
    LOW + (bin as f64 + 0.5) * STEP
}

/// Standard normal density.
fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() * 0.398_942_280_401_432_7
}

/// One column of samples, the same phase of every symbol, normalized and padded so that it goes
/// around.
#[derive(Clone, Debug)]
pub(super) struct Column(Vec<f32>);

impl Column {
    /// Takes samples to OMAouter 1 and mean 0.
    pub fn new(samples: &[f32], mean: f64, oma_outer: f64) -> Self {
        let n = samples.len();
        let (mean, scale) = (mean as f32, (1.0 / oma_outer) as f32);
        let around = (n - PAD % n..n).chain(0..n).chain((0..PAD).map(|i| i % n));
        Self(around.map(|i| (samples[i] - mean) * scale).collect())
    }

    /// Returns the normalized samples.
    pub fn samples(&self) -> &[f32] {
        &self.0[PAD..self.0.len() - PAD]
    }

    /// Equalizes the symbols from `first` on into `out`.
    fn equalize(&self, taps: &[f32], main: usize, first: usize, out: &mut [f32]) {
        out.fill(0.0);
        for (j, &w) in taps.iter().enumerate() {
            let x = &self.0[PAD + first + main - j..][..out.len()];
            for (y, x) in out.iter_mut().zip(x) {
                *y += w * x;
            }
        }
    }
}

/// An equalizer with its thresholds, as the inner loops take them.
#[derive(Clone, Debug)]
pub(super) struct Slicing {
    taps: Vec<f32>,
    main: usize,
    /// Threshold below each level; none below the lowest.
    below: [f32; 4],
    /// Threshold above each level; none above the highest.
    above: [f32; 4],
}

impl Slicing {
    /// Makes the tables; thresholds are over OMAouter, lowest first.
    pub fn new(taps: &[f64], main: usize, thresholds: [f64; 3]) -> Self {
        let [a, b, c] = thresholds.map(|t| t as f32);
        Self {
            taps: taps.iter().map(|&w| w as f32).collect(),
            main,
            below: [-10.0, a, b, c],
            above: [a, b, c, 10.0],
        }
    }

    /// Counts the margins of some stretches of symbols of a column.
    pub fn count(&self, column: &Column, symbols: &[u8], parts: &[Range<usize>]) -> Margins {
        // Two tables, so that a sample's two margins do not wait for each other.
        let mut below = vec![[0.0f32; 2]; BINS];
        let mut above = vec![[0.0f32; 2]; BINS];
        let put = |bins: &mut [[f32; 2]], d: f32| {
            let place = (d - LOW as f32) * (1.0 / STEP) as f32;
            let i = place.clamp(0.0, (BINS - 1) as f32) as usize;
            let [count, sum] = bins[i];
            bins[i] = [count + 1.0, sum + (place - (i as f32 + 0.5))];
        };
        let mut margins = Margins {
            samples: parts.iter().map(|p| p.len() as u64).sum(),
            ..Margins::default()
        };
        self.for_stretches(column, symbols, parts, |_, outputs, symbols| {
            for (&y, &s) in outputs.iter().zip(symbols) {
                let s = usize::from(s & 3);
                put(&mut below, y - self.below[s]);
                put(&mut above, self.above[s] - y);
            }
        });
        for ((bin, a), b) in margins.bins.iter_mut().zip(&below).zip(&above) {
            let [count, sum] = [a[0] + b[0], a[1] + b[1]].map(f64::from);
            *bin = [count, sum * STEP];
        }
        margins
    }

    /// Returns the gradient of the symbol error ratio at a noise: by each tap, then by each of the
    /// three thresholds.
    pub fn gradient(
        &self,
        column: &Column,
        symbols: &[u8],
        parts: &[Range<usize>],
        sigma: f64,
    ) -> Vec<f64> {
        let mut weight: Vec<f32> = (0..BINS)
            .map(|i| (density(centre(i) / sigma) / sigma) as f32)
            .collect();
        weight[BINS - 1] = 0.0;
        let taps = self.taps.len();
        let mut gradient = vec![0.0; taps + 3];
        let mut pull = vec![0.0f32; STRETCH];
        self.for_stretches(column, symbols, parts, |place, outputs, symbols| {
            let mut moved = [0.0f32; 5];
            for ((p, &y), &s) in pull.iter_mut().zip(outputs).zip(symbols) {
                let s = usize::from(s & 3);
                let down = weight[bin(y - self.below[s])];
                let up = weight[bin(self.above[s] - y)];
                *p = up - down;
                moved[s] += down;
                moved[s + 1] -= up;
            }
            for (j, g) in gradient[..taps].iter_mut().enumerate() {
                let x = &column.0[PAD + place + self.main - j..][..outputs.len()];
                let pulls = &pull[..outputs.len()];
                *g += super::reference_equalizer::inner_product(pulls, x);
            }
            for (g, m) in gradient[taps..].iter_mut().zip(&moved[1..4]) {
                *g += f64::from(*m);
            }
        });
        let scale = 1.0 / parts.iter().map(Range::len).sum::<usize>().max(1) as f64;
        gradient.iter_mut().for_each(|g| *g *= scale);
        gradient
    }

    /// Returns the mean square distance of the output from the mean of its level.
    pub fn residual_power(&self, column: &Column, symbols: &[u8]) -> f64 {
        let (mut n, mut sum, mut square) = ([0.0f64; 4], [0.0f64; 4], [0.0f64; 4]);
        self.for_stretches(
            column,
            symbols,
            std::slice::from_ref(&(0..symbols.len())),
            |_, outputs, symbols| {
                for (&y, &s) in outputs.iter().zip(symbols) {
                    let (s, y) = (usize::from(s & 3), f64::from(y));
                    n[s] += 1.0;
                    sum[s] += y;
                    square[s] += y * y;
                }
            },
        );
        let spread: f64 = (0..4)
            .map(|s| square[s] - sum[s] * sum[s] / f64::max(n[s], 1.0))
            .sum();
        (spread / symbols.len() as f64).max(0.0)
    }

    /// Equalizes stretch by stretch; `each` is told the first symbol, the outputs, the symbols.
    fn for_stretches(
        &self,
        column: &Column,
        symbols: &[u8],
        parts: &[Range<usize>],
        mut each: impl FnMut(usize, &[f32], &[u8]),
    ) {
        let mut buffer = [0.0f32; STRETCH];
        for part in parts {
            for start in part.clone().step_by(STRETCH) {
                let stop = part.end.min(start + STRETCH);
                let outputs = &mut buffer[..stop - start];
                column.equalize(&self.taps, self.main, start, outputs);
                each(start, outputs, &symbols[start..stop]);
            }
        }
    }
}

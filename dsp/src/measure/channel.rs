//! The link's pulse response from known or decided symbols, and what it says of the bandwidth.
//!
//! The samples are modelled as `x(s k + p) = x0 + sum_j h(s j + p) d(k - j)`; the pulse `h` is
//! found phase by phase by least squares on the symbols, `j` over a [`Span`]. Its Fourier
//! transform is the response of transmitter, fibre and receiver together, the rectangular symbol
//! included (3.9 dB at half the symbol rate). It reaches up to half the rate of the samples: with
//! eight samples a symbol, to four times the symbol rate.
//!
//! The Gram matrix of the symbols is made from its first row, a step down the diagonal being a
//! step in time, so that the fit costs `(1 + samples a symbol) span n` and not `span^2 n`.
//!
//! Assumes a linear channel that stands still, and symbols that excite all frequencies: a pulse
//! longer than the span folds into its ends, and a short pattern that repeats leaves it
//! undetermined (then there is no fit).

use num_complex::Complex64;

use crate::equalizer::least_squares::cholesky_solve;
use crate::kernels::correlation::correlate;
use crate::kernels::level;

/// Symbols that are used at most.
pub const USED: usize = 1 << 17;
/// Symbols of the moving average that is taken off samples and symbols alike. The model is linear
/// and time-invariant, so it holds for the filtered sequences too; but a slow beat, which would
/// dominate the gain at zero frequency, is gone from them.
const HIGH_PASS: usize = 65;

/// Symbols that a pulse extends over, beside its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Symbols before its own.
    pub before: usize,
    /// Symbols after it.
    pub after: usize,
}

impl Default for Span {
    /// Six before and ten after: what a bandwidth limit and a short reflection fill.
    fn default() -> Self {
        Self {
            before: 6,
            after: 10,
        }
    }
}

impl Span {
    /// Returns the number of symbols, the pulse's own counted.
    pub fn symbols(self) -> usize {
        self.before + self.after + 1
    }
}

/// A pulse response.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Samples of the pulse, `spacing` a symbol, in units of half the level spacing.
    pub pulse: Vec<f64>,
    /// Samples per symbol.
    pub spacing: usize,
    /// Symbols that the pulse extends over.
    pub span: Span,
    /// Mean square of the samples about the model, in their unit squared.
    pub residual_power: f64,
}

impl Channel {
    /// Fits the pulse over the default span; `None` when the symbols do not excite it.
    ///
    /// *Shapes:* `spacing` samples for each target, a target's decision instant at its first.
    pub fn fit(samples: &[f32], targets: &[f32], spacing: usize) -> Option<Self> {
        Self::fit_over(samples, targets, spacing, Span::default())
    }

    /// Fits the pulse over a span; `None` when the symbols do not excite it, or are fewer than
    /// eight times the span.
    pub fn fit_over(samples: &[f32], targets: &[f32], spacing: usize, span: Span) -> Option<Self> {
        let symbols = (samples.len() / spacing.max(1))
            .min(targets.len())
            .min(USED);
        if spacing == 0 || symbols < 8 * span.symbols() {
            return None;
        }
        let size = span.symbols() + 1;
        let samples = &high_pass(&samples[..spacing * symbols], spacing);
        let targets = &high_pass(&targets[..symbols], 1);
        let window: Vec<f64> = targets.iter().map(|&d| f64::from(d)).collect();
        let gram = gram(&window, span);
        let mut pulse = vec![0.0; span.symbols() * spacing];
        let mut left = Left::default();
        for p in 0..spacing {
            let drive: Vec<f64> = (span.after..symbols - span.before)
                .map(|k| f64::from(samples[spacing * k + p]))
                .collect();
            let sums = sums(&drive, &window, span);
            let rhs: Vec<f64> = (0..size).map(|i| sums[back(i, span)]).collect();
            let h = cholesky_solve(&mut gram.clone(), &rhs, size)?;
            for (j, h) in h[..span.symbols()].iter().enumerate() {
                pulse[spacing * j + p] = *h;
            }
            left.add(&drive, &h, &rhs);
        }
        Some(Self {
            pulse,
            spacing,
            span,
            residual_power: left.power(),
        })
    }

    /// Returns the index of the pulse's sample at the decision instant of its own symbol.
    pub fn main(&self) -> usize {
        self.span.before * self.spacing
    }

    /// Returns the response at a frequency given in symbol rates: time zero is the decision
    /// instant of the pulse's own symbol, so a delay turns its phase.
    pub fn response(&self, frequency: f64) -> Complex64 {
        let step = -2.0 * std::f64::consts::PI * frequency / self.spacing as f64;
        let main = self.main() as f64;
        self.pulse
            .iter()
            .enumerate()
            .map(|(i, h)| Complex64::cis(step * (i as f64 - main)) * h)
            .sum::<Complex64>()
    }

    /// Returns the magnitude at a frequency given in symbol rates, relative to zero frequency,
    /// in dB.
    pub fn gain_db(&self, frequency: f64) -> f64 {
        let at = |f: f64| self.response(f).norm();
        20.0 * (at(frequency).max(1e-12) / at(0.0).max(1e-12)).log10()
    }

    /// Returns the -3 dB bandwidth in symbol rates, up to half the sampling rate.
    pub fn bandwidth(&self) -> f64 {
        let top = 0.5 * self.spacing as f64;
        (1..=400)
            .map(|i| i as f64 * top / 400.0)
            .find(|&f| self.gain_db(f) < -3.0)
            .unwrap_or(top)
    }
}

/// What the models of all phases leave of the samples.
///
/// With `h` from the normal equations `G h = b` the squares that are left sum up to `x'x - h'b`,
/// the constant in `h` counted as explained; about the pulses alone it is left too.
#[derive(Default)]
struct Left {
    sum: f64,
    square: f64,
    count: f64,
}

impl Left {
    /// Adds a phase: its samples, the solution with its constant last, and its right side.
    fn add(&mut self, drive: &[f64], h: &[f64], rhs: &[f64]) {
        let n = drive.len() as f64;
        let constant = h.last().copied().unwrap_or(0.0);
        let whole: f64 = drive.iter().map(|x| x * x).sum();
        let explained: f64 = h.iter().zip(rhs).map(|(h, b)| h * b).sum();
        self.sum += n * constant;
        self.square += (whole - explained).max(0.0) + n * constant * constant;
        self.count += n;
    }

    /// Mean square about the common mean.
    fn power(&self) -> f64 {
        self.square / self.count - (self.sum / self.count).powi(2)
    }
}

/// Turns a place in the window of targets into a delay, and back; the constant keeps its place.
///
/// Symbol `k` meets the targets `k + before` down to `k - after`: the window starts at `k - after`.
fn back(place: usize, span: Span) -> usize {
    if place < span.symbols() {
        span.symbols() - 1 - place
    } else {
        place
    }
}

/// Sums of a drive against the targets at every place of the window, and of the drive alone.
fn sums(drive: &[f64], window: &[f64], span: Span) -> Vec<f64> {
    let mut sums = vec![0.0; span.symbols()];
    correlate(level(), drive, window, 1, &mut sums);
    sums.push(drive.iter().sum());
    sums
}

/// Gram matrix of the symbols under the pulse and of a constant.
///
/// The first row is summed up; a step down the diagonal moves the window by one target.
fn gram(window: &[f64], span: Span) -> Vec<f64> {
    let (places, size) = (span.symbols(), span.symbols() + 1);
    let n = window.len() - span.before - span.after;
    let first = sums(&window[..n], window, span);
    let ones = sums(&vec![1.0; n], window, span);
    let mut rows = vec![0.0; size * size];
    rows[..places].copy_from_slice(&first[..places]);
    for i in 1..places {
        for j in i..places {
            let leaves = window[i - 1] * window[j - 1];
            let enters = window[n + i - 1] * window[n + j - 1];
            rows[i * size + j] = rows[(i - 1) * size + j - 1] - leaves + enters;
        }
    }
    (0..size).for_each(|i| rows[i * size + places] = ones[i]);
    let mut gram = vec![0.0; size * size];
    for i in 0..size {
        for j in i..size {
            let (to, from) = (back(i, span), back(j, span));
            gram[to * size + from] = rows[i * size + j];
            gram[from * size + to] = rows[i * size + j];
        }
    }
    gram
}

/// Takes the moving average over `HIGH_PASS` symbols off, phase by phase.
pub fn high_pass(x: &[f32], spacing: usize) -> Vec<f32> {
    let half = HIGH_PASS / 2;
    let n = x.len() / spacing;
    // Sums of each phase up to a place, phases side by side.
    let mut prefix = vec![0.0f64; (n + 1) * spacing];
    for (i, &x) in x[..n * spacing].iter().enumerate() {
        prefix[i + spacing] = prefix[i] + f64::from(x);
    }
    let mut out = vec![0.0; n * spacing];
    let (whole, end) = (half.min(n), n.saturating_sub(half).max(half.min(n)));
    for k in (0..whole).chain(end..n) {
        let (first, last) = (k.saturating_sub(half), (k + half + 1).min(n));
        for i in spacing * k..spacing * (k + 1) {
            let p = i - spacing * k;
            let mean =
                (prefix[spacing * last + p] - prefix[spacing * first + p]) / (last - first) as f64;
            out[i] = (f64::from(x[i]) - mean) as f32;
        }
    }
    let share = 1.0 / HIGH_PASS as f64;
    let middle = spacing * whole..spacing * end;
    let ahead = prefix.get(spacing * HIGH_PASS..).unwrap_or_default();
    let sums = ahead.iter().zip(&prefix);
    for ((out, &x), (last, first)) in out[middle.clone()].iter_mut().zip(&x[middle]).zip(sums) {
        *out = (f64::from(x) - share * (last - first)) as f32;
    }
    out
}

#[cfg(test)]
mod tests;

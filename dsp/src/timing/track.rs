//! From the phasors of blocks to a clock that runs through the capture.
//!
//! The mean turn from block to block is the clock offset: the peak of the phasors' DFT, so that it
//! is found well below the noise of single blocks. It is taken out, the rest is averaged over
//! `2 w + 1` blocks, unwrapped, and the turn is put back.
//!
//! A long average has little noise and follows little; `w` is the one that tells most about the
//! blocks it leaves out. With `r(b)` the phasors and `u(b, w)` the unit phasor of the average
//! around block `b` without `r(b)` itself, it is the `w` with the largest
//!
//! ```text
//! C(w) = mean over b of Re( r(b) conj(u(b, w)) ) = A (1 - risk(w) / 2)
//! ```
//!
//! where `A` is the line's own magnitude, known from products of the two halves of each block,
//! and `risk(w)` the mean square error of the average's phase (leave-one-out cross-validation:
//! Stone, J. R. Stat. Soc. B 36 (1974) 111). The risk is what the instants' stated error is made
//! of. With no averaging at all the risk is the blocks' own noise.
//!
//! *Breaks* when the clock moves by a quarter of a unit interval between neighbouring averages:
//! then the unwrapping may have slipped a whole one, and [`Track::slips`] counts it. Where the
//! line is lost in an average, by noise or by motion within it, [`Track::lost`] says so.

use std::f64::consts::PI;

use num_complex::Complex64;

use super::band_edge::Tones;

/// Blocks on which averages are compared.
const COMPARED: usize = 1024;

/// Standard deviations of chance below which an average has lost the line.
const LOST: f64 = 3.0;

/// Phasors from which on the line's surroundings tell the noise.
const MIN_SURROUNDINGS: usize = 16;

/// The clock, block by block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Track {
    /// Timing at the centres of the blocks in unit intervals.
    pub ui: Vec<f64>,
    /// Height of the line in standard deviations of chance.
    pub significance: f64,
    /// Standard error of the timing in unit intervals.
    pub noise_ui: f64,
    /// Blocks averaged on either side.
    pub half_width: usize,
    /// Share of the blocks around which the line is lost.
    pub lost: f64,
    /// Steps between neighbouring averages by more than a quarter of a unit interval.
    pub slips: usize,
}

/// Tracks the clock through the phasors; its offset is at most `max_offset` of the rate.
pub(super) fn track(tones: &Tones, max_offset: f64) -> Track {
    let line = strongest(tones, max_offset);
    let still: Vec<Complex64> = tones
        .values
        .iter()
        .enumerate()
        .map(|(b, v)| v * Complex64::cis(-line.turn * b as f64))
        .collect();
    let averages = Averages::new(&still);
    let (half_width, risk) = averages.choose(tones.common);
    let scale = (line.chance / still.len() as f64).sqrt();
    let (mut lost, mut slips) = (0, 0);
    let mut phase = 0.0;
    let mut previous = Complex64::ONE;
    let ui = (0..still.len())
        .map(|b| {
            let (sum, count) = averages.around(b, half_width);
            let step = (sum * previous.conj()).arg();
            slips += usize::from(b > 0 && step.abs() > PI / 2.0);
            lost += usize::from(sum.norm() < LOST * scale * (count as f64).sqrt());
            phase += step;
            previous = Complex64::cis(phase);
            -(phase + line.turn * b as f64) / (2.0 * PI)
        })
        .collect();
    Track {
        ui,
        significance: line.significance,
        noise_ui: risk.sqrt() / (2.0 * PI),
        half_width,
        lost: lost as f64 / still.len() as f64,
        slips,
    }
}

/// A line among the phasors.
struct Line {
    /// Turn from block to block in radians.
    turn: f64,
    significance: f64,
    /// Squared magnitude of the sum by chance.
    chance: f64,
}

/// Finds the strongest line: the largest of a zero-padded DFT, refined by a parabola.
fn strongest(tones: &Tones, max_offset: f64) -> Line {
    let n = tones.values.len();
    let bins = (4 * n).next_power_of_two().max(64);
    let mut spectrum = tones.values.clone();
    spectrum.resize(bins, Complex64::ZERO);
    rustfft::FftPlanner::new()
        .plan_fft_forward(bins)
        .process(&mut spectrum);
    let powers: Vec<f64> = spectrum.iter().map(Complex64::norm_sqr).collect();
    // White noise has the same power everywhere; that of a pattern has not, so the line's
    // surroundings count when they are louder. The median of chance is ln 2 of its mean.
    let mut chance = tones.chance;
    if n >= MIN_SURROUNDINGS {
        let mut sorted = powers.clone();
        let (_, median, _) = sorted.select_nth_unstable_by(bins / 2, f64::total_cmp);
        chance = chance.max(*median / std::f64::consts::LN_2);
    }
    let width = 2.0 * PI / bins as f64;
    let reach = ((2.0 * PI * max_offset * tones.block_ui / width) as usize).min(bins / 2 - 1);
    let at = |k: i64| powers[k.rem_euclid(bins as i64) as usize];
    let reach = if n == 1 { 0 } else { reach as i64 };
    let best = (-reach..=reach)
        .max_by(|&a, &b| at(a).total_cmp(&at(b)))
        .unwrap_or(0);
    let (l, c, r) = (at(best - 1), at(best), at(best + 1));
    let bend = l - 2.0 * c + r;
    let shift = if bend < 0.0 && n > 1 {
        (0.5 * (l - r) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let turn = (best as f64 + shift) * width;
    let sum: Complex64 = tones
        .values
        .iter()
        .enumerate()
        .map(|(b, v)| v * Complex64::cis(-turn * b as f64))
        .sum();
    Line {
        turn,
        significance: sum.norm() / chance.sqrt().max(f64::MIN_POSITIVE),
        chance,
    }
}

/// Sums over neighbouring phasors, by prefix sums.
struct Averages<'a> {
    values: &'a [Complex64],
    prefix: Vec<Complex64>,
}

impl<'a> Averages<'a> {
    fn new(values: &'a [Complex64]) -> Self {
        let mut sum = Complex64::ZERO;
        let mut prefix = vec![sum];
        prefix.extend(values.iter().map(|v| {
            sum += v;
            sum
        }));
        Self { values, prefix }
    }

    /// Returns the sum of the phasors around a block and how many there are.
    fn around(&self, block: usize, half_width: usize) -> (Complex64, usize) {
        let first = block.saturating_sub(half_width);
        let end = (block + half_width + 1).min(self.values.len());
        (self.prefix[end] - self.prefix[first], end - first)
    }

    /// Mean projection of the phasors on the averages around them without themselves.
    fn left_out(&self, half_width: usize) -> f64 {
        let step = self.values.len().div_ceil(COMPARED);
        let (mut sum, mut count) = (0.0, 0.0);
        for b in (step / 2..self.values.len()).step_by(step) {
            let others = self.around(b, half_width).0 - self.values[b];
            let length = others.norm();
            if length > 0.0 {
                sum += (self.values[b] * others.conj()).re / length;
            }
            count += 1.0;
        }
        sum / f64::max(count, 1.0)
    }

    /// Chooses how many blocks to average on either side; returns it with the mean square error
    /// of the phase that is left, in square radians.
    fn choose(&self, common: f64) -> (usize, f64) {
        let n = self.values.len() as f64;
        let square = self.values.iter().map(Complex64::norm_sqr).sum::<f64>() / n;
        // The line's squared magnitude; no less than what chance would make of it.
        let line = (4.0 * common / n).max(square / n).max(f64::MIN_POSITIVE);
        let own = ((square - line) / (2.0 * line)).max(0.0);
        let mut best = (0, own);
        let mut half_width = 1;
        while half_width < self.values.len() {
            let risk = 2.0 * (1.0 - self.left_out(half_width) / line.sqrt());
            // No average of that many blocks has less noise than this.
            let least = own / (2 * half_width + 1).min(self.values.len()) as f64;
            let risk = risk.max(least);
            if risk < best.1 {
                best = (half_width, risk);
            }
            half_width *= 2;
        }
        best
    }
}

/// Least-squares slope and residual of a series over its index.
pub(super) fn straight_line(series: &[f64]) -> (f64, Vec<f64>) {
    let n = series.len() as f64;
    let mean_x = (n - 1.0) / 2.0;
    let mean_y = series.iter().sum::<f64>() / n;
    let (mut sxy, mut sxx) = (0.0, 0.0);
    for (i, y) in series.iter().enumerate() {
        let x = i as f64 - mean_x;
        sxy += x * (y - mean_y);
        sxx += x * x;
    }
    let slope = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    let residual = series
        .iter()
        .enumerate()
        .map(|(i, y)| y - mean_y - slope * (i as f64 - mean_x))
        .collect();
    (slope, residual)
}

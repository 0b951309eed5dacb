//! From the phasors of blocks to a clock that runs through the capture.
//!
//! The mean turn from block to block is the clock offset: the peak of the phasors' DFT, so that it
//! is found well below the noise of single blocks. It is taken out, the rest is averaged over
//! `2 w + 1` blocks, unwrapped, and the turn is put back.
//!
//! A long average has little noise and follows little; `w` is the one that tells most about the
//! blocks it leaves out. With `r(b)` the phasors and `u(b, w)` the unit phasor of the average
//! around block `b` without `r(b)` itself, it is the `w` with the smallest
//!
//! ```text
//! 2 - 2 mean over b of Re( r(b) / |r(b)| conj(u(b, w)) ) = s + s / 2w + d(w)
//! ```
//!
//! where `s` is the phase variance of a block and `d(w)` the mean square of what the average does
//! not follow (leave-one-out cross-validation: Stone, J. R. Stat. Soc. B 36 (1974) 111). `s` alone
//! is known from the two halves of each block; where it is less than the average's error, there is
//! no averaging. Near the smallest sum `d` is a quarter of the average's variance when it grows as
//! the fourth power of `w`, so the instants' stated variance is `1.25 s / (2 w + 1)`.
//!
//! *Breaks* when the clock moves by a quarter of a unit interval between neighbouring averages:
//! then the unwrapping may have slipped a whole one, and [`super::Timing::trouble`] says so. Where the
//! line is lost in an average, by noise or by motion within it, it says so too.

use std::f64::consts::PI;

use num_complex::Complex64;

use super::band_edge::{FIRST_LOOK, Tones};

/// Blocks on which averages are compared.
const COMPARED: usize = 512;

/// Standard deviations of chance below which an average has lost the line.
const LOST: f64 = 3.0;

/// Phasors from which on the line's surroundings tell the noise.
const MIN_SURROUNDINGS: usize = 16;

/// Standard deviations of chance by which a line stands out that needs no second look at all
/// blocks.
const PLAIN: f64 = 12.0;

/// Blocks that are summed for the fine look.
const SUMMED: usize = 64;

/// Knots of the track in half an average: more would follow nothing.
const KNOTS: usize = 4;

/// The clock through the capture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Track {
    /// Timing at the knots in unit intervals; the first knot is the centre of the first block.
    pub ui: Vec<f64>,
    /// Blocks from knot to knot.
    pub step: usize,
    /// Height of the line in standard deviations of chance.
    pub significance: f64,
    /// Standard error of the timing in unit intervals.
    pub noise_ui: f64,
    /// Share of the knots around which the line is lost.
    pub lost: f64,
    /// Steps between neighbouring averages by more than a quarter of a unit interval.
    pub slips: usize,
    /// Blocks on either side of each that are averaged.
    pub half_width: usize,
}

/// Tracks the clock through the phasors; its offset is at most `max_offset` of the rate.
pub(super) fn track(tones: &Tones, max_offset: f64) -> Track {
    let n = tones.values.len();
    let line = strongest(tones, max_offset);
    let still = turned_back(&tones.values, line.turn);
    let averages = Averages::new(&still, &tones.seen);
    let choice = averages.choose(tones);
    let step = (choice.half_width / KNOTS).max(1);
    let scale = (line.chance / averages.seen() as f64).sqrt();
    let (mut lost, mut slips) = (0, 0);
    let mut phase = 0.0;
    let mut previous = Complex64::ONE;
    let ui: Vec<f64> = (0..n)
        .step_by(step)
        .map(|b| {
            let (sum, count) = averages.around(b, choice.half_width);
            let turn = (sum * previous.conj()).arg();
            slips += usize::from(b > 0 && turn.abs() > PI / 2.0);
            lost += usize::from(sum.norm() < LOST * scale * (count as f64).sqrt());
            phase += turn;
            previous = Complex64::cis(phase);
            -(phase + line.turn * b as f64) / (2.0 * PI)
        })
        .collect();
    let coherent = averages.prefix[n].norm() / line.chance.sqrt().max(f64::MIN_POSITIVE);
    let followed =
        choice.projection * (choice.compared as f64).sqrt() / scale.max(f64::MIN_POSITIVE);
    Track {
        significance: coherent.max(followed),
        noise_ui: choice.risk.sqrt() / (2.0 * PI),
        lost: lost as f64 / ui.len() as f64,
        ui,
        step,
        slips,
        half_width: choice.half_width,
    }
}

/// Takes a constant turn from block to block out of phasors.
fn turned_back(values: &[Complex64], turn: f64) -> Vec<Complex64> {
    let step = Complex64::cis(-turn);
    let mut phasor = Complex64::ONE;
    let back = values.iter().enumerate().map(|(b, v)| {
        if b % SUMMED == 0 {
            // Restart from the angle so that rounding does not add up.
            phasor = Complex64::cis(-turn * b as f64);
        }
        let value = v * phasor;
        phasor *= step;
        value
    });
    back.collect()
}

/// A line among the phasors.
struct Line {
    /// Turn from block to block in radians.
    turn: f64,
    /// Squared magnitude that the sum of all phasors has by chance.
    chance: f64,
}

/// Finds the strongest line. A plain one is found in the first blocks and then, with its turn
/// taken out, refined on sums; a weak one takes all blocks at once.
fn strongest(tones: &Tones, max_offset: f64) -> Line {
    let n = tones.values.len();
    let max_turn = 2.0 * PI * max_offset * tones.block_ui;
    let first = &tones.values[..n.min(FIRST_LOOK)];
    let seen = tones.seen.iter().filter(|&&seen| seen).count();
    let share = first.len() as f64 / seen as f64;
    let mut peak = Peak::find(first, max_turn);
    let chance = (tones.chance * share).max(peak.surroundings);
    if n == first.len() {
        return Line {
            turn: peak.turn,
            chance,
        };
    }
    if peak.power > PLAIN * PLAIN * chance {
        let sums: Vec<Complex64> = turned_back(&tones.values, peak.turn)
            .chunks(SUMMED)
            .map(|c| c.iter().sum())
            .collect();
        let fine = Peak::find(&sums, PI / 2.0);
        return Line {
            turn: peak.turn + fine.turn / SUMMED as f64,
            chance: chance / share,
        };
    }
    peak = Peak::find(&tones.values, max_turn);
    Line {
        turn: peak.turn,
        chance: tones.chance.max(peak.surroundings),
    }
}

/// The largest of a zero-padded DFT, refined by a parabola.
struct Peak {
    turn: f64,
    power: f64,
    /// Power that chance has in any bin, by what surrounds the line; 0 when nothing does.
    surroundings: f64,
}

impl Peak {
    fn find(values: &[Complex64], max_turn: f64) -> Self {
        let n = values.len();
        let bins = (4 * n).next_power_of_two().max(64);
        let mut spectrum = values.to_vec();
        spectrum.resize(bins, Complex64::ZERO);
        rustfft::FftPlanner::new()
            .plan_fft_forward(bins)
            .process(&mut spectrum);
        let mut powers: Vec<f64> = spectrum.iter().map(Complex64::norm_sqr).collect();
        let width = 2.0 * PI / bins as f64;
        let at = |k: i64| powers[k.rem_euclid(bins as i64) as usize];
        let reach = match n {
            1 => 0,
            _ => ((max_turn / width) as usize).min(bins / 2 - 1) as i64,
        };
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
        // White noise has the same power everywhere; that of a pattern has not, so the line's
        // surroundings count when they are louder. The median of chance is ln 2 of its mean.
        let surroundings = if n >= MIN_SURROUNDINGS {
            let (_, median, _) = powers.select_nth_unstable_by(bins / 2, f64::total_cmp);
            *median / std::f64::consts::LN_2
        } else {
            0.0
        };
        Self {
            turn: (best as f64 + shift) * width,
            power: c,
            surroundings,
        }
    }
}

/// How many blocks to average on either side, and what comes of it.
struct Choice {
    half_width: usize,
    /// Mean square error of the phase that is left, in square radians.
    risk: f64,
    /// Mean projection of left-out phasors on the averages, and of how many.
    projection: f64,
    compared: usize,
}

/// Sums over neighbouring phasors, by prefix sums.
struct Averages<'a> {
    values: &'a [Complex64],
    prefix: Vec<Complex64>,
    /// How many blocks were looked at before each, and in all.
    counts: Vec<u32>,
}

impl<'a> Averages<'a> {
    fn new(values: &'a [Complex64], seen: &[bool]) -> Self {
        let (mut sum, mut count) = (Complex64::ZERO, 0);
        let mut prefix = Vec::with_capacity(values.len() + 1);
        let mut counts = Vec::with_capacity(values.len() + 1);
        prefix.push(sum);
        counts.push(count);
        for (v, &seen) in values.iter().zip(seen) {
            sum += v;
            count += u32::from(seen);
            prefix.push(sum);
            counts.push(count);
        }
        Self {
            values,
            prefix,
            counts,
        }
    }

    /// Returns how many blocks were looked at.
    fn seen(&self) -> usize {
        self.counts[self.values.len()] as usize
    }

    /// Returns the sum of the phasors around a block and how many were looked at there.
    fn around(&self, block: usize, half_width: usize) -> (Complex64, usize) {
        let first = block.saturating_sub(half_width);
        let end = (block + half_width + 1).min(self.values.len());
        let count = self.counts[end] - self.counts[first];
        (self.prefix[end] - self.prefix[first], count as usize)
    }

    /// Mean projection of some left-out phasors on the directions of the averages around them.
    fn left_out(&self, half_width: usize, some: &[(usize, Complex64)]) -> f64 {
        let projections = some.iter().map(|&(b, part)| {
            let others = self.around(b, half_width).0 - self.values[b];
            let length = others.norm_sqr().sqrt();
            if length > 0.0 {
                (part * others.conj()).re / length
            } else {
                0.0
            }
        });
        projections.sum::<f64>() / some.len().max(1) as f64
    }

    /// Chooses how many blocks to average.
    fn choose(&self, tones: &Tones) -> Choice {
        // Each half has twice the block's phase variance, their difference four times.
        let own = (tones.in_quadrature / tones.in_phase.max(f64::MIN_POSITIVE) / 4.0).min(2.0);
        let step = self.seen().div_ceil(COMPARED);
        let seen = (0..self.values.len()).filter(|&b| self.counts[b + 1] > self.counts[b]);
        let some: Vec<(usize, Complex64)> = seen
            .skip(step / 2)
            .step_by(step)
            .map(|b| (b, self.values[b]))
            .collect();
        let units: Vec<(usize, Complex64)> = some
            .iter()
            .map(|&(b, v)| (b, v / v.norm().max(f64::MIN_POSITIVE)))
            .collect();
        let mut best = (0, own);
        // No averaging is better than an average only when that one's own error is more than `own`.
        let mut least = 2.0 * own;
        let mut half_width = 1;
        while half_width < self.values.len() {
            let error = 2.0 - 2.0 * self.left_out(half_width, &units);
            if error < least {
                least = error;
                let share = self.seen() as f64 / self.values.len() as f64;
                let averaged = (2 * half_width + 1).min(self.values.len()) as f64 * share;
                best = (half_width, 1.25 * own / averaged.max(1.0));
            }
            half_width *= 2;
        }
        Choice {
            half_width: best.0,
            risk: best.1,
            projection: self.left_out(best.0, &some),
            compared: some.len(),
        }
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

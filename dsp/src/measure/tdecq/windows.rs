//! The two vertical histograms of TDECQ: their columns of samples and what an equalizer makes of
//! them.
//!
//! A histogram `width_ui` wide is taken at [`SLICES`] phases, the middles of equal parts of it:
//! within 0.04 UI a waveform behind the reference receiver is as good as straight, so that more
//! would change nothing.

use std::ops::Range;

use super::margins::{Column, Margins, Slicing, solve};
use super::{TARGET_SER, Windows};
use crate::measure::pattern_waveform::{PatternWaveform, Spectrum};

/// Phases of each histogram.
const SLICES: usize = 3;

/// An equalizer, a position and thresholds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Taps, sum 1.
    pub taps: Vec<f64>,
    /// Index of the largest.
    pub main: usize,
    /// Middle between the histograms in unit intervals after the nominal instant.
    pub phase_ui: f64,
    /// Thresholds over OMAouter, mean taken off.
    pub thresholds: [f64; 3],
}

/// Where columns come from.
pub(super) struct Columns {
    spectrum: Spectrum,
    symbols: Vec<u8>,
    mean: f64,
    oma_outer: f64,
    windows: Windows,
}

impl Columns {
    pub fn new(wave: &PatternWaveform, mean: f64, oma_outer: f64, windows: Windows) -> Self {
        Self {
            spectrum: wave.spectrum(),
            symbols: (0..wave.count()).map(|k| wave.symbol(k)).collect(),
            mean,
            oma_outer,
            windows,
        }
    }

    /// Returns the symbols of all periods.
    pub fn symbols(&self) -> &[u8] {
        &self.symbols
    }

    /// Returns two columns.
    pub fn pair(&mut self, phases_ui: [f64; 2]) -> [Column; 2] {
        let (mean, oma_outer) = (self.mean, self.oma_outer);
        self.spectrum
            .columns(phases_ui)
            .map(|c| Column::new(&c, mean, oma_outer))
    }

    /// Returns both histograms at full width.
    pub fn windows(&mut self, phase_ui: f64) -> WindowPair {
        let slice = |i: usize| {
            (i as f64 - 0.5 * (SLICES as f64 - 1.0)) * self.windows.width_ui / SLICES as f64
        };
        let offsets: Vec<f64> = (0..SLICES).map(slice).collect();
        self.at(phase_ui, &offsets)
    }

    /// Returns one phase of each histogram: their middles.
    pub fn middles(&mut self, phase_ui: f64) -> WindowPair {
        self.at(phase_ui, &[0.0])
    }

    fn at(&mut self, phase_ui: f64, offsets: &[f64]) -> WindowPair {
        let half = 0.5 * self.windows.spacing_ui;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for offset in offsets {
            let [l, r] = self.pair([phase_ui + offset - half, phase_ui + offset + half]);
            left.push(l);
            right.push(r);
        }
        WindowPair {
            sides: [left, right],
            symbols: self.symbols.clone(),
            parts: std::iter::once(0..self.symbols.len()).collect(),
        }
    }
}

/// The columns of the left and the right histogram.
#[derive(Clone, Debug)]
pub(super) struct WindowPair {
    pub sides: [Vec<Column>; 2],
    pub symbols: Vec<u8>,
    /// Stretches of symbols that count.
    pub parts: Vec<Range<usize>>,
}

impl WindowPair {
    /// Makes the margins of both histograms.
    pub fn score(&self, found: &Found) -> Score {
        self.score_parts(found, &self.parts)
    }

    /// The same for some stretches of symbols.
    pub fn score_parts(&self, found: &Found, parts: &[Range<usize>]) -> Score {
        let slicing = Slicing::new(&found.taps, found.main, found.thresholds);
        Score(self.sides.each_ref().map(|columns| {
            let mut margins = Margins::default();
            for column in columns {
                margins.add(&slicing.count(column, &self.symbols, parts));
            }
            margins
        }))
    }

    /// Gradients of both symbol error ratios by taps and thresholds, at noise `sigma`.
    pub fn gradients(&self, found: &Found, sigma: f64) -> [Vec<f64>; 2] {
        let slicing = Slicing::new(&found.taps, found.main, found.thresholds);
        self.sides.each_ref().map(|columns| {
            let mut sum = vec![0.0; found.taps.len() + 3];
            for column in columns {
                let part = slicing.gradient(column, &self.symbols, &self.parts, sigma);
                sum.iter_mut().zip(part).for_each(|(s, g)| *s += g);
            }
            sum.iter_mut().for_each(|s| *s /= columns.len() as f64);
            sum
        })
    }

    /// Standard deviation of the equalized samples about their levels, over OMAouter.
    pub fn residual(&self, found: &Found) -> f64 {
        let slicing = Slicing::new(&found.taps, found.main, found.thresholds);
        let columns = self.sides.iter().flatten();
        let power: f64 = columns
            .clone()
            .map(|c| slicing.residual_power(c, &self.symbols))
            .sum();
        (power / columns.count().max(1) as f64).sqrt()
    }
}

/// Margins of the left and the right histogram.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Score(pub [Margins; 2]);

/// Exponent of the smooth maximum of two error ratios: 16 is within 4 % of the larger when they
/// differ and exact when they are equal, as they are at most best positions.
const SHARPNESS: f64 = 16.0;

impl Score {
    /// Returns the noise at the slicer, over OMAouter, at which the worse histogram reaches the
    /// target.
    pub fn sigma(&self) -> Option<f64> {
        let [left, right] = self.0.each_ref().map(|m| m.sigma(TARGET_SER));
        Some(left?.min(right?))
    }

    /// Returns the worse error ratio without noise.
    pub fn floor(&self) -> f64 {
        self.0[0].floor().max(self.0[1].floor())
    }

    /// Returns both error ratios with noise.
    pub fn sers(&self, sigma: f64) -> [f64; 2] {
        self.0.each_ref().map(|m| m.ser(sigma).0)
    }

    /// Returns the noise at which the smooth maximum of both error ratios reaches a target.
    pub fn smooth_sigma(&self, target: f64) -> Option<f64> {
        let smooth = |sigma: f64| {
            let (ser, slope, _) = self.smooth(sigma);
            (ser, slope)
        };
        solve(smooth, target, self.floor())
    }

    /// Returns the smooth maximum, its slope by the noise, and the share of either histogram's
    /// derivatives in its derivatives.
    pub fn smooth(&self, sigma: f64) -> (f64, f64, [f64; 2]) {
        let both = self.0.each_ref().map(|m| m.ser(sigma));
        let top = both[0].0.max(both[1].0).max(f64::MIN_POSITIVE);
        let powers = both.map(|b| (b.0 / top).powf(SHARPNESS));
        let ser = top * (0.5 * (powers[0] + powers[1])).powf(1.0 / SHARPNESS);
        let shares = both.map(|b| 0.5 * (b.0 / ser).powf(SHARPNESS - 1.0));
        let slope = shares[0] * both[0].1 + shares[1] * both[1].1;
        (ser, slope, shares)
    }
}

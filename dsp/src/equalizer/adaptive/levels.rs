//! Levels as an adaptive equalizer wants them, and its decisions.

use super::Refusal;
use crate::kernels::lanes::Slices;
use crate::slicer::{Slicer, nominal};

/// Levels and the thresholds between them, in the unit of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    values: Vec<f64>,
    thresholds: Vec<f64>,
}

impl Levels {
    /// Takes two or four levels, lowest first, and the thresholds between them.
    ///
    /// # Errors
    /// [`Refusal::Levels`] when they do not rise, or a threshold is not between its two levels.
    pub fn new(values: Vec<f64>, thresholds: Vec<f64>) -> Result<Self, Refusal> {
        let count = matches!(values.len(), 2 | 4) && thresholds.len() + 1 == values.len();
        let between = |(pair, t): (&[f64], &f64)| pair[0] < *t && *t < pair[1];
        let ordered = values.windows(2).zip(&thresholds).all(between);
        if count && ordered && values.iter().all(|v| v.is_finite()) {
            Ok(Self { values, thresholds })
        } else {
            Err(Refusal::Levels {
                found: format!("levels {values:?}, thresholds {thresholds:?}"),
            })
        }
    }

    /// Returns evenly spaced levels, two apart about zero, with thresholds half way.
    ///
    /// # Errors
    /// [`Refusal::Levels`] for a count that is neither two nor four.
    pub fn nominal(count: usize) -> Result<Self, Refusal> {
        let values: Vec<f64> = (0..count.min(16) as u8)
            .map(|s| nominal(count, s))
            .collect();
        Self::half_way(values)
    }

    /// Takes levels with thresholds half way between them.
    ///
    /// # Errors
    /// [`Refusal::Levels`], as [`Levels::new`].
    pub fn half_way(values: Vec<f64>) -> Result<Self, Refusal> {
        let thresholds = values.windows(2).map(|v| 0.5 * (v[0] + v[1])).collect();
        Self::new(values, thresholds)
    }

    /// Takes the means and thresholds of a slicer.
    ///
    /// # Errors
    /// [`Refusal::Levels`], as [`Levels::new`].
    pub fn from_slicer(slicer: &Slicer) -> Result<Self, Refusal> {
        Self::new(slicer.means.clone(), slicer.thresholds.clone())
    }

    /// Returns the levels, lowest first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the thresholds, lowest first.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Decides one sample.
    pub fn decide(&self, y: f64) -> u8 {
        self.thresholds.iter().map(|&t| u8::from(y > t)).sum()
    }

    /// Returns levels and thresholds as kernels want them; with two levels the upper thresholds
    /// are never reached.
    pub(crate) fn slices(&self) -> Slices {
        let last = self.values.len() - 1;
        let level = |i: usize| self.values[i.min(last)] as f32;
        let threshold = |i: usize| self.thresholds.get(i).map_or(f32::INFINITY, |&t| t as f32);
        Slices {
            levels: [0, 1, 2, 3].map(level),
            thresholds: [0, 1, 2].map(threshold),
        }
    }

    /// Returns the mean of the levels.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// Returns the variance of equally likely symbols.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        let sum: f64 = self.values.iter().map(|v| (v - mean).powi(2)).sum();
        sum / self.values.len() as f64
    }

    /// Returns half the mean level spacing: the distance from a level to its threshold.
    pub fn half_spacing(&self) -> f64 {
        let last = self.values.len() - 1;
        (self.values[last] - self.values[0]) / (2.0 * last as f64)
    }
}

//! Equalizers: how taps are found, chosen and applied.
//!
//! | file | does |
//! |---|---|
//! | [`least_squares`] | fits taps on known or decided symbols |
//! | [`adaptive`] | signal, levels and result of those that learn symbol by symbol |
//! | [`lms`], [`sign_lms`], [`block_lms`], [`rls`] | adaptive equalizers, one each |
//! | [`volterra`] | second and third order, with pruning |
//! | [`blind`] | opens the eye without a pattern |
//! | [`train`] | chooses an equalizer, keeping apart what trains and what judges |
//! | [`decision_feedback`] | subtracts what decided symbols leave behind |
//! | [`partial_response`] | forward taps that leave a short channel |
//! | [`whitening`] | the filter that makes an equalizer's error white |
//! | [`trellis`] | the branch values of a short channel |
//! | [`mlse`] | the likeliest sequence over it |
//!
//! An [`Equalizer`] applies taps: feed-forward, and feed-forward with decision feedback.

pub mod adaptive;
pub mod blind;
pub mod block_lms;
mod choice;
pub mod decision_feedback;
mod detector;
pub mod least_squares;
pub mod lms;
pub mod mlse;
pub mod partial_response;
pub mod registry;
pub mod rls;
pub mod sign_lms;
pub mod train;
pub mod trellis;
pub mod volterra;
pub mod whitening;

use crate::equalizer::least_squares::{Fit, Shape};
use crate::kernels;
use crate::kernels::fir::{Fir, Spacing};

/// An equalizer whose output is in the unit of the samples: its feed-forward taps sum to one, so
/// that a constant level passes unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Equalizer {
    /// Tap spacing and counts.
    pub shape: Shape,
    /// Feed-forward taps, earliest sample first, sum 1.
    pub taps: Vec<f32>,
    /// Feedback taps in units of half the level spacing of the fit, nearest symbol first; they
    /// are subtracted.
    pub feedback: Vec<f32>,
    /// What a sample beyond the capture's ends counts as.
    pub pad: f32,
}

/// Sum of taps over the sum of their magnitudes below which the input has no usable DC.
const MIN_DC: f64 = 1e-3;

impl Equalizer {
    /// Passes the sample at the decision instant.
    pub fn identity(spacing: usize, pad: f32) -> Self {
        Self {
            shape: Shape {
                spacing,
                taps: 1,
                feedback: 0,
            },
            taps: vec![1.0],
            feedback: vec![],
            pad,
        }
    }

    /// Scales a fit so that its taps sum to one.
    ///
    /// A capture without DC (an AC-coupled one) can lead to taps that sum to nearly zero; then
    /// they are scaled so that the largest is one.
    pub fn from_fit(fit: &Fit, shape: Shape, pad: f32) -> Self {
        let sum: f64 = fit.taps.iter().sum();
        let size: f64 = fit.taps.iter().map(|w| w.abs()).sum();
        let scale = if sum > MIN_DC * size {
            1.0 / sum
        } else {
            1.0 / fit
                .taps
                .iter()
                .fold(f64::MIN_POSITIVE, |m, w| m.max(w.abs()))
        };
        Self {
            shape,
            taps: fit.taps.iter().map(|w| (w * scale) as f32).collect(),
            feedback: fit.feedback.iter().map(|f| (-f * scale) as f32).collect(),
            pad,
        }
    }

    /// Returns the noise enhancement for white noise at the symbol rate's band, in dB:
    /// `10 log10(spacing sum w^2)` with taps that sum to 1, so that an integrate-and-dump
    /// receiver has 0 dB.
    pub fn noise_enhancement_db(&self) -> f64 {
        let sum: f64 = self.taps.iter().map(|&w| f64::from(w)).sum();
        let squares: f64 = self.taps.iter().map(|&w| f64::from(w).powi(2)).sum();
        10.0 * (self.shape.spacing as f64 * squares / (sum * sum).max(f64::MIN_POSITIVE)).log10()
    }

    /// Returns the index of the largest tap.
    pub fn main_cursor(&self) -> usize {
        (0..self.taps.len())
            .max_by(|&a, &b| self.taps[a].abs().total_cmp(&self.taps[b].abs()))
            .unwrap_or(0)
    }

    /// Runs the feed-forward part over all symbols.
    ///
    /// The kernel is [`crate::kernels::fir`]; levels with fused multiply-add give the same bytes,
    /// the others stay within the rounding that it states.
    pub fn feed_forward(&self, samples: &[f32]) -> Vec<f32> {
        let spacing = match self.shape.spacing {
            1 => Spacing::Symbol,
            _ => Spacing::HalfSymbol,
        };
        let fir = Fir::new(spacing, &self.taps, self.shape.centre(), self.pad);
        let mut out = vec![0.0; fir.symbols(samples.len())];
        fir.filter_into(kernels::level(), samples, &mut out);
        out
    }
}

#[cfg(test)]
mod tests;

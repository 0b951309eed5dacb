//! Decision feedback: what decided symbols leave behind is subtracted.
//!
//! ```text
//! z(k) = y(k) - sum_j f(j) v(d(k-j)),   d(k) = decision of z(k)
//! ```
//!
//! The feedback removes interference from the past without touching the noise (M. Austin, MIT
//! Lincoln Laboratory Report 437, 1967), which a linear equalizer cannot. The price is error
//! propagation: a wrong decision is subtracted too. On four levels with one tap of weight `a`, an
//! error of one level moves the next sample by `2 a` of half a level spacing: with `a` = 1 onto a
//! threshold's far side for 3 of 4 symbols, so that an error follows an error with a probability
//! of 3/4.
//!
//! | method | does |
//! |---|---|
//! | [`Equalizer::decision_feedback`] | symbol by symbol, with known symbols where there are some |
//! | [`Equalizer::feed_back`] | the same on decisions alone, fast: one tap exactly, more in segments |
//!
//! *Assumes* levels where the fit had them: values are evenly spaced. *Breaks* with taps above 1,
//! where errors need not die out.

use fearless_simd::Level;

use crate::equalizer::Equalizer;
use crate::kernels::decision_feedback::{Loop, decision_feedback, look_ahead};
use crate::slicer::{Slicer, nominal};

impl Equalizer {
    /// Subtracts the feedback of decided symbols in place, deciding as it goes with `slicer`,
    /// and returns the decisions. `known` symbols (the training ones) are fed back instead of
    /// decisions where they exist.
    pub fn decision_feedback(
        &self,
        forward: &mut [f32],
        slicer: &Slicer,
        known: &[Option<u8>],
    ) -> Vec<u8> {
        let levels = slicer.means.len();
        let values: Vec<f32> = (0..levels as u8)
            .map(|s| nominal(levels, s) as f32)
            .collect();
        let mut decided = Vec::with_capacity(forward.len());
        for k in 0..forward.len() {
            let back: f32 = self
                .feedback
                .iter()
                .enumerate()
                .filter(|(j, _)| *j < k)
                .map(|(j, f)| f * values[decided[k - 1 - j] as usize])
                .sum();
            forward[k] -= back;
            let decision = slicer.decide(forward[k]);
            decided.push(known.get(k).copied().flatten().unwrap_or(decision));
        }
        decided
    }

    /// Subtracts the feedback of decided symbols in place and returns the decisions; fast.
    ///
    /// With one tap the result is that of [`Self::decision_feedback`] without known symbols, bit
    /// for bit. With more the capture is cut into segments ([`crate::kernels::decision_feedback`]):
    /// sums are rounded in another order, and the first symbols of a segment may be wrong where
    /// an error lasts longer than the warm-up ([`Loop::warm_up`]). It does not depend on `level`.
    pub fn feed_back(&self, level: Level, forward: &mut [f32], slicer: &Slicer) -> Vec<u8> {
        let feedback = self.feedback_loop(slicer);
        if !feedback.taps.is_empty() {
            let samples = forward.to_vec();
            match feedback.taps.len() {
                1 => look_ahead(level, &samples, &feedback, forward),
                _ => decision_feedback(level, &samples, &feedback, forward),
            }
        }
        forward.iter().map(|&z| feedback.decide(z)).collect()
    }

    /// Returns taps, values and thresholds in the form of the kernels.
    pub fn feedback_loop(&self, slicer: &Slicer) -> Loop {
        let levels = slicer.means.len();
        Loop {
            taps: self.feedback.clone(),
            values: (0..levels as u8)
                .map(|s| nominal(levels, s) as f32)
                .collect(),
            thresholds: slicer.thresholds.iter().map(|&t| at_most(t)).collect(),
        }
    }
}

/// The largest f32 that is not above: an f32 is above the one exactly if it is above the other.
fn at_most(threshold: f64) -> f32 {
    let near = threshold as f32;
    if f64::from(near) > threshold {
        near.next_down()
    } else {
        near
    }
}

#[cfg(test)]
mod tests;

//! The eye's density and the histograms at the slicer.
//!
//! An eye is a count of hits over level and time, two unit intervals wide, with column 0 half a
//! unit interval before a symbol. The capture is interpolated at 64 phases of the recovered clock
//! ([`crate::timing::resample`]) and every phase goes through the equalizer as a whole, so that the eye
//! shows what the slicer would see if it decided there. Feedback is not drawn: between instants
//! there is no decision to feed back.
//!
//! *Assumes* a capture whose band is below half its sample rate. *Breaks* at one sample a symbol:
//! then only the slicer's histogram is known, and [`Eye::time_resolved`] is false.

use ndarray::Array2;

use crate::equalizer::Equalizer;
use crate::kernels::level;
use crate::slicer::Slicer;
use crate::timing::Timing;
use crate::timing::resample::{Resampler, Scratch};
use crate::traces::{Eye, LevelHistogram};

/// Time bins over two unit intervals.
const COLUMNS: usize = 128;
/// Level bins.
const ROWS: usize = 192;
/// Symbols that are drawn.
const SYMBOLS: usize = 16_384;

/// Draws the eye at the slicer: the band-limited signal between the samples goes through the
/// same equalizer at 64 instants a unit interval.
pub fn oversampled(
    samples: &[f32],
    timing: &Timing,
    equalizer: &Equalizer,
    slicer: &Slicer,
) -> Eye {
    let per_ui = COLUMNS / 2;
    let spacing = equalizer.shape.spacing;
    let resampler = Resampler::new(spacing as f64 / timing.samples_per_symbol);
    let first = timing.first_symbol();
    let available = (samples.len() as f64 / timing.samples_per_symbol) as usize;
    let symbols = SYMBOLS.min(available.saturating_sub(equalizer.taps.len() / spacing + 4));
    let margin = equalizer.taps.len().div_ceil(spacing) + 2;
    let mut frame = Frame::new(slicer);
    let mut line = vec![0.0; spacing * (symbols + 2)];
    let mut scratch = Scratch::default();
    for phase in 0..per_ui {
        // One phase of the signal at the equalizer's spacing, run through it as a whole.
        let start = first + phase as f64 / per_ui as f64 - 0.5;
        resampler.fill(
            level(),
            samples,
            timing,
            start,
            spacing,
            &mut scratch,
            &mut line,
        );
        let output = equalizer.feed_forward(&line);
        for (k, &y) in output.iter().enumerate().take(symbols).skip(margin) {
            // Column 0 is half a unit interval before a symbol of even index.
            frame.add(y, phase + (k % 2) * per_ui);
        }
    }
    frame.finish(slicer, equalizer, true)
}

/// Draws the slicer's histogram as an eye without time: one sample a symbol tells nothing of the
/// transitions.
pub fn at_the_slicer(output: &[f32], equalizer: &Equalizer, slicer: &Slicer) -> Eye {
    let mut frame = Frame::new(slicer);
    for &y in output.iter().take(SYMBOLS) {
        for column in 0..COLUMNS {
            frame.add(y, column);
        }
    }
    frame.samples /= COLUMNS as u64;
    frame.finish(slicer, equalizer, false)
}

struct Frame {
    hits: Array2<u32>,
    low: f64,
    high: f64,
    samples: u64,
}

impl Frame {
    fn new(slicer: &Slicer) -> Self {
        let (bottom, top) = (slicer.means[0], slicer.means[slicer.means.len() - 1]);
        let margin = (0.3 * (top - bottom)).max(4.0 * slicer.noise_variance().sqrt());
        Self {
            hits: Array2::zeros((ROWS, COLUMNS)),
            low: bottom - margin,
            high: top + margin,
            samples: 0,
        }
    }

    fn add(&mut self, y: f32, column: usize) {
        let row = (f64::from(y) - self.low) / (self.high - self.low) * ROWS as f64;
        if row >= 0.0 && row < ROWS as f64 {
            self.hits[(row as usize, column)] += 1;
        }
        self.samples += 1;
    }

    fn finish(self, slicer: &Slicer, equalizer: &Equalizer, time_resolved: bool) -> Eye {
        Eye {
            hits: self.hits,
            low: self.low,
            high: self.high,
            span_ui: 2.0,
            instants_ui: vec![0.5, 1.5],
            thresholds: slicer.thresholds.clone(),
            levels: slicer.means.clone(),
            samples: self.samples,
            equalized: equalizer.taps.len() > 1 || !equalizer.feedback.is_empty(),
            time_resolved,
        }
    }
}

/// Histograms at the slicer, split by the symbol that was sent (or decided).
pub fn histogram(output: &[f32], symbols: &[u8], slicer: &Slicer) -> LevelHistogram {
    let frame = Frame::new(slicer);
    let mut counts = vec![vec![0u64; ROWS]; slicer.means.len()];
    let rows = ROWS as f64 / (frame.high - frame.low);
    for (&y, &s) in output.iter().zip(symbols) {
        let row = (f64::from(y) - frame.low) * rows;
        if row >= 0.0 && row < ROWS as f64 {
            counts[s as usize][row as usize] += 1;
        }
    }
    LevelHistogram {
        low: frame.low,
        high: frame.high,
        counts,
    }
}

#[cfg(test)]
mod tests;

//! Equalization without a pattern.
//!
//! When the eye is closed, the constant-modulus (Godard) criterion opens it: minimize
//! `E (y^2 - R)^2` with `R = E a^4 / E a^2`, by stochastic gradient
//! `w <- w - mu y (y^2 - R) x` (Godard, IEEE Trans. Commun. 28 (1980) 1867). Then decisions
//! stand in for the pattern and least squares finishes, decided anew a few times.
//!
//! *Breaks* on channels whose taps the start cannot reach; the eye then stays closed and the
//! report says so.

use crate::equalizer::Equalizer;
use crate::least_squares::{self, Shape};
use crate::slicer::{Slicer, cluster, nominal};

/// Symbols that train.
pub const TRAINING: usize = 1 << 16;

/// Half level spacings over sigma from which on decisions are good enough to train on: with
/// 1.6 about one decision in six is wrong.
const OPEN: f64 = 1.6;

/// What a blind start gives.
#[derive(Clone, Debug)]
pub struct Blind {
    /// The equalizer.
    pub equalizer: Equalizer,
    /// Its output for every symbol.
    pub output: Vec<f32>,
    /// Levels found in it.
    pub slicer: Slicer,
    /// Symbols that trained, from the first on.
    pub trained: usize,
}

impl Blind {
    /// Returns half the mean level spacing over the noise: the eye's opening.
    pub fn opening(&self) -> f64 {
        opening(&self.slicer)
    }
}

fn opening(slicer: &Slicer) -> f64 {
    let n = slicer.means.len() as f64;
    let half = (slicer.means[slicer.means.len() - 1] - slicer.means[0]) / (2.0 * (n - 1.0));
    half / slicer.noise_variance().sqrt().max(f64::MIN_POSITIVE)
}

/// Opens the eye of a capture with `shape.spacing` samples a symbol, without feedback.
pub fn equalize(samples: &[f32], shape: Shape, levels: usize, pad: f32) -> Blind {
    let symbols = samples.len() / shape.spacing;
    let trained = symbols.min(TRAINING);
    let mut best = evaluate(
        Equalizer::identity(shape.spacing, pad),
        samples,
        levels,
        trained,
    );
    if best.opening() < OPEN {
        let taps = constant_modulus(samples, shape, levels, trained);
        let fit = least_squares::Fit {
            taps,
            feedback: vec![],
            bias: 0.0,
        };
        let opened = evaluate(
            Equalizer::from_fit(&fit, shape, pad),
            samples,
            levels,
            trained,
        );
        if opened.opening() > best.opening() {
            best = opened;
        }
    }
    for _ in 0..6 {
        let decided = best.slicer.decide_all(&best.output);
        let targets: Vec<f32> = decided.iter().map(|&s| nominal(levels, s) as f32).collect();
        let Some(fit) = least_squares::fit(samples, &targets, 0..trained, shape, pad) else {
            break;
        };
        let next = evaluate(
            Equalizer::from_fit(&fit, shape, pad),
            samples,
            levels,
            trained,
        );
        let gain = next.opening() / best.opening();
        if gain > 1.0 {
            best = next;
        }
        if gain < 1.002 {
            break;
        }
    }
    best
}

fn evaluate(equalizer: Equalizer, samples: &[f32], levels: usize, trained: usize) -> Blind {
    let output = equalizer.feed_forward(samples);
    let slicer = cluster(&output[..trained.min(output.len())], levels);
    Blind {
        equalizer,
        output,
        slicer,
        trained,
    }
}

/// Taps that minimize the constant-modulus cost; normalized input, three passes.
fn constant_modulus(samples: &[f32], shape: Shape, levels: usize, trained: usize) -> Vec<f64> {
    let used = &samples[..shape.spacing * trained];
    let n = used.len() as f64;
    let mean = used.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let power = used
        .iter()
        .map(|&x| (f64::from(x) - mean).powi(2))
        .sum::<f64>()
        / n;
    let scale = 1.0 / power.sqrt().max(f64::MIN_POSITIVE);
    let x: Vec<f64> = used
        .iter()
        .map(|&v| (f64::from(v) - mean) * scale)
        .collect();
    let modulus = godard_radius(levels);
    let mut taps = vec![0.0; shape.taps];
    taps[shape.centre()] = 1.0;
    for (pass, mu) in [(0, 2e-3), (1, 1e-3), (2, 4e-4)] {
        let _ = pass;
        let mu = mu / (shape.taps as f64).sqrt();
        let mut start = 0;
        while start + shape.taps <= x.len() {
            let window = &x[start..start + shape.taps];
            let y: f64 = taps.iter().zip(window).map(|(w, v)| w * v).sum();
            let step = mu * y.clamp(-4.0, 4.0) * (modulus - y * y).clamp(-4.0, 4.0);
            taps.iter_mut()
                .zip(window)
                .for_each(|(w, v)| *w += step * v);
            start += shape.spacing;
        }
    }
    taps
}

/// `E a^4 / (E a^2)^2` for symbols of unit power.
fn godard_radius(levels: usize) -> f64 {
    let values: Vec<f64> = (0..levels as u8).map(|s| nominal(levels, s)).collect();
    let square = values.iter().map(|v| v * v).sum::<f64>() / levels as f64;
    let fourth = values.iter().map(|v| v.powi(4)).sum::<f64>() / levels as f64;
    fourth / (square * square)
}

#[cfg(test)]
mod tests;

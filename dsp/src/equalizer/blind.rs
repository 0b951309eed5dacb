//! Equalization without a pattern.
//!
//! When the eye is closed, the least Gaussian combination of the samples opens it: intersymbol
//! interference is a sum of many symbols and so more Gaussian than one. The kurtosis of the output
//! is driven down by the fixed point
//!
//! ```text
//! w <- 3 w - C^-1 E[x y^3]        y = w' x, E y^2 = 1, C = E[x x']
//! ```
//!
//! (Shalvi and Weinstein, IEEE Trans. Inf. Theory 36 (1990) 312; the fixed point after
//! Hyvarinen and Oja, Neural Comput. 9 (1997) 1483). Then decisions stand in for the pattern and
//! least squares finishes, decided anew a few times.
//!
//! *Breaks* on channels whose taps the start cannot reach; the eye then stays closed and the
//! report says so.

use crate::equalizer::Equalizer;
use crate::equalizer::least_squares::{self, Shape, cholesky_solve};
use crate::slicer::{Slicer, cluster, nominal};

/// Symbols that train.
pub const TRAINING: usize = 1 << 16;
/// Symbols that open the eye and tell the modulation, before all of them train.
const START: usize = 1 << 14;

/// Half level spacings over sigma below which the eye may be shut. Four levels laid over a
/// Gaussian heap look 1.4 to 1.7 open, so that is no sign; with 2.3 three decisions in a hundred
/// are wrong.
const OPEN: f64 = 2.3;

/// Half level spacings over sigma below which a blind result means nothing: four levels laid over
/// a Gaussian heap look 1.4 to 1.7 open, a true SNR of 12 dB looks 1.86.
pub const MIN_OPENING: f64 = 1.8;

/// Steps of the fixed point at most; it converges cubically.
const ITERATIONS: usize = 25;

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
    finish(start(samples, shape, levels, pad), samples, shape, pad)
}

/// Opens the eye on the first symbols only, 2^14 or, when it stays shut on these, 2^16; what comes
/// out covers them.
pub fn start(samples: &[f32], shape: Shape, levels: usize, pad: f32) -> Blind {
    let first = |symbols: usize| &samples[..samples.len().min(shape.spacing * symbols)];
    let opened = open(first(START), shape, levels, pad);
    if opened.opening() < OPEN && samples.len() > shape.spacing * START {
        return open(first(TRAINING), shape, levels, pad);
    }
    opened
}

fn open(samples: &[f32], shape: Shape, levels: usize, pad: f32) -> Blind {
    let trained = samples.len() / shape.spacing;
    let start = evaluate(
        Equalizer::identity(shape.spacing, pad),
        samples,
        levels,
        trained,
    );
    let shut = start.opening() < OPEN;
    let best = decide_and_fit(start, samples, shape, levels, pad);
    if !shut {
        return best;
    }
    // What the eye looks like after decisions have trained tells a real opening from a heap.
    let Some(taps) = least_gaussian(samples, shape, trained) else {
        return best;
    };
    let fit = least_squares::Fit {
        taps: upright(taps),
        feedback: vec![],
        bias: 0.0,
    };
    let opened = evaluate(
        Equalizer::from_fit(&fit, shape, pad),
        samples,
        levels,
        trained,
    );
    let opened = decide_and_fit(opened, samples, shape, levels, pad);
    if opened.opening() > best.opening() {
        opened
    } else {
        best
    }
}

/// Runs over all samples what was opened on the first ones, untrained on the rest.
pub fn run(start: Blind, samples: &[f32]) -> Blind {
    Blind {
        output: start.equalizer.feed_forward(samples),
        ..start
    }
}

/// Trains on all symbols what was opened on the first ones.
pub fn finish(start: Blind, samples: &[f32], shape: Shape, pad: f32) -> Blind {
    let symbols = samples.len() / shape.spacing;
    if symbols <= start.trained {
        return start;
    }
    let levels = start.slicer.means.len();
    let trained = symbols.min(TRAINING);
    let opened = evaluate(start.equalizer, samples, levels, trained);
    decide_and_fit(opened, samples, shape, levels, pad)
}

/// Fits to the decisions, decides again, as long as the eye opens.
fn decide_and_fit(
    mut best: Blind,
    samples: &[f32],
    shape: Shape,
    levels: usize,
    pad: f32,
) -> Blind {
    for _ in 0..6 {
        let decided = best.slicer.decide_all(&best.output[..best.trained]);
        let targets: Vec<f32> = decided.iter().map(|&s| nominal(levels, s) as f32).collect();
        let Some(fit) = least_squares::fit(samples, &targets, 0..best.trained, shape, pad) else {
            break;
        };
        let next = evaluate(
            Equalizer::from_fit(&fit, shape, pad),
            samples,
            levels,
            best.trained,
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

/// Turns taps over so that they sum to something positive: the kurtosis knows no sign.
fn upright(mut taps: Vec<f64>) -> Vec<f64> {
    if taps.iter().sum::<f64>() < 0.0 {
        taps.iter_mut().for_each(|w| *w = -*w);
    }
    taps
}

/// Taps that extract the least Gaussian combination: fixed-point iteration on the kurtosis.
fn least_gaussian(samples: &[f32], shape: Shape, trained: usize) -> Option<Vec<f64>> {
    let used = &samples[..shape.spacing * trained];
    let mean = used.iter().map(|&x| f64::from(x)).sum::<f64>() / used.len() as f64;
    let x: Vec<f64> = used.iter().map(|&v| f64::from(v) - mean).collect();
    let n = shape.taps;
    let windows = || {
        (0..)
            .map(|k| k * shape.spacing)
            .take_while(|i| i + n <= x.len())
            .map(|i| &x[i..i + n])
    };
    let count = windows().count() as f64;
    let covariance = covariance(&x, shape, count);
    let mut taps = vec![0.0; n];
    taps[shape.centre()] = 1.0;
    for _ in 0..ITERATIONS {
        let mut power = 0.0;
        let mut cubic = vec![0.0; n];
        for window in windows() {
            let y: f64 = taps.iter().zip(window).map(|(w, v)| w * v).sum();
            power += y * y;
            let cube = y * y * y;
            cubic
                .iter_mut()
                .zip(window)
                .for_each(|(c, v)| *c += cube * v);
        }
        let scale = (count / power).sqrt();
        taps.iter_mut().for_each(|w| *w *= scale);
        cubic.iter_mut().for_each(|c| *c *= scale.powi(3) / count);
        let white = cholesky_solve(&mut covariance.clone(), &cubic, n)?;
        let next: Vec<f64> = white.iter().zip(&taps).map(|(g, w)| 3.0 * w - g).collect();
        let change: f64 = next
            .iter()
            .zip(&taps)
            .map(|(a, b)| (a / 2.0 - b).powi(2))
            .sum();
        let size: f64 = taps.iter().map(|w| w * w).sum();
        taps = next;
        if change < 1e-8 * size {
            break;
        }
    }
    taps.iter().all(|w| w.is_finite()).then_some(taps)
}

/// Covariance of the windows, with a ridge of a millionth: directions without any power stay
/// small.
fn covariance(x: &[f64], shape: Shape, count: f64) -> Vec<f64> {
    let n = shape.taps;
    let mut matrix = vec![0.0; n * n];
    for (i, j) in (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let sum: f64 = (0..count as usize)
            .map(|k| x[k * shape.spacing + i] * x[k * shape.spacing + j])
            .sum();
        matrix[i * n + j] = sum / count;
        matrix[j * n + i] = sum / count;
    }
    let ridge = 1e-6 * (0..n).map(|i| matrix[i * n + i]).sum::<f64>() / n as f64;
    (0..n).for_each(|i| matrix[i * n + i] += ridge);
    matrix
}

#[cfg(test)]
mod tests;

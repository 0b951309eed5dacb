//! The link's pulse response from known or decided symbols, and what it says of the bandwidth.
//!
//! The samples are modelled as `x(s k + p) = x0 + sum_j h(s j + p) d(k - j)`; the pulse `h` is
//! found phase by phase by least squares on the symbols, `j` from -6 to 10. Its
//! Fourier transform is the response of transmitter, fibre and receiver together, the
//! rectangular symbol included (3.9 dB at half the symbol rate).

use num_complex::Complex64;

use crate::equalizer::least_squares::cholesky_solve;
use crate::kernels::correlation::correlate;
use crate::kernels::level;

/// Symbols of the pulse before its main cursor.
const BEFORE: usize = 6;
/// Symbols of the pulse after its main cursor.
const AFTER: usize = 10;
/// Symbols that are used at most.
pub const USED: usize = 1 << 17;
/// Symbols of the moving average that is taken off samples and symbols alike. The model is linear
/// and time-invariant, so it holds for the filtered sequences too; but a slow beat, which would
/// dominate the gain at zero frequency, is gone from them.
const HIGH_PASS: usize = 65;

/// A pulse response.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Samples of the pulse, `spacing` a symbol, in units of half the level spacing.
    pub pulse: Vec<f64>,
    /// Samples per symbol.
    pub spacing: usize,
    /// Mean square of the samples about the model, in their unit squared.
    pub residual_power: f64,
}

impl Channel {
    /// Fits the pulse; `None` when the symbols do not excite it.
    pub fn fit(samples: &[f32], targets: &[f32], spacing: usize) -> Option<Self> {
        let span = BEFORE + AFTER + 1;
        let symbols = (samples.len() / spacing).min(targets.len()).min(USED);
        if symbols < 8 * span {
            return None;
        }
        let size = span + 1;
        let samples = &high_pass(&samples[..spacing * symbols], spacing);
        let targets = &high_pass(&targets[..symbols], 1);
        // Symbol k meets the targets k + BEFORE down to k - AFTER, the window that starts at
        // k - AFTER; `back` turns a place in the window into a delay.
        let judged = AFTER..symbols - BEFORE;
        let window: Vec<f64> = targets.iter().map(|&d| f64::from(d)).collect();
        let back = |i: usize| if i < span { span - 1 - i } else { i };
        let sums = |drive: &[f64]| {
            let mut sums = vec![0.0; span];
            correlate(level(), drive, &window, 1, &mut sums);
            sums.push(drive.iter().sum());
            sums
        };
        // Of the Gram matrix the first row is summed up; a step down the diagonal moves the window
        // by one target.
        let n = judged.len();
        let first = sums(&window[..n]);
        let ones = sums(&vec![1.0; n]);
        let mut rows = vec![0.0; size * size];
        rows[..span].copy_from_slice(&first[..span]);
        for i in 1..span {
            for j in i..span {
                let leaves = window[i - 1] * window[j - 1];
                let enters = window[n + i - 1] * window[n + j - 1];
                rows[i * size + j] = rows[(i - 1) * size + j - 1] - leaves + enters;
            }
        }
        (0..size).for_each(|i| rows[i * size + span] = ones[i]);
        let mut gram = vec![0.0; size * size];
        for i in 0..size {
            for j in i..size {
                gram[back(i) * size + back(j)] = rows[i * size + j];
                gram[back(j) * size + back(i)] = rows[i * size + j];
            }
        }
        let rhs: Vec<Vec<f64>> = (0..spacing)
            .map(|p| {
                let drive: Vec<f64> = judged
                    .clone()
                    .map(|k| f64::from(samples[spacing * k + p]))
                    .collect();
                let sums = sums(&drive);
                (0..size).map(|i| sums[back(i)]).collect()
            })
            .collect();
        let mut pulse = vec![0.0; span * spacing];
        for (p, r) in rhs.iter().enumerate() {
            let h = cholesky_solve(&mut gram.clone(), r, size)?;
            for j in 0..span {
                pulse[spacing * j + p] = h[j];
            }
        }
        let mut channel = Self {
            pulse,
            spacing,
            residual_power: 0.0,
        };
        channel.residual_power = channel.residual(samples, targets, symbols);
        Some(channel)
    }

    /// Returns the index of the pulse's sample at the decision instant of its own symbol.
    pub fn main(&self) -> usize {
        BEFORE * self.spacing
    }

    /// Mean square of what the model leaves, over all phases.
    fn residual(&self, samples: &[f32], targets: &[f32], symbols: usize) -> f64 {
        let (mut sum, mut square, mut n) = (0.0, 0.0, 0.0);
        for k in AFTER..symbols - BEFORE {
            for p in 0..self.spacing {
                let model: f64 = (0..=BEFORE + AFTER)
                    .map(|j| self.pulse[self.spacing * j + p] * f64::from(targets[k + BEFORE - j]))
                    .sum();
                let e = f64::from(samples[self.spacing * k + p]) - model;
                sum += e;
                square += e * e;
                n += 1.0;
            }
        }
        square / n - (sum / n).powi(2)
    }

    /// Returns the magnitude at a frequency given in symbol rates, relative to zero frequency,
    /// in dB.
    pub fn gain_db(&self, frequency: f64) -> f64 {
        let at = |f: f64| -> f64 {
            let step = -2.0 * std::f64::consts::PI * f / self.spacing as f64;
            self.pulse
                .iter()
                .enumerate()
                .map(|(i, h)| Complex64::cis(step * i as f64) * h)
                .sum::<Complex64>()
                .norm()
        };
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

/// Takes the moving average over `HIGH_PASS` symbols off, phase by phase.
pub fn high_pass(x: &[f32], spacing: usize) -> Vec<f32> {
    let half = HIGH_PASS / 2;
    let n = x.len() / spacing;
    let mut out = vec![0.0; n * spacing];
    for p in 0..spacing {
        let mut prefix = vec![0.0f64; n + 1];
        for k in 0..n {
            prefix[k + 1] = prefix[k] + f64::from(x[spacing * k + p]);
        }
        for k in 0..n {
            let (first, last) = (k.saturating_sub(half), (k + half + 1).min(n));
            let mean = (prefix[last] - prefix[first]) / (last - first) as f64;
            out[spacing * k + p] = (f64::from(x[spacing * k + p]) - mean) as f32;
        }
    }
    out
}

#[cfg(test)]
mod tests;

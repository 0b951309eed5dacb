//! What is left of the signal after the decisions, and after paths that were found.
//!
//! With `a` the decided amplitude, `a'` the same without its mean `M` and the delay `k + f`
//! symbols, a path adds to the residual
//!
//! ```text
//! r(t) = g(t) a(t) (M + a'(t - tau))     a'(t - tau) = (1 - f) a'(t - k) + f a'(t - k - 1)
//! ```
//!
//! with `g = 2 sqrt(m) cos psi`. The second equation is that of symbols that hold their power
//! and a receiver that averages over one: a delayed symbol then falls into two, in proportion to
//! the time that it spends in each. The part with `M` is the beat track, to which all paths add;
//! the part with `a'` tells the paths apart. To remove a path, `g` is fitted to its own part by
//! least squares over about half of the coherence time,
//!
//! ```text
//! g = sum (r - c a) a a'(t - tau) / sum (a a'(t - tau))^2
//! ```
//!
//! shrunk by the Wiener gain `1 - noise / variance of g`, and taken out of the residual and, times
//! `M`, out of the track.

use crate::mpi::level::{self, Beat};
use crate::mpi::track::Tracked;

/// The sequences that are correlated.
pub(super) struct Residual {
    /// Power minus the decided level.
    residual: Vec<f32>,
    /// Decided amplitude.
    amplitude: Vec<f32>,
    /// Beat at every symbol in square roots of the unit of power.
    beat: Vec<f32>,
    /// Mean amplitude.
    mean: f32,
    /// Blocks on each side over which a path's cosine is averaged.
    reach: usize,
    /// Amplitude without its mean: what is delayed.
    pub delayed: Vec<f32>,
}

impl Residual {
    pub fn new(power: &[f32], tracked: &Tracked, beat: &Beat) -> Self {
        let of = |values: &[f64]| -> Vec<f32> {
            let symbols = tracked.symbols.iter();
            symbols.map(|&s| values[s as usize] as f32).collect()
        };
        let amplitude = of(&tracked.amplitude);
        let mean = tracked.mean_of(|i| tracked.amplitude[i]) as f32;
        let reach = reach(beat);
        let ones = vec![1.0; beat.track.len()];
        let levels = of(&tracked.power);
        Self {
            residual: power.iter().zip(&levels).map(|(y, p)| y - p).collect(),
            delayed: amplitude.iter().map(|a| a - mean).collect(),
            beat: at_symbols(&averages(&beat.track, &ones, reach), power.len()),
            amplitude,
            mean,
            reach,
        }
    }

    /// Residual times amplitude times the beat track. The beat's mean part is known by now:
    /// taking it out leaves less noise.
    pub fn aided(&self) -> Vec<f32> {
        let parts = self.residual.iter().zip(&self.amplitude).zip(&self.beat);
        parts.map(|((r, a), c)| (r - c * a) * a * c).collect()
    }

    /// Residual without the beat track times amplitude, without its mean. The track would make
    /// a slow noise, common to many lags.
    pub fn plain(&self) -> Vec<f32> {
        let parts = self.residual.iter().zip(&self.amplitude).zip(&self.beat);
        let mut plain: Vec<f32> = parts.map(|((r, a), c)| (r - c * a) * a).collect();
        let sum: f64 = plain.iter().map(|&x| f64::from(x)).sum();
        let offset = (sum / plain.len().max(1) as f64) as f32;
        plain.iter_mut().for_each(|x| *x -= offset);
        plain
    }

    /// Symbols over which the track and a path's cosine are averaged.
    pub fn window(&self) -> usize {
        (2 * self.reach + 1) * level::BLOCK
    }

    /// Takes out the path of a delay in symbols.
    pub fn remove(&mut self, delay: f64) {
        let template = self.template(delay);
        let blocks = template.len() / level::BLOCK;
        let (mut up, mut down) = (Vec::with_capacity(blocks), Vec::with_capacity(blocks));
        let mut noise = 0.0;
        for b in 0..blocks {
            let (mut product, mut square) = (0.0f32, 0.0f32);
            let first = b * level::BLOCK;
            let block = &template[first..first + level::BLOCK];
            for (t, s) in (first..).zip(block) {
                let e = self.residual[t] - self.beat[t] * self.amplitude[t];
                product += e * s;
                square += s * s;
                noise += f64::from(e * e);
            }
            up.push(f64::from(product));
            down.push(f64::from(square));
        }
        let cosine = averages(&up, &down, self.reach);
        let variance = mean_square(&cosine);
        let window = (self.window() / level::BLOCK) as f64;
        let square = down.iter().sum::<f64>() / blocks.max(1) as f64;
        let per_symbol = noise / (blocks * level::BLOCK).max(1) as f64;
        let error = per_symbol / (window * square).max(f64::MIN_POSITIVE);
        let gain = (1.0 - error / variance.max(f64::MIN_POSITIVE)).max(0.0) as f32;
        let cosine = at_symbols(&cosine, template.len());
        for (t, (s, g)) in template.iter().zip(&cosine).enumerate() {
            let slow = gain * g * self.mean;
            self.residual[t] -= gain * g * s + slow * self.amplitude[t];
            self.beat[t] -= slow;
        }
    }

    /// Amplitude times the amplitude that is late by a delay in symbols; zero where the capture
    /// does not hold what came before.
    fn template(&self, delay: f64) -> Vec<f32> {
        let k = delay.floor() as usize;
        let f = (delay - delay.floor()) as f32;
        let n = self.amplitude.len();
        let mut template = vec![0.0; n];
        for (t, s) in template.iter_mut().enumerate().skip(k + 1) {
            let late = (1.0 - f) * self.delayed[t - k] + f * self.delayed[t - k - 1];
            *s = self.amplitude[t] * late;
        }
        template
    }
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64
}

/// Blocks on each side: averaging more lowers the noise, averaging beyond the coherence time
/// loses the beat.
fn reach(beat: &Beat) -> usize {
    let coherence_blocks = if beat.significance >= level::MIN_SIGNIFICANCE {
        1.0 / beat.rate.max(1e-6)
    } else {
        16.0
    };
    ((0.3 * coherence_blocks).round() as usize).clamp(1, 512)
}

/// Ratio of the sums over the blocks within reach.
fn averages(up: &[f64], down: &[f64], reach: usize) -> Vec<f64> {
    let n = up.len();
    let sums = |values: &[f64]| -> Vec<f64> {
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        sums.extend(values.iter().map(|v| {
            sum += v;
            sum
        }));
        sums
    };
    let (up, down) = (sums(up), sums(down));
    (0..n)
        .map(|i| {
            let (first, last) = (i.saturating_sub(reach), (i + reach + 1).min(n));
            let weight = down[last] - down[first];
            if weight > 0.0 {
                (up[last] - up[first]) / weight
            } else {
                0.0
            }
        })
        .collect()
}

/// Values of blocks at the symbols, on straight lines between the blocks' middles.
fn at_symbols(values: &[f64], count: usize) -> Vec<f32> {
    let Some(last) = values.len().checked_sub(1) else {
        return vec![0.0; count];
    };
    let half = level::BLOCK / 2;
    let mut line = Vec::with_capacity(count);
    let middle = |i: usize| values[i.saturating_sub(1).min(last)] as f32;
    for i in 0..=last + 1 {
        let (from, to) = (middle(i), middle(i + 1));
        let step = (to - from) / level::BLOCK as f32;
        let first = if i == 0 { half } else { 0 };
        for j in first..level::BLOCK {
            line.push(from + step * (j as f32 + 0.5));
        }
    }
    line.resize(count, values[last] as f32);
    line
}

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
//! the time that it spends in each. The part with `M` is the beat track `c`, to which all paths
//! add; the part with `a'` tells the paths apart. To remove a path, its `g` is fitted to its own
//! part by least squares over a window of blocks,
//!
//! ```text
//! g = h + sum (r - c a - h a a'(t - tau)) a a'(t - tau) / sum (a a'(t - tau))^2
//! ```
//!
//! with the better of two first guesses `h`: `c / M`, which is nearly all of the strongest path,
//! or nothing. Track and correction are smoothed as [`crate::mpi::smoothing`] has it, which shrinks
//! what is mostly noise. The path is taken out of the residual and, times `M` and without its mean,
//! which the levels hold, out of the track.

use crate::mpi::level::{self, Beat};
use crate::mpi::smoothing::{Smoother, common_power};
use crate::mpi::track::Tracked;

/// The sequences that are correlated.
pub(super) struct Residual {
    /// Power minus the decided level.
    residual: Vec<f32>,
    /// Decided amplitude.
    amplitude: Vec<f32>,
    /// Block means of the beat.
    track: Vec<f64>,
    /// Noise variance of one.
    noise: f64,
    /// Decay of the beat a block.
    rate: f64,
    /// Beat at every symbol in square roots of the unit of power.
    beat: Vec<f32>,
    /// Mean amplitude.
    mean: f32,
    /// Mean power.
    power: f64,
    /// How the track was smoothed.
    smoother: Smoother,
    /// Amplitude without its mean: what is delayed.
    pub delayed: Vec<f32>,
    /// Paths that were taken out.
    removed: Vec<Removed>,
    /// See [`Residual::window`].
    window: usize,
}

/// A path that was taken out: its delay in symbols, and its beat at every symbol.
struct Removed {
    delay: f64,
    beat: Vec<f32>,
}

impl Residual {
    pub fn new(power: &[f32], tracked: &Tracked, beat: &Beat) -> Self {
        let of = |values: &[f64]| -> Vec<f32> {
            let symbols = tracked.symbols.iter();
            symbols.map(|&s| values[s as usize] as f32).collect()
        };
        let amplitude = of(&tracked.amplitude);
        let mean = tracked.mean_of(|i| tracked.amplitude[i]) as f32;
        let levels = of(&tracked.power);
        let mut new = Self {
            residual: power.iter().zip(&levels).map(|(y, p)| y - p).collect(),
            delayed: amplitude.iter().map(|a| a - mean).collect(),
            beat: Vec::new(),
            amplitude,
            track: beat.track.clone(),
            noise: beat.noise_variance,
            rate: rate(beat),
            mean,
            power: tracked.mean_of(|i| tracked.power[i]),
            smoother: Smoother::new(0.0, 1.0, rate(beat)),
            removed: Vec::new(),
            window: 0,
        };
        new.smooth();
        new
    }

    /// Smooths the track as suits its power.
    fn smooth(&mut self) {
        let ones = vec![1.0; self.track.len()];
        let power = common_power(&self.track, &ones, self.rate);
        self.smoother = Smoother::new(power, self.noise, self.rate);
        self.beat = at_symbols(
            &self.smoother.ratio(&self.track, &ones),
            self.residual.len(),
        );
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

    /// Level of a path, linear, for one unit of the aided correlation a symbol:
    /// `1 / (2 M E[P] var(a) g)`, because the track is `M` times the beat and the beat's mean
    /// square is twice the level; `g` is what smoothing leaves of the beat.
    pub fn level_scale(&self) -> f64 {
        let mean = f64::from(self.mean);
        let unit = 2.0 * mean * self.power * (self.power - mean * mean) * self.smoother.left();
        1.0 / unit.max(f64::MIN_POSITIVE)
    }

    /// Symbols over which a path's neighbours are coupled to it by smoothing: twice the reach
    /// of the widest smoother that a path was fitted with.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Takes out the path of a delay in symbols.
    pub fn remove(&mut self, delay: f64) {
        let template = self.template(delay);
        let blocks = template.len() / level::BLOCK;
        let mut down = Vec::with_capacity(blocks);
        // For the guesses of nothing and of the track.
        let mut up = [(); 2].map(|()| Vec::with_capacity(blocks));
        let mut noise = 0.0;
        for b in 0..blocks {
            let (mut product, mut guessed, mut square) = (0.0f32, 0.0f32, 0.0f32);
            let first = b * level::BLOCK;
            let block = &template[first..first + level::BLOCK];
            for (t, s) in (first..).zip(block) {
                let e = self.residual[t] - self.beat[t] * self.amplitude[t];
                product += e * s;
                guessed += self.beat[t] * s * s;
                square += s * s;
                noise += f64::from(e * e);
            }
            up[0].push(f64::from(product));
            up[1].push(f64::from(product - guessed / self.mean));
            down.push(f64::from(square));
        }
        let square = down.iter().sum::<f64>() / blocks.max(1) as f64;
        let per_symbol = noise / (blocks * level::BLOCK).max(1) as f64;
        let error = per_symbol / square.max(f64::MIN_POSITIVE);
        let fits = up.map(|up| self.fit(&up, &down, error));
        let guess = usize::from(fits[1].0 < fits[0].0);
        let reach = 2.0 * fits[guess].2 * level::BLOCK as f64;
        self.window = self.window.max(reach as usize);
        let mut beat = at_symbols(&fits[guess].1, template.len());
        if guess == 1 {
            for (g, c) in beat.iter_mut().zip(&self.beat) {
                *g += c / self.mean;
            }
        }
        self.shift(&template, &beat, -1.0);
        self.blank(delay);
        self.removed.push(Removed { delay, beat });
    }

    /// Leaves out the start of the capture, whose delayed signal is not known: there the path stays
    /// in, and would be all that is left in the track.
    fn blank(&mut self, delay: f64) {
        let symbols = (delay.floor() as usize + 1).next_multiple_of(level::BLOCK);
        let blocks = (symbols / level::BLOCK).min(self.track.len());
        self.residual[..symbols.min(self.amplitude.len())].fill(0.0);
        self.track[..blocks].fill(0.0);
        self.smooth();
        self.beat[..symbols.min(self.amplitude.len())].fill(0.0);
    }

    /// Fits every path once more, beside all others as they are known by now: the first fit of a
    /// path took the beats of weaker ones for noise.
    pub fn refine(&mut self) {
        for path in std::mem::take(&mut self.removed) {
            let template = self.template(path.delay);
            self.shift(&template, &path.beat, 1.0);
            self.remove(path.delay);
        }
    }

    /// Adds a path some times to residual and track. The mean of its beat is in the levels of the
    /// eye already, and so in neither of them but for the part with the delayed data.
    fn shift(&mut self, template: &[f32], beat: &[f32], times: f32) {
        let sum: f64 = beat.iter().map(|&g| f64::from(g)).sum();
        let standing = (sum / beat.len().max(1) as f64) as f32;
        let mut slow = vec![0.0f32; self.track.len() + 1];
        for (t, (s, g)) in template.iter().zip(beat).enumerate() {
            let turning = times * (g - standing) * self.mean;
            self.residual[t] += times * g * s + turning * self.amplitude[t];
            slow[(t / level::BLOCK).min(self.track.len())] += turning;
        }
        for (c, s) in self.track.iter_mut().zip(&slow) {
            *c += f64::from(*s) / level::BLOCK as f64;
        }
        self.smooth();
    }

    /// Power of a correction over the blocks, the correction itself, and the reach of its smoother in
    /// blocks. `error` is the noise variance of one block.
    fn fit(&self, up: &[f64], down: &[f64], error: f64) -> (f64, Vec<f64>, f64) {
        let power = common_power(up, down, self.rate);
        let smoother = Smoother::new(power, error, self.rate);
        (power, smoother.ratio(up, down), smoother.reach())
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

/// Decay of the beat a block; a guess where there is none to take it from.
fn rate(beat: &Beat) -> f64 {
    if beat.significance >= level::MIN_SIGNIFICANCE {
        beat.rate.max(1e-6)
    } else {
        1.0 / 16.0
    }
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

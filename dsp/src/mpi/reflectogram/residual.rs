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
//! add, and which is known well; the part with `a'` tells the paths apart, and is weak. So the paths
//! are fitted together (the `joint` file), beside one more state with the part of `M` alone: the
//! beats of all paths that were not found yet. That state is what the next search is aided by.
//!
//! The mean of a path's beat hides in the levels but for its part with the delayed data. It is taken
//! out first, as a constant, and what it is wrong by goes into the mean of the last state, which is
//! therefore not used.

use crate::mpi::level::{self, Beat};
use crate::mpi::reflectogram::joint::{self, MOST, Matrix, Observed, Prior, Vector};
use crate::mpi::reflectogram::look::Peak;
use crate::mpi::reflectogram::period::Period;
use crate::mpi::smoothing::{Smoother, common_power, common_power_sigma};
use crate::mpi::standing;
use crate::mpi::track::{STRETCH, Tracked};

/// Power of what was not found over that of the weakest path that was.
const LEFT: f64 = 0.1;
/// Least power of a beat: a level of -70 dB.
const LEAST: f64 = 2e-7;

/// The sequences that are correlated.
pub(super) struct Residual {
    /// Power minus the decided level.
    residual: Vec<f32>,
    /// The same without the paths that were taken out.
    left: Vec<f32>,
    /// Decided amplitude.
    amplitude: Vec<f32>,
    /// Stretches in which the decisions lost the levels.
    lost: Vec<bool>,
    /// Noise variance of a symbol.
    noise: f64,
    /// Decay of the beat a block.
    rate: f64,
    /// Beat of what is left at every symbol, in square roots of the unit of power.
    beat: Vec<f32>,
    /// What smoothing leaves of that beat.
    gain: f64,
    /// Mean amplitude.
    mean: f32,
    /// Mean power.
    power: f64,
    /// What an interferer's own power adds to the mean of its beat, for a unit level.
    own_power: f64,
    /// Amplitude without its mean: what is delayed.
    pub delayed: Vec<f32>,
    /// See [`Residual::window`].
    window: usize,
    /// Levels of the paths that were taken out.
    pub levels: Vec<Level>,
    /// One period of the pattern, when it repeats.
    pub period: Option<Period>,
    /// Whole lags about the paths that were taken out.
    lags: Vec<usize>,
}

/// Level of a path, linear, from its part with the delayed data alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// As if the phase turned freely.
    pub level: f64,
    /// Its standard error from the noise.
    pub sigma: f64,
}

impl Residual {
    /// Takes the residual; `period` is that of the pattern in symbols, when it repeats.
    pub fn new(power: &[f32], tracked: &Tracked, beat: &Beat, period: Option<usize>) -> Self {
        let of = |values: &[f64]| -> Vec<f32> {
            let symbols = tracked.symbols.iter();
            symbols.map(|&s| values[s as usize] as f32).collect()
        };
        let amplitude = of(&tracked.amplitude);
        let mean = tracked.mean_of(|i| tracked.amplitude[i]) as f32;
        let levels = of(&tracked.levels);
        let residual: Vec<f32> = power.iter().zip(&levels).map(|(y, p)| y - p).collect();
        let mean_power = tracked.mean_of(|i| tracked.power(i));
        let rate = rate(beat);
        let ones = vec![1.0; beat.track.len()];
        let smoother = Smoother::new(
            common_power(&beat.track, &ones, rate),
            beat.noise_variance,
            rate,
        );
        let mut new = Self {
            left: residual.clone(),
            beat: at_symbols(&smoother.ratio(&beat.track, &ones), residual.len()),
            gain: smoother.left(),
            window: window(&smoother),
            residual,
            lost: tracked.lost(),
            noise: beat.noise_variance * level::BLOCK as f64 * mean_power,
            rate,
            mean,
            levels: Vec::new(),
            delayed: without_drift(&amplitude),
            period: period.map(|symbols| Period::new(&amplitude, symbols, &tracked.amplitude)),
            lags: Vec::new(),
            power: mean_power,
            own_power: standing::own_power(tracked),
            amplitude,
        };
        new.leave_out_lost();
        new
    }

    /// What is correlated with [`Self::template`]: with the beat track and without it. Where the
    /// pattern repeats, over one period, and without what goes with the symbols at the lags `known`
    /// and about the paths.
    pub fn series(&self, known: &[usize]) -> [Vec<f32>; 2] {
        let series = [self.aided(), self.plain()];
        let Some(period) = &self.period else {
            return series;
        };
        period.partial(&series, &self.lags_with(known))
    }

    /// The second of them over the whole capture.
    pub fn plain_apart(&self, known: &[usize]) -> Vec<f32> {
        let mut plain = self.plain();
        if let Some(period) = &self.period {
            period.partial_of_capture(&mut plain, &self.lags_with(known));
        }
        plain
    }

    /// Lags about the paths, and others.
    fn lags_with(&self, others: &[usize]) -> Vec<usize> {
        let mut lags = self.lags.clone();
        lags.extend(others.iter().filter(|lag| !self.lags.contains(lag)));
        lags
    }

    /// Amplitude without its mean, over a period where the pattern repeats.
    pub fn template(&self) -> &[f32] {
        self.period.as_ref().map_or(&self.delayed, |p| &p.delayed)
    }

    /// Residual times amplitude times the beat track. The beat's mean part is known by now:
    /// taking it out leaves less noise.
    fn aided(&self) -> Vec<f32> {
        let parts = self.left.iter().zip(&self.amplitude).zip(&self.beat);
        parts.map(|((r, a), c)| (r - c * a) * a * c).collect()
    }

    /// Residual without the beat track times amplitude, without its mean. The track would make
    /// a slow noise, common to many lags.
    fn plain(&self) -> Vec<f32> {
        let parts = self.left.iter().zip(&self.amplitude).zip(&self.beat);
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
        let unit = 2.0 * mean * self.power * (self.power - mean * mean) * self.gain;
        1.0 / unit.max(f64::MIN_POSITIVE)
    }

    /// Symbols over which a path's neighbours are coupled to it: its data is in the means of the
    /// blocks, and so in the track, as far as the track's smoother carries it.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Takes out all paths that are known.
    ///
    /// The start of the capture, whose delayed signal is not known, is left out.
    pub fn remove(&mut self, paths: &[Peak]) {
        let about = |p: &Peak| [p.delay.floor() as usize, p.delay.floor() as usize + 1];
        self.lags = paths.iter().flat_map(about).collect();
        self.lags.sort_unstable();
        self.lags.dedup();
        let late: Vec<Vec<f32>> = paths.iter().map(|p| self.late(p.delay)).collect();
        let farthest = paths.iter().fold(0.0, |most: f64, p| most.max(p.delay));
        let blocks = self.residual.len() / level::BLOCK;
        let first = ((farthest.floor() as usize + 1).div_ceil(level::BLOCK)).min(blocks);
        let start = first * level::BLOCK;
        let still: Vec<f32> = self
            .still(&late, start)
            .iter()
            .zip(paths)
            .map(|(still, p)| (still - self.own_power * p.level.max(0.0)) as f32)
            .collect();
        for (t, left) in self.left.iter_mut().enumerate() {
            let standing: f32 = late.iter().zip(&still).map(|(late, g)| late[t] * g).sum();
            *left = self.residual[t] - standing * self.amplitude[t];
        }
        let observed: Vec<Observed> = (first..blocks)
            .map(|b| self.observed(&late, b * level::BLOCK))
            .collect();
        let states = paths.len();
        let (own, unknown) = powers(&observed, states, self.rate);
        let mut power: Vec<f64> = own
            .iter()
            .zip(paths)
            .map(|(own, p)| (2.0 * own.level).max(2.0 * p.level).max(LEAST))
            .collect();
        self.levels = own;
        let least = power.iter().copied().fold(f64::INFINITY, f64::min);
        let unknown = unknown.max(LEFT * least).max(LEAST);
        power.push(unknown);
        let mut prior = Prior {
            power,
            rate: self.rate,
        };
        let (mut found, mut error) = joint::smooth(&observed, &prior);
        // The powers were taken beside all other paths. Once more with those that were found.
        for (k, power) in prior.power[..states].iter_mut().enumerate() {
            let square = found.iter().map(|g| g[k] * g[k]).sum::<f64>() / found.len().max(1) as f64;
            *power = (square + error[k]).max(LEAST);
        }
        (found, error) = joint::smooth(&observed, &prior);
        self.gain = (1.0 - error[states] / unknown).max(1e-3);
        let of_state = |state: usize| -> Vec<f32> {
            let values: Vec<f64> = found.iter().map(|g| g[state]).collect();
            at_symbols(&values, self.residual.len() - start)
        };
        for (path, late) in late.iter().enumerate() {
            let beats = of_state(path);
            for (t, g) in (start..).zip(beats) {
                self.left[t] -= g * self.amplitude[t] * (self.mean + late[t]);
            }
        }
        let beat = of_state(states);
        let sum: f64 = beat.iter().map(|&g| f64::from(g)).sum();
        let offset = (sum / beat.len().max(1) as f64) as f32;
        self.left[..start].fill(0.0);
        self.beat[..start].fill(0.0);
        for (to, g) in self.beat[start..].iter_mut().zip(beat) {
            *to = (g - offset) * self.mean;
        }
        self.leave_out_lost();
    }

    /// Leaves out where the decisions lost the levels.
    fn leave_out_lost(&mut self) {
        let parts = self.left.chunks_mut(STRETCH);
        for ((left, beat), lost) in parts.zip(self.beat.chunks_mut(STRETCH)).zip(&self.lost) {
            if *lost {
                left.fill(0.0);
                beat.fill(0.0);
            }
        }
    }

    /// Gram matrix and right side of the block that starts at a symbol.
    fn observed(&self, late: &[Vec<f32>], start: usize) -> Observed {
        let states = late.len() + 1;
        let mut gram = [[0.0f32; MOST]; MOST];
        let mut right = [0.0f32; MOST];
        for t in start..start + level::BLOCK {
            let a = self.amplitude[t];
            let mut templates = [0.0f32; MOST];
            for (to, late) in templates.iter_mut().zip(late) {
                *to = a * (self.mean + late[t]);
            }
            templates[states - 1] = a * self.mean;
            for i in 0..states {
                right[i] += templates[i] * self.left[t];
                for (to, other) in gram[i][..states].iter_mut().zip(&templates) {
                    *to += templates[i] * other;
                }
            }
        }
        let over_noise = |x: f32| f64::from(x) / self.noise;
        Observed {
            gram: gram.map(|row| row.map(over_noise)),
            right: right.map(over_noise),
        }
    }

    /// Means of the paths' beats, from the parts with the delayed data.
    fn still(&self, late: &[Vec<f32>], start: usize) -> Vec<f64> {
        let (mut gram, mut right) = (Matrix::default(), Vector::default());
        for t in start..self.residual.len() {
            let a = self.amplitude[t];
            for (i, one) in late.iter().enumerate() {
                let template = a * one[t];
                right[i] += f64::from(template * self.residual[t]);
                for (to, other) in gram[i].iter_mut().zip(&late[..=i]) {
                    *to += f64::from(template * (a * other[t]));
                }
            }
        }
        let inverse = apart(&gram, late.len());
        let mean = |i: usize| (0..late.len()).map(|j| inverse[i][j] * right[j]).sum();
        (0..late.len()).map(mean).collect()
    }

    /// The amplitude that is late by a delay in symbols, without its mean; zero where the capture
    /// does not hold what came before.
    fn late(&self, delay: f64) -> Vec<f32> {
        let k = delay.floor() as usize;
        let f = (delay - delay.floor()) as f32;
        let mut late = vec![0.0; self.delayed.len()];
        for (t, s) in late.iter_mut().enumerate().skip(k + 1) {
            *s = (1.0 - f) * self.delayed[t - k] + f * self.delayed[t - k - 1];
        }
        late
    }
}

/// Share of a path's template that must be left beside the others for them to be told apart.
const APART: f64 = 0.05;

/// Inverse of the Gram matrix of the paths' templates, of which the lower half is given; without what
/// two templates have in common where they are nearly the same.
fn apart(gram: &Matrix, paths: usize) -> Matrix {
    let mut whole = *gram;
    let mut alone = Matrix::default();
    for i in 0..paths {
        for j in 0..i {
            whole[j][i] = gram[i][j];
        }
        alone[i][i] = 1.0 / gram[i][i].max(f64::MIN_POSITIVE);
    }
    let inverse = joint::invert(&whole, paths);
    let told = |i: usize| {
        let share = alone[i][i] / inverse[i][i];
        share > APART && share < 1.0 + 1e-6
    };
    match (0..paths).all(told) {
        true => inverse,
        false => alone,
    }
}

/// Levels of the paths, from their parts with the delayed data alone, and the power of what the part
/// without it holds beside them: two paths of opposite phases may cancel there. Where the pattern
/// repeats the data of two paths may resemble each other; what they have in common in the mean is told
/// apart, and what a block has beyond it is white from block to block.
fn powers(observed: &[Observed], paths: usize, rate: f64) -> (Vec<Level>, f64) {
    let blocks = observed.len().max(1) as f64;
    let ones = vec![1.0; observed.len()];
    let shared: f64 = observed.iter().map(|o| o.gram[paths][paths]).sum::<f64>() / blocks;
    let mut other: Vec<f64> = observed.iter().map(|o| o.right[paths] / shared).collect();
    let along = |o: &Observed, k: usize| o.gram[k][paths] - o.gram[paths][paths];
    let mut gram = Matrix::default();
    for o in observed {
        for (i, row) in gram.iter_mut().enumerate().take(paths) {
            for (j, to) in row.iter_mut().enumerate().take(i + 1) {
                let taken = along(o, i) * along(o, j) / o.gram[paths][paths];
                let data = o.gram[i][j] - o.gram[j][paths] - along(o, i);
                *to += (data - taken) / blocks;
            }
        }
    }
    let inverse = apart(&gram, paths);
    let data = |o: &Observed, k: usize| {
        let common = o.right[paths] / o.gram[paths][paths];
        o.right[k] - o.right[paths] - common * along(o, k)
    };
    let own = (0..paths)
        .map(|k| {
            let of = |o: &Observed| (0..paths).map(|j| inverse[k][j] * data(o, j)).sum();
            let beat: Vec<f64> = observed.iter().map(of).collect();
            for (to, g) in other.iter_mut().zip(&beat) {
                *to -= g;
            }
            let power = common_power(&beat, &ones, rate);
            Level {
                level: 0.5 * power,
                sigma: 0.5 * common_power_sigma(&beat, power, rate),
            }
        })
        .collect();
    (own, common_power(&other, &ones, rate))
}

/// Symbols over which the mean of what is delayed is taken off; it takes that share of the signal too.
const DRIFT: usize = 256;

/// Amplitudes without their mean over the neighbourhood. Symbols are independent and drift nowhere, but
/// decisions do: where a deep beat shuts the eye they lean to one side for as long as it lasts, and the
/// residual with them, which would stand out at every lag that is shorter.
fn without_drift(amplitude: &[f32]) -> Vec<f32> {
    let mut sums = Vec::with_capacity(amplitude.len() + 1);
    let mut sum = 0.0f64;
    sums.push(sum);
    for &a in amplitude {
        sum += f64::from(a);
        sums.push(sum);
    }
    let last = amplitude.len();
    let around = |t: usize| {
        let (from, to) = (t.saturating_sub(DRIFT / 2), (t + DRIFT / 2).min(last));
        ((sums[to] - sums[from]) / (to - from).max(1) as f64) as f32
    };
    let each = amplitude.iter().enumerate();
    each.map(|(t, a)| a - around(t)).collect()
}

/// Twice the reach of a smoother in symbols. The lines between the blocks' middles reach one block
/// farther.
fn window(smoother: &Smoother) -> usize {
    (2.0 * (smoother.reach() + 1.0) * level::BLOCK as f64) as usize
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

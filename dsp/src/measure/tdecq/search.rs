//! The search for the taps, the position and the thresholds that let the noise grow most.
//!
//! 1. Least squares at twenty positions of a unit interval and every place of the largest tap,
//!    with a few noise weights; the least mean square errors are scored by TDECQ itself.
//! 2. From the best of each place that comes near the best of all, a quasi-Newton climb (BFGS, Nocedal and Wright, Numerical Optimization,
//!    section 6.1, with projection on the taps' rules) on `ln sigma_G`. Its gradient is exact: with
//!    `S(w, s)` the error ratio and `s = Ceq sigma_G`,
//!    `d ln sigma_G / dw = -(dS/dw) / (s dS/ds) - d ln Ceq / dw`.
//! 3. A golden-section search of the position, with a short climb at each, and a last climb at
//!    the histograms' full width.
//!
//! The larger of two error ratios has a kink where they cross, so the climb takes a smooth
//! maximum; the result is always judged by the true one. Where the target is out of reach at the
//! start, the climb goes towards a larger error ratio first.

use super::margins::Column;
use super::reference_equalizer::{Moments, TapRules, noise_correlation, noise_gain};
use super::windows::{Columns, Found, WindowPair};
use super::{TARGET_SER, TdecqOptions, ThresholdRule};

/// Positions of the first look in a unit interval; a twentieth is half the histograms' spacing.
const POSITIONS: usize = 20;
/// Positions that are scored by TDECQ for each place of the largest tap.
const CANDIDATES: usize = 3;
/// How far below the best start in `ln sigma_G` another place of the largest tap is still tried:
/// half a decibel, which a climb can make up.
const NEAR: f64 = 0.115;
/// Noise variances over OMAouter squared that least squares has in mind: an ideal transmitter
/// tolerates 2.4e-3.
const NOISES: [f64; 4] = [0.0, 5e-4, 2e-3, 8e-3];
/// Gain of `ln sigma_G` below which a climb has arrived: a ten thousandth of a decibel.
const ENOUGH: f64 = 2e-5;
/// Length of a climb's first step, in tap values.
const FIRST_STEP: f64 = 0.02;

/// What is searched for.
pub(super) struct Search {
    rules: TapRules,
    correlation: Vec<f64>,
    /// How far thresholds may move, over OMAouter.
    sway: f64,
}

impl Search {
    pub fn new(options: &TdecqOptions) -> Self {
        Self {
            rules: options.taps.clone(),
            correlation: noise_correlation(options.taps.count()),
            sway: match options.thresholds {
                ThresholdRule::Fixed => 0.0,
                ThresholdRule::Adjusted(share) => share.abs(),
            },
        }
    }

    /// Searches everything.
    pub fn run(&self, columns: &mut Columns) -> Found {
        let mut best: Option<(Found, f64)> = None;
        for start in self.first_look(columns) {
            let climbed = self.climb(&columns.middles(start.phase_ui), start, 20);
            if best.as_ref().is_none_or(|b| climbed.1 > b.1) {
                best = Some(climbed);
            }
        }
        let found = best.map_or_else(|| self.unity(), |b| b.0);
        // A golden section of plus and minus a step of the first look, to a hundredth of a UI.
        const RATIO: f64 = 0.618_033_988_749_895;
        let reach = 1.0 / POSITIONS as f64;
        let (mut low, mut high) = (found.phase_ui - reach, found.phase_ui + reach);
        let mut look = |phase_ui: f64, near: &Found| {
            let windows = columns.middles(phase_ui);
            let start = Found {
                phase_ui,
                ..near.clone()
            };
            self.climb(&windows, start, 6)
        };
        let mut a = look(high - RATIO * (high - low), &found);
        let mut b = look(low + RATIO * (high - low), &found);
        while high - low > 0.02 {
            if a.1 > b.1 {
                high = b.0.phase_ui;
                b = a;
                a = look(high - RATIO * (high - low), &b.0);
            } else {
                low = a.0.phase_ui;
                a = b;
                b = look(low + RATIO * (high - low), &a.0);
            }
        }
        let found = if a.1 > b.1 { a.0 } else { b.0 };
        self.climb(&columns.windows(found.phase_ui), found, 10).0
    }

    /// Least squares everywhere, TDECQ where it errs least; the best for every place of the
    /// largest tap that comes near the best of all.
    fn first_look(&self, columns: &mut Columns) -> Vec<Found> {
        // Columns from one position before the first to one behind the last.
        let phase = |i: usize| (i as f64 - 1.0) / POSITIONS as f64 - 0.5;
        let mut all: Vec<Column> = Vec::with_capacity(POSITIONS + 2);
        for i in (0..POSITIONS + 2).step_by(2) {
            all.extend(columns.pair([phase(i), phase(i + 1)]));
        }
        let symbols = columns.symbols().to_vec();
        let mut candidates = Vec::new();
        for (i, column) in all.iter().enumerate().skip(1).take(POSITIONS) {
            let moments = Moments::new(column.samples(), &symbols, &self.rules);
            for main in self.rules.mains() {
                if let Some((_, error)) = moments.fit(main, NOISES[2], &self.correlation) {
                    candidates.push((error, i, main, moments.clone()));
                }
            }
        }
        candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut scored = Vec::new();
        for main in self.rules.mains() {
            let of_main = candidates.iter().filter(|c| c.2 == main).take(CANDIDATES);
            for (_, i, _, moments) in of_main {
                let windows = WindowPair {
                    sides: [vec![all[i - 1].clone()], vec![all[i + 1].clone()]],
                    symbols: symbols.clone(),
                    parts: std::iter::once(0..symbols.len()).collect(),
                };
                for noise in NOISES {
                    let Some((taps, _)) = moments.fit(main, noise, &self.correlation) else {
                        continue;
                    };
                    let found = self.project(Found {
                        taps,
                        main,
                        phase_ui: phase(*i),
                        ..self.unity()
                    });
                    scored.push((self.height(&windows, &found, TARGET_SER), found));
                }
            }
        }
        // Best first; of each place of the largest tap only its best.
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let top = scored.first().map_or(0.0, |s| s.0);
        let mut starts: Vec<Found> = Vec::new();
        for (height, found) in scored {
            if height > top - NEAR && starts.iter().all(|s| s.main != found.main) {
                starts.push(found);
            }
        }
        starts
    }

    /// The equalizer that does nothing.
    fn unity(&self) -> Found {
        let main = self.rules.mains().next().unwrap_or(0);
        let mut taps = vec![0.0; self.rules.count()];
        taps[main] = 1.0;
        Found {
            taps,
            main,
            phase_ui: 0.0,
            thresholds: NOMINAL,
        }
    }

    /// Moves taps and thresholds into their rules.
    fn project(&self, mut found: Found) -> Found {
        self.rules.project(&mut found.taps, found.main);
        for (t, nominal) in found.thresholds.iter_mut().zip(NOMINAL) {
            *t = t.clamp(nominal - self.sway, nominal + self.sway);
        }
        found
    }

    /// `ln sigma_G` at a target; where that is out of reach, how far, below any `ln sigma_G`.
    fn height(&self, windows: &WindowPair, found: &Found, target: f64) -> f64 {
        let score = windows.score(found);
        match score.smooth_sigma(target) {
            Some(sigma) => sigma.ln() - 0.5 * noise_gain(&found.taps, &self.correlation).ln(),
            None => -100.0 - score.floor(),
        }
    }

    /// Climbs in at most `rounds` steps; returns where it came to and the height there at the
    /// standard's target.
    pub fn climb(&self, windows: &WindowPair, start: Found, rounds: usize) -> (Found, f64) {
        let mut found = start;
        for _ in 0..4 {
            let floor = windows.score(&found).floor();
            let target = TARGET_SER.max(2.0 * floor);
            found = self.climb_to(windows, found, target, rounds);
            if target == TARGET_SER {
                break;
            }
        }
        let height = self.height(windows, &found, TARGET_SER);
        (found, height)
    }

    fn climb_to(&self, windows: &WindowPair, start: Found, target: f64, rounds: usize) -> Found {
        let mut found = start;
        let mut height = self.height(windows, &found, target);
        let Some(mut uphill) = self.uphill(windows, &found, target) else {
            return found;
        };
        let mut inverse = Inverse::new(&uphill);
        for _ in 0..rounds {
            let direction = inverse.times(&uphill);
            let tried = self.step(windows, &found, height, &uphill, &direction, target);
            let Some((next, next_height)) = tried else {
                if inverse.is_fresh {
                    break;
                }
                inverse = Inverse::new(&uphill);
                continue;
            };
            let Some(next_uphill) = self.uphill(windows, &next, target) else {
                break;
            };
            inverse.learn(&moved(&found, &next), &uphill, &next_uphill);
            let gain = next_height - height;
            (found, height, uphill) = (next, next_height, next_uphill);
            if gain < ENOUGH {
                break;
            }
        }
        found
    }

    /// A step along a direction, halved until it gains a tenth of what the slope promises.
    fn step(
        &self,
        windows: &WindowPair,
        from: &Found,
        height: f64,
        uphill: &[f64],
        direction: &[f64],
        target: f64,
    ) -> Option<(Found, f64)> {
        let mut length = 1.0;
        for _ in 0..6 {
            let mut next = from.clone();
            let values = next.taps.iter_mut().chain(&mut next.thresholds);
            values
                .zip(direction)
                .for_each(|(value, d)| *value += length * d);
            let next = self.project(next);
            let promise: f64 = moved(from, &next)
                .iter()
                .zip(uphill)
                .map(|(m, u)| m * u)
                .sum();
            let next_height = self.height(windows, &next, target);
            if next_height > height + 0.1 * promise.max(0.0) && next_height > height {
                return Some((next, next_height));
            }
            length *= 0.4;
        }
        None
    }

    /// Gradient of the height by taps (the largest makes up for the others) and thresholds.
    fn uphill(&self, windows: &WindowPair, found: &Found, target: f64) -> Option<Vec<f64>> {
        let score = windows.score(found);
        let sigma = score.smooth_sigma(target)?;
        let (_, slope, shares) = score.smooth(sigma);
        let [left, right] = windows.gradients(found, sigma);
        let gain = noise_gain(&found.taps, &self.correlation);
        let taps = found.taps.len();
        let mut uphill: Vec<f64> = left
            .iter()
            .zip(&right)
            .map(|(l, r)| -(shares[0] * l + shares[1] * r) / (slope * sigma))
            .collect();
        for (j, u) in uphill[..taps].iter_mut().enumerate() {
            let noise: f64 = (0..taps)
                .map(|i| found.taps[i] * self.correlation[i.abs_diff(j)])
                .sum();
            *u -= noise / gain;
        }
        let main = uphill[found.main];
        uphill[..taps].iter_mut().for_each(|u| *u -= main);
        if self.sway == 0.0 {
            uphill[taps..].fill(0.0);
        }
        uphill.iter().all(|u| u.is_finite()).then_some(uphill)
    }
}

/// Thresholds of evenly spaced levels, over OMAouter.
pub(super) const NOMINAL: [f64; 3] = [-1.0 / 3.0, 0.0, 1.0 / 3.0];

/// What changed from one to the other, the largest tap counted as none: the others move it.
fn moved(from: &Found, to: &Found) -> Vec<f64> {
    let all = |f: &Found| -> Vec<f64> { f.taps.iter().chain(&f.thresholds).copied().collect() };
    let mut moved: Vec<f64> = all(to).iter().zip(all(from)).map(|(a, b)| a - b).collect();
    moved[from.main] = 0.0;
    moved
}

/// The inverse of the curvature as a climb has learnt it.
struct Inverse {
    rows: Vec<Vec<f64>>,
    /// Nothing learnt yet.
    is_fresh: bool,
}

impl Inverse {
    /// Starts as a step of [`FIRST_STEP`] uphill.
    fn new(uphill: &[f64]) -> Self {
        let norm = uphill.iter().map(|u| u * u).sum::<f64>().sqrt();
        let scale = FIRST_STEP / norm.max(1e-9);
        let n = uphill.len();
        let row = |i: usize| (0..n).map(|j| if i == j { scale } else { 0.0 }).collect();
        Self {
            rows: (0..n).map(row).collect(),
            is_fresh: true,
        }
    }

    fn times(&self, vector: &[f64]) -> Vec<f64> {
        let rows = self.rows.iter();
        rows.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
            .collect()
    }

    /// The BFGS update for `-height`, which is minimized; left out where the curvature is wrong.
    fn learn(&mut self, step: &[f64], uphill: &[f64], next: &[f64]) {
        let bent: Vec<f64> = uphill.iter().zip(next).map(|(a, b)| a - b).collect();
        let along: f64 = step.iter().zip(&bent).map(|(s, y)| s * y).sum();
        if along <= 1e-12 {
            return;
        }
        let image = self.times(&bent);
        let size: f64 = bent.iter().zip(&image).map(|(y, h)| y * h).sum();
        for i in 0..step.len() {
            for j in 0..step.len() {
                self.rows[i][j] += (1.0 + size / along) * step[i] * step[j] / along
                    - (image[i] * step[j] + step[i] * image[j]) / along;
            }
        }
        self.is_fresh = false;
    }
}

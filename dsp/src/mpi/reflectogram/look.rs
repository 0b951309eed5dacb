//! One look at a residual: the heights of every detector on the grid of half lags, and its peaks.

use crate::measure::statistics::median;
use crate::mpi::block_correlation;
use crate::mpi::reflectogram::residual::Residual;
use crate::mpi::reflectogram::{coherent, fraction};

/// Lags about a path that its skirt may reach.
const SKIRT: usize = 16;
/// Height over that of a path from which on a peak within its skirt is another path. The skirt
/// of an ideal low-pass pulse is 0.23 at most when the path is taken out as two symbols.
const SKIRT_SHARE: f64 = 0.3;
/// The same for lags within the averaging window of the track: averages over it couple the
/// symbols of a path to those of its neighbours, and a path of -24 dB left 0.065 there (simulated,
/// 1 MHz, SNR 18 dB).
const WINDOW_SHARE: f64 = 0.1;
/// Distance in symbols from which on two peaks are two paths.
const APART: f64 = 1.5;
/// Lags from which the noise of a correlation is taken: its spread is then known to 0.6 %.
const NOISE_LAGS: usize = 1 << 15;

/// A detected path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak {
    /// Delay in half symbols: the point of the grid.
    pub at: usize,
    /// Delay in symbols.
    pub delay: f64,
    /// Height in standard deviations.
    pub height: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detector {
    Aided,
    Static,
    /// Blocks of so many symbols.
    Blocks(usize),
}

/// The heights of all detectors.
pub(super) struct Look {
    aided: Vec<f32>,
    plain: Vec<f32>,
    delayed: Vec<f32>,
    lags: usize,
    guard: usize,
    window: usize,
    heights: Vec<(Detector, Vec<f64>)>,
}

impl Look {
    /// Looks with the two coherent detectors.
    pub fn new(left: &Residual, lags: usize, guard: usize) -> Self {
        let (aided, plain) = (left.aided(), left.plain());
        let [a, s] = coherent::correlations(&aided, &plain, &left.delayed, lags);
        Self {
            heights: vec![
                (Detector::Aided, on_grid(&a, guard)),
                (Detector::Static, on_grid(&s, guard)),
            ],
            delayed: left.delayed.clone(),
            aided,
            plain,
            lags,
            guard,
            window: left.window(),
        }
    }

    /// Looks with the block detector too.
    pub fn by_blocks(&mut self, block: usize) {
        let series = block_correlation::by_blocks(&self.plain, &self.delayed, self.lags, block);
        let [mut whole, mut below] = series;
        below.remove(0);
        normalize(&mut whole, self.guard);
        normalize(&mut below, self.guard);
        self.heights
            .push((Detector::Blocks(block), interleave(&whole, &below)));
    }

    /// The largest height at every point.
    pub fn heights(&self) -> Vec<f64> {
        let mut largest = vec![0.0f64; 2 * self.lags - 1];
        for (detector, heights) in &self.heights {
            for (l, &h) in largest.iter_mut().zip(heights) {
                *l = l.max(magnitude(*detector, h));
            }
        }
        largest
    }

    /// Peaks above the threshold, strongest first, beside those known.
    pub fn peaks(&self, heights: &[f64], threshold: f64, known: &[Peak]) -> Vec<Peak> {
        let mut above: Vec<usize> = (2 * self.guard + 2..heights.len())
            .filter(|&g| heights[g] > threshold)
            .collect();
        above.sort_by(|&a, &b| heights[b].total_cmp(&heights[a]));
        let mut peaks: Vec<Peak> = Vec::new();
        for at in above {
            // A neighbour of a peak of this look waits until that one is subtracted.
            let beside = |p: &Peak| p.at.abs_diff(at) <= 2 * SKIRT;
            if peaks.iter().any(beside) {
                continue;
            }
            let skirt = |p: &Peak| {
                let beyond = p.at.abs_diff(at) > 2 * self.window;
                let share = if beside(p) { SKIRT_SHARE } else { WINDOW_SHARE };
                (beside(p) || !beyond) && heights[at] < share * p.height
            };
            if known.iter().any(skirt) {
                continue;
            }
            let delay = self.delay(at);
            if known.iter().all(|p| (p.delay - delay).abs() >= APART) {
                let height = heights[at];
                peaks.push(Peak { at, delay, height });
            }
            if peaks.len() == super::MAX_PATHS {
                break;
            }
        }
        peaks
    }

    /// Delay in symbols near a point, from the detector that stands highest there.
    fn delay(&self, at: usize) -> f64 {
        let height = |(d, h): &&(Detector, Vec<f64>)| magnitude(*d, h[at]);
        let best = self
            .heights
            .iter()
            .max_by(|a, b| height(a).total_cmp(&height(b)))
            .map_or(Detector::Aided, |(d, _)| *d);
        let sum = |x: &[f32], lag: usize| -> f64 {
            let late = x[lag.min(x.len())..].iter().zip(&self.delayed);
            late.map(|(x, d)| f64::from(x * d)).sum()
        };
        fraction::delay(
            |lag| match best {
                Detector::Aided => sum(&self.aided, lag),
                Detector::Static => sum(&self.plain, lag),
                Detector::Blocks(block) => self.block_amplitude(lag, block),
            },
            at,
        )
    }

    /// Root of what the squared correlations of the blocks exceed those of white noise by.
    fn block_amplitude(&self, lag: usize, block: usize) -> f64 {
        let mean_square =
            |v: &[f32]| v.iter().map(|x| f64::from(x * x)).sum::<f64>() / v.len().max(1) as f64;
        let noise = mean_square(&self.plain) * mean_square(&self.delayed);
        let late = &self.plain[lag.min(self.plain.len())..];
        let blocks = late.chunks(block).zip(self.delayed.chunks(block));
        let excess: f64 = blocks
            .map(|(x, d)| {
                let sum: f64 = x.iter().zip(d).map(|(x, d)| f64::from(x * d)).sum();
                sum * sum - x.len() as f64 * noise
            })
            .sum();
        excess.max(0.0).sqrt()
    }
}

/// Squares have no sign; sums have either.
fn magnitude(detector: Detector, height: f64) -> f64 {
    match detector {
        Detector::Aided | Detector::Static => height.abs(),
        Detector::Blocks(_) => height,
    }
}

/// Heights at whole and half lags from the correlations at whole ones.
fn on_grid(correlation: &[f64], guard: usize) -> Vec<f64> {
    // The noise of neighbouring lags is as coloured as the residual: half lags have their own
    // scale.
    let mut half: Vec<f64> = correlation.windows(2).map(|c| c[0] + c[1]).collect();
    let mut whole = correlation.to_vec();
    normalize(&mut whole, guard);
    normalize(&mut half, guard);
    interleave(&whole, &half)
}

/// Points at whole lags with those half a lag above between them.
fn interleave(whole: &[f64], half: &[f64]) -> Vec<f64> {
    let mut grid = Vec::with_capacity(whole.len() + half.len());
    for (i, &w) in whole.iter().enumerate() {
        grid.push(w);
        grid.extend(half.get(i));
    }
    grid
}

/// Scales to unit variance by the median absolute deviation over the lags beyond the guard, and
/// blanks those within.
fn normalize(series: &mut [f64], guard: usize) {
    let first = (guard + 1).min(series.len());
    let (near, far) = series.split_at_mut(first);
    near.fill(0.0);
    if far.is_empty() {
        return;
    }
    let step = far.len().div_ceil(NOISE_LAGS);
    let mut some: Vec<f64> = far.iter().step_by(step).copied().collect();
    let middle = median(&mut some);
    some.iter_mut().for_each(|x| *x = (*x - middle).abs());
    let sigma = 1.4826 * median(&mut some);
    let scale = if sigma > 0.0 { 1.0 / sigma } else { 0.0 };
    far.iter_mut().for_each(|x| *x = (*x - middle) * scale);
}

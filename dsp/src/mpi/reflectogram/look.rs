//! One look at a residual: the heights of every detector on the grid of half lags, and its peaks.

use crate::measure::statistics::median;
use crate::mpi::block_correlation;
use crate::mpi::reflectogram::coherent::Correlator;
use crate::mpi::reflectogram::fraction;
use crate::mpi::reflectogram::residual::Residual;

/// Lags about a path that its skirt may reach.
const SKIRT: usize = 16;
/// Height over that of a path from which on a peak within its skirt is another path. The skirt
/// of an ideal low-pass pulse is 0.23 at most when the path is taken out as two symbols.
const SKIRT_SHARE: f64 = 0.3;
/// The same for lags within the window of the track's smoother (twice its reach), where its block
/// means hold data of the neighbours: 0.03 of a height was seen there, and beside 300 simulated paths
/// of -22 dB no more than this.
const WINDOW_SHARE: f64 = 0.04;
/// Distance in symbols from which on two peaks are two paths.
const APART: f64 = 1.5;
/// Lags from which the noise of a correlation is taken: its spread is then known to 0.6 %.
const NOISE_LAGS: usize = 1 << 15;

/// Height over the threshold from which on what stands where no path can be may have ghosts: the
/// largest has half of its height.
const GHOSTLY: f64 = 1.5;

/// A detected path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak {
    /// Delay in half symbols: the point of the grid.
    pub at: usize,
    /// Delay in symbols.
    pub delay: f64,
    /// Height in standard deviations.
    pub height: f64,
    /// Level that the aided correlation tells, linear; it may be negative.
    pub level: f64,
    /// Whether only the static detector sees it.
    pub fixed: bool,
}

/// Heights on the grid of half lags, and what one standard deviation is in the unit of the
/// correlation.
struct Curve {
    heights: Vec<f32>,
    /// At whole lags and between them.
    sigma: [f64; 2],
    /// The correlation at whole lags.
    whole: Vec<f32>,
}

/// The heights of all detectors.
pub(super) struct Look<'a> {
    left: &'a Residual,
    guard: usize,
    /// What is correlated: the residual with the track and without it.
    series: [Vec<f32>; 2],
    aided: Curve,
    fixed: Curve,
    correlator: &'a Correlator,
    blocks: Option<Blocks>,
}

/// What the block detector saw.
struct Blocks {
    heights: Vec<f32>,
    /// Symbols in a block.
    block: usize,
    /// The residual without the track, over the capture.
    plain: Vec<f32>,
}

impl<'a> Look<'a> {
    /// Looks with the two coherent detectors.
    ///
    /// Where the pattern repeats, what goes with the symbols at the lags `known` is taken out.
    pub fn new(
        left: &'a Residual,
        correlator: &'a Correlator,
        [lags, guard]: [usize; 2],
        known: &[usize],
    ) -> Self {
        let series = left.series(known);
        let [aided, fixed] = correlator.correlate(&series[0], &series[1]);
        Self {
            left,
            guard,
            aided: Curve::new(&aided, lags, guard),
            fixed: Curve::new(&fixed, lags, guard),
            series,
            correlator,
            blocks: None,
        }
    }

    /// Looks with the block detector too.
    pub fn by_blocks(&mut self, lags: usize, block: usize, known: &[usize]) {
        let plain = self.left.plain_apart(known);
        let [whole, below] = block_correlation::by_blocks(&plain, &self.left.delayed, lags, block);
        let mut heights = interleave(&whole, &below[1..]);
        heights[..2 * self.guard + 2].fill(0.0);
        self.blocks = Some(Blocks {
            heights,
            block,
            plain,
        });
    }

    /// The largest height at every point. A beat and its own track have one sign; a phase that
    /// stands still may be anywhere.
    pub fn heights(&self) -> Vec<f32> {
        let both = self.aided.heights.iter().zip(&self.fixed.heights);
        let mut largest: Vec<f32> = both.map(|(a, s)| a.max(s.abs())).collect();
        if let Some(blocks) = &self.blocks {
            for (l, b) in largest.iter_mut().zip(&blocks.heights) {
                *l = l.max(*b);
            }
        }
        largest
    }

    /// Level at a point as the aided correlation tells it, linear.
    pub fn level(&self, at: usize) -> f64 {
        f64::from(self.aided.heights[at]) * self.level_sigma(at)
    }

    /// Level that one standard deviation of the aided correlation means at a point, linear.
    pub fn level_sigma(&self, at: usize) -> f64 {
        // The correlator's sums are over the root of the share of the capture that they cover.
        let all = self.left.delayed.len() as f64;
        let covered = all * self.correlator.covered(at / 2).sqrt();
        self.aided.sigma[at % 2] * self.left.level_scale() / covered
    }

    /// Peaks above the threshold, strongest first, beside those known.
    pub fn peaks(&self, heights: &[f32], threshold: f64, known: &[Peak]) -> Vec<Peak> {
        let mut above: Vec<usize> = (2 * self.guard + 2..heights.len())
            .filter(|&g| f64::from(heights[g]) > threshold)
            .collect();
        above.sort_by(|&a, &b| heights[b].total_cmp(&heights[a]));
        let mut peaks: Vec<Peak> = Vec::new();
        for at in above {
            let height = f64::from(heights[at]);
            let beside = |p: &Peak| p.at.abs_diff(at) <= 2 * SKIRT;
            let coupled = |p: &Peak| p.at.abs_diff(at) <= 2 * self.left.window();
            // A neighbour of a peak of this look waits until that one is subtracted.
            if peaks.iter().any(|p| beside(p) || coupled(p)) {
                continue;
            }
            if known.iter().any(|p| self.is_skirt(p, at, height)) {
                continue;
            }
            let delay = self.delay(at);
            if known.iter().all(|p| (p.delay - delay).abs() >= APART) {
                let seen = |heights: &[f32]| f64::from(heights[at]) > threshold;
                let moving = seen(&self.aided.heights)
                    || self.blocks.as_ref().is_some_and(|b| seen(&b.heights));
                peaks.push(Peak {
                    at,
                    delay,
                    height,
                    level: self.level(at),
                    fixed: !moving,
                });
            }
            if peaks.len() == super::MAX_PATHS {
                break;
            }
        }
        peaks
    }

    /// Says whether a height at a point may be the skirt of a path.
    fn is_skirt(&self, of: &Peak, at: usize, height: f64) -> bool {
        let distance = of.at.abs_diff(at);
        if distance <= 2 * SKIRT {
            height < SKIRT_SHARE * of.height
        } else {
            distance <= 2 * self.left.window() && height < WINDOW_SHARE * of.height
        }
    }

    /// Whole lags at which no path can be, within the guard or on the skirt of one, that stand higher
    /// than anything that may be one, the highest first: what may pass for a path may be their ghost.
    /// Empty where the pattern does not repeat.
    pub fn ghostly(
        &self,
        paths: &[Peak],
        strongest: f64,
        threshold: f64,
        known: &[usize],
    ) -> Vec<usize> {
        if self.left.period.is_none() {
            return Vec::new();
        }
        let symbols = self.left.template().len();
        let lags = self.aided.heights.len() / 2;
        let height = |lag: usize| self.aided.height(lag).max(self.fixed.height(lag));
        let within = (1..=self.guard).flat_map(|lag| [lag, symbols - lag]);
        let reach = SKIRT.max(self.left.window()) + 1;
        let about = paths.iter().flat_map(|p| {
            let first = (p.at / 2).saturating_sub(reach).max(self.guard + 1);
            first..(p.at / 2 + reach + 1).min(lags)
        });
        let refused = about.filter(|&lag| {
            let beside = |p: &Peak| {
                self.is_skirt(p, 2 * lag, height(lag)) || (p.delay - lag as f64).abs() < APART
            };
            paths.iter().any(beside)
        });
        let mut ghostly: Vec<usize> = within
            .chain(refused)
            .filter(|lag| height(*lag) > GHOSTLY * threshold && !known.contains(lag))
            .collect();
        ghostly.sort_by(|&a, &b| height(b).total_cmp(&height(a)));
        ghostly.dedup();
        match ghostly.first() {
            Some(&highest) if height(highest) > strongest => ghostly,
            _ => Vec::new(),
        }
    }

    /// Delay in symbols near a point, from the detector that stands highest there.
    fn delay(&self, at: usize) -> f64 {
        let delayed = self.left.template();
        let sum = |x: &[f32], lag: usize| -> f64 {
            let (before, late) = x.split_at(lag.min(x.len()));
            let product = |(x, d): (&f32, &f32)| f64::from(x * d);
            let sum: f64 = late.iter().zip(delayed).map(product).sum();
            if self.left.period.is_none() {
                return sum;
            }
            let wrapped = before.iter().zip(&delayed[delayed.len() - before.len()..]);
            sum + wrapped.map(product).sum::<f64>()
        };
        let (aided, fixed) = (self.aided.heights[at], self.fixed.heights[at].abs());
        match &self.blocks {
            Some(blocks) if blocks.heights[at] > aided.max(fixed) => {
                fraction::delay(|lag| self.block_amplitude(lag, blocks), at)
            }
            _ => {
                let series = &self.series[usize::from(fixed > aided)];
                fraction::delay(|lag| sum(series, lag), at)
            }
        }
    }

    /// Root of what the squared correlations of the blocks exceed those of white noise by.
    fn block_amplitude(&self, lag: usize, blocks: &Blocks) -> f64 {
        let Blocks { plain, block, .. } = blocks;
        let delayed = &self.left.delayed;
        let mean_square =
            |v: &[f32]| v.iter().map(|x| f64::from(x * x)).sum::<f64>() / v.len().max(1) as f64;
        let noise = mean_square(plain) * mean_square(delayed);
        let late = &plain[lag.min(plain.len())..];
        let blocks = late.chunks(*block).zip(delayed.chunks(*block));
        let excess: f64 = blocks
            .map(|(x, d)| {
                let sum: f64 = x.iter().zip(d).map(|(x, d)| f64::from(x * d)).sum();
                sum * sum - x.len() as f64 * noise
            })
            .sum();
        excess.max(0.0).sqrt()
    }
}

impl Curve {
    /// Heights at whole and half lags from the correlations at whole ones. The noise of
    /// neighbouring lags is as coloured as the residual: half lags have their own scale.
    fn new(whole: &[f32], lags: usize, guard: usize) -> Self {
        let correlation = &whole[..lags];
        let half: Vec<f32> = correlation.windows(2).map(|c| c[0] + c[1]).collect();
        let sigma = [spread(correlation, guard), spread(&half, guard)];
        let mut heights = interleave(correlation, &half);
        heights[..2 * guard + 2].fill(0.0);
        let scale = sigma.map(|s| if s > 0.0 { (1.0 / s) as f32 } else { 0.0 });
        for pair in heights.chunks_mut(2) {
            for (h, scale) in pair.iter_mut().zip(scale) {
                *h *= scale;
            }
        }
        Self {
            heights,
            sigma,
            whole: whole.to_vec(),
        }
    }

    /// Magnitude at a whole lag, within the guard as well, in standard deviations.
    fn height(&self, lag: usize) -> f64 {
        f64::from(self.whole[lag].abs()) / self.sigma[0].max(f64::MIN_POSITIVE)
    }
}

/// Points at whole lags with those half a lag above between them.
fn interleave(whole: &[f32], half: &[f32]) -> Vec<f32> {
    let mut grid = Vec::with_capacity(whole.len() + half.len());
    for (&w, &h) in whole.iter().zip(half) {
        grid.push(w);
        grid.push(h);
    }
    grid.extend(&whole[half.len()..]);
    grid
}

/// Standard deviation about zero by the median absolute value over the lags beyond the guard.
fn spread(series: &[f32], guard: usize) -> f64 {
    let far = &series[(guard + 1).min(series.len())..];
    let step = far.len().div_ceil(NOISE_LAGS).max(1);
    let mut some: Vec<f64> = far
        .iter()
        .step_by(step)
        .map(|&x| f64::from(x.abs()))
        .collect();
    if some.is_empty() {
        return 0.0;
    }
    1.4826 * median(&mut some)
}

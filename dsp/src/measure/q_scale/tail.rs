//! One tail of one level: a line on the Q scale, fitted and tested.
//!
//! In units of the level's own width, `u = (v - mean) / sigma` away from it, the samples are
//! counted in cells from u = 1 in steps of 1/4 as far as a Gaussian would put ten samples beyond.
//! The share beyond `u` is modelled as `Q(b0 + b1 u)`; a Gaussian has b0 = 0 and b1 = 1. Fisher's
//! scoring maximizes the likelihood of the cells,
//!
//! ```text
//! I = n sum over cells of (dp dp') / p,   db = I^-1 sum over cells of (count / p) dp
//! ```
//!
//! and the inverse of I is the covariance of the parameters. Four tests refuse a tail:
//!
//! * chi-squared of the cells, probability below [`LEVEL`];
//! * curvature: `Q(b0 + b1 u + b2 u^2)` is fitted as well, and b2 differs from 0 by more than
//!   [`MAX_SIGMAS`] of its standard error;
//! * slope: b1 differs from 1, which is the slope that goes with the level's width, by more than
//!   [`MAX_SIGMAS`] standard errors and [`MAX_SLOPE`];
//! * R^2 of the line against the points of the Q plot, weighted, below [`MIN_R2`].

use crate::measure::statistics::{chi_squared_tail, q};
use crate::slicer::Slicer;

/// Probability of a test's statistic below which a tail is refused; six tails of PAM-4 are
/// refused by chance in less than one capture of a hundred.
pub const LEVEL: f64 = 5e-4;
/// Standard errors of slope and curvature, two-sided probability 4.7e-4.
pub const MAX_SIGMAS: f64 = 3.5;
/// Relative deviation of the slope that is let pass.
pub const MAX_SLOPE: f64 = 0.1;
/// Smallest coefficient of determination.
pub const MIN_R2: f64 = 0.99;

/// First edge of the cells in widths of the level.
const FIRST: f64 = 1.0;
/// Width of a cell.
const STEP: f64 = 0.25;
/// Samples that a Gaussian has beyond the last edge at least.
const BEYOND: f64 = 10.0;
/// Edges at most: u = 9.75, never reached.
const MAX_EDGES: usize = 36;
/// Edges at least, for a parabola with two degrees left.
const MIN_EDGES: usize = 5;

/// Which tail of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards higher samples.
    Upper,
    /// Towards lower samples.
    Lower,
}

/// Why a tail is not drawn on.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Too few samples for a tail.
    #[error("a level has {found} samples, {needed} are needed")]
    TooFew {
        /// Samples of the level.
        found: u64,
        /// Samples that give enough cells.
        needed: u64,
    },
    /// The fit did not settle: the tail ends, or there is no noise.
    #[error("no line fits: the tail ends where a Gaussian would go on")]
    NoFit,
    /// The cells differ from the line.
    #[error("chi-squared of the cells has a probability of {probability:.1e}")]
    Misfit {
        /// Probability of such a misfit.
        probability: f64,
    },
    /// The tail bends.
    #[error("it bends (curvature of {sigmas:.1} standard errors; positive: bounded noise)")]
    Bent {
        /// Curvature in standard errors.
        sigmas: f64,
    },
    /// The tail's slope is not the level's.
    #[error("its slope is {slope:.2} times that of the level's width")]
    Slope {
        /// Slope; 1 for a Gaussian.
        slope: f64,
    },
    /// The points scatter about the line.
    #[error("R^2 is {r_squared:.3}")]
    Scatter {
        /// Coefficient of determination.
        r_squared: f64,
    },
}

/// A tail that is a line on the Q scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// Which side of the level.
    pub side: Side,
    /// Level's mean.
    mean: f64,
    /// Level's standard deviation.
    width: f64,
    /// Intercept and slope over the level's width.
    line: [f64; 2],
    /// Covariance of the two.
    covariance: [[f64; 2]; 2],
    /// Q at the last edge of the cells.
    pub q_seen: f64,
    /// Coefficient of determination.
    pub r_squared: f64,
}

impl Tail {
    fn away(&self, v: f64) -> f64 {
        match self.side {
            Side::Upper => (v - self.mean) / self.width,
            Side::Lower => (self.mean - v) / self.width,
        }
    }

    /// Returns the Q of the line at a sample value.
    pub fn q_at(&self, v: f64) -> f64 {
        self.line[0] + self.line[1] * self.away(v)
    }

    /// Returns the standard error of [`Tail::q_at`].
    pub fn sigma_at(&self, v: f64) -> f64 {
        let u = self.away(v);
        let c = &self.covariance;
        (c[0][0] + u * (c[0][1] + c[1][0]) + u * u * c[1][1])
            .max(0.0)
            .sqrt()
    }

    /// Returns where the line has Q = 0 and the width of its Gaussian, in the unit of the samples.
    pub fn centre_and_width(&self) -> (f64, f64) {
        let offset = -self.line[0] / self.line[1] * self.width;
        let centre = match self.side {
            Side::Upper => self.mean + offset,
            Side::Lower => self.mean - offset,
        };
        (centre, self.width / self.line[1])
    }
}

/// Samples of one level, counted.
pub(super) struct Level {
    pub count: u64,
    mean: f64,
    width: f64,
    upper: [u64; MAX_EDGES],
    lower: [u64; MAX_EDGES],
}

/// Counters of one level and side: the body, then the cells.
const COUNTERS: usize = MAX_EDGES + 1;

impl Level {
    /// Counts the samples of every level in cells. Symbols that the slicer has no level for are
    /// left out.
    ///
    /// Without a branch on the sample, and in two banks by turns: neighbouring samples would
    /// else wait for the same counter.
    pub fn collect(samples: &[f32], symbols: &[u8], slicer: &Slicer) -> Vec<Self> {
        let levels = slicer.means.len();
        let scale: Vec<(f32, f32)> = (0..levels)
            .map(|i| (slicer.means[i] as f32, (1.0 / slicer.sigmas[i]) as f32))
            .collect();
        let mut banks = vec![0u32; 2 * levels * 2 * COUNTERS];
        let (even, odd) = banks.split_at_mut(levels * 2 * COUNTERS);
        // What is below the first edge falls to 0, what is no number as well.
        let count = |bank: &mut [u32], y: f32, s: u8| {
            if let Some(&(mean, over_width)) = scale.get(usize::from(s)) {
                let u = (y - mean) * over_width;
                let cell = ((u.abs() - FIRST as f32) * (1.0 / STEP as f32) + 1.0)
                    .max(0.0)
                    .min(MAX_EDGES as f32);
                let side = 2 * usize::from(s) + usize::from(u.is_sign_negative());
                bank[side * COUNTERS + usize::from(cell as u8)] += 1;
            }
        };
        let pairs = samples.chunks_exact(2).zip(symbols.chunks_exact(2));
        for (y, s) in pairs {
            count(even, y[0], s[0]);
            count(odd, y[1], s[1]);
        }
        let n = samples.len().min(symbols.len());
        if n % 2 == 1 {
            count(even, samples[n - 1], symbols[n - 1]);
        }
        let cells = |side: usize| -> [u64; MAX_EDGES] {
            std::array::from_fn(|c| {
                let at = side * COUNTERS + 1 + c;
                u64::from(even[at]) + u64::from(odd[at])
            })
        };
        (0..levels)
            .map(|i| Self {
                count: slicer.counts[i],
                mean: slicer.means[i],
                width: slicer.sigmas[i],
                upper: cells(2 * i),
                lower: cells(2 * i + 1),
            })
            .collect()
    }

    /// Fits one tail and tests it.
    pub fn tail(&self, side: Side) -> Result<Tail, Refusal> {
        let n = self.count as f64;
        let edges = (0..MAX_EDGES)
            .take_while(|&j| n * q(edge(j)) >= BEYOND)
            .count();
        if edges < MIN_EDGES {
            return Err(Refusal::TooFew {
                found: self.count,
                needed: (BEYOND / q(edge(MIN_EDGES - 1))).ceil() as u64,
            });
        }
        let cells = match side {
            Side::Upper => &self.upper,
            Side::Lower => &self.lower,
        };
        // Samples in the body, between edges, and beyond the last one.
        let mut counts: Vec<f64> = cells[..edges].iter().map(|&c| c as f64).collect();
        counts[edges - 1] += cells[edges..].iter().sum::<u64>() as f64;
        counts.insert(0, n - counts.iter().sum::<f64>());
        let line = Fit::<2>::new(&counts).ok_or(Refusal::NoFit)?;
        let probability = chi_squared_tail(line.statistic, (edges - 2) as f64);
        if probability < LEVEL || probability.is_nan() {
            return Err(Refusal::Misfit { probability });
        }
        let parabola = Fit::<3>::new(&counts).ok_or(Refusal::NoFit)?;
        let sigmas = parabola.parameters[2] / parabola.covariance[2][2].sqrt();
        if sigmas.is_nan() || sigmas.abs() > MAX_SIGMAS {
            return Err(Refusal::Bent { sigmas });
        }
        let slope = line.parameters[1];
        let off = (slope - 1.0).abs();
        if off > MAX_SLOPE && off > MAX_SIGMAS * line.covariance[1][1].sqrt() {
            return Err(Refusal::Slope { slope });
        }
        let r_squared = r_squared(&counts);
        if r_squared.is_nan() || r_squared < MIN_R2 {
            return Err(Refusal::Scatter { r_squared });
        }
        Ok(Tail {
            side,
            mean: self.mean,
            width: self.width,
            line: line.parameters,
            covariance: line.covariance,
            q_seen: line.parameters[0] + slope * edge(edges - 1),
            r_squared,
        })
    }
}

fn edge(j: usize) -> f64 {
    FIRST + STEP * j as f64
}

/// A polynomial in u with K coefficients on the Q scale, fitted to cells.
struct Fit<const K: usize> {
    parameters: [f64; K],
    covariance: [[f64; K]; K],
    /// Pearson's chi-squared of the cells.
    statistic: f64,
}

impl<const K: usize> Fit<K> {
    /// Fits by Fisher's scoring from the Gaussian on; `None` when it does not settle.
    fn new(counts: &[f64]) -> Option<Self> {
        let n: f64 = counts.iter().sum();
        let mut parameters = [0.0; K];
        parameters[1] = 1.0;
        for _ in 0..100 {
            let cells = cells(&parameters, counts.len())?;
            let mut information = [[0.0; K]; K];
            let mut score = [0.0; K];
            for ((p, slope), &count) in cells.iter().zip(counts) {
                for i in 0..K {
                    score[i] += count / p * slope[i];
                    for j in 0..K {
                        information[i][j] += n / p * slope[i] * slope[j];
                    }
                }
            }
            let covariance = inverse(information)?;
            let step: [f64; K] =
                std::array::from_fn(|i| (0..K).map(|j| covariance[i][j] * score[j]).sum());
            // In standard errors, so that the last step is far below what can be told.
            let size: f64 = (0..K).map(|i| step[i] * score[i]).sum();
            if size < 1e-12 {
                let statistic = cells
                    .iter()
                    .zip(counts)
                    .map(|((p, _), &count)| (count - n * p).powi(2) / (n * p))
                    .sum();
                return Some(Self {
                    parameters,
                    covariance,
                    statistic,
                });
            }
            parameters = damped(&parameters, &step, counts)?;
        }
        None
    }
}

/// Takes the step, or a part of it, that raises the likelihood.
fn damped<const K: usize>(from: &[f64; K], step: &[f64; K], counts: &[f64]) -> Option<[f64; K]> {
    let likelihood = |parameters: &[f64; K]| -> Option<f64> {
        let cells = cells(parameters, counts.len())?;
        Some(cells.iter().zip(counts).map(|((p, _), c)| c * p.ln()).sum())
    };
    let here = likelihood(from)?;
    let mut part = 1.0;
    for _ in 0..30 {
        let to = std::array::from_fn(|i| from[i] + part * step[i]);
        // Near the top rounding hides the rise; a loss of 1e-9 is no loss.
        if likelihood(&to).is_some_and(|l| l > here - 1e-9) {
            return Some(to);
        }
        part *= 0.5;
    }
    None
}

/// Probability of each cell and its derivative; `None` when a cell has none.
fn cells<const K: usize>(parameters: &[f64; K], cells: usize) -> Option<Vec<(f64, [f64; K])>> {
    // Share beyond each edge with derivative: all before the first, none behind the last.
    let beyond = |j: usize| -> (f64, [f64; K]) {
        let u = edge(j);
        let powers: [f64; K] = std::array::from_fn(|i| u.powi(i as i32));
        let z: f64 = parameters.iter().zip(&powers).map(|(b, u)| b * u).sum();
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        (q(z), powers.map(|u| -density * u))
    };
    let mut before = (1.0, [0.0; K]);
    (0..cells)
        .map(|j| {
            let next = if j + 1 < cells {
                beyond(j)
            } else {
                (0.0, [0.0; K])
            };
            let p = before.0 - next.0;
            let slope = std::array::from_fn(|i| before.1[i] - next.1[i]);
            before = next;
            (p > 1e-300).then_some((p, slope))
        })
        .collect()
}

/// Inverse of a small symmetric positive matrix by Gauss and Jordan; `None` when it is singular.
fn inverse<const K: usize>(mut m: [[f64; K]; K]) -> Option<[[f64; K]; K]> {
    let mut result = [[0.0; K]; K];
    for (i, row) in result.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for i in 0..K {
        let pivot = m[i][i];
        if !pivot.is_finite() || pivot <= 0.0 {
            return None;
        }
        for j in 0..K {
            m[i][j] /= pivot;
            result[i][j] /= pivot;
        }
        for row in 0..K {
            let factor = m[row][i];
            if row != i {
                for j in 0..K {
                    m[row][j] -= factor * m[i][j];
                    result[row][j] -= factor * result[i][j];
                }
            }
        }
    }
    Some(result)
}

/// Coefficient of determination of the weighted regression of z on u over the Q plot's points.
/// A point's variance is that of a share beyond, `S (1 - S) / n`, over the squared density.
fn r_squared(counts: &[f64]) -> f64 {
    let n: f64 = counts.iter().sum();
    let mut beyond = n;
    let points: Vec<(f64, f64, f64)> = (0..counts.len() - 1)
        .filter_map(|j| {
            beyond -= counts[j];
            let share = beyond / n;
            (share > 0.0 && share < 1.0).then(|| {
                let z = quantile(share);
                let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
                (edge(j), z, n * density * density / (share * (1.0 - share)))
            })
        })
        .collect();
    let weight: f64 = points.iter().map(|p| p.2).sum();
    let mean = |f: &dyn Fn(&(f64, f64, f64)) -> f64| -> f64 {
        points.iter().map(|p| p.2 * f(p)).sum::<f64>() / weight
    };
    let (u, z) = (mean(&|p| p.0), mean(&|p| p.1));
    let uu = mean(&|p| (p.0 - u).powi(2));
    let zz = mean(&|p| (p.1 - z).powi(2));
    let uz = mean(&|p| (p.0 - u) * (p.1 - z));
    uz * uz / (uu * zz)
}

/// `Q^-1`, by bisection.
fn quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if q(middle) > share {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

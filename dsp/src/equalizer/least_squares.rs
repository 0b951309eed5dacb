//! Least-squares equalizer taps from known or decided symbols.
//!
//! Minimizes `sum_k (d(k) - b - sum_i w(i) x(s k + i - c) - sum_j f(j) d(k - j))^2` over the
//! training symbols: the covariance method, exact at the edges. The Gram matrix of the samples
//! is built from its first rows by the shift recursion
//!
//! ```text
//! R(i+s, j+s) = R(i, j) - x(first+i) x(first+j) terms that leave + terms that enter
//! ```
//!
//! so that it costs `s taps n` instead of `taps^2 n / 2`. Solved by Cholesky.

use crate::kernels::correlation::correlate;
use crate::kernels::level;

/// What is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples per symbol, 1 or 2.
    pub spacing: usize,
    /// Feed-forward taps.
    pub taps: usize,
    /// Feedback taps.
    pub feedback: usize,
}

impl Shape {
    /// Returns the index of the tap at the decision instant.
    pub fn centre(&self) -> usize {
        self.taps / 2
    }
}

/// Solution of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Feed-forward taps, earliest sample first.
    pub taps: Vec<f64>,
    /// Feedback taps, nearest symbol first.
    pub feedback: Vec<f64>,
    /// Constant.
    pub bias: f64,
}

/// Fits taps on symbols `first..last`.
///
/// # Shapes
/// `samples` has `spacing` samples a symbol, aligned so that symbol `k` is decided at sample
/// `spacing * k`; `targets` has the nominal value of every symbol. Samples beyond the ends count
/// as `pad`, symbols before the first as zero.
///
/// Returns `None` when the normal equations are singular (a constant or empty input).
pub fn fit(
    samples: &[f32],
    targets: &[f32],
    range: std::ops::Range<usize>,
    shape: Shape,
    pad: f32,
) -> Option<Fit> {
    let padded = Padded::new(samples, range.clone(), shape, pad);
    let size = shape.taps + shape.feedback + 1;
    let mut gram = vec![0.0; size * size];
    let mut rhs = vec![0.0; size];
    padded.sample_gram(&mut gram, size);
    fill_cross_terms(&padded, targets, range.clone(), &mut gram, &mut rhs, size);
    for i in 0..size {
        for j in 0..i {
            gram[i * size + j] = gram[j * size + i];
        }
    }
    // A ridge of 1e-9 of the mean power keeps a flat spectrum's null space from exploding and
    // changes no tap by more than 1e-9 relative.
    let ridge = 1e-9 * (0..shape.taps).map(|i| gram[i * size + i]).sum::<f64>() / shape.taps as f64;
    (0..shape.taps).for_each(|i| gram[i * size + i] += ridge);
    let solution = cholesky_solve(&mut gram, &rhs, size)?;
    Some(Fit {
        taps: solution[..shape.taps].to_vec(),
        feedback: solution[shape.taps..shape.taps + shape.feedback].to_vec(),
        bias: solution[size - 1],
    })
}

/// The stretch of samples that the training symbols see, padded at the capture's ends.
struct Padded {
    x: Vec<f64>,
    symbols: usize,
    shape: Shape,
}

impl Padded {
    fn new(samples: &[f32], range: std::ops::Range<usize>, shape: Shape, pad: f32) -> Self {
        let symbols = range.len();
        let length = shape.spacing * symbols + shape.taps;
        let start = (shape.spacing * range.start) as i64 - shape.centre() as i64;
        let x = (0..length as i64)
            .map(|i| {
                usize::try_from(start + i)
                    .ok()
                    .and_then(|i| samples.get(i))
                    .copied()
                    .unwrap_or(pad)
            })
            .map(f64::from)
            .collect();
        Self { x, symbols, shape }
    }

    /// Upper triangle of the samples' Gram matrix.
    fn sample_gram(&self, gram: &mut [f64], size: usize) {
        let (s, taps, n) = (self.shape.spacing, self.shape.taps, self.symbols);
        for i in 0..s.min(taps) {
            let row = self.correlated(&self.phase(i), taps);
            gram[i * size + i..i * size + taps].copy_from_slice(&row[i..]);
        }
        for i in s..taps {
            for j in i..taps {
                let leaves = self.x[i - s] * self.x[j - s];
                let enters = self.x[s * n + i - s] * self.x[s * n + j - s];
                gram[i * size + j] = gram[(i - s) * size + j - s] - leaves + enters;
            }
        }
    }

    /// The sample under tap `i` of every symbol.
    fn phase(&self, i: usize) -> Vec<f64> {
        (0..self.symbols)
            .map(|k| self.x[self.shape.spacing * k + i])
            .collect()
    }

    /// Sums over the symbols of a drive times the sample under each tap.
    fn correlated(&self, drive: &[f64], taps: usize) -> Vec<f64> {
        let mut sums = vec![0.0; taps];
        correlate(level(), drive, &self.x, self.shape.spacing, &mut sums);
        sums
    }
}

/// The rows of the feedback symbols, the constant and the right-hand side.
fn fill_cross_terms(
    padded: &Padded,
    targets: &[f32],
    range: std::ops::Range<usize>,
    gram: &mut [f64],
    rhs: &mut [f64],
    size: usize,
) {
    let (taps, feedback) = (padded.shape.taps, padded.shape.feedback);
    let n = padded.symbols;
    let symbol = |k: usize, back: usize| -> f64 {
        (range.start + k)
            .checked_sub(back)
            .map_or(0.0, |i| f64::from(targets[i]))
    };
    let delayed: Vec<Vec<f64>> = (0..=feedback)
        .map(|j| (0..n).map(|k| symbol(k, j)).collect())
        .collect();
    rhs[..taps].copy_from_slice(&padded.correlated(&delayed[0], taps));
    let last = padded.correlated(&vec![1.0; n], taps);
    for (j, d) in delayed.iter().enumerate().skip(1) {
        let column = padded.correlated(d, taps);
        (0..taps).for_each(|i| gram[i * size + taps + j - 1] = column[i]);
    }
    (0..taps).for_each(|i| gram[i * size + size - 1] = last[i]);
    for i in 1..=feedback {
        let row = taps + i - 1;
        for j in i..=feedback {
            gram[row * size + taps + j - 1] = dot(&delayed[i], &delayed[j]);
        }
        gram[row * size + size - 1] = delayed[i].iter().sum();
        rhs[row] = dot(&delayed[0], &delayed[i]);
    }
    gram[size * size - 1] = n as f64;
    rhs[size - 1] = delayed[0].iter().sum();
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Solves `A x = b` for a symmetric positive definite `A` (row-major, destroyed).
pub fn cholesky_solve(a: &mut [f64], b: &[f64], n: usize) -> Option<Vec<f64>> {
    for j in 0..n {
        for k in 0..j {
            let l = a[j * n + k];
            for i in j..n {
                a[i * n + j] -= a[i * n + k] * l;
            }
        }
        let pivot = a[j * n + j];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let root = pivot.sqrt();
        for i in j..n {
            a[i * n + j] /= root;
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[i * n + k] * x[k]).sum();
        x[i] = (x[i] - sum) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k * n + i] * x[k]).sum();
        x[i] = (x[i] - sum) / a[i * n + i];
    }
    Some(x)
}

#[cfg(test)]
mod tests;

//! The beats of several paths at once, from a residual that holds them all.
//!
//! In a block the residual is `r(t) = sum_k g_k h_k(t)` plus white noise of variance `s2`, where the
//! states `g_k` (one a path, and one for all that was not found) are first-order Gauss-Markov
//! processes of powers `p_k` with a decay `x` a block, the autocovariance of a beat whose delay is
//! long. The likeliest states solve a system of normal equations whose matrix has a block for every
//! block of the capture and, with `f = exp(-x)` and `q_k = p_k (1 - f^2)`, is
//!
//! ```text
//! G(b) / s2 + (1 + f^2) / q   on the diagonal        -f / q   between neighbours
//! ```
//!
//! with `G` the Gram matrix of the templates `h_k`: solved by elimination forwards and insertion
//! backwards, which is Kalman's filter and smoother in another order.
//!
//! *Source*: Rauch, Tung, Striebel, AIAA J. 3 (1965) 1445, for the equivalence.

/// States at most: the paths and what is left.
pub const MOST: usize = super::MAX_PATHS + 1;

/// A matrix and a vector over the states.
pub type Matrix = [[f64; MOST]; MOST];
/// See [`Matrix`].
pub type Vector = [f64; MOST];

/// Gram matrix and right side of one block, over the noise variance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observed {
    pub gram: Matrix,
    pub right: Vector,
}

/// What is known of the states beforehand.
#[derive(Clone, Debug)]
pub struct Prior {
    /// Power of each.
    pub power: Vec<f64>,
    /// Decay a block.
    pub rate: f64,
}

/// Likeliest states of every block, and their mean error variances.
pub fn smooth(blocks: &[Observed], prior: &Prior) -> (Vec<Vector>, Vector) {
    let n = prior.power.len();
    let fall = (-prior.rate).exp();
    let mut precision = [0.0; MOST];
    for (to, power) in precision.iter_mut().zip(&prior.power) {
        *to = 1.0 / (power * (1.0 - fall * fall));
    }
    let last = blocks.len().saturating_sub(1);
    // At the ends a state has one neighbour.
    let own = |b: usize| match b == 0 || b == last {
        true => 1.0,
        false => 1.0 + fall * fall,
    };
    let mut inverse: Vec<[[f32; MOST]; MOST]> = Vec::with_capacity(blocks.len());
    let mut states: Vec<Vector> = Vec::with_capacity(blocks.len());
    let (mut before, mut carried): (Matrix, Vector) = Default::default();
    let (mut mean_gram, mut mean_inverse): (Matrix, Matrix) = Default::default();
    for (b, block) in blocks.iter().enumerate() {
        let mut matrix = block.gram;
        let mut right = block.right;
        for i in 0..n {
            matrix[i][i] += own(b) * precision[i];
            for j in 0..n {
                matrix[i][j] -= fall * precision[i] * before[i][j] * fall * precision[j];
            }
            right[i] += fall * precision[i] * carried[i];
        }
        before = invert(&matrix, n);
        for i in 0..n {
            carried[i] = (0..n).map(|j| before[i][j] * right[j]).sum();
            for j in 0..n {
                mean_gram[i][j] += block.gram[i][j] / blocks.len() as f64;
                mean_inverse[i][j] += before[i][j] / blocks.len() as f64;
            }
        }
        inverse.push(before.map(|row| row.map(|x| x as f32)));
        states.push(carried);
    }
    for b in (0..last).rev() {
        let next = states[b + 1];
        for i in 0..n {
            let later: f64 = (0..n)
                .map(|j| f64::from(inverse[b][i][j]) * fall * precision[j] * next[j])
                .sum();
            states[b][i] += later;
        }
    }
    // The precision of a state in the middle: its own, less what it owes to both sides.
    let mut matrix = mean_gram;
    for i in 0..n {
        matrix[i][i] += (1.0 + fall * fall) * precision[i];
        for j in 0..n {
            let side = fall * precision[i] * mean_inverse[i][j] * fall * precision[j];
            matrix[i][j] -= 2.0 * side;
        }
    }
    let covariance = invert(&matrix, n);
    (states, std::array::from_fn(|i| covariance[i][i]))
}

/// Inverse of the first `n` rows and columns of a symmetric positive matrix, by Gauss and Jordan
/// without pivots.
pub fn invert(matrix: &Matrix, n: usize) -> Matrix {
    let mut a = *matrix;
    for k in 0..n {
        let pivot = 1.0 / a[k][k].max(f64::MIN_POSITIVE);
        a[k][k] = 1.0;
        a[k][..n].iter_mut().for_each(|x| *x *= pivot);
        let scaled = a[k];
        let others = a[..n].iter_mut().enumerate().filter(|&(i, _)| i != k);
        for (_, row) in others {
            let factor = std::mem::take(&mut row[k]);
            for (to, x) in row[..n].iter_mut().zip(&scaled) {
                *to -= factor * x;
            }
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse times the matrix is one.
    #[test]
    fn ref_inverse() {
        let mut matrix = Matrix::default();
        for (i, row) in matrix.iter_mut().enumerate().take(4) {
            for (j, x) in row.iter_mut().enumerate().take(4) {
                *x = if i == j {
                    3.0
                } else {
                    1.0 / (1.0 + (i + j) as f64)
                };
            }
        }
        let inverse = invert(&matrix, 4);
        for (i, row) in inverse.iter().take(4).enumerate() {
            for (j, column) in matrix.iter().take(4).enumerate() {
                // The matrix is its own transpose.
                let product: f64 = row.iter().zip(column).map(|(a, b)| a * b).sum();
                let expected = f64::from(u8::from(i == j));
                assert!((product - expected).abs() < 1e-12, "{i} {j} {product}");
            }
        }
    }

    /// One state, one observation a block: the error of the mean is that of Wiener's smoother,
    /// `p / sqrt(1 + 2 p / (x n))` for small decays, and the states scatter by it.
    #[test]
    fn ref_one_state_is_wieners_smoother() {
        let (power, rate, noise) = (2.0, 0.01, 40.0);
        let mut draws = crate::signals::Noise::new(5);
        let fall = f64::exp(-rate);
        let step = (power * (1.0 - fall * fall)).sqrt();
        let mut state = 0.0;
        let truth: Vec<f64> = (0..200_000)
            .map(|_| {
                state = fall * state + step * draws.normal();
                state
            })
            .collect();
        let blocks: Vec<Observed> = truth
            .iter()
            .map(|g| {
                let mut block = Observed::default();
                block.gram[0][0] = 1.0 / noise;
                block.right[0] = (g + noise.sqrt() * draws.normal()) / noise;
                block
            })
            .collect();
        let prior = Prior {
            power: vec![power],
            rate,
        };
        let (states, [error, ..]) = smooth(&blocks, &prior);
        let wiener = power / (1.0 + 2.0 * power / (rate * noise)).sqrt();
        assert!((error / wiener - 1.0).abs() < 0.01, "{error} {wiener}");
        let square = |(x, g): (&Vector, &f64)| (x[0] - g).powi(2);
        let found = states.iter().zip(&truth).map(square).sum::<f64>() / truth.len() as f64;
        // 200,000 blocks of some 40 to the smoother's reach: 2 % and three times that.
        assert!((found / wiener - 1.0).abs() < 0.06, "{found} {wiener}");
    }
}

//! Pruning by contribution.
//!
//! Least squares without term `i` has a residual that is larger by exactly
//!
//! ```text
//! c(i)^2 / P(i,i)        P = inverse of the Gram matrix
//! ```
//!
//! and its other coefficients are `c(j) - P(j,i) c(i) / P(i,i)`. The term that costs least is taken
//! out, `P` and `c` follow, and so on until the cheapest costs more than the limit: backward
//! elimination by the reversed sweep (Goodnight, Am. Stat. 33 (1979) 149), each step exact.
//!
//! *Breaks* only in what it cannot see: terms are judged on the training symbols, so a limit below
//! about `residual / symbols` keeps noise.

use super::{Products, Training, Volterra, targets};
use crate::equalizer::adaptive::Refusal;
use crate::equalizer::least_squares::cholesky_solve;

/// What pruning did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pruning {
    /// Quadratic and cubic terms before.
    pub before: usize,
    /// Quadratic and cubic terms that were kept.
    pub kept: usize,
    /// Mean-square error on the training symbols with all terms.
    pub mse_before: f64,
    /// Mean-square error on the training symbols with those that were kept, fitted anew.
    pub mse_after: f64,
}

/// Fits by least squares, then drops quadratic and cubic terms, one after the other, as long as
/// the loss of one raises the mean-square error on the training symbols by less than `worth_mse`
/// (squared output units). The rest is fitted anew after each.
///
/// # Errors
/// A [`Refusal`], as [`fit`](super::fit), or of a limit that is negative or no number.
///
/// # Complexity
/// `(terms^2 / 2) symbols + terms^3` multiplications.
pub fn fit_pruned(training: &Training, worth_mse: f64) -> Result<(Volterra, Pruning), Refusal> {
    if worth_mse.is_nan() || worth_mse < 0.0 {
        return Err(Refusal::Setting {
            setting: "worth of a term",
            expected: "a mean-square error of at least 0".into(),
            found: worth_mse,
        });
    }
    let products = training.products()?;
    prune(&products, &targets(training), worth_mse, training.offset)
}

/// Prunes for given targets.
pub(super) fn prune(
    products: &Products,
    targets: &[f64],
    worth_mse: f64,
    offset: f32,
) -> Result<(Volterra, Pruning), Refusal> {
    let (size, symbols) = (products.count(), targets.len() as f64);
    let (gram, rhs, power) = products.normal_equations(targets);
    let singular = Refusal::Singular {
        coefficients: size,
        symbols: targets.len(),
    };
    let mut inverse = invert(gram, size).ok_or(singular)?;
    let mut c: Vec<f64> = inverse
        .chunks(size)
        .map(|row| row.iter().zip(&rhs).map(|(p, r)| p * r).sum())
        .collect();
    let explained: f64 = c.iter().zip(&rhs).map(|(c, r)| c * r).sum();
    let mse_before = ((power - explained) / symbols).max(0.0);
    let mut mse_after = mse_before;
    // The taps and the constant stay.
    let mut left: Vec<usize> = (0..size - 1)
        .filter(|&i| products.at[i].len() > 1)
        .collect();
    let before = left.len();
    let cost = |c: &[f64], p: &[f64], i: usize| c[i] * c[i] / p[i * size + i] / symbols;
    while let Some(place) = (0..left.len())
        .min_by(|&a, &b| cost(&c, &inverse, left[a]).total_cmp(&cost(&c, &inverse, left[b])))
    {
        let i = left[place];
        let loss = cost(&c, &inverse, i);
        if loss.is_nan() || loss >= worth_mse {
            break;
        }
        remove(&mut inverse, &mut c, i);
        mse_after += loss;
        left.swap_remove(place);
    }
    let pruning = Pruning {
        before,
        kept: left.len(),
        mse_before,
        mse_after,
    };
    Ok((products.volterra(&c, offset), pruning))
}

/// Takes a term out of the inverse and the coefficients.
fn remove(inverse: &mut [f64], c: &mut [f64], i: usize) {
    let size = c.len();
    let column: Vec<f64> = (0..size).map(|j| inverse[j * size + i]).collect();
    let pivot = column[i];
    let share = c[i] / pivot;
    for (j, row) in inverse.chunks_mut(size).enumerate() {
        let factor = column[j] / pivot;
        row.iter_mut()
            .zip(&column)
            .for_each(|(p, q)| *p -= factor * q);
        c[j] -= column[j] * share;
    }
    // Rounding would leave a trace of it.
    c[i] = 0.0;
    (0..size).for_each(|j| {
        inverse[i * size + j] = 0.0;
        inverse[j * size + i] = 0.0;
    });
}

/// Inverts a symmetric positive definite matrix by sweeping every row.
fn invert(mut a: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    // Whether it is one, Cholesky tells.
    cholesky_solve(&mut a.clone(), &vec![0.0; size], size)?;
    for k in 0..size {
        let pivot = a[k * size + k];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let row: Vec<f64> = a[k * size..(k + 1) * size].to_vec();
        for i in (0..size).filter(|&i| i != k) {
            let factor = a[i * size + k] / pivot;
            for j in 0..size {
                a[i * size + j] -= factor * row[j];
            }
            a[i * size + k] = -factor;
        }
        for j in 0..size {
            a[k * size + j] = row[j] / pivot;
        }
        a[k * size + k] = 1.0 / pivot;
    }
    Some(a)
}

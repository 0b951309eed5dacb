//! Finds places and values of errors from syndromes.
//!
//! With errors `e_i` at degrees `d_i` and `X_i = alpha^(d_i)`, the syndromes are
//! `S_j = sum e_i X_i^j`, j = 0 to 2t - 1.
//!
//! 1. Berlekamp and Massey find the shortest register `L(x) = prod (1 - X_i x)` that makes them.
//! 2. Chien looks for the roots `X_i^-1` among the n degrees of the shortened code. When there are
//!    fewer than the register is long, or it is longer than t, more than t symbols are wrong.
//! 3. Forney: `e_i = X_i W(X_i^-1) / L'(X_i^-1)` with `W = S L mod x^(2t)`.
//!
//! *Source:* Massey, IEEE Trans. Inf. Theory 15 (1969) 122; Forney, ibid. 11 (1965) 549;
//! Chien, ibid. 10 (1964) 357.

use crate::kp4::field::{ORDER, divide, evaluate, logarithm, multiply, power};

/// Returns (degree, value) of each error, or `None` when no more than `t` errors at degrees below
/// `n` make these syndromes.
pub(super) fn locate(syndromes: &[u16], n: usize, t: usize) -> Option<Vec<(usize, u16)>> {
    let locator = berlekamp_massey(syndromes, t)?;
    let degrees = chien(&locator, n)?;
    forney(&locator, syndromes, &degrees)
}

/// The error locator, lowest coefficient (1) first and trimmed; `None` when it is longer than t.
fn berlekamp_massey(syndromes: &[u16], t: usize) -> Option<Vec<u16>> {
    let mut locator = vec![0u16; syndromes.len() + 1];
    let mut before = locator.clone();
    (locator[0], before[0]) = (1, 1);
    let (mut length, mut shift, mut last) = (0, 1, 1u16);
    for k in 0..syndromes.len() {
        let discrepancy = (0..=length).fold(0, |d, i| d ^ multiply(locator[i], syndromes[k - i]));
        if discrepancy == 0 {
            shift += 1;
            continue;
        }
        let scale = divide(discrepancy, last)?;
        let kept = (2 * length <= k).then(|| locator.clone());
        for i in shift..locator.len() {
            locator[i] ^= multiply(scale, before[i - shift]);
        }
        match kept {
            Some(kept) => {
                length = k + 1 - length;
                (before, last, shift) = (kept, discrepancy, 1);
                if length > t {
                    return None;
                }
            }
            None => shift += 1,
        }
    }
    let degree = locator.iter().rposition(|&c| c != 0)?;
    locator.truncate(degree + 1);
    (degree == length).then_some(locator)
}

/// The degrees below `n` at whose inverse the locator is zero; `None` when there are fewer than
/// the locator's degree.
fn chien(locator: &[u16], n: usize) -> Option<Vec<usize>> {
    // Logarithms of the terms at degree d; each falls by its index from one degree to the next.
    let mut terms: Vec<(usize, usize)> = (1..locator.len())
        .filter_map(|i| Some((i, logarithm(locator[i])?)))
        .collect();
    let mut degrees = Vec::with_capacity(locator.len());
    for degree in 0..n {
        let mut sum = locator[0];
        for (index, log) in &mut terms {
            sum ^= power(*log);
            *log = if *log >= *index {
                *log - *index
            } else {
                *log + ORDER - *index
            };
        }
        if sum == 0 {
            degrees.push(degree);
            if degrees.len() + 1 == locator.len() {
                return Some(degrees);
            }
        }
    }
    None
}

/// The values of the errors at the degrees found.
fn forney(locator: &[u16], syndromes: &[u16], degrees: &[usize]) -> Option<Vec<(usize, u16)>> {
    // The evaluator's degree is below the locator's.
    let evaluator: Vec<u16> = (0..degrees.len())
        .map(|k| (0..=k).fold(0, |w, i| w ^ multiply(locator[i], syndromes[k - i])))
        .collect();
    // In characteristic 2 the derivative keeps the odd coefficients, one place lower.
    let derivative: Vec<u16> = (1..locator.len())
        .map(|i| if i % 2 == 1 { locator[i] } else { 0 })
        .collect();
    degrees
        .iter()
        .map(|&degree| {
            let inverse = (ORDER - degree % ORDER) % ORDER;
            let value = divide(
                evaluate(&evaluator, inverse),
                evaluate(&derivative, inverse),
            )?;
            let value = multiply(value, power(degree));
            (value != 0).then_some((degree, value))
        })
        .collect()
}

//! Closed forms and integrals that the simulation and the receiver are held against.
//!
//! [`awgn`] has the error ratios of PAM-4 and NRZ in white Gaussian noise and their inverses,
//! [`mpi`] what multipath interference adds: variances, error ratios, penalties, floors and
//! bounds. Levels are powers with mean 1 unless said otherwise; ratios are electrical where
//! they compare variances (SNR) and optical where they compare powers (extinction ratio, MPI,
//! penalties).
//!
//! ```
//! use etalon_twin::link::theory;
//!
//! let snr = theory::pam4_snr_for_ber(2.4e-4).unwrap();
//! assert!((snr.0 - 17.655).abs() < 0.005);
//! ```

pub mod awgn;
pub mod mpi;

pub use awgn::{nrz_ber, nrz_snr_for_ber, pam4_ber, pam4_ser, pam4_snr_for_ber, q_function};
pub use mpi::{
    Interference, beat_quadrature_variance, ber, ber_floor, eye_closing_mpi, level_variance,
    optical_penalty, sigma_for_ber, upper_bound_penalty,
};

use etalon_types::units::Db;

/// Returns `count` equally spaced level powers of mean 1 with the given extinction ratio,
/// lowest first: from `2 / (r + 1)` to `2 r / (r + 1)`.
pub fn levels(extinction_ratio: Db, count: usize) -> Vec<f64> {
    let ratio = extinction_ratio.to_linear();
    let (low, high) = (2.0 / (ratio + 1.0), 2.0 * ratio / (ratio + 1.0));
    (0..count)
        .map(|i| low + (high - low) * i as f64 / (count.max(2) - 1) as f64)
        .collect()
}

/// Returns the variance of equally likely levels about their mean, in the square of their unit.
pub fn level_set_variance(levels: &[f64]) -> f64 {
    let count = levels.len() as f64;
    let mean = levels.iter().sum::<f64>() / count;
    levels
        .iter()
        .map(|level| (level - mean) * (level - mean))
        .sum::<f64>()
        / count
}

/// Finds where a falling function crosses zero, by bisection between `low` and `high`.
///
/// Returns `None` unless it is positive at `low` and not positive at `high`.
fn bisect(low: f64, high: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (low, high);
    // Written so that NaN counts as no crossing.
    let crosses = f(low) > 0.0 && f(high) <= 0.0;
    if !crosses {
        return None;
    }
    while high - low > 1e-9 * (low.abs() + high.abs() + 1.0) {
        let middle = 0.5 * (low + high);
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests;

//! Intervals: Clopper-Pearson, chi-squared, and the Gaussian tail.
//!
//! Every figure that leaves this room takes its interval from here, at [`CONFIDENCE`].

use etalon_types::{Estimate, Figure};
use statrs::function::beta::inv_beta_reg;
use statrs::function::gamma::gamma_lr;

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// Two-sided normal quantile at [`CONFIDENCE`].
pub const Z95: f64 = 1.959_963_984_540_054;

/// Returns the upper tail of the standard normal, `Q(x) = erfc(x / sqrt 2) / 2`.
pub fn q(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

/// Returns the exact (Clopper-Pearson) interval of a proportion of `errors` in `n` trials.
///
/// The lower end is `Beta^-1(a/2; k, n-k+1)`, the upper `Beta^-1(1-a/2; k+1, n-k)`, with
/// `a = 1 - confidence`. *Source*: Clopper and Pearson, Biometrika 26 (1934) 404.
///
/// # Panics
/// Never for `errors <= n`; with `n = 0` the interval is (0, 1).
pub fn clopper_pearson(errors: u64, n: u64, confidence: f64) -> (f64, f64) {
    clopper_pearson_of_mean(errors as f64, n as f64, confidence)
}

/// Returns the interval of [`clopper_pearson`] for counts that are no whole numbers: means over
/// alignments, or counts divided by what dependence takes from them.
pub fn clopper_pearson_of_mean(k: f64, m: f64, confidence: f64) -> (f64, f64) {
    if m.is_nan() || m <= 0.0 {
        return (0.0, 1.0);
    }
    let tail = (1.0 - confidence) / 2.0;
    let low = if k <= 0.0 {
        0.0
    } else {
        beta_quantile(k, m - k + 1.0, tail)
    };
    let high = if k >= m {
        1.0
    } else {
        beta_quantile(k + 1.0, m - k, 1.0 - tail)
    };
    (low, high)
}

/// Inverse of the regularized incomplete beta function, polished by bisection so that the
/// answer holds to a relative 1e-9 whatever the starting point.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    use statrs::function::beta::beta_reg;
    /// Beyond this the inversion was seen to go on for ever (a of 0.01 to 300, b of 1e7 and more).
    const INVERTED: f64 = 1e6;
    let guess = if a.max(b) < INVERTED {
        inv_beta_reg(a, b, p)
    } else {
        f64::NAN
    };
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    if guess.is_finite() && guess > 0.0 && guess < 1.0 {
        let (below, above) = (guess * (1.0 - 1e-3), (guess * (1.0 + 1e-3)).min(1.0));
        if beta_reg(a, b, below) < p {
            low = below;
        }
        if beta_reg(a, b, above) > p {
            high = above;
        }
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if beta_reg(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-10 * high {
            break;
        }
    }
    0.5 * (low + high)
}

/// Makes the figure of an error ratio.
///
/// With no errors the value is the upper end of the two-sided 95 % interval (3.689/n), never zero,
/// and the method says so; low is 0 and `errors` is 0.
pub fn error_ratio(errors: u64, n: u64, method: &str, definition: &str) -> Figure {
    if n == 0 {
        return Figure::not_measurable("no symbols were judged");
    }
    let (low, high) = clopper_pearson(errors, n, CONFIDENCE);
    let (value, method) = match errors {
        0 => (
            high,
            format!(
                "{method}; no errors, so the value is the upper end of the Clopper-Pearson interval"
            ),
        ),
        _ => (
            errors as f64 / n as f64,
            format!("{method}; Clopper-Pearson interval"),
        ),
    };
    Figure::Estimate(Estimate {
        value,
        low,
        high,
        confidence: CONFIDENCE,
        n,
        errors: Some(errors),
        unit: "1".into(),
        method,
        definition: definition.into(),
    })
}

/// Makes the figure of an error ratio whose errors depend on each other: `factor` of them tell as
/// much as one independent one, so that the interval is that of `errors / factor` in
/// `n / factor`, and the method says so. A factor of 1 or below, or no errors, changes nothing.
///
/// *Source*: the effective sample size of Kish, Survey Sampling (1965), 8.2, put into
/// Clopper-Pearson as by Korn and Graubard, Survey Methodology 24 (1998) 193.
pub fn error_ratio_of_dependent(
    errors: u64,
    n: u64,
    factor: f64,
    method: &str,
    definition: &str,
) -> Figure {
    let mut figure = error_ratio(errors, n, method, definition);
    if let Figure::Estimate(estimate) = &mut figure
        && errors > 0
        && factor > 1.0
    {
        let (k, m) = (errors as f64 / factor, n as f64 / factor);
        (estimate.low, estimate.high) = clopper_pearson_of_mean(k, m, CONFIDENCE);
        estimate.method = format!("{method}; Clopper-Pearson interval of {k:.1} errors");
    }
    figure
}

/// Returns the probability with which a chi-squared variable of `dof` degrees exceeds `statistic`.
pub fn chi_squared_tail(statistic: f64, dof: f64) -> f64 {
    if statistic <= 0.0 {
        return 1.0;
    }
    statrs::function::gamma::gamma_ur(dof / 2.0, statistic / 2.0)
}

/// Makes a figure with a symmetric normal interval.
pub fn normal(
    value: f64,
    sigma: f64,
    n: u64,
    unit: &str,
    method: &str,
    definition: &str,
) -> Figure {
    if !value.is_finite() || !sigma.is_finite() {
        return Figure::not_measurable("the estimate is not finite");
    }
    between(
        value,
        value - Z95 * sigma,
        value + Z95 * sigma,
        n,
        unit,
        method,
        definition,
    )
}

/// Makes a figure with the interval given.
pub fn between(
    value: f64,
    low: f64,
    high: f64,
    n: u64,
    unit: &str,
    method: &str,
    definition: &str,
) -> Figure {
    Figure::Estimate(Estimate {
        value,
        low,
        high,
        confidence: CONFIDENCE,
        n,
        errors: None,
        unit: unit.into(),
        method: method.into(),
        definition: definition.into(),
    })
}

/// Returns the quantile of the chi-squared distribution over its degrees of freedom, so that a
/// mean square `s` with `dof` degrees has the interval `(s / q(1-a/2), s / q(a/2))`.
pub fn chi_squared_ratio(dof: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 20.0 + 20.0 / dof.max(1e-3));
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if gamma_lr(dof / 2.0, (middle * dof / 2.0).max(1e-300)) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Returns the two-sided quantile of Student's distribution: a mean of `dof + 1` independent
/// values, whose standard error is estimated from them, lies within so many of these errors of
/// the truth with this `confidence`.
///
/// `P(|T| > t) = I_x(dof / 2, 1 / 2)` with `x = dof / (dof + t^2)`. *Source*: Abramowitz and
/// Stegun, Handbook of Mathematical Functions (1964), 26.7.1 and 26.5.27.
pub fn student_t(dof: f64, confidence: f64) -> f64 {
    let x = beta_quantile(dof / 2.0, 0.5, 1.0 - confidence);
    (dof * (1.0 / x - 1.0)).sqrt()
}

/// Returns the sum of a value of every sample, in sixteen sums side by side: an addition need not
/// wait for the one before it.
pub fn sum_of(samples: &[f32], value: impl Fn(f32) -> f64) -> f64 {
    let mut sums = [0.0; 16];
    let (whole, rest) = samples.as_chunks::<16>();
    for part in whole {
        for (sum, &x) in sums.iter_mut().zip(part) {
            *sum += value(x);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| value(x)).sum::<f64>()
}

/// Returns the mean; that of nothing is 0.
pub fn mean(samples: &[f32]) -> f64 {
    sum_of(samples, f64::from) / samples.len().max(1) as f64
}

/// Returns the upper median; reorders the values.
///
/// # Panics
/// When there is no value.
pub fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// science.md section 2 and acceptance row 7: Clopper-Pearson at n = 1e6, within 0.1 %.
    #[test]
    fn ref_clopper_pearson_table() {
        let table = [
            (0, 0.0, 3.689e-6),
            (1, 2.53e-8, 5.572e-6),
            (10, 4.795e-6, 1.839e-5),
            (100, 8.136e-5, 1.2163e-4),
            (240, 2.1060e-4, 2.7236e-4),
        ];
        for (k, low, high) in table {
            let (l, h) = clopper_pearson(k, 1_000_000, 0.95);
            assert!(
                (l - low).abs() <= 1e-3 * low,
                "k={k} low {l} expected {low}"
            );
            assert!(
                (h - high).abs() <= 1e-3 * high,
                "k={k} high {h} expected {high}"
            );
        }
    }

    /// science.md section 2: none in 1e6, two-sided 95 %, `1 - 0.025^(1/n)`.
    #[test]
    fn ref_no_errors_give_the_end_of_the_interval() {
        let figure = error_ratio(0, 1_000_000, "test", "test");
        assert!((figure.high().unwrap() - 3.6889e-6).abs() < 1e-9);
        assert_eq!(figure.low(), Some(0.0));
        assert!(figure.value().unwrap() > 0.0);
    }

    /// Garwood's exact interval of a Poisson mean with 3 events is 0.618672 to 8.767273 (Biometrika
    /// 28, 1936); that of 3 errors of n differs by the order of 10 / n.
    #[test]
    fn ref_few_errors_of_very_many_symbols_have_the_interval_of_poisson() {
        for n in [20_000_000_u64, 2_000_000_000] {
            let (low, high) = clopper_pearson(3, n, 0.95);
            for (found, expected) in [(low, 0.618_672), (high, 8.767_273)] {
                let off = found * n as f64 / expected - 1.0;
                assert!(off.abs() < 2e-6, "{n}: {off:e}");
            }
        }
    }

    /// Exact coverage: the binomial probabilities of all counts whose interval holds the truth.
    /// Clopper and Pearson promise at least the confidence; with few expected counts more.
    #[test]
    fn ref_clopper_pearson_covers_as_promised() {
        let n = 400u64;
        for p in [1e-3, 5e-3, 0.02, 0.1, 0.35, 0.5] {
            let mut coverage = 0.0;
            let mut probability = (1.0f64 - p).powi(n as i32);
            for k in 0..=n {
                let (low, high) = clopper_pearson(k, n, CONFIDENCE);
                if low <= p && p <= high {
                    coverage += probability;
                }
                probability *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
            assert!((0.95..=1.0).contains(&coverage), "p {p}: {coverage}");
        }
    }

    /// Chi-squared quantiles from printed tables: 10 degrees, 2.5 % 3.247 and 97.5 % 20.483.
    #[test]
    fn ref_chi_squared_table() {
        assert!((chi_squared_ratio(10.0, 0.025) * 10.0 - 3.247).abs() < 1e-3);
        assert!((chi_squared_ratio(10.0, 0.975) * 10.0 - 20.483).abs() < 1e-3);
    }

    /// The same table, read the other way.
    #[test]
    fn ref_chi_squared_tails() {
        assert!((chi_squared_tail(3.247, 10.0) - 0.975).abs() < 1e-4);
        assert!((chi_squared_tail(20.483, 10.0) - 0.025).abs() < 1e-4);
        assert_eq!(chi_squared_tail(-1.0, 10.0), 1.0);
    }

    /// Printed tables: 97.5 % points of Student's distribution (Abramowitz and Stegun, 26.10).
    #[test]
    fn ref_student_table() {
        for (dof, t) in [
            (1.0, 12.706),
            (2.0, 4.303),
            (4.0, 2.776),
            (10.0, 2.228),
            (30.0, 2.042),
            (120.0, 1.980),
        ] {
            assert!((student_t(dof, CONFIDENCE) - t).abs() < 1e-3, "{dof}");
        }
        assert!((student_t(1e6, CONFIDENCE) - Z95).abs() < 1e-4);
    }

    /// A factor of 4 halves what 400 errors tell: the interval is that of 100 in a quarter.
    #[test]
    fn dependent_errors_widen_the_interval() {
        let figure = error_ratio_of_dependent(400, 40_000, 4.0, "test", "test");
        let (low, high) = clopper_pearson(100, 10_000, CONFIDENCE);
        assert!((figure.low().unwrap() / low - 1.0).abs() < 1e-9);
        assert!((figure.high().unwrap() / high - 1.0).abs() < 1e-9);
        assert_eq!(figure.value(), Some(0.01));
        let alone = error_ratio_of_dependent(400, 40_000, 0.5, "test", "test");
        assert_eq!(alone, error_ratio(400, 40_000, "test", "test"));
    }

    #[test]
    fn ref_gaussian_tail() {
        assert!((1.5 * q(3.414) - 4.8012e-4).abs() < 1e-7);
    }
}

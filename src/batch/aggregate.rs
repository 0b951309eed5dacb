//! What is said of many rows at once: one figure, with the interval that the rows' scatter gives.
//!
//! The rows of a group are taken as independent draws of what the group stands for. Segments of
//! one capture, or captures of one setup taken right after each other, may not be.

use std::fmt;
use std::str::FromStr;

use etalon_dsp::measure::statistics::{
    CONFIDENCE, Z95, between, chi_squared_ratio, clopper_pearson, error_ratio,
    error_ratio_of_dependent, student_t,
};
use etalon_types::{Estimate, Figure};

/// What is made of the rows of a group, as it is typed: `count`, `median:snr_db`,
/// `pool:pre_fec_ber`, `share:class=mpi`.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregate {
    /// How many rows there are.
    Count,
    /// A statistic of a column.
    Of(Statistic, String),
    /// Errors of all rows over what was judged in all rows.
    Pool(String),
    /// How many of the rows that have a column have this value in it.
    Share(String, String),
}

/// A statistic of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Arithmetic mean.
    Mean,
    /// Standard deviation, of one row.
    Std,
    /// The value below which this share of the rows lies.
    Quantile(f64),
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Sum.
    Sum,
}

/// Why a word is no aggregate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {FORMS}; found {0:?}")]
pub struct AggregateError(pub String);

/// Every form of an aggregate.
pub const FORMS: &str = "count, mean:COL, median:COL, p95:COL (any percentile), std:COL, min:COL, \
     max:COL, sum:COL, pool:COL (errors of all rows over all that was judged) or share:COL=VALUE";

impl FromStr for Aggregate {
    type Err = AggregateError;

    fn from_str(word: &str) -> Result<Self, AggregateError> {
        let unknown = || AggregateError(word.to_owned());
        if word == "count" {
            return Ok(Self::Count);
        }
        // `mean(snr_db)` is what others write; a shell wants it quoted.
        let called = word.strip_suffix(')').and_then(|word| word.split_once('('));
        let (name, column) = called
            .or_else(|| word.split_once(':'))
            .ok_or_else(unknown)?;
        if column.is_empty() {
            return Err(unknown());
        }
        let statistic = match name {
            "share" => {
                let (column, value) = column.split_once('=').ok_or_else(unknown)?;
                return Ok(Self::Share(column.to_owned(), value.to_owned()));
            }
            "pool" => return Ok(Self::Pool(column.to_owned())),
            "mean" => Statistic::Mean,
            "std" => Statistic::Std,
            "median" => Statistic::Quantile(0.5),
            "min" => Statistic::Min,
            "max" => Statistic::Max,
            "sum" => Statistic::Sum,
            _ => {
                let percent = name.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
                let percent = percent.filter(|p| *p > 0.0 && *p < 100.0);
                Statistic::Quantile(percent.ok_or_else(unknown)? / 100.0)
            }
        };
        Ok(Self::Of(statistic, column.to_owned()))
    }
}

impl Aggregate {
    /// Returns the column that it is about.
    pub fn column_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Count => None,
            Self::Of(_, column) | Self::Pool(column) | Self::Share(column, _) => Some(column),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count"),
            Self::Pool(column) => write!(f, "pool:{column}"),
            Self::Share(column, value) => write!(f, "share:{column}={value}"),
            Self::Of(statistic, column) => {
                match statistic {
                    Statistic::Mean => f.write_str("mean"),
                    Statistic::Std => f.write_str("std"),
                    Statistic::Quantile(0.5) => f.write_str("median"),
                    // Percent are typed with few digits: what the division left is cut off.
                    Statistic::Quantile(p) => write!(f, "p{}", (p * 1e10).round() / 1e8),
                    Statistic::Min => f.write_str("min"),
                    Statistic::Max => f.write_str("max"),
                    Statistic::Sum => f.write_str("sum"),
                }?;
                write!(f, ":{column}")
            }
        }
    }
}

/// The figure of a count of rows: nothing is estimated, so its interval is the value.
pub fn count(rows: u64) -> Figure {
    exact(rows as f64, rows, "1", "rows of the table")
}

/// The figure of a share: `hits` of `n` rows, with its exact interval.
pub fn share(hits: u64, n: u64, definition: &str) -> Figure {
    if n == 0 {
        return Figure::not_measurable("no row has a value");
    }
    let (low, high) = clopper_pearson(hits, n, CONFIDENCE);
    let method = "rows counted; Clopper-Pearson interval";
    between(
        hits as f64 / n as f64,
        low,
        high,
        n,
        "1",
        method,
        definition,
    )
}

/// The figure of an error ratio over several rows: `counted` holds errors and what was judged, a
/// row each.
///
/// Rows that differ by more than chance tell less than their errors: the design effect (the
/// chi-squared of the rows' counts over its degrees of freedom) and the few rows that it is
/// estimated from widen the interval. *Source*: Korn and Graubard, Survey Methodology 24 (1998)
/// 193.
pub fn pool(counted: &[(u64, u64)], definition: &str) -> Figure {
    let judged: Vec<(u64, u64)> = counted.iter().copied().filter(|(_, n)| *n > 0).collect();
    let (errors, n) = judged
        .iter()
        .fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    let rows = judged.len();
    let method = format!("errors of {rows} rows over all that was judged in them");
    if errors == 0 || errors == n || rows < 2 {
        return error_ratio(errors, n, &method, definition);
    }
    let ratio = errors as f64 / n as f64;
    let chi_squared: f64 = judged
        .iter()
        .map(|&(k, m)| {
            let m = m as f64;
            (k as f64 - m * ratio).powi(2) / (m * ratio * (1.0 - ratio))
        })
        .sum();
    let freedom = (rows - 1) as f64;
    let effect = (chi_squared / freedom).max(1.0);
    let factor = effect * (student_t(freedom, CONFIDENCE) / Z95).powi(2);
    let method = format!(
        "{method}, whose ratios vary {effect:.3} times as much as chance has them; the {} \
         degrees of freedom of that are paid for",
        rows - 1
    );
    error_ratio_of_dependent(errors, n, factor, &method, definition)
}

impl Statistic {
    /// The figure of this statistic over values; those that are not finite are an error of the
    /// caller. `unit` and `definition` are those of the column.
    pub fn of(self, values: &[f64], unit: &str, definition: &str) -> Figure {
        let n = values.len() as u64;
        if values.is_empty() {
            return Figure::not_measurable("no row has a value");
        }
        match self {
            Self::Mean => mean(values, unit, definition),
            Self::Std => std(values, unit, definition),
            Self::Quantile(p) => quantile(values, p, unit, definition),
            Self::Min => {
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                exact(least, n, unit, definition)
            }
            Self::Max => {
                let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                exact(most, n, unit, definition)
            }
            Self::Sum => exact(values.iter().sum(), n, unit, definition),
        }
    }
}

/// A fact about these rows and no estimate of others.
fn exact(value: f64, n: u64, unit: &str, definition: &str) -> Figure {
    Figure::Estimate(Estimate {
        value,
        low: value,
        high: value,
        confidence: 1.0,
        n,
        errors: None,
        unit: unit.into(),
        method: "a fact about these rows: nothing is estimated".into(),
        definition: definition.into(),
    })
}

/// Mean and sum of squares about it.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, squares)
}

fn too_few(needed: u64, values: &[f64], unit: &str) -> Figure {
    let n = values.len() as u64;
    let reason = format!("an interval needs {needed} values, found {n}");
    Figure::without_value(None, None, unit, CONFIDENCE, n, reason)
}

fn mean(values: &[f64], unit: &str, definition: &str) -> Figure {
    if values.len() < 2 {
        return too_few(2, values, unit);
    }
    let n = values.len() as f64;
    let (mean, squares) = moments(values);
    let error = (squares / (n - 1.0) / n).sqrt();
    let half = student_t(n - 1.0, CONFIDENCE) * error;
    let method = "arithmetic mean; Student's interval of the rows' scatter";
    let (low, high) = (mean - half, mean + half);
    between(
        mean,
        low,
        high,
        values.len() as u64,
        unit,
        method,
        definition,
    )
}

fn std(values: &[f64], unit: &str, definition: &str) -> Figure {
    if values.len() < 2 {
        return too_few(2, values, unit);
    }
    let freedom = (values.len() - 1) as f64;
    let variance = moments(values).1 / freedom;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let end = |p| (variance / chi_squared_ratio(freedom, p)).sqrt();
    let method = "standard deviation of a row; chi-squared interval, as of normal scatter";
    let (low, high) = (end(1.0 - tail), end(tail));
    let n = values.len() as u64;
    between(variance.sqrt(), low, high, n, unit, method, definition)
}

/// A quantile, interpolated between neighbours, with the order statistics that enclose it.
///
/// `k` of `n` values lie below the quantile `p` with the probability of a binomial, so that the
/// value of rank `l` is a lower end when `l - 1` hits would be too few for `p`, and that of rank
/// `u` an upper end when `u` would be too many: where the Clopper-Pearson intervals of these
/// counts lie beside `p`. *Source*: David and Nagaraja, Order Statistics (2003), 7.1.
fn quantile(values: &[f64], p: f64, unit: &str, definition: &str) -> Figure {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let too_few_below = |k: usize| clopper_pearson(k as u64, n as u64, CONFIDENCE).1 <= p;
    let too_many_below = |k: usize| clopper_pearson(k as u64, n as u64, CONFIDENCE).0 >= p;
    // Both are monotone in k: ranks count from 1.
    let (counts, above): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (1..=n).collect());
    let lower = counts.partition_point(|&k| too_few_below(k));
    let upper = above.partition_point(|&k| !too_many_below(k));
    let low = lower.checked_sub(1).map(|at| sorted[at]);
    let high = sorted.get(upper).copied();
    let at = p * (n - 1) as f64;
    let (below, share) = (at.floor() as usize, at.fract());
    let next = sorted[(below + 1).min(n - 1)];
    let value = sorted[below] + share * (next - sorted[below]);
    match (low, high) {
        (Some(low), Some(high)) => {
            let method = "quantile of the rows; order statistics enclose it";
            between(value, low, high, n as u64, unit, method, definition)
        }
        (low, high) => {
            let tail = (1.0 - CONFIDENCE) / 2.0;
            let needed = (tail.ln() / p.max(1.0 - p).ln()).ceil() as u64;
            let reason = format!("an interval needs {needed} values, found {n}");
            Figure::without_value(low, high, unit, CONFIDENCE, n as u64, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn aggregates_are_read_as_they_are_written() {
        for word in [
            "count",
            "mean:snr_db",
            "median:mpi_db",
            "p95:tdecq_db",
            "p99.9:ser",
            "p0.1:ser",
            "std:x",
            "min:x",
            "max:x",
            "sum:samples",
            "pool:pre_fec_ber",
            "share:class=mpi",
            "share:label_a=b=c",
        ] {
            assert_eq!(word.parse::<Aggregate>().unwrap().to_string(), word);
        }
        for (called, written) in [
            ("mean(snr_db)", "mean:snr_db"),
            ("p95(ser)", "p95:ser"),
            ("share(class=mpi)", "share:class=mpi"),
        ] {
            assert_eq!(called.parse::<Aggregate>().unwrap().to_string(), written);
        }
        for word in [
            "mean()", "", "mean", "mean:", "p0:x", "p100:x", "pNaN:x", "share:x", "mode:x",
        ] {
            let told = word.parse::<Aggregate>().unwrap_err().to_string();
            assert!(told.contains("median:COL"), "{told}");
        }
    }

    /// The ranks of David and Nagaraja's table for the median at 95 %: 6 values give the first and
    /// the last, 10 the 2nd and the 9th, 20 the 6th and the 15th, 100 the 40th and the 61st.
    #[test]
    fn ref_order_statistics_enclose_the_median() {
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (100, 40, 61)] {
            let ranks: Vec<f64> = (1..=n).map(f64::from).collect();
            let figure = Statistic::Quantile(0.5).of(&ranks, "1", "");
            let found = figure.estimate().expect("enough values");
            assert_eq!((found.low, found.high), (f64::from(low), f64::from(high)));
            assert_eq!(found.value, f64::from(n + 1) / 2.0);
        }
        let few = Statistic::Quantile(0.5).of(&[1.0, 2.0, 3.0, 4.0, 5.0], "1", "");
        assert_eq!(few.reason(), Some("an interval needs 6 values, found 5"));
        let tail: Vec<f64> = (1..=71).map(f64::from).collect();
        let bound = Statistic::Quantile(0.95).of(&tail, "dB", "");
        let told = bound.reason().expect("no upper end");
        assert!(told.contains("needs 72 values, found 71"), "{told}");
        assert!(bound.low().is_some() && bound.high().is_none());
    }

    /// Of 2,000 draws each, an interval of 95 % may miss in as many as 99 % of all such series do.
    #[test]
    fn prop_intervals_hold_the_truth_as_often_as_they_say() {
        let mut draw = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut missed = [0_u64; 4];
        let trials = 2000;
        for _ in 0..trials {
            // A sum of twelve uniform numbers is normal enough for the chi-squared interval.
            let values: Vec<f64> = (0..25)
                .map(|_| (0..12).map(|_| draw.random::<f64>()).sum::<f64>() - 6.0)
                .collect();
            let truths = [
                (Statistic::Mean, 0.0),
                (Statistic::Std, 1.0),
                (Statistic::Quantile(0.5), 0.0),
                (Statistic::Quantile(0.2), -0.8416),
            ];
            for ((statistic, truth), missed) in truths.iter().zip(&mut missed) {
                let figure = statistic.of(&values, "1", "");
                let e = figure.estimate().expect("25 values are enough");
                *missed += u64::from(!(e.low <= *truth && *truth <= e.high));
            }
        }
        // 2.33 standard deviations of a binomial of 5 % in 2,000 above its mean.
        let most = 0.05 * trials as f64 + 2.33 * (trials as f64 * 0.05 * 0.95).sqrt();
        assert!(missed.iter().all(|m| (*m as f64) <= most), "{missed:?}");
    }

    #[test]
    fn pooled_rows_that_differ_tell_less_than_their_errors() {
        let alike: Vec<(u64, u64)> = (0..40).map(|i| (95 + 5 * (i % 3), 100_000)).collect();
        let apart: Vec<(u64, u64)> = (0..40).map(|i| (200 * (i % 2), 100_000)).collect();
        let width = |rows: &[(u64, u64)]| {
            let figure = pool(rows, "");
            let e = figure.estimate().unwrap().clone();
            (e.value, e.high - e.low, e.errors)
        };
        let (value, narrow, errors) = width(&alike);
        assert!((value - 1e-3).abs() < 2e-6 && errors == Some(3995));
        let plain = clopper_pearson(3995, 4_000_000, CONFIDENCE);
        // The Student factor of 39 degrees is 1.032.
        assert!((narrow / (plain.1 - plain.0) - 1.032).abs() < 2e-3);
        let (_, wide, _) = width(&apart);
        assert!(wide > 9.0 * narrow, "{wide} {narrow}");
        let none = pool(&[(0, 1000), (0, 3000)], "");
        let e = none.estimate().unwrap();
        assert!(e.errors == Some(0) && e.low == 0.0 && (e.high - 3.689 / 4000.0).abs() < 1e-5);
        assert!(pool(&[], "").reason().is_some());
    }

    #[test]
    fn what_is_a_fact_has_no_width() {
        let values = [3.0, 1.0, 2.0];
        for (statistic, value) in [
            (Statistic::Min, 1.0),
            (Statistic::Max, 3.0),
            (Statistic::Sum, 6.0),
        ] {
            let figure = statistic.of(&values, "s", "");
            let e = figure.estimate().unwrap();
            assert_eq!((e.low, e.value, e.high, e.n), (value, value, value, 3));
        }
        assert!(Statistic::Mean.of(&[1.0], "s", "").value().is_none());
        assert!(Statistic::Mean.of(&[], "s", "").value().is_none());
        assert_eq!(share(0, 0, "").value(), None);
        assert_eq!(share(1, 4, "").value(), Some(0.25));
    }
}

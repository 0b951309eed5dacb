//! A measured number with its interval, or the reason why there is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A measured value with its interval, count, method and definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The estimate, in `unit`.
    pub value: f64,
    /// Lower end of the confidence interval, in `unit`.
    pub low: f64,
    /// Upper end of the confidence interval, in `unit`.
    pub high: f64,
    /// Probability with which intervals made this way cover the truth.
    pub confidence: f64,
    /// How many observations went in (bits, symbols, blocks: the definition says which).
    pub n: u64,
    /// Errors counted, for ratios of errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Unit of value, low and high; `1` for a pure number.
    pub unit: String,
    /// How it was obtained.
    pub method: String,
    /// What the number means: the standard's term, clause or formula.
    pub definition: String,
}

/// Why a figure has no value, and what is known all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotMeasurable {
    /// Always null.
    #[schemars(with = "Option<f64>")]
    pub value: (),
    /// Why there is no value.
    pub reason: String,
    /// A lower bound, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// An upper bound, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Confidence of the bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// How many observations went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Errors counted, for ratios of errors (always 0 here: with errors there is a value).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Unit of the bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A figure of a report: an estimate, or "not measurable" and why. Never a bare number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Figure {
    /// It was measured.
    Estimate(Estimate),
    /// It was not.
    NotMeasurable(NotMeasurable),
}

impl Figure {
    /// Makes a figure that has no value and no bound.
    pub fn not_measurable(reason: impl Into<String>) -> Self {
        Self::NotMeasurable(NotMeasurable {
            value: (),
            reason: reason.into(),
            low: None,
            high: None,
            confidence: None,
            n: None,
            errors: None,
            unit: None,
        })
    }

    /// Makes a figure that is only bounded from above.
    pub fn at_most(
        high: f64,
        unit: &str,
        confidence: f64,
        n: u64,
        reason: impl Into<String>,
    ) -> Self {
        Self::without_value(None, Some(high), unit, confidence, n, reason)
    }

    /// Makes a figure without a value, but with what bounds it.
    pub fn without_value(
        low: Option<f64>,
        high: Option<f64>,
        unit: &str,
        confidence: f64,
        n: u64,
        reason: impl Into<String>,
    ) -> Self {
        Self::NotMeasurable(NotMeasurable {
            value: (),
            reason: reason.into(),
            low,
            high,
            confidence: (low.is_some() || high.is_some()).then_some(confidence),
            n: Some(n),
            errors: None,
            unit: Some(unit.to_owned()),
        })
    }

    /// Returns the value, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Estimate(estimate) => Some(estimate.value),
            Self::NotMeasurable(_) => None,
        }
    }

    /// Returns the upper end of the interval or the upper bound.
    pub fn high(&self) -> Option<f64> {
        match self {
            Self::Estimate(estimate) => Some(estimate.high),
            Self::NotMeasurable(none) => none.high,
        }
    }

    /// Returns the lower end of the interval or the lower bound.
    pub fn low(&self) -> Option<f64> {
        match self {
            Self::Estimate(estimate) => Some(estimate.low),
            Self::NotMeasurable(none) => none.low,
        }
    }

    /// Returns the reason, if there is no value.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Estimate(_) => None,
            Self::NotMeasurable(none) => Some(&none.reason),
        }
    }

    /// Returns the estimate, if there is one.
    pub fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Estimate(estimate) => Some(estimate),
            Self::NotMeasurable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_survive_json() {
        let measured = Figure::Estimate(Estimate {
            value: 1.8e-3,
            low: 1.7e-3,
            high: 1.9e-3,
            confidence: 0.95,
            n: 1_048_576,
            errors: Some(1887),
            unit: "1".into(),
            method: "pattern".into(),
            definition: "bit errors over bits".into(),
        });
        let bound = Figure::at_most(3.7e-6, "1", 0.95, 1_000_000, "no errors counted");
        for figure in [measured, bound, Figure::not_measurable("too short")] {
            let text = serde_json::to_string(&figure).unwrap();
            assert_eq!(
                serde_json::from_str::<Figure>(&text).unwrap(),
                figure,
                "{text}"
            );
        }
    }
}

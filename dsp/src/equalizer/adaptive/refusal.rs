//! Why an adaptive or Volterra equalizer did not start, or gave nothing.

/// Why nothing was equalized.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A shape that no filter has.
    #[error("expected {expected}, found {found}")]
    Shape {
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: usize,
    },
    /// Levels that are not two or four, or do not rise with a threshold between each two.
    #[error("expected 2 or 4 rising levels with a threshold between each two, found {found}")]
    Levels {
        /// What was found.
        found: String,
    },
    /// Too few known symbols to train on.
    #[error("expected at least {needed} known symbols, found {found}")]
    TooFewSymbols {
        /// Symbols that are needed.
        needed: usize,
        /// Symbols that are known and have samples.
        found: usize,
    },
    /// A known symbol that no level belongs to.
    #[error("known symbol {index}: expected below {levels}, found {found}")]
    Symbol {
        /// Where it is.
        index: usize,
        /// How many levels there are.
        levels: usize,
        /// What was found.
        found: u8,
    },
    /// A sample that is no number.
    #[error("sample {index}: expected a finite number, found {found}")]
    NotFinite {
        /// Where it is.
        index: usize,
        /// What was found.
        found: f32,
    },
    /// Samples without any power about the offset.
    #[error("expected samples that move, found a constant {found}")]
    Constant {
        /// The constant.
        found: f32,
    },
    /// A step beyond the stability bound (or none at all).
    #[error("expected a step above 0 and below {bound:.3e}, found {found:.3e}")]
    Unstable {
        /// The first step that is too large.
        bound: f64,
        /// The step that was asked for.
        found: f64,
    },
    /// A setting beyond its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What was expected.
        expected: String,
        /// What was found.
        found: f64,
    },
    /// The error at the end is above half the variance of the levels: at a signal-to-noise ratio
    /// below 0 dB nothing was learnt.
    #[error(
        "expected a mean-square error below {limit:.3e}, half the variance of the levels, found {found:.3e}"
    )]
    NotConverged {
        /// Half the variance of the levels.
        limit: f64,
        /// Mean-square error at the end of the training or of the capture.
        found: f64,
    },
    /// Normal equations without a solution.
    #[error("the normal equations are singular: {coefficients} coefficients, {symbols} symbols")]
    Singular {
        /// Unknowns.
        coefficients: usize,
        /// Equations.
        symbols: usize,
    },
}

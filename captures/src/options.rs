//! What the caller knows of a file that the file itself may not tell.

use crate::{Error, Format};

/// Hints for [`crate::open`].
///
/// A hint fills what the file leaves out. Where the file tells something else, the file wins
/// and the trace carries a warning with both values.
///
/// # Example
/// ```
/// use etalon_captures::{Format, OpenOptions};
///
/// let hints = OpenOptions {
///     format: "raw-i8".parse::<Format>()?,
///     sample_rate_hz: Some(56e9),
///     ..OpenOptions::default()
/// };
/// assert_eq!(hints.unit, None);
/// # Ok::<(), etalon_captures::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {
    /// Format to read the file as; [`Format::Auto`] looks at the content.
    pub format: Format,
    /// Sample rate in samples per second, for files without a time base.
    pub sample_rate_hz: Option<f64>,
    /// Vertical unit, such as `V` or `W`, for files without one.
    pub unit: Option<String>,
}

impl OpenOptions {
    /// Returns the sample interval in seconds that the hint implies.
    ///
    /// # Errors
    /// [`Error::Option`] for a rate that is not finite and positive.
    pub(crate) fn sample_interval_s(&self) -> Result<Option<f64>, Error> {
        match self.sample_rate_hz {
            None => Ok(None),
            Some(rate) if rate.is_finite() && rate > 0.0 && (1.0 / rate).is_finite() => {
                Ok(Some(1.0 / rate))
            }
            Some(rate) => Err(Error::Option {
                option: "--sample-rate",
                expected: "a finite rate above 0 samples per second".into(),
                found: format!("{rate}"),
            }),
        }
    }
}

//! What taking the interference out would do to a link, as part of its report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;

/// Which canceller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancellationMethod {
    /// Decision-directed beat of each block of symbols.
    BlockTracker,
    /// The interferer rebuilt from the decisions a delay ago.
    DelayAware,
    /// A moving mean taken off, for comparison.
    HighPass,
}

/// What a canceller did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CancellationAction {
    /// The beat was taken out, weighted by a gain.
    Subtracted {
        /// Wiener gain, 0 to 1; 1 for the high-pass.
        gain: f64,
    },
    /// No beat was significant: nothing was touched.
    Bypassed,
}

/// How the wrong symbols come, when the sent ones are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBursts {
    /// Wrong symbols.
    pub errors: u64,
    /// Bursts, a single wrong symbol being one too.
    pub events: u64,
    /// Wrong symbols of the longest burst.
    pub longest: u64,
    /// Wrong symbols a burst; left out without errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors_per_burst: Option<f64>,
    /// Ratio of the variance of error counts to that of independent errors.
    pub burst_factor: Figure,
    /// Share of KP4 codewords lost, neither interleaved nor precoded.
    pub frame_error_ratio_kp4: Figure,
}

/// One canceller's work on the capture: before and after, on the same samples and symbols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cancellation {
    /// Which canceller.
    pub method: CancellationMethod,
    /// What it did.
    pub action: CancellationAction,
    /// Symbols in a block, or in the moving mean.
    pub block_symbols: u64,
    /// Delay of the path that is rebuilt, in seconds; left out where none is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<f64>,
    /// Bit error ratio of the plain slicer.
    pub ber_before: Figure,
    /// Bit error ratio behind the canceller.
    pub ber_after: Figure,
    /// Power of the strongest path's beat after over before, in dB.
    pub suppression_db: Figure,
    /// Errors of the plain slicer; left out when the sent symbols are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bursts_before: Option<ErrorBursts>,
    /// Errors behind the canceller; left out when the sent symbols are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bursts_after: Option<ErrorBursts>,
}

//! Fault kinds and classifications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alarm::Severity;

/// The kinds of failure that Etalon names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Nothing wrong.
    Healthy,
    /// Multipath interference: beats between the signal and its own delayed reflections.
    Mpi,
    /// A fixed echo beyond the equalizer's span.
    Reflection,
    /// Bandwidth too low for the symbol rate.
    Bandwidth,
    /// Received power too low for the receiver's noise.
    LowPower,
    /// Relative intensity noise of the laser.
    Rin,
    /// Unequal level spacing or compression.
    Nonlinearity,
    /// Chromatic dispersion.
    Dispersion,
    /// Clock wander or offset.
    Clock,
    /// The digitizer ran out of range.
    Clipping,
    /// An amplifier's gain moved.
    EdfaGain,
    /// An amplifier's noise figure rose.
    EdfaNoise,
    /// Spectral tilt.
    Tilt,
    /// A filter is off its channel.
    FilterShift,
    /// A span's loss rose.
    SpanLoss,
    /// Slow ageing.
    Ageing,
    /// A cut fibre.
    Cut,
    /// A sensor contradicts the others.
    Sensor,
    /// None of the known kinds, or not enough to tell.
    Unknown,
}

impl FaultKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 19] = [
        Self::Healthy,
        Self::Mpi,
        Self::Reflection,
        Self::Bandwidth,
        Self::LowPower,
        Self::Rin,
        Self::Nonlinearity,
        Self::Dispersion,
        Self::Clock,
        Self::Clipping,
        Self::EdfaGain,
        Self::EdfaNoise,
        Self::Tilt,
        Self::FilterShift,
        Self::SpanLoss,
        Self::Ageing,
        Self::Cut,
        Self::Sensor,
        Self::Unknown,
    ];

    /// Returns the name used in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Mpi => "mpi",
            Self::Reflection => "reflection",
            Self::Bandwidth => "bandwidth",
            Self::LowPower => "low-power",
            Self::Rin => "rin",
            Self::Nonlinearity => "nonlinearity",
            Self::Dispersion => "dispersion",
            Self::Clock => "clock",
            Self::Clipping => "clipping",
            Self::EdfaGain => "edfa-gain",
            Self::EdfaNoise => "edfa-noise",
            Self::Tilt => "tilt",
            Self::FilterShift => "filter-shift",
            Self::SpanLoss => "span-loss",
            Self::Ageing => "ageing",
            Self::Cut => "cut",
            Self::Sensor => "sensor",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the severity of an alarm of this kind when nothing else is known.
    pub fn severity(self) -> Severity {
        match self {
            Self::Healthy => Severity::Cleared,
            Self::Cut => Severity::Critical,
            Self::Mpi | Self::LowPower | Self::SpanLoss | Self::EdfaGain | Self::Bandwidth => {
                Severity::Major
            }
            Self::Unknown | Self::Sensor => Severity::Indeterminate,
            Self::Ageing => Severity::Warning,
            _ => Severity::Minor,
        }
    }

    /// Says what clears an alarm of this kind.
    pub fn clears_when(self) -> &'static str {
        match self {
            Self::Healthy => "nothing to clear",
            Self::Unknown => {
                "the link classifies as healthy for the hold-off, or a person clears it"
            }
            _ => "the link classifies as healthy for the clear hold-off",
        }
    }
}

/// A kind that came second or later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// The kind.
    pub kind: FaultKind,
    /// Its confidence, 0 to 1.
    pub confidence: f64,
}

/// One observation that speaks for a classification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Name of the metric, as in the report.
    pub metric: String,
    /// Its value; null when it was not measurable.
    pub value: Option<f64>,
    /// What it says, in words, with the limit it was held against.
    pub note: String,
}

/// What is wrong with a link, how sure that is, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classification {
    /// The named kind.
    pub kind: FaultKind,
    /// Confidence in it, 0 to 1.
    pub confidence: f64,
    /// Runners-up, best first.
    pub alternatives: Vec<Alternative>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

//! Alarms: the record that every consumer reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::{Alternative, FaultKind};
use crate::figure::Figure;

/// Perceived severity, after ITU-T X.733.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The condition is gone.
    Cleared,
    /// Cannot be told.
    Indeterminate,
    /// May become a fault.
    Warning,
    /// Fault without loss of service.
    Minor,
    /// Service is degraded.
    Major,
    /// Service is lost.
    Critical,
}

/// Where an alarm is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlarmState {
    /// Seen, not yet for as long as the hold-off.
    Pending,
    /// Raised.
    Raised,
    /// Raised, and somebody looks after it.
    Acknowledged,
    /// Gone.
    Cleared,
}

/// Where the failure is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmLocation {
    /// The span or link, if known.
    pub span: Option<String>,
    /// Distance between the two reflections in metres, for MPI.
    pub distance_m: Option<f64>,
    /// Lower end of the distance.
    pub low_m: Option<f64>,
    /// Upper end of the distance.
    pub high_m: Option<f64>,
}

/// A piece of evidence in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRef {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// What it is: `capture`, `link-report`, `eye`.
    pub kind: String,
    /// Where it is.
    pub uri: String,
}

/// A classified alarm with its evidence (`etalon.alarm/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Always `etalon.alarm/1`.
    pub schema: String,
    /// Unique identifier.
    pub id: String,
    /// Sequence number in the store.
    pub seq: u64,
    /// The same for the same resource and class.
    pub dedup_key: String,
    /// What it is about, such as `path/svc-1` or `link/2-4`.
    pub resource: String,
    /// The kind of failure.
    pub class: FaultKind,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is in its life.
    pub state: AlarmState,
    /// Confidence in the class, 0 to 1.
    pub confidence: f64,
    /// Runners-up.
    pub alternatives: Vec<Alternative>,
    /// First time the condition was seen (RFC 3339).
    pub first_seen: String,
    /// Last time it was seen.
    pub last_seen: String,
    /// How many times.
    pub count: u64,
    /// When it was raised.
    pub raised_at: Option<String>,
    /// When it was cleared.
    pub cleared_at: Option<String>,
    /// The alarm of which this one is a consequence.
    pub caused_by: Option<String>,
    /// Where the failure is.
    pub location: AlarmLocation,
    /// Evidence in the blob store.
    pub evidence: Vec<EvidenceRef>,
    /// The figures that decided.
    pub metrics: std::collections::BTreeMap<String, Figure>,
    /// What to do, each a command or a plain sentence.
    pub recommended: Vec<String>,
    /// True when anything behind it was simulated.
    pub simulated: bool,
    /// Versions of the program and its parts.
    pub versions: std::collections::BTreeMap<String, String>,
}

//! What the tools of the failure-management task answer, typed.
//!
//! A tool may serialize these types, or write the same JSON by hand; the task and the default
//! policy read them with serde and refuse what does not fit. `localize` answers with an
//! [`etalon_types::Localization`]. Fields that are not listed are ignored.

use etalon_types::{Circuit, Classification, Figure, Proposal, TransmissionMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// State of a service, as `observe_links` sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// Inside its limits.
    Healthy,
    /// Outside.
    Degraded,
    /// Not measured.
    Unknown,
}

/// One service of [`Observed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedService {
    /// Identifier.
    pub service: String,
    /// Its state.
    pub state: ServiceState,
    /// Bit error ratio before error correction, as measured.
    pub pre_fec_ber: Figure,
}

/// Answer of `observe_links`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// Every service of the network.
    pub services: Vec<ObservedService>,
}

/// One service of [`Classified`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassifiedService {
    /// Identifier.
    pub service: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub classification: Classification,
}

/// Answer of `classify_links`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classified {
    /// One entry for each service that was asked for.
    pub classifications: Vec<ClassifiedService>,
}

/// Answer of `propose_reroute`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Proposed {
    /// Proposals, best first.
    Ranked {
        /// The proposals; at least one.
        proposals: Vec<Proposal>,
    },
    /// No path closes in the modes that were asked for.
    NoAcceptableRoute {
        /// Paths that were looked at, with their margins.
        #[serde(default)]
        rejected: Vec<Value>,
    },
}

/// Answer of `apply_reroute` and of `rollback`: what was read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// The proposal that was applied or taken back.
    pub proposal: String,
    /// The service.
    pub service: String,
    /// Circuits of the switches after it, as read back.
    pub circuits: Vec<Circuit>,
    /// Mode of the transceiver after it, as read back.
    pub mode: TransmissionMode,
}

/// Answer of `verify_service`: a measurement of the service as it runs now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// The service.
    pub service: String,
    /// Nodes of the path that was measured.
    pub path: Vec<String>,
    /// Mode that was measured.
    pub mode: TransmissionMode,
    /// Bit error ratio before error correction.
    pub pre_fec_ber: Figure,
    /// Signal-to-noise ratio in dB.
    pub snr_db: Figure,
    /// SHA-256 of the capture behind it, when it was stored.
    #[serde(default)]
    pub capture_sha256: Option<String>,
}

/// Reads a tool's answer.
///
/// # Errors
/// [`Error::BadAnswer`] with what serde expected and found.
pub fn read<T: serde::de::DeserializeOwned>(tool: &str, answer: &Value) -> Result<T, Error> {
    T::deserialize(answer).map_err(|error| Error::BadAnswer {
        tool: tool.to_owned(),
        expected: std::any::type_name::<T>()
            .rsplit("::")
            .next()
            .unwrap_or("its shape")
            .to_owned(),
        found: error.to_string(),
    })
}

//! Networks, localizations and proposals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::FaultKind;

/// A fibre link between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// Identifier, `A-B`.
    pub id: String,
    /// One end.
    pub a: String,
    /// The other end.
    pub b: String,
    /// Length in kilometres.
    pub km: f64,
    /// Shared-risk groups (ducts) that it runs through.
    #[serde(default)]
    pub srlg: Vec<String>,
    /// Line systems on it, by name.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// A service and the path it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Identifier.
    pub id: String,
    /// Nodes from source to destination.
    pub path: Vec<String>,
}

/// A network (`etalon.topology/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Topology {
    /// Always `etalon.topology/1`.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Where it comes from and how its lengths were made.
    pub source: String,
    /// Nodes.
    pub nodes: Vec<String>,
    /// Links.
    pub links: Vec<Link>,
    /// Services.
    pub services: Vec<Service>,
}

impl Topology {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.topology/1";

    /// Returns the link between two nodes, in either direction.
    pub fn link_between(&self, a: &str, b: &str) -> Option<&Link> {
        self.links
            .iter()
            .find(|l| (l.a == a && l.b == b) || (l.a == b && l.b == a))
    }

    /// Returns the links of a path, or `None` when two neighbours are not linked.
    pub fn links_of<'t>(&'t self, path: &[String]) -> Option<Vec<&'t Link>> {
        path.windows(2)
            .map(|pair| self.link_between(&pair[0], &pair[1]))
            .collect()
    }
}

/// What a localization came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// One element explains everything.
    Localized,
    /// Several elements explain it equally well.
    Ambiguous,
    /// This telemetry cannot tell.
    NotLocalizable,
    /// A sensor contradicts the others.
    Sensor,
    /// Nothing is wrong.
    Healthy,
    /// Not enough is known.
    Unknown,
}

/// An element that may be the cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The element, such as `link/2-4`.
    pub element: String,
    /// Its administrative domain.
    pub domain: String,
    /// Kind of failure.
    pub class: FaultKind,
    /// Change that was seen in dB, when a level was measured.
    pub delta_db: Option<f64>,
    /// Confidence, 0 to 1.
    pub confidence: f64,
}

/// Where a failure is (`etalon.localization/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Localization {
    /// Always `etalon.localization/1`.
    pub schema: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Elements that may be the cause, most likely first.
    pub candidates: Vec<Candidate>,
    /// Telemetry that would have helped and was not there.
    pub missing: Vec<String>,
}

impl Localization {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.localization/1";
}

/// A transmission mode of the modelled transceiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TransmissionMode {
    /// 53.125 Gb/s: PAM-4 at 26.5625 GBd.
    #[serde(rename = "53g-pam4")]
    Pam4At53G,
    /// 26.5625 Gb/s: NRZ at 26.5625 GBd.
    #[serde(rename = "26g-nrz")]
    NrzAt26G,
}

impl TransmissionMode {
    /// Returns the name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pam4At53G => "53g-pam4",
            Self::NrzAt26G => "26g-nrz",
        }
    }
}

/// Where a proposal is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    /// Made, not decided.
    Proposed,
    /// Approved.
    Approved,
    /// Refused.
    Rejected,
    /// Applied, not yet verified.
    Applied,
    /// Applied, measured, and good.
    Verified,
    /// Applied, measured, bad, and taken back.
    RolledBack,
}

/// A way around a failure (`etalon.proposal/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Always `etalon.proposal/1`.
    pub schema: String,
    /// Identifier.
    pub id: String,
    /// The alarm that it answers.
    pub incident: String,
    /// The service that it moves.
    pub service: String,
    /// Nodes of the new path.
    pub path: Vec<String>,
    /// Wavelength slot, when the network has wavelengths.
    pub wavelength: Option<u32>,
    /// Transmission mode.
    pub mode: TransmissionMode,
    /// Predicted margin over the mode's requirement in dB.
    pub gsnr_margin_db: f64,
    /// One-way latency in microseconds.
    pub latency_us: f64,
    /// Predicted training step time in seconds, when a workload was given.
    pub train_step_s: Option<f64>,
    /// Expected interruption in milliseconds.
    pub interruption_ms: f64,
    /// Power in watts, when known.
    pub power_w: Option<f64>,
    /// Why this path and this mode.
    pub reasons: Vec<String>,
    /// True when a person or a policy has to approve it.
    pub needs_approval: bool,
    /// Where it is in its life.
    pub state: ProposalState,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Until when it holds (RFC 3339).
    pub expires: Option<String>,
}

impl Proposal {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.proposal/1";
}

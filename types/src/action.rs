//! What may be done to hardware, and who allowed it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A port of an optical switch, counted from 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct SwitchPort(pub u32);

/// A connection through an optical switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Circuit {
    /// Port where the light comes in.
    pub input: SwitchPort,
    /// Port where it goes out.
    pub output: SwitchPort,
}

/// A change of the hardware. It does nothing by itself: only a permit opens a setter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Connects one input of a switch to one output, replacing the input's circuit.
    Connect {
        /// Name of the switch.
        instrument: String,
        /// The circuit.
        circuit: Circuit,
    },
    /// Sets the modulation of a transceiver.
    SetMode {
        /// Name of the transceiver.
        instrument: String,
        /// The mode.
        mode: crate::topology::TransmissionMode,
    },
}

impl Action {
    /// Returns the instrument that it is about.
    pub fn instrument(&self) -> &str {
        match self {
            Self::Connect { instrument, .. } | Self::SetMode { instrument, .. } => instrument,
        }
    }
}

/// Somebody's consent to one proposal, for a limited time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// The proposal.
    pub proposal: String,
    /// Who gave it: `policy/NAME` or `person/NAME`.
    pub by: String,
    /// The actions that it covers, and no others.
    pub actions: Vec<Action>,
    /// When it was given, in seconds since the Unix epoch.
    pub given_s: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub expires_s: u64,
}

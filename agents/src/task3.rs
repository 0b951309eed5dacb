//! AutoLight's Task 3: management of a failure in the data-centre interconnect.
//!
//! | row | what has to be true | completion |
//! |---|---|---|
//! | 1 | the decrease of transmission quality is identified | 25 % |
//! | 2 | the failure is classified | 50 % |
//! | 3 | every degraded service is routed around it and measured good | 75 % |
//! | 4 | the mode is lowered where that was needed | 100 % |
//!
//! Rows and weights after the task description published with "AutoLight" (arXiv 2504.01234). Row 4
//! is skipped, with the reason, when PAM-4 was measured good on the new path: it then counts as
//! satisfied, because it was found not to be needed. The published scoring does not say so.
//!
//! The policy decides every step; this file makes sure that it can only decide what the step
//! allows, that acting calls are declared, that what was applied is either measured good or taken
//! back, and that "restored" is said of nothing else. See [`crate::answers`] for what the tools
//! answer and [`crate::rules`] for the facts that a policy sees.

use etalon_types::{Policy, TransmissionMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answers::Verified;
use crate::{Entry, PlanTable, ToolBox};

mod reroute;
mod runner;

/// What the task is given.
#[derive(Clone, Debug)]
pub struct Task3 {
    /// The alarm that began it.
    pub incident: String,
    /// Largest bit error ratio before error correction with which a service counts as restored.
    pub pre_fec_ber_limit: f64,
    /// How many tool calls the run may make.
    pub max_calls: usize,
}

impl Task3 {
    /// Makes the task with the limit of KP4 (2.4e-4) and 128 calls.
    pub fn new(incident: &str) -> Self {
        Self {
            incident: incident.to_owned(),
            pre_fec_ber_limit: 2.4e-4,
            max_calls: 128,
        }
    }
}

/// A service that was moved and measured good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Restored {
    /// The proposal that did it.
    pub proposal: String,
    /// What was measured on the new path.
    pub measured: Verified,
}

impl Restored {
    /// Says whether the service runs in a lower mode now.
    pub fn is_downgraded(&self) -> bool {
        self.measured.mode != TransmissionMode::Pam4At53G
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Every degraded service was moved and measured good.
    Restored,
    /// No service was degraded.
    NothingToDo,
    /// It could not be finished.
    Stopped {
        /// Why.
        because: String,
    },
}

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Name of the policy.
    pub policy: String,
    /// Completion in percent.
    pub completion_percent: f64,
    /// Services that were moved and measured good; also those of a run that was stopped later.
    pub restored: Vec<Restored>,
    /// Degraded services that were not.
    pub not_restored: Vec<String>,
    /// The plan as it stands.
    pub plan: PlanTable,
    /// Everything that was decided, declared, called and answered.
    pub transcript: Vec<Entry>,
}

/// Returns the plan of the task, every row open.
pub fn plan() -> PlanTable {
    PlanTable::new(
        "dci-failure-management",
        &[
            (
                "QoT decrease identified",
                "monitoring-agent",
                "observe_links",
                25.0,
            ),
            (
                "failure classified",
                "diagnosis-agent",
                "classify_links",
                50.0,
            ),
            (
                "re-routed and measured good",
                "network-agent",
                "apply_reroute",
                75.0,
            ),
            (
                "transmission mode downgraded where needed",
                "network-agent",
                "apply_reroute",
                100.0,
            ),
        ],
    )
}

/// Runs the task with a policy over tools.
///
/// It never fails: whatever goes wrong ends the run as [`Outcome::Stopped`] with the reason, and
/// the plan and the transcript say how far it came.
pub fn run(task: &Task3, policy: &dyn Policy, tools: &mut dyn ToolBox) -> Run {
    let mut runner = runner::Runner::new(task, policy, tools);
    let ended = runner.all_rows();
    runner.into_run(ended)
}

#[cfg(test)]
mod tests;

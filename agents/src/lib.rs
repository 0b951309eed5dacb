//! Planner and task agents: a plan that is kept honest, and a policy that decides.
//!
//! [`task3`] runs the failure-management task of AutoLight (a decrease of transmission quality is
//! identified, classified, routed around, and the mode lowered where no route is good enough)
//! over any [`ToolBox`]. A [`Policy`](etalon_types::Policy) decides each step from facts;
//! [`RulePolicy`] is the default and needs no language model. What keeps any policy honest is
//! outside it: the [`PlanTable`] takes no "done" without evidence and none with rows open, the
//! [`Guard`] lets no tool act that was not declared with the same arguments, the
//! [`handoff::Desk`] returns a handoff that lacks something, and a service is called restored only
//! when its new path was measured inside the limit.
//!
//! ```
//! use etalon_agents::{PlanTable, task3};
//!
//! let mut plan: PlanTable = task3::plan();
//! assert!(plan.declare_done().is_err(), "four rows are open");
//! plan.start(1, serde_json::json!({}))?;
//! assert!(plan.finish(1, serde_json::Value::Null).is_err(), "done needs evidence");
//! plan.finish(1, serde_json::json!({ "degraded": ["svc-01"] }))?;
//! assert_eq!(plan.completion_percent(), 25.0);
//! # Ok::<(), etalon_agents::Error>(())
//! ```

pub mod answers;
pub mod guard;
pub mod handoff;
pub mod plan;
pub mod rules;
pub mod task3;

use etalon_types::ToolError;

pub use guard::{Declaration, Effect, Entry, Guard, ToolBox};
pub use plan::PlanTable;
pub use rules::RulePolicy;

/// Why a plan, a call or a task could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// "Done" was said while rows are open.
    #[error("premature done: expected every row done or skipped, found row(s) {open:?} open")]
    OpenRows {
        /// Rows that are not done and not skipped.
        open: Vec<usize>,
    },
    /// A row was to be finished or skipped without anything that shows why.
    #[error("row {step}: expected {expected}, found nothing")]
    NoEvidence {
        /// The row.
        step: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// The plan has no such row.
    #[error("expected a row from 1 to {rows}, found {step}")]
    NoSuchRow {
        /// The row that was named.
        step: usize,
        /// How many there are.
        rows: usize,
    },
    /// A row was touched out of order.
    #[error("row {step}: expected {expected}, found {found}")]
    OutOfOrder {
        /// The row.
        step: usize,
        /// What has to be true before.
        expected: String,
        /// What is.
        found: String,
    },
    /// A stored plan does not hold together.
    #[error("plan: expected {expected}, found {found}")]
    BadPlan {
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A tool that acts was called without the matching declaration; it was not run.
    #[error("{tool}: refused: declared {field} is {declared}, called with {called}")]
    Undeclared {
        /// The tool.
        tool: String,
        /// `declaration`, `agent`, `goal`, `tool` or `arguments`.
        field: &'static str,
        /// What was declared.
        declared: String,
        /// What was called.
        called: String,
    },
    /// The run has used up its calls.
    #[error("expected at most {limit} tool calls, found one more ({tool})")]
    StepLimit {
        /// How many were allowed.
        limit: usize,
        /// The call that was one too many.
        tool: String,
    },
    /// A policy decided something that the step does not allow; nothing was run.
    #[error("step {step}: expected {expected}, found {found}")]
    BadDecision {
        /// The step.
        step: String,
        /// What the step allows.
        expected: String,
        /// What was decided.
        found: String,
    },
    /// A tool's answer does not have its shape.
    #[error("{tool}: expected {expected}, found {found}")]
    BadAnswer {
        /// The tool.
        tool: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The policy stopped the task.
    #[error("stopped at {step}: {because}")]
    Stopped {
        /// The step.
        step: String,
        /// Why.
        because: String,
    },
    /// A handoff came back to its sender.
    #[error("handoff returned to {}: {}", .0.to, .0.reason)]
    Handoff(handoff::Returned),
    /// A tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

//! What agents share: tools, policies and the rows of the plan table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a tool did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// No tool of this name.
    #[error("no tool is called {0:?}")]
    Unknown(String),
    /// The arguments do not fit the tool's schema.
    #[error("{tool}: expected {expected}, found {found}")]
    Arguments {
        /// The tool.
        tool: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The envelope or a missing approval refused it.
    #[error("{tool}: refused: {reason}")]
    Refused {
        /// The tool.
        tool: String,
        /// Why.
        reason: String,
    },
    /// It ran and failed.
    #[error("{tool}: {reason}")]
    Failed {
        /// The tool.
        tool: String,
        /// Why.
        reason: String,
    },
}

/// A tool of the one registry: the command line, HTTP, MCP and the agents call the same ones.
pub trait Tool {
    /// Returns its name.
    fn name(&self) -> &'static str;
    /// Says in a sentence what it does.
    fn about(&self) -> &'static str;
    /// True when it changes hardware; false when it only reads.
    fn acts(&self) -> bool;
    /// Runs it.
    ///
    /// # Errors
    /// [`ToolError`], which says whether the caller, the envelope or the world was wrong.
    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError>;
}

/// Where a row of the plan table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowStatus {
    /// Not started.
    Open,
    /// Declared and running.
    Running,
    /// Done, with evidence.
    Done,
    /// Not needed, with the reason.
    Skipped,
    /// Failed.
    Failed,
}

/// A row of the plan tracking table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRow {
    /// Number, from 1.
    pub step: usize,
    /// What has to be true when it is done.
    pub goal: String,
    /// The agent that owns it.
    pub owner: String,
    /// The tool that it calls.
    pub tool: String,
    /// The arguments of the call.
    pub args: Value,
    /// What has to be true before.
    pub precondition: String,
    /// Where it is.
    pub status: RowStatus,
    /// What shows that it is done: a tool's answer, hashes, figures.
    pub evidence: Option<Value>,
    /// How many times it was tried.
    pub attempt: u32,
    /// Task completion in percent once this row is done.
    pub completion_percent: f64,
}

/// What a policy sees when it has to decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Situation {
    /// Facts gathered so far, by name.
    pub facts: std::collections::BTreeMap<String, Value>,
    /// Names of the rows that are done or skipped.
    pub finished: Vec<String>,
}

/// What a policy decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Call a tool with these arguments.
    Call {
        /// The tool.
        tool: String,
        /// Its arguments.
        args: Value,
        /// Why.
        because: String,
    },
    /// Skip the step.
    Skip {
        /// Why it is not needed.
        because: String,
    },
    /// Stop the task.
    Stop {
        /// Why it cannot go on.
        because: String,
    },
}

/// Decides the next step: rules by default, a language model behind the same trait later.
pub trait Policy {
    /// Returns its name, as in an approval's `policy/NAME`.
    fn name(&self) -> &'static str;
    /// Decides what to do for the named step.
    fn decide(&self, step: &str, situation: &Situation) -> Decision;
}

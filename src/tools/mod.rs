//! The tools that agents, the command line and servers call: one file a tool.
//!
//! They work on one [`Workbench`]: a bench, its stores, and what was measured, proposed and done
//! so far. [`failure_management`] makes the seven tools of the failure-management task of
//! [`etalon_agents::task3`]; arguments and answers are the types of [`etalon_agents::answers`].
//! No tool sees the hidden state of a simulated bench: they get captures, read-backs and the
//! patch panel.

mod apply_reroute;
mod arguments;
mod classify_links;
mod localize;
mod measured;
mod observe_links;
mod propose_reroute;
mod rollback;
mod verify_service;
mod workbench;

use std::cell::RefCell;
use std::rc::Rc;

use etalon_types::{Tool, ToolError};

pub use measured::{Measured, StageRecord, service_state};
pub use workbench::{Workbench, WorkbenchError};

/// A workbench that several tools share.
pub type Shared = Rc<RefCell<Workbench>>;

/// Makes the tools of the failure-management task.
pub fn failure_management(bench: &Shared) -> Vec<Box<dyn Tool>> {
    vec![
        Box::new(observe_links::ObserveLinks(bench.clone())),
        Box::new(classify_links::ClassifyLinks(bench.clone())),
        Box::new(localize::Localize(bench.clone())),
        Box::new(propose_reroute::ProposeReroute(bench.clone())),
        Box::new(apply_reroute::ApplyReroute(bench.clone())),
        Box::new(verify_service::VerifyService(bench.clone())),
        Box::new(rollback::Rollback(bench.clone())),
    ]
}

/// Makes the error of a tool that ran and failed.
fn failed(tool: &str, error: impl std::fmt::Display) -> ToolError {
    ToolError::Failed {
        tool: tool.to_owned(),
        reason: error.to_string(),
    }
}

//! `rollback`: takes an applied proposal back.

use std::time::Instant;

use etalon_types::{ProposalState, Tool, ToolError};
use serde::Deserialize;
use serde_json::Value;

use super::apply_reroute::read_back;
use super::{Shared, arguments, failed};
use crate::apply::ApplyError;

#[derive(Deserialize)]
struct Arguments {
    proposal: String,
    service: String,
}

/// Arguments: `proposal`, `service`. Uses the approval of the proposal, which covers the way
/// back too, and reads back what stands then.
pub struct Rollback(pub Shared);

impl Tool for Rollback {
    fn name(&self) -> &'static str {
        "rollback"
    }

    fn about(&self) -> &'static str {
        "puts a service back where it was before a proposal was applied"
    }

    fn acts(&self) -> bool {
        true
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let began = Instant::now();
        let asked: Arguments = arguments::read(name, "proposal and service", arguments)?;
        let mut bench = self.0.borrow_mut();
        let before = bench.before.get(&asked.proposal).cloned();
        let before = before
            .filter(|b| b.service == asked.service)
            .ok_or_else(|| ToolError::Refused {
                tool: name.into(),
                reason: format!("{} was not applied to {}", asked.proposal, asked.service),
            })?;
        let done = bench.apply(&before.actions, &before.approval);
        let note = match &done {
            Ok(_) => format!("{} taken back", asked.proposal),
            Err(error) => format!("{}: {error}", asked.proposal),
        };
        bench.stage("rollback", began, note);
        done.map_err(|error| match error {
            ApplyError::Refused { .. } => ToolError::Refused {
                tool: name.into(),
                reason: error.to_string(),
            },
            error => failed(name, error),
        })?;
        if let Some(proposal) = bench.proposals.get_mut(&asked.proposal) {
            proposal.state = ProposalState::RolledBack;
        }
        read_back(&mut bench, name, &asked.proposal, &asked.service)
    }
}

//! `apply_reroute`: moves a service as a proposal says, through the one gate.

use std::time::Instant;

use etalon_agents::answers::Applied;
use etalon_types::{Action, Approval, Circuit, ProposalState, Tool, ToolError, TransmissionMode};
use serde::Deserialize;
use serde_json::Value;

use super::workbench::{Before, Workbench};
use super::{Shared, arguments, failed};
use crate::apply::{ApplyError, now_s};
use crate::bench::{SWITCH, transceiver_name};

/// How long an approval holds, in seconds: enough to apply, to measure and to take back.
const APPROVAL_S: u64 = 120;

/// Approvers that may approve a simulated reroute by themselves.
const MAY_APPROVE: [&str; 1] = ["policy/rules"];

#[derive(Deserialize)]
struct Arguments {
    proposal: String,
    service: String,
    approved_by: String,
}

/// Arguments: `proposal`, `service`, `approved_by` (`policy/NAME` or `person/NAME`).
///
/// The approval that is made of them holds for two minutes and covers the actions of this
/// proposal and those that take them back, and no others.
pub struct ApplyReroute(pub Shared);

impl Tool for ApplyReroute {
    fn name(&self) -> &'static str {
        "apply_reroute"
    }

    fn about(&self) -> &'static str {
        "moves a service to the path and mode of an approved proposal, and reads both back"
    }

    fn acts(&self) -> bool {
        true
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let began = Instant::now();
        let expected = "proposal, service and approved_by";
        let asked: Arguments = arguments::read(name, expected, arguments)?;
        let mut bench = self.0.borrow_mut();
        let refused = |reason: String| ToolError::Refused {
            tool: name.into(),
            reason,
        };
        let proposal = bench.proposals.get(&asked.proposal).cloned();
        let proposal = proposal
            .filter(|p| p.service == asked.service)
            .ok_or_else(|| refused(format!("{} was not proposed", asked.proposal)))?;
        let person = asked.approved_by.starts_with("person/");
        if !person && !MAY_APPROVE.contains(&asked.approved_by.as_str()) {
            return Err(refused(format!("{} may not approve", asked.approved_by)));
        }
        let circuit = bench
            .bench()
            .panel()
            .circuit(&proposal.service, &proposal.path)
            .ok_or_else(|| refused(format!("{} is not patched", proposal.path.join("-"))))?;
        let now = standing(&mut bench, name, &proposal.service)?;
        let forward = actions(&proposal.service, circuit, proposal.mode, now);
        let back = actions(&proposal.service, now.0, now.1, (circuit, proposal.mode));
        let given_s = now_s() as u64;
        let approval = Approval {
            proposal: proposal.id.clone(),
            by: asked.approved_by.clone(),
            actions: forward.iter().chain(&back).cloned().collect(),
            given_s,
            expires_s: given_s + APPROVAL_S,
        };
        bench
            .audit("approved", &approval)
            .map_err(|e| failed(name, e))?;
        let before = Before {
            service: proposal.service.clone(),
            actions: back,
            approval,
        };
        bench.before.insert(proposal.id.clone(), before.clone());
        let done = bench.apply(&forward, &before.approval);
        let note = match &done {
            Ok(_) => format!("{}, approved by {}", proposal.id, asked.approved_by),
            Err(error) => format!("{}: {error}", proposal.id),
        };
        bench.stage("apply", began, note);
        done.map_err(|error| match error {
            ApplyError::Refused { .. } => refused(error.to_string()),
            error => failed(name, error),
        })?;
        if let Some(kept) = bench.proposals.get_mut(&proposal.id) {
            kept.state = ProposalState::Applied;
            kept.approved_by = Some(asked.approved_by);
        }
        read_back(&mut bench, name, &proposal.id, &proposal.service)
    }
}

/// Reads the circuit and the mode of a service as they stand.
fn standing(
    bench: &mut Workbench,
    tool: &str,
    service: &str,
) -> Result<(Circuit, TransmissionMode), ToolError> {
    let input = bench.bench().panel().input(service);
    let circuits = bench.circuits().map_err(|e| failed(tool, e))?;
    let circuit = circuits
        .into_iter()
        .find(|circuit| Some(circuit.input) == input);
    let circuit = circuit.ok_or_else(|| failed(tool, format!("{service} has no circuit")))?;
    Ok((circuit, bench.mode(service).map_err(|e| failed(tool, e))?))
}

/// The actions that lead from one state of a service to another; what stays is left alone.
fn actions(
    service: &str,
    circuit: Circuit,
    mode: TransmissionMode,
    from: (Circuit, TransmissionMode),
) -> Vec<Action> {
    let mut actions = Vec::new();
    if circuit != from.0 {
        actions.push(Action::Connect {
            instrument: SWITCH.into(),
            circuit,
        });
    }
    if mode != from.1 {
        actions.push(Action::SetMode {
            instrument: transceiver_name(service),
            mode,
        });
    }
    actions
}

/// Answers with what is read back of a service now.
pub(super) fn read_back(
    bench: &mut Workbench,
    tool: &str,
    proposal: &str,
    service: &str,
) -> Result<Value, ToolError> {
    let (circuit, mode) = standing(bench, tool, service)?;
    let applied = Applied {
        proposal: proposal.to_owned(),
        service: service.to_owned(),
        circuits: vec![circuit],
        mode,
    };
    arguments::answer(tool, &applied)
}

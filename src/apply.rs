//! The one place that changes hardware.
//!
//! [`execute`] asks the envelope for a permit for every action first, and moves nothing unless
//! all of them are given; then it carries the actions out one by one. The audit journal is told
//! before anything moves and after every step, with what was read back: if it cannot be written,
//! nothing moves. People, scripts and agents all come through here.

use std::time::{SystemTime, UNIX_EPOCH};

use etalon_diagnosis::gate::rfc3339;
use etalon_instruments::{Envelope, OpticalSwitch, Transceiver, envelope};
use etalon_types::{Action, Approval, Circuit, TransmissionMode};
use serde::Serialize;
use serde_json::json;

use crate::store::{Journal, StoreError};

/// Instruments by name.
pub trait Hardware {
    /// Returns the switch of this name.
    fn switch_mut(&mut self, name: &str) -> Option<&mut dyn OpticalSwitch>;
    /// Returns the transceiver of this name.
    fn transceiver_mut(&mut self, name: &str) -> Option<&mut dyn Transceiver>;
}

/// What an instrument read back after an action.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "read_back", rename_all = "kebab-case")]
pub enum ReadBack {
    /// The circuit that stands.
    Circuit {
        /// The switch.
        instrument: String,
        /// The circuit.
        circuit: Circuit,
    },
    /// The mode that is set.
    Mode {
        /// The transceiver.
        instrument: String,
        /// The mode.
        mode: TransmissionMode,
    },
}

/// Why actions were not carried out, or not all of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The envelope or the approval does not allow it; nothing moved.
    #[error("refused, nothing moved: {source}")]
    Refused {
        /// What is not allowed.
        source: etalon_instruments::Error,
    },
    /// The instruments could not be asked how they stand; nothing moved.
    #[error("nothing moved: {source}")]
    Unreadable {
        /// What the instrument said.
        source: etalon_instruments::Error,
    },
    /// An instrument did not do what it was told.
    #[error("after {} of {asked} action(s): {source}", done.len())]
    Failed {
        /// What was carried out before, as read back. It stays as it is.
        done: Vec<ReadBack>,
        /// How many actions there were.
        asked: usize,
        /// What the instrument said.
        source: etalon_instruments::Error,
    },
    /// The audit could not be written.
    #[error("the audit could not be written after {} action(s): {source}", done.len())]
    Audit {
        /// What was carried out before, as read back. It stays as it is.
        done: Vec<ReadBack>,
        /// What the store said.
        source: StoreError,
    },
}

/// Returns the time of now in seconds since the Unix epoch.
pub fn now_s() -> f64 {
    // A clock before 1970 is a clock that was never set: 0 says so as well as anything.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64())
}

/// Carries out actions that somebody approved, and returns what was read back, in their order.
///
/// The envelope first learns from the switches which outputs are in use.
///
/// # Errors
/// [`ApplyError::Refused`] and [`ApplyError::Unreadable`] with nothing moved;
/// [`ApplyError::Failed`] and [`ApplyError::Audit`] with what was done before.
pub fn execute(
    hardware: &mut dyn Hardware,
    envelope: &mut Envelope,
    audit: &mut Journal,
    actions: &[Action],
    approval: &Approval,
) -> Result<Vec<ReadBack>, ApplyError> {
    let asked = json!({ "actions": actions, "approval": approval });
    let mut done = Vec::new();
    let record = |audit: &mut Journal, kind: &str, data: &serde_json::Value, done: &[ReadBack]| {
        audit
            .append(&rfc3339(now_s()), kind, data)
            .map(|_| ())
            .map_err(|source| ApplyError::Audit {
                done: done.to_vec(),
                source,
            })
    };
    record(audit, "apply-requested", &asked, &done)?;
    let permits = match permits(hardware, envelope, actions, approval) {
        Ok(permits) => permits,
        Err(error) => {
            let refused = json!({ "proposal": approval.proposal, "error": error.to_string() });
            record(audit, "apply-refused", &refused, &done)?;
            return Err(error);
        }
    };
    for (action, permit) in actions.iter().zip(permits) {
        match carry_out(hardware, action, permit) {
            Ok(read) => {
                let data = json!({ "proposal": approval.proposal, "action": action, "read": read });
                done.push(read);
                record(audit, "applied", &data, &done)?;
            }
            Err(source) => {
                let text = source.to_string();
                let data =
                    json!({ "proposal": approval.proposal, "action": action, "error": text });
                record(audit, "apply-failed", &data, &done)?;
                return Err(ApplyError::Failed {
                    done,
                    asked: actions.len(),
                    source,
                });
            }
        }
    }
    Ok(done)
}

/// Asks for every permit before the first one is used.
fn permits(
    hardware: &mut dyn Hardware,
    envelope: &mut Envelope,
    actions: &[Action],
    approval: &Approval,
) -> Result<Vec<etalon_instruments::Permit>, ApplyError> {
    for action in actions {
        if let Action::Connect { instrument, .. } = action
            && let Some(switch) = hardware.switch_mut(instrument)
        {
            let circuits = switch
                .circuits()
                .map_err(|source| ApplyError::Unreadable { source })?;
            envelope
                .observe_circuits(instrument, &circuits)
                .map_err(|source| ApplyError::Refused { source })?;
        }
    }
    actions
        .iter()
        .map(|action| envelope::permit(envelope, action, approval, now_s() as u64))
        .collect::<Result<_, _>>()
        .map_err(|source| ApplyError::Refused { source })
}

fn carry_out(
    hardware: &mut dyn Hardware,
    action: &Action,
    permit: etalon_instruments::Permit,
) -> Result<ReadBack, etalon_instruments::Error> {
    // An instrument that the envelope knows and the bench does not have is one that went away.
    let gone = |instrument: &str| etalon_instruments::Error::Disconnected {
        instrument: instrument.to_owned(),
    };
    match action {
        Action::Connect { instrument, .. } => {
            let switch = hardware
                .switch_mut(instrument)
                .ok_or_else(|| gone(instrument))?;
            let circuit = switch.connect(permit)?;
            Ok(ReadBack::Circuit {
                instrument: instrument.clone(),
                circuit,
            })
        }
        Action::SetMode { instrument, .. } => {
            let module = hardware
                .transceiver_mut(instrument)
                .ok_or_else(|| gone(instrument))?;
            let mode = module.set_mode(permit)?;
            Ok(ReadBack::Mode {
                instrument: instrument.clone(),
                mode,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use etalon_instruments::simulated::SwitchFault;
    use etalon_types::SwitchPort;

    use super::*;
    use crate::bench::{Break, SWITCH, SimBench};
    use crate::store::StateDir;

    struct Setup {
        bench: SimBench,
        action: Action,
        approval: Approval,
        audit: Journal,
        _folder: tempfile::TempDir,
    }

    fn setup() -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let audit = StateDir::open(folder.path()).unwrap().audit().unwrap();
        let bench = SimBench::new(1, Break::None).unwrap();
        let free = (1..=bench.panel().outputs())
            .map(SwitchPort)
            .find(|&port| {
                let (of, path) = bench.panel().route(port).unwrap();
                of == "svc-01" && path != bench.topology().services[0].path
            })
            .unwrap();
        let action = Action::Connect {
            instrument: SWITCH.into(),
            circuit: Circuit {
                input: SwitchPort(1),
                output: free,
            },
        };
        let now = now_s() as u64;
        let approval = Approval {
            proposal: "p-1".into(),
            by: "person/tester".into(),
            actions: vec![action.clone()],
            given_s: now,
            expires_s: now + 60,
        };
        Setup {
            bench,
            action,
            approval,
            audit,
            _folder: folder,
        }
    }

    fn kinds(audit: &Journal) -> Vec<String> {
        audit
            .records()
            .unwrap()
            .map(|record| record.unwrap().kind)
            .collect()
    }

    #[test]
    fn what_is_applied_was_permitted_recorded_and_read_back() {
        let mut s = setup();
        let mut envelope = s.bench.envelope();
        let actions = [s.action.clone()];
        let done = execute(
            &mut s.bench,
            &mut envelope,
            &mut s.audit,
            &actions,
            &s.approval,
        )
        .unwrap();
        let Action::Connect { circuit, .. } = s.action else {
            unreachable!()
        };
        let switch = s.bench.switch_mut(SWITCH).unwrap();
        assert!(switch.circuits().unwrap().contains(&circuit));
        assert_eq!(
            done,
            [ReadBack::Circuit {
                instrument: SWITCH.into(),
                circuit
            }]
        );
        assert_eq!(kinds(&s.audit), ["apply-requested", "applied"]);
    }

    #[test]
    fn nothing_moves_when_one_of_the_actions_is_not_allowed() {
        let mut s = setup();
        let mut envelope = s.bench.envelope();
        let before = s.bench.switch_mut(SWITCH).unwrap().circuits().unwrap();
        let outside = Action::Connect {
            instrument: SWITCH.into(),
            circuit: Circuit {
                input: SwitchPort(2),
                output: SwitchPort(100_000),
            },
        };
        s.approval.actions.push(outside.clone());
        let actions = [s.action.clone(), outside];
        let refused = execute(
            &mut s.bench,
            &mut envelope,
            &mut s.audit,
            &actions,
            &s.approval,
        );
        assert!(matches!(refused, Err(ApplyError::Refused { .. })));
        s.approval.expires_s = s.approval.given_s;
        let expired = execute(
            &mut s.bench,
            &mut envelope,
            &mut s.audit,
            &actions[..1],
            &s.approval,
        );
        assert!(matches!(expired, Err(ApplyError::Refused { .. })));
        assert_eq!(
            s.bench.switch_mut(SWITCH).unwrap().circuits().unwrap(),
            before
        );
        let expected = [
            "apply-requested",
            "apply-refused",
            "apply-requested",
            "apply-refused",
        ];
        assert_eq!(kinds(&s.audit), expected);
    }

    #[test]
    fn a_switch_that_says_yes_and_does_not_move_is_a_failure() {
        let mut s = setup();
        let mut envelope = s.bench.envelope();
        s.bench
            .inject_switch_fault(Some(SwitchFault::Stuck(SwitchPort(1))));
        let actions = [s.action.clone()];
        let failed = execute(
            &mut s.bench,
            &mut envelope,
            &mut s.audit,
            &actions,
            &s.approval,
        );
        assert!(matches!(failed, Err(ApplyError::Failed { done, .. }) if done.is_empty()));
        assert_eq!(kinds(&s.audit), ["apply-requested", "apply-failed"]);
        s.bench.inject_switch_fault(Some(SwitchFault::Disconnected));
        let dead = execute(
            &mut s.bench,
            &mut envelope,
            &mut s.audit,
            &actions,
            &s.approval,
        );
        assert!(matches!(dead, Err(ApplyError::Unreadable { .. })));
    }
}

//! The safety envelope and the permits that only it gives.
//!
//! The envelope says what each instrument may be told to do at all; the approval says what
//! somebody agreed to this time. [`permit`] asks for both. Nothing is clamped: a request outside
//! the envelope is refused with the quantity, the request and what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use etalon_types::{Action, Approval, Circuit, SwitchPort, TransmissionMode};

use crate::error::{Error, Lack};

/// What one instrument may be told to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Limits {
    /// A matrix switch.
    Switch {
        /// Inputs that may be moved.
        inputs: BTreeSet<SwitchPort>,
        /// Outputs that may be used.
        outputs: BTreeSet<SwitchPort>,
        /// Outputs in use, with the input that holds each. Another input may not take them.
        busy: BTreeMap<SwitchPort, SwitchPort>,
    },
    /// A transceiver.
    Transceiver {
        /// Modes that may be set.
        modes: Vec<TransmissionMode>,
    },
}

impl Limits {
    /// Makes the limits of a switch without busy outputs from port numbers (counted from 1).
    pub fn switch(
        inputs: impl IntoIterator<Item = u32>,
        outputs: impl IntoIterator<Item = u32>,
    ) -> Self {
        Self::Switch {
            inputs: inputs.into_iter().map(SwitchPort).collect(),
            outputs: outputs.into_iter().map(SwitchPort).collect(),
            busy: BTreeMap::new(),
        }
    }

    /// Makes the limits of a transceiver.
    pub fn transceiver(modes: impl IntoIterator<Item = TransmissionMode>) -> Self {
        Self::Transceiver {
            modes: modes.into_iter().collect(),
        }
    }
}

/// The limits of every instrument; an instrument that it does not know may do nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope {
    limits: BTreeMap<String, Limits>,
}

impl Envelope {
    /// Sets the limits of an instrument, replacing those it had.
    pub fn allow(&mut self, instrument: &str, limits: Limits) {
        self.limits.insert(instrument.to_owned(), limits);
    }

    /// Takes over which outputs of a switch are in use, as read from the switch itself.
    ///
    /// # Errors
    /// [`Error::OutOfEnvelope`] when the instrument is not a switch of this envelope.
    pub fn observe_circuits(
        &mut self,
        instrument: &str,
        circuits: &[Circuit],
    ) -> Result<(), Error> {
        match self.limits.get_mut(instrument) {
            Some(Limits::Switch { busy, .. }) => {
                *busy = circuits
                    .iter()
                    .map(|circuit| (circuit.output, circuit.input))
                    .collect();
                Ok(())
            }
            _ => Err(self.no_such(instrument, "switch")),
        }
    }

    fn check(&self, action: &Action) -> Result<(), Error> {
        match (action, self.limits.get(action.instrument())) {
            (
                Action::Connect {
                    instrument,
                    circuit,
                },
                Some(Limits::Switch {
                    inputs,
                    outputs,
                    busy,
                }),
            ) => check_circuit(instrument, *circuit, inputs, outputs, busy),
            (Action::SetMode { instrument, mode }, Some(Limits::Transceiver { modes })) => {
                if modes.contains(mode) {
                    return Ok(());
                }
                let names: Vec<_> = modes.iter().map(|mode| mode.name()).collect();
                Err(out(
                    instrument,
                    "mode",
                    mode.name().into(),
                    names.join(", "),
                ))
            }
            (Action::Connect { instrument, .. }, _) => Err(self.no_such(instrument, "switch")),
            (Action::SetMode { instrument, .. }, _) => Err(self.no_such(instrument, "transceiver")),
        }
    }

    fn no_such(&self, instrument: &str, kind: &str) -> Error {
        let known: Vec<_> = self.limits.keys().map(String::as_str).collect();
        let requested = format!("{kind} {instrument:?}");
        out(
            instrument,
            "instrument",
            requested,
            format!("the kinds given for {}", list(&known)),
        )
    }
}

/// The right to carry out one action once.
///
/// It is made by [`permit`] alone, cannot be copied, and is consumed by the setter that it opens.
///
/// ```compile_fail
/// use etalon_instruments::Permit;
/// use etalon_types::{Action, TransmissionMode};
///
/// let action = Action::SetMode { instrument: "x".into(), mode: TransmissionMode::NrzAt26G };
/// let forged = Permit { action, approved_by: "person/nobody".into() };
/// ```
///
/// ```compile_fail
/// fn twice(permit: etalon_instruments::Permit) -> [etalon_instruments::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
#[derive(Debug)]
#[must_use = "a permit that no setter takes changes nothing"]
pub struct Permit {
    action: Action,
    approved_by: String,
}

impl Permit {
    /// Returns the action that it permits.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Says who approved it: `policy/NAME` or `person/NAME`.
    pub fn approved_by(&self) -> &str {
        &self.approved_by
    }
}

/// Permits one action, if the envelope allows it and the approval covers it at `now_s` (seconds
/// since the Unix epoch).
///
/// # Errors
/// [`Error::OutOfEnvelope`] first, so that nobody is asked to approve what is not allowed anyway;
/// then [`Error::NotApproved`].
pub fn permit(
    envelope: &Envelope,
    action: &Action,
    approval: &Approval,
    now_s: u64,
) -> Result<Permit, Error> {
    envelope.check(action)?;
    let lack = if !has_author(&approval.by) {
        Some(Lack::NoAuthor {
            found: approval.by.clone(),
        })
    } else if !approval.actions.contains(action) {
        Some(Lack::NotCovered {
            covered: approval.actions.len(),
        })
    } else if approval.given_s > now_s {
        Some(Lack::FromTheFuture {
            given_s: approval.given_s,
            now_s,
        })
    } else if approval.expires_s <= now_s {
        Some(Lack::Expired {
            expired_s: approval.expires_s,
            now_s,
        })
    } else {
        None
    };
    match lack {
        None => Ok(Permit {
            action: action.clone(),
            approved_by: approval.by.clone(),
        }),
        Some(lack) => Err(Error::NotApproved {
            instrument: action.instrument().to_owned(),
            proposal: approval.proposal.clone(),
            lack,
        }),
    }
}

fn has_author(by: &str) -> bool {
    ["policy/", "person/"].iter().any(|kind| {
        by.strip_prefix(kind)
            .is_some_and(|name| !name.trim().is_empty())
    })
}

fn check_circuit(
    instrument: &str,
    circuit: Circuit,
    inputs: &BTreeSet<SwitchPort>,
    outputs: &BTreeSet<SwitchPort>,
    busy: &BTreeMap<SwitchPort, SwitchPort>,
) -> Result<(), Error> {
    for (quantity, port, allowed) in [
        ("input port", circuit.input, inputs),
        ("output port", circuit.output, outputs),
    ] {
        if !allowed.contains(&port) {
            let ports: Vec<_> = allowed.iter().map(|port| port.0.to_string()).collect();
            let ports: Vec<_> = ports.iter().map(String::as_str).collect();
            return Err(out(instrument, quantity, port.0.to_string(), list(&ports)));
        }
    }
    match busy.get(&circuit.output) {
        Some(holder) if *holder != circuit.input => Err(out(
            instrument,
            "output port",
            circuit.output.0.to_string(),
            format!("a free output; input {} holds this one", holder.0),
        )),
        _ => Ok(()),
    }
}

fn out(instrument: &str, quantity: &'static str, requested: String, allowed: String) -> Error {
    Error::OutOfEnvelope {
        instrument: instrument.to_owned(),
        quantity,
        requested,
        allowed,
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests;

//! Moves one service: propose, apply, measure, and take back what is not good enough.

use etalon_types::{Decision, Figure, Proposal, ToolError};
use serde_json::{Value, json};

use super::Restored;
use super::runner::{Runner, unexpected};
use crate::Error;
use crate::answers::{Applied, Proposed, Verified, read};
use crate::guard::Entry;

/// Row of the plan that all of this belongs to.
const ROW: usize = 3;

/// The service is good on its new path, or why it is not.
type Moved = Result<Restored, String>;

impl Runner<'_> {
    /// Moves one service. The inner error leaves it where it was; the outer one ends the run.
    pub(super) fn reroute(&mut self, service: &str) -> Result<Moved, Error> {
        for (name, value) in [
            ("service", json!(service)),
            ("tried", json!([])),
            ("downgraded", json!(false)),
        ] {
            self.situation.facts.insert(name.into(), value);
        }
        let mut answer = match self.step(ROW, "propose", "propose_reroute") {
            // A service that the network cannot propose anything for does not stop the others.
            Err(Error::Tool(error)) => return Ok(Err(error.to_string())),
            other => other?,
        };
        loop {
            let last = match self.try_all(service, &answer)? {
                Ok(restored) => return Ok(Ok(restored)),
                Err(because) => because,
            };
            let args = match self.decide("downgrade") {
                Decision::Call { tool, args, .. } if tool == "propose_reroute" => args,
                Decision::Stop { because } => return Ok(Err(format!("{last}; {because}"))),
                other => return Err(unexpected("downgrade", "a call of propose_reroute", &other)),
            };
            answer = self.call(ROW, "propose_reroute", args)?;
            self.situation
                .facts
                .insert("downgraded".into(), json!(true));
        }
    }

    /// Tries the proposals of one answer in the policy's order, until one is measured good.
    fn try_all(&mut self, service: &str, answer: &Value) -> Result<Moved, Error> {
        let proposals = match read("propose_reroute", answer)? {
            Proposed::Ranked { proposals } => proposals,
            Proposed::NoAcceptableRoute { .. } => Vec::new(),
        };
        let mut last = None;
        loop {
            let args = match self.decide("apply") {
                Decision::Call { tool, args, .. } if tool == "apply_reroute" => args,
                Decision::Stop { because } => return Ok(Err(last.unwrap_or(because))),
                other => return Err(unexpected("apply", "a call of apply_reroute", &other)),
            };
            let proposal = self.check_choice(service, &proposals, &args)?;
            match self.try_one(&proposal, args)? {
                Ok(restored) => return Ok(Ok(restored)),
                Err(because) => {
                    let note = format!("{}: {because}", proposal.id);
                    self.guard.write(Entry::Noted { note: note.clone() });
                    last = Some(note);
                }
            }
        }
    }

    /// Finds the proposal that a policy wants to apply among those that were made for this
    /// service and not tried yet, and marks it as tried.
    fn check_choice(
        &mut self,
        service: &str,
        proposals: &[Proposal],
        args: &Value,
    ) -> Result<Proposal, Error> {
        let mut tried: Vec<Value> = self.situation.facts["tried"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let id = &args["proposal"];
        let chosen = proposals
            .iter()
            .find(|p| *id == p.id.as_str() && p.service == service);
        let chosen = chosen.filter(|_| args["service"] == service && !tried.contains(id));
        let chosen = chosen.ok_or_else(|| Error::BadDecision {
            step: "apply".into(),
            expected: format!("a proposal for {service} that was made and not tried"),
            found: args.to_string(),
        })?;
        tried.push(id.clone());
        self.situation.facts.insert("tried".into(), json!(tried));
        Ok(chosen.clone())
    }

    /// Applies and measures one proposal; what is not measured good is taken back.
    fn try_one(&mut self, proposal: &Proposal, args: Value) -> Result<Moved, Error> {
        // To apply, to measure, to take back: a change must not outlive the calls that guard it.
        self.guard.reserve(3, "apply_reroute")?;
        let because = match self.call(ROW, "apply_reroute", args) {
            // Refused before anything moved: there is nothing to take back.
            Err(Error::Tool(error @ ToolError::Refused { .. })) => {
                return Ok(Err(error.to_string()));
            }
            Err(Error::Tool(error)) => error.to_string(),
            Err(other) => return Err(other),
            Ok(answer) => match self.measure(proposal, &answer)? {
                Ok(measured) => {
                    return Ok(Ok(Restored {
                        proposal: proposal.id.clone(),
                        measured,
                    }));
                }
                Err(because) => because,
            },
        };
        self.take_back(proposal)?;
        Ok(Err(because))
    }

    /// Measures the service after a change. Whatever is not a measurement of this service on
    /// this path in this mode inside the limit is a reason to take the change back; so is a
    /// policy that does not want to measure.
    fn measure(
        &mut self,
        proposal: &Proposal,
        answer: &Value,
    ) -> Result<Result<Verified, String>, Error> {
        let applied: Applied = match read("apply_reroute", answer) {
            Ok(applied) => applied,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if applied.proposal != proposal.id || applied.mode != proposal.mode {
            let (id, mode) = (&applied.proposal, applied.mode.name());
            return Ok(Err(format!(
                "expected {} in {}, read back {id} in {mode}",
                proposal.id,
                proposal.mode.name()
            )));
        }
        let verified = self
            .step(ROW, "verify", "verify_service")
            .and_then(|answer| read::<Verified>("verify_service", &answer));
        Ok(match verified {
            Ok(verified) => inside(proposal, verified, self.task.pre_fec_ber_limit),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Takes a change back, whatever the policy thinks of it: if it does not decide on the
    /// rollback of this proposal, the run ends with the change in place and says so.
    fn take_back(&mut self, proposal: &Proposal) -> Result<(), Error> {
        let answer = match self.decide("rollback") {
            Decision::Call { tool, args, .. }
                if tool == "rollback" && args["proposal"] == proposal.id.as_str() =>
            {
                self.call(ROW, "rollback", args)?
            }
            other => {
                let expected = format!("the rollback of {}, which is not good", proposal.id);
                return Err(unexpected("rollback", &expected, &other));
            }
        };
        let back: Applied = read("rollback", &answer)?;
        if back.proposal == proposal.id && back.service == proposal.service {
            return Ok(());
        }
        Err(Error::BadAnswer {
            tool: "rollback".into(),
            expected: format!("{} of {}", proposal.id, proposal.service),
            found: format!("{} of {}", back.proposal, back.service),
        })
    }
}

/// Judges a measurement: of the proposed service, path and mode, with bits counted, and with
/// the upper end of the interval of its bit error ratio inside the limit.
fn inside(proposal: &Proposal, verified: Verified, limit: f64) -> Result<Verified, String> {
    let measured = (&verified.service, &verified.path, verified.mode);
    if measured != (&proposal.service, &proposal.path, proposal.mode) {
        return Err(format!(
            "expected a measurement of {} on {} in {}, found one of {} on {} in {}",
            proposal.service,
            proposal.path.join("-"),
            proposal.mode.name(),
            verified.service,
            verified.path.join("-"),
            verified.mode.name(),
        ));
    }
    let counted = match &verified.pre_fec_ber {
        Figure::Estimate(estimate) => estimate.n,
        Figure::NotMeasurable(bound) => bound.n.unwrap_or(0),
    };
    match verified.pre_fec_ber.high() {
        Some(high) if counted > 0 && (0.0..=limit).contains(&high) => Ok(verified),
        Some(high) if counted > 0 => Err(format!(
            "expected a pre-FEC BER of at most {limit:.1e}, measured up to {high:.1e}"
        )),
        _ => Err(format!(
            "expected a measured pre-FEC BER, found none: {}",
            verified
                .pre_fec_ber
                .reason()
                .unwrap_or("no bits were counted")
        )),
    }
}

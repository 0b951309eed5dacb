//! The default policy: rules, and no model.
//!
//! Every decision is a function of [`Situation::facts`]. The facts of the failure-management task
//! are the newest answer of each tool under the tool's name, and
//! - `incident`: the alarm that began it;
//! - `service`: the service that is being moved;
//! - `tried`: identifiers of its proposals that were applied or attempted;
//! - `downgraded`: true once only lower modes are asked for.

use etalon_types::{
    Decision, Localization, Policy, Proposal, Situation, TransmissionMode, Verdict,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answers::{Classified, Observed, Proposed, ServiceState};

/// Decides by rules: identify, classify, localize, go around every suspected link on the best
/// route that closes, measure, take back what is not good enough, try the next; when no PAM-4
/// route passes its measurement, ask again for NRZ alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulePolicy;

impl Policy for RulePolicy {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn decide(&self, step: &str, situation: &Situation) -> Decision {
        let decided = match step {
            "identify" => Ok(call(
                "observe_links",
                json!({}),
                "see which services are degraded",
            )),
            "classify" => classify(situation),
            "localize" => localize(situation),
            "propose" => propose(situation, &MODES, "find ways around the suspected links"),
            "downgrade" => downgrade(situation),
            "apply" => self.apply(situation),
            "verify" => verify(situation),
            "rollback" => rollback(situation),
            "mode" => Ok(Decision::Skip {
                because: "every service was measured good in 53g-pam4 on its new path".into(),
            }),
            other => Err(format!("there is no rule for step {other:?}")),
        };
        decided.unwrap_or_else(|because| Decision::Stop { because })
    }
}

/// Modes in the order of preference.
const MODES: [TransmissionMode; 2] = [TransmissionMode::Pam4At53G, TransmissionMode::NrzAt26G];

/// A decision, or why the task has to stop.
type Decided = Result<Decision, String>;

fn classify(situation: &Situation) -> Decided {
    let observed: Observed = fact(situation, "observe_links")?;
    let degraded: Vec<_> = observed
        .services
        .iter()
        .filter(|service| service.state == ServiceState::Degraded)
        .map(|service| service.service.clone())
        .collect();
    if degraded.is_empty() {
        return Err("no service is degraded".into());
    }
    Ok(call(
        "classify_links",
        json!({ "services": degraded }),
        "name what degrades them",
    ))
}

fn localize(situation: &Situation) -> Decided {
    let observed: Observed = fact(situation, "observe_links")?;
    let classified: Classified = fact(situation, "classify_links")?;
    let services: Vec<Value> = observed
        .services
        .iter()
        .map(|service| {
            let found = classified
                .classifications
                .iter()
                .find(|c| c.service == service.service);
            let kind = found.map(|c| c.classification.kind.name());
            match (service.state, kind) {
                (ServiceState::Degraded, Some(kind)) => {
                    json!({ "service": service.service, "state": "degraded", "kind": kind })
                }
                (ServiceState::Healthy, _) => {
                    json!({ "service": service.service, "state": "healthy" })
                }
                _ => json!({ "service": service.service, "state": "unknown" }),
            }
        })
        .collect();
    Ok(call(
        "localize",
        json!({ "services": services }),
        "find the link that they share",
    ))
}

fn propose(situation: &Situation, modes: &[TransmissionMode], because: &str) -> Decided {
    let localization: Localization = fact(situation, "localize")?;
    if !matches!(
        localization.verdict,
        Verdict::Localized | Verdict::Ambiguous
    ) {
        return Err(format!(
            "the failure is not localized: {:?}",
            localization.verdict
        ));
    }
    let failed: Vec<_> = localization
        .candidates
        .iter()
        .filter_map(|candidate| candidate.element.strip_prefix("link/"))
        .collect();
    if failed.is_empty() {
        return Err("no link is among the suspects".into());
    }
    let args = json!({
        "incident": fact::<String>(situation, "incident")?,
        "service": fact::<String>(situation, "service")?,
        "failed_links": failed,
        "modes": modes,
    });
    Ok(call("propose_reroute", args, because))
}

/// A lower mode is worth asking for only when PAM-4 routes were tried and measured too weak; when
/// there was no acceptable route at all, the lower mode was already among those asked for.
fn downgrade(situation: &Situation) -> Decided {
    if situation.facts.get("downgraded") == Some(&Value::Bool(true)) {
        return Err("the lower mode was tried and is not good enough either".into());
    }
    if fact::<Vec<String>>(situation, "tried")?.is_empty() {
        return Err("there is no acceptable route in any mode".into());
    }
    let because = "no route was measured good in 53g-pam4: lower the mode";
    propose(situation, &[TransmissionMode::NrzAt26G], because)
}

impl RulePolicy {
    fn apply(&self, situation: &Situation) -> Decided {
        let tried: Vec<String> = fact(situation, "tried")?;
        let next = match fact(situation, "propose_reroute")? {
            Proposed::NoAcceptableRoute { .. } => return Err("no acceptable route".into()),
            Proposed::Ranked { proposals } => proposals
                .into_iter()
                .find(|proposal| !tried.contains(&proposal.id)),
        };
        let Proposal {
            id,
            service,
            path,
            mode,
            gsnr_margin_db,
            ..
        } = next.ok_or("every proposal was tried")?;
        let args = json!({
            "proposal": id,
            "service": service,
            "approved_by": format!("policy/{}", self.name()),
        });
        let because = format!(
            "best route that is left: {} in {}, {gsnr_margin_db:.2} dB predicted",
            path.join("-"),
            mode.name()
        );
        Ok(call("apply_reroute", args, &because))
    }
}

fn verify(situation: &Situation) -> Decided {
    let service: String = fact(situation, "service")?;
    Ok(call(
        "verify_service",
        json!({ "service": service }),
        "measure the new path",
    ))
}

fn rollback(situation: &Situation) -> Decided {
    let tried: Vec<String> = fact(situation, "tried")?;
    let proposal = tried.last().ok_or("nothing was applied")?;
    let service: String = fact(situation, "service")?;
    let args = json!({ "proposal": proposal, "service": service });
    Ok(call(
        "rollback",
        args,
        "the new path is not good enough: back to what was before",
    ))
}

fn call(tool: &str, args: Value, because: &str) -> Decision {
    Decision::Call {
        tool: tool.to_owned(),
        args,
        because: because.to_owned(),
    }
}

fn fact<T: DeserializeOwned>(situation: &Situation, name: &str) -> Result<T, String> {
    let value = situation
        .facts
        .get(name)
        .ok_or_else(|| format!("fact {name} is missing"))?;
    T::deserialize(value).map_err(|error| format!("fact {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_facts_every_step_but_the_first_stops_with_a_reason() {
        let empty = Situation::default();
        for step in [
            "classify",
            "localize",
            "propose",
            "downgrade",
            "apply",
            "verify",
            "rollback",
        ] {
            match RulePolicy.decide(step, &empty) {
                Decision::Stop { because } => assert!(because.contains("missing"), "{because}"),
                other => panic!("{step}: {other:?}"),
            }
        }
        assert!(matches!(
            RulePolicy.decide("identify", &empty),
            Decision::Call { .. }
        ));
        assert!(matches!(
            RulePolicy.decide("dance", &empty),
            Decision::Stop { .. }
        ));
    }

    #[test]
    fn an_unlocalized_failure_is_not_rerouted() {
        let mut situation = Situation::default();
        for verdict in ["unknown", "not-localizable", "healthy", "sensor"] {
            let localization = json!({
                "schema": "etalon.localization/1", "verdict": verdict, "candidates": [], "missing": [],
            });
            situation.facts.insert("localize".into(), localization);
            assert!(matches!(
                RulePolicy.decide("propose", &situation),
                Decision::Stop { .. }
            ));
        }
    }
}

//! Walks through the four rows; one decision of the policy at a time.

use etalon_types::{Decision, FaultKind, Localization, Policy, Situation};
use serde_json::{Value, json};

use super::{Outcome, Restored, Run, Task3, plan};
use crate::Error;
use crate::answers::{Classified, Observed, ServiceState, read};
use crate::guard::{Declaration, Effect, Entry, Guard, ToolBox};
use crate::handoff::{Desk, Shape};
use crate::plan::PlanTable;

/// Who hands the rows to their owners.
const PLANNER: &str = "planner";

/// Where a run ended without an error.
pub(super) enum Ended {
    /// All rows are finished.
    Finished,
    /// No service was degraded.
    NothingToDo,
}

/// The state of a run.
pub(super) struct Runner<'a> {
    pub(super) task: &'a Task3,
    pub(super) guard: Guard<'a>,
    pub(super) situation: Situation,
    policy: &'a dyn Policy,
    plan: PlanTable,
    desk: Desk,
    restored: Vec<Restored>,
    degraded: Vec<String>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(task: &'a Task3, policy: &'a dyn Policy, tools: &'a mut dyn ToolBox) -> Self {
        // One handoff a row, and as many again for rows that are started over.
        let mut desk = Desk::new(8);
        desk.add("monitoring-agent", &[("incident", Shape::Text)]);
        desk.add(
            "diagnosis-agent",
            &[("incident", Shape::Text), ("services", Shape::List)],
        );
        desk.add(
            "network-agent",
            &[("incident", Shape::Text), ("services", Shape::List)],
        );
        let mut situation = Situation::default();
        situation
            .facts
            .insert("incident".into(), json!(task.incident));
        Self {
            task,
            guard: Guard::new(tools, task.max_calls),
            situation,
            policy,
            plan: plan(),
            desk,
            restored: Vec::new(),
            degraded: Vec::new(),
        }
    }

    pub(super) fn all_rows(&mut self) -> Result<Ended, Error> {
        if let Some(ended) = self.identify()? {
            return Ok(ended);
        }
        self.classify()?;
        self.reroute_all()?;
        self.lower_mode()?;
        self.plan.declare_done()?;
        Ok(Ended::Finished)
    }

    pub(super) fn into_run(self, ended: Result<Ended, Error>) -> Run {
        let outcome = match ended {
            Ok(Ended::Finished) => Outcome::Restored,
            Ok(Ended::NothingToDo) => Outcome::NothingToDo,
            Err(error) => Outcome::Stopped {
                because: error.to_string(),
            },
        };
        let is_restored = |service: &String| {
            self.restored
                .iter()
                .any(|restored| restored.measured.service == *service)
        };
        Run {
            outcome,
            policy: self.policy.name().to_owned(),
            completion_percent: self.plan.completion_percent(),
            not_restored: self
                .degraded
                .iter()
                .filter(|s| !is_restored(s))
                .cloned()
                .collect(),
            restored: self.restored,
            plan: self.plan,
            transcript: self.guard.into_transcript(),
        }
    }

    /// Row 1. A network without a degraded service ends the run.
    fn identify(&mut self) -> Result<Option<Ended>, Error> {
        self.begin(
            1,
            "say which services are degraded",
            json!({ "incident": self.task.incident }),
        )?;
        let answer = self.or_fail(1, |runner| runner.step(1, "identify", "observe_links"))?;
        let observed: Observed = self.or_fail(1, |_| read("observe_links", &answer))?;
        let degraded = observed
            .services
            .iter()
            .filter(|s| s.state == ServiceState::Degraded);
        self.degraded = degraded.map(|service| service.service.clone()).collect();
        if self.degraded.is_empty() {
            self.plan.fail(1, "no service is degraded")?;
            return Ok(Some(Ended::NothingToDo));
        }
        self.finish(1, json!({ "degraded": self.degraded, "observed": answer }))?;
        Ok(None)
    }

    /// Row 2. Every degraded service has an answer, and at least one of them names a fault.
    fn classify(&mut self) -> Result<(), Error> {
        let parameters = json!({ "incident": self.task.incident, "services": self.degraded });
        self.begin(2, "name what degrades these services", parameters)?;
        let answer = self.or_fail(2, |runner| runner.step(2, "classify", "classify_links"))?;
        let classified: Classified = self.or_fail(2, |_| read("classify_links", &answer))?;
        let classifications = &classified.classifications;
        let left_out: Vec<_> = self
            .degraded
            .iter()
            .filter(|service| !classifications.iter().any(|c| c.service == **service))
            .cloned()
            .collect();
        let named = classifications.iter().any(|c| {
            !matches!(
                c.classification.kind,
                FaultKind::Healthy | FaultKind::Unknown
            )
        });
        if !left_out.is_empty() || !named {
            return self.or_fail(2, |_| {
                Err(Error::BadAnswer {
                    tool: "classify_links".into(),
                    expected: "a classification of every degraded service, one of them a fault"
                        .into(),
                    found: if named {
                        format!("nothing for {}", left_out.join(", "))
                    } else {
                        "no fault that has a name".into()
                    },
                })
            });
        }
        self.finish(2, answer)
    }

    /// Row 3. Every degraded service is tried, even when one before it could not be moved.
    fn reroute_all(&mut self) -> Result<(), Error> {
        let services = self.degraded.clone();
        let parameters = json!({ "incident": self.task.incident, "services": services });
        self.begin(
            3,
            "move these services around the failure and measure them",
            parameters,
        )?;
        let answer = self.or_fail(3, |runner| runner.step(3, "localize", "localize"))?;
        self.or_fail(3, |_| read::<Localization>("localize", &answer))?;
        let mut reasons = Vec::new();
        for service in &services {
            match self.or_fail(3, |runner| runner.reroute(service))? {
                Ok(restored) => self.restored.push(restored),
                Err(because) => reasons.push(format!("{service}: {because}")),
            }
        }
        if !reasons.is_empty() {
            let (step, because) = ("reroute".to_owned(), reasons.join("; "));
            return self.or_fail(3, |_| Err(Error::Stopped { step, because }));
        }
        self.finish(
            3,
            json!({ "localization": answer, "restored": self.restored }),
        )
    }

    /// Row 4. The evidence that a mode was lowered is the measurement in that mode; that none had
    /// to be is the policy's to say, and it is not believed when one was.
    fn lower_mode(&mut self) -> Result<(), Error> {
        let lowered: Vec<_> = self
            .restored
            .iter()
            .filter(|r| r.is_downgraded())
            .cloned()
            .collect();
        if !lowered.is_empty() {
            let services: Vec<_> = lowered.iter().map(|r| r.measured.service.clone()).collect();
            let parameters = json!({ "incident": self.task.incident, "services": services });
            self.begin(
                4,
                "account for the services whose mode was lowered",
                parameters,
            )?;
            return self.finish(4, json!({ "downgraded": lowered }));
        }
        match self.decide("mode") {
            Decision::Skip { because } => self.plan.skip(4, &because),
            other => Err(unexpected(
                "mode",
                "to skip: every service runs in 53g-pam4",
                &other,
            )),
        }
    }

    /// Starts a row and hands it to its owner.
    fn begin(&mut self, row: usize, query: &str, parameters: Value) -> Result<(), Error> {
        self.plan.start(row, parameters.clone())?;
        let owner = self.plan.rows()[row - 1].owner.clone();
        let greeting = format!("{PLANNER} to {owner}, row {row}");
        let handoff = json!({ "greeting": greeting, "query": query, "parameters": parameters });
        let passed = self.desk.pass(PLANNER, &owner, &handoff.to_string());
        self.guard.write(Entry::HandedOff {
            from: PLANNER.into(),
            to: owner,
            handoff,
        });
        self.or_fail(row, |_| passed.map(|_| ()).map_err(Error::Handoff))
    }

    fn finish(&mut self, row: usize, evidence: Value) -> Result<(), Error> {
        self.plan.finish(row, evidence)?;
        self.situation
            .finished
            .push(self.plan.rows()[row - 1].goal.clone());
        Ok(())
    }

    /// Runs a part of a row; an error is also written into the row.
    fn or_fail<T>(
        &mut self,
        row: usize,
        part: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = part(self);
        if let Err(error) = &result {
            self.plan.fail(row, &error.to_string())?;
        }
        result
    }

    /// Asks the policy and writes down what it says.
    pub(super) fn decide(&mut self, step: &str) -> Decision {
        let decision = self.policy.decide(step, &self.situation);
        let (what, because) = match &decision {
            Decision::Call { tool, because, .. } => (format!("call {tool}"), because),
            Decision::Skip { because } => ("skip".into(), because),
            Decision::Stop { because } => ("stop".into(), because),
        };
        let (step, because) = (step.to_owned(), because.clone());
        self.guard.write(Entry::Decided {
            step,
            decision: what,
            because,
        });
        decision
    }

    /// Asks the policy for a step that must call one tool, and calls it.
    pub(super) fn step(&mut self, row: usize, step: &str, tool: &str) -> Result<Value, Error> {
        match self.decide(step) {
            Decision::Call {
                tool: chosen, args, ..
            } if chosen == tool => self.call(row, tool, args),
            Decision::Stop { because } => Err(Error::Stopped {
                step: step.to_owned(),
                because,
            }),
            other => Err(unexpected(step, &format!("a call of {tool}"), &other)),
        }
    }

    /// Declares where that is needed, calls, and keeps the answer as a fact.
    pub(super) fn call(&mut self, row: usize, tool: &str, args: Value) -> Result<Value, Error> {
        let of = &self.plan.rows()[row - 1];
        let call = Declaration {
            agent: of.owner.clone(),
            goal: of.goal.clone(),
            tool: tool.to_owned(),
            args,
        };
        if self.guard.effect(tool) == Some(Effect::Acts) {
            self.guard.declare(call.clone());
        }
        let answer = self.guard.call(&call)?;
        self.situation.facts.insert(tool.to_owned(), answer.clone());
        Ok(answer)
    }
}

/// An error for a decision that its step does not allow.
pub(super) fn unexpected(step: &str, expected: &str, decision: &Decision) -> Error {
    let found = match decision {
        Decision::Call { tool, .. } => format!("a call of {tool}"),
        Decision::Skip { because } => format!("skip: {because}"),
        Decision::Stop { because } => {
            return Error::Stopped {
                step: step.to_owned(),
                because: because.clone(),
            };
        }
    };
    Error::BadDecision {
        step: step.to_owned(),
        expected: expected.to_owned(),
        found,
    }
}

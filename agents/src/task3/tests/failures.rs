//! What goes wrong: a stuck switch, a refusal, errors, a policy that goes astray.

use super::*;

#[test]
fn a_stuck_switch_is_rolled_back_and_the_next_candidate_tried() {
    let stuck = ToolError::Failed {
        tool: "apply_reroute".into(),
        reason: "switch-1: set input 1 to output 3, read back input 1 to output 2".into(),
    };
    let (run, _) = play(
        localized()
            .says(
                "propose_reroute",
                ranked(&[proposal("p-1", NORTH, PAM4), proposal("p-2", SOUTH, PAM4)]),
            )
            .with("apply_reroute", Err(stuck))
            .says("rollback", changed("p-1", PAM4))
            .says("apply_reroute", changed("p-2", PAM4))
            .says("verify_service", measured(SOUTH, PAM4, ber(2e-5))),
    );
    assert_eq!(run.outcome, Outcome::Restored);
    assert_eq!(run.restored[0].proposal, "p-2");
}

#[test]
fn a_rollback_that_fails_ends_the_run_at_once() {
    let broken = |tool: &str| ToolError::Failed {
        tool: tool.into(),
        reason: "dead line".into(),
    };
    let (run, script) = play(
        localized()
            .says(
                "propose_reroute",
                ranked(&[proposal("p-1", NORTH, PAM4), proposal("p-2", SOUTH, PAM4)]),
            )
            .with("apply_reroute", Err(broken("apply_reroute")))
            .with("rollback", Err(broken("rollback"))),
    );
    assert!(
        stopped(&run).contains("rollback: dead line"),
        "{}",
        stopped(&run)
    );
    assert_eq!(script.called("apply_reroute").len(), 1);
}

#[test]
fn a_refusal_moves_nothing_and_is_not_rolled_back() {
    let refused = ToolError::Refused {
        tool: "apply_reroute".into(),
        reason: "output port busy".into(),
    };
    let (run, script) = play(
        localized()
            .says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]))
            .with("apply_reroute", Err(refused))
            .says(
                "propose_reroute",
                json!({ "outcome": "no-acceptable-route", "rejected": [] }),
            ),
    );
    assert!(
        stopped(&run).contains("no acceptable route"),
        "{}",
        stopped(&run)
    );
    assert!(script.called("rollback").is_empty());
}

#[test]
fn what_was_not_measured_is_not_called_restored() {
    let none_counted = json!({ "value": null, "reason": "no bits", "high": 0.0, "n": 0 });
    let mut other_service = measured(NORTH, PAM4, ber(1e-6));
    other_service["service"] = json!("svc-2");
    for answer in [
        measured(NORTH, PAM4, no_figure()),
        measured(NORTH, PAM4, none_counted),
        // The value is inside the limit; the upper end of its interval is not.
        measured(NORTH, PAM4, ber(2.3e-4)),
        measured(SOUTH, PAM4, ber(1e-6)),
        measured(NORTH, NRZ, ber(1e-6)),
        other_service,
        json!({ "restored": true }),
        json!("restored"),
    ] {
        let (run, _) = play(
            localized()
                .says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]))
                .says("apply_reroute", changed("p-1", PAM4))
                .says("verify_service", answer.clone())
                .says("rollback", changed("p-1", PAM4))
                .says(
                    "propose_reroute",
                    json!({ "outcome": "no-acceptable-route" }),
                ),
        );
        assert!(run.restored.is_empty(), "{answer}");
        assert!(matches!(run.outcome, Outcome::Stopped { .. }), "{answer}");
    }
}

#[test]
fn an_error_of_any_tool_stops_the_run_and_is_visible() {
    for (tools, percent) in [
        (vec![], 0.0),
        (vec!["observe_links"], 25.0),
        (vec!["observe_links", "classify_links"], 50.0),
    ] {
        let mut script = localized();
        script.replies.retain(|tool, _| tools.contains(tool));
        let (run, _) = play(script);
        assert!(stopped(&run).contains("not scripted"), "{}", stopped(&run));
        assert_eq!(run.completion_percent, percent);
        assert_eq!(
            run.plan
                .rows()
                .iter()
                .filter(|row| row.status == Failed)
                .count(),
            1
        );
        assert!(
            run.transcript
                .iter()
                .any(|entry| matches!(entry, Entry::Failed { .. }))
        );
    }
}

#[test]
fn a_healthy_network_is_left_alone() {
    let (run, script) = play(Script::default().says(
        "observe_links",
        json!({ "services": [{ "service": "svc-1", "state": "healthy", "pre_fec_ber": ber(1e-6) }] }),
    ));
    assert_eq!(
        (run.outcome, run.completion_percent),
        (Outcome::NothingToDo, 0.0)
    );
    assert_eq!(script.calls.len(), 1);
}

#[test]
fn a_failure_without_a_name_or_a_place_is_not_rerouted() {
    let mut unnamed = localized();
    unnamed.replies.remove("localize");
    unnamed.replies.get_mut("classify_links").unwrap()[0] = Ok(json!({ "classifications": [{
        "service": "svc-1", "kind": "unknown", "confidence": 0.4, "alternatives": [],
        "evidence": [] }] }));
    let (run, _) = play(unnamed);
    assert_eq!(run.completion_percent, 25.0);
    let mut unplaced = localized();
    unplaced.replies.get_mut("localize").unwrap()[0] = Ok(json!({
        "schema": "etalon.localization/1", "verdict": "unknown", "candidates": [], "missing": [] }));
    let (run, script) = play(unplaced);
    assert!(stopped(&run).contains("not localized"), "{}", stopped(&run));
    assert!(script.called("propose_reroute").is_empty());
}

#[test]
fn the_calls_are_limited_and_never_run_out_between_apply_and_rollback() {
    for max_calls in 0..8 {
        let mut script = localized()
            .says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]))
            .says("apply_reroute", changed("p-1", PAM4))
            .says("verify_service", measured(NORTH, PAM4, ber(5e-3)))
            .says("rollback", changed("p-1", PAM4));
        let task = Task3 {
            max_calls,
            ..Task3::new("alarm-1")
        };
        let run = run(&task, &RulePolicy, &mut script);
        assert!(stopped(&run).contains("tool calls"), "{}", stopped(&run));
        assert!(script.calls.len() <= max_calls);
        assert_eq!(
            script.called("apply_reroute").len(),
            script.called("rollback").len()
        );
    }
}

/// A policy that answers one step in its own way and leaves the rest to the rules.
struct Odd(&'static str, Decision);

impl Policy for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }
    fn decide(&self, step: &str, situation: &Situation) -> Decision {
        if step == self.0 {
            self.1.clone()
        } else {
            RulePolicy.decide(step, situation)
        }
    }
}

#[test]
fn a_policy_that_goes_astray_changes_nothing_it_may_not() {
    let because = || "because I say so".to_owned();
    let call = |tool: &str, args: Value| Decision::Call {
        tool: tool.into(),
        args,
        because: because(),
    };
    let skip = || Decision::Skip { because: because() };
    for (step, decision) in [
        // Premature done, at every step that has to be proven.
        ("identify", skip()),
        ("classify", skip()),
        ("localize", skip()),
        ("propose", skip()),
        ("apply", skip()),
        // The wrong tool, one that acts among them, and one that there is not.
        (
            "identify",
            call(
                "apply_reroute",
                json!({ "proposal": "p-1", "service": "svc-1" }),
            ),
        ),
        ("localize", call("rollback", json!({}))),
        ("propose", call("dream", json!({}))),
        // A proposal that nobody made, and one for another service.
        (
            "apply",
            call(
                "apply_reroute",
                json!({ "proposal": "p-9", "service": "svc-1" }),
            ),
        ),
        (
            "apply",
            call(
                "apply_reroute",
                json!({ "proposal": "p-1", "service": "svc-2" }),
            ),
        ),
        ("apply", call("apply_reroute", json!({}))),
    ] {
        let mut script =
            localized().says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]));
        let run = run(&Task3::new("alarm-1"), &Odd(step, decision), &mut script);
        assert!(stopped(&run).contains(step), "{step}: {}", stopped(&run));
        assert!(script.called("apply_reroute").is_empty() && script.called("rollback").is_empty());
        assert!(run.plan.declare_done().is_err() && run.completion_percent <= 50.0);
    }
}

#[test]
fn a_policy_that_will_not_measure_gets_its_change_taken_back() {
    let skip = Decision::Skip {
        because: "it is surely fine".into(),
    };
    let mut script = localized()
        .says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]))
        .says("apply_reroute", changed("p-1", PAM4))
        .says("rollback", changed("p-1", PAM4))
        .says(
            "propose_reroute",
            json!({ "outcome": "no-acceptable-route" }),
        );
    let run = run(&Task3::new("alarm-1"), &Odd("verify", skip), &mut script);
    assert!(run.restored.is_empty() && matches!(run.outcome, Outcome::Stopped { .. }));
    assert_eq!(script.called("rollback").len(), 1);
}

#[test]
fn every_degraded_service_is_moved_and_one_that_cannot_be_does_not_stop_the_others() {
    let mut script = localized();
    let degraded =
        |id: &str| json!({ "service": id, "state": "degraded", "pre_fec_ber": ber(3e-3) });
    script.replies.get_mut("observe_links").unwrap()[0] =
        Ok(json!({ "services": [degraded("svc-0"), degraded("svc-1")] }));
    let classified = |id: &str| {
        json!({ "service": id, "kind": "mpi", "confidence": 0.9, "alternatives": [],
            "evidence": [] })
    };
    script.replies.get_mut("classify_links").unwrap()[0] =
        Ok(json!({ "classifications": [classified("svc-0"), classified("svc-1")] }));
    let (run, script) = play(
        script
            .says(
                "propose_reroute",
                json!({ "outcome": "no-acceptable-route" }),
            )
            .says("propose_reroute", ranked(&[proposal("p-1", NORTH, PAM4)]))
            .says("apply_reroute", changed("p-1", PAM4))
            .says("verify_service", measured(NORTH, PAM4, ber(1e-5))),
    );
    assert!(stopped(&run).contains("svc-0"), "{}", stopped(&run));
    assert_eq!(run.not_restored, ["svc-0"]);
    assert_eq!(run.restored.len(), 1);
    assert_eq!(script.called("propose_reroute").len(), 2);
}

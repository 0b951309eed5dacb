use proptest::prelude::*;

use super::*;

fn connect(input: u32, output: u32) -> Action {
    let circuit = Circuit {
        input: SwitchPort(input),
        output: SwitchPort(output),
    };
    Action::Connect {
        instrument: "switch".into(),
        circuit,
    }
}

fn mode(mode: TransmissionMode) -> Action {
    Action::SetMode {
        instrument: "module".into(),
        mode,
    }
}

fn envelope() -> Envelope {
    let mut envelope = Envelope::default();
    envelope.allow("switch", Limits::switch(1..=4, 5..=8));
    envelope.allow("module", Limits::transceiver([TransmissionMode::Pam4At53G]));
    envelope
}

fn approval(actions: &[Action]) -> Approval {
    Approval {
        proposal: "p-1".into(),
        by: "policy/rules".into(),
        actions: actions.to_vec(),
        given_s: 100,
        expires_s: 200,
    }
}

#[test]
fn an_approved_action_inside_the_envelope_is_permitted() {
    for action in [
        connect(1, 5),
        connect(4, 8),
        mode(TransmissionMode::Pam4At53G),
    ] {
        let permit = permit(
            &envelope(),
            &action,
            &approval(std::slice::from_ref(&action)),
            150,
        )
        .unwrap();
        assert_eq!(permit.action(), &action);
        assert_eq!(permit.approved_by(), "policy/rules");
    }
}

#[test]
fn outside_the_envelope_no_approval_helps() {
    let refused = |action: &Action| match permit(
        &envelope(),
        action,
        &approval(std::slice::from_ref(action)),
        150,
    )
    .unwrap_err()
    {
        Error::OutOfEnvelope { quantity, .. } => quantity,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&connect(5, 5)), "input port");
    assert_eq!(refused(&connect(0, 5)), "input port");
    assert_eq!(refused(&connect(1, 4)), "output port");
    assert_eq!(refused(&mode(TransmissionMode::NrzAt26G)), "mode");
    let circuit = Circuit {
        input: SwitchPort(1),
        output: SwitchPort(5),
    };
    for instrument in ["module", "nowhere"] {
        let wrong = Action::Connect {
            instrument: instrument.into(),
            circuit,
        };
        assert_eq!(refused(&wrong), "instrument");
    }
}

#[test]
fn a_busy_output_belongs_to_the_input_that_holds_it() {
    let mut envelope = envelope();
    let held = Circuit {
        input: SwitchPort(2),
        output: SwitchPort(6),
    };
    envelope.observe_circuits("switch", &[held]).unwrap();
    let ask = |action: Action| {
        permit(
            &envelope,
            &action,
            &approval(std::slice::from_ref(&action)),
            150,
        )
    };
    assert!(matches!(
        ask(connect(1, 6)),
        Err(Error::OutOfEnvelope {
            quantity: "output port",
            ..
        })
    ));
    assert!(ask(connect(2, 6)).is_ok());
    assert!(ask(connect(2, 7)).is_ok());
    assert!(envelope.observe_circuits("module", &[]).is_err());
}

#[test]
fn an_approval_covers_only_what_it_names_and_while_it_holds() {
    let action = connect(1, 5);
    let lack = |approval: &Approval, now_s| match permit(&envelope(), &action, approval, now_s)
        .unwrap_err()
    {
        Error::NotApproved { lack, .. } => lack,
        other => panic!("{other}"),
    };
    let right = approval(std::slice::from_ref(&action));
    assert!(permit(&envelope(), &action, &right, 100).is_ok());
    assert!(permit(&envelope(), &action, &right, 199).is_ok());
    assert_eq!(
        lack(&right, 200),
        Lack::Expired {
            expired_s: 200,
            now_s: 200
        }
    );
    assert_eq!(
        lack(&right, 99),
        Lack::FromTheFuture {
            given_s: 100,
            now_s: 99
        }
    );
    assert_eq!(
        lack(&approval(&[connect(1, 6)]), 150),
        Lack::NotCovered { covered: 1 }
    );
    assert_eq!(lack(&approval(&[]), 150), Lack::NotCovered { covered: 0 });
    for by in ["", "rules", "person/", "person/ ", "someone/rules"] {
        let nobody = Approval {
            by: by.into(),
            ..right.clone()
        };
        assert_eq!(lack(&nobody, 150), Lack::NoAuthor { found: by.into() });
    }
}

proptest! {
    #[test]
    fn prop_a_permit_needs_everything_at_once(
        input in 0u32..10, output in 0u32..10, covered in any::<bool>(),
        given_s in 0u64..300, expires_s in 0u64..300, now_s in 0u64..300,
    ) {
        let action = connect(input, output);
        let other = connect(input, output + 1);
        let actions = vec![if covered { action.clone() } else { other }];
        let approval = Approval { given_s, expires_s, ..approval(&actions) };
        let expected = (1..=4).contains(&input)
            && (5..=8).contains(&output)
            && covered
            && (given_s..expires_s).contains(&now_s);
        prop_assert_eq!(permit(&envelope(), &action, &approval, now_s).is_ok(), expected);
    }
}

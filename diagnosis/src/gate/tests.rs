use proptest::prelude::*;

use super::*;

fn says(kind: FaultKind) -> Classification {
    Classification {
        kind,
        confidence: 0.9,
        alternatives: vec![],
        evidence: vec![],
    }
}

/// Plays (time in s, kind) for one resource; returns (time, step, class).
fn play(hold_off: HoldOff, script: &[(f64, FaultKind)]) -> Vec<(f64, Step, FaultKind)> {
    let mut gate = Gate::new(hold_off).unwrap();
    let mut out = Vec::new();
    for &(time_s, kind) in script {
        let classification = says(kind);
        let observation = Observation::new("path/a", &classification, time_s);
        for transition in gate.observe(&observation).unwrap() {
            out.push((time_s, transition.step, transition.alarm(0).class));
        }
    }
    out
}

use FaultKind::{Healthy, LowPower, Mpi};

#[test]
fn ref_dedup_key_is_fnv_1a() {
    // Hand-written from the definition in another language:
    // python3 -c 'h=0xcbf29ce484222325
    // for b in b"link/2-4\0mpi": h=((h^b)*0x100000001b3)%2**64
    // print("%016x"%h)'
    assert_eq!(dedup_key("link/2-4", Mpi), "a19328bd5033822d");
    assert_ne!(dedup_key("link/2-4", Mpi), dedup_key("link/2-4", LowPower));
    assert_ne!(dedup_key("link/2-4", Mpi), dedup_key("link/2-5", Mpi));
}

#[test]
fn a_fault_is_raised_after_the_hold_off_and_cleared_after_the_other() {
    let script = [
        (0.0, Mpi),
        (1.0, Mpi),
        (2.5, Mpi),
        (3.0, Mpi),
        (4.0, Healthy),
        (13.9, Healthy),
        (14.0, Healthy),
        (15.0, Healthy),
    ];
    let out = play(HoldOff::default(), &script);
    assert_eq!(out, [(2.5, Step::Raised, Mpi), (14.0, Step::Cleared, Mpi)]);
}

#[test]
fn a_flicker_raises_nothing_and_a_relapse_restarts_the_clearing() {
    let flicker: Vec<_> = (0..40)
        .map(|n| (f64::from(n), if n % 2 == 0 { Mpi } else { Healthy }))
        .collect();
    assert_eq!(play(HoldOff::default(), &flicker), []);
    let relapse = [
        (0.0, Mpi),
        (3.0, Mpi),
        (4.0, Healthy),
        (13.0, Mpi),
        (14.0, Healthy),
        (23.0, Healthy),
    ];
    assert_eq!(
        play(HoldOff::default(), &relapse),
        [(3.0, Step::Raised, Mpi)]
    );
}

#[test]
fn the_bench_raises_at_first_sight() {
    let out = play(HoldOff::BENCH, &[(7.0, Mpi), (8.0, Healthy)]);
    assert_eq!(out, [(7.0, Step::Raised, Mpi), (8.0, Step::Cleared, Mpi)]);
}

#[test]
fn two_classes_of_one_resource_are_two_alarms_and_clear_together() {
    let out = play(
        HoldOff::BENCH,
        &[(0.0, Mpi), (1.0, LowPower), (2.0, Healthy)],
    );
    assert_eq!(out.len(), 4);
    assert_eq!(
        out[2..],
        [(2.0, Step::Cleared, Mpi), (2.0, Step::Cleared, LowPower)]
    );
}

#[test]
fn the_record_says_what_was_seen() {
    let mut gate = Gate::new(HoldOff::default()).unwrap();
    let mpi = says(Mpi);
    gate.observe(&Observation::new("path/a", &mpi, 1e9))
        .unwrap();
    let late = Observation {
        simulated: true,
        ..Observation::new("path/a", &mpi, 1e9 + 5.0)
    };
    let raised = gate.observe(&late).unwrap()[0].alarm(41);
    assert_eq!((raised.seq, raised.count, raised.simulated), (41, 2, true));
    assert_eq!(raised.first_seen, "2001-09-09T01:46:40.000Z");
    assert_eq!(
        raised.raised_at.as_deref(),
        Some("2001-09-09T01:46:45.000Z")
    );
    assert_eq!(
        (raised.state, raised.severity),
        (AlarmState::Raised, Mpi.severity())
    );
    assert!(!raised.recommended.is_empty() && raised.cleared_at.is_none());
    gate.observe(&Observation::new("path/a", &mpi, 1e9 + 6.0))
        .unwrap();
    assert_eq!(gate.standing()[0].count, 3);
    assert_eq!(gate.standing()[0].id, raised.id);
    let healthy = says(Healthy);
    gate.observe(&Observation::new("path/a", &healthy, 1e9 + 7.0))
        .unwrap();
    let cleared = gate
        .observe(&Observation::new("path/a", &healthy, 1e9 + 17.0))
        .unwrap();
    let cleared = cleared[0].alarm(42);
    assert_eq!(
        (cleared.id, cleared.dedup_key),
        (raised.id, raised.dedup_key)
    );
    assert_eq!(cleared.severity, etalon_types::Severity::Cleared);
    assert!(cleared.cleared_at.is_some() && gate.standing().is_empty());
}

#[test]
fn impossible_times_are_refused() {
    let mpi = says(Mpi);
    let mut gate = Gate::new(HoldOff::BENCH).unwrap();
    for time_s in [f64::NAN, f64::INFINITY, -1.0, 1e12] {
        let refused = gate.observe(&Observation::new("path/a", &mpi, time_s));
        assert!(matches!(refused, Err(Error::Time { .. })), "{time_s}");
    }
    assert!(gate.standing().is_empty());
    assert!(
        Gate::new(HoldOff {
            raise_s: f64::NAN,
            clear_s: 0.0
        })
        .is_err()
    );
    assert!(
        Gate::new(HoldOff {
            raise_s: 0.0,
            clear_s: -1.0
        })
        .is_err()
    );
}

proptest! {
    #[test]
    fn prop_an_alarm_never_flaps_inside_its_hold_offs(
        steps in proptest::collection::vec((0.0..4.0f64, 0usize..3), 1..80),
        raise_s in 0.5..5.0f64, clear_s in 0.5..12.0f64,
    ) {
        let mut time_s = 0.0;
        let script: Vec<_> = steps
            .iter()
            .map(|&(wait_s, kind)| {
                time_s += wait_s;
                (time_s, [Healthy, Mpi, LowPower][kind])
            })
            .collect();
        let out = play(HoldOff { raise_s, clear_s }, &script);
        for class in [Mpi, LowPower] {
            let own: Vec<_> = out.iter().filter(|(_, _, of)| *of == class).collect();
            for pair in own.windows(2) {
                // Raised and cleared take turns, and each waits for its own hold-off.
                prop_assert_ne!(pair[0].1, pair[1].1);
                let wait = if pair[1].1 == Step::Raised { raise_s } else { clear_s };
                prop_assert!(pair[1].0 - pair[0].0 >= wait - 1e-9);
            }
            if let Some((_, step, _)) = own.first() {
                prop_assert_eq!(*step, Step::Raised);
            }
            for &&(at, step, _) in &own {
                // Nothing of the other kind may stand in the window that decided.
                let (wait, against) =
                    if step == Step::Raised { (raise_s, Healthy) } else { (clear_s, class) };
                let window = script.iter().filter(|(t, _)| *t > at - wait + 1e-9 && *t <= at);
                prop_assert!(window.clone().all(|(_, kind)| *kind != against));
            }
        }
    }

    #[test]
    fn prop_a_burst_gives_the_same_alarms_in_any_order(
        burst in proptest::collection::vec((0.0..4.0f64, 0usize..3, 0usize..3), 1..60)
            .prop_flat_map(|burst| (Just(burst.clone()), Just(burst).prop_shuffle())),
        raise_s in 0.0..3.0f64,
    ) {
        let standing = |burst: &[(f64, usize, usize)]| {
            let mut gate = Gate::new(HoldOff { raise_s, clear_s: 10.0 }).unwrap();
            let mut raised = 0;
            for &(time_s, resource, kind) in burst {
                let classification = says([Mpi, LowPower, FaultKind::Bandwidth][kind]);
                let name = ["path/a", "path/b", "link/1-2"][resource];
                let observation = Observation::new(name, &classification, time_s);
                raised += gate.observe(&observation).unwrap().len();
            }
            let alarms = gate.standing();
            assert_eq!(raised, alarms.len(), "one transition per alarm, whatever the duplicates");
            // When it was raised depends on when the news came; nothing else does.
            alarms.into_iter().map(|a| Alarm { raised_at: None, ..a }).collect::<Vec<_>>()
        };
        prop_assert_eq!(standing(&burst.0), standing(&burst.1));
    }
}

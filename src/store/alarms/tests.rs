use etalon_types::FaultKind;
use etalon_types::alarm::{AlarmLocation, Severity};

use super::*;

fn alarm(resource: &str, state: AlarmState, id: &str) -> Alarm {
    Alarm {
        schema: "etalon.alarm/1".into(),
        id: id.into(),
        seq: 0,
        dedup_key: format!("{resource}|mpi"),
        resource: resource.into(),
        class: FaultKind::Mpi,
        severity: Severity::Major,
        state,
        confidence: 0.75,
        alternatives: vec![],
        first_seen: "2026-01-01T00:00:00Z".into(),
        last_seen: "2026-01-01T00:00:01Z".into(),
        count: 3,
        raised_at: None,
        cleared_at: None,
        caused_by: None,
        location: AlarmLocation {
            span: Some("2-4".into()),
            distance_m: Some(10.25),
            low_m: None,
            high_m: None,
        },
        evidence: vec![],
        metrics: BTreeMap::new(),
        recommended: vec![],
        simulated: true,
        versions: BTreeMap::new(),
    }
}

fn open(path: &Path) -> AlarmStore {
    AlarmStore::open(path, Patience::None).unwrap()
}

#[test]
fn the_state_is_the_same_after_every_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.jsonl");
    let steps = [
        ("link/2-4", AlarmState::Pending),
        ("link/2-4", AlarmState::Raised),
        ("link/1-2", AlarmState::Raised),
        ("link/2-4", AlarmState::Cleared),
        ("link/1-2", AlarmState::Acknowledged),
    ];
    let mut together = AlarmBook::default();
    for (i, (resource, state)) in steps.into_iter().enumerate() {
        let mut store = open(&path);
        assert_eq!(store.book(), &together);
        let stored = store.append("t", alarm(resource, state, "")).unwrap();
        assert_eq!(stored.seq, i as u64 + 1);
        together.note(stored);
    }
    let book = AlarmBook::read(&path).unwrap();
    assert_eq!(book, together);
    let now: Vec<_> = book
        .all()
        .map(|a| (a.resource.as_str(), a.state, a.seq))
        .collect();
    let expected = [
        ("link/1-2", AlarmState::Acknowledged, 5),
        ("link/2-4", AlarmState::Cleared, 4),
    ];
    assert_eq!(now, expected);
    assert_eq!(book.open_alarms().count(), 1);
}

#[test]
fn an_incident_keeps_its_id_until_it_is_cleared_and_the_next_one_gets_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.jsonl");
    let mut ids = Vec::new();
    for state in [
        AlarmState::Raised,
        AlarmState::Acknowledged,
        AlarmState::Cleared,
    ] {
        ids.push(
            open(&path)
                .append("t", alarm("link/2-4", state, ""))
                .unwrap()
                .id,
        );
    }
    assert!(
        ids.iter().all(|id| *id == ids[0] && id.starts_with("alm-")),
        "{ids:?}"
    );
    let next = open(&path)
        .append("t", alarm("link/2-4", AlarmState::Raised, ""))
        .unwrap();
    assert_ne!(next.id, ids[0]);
    let store = open(&path);
    assert_eq!(store.book().by_id(&next.id), Some(&next));
    assert_eq!(
        store.book().by_id(&ids[0]),
        None,
        "no longer the latest of its key"
    );
}

#[test]
fn a_new_incident_keeps_the_id_it_comes_with_unless_that_was_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("alarms.jsonl"));
    let raise = |store: &mut AlarmStore, resource, id| {
        store
            .append("t", alarm(resource, AlarmState::Raised, id))
            .unwrap()
            .id
    };
    assert_eq!(raise(&mut store, "link/2-4", "mine"), "mine");
    assert_eq!(raise(&mut store, "link/2-4", "other"), "mine");
    assert_ne!(raise(&mut store, "link/1-2", "mine"), "mine");
}

#[test]
fn since_gives_exactly_the_later_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.jsonl");
    assert_eq!(since(&path, 0).unwrap(), []);
    let mut store = open(&path);
    for resource in ["a", "b", "c"] {
        store
            .append("t", alarm(resource, AlarmState::Raised, ""))
            .unwrap();
    }
    for seq in 0..5 {
        let found: Vec<u64> = store.since(seq).unwrap().iter().map(|a| a.seq).collect();
        assert_eq!(found, (seq + 1..=3).collect::<Vec<_>>());
    }
}

#[test]
fn an_alarm_that_could_not_be_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.jsonl");
    let mut store = open(&path);
    let bad = Alarm {
        confidence: f64::NAN,
        ..alarm("a", AlarmState::Raised, "")
    };
    assert!(matches!(
        store.append("t", bad),
        Err(StoreError::Value { .. })
    ));
    assert_eq!(
        store
            .append("t", alarm("a", AlarmState::Raised, ""))
            .unwrap()
            .seq,
        1
    );
    drop(store);
    open(&path);
}

#[test]
fn another_streams_file_is_refused_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut journal = Journal::open(&path, Durability::EachAppend, Patience::None).unwrap();
    journal.append("t", "approved", &1).unwrap();
    drop(journal);
    let read = AlarmBook::read(&path).unwrap_err();
    let opened = AlarmStore::open(&path, Patience::None).unwrap_err();
    for error in [read, opened] {
        assert!(
            matches!(error, StoreError::Foreign { seq: 1, .. }),
            "{error}"
        );
    }
}

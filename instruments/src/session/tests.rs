use std::time::Duration;

use super::*;
use crate::transport::End;
use crate::transport::dialogue::{Dialogue, Turn};

const WIRE: Wire = Wire {
    patience: Duration::from_millis(20),
    silence: Duration::from_millis(1),
    ..Wire::SCPI
};

const WHO: &str = "ETALON,SIM,1,0";

fn written(text: &str) -> Turn {
    Turn::Written(format!("{text}\n").into_bytes())
}

fn told(text: &str) -> Turn {
    Turn::Read(format!("{text}\n").into_bytes(), End::Open)
}

/// The turns of an instrument that says twice who it is, and these.
fn known(turns: &[Turn]) -> Dialogue {
    let twice = [written("*IDN?"), told(WHO), written("*IDN?"), told(WHO)];
    Dialogue::new(twice.into_iter().chain(turns.iter().cloned()))
}

fn open(turns: &[Turn]) -> Session {
    Session::open(Box::new(known(turns)), WIRE).expect("it says who it is")
}

#[test]
fn a_session_asks_and_tells() {
    let dialogue = known(&[written("A 1"), written("A?"), told("1")]);
    let rest = dialogue.rest();
    let session = Session::open(Box::new(dialogue), WIRE).unwrap();
    assert_eq!(session.identity(), WHO);
    let session = session.tell("A 1", None).unwrap();
    let (answer, _session) = session.ask("A?", Until::Line, None).unwrap();
    assert_eq!(answer, b"1");
    assert_eq!(rest.left_over(), []);
}

#[test]
fn a_lost_answer_ends_the_session_and_the_late_one_is_never_taken() {
    let session = open(&[written("SLOW?"), Turn::Silence]);
    let lost = session.ask("SLOW?", Until::Line, None).unwrap_err();
    assert!(lost.error.is_timeout(), "{}", lost.error);
    // The late answer is there when the line is made anew: it is not who the instrument is.
    let mut tries = 0;
    let late = Dialogue::new([written("*IDN?"), told("42"), told(WHO)]);
    let mut late = Some(late);
    let again = lost.stale.recover(
        &mut |_| {
            tries += 1;
            Ok(Box::new(late.take().expect("once")))
        },
        Duration::from_millis(100),
    );
    let lost = again.unwrap_err();
    assert!(!lost.error.is_timeout(), "{}", lost.error);
    assert_eq!(lost.stale.identity(), Some(WHO));
    let session = lost
        .stale
        .recover(
            &mut |_| Ok(Box::new(known(&[written("B?"), told("2")]))),
            Duration::from_millis(100),
        )
        .unwrap();
    let (answer, _) = session.ask("B?", Until::Line, None).unwrap();
    assert_eq!((answer.as_slice(), tries), (&b"2"[..], 1));
}

#[test]
fn a_late_answer_that_is_the_identity_itself_is_seen() {
    let session = open(&[written("*IDN?"), Turn::Silence]);
    let lost = session.ask("*IDN?", Until::Line, None).unwrap_err();
    // The old answer comes first, and the new one into the silence behind it.
    let late = Dialogue::new([written("*IDN?"), told(WHO), told(WHO)]);
    let mut late = Some(late);
    let lost = lost
        .stale
        .recover(
            &mut |_| Ok(Box::new(late.take().expect("once"))),
            Duration::from_millis(100),
        )
        .unwrap_err();
    assert!(
        matches!(lost.error, SessionError::Unasked { .. }),
        "{}",
        lost.error
    );
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_session() {
    let session = open(&[written("A?"), told("1"), told("1")]);
    let (_, session) = session.ask("A?", Until::Line, None).unwrap();
    let lost = session.ask("B?", Until::Line, None).unwrap_err();
    assert!(
        matches!(lost.error, SessionError::Unasked { .. }),
        "{}",
        lost.error
    );
    let twice = Turn::Read(b"1\n1\n".to_vec(), End::Open);
    let lost = open(&[written("A?"), twice]).ask("A?", Until::Line, None);
    let error = lost.unwrap_err().error;
    assert!(matches!(error, SessionError::Unasked { .. }), "{error}");
}

#[test]
fn a_device_clear_is_tried_before_a_new_connection() {
    let again = [
        Turn::Clear,
        written("*IDN?"),
        told(WHO),
        written("*IDN?"),
        told(WHO),
    ];
    let turns = [&[written("SLOW?"), Turn::Silence], &again[..]].concat();
    let lost = open(&turns).ask("SLOW?", Until::Line, None).unwrap_err();
    let session = lost.stale.recover(
        &mut |_| unreachable!("the line is there"),
        Duration::from_millis(100),
    );
    assert_eq!(session.unwrap().identity(), WHO);
}

#[test]
fn another_instrument_is_not_the_same() {
    let lost = open(&[written("A?"), Turn::Cut]).ask("A?", Until::Line, None);
    let lost = lost.unwrap_err();
    assert!(lost.error.is_disconnected(), "{}", lost.error);
    let other = [written("*IDN?"), told("OTHER,SIM,2,0")];
    let mut other = Some(Dialogue::new(other));
    let lost = lost
        .stale
        .recover(
            &mut |_| Ok(Box::new(other.take().expect("once"))),
            Duration::from_millis(100),
        )
        .unwrap_err();
    assert!(
        matches!(lost.error, SessionError::Identity { .. }),
        "{}",
        lost.error
    );
    assert_eq!(lost.stale.identity(), Some(WHO));
}

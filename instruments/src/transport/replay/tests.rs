use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::echo::{Echo, Line, WIRE, until};
use super::super::faults::{Fault, Injector};
use super::super::record::{Recorded, Tape};
use super::*;
use crate::session::Session;

/// What a program saw of each thing it did: an answer, or an error as it is shown.
type Seen = Vec<Result<Vec<u8>, String>>;

/// Asks these questions of whatever `connect` gives, coming back into step once where needed.
fn program(commands: &[String], mut connect: impl FnMut() -> Box<dyn Transport>) -> Seen {
    let mut seen = Seen::new();
    let mut session = match Session::open(connect(), WIRE) {
        Ok(session) => Some(session),
        Err(lost) => {
            seen.push(Err(lost.error.to_string()));
            None
        }
    };
    for command in commands {
        let Some(now) = session.take() else {
            break;
        };
        match now.ask(command, until(command), None) {
            Ok((answer, same)) => {
                seen.push(Ok(answer));
                session = Some(same);
            }
            Err(lost) => {
                seen.push(Err(lost.error.to_string()));
                let time = 4 * WIRE.patience;
                match lost.stale.recover(&mut |_| Ok(connect()), time) {
                    Ok(same) => session = Some(same),
                    Err(lost) => seen.push(Err(lost.error.to_string())),
                }
            }
        }
    }
    seen
}

/// Writes what a program does to an echo with a fault down, as text and blocks.
fn recorded(commands: &[String], seed: u64, line: Line) -> (Seen, String, Tape) {
    let echo = Echo::default();
    let injector = Injector::new([Fault::drawn(seed, 400)], seed);
    let tape = Arc::new(Mutex::new(Tape::default()));
    let start = Instant::now();
    let seen = program(commands, || {
        let faulty = injector.wrap(echo.connect(line, 11));
        Box::new(Recorded::new(
            Box::new(faulty),
            Box::new(Arc::clone(&tape)),
            start,
        ))
    });
    let tape = tape.lock().unwrap().clone();
    (seen, text_of(&tape), tape)
}

fn text_of(tape: &Tape) -> String {
    let lines = tape
        .exchanges
        .iter()
        .map(|e| serde_json::to_string(e).unwrap() + "\n");
    lines.collect()
}

fn parsed(text: &str, tape: &Tape) -> Recording {
    Recording::parse(text, "ECHO", &mut |sha256| tape.blocks.get(sha256).cloned()).unwrap()
}

fn commands() -> impl Strategy<Value = Vec<String>> {
    let command = prop_oneof!["N\\? [0-3]", "B\\? [0-3]"];
    prop::collection::vec(command, 1..12)
}

fn lines() -> impl Strategy<Value = Line> {
    prop_oneof![Just(Line::Socket), Just(Line::Messages)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_played_again_gives_the_same_bytes(commands in commands(), seed: u64, line in lines()) {
        let (seen, text, tape) = recorded(&commands, seed, line);
        let player = parsed(&text, &tape).strict();
        let again = Arc::new(Mutex::new(Tape::default()));
        let start = Instant::now();
        let seen_again = program(&commands, || {
            let player = Box::new(player.clone());
            Box::new(Recorded::new(player, Box::new(Arc::clone(&again)), start))
        });
        prop_assert_eq!(seen, seen_again);
        prop_assert_eq!(player.next_line(), None);
        // And what is recorded of the playing is the recording.
        let events = |tape: &Tape| tape.exchanges.iter().map(|e| e.event.clone()).collect::<Vec<_>>();
        let again = again.lock().unwrap();
        prop_assert_eq!(events(&tape), events(&again));
        prop_assert_eq!(&tape.blocks, &again.blocks);
    }

    #[test]
    fn prop_keyed_gives_the_nth_answer_in_any_order(commands in commands(), rotate: prop::sample::Index) {
        // Beyond all bytes: no fault.
        let echo = Echo::default();
        let tape = Arc::new(Mutex::new(Tape::default()));
        let seen = program(&commands, || {
            let inner = echo.connect(Line::Socket, 11);
            Box::new(Recorded::new(inner, Box::new(Arc::clone(&tape)), Instant::now()))
        });
        let tape = tape.lock().unwrap().clone();
        let player = parsed(&text_of(&tape), &tape).keyed();
        let mut order = commands.clone();
        order.rotate_left(rotate.index(commands.len()));
        let again = program(&order, || Box::new(player.clone()));
        let nth = |commands: &[String], seen: &Seen| {
            let mut answers: BTreeMap<String, Seen> = BTreeMap::new();
            for (command, answer) in commands.iter().zip(seen) {
                answers.entry(command.clone()).or_default().push(answer.clone());
            }
            answers
        };
        prop_assert_eq!(nth(&commands, &seen), nth(&order, &again));
    }

    #[test]
    fn prop_a_damaged_recording_is_an_error_or_a_recording(at: prop::sample::Index, byte in 32_u8..127) {
        let commands = ["B? 1".to_owned(), "N? 2".to_owned()];
        let (_, text, tape) = recorded(&commands, 3, Line::Socket);
        let mut damaged = text.into_bytes();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        let damaged = String::from_utf8(damaged).unwrap();
        let lines = damaged.lines().count();
        let read = Recording::parse(&damaged, "ECHO", &mut |sha256| tape.blocks.get(sha256).cloned());
        if let Err(error) = read {
            prop_assert!((1..=lines).contains(&error.line), "{}", error);
        }
    }
}

fn exchange(event: &str) -> String {
    format!("{{\"t_s\":0.0,\"resource\":\"ECHO\",{event},\"dur_s\":0.0}}\n")
}

fn recording() -> Recording {
    let text = [
        r#""event":"written","text":"A?\n""#,
        r#""event":"read","text":"1\n","end":"open""#,
        r#""event":"written","text":"A?\n""#,
        r#""event":"read","text":"2\n","end":"open""#,
        r#""event":"status-byte","status":4"#,
        r#""event":"clear","cleared":"device""#,
    ];
    let text: String = text.iter().map(|event| exchange(event)).collect();
    Recording::parse(&("\n".to_owned() + &text), "ECHO", &mut |_| None).unwrap()
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[test]
fn a_mismatch_names_line_expected_and_found() {
    let mut player = recording().strict();
    assert_eq!(player.next_line(), Some(2));
    let error = player.write(b"B?\n", soon()).unwrap_err().to_string();
    assert_eq!(
        error,
        r#"replay: expected line 2: "A?\n" to be written, found "B?\n" written"#
    );
    let error = player.read(&mut [0; 9], soon()).unwrap_err().to_string();
    assert!(
        error.contains("line 2: \"A?\\n\" to be written, found a read"),
        "{error}"
    );
    // The mismatch changed nothing.
    player.write(b"A?\n", soon()).unwrap();
    let error = player.status_byte(soon()).unwrap_err().to_string();
    assert!(
        error.contains("line 3: \"1\\n\" to be read, found"),
        "{error}"
    );
    let mut into = [0; 9];
    assert_eq!(player.read(&mut into, soon()).unwrap().bytes, 2);
    assert_eq!(player.next_line(), Some(4));
    player.write(b"A?\n", soon()).unwrap();
    player.clone().read(&mut into, soon()).unwrap();
    assert_eq!(player.status_byte(soon()), Ok(4));
    assert_eq!(player.clear(soon()), Ok(Cleared::Device));
    let error = player.trigger(soon()).unwrap_err().to_string();
    assert!(
        error.contains("the end of the recording, found a trigger"),
        "{error}"
    );
}

#[test]
fn keyed_says_what_it_cannot_know() {
    let mut player = recording().keyed();
    let mut into = [0; 9];
    for answer in [b"1\n", b"2\n"] {
        player.write(b"A?\n", soon()).unwrap();
        assert_eq!(player.has_input(), Ok(true));
        player.read(&mut into, soon()).unwrap();
        assert_eq!(&into[..2], answer);
    }
    let error = player.write(b"A?\n", soon()).unwrap_err().to_string();
    assert_eq!(
        error,
        r#"replay: expected "A?\n" written 2 times (the last in line 4), found time 3"#
    );
    let error = player.write(b"B?\n", soon()).unwrap_err().to_string();
    assert!(
        error.contains("one of the 1 commands of the recording"),
        "{error}"
    );
    assert_eq!(player.status_byte(soon()), Ok(4));
    let error = player.status_byte(soon()).unwrap_err().to_string();
    assert!(
        error.contains("replay: expected no more status bytes"),
        "{error}"
    );
    assert_eq!(player.clear(soon()), Ok(Cleared::Device));
    assert_eq!(player.clear(soon()), Ok(Cleared::Input));
}

#[test]
fn a_line_that_is_none_is_named() {
    let sha256 = "ab".repeat(32);
    let block = format!(r#""event":"read","sha256":"{sha256}","length":3,"end":"open""#);
    for (event, expected) in [
        (r#""event":"said","text":"A""#, "an exchange"),
        (r#""event":"written""#, "an exchange"),
        (r#""event":"written","hex":"0""#, "pairs of hexadecimal"),
        (r#""event":"written","hex":"0g""#, "pairs of hexadecimal"),
        (&block, "the bytes of its SHA-256"),
    ] {
        let text = exchange(r#""event":"trigger""#) + &exchange(event);
        let error = Recording::parse(&text, "ECHO", &mut |_| None).unwrap_err();
        assert_eq!(error.line, 2, "{error}");
        assert!(error.expected.contains(expected), "{error}");
    }
    let text = exchange(&block);
    let error = Recording::parse(&text, "ECHO", &mut |_| Some(vec![0; 3])).unwrap_err();
    assert!(
        error.to_string().contains("bytes that are not these"),
        "{error}"
    );
    // Other instruments' lines are in the same journal.
    let other = Recording::parse(&text, "OTHER", &mut |_| None).unwrap();
    assert_eq!(other.strict().next_line(), None);
}

#[test]
fn errors_are_played_as_they_were() {
    let text = exchange(
        r#""event":"error","call":"status-byte","error":{"kind":"unsupported","transport":"a socket","what":"status byte outside of messages"}"#,
    ) + &exchange(
        r#""event":"error","call":"read","error":{"kind":"timeout","after_ms":5000}"#,
    ) + &exchange(
        r#""event":"error","call":"write","text":"A\n","error":{"kind":"disconnected","why":"gone"}"#,
    );
    let mut player = Recording::parse(&text, "ECHO", &mut |_| None)
        .unwrap()
        .strict();
    assert_eq!(
        player.status_byte(soon()),
        Err(TransportError::Unsupported {
            transport: "a socket",
            what: "status byte outside of messages"
        })
    );
    let late = player.read(&mut [0; 9], soon());
    assert_eq!(late, Err(TransportError::Timeout { after_ms: 5000 }));
    let error = player.write(b"B\n", soon()).unwrap_err().to_string();
    assert!(
        error.contains("line 3: a Write that fails (not connected: gone)"),
        "{error}"
    );
    let gone = TransportError::Disconnected { why: "gone".into() };
    assert_eq!(player.write(b"A\n", soon()), Err(gone));
}

use std::time::Duration;

use proptest::prelude::*;

use super::super::dialogue::{Dialogue, Turn};
use super::super::echo::{Echo, Line};
use super::*;

fn soon() -> Deadline {
    Deadline::after(Duration::from_millis(50))
}

/// Records a dialogue, does something with it, and returns the tape.
fn taped(turns: impl IntoIterator<Item = Turn>, act: impl FnOnce(&mut Recorded)) -> Tape {
    let tape = Arc::new(Mutex::new(Tape::default()));
    let dialogue = Box::new(Dialogue::new(turns));
    let mut recorded = Recorded::new(dialogue, Box::new(Arc::clone(&tape)), Instant::now());
    act(&mut recorded);
    drop(recorded);
    tape.lock().unwrap().clone()
}

fn events(tape: &Tape) -> Vec<Event> {
    tape.exchanges.iter().map(|e| e.event.clone()).collect()
}

#[test]
fn golden_lines_of_a_recording() {
    let turns = [
        Turn::Written(b"*IDN?\n".to_vec()),
        Turn::Read(b"A,B\t1\n".to_vec(), End::Message),
        Turn::Clear,
        Turn::StatusByte(16),
        Turn::Trigger,
        Turn::Cut,
    ];
    let tape = taped(turns, |line| {
        line.write(b"*IDN?\n", soon()).unwrap();
        line.read(&mut [0; 64], soon()).unwrap();
        line.clear(soon()).unwrap();
        line.status_byte(soon()).unwrap();
        line.trigger(soon()).unwrap();
        line.write(b"\x00\xff", soon()).unwrap_err();
    });
    let mut lines = String::new();
    for exchange in &tape.exchanges {
        assert!((0.0..5.0).contains(&exchange.t_s) && (0.0..5.0).contains(&exchange.dur_s));
        let timeless = Exchange {
            t_s: 0.5,
            dur_s: 0.25,
            ..exchange.clone()
        };
        lines += &(serde_json::to_string(&timeless).unwrap() + "\n");
    }
    let expected = r#"
{"t_s":0.5,"resource":"DIALOGUE","event":"written","text":"*IDN?\n","dur_s":0.25}
{"t_s":0.5,"resource":"DIALOGUE","event":"read","text":"A,B\t1\n","end":"message","dur_s":0.25}
{"t_s":0.5,"resource":"DIALOGUE","event":"clear","cleared":"device","dur_s":0.25}
{"t_s":0.5,"resource":"DIALOGUE","event":"status-byte","status":16,"dur_s":0.25}
{"t_s":0.5,"resource":"DIALOGUE","event":"trigger","dur_s":0.25}
{"t_s":0.5,"resource":"DIALOGUE","event":"error","call":"write","hex":"00ff","error":{"kind":"disconnected","why":"cut in the dialogue"},"dur_s":0.25}
"#;
    assert_eq!(lines, expected.trim_start());
}

#[test]
fn long_bytes_are_named_in_the_line_and_handed_over() {
    let long = vec![7; INLINE + 1];
    let short = vec![b'x'; INLINE];
    let turns = [
        Turn::Written(b"A\n".to_vec()),
        Turn::Read(long.clone(), End::Message),
        Turn::Read(short.clone(), End::Message),
    ];
    let tape = taped(turns, |line| {
        line.write(b"A\n", soon()).unwrap();
        line.read(&mut [0; 1000], soon()).unwrap();
        line.read(&mut [0; 1000], soon()).unwrap();
    });
    let blocks: Vec<_> = tape.blocks.iter().collect();
    // sha256sum of 257 bytes of 7.
    let sha256 = Bytes::of(&long);
    assert!(matches!(&sha256, Bytes::Block { sha256, length: 257 } if sha256 == blocks[0].0));
    assert_eq!((blocks.len(), blocks[0].1), (1, &long));
    let text = String::from_utf8(short).unwrap();
    assert!(
        matches!(&events(&tape)[2], Event::Read { bytes: Bytes::Text { text: t }, .. } if *t == text)
    );
}

#[test]
fn a_known_digest_is_the_one_of_the_standard() {
    // FIPS 180-4, the example of one million "a", which RFC 6234 has too.
    let Bytes::Block { sha256, length } = Bytes::of(&vec![b'a'; 1_000_000]) else {
        panic!("a million bytes are too many for a line");
    };
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    assert_eq!((sha256.as_str(), length), (expected, 1_000_000));
}

#[test]
fn what_comes_unasked_is_a_line_of_its_own() {
    let turns = [
        Turn::Written(b"A?\n".to_vec()),
        Turn::Read(b"1\n".to_vec(), End::Open),
        Turn::Read(b"2\n".to_vec(), End::Open),
        Turn::Read(b"3\n".to_vec(), End::Open),
        Turn::Waiting,
    ];
    let tape = taped(turns, |line| {
        let mut into = [0; 64];
        line.write(b"A?\n", soon()).unwrap();
        line.read(&mut into, soon()).unwrap();
        line.read(&mut into, soon()).unwrap();
        line.listen(&mut into, soon()).unwrap();
        assert!(line.has_input().unwrap());
        assert!(!line.has_input().unwrap());
    });
    let text = |text: &str| Bytes::Text { text: text.into() };
    assert_eq!(
        events(&tape)[1..],
        [
            Event::Read {
                bytes: text("1\n2\n"),
                end: End::Open
            },
            Event::Read {
                bytes: text("3\n"),
                end: End::Open
            },
            Event::Waiting,
        ]
    );
}

#[test]
fn a_very_long_reply_is_several_lines_wherever_it_fell_apart() {
    let lines = |piece: usize| {
        let reply = vec![1; 2 * PIECE + 5];
        let turns = reply
            .chunks(piece)
            .map(|p| Turn::Read(p.to_vec(), End::Open));
        let tape = taped(turns, |line| {
            let mut into = vec![0; 3 * PIECE];
            let mut left = 2 * PIECE + 5;
            while left > 0 {
                left -= line.read(&mut into, soon()).unwrap().bytes;
            }
        });
        events(&tape)
    };
    let whole = lines(usize::MAX);
    assert_eq!(whole.len(), 3);
    assert_eq!(whole, lines(1_000_003));
}

proptest! {
    #[test]
    fn prop_bytes_of_a_line_are_the_bytes_that_were(bytes in prop::collection::vec(any::<u8>(), 0..=INLINE)) {
        let written = serde_json::to_string(&Bytes::of(&bytes)).unwrap();
        let read: Bytes = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(read.inline(), Some(bytes));
    }

    #[test]
    fn prop_how_a_reply_falls_apart_is_not_recorded(piece in 1_usize..80) {
        let recorded = |piece| {
            let tape = Arc::new(Mutex::new(Tape::default()));
            let inner = Echo::default().connect(Line::Socket, piece);
            let mut line = Recorded::new(inner, Box::new(Arc::clone(&tape)), Instant::now());
            for _ in 0..3 {
                line.write(b"B? 1\n", soon()).unwrap();
                while line.has_input_quietly() {
                    line.read(&mut [0; 64], soon()).unwrap();
                }
            }
            drop(line);
            let tape = tape.lock().unwrap().clone();
            events(&tape)
        };
        prop_assert_eq!(recorded(piece), recorded(usize::MAX));
    }
}

impl Recorded {
    /// Looks below the recording.
    fn has_input_quietly(&mut self) -> bool {
        self.inner.has_input().unwrap()
    }
}

use std::time::Duration;

use super::*;
use crate::transport::dialogue::{Dialogue, Turn};

fn soon() -> Deadline {
    Deadline::after(Duration::from_millis(20))
}

/// Reads one reply from these pieces; on a way that marks ends, the last one ends the message.
fn read(pieces: &[&[u8]], marks: End, until: Until) -> Result<Vec<u8>, FramingError> {
    let last = pieces.len() - 1;
    let turns = pieces.iter().enumerate().map(|(at, piece)| {
        let end = if at == last { marks } else { End::Open };
        Turn::Read(piece.to_vec(), end)
    });
    let mut dialogue = Dialogue::new(turns);
    Incoming::default().reply(&mut dialogue, until, b"\r\n", soon())
}

const ANY: Until = Until::Block(Block {
    most: 100,
    length: None,
});

#[test]
fn lines_end_wherever_they_are_cut() {
    let whole = b"one line\r\n";
    for cut in 1..whole.len() {
        let pieces = [&whole[..cut], &whole[cut..]];
        let line = read(&pieces, End::Open, Until::Line).unwrap();
        assert_eq!(line, b"one line");
    }
    assert_eq!(
        read(&[b"no end"], End::Message, Until::Line).unwrap(),
        b"no end"
    );
    let late = read(&[b"no end"], End::Open, Until::Line).unwrap_err();
    assert!(matches!(
        late,
        FramingError::Transport(TransportError::Timeout { after_ms: 20 })
    ));
    let several = read(
        &[b"Pos:4060\r\nok\r\nDone\r\n"],
        End::Open,
        Until::LineOf("Done"),
    );
    assert_eq!(several.unwrap(), b"Pos:4060\nok\n");
}

#[test]
fn blocks_come_with_text_before_and_a_line_end_behind() {
    for (sent, end) in [
        (&b"#15hello\r\n"[..], End::Open),
        (b"DAT1,#3005hello\r\n", End::Open),
        (b"#15hello", End::Message),
        (b"#15hello\r\n", End::Message),
        (b"#0hello\r\n", End::Message),
    ] {
        for cut in 1..sent.len() {
            let pieces = [&sent[..cut], &sent[cut..]];
            assert_eq!(
                read(&pieces, end, ANY).unwrap(),
                b"hello",
                "{sent:?} at {cut}"
            );
        }
    }
    // Bytes of a line end are bytes.
    let odd = read(&[b"#14\r\n\r\n\r\n"], End::Open, ANY).unwrap();
    assert_eq!(odd, b"\r\n\r\n");
    let told = Until::Block(Block {
        most: 100,
        length: Some(5),
    });
    assert_eq!(read(&[b"#0hello\r\n"], End::Open, told).unwrap(), b"hello");
}

#[test]
fn blocks_that_are_none_are_refused() {
    for (sent, end) in [
        (&b"ERROR, no data\r\n"[..], End::Message),
        (b"#", End::Message),
        (b"#x", End::Message),
        (b"#3abc", End::Message),
        (b"#15hell", End::Message),
        (b"#15hello and more\r\n", End::Open),
        (&[b' '; 80], End::Open),
    ] {
        let error = read(&[sent], end, ANY).unwrap_err();
        assert!(matches!(error, FramingError::Malformed { .. }), "{error}");
    }
    for sent in [&b"#3101"[..], b"#9999999999", b"#0"] {
        let long = [sent, &[7; 200]].concat();
        let error = read(&[&long], End::Open, ANY).unwrap_err();
        assert!(
            matches!(error, FramingError::TooLong { most: 100, .. }),
            "{error}"
        );
    }
    // What is declared reserves nothing: a block of 4 GB that hangs after a few bytes.
    let large = Until::Block(Block {
        most: u64::MAX,
        length: None,
    });
    let error = read(&[b"#9999999999abc"], End::Open, large).unwrap_err();
    assert!(matches!(error, FramingError::Transport(_)), "{error}");
}

#[test]
fn messages_end_where_the_transport_says_or_at_the_line() {
    let told = read(&[b"a\r\nb\r\n"], End::Message, Until::Message).unwrap();
    assert_eq!(told, b"a\r\nb");
    assert_eq!(read(&[b"a\r\n"], End::Open, Until::Message).unwrap(), b"a");
    assert_eq!(read(&[b"abc"], End::Open, Until::Count(3)).unwrap(), b"abc");
}

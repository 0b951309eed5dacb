//! Messages out of a stream of bytes, as an instrument cuts them.

use crate::session::Wire;

/// Which byte ends a message that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// A line feed; a carriage return before it is left out.
    #[default]
    LineFeed,
    /// A carriage return; a line feed behind it is left out.
    CarriageReturn,
}

impl LineEnd {
    /// Returns what ends the commands of a dialect.
    pub fn of(wire: &Wire) -> Self {
        match wire.command_end {
            b"\r" => Self::CarriageReturn,
            _ => Self::LineFeed,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::LineFeed => b'\n',
            Self::CarriageReturn => b'\r',
        }
    }
}

/// Longest message, in bytes: what is longer comes from no client of ours.
pub(super) const LONGEST: usize = 64 << 20;

/// Where the cutter is within a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Text,
    /// Within a string, until this quote.
    Quoted(u8),
    /// Behind `#`.
    Hash,
    /// So many digits of a block's length are missing.
    Length {
        digits: u8,
        so_far: u64,
    },
    /// So many bytes of a block are missing.
    Block(u64),
}

/// Cuts messages at their line ends, but not within a block (IEEE 488.2, 7.7.6).
#[derive(Debug)]
pub(super) struct Cutter {
    end: LineEnd,
    at: At,
    bytes: Vec<u8>,
}

impl Cutter {
    pub(super) fn new(end: LineEnd) -> Self {
        Self {
            end,
            at: At::Text,
            bytes: Vec::new(),
        }
    }

    /// How many bytes wait for their end.
    pub(super) fn pending(&self) -> usize {
        self.bytes.len()
    }

    /// Takes bytes and returns the messages that they end, without line ends.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        for byte in bytes {
            if self.ends(*byte) {
                messages.push(trimmed(std::mem::take(&mut self.bytes)));
            } else {
                self.bytes.push(*byte);
            }
        }
        messages
    }

    fn ends(&mut self, byte: u8) -> bool {
        self.at = match self.at {
            At::Block(left) if left > 1 => At::Block(left - 1),
            At::Block(_) => At::Text,
            _ if byte == self.end.byte() => {
                self.at = At::Text;
                return true;
            }
            At::Quoted(quote) if byte != quote => At::Quoted(quote),
            At::Quoted(_) => At::Text,
            At::Hash if (b'1'..=b'9').contains(&byte) => At::Length {
                digits: byte - b'0',
                so_far: 0,
            },
            At::Length { digits, so_far } if byte.is_ascii_digit() => {
                let so_far = so_far * 10 + u64::from(byte - b'0');
                match (digits, so_far) {
                    (1, 0) => At::Text,
                    (1, length) => At::Block(length),
                    _ => At::Length {
                        digits: digits - 1,
                        so_far,
                    },
                }
            }
            At::Text | At::Hash | At::Length { .. } => match byte {
                b'#' => At::Hash,
                b'"' | b'\'' => At::Quoted(byte),
                _ => At::Text,
            },
        };
        false
    }
}

/// Leaves out what is left of a line end of two bytes.
pub(super) fn trimmed(mut message: Vec<u8>) -> Vec<u8> {
    while matches!(message.last(), Some(b'\n' | b'\r')) {
        message.pop();
    }
    if matches!(message.first(), Some(b'\n')) {
        message.remove(0);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(end: LineEnd, bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(end);
        let messages = bytes.chunks(piece).flat_map(|piece| cutter.take(piece));
        messages.collect()
    }

    #[test]
    fn messages_are_cut_at_line_ends_but_not_within_blocks() {
        let text: &[u8] = b"*IDN?\r\n:DATA #15a\nb\nc;NEXT\nSAY \"#19\"\n#H1F\nit's\nX #0\nrest";
        let expected: [&[u8]; 6] = [
            b"*IDN?",
            b":DATA #15a\nb\nc;NEXT",
            b"SAY \"#19\"",
            b"#H1F",
            b"it's",
            b"X #0",
        ];
        for piece in 1..text.len() {
            assert_eq!(cut(LineEnd::LineFeed, text, piece), expected, "{piece}");
        }
        let serial = cut(LineEnd::CarriageReturn, b"A\r\nB\rC\r", 1);
        assert_eq!(serial, [b"A", b"B", b"C"]);
    }
}

//! The commands before a curve: keys, values and their places.

use super::FORMAT;
use crate::Error;
use crate::bytes::{Bytes, excerpt, latin};
use crate::registry::HEAD_BYTES;

/// Longest preamble; real ones have some 500 bytes.
const PREAMBLE_LIMIT: usize = 65_536;
/// Commands that a preamble's heads may be, in full.
const HEADS: [&str; 3] = ["WFMPRE", "WFMOUTPRE", "WFMINPRE"];
/// The part of them that may not be left out.
const HEAD_LEAST: usize = 4;

/// A key in full and the number of characters that may not be left out.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) &'static str, usize);

pub(super) const BYTE_COUNT: Key = Key("BYT_NR", 5);
pub(super) const BIT_COUNT: Key = Key("BIT_NR", 5);
pub(super) const ENCODING: Key = Key("ENCDG", 3);
pub(super) const BINARY_FORMAT: Key = Key("BN_FMT", 4);
pub(super) const BYTE_ORDER: Key = Key("BYT_OR", 5);
pub(super) const POINT_COUNT: Key = Key("NR_PT", 4);
pub(super) const FRAME_COUNT: Key = Key("NR_FR", 5);
pub(super) const IDENTITY: Key = Key("WFID", 3);
pub(super) const POINT_FORMAT: Key = Key("PT_FMT", 4);
pub(super) const X_UNIT: Key = Key("XUNIT", 3);
pub(super) const X_STEP: Key = Key("XINCR", 3);
pub(super) const X_ZERO: Key = Key("XZERO", 3);
pub(super) const POINT_OFFSET: Key = Key("PT_OFF", 4);
pub(super) const Y_UNIT: Key = Key("YUNIT", 3);
pub(super) const Y_FACTOR: Key = Key("YMULT", 3);
pub(super) const Y_OFFSET: Key = Key("YOFF", 3);
pub(super) const Y_ZERO: Key = Key("YZERO", 3);

/// Says whether a word is `full` or an abbreviation of at least `least` characters.
fn abbreviates(word: &str, full: &str, least: usize) -> bool {
    word.len() >= least
        && full
            .get(..word.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(word))
}

fn is_curve(word: &str) -> bool {
    abbreviates(word, "CURVE", 4)
}

/// Leaves out what may stand between commands.
pub(super) fn skip_blank(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == b';';
    &text[text.iter().position(|b| !blank(b)).unwrap_or(text.len())..]
}

/// Says whether a preamble or a curve begins here.
pub(super) fn begins(text: &[u8]) -> bool {
    let (colon, text) = match text.strip_prefix(b":") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let end = text.iter().position(|b| !b.is_ascii_alphabetic());
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    let word = latin(word);
    let head = HEADS
        .iter()
        .any(|head| abbreviates(&word, head, HEAD_LEAST));
    let curve = colon && is_curve(&word) && rest.trim_ascii_start().starts_with(b"#");
    head && rest.starts_with(b":") || curve
}

struct Entry {
    name: String,
    value: String,
    /// Byte in the file where the value begins.
    offset: u64,
}

/// Keys and values of one preamble, and where its curve begins.
pub(super) struct Preamble {
    entries: Vec<Entry>,
    /// Byte where the preamble begins.
    pub(super) start: u64,
    /// First byte of the curve: `#` of a block, or of the first number.
    pub(super) curve: u64,
}

impl Preamble {
    /// Reads the commands up to the curve.
    pub(super) fn read(bytes: &Bytes, start: u64) -> Result<Self, Error> {
        let there = usize::try_from(bytes.len() - start).unwrap_or(PREAMBLE_LIMIT);
        let read = |most: usize| bytes.block(FORMAT, "preamble", start, there.min(most));
        // Real ones are short, and what follows are samples. Blanks up to the end of so few
        // bytes may go on behind them.
        let few = read(HEAD_BYTES)?.bytes;
        if let Ok(preamble) = Self::parse(&few, start)
            && !matches!(
                few.get((preamble.curve - start) as usize),
                Some(b' ' | b'\t')
            )
        {
            return Ok(preamble);
        }
        Self::parse(&read(PREAMBLE_LIMIT)?.bytes, start)
    }

    /// Parses the commands up to the first byte of the curve, which has to be there.
    fn parse(text: &[u8], start: u64) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let mut place = 0;
        loop {
            place = text.len() - skip_blank(&text[place..]).len();
            let stops = |b: &u8| b.is_ascii_whitespace() || matches!(b, b';' | b'#');
            let end = text[place..].iter().position(stops);
            let Some(end) = end.map(|end| place + end) else {
                return Err(Error::malformed(
                    FORMAT,
                    start + text.len() as u64,
                    "curve",
                    "`:CURVE` behind the preamble",
                    format!("only {}", excerpt(&text[place.saturating_sub(16)..])),
                ));
            };
            let name = latin(&text[place..end]);
            // `:WFMPRE:CH1:YMULT` is YMULT; a key of several words is the last one.
            let name = name.rsplit(':').next().unwrap_or("").to_string();
            let blank = text[end..].iter().position(|b| !matches!(b, b' ' | b'\t'));
            let value = end + blank.unwrap_or(0);
            if is_curve(&name) {
                return Ok(Self {
                    entries,
                    start,
                    curve: start + value as u64,
                });
            }
            place = value + value_length(&text[value..]);
            let text = latin(&text[value..place]);
            entries.push(Entry {
                name,
                value: text.trim().trim_matches('"').trim().to_string(),
                offset: start + value as u64,
            });
        }
    }

    fn entry(&self, key: Key) -> Option<&Entry> {
        let named = |entry: &&Entry| abbreviates(&entry.name, key.0, key.1);
        self.entries.iter().rev().find(named)
    }

    /// Returns a value as text.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    /// Returns a finite number.
    pub(super) fn number(&self, key: Key) -> Result<Option<f64>, Error> {
        let Some(entry) = self.entry(key) else {
            return Ok(None);
        };
        match entry.value.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(self.wrong(key, "a finite number")),
        }
    }

    /// Returns a count.
    pub(super) fn count(&self, key: Key) -> Result<Option<u64>, Error> {
        // Larger ones are beyond any file, and a double is exact up to here.
        const LARGEST: f64 = 9e15;
        match self.number(key)? {
            None => Ok(None),
            Some(value) if (0.0..=LARGEST).contains(&value) && value.fract() == 0.0 => {
                Ok(Some(value as u64))
            }
            Some(_) => Err(self.wrong(key, "a count")),
        }
    }

    /// Makes the error that a value is not what it has to be, or is not there.
    pub(super) fn wrong(&self, key: Key, expected: &str) -> Error {
        let (offset, found) = match self.entry(key) {
            Some(entry) => (entry.offset, excerpt(entry.value.as_bytes())),
            None => (self.start, "no such key".into()),
        };
        Error::malformed(FORMAT, offset, key.0, expected, found)
    }
}

/// Bytes up to the end of a value: a semicolon or a line end outside quotes.
fn value_length(text: &[u8]) -> usize {
    let mut quoted = false;
    for (k, byte) in text.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' | b'\r' | b'\n' if !quoted => return k,
            _ => {}
        }
    }
    text.len()
}

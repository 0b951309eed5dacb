//! Touchstone files (`.s1p`, `.s2p`, ...): text to S-parameters.
//!
//! ```text
//! ! a comment, to the end of the line
//! # GHz S MA R 50                 unit, parameter, number format, reference
//! f  S11 S21 S12 S22              two ports: the column order is S11 S21 S12 S22
//! f  S11 S12 S13  S21 ...         three and more: row by row, over several lines
//! ```
//!
//! Versions 1.x and 2.0 (Touchstone File Format Specification 2.0, 2009). In 1.x the name's
//! ending tells the number of ports; where it does not, the lines do: a frequency makes a line's
//! count of numbers odd. Only the first option line counts. Behind the points of a two-port may
//! come noise parameters, from the first frequency that does not rise on; they are counted and
//! passed over.
//!
//! Of 2.0: `[Version]`, `[Number of Ports]`, `[Two-Port Data Order]`, `[Number of
//! Frequencies]`, `[Number of Noise Frequencies]`, `[Reference]`, `[Matrix Format]`, `[Begin
//! Information]`, `[Network Data]`, `[Noise Data]`, `[End]`. Any other keyword is refused by its
//! name, as are Y, Z, G and H parameters: reading past what changes the meaning of the numbers
//! would be wrong.
//!
//! Comments may be in any encoding. Numbers are checked one by one: an error names line and byte.

mod header;
mod points;

use std::path::Path;

use etalon_types::SParameters;

use crate::Error;
use crate::bytes::{Bytes, excerpt};
use header::Header;

const FORMAT: &str = "Touchstone";
/// Largest file that is read; the largest public ones are a hundredth of it.
const LIMIT: u64 = 1 << 28;
/// Most ports that a file may announce.
const MOST_PORTS: usize = 256;

/// What a Touchstone file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Touchstone {
    /// The network's parameters.
    pub parameters: SParameters,
    /// Frequencies of noise parameters that were passed over.
    pub noise_points: usize,
    /// What was odd about the file but did no harm.
    pub warnings: Vec<String>,
}

/// Reads a Touchstone file.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Malformed`] with line and byte where it
/// departs from the format, [`Error::Unsupported`] for keywords and parameters that are not
/// read, [`Error::Limit`] when it is too large.
pub fn touchstone(path: &Path) -> Result<Touchstone, Error> {
    let bytes = Bytes::open(path)?;
    within("length in bytes", LIMIT, bytes.len())?;
    let text = bytes.head(LIMIT as usize)?;
    decode_touchstone(&text, ports_by_name(path))
}

/// Reads a Touchstone file that is already in memory.
///
/// `ports` is what the name's ending told, if anything; a file of version 2.0 tells by itself.
///
/// # Errors
/// As [`touchstone`], without [`Error::Io`]; [`Error::Option`] for an impossible `ports`.
pub fn decode_touchstone(text: &[u8], ports: Option<usize>) -> Result<Touchstone, Error> {
    within("length in bytes", LIMIT, text.len() as u64)?;
    if let Some(found) = ports.filter(|ports| !(1..=MOST_PORTS).contains(ports)) {
        return Err(Error::Option {
            option: "ports",
            expected: format!("1 to {MOST_PORTS}"),
            found: found.to_string(),
        });
    }
    let mut header = Header::default();
    let mut numbers = Numbers::default();
    for line in lines(text) {
        if !header.take(&line)? {
            continue;
        }
        numbers.push(&line)?;
    }
    points::assemble(header, &numbers, ports)
}

/// Ports that a name like `channel.s4p` tells.
fn ports_by_name(path: &Path) -> Option<usize> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let ports = ending.strip_prefix('s')?.strip_suffix('p')?.parse().ok()?;
    (1..=MOST_PORTS).contains(&ports).then_some(ports)
}

fn within(field: &str, limit: u64, found: u64) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: field.into(),
        limit,
        found,
    })
}

/// A line with its comment and its ends taken off.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    /// Line number, counted from 1.
    number: usize,
    /// Byte in the file where the text begins.
    offset: usize,
    text: &'a [u8],
}

impl Line<'_> {
    /// An error that this line is to blame for.
    fn wrong(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        wrong_at(self.number, self.offset, expected, found)
    }
}

fn wrong_at(
    line: usize,
    offset: usize,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::malformed(
        FORMAT,
        offset as u64,
        format!("line {line}"),
        expected,
        found,
    )
}

/// The lines that are not empty.
fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mark = if text.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let mut offset = mark;
    text[mark..]
        .split(|&b| b == b'\n')
        .enumerate()
        .map(move |(index, whole)| {
            let start = offset;
            offset += whole.len() + 1;
            let bare = whole.split(|&b| b == b'!').next().unwrap_or(&[]);
            let begins = bare.len() - bare.trim_ascii_start().len();
            Line {
                number: index + 1,
                offset: start + begins,
                text: bare.trim_ascii(),
            }
        })
        .filter(|line| !line.text.is_empty())
}

/// The numbers of a file, and where each line of them begins.
#[derive(Clone, Debug, Default)]
struct Numbers {
    values: Vec<f64>,
    /// For each line: index of its first value, line number, byte.
    starts: Vec<(usize, usize, usize)>,
}

impl Numbers {
    fn push(&mut self, line: &Line<'_>) -> Result<(), Error> {
        self.starts
            .push((self.values.len(), line.number, line.offset));
        for word in line.text.split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                self.values.push(number(line, word)?);
            }
        }
        Ok(())
    }

    /// Line number and byte of the line that holds a value (the last line for one beyond).
    fn place(&self, value: usize) -> (usize, usize) {
        let behind = self.starts.partition_point(|start| start.0 <= value);
        let (_, line, offset) = self.starts[behind.max(1) - 1];
        (line, offset)
    }

    /// True when a value is the first of its line.
    fn begins_a_line(&self, value: usize) -> bool {
        self.starts
            .binary_search_by(|start| start.0.cmp(&value))
            .is_ok()
    }
}

/// A finite number of a line.
fn number(line: &Line<'_>, word: &[u8]) -> Result<f64, Error> {
    // "nan" and "inf" parse as floats but are no measurement.
    let digits = word
        .iter()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
    std::str::from_utf8(word)
        .ok()
        .filter(|_| digits)
        .and_then(|word| word.parse::<f64>().ok())
        .filter(|value| value.is_finite())
        .ok_or_else(|| line.wrong("a number", excerpt(word)))
}

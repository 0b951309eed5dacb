//! The lines of an inventory: the part of TOML 1.0 that one needs.
//!
//! Comments, `[[connector]]`, and `key = value` with a bare key and, as a value, a number or a
//! text in double or single quotation marks on one line. In double ones `\"` and `\\` are the
//! only escapes. Everything else of TOML is refused with its line, so that nothing is
//! misunderstood.

use std::fmt;

use super::Error;

/// What a line holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// `[[connector]]`.
    Table,
    /// A key and its value.
    Entry(String, Value),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "{text:?}"),
            Self::Number(x) => write!(out, "{x}"),
        }
    }
}

/// Returns what every line holds, with its number from 1; empty lines are left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Result<Line, Error>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().enumerate().filter_map(|(i, line)| {
        let content = line.trim();
        let empty = content.is_empty() || content.starts_with('#');
        (!empty).then(|| (i + 1, parse(content, i + 1)))
    })
}

fn parse(content: &str, line: usize) -> Result<Line, Error> {
    let wrong = |expected: &'static str, found: &str| Error::Line {
        line,
        expected,
        found: shown(found),
    };
    if content.starts_with('[') {
        let header = content.split('#').next().unwrap_or_default().trim();
        let name = header
            .strip_prefix("[[")
            .and_then(|h| h.strip_suffix("]]"))
            .map(str::trim);
        return match name {
            Some("connector") => Ok(Line::Table),
            _ => Err(wrong("[[connector]]", content)),
        };
    }
    let Some((key, value)) = content.split_once('=') else {
        return Err(wrong("[[connector]] or key = value", content));
    };
    let key = key.trim();
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if key.is_empty() || !key.chars().all(bare) {
        return Err(wrong("a key of letters, digits, _ and -", key));
    }
    let value = value.trim();
    let (value, rest) = read(value)
        .ok_or_else(|| wrong("a number, or a text in quotation marks on one line", value))?;
    let rest = rest.trim();
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err(wrong("the end of the line after the value", rest));
    }
    Ok(Line::Entry(key.to_owned(), value))
}

/// Reads a value; what stands behind it comes back too.
fn read(text: &str) -> Option<(Value, &str)> {
    if let Some(rest) = text.strip_prefix('"') {
        return quoted(rest);
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let (inner, rest) = rest.split_once('\'')?;
        return Some((Value::Text(inner.to_owned()), rest));
    }
    let end = text.find('#').unwrap_or(text.len());
    number(text[..end].trim()).map(|x| (Value::Number(x), &text[end..]))
}

/// Reads up to the closing quotation mark.
fn quoted(text: &str) -> Option<(Value, &str)> {
    let mut inner = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((Value::Text(inner), &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                escaped @ ('"' | '\\') => inner.push(escaped),
                _ => return None,
            },
            _ => inner.push(c),
        }
    }
    None
}

/// Reads a decimal number; TOML's `_` between digits is left out. `inf` and `nan` are numbers to
/// TOML: whoever asks for one in a range refuses them.
fn number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, "inf" | "nan") {
        return text.parse().ok();
    }
    let digits = |s: &str| {
        let parts = s.split('_');
        parts.clone().all(|p| !p.is_empty()) && s.chars().all(|c| c.is_ascii_digit() || c == '_')
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let whole = match mantissa.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(mantissa),
    };
    let power = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    (whole && power)
        .then(|| text.replace('_', "").parse().ok())
        .flatten()
}

/// A piece of text for an error, not longer than a line of it can be read.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

//! A command or a reply as it is written, read both ways.
//!
//! A pattern is text with slots in braces. The driver [`write`](Pattern::write)s a command with
//! its values, and the simulated instrument [`read`](Pattern::read)s the same command back into
//! them; replies go the other way. So a slip in a table shows in both, and in every client that
//! somebody else wrote.
//!
//! | slot | a value in | as |
//! |---|---|---|
//! | `{nm.2}` | base units (m, A, W, s, Hz) | `1550.00`: in the unit, with so many decimals |
//! | `{dBm.2}`, `{dB.2}`, `{C.1}`, `{.2}` | what the name says; nothing to convert | `-3.00` |
//! | `{m.e}`, `{.e}` | base units | `1.550000E-06` |
//! | `{i}` | whole numbers | `42` |
//! | `{OFF\|ON}` | the number of the choice, from 0 | `ON` |
//! | `{s}`, `{q}` | text | as it is; in double quotes |
//!
//! Where a number is read, a unit behind it counts: `1550NM` is the same as `1.55E-6`.
//!
//! **Headers.** With [`Spelling::Scpi`] the mnemonics before the first space are those of SCPI-99
//! (volume 1, 6.2.1): any case, the short form (the capitals) or the whole word, a leading colon
//! or none, nodes in brackets or not. `SOURce#` takes a number behind the word, 1 when there is
//! none. With [`Spelling::Exact`] the text has to be the same, in any case of its letters.

use std::fmt::Write as _;

/// How the words of a command may be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As in SCPI.
    Scpi,
    /// As they stand.
    Exact,
}

/// A value of a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number, in base units.
    Number(f64),
    /// A whole number, or the number of a choice.
    Integer(i64),
    /// Text.
    Text(String),
}

impl Value {
    /// Returns it as a number, unless it is text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(*x),
            Self::Integer(n) => Some(*n as f64),
            Self::Text(_) => None,
        }
    }
}

/// Why a pattern cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// The pattern itself is none.
    #[error("pattern {pattern:?}: expected {expected}, found {found:?}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The values are not those of its slots.
    #[error("pattern {pattern:?}: expected {expected}, found {found}")]
    Values {
        /// The pattern.
        pattern: String,
        /// What its slots take.
        expected: String,
        /// What was given.
        found: String,
    },
}

/// One slot.
#[derive(Clone, Debug, PartialEq)]
enum Slot {
    /// A number in a unit that is `times / per` of the base unit.
    Number {
        times: f64,
        per: f64,
        decimals: Decimals,
    },
    Integer,
    Choice(Vec<String>),
    Text,
    Quoted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decimals {
    Fixed(usize),
    Scientific,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// Text that is the same every time.
    Literal(String),
    /// A header of SCPI, by its nodes.
    Header {
        nodes: Vec<Node>,
        question: bool,
    },
    Slot(Slot),
}

/// A mnemonic of a header.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    /// Capitals of the word.
    short: String,
    /// All of it, in capitals.
    long: String,
    /// It may be left out.
    optional: bool,
    /// A number stands behind it.
    numbered: bool,
}

/// A command or a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// Units, how many of the base unit one is, and how many of them one base unit is: one of the two
/// is 1, so that a conversion rounds once. Levels in decibels are not converted.
const UNITS: [(&str, f64, f64); 23] = [
    ("", 1.0, 1.0),
    ("m", 1.0, 1.0),
    ("nm", 1.0, 1e9),
    ("um", 1.0, 1e6),
    ("pm", 1.0, 1e12),
    ("A", 1.0, 1.0),
    ("mA", 1.0, 1e3),
    ("W", 1.0, 1.0),
    ("mW", 1.0, 1e3),
    ("uW", 1.0, 1e6),
    ("s", 1.0, 1.0),
    ("ms", 1.0, 1e3),
    ("us", 1.0, 1e6),
    ("V", 1.0, 1.0),
    ("mV", 1.0, 1e3),
    ("Hz", 1.0, 1.0),
    ("GHz", 1e9, 1.0),
    ("THz", 1e12, 1.0),
    ("dB", 1.0, 1.0),
    ("dBm", 1.0, 1.0),
    ("C", 1.0, 1.0),
    ("cC", 1.0, 1e2),
    ("10mW", 1.0, 1e2),
];

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError::Pattern`].
    pub fn new(text: &str, spelling: Spelling) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        if spelling == Spelling::Scpi {
            let end = rest.find([' ', '{']).unwrap_or(rest.len());
            parts.push(header(text, &rest[..end])?);
            rest = &rest[end..];
        }
        while let Some(open) = rest.find('{') {
            literal(&mut parts, &rest[..open]);
            let close = rest[open..]
                .find('}')
                .ok_or_else(|| PatternError::Pattern {
                    pattern: text.to_owned(),
                    expected: "a closing brace",
                    found: rest[open..].to_owned(),
                })?;
            parts.push(Part::Slot(slot(text, &rest[open + 1..open + close])?));
            rest = &rest[open + close + 1..];
        }
        literal(&mut parts, rest);
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// Returns it as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns how many values it takes: numbers of nodes first, then slots.
    pub fn arity(&self) -> usize {
        self.parts.iter().map(Part::arity).sum()
    }

    /// Writes it with these values.
    ///
    /// # Errors
    /// [`PatternError::Values`] when they are too few, too many or of other kinds.
    pub fn write(&self, values: &[Value]) -> Result<String, PatternError> {
        let wrong = |found: String| PatternError::Values {
            pattern: self.text.clone(),
            expected: format!("{} values as its slots say", self.arity()),
            found,
        };
        if values.len() != self.arity() {
            return Err(wrong(format!("{} values", values.len())));
        }
        let mut values = values.iter();
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Header { nodes, question } => {
                    for node in nodes.iter().filter(|n| !n.optional || n.numbered) {
                        if !(node.long.starts_with('*') && out.is_empty()) {
                            out.push(':');
                        }
                        out.push_str(&node.short);
                        if node.numbered {
                            match values.next() {
                                Some(Value::Integer(n)) => _ = write!(out, "{n}"),
                                other => return Err(wrong(format!("{other:?}"))),
                            }
                        }
                    }
                    if *question {
                        out.push('?');
                    }
                }
                Part::Slot(slot) => {
                    let value = values.next();
                    let text = value.and_then(|value| slot.write(value));
                    out.push_str(&text.ok_or_else(|| wrong(format!("{value:?}")))?);
                }
            }
        }
        Ok(out)
    }

    /// Reads what was written; nothing when it is not this.
    pub fn read(&self, text: &str) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        let mut rest = text.trim();
        for (at, part) in self.parts.iter().enumerate() {
            rest = match part {
                Part::Literal(wanted) => strip(rest, wanted)?,
                Part::Header { nodes, question } => {
                    let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                    read_header(&rest[..end], nodes, *question, &mut values)?;
                    rest[end..].trim_start()
                }
                Part::Slot(slot) => {
                    let (value, rest) = slot.read(rest, self.parts.get(at + 1))?;
                    values.push(value);
                    rest
                }
            };
        }
        rest.trim().is_empty().then_some(values)
    }
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

/// Takes a literal off; case does not count, nor does how many spaces stand where one does.
fn strip<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.trim_start();
    let text = text.trim_start();
    let bare = wanted.trim_end();
    let (found, rest) = text.split_at_checked(bare.len())?;
    found.eq_ignore_ascii_case(bare).then_some(())?;
    Some(if bare.len() < wanted.len() {
        rest.trim_start()
    } else {
        rest
    })
}

fn header(pattern: &str, text: &str) -> Result<Part, PatternError> {
    let wrong = |expected, found: &str| PatternError::Pattern {
        pattern: pattern.to_owned(),
        expected,
        found: found.to_owned(),
    };
    let (text, question) = match text.strip_suffix('?') {
        Some(text) => (text, true),
        None => (text, false),
    };
    // `[:STATe]` is a node of its own.
    let text = text.replace("[:", ":[");
    let mut nodes = Vec::new();
    for word in text.trim_start_matches(':').split(':') {
        let optional = word.starts_with('[');
        let word = word.trim_start_matches('[').trim_end_matches(']');
        let (word, numbered) = match word.strip_suffix('#') {
            Some(word) => (word, true),
            None => (word, false),
        };
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '*' || c == '_';
        if word.is_empty() || !word.chars().all(letters) {
            return Err(wrong("mnemonics of letters and digits", word));
        }
        nodes.push(Node {
            short: word.chars().filter(|c| !c.is_ascii_lowercase()).collect(),
            long: word.to_ascii_uppercase(),
            optional,
            numbered,
        });
    }
    Ok(Part::Header { nodes, question })
}

fn slot(pattern: &str, text: &str) -> Result<Slot, PatternError> {
    match text {
        "i" => return Ok(Slot::Integer),
        "s" => return Ok(Slot::Text),
        "q" => return Ok(Slot::Quoted),
        _ => {}
    }
    if text.contains('|') {
        return Ok(Slot::Choice(text.split('|').map(str::to_owned).collect()));
    }
    let wrong = || PatternError::Pattern {
        pattern: pattern.to_owned(),
        expected: "{unit.decimals}, {unit.e}, {i}, {s}, {q} or {A|B}",
        found: text.to_owned(),
    };
    let (unit, decimals) = text.rsplit_once('.').ok_or_else(wrong)?;
    let known = UNITS.iter().find(|(name, ..)| *name == unit);
    let decimals = match decimals {
        "e" => Decimals::Scientific,
        digits => Decimals::Fixed(digits.parse().map_err(|_| wrong())?),
    };
    let (_, times, per) = *known.ok_or_else(wrong)?;
    Ok(Slot::Number {
        times,
        per,
        decimals,
    })
}

/// Reads the nodes of a header, pushing the numbers behind them.
fn read_header(text: &str, nodes: &[Node], question: bool, values: &mut Vec<Value>) -> Option<()> {
    let (text, asked) = match text.strip_suffix('?') {
        Some(text) => (text, true),
        None => (text, false),
    };
    if asked != question {
        return None;
    }
    let words: Vec<String> = text
        .strip_prefix(':')
        .unwrap_or(text)
        .split(':')
        .map(str::to_ascii_uppercase)
        .collect();
    let mut words = words.iter().peekable();
    for node in nodes {
        let number = words.peek().and_then(|word| node.matches(word));
        match number {
            Some(number) => {
                words.next();
                if node.numbered {
                    values.push(Value::Integer(number));
                }
            }
            None if node.optional => {
                if node.numbered {
                    values.push(Value::Integer(1));
                }
            }
            None => return None,
        }
    }
    words.next().is_none().then_some(())
}

impl Node {
    /// Returns the number behind the word when it is this one; 1 where there is none.
    fn matches(&self, word: &str) -> Option<i64> {
        let name = if self.numbered {
            word.trim_end_matches(|c: char| c.is_ascii_digit())
        } else {
            word
        };
        if name != self.short && name != self.long {
            return None;
        }
        match &word[name.len()..] {
            "" => Some(1),
            digits => digits.parse().ok(),
        }
    }
}

impl Part {
    fn arity(&self) -> usize {
        match self {
            Self::Literal(_) => 0,
            Self::Header { nodes, .. } => nodes.iter().filter(|n| n.numbered).count(),
            Self::Slot(_) => 1,
        }
    }
}

impl Slot {
    fn write(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (
                Self::Number {
                    times,
                    per,
                    decimals,
                },
                value,
            ) => {
                let x = value.number().filter(|x| x.is_finite())? / times * per;
                Some(match decimals {
                    Decimals::Fixed(decimals) => fixed(x, *decimals),
                    Decimals::Scientific => scientific(x),
                })
            }
            (Self::Integer, Value::Integer(n)) => Some(n.to_string()),
            (Self::Choice(names), Value::Integer(n)) => {
                names.get(usize::try_from(*n).ok()?).cloned()
            }
            (Self::Text, Value::Text(text)) => Some(text.clone()),
            (Self::Quoted, Value::Text(text)) => {
                (!text.contains('"')).then(|| format!("\"{text}\""))
            }
            _ => None,
        }
    }

    /// Reads a value off the beginning; `next` is what has to follow it.
    fn read<'a>(&self, text: &'a str, next: Option<&Part>) -> Option<(Value, &'a str)> {
        let text = text.trim_start();
        match self {
            Self::Number { times, per, .. } => {
                let (x, rest) = number(text)?;
                let follows = |rest: &str| match next {
                    Some(Part::Literal(literal)) => strip(rest, literal).is_some(),
                    _ => false,
                };
                let own = (*times, *per, rest);
                let (times, per, rest) = suffix(rest).filter(|_| !follows(rest)).unwrap_or(own);
                Some((Value::Number(x * times / per), rest))
            }
            Self::Integer => {
                let (x, rest) = number(text)?;
                (x.fract() == 0.0 && x.abs() < 1e15).then_some((Value::Integer(x as i64), rest))
            }
            Self::Choice(names) => {
                // The longest first: `ONE` is not `ON`.
                let mut order: Vec<usize> = (0..names.len()).collect();
                order.sort_by_key(|&i| std::cmp::Reverse(names[i].len()));
                order.into_iter().find_map(|i| {
                    let rest = strip(text, &names[i])?;
                    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
                    ends.then_some((Value::Integer(i as i64), rest))
                })
            }
            Self::Quoted => {
                let inner = text.strip_prefix('"')?;
                let (inner, rest) = inner.split_once('"')?;
                Some((Value::Text(inner.to_owned()), rest))
            }
            Self::Text => {
                let end = match next {
                    Some(Part::Literal(literal)) => text.find(literal.as_str())?,
                    _ => text.len(),
                };
                let (value, rest) = text.split_at(end);
                Some((Value::Text(value.trim_end().to_owned()), rest))
            }
        }
    }
}

/// Writes a number with decimals, and zero without a sign.
fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    match text.strip_prefix('-') {
        Some(bare) if bare.chars().all(|c| c == '0' || c == '.') => bare.to_owned(),
        _ => text,
    }
}

/// Writes a number as instruments do: `+1.550000000E-06`.
fn scientific(x: f64) -> String {
    let text = format!("{x:+.9e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!("{mantissa}E{exponent:+03}")
}

/// Reads a unit off the beginning (`1550.0NM`, `12.000 DB`, `100MS`), which SCPI allows behind
/// any number and then counts instead of the unit that a bare number would be in (SCPI-99 volume
/// 1, 7.1). Returns what the unit is, as in [`UNITS`], and the rest.
fn suffix(text: &str) -> Option<(f64, f64, &str)> {
    let text = text.trim_start();
    let letters = text.find(|c: char| !c.is_ascii_alphabetic());
    let (name, rest) = text.split_at(letters.unwrap_or(text.len()));
    let known =
        |(unit, ..): &&(&str, f64, f64)| !unit.is_empty() && unit.eq_ignore_ascii_case(name);
    let (_, times, per) = UNITS.iter().find(known)?;
    Some((*times, *per, rest))
}

/// Reads a number off the beginning.
fn number(text: &str) -> Option<(f64, &str)> {
    let digits = text
        .char_indices()
        .take_while(|&(at, c)| {
            let after_e = at > 0 && matches!(text.as_bytes()[at - 1], b'e' | b'E');
            c.is_ascii_digit()
                || c == '.'
                || (matches!(c, '+' | '-') && (at == 0 || after_e))
                || (matches!(c, 'e' | 'E') && at > 0 && exponent_follows(&text[at..]))
        })
        .last()
        .map_or(0, |(at, c)| at + c.len_utf8());
    let x: f64 = text[..digits].parse().ok()?;
    x.is_finite().then_some((x, &text[digits..]))
}

/// True for `e5`, `E-06`; not for the `E` of a word.
fn exponent_follows(text: &str) -> bool {
    let digits = text[1..].trim_start_matches(['+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;

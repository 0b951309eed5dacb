//! The attributes of `<Prop .../>` elements: all of XML that such a header needs.

use super::FORMAT;
use crate::Error;
use crate::bytes::latin;
use std::collections::HashMap;

/// Real headers have 75 properties.
const PROPS_LIMIT: usize = 1024;
/// Real properties have up to 20 attributes.
const ATTRIBUTES_LIMIT: usize = 128;

/// One `<Prop Name="..." .../>`.
#[derive(Debug, Default)]
struct Prop {
    /// Byte where the element begins.
    place: u64,
    attributes: HashMap<String, String>,
}

/// The properties of a header by their names.
#[derive(Debug)]
pub(super) struct Props {
    props: HashMap<String, Prop>,
    length: u64,
}

impl Props {
    /// Collects the properties; where a name is there twice, the first one counts.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut props = HashMap::new();
        let mut at = 0;
        while let Some(start) = next_tag(text, at) {
            let (prop, end) = element(text, start)?;
            at = end;
            if let Some(name) = prop.attributes.get("Name") {
                props.entry(name.clone()).or_insert(prop);
            }
            within("properties", props.len(), PROPS_LIMIT)?;
        }
        let length = text.len() as u64;
        Ok(Self { props, length })
    }

    /// Returns an attribute of a property, if both are there.
    pub(super) fn find(&self, name: &str, attribute: &str) -> Option<&str> {
        let prop = self.props.get(name)?;
        prop.attributes.get(attribute).map(String::as_str)
    }

    /// Returns an attribute of a property that must be there.
    pub(super) fn text(&self, name: &str, attribute: &str) -> Result<&str, Error> {
        self.find(name, attribute).ok_or_else(|| {
            let found = match self.props.get(name) {
                Some(_) => "a property without it",
                None => "no such property",
            };
            let expected = format!("`Name=\"{name}\"` with {attribute}");
            Error::malformed(FORMAT, self.place(name), name, expected, found)
        })
    }

    /// Returns a finite number.
    pub(super) fn number(&self, name: &str, attribute: &str) -> Result<f64, Error> {
        let text = self.text(name, attribute)?;
        match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(self.refused(name, "a number", text)),
        }
    }

    /// Returns a count from 0 to 2^53, written as a number.
    pub(super) fn count(&self, name: &str) -> Result<u64, Error> {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let value = self.number(name, "Value")?;
        if (0.0..=LARGEST).contains(&value) && value.fract() == 0.0 {
            return Ok(value as u64);
        }
        Err(self.refused(name, "a count", self.text(name, "Value")?))
    }

    /// Returns the byte where a property begins; for missing ones the end of the header.
    pub(super) fn place(&self, name: &str) -> u64 {
        self.props.get(name).map_or(self.length, |prop| prop.place)
    }

    /// Says that a property's value makes no sense.
    pub(super) fn refused(&self, name: &str, expected: &str, found: &str) -> Error {
        let found: String = found.chars().take(60).collect();
        Error::malformed(
            FORMAT,
            self.place(name),
            name,
            expected,
            format!("`{found}`"),
        )
    }
}

/// Finds the next `<Prop` from byte `at` on; comments are passed over.
fn next_tag(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += text.get(at..)?.iter().position(|&b| b == b'<')?;
        let rest = &text[at..];
        if rest.starts_with(b"<!--") {
            at += rest.windows(3).position(|w| w == b"-->")? + 3;
        } else if rest.starts_with(b"<Prop") && rest.get(5).is_some_and(u8::is_ascii_whitespace) {
            return Some(at);
        } else {
            at += 1;
        }
    }
}

/// Reads one element's attributes; returns the byte behind it.
fn element(text: &[u8], start: usize) -> Result<(Prop, usize), Error> {
    let place = start as u64;
    let mut prop = Prop {
        place,
        ..Prop::default()
    };
    let mut at = start + "<Prop".len();
    loop {
        at += skip(text, at, |b| b.is_ascii_whitespace() || b == b'/');
        match text.get(at) {
            Some(b'>') => return Ok((prop, at + 1)),
            Some(_) => {}
            None => return Err(open(text, "`>` after the attributes")),
        }
        let width = skip(text, at, |b| {
            b != b'=' && b != b'>' && !b.is_ascii_whitespace()
        });
        let name = latin(&text[at..at + width]);
        at += width;
        at += skip(text, at, |b| b.is_ascii_whitespace());
        let value = text.get(at + 1..).unwrap_or(&[]);
        let blanks = skip(value, 0, |b| b.is_ascii_whitespace());
        let quote = value.get(blanks).copied();
        if text.get(at) != Some(&b'=') || !matches!(quote, Some(b'"' | b'\'')) {
            let expected = "`=` and a quoted value";
            let field = format!("attribute {}", name.chars().take(40).collect::<String>());
            let found = crate::bytes::excerpt(text.get(at..).unwrap_or(&[]));
            return Err(Error::malformed(FORMAT, at as u64, field, expected, found));
        }
        at += blanks + 2;
        let width = skip(text, at, |b| Some(b) != quote);
        if at + width >= text.len() {
            return Err(open(text, "the closing quote of an attribute"));
        }
        let value = unescaped(&latin(&text[at..at + width]));
        prop.attributes.insert(name, value);
        within("attributes", prop.attributes.len(), ATTRIBUTES_LIMIT)?;
        at += width + 1;
    }
}

/// Counts the bytes from `at` on that `belong`.
fn skip(text: &[u8], at: usize, belong: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    rest.iter().position(|&b| !belong(b)).unwrap_or(rest.len())
}

fn within(what: &str, count: usize, limit: usize) -> Result<(), Error> {
    if count <= limit {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: format!("{what} of the XML header"),
        limit: limit as u64,
        found: count as u64,
    })
}

fn open(text: &[u8], expected: &str) -> Error {
    let end = text.len() as u64;
    Error::malformed(FORMAT, end, "XML header", expected, "the end of the file")
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_string();
    }
    // The ampersand last, or `&amp;lt;` would be read twice.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

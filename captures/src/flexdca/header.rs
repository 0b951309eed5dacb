//! Key lines and the XML header.

use super::{FORMAT, rows};
use crate::Error;
use crate::bytes::{holds, latin, place_of};

/// What a header says, each with its byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    interval: Option<(u64, String)>,
    origin: Option<(u64, String)>,
    points: Option<(u64, String)>,
    x_unit: Option<String>,
    y_unit: Option<String>,
    pub(super) source: Option<String>,
}

/// Whether an XML document of the instrument begins here.
pub(super) fn is_xml(head: &[u8]) -> bool {
    first_byte(head) == Some(b'<') && holds(head, b"<DcaFile")
}

fn first_byte(head: &[u8]) -> Option<u8> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().first().copied()
}

/// Whether lines with one origin and one interval come before lines of one or two numbers;
/// tables with a column for each channel are left to the reader of CSV.
pub(super) fn is_keyed(head: &[u8]) -> bool {
    // Most files are something else, and no line of theirs is an interval.
    let begins = |text: &[u8]| begins_plainly(text, b"xinc");
    if !begins(head) && place_of(head, b'\n', |line| begins(line)).is_none() {
        return false;
    }
    let mut header = Header::default();
    for line in head.split(|&b| b == b'\n') {
        match entry(line) {
            Some((key, value)) => header.take(&key, 0, value),
            None if rows::is_row(line) => {
                return header.interval.is_some() && header.origin.is_some();
            }
            None => {}
        }
    }
    false
}

/// Whether these are the first letters and digits of a text. A plain key begins with the first
/// ones of its line.
fn begins_plainly(text: &[u8], letters: &[u8]) -> bool {
    let plain = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let plain = plain.map(u8::to_ascii_lowercase).take(letters.len());
    plain.eq(letters.iter().copied())
}

/// Parts a line into a plain key and its value; none without a mark between them, or with
/// several values.
fn entry(line: &[u8]) -> Option<(String, String)> {
    let line = latin(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
    let (key, value) = line.split_once([':', '=', ',', ';', '\t'])?;
    let starts = key.trim_start().trim_start_matches(['"', '#']);
    if !starts.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let value = value.trim_matches(|c: char| c.is_whitespace() || ",;=:\"".contains(c));
    Some((plain(key), value.to_string()))
}

fn plain(key: &str) -> String {
    let letters = key.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.collect::<String>().to_ascii_lowercase()
}

impl Header {
    fn take(&mut self, key: &str, place: u64, value: String) {
        if value.is_empty() {
            return;
        }
        match key {
            "xinc" | "xincrement" => self.interval = Some((place, value)),
            "xorg" | "xorigin" => self.origin = Some((place, value)),
            "points" => self.points = Some((place, value)),
            "xunits" | "xunit" => self.x_unit = Some(value),
            "yunits" | "yunit" => self.y_unit = Some(value),
            "sourcename" | "source" | "channel" => self.source = Some(value),
            _ => {}
        }
    }

    /// Returns `XInc`, after making sure that the axis is time.
    pub(super) fn interval_s(&self) -> Result<f64, Error> {
        if let Some(unit) = &self.x_unit
            && !matches!(plain(unit).as_str(), "s" | "sec" | "second" | "seconds")
        {
            return Err(Error::unsupported(
                "FlexDCA text",
                format!("its horizontal axis is in `{unit}`"),
                "save a waveform over time in seconds",
            ));
        }
        let (place, text) = named(self.interval.as_ref(), "XInc")?;
        match number(text) {
            Some(step) if step > 0.0 => Ok(step),
            _ => Err(Error::malformed(
                FORMAT,
                *place,
                "XInc",
                "a time above 0 s",
                format!("`{text}`"),
            )),
        }
    }

    /// Returns `XOrg`.
    pub(super) fn origin_s(&self) -> Result<f64, Error> {
        let (place, text) = named(self.origin.as_ref(), "XOrg")?;
        number(text).ok_or_else(|| {
            Error::malformed(FORMAT, *place, "XOrg", "a time in s", format!("`{text}`"))
        })
    }

    /// Returns the number of points, if it is told.
    pub(super) fn points(&self) -> Result<Option<u64>, Error> {
        let Some((place, text)) = &self.points else {
            return Ok(None);
        };
        match text.parse() {
            Ok(points) if points > 0 => Ok(Some(points)),
            _ => Err(Error::malformed(
                FORMAT,
                *place,
                "Points",
                "a count above 0",
                format!("`{text}`"),
            )),
        }
    }

    /// Returns the symbol of the vertical unit, or nothing.
    pub(super) fn unit(&self) -> String {
        let unit = self.y_unit.clone().unwrap_or_default();
        match plain(&unit).as_str() {
            "volt" | "volts" | "v" => "V".into(),
            "watt" | "watts" | "w" => "W".into(),
            "ampere" | "amperes" | "amp" | "amps" | "a" => "A".into(),
            _ => unit,
        }
    }
}

fn named<'a>(
    entry: Option<&'a (u64, String)>,
    name: &'static str,
) -> Result<&'a (u64, String), Error> {
    entry.ok_or_else(|| {
        Error::malformed(
            FORMAT,
            0,
            name,
            "a value before the first sample",
            "no such key",
        )
    })
}

/// Reads the leading number of a value such as `1e-12 s`.
fn number(text: &str) -> Option<f64> {
    let word = text.split_whitespace().next()?;
    word.parse().ok().filter(|x: &f64| x.is_finite())
}

/// Reads key lines; returns where the first row begins.
pub(super) fn keyed(head: &[u8]) -> Result<(Header, usize), Error> {
    let mut header = Header::default();
    let mut place = 0;
    for line in head.split_inclusive(|&b| b == b'\n') {
        match entry(line) {
            Some((key, value)) => header.take(&key, place as u64, value),
            None if rows::is_row(line) => return Ok((header, place)),
            None => {}
        }
        place += line.len();
    }
    Err(Error::malformed(
        FORMAT,
        place as u64,
        "samples",
        "a line of one or two numbers behind the key lines",
        "the end of the text or of its first 64 KiB",
    ))
}

/// Reads the XML header; returns the byte behind it.
pub(super) fn xml(head: &[u8], length: u64) -> Result<(Header, usize), Error> {
    const END: &[u8] = b"</DcaFile>";
    let Some(end) = head.windows(END.len()).position(|part| part == END) else {
        return Err(Error::malformed(
            FORMAT,
            length.min(head.len() as u64),
            "XML header",
            "`</DcaFile>` within 64 KiB",
            "none",
        ));
    };
    let mut header = Header::default();
    let mut place = 0;
    // Leaves only: `<Points>4063</Points>`. What encloses others has no text of its own.
    for part in head[..end].split_inclusive(|&b| b == b'>') {
        let closing = part.iter().position(|&b| b == b'<');
        if let Some(at) = closing
            && let Some(name) = part[at..].strip_prefix(b"</")
        {
            let name = latin(name.strip_suffix(b">").unwrap_or(name));
            let value = latin(&part[..at]).trim().to_string();
            header.take(&plain(&name), place as u64, value);
        }
        place += part.len();
    }
    Ok((header, end + END.len()))
}

//! The JSON text: only what is asked for is kept, whatever else it holds.

use super::FORMAT;
use super::moment::Moment;
use crate::bytes::Bytes;
use crate::trace::Cell;
use crate::{ByteOrder, Error};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// Annotations of long recordings take megabytes; more than this is not metadata.
const TEXT_LIMIT: u64 = 16 << 20;
/// More captures than this would be mostly descriptions.
const CAPTURE_LIMIT: usize = 65_536;
/// Key of a capture's first sample.
const START: &str = "core:sample_start";
/// Integers are exact in JSON up to here.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[derive(Deserialize)]
struct Text {
    global: Global,
    #[serde(default, deserialize_with = "bounded")]
    captures: Vec<Capture>,
}

#[derive(Deserialize)]
struct Global {
    #[serde(rename = "core:datatype")]
    datatype: String,
    #[serde(rename = "core:sample_rate")]
    sample_rate: Option<f64>,
    #[serde(rename = "core:num_channels")]
    num_channels: Option<f64>,
    #[serde(rename = "core:dataset")]
    dataset: Option<String>,
    #[serde(rename = "core:trailing_bytes")]
    trailing_bytes: Option<f64>,
    #[serde(rename = "core:offset")]
    offset: Option<f64>,
    #[serde(rename = "core:metadata_only")]
    metadata_only: Option<bool>,
    #[serde(rename = "etalon:unit")]
    unit: Option<String>,
    #[serde(rename = "etalon:channels", default)]
    channels: Vec<String>,
}

#[derive(Deserialize)]
struct Capture {
    #[serde(rename = "core:sample_start")]
    sample_start: f64,
    #[serde(rename = "core:header_bytes")]
    header_bytes: Option<f64>,
    #[serde(rename = "core:global_index")]
    global_index: Option<f64>,
    #[serde(rename = "core:datetime")]
    datetime: Option<String>,
    #[serde(rename = "etalon:start_s")]
    start_s: Option<f64>,
    #[serde(rename = "etalon:trigger_s")]
    trigger_s: Option<f64>,
}

/// Collects captures up to the limit: two bytes of text become a hundred of memory.
fn bounded<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Capture>, D::Error> {
    struct Captures;
    impl<'de> Visitor<'de> for Captures {
        type Value = Vec<Capture>;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            write!(f, "an array of at most {CAPTURE_LIMIT} captures")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut captures = Vec::new();
            while let Some(capture) = items.next_element()? {
                if captures.len() == CAPTURE_LIMIT {
                    return Err(serde::de::Error::invalid_length(captures.len() + 1, &self));
                }
                captures.push(capture);
            }
            Ok(captures)
        }
    }
    from.deserialize_seq(Captures)
}

/// How one value is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) cell: Cell,
    pub(super) order: ByteOrder,
    complex: bool,
}

impl Kind {
    /// Values of one sample: 2 when it is complex.
    pub(super) fn parts(self) -> u64 {
        1 + u64::from(self.complex)
    }

    fn parse(text: &str) -> Option<Self> {
        let complex = match text.as_bytes().first()? {
            b'r' => false,
            b'c' => true,
            _ => return None,
        };
        let (name, order) = match text[1..].split_once('_') {
            Some((name, "le")) => (name, ByteOrder::Little),
            Some((name, "be")) => (name, ByteOrder::Big),
            Some(_) => return None,
            None if matches!(&text[1..], "i8" | "u8") => (&text[1..], ByteOrder::Little),
            None => return None,
        };
        let cell = match name {
            "i8" => Cell::I8,
            "u8" => Cell::U8,
            "i16" => Cell::I16,
            "u16" => Cell::U16,
            "i32" => Cell::I32,
            "u32" => Cell::U32,
            "f32" => Cell::F32,
            "f64" => Cell::F64,
            _ => return None,
        };
        Some(Self {
            cell,
            order,
            complex,
        })
    }
}

/// One entry of `captures`.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    /// First sample, counted in the data file.
    pub(super) start: u64,
    /// Bytes before it that are no samples.
    pub(super) header_bytes: u64,
    /// Time from the trigger to the first sample.
    pub(super) start_s: f64,
    /// Byte of its key in the text.
    pub(super) place: u64,
    index: Option<f64>,
    moment: Option<Moment>,
    trigger_s: Option<f64>,
}

impl Segment {
    /// Returns the time of this segment after the first, by the best that is known.
    pub(super) fn seconds_after(&self, first: &Self, interval_s: Option<f64>) -> Option<f64> {
        let by_moment = || Some(self.moment?.seconds_after(first.moment?));
        let by_index = || Some((self.index? - first.index?) * interval_s?);
        self.trigger_s.or_else(by_moment).or_else(by_index)
    }
}

/// What the text says, checked by itself.
pub(super) struct Meta {
    pub(super) kind: Kind,
    pub(super) channels: u64,
    pub(super) interval_s: Option<f64>,
    pub(super) dataset: Option<String>,
    pub(super) trailing: u64,
    /// At least one.
    pub(super) segments: Vec<Segment>,
    pub(super) unit: String,
    pub(super) labels: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// The text with the places of its keys, for error messages.
struct Keys<'a>(&'a [u8]);

impl Keys<'_> {
    /// Finds the places where a key stands, from that of another on: annotations have the same
    /// keys as captures, and writers that sort put them first.
    fn places(&self, after: &str, key: &str) -> impl Iterator<Item = u64> {
        let quoted = |key: &str| format!("\"{key}\"").into_bytes();
        let (after, key) = (quoted(after), quoted(key));
        let first = (0..self.0.len()).find(|&at| self.0[at..].starts_with(&after));
        let from = first.unwrap_or(0);
        (from..self.0.len())
            .filter(move |&at| self.0[at..].starts_with(&key))
            .map(|at| at as u64)
    }

    fn place(&self, key: &str, nth: usize) -> u64 {
        let after = if key == START { "captures" } else { "global" };
        self.places(after, key).nth(nth).unwrap_or(0)
    }

    fn wrong(&self, key: &str, nth: usize, expected: &str, found: String) -> Error {
        Error::malformed(FORMAT, self.place(key, nth), key, expected, found)
    }

    /// Checks a count: a whole number that JSON keeps exactly.
    fn count(&self, key: &str, nth: usize, value: f64) -> Result<u64, Error> {
        if (0.0..=EXACT).contains(&value) && value.fract() == 0.0 {
            return Ok(value as u64);
        }
        Err(self.wrong(key, nth, "a whole number from 0 to 2^53", value.to_string()))
    }
}

impl Meta {
    /// Reads and checks the metadata.
    pub(super) fn read(bytes: &Bytes) -> Result<Self, Error> {
        if bytes.len() > TEXT_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "bytes of metadata".into(),
                limit: TEXT_LIMIT,
                found: bytes.len(),
            });
        }
        let whole = bytes.head(TEXT_LIMIT as usize)?;
        let start = usize::from(whole.starts_with(b"\xef\xbb\xbf")) * 3;
        let text = &whole[start..];
        let parsed: Text = serde_json::from_slice(text).map_err(|e| {
            let place = offset(text, e.line(), e.column()) + start as u64;
            let found: String = e.to_string().chars().take(200).collect();
            let expected = "JSON with `global`, `core:datatype` and `captures`";
            Error::malformed(FORMAT, place, "metadata", expected, found)
        })?;
        Self::check(parsed, &Keys(&whole))
    }

    fn check(parsed: Text, keys: &Keys) -> Result<Self, Error> {
        let global = parsed.global;
        if global.metadata_only == Some(true) {
            let found = "metadata without samples (core:metadata_only)";
            let hint = "open a recording that has its data file";
            return Err(Error::unsupported("SigMF", found, hint));
        }
        let kind = Kind::parse(&global.datatype).ok_or_else(|| {
            let expected = "r or c, then f32, f64, i8, i16, i32, u8, u16 or u32, then _le or _be";
            let found: String = global.datatype.chars().take(40).collect();
            keys.wrong("core:datatype", 0, expected, format!("`{found}`"))
        })?;
        let channels = match global.num_channels {
            Some(count) => keys.count("core:num_channels", 0, count)?,
            None => 1,
        };
        if channels == 0 || channels > super::TRACE_LIMIT {
            let expected = "1 to 65536";
            return Err(keys.wrong("core:num_channels", 0, expected, channels.to_string()));
        }
        let mut warnings = Vec::new();
        let interval_s = global.sample_rate.map(f64::recip);
        let usable = interval_s.filter(|dt| dt.is_finite() && *dt > 0.0);
        if let (Some(rate), None) = (global.sample_rate, usable) {
            warnings.push(format!("the sample rate {rate} is not usable"));
        }
        let offset = keys.count("core:offset", 0, global.offset.unwrap_or(0.0))?;
        let trailing = global.trailing_bytes.unwrap_or(0.0);
        // The first few are where people look.
        let places: Vec<u64> = keys.places("captures", START).take(64).collect();
        let mut segments = Vec::new();
        for (k, capture) in parsed.captures.into_iter().enumerate() {
            let place = places.get(k).copied().unwrap_or(0);
            segments.push(segment(capture, (k, place), offset, keys, &mut warnings)?);
        }
        if segments.is_empty() {
            segments.push(Segment::default());
        }
        Ok(Self {
            kind,
            channels,
            interval_s: usable,
            dataset: global.dataset,
            trailing: keys.count("core:trailing_bytes", 0, trailing)?,
            segments,
            unit: global.unit.unwrap_or_default(),
            labels: global.channels,
            warnings,
        })
    }
}

fn segment(
    capture: Capture,
    (k, place): (usize, u64),
    offset: u64,
    keys: &Keys,
    warnings: &mut Vec<String>,
) -> Result<Segment, Error> {
    let key = START;
    let start = keys.count(key, k, capture.sample_start)?;
    let Some(start) = start.checked_sub(offset) else {
        let expected = format!("{offset} (core:offset) or more");
        return Err(keys.wrong(key, k, &expected, start.to_string()));
    };
    let moment = capture.datetime.as_deref().and_then(Moment::parse);
    if capture.datetime.is_some() && moment.is_none() && warnings.len() < 16 {
        warnings.push(format!("core:datetime of capture {k} is no time in UTC"));
    }
    let header = capture.header_bytes.unwrap_or(0.0);
    Ok(Segment {
        start,
        header_bytes: keys.count("core:header_bytes", 0, header)?,
        start_s: capture.start_s.unwrap_or(0.0),
        place,
        index: capture.global_index,
        moment,
        trigger_s: capture.trigger_s,
    })
}

/// Turns a line and a column, both counted from 1, into a byte.
fn offset(text: &[u8], line: usize, column: usize) -> u64 {
    let before: usize = text
        .split_inclusive(|&b| b == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len()) as u64
}

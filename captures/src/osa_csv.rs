//! Spectra of optical spectrum analyzers of the Yokogawa AQ6370 family, as CSV text.
//!
//! ```text
//! "70CSV"                    what goes before the keys is passed over
//! "CTRWL","1550.000"         centre in nm
//! "SPAN","10.000"            span in nm
//! "LSCL","10.0"              dB a division; a word here means a linear scale
//! "RESLN","0.05"             resolution in nm
//! "SMPL","1001"              number of points
//! "[TRACE DATA]"
//! 1545.0000,-61.23           wavelength in nm, level in dBm
//! ```
//!
//! Source: the key names as publicly described. No real file seen: quotes, blanks, CRLF, a byte
//! order mark and exponents are taken, keys that are not known are passed over. A count that is
//! not that of `SMPL` is a warning. What breaks it: linear levels, frequencies instead of
//! wavelengths and several traces in one file, all of which are refused.

use std::path::Path;

use etalon_types::OsaTrace;

use crate::bytes::{Bytes, excerpt};
use crate::{Error, foreign};

const FORMAT: &str = "OSA CSV";
/// Largest file that is read: ten times the most points that such analyzers take.
const LIMIT: u64 = 1 << 24;

/// True when text begins with the key rows of such an analyzer.
pub(crate) fn probe(head: &[u8]) -> bool {
    let has = |key: &[u8]| {
        head.split(|&b| b == b'\n')
            .any(|line| field(line.split(|&b| b == b',').next().unwrap_or(&[])) == key)
    };
    has(b"CTRWL") && (has(b"SPAN") || has(b"RESLN") || has(b"SMPL"))
}

/// Reads a spectrum of the AQ6370 family.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Malformed`] with line and byte where it
/// departs from the format, [`Error::Unsupported`] for another kind of file or a linear scale,
/// [`Error::Limit`] when it is too large.
pub fn osa_csv(path: &Path) -> Result<OsaTrace, Error> {
    let bytes = Bytes::open(path)?;
    within(bytes.len())?;
    decode_osa_csv(&bytes.head(LIMIT as usize)?)
}

/// Reads a spectrum that is already in memory.
///
/// # Errors
/// As [`osa_csv`], without [`Error::Io`].
pub fn decode_osa_csv(text: &[u8]) -> Result<OsaTrace, Error> {
    within(text.len() as u64)?;
    let head = &text[..text.len().min(crate::registry::HEAD_BYTES)];
    if !probe(head) {
        return Err(Error::unsupported(
            foreign::name(head).unwrap_or("unknown"),
            "there are no rows CTRWL and SPAN at its start",
            "name a CSV file of an AQ6370",
        ));
    }
    let mut trace = OsaTrace::default();
    let mut stated = None;
    let mut offset = 0;
    for (index, whole) in text.split(|&b| b == b'\n').enumerate() {
        let line = Row {
            number: index + 1,
            offset,
            fields: whole.split(|&b| b == b',').map(field).collect(),
        };
        offset += whole.len() + 1;
        line.take(&mut trace, &mut stated)?;
    }
    if trace.level_dbm.is_empty() {
        let expected = "rows of wavelength and level";
        let end = text.len() as u64;
        return Err(Error::malformed(FORMAT, end, "rows", expected, "none"));
    }
    let found = trace.level_dbm.len();
    if let Some(stated) = stated.filter(|&stated: &f64| stated != found as f64) {
        let odd = format!("SMPL says {stated} points, the file holds {found}");
        trace.warnings.push(odd);
    }
    Ok(trace)
}

/// A line's fields and its place.
struct Row<'a> {
    number: usize,
    offset: usize,
    fields: Vec<&'a [u8]>,
}

impl Row<'_> {
    /// Takes a key or a point.
    fn take(&self, trace: &mut OsaTrace, stated: &mut Option<f64>) -> Result<(), Error> {
        let key = self.fields[0];
        let metres = |row: &Self| row.number_at(1).map(|nm| Some(nm * 1e-9));
        match key {
            b"CTRWL" => trace.center_m = metres(self)?,
            b"SPAN" => trace.span_m = metres(self)?,
            b"RESLN" => trace.resolution_m = metres(self)?,
            b"SMPL" => *stated = Some(self.number_at(1)?),
            b"LSCL" if number(self.fields.get(1).unwrap_or(&&b""[..])).is_none() => {
                return Err(Error::unsupported(
                    FORMAT,
                    format!("a linear scale in line {}", self.number),
                    "save the trace with a logarithmic scale",
                ));
            }
            _ if number(key).is_some() => return self.point(trace),
            _ if trace.level_dbm.is_empty() || self.fields == [b""] => {}
            _ => return Err(self.wrong("wavelength and level", excerpt(key))),
        }
        Ok(())
    }

    fn point(&self, trace: &mut OsaTrace) -> Result<(), Error> {
        // A trailing comma is no third column.
        let columns = self.fields.iter().rposition(|f| !f.is_empty());
        if columns != Some(1) {
            let found = format!("{} fields", columns.map_or(0, |last| last + 1));
            return Err(self.wrong("wavelength and level", found));
        }
        let nm = self.number_at(0)?;
        // Frequencies in THz are below, and no such analyzer goes beyond.
        if !(300.0..=6000.0).contains(&nm) {
            return Err(self.wrong("a wavelength from 300 to 6000 nm", nm.to_string()));
        }
        let wavelength = nm * 1e-9;
        if trace.wavelength_m.last().is_some_and(|&w| w >= wavelength) {
            return Err(self.wrong("a wavelength above that of the row before", nm.to_string()));
        }
        let level = self.number_at(1)?;
        trace.wavelength_m.push(wavelength);
        trace.level_dbm.push(level);
        Ok(())
    }

    fn number_at(&self, column: usize) -> Result<f64, Error> {
        let found = self.fields.get(column).copied().unwrap_or(&[]);
        number(found).ok_or_else(|| self.wrong("a number", excerpt(found)))
    }

    fn wrong(&self, expected: &str, found: String) -> Error {
        let field = format!("line {}", self.number);
        Error::malformed(FORMAT, self.offset as u64, field, expected, found)
    }
}

/// A field without blanks, quotes and the byte order mark.
fn field(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let raw = raw.trim_ascii();
    let bare = raw.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\""));
    bare.unwrap_or(raw).trim_ascii()
}

/// A finite number; words such as `nan` are none.
fn number(field: &[u8]) -> Option<f64> {
    let digits = field
        .iter()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
    std::str::from_utf8(field)
        .ok()
        .filter(|_| digits)
        .and_then(|text| text.parse().ok())
        .filter(|value: &f64| value.is_finite())
}

fn within(found: u64) -> Result<(), Error> {
    if found <= LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: "length in bytes".into(),
        limit: LIMIT,
        found,
    })
}

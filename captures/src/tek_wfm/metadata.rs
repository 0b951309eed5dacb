//! What lies behind the curve buffer: the checksum and the names and values after `tekmeta!`.
//!
//! They change no sample. They are walked through so that a damaged end is told, and because
//! two of them matter to who analyzes the samples: interpolation and IQ data.

use super::FORMAT;
use super::header::Header;
use crate::Error;
use crate::bytes::{Bytes, latin};

const MAGIC: &[u8] = b"tekmeta!";
/// Bytes of the checksum over everything before it. It is not verified: that takes a pass over
/// the whole file at opening.
const CHECKSUM: u64 = 8;
/// Instruments write some ten entries.
const ENTRY_LIMIT: u64 = 4096;
/// Longest name of an entry.
const NAME_LIMIT: u64 = 1024;

/// Checks the end of the file; returns what is odd about it or about the acquisition.
pub(super) fn read(bytes: &Bytes, header: &Header, curve_end: u64) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let left = bytes.len().saturating_sub(curve_end);
    if left < CHECKSUM {
        warnings.push(format!(
            "{left} of the {CHECKSUM} bytes of the checksum are there"
        ));
        return Ok(warnings);
    }
    let start = curve_end + CHECKSUM;
    let head = bytes.len().min(start + MAGIC.len() as u64) - start;
    let head = bytes.block(FORMAT, "metadata", start, head as usize)?.bytes;
    if head == MAGIC {
        entries(bytes, header, start + MAGIC.len() as u64, &mut warnings)?;
    } else if !head.is_empty() {
        warnings.push(format!(
            "{} bytes after the checksum are left out",
            bytes.len() - start
        ));
    }
    Ok(warnings)
}

fn entries(
    bytes: &Bytes,
    header: &Header,
    start: u64,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let number = |field: &str, at: u64| -> Result<u32, Error> {
        let mut block = bytes.block(FORMAT, field, at, 4)?;
        block.order = header.order;
        Ok(block.u32(0))
    };
    let count = u64::from(number("number of metadata entries", start)?);
    if count > ENTRY_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "number of metadata entries".into(),
            limit: ENTRY_LIMIT,
            found: count,
        });
    }
    let mut place = start + 4;
    for entry in 1..=count {
        let field = format!("metadata entry {entry}");
        let length = u64::from(number(&format!("{field}, length of its name"), place)?);
        if length > NAME_LIMIT {
            return Err(Error::malformed(
                FORMAT,
                place,
                format!("{field}, length of its name"),
                format!("at most {NAME_LIMIT}"),
                length.to_string(),
            ));
        }
        // The name and the type code behind it.
        let name = bytes.block(FORMAT, &field, place + 4, length as usize + 1)?;
        let (code, name) = name.bytes.split_last().unwrap_or((&0, &[]));
        let at = place + 4 + length;
        let value = at + 1;
        let size = match code {
            1 => 4 + u64::from(number(&format!("{field}, length of its text"), value)?),
            2 | 4 => 4,
            3 => 8,
            code => {
                return Err(Error::malformed(
                    FORMAT,
                    at,
                    format!("{field}, type code"),
                    "1 (text), 2 and 4 (integers) or 3 (double)",
                    code.to_string(),
                ));
            }
        };
        bytes.require(FORMAT, &field, value, size)?;
        note(&latin(name), *code, value, &number, warnings)?;
        place = value + size;
    }
    Ok(())
}

/// Tells what an entry means for an analysis.
fn note(
    name: &str,
    code: u8,
    value: u64,
    number: &dyn Fn(&str, u64) -> Result<u32, Error>,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    if name == "interpFactor" && matches!(code, 2 | 4) {
        let factor = number("interpolation factor", value)?;
        if factor > 1 {
            warnings.push(format!(
                "the instrument interpolated: {factor} samples for each one acquired"
            ));
        }
    }
    if name.starts_with("IQ_") && !warnings.iter().any(|w| w.starts_with("IQ")) {
        warnings.push("IQ data: I and Q take turns, each at half the sample rate".into());
    }
    Ok(())
}

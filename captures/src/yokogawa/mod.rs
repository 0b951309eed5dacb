//! Yokogawa `.hdr` + `.wvf`: a text header beside bare binary samples (WE7000, DL series).
//!
//! The `.hdr` has lines of a key and one value for each trace: `$PublicInfo` (byte order,
//! `DataFormat`, number of groups and traces, `DataOffset`), then `$Group1`, `$Group2`, ... with
//! `BlockNumber` and, for each trace, `BlockSize`, `VResolution`, `VOffset`, `VDataType`,
//! `HResolution`, `HOffset`, units. A group of many traces repeats its lines. The `.wvf` has the
//! samples from byte `DataOffset` on: with `Trace` all blocks of a trace after each other, with
//! `Block` all traces of a block. Each block (history) is a segment; the time of day of its
//! trigger (`Time1`, `Time2`, ...) is told against that of the first, within one date.
//!
//! Value = `VOffset` + `VResolution` raw; time = `HOffset` + `HResolution` index. Either file of
//! the pair may be named: a `.wvf` has no signature, so that the header beside it is looked at.
//! Codes for samples over range or invalid (`VPlusOverData`, `VIllegalData`) are read as numbers.
//!
//! Refused by name: pairs that go on in `_2.wvf`, `_3.wvf`, ... when the first file does not
//! hold all blocks, and such a continuation itself. Logic traces (`Bm`, m bits in the manual,
//! m bytes in a published reader) are read as m bits, and only when the sizes then fit exactly.
//!
//! Source: "ASCII header file format" in the user manuals of DL750 (IM 701210-06E) and DL850E,
//! and IM 707713-61E. **No real file seen.**

mod header;
mod place;

use crate::bytes::{Bytes, holds, place_of};
use crate::registry::Score;
use crate::trace::Capture;
use crate::{Error, Format};
use header::Header;
use std::path::Path;

const FORMAT: &str = "yokogawa-wvf";
/// Headers of real files are some kilobytes.
const HEADER_LIMIT: u64 = 1 << 20;

pub(crate) fn probe(head: &[u8]) -> Score {
    let is_section =
        |rest: &[u8]| rest.starts_with(b"$PublicInfo") || rest.starts_with(b"$PrivateInfo");
    let sections = place_of(head, b'$', is_section).is_some();
    if sections && holds(head, b"DataFormat") && holds(head, b"Endian") {
        Score::Signature
    } else {
        Score::No
    }
}

/// Whether the file is the `.wvf` of a pair: the header beside it has to say so itself.
pub(crate) fn has_header_beside(bytes: &Bytes) -> bool {
    is_payload(bytes.path())
        && names_beside(bytes.path(), "hdr")
            .iter()
            .any(|name| is_header(bytes, name))
}

fn is_header(bytes: &Bytes, name: &str) -> bool {
    let head = bytes
        .sibling(FORMAT, name)
        .and_then(|header| header.head(crate::registry::HEAD_BYTES));
    head.is_ok_and(|head| probe(&head) == Score::Signature)
}

fn is_payload(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("wvf"))
}

/// Names of the companion: with the same stem, and for a continuation without its number.
fn names_beside(path: &Path, end: &str) -> Vec<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut stems = vec![stem.to_string()];
    if let Some((first, number)) = stem.rsplit_once('_')
        && !first.is_empty()
        && number.parse::<u32>().is_ok_and(|number| number > 1)
    {
        stems.push(first.to_string());
    }
    let ends = [end.to_string(), end.to_ascii_uppercase()];
    let named = |stem: &String| ends.clone().map(|end| format!("{stem}.{end}"));
    stems.iter().flat_map(named).collect()
}

/// Describes a pair as traces, group by group and block by block.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let (text, samples) = if probe(&bytes.head(crate::registry::HEAD_BYTES)?) == Score::Signature {
        (bytes.clone(), None)
    } else {
        (header_of(bytes)?, Some(bytes.clone()))
    };
    let header = Header::read(&text)?;
    let samples = match samples {
        Some(samples) => samples,
        None => payload_of(&text)?,
    };
    let mut warnings = Vec::new();
    let traces = place::traces(&header, &samples, &mut warnings)?;
    if traces.is_empty() {
        return Err(Error::unsupported(
            "Yokogawa .wvf",
            "no trace over time",
            "save waveforms over time",
        ));
    }
    Ok(Capture {
        format: Format::YokogawaWvf.name(),
        warnings,
        traces,
    })
}

/// Opens the header beside a `.wvf`.
fn header_of(bytes: &Bytes) -> Result<Bytes, Error> {
    let names = names_beside(bytes.path(), "hdr");
    let found = names.iter().position(|name| is_header(bytes, name));
    match found {
        Some(0 | 1) => bytes.sibling(FORMAT, &names[found.unwrap_or(0)]),
        Some(other) => Err(Error::unsupported(
            "Yokogawa .wvf",
            "this is the continuation of another file",
            format!(
                "split recordings are not read: save `{}` whole",
                names[other]
            ),
        )),
        // Says which companion is missing, or that what is in its place is something else.
        None => bytes.sibling(FORMAT, &names[0]).and_then(|_| {
            Err(Error::malformed(
                FORMAT,
                0,
                "header file",
                "`$PublicInfo` with `Endian` and `DataFormat`",
                format!("`{}` without them", names[0]),
            ))
        }),
    }
}

/// Opens the samples beside a `.hdr`; an error names the usual spelling.
fn payload_of(text: &Bytes) -> Result<Bytes, Error> {
    let names = names_beside(text.path(), "wvf");
    text.sibling(FORMAT, &names[0])
        .or_else(|error| text.sibling(FORMAT, &names[1]).map_err(|_| error))
}

//! NumPy archives (`numpy.savez` and `savez_compressed`): a ZIP file of `.npy` members.
//!
//! Each array becomes a trace under its name, of two dimensions one for each channel
//! (`rx[0]`, `rx[1]`) or segment, as for a single array file. Single numbers and vectors whose
//! names speak of time (`dt`, `fs`, `t0`, `t`) give the time base. Stored members are read where
//! they lie; deflated ones are inflated into memory, within a bound, and held against their
//! checksum. What holds no samples (objects, records, complex numbers, three dimensions, other
//! files) is left out, and a warning names it.
//!
//! Source: the docstring of `numpy.savez`; PKWARE, APPNOTE.TXT. No real
//! capture seen; NumPy's own files are.
//!
//! What breaks it: encrypted members and other methods than stored and deflated, which are
//! refused; the checksum of stored members is not read, because the samples are not.

use super::archive::{Member, members};
use super::{Array, traces};
use crate::Error;
use crate::bytes::Bytes;
use crate::inflate::{Budget, Deflated, Wrapping, inside};
use crate::registry::Score;
use crate::time_names::{Instants, Role, TimeBase, listed, role};
use crate::trace::Capture;
use etalon_types::WaveformInfo;

pub(super) const FORMAT: &str = "npz";
const EXTENSION: &str = ".npy";
/// More traces than this would be mostly descriptions.
const TRACE_LIMIT: u64 = 65_536;

/// A ZIP file whose first member is called like an array.
pub(crate) fn probe(head: &[u8]) -> Score {
    let length = head.get(26..28).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let name = length.and_then(|length| head.get(30..30 + usize::from(length)));
    let array = name.is_some_and(|name| name.ends_with(EXTENSION.as_bytes()));
    if head.starts_with(b"PK\x03\x04") && array {
        Score::Signature
    } else {
        Score::No
    }
}

/// An array of an archive with the bytes that its places count in.
struct Named {
    name: String,
    array: Array,
    bytes: Bytes,
}

/// Describes an archive as traces, in the order of its directory.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let mut budget = Budget::of(bytes);
    let mut arrays = Vec::new();
    let mut time = TimeBase::default();
    let (mut left_out, mut numbers) = (Vec::new(), Vec::new());
    for member in members(bytes)? {
        let shown: String = member.name.escape_debug().take(64).collect();
        let Some(name) = shown.strip_suffix(EXTENSION) else {
            left_out.push(format!("`{shown}` (no array)"));
            continue;
        };
        let content = content(bytes, &member, &shown, &mut budget)?;
        match Array::read_any(&content) {
            Ok(array) => {
                let named = Named {
                    name: name.into(),
                    array,
                    bytes: content,
                };
                sort(named, &mut time, &mut numbers, &mut arrays)?;
            }
            Err(Error::Unsupported { found, .. }) => left_out.push(format!("`{name}` ({found})")),
            Err(error) => return Err(at_member(error, &member)),
        }
    }
    let mut warnings = Vec::new();
    let mut all = Vec::new();
    for Named { name, array, bytes } in &arrays {
        let flat = array.shape.len() == 1;
        let rows = array.shape.first() <= array.shape.get(1);
        let describe = |k: Option<u64>, info: &mut WaveformInfo| {
            info.channel = match k.filter(|_| !flat) {
                None => name.clone(),
                Some(k) if rows => format!("{name}[{k}]"),
                Some(k) => format!("{name}[:, {k}]"),
            };
            time.apply(info, 1);
        };
        let mut said = Vec::new();
        match traces(bytes, array, FORMAT, describe, &mut said) {
            Ok(more) => all.extend(more),
            Err(Error::Unsupported { found, .. }) => left_out.push(format!("`{name}` ({found})")),
            Err(error) => return Err(error),
        }
        warnings.extend(said.into_iter().map(|text| format!("`{name}`: {text}")));
        if all.len() as u64 > TRACE_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "traces".into(),
                limit: TRACE_LIMIT,
                found: all.len() as u64,
            });
        }
    }
    if !left_out.is_empty() {
        warnings.push(format!("left out: {}", listed(&left_out)));
    }
    if !numbers.is_empty() {
        let names = listed(&numbers);
        warnings.push(format!("single numbers, not read as traces: {names}"));
    }
    if all.is_empty() {
        let said: String = warnings.join("; ").chars().take(300).collect();
        return Err(Error::unsupported(
            "NumPy .npz",
            format!("no array of samples ({said})"),
            "save the samples as a plain array of one or two dimensions",
        ));
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces: all,
    })
}

/// Sorts an array: a number, the times of the samples, or samples.
fn sort(
    named: Named,
    time: &mut TimeBase,
    numbers: &mut Vec<String>,
    arrays: &mut Vec<Named>,
) -> Result<(), Error> {
    let Named { name, array, bytes } = &named;
    match role(name) {
        Some(role) if array.count == 1 => time.take(role, array.value(bytes, 0)?),
        Some(Role::Instants) if array.shape.len() == 1 => {
            let instants = Instants {
                samples: array.count,
                first_s: array.value(bytes, 0)?,
                middle_s: array.value(bytes, array.count / 2)?,
                last_s: array.value(bytes, array.count - 1)?,
            };
            time.instants = Some((name.clone(), instants));
        }
        _ if array.count == 1 => numbers.push(name.clone()),
        _ => arrays.push(named),
    }
    Ok(())
}

/// Gives the bytes of a member: a window, or what it inflates to.
fn content(
    bytes: &Bytes,
    member: &Member,
    shown: &str,
    budget: &mut Budget,
) -> Result<Bytes, Error> {
    let refuse = |found: String| {
        let hint = "save it with numpy.savez or savez_compressed";
        Error::unsupported("NumPy .npz", found, hint)
    };
    if member.encrypted {
        return Err(refuse(format!("`{shown}` is encrypted")));
    }
    let field = format!("member `{shown}`");
    match member.method {
        0 if member.packed == member.size => Ok(bytes.window(member.first_byte, member.size)),
        0 => {
            let expected = format!("{} bytes, as it is stored", member.packed);
            let found = format!("{} bytes", member.size);
            let place = member.first_byte;
            Err(Error::malformed(FORMAT, place, field, expected, found))
        }
        8 => {
            let deflated = Deflated {
                format: FORMAT,
                field: &field,
                bytes,
                first_byte: member.first_byte,
                length: member.packed,
                wrapping: Wrapping::Bare,
            };
            let inflated = deflated.whole(member.size, budget)?;
            let mut crc = flate2::Crc::new();
            crc.update(&inflated);
            if crc.sum() != member.checksum {
                let expected = format!("checksum {:08x}", member.checksum);
                let found = format!("{:08x}", crc.sum());
                let place = member.first_byte;
                return Err(Error::malformed(FORMAT, place, field, expected, found));
            }
            Ok(Bytes::in_memory(inflated))
        }
        method => Err(refuse(format!("`{shown}` is packed by method {method}"))),
    }
}

/// Moves the place of an error from the member to the archive.
fn at_member(error: Error, member: &Member) -> Error {
    match error {
        Error::Malformed {
            offset,
            field,
            expected,
            found,
            ..
        } if member.method == 0 => Error::Malformed {
            format: FORMAT,
            offset: member.first_byte + offset,
            field,
            expected,
            found,
        },
        other => inside(other, "member", member.first_byte),
    }
}

//! The directory of a ZIP archive, with 64-bit sizes (ZIP64).
//!
//! It is at the end: the end record names the place of the central directory, whose entries
//! name the local headers, behind which the members lie. Sizes are taken from the directory,
//! because local headers may leave them to a record behind the member.
//!
//! Source: PKWARE, APPNOTE.TXT 6.3.

use super::npz::FORMAT;
use crate::Error;
use crate::bytes::{Block, Bytes, excerpt, latin};

/// Bytes of the end record without its comment, which has at most 65,535.
const END: u64 = 22;
/// Bytes of the locator of the 64-bit end record, which lies before the end record.
const LOCATOR: u64 = 20;
/// Bytes of an entry without name, extra fields and comment.
const ENTRY: u64 = 46;
/// Bytes of a local header without name and extra fields.
const LOCAL: u64 = 30;
/// More members than this would be mostly descriptions.
const MEMBER_LIMIT: u64 = 65_536;
/// A 32-bit field whose value is in a 64-bit one.
const ELSEWHERE: u64 = 0xffff_ffff;

/// One file in an archive, which lies within.
pub(super) struct Member {
    pub(super) name: String,
    /// 0 is stored, 8 deflated.
    pub(super) method: u16,
    pub(super) encrypted: bool,
    pub(super) checksum: u32,
    /// Bytes in the archive.
    pub(super) packed: u64,
    /// Bytes of the file itself.
    pub(super) size: u64,
    pub(super) first_byte: u64,
}

/// Reads the directory.
pub(super) fn members(bytes: &Bytes) -> Result<Vec<Member>, Error> {
    let (count, start, size) = directory(bytes)?;
    bytes.require(FORMAT, "central directory", start, size)?;
    if count > MEMBER_LIMIT {
        return Err(Error::Limit {
            format: FORMAT,
            field: "members".into(),
            limit: MEMBER_LIMIT,
            found: count,
        });
    }
    let mut place = start;
    let mut members = Vec::new();
    for number in 1..=count {
        let field = format!("directory entry {number}");
        let head = bytes.block(FORMAT, &field, place, ENTRY as usize)?;
        signature(&head, b"PK\x01\x02", &field)?;
        let texts = [28, 30, 32].map(|at| u64::from(head.u16(at)));
        let length = ENTRY + texts.iter().sum::<u64>();
        let whole = bytes.block(FORMAT, &field, place, length as usize)?;
        members.push(member(bytes, &whole, texts)?);
        place += length;
    }
    Ok(members)
}

/// Returns number of entries, place and size of the central directory.
fn directory(bytes: &Bytes) -> Result<(u64, u64, u64), Error> {
    let reach = bytes.len().min(END + 65_535);
    let first = bytes.len() - reach;
    let tail = bytes.block(FORMAT, "end of the archive", first, reach as usize)?;
    // The signature may be in the comment as well; the right one's comment ends the file.
    let fits = |&at: &usize| {
        tail.bytes[at..].starts_with(b"PK\x05\x06")
            && at as u64 + END + u64::from(tail.u16(at + 20)) == reach
    };
    let last = (reach as usize).checked_sub(END as usize);
    let Some(at) = last.and_then(|last| (0..=last).rev().find(fits)) else {
        return Err(Error::malformed(
            FORMAT,
            bytes.len(),
            "end of central directory",
            "`PK\\x05\\x06` and 18 bytes more at the end of the file",
            format!("none in the last {reach} bytes"),
        ));
    };
    let (count, size, start) = (tail.u16(at + 10), tail.u32(at + 12), tail.u32(at + 16));
    let [size, start] = [size, start].map(u64::from);
    if count != u16::MAX && size != ELSEWHERE && start != ELSEWHERE {
        return Ok((u64::from(count), start, size));
    }
    let end = first + at as u64;
    let Some(place) = end.checked_sub(LOCATOR) else {
        return Ok((u64::from(count), start, size));
    };
    let locator = bytes.block(FORMAT, "64-bit locator", place, LOCATOR as usize)?;
    if !locator.bytes.starts_with(b"PK\x06\x07") {
        // 65,535 members exactly need no 64 bits.
        return Ok((u64::from(count), start, size));
    }
    let field = "64-bit end record";
    let record = bytes.block(FORMAT, field, locator.u64(8), 56)?;
    signature(&record, b"PK\x06\x06", field)?;
    Ok((record.u64(32), record.u64(48), record.u64(40)))
}

fn signature(block: &Block, wanted: &[u8; 4], field: &str) -> Result<(), Error> {
    if block.bytes.starts_with(wanted) {
        return Ok(());
    }
    let expected = excerpt(wanted);
    let found = excerpt(&block.bytes[..4]);
    Err(Error::malformed(
        FORMAT,
        block.place(0),
        format!("signature of {field}"),
        expected,
        found,
    ))
}

/// Reads an entry with its name and extra fields, and the local header that it names.
fn member(bytes: &Bytes, entry: &Block, texts: [u64; 3]) -> Result<Member, Error> {
    let [name, extra, _] = texts.map(|length| length as usize);
    let text = &entry.bytes[ENTRY as usize..][..name];
    let (size, packed, local) = wide(entry, ENTRY as usize + name, extra);
    let name = latin(text);
    let field = format!("local header of `{:.64}`", name.escape_debug().to_string());
    let head = bytes.block(FORMAT, &field, local, LOCAL as usize)?;
    signature(&head, b"PK\x03\x04", &field)?;
    let first_byte = local + LOCAL + u64::from(head.u16(26)) + u64::from(head.u16(28));
    let field = format!("member `{:.64}`", name.escape_debug().to_string());
    bytes.require(FORMAT, &field, first_byte, packed)?;
    Ok(Member {
        name,
        method: entry.u16(10),
        encrypted: entry.u16(8) & 1 != 0,
        checksum: entry.u32(16),
        packed,
        size,
        first_byte,
    })
}

/// Returns size, packed size and place of the local header; from the 64-bit extra field where
/// the 32-bit ones say so.
fn wide(entry: &Block, start: usize, length: usize) -> (u64, u64, u64) {
    const ZIP64: u16 = 1;
    let mut values = [24, 20, 42].map(|at| u64::from(entry.u32(at)));
    let (mut at, end) = (start, start + length);
    while at + 4 <= end {
        let (id, size) = (entry.u16(at), usize::from(entry.u16(at + 2)));
        let mut field = at + 4;
        at = field + size;
        if id != ZIP64 || at > end {
            continue;
        }
        for value in &mut values {
            if *value == ELSEWHERE && field + 8 <= at {
                *value = entry.u64(field);
                field += 8;
            }
        }
    }
    (values[0], values[1], values[2])
}

//! Children of a group: symbol tables (a B-tree whose leaves name entries), or link messages, in
//! the header or in a heap.

use super::fractal_heap::{self, FractalHeap};
use super::header::{self, Header};
use super::heap::LocalHeap;
use super::{File, printable};
use crate::Error;
use crate::bytes::{Block, latin};

/// More children than this would be mostly descriptions.
const CHILD_LIMIT: u64 = 65_536;

/// Returns the children with the bytes of their headers.
pub(super) fn links(file: &File, name: &str, header: &Header) -> Result<Vec<(String, u64)>, Error> {
    let mut links = Vec::new();
    if let Some(message) = header.find(header::SYMBOL_TABLE) {
        let field = format!("symbol table of `{name}`");
        let mut fields = file.fields(&field, &message.body);
        let tree = fields.defined(&field)?;
        let heap = fields.defined(&field)?;
        let heap = LocalHeap::read(file, heap)?;
        walk(file, &heap, tree, None, &mut links)?;
    }
    for message in &header.messages {
        match message.kind {
            header::LINK => links.extend(link(file, name, &message.body)?),
            header::LINK_INFO => in_heap(file, name, &message.body, &mut links)?,
            _ => {}
        }
        limit(file, &links)?;
    }
    Ok(links)
}

fn limit(file: &File, links: &[(String, u64)]) -> Result<(), Error> {
    let found = links.len() as u64;
    if found <= CHILD_LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: file.format,
        field: "members of a group".into(),
        limit: CHILD_LIMIT,
        found,
    })
}

/// Reads the links that are kept in a heap.
fn in_heap(
    file: &File,
    name: &str,
    body: &Block,
    links: &mut Vec<(String, u64)>,
) -> Result<(), Error> {
    /// Records of links by their names: a checksum, and where the link is.
    const BY_NAME: (u8, (usize, usize)) = (5, (4, 7));
    let field = format!("link info of `{name}`");
    let mut fields = file.fields(&field, body);
    fields.version(&[0])?;
    let flags = fields.u8()?;
    fields.skip(if flags & 1 != 0 { 8 } else { 0 })?;
    let Some(heap) = fields.address()? else {
        return Ok(());
    };
    let heap = FractalHeap::read(file, heap)?;
    fractal_heap::names(file, fields.defined(&field)?, BY_NAME, &mut |object| {
        links.extend(link(file, name, &heap.object(file, object)?)?);
        limit(file, links)
    })
}

/// Reads one link message; nothing for a soft or an external link.
fn link(file: &File, name: &str, body: &Block) -> Result<Option<(String, u64)>, Error> {
    let field = format!("link in `{name}`");
    let mut fields = file.fields(&field, body);
    fields.version(&[1])?;
    let flags = fields.u8()?;
    let kind = if flags & 0x08 != 0 { fields.u8()? } else { 0 };
    fields.skip(if flags & 0x04 != 0 { 8 } else { 0 })?;
    fields.skip(if flags & 0x10 != 0 { 1 } else { 0 })?;
    let length = fields.number(1 << (flags & 3))?;
    let name = fields.bytes(usize::try_from(length).unwrap_or(usize::MAX))?;
    let name = printable(&latin(name));
    match kind {
        0 => Ok(Some((name, fields.defined(&field)?))),
        _ => Ok(None),
    }
}

/// Walks the B-tree at `place`; `level` is what its parent expects.
fn walk(
    file: &File,
    heap: &LocalHeap,
    place: u64,
    level: Option<u8>,
    links: &mut Vec<(String, u64)>,
) -> Result<(), Error> {
    const FIELD: &str = "group B-tree";
    let start = 8 + 2 * file.address_width;
    let head = file.block(FIELD, place, start as u64)?;
    let mut fields = file.fields(FIELD, &head);
    fields.signature(b"TREE")?;
    fields.version(&[0])?;
    let own = fields.u8()?;
    if level.is_some_and(|level| level != own) {
        let expected = format!("level {}", level.unwrap_or(0));
        return Err(fields.refuse(FIELD, expected, own.to_string()));
    }
    let count = usize::from(fields.u16()?);
    // A key before each child; the last key is of no use here.
    let each = file.length_width + file.address_width;
    let all = file.block(FIELD, place, (start + count * each) as u64)?;
    let mut fields = file.fields(FIELD, &all);
    fields.skip(start)?;
    for _ in 0..count {
        fields.length()?;
        let child = fields.defined("child of a group B-tree")?;
        match own.checked_sub(1) {
            Some(below) => walk(file, heap, child, Some(below), links)?,
            None => entries(file, heap, child, links)?,
        }
    }
    Ok(())
}

/// Reads the entries of a symbol table node.
fn entries(
    file: &File,
    heap: &LocalHeap,
    place: u64,
    links: &mut Vec<(String, u64)>,
) -> Result<(), Error> {
    const FIELD: &str = "symbol table node";
    /// An entry that is a soft link; it has no header.
    const SOFT: u32 = 2;
    let head = file.block(FIELD, place, 8)?;
    let mut fields = file.fields(FIELD, &head);
    fields.signature(b"SNOD")?;
    fields.version(&[1])?;
    fields.skip(1)?;
    let count = usize::from(fields.u16()?);
    let each = 2 * file.address_width + 24;
    let all = file.block(FIELD, place, (8 + count * each) as u64)?;
    let mut fields = file.fields(FIELD, &all);
    fields.skip(8)?;
    for _ in 0..count {
        let offset = fields.number(file.address_width)?;
        let header = fields.address()?;
        let kind = fields.u32()?;
        fields.skip(20)?;
        if kind == SOFT {
            continue;
        }
        let name = printable(&heap.name(file, offset)?);
        let Some(header) = header else {
            let field = format!("header of `{name}`");
            return Err(fields.refuse(field, "an address", "an undefined one"));
        };
        links.push((name, header));
        limit(file, links)?;
    }
    Ok(())
}

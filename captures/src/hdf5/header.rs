//! Object headers: the messages that describe a group or a dataset, in versions 1 and 2.
//!
//! A header is a block of messages, which may name further blocks. Version 2 has signatures and
//! checksums and does not pad.

use super::{File, HEADER_LIMIT, checksum};
use crate::Error;
use crate::bytes::Block;

/// Message types.
pub(super) const DATASPACE: u16 = 0x01;
pub(super) const LINK_INFO: u16 = 0x02;
pub(super) const DATATYPE: u16 = 0x03;
pub(super) const LINK: u16 = 0x06;
pub(super) const EXTERNAL_FILES: u16 = 0x07;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const FILTERS: u16 = 0x0b;
pub(super) const ATTRIBUTE: u16 = 0x0c;
const CONTINUATION: u16 = 0x10;
pub(super) const SYMBOL_TABLE: u16 = 0x11;
pub(super) const ATTRIBUTE_INFO: u16 = 0x15;

/// One message.
pub(super) struct Message {
    pub(super) kind: u16,
    /// The body names another object that has the message itself.
    pub(super) shared: bool,
    pub(super) body: Block,
}

/// The messages of an object, in the file's order.
pub(super) struct Header {
    /// Byte of the header.
    pub(super) place: u64,
    pub(super) messages: Vec<Message>,
}

/// How messages are laid out in one version of headers.
#[derive(Clone, Copy)]
enum Version {
    /// Types of two bytes, padded to eight.
    One,
    /// Types of one byte; with or without an order of creation.
    Two { ordered: bool },
}

impl Header {
    /// Reads all blocks of the header at `place`.
    pub(super) fn read(file: &File, name: &str, place: u64) -> Result<Self, Error> {
        let field = format!("header of `{name}`");
        let start = file.block(&field, place, 4)?;
        let (version, first) = if start.bytes == b"OHDR" {
            Self::second(file, &field, place)?
        } else {
            Self::first(file, &field, place)?
        };
        let mut header = Self {
            place,
            messages: Vec::new(),
        };
        let mut total = first.bytes.len() as u64;
        // Continuations are blocks that were not read yet; in a loop they reach the limit.
        let mut blocks = vec![first];
        while let Some(block) = blocks.pop() {
            for (place, length) in header.messages_of(file, &field, version, block)? {
                total = total.saturating_add(length);
                if total > HEADER_LIMIT {
                    return Err(Error::Limit {
                        format: file.format,
                        field: format!("bytes of the {field}"),
                        limit: HEADER_LIMIT,
                        found: total,
                    });
                }
                blocks.push(continuation(file, &field, version, (place, length))?);
            }
        }
        Ok(header)
    }

    /// Returns the first message of a type.
    pub(super) fn find(&self, kind: u16) -> Option<&Message> {
        self.messages.iter().find(|message| message.kind == kind)
    }

    /// Reads the start of a header of version 1 and its first block.
    fn first(file: &File, field: &str, place: u64) -> Result<(Version, Block), Error> {
        let head = file.block(field, place, 16)?;
        let mut fields = file.fields(field, &head);
        fields.version(&[1])?;
        fields.skip(7)?;
        let length = u64::from(fields.u32()?);
        within_limit(file, field, length)?;
        Ok((Version::One, file.block(field, place + 16, length)?))
    }

    /// Reads the start of a header of version 2 and its first block, without the checksum.
    fn second(file: &File, field: &str, place: u64) -> Result<(Version, Block), Error> {
        let head = file.block(field, place, 6)?;
        let mut fields = file.fields(field, &head);
        fields.skip(4)?;
        fields.version(&[2])?;
        let flags = fields.u8()?;
        let times = if flags & 0x20 != 0 { 16 } else { 0 };
        let limits = if flags & 0x10 != 0 { 4 } else { 0 };
        let width = 1 << (flags & 3);
        let before = 6 + times + limits + width;
        let head = file.block(field, place, before as u64)?;
        let mut fields = file.fields(field, &head);
        fields.skip(before - width)?;
        let length = fields.number(width)?;
        within_limit(file, field, length)?;
        let mut block = file.block(field, place, before as u64 + length + 4)?;
        checksum::verify(file, field, &block)?;
        block.bytes.truncate(before + length as usize);
        block.bytes.drain(..before);
        block.offset += before as u64;
        let ordered = flags & 0x04 != 0;
        Ok((Version::Two { ordered }, block))
    }

    /// Takes the messages of a block; returns the further blocks that they name.
    fn messages_of(
        &mut self,
        file: &File,
        field: &str,
        version: Version,
        block: Block,
    ) -> Result<Vec<(u64, u64)>, Error> {
        let mut more = Vec::new();
        let mut fields = file.fields(field, &block);
        let least = match version {
            Version::One => 8,
            Version::Two { ordered } => 4 + if ordered { 2 } else { 0 },
        };
        // What is shorter than a message is a gap.
        while fields.left() >= least {
            let (kind, length, flags);
            match version {
                Version::One => {
                    (kind, length) = (fields.u16()?, fields.u16()?);
                    flags = fields.u8()?;
                    fields.skip(3)?;
                }
                Version::Two { ordered } => {
                    kind = u16::from(fields.u8()?);
                    (length, flags) = (fields.u16()?, fields.u8()?);
                    fields.skip(if ordered { 2 } else { 0 })?;
                }
            }
            let body = Block {
                offset: fields.place(),
                bytes: fields.bytes(usize::from(length))?.to_vec(),
                order: block.order,
            };
            match kind {
                0 => {}
                CONTINUATION => {
                    let mut fields = file.fields(field, &body);
                    more.push((fields.defined("continuation")?, fields.length()?));
                }
                _ => self.messages.push(Message {
                    kind,
                    shared: flags & 0x02 != 0,
                    body,
                }),
            }
        }
        Ok(more)
    }
}

fn within_limit(file: &File, field: &str, found: u64) -> Result<(), Error> {
    if found <= HEADER_LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: file.format,
        field: format!("bytes of the {field}"),
        limit: HEADER_LIMIT,
        found,
    })
}

/// Reads a further block of messages.
fn continuation(
    file: &File,
    field: &str,
    version: Version,
    (place, length): (u64, u64),
) -> Result<Block, Error> {
    let field = format!("continued {field}");
    let mut block = file.block(&field, place, length)?;
    if let Version::Two { .. } = version {
        file.fields(&field, &block).signature(b"OCHK")?;
        if block.bytes.len() < 8 {
            let found = format!("{length} bytes");
            return Err(file.malformed(place, field, "at least 8 bytes", found));
        }
        checksum::verify(file, &field, &block)?;
        block.bytes.truncate(block.bytes.len() - 4);
        block.bytes.drain(..4);
        block.offset += 4;
    }
    Ok(block)
}

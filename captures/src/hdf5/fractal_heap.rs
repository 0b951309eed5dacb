//! Fractal heaps: where links and attributes are kept when there are many of them.
//!
//! Objects lie in direct blocks, which lie in an address space of their own: rows of `width`
//! blocks, the first two rows of the starting size, each further row twice as large as the one
//! before it. Rows of blocks beyond the largest direct size are indirect blocks with rows again.

use super::fields::Fields;
use super::{File, checksum, unsupported};
use crate::Error;
use crate::bytes::Block;

/// Blocks within blocks go no deeper.
const DEPTH: u8 = 8;

/// The header of a heap.
pub(super) struct FractalHeap {
    /// Bytes of an offset and of a length in an object's name.
    offset_width: usize,
    length_width: usize,
    /// Blocks in a row.
    width: u64,
    /// Bytes of a block in the first row, and of the largest direct block.
    starting: u64,
    largest: u64,
    root: u64,
    /// Rows of the root; none when it is a direct block.
    rows: u64,
}

impl FractalHeap {
    pub(super) fn read(file: &File, place: u64) -> Result<Self, Error> {
        const FIELD: &str = "fractal heap";
        let (wide, long) = (file.address_width, file.length_width);
        // Twelve lengths and three addresses between fields of fixed widths.
        let length = 26 + 12 * long + 3 * wide;
        let head = file.block(FIELD, place, length as u64)?;
        let mut fields = file.fields(FIELD, &head);
        fields.signature(b"FRHP")?;
        fields.version(&[0])?;
        fields.skip(2)?;
        if fields.u16()? != 0 {
            return Err(unsupported("links or attributes are packed by filters"));
        }
        fields.skip(1)?;
        let most = u64::from(fields.u32()?);
        fields.skip(10 * long + 2 * wide)?;
        let at = fields.place();
        let width = u64::from(fields.u16()?);
        let (starting, largest) = (fields.length()?, fields.length()?);
        let bits = usize::from(fields.u16()?);
        fields.skip(2)?;
        let root = fields.defined("root of a fractal heap")?;
        let rows = u64::from(fields.u16()?);
        checksum::verify(file, FIELD, &head)?;
        let sizes = starting.is_power_of_two() && largest.is_power_of_two();
        if width == 0 || !sizes || starting > largest || largest > 1 << 32 || bits > 64 || most == 0
        {
            let found = format!("{width} blocks of {starting} to {largest} bytes, {bits} bits");
            let expected = "blocks whose sizes are powers of two";
            return Err(file.malformed(at, FIELD, expected, found));
        }
        Ok(Self {
            offset_width: bits.div_ceil(8),
            length_width: (largest.ilog2() as usize).div_ceil(8).min(bytes_for(most)),
            width,
            starting,
            largest,
            root,
            rows,
        })
    }

    /// Reads the object with this name.
    pub(super) fn object(&self, file: &File, name: &Block) -> Result<Block, Error> {
        const FIELD: &str = "object in a fractal heap";
        let mut fields = file.fields(FIELD, name);
        match fields.u8()? >> 4 & 3 {
            0 => {}
            2 => {
                // So small that it is in its own name.
                let length = usize::from(name.bytes[0] & 0x0f) + 1;
                return Ok(Block {
                    offset: fields.place(),
                    bytes: fields.bytes(length)?.to_vec(),
                    order: name.order,
                });
            }
            _ => {
                return Err(unsupported(
                    "a link or an attribute is kept outside of its heap",
                ));
            }
        }
        let offset = fields.number(self.offset_width)?;
        let length = fields.number(self.length_width)?;
        let (place, left) = match self.rows {
            0 => (self.root, self.largest),
            rows => self.find(file, (self.root, rows), offset, DEPTH)?,
        };
        if offset.checked_add(length).is_none() || length > left {
            let expected = format!("within a block of {left} bytes");
            return Err(fields.refuse(FIELD, expected, format!("{length} bytes")));
        }
        let within = if self.rows == 0 { offset } else { 0 };
        file.block(FIELD, place.saturating_add(within), length)
    }

    /// Finds an offset below an indirect block: its byte in the file, and how many bytes its
    /// direct block has from there on.
    fn find(
        &self,
        file: &File,
        (place, rows): (u64, u64),
        offset: u64,
        depth: u8,
    ) -> Result<(u64, u64), Error> {
        const FIELD: &str = "indirect block of a fractal heap";
        let beyond = || {
            let expected = format!("an offset within {rows} rows");
            file.malformed(place, FIELD, expected, offset.to_string())
        };
        if depth == 0 {
            return Err(beyond());
        }
        let mut left = offset;
        for row in 0..rows {
            let size = self.block_size(row).ok_or_else(beyond)?;
            let whole = size.checked_mul(self.width).ok_or_else(beyond)?;
            if left >= whole {
                left -= whole;
                continue;
            }
            let number = row * self.width + left / size;
            let within = left % size;
            let child = self.child(file, place, number)?;
            if size <= self.largest {
                return Ok((child.saturating_add(within), size - within));
            }
            // As many rows as make up its size.
            let rows = (size / (self.starting.saturating_mul(self.width)).max(1)).max(1);
            let rows = u64::from(rows.ilog2()) + 1;
            return self.find(file, (child, rows), within, depth - 1);
        }
        Err(beyond())
    }

    /// Returns the bytes of a block in a row.
    fn block_size(&self, row: u64) -> Option<u64> {
        let doublings = u32::try_from(row.saturating_sub(1)).ok()?;
        let factor = 1_u64.checked_shl(doublings)?;
        self.starting.checked_mul(factor)
    }

    /// Reads the address of a child of an indirect block.
    fn child(&self, file: &File, place: u64, number: u64) -> Result<u64, Error> {
        const FIELD: &str = "indirect block of a fractal heap";
        let before = 5 + file.address_width + self.offset_width;
        let head = file.block(FIELD, place, before as u64)?;
        let mut fields = file.fields(FIELD, &head);
        fields.signature(b"FHIB")?;
        fields.version(&[0])?;
        let wide = file.address_width as u64;
        let at = place
            .saturating_add(before as u64)
            .saturating_add(number.saturating_mul(wide));
        let entry = file.block(FIELD, at, wide)?;
        file.fields(FIELD, &entry)
            .defined("block of a fractal heap")
    }
}

/// Returns how many bytes hold the numbers up to `most`.
fn bytes_for(most: u64) -> usize {
    (most.max(1).ilog2() / 8) as usize + 1
}

/// Visits the names of all objects of an index, a B-tree of version 2, whose records have a name
/// of `name.1` bytes from byte `name.0` on.
pub(super) fn names(
    file: &File,
    place: u64,
    (kind, name): (u8, (usize, usize)),
    visit: &mut dyn FnMut(&Block) -> Result<(), Error>,
) -> Result<(), Error> {
    const FIELD: &str = "B-tree of version 2";
    let (wide, long) = (file.address_width, file.length_width);
    let head = file.block(FIELD, place, (22 + wide + long) as u64)?;
    checksum::verify(file, FIELD, &head)?;
    let mut fields = file.fields(FIELD, &head);
    fields.signature(b"BTHD")?;
    fields.version(&[0])?;
    let at = fields.place();
    let own = fields.u8()?;
    let node = u64::from(fields.u32()?);
    let record = u64::from(fields.u16()?);
    let depth = fields.u16()?;
    fields.skip(2)?;
    let root = fields.address()?;
    let count = u64::from(fields.u16()?);
    if own != kind || record < (name.0 + name.1) as u64 || node < 16 + record || depth > 16 {
        let expected = format!("type {kind} with records that have room for a name");
        let found = format!("type {own}, {depth} levels of {node} bytes, records of {record}");
        return Err(file.malformed(at, FIELD, expected, found));
    }
    let Some(root) = root else {
        return Ok(());
    };
    let tree = Tree {
        file,
        kind,
        record,
        name,
        levels: levels(file, node, record, depth),
    };
    tree.node(root, count, usize::from(depth), visit)
}

/// Widths of what a node says of its children: how many records they have, and all below them.
struct Level {
    count_width: usize,
    total_width: usize,
}

/// Works out the widths, which follow from how many records fit.
fn levels(file: &File, node: u64, record: u64, depth: u16) -> Vec<Level> {
    const AROUND: u64 = 10;
    let in_leaf = (node - AROUND) / record;
    let count_width = bytes_for(in_leaf);
    let mut total = in_leaf;
    let mut levels = vec![Level {
        count_width,
        total_width: 0,
    }];
    for _ in 0..depth {
        let below = levels[levels.len() - 1].total_width;
        let pointer = (file.address_width + count_width + below) as u64;
        let most = (node - AROUND).saturating_sub(pointer) / (record + pointer);
        total = total.saturating_mul(most + 1).saturating_add(most);
        levels.push(Level {
            count_width,
            total_width: bytes_for(total),
        });
    }
    levels
}

struct Tree<'a> {
    file: &'a File,
    kind: u8,
    /// Bytes of a record.
    record: u64,
    name: (usize, usize),
    levels: Vec<Level>,
}

impl Tree<'_> {
    /// Visits a node with `count` records, `level` levels above the leaves.
    fn node(
        &self,
        place: u64,
        count: u64,
        level: usize,
        visit: &mut dyn FnMut(&Block) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const FIELD: &str = "node of a B-tree of version 2";
        let file = self.file;
        // Totals are given for nodes that have children themselves.
        let (count_width, total_width) = match level {
            0 => (0, 0),
            _ => {
                let below = &self.levels[level - 1];
                (below.count_width, below.total_width)
            }
        };
        let pointer = (file.address_width + count_width + total_width) as u64;
        let children = if level > 0 { count + 1 } else { 0 };
        let length = 6 + count * self.record + children * pointer + 4;
        let block = file.block(FIELD, place, length)?;
        checksum::verify(file, FIELD, &block)?;
        let mut fields = file.fields(FIELD, &block);
        fields.signature(if level > 0 { b"BTIN" } else { b"BTLF" })?;
        fields.version(&[0])?;
        let at = fields.place();
        let own = fields.u8()?;
        if own != self.kind {
            let expected = format!("type {}", self.kind);
            return Err(file.malformed(at, FIELD, expected, own.to_string()));
        }
        for _ in 0..count {
            visit(&self.record(&mut fields)?)?;
        }
        for _ in 0..children {
            let child = fields.defined(FIELD)?;
            let count = fields.number(count_width)?;
            fields.skip(total_width)?;
            self.node(child, count, level - 1, visit)?;
        }
        Ok(())
    }

    /// Takes a record; returns the name in it.
    fn record(&self, fields: &mut Fields) -> Result<Block, Error> {
        let (first, length) = self.name;
        fields.skip(first)?;
        let offset = fields.place();
        let bytes = fields.bytes(length)?.to_vec();
        fields.skip(self.record as usize - first - length)?;
        Ok(Block {
            offset,
            bytes,
            order: crate::ByteOrder::Little,
        })
    }
}

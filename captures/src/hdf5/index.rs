//! Where chunks lie: B-trees of version 1, and of the newer indexes a single chunk, chunks one
//! after the other, and fixed arrays.

use super::fields::Fields;
use super::{File, checksum, unsupported};
use crate::Error;

/// A chunk in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) place: u64,
    /// Bytes in the file.
    pub(super) size: u64,
    /// Filters that were left out, one bit each.
    pub(super) mask: u32,
}

/// How a dataset is cut.
pub(super) struct Grid {
    pub(super) shape: Vec<u64>,
    pub(super) chunk: Vec<u64>,
    /// Bytes of a whole chunk.
    pub(super) chunk_bytes: u64,
    pub(super) filtered: bool,
}

impl Grid {
    /// Returns the number of chunks; the product is at most that of the shape.
    pub(super) fn count(&self) -> u64 {
        let axes = self.shape.iter().zip(&self.chunk);
        axes.map(|(n, chunk)| n.div_ceil(*chunk)).product()
    }
}

/// The kind of an index.
pub(super) enum Index {
    /// A B-tree of version 1.
    Tree,
    /// One chunk; a packed one with its size and mask.
    Single(Option<(u64, u32)>),
    /// Chunks one after the other.
    InARow,
    /// An array of as many entries as there are chunks.
    FixedArray,
}

impl Index {
    /// Reads the kind from a layout of version 4, up to the address.
    pub(super) fn read(fields: &mut Fields, name: &str, flags: u8) -> Result<Self, Error> {
        Ok(match fields.u8()? {
            1 if flags & 2 != 0 => Self::Single(Some((fields.length()?, fields.u32()?))),
            1 => Self::Single(None),
            2 => Self::InARow,
            3 => {
                fields.skip(1)?;
                Self::FixedArray
            }
            other => {
                let kind = match other {
                    4 => "an extensible array",
                    5 => "a B-tree of version 2",
                    _ => "of an unknown kind",
                };
                return Err(unsupported(format!("the index of {name} is {kind}")));
            }
        })
    }

    /// Finds all chunks; `at` is the byte where the address of the index stands.
    pub(super) fn chunks(
        &self,
        file: &File,
        name: &str,
        grid: &Grid,
        (at, place): (u64, u64),
    ) -> Result<Vec<Chunk>, Error> {
        let wide = file.address_width as u64;
        let each = match self {
            Self::Tree => 16 + 8 * grid.shape.len() as u64 + wide,
            Self::Single(_) => 1,
            Self::InARow => grid.chunk_bytes,
            Self::FixedArray => wide,
        };
        let mut slots = Slots::new(file, name, grid, (at, each))?;
        match self {
            Self::Tree => slots.tree(place, None)?,
            Self::Single(packed) => slots.single(place, *packed)?,
            Self::InARow => slots.in_a_row(place)?,
            Self::FixedArray => slots.fixed_array(place)?,
        }
        slots.complete()
    }
}

/// A chunk that was not found, which no file has.
const MISSING: Chunk = Chunk {
    place: u64::MAX,
    size: 0,
    mask: 0,
};

/// Slots for all chunks, which fill up in any order.
struct Slots<'a> {
    file: &'a File,
    field: &'a str,
    grid: &'a Grid,
    slots: Vec<Chunk>,
}

impl<'a> Slots<'a> {
    /// Makes as many slots as there are chunks; `place` is where the index begins, and `each` the
    /// fewest bytes that a chunk has in the file, with its entry in the index.
    fn new(
        file: &'a File,
        field: &'a str,
        grid: &'a Grid,
        (place, each): (u64, u64),
    ) -> Result<Self, Error> {
        /// Slots may take a little more memory than the file has bytes.
        const FREE: u64 = 16 << 20;
        let count = grid.count();
        let length = file.bytes.len();
        let room = (length / each).min((length + FREE) / size_of::<Chunk>() as u64);
        if count > room {
            let expected = format!("at most {room} in a file of {length} bytes");
            return Err(file.malformed(
                place,
                format!("chunks of {field}"),
                expected,
                format!("{count} for shape {:?}", grid.shape),
            ));
        }
        Ok(Self {
            file,
            field,
            grid,
            slots: vec![MISSING; count as usize],
        })
    }

    /// Fills a slot after checking that the chunk is in the file.
    fn fill(&mut self, number: u64, chunk: Chunk) -> Result<(), Error> {
        let field = || format!("chunk {number} of {}", self.field);
        // Names are made for errors only: there may be millions of chunks.
        let end = chunk.place.checked_add(chunk.size);
        if end.is_none_or(|end| end > self.file.bytes.len()) {
            self.file
                .bytes
                .require(self.file.format, &field(), chunk.place, chunk.size)?;
        }
        if !self.grid.filtered && chunk.size != self.grid.chunk_bytes {
            let expected = format!("{} bytes", self.grid.chunk_bytes);
            let found = format!("{} bytes", chunk.size);
            return Err(self.file.malformed(chunk.place, field(), expected, found));
        }
        self.slots[number as usize] = chunk;
        Ok(())
    }

    /// Returns all chunks, or says how many were never written.
    fn complete(self) -> Result<Vec<Chunk>, Error> {
        let missing = self
            .slots
            .iter()
            .filter(|chunk| chunk.place == MISSING.place);
        match missing.count() {
            0 => Ok(self.slots),
            missing => Err(unsupported(format!(
                "{missing} of {} chunks of {} were never written",
                self.slots.len(),
                self.field
            ))),
        }
    }

    /// Walks a B-tree of version 1.
    fn tree(&mut self, place: u64, level: Option<u8>) -> Result<(), Error> {
        const FIELD: &str = "chunk B-tree";
        let file = self.file;
        let start = 8 + 2 * file.address_width;
        let head = file.block(FIELD, place, start as u64)?;
        let mut fields = file.fields(FIELD, &head);
        fields.signature(b"TREE")?;
        fields.version(&[1])?;
        let own = fields.u8()?;
        if level.is_some_and(|level| level != own) {
            let expected = format!("level {}", level.unwrap_or(0));
            return Err(fields.refuse(FIELD, expected, own.to_string()));
        }
        let count = usize::from(fields.u16()?);
        let rank = self.grid.shape.len();
        let each = 8 + 8 * (rank + 1) + file.address_width;
        let all = file.block(FIELD, place, (start + count * each) as u64)?;
        let mut fields = file.fields(FIELD, &all);
        fields.skip(start)?;
        for _ in 0..count {
            let (size, mask) = (u64::from(fields.u32()?), fields.u32()?);
            let number = self.number(&mut fields)?;
            fields.skip(8)?;
            let child = fields.defined("child of a chunk B-tree")?;
            match (own.checked_sub(1), number) {
                (Some(below), _) => self.tree(child, Some(below))?,
                // Left over from a larger shape.
                (None, None) => {}
                (None, Some(number)) => {
                    let place = child;
                    self.fill(number, Chunk { place, size, mask })?;
                }
            }
        }
        Ok(())
    }

    /// Reads the first element of a chunk; returns the chunk's number, row by row.
    fn number(&self, fields: &mut Fields) -> Result<Option<u64>, Error> {
        let mut number = Some(0_u64);
        for (&length, &chunk) in self.grid.shape.iter().zip(&self.grid.chunk) {
            let place = fields.place();
            let first = fields.number(8)?;
            if !first.is_multiple_of(chunk) {
                let expected = format!("a multiple of {chunk}");
                let field = "first element of a chunk";
                return Err(self
                    .file
                    .malformed(place, field, expected, first.to_string()));
            }
            // Fits: it is below the number of chunks.
            number = number
                .filter(|_| first < length)
                .map(|number| number * length.div_ceil(chunk) + first / chunk);
        }
        Ok(number)
    }

    /// Takes the one chunk of a dataset.
    fn single(&mut self, place: u64, packed: Option<(u64, u32)>) -> Result<(), Error> {
        let (size, mask) = packed.unwrap_or((self.grid.chunk_bytes, 0));
        if self.slots.len() != 1 {
            let found = format!("{} chunks", self.slots.len());
            let field = format!("index of {}", self.field);
            return Err(self.file.malformed(place, field, "a single chunk", found));
        }
        self.fill(0, Chunk { place, size, mask })
    }

    /// Takes chunks that lie one after the other, which have no filters.
    fn in_a_row(&mut self, place: u64) -> Result<(), Error> {
        let size = self.grid.chunk_bytes;
        for number in 0..self.slots.len() as u64 {
            let place = place.saturating_add(number.saturating_mul(size));
            self.fill(
                number,
                Chunk {
                    place,
                    size,
                    mask: 0,
                },
            )?;
        }
        Ok(())
    }

    /// Reads a fixed array: a header and a data block, which may have pages.
    fn fixed_array(&mut self, place: u64) -> Result<(), Error> {
        const FIELD: &str = "fixed array";
        let file = self.file;
        let (wide, long) = (file.address_width, file.length_width);
        let head = file.block(FIELD, place, (8 + long + wide + 4) as u64)?;
        let mut fields = file.fields(FIELD, &head);
        fields.signature(b"FAHD")?;
        checksum::verify(file, FIELD, &head)?;
        fields.version(&[0])?;
        let packed = fields.u8()? == 1;
        let each = usize::from(fields.u8()?);
        let page_bits = u32::from(fields.u8()?);
        let count = fields.length()?;
        let least = wide + if packed { 5 } else { 0 };
        let most = wide + if packed { 12 } else { 0 };
        let slots = self.slots.len() as u64;
        if count != slots || !(least..=most).contains(&each) || page_bits > 31 {
            let expected = format!("{slots} entries of {least} to {most} bytes");
            let found = format!("{count} of {each} bytes, in pages of 2^{page_bits}");
            return Err(file.malformed(place, FIELD, expected, found));
        }
        let block = fields.defined("data block of a fixed array")?;
        let page = 1_u64 << page_bits;
        let before = 6 + wide as u64;
        if count <= page {
            let length = before + count * each as u64 + 4;
            return self.entries((block, length, before as usize), 0..count, (packed, each));
        }
        let pages = count.div_ceil(page);
        let map = file.block(FIELD, block, before + pages.div_ceil(8) + 4)?;
        file.fields(FIELD, &map).signature(b"FADB")?;
        checksum::verify(file, FIELD, &map)?;
        let mut place = block + map.bytes.len() as u64;
        for number in 0..pages {
            let first = number * page;
            let entries = first..count.min(first + page);
            let length = (entries.end - first) * each as u64 + 4;
            // The first page is the highest bit; pages without it were never written.
            let bit = map.bytes[before as usize + number as usize / 8] << (number % 8);
            if bit & 0x80 != 0 {
                self.entries((place, length, 0), entries, (packed, each))?;
            }
            place += length;
        }
        Ok(())
    }

    /// Reads entries of a fixed array from a block with a checksum at its end.
    fn entries(
        &mut self,
        (place, length, skip): (u64, u64, usize),
        numbers: std::ops::Range<u64>,
        (packed, each): (bool, usize),
    ) -> Result<(), Error> {
        const FIELD: &str = "entries of a fixed array";
        let file = self.file;
        let block = file.block(FIELD, place, length)?;
        checksum::verify(file, FIELD, &block)?;
        let mut fields = file.fields(FIELD, &block);
        fields.skip(skip)?;
        for number in numbers {
            let place = fields.address()?;
            let (mut size, mut mask) = (self.grid.chunk_bytes, 0);
            if packed {
                size = fields.number(each - file.address_width - 4)?;
                mask = fields.u32()?;
            }
            if let Some(place) = place {
                self.fill(number, Chunk { place, size, mask })?;
            }
        }
        Ok(())
    }
}

//! The map at the start of the file, its blocks, and the fields within a block.

use super::FORMAT;
use crate::Error;
use crate::bytes::{excerpt, latin};

/// Most blocks that a map may announce; real ones have about ten.
const MOST_BLOCKS: u16 = 256;
/// Start of a file of version 2.
const MAGIC: &[u8] = b"Map\0";
/// Names that a map of version 1 may begin with.
const FIRST: [&[u8]; 6] = [
    b"GenParams\0",
    b"SupParams\0",
    b"FxdParams\0",
    b"KeyEvents\0",
    b"LnkParams\0",
    b"DataPts\0",
];

/// True when a file begins with a map of version 1 or 2.
pub(crate) fn probe(head: &[u8]) -> bool {
    // Without magic the version, the size and the count go before the first block's name.
    let bare = |head: &[u8]| {
        head.get(..2)
            .is_some_and(|v| (100..200).contains(&u16::from_le_bytes([v[0], v[1]])))
            && head
                .get(8..)
                .is_some_and(|names| FIRST.iter().any(|name| names.starts_with(name)))
    };
    head.starts_with(MAGIC) || bare(head)
}

/// The blocks of a file; each is known to lie within it.
pub(super) struct Map<'a> {
    bytes: &'a [u8],
    /// Version times 100.
    pub(super) version: u16,
    named: bool,
    blocks: Vec<Entry>,
}

struct Entry {
    name: String,
    offset: usize,
    size: usize,
}

impl<'a> Map<'a> {
    pub(super) fn read(bytes: &'a [u8], warnings: &mut Vec<String>) -> Result<Self, Error> {
        let named = bytes.starts_with(MAGIC);
        let mut fields = Fields {
            bytes,
            end: bytes.len(),
            at: if named { MAGIC.len() } else { 0 },
            block: "Map".into(),
        };
        let version = fields.u16("version")?;
        let place = fields.at;
        let size = fields.u32("size of the map")?;
        let counted = fields.at;
        let count = fields.u16("number of blocks")?;
        if count > MOST_BLOCKS {
            let expected = format!("at most {MOST_BLOCKS}");
            let found = count.to_string();
            return Err(wrong(counted, "number of blocks", expected, found));
        }
        let mut next = u64::from(size);
        let within = |what: &str, place: usize, end: u64| {
            if end <= bytes.len() as u64 {
                return Ok(());
            }
            let expected = format!("an end within the file of {} bytes", bytes.len());
            Err(wrong(place, what, expected, format!("{end}")))
        };
        within("size of the map", place, next)?;
        let mut blocks: Vec<Entry> = Vec::new();
        // The map counts itself.
        for _ in 1..count {
            let name = fields.text("name of a block")?;
            fields.u16("version of a block")?;
            let place = fields.at;
            let what = format!("size of block {}", excerpt(name.as_bytes()));
            let size = fields.u32(&what)?;
            let end = next + u64::from(size);
            within(&what, place, end)?;
            if blocks.iter().any(|block| block.name == name) {
                warnings.push(format!(
                    "block {name} is there twice; the first one is read"
                ));
            }
            blocks.push(Entry {
                name,
                offset: next as usize,
                size: size as usize,
            });
            next = end;
        }
        if fields.at as u64 > u64::from(size) {
            let expected = format!("at least {} bytes, which its entries take", fields.at);
            return Err(wrong(place, "size of the map", expected, size.to_string()));
        }
        if next < bytes.len() as u64 {
            let more = bytes.len() as u64 - next;
            warnings.push(format!(
                "{more} bytes behind the last block are passed over"
            ));
        }
        Ok(Self {
            bytes,
            version,
            named,
            blocks,
        })
    }

    /// True where fields and block names of version 2 are there.
    pub(super) fn second(&self) -> bool {
        self.named
    }

    /// The fields of a block, where there is such a block.
    pub(super) fn block(&self, name: &str) -> Result<Option<Fields<'a>>, Error> {
        let Some(entry) = self.blocks.iter().find(|block| block.name == name) else {
            return Ok(None);
        };
        let mut fields = Fields {
            bytes: self.bytes,
            end: entry.offset + entry.size,
            at: entry.offset,
            block: name.into(),
        };
        if self.named {
            let found = fields.text("name at the start")?;
            if found != name {
                return Err(wrong(entry.offset, name, name, excerpt(found.as_bytes())));
            }
        }
        Ok(Some(fields))
    }

    /// The fields of a block that must be there.
    pub(super) fn required(&self, name: &str) -> Result<Fields<'a>, Error> {
        self.block(name)?
            .ok_or_else(|| wrong(0, "Map", format!("a block {name}"), "none of that name"))
    }

    /// Warns where the checksum is missing or is another.
    pub(super) fn check_sum(&self, warnings: &mut Vec<String>) {
        let stated = self.block("Cksum").ok().flatten().and_then(|mut fields| {
            let place = fields.at;
            fields.u16("checksum").ok().map(|stated| (place, stated))
        });
        let Some((place, stated)) = stated else {
            warnings.push("there is no checksum".into());
            return;
        };
        let found = crc(&self.bytes[..place]);
        if found != stated {
            warnings.push(format!(
                "the checksum at byte {place} is 0x{stated:04x}, the bytes give 0x{found:04x}"
            ));
        }
    }
}

/// CRC-16 with polynomial 0x1021, start 0xFFFF, not reflected.
fn crc(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = crc_table();
    bytes.iter().fold(0xffff, |sum, &byte| {
        (sum << 8) ^ TABLE[usize::from((sum >> 8) as u8 ^ byte)]
    })
}

/// What each first byte adds to the sum.
const fn crc_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = sum & 0x8000 != 0;
            sum = (sum << 1) ^ if carry { 0x1021 } else { 0 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

/// Fields of a block, one after the other; none reaches beyond the block.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    end: usize,
    /// Byte in the file of the next field.
    pub(super) at: usize,
    block: String,
}

macro_rules! number {
    ($name:ident, $kind:ty) => {
        pub(super) fn $name(&mut self, field: &str) -> Result<$kind, Error> {
            let raw = self.take(field, size_of::<$kind>())?;
            let mut bytes = [0; size_of::<$kind>()];
            bytes.copy_from_slice(raw);
            Ok(<$kind>::from_le_bytes(bytes))
        }
    };
}

impl<'a> Fields<'a> {
    number!(u16, u16);
    number!(i16, i16);
    number!(u32, u32);
    number!(i32, i32);

    /// The next bytes.
    pub(super) fn take(&mut self, field: &str, count: usize) -> Result<&'a [u8], Error> {
        let left = self.left();
        if count > left {
            let found = format!("{left} up to the end of the block at byte {}", self.end);
            return Err(self.wrong(field, format!("{count} bytes"), found));
        }
        let part = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(part)
    }

    /// Bytes up to the end of the block.
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// A text that ends at a zero byte; blanks around it are no text.
    pub(super) fn text(&mut self, field: &str) -> Result<String, Error> {
        let rest = &self.bytes[self.at.min(self.end)..self.end];
        let Some(length) = rest.iter().position(|&b| b == 0) else {
            let found = format!("none up to the end of the block at byte {}", self.end);
            return Err(self.wrong(field, "a text that ends at a zero byte", found));
        };
        self.at += length + 1;
        Ok(latin(&rest[..length]).trim().to_string())
    }

    /// An error that the next field is to blame for.
    pub(super) fn wrong(
        &self,
        field: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        wrong(
            self.at,
            &format!("{}: {field}", self.block),
            expected,
            found,
        )
    }
}

fn wrong(at: usize, field: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::malformed(FORMAT, at as u64, field, expected, found)
}

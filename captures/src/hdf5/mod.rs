//! HDF5, as far as captures need it: groups, datasets of numbers, attributes.
//!
//! [`File`] finds the superblock (versions 0 to 3, also behind a user block) and walks groups of
//! all kinds: symbol tables with B-trees, link messages, links in fractal heaps. [`Node`] is an object by its header:
//! its children, its attributes, and as a [`Dataset`] its shape, its element type and where its
//! bytes are. Contiguous and compact data stay where they lie and are read as any other stored
//! samples; chunks are found through their index when the file is opened and inflated when they
//! are read ([`chunked`]), so that opening decodes nothing.
//!
//! Source: The HDF Group, "HDF5 File Format Specification", version 3.0.
//!
//! What breaks it, each refused by name: extensible arrays and B-trees of version 2 as chunk
//! indexes (of datasets that can grow, in the latest format), shared messages, virtual datasets, data in other files, filters other than deflate, shuffle and
//! Fletcher's checksum, chunks that were never written. Soft and external links are passed over.
//!
//! Hostile files: no length is believed before the bytes are known to be there, and all the
//! metadata of a file may be read a few times at most ([`File::block`]), which ends every loop.

mod attribute;
mod checksum;
mod chunked;
mod dataset;
mod datatype;
mod fields;
mod filters;
mod fractal_heap;
mod group;
mod header;
mod heap;
mod index;
mod layout;
mod superblock;

pub(crate) use attribute::Value;
pub(crate) use chunked::Line;
pub(crate) use dataset::{Dataset, Part, Samples};
pub(crate) use datatype::Datatype;
pub(crate) use superblock::{SIGNATURE, signature_place};

use crate::bytes::{Block, Bytes};
use crate::{ByteOrder, Error};
use chunked::Cache;
use fields::Fields;
use header::Header;
use std::cell::{Cell as Counter, RefCell};
use std::sync::Arc;

/// A header longer than this is not one of a capture.
const HEADER_LIMIT: u64 = 1 << 20;

/// An opened file.
pub(crate) struct File {
    bytes: Bytes,
    /// Format that errors name: HDF5 is the container of several.
    format: &'static str,
    /// Byte that addresses count from.
    base: u64,
    /// Bytes of an address and of a length.
    address_width: usize,
    length_width: usize,
    /// Bytes of metadata that may still be read.
    left: Counter<u64>,
    ahead: RefCell<Ahead>,
    root: u64,
    cache: Arc<Cache>,
}

impl File {
    /// Reads the superblock. `format` is what errors name.
    pub(crate) fn open(bytes: &Bytes, format: &'static str) -> Result<Self, Error> {
        /// Every structure may be read several times, and a small one costs more than its bytes.
        const TIMES: u64 = 16;
        const FREE: u64 = 1 << 20;
        /// Ten thousand segments of four channels need half of this.
        const MOST: u64 = 256 << 20;
        let left = bytes.len().saturating_mul(TIMES).saturating_add(FREE);
        let mut file = Self {
            bytes: bytes.clone(),
            format,
            base: 0,
            address_width: 8,
            length_width: 8,
            left: Counter::new(left.min(MOST)),
            ahead: RefCell::default(),
            root: 0,
            cache: Arc::new(Cache::default()),
        };
        superblock::read(&mut file)?;
        Ok(file)
    }

    /// Returns the root group.
    pub(crate) fn root(&self) -> Result<Node<'_>, Error> {
        self.node("/", self.root)
    }

    fn node(&self, name: &str, place: u64) -> Result<Node<'_>, Error> {
        Ok(Node {
            name: name.to_string(),
            header: Header::read(self, name, place)?,
            file: self,
        })
    }

    /// Reads metadata that lie within the file, and counts them: in a file without loops little
    /// is read twice.
    fn block(&self, field: &str, place: u64, length: u64) -> Result<Block, Error> {
        /// What a read costs beside its bytes.
        const EACH: u64 = 64;
        self.bytes.require(self.format, field, place, length)?;
        let cost = length.saturating_add(EACH);
        let Some(left) = self.left.get().checked_sub(cost) else {
            let expected = "structures that are visited once";
            let found = "more metadata than the file has bytes: they refer to each other in a loop";
            return Err(self.malformed(place, field, expected, found));
        };
        self.left.set(left);
        // Below 2^32: it was left to read.
        let length = length as usize;
        let mut ahead = self.ahead.borrow_mut();
        let bytes = match ahead.part(place, length) {
            Some(part) => part.to_vec(),
            None => {
                ahead
                    .fill(&self.bytes, place, length)
                    .map_err(|e| self.bytes.io_error(e))?;
                ahead.bytes[..length].to_vec()
            }
        };
        Ok(Block {
            offset: place,
            bytes,
            order: ByteOrder::Little,
        })
    }

    fn fields<'a>(&'a self, field: &'a str, block: &'a Block) -> Fields<'a> {
        Fields::new(self, field, block)
    }

    fn malformed(
        &self,
        place: u64,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::malformed(self.format, place, field, expected, found)
    }
}

/// Bytes behind the last read: the parts of a structure lie side by side.
#[derive(Default)]
struct Ahead {
    place: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    /// Returns a part that is here already.
    fn part(&self, place: u64, length: usize) -> Option<&[u8]> {
        let start = usize::try_from(place.checked_sub(self.place)?).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// Reads `length` bytes, which are there, and some more.
    fn fill(&mut self, bytes: &Bytes, place: u64, length: usize) -> std::io::Result<()> {
        const MORE: usize = 4096;
        let left = usize::try_from(bytes.len() - place).unwrap_or(usize::MAX);
        self.place = place;
        self.bytes.clear();
        self.bytes.resize(length.max(MORE).min(left), 0);
        let outcome = bytes.read_exact_at(place, &mut self.bytes);
        if outcome.is_err() {
            self.bytes.clear();
        }
        outcome
    }
}

/// Refuses what this reader does not know, with what to do instead.
fn unsupported(found: impl Into<String>) -> Error {
    let hint = "save the file in the earliest HDF5 format, without filters or with deflate";
    Error::unsupported("HDF5", found, hint)
}

/// Names of a file go into messages and onto screens: no control characters, and not without end.
pub(crate) fn printable(text: &str) -> String {
    const SHOWN: usize = 64;
    let plain = text.chars().filter(|c| !c.is_control());
    plain.take(SHOWN).collect()
}

/// A group or a dataset.
pub(crate) struct Node<'a> {
    name: String,
    file: &'a File,
    header: Header,
}

impl<'a> Node<'a> {
    /// Returns the name under which its group knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the byte of its header.
    pub(crate) fn place(&self) -> u64 {
        self.header.place
    }

    /// Says whether it has data.
    pub(crate) fn is_dataset(&self) -> bool {
        self.header.find(header::LAYOUT).is_some()
    }

    /// Returns the children's names with the bytes of their headers, in the file's order; none
    /// for a dataset.
    pub(crate) fn links(&self) -> Result<Vec<(String, u64)>, Error> {
        if self.is_dataset() {
            return Ok(Vec::new());
        }
        group::links(self.file, &self.name, &self.header)
    }

    /// Opens a child of [`Node::links`].
    pub(crate) fn open(&self, (name, place): &(String, u64)) -> Result<Node<'a>, Error> {
        self.file.node(name, *place)
    }

    /// Opens the object once more.
    pub(crate) fn again(&self) -> Result<Node<'a>, Error> {
        self.file.node(&self.name, self.header.place)
    }

    /// Opens a child by name.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Node<'a>>, Error> {
        let links = self.links()?;
        let link = links.iter().find(|(own, _)| own == name);
        link.map(|link| self.open(link)).transpose()
    }

    /// Returns the attributes with their values, in the file's order.
    pub(crate) fn attributes(&self) -> Result<Vec<(String, Value)>, Error> {
        attribute::read_all(self.file, &self.name, &self.header)
    }

    /// Describes the data; fails for a group.
    pub(crate) fn dataset(&self) -> Result<Dataset, Error> {
        Dataset::read(self.file, &self.name, &self.header)
    }
}

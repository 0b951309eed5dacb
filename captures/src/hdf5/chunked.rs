//! Samples in chunks, inflated when they are read.
//!
//! A chunk without filters is read where it lies. A chunk that is only deflated and larger than
//! [`WHOLE`] is inflated as a stream that goes on where the last block ended: scopes write a
//! waveform of any length as one chunk, and reading it from start to end takes a window's worth
//! of memory. Any other chunk is unpacked as a whole and kept while it is in use.
//!
//! What is kept of a file's chunks has one bound for all of its datasets ([`Cache`]). Reading a
//! deflated chunk backwards inflates it again from its start.

use super::File;
use super::filters::{Filter, unchecked, unshuffle};
use super::index::{Chunk, Grid};
use crate::bytes::{Bytes, Cursor};
use crate::cell::Value;
use crate::trace::{Cell, Stored};
use crate::{ByteOrder, Error};
use flate2::read::ZlibDecoder;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Chunks up to this size are unpacked as a whole.
const WHOLE: u64 = 1 << 20;
/// Bytes that chunks may be unpacked to, beside those that are in the file.
const HELD: u64 = 20 << 20;
/// DEFLATE does not shrink further than to a part of this.
const RATIO: u64 = 1032;

/// A dataset in chunks.
pub(crate) struct Chunked {
    bytes: Bytes,
    format: &'static str,
    /// The dataset in backquotes, for errors.
    name: String,
    cache: Arc<Cache>,
    element: u64,
    grid: Grid,
    filters: Vec<Filter>,
    chunks: Vec<Chunk>,
}

impl Chunked {
    /// Takes chunks that lie within the file, after a look at what they unpack to.
    pub(super) fn new(
        file: &File,
        name: &str,
        element: u64,
        grid: Grid,
        filters: Vec<Filter>,
        chunks: Vec<Chunk>,
    ) -> Result<Self, Error> {
        let chunked = Self {
            bytes: file.bytes.clone(),
            format: file.format,
            name: name.into(),
            cache: file.cache.clone(),
            element,
            grid,
            filters,
            chunks,
        };
        for chunk in &chunked.chunks {
            chunked.check(chunk)?;
        }
        Ok(chunked)
    }

    /// Refuses a chunk that cannot be what it says, or would take too much memory.
    fn check(&self, chunk: &Chunk) -> Result<(), Error> {
        let wanted = self.grid.chunk_bytes;
        let filters = self.active(chunk);
        let most = match filters.contains(&Filter::Deflate) {
            true => chunk.size.saturating_mul(RATIO).saturating_add(RATIO),
            false => chunk.size,
        };
        if wanted > most {
            let expected = format!("what unpacks to {wanted} bytes");
            let found = format!("{} bytes, which unpack to {most} at most", chunk.size);
            return Err(self.malformed(chunk, expected, found));
        }
        let limit = HELD.saturating_add(chunk.size);
        if !filters.is_empty() && !self.streams(&filters) && wanted > limit {
            return Err(Error::Limit {
                format: self.format,
                field: format!("unpacked bytes of a chunk of {}", self.name),
                limit,
                found: wanted,
            });
        }
        Ok(())
    }

    /// Returns the filters that this chunk went through, in their order.
    fn active(&self, chunk: &Chunk) -> Vec<Filter> {
        let all = self.filters.iter().enumerate();
        let left = all.filter(|(k, _)| chunk.mask & (1 << k) == 0);
        left.map(|(_, filter)| *filter).collect()
    }

    fn streams(&self, filters: &[Filter]) -> bool {
        filters == [Filter::Deflate] && self.grid.chunk_bytes > WHOLE
    }

    fn malformed(
        &self,
        chunk: &Chunk,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        let field = format!("chunk of {}", self.name);
        Error::malformed(self.format, chunk.place, field, expected, found)
    }

    fn failed(&self, chunk: &Chunk, error: std::io::Error) -> Error {
        match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                self.malformed(chunk, "deflated data", error.to_string())
            }
            _ => self.bytes.io_error(error),
        }
    }

    fn packed(&self, chunk: &Chunk) -> Cursor {
        Cursor::new(&self.bytes.window(chunk.place, chunk.size))
    }

    /// Unpacks a chunk as a whole; its size has been checked.
    fn whole(&self, chunk: &Chunk, filters: &[Filter]) -> Result<Vec<u8>, Error> {
        let wanted = self.grid.chunk_bytes;
        // Checksums within what is inflated come on top.
        let most = wanted + 4 * filters.len() as u64;
        let mut bytes = Vec::new();
        let mut packed: Box<dyn Read> = Box::new(self.packed(chunk));
        let mut filters = filters.iter().rev().peekable();
        if let Some(Filter::Deflate) = filters.peek() {
            packed = Box::new(ZlibDecoder::new(packed));
            filters.next();
        }
        let outcome = packed
            .take(most.max(chunk.size) + 1)
            .read_to_end(&mut bytes);
        outcome.map_err(|e| self.failed(chunk, e))?;
        for filter in filters {
            bytes = match filter {
                Filter::Shuffle(width) => unshuffle(&bytes, *width),
                Filter::Fletcher32 => unchecked(bytes)
                    .map_err(|(expected, found)| self.malformed(chunk, expected, found))?,
                Filter::Deflate => {
                    let mut inflated = Vec::new();
                    ZlibDecoder::new(&bytes[..])
                        .take(most + 1)
                        .read_to_end(&mut inflated)
                        .map_err(|e| self.failed(chunk, e))?;
                    inflated
                }
            };
        }
        if bytes.len() as u64 == wanted {
            return Ok(bytes);
        }
        let found = match bytes.len() as u64 > wanted {
            true => "more".into(),
            false => format!("{} bytes", bytes.len()),
        };
        Err(self.malformed(chunk, format!("{wanted} unpacked bytes"), found))
    }

    /// Returns what a chunk unpacks to, from the cache or anew.
    fn content(&self, chunk: &Chunk, filters: &[Filter]) -> Result<Content, Error> {
        if let Some(content) = self.cache.take(chunk.place) {
            return Ok(content);
        }
        if self.streams(filters) {
            return Ok(Content::Stream(Box::new(Stream::new(self.packed(chunk)))));
        }
        Ok(Content::Whole(self.whole(chunk, filters)?))
    }

    /// Decodes elements of one chunk from byte `position` on, `stride` bytes apart.
    fn piece<T: Value>(
        &self,
        chunk: &Chunk,
        (position, stride): (u64, u64),
        (cell, order): (Cell, ByteOrder),
        scaling: (f64, f64),
        out: &mut [T],
    ) -> Result<(), Error> {
        let filters = self.active(chunk);
        if filters.is_empty() {
            let stored = Stored {
                bytes: self.bytes.clone(),
                first_byte: chunk.place + position,
                stride,
                cell,
                order,
            };
            let outcome = stored.read(0, scaling, out);
            return outcome.map_err(|e| self.bytes.io_error(e));
        }
        /// Fits the L1 cache with its decoded samples.
        const BLOCK_BYTES: usize = 16_384;
        let (width, stride) = (cell.width() as usize, stride as usize);
        let mut content = self.content(chunk, &filters)?;
        let mut position = position;
        let mut raw = [0_u8; BLOCK_BYTES];
        // A stride beyond the block reads sample by sample.
        for part in out.chunks_mut((BLOCK_BYTES / stride).max(1)) {
            let span = (part.len() - 1) * stride + width;
            match &mut content {
                // Within: the whole chunk is here, and the caller stays in it.
                Content::Whole(all) => {
                    let start = position as usize;
                    cell.decode(order, &all[start..start + span], stride, scaling, part);
                }
                Content::Stream(stream) => {
                    let raw = &mut raw[..span];
                    self.next(chunk, stream, position, raw)?;
                    cell.decode(order, raw, stride, scaling, part);
                }
            }
            position += (part.len() * stride) as u64;
        }
        let done = matches!(&content, Content::Stream(s) if s.position == self.grid.chunk_bytes);
        if !done {
            self.cache.put(chunk.place, content);
        }
        Ok(())
    }

    /// Inflates the bytes from `position` on; from the start when they have gone by.
    fn next(
        &self,
        chunk: &Chunk,
        stream: &mut Stream,
        position: u64,
        raw: &mut [u8],
    ) -> Result<(), Error> {
        if position < stream.position {
            *stream = Stream::new(self.packed(chunk));
        }
        let mut read = |stream: &mut Stream| -> std::io::Result<bool> {
            let gap = position - stream.position;
            let passed =
                std::io::copy(&mut stream.decoder.by_ref().take(gap), &mut std::io::sink())?;
            if passed < gap {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            stream.decoder.read_exact(raw)?;
            stream.position = position + raw.len() as u64;
            // The checksum is behind the last byte, and nothing else may be.
            let last = stream.position == self.grid.chunk_bytes;
            Ok(last && stream.decoder.read(&mut [0])? > 0)
        };
        if read(stream).map_err(|e| self.failed(chunk, e))? {
            let expected = format!("{} unpacked bytes", self.grid.chunk_bytes);
            return Err(self.malformed(chunk, expected, "more"));
        }
        Ok(())
    }
}

/// Samples along one axis of a dataset in chunks.
#[derive(Clone)]
pub(crate) struct Line {
    pub(super) chunked: Arc<Chunked>,
    /// First byte within an element, type and order.
    pub(super) part: (u32, Cell, ByteOrder),
    pub(super) axis: usize,
    /// Place on the other axis, if there is one.
    pub(super) across: u64,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "axis {} of {}", self.axis, self.chunked.name)
    }
}

impl Line {
    /// Returns the file that the chunks are in; none for bytes in memory.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.chunked.bytes.file()
    }

    /// Returns how a sample is stored.
    pub(crate) fn cell(&self) -> Cell {
        self.part.1
    }

    /// Reads samples from `first` on; the caller has checked that they are there.
    pub(crate) fn read<T: Value>(
        &self,
        first: u64,
        scaling: (f64, f64),
        out: &mut [T],
    ) -> Result<(), Error> {
        let (at, cell, order) = self.part;
        let grid = &self.chunked.grid;
        let along = grid.chunk[self.axis];
        let mut done = 0;
        while done < out.len() {
            let sample = first + done as u64;
            let count = (along - sample % along).min((out.len() - done) as u64) as usize;
            let place = match (grid.shape.len(), self.axis) {
                (1, _) => [0, sample],
                (_, 0) => [sample, self.across],
                _ => [self.across, sample],
            };
            let (number, element) = self.element(place);
            let stride = if self.axis + 1 == grid.shape.len() {
                1
            } else {
                grid.chunk[1]
            };
            self.chunked.piece(
                &self.chunked.chunks[number as usize],
                (
                    element * self.chunked.element + u64::from(at),
                    stride * self.chunked.element,
                ),
                (cell, order),
                scaling,
                &mut out[done..done + count],
            )?;
            done += count;
        }
        Ok(())
    }

    /// Returns the chunk of an element and the element's number in it, by row and column.
    fn element(&self, [row, column]: [u64; 2]) -> (u64, u64) {
        let grid = &self.chunked.grid;
        let last = grid.shape.len() - 1;
        let (rows, columns) = (if last == 0 { 1 } else { grid.chunk[0] }, grid.chunk[last]);
        let across = grid.shape[last].div_ceil(columns);
        (
            row / rows * across + column / columns,
            row % rows * columns + column % columns,
        )
    }
}

/// What a chunk unpacks to.
enum Content {
    Whole(Vec<u8>),
    Stream(Box<Stream>),
}

impl Content {
    /// Returns about how many bytes of memory it takes.
    fn weight(&self) -> u64 {
        /// A decoder with its window and its input.
        const STREAM: u64 = 100_000;
        match self {
            Self::Whole(all) => all.len() as u64,
            Self::Stream(_) => STREAM,
        }
    }
}

/// A deflated chunk that is read from start to end.
struct Stream {
    decoder: ZlibDecoder<Cursor>,
    /// Inflated bytes that have gone by.
    position: u64,
}

impl Stream {
    fn new(packed: Cursor) -> Self {
        Self {
            decoder: ZlibDecoder::new(packed),
            position: 0,
        }
    }
}

/// Unpacked chunks of one file, the ones used last, by their place in it.
#[derive(Default)]
pub(super) struct Cache(Mutex<Vec<(u64, Content)>>);

impl Cache {
    /// Takes a chunk out: two readers of one stream each have their own.
    fn take(&self, place: u64) -> Option<Content> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(own, _)| *own == place)?;
        Some(all.remove(at).1)
    }

    /// Keeps a chunk, and lets go of what was not used for longest.
    fn put(&self, place: u64, content: Content) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another reader may have put its own there.
        all.retain(|(own, _)| *own != place);
        all.push((place, content));
        let mut weight: u64 = all.iter().map(|(_, content)| content.weight()).sum();
        while weight > HELD && all.len() > 1 {
            weight -= all.remove(0).1.weight();
        }
    }
}

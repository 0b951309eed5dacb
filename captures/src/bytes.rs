//! Positioned reads from a file or from memory, checked against what is really there.

use crate::registry::HEAD_BYTES;
use crate::{ByteOrder, Error};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes that can be read at any position by several readers at once.
///
/// Nothing is mapped: a file that is cut short under us gives an error, not a signal.
#[derive(Clone, Debug)]
pub(crate) struct Bytes {
    name: Arc<Path>,
    store: Store,
    /// Byte of the store where these bytes begin; not 0 for a window.
    start: u64,
    length: u64,
}

#[derive(Clone, Debug)]
enum Store {
    File(Arc<OpenFile>),
    Memory(Arc<Vec<u8>>),
}

#[derive(Debug)]
struct OpenFile {
    #[cfg(unix)]
    file: File,
    /// Without positioned reads the seek and the read must not be parted by another reader.
    #[cfg(not(unix))]
    file: std::sync::Mutex<File>,
    /// Its first bytes: what a reader looks at again and again before it gets to the samples.
    head: Vec<u8>,
}

impl OpenFile {
    fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_exact_at(&self.file, out, offset);
        #[cfg(not(unix))]
        {
            use std::io::{Read, Seek, SeekFrom};
            let mut file = self
                .file
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(out)
        }
    }
}

impl Bytes {
    /// Opens a regular file; the length is taken once, here.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        let kind = std::fs::metadata(path).map_err(io)?;
        if !kind.is_file() {
            let found = if kind.is_dir() {
                "a folder"
            } else {
                "a pipe or a device"
            };
            return Err(Error::unsupported(
                path.display().to_string(),
                format!("this is {found}, not a regular file"),
                "name a capture file (a stream has to be saved to a file first)",
            ));
        }
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let most = length.min(HEAD_BYTES as u64) as usize;
        let mut file = OpenFile {
            #[cfg(unix)]
            file,
            #[cfg(not(unix))]
            file: std::sync::Mutex::new(file),
            head: Vec::new(),
        };
        let mut head = vec![0; most];
        file.read_exact_at(0, &mut head).map_err(io)?;
        file.head = head;
        Ok(Self {
            name: path.into(),
            store: Store::File(Arc::new(file)),
            start: 0,
            length,
        })
    }

    /// Takes bytes that are already here, such as an instrument's reply.
    pub(crate) fn in_memory(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self {
            name: Path::new("memory").into(),
            store: Store::Memory(Arc::new(bytes)),
            start: 0,
            length,
        }
    }

    /// Opens a file in the same folder: some formats keep header and samples apart.
    ///
    /// `name` is a bare file name; one with a folder in it comes from a hostile header.
    pub(crate) fn sibling(&self, format: &'static str, name: &str) -> Result<Self, Error> {
        let path = match &self.store {
            Store::File(_) if !name.contains(['/', '\\']) => self.name.with_file_name(name),
            Store::File(_) => {
                return Err(Error::unsupported(
                    format,
                    format!("the header names `{name}`, which is not in its own folder"),
                    "lay both files side by side",
                ));
            }
            Store::Memory(_) => {
                return Err(Error::unsupported(
                    format,
                    format!("its samples are in another file, `{name}`"),
                    "save both files to one folder and open them from there",
                ));
            }
        };
        if !path.is_file() {
            return Err(Error::unsupported(
                format,
                format!("`{name}` is missing beside it"),
                "copy both files; one alone holds no waveform",
            ));
        }
        Self::open(&path)
    }

    /// Returns a part as if it were a file of its own; the caller has checked that it is there.
    pub(crate) fn window(&self, offset: u64, length: u64) -> Self {
        Self {
            name: self.name.clone(),
            store: self.store.clone(),
            start: self.start.saturating_add(offset),
            length,
        }
    }

    /// Returns the file that these bytes are in; none for bytes in memory.
    pub(crate) fn file(&self) -> Option<&Path> {
        matches!(self.store, Store::File(_)).then_some(&*self.name)
    }

    /// Returns the path that it was opened by; `memory` for bytes in memory.
    pub(crate) fn path(&self) -> &Path {
        &self.name
    }

    /// Returns the number of bytes when the file was opened.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// Fills `out` from byte `offset` on.
    pub(crate) fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let Some(offset) = self.start.checked_add(offset) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        match &self.store {
            Store::File(file) => file.read_exact_at(offset, out),
            Store::Memory(all) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.checked_add(out.len());
                match end.and_then(|end| all.get(start..end)) {
                    Some(part) => out.copy_from_slice(part),
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
                Ok(())
            }
        }
    }

    /// Does the same for parts of a header, from memory where they are there already. Samples are
    /// always read anew: a file that was cut short since is to be noticed.
    fn read_header_at(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        if let Store::File(file) = &self.store {
            let start = self.start.checked_add(offset).map(usize::try_from);
            let kept = start.and_then(|start| file.head.get(start.ok()?..)?.get(..out.len()));
            if let Some(kept) = kept {
                out.copy_from_slice(kept);
                return Ok(());
            }
        }
        self.read_exact_at(offset, out)
            .map_err(|e| self.io_error(e))
    }

    /// Wraps an operating-system error with the file's name.
    pub(crate) fn io_error(&self, source: io::Error) -> Error {
        Error::Io {
            path: self.name.to_path_buf(),
            source,
        }
    }

    /// Reads at most `limit` bytes from the start.
    pub(crate) fn head(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut head = vec![0; usize::try_from(self.length).unwrap_or(limit).min(limit)];
        self.read_header_at(0, &mut head)?;
        Ok(head)
    }

    /// Fails unless `length` bytes lie at `offset`; nothing is read or allocated.
    pub(crate) fn require(
        &self,
        format: &'static str,
        field: &str,
        offset: u64,
        length: u64,
    ) -> Result<(), Error> {
        let end = offset.checked_add(length);
        if end.is_some_and(|end| end <= self.length) {
            return Ok(());
        }
        let expected = match end {
            Some(end) => format!("{length} bytes from byte {offset} (a file of {end} bytes)"),
            None => format!("{length} bytes from byte {offset}"),
        };
        let found = format!("a file of {} bytes", self.length);
        Err(Error::malformed(
            format,
            self.length,
            field,
            expected,
            found,
        ))
    }

    /// Reads a header block of at most a few kilobytes after checking that it is there.
    pub(crate) fn block(
        &self,
        format: &'static str,
        field: &str,
        offset: u64,
        length: usize,
    ) -> Result<Block, Error> {
        self.require(format, field, offset, length as u64)?;
        let mut bytes = vec![0; length];
        self.read_header_at(offset, &mut bytes)?;
        Ok(Block {
            offset,
            bytes,
            order: ByteOrder::Little,
        })
    }
}

/// A sequential reader over [`Bytes`], for text.
pub(crate) struct Cursor {
    bytes: Bytes,
    position: u64,
}

impl Cursor {
    pub(crate) fn new(bytes: &Bytes) -> Self {
        Self::at(bytes, 0)
    }

    /// Begins at a byte within the file.
    pub(crate) fn at(bytes: &Bytes, position: u64) -> Self {
        Self {
            bytes: bytes.clone(),
            position,
        }
    }
}

impl io::Read for Cursor {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.len().saturating_sub(self.position);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.bytes.read_exact_at(self.position, &mut out[..count])?;
        self.position += count as u64;
        Ok(count)
    }
}

/// A header block in memory with the place it came from.
pub(crate) struct Block {
    /// Byte in the file where the block begins.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) order: ByteOrder,
}

macro_rules! number {
    ($name:ident, $kind:ty) => {
        pub(crate) fn $name(&self, at: usize) -> $kind {
            let raw = self.array(at);
            match self.order {
                ByteOrder::Little => <$kind>::from_le_bytes(raw),
                ByteOrder::Big => <$kind>::from_be_bytes(raw),
            }
        }
    };
}

impl Block {
    /// Copies `N` bytes; beyond the block they read as zero, which no caller relies on because
    /// blocks are made with the length of their layout.
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut raw = [0; N];
        if let Some(part) = self.bytes.get(at..at + N) {
            raw.copy_from_slice(part);
        }
        raw
    }

    number!(i16, i16);
    number!(u16, u16);
    number!(i32, i32);
    number!(u32, u32);
    number!(u64, u64);
    number!(f32, f32);
    number!(f64, f64);

    /// Reads a text field that ends at a zero byte or at its width; not always UTF-8, so bytes
    /// above 127 are taken as ISO-8859-1 when they are not.
    pub(crate) fn text(&self, at: usize, width: usize) -> String {
        let field = self.bytes.get(at..at + width).unwrap_or(&[]);
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        latin(&field[..end]).trim().to_string()
    }

    /// Returns the place in the file of a field of this block.
    pub(crate) fn place(&self, at: usize) -> u64 {
        self.offset + at as u64
    }
}

/// Finds the first place that begins with the byte `first` and where `fits` says yes to what is
/// there. Stretches without that byte are passed over in large steps.
pub(crate) fn place_of(text: &[u8], first: u8, fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
    const STEP: usize = 64;
    for (k, part) in text.chunks(STEP).enumerate() {
        if !part.contains(&first) {
            continue;
        }
        let mut places = (k * STEP..).zip(part).filter(|&(_, &byte)| byte == first);
        if let Some((place, _)) = places.find(|&(place, _)| fits(&text[place..])) {
            return Some(place);
        }
    }
    None
}

/// Says whether a word stands anywhere in a text.
pub(crate) fn holds(text: &[u8], word: &[u8]) -> bool {
    word.first()
        .is_none_or(|&first| place_of(text, first, |rest| rest.starts_with(word)).is_some())
}

/// Decodes UTF-8, or ISO-8859-1 where it is not UTF-8.
pub(crate) fn latin(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => text.to_string(),
        Err(_) => text.iter().map(|&b| char::from(b)).collect(),
    }
}

/// Shows a piece of a file in an error message: short, printable, in backquotes.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 32;
    let shown = bytes[..bytes.len().min(SHOWN)].escape_ascii();
    let more = if bytes.len() > SHOWN { "..." } else { "" };
    format!("`{shown}`{more}")
}

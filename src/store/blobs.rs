//! Bytes under the name of their SHA-256.
//!
//! A blob is written to a temporary file, flushed, renamed to `ab/cd/abcd...` and its folder
//! flushed: it is there whole or not at all, and storing it twice is storing it once. Bytes are
//! hashed again whenever they are read.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::digest::Digest;
use super::error::StoreError;
use super::state_dir::{create_private_dirs, private_file, sync_folder};

/// A folder of blobs. Any number of processes may use it at once.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

/// A blob that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub digest: Digest,
    /// Its length in bytes.
    pub length: u64,
    /// Whether it was there before.
    pub outcome: Outcome,
}

/// What storing a blob changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there.
    New,
    /// It was there already, and its bytes verified.
    Known,
    /// Damaged bytes had its name; they were moved aside, to this file.
    Replaced(PathBuf),
}

impl Blobs {
    /// Opens a folder of blobs, creating it where missing, and removes the temporary files of
    /// processes that died.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let blobs = Self {
            folder: folder.to_owned(),
        };
        create_private_dirs(&blobs.temporaries())?;
        blobs.remove_orphans()?;
        Ok(blobs)
    }

    /// Stores bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`] such as a full disk; then nothing of them is left.
    pub fn put(&self, bytes: &[u8]) -> Result<Stored, StoreError> {
        self.put_reader(bytes)
    }

    /// Stores what a reader gives, in little memory.
    ///
    /// # Errors
    /// As [`Blobs::put`]; an error of the reader is a [`StoreError::Io`] too.
    pub fn put_reader(&self, mut source: impl Read) -> Result<Stored, StoreError> {
        let temporary = Temporary::create(&self.temporaries())?;
        let (digest, length) = copy_hashed(&mut source, &temporary.file)
            .map_err(StoreError::io(&temporary.path, "write"))?;
        let path = self.path(digest);
        let mut outcome = Outcome::New;
        match verify(&path, digest) {
            Ok(_) => {
                return Ok(Stored {
                    digest,
                    length,
                    outcome: Outcome::Known,
                });
            }
            Err(StoreError::NoBlob { .. }) => {}
            Err(StoreError::BlobDamaged { .. }) => {
                let aside = path.with_extension("damaged");
                std::fs::rename(&path, &aside).map_err(StoreError::io(&path, "move aside"))?;
                outcome = Outcome::Replaced(aside);
            }
            Err(other) => return Err(other),
        }
        temporary
            .file
            .sync_all()
            .map_err(StoreError::io(&temporary.path, "flush"))?;
        self.create_folders(&path)?;
        std::fs::rename(&temporary.path, &path).map_err(StoreError::io(&path, "rename to"))?;
        sync_folder(path.parent().unwrap_or(&self.folder))?;
        Ok(Stored {
            digest,
            length,
            outcome,
        })
    }

    /// Reads a blob and verifies it.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`], [`StoreError::BlobDamaged`], [`StoreError::Io`].
    pub fn read(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(digest);
        let mut bytes = Vec::new();
        open_blob(&path, digest)?
            .read_to_end(&mut bytes)
            .map_err(StoreError::io(&path, "read"))?;
        match Digest::of(&bytes) {
            found if found == digest => Ok(bytes),
            found => Err(StoreError::BlobDamaged {
                expected: digest,
                found,
                path,
            }),
        }
    }

    /// Verifies a blob in little memory and returns its length in bytes.
    ///
    /// # Errors
    /// As [`Blobs::read`].
    pub fn verify(&self, digest: Digest) -> Result<u64, StoreError> {
        verify(&self.path(digest), digest)
    }

    /// Returns where a blob is or would be.
    pub fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(&name[2..4]).join(name)
    }

    fn temporaries(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Creates a blob's two folders so that they survive a power cut with it.
    fn create_folders(&self, blob: &Path) -> Result<(), StoreError> {
        let inner = blob.parent().unwrap_or(&self.folder);
        if inner.is_dir() {
            return Ok(());
        }
        create_private_dirs(inner)?;
        sync_folder(inner.parent().unwrap_or(&self.folder))?;
        sync_folder(&self.folder)
    }

    fn remove_orphans(&self) -> Result<(), StoreError> {
        let folder = self.temporaries();
        let list = || StoreError::io(&folder, "list");
        for entry in std::fs::read_dir(&folder).map_err(list())? {
            let path = entry.map_err(list())?.path();
            // Its writer holds a lock as long as it lives, and may rename it away at any time.
            let Ok(file) = File::open(&path) else {
                continue;
            };
            if file.try_lock().is_ok() {
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

/// A file that goes away again unless it was renamed.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(folder: &Path) -> Result<Self, StoreError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{count}", std::process::id()));
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            match private_file(&mut options).open(&path) {
                // Between the creation and the lock somebody may take it for an orphan. Where the
                // file system knows no locks nobody can, and an error here does no harm.
                Ok(file) => match file.try_lock() {
                    Err(TryLockError::WouldBlock) => {}
                    _ if path.exists() => return Ok(Self { path, file }),
                    _ => {}
                },
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(StoreError::Io {
                        path,
                        action: "create",
                        source,
                    });
                }
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn open_blob(path: &Path, digest: Digest) -> Result<File, StoreError> {
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => StoreError::NoBlob {
            digest,
            path: path.to_owned(),
        },
        _ => StoreError::Io {
            path: path.to_owned(),
            action: "open",
            source,
        },
    })
}

fn verify(path: &Path, expected: Digest) -> Result<u64, StoreError> {
    let mut file = open_blob(path, expected)?;
    let (found, length) =
        copy_hashed(&mut file, io::sink()).map_err(StoreError::io(path, "read"))?;
    if found == expected {
        Ok(length)
    } else {
        Err(StoreError::BlobDamaged {
            expected,
            found,
            path: path.to_owned(),
        })
    }
}

fn copy_hashed(source: &mut impl Read, mut sink: impl Write) -> io::Result<(Digest, u64)> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match source.read(&mut block) {
            Ok(0) => return Ok((Digest::finish(hasher), length)),
            Ok(n) => {
                hasher.update(&block[..n]);
                sink.write_all(&block[..n])?;
                length += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests;

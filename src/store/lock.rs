//! One writer a journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::state_dir::private_file;

/// How long to wait for another writer to finish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// Refuse at once.
    #[default]
    None,
    /// Try again for so long.
    UpTo(Duration),
}

/// An advisory lock, given back when dropped and by the system when the process dies.
///
/// It is on a file of its own beside the journal: where locks are mandatory (Windows), a lock on
/// the journal itself would keep readers out.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of `journal` and leaves this process's number in it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the holder's number when somebody else has it.
    pub(crate) fn take(journal: &Path, patience: Patience) -> Result<Self, StoreError> {
        let path = lock_path(journal);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = private_file(&mut options)
            .open(&path)
            .map_err(StoreError::io(&path, "open the lock"))?;
        let end = match patience {
            Patience::None => None,
            Patience::UpTo(wait) => Instant::now().checked_add(wait),
        };
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => {
                    return Err(StoreError::Io {
                        path,
                        action: "lock",
                        source,
                    });
                }
                Err(TryLockError::WouldBlock) if end.is_some_and(|end| Instant::now() < end) => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    return Err(StoreError::Locked {
                        path: journal.to_owned(),
                        holder,
                    });
                }
            }
        }
        // The number is for people; nothing depends on it, so it needs no flush.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(StoreError::io(&path, "write the lock"))?;
        Ok(Self { _file: file })
    }
}

fn lock_path(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

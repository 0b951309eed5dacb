//! The folder behind `--state`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::path::{Path, PathBuf};

use super::alarms::AlarmStore;
use super::blobs::Blobs;
use super::error::StoreError;
use super::journal::{Durability, Journal};
use super::lock::Patience;
use super::plans::PlanStore;

/// The state directory: where the streams are, and how long to wait for another writer.
///
/// Opening it takes no lock; each stream takes its own when it is opened for writing.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
    patience: Patience,
}

impl StateDir {
    /// Opens a state directory, creating it and its layout where missing. On Unix only the owner
    /// may enter a folder that this creates (mode 0700); the mode of one that exists is left.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the path is a file or cannot be created.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create_private_dirs(path)?;
        create_private_dirs(&path.join("blobs"))?;
        Ok(Self {
            path: path.to_owned(),
            patience: Patience::None,
        })
    }

    /// Makes the streams wait for another writer instead of refusing at once.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where the alarms are, for readers such as [`super::AlarmBook::read`].
    pub fn alarms_path(&self) -> PathBuf {
        self.path.join("alarms.jsonl")
    }

    /// Returns where the plan tables are.
    pub fn plans_path(&self) -> PathBuf {
        self.path.join("plans.jsonl")
    }

    /// Returns where the audit is.
    pub fn audit_path(&self) -> PathBuf {
        self.path.join("audit.jsonl")
    }

    /// Opens the alarms for writing.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn alarms(&self) -> Result<AlarmStore, StoreError> {
        AlarmStore::open(&self.alarms_path(), self.patience)
    }

    /// Opens the plan tables for writing.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn plans(&self) -> Result<PlanStore, StoreError> {
        PlanStore::open(&self.plans_path(), self.patience)
    }

    /// Opens the audit for writing; every record is on the disk before the next step.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn audit(&self) -> Result<Journal, StoreError> {
        Journal::open(&self.audit_path(), Durability::EachAppend, self.patience)
    }

    /// Opens the blobs.
    ///
    /// # Errors
    /// As [`Blobs::open`].
    pub fn blobs(&self) -> Result<Blobs, StoreError> {
        Blobs::open(&self.path.join("blobs"))
    }
}

/// Creates a folder and its parents, for the owner alone where the system knows owners.
pub(crate) fn create_private_dirs(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
        .create(path)
        .map_err(StoreError::io(path, "create the folder"))
}

/// Makes a file that these options create the owner's alone where the system knows owners.
pub(crate) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Puts a folder's entries on the disk, so that a file created or renamed in it is found again
/// after a power cut. Only Unix can open a folder; elsewhere the file system's own journal has to
/// do.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        File::open(path)
            .and_then(|folder| folder.sync_all())
            .map_err(StoreError::io(path, "flush the folder"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_is_an_io_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        std::fs::write(&path, b"not a folder").unwrap();
        match StateDir::open(&path).unwrap_err() {
            StoreError::Io { path: found, .. } => assert!(found.starts_with(&path)),
            other => panic!("{other}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look_inside() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(&folder.path().join("a/state")).unwrap();
        state.audit().unwrap().append("t", "k", &1).unwrap();
        state.blobs().unwrap().put(b"x").unwrap();
        let mut found = 0;
        let mut folders = vec![state.path().to_owned()];
        while let Some(path) = folders.pop() {
            assert_eq!(
                path.metadata().unwrap().permissions().mode() & 0o077,
                0,
                "{path:?}"
            );
            found += 1;
            if path.is_dir() {
                folders.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            }
        }
        assert!(
            found >= 7,
            "state, blobs, two levels, blob, journal, lock: {found}"
        );
    }
}

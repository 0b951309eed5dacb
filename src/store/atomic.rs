//! Whole files or none: write beside the target, then rename.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file that has no name yet: written beside its target, renamed by [`Staged::commit`], and
/// removed when it is dropped before.
///
/// It is in the target's folder because a rename does not cross file systems, and carries the
/// process number so that two processes do not meet.
#[derive(Debug)]
pub struct Staged {
    temporary: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Chooses the place beside a target; nothing is written yet.
    ///
    /// # Errors
    /// When the target has no file name.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected the name of a file, found a folder",
            )
        })?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        Ok(Self {
            temporary: target.with_file_name(hidden),
            target: target.to_owned(),
        })
    }

    /// Returns where to write.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Brings the bytes to the disk and gives the file its name, replacing an older one.
    ///
    /// # Errors
    /// Whatever the file system says; the temporary file is removed then.
    pub fn commit(self) -> io::Result<()> {
        File::open(&self.temporary)?.sync_all()?;
        fs::rename(&self.temporary, &self.target)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a commit there is nothing to remove, and a leftover is no reason to fail.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("result.json");
        let staged = Staged::beside(&target).unwrap();
        fs::write(staged.path(), "half").unwrap();
        drop(staged);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let staged = Staged::beside(&target).unwrap();
        fs::write(staged.path(), "whole").unwrap();
        staged.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Staged::beside(Path::new("/")).is_err());
    }
}

//! Findings of earlier runs, by what they were made of: the bytes of the capture, the options and
//! the program.
//!
//! An entry is a file of its own, whole or not there; one that was damaged is not believed. The
//! cache is never needed: without it, or with half of it gone, the same findings are computed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::protocol::Finding;
use crate::store::{Digest, Staged};

/// A folder of findings.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    finding: String,
    sha256: String,
}

impl Cache {
    /// Names the folder; nothing is touched yet.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Returns where the cache is without being told: `etalon/batch` in the user's cache folder.
    pub fn usual() -> Option<PathBuf> {
        let named = |name: &str| {
            let value = std::env::var_os(name).filter(|v| !v.is_empty())?;
            Some(PathBuf::from(value))
        };
        let folder = named("XDG_CACHE_HOME")
            .or_else(|| Some(named("HOME")?.join(".cache")))
            .or_else(|| named("LOCALAPPDATA"))?;
        Some(folder.join("etalon").join("batch"))
    }

    /// Makes the key of a capture: its hash, that of the options, and the program.
    pub fn key(sha256: &str, config_sha256: &str, program: &str) -> String {
        Digest::of(format!("{sha256} {config_sha256} {program}").as_bytes()).to_string()
    }

    /// Returns what is known under a key, unless it was damaged.
    pub fn find(&self, key: &str) -> Option<Finding> {
        let text = fs::read_to_string(self.place(key)).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let hash = Digest::of(entry.finding.as_bytes()).to_string();
        (hash == entry.sha256)
            .then(|| serde_json::from_str(&entry.finding).ok())
            .flatten()
    }

    /// Keeps a finding.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is left half written.
    pub fn keep(&self, key: &str, finding: &Finding) -> io::Result<()> {
        let place = self.place(key);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        let finding = serde_json::to_string(finding)?;
        let entry = Entry {
            sha256: Digest::of(finding.as_bytes()).to_string(),
            finding,
        };
        let staged = Staged::beside(&place)?;
        fs::write(staged.path(), serde_json::to_vec(&entry)?)?;
        // Not flushed: an entry that a power cut tears is found out by its hash.
        fs::rename(staged.path(), &place)
    }

    fn place(&self, key: &str) -> PathBuf {
        let (head, _) = key.split_at(key.len().min(2));
        self.folder.join(head).join(format!("{key}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::row::{Status, of_trouble};

    #[test]
    fn what_was_kept_is_found_and_what_was_damaged_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let finding = Finding {
            rows: vec![of_trouble(Status::Rejected, "ETA-3002", "torn")],
            ..Finding::default()
        };
        let key = Cache::key("a", "b", "c");
        assert_ne!(key, Cache::key("a", "b", "d"));
        assert_eq!(cache.find(&key), None);
        cache.keep(&key, &finding).unwrap();
        assert_eq!(cache.find(&key), Some(finding));
        let path = cache.place(&key);
        let damaged = fs::read_to_string(&path).unwrap().replace("torn", "born");
        fs::write(&path, damaged).unwrap();
        assert_eq!(cache.find(&key), None);
    }
}

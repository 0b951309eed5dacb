//! Shards put together: the same bytes as one run over the whole list, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::columns::LABEL;
use super::row::Row;
use super::run::{RunError, check};
use super::shard::Shard;
use super::table::{self, Counts, Entry, Manifest, ROWS_JSONL};
use crate::pipeline::file_sha256;

/// Why shards cannot be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A folder holds no finished shard, or the result cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Two shards are not of one run.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Foreign {
        /// The shard that does not fit.
        path: PathBuf,
        /// What the first one has.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// Shards are missing, or there twice.
    #[error("expected each of {of} shards once, found {found}")]
    Incomplete {
        /// How many there have to be.
        of: u64,
        /// Which are there.
        found: String,
    },
    /// A table is not what its manifest says.
    #[error("{}: expected a table with SHA-256 {expected}, found {found}", path.display())]
    Damaged {
        /// The table.
        path: PathBuf,
        /// What the manifest says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Rows are missing in what was written.
    #[error(transparent)]
    Missing(#[from] RunError),
}

/// Finds the folders of shards: a folder stands for itself when it holds a shard, and for the
/// shards in it otherwise.
///
/// # Errors
/// [`MergeError::Io`].
pub fn shards_in(folders: &[PathBuf]) -> Result<Vec<PathBuf>, MergeError> {
    let mut found = Vec::new();
    for folder in folders {
        let io = |source| MergeError::Io {
            path: folder.clone(),
            source,
        };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            if name.starts_with("shard-") && path.is_dir() {
                inside.push(path);
            }
        }
        if inside.is_empty() {
            inside.push(folder.clone());
        }
        found.extend(inside);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Puts shards together and writes the tables and the manifest of the whole run.
///
/// # Errors
/// [`MergeError`]; nothing is written unless every shard is there, whole and of one run.
pub fn merge(shards: &[PathBuf], out: &Path) -> Result<Manifest, MergeError> {
    let of_io = |path: &Path| {
        let path = path.to_owned();
        |source| MergeError::Io { path, source }
    };
    let manifests: Vec<(PathBuf, Manifest)> = shards
        .iter()
        .map(|folder| {
            let manifest = Manifest::read(folder).map_err(of_io(folder))?;
            Ok((folder.clone(), manifest))
        })
        .collect::<Result<_, MergeError>>()?;
    let mut whole = agreed(&manifests)?;
    complete(&manifests)?;
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for (folder, manifest) in &manifests {
        let path = folder.join(ROWS_JSONL);
        let found = file_sha256(&path).map_err(of_io(&path))?;
        let expected = manifest.tables.get(ROWS_JSONL).cloned().unwrap_or_default();
        if found != expected {
            return Err(MergeError::Damaged {
                path,
                expected,
                found,
            });
        }
        for row in table::read_rows(&path).map_err(of_io(&path))? {
            let row = row.map_err(of_io(&path))?;
            let name = row.get("path").and_then(|p| p.as_str()).unwrap_or_default();
            rows.entry(name.to_owned()).or_default().push(row);
        }
        whole.files.total += manifest.files.total;
        whole
            .definitions
            .extend(manifest.definitions.iter().cloned());
    }
    std::fs::create_dir_all(out).map_err(of_io(out))?;
    let entries = rows.iter().map(|(path, rows)| Entry { path, rows });
    let labels: BTreeSet<String> = whole
        .columns
        .iter()
        .filter_map(|c| c.name.strip_prefix(LABEL).map(str::to_owned))
        .collect();
    let written = table::write(out, entries, &labels, whole).map_err(of_io(out))?;
    check(&written)?;
    Ok(written)
}

/// Returns the manifest of the whole run, empty of counts, if the shards agree about it.
fn agreed(manifests: &[(PathBuf, Manifest)]) -> Result<Manifest, MergeError> {
    let told = |m: &Manifest| {
        [
            format!("version {} ({})", m.version, m.git),
            format!("options {}", m.options.join(" ")),
            format!("configuration {}", m.config_sha256),
            format!("a list of {} captures, SHA-256 {}", m.listed, m.list_sha256),
        ]
    };
    let Some((_, first)) = manifests.first() else {
        return Err(MergeError::Incomplete {
            of: 1,
            found: "none".into(),
        });
    };
    for (path, other) in manifests {
        let differs = |(ours, theirs): &(String, String)| ours != theirs;
        if let Some((expected, found)) = told(first).into_iter().zip(told(other)).find(differs) {
            return Err(MergeError::Foreign {
                path: path.clone(),
                expected,
                found,
            });
        }
    }
    Ok(Manifest {
        shard: Shard::WHOLE.to_string(),
        files: Counts::default(),
        rows: Counts::default(),
        set_aside: Vec::new(),
        tables: BTreeMap::new(),
        definitions: BTreeSet::new(),
        ..first.clone()
    })
}

/// Checks that every shard is there once.
fn complete(manifests: &[(PathBuf, Manifest)]) -> Result<(), MergeError> {
    let parsed: Vec<Option<Shard>> = manifests
        .iter()
        .map(|(_, m)| m.shard.parse().ok())
        .collect();
    let of = parsed.iter().flatten().map(|s| s.of).max().unwrap_or(1);
    let mut parts: Vec<u64> = parsed
        .iter()
        .flatten()
        .filter(|s| s.of == of)
        .map(|s| s.part)
        .collect();
    parts.sort_unstable();
    if parts.len() == manifests.len() && parts.iter().copied().eq(1..=of) {
        return Ok(());
    }
    let names: Vec<&str> = manifests.iter().map(|(_, m)| m.shard.as_str()).collect();
    Err(MergeError::Incomplete {
        of,
        found: names.join(", "),
    })
}

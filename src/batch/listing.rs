//! Which captures a batch is about: folders, patterns, files and lists, as one sorted list.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::Digest;

/// A capture that is to be analyzed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// Path as it was given or found.
    pub path: String,
    /// Link options of this file alone, as words of the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Labels that its rows bear.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// The captures of a batch, by path, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The captures.
    pub items: Vec<Item>,
    /// Files of folders that belong to a capture beside them, and were left out.
    pub companions: u64,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// A folder or a list cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pattern is malformed.
    #[error("{pattern}: expected a pattern of *, ?, [...] and **, found {found}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        found: String,
    },
    /// A list is malformed.
    #[error("{}: line {line}: expected {expected}, found {found}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// One path is listed twice, with other options or labels.
    #[error("{path}: expected one set of options and labels, found two")]
    Contradiction {
        /// The path.
        path: String,
    },
}

/// Endings of files that belong to a capture beside them: ending, and what the capture's name has
/// in its place.
const COMPANIONS: &[(&str, &[&str])] = &[
    (".truth.json", &[""]),
    (".sigmf-data", &[".sigmf-meta"]),
    (".Wfm.bin", &[".bin", ".Wfm.xml"]),
    (".Wfm.csv", &[".csv"]),
    (".hdr", &[".wvf"]),
    (".HDR", &[".WVF"]),
];

/// What marks a folder as the result of a batch.
const RUN_MARK: &str = "journal.jsonl";

impl Listing {
    /// Adds what a word of the command line names: a folder with everything below it, a pattern
    /// that no file is called by, or a file, there or not.
    ///
    /// # Errors
    /// [`ListingError::Io`], [`ListingError::Pattern`].
    pub fn add(&mut self, word: &str) -> Result<(), ListingError> {
        let path = Path::new(word);
        if path.is_dir() {
            return self.add_folder(path);
        }
        if !word.contains(['*', '?', '[']) || path.symlink_metadata().is_ok() {
            self.items.push(Item::at(path));
            return Ok(());
        }
        let found = glob::glob(word).map_err(|error| ListingError::Pattern {
            pattern: word.to_owned(),
            found: error.to_string(),
        })?;
        for path in found {
            let path = path.map_err(|error| ListingError::Io {
                path: error.path().to_owned(),
                source: error.into(),
            })?;
            if path.is_dir() {
                self.add_folder(&path)?;
            } else {
                self.add_found(&path);
            }
        }
        Ok(())
    }

    /// Adds every file below a folder but hidden ones and the results of batches.
    fn add_folder(&mut self, folder: &Path) -> Result<(), ListingError> {
        let io = |source| ListingError::Io {
            path: folder.to_owned(),
            source,
        };
        if folder.join(RUN_MARK).is_file() {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // A link to a folder is not followed: it may lead back here.
            if entry.file_type().map_err(io)?.is_dir() {
                self.add_folder(&entry.path())?;
            } else if entry.path().is_file() {
                self.add_found(&entry.path());
            }
        }
        Ok(())
    }

    /// Adds a file that was found, unless it belongs to a capture beside it.
    fn add_found(&mut self, path: &Path) {
        if is_companion(path) {
            self.companions += 1;
        } else {
            self.items.push(Item::at(path));
        }
    }

    /// Adds the paths of a list, one a line; or of a table whose first line names its columns,
    /// `path` or `file` among them, separated by tabs or commas.
    ///
    /// The other columns of a table are link options (`baud`, `pattern`, ...) where `is_option`
    /// knows them, and labels otherwise. The paths of a table are relative to its own folder.
    ///
    /// # Errors
    /// [`ListingError::Io`], [`ListingError::List`].
    pub fn add_list(
        &mut self,
        path: &Path,
        lines: impl BufRead,
        is_option: &dyn Fn(&str) -> bool,
    ) -> Result<(), ListingError> {
        let mut table: Option<Table> = None;
        for (at, line) in lines.lines().enumerate() {
            let line = line.map_err(|source| ListingError::Io {
                path: path.to_owned(),
                source,
            })?;
            let line = line.trim_end_matches('\r');
            if line.is_empty() {
                continue;
            }
            match &table {
                None if at == 0 => match Table::of(line, path) {
                    Some(found) => table = Some(found),
                    None => self.items.push(Item::at(Path::new(line))),
                },
                None => self.items.push(Item::at(Path::new(line))),
                Some(table) => {
                    self.items
                        .push(table.item(line, is_option).map_err(|(expected, found)| {
                            ListingError::List {
                                path: path.to_owned(),
                                line: at + 1,
                                expected,
                                found,
                            }
                        })?)
                }
            }
        }
        Ok(())
    }

    /// Sorts by path and keeps each once.
    ///
    /// # Errors
    /// [`ListingError::Contradiction`].
    pub fn settle(mut self) -> Result<Self, ListingError> {
        self.items.sort();
        self.items.dedup();
        let twice = self
            .items
            .windows(2)
            .find(|pair| pair[0].path == pair[1].path);
        match twice {
            Some(pair) => Err(ListingError::Contradiction {
                path: pair[0].path.clone(),
            }),
            None => Ok(self),
        }
    }

    /// Returns a hash by which two lists can be told to be the same.
    pub fn digest(&self) -> Digest {
        // Strings always serialize.
        Digest::of(&serde_json::to_vec(&self.items).unwrap_or_default())
    }
}

impl Item {
    fn at(path: &Path) -> Self {
        Self {
            path: shown(path),
            ..Self::default()
        }
    }
}

/// A path as text. A name that is not UTF-8 is shown with U+FFFD, and will not be found: the row
/// then says that there is no such file.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn is_companion(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
        return false;
    };
    COMPANIONS.iter().any(|(ending, instead)| {
        name.strip_suffix(ending).is_some_and(|stem| {
            let there = |end: &&str| path.with_file_name(format!("{stem}{end}")).is_file();
            instead.iter().any(there)
        })
    })
}

/// A list with columns.
struct Table {
    separator: char,
    names: Vec<String>,
    path_at: usize,
    folder: PathBuf,
}

impl Table {
    fn of(head: &str, path: &Path) -> Option<Self> {
        let separator = if head.contains('\t') { '\t' } else { ',' };
        let names: Vec<String> = head.split(separator).map(|n| n.trim().to_owned()).collect();
        let path_at = names.iter().position(|n| n == "path" || n == "file")?;
        Some(Self {
            separator,
            names,
            path_at,
            folder: path.parent().map_or_else(PathBuf::new, Path::to_owned),
        })
    }

    fn item(&self, line: &str, is_option: &dyn Fn(&str) -> bool) -> Result<Item, (String, String)> {
        if self.separator == ',' && line.contains('"') {
            let expected = "plain cells without quotes (or a table with tabs)";
            return Err((expected.to_owned(), line.to_owned()));
        }
        let cells: Vec<&str> = line.split(self.separator).map(str::trim).collect();
        if cells.len() != self.names.len() {
            return Err((
                format!("{} cells", self.names.len()),
                format!("{} in {line:?}", cells.len()),
            ));
        }
        let mut item = Item::at(&self.folder.join(cells[self.path_at]));
        for (at, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            if at == self.path_at || cell.is_empty() || name.is_empty() {
                continue;
            }
            if is_option(name) {
                item.options.extend([format!("--{name}"), cell.to_owned()]);
            } else {
                item.labels.insert(name.clone(), cell.to_owned());
            }
        }
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(listing: &Listing) -> Vec<&str> {
        listing.items.iter().map(|i| i.path.as_str()).collect()
    }

    #[test]
    fn a_folder_is_walked_without_companions_hidden_files_and_earlier_runs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("deep/run")).unwrap();
        for name in [
            "b.trc",
            "a.npy",
            "a.npy.truth.json",
            ".hidden",
            "alone.truth.json",
            "deep/c.bin",
            "deep/c.Wfm.bin",
            "deep/run/journal.jsonl",
            "deep/run/rows.csv",
        ] {
            fs::write(at(name), "x").unwrap();
        }
        let mut listing = Listing::default();
        listing.add(folder.path().to_str().unwrap()).unwrap();
        listing.add(at("*.trc").to_str().unwrap()).unwrap();
        listing.add(at("not-there.trc").to_str().unwrap()).unwrap();
        let listing = listing.settle().unwrap();
        let wanted: Vec<String> = [
            "a.npy",
            "alone.truth.json",
            "b.trc",
            "deep/c.bin",
            "not-there.trc",
        ]
        .map(|name| shown(&at(name)))
        .into();
        assert_eq!(paths(&listing), wanted);
        assert_eq!(listing.companions, 2);
    }

    #[test]
    fn a_list_is_plain_or_a_table_with_options_and_labels() {
        let is_option = |name: &str| name == "baud";
        let mut plain = Listing::default();
        plain
            .add_list(Path::new("-"), "b\n\na\r\nb\n".as_bytes(), &is_option)
            .unwrap();
        assert_eq!(paths(&plain.settle().unwrap()), ["a", "b"]);

        let mut table = Listing::default();
        let text = "baud\tpath\tmpi\n26.5625G\tx.trc\t-30\n\ty.trc\t\n";
        table
            .add_list(Path::new("lists/all.tsv"), text.as_bytes(), &is_option)
            .unwrap();
        let table = table.settle().unwrap();
        assert_eq!(paths(&table), ["lists/x.trc", "lists/y.trc"]);
        assert_eq!(table.items[0].options, ["--baud", "26.5625G"]);
        assert_eq!(table.items[0].labels["mpi"], "-30");
        assert_eq!(table.items[1], Item::at(Path::new("lists/y.trc")));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused = |text: &str| {
            let mut listing = Listing::default();
            listing
                .add_list(Path::new("all.csv"), text.as_bytes(), &|_| false)
                .and_then(|()| listing.settle().map(drop))
        };
        assert!(matches!(
            refused("path,a\nx\n"),
            Err(ListingError::List { line: 2, .. })
        ));
        assert!(matches!(
            refused("path,a\n\"x\",1\n"),
            Err(ListingError::List { .. })
        ));
        let twice = refused("path,a\nx,1\nx,2\n");
        assert!(matches!(twice, Err(ListingError::Contradiction { .. })));
        assert!(refused("path,a\nx,1\nx,1\n").is_ok());
    }
}

//! The journal of a run: what is in it was done, whatever happened to the process since.
//!
//! Records are `run` (what is run, once), `definition` (what a figure means, when it is met
//! first), `rows` (some rows of a file), `file` (all its rows are there) and `death` (a worker
//! died over it). A file without its `file` record was not finished, and is done again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use etalon_diagnosis::gate::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::protocol::{Finding, Stamp};
use super::row::{Definition, Row};
use crate::store::{Durability, Journal, Patience, StoreError};

/// Rows of a record: a record may not be longer than 4 MiB, and a row has some 8 KiB at most.
const ROWS: usize = 64;
/// How long to wait for a process that still holds the journal: a scheduler starts a task again
/// while the one it killed is ending.
const PATIENCE: Patience = Patience::UpTo(Duration::from_secs(5));

/// What is run. Two runs of one folder have to agree in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// Name and version of the rows.
    pub schema: String,
    /// Version of Etalon.
    pub version: String,
    /// Commit.
    pub git: String,
    /// SHA-256 of the options.
    pub config_sha256: String,
    /// The options as words.
    pub options: Vec<String>,
    /// Which part of the list.
    pub shard: String,
}

/// A file that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Length and time of change of the file when it was done.
    pub stamp: Option<Stamp>,
    /// The same of the files beside it that hold its samples, by name.
    pub companions: BTreeMap<String, Option<Stamp>>,
    /// Link options of this file alone.
    pub options: Vec<String>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// Why a folder cannot be used for a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The journal cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder holds another run.
    #[error("expected a run with {expected}, found one with {found}")]
    OtherRun {
        /// What this run has.
        expected: String,
        /// What the folder's has.
        found: String,
    },
}

/// The journal of a run, open for writing, and what it knows.
#[derive(Debug)]
pub struct Ledger {
    journal: Journal,
    /// Files that are done, by path.
    pub done: HashMap<String, Done>,
    /// How workers died over files that are not done, by path.
    pub deaths: HashMap<String, Vec<String>>,
    /// What figures mean.
    pub definitions: BTreeSet<Definition>,
}

#[derive(Serialize, Deserialize)]
struct RowsRecord {
    path: String,
    rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    path: String,
    stamp: Option<Stamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    companions: BTreeMap<String, Option<Stamp>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    rows: usize,
}

#[derive(Serialize, Deserialize)]
struct DeathRecord {
    path: String,
    stamp: Option<Stamp>,
    how: String,
}

impl Ledger {
    /// Opens the journal in a folder, or begins it.
    ///
    /// # Errors
    /// [`LedgerError::OtherRun`] when the folder holds a run with other options, or of another
    /// version; [`LedgerError::Store`], also when another process stays at it.
    pub fn open(folder: &Path, identity: &RunIdentity) -> Result<Self, LedgerError> {
        let path = folder.join("journal.jsonl");
        let mut found = Found::default();
        let mut broken = None;
        let journal = Journal::open_with(&path, Durability::EachAppend, PATIENCE, |record| {
            if let Err(error) = found.take(&record.kind, record.data) {
                broken.get_or_insert(StoreError::Value {
                    path: path.clone(),
                    expected: "a record of a batch",
                    source: error,
                });
            }
        })?;
        if let Some(error) = broken {
            return Err(error.into());
        }
        let mut ledger = Self {
            journal,
            done: found.done,
            deaths: found.deaths,
            definitions: found.definitions,
        };
        match found.identity {
            None => ledger.append("run", identity)?,
            Some(before) if before != *identity => {
                let (expected, found) = difference(identity, &before);
                return Err(LedgerError::OtherRun { expected, found });
            }
            Some(_) => {}
        }
        Ok(ledger)
    }

    /// Enters a file with all its rows.
    ///
    /// # Errors
    /// [`StoreError`]; the file is then not done.
    pub fn enter(
        &mut self,
        path: &str,
        stamp: Option<Stamp>,
        options: &[String],
        finding: Finding,
    ) -> Result<(), StoreError> {
        let beside = |name: &String| Stamp::of(&Path::new(path).with_file_name(name));
        let names = finding.companions.keys();
        let companions = names.map(|name| (name.clone(), beside(name))).collect();
        for definition in finding.definitions {
            if !self.definitions.contains(&definition) {
                self.append("definition", &definition)?;
                self.definitions.insert(definition);
            }
        }
        for rows in finding.rows.chunks(ROWS) {
            let record = RowsRecord {
                path: path.to_owned(),
                rows: rows.to_vec(),
            };
            self.append("rows", &record)?;
        }
        let record = FileRecord {
            path: path.to_owned(),
            stamp,
            companions,
            options: options.to_vec(),
            rows: finding.rows.len(),
        };
        self.append("file", &record)?;
        let done = Done {
            stamp,
            companions: record.companions,
            options: record.options,
            rows: finding.rows,
        };
        self.deaths.remove(path);
        self.done.insert(record.path, done);
        Ok(())
    }

    /// Enters that a worker died over a file, and returns how often that happened by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enter_death(
        &mut self,
        path: &str,
        stamp: Option<Stamp>,
        how: &str,
    ) -> Result<&[String], StoreError> {
        let record = DeathRecord {
            path: path.to_owned(),
            stamp,
            how: how.to_owned(),
        };
        self.append("death", &record)?;
        // As when the journal is read: what was known of it holds no more.
        self.done.remove(path);
        let deaths = self.deaths.entry(record.path).or_default();
        deaths.push(record.how);
        Ok(deaths)
    }

    /// Returns what was cut from the end of the journal, when it was torn.
    pub fn torn(&self) -> Option<PathBuf> {
        self.journal.torn().map(|torn| torn.kept_in.clone())
    }

    fn append<T: Serialize>(&mut self, kind: &str, data: &T) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let time = rfc3339(now.map_or(0.0, |since| since.as_secs_f64()));
        self.journal.append(&time, kind, data).map(drop)
    }
}

/// What the records of a journal come to.
#[derive(Default)]
struct Found {
    identity: Option<RunIdentity>,
    pending: BTreeMap<String, Vec<Row>>,
    done: HashMap<String, Done>,
    deaths: HashMap<String, Vec<String>>,
    definitions: BTreeSet<Definition>,
}

impl Found {
    fn take(&mut self, kind: &str, data: Value) -> serde_json::Result<()> {
        match kind {
            "run" => self.identity = Some(serde_json::from_value(data)?),
            "definition" => drop(self.definitions.insert(serde_json::from_value(data)?)),
            "rows" => {
                let record: RowsRecord = serde_json::from_value(data)?;
                self.pending
                    .entry(record.path)
                    .or_default()
                    .extend(record.rows);
            }
            "file" => {
                let record: FileRecord = serde_json::from_value(data)?;
                let mut rows = self.pending.remove(&record.path).unwrap_or_default();
                // Rows of an attempt that was broken off stand before those of the last one.
                rows.drain(..rows.len().saturating_sub(record.rows));
                self.deaths.remove(&record.path);
                let done = Done {
                    stamp: record.stamp,
                    companions: record.companions,
                    options: record.options,
                    rows,
                };
                self.done.insert(record.path, done);
            }
            "death" => {
                let record: DeathRecord = serde_json::from_value(data)?;
                self.done.remove(&record.path);
                self.deaths.entry(record.path).or_default().push(record.how);
            }
            // A later version may say more; what this one needs is there.
            _ => {}
        }
        Ok(())
    }
}

/// Says in which entry two runs differ first.
fn difference(ours: &RunIdentity, theirs: &RunIdentity) -> (String, String) {
    let pairs = [
        ("version", ours.version.clone(), theirs.version.clone()),
        ("commit", ours.git.clone(), theirs.git.clone()),
        ("rows", ours.schema.clone(), theirs.schema.clone()),
        ("shard", ours.shard.clone(), theirs.shard.clone()),
        ("options", ours.options.join(" "), theirs.options.join(" ")),
        (
            "configuration",
            ours.config_sha256.clone(),
            theirs.config_sha256.clone(),
        ),
    ];
    let told = |name: &str, value: &str| {
        if value.is_empty() {
            format!("no {name}")
        } else {
            format!("{name} {value}")
        }
    };
    let first = pairs.iter().find(|(_, ours, theirs)| ours != theirs);
    first.map_or_else(Default::default, |(name, ours, theirs)| {
        (told(name, ours), told(name, theirs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::row::{Status, of_trouble};

    fn identity() -> RunIdentity {
        RunIdentity {
            schema: "s".into(),
            version: "1".into(),
            git: "g".into(),
            config_sha256: "c".into(),
            options: vec!["--baud".into(), "1G".into()],
            shard: "1/1".into(),
        }
    }

    fn finding(rows: usize) -> Finding {
        let row = |at: usize| of_trouble(Status::Rejected, "ETA-3001", &format!("row {at}"));
        Finding {
            rows: (0..rows).map(row).collect(),
            ..Finding::default()
        }
    }

    #[test]
    fn what_was_entered_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Some(Stamp {
            bytes: 3,
            changed_ns: 4,
        });
        let mut ledger = Ledger::open(folder.path(), &identity()).unwrap();
        ledger
            .enter("a", stamp, &[], finding(2 * ROWS + 1))
            .unwrap();
        ledger.enter_death("b", stamp, "signal 9").unwrap();
        assert_eq!(ledger.enter_death("b", stamp, "signal 6").unwrap().len(), 2);
        drop(ledger);
        let mut ledger = Ledger::open(folder.path(), &identity()).unwrap();
        assert_eq!(ledger.done["a"].rows, finding(2 * ROWS + 1).rows);
        assert_eq!(ledger.done["a"].stamp, stamp);
        assert_eq!(ledger.deaths["b"], ["signal 9", "signal 6"]);
        // A file that changed is entered anew and replaces what was there.
        ledger.enter("a", None, &[], finding(1)).unwrap();
        ledger.enter("b", None, &[], finding(1)).unwrap();
        ledger.enter_death("b", None, "signal 9").unwrap();
        assert!(!ledger.done.contains_key("b"));
        ledger.enter("b", None, &[], finding(1)).unwrap();
        drop(ledger);
        let ledger = Ledger::open(folder.path(), &identity()).unwrap();
        assert_eq!(ledger.done["a"].rows.len(), 1);
        assert!(ledger.deaths.is_empty());
    }

    /// The process died between the rows of a file and its end.
    #[test]
    fn rows_without_their_file_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), &identity()).unwrap();
        let begun = RowsRecord {
            path: "a".into(),
            rows: finding(5).rows,
        };
        ledger.append("rows", &begun).unwrap();
        drop(ledger);
        let mut ledger = Ledger::open(folder.path(), &identity()).unwrap();
        assert!(ledger.done.is_empty());
        ledger.enter("a", None, &[], finding(2)).unwrap();
        drop(ledger);
        let ledger = Ledger::open(folder.path(), &identity()).unwrap();
        assert_eq!(ledger.done["a"].rows, finding(2).rows);
    }

    #[test]
    fn one_that_is_ending_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut ledger = Ledger::open(folder.path(), &identity()).unwrap();
                tell.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(50));
                ledger.enter("a", None, &[], finding(1)).unwrap();
            });
            told.recv().unwrap();
            let ledger = Ledger::open(folder.path(), &identity()).unwrap();
            assert_eq!(ledger.done["a"].rows, finding(1).rows);
        });
    }

    #[test]
    fn a_folder_with_another_run_is_refused_and_the_difference_is_told() {
        let folder = tempfile::tempdir().unwrap();
        drop(Ledger::open(folder.path(), &identity()).unwrap());
        let mut other = identity();
        other.options.clear();
        match Ledger::open(folder.path(), &other).unwrap_err() {
            LedgerError::OtherRun { expected, found } => {
                assert_eq!(
                    (expected.as_str(), found.as_str()),
                    ("no options", "options --baud 1G")
                );
            }
            error => panic!("{error}"),
        }
    }
}

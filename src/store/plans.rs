//! The plan tracking tables: every change of every row, and the last word for each.

use std::collections::BTreeMap;
use std::path::Path;

use etalon_types::PlanRow;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::journal::{self, Durability, Journal, TornTail};
use super::lock::Patience;

const KIND: &str = "plan-row";

/// What the plan journal says: the latest state of every row of every run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanBook {
    runs: BTreeMap<String, BTreeMap<usize, PlanRow>>,
}

/// The plan tables, open for writing.
#[derive(Debug)]
pub struct PlanStore {
    journal: Journal,
    book: PlanBook,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    run: String,
    row: PlanRow,
}

impl PlanBook {
    /// Reads the plan tables without a lock. A file that does not exist holds none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Foreign`], [`StoreError::Io`].
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let mut book = Self::default();
        for record in journal::read_if_there(path)?.into_iter().flatten() {
            book.note(journal::decode(path, record?, KIND)?);
        }
        Ok(book)
    }

    /// Returns the names of the runs in alphabetical order.
    pub fn runs(&self) -> impl Iterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }

    /// Returns the rows of a run as they are now, by step; none when there is no such run.
    pub fn rows(&self, run: &str) -> impl Iterator<Item = &PlanRow> {
        self.runs.get(run).into_iter().flat_map(BTreeMap::values)
    }

    fn note(&mut self, Entry { run, row }: Entry) {
        self.runs.entry(run).or_default().insert(row.step, row);
    }
}

impl PlanStore {
    /// Opens the plan tables for writing.
    ///
    /// # Errors
    /// As [`Journal::open`]; [`StoreError::Foreign`] when a record is no row.
    pub fn open(path: &Path, patience: Patience) -> Result<Self, StoreError> {
        let mut entries = Vec::new();
        let journal = Journal::open_with(path, Durability::EachAppend, patience, |record| {
            entries.push(journal::decode(path, record, KIND));
        })?;
        let mut book = PlanBook::default();
        for entry in entries {
            book.note(entry?);
        }
        Ok(Self { journal, book })
    }

    /// Appends the new state of a row and returns the record's sequence number. When this
    /// returns, it is on the disk.
    ///
    /// # Errors
    /// As [`Journal::append`]; [`StoreError::Value`] when the row would not be read back, such as
    /// one whose completion is not a number.
    ///
    /// # Arguments
    /// `time` is when the row changed (RFC 3339); `run` names the table.
    pub fn record(&mut self, time: &str, run: &str, row: &PlanRow) -> Result<u64, StoreError> {
        let entry = Entry {
            run: run.to_owned(),
            row: row.clone(),
        };
        let value = serde_json::to_value(&entry).and_then(|value| {
            serde_json::from_value::<Entry>(value.clone())?;
            Ok(value)
        });
        let value = value.map_err(|source| StoreError::Value {
            path: self.journal.path().to_owned(),
            expected: "a plan row",
            source,
        })?;
        let seq = self.journal.append(time, KIND, &value)?;
        self.book.note(entry);
        Ok(seq)
    }

    /// Returns the tables as they are now.
    pub fn book(&self) -> &PlanBook {
        &self.book
    }

    /// Returns every state that the rows of a run went through with the time of each, oldest
    /// first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Foreign`], [`StoreError::Io`].
    pub fn history(&self, run: &str) -> Result<Vec<(String, PlanRow)>, StoreError> {
        let path = self.journal.path();
        let mut states = Vec::new();
        for record in self.journal.records()? {
            let record = record?;
            let time = record.time.clone();
            let entry: Entry = journal::decode(path, record, KIND)?;
            if entry.run == run {
                states.push((time, entry.row));
            }
        }
        Ok(states)
    }

    /// Returns what was cut from the end when the store was opened.
    pub fn torn(&self) -> Option<&TornTail> {
        self.journal.torn()
    }
}

#[cfg(test)]
mod tests {
    use etalon_types::RowStatus;

    use super::*;

    fn row(step: usize, status: RowStatus) -> PlanRow {
        PlanRow {
            step,
            goal: "the failure is classified".into(),
            owner: "analyst".into(),
            tool: "classify".into(),
            args: serde_json::json!({ "report": "r1" }),
            precondition: "a report exists".into(),
            status,
            evidence: None,
            attempt: 1,
            completion_percent: 50.0,
        }
    }

    #[test]
    fn a_table_is_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plans.jsonl");
        let mut store = PlanStore::open(&path, Patience::None).unwrap();
        store
            .record("t1", "run-1", &row(1, RowStatus::Running))
            .unwrap();
        store
            .record("t2", "run-2", &row(1, RowStatus::Open))
            .unwrap();
        store
            .record("t3", "run-1", &row(2, RowStatus::Open))
            .unwrap();
        store
            .record("t4", "run-1", &row(1, RowStatus::Done))
            .unwrap();
        let before = store.book().clone();
        drop(store);

        let store = PlanStore::open(&path, Patience::None).unwrap();
        assert_eq!(store.book(), &before);
        assert_eq!(PlanBook::read(&path).unwrap(), before);
        assert_eq!(before.runs().collect::<Vec<_>>(), ["run-1", "run-2"]);
        let now: Vec<_> = before.rows("run-1").map(|r| (r.step, r.status)).collect();
        assert_eq!(now, [(1, RowStatus::Done), (2, RowStatus::Open)]);
        let history: Vec<_> = store
            .history("run-1")
            .unwrap()
            .into_iter()
            .map(|(t, r)| (t, r.step))
            .collect();
        assert_eq!(
            history,
            [("t1".into(), 1), ("t3".into(), 2), ("t4".into(), 1)]
        );
        assert_eq!(before.rows("run-3").count(), 0);
    }

    #[test]
    fn a_row_that_could_not_be_read_back_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plans.jsonl");
        let mut store = PlanStore::open(&path, Patience::None).unwrap();
        let bad = PlanRow {
            completion_percent: f64::NAN,
            ..row(1, RowStatus::Done)
        };
        assert!(matches!(
            store.record("t", "run", &bad),
            Err(StoreError::Value { .. })
        ));
        assert_eq!(
            store.record("t", "run", &row(1, RowStatus::Done)).unwrap(),
            1
        );
    }
}

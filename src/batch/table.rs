//! What a run leaves: `rows.jsonl`, `rows.csv` and `manifest.json`, each whole or not there.
//!
//! The three depend on the inputs, the options and the program alone: neither time nor threads nor
//! shards nor interruptions show in them. `manifest.json` is written last; it names the other two
//! by their hash, so that a folder in which it verifies is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{Column, columns};
use super::row::{Definition, Row, Status};
use crate::pipeline::file_sha256;
use crate::store::Staged;

/// File of the rows as JSON Lines.
pub const ROWS_JSONL: &str = "rows.jsonl";
/// File of the rows as CSV.
pub const ROWS_CSV: &str = "rows.csv";
/// File that says what the others are.
pub const MANIFEST: &str = "manifest.json";

/// How many captures, or rows, came to what. `total` is known before any was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How many there are.
    #[serde(rename = "in")]
    pub total: u64,
    /// Analyzed, nothing odd.
    pub ok: u64,
    /// Analyzed, with a quality flag.
    pub flagged: u64,
    /// Unreadable, or not the capture of a link.
    pub rejected: u64,
    /// Set aside after two tries.
    pub failed: u64,
}

impl Counts {
    /// Counts one more.
    pub fn count(&mut self, status: Status) {
        *match status {
            Status::Ok => &mut self.ok,
            Status::Flagged => &mut self.flagged,
            Status::Rejected => &mut self.rejected,
            Status::Failed => &mut self.failed,
        } += 1;
    }

    /// Returns what was counted in all.
    pub fn counted(&self) -> u64 {
        self.ok + self.flagged + self.rejected + self.failed
    }

    /// Says whether every one of them was counted.
    pub fn adds_up(&self) -> bool {
        self.total == self.counted()
    }
}

/// `etalon.batch/1`: what a run is made of, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Always `etalon.batch/1`.
    pub schema: String,
    /// Version of Etalon.
    pub version: String,
    /// Commit it was built from, or `unknown`.
    pub git: String,
    /// SHA-256 of the options.
    pub config_sha256: String,
    /// The options as words of the command line.
    pub options: Vec<String>,
    /// Seed: a batch draws nothing.
    pub seed: Option<u64>,
    /// Part of the list, `1/1` for all of it.
    pub shard: String,
    /// Captures of the whole list, all shards included.
    pub listed: u64,
    /// SHA-256 of the whole list, with its options and labels.
    pub list_sha256: String,
    /// Captures.
    pub files: Counts,
    /// Rows: one a capture, channel and segment.
    pub rows: Counts,
    /// Captures that were set aside.
    pub set_aside: Vec<String>,
    /// SHA-256 of the tables, by file name.
    pub tables: BTreeMap<String, String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// What the figures mean.
    pub definitions: BTreeSet<Definition>,
}

impl Manifest {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.batch/1";

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// Whatever the file system says, or that it is no manifest.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(folder.join(MANIFEST))?;
        let manifest: Self = serde_json::from_str(&text)?;
        if manifest.schema == Self::SCHEMA {
            Ok(manifest)
        } else {
            let found = manifest.schema;
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("expected schema {}, found {found}", Self::SCHEMA),
            ))
        }
    }
}

/// A capture and its rows, as they go into the table.
pub struct Entry<'a> {
    /// Path.
    pub path: &'a str,
    /// Its rows, with their names and labels.
    pub rows: &'a [Row],
}

/// Writes the tables of a run and then its manifest; fills in the counts, the captures that were set
/// aside, the columns and the hashes. `entries` come sorted by path. How many captures there are
/// in all is in the manifest already: the list says so, not the table.
///
/// The rows are counted in what was written, not in what was meant to be: the table is read again.
///
/// # Errors
/// Whatever the file system says. What was there before stays until the new file is whole.
pub fn write<'a>(
    folder: &Path,
    entries: impl Iterator<Item = Entry<'a>>,
    labels: &BTreeSet<String>,
    mut manifest: Manifest,
) -> io::Result<Manifest> {
    let columns = columns(labels);
    let jsonl = Staged::beside(&folder.join(ROWS_JSONL))?;
    let csv = Staged::beside(&folder.join(ROWS_CSV))?;
    let mut json_out = BufWriter::new(File::create(jsonl.path())?);
    let mut csv_out = BufWriter::new(File::create(csv.path())?);
    csv_line(&mut csv_out, columns.iter().map(|c| c.name.as_str().into()))?;
    for entry in entries {
        manifest.rows.total += entry.rows.len() as u64;
        for row in entry.rows {
            json_line(&mut json_out, row, &columns)?;
            csv_line(&mut csv_out, columns.iter().map(|c| cell(row, &c.name)))?;
        }
    }
    json_out.into_inner()?.sync_all()?;
    csv_out.into_inner()?.sync_all()?;
    count(jsonl.path(), &mut manifest)?;
    for (name, staged) in [(ROWS_JSONL, jsonl), (ROWS_CSV, csv)] {
        let hash = file_sha256(staged.path())?;
        manifest.tables.insert(name.to_owned(), hash);
        staged.commit()?;
    }
    manifest.columns = columns;
    let staged = Staged::beside(&folder.join(MANIFEST))?;
    let mut text = serde_json::to_vec(&manifest)?;
    text.push(b'\n');
    std::fs::write(staged.path(), text)?;
    staged.commit()?;
    Ok(manifest)
}

/// Counts rows and captures in a table that was written; a capture has the worst status of its
/// rows.
fn count(table: &Path, manifest: &mut Manifest) -> io::Result<()> {
    let mut last: Option<(String, Status)> = None;
    let close = |last: Option<(String, Status)>, manifest: &mut Manifest| {
        if let Some((path, status)) = last {
            manifest.files.count(status);
            if status == Status::Failed {
                manifest.set_aside.push(path);
            }
        }
    };
    for row in read_rows(table)? {
        let row = row?;
        let status = Status::of(&row);
        manifest.rows.count(status);
        let path = row.get("path").and_then(Value::as_str).unwrap_or_default();
        last = match last {
            Some((before, worst)) if before == path => Some((before, worst.max(status))),
            other => {
                close(other, manifest);
                Some((path.to_owned(), status))
            }
        };
    }
    close(last, manifest);
    Ok(())
}

/// Reads the rows of a table, one after the other.
///
/// # Errors
/// Whatever the file system says; from the iterator also a line that is no row.
pub fn read_rows(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Row>>> {
    let lines = BufReader::new(File::open(path)?).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

/// Writes a row with its columns in order. What it does not have is left out, but for the values
/// of figures: a figure that cannot be measured is null, with its reason beside it.
fn json_line(out: &mut impl Write, row: &Row, columns: &[Column]) -> io::Result<()> {
    out.write_all(b"{")?;
    let mut first = true;
    for column in columns {
        let unmeasured = || {
            row.contains_key(&format!("{}_reason", column.name))
                .then_some(&Value::Null)
        };
        let Some(value) = row.get(&column.name).or_else(unmeasured) else {
            continue;
        };
        if !first {
            out.write_all(b",")?;
        }
        first = false;
        serde_json::to_writer(&mut *out, &column.name)?;
        out.write_all(b":")?;
        serde_json::to_writer(&mut *out, value)?;
    }
    out.write_all(b"}\n")
}

fn cell(row: &Row, name: &str) -> String {
    match row.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Writes a line of CSV (RFC 4180, but for the line's end).
fn csv_line(out: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

/// Bytes that a row is taken to need in all the files of a run together, the cache included: twice
/// what was seen. Ten thousand captures of PAM-4 links left 14 kB a row without the cache, 5.5 kB of
/// them in the journal, and an entry of the cache is about that part again.
pub const BYTES_A_ROW: u64 = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::row::{name, of_trouble};

    fn manifest() -> Manifest {
        Manifest {
            schema: Manifest::SCHEMA.into(),
            version: "1".into(),
            git: "g".into(),
            config_sha256: "c".into(),
            options: vec![],
            seed: None,
            shard: "1/1".into(),
            listed: 2,
            list_sha256: "l".into(),
            files: Counts {
                total: 2,
                ..Counts::default()
            },
            rows: Counts::default(),
            set_aside: vec![],
            tables: BTreeMap::new(),
            columns: vec![],
            definitions: BTreeSet::new(),
        }
    }

    #[test]
    fn a_capture_has_the_worst_status_of_its_rows_and_all_adds_up() {
        let folder = tempfile::tempdir().unwrap();
        let row = |path: &str, status| {
            let mut row = of_trouble(status, "ETA-1", "a \"quoted\", told\nreason");
            name(
                &mut row,
                path,
                &BTreeMap::from([("bench".to_owned(), "A,B".to_owned())]),
            );
            row
        };
        let a = [
            row("a", Status::Ok),
            row("a", Status::Rejected),
            row("a", Status::Flagged),
        ];
        let b = [row("b", Status::Failed)];
        let entries = [
            Entry {
                path: "a",
                rows: &a,
            },
            Entry {
                path: "b",
                rows: &b,
            },
        ];
        let labels = BTreeSet::from(["bench".to_owned()]);
        let written = write(folder.path(), entries.into_iter(), &labels, manifest()).unwrap();
        let counts = |total, ok, flagged, rejected, failed| Counts {
            total,
            ok,
            flagged,
            rejected,
            failed,
        };
        assert_eq!(written.files, counts(2, 0, 0, 1, 1));
        assert_eq!(written.rows, counts(4, 1, 1, 1, 1));
        assert!(written.files.adds_up() && written.rows.adds_up());
        assert_eq!(written.set_aside, ["b"]);
        assert_eq!(Manifest::read(folder.path()).unwrap(), written);
        assert_eq!(
            written.tables[ROWS_CSV],
            file_sha256(&folder.path().join(ROWS_CSV)).unwrap()
        );
        let csv = std::fs::read_to_string(folder.path().join(ROWS_CSV)).unwrap();
        assert!(csv.contains("\"a \"\"quoted\"\", told\nreason\"") && csv.contains("\"A,B\""));
        let jsonl = std::fs::read_to_string(folder.path().join(ROWS_JSONL)).unwrap();
        assert!(
            jsonl
                .lines()
                .all(|l| l.starts_with("{\"schema\":\"etalon.batch-row/1\",\"path\""))
        );
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 3, "no part is left");
    }

    #[test]
    fn a_sum_that_misses_one_does_not_add_up() {
        let mut counts = Counts {
            total: 2,
            ..Counts::default()
        };
        counts.count(Status::Ok);
        assert!(!counts.adds_up());
        counts.count(Status::Failed);
        assert!(counts.adds_up());
    }
}

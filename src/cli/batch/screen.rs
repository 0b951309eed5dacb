//! What a batch says at its end: sums that were checked, what was rejected and why, what is next.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::batch::row::{Row, Status};
use crate::batch::table::{ROWS_JSONL, read_rows};
use crate::batch::{Counts, Manifest};
use crate::cli::shell::join;
use crate::cli::tables::Parquet;

/// Lines of rejected captures on the screen.
const SHOWN: usize = 6;

/// `etalon.batch-result/1`: what a batch came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchRecord {
    /// Always `etalon.batch-result/1`.
    pub schema: String,
    /// Folder of the run.
    pub out: String,
    /// Part of the list.
    pub shard: String,
    /// Captures: `in` = `ok` + `flagged` + `rejected` + `failed`.
    #[serde(flatten)]
    pub files: Counts,
    /// Rows, in the same way.
    pub rows: Counts,
    /// Rows by what is wrong, of those that were analyzed.
    pub classes: BTreeMap<String, u64>,
    /// Rows by the code of what rejected them.
    pub codes: BTreeMap<String, u64>,
    /// Captures that were set aside.
    pub set_aside: Vec<String>,
    /// First rows that were rejected or failed.
    pub first_rejected: Vec<Rejected>,
    /// The first capture that was analyzed.
    pub first_path: Option<String>,
    /// What it took; left out when nothing was run.
    #[serde(flatten)]
    pub effort: Option<Effort>,
    /// Shards that were put together; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<u64>,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Effort {
    /// Captures that an earlier run of the same folder had done.
    pub resumed: u64,
    /// Captures that came out of the cache.
    pub cached: u64,
    /// Captures that were analyzed.
    pub computed: u64,
    /// Seconds.
    pub wall_s: f64,
    /// Worker processes.
    pub workers: usize,
}

/// A capture that was rejected or set aside.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rejected {
    /// Path.
    pub path: String,
    /// Code.
    pub code: String,
    /// Why.
    pub reason: String,
}

impl BatchRecord {
    /// Sums up a folder from the table in it.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn of(manifest: &Manifest, folder: &Path) -> io::Result<Self> {
        let mut record = Self {
            schema: "etalon.batch-result/1".into(),
            out: folder.display().to_string(),
            shard: manifest.shard.clone(),
            files: manifest.files,
            rows: manifest.rows,
            classes: BTreeMap::new(),
            codes: BTreeMap::new(),
            set_aside: manifest.set_aside.clone(),
            first_rejected: Vec::new(),
            first_path: None,
            effort: None,
            merged: None,
        };
        for row in read_rows(&folder.join(ROWS_JSONL))? {
            count(&mut record, &row?);
        }
        Ok(record)
    }
}

fn count(record: &mut BatchRecord, row: &Row) {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    match Status::of(row) {
        Status::Ok | Status::Flagged => {
            let class = text("class").unwrap_or_else(|| "unknown".into());
            *record.classes.entry(class).or_default() += 1;
            if record.first_path.is_none() {
                record.first_path = text("path");
            }
        }
        Status::Rejected | Status::Failed => {
            let code = text("code").unwrap_or_default();
            *record.codes.entry(code.clone()).or_default() += 1;
            if record.first_rejected.len() < SHOWN {
                record.first_rejected.push(Rejected {
                    path: text("path").unwrap_or_default(),
                    code,
                    reason: text("reason").unwrap_or_default(),
                });
            }
        }
    }
}

/// Renders the end of a run for a screen of 80 by 24.
pub fn text(record: &BatchRecord, manifest: &Manifest, parquet: &Parquet) -> String {
    let mut lines = vec![head(record)];
    if !record.classes.is_empty() {
        let told: Vec<String> = record
            .classes
            .iter()
            .map(|(c, n)| format!("{c} {n}"))
            .collect();
        lines.push(format!("causes   {}", told.join(", ")));
    }
    for (at, rejected) in record.first_rejected.iter().enumerate() {
        let head = if at == 0 { "rejected" } else { "" };
        let line = format!(
            "{head:<8} {} {}: {}",
            rejected.code, rejected.path, rejected.reason
        );
        lines.push(cut(&line));
    }
    let more = record.rows.rejected + record.rows.failed;
    let more = more.saturating_sub(record.first_rejected.len() as u64);
    if more > 0 {
        let told: Vec<String> = record
            .codes
            .iter()
            .map(|(c, n)| format!("{c} {n}"))
            .collect();
        lines.push(format!("         and {more} more: {}", told.join(", ")));
    }
    lines.push(format!(
        "tables   {0}/rows.csv, {0}/rows.jsonl, {0}/manifest.json",
        record.out
    ));
    lines.extend(parquet.line().map(|line| format!("parquet  {line}")));
    lines.push(sum(&record.files));
    lines.push(format!("next: {}", next(record, manifest, parquet)));
    lines.join("\n") + "\n"
}

fn head(record: &BatchRecord) -> String {
    let BatchRecord {
        out, files, rows, ..
    } = record;
    let mut told = Vec::new();
    if let Some(shards) = record.merged {
        told.push(format!("{shards} shards"));
    }
    let mut time = String::new();
    if let Some(effort) = record.effort {
        time = format!(" in {:.1} s", effort.wall_s);
        if effort.resumed > 0 {
            told.push(format!("{} done before", effort.resumed));
        }
        if effort.cached > 0 {
            told.push(format!("{} from the cache", effort.cached));
        }
    }
    let told = if told.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.join(", "))
    };
    format!(
        "{out}: {} captures{time}, {} rows{told}",
        files.total, rows.total
    )
}

/// The closing line. Its sum was checked before: a run that lacks a row never comes here.
fn sum(counts: &Counts) -> String {
    format!(
        "in {} = ok {} + flagged {} + rejected {} + failed {}",
        counts.total, counts.ok, counts.flagged, counts.rejected, counts.failed
    )
}

fn next(record: &BatchRecord, manifest: &Manifest, parquet: &Parquet) -> String {
    let words = |words: &[&str]| join(&words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>());
    let looked_at = record.first_rejected.first().map(|r| r.path.as_str());
    match (looked_at, manifest.shard.as_str(), parquet) {
        (Some(rejected), ..) => words(&["etalon", "info", rejected]),
        (None, "1/1", Parquet::Written(_)) => {
            let count = ["--group-by", "class", "--agg", "count"];
            words(&[&["etalon", "table", &record.out], &count[..]].concat())
        }
        (None, "1/1", _) => {
            let path = record.first_path.as_deref().unwrap_or_default();
            let options: Vec<&str> = manifest.options.iter().map(String::as_str).collect();
            words(&[&["etalon", "analyze", path], &options[..]].concat())
        }
        _ => {
            let shard = Path::new(&record.out);
            let whole = shard.parent().unwrap_or(shard).display().to_string();
            words(&["etalon", "merge", &whole])
        }
    }
}

/// Cuts a line to the width of a screen.
fn cut(line: &str) -> String {
    const WIDTH: usize = 79;
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 3).collect::<String>() + "..."
}

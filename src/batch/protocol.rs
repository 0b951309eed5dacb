//! What the batch and its worker processes say to each other: one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::row::{Definition, Row, Status};

/// What a worker is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The capture.
    pub path: String,
    /// Link options of this file alone.
    pub options: Vec<String>,
    /// Where results of earlier runs are.
    pub cache: Option<PathBuf>,
}

/// What a worker found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What is the same whenever the same bytes are analyzed by the same program and options.
    pub finding: Finding,
    /// What the cache knows it by; none when the file could not be read.
    pub key: Option<String>,
    /// Whether it came out of the cache.
    pub cached: Cached,
    /// What it cost.
    pub cost: Cost,
}

/// Whether a finding was computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cached {
    /// It was.
    #[default]
    No,
    /// It was there already.
    Yes,
}

/// The rows of a file, without its path and labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// SHA-256 of the files beside it that hold its samples, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub companions: BTreeMap<String, String>,
    /// A row a channel and segment; one when the file cannot be read.
    pub rows: Vec<Row>,
    /// What their figures mean.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub definitions: BTreeSet<Definition>,
}

impl Finding {
    /// Says whether the capture was opened: then the finding follows from its bytes alone. One that
    /// could not be opened may lack a file beside it, which can come.
    pub fn opened(&self) -> bool {
        self.rows.iter().all(|row| row.contains_key("channel"))
    }

    /// Returns the worst status of the rows.
    pub fn status(&self) -> Status {
        let statuses = self.rows.iter().map(Status::of);
        statuses.max().unwrap_or(Status::Failed)
    }
}

/// What a file cost. It differs from run to run and never goes into the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds by the clock on the wall.
    pub wall_s: f64,
    /// Seconds of processor time, where the system tells them.
    pub cpu_s: Option<f64>,
    /// Most memory that the worker had resident so far, in bytes, where the system tells it.
    pub peak_bytes: Option<u64>,
}

/// Length and time of change of a file: while both stay, its content is taken to have stayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Length in bytes.
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub changed_ns: u64,
}

impl Stamp {
    /// Reads the stamp of a file; `None` when there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let about: Metadata = std::fs::metadata(path).ok()?;
        let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self {
            bytes: about.len(),
            changed_ns: u64::try_from(since.as_nanos()).ok()?,
        })
    }
}

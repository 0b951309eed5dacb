//! One run: the list against the journal, the workers, and the tables at the end.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::cache::Cache;
use super::crew::{self, Crew, Next, Outcome};
use super::ledger::{Done, Ledger, LedgerError, RunIdentity};
use super::listing::{Item, Listing};
use super::protocol::{Answer, Cached, Cost, Finding, Job, Stamp};
use super::row::{self, Row, Status, of_trouble};
use super::shard::Shard;
use super::table::{self, BYTES_A_ROW, Entry, Manifest};
use crate::store::StoreError;

/// Side file of a run: what differs from run to run.
pub const COSTS: &str = "costs.jsonl";
/// How often a worker may die over a file before it is set aside.
const TRIES: usize = 2;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the run goes; a shard gets a folder of its own in it.
    pub out: PathBuf,
    /// All captures.
    pub listing: Listing,
    /// Which of them are this run's.
    pub shard: Shard,
    /// What every row depends on beside the capture.
    pub identity: RunIdentity,
    /// The workers.
    pub crew: Crew,
    /// Where findings of earlier runs are.
    pub cache: Option<PathBuf>,
    /// What is done with captures that were set aside before.
    pub set_aside: SetAside,
}

/// What is done with captures that were set aside by an earlier run of the same folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetAside {
    /// They stay aside.
    #[default]
    Stay,
    /// They are tried again.
    Again,
}

/// What is told while a run goes on.
pub trait Watcher {
    /// Called once, before any work.
    fn begins(&mut self, start: &Start);
    /// Called for every capture that is done.
    fn done(&mut self, path: &str, status: Status, cached: Cached);
    /// Called for everything else that people should hear of.
    fn says(&mut self, text: &str);
}

/// What is known before any work.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Captures of this run.
    pub total: usize,
    /// Of them, done by an earlier run of the same folder, with their statuses.
    pub known: Vec<Status>,
    /// Bytes that the rest is expected to need on the disk.
    pub needed_bytes: u64,
    /// Bytes that are free there, where the system tells.
    pub free_bytes: Option<u64>,
}

/// Why a run came to no end. What was done is kept: the same command goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The journal cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file of the run cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A worker could not be started.
    #[error("a worker could not be started: {0}")]
    Start(#[from] io::Error),
    /// The disk has less room than the run is expected to need.
    #[error("expected {needed_bytes} bytes of room, found {free_bytes}")]
    NoRoom {
        /// What is needed.
        needed_bytes: u64,
        /// What is there.
        free_bytes: u64,
    },
    /// Rows are missing in the table that was written.
    #[error("{counted} of {total} {what} were counted in the table")]
    Missing {
        /// Captures or rows.
        what: &'static str,
        /// How many there have to be.
        total: u64,
        /// How many are there.
        counted: u64,
    },
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

/// A line of the side file.
#[derive(Serialize)]
struct CostRecord<'a> {
    schema: &'static str,
    path: &'a str,
    cached: Cached,
    #[serde(flatten)]
    cost: Cost,
    workers: usize,
}

impl Plan {
    /// Returns the folder of this run.
    pub fn folder(&self) -> PathBuf {
        match self.shard.of {
            1 => self.out.clone(),
            of => self.out.join(format!("shard-{}-of-{of}", self.shard.part)),
        }
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        let all = (0..).zip(&self.listing.items);
        all.filter(|(at, _)| self.shard.holds(*at))
            .map(|(_, item)| item)
    }
}

/// Runs what is not done yet and writes the tables.
///
/// # Errors
/// [`RunError`]. Whatever was entered before is kept.
pub fn run(plan: &Plan, watcher: &mut dyn Watcher) -> Result<Manifest, RunError> {
    let folder = plan.folder();
    std::fs::create_dir_all(&folder).map_err(|source| RunError::Io {
        path: folder.clone(),
        source,
    })?;
    let mut ledger = Ledger::open(&folder, &plan.identity)?;
    if let Some(kept_in) = ledger.torn() {
        let place = kept_in.display();
        watcher.says(&format!(
            "the journal was torn at its end; the rest is in {place}"
        ));
    }
    let (jobs, known) = plan.open_jobs(&ledger);
    let start = Start {
        total: plan.items().count(),
        known,
        needed_bytes: jobs.len() as u64 * BYTES_A_ROW,
        free_bytes: free_bytes(&folder),
    };
    watcher.begins(&start);
    if let Some(free_bytes) = start.free_bytes.filter(|&free| free < start.needed_bytes) {
        return Err(RunError::NoRoom {
            needed_bytes: start.needed_bytes,
            free_bytes,
        });
    }
    let mut desk = Desk {
        cache: plan.cache.as_deref().map(Cache::at),
        costs: folder.join(COSTS),
        workers: plan.crew.size,
        ledger: &mut ledger,
        watcher,
    };
    crew::run(&plan.crew, jobs, |job, outcome| desk.take(job, outcome))?;
    finish(plan, &folder, &ledger)
}

impl Plan {
    /// Lists what is not done, and the statuses of what is.
    fn open_jobs(&self, ledger: &Ledger) -> (Vec<Job>, Vec<Status>) {
        let mut known = Vec::new();
        let mut jobs = Vec::new();
        for item in self.items() {
            match ledger.done.get(&item.path) {
                Some(done) if self.stands(item, done) => {
                    known.extend(done.rows.iter().map(Status::of).max());
                }
                _ => jobs.push(Job {
                    path: item.path.clone(),
                    options: item.options.clone(),
                    cache: self.cache.clone(),
                }),
            }
        }
        (jobs, known)
    }

    /// Says whether what is known of a capture still holds.
    fn stands(&self, item: &Item, done: &Done) -> bool {
        let path = Path::new(&item.path);
        let beside = |(name, stamp): (&String, &Option<Stamp>)| {
            *stamp == Stamp::of(&path.with_file_name(name))
        };
        let failed = done.rows.iter().any(|r| Status::of(r) == Status::Failed);
        let settled = if failed {
            self.set_aside == SetAside::Stay
        } else {
            // What lacked a file beside it may have it by now.
            done.rows.iter().all(|row| row.contains_key("channel"))
        };
        settled
            && done.stamp == Stamp::of(path)
            && done.companions.iter().all(beside)
            && done.options == item.options
    }
}

/// Where outcomes are entered.
struct Desk<'a> {
    cache: Option<Cache>,
    costs: PathBuf,
    workers: usize,
    ledger: &'a mut Ledger,
    watcher: &'a mut dyn Watcher,
}

impl Desk<'_> {
    fn take(&mut self, job: &Job, outcome: Outcome) -> Result<Next, RunError> {
        let stamp = Stamp::of(Path::new(&job.path));
        match outcome {
            Outcome::Answered(answer) => {
                let Answer {
                    finding,
                    key,
                    cached,
                    cost,
                } = *answer;
                self.keep(key, cached, &finding);
                self.enter(job, stamp, finding, cached)?;
                self.note(job, cached, cost);
                Ok(Next::Done)
            }
            Outcome::Died(how) => {
                // A capture that was set aside is done: tried again, it begins without deaths.
                let deaths = self.ledger.enter_death(&job.path, stamp, &how)?.len();
                if deaths < TRIES {
                    self.watcher
                        .says(&format!("{}: {how}; it is tried again", job.path));
                    return Ok(Next::Again);
                }
                let reason = format!("set aside after {TRIES} tries: {how}");
                let finding = Finding {
                    rows: vec![of_trouble(Status::Failed, "ETA-1001", &reason)],
                    ..Finding::default()
                };
                self.watcher.says(&format!("{}: {reason}", job.path));
                self.enter(job, stamp, finding, Cached::No)?;
                Ok(Next::Done)
            }
        }
    }

    fn enter(
        &mut self,
        job: &Job,
        stamp: Option<Stamp>,
        finding: Finding,
        cached: Cached,
    ) -> Result<(), RunError> {
        let status = finding.status();
        let before = self.ledger.done.get(&job.path);
        let same = before.is_some_and(|done| {
            done.stamp == stamp && done.options == job.options && done.rows == finding.rows
        });
        if !same {
            self.ledger.enter(&job.path, stamp, &job.options, finding)?;
        }
        self.watcher.done(&job.path, status, cached);
        Ok(())
    }

    /// Keeps a finding for other runs. A cache that cannot be written is no reason to fail.
    fn keep(&mut self, key: Option<String>, cached: Cached, finding: &Finding) {
        if let (Some(cache), Some(key), Cached::No) = (&self.cache, key, cached)
            && finding.opened()
            && let Err(error) = cache.keep(&key, finding)
        {
            self.watcher
                .says(&format!("the cache is not used: {error}"));
            self.cache = None;
        }
    }

    /// Notes what a capture cost. Nothing depends on it, and a full disk is told by the journal.
    fn note(&self, job: &Job, cached: Cached, cost: Cost) {
        let record = CostRecord {
            schema: "etalon.batch-cost/1",
            path: &job.path,
            cached,
            cost,
            workers: self.workers,
        };
        let line = serde_json::to_string(&record).unwrap_or_default() + "\n";
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.costs);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

/// Writes the tables, and checks that nothing is missing in them.
fn finish(plan: &Plan, folder: &Path, ledger: &Ledger) -> Result<Manifest, RunError> {
    let empty: &[Row] = &[];
    // Rows get their names here: one finding may stand for several paths.
    let rows: Vec<(&Item, Vec<Row>)> = plan
        .items()
        .map(|item| {
            let known = ledger.done.get(&item.path).map_or(empty, |done| &done.rows);
            let mut rows = known.to_vec();
            rows.iter_mut()
                .for_each(|r| row::name(r, &item.path, &item.labels));
            (item, rows)
        })
        .collect();
    let entries = rows.iter().map(|(item, rows)| Entry {
        path: &item.path,
        rows,
    });
    // Labels of all shards, so that each has the same columns.
    let labels: BTreeSet<String> = plan
        .listing
        .items
        .iter()
        .flat_map(|item| item.labels.keys().cloned())
        .collect();
    let mut manifest = Manifest {
        schema: Manifest::SCHEMA.into(),
        version: plan.identity.version.clone(),
        git: plan.identity.git.clone(),
        config_sha256: plan.identity.config_sha256.clone(),
        options: plan.identity.options.clone(),
        seed: None,
        shard: plan.shard.to_string(),
        listed: plan.listing.items.len() as u64,
        list_sha256: plan.listing.digest().to_string(),
        files: Default::default(),
        rows: Default::default(),
        set_aside: Vec::new(),
        tables: Default::default(),
        columns: Vec::new(),
        definitions: ledger.definitions.clone(),
    };
    manifest.files.total = rows.len() as u64;
    let manifest =
        table::write(folder, entries, &labels, manifest).map_err(|source| RunError::Io {
            path: folder.to_owned(),
            source,
        })?;
    check(&manifest)?;
    Ok(manifest)
}

/// Fails when a capture or a row is missing in the tables.
///
/// # Errors
/// [`RunError::Missing`].
pub fn check(manifest: &Manifest) -> Result<(), RunError> {
    for (what, counts) in [("captures", manifest.files), ("rows", manifest.rows)] {
        if !counts.adds_up() {
            return Err(RunError::Missing {
                what,
                total: counts.total,
                counted: counts.counted(),
            });
        }
    }
    Ok(())
}

/// Bytes that a user may still write where a folder is.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    about.f_bavail.checked_mul(about.f_frsize)
}

/// The standard library does not tell.
#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

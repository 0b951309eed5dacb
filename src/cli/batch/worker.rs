//! `etalon batch-worker`: the process that analyzes one file after the other for a batch.
//!
//! It reads jobs and writes answers, a line of JSON each, until its input ends. It says nothing
//! else, writes no file, and limits its own memory: what asks for more dies here alone.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use etalon_captures::{Capture, Trace};
use etalon_dsp::ReceiveOptions;
use etalon_types::WaveformSource as _;
use serde_json::json;

use super::settings::Settings;
use crate::batch::cache::Cache;
use crate::batch::protocol::{Answer, Cached, Cost, Finding, Job};
use crate::batch::row::{self, Definition, Row, Status, of_trouble};
use crate::cli::capture;
use crate::cli::classified;
use crate::cli::error::{CliError, Exit};
use crate::cli::limits;
use crate::cli::link_options::LinkArgs;
use crate::cli::talk::print_json;
use crate::pipeline::{Identity, analyze_trace, file_sha256};
use crate::store::Digest;

/// Options of `batch-worker`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Memory in bytes
    #[arg(long, value_name = "BYTES")]
    memory_bytes: u64,
    /// What the cache knows the program by
    #[arg(long, value_name = "HASH")]
    program: String,
    /// Hold the transmitter to the limits of this PMD
    #[arg(long, value_name = "NAME")]
    pmd: Option<String>,
    /// Link options.
    #[command(flatten)]
    link: LinkArgs,
}

/// Answers jobs until there are no more.
///
/// # Errors
/// Storage, when the answers cannot be written.
pub fn run(args: &Args) -> Result<Exit, CliError> {
    limit_memory(args.memory_bytes);
    let mut known = HashMap::new();
    for line in io::stdin().lock().lines() {
        // Whoever sends something else is not the batch: nothing sensible can be said to it.
        let job: Option<Job> = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        let Some(job) = job else { break };
        let settings = known
            .entry(job.options.clone())
            .or_insert_with(|| Settings::new(&args.link, args.pmd.as_deref(), &job.options));
        let (start, cpu) = (Instant::now(), cpu_s());
        let mut answer = answer(&job, settings, &args.program);
        answer.cost = Cost {
            wall_s: start.elapsed().as_secs_f64(),
            cpu_s: cpu_s().zip(cpu).map(|(after, before)| after - before),
            peak_bytes: peak_bytes(),
        };
        print_json(&answer)?;
        // What was learned of a file is told before the next is begun.
        let _ = io::stdout().flush();
    }
    Ok(Exit::Done)
}

fn answer(job: &Job, settings: &Result<Settings, CliError>, program: &str) -> Answer {
    let path = Path::new(&job.path);
    let refused = |error: &CliError, sha256: Option<&str>| {
        let mut row = trouble(error, path);
        row::hash(&mut row, sha256, None);
        Finding {
            rows: vec![row],
            ..Finding::default()
        }
    };
    let bare = |finding| Answer {
        finding,
        ..Answer::default()
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return bare(refused(error, None)),
    };
    let sha256 = match hash(path) {
        Ok(sha256) => sha256,
        Err(error) => return bare(refused(&error, None)),
    };
    let key = Cache::key(&sha256, &settings.config_sha256, program);
    let cached = job.cache.as_deref().and_then(|folder| {
        let finding = Cache::at(folder).find(&key)?;
        stands(path, &finding).then_some(finding)
    });
    let (finding, cached) = match cached {
        Some(finding) => (finding, Cached::Yes),
        None => {
            let finding = analyze(path, &sha256, settings)
                .unwrap_or_else(|error| refused(&error, Some(&sha256)));
            (finding, Cached::No)
        }
    };
    Answer {
        finding,
        key: Some(key),
        cached,
        cost: Cost::default(),
    }
}

/// Hashes what is a file; a pipe would never end.
fn hash(path: &Path) -> Result<String, CliError> {
    let of_io = |error: io::Error| capture::unreadable(path, &error);
    let about = std::fs::metadata(path).map_err(of_io)?;
    if !about.is_file() {
        let found = "a pipe, a device or a folder, and no capture file";
        return Err(of_io(io::Error::new(io::ErrorKind::InvalidInput, found)));
    }
    file_sha256(path).map_err(of_io)
}

/// Says whether the files beside a capture are still those of a finding.
fn stands(path: &Path, finding: &Finding) -> bool {
    finding.companions.iter().all(|(name, sha256)| {
        let beside = path.with_file_name(name);
        file_sha256(&beside).is_ok_and(|found| found == *sha256)
    })
}

fn analyze(path: &Path, sha256: &str, settings: &Settings) -> Result<Finding, CliError> {
    let opened = capture::open(path, &settings.choice)?;
    let companions = companions(path, &opened)?;
    let together = (!companions.is_empty()).then(|| {
        let lines: Vec<String> = companions
            .iter()
            .map(|(n, h)| format!("{n} {h}\n"))
            .collect();
        Digest::of(lines.concat().as_bytes()).to_string()
    });
    let mut definitions = BTreeSet::new();
    let rows = opened
        .traces
        .iter()
        .map(|trace| {
            let mut row = match row_of(path, sha256, trace, settings, &mut definitions) {
                Ok(row) => row,
                Err(error) => of_trace(trace, trouble(&error, path)),
            };
            row::hash(&mut row, Some(sha256), together.as_deref());
            row
        })
        .collect();
    Ok(Finding {
        companions,
        rows,
        definitions,
    })
}

fn row_of(
    path: &Path,
    sha256: &str,
    trace: &Trace,
    settings: &Settings,
    definitions: &mut BTreeSet<Definition>,
) -> Result<Row, CliError> {
    let options: ReceiveOptions = capture::with_unit(&settings.options, trace);
    let identity = Identity {
        path: path.display().to_string(),
        sha256: sha256.to_owned(),
        seed: None,
    };
    let mut analysis = analyze_trace(trace, &options, &identity)
        .map_err(|error| capture::failed(path, &error, &settings.link))?;
    if let Some(inventory) = &settings.inventory {
        analysis.name_paths(inventory);
    }
    if let Some(pmd) = &settings.pmd {
        // The name was looked up before any file was opened.
        let _ = limits::enter(&mut analysis.report, pmd);
    }
    let rejecting = classified::rejecting(&analysis.report.quality).cloned();
    Ok(row::of_report(
        &analysis.report,
        trace.info(),
        rejecting.as_ref(),
        definitions,
    ))
}

/// The files beside a capture that hold its samples, by name, with their hashes.
fn companions(path: &Path, opened: &Capture) -> Result<BTreeMap<String, String>, CliError> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for file in opened.traces.iter().flat_map(Trace::files) {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned());
        let Some(name) = name.filter(|_| file.file_name() != path.file_name()) else {
            continue;
        };
        if let Entry::Vacant(place) = found.entry(name) {
            place.insert(file_sha256(file).map_err(|e| capture::unreadable(file, &e))?);
        }
    }
    Ok(found)
}

/// Says what an error is about without the path: the same bytes may be met under another one.
fn trouble(error: &CliError, path: &Path) -> Row {
    let path = path.display().to_string();
    let place = error.where_.replace(&path, "");
    let place = place.trim_start_matches([':', ' ']);
    let why = error.why.replace(&path, "the file");
    let parts: Vec<&str> = [error.what.as_str(), place, why.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    of_trouble(Status::Rejected, error.code, &parts.join(": "))
}

/// Adds which trace it was.
fn of_trace(trace: &Trace, mut row: Row) -> Row {
    let info = trace.info();
    row.insert("format".into(), json!(info.format));
    row.insert("channel".into(), json!(info.channel));
    row.insert("segment".into(), json!(info.segment));
    row.insert("samples".into(), json!(info.samples));
    row
}

/// Limits the memory of this process. Where that cannot be, the time limit is left.
///
/// Linux counts what is private and can be written. Others count the address space, of which an
/// allocator reserves more than it uses.
#[cfg(unix)]
fn limit_memory(bytes: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let resource = if cfg!(target_os = "linux") {
        Resource::Data
    } else {
        Resource::As
    };
    let hard = getrlimit(resource).maximum;
    let limit = Rlimit {
        current: Some(hard.map_or(bytes, |hard| hard.min(bytes))),
        maximum: hard,
    };
    let _ = setrlimit(resource, limit);
}

#[cfg(not(unix))]
fn limit_memory(_bytes: u64) {}

/// Processor time of this process in seconds.
#[cfg(unix)]
fn cpu_s() -> Option<f64> {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(spent.tv_sec as f64 + 1e-9 * spent.tv_nsec as f64)
}

#[cfg(not(unix))]
fn cpu_s() -> Option<f64> {
    None
}

/// Most memory that this process had resident, in bytes, where the system tells it (Linux).
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

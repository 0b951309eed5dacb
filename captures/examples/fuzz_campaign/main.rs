//! Runs a fuzzing campaign in chunks that can be stopped at any time, and writes its record.
//!
//! ```sh
//! captures/fuzz/campaign.sh STATE            # builds, copies, runs; the same again goes on
//! captures/fuzz/campaign.sh STATE --finish   # writes docs/validation/fuzz.jsonl
//! ```
//!
//! Every chunk is a process of its own, so that whatever dies is seen from outside, and one line
//! of `chunks.jsonl`. Whose turn it is follows from those lines alone: the target with the least
//! processor time among those that are not done. Several campaigns may share a state, one a core:
//! each holds the lock of the target that it runs.

mod chunk;
mod record;

use chunk::Chunk;
use serde::Deserialize;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A line of the fuzz binary's own table.
#[derive(Deserialize)]
struct Target {
    target: String,
    minutes: u64,
    seeds: usize,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["run", state, ref only @ ..] => run(Path::new(state), only),
        ["status", state] => status(Path::new(state)),
        ["finish", state, out] => record::finish(Path::new(state), Path::new(out)),
        _ => {
            eprintln!("expected `run STATE [TARGET...]`, `status STATE` or `finish STATE FILE`");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(whole) => ExitCode::from(u8::from(!whole)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

/// Reads what is done. A torn last line, of a process that was killed, is passed over.
fn chunks(state: &Path) -> Result<Vec<Chunk>, Failure> {
    let text = match std::fs::read_to_string(state.join("chunks.jsonl")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

fn targets(state: &Path) -> Result<Vec<Target>, Failure> {
    let list = state.join("targets.jsonl");
    chunk::job(state, "targets", "auto", &list, None)?;
    let text = std::fs::read_to_string(list)?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// Returns the processor seconds that count for a target.
fn guided(done: &[Chunk], target: &str) -> f64 {
    let own = done.iter().filter(|c| c.target == target && c.counts());
    own.map(|c| c.cpu_s).sum::<f64>().max(0.0)
}

/// Takes the target with the least time that is neither done nor another process's, among
/// `only`, or among all when that is empty. What is returned holds it.
fn claim<'a>(
    state: &Path,
    targets: &'a [Target],
    only: &[&str],
    given_up: &[String],
) -> Result<Option<(&'a Target, File)>, Failure> {
    let done = chunks(state)?;
    let spent = |target: &Target| guided(&done, &target.target);
    let mut open: Vec<&Target> = targets
        .iter()
        .filter(|t| only.is_empty() || only.contains(&t.target.as_str()))
        .filter(|t| spent(t) < 60.0 * t.minutes as f64 && !given_up.contains(&t.target))
        .collect();
    open.sort_by(|a, b| spent(a).total_cmp(&spent(b)));
    let locks = state.join("locks");
    std::fs::create_dir_all(&locks)?;
    for target in open {
        let lock = File::create(locks.join(&target.target))?;
        if lock.try_lock().is_ok() {
            return Ok(Some((target, lock)));
        }
    }
    Ok(None)
}

/// Runs chunks until every target has its time; true when none failed.
fn run(state: &Path, only: &[&str]) -> Result<bool, Failure> {
    /// A target that fails so often in one run waits for a repair.
    const PATIENCE: usize = 2;
    let targets = targets(state)?;
    let (mut failed, mut given_up): (Vec<String>, Vec<String>) = Default::default();
    let path: PathBuf = state.join("chunks.jsonl");
    let mut book = OpenOptions::new().create(true).append(true).open(&path)?;
    // Ends a torn line.
    writeln!(book)?;
    while let Some((next, _lock)) = claim(state, &targets, only, &given_up)? {
        let done = chunks(state)?;
        let turns: Vec<&Chunk> = done.iter().filter(|c| c.target == next.target).collect();
        let chunk = Chunk::run(state, &next.target, &turns)?;
        let line = serde_json::to_string(&chunk)?;
        println!("{line}");
        // One write, so that lines of several processes do not mix.
        book.write_all(format!("{line}\n").as_bytes())?;
        if chunk.failure.is_some() {
            if failed.iter().filter(|f| **f == chunk.target).count() + 1 >= PATIENCE {
                given_up.push(chunk.target.clone());
            }
            failed.push(chunk.target);
        }
    }
    Ok(failed.is_empty())
}

/// Prints how far every target is.
fn status(state: &Path) -> Result<bool, Failure> {
    let done = chunks(state)?;
    let mut whole = true;
    for target in targets(state)? {
        let spent = guided(&done, &target.target);
        let own = done.iter().filter(|c| c.target == target.target);
        let failures = own.filter(|c| c.failure.is_some()).count();
        whole &= spent >= 60.0 * target.minutes as f64;
        println!(
            "{:14} {:7.0} of {:5} s, {failures} failures",
            target.target,
            spent,
            60 * target.minutes
        );
    }
    Ok(whole)
}

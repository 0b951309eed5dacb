//! One chunk: a process with a target, an engine and half a minute.

use crate::Failure;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// Seconds of a chunk; of the wall, because that is what libFuzzer counts. What counts for the
/// campaign is the processor time that the process used.
const CHUNK_S: u32 = 30;
/// Seconds of the wall after which an input hangs. The judge itself refuses one second of
/// processor time; this is for loops that never come back, on a machine that is busy.
const HANG_S: u32 = 120;
/// Longest input, as in the targets.
const LONGEST: u32 = 64 << 10;
/// The test of the fuzz binary that does what the environment says.
const TEST: &str = "campaign::prop_bolero_drives_what_the_environment_names";

/// What a chunk came to: a line of the state.
#[derive(Clone, Serialize, Deserialize)]
pub struct Chunk {
    pub target: String,
    pub engine: String,
    pub cpu_s: f64,
    pub executions: u64,
    pub read: u64,
    pub refused: u64,
    pub slowest_s: f64,
    pub growth_bytes: u64,
    /// Inputs that the engine keeps because they reach something new.
    pub corpus: usize,
    pub commit: String,
    /// What the process died of, and where the input is.
    pub failure: Option<String>,
}

/// What the process tells of itself.
#[derive(Default, Deserialize)]
struct Tally {
    engine: String,
    cpu_s: f64,
    executions: u64,
    read: u64,
    refused: u64,
    slowest_s: f64,
    growth_bytes: u64,
}

impl Chunk {
    /// True for what counts towards the time that is asked for: not what ran on another engine
    /// than the one that is guided by coverage, nor what is gone through once.
    pub fn counts(&self) -> bool {
        self.engine.starts_with("libfuzzer")
    }

    /// Runs the next chunk of a target. The first three go through every cut and flip, every
    /// number that lies and every line again and again; then two on bytes and one on edits take
    /// turns.
    pub fn run(state: &Path, target: &str, before: &[&Chunk]) -> Result<Self, Failure> {
        let had = |engine: &str| before.iter().any(|c| c.engine == engine);
        let guided = before.iter().filter(|c| c.counts()).count();
        let job = match () {
            () if !had("sweep") => "sweep",
            () if !had("lies") => "lies",
            () if !had("swell") => "swell",
            () if guided % 3 == 2 => "edits",
            () => "bytes",
        };
        let corpus = state.join("corpus").join(format!("{target}-{job}"));
        let crashes = state.join("crashes");
        std::fs::create_dir_all(&crashes)?;
        let fresh = !corpus.exists();
        std::fs::create_dir_all(&corpus)?;
        if fresh && job == "bytes" {
            self::job(state, "seeds", target, &corpus, None)?;
        }
        let out = state.join("logs").join(format!("{target}.json"));
        let _ = std::fs::remove_file(&out);
        let engine = format!(
            "-max_total_time={CHUNK_S} -timeout={HANG_S} -max_len={LONGEST} -rss_limit_mb=1024 \
             -print_final_stats=1 -artifact_prefix={}/{target}-{job}- {}",
            crashes.display(),
            corpus.display()
        );
        let status = self::job(state, job, target, &out, Some(&engine))?;
        let tally: Tally = match std::fs::read_to_string(&out) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(_) => Tally::default(),
        };
        let failure = match status.success() {
            true => None,
            false => {
                let log = crashes.join(format!("{target}-{job}-{}.log", before.len()));
                std::fs::copy(log_of(state, target, job), &log)?;
                Some(format!("{status}: {}", log.display()))
            }
        };
        Ok(Self {
            target: target.into(),
            engine: if tally.engine.is_empty() {
                job.into()
            } else {
                tally.engine
            },
            cpu_s: tally.cpu_s,
            executions: tally.executions,
            read: tally.read,
            refused: tally.refused,
            slowest_s: tally.slowest_s,
            growth_bytes: tally.growth_bytes,
            corpus: std::fs::read_dir(&corpus)?.count(),
            commit: std::fs::read_to_string(state.join("commit"))?.trim().into(),
            failure,
        })
    }
}

/// Where what the fuzz binary says of a target goes.
fn log_of(state: &Path, target: &str, job: &str) -> PathBuf {
    state.join("logs").join(format!("{target}-{job}.log"))
}

/// Runs a job of the fuzz binary to its end; its output goes to a file of the state.
pub fn job(
    state: &Path,
    job: &str,
    target: &str,
    out: &Path,
    engine: Option<&str>,
) -> Result<ExitStatus, Failure> {
    let binary: PathBuf = std::path::absolute(state.join("fuzz"))?;
    std::fs::create_dir_all(state.join("logs"))?;
    let path = log_of(state, target, job);
    let log = File::create(&path)?;
    let mut command = Command::new(binary);
    command
        .args(["--exact", TEST, "--nocapture"])
        .env("ETALON_FUZZ", format!("{job}:{target}"))
        .env("ETALON_FUZZ_OUT", out)
        .stdout(log.try_clone()?)
        .stderr(log);
    if let Some(engine) = engine {
        command.env("BOLERO_LIBFUZZER_ARGS", engine);
    }
    let status = command.status()?;
    if engine.is_none() && !status.success() {
        return Err(format!("{job} of {target}: {status}; see {}", path.display()).into());
    }
    Ok(status)
}

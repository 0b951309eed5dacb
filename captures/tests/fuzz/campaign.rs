//! What one process of a campaign does; `captures/examples/fuzz_campaign.rs` starts them.
//!
//! The job is in the environment: `ETALON_FUZZ=JOB:TARGET`, and `ETALON_FUZZ_OUT` is where the
//! results go. `bytes` and `edits` are bolero's: by libFuzzer, guided by coverage, when they were
//! built for it (`captures/fuzz/campaign.sh`), else by bolero's random engine.

use crate::damage::damage;
use crate::judge::{Verdict, cpu_s, judge};
use crate::lies::lie;
use crate::seeds;
use crate::swell::swell;
use crate::targets::{TARGETS, Target, by_name};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest input that an engine makes.
const LONGEST: usize = 64 << 10;
/// Longest program of damage: a seed and a dozen steps.
const PROGRAM: usize = 98;
/// Processor seconds between two writings of the tally: an engine ends without a word.
const EVERY_S: f64 = 0.25;
/// Bytes from the beginning that a sweep changes and cuts at.
const HEADER: usize = 2048;

/// Most cuts and flips, and most lies, of a target: every one, unless its seeds are many.
const SWEEP: usize = 250_000;
const LIES: usize = 400_000;

/// What a process came to so far.
struct Tally {
    out: PathBuf,
    engine: &'static str,
    start_s: f64,
    written_s: f64,
    executions: u64,
    read: u64,
    slowest_s: f64,
    growth: usize,
}

impl Tally {
    fn new(out: &Path, engine: &'static str) -> Self {
        let now = cpu_s();
        Self {
            out: out.to_path_buf(),
            engine,
            start_s: now,
            written_s: now,
            executions: 0,
            read: 0,
            slowest_s: 0.0,
            growth: 0,
        }
    }

    fn add(&mut self, verdict: Verdict) {
        self.executions += 1;
        self.read += u64::from(verdict.read);
        self.slowest_s = self.slowest_s.max(verdict.cpu_s);
        self.growth = self.growth.max(verdict.growth);
        if cpu_s() - self.written_s > EVERY_S {
            self.write();
        }
    }

    fn write(&mut self) {
        self.written_s = cpu_s();
        let told = json!({
            "engine": self.engine,
            "cpu_s": self.written_s - self.start_s,
            "executions": self.executions,
            "read": self.read,
            "refused": self.executions - self.read,
            "slowest_s": self.slowest_s,
            "growth_bytes": self.growth,
        });
        // Whole or not at all: the process may end at any time.
        let fresh = self.out.with_extension("new");
        std::fs::write(&fresh, told.to_string()).unwrap();
        std::fs::rename(&fresh, &self.out).unwrap();
    }
}

/// Cuts every seed at every byte of its header and flips every bit there; every so many bytes
/// where the seeds are very many.
fn sweep(target: &Target, folder: &Path, tally: &mut Tally) {
    let mut trial = |input: &[u8]| tally.add(judge(target, folder, input));
    let seeds = seeds::of(target);
    let bytes: usize = seeds.iter().map(|seed| seed.len().min(HEADER)).sum();
    let step = (9 * bytes).div_ceil(SWEEP);
    for seed in &seeds {
        trial(seed);
        for at in (0..seed.len().min(HEADER)).step_by(step) {
            trial(&seed[..at]);
            for bit in 0..8 {
                let mut flipped = seed.clone();
                flipped[at] ^= 1 << bit;
                trial(&flipped);
            }
        }
        // Beyond the header, where samples are cut off.
        for part in 1..64 {
            trial(&seed[..seed.len() * part / 64]);
        }
    }
    tally.write();
}

/// Reads the job of the environment; `None` when there is none.
fn job() -> Option<(String, &'static Target, PathBuf)> {
    let told = std::env::var("ETALON_FUZZ").ok()?;
    let out = PathBuf::from(std::env::var_os("ETALON_FUZZ_OUT").expect("ETALON_FUZZ_OUT"));
    let (job, target) = told.split_once(':').expect("ETALON_FUZZ is JOB:TARGET");
    Some((job.into(), by_name(target), out))
}

#[test]
fn prop_bolero_drives_what_the_environment_names() {
    let folder = tempfile::tempdir().unwrap();
    let Some((job, target, out)) = job() else {
        // Nothing asked for: a short run of bolero's own engine.
        let target = by_name("auto");
        let seeds = seeds::of(target);
        bolero::check!()
            .with_iterations(500)
            .with_max_len(64)
            .for_each(|program: &[u8]| {
                judge(target, folder.path(), &damage(&seeds, program));
            });
        return;
    };
    let engine = match (job.as_str(), cfg!(fuzzing_libfuzzer)) {
        ("sweep", _) => "sweep",
        ("lies", _) => "lies",
        ("swell", _) => "swell",
        ("bytes", true) => "libfuzzer, bytes",
        ("edits", true) => "libfuzzer, edits",
        ("bytes", false) => "random, bytes",
        _ => "random, edits",
    };
    let folder = folder.path();
    let mut tally = Tally::new(&out, engine);
    match job.as_str() {
        "targets" => {
            let line = |t: &Target| {
                let seeds = seeds::of(t).len();
                json!({"target": t.name, "minutes": t.minutes, "seeds": seeds}).to_string()
            };
            std::fs::write(out, TARGETS.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
        }
        "seeds" => {
            for (k, seed) in seeds::of(target).iter().enumerate() {
                std::fs::write(out.join(format!("seed-{k:03}")), seed).unwrap();
            }
        }
        "replay" => {
            let input = std::fs::read(&out).unwrap();
            println!("{:?}", judge(target, folder, &input));
        }
        "damaged" => {
            let program = std::fs::read(&out).unwrap();
            std::fs::write(
                out.with_extension("file"),
                damage(&seeds::of(target), &program),
            )
            .unwrap();
        }
        "sweep" => sweep(target, folder, &mut tally),
        "lies" => {
            lie(target, folder, LIES, |verdict| tally.add(verdict));
            tally.write();
        }
        "swell" => {
            swell(target, folder, 1000, |verdict| tally.add(verdict));
            tally.write();
        }
        // What fails is kept as it is: shrunk inputs would count as judged.
        "bytes" => bolero::check!()
            .with_shrink_time(Duration::ZERO)
            .with_max_len(LONGEST)
            .for_each(|input: &[u8]| tally.add(judge(target, folder, input))),
        "edits" => {
            let seeds = seeds::of(target);
            bolero::check!()
                .with_shrink_time(Duration::ZERO)
                .with_max_len(PROGRAM)
                .for_each(|program: &[u8]| {
                    tally.add(judge(target, folder, &damage(&seeds, program)));
                });
        }
        other => panic!("{other} is no job"),
    }
}

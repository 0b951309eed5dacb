//! The record of a campaign: a summary, then one line a target.

use crate::chunk::Chunk;
use crate::{Failure, chunks, targets};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Writes the record; true when every target has its time and nothing failed.
pub fn finish(state: &Path, out: &Path) -> Result<bool, Failure> {
    let done = chunks(state)?;
    let mut lines = Vec::new();
    let (mut whole, mut failures) = (true, 0);
    for target in targets(state)? {
        let own: Vec<&Chunk> = done.iter().filter(|c| c.target == target.target).collect();
        let sum = |f: fn(&Chunk) -> u64| own.iter().map(|c| f(c)).sum::<u64>();
        let most = |f: fn(&Chunk) -> f64| own.iter().map(|c| f(c)).fold(0.0, f64::max);
        let guided: f64 = own.iter().filter(|c| c.counts()).map(|c| c.cpu_s).sum();
        // What failed at a commit that later chunks repaired is history, and told apart.
        let commits: BTreeSet<&str> = own.iter().map(|c| c.commit.as_str()).collect();
        let last = own.last().map_or("", |c| c.commit.as_str());
        let failed = own.iter().filter(|c| c.failure.is_some());
        let (now, repaired): (Vec<&&Chunk>, Vec<_>) = failed.partition(|c| c.commit == last);
        let mut engines: BTreeMap<&str, (f64, u64)> = BTreeMap::new();
        for chunk in &own {
            let entry = engines.entry(&chunk.engine).or_default();
            entry.0 += chunk.cpu_s;
            entry.1 += chunk.executions;
        }
        let engines: BTreeMap<_, _> = engines
            .into_iter()
            .map(|(name, (cpu_s, executions))| {
                (
                    name,
                    json!({"cpu_s": cpu_s.round(), "executions": executions}),
                )
            })
            .collect();
        let corpus = own.iter().rev().find(|c| c.engine == "libfuzzer, bytes");
        whole &= guided >= 60.0 * target.minutes as f64;
        failures += now.len();
        lines.push(json!({
            "target": target.target,
            "required_cpu_s": 60 * target.minutes,
            "guided_cpu_s": guided.round(),
            "executions": sum(|c| c.executions),
            "read": sum(|c| c.read),
            "refused": sum(|c| c.refused),
            "engines": engines,
            "seeds": target.seeds,
            "corpus": corpus.map_or(0, |c| c.corpus),
            "slowest_cpu_s": most(|c| c.slowest_s),
            "largest_growth_mib": most(|c| c.growth_bytes as f64) / f64::from(1 << 20),
            "failures": now.len(),
            "failures_repaired": repaired.len(),
            "commits": commits,
        }));
    }
    let summary = json!({
        "schema": "etalon.study-fuzz/1",
        "version": env!("CARGO_PKG_VERSION"),
        "cpu": cpu(),
        "limits": {"cpu_s": 1.0, "growth_mib_beside_the_file": 64, "longest_input_kib": 64},
        "whole": whole,
        "failures": failures,
        "guided_cpu_s": done.iter().filter(|c| c.counts()).map(|c| c.cpu_s).sum::<f64>().round(),
        "executions": done.iter().map(|c| c.executions).sum::<u64>(),
    });
    let text: Vec<String> = [summary]
        .iter()
        .chain(&lines)
        .map(|l| l.to_string())
        .collect();
    std::fs::write(out, text.join("\n") + "\n")?;
    Ok(whole && failures == 0)
}

/// Model name of the processor, where the system tells it.
fn cpu() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    told.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(|| std::env::consts::ARCH.into(), |(_, name)| name.into())
}

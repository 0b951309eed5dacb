//! The kernels of `dsp/src/kernels` at the best level, at AVX2, and as their scalar oracles.
//!
//! ```sh
//! cargo bench --bench kernels            # all
//! cargo bench --bench kernels -- fir     # those whose name contains it
//! ```
//!
//! Criterion times each of them; at the end a table gives every level as a multiple of its
//! oracle, timed in turn in this run, because rates of different runs on a shared machine do not
//! compare. The cases are those of `dsp/tests/throughput_cliff.rs`. Rates against other tools are
//! the peers' (`dsp/examples/peers`), kept in `records/`.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use etalon_dsp::kernels::{Level, level_name, levels};

#[path = "../dsp/tests/throughput_cliff/cases.rs"]
mod cases;
use cases::cases;

/// The best level, AVX2 where that is another one, and the oracle.
fn ways() -> Vec<(&'static str, Option<Level>)> {
    let named = levels().into_iter().map(|level| (level_name(level), level));
    let levels = named
        .enumerate()
        .filter(|&(i, (name, _))| i == 0 || name == "avx2");
    levels
        .map(|(_, (name, level))| (name, Some(level)))
        .chain([("oracle", None)])
        .collect()
}

fn time(criterion: &mut Criterion) {
    for mut case in cases() {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(case.elements as u64));
        for (name, level) in ways() {
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| (case.run)(level));
            });
        }
        group.finish();
    }
}

/// Fastest of several runs of every way, taken in turn; printed as multiples of the oracle.
fn ratios(wanted: impl Fn(&str) -> bool) {
    println!(
        "\n{:28}{:>12}   times the oracle's rate",
        "kernel", "oracle, M/s"
    );
    for mut case in cases().into_iter().filter(|case| wanted(case.name)) {
        let all = ways();
        let mut best = vec![f64::INFINITY; all.len()];
        for _ in 0..15 {
            for ((_, level), best) in all.iter().zip(&mut best) {
                let start = Instant::now();
                (case.run)(*level);
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
        let oracle_s = best[all.len() - 1];
        let rate = case.elements as f64 / oracle_s / 1e6;
        print!("{:28}{rate:12.1}  ", case.name);
        for ((name, _), seconds) in all.iter().zip(&best).take(all.len() - 1) {
            print!(" {name} {:.1}", oracle_s / seconds);
        }
        println!(", a cliff below {}", case.floor);
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20)
        .configure_from_args();
    time(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` runs this file too, and only wants to see that it runs.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--bench") {
        let words: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
        ratios(|name| words.is_empty() || words.iter().any(|w| name.contains(w.as_str())));
    }
}

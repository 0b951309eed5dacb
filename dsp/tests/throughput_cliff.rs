//! Every kernel against its scalar oracle in one run, so that a cliff fails: a fused multiply-add
//! outside of a kernel is a library call and costs 40 to 80 times (`docs/why/kernels.md`), a
//! kernel that is not inlined into its instruction set costs about as much, and both give the
//! right numbers.
//!
//! The oracles run as the compiler vectorizes them for the baseline. Each rate is the best of
//! several short runs, kernel and oracle in turn, so that a busy machine disturbs both or neither;
//! a kernel fails when it is behind its floor in every one of several such measurements.

use std::time::Instant;

use etalon_dsp::kernels::{Level, level, level_name, levels};

#[path = "throughput_cliff/cases.rs"]
mod cases;
use cases::{Case, cases};

/// Runs of each; the fastest counts.
const REPEATS: usize = 7;
/// Measurements of a kernel that is behind.
const ATTEMPTS: usize = 6;

/// Seconds of the oracle and of the kernel.
fn seconds(case: &mut Case, level: Level) -> (f64, f64) {
    let mut timed = |level: Option<Level>| {
        let start = Instant::now();
        (case.run)(level);
        start.elapsed().as_secs_f64()
    };
    let (mut fast, mut slow) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..REPEATS {
        fast = fast.min(timed(Some(level)));
        slow = slow.min(timed(None));
    }
    (slow, fast)
}

#[test]
fn no_kernel_falls_off_a_cliff() {
    let judged: Vec<Level> = levels()
        .into_iter()
        .filter(|&level| matches!(level_name(level), "avx512" | "avx2"))
        .collect();
    if cfg!(debug_assertions) || judged.is_empty() {
        let name = level_name(level());
        println!("throughput is judged with --release and AVX2 or better, not here ({name})");
        return;
    }
    let mut behind = vec![];
    for mut case in cases() {
        for &level in &judged {
            let (mut best, mut rate) = (0.0f64, 0.0);
            for _ in 0..ATTEMPTS {
                let (oracle_s, kernel_s) = seconds(&mut case, level);
                best = best.max(oracle_s / kernel_s);
                rate = case.elements as f64 / kernel_s / 1e6;
                if best >= case.floor {
                    break;
                }
            }
            let line = format!(
                "{:28} {:7} {rate:8.0} M/s, {best:6.1} times its oracle, floor {}",
                case.name,
                level_name(level),
                case.floor
            );
            println!("{line}");
            if best < case.floor {
                behind.push(line);
            }
        }
    }
    assert!(behind.is_empty(), "{behind:#?}");
}

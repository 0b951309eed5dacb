//! Process CPU time and the pinned core.

/// Pins the process to core `PEERS_CPU`, or the last one.
#[cfg(target_os = "linux")]
pub fn pin() {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let core = std::env::var("PEERS_CPU")
        .ok()
        .and_then(|c| c.parse().ok())
        .unwrap_or(cores - 1);
    let mut set = CpuSet::new();
    set.set(core);
    if let Err(problem) = sched_setaffinity(None, &set) {
        eprintln!("not pinned to core {core}: {problem}");
    }
}

/// Returns the seconds of CPU time that this process has used.
#[cfg(target_os = "linux")]
pub fn now_s() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let t = clock_gettime(ClockId::ProcessCPUTime);
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}

/// Pins nothing: only Linux is asked.
#[cfg(not(target_os = "linux"))]
pub fn pin() {}

/// Returns the seconds since the first call: wall time stands in for CPU time here.
#[cfg(not(target_os = "linux"))]
pub fn now_s() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

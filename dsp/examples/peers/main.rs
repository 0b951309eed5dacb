//! Etalon's lines in the peers' table.
//!
//! ```sh
//! PEERS_DATA=path/to/data cargo run --release --example peers
//! ```
//!
//! Reads the raw files that `../shared/peers/workload.py` makes and prints one JSON line a kernel
//! and instruction set, in the kit's form: million symbols a second of **process CPU time** on
//! one pinned core, median of several runs, and the error ratio over symbols 65,536 to N - 64. A
//! rate whose error ratio is above the kit's reference by more than 5 % does not count.
//!
//! `PEERS_KERNELS=lms21,mlse4` runs only kernels whose name begins so; `PEERS_CPU=1` pins to
//! another core than the last one.

mod adaptive;
mod alignment;
mod clock;
mod decision_feedback;
mod density;
mod ffe;
mod kp4;
mod limits;
mod mlse;
mod receiver;
mod report;
mod timing;
#[allow(
    dead_code,
    reason = "every family of kernels reads a part of the files"
)]
mod workload;

use report::Report;
use workload::Workload;

fn main() {
    clock::pin();
    let workload = match Workload::read() {
        Ok(workload) => workload,
        Err(problem) => {
            eprintln!("{problem}");
            eprintln!("hint: PEERS_DATA=data python3 ../shared/peers/workload.py makes the files");
            std::process::exit(3);
        }
    };
    let report = Report::new();
    let limits = limits::Limits::default();
    limits.print(&report);
    ffe::lines(&workload, &limits, &report);
    density::lines(&workload, &limits, &report);
    alignment::lines(&workload, &limits, &report);
    timing::lines(&workload, &report);
    adaptive::lines(&workload, &report);
    kp4::lines(&workload, &report);
    mlse::lines(&workload, &report);
    receiver::lines(&workload, &report);
    decision_feedback::lines(&workload, &report);
}

//! Times the readers: file to blocks of `f32`, as the pipeline takes them.
//!
//! ```sh
//! cargo run --release -p etalon-captures --example readers -- FILE...
//! ```
//!
//! Each file is opened and read to its end again and again for half a second, into one buffer
//! that stays in the second-level cache. One line of JSON a file says what the fastest and the
//! middle run took; rates are bytes of file a second of processor time, the system's part
//! included, from a warm page cache, so that a busy machine shows in `wall_s` alone. A run is as
//! many passes as take a millisecond, because the clock of processor time is coarse.
//! `FORMAT:FILE` names the format of files that do not tell it (`raw-i8:x.bin`).

use etalon_captures::{Format, OpenOptions, open};
use etalon_types::WaveformSource;
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;
use std::time::{Duration, Instant};

/// Samples of a block: 256 KiB as `f32`.
const BLOCK: usize = 65_536;
const LEAST_RUNS: usize = 3;
const LEAST_TIME: Duration = Duration::from_millis(500);
const LEAST_RUN: Duration = Duration::from_millis(1);
/// Passes of a run.
const MOST_PASSES: u32 = 1000;

/// Opens a file and reads every sample of every trace; returns how many there were, and a sum
/// that keeps the work from being left out.
fn pass(
    path: &Path,
    hints: &OpenOptions,
    block: &mut [f32],
) -> Result<(u64, f32, &'static str), Box<dyn std::error::Error>> {
    let capture = open(path, hints)?;
    let (mut samples, mut ends) = (0, 0.0);
    for trace in &capture.traces {
        let mut first = 0;
        loop {
            let got = trace.read_f32_at(first, block)?;
            let Some(last) = block[..got].last() else {
                break;
            };
            ends += last;
            first += got as u64;
        }
        samples += first;
    }
    Ok((samples, ends, capture.format))
}

/// Processor time of this process so far.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time(word: &str) -> Result<(), Box<dyn std::error::Error>> {
    let named = word
        .split_once(':')
        .and_then(|(name, file)| Some((name.parse().ok()?, file)));
    let (format, file) = named.unwrap_or((Format::Auto, word));
    let hints = OpenOptions {
        format,
        ..OpenOptions::default()
    };
    let path = Path::new(file);
    let bytes = std::fs::metadata(path)?.len();
    let mut block = vec![0.0; BLOCK];
    let (samples, ends, format) = pass(path, &hints, &mut block)?;
    let begun = Instant::now();
    pass(path, &hints, &mut block)?;
    let once = begun.elapsed().as_secs_f64();
    let passes = (LEAST_RUN.as_secs_f64() / once).ceil();
    let passes = (passes as u32).clamp(1, MOST_PASSES);
    let begun = Instant::now();
    let (mut seconds, mut fastest) = (Vec::new(), Duration::MAX);
    while seconds.len() < LEAST_RUNS || begun.elapsed() < LEAST_TIME {
        let (start, wall) = (processor(), Instant::now());
        for _ in 0..passes {
            let (again, same, _) = pass(path, &hints, &mut block)?;
            if again != samples || same.to_bits() != ends.to_bits() {
                return Err("two passes gave different samples".into());
            }
        }
        seconds.push(((processor() - start) / passes).as_secs_f64());
        fastest = fastest.min(wall.elapsed() / passes);
    }
    seconds.sort_by(f64::total_cmp);
    let rate = |seconds: f64| bytes as f64 / seconds / 1e6;
    println!(
        "{{\"reader\":\"etalon\",\"format\":\"{format}\",\"file\":{:?},\"bytes\":{bytes},\
         \"samples\":{samples},\"best_s\":{:.9},\"wall_s\":{:.9},\"best_mb_s\":{:.1},\
         \"median_mb_s\":{:.1},\"runs\":{},\"passes\":{passes}}}",
        path.file_name().unwrap_or_default().to_string_lossy(),
        seconds[0],
        fastest.as_secs_f64(),
        rate(seconds[0]),
        rate(seconds[seconds.len() / 2]),
        seconds.len(),
    );
    Ok(())
}

fn main() -> std::process::ExitCode {
    let mut code = std::process::ExitCode::SUCCESS;
    for word in std::env::args().skip(1) {
        if let Err(error) = time(&word) {
            eprintln!("{word}: {error}");
            code = std::process::ExitCode::FAILURE;
        }
    }
    code
}

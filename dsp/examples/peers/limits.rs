//! What this core can do at all, measured in the same process: multiplier rate, its latency, read
//! bandwidth. The rows state their rate as a share of the limit that follows.

use std::cell::RefCell;
use std::hint::black_box;

use etalon_dsp::kernels;
use fearless_simd::{Level, Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

use crate::clock::now_s;
use crate::report::Report;

/// Sizes that are read, with the kit's names.
const READS: [(usize, &str); 5] = [
    (32 << 10, "read_32KiB_L1"),
    (1 << 20, "read_1MiB_L2"),
    (8 << 20, "read_8MiB_L3"),
    (64 << 20, "read_64MiB_L3"),
    (512 << 20, "read_512MiB_DRAM"),
];
/// Repetitions; the best one counts, because a limit is what nothing disturbed.
const REPEATS: usize = 15;
/// Multiply-adds in one chain of the rate measurement.
const CHAIN: usize = 1 << 16;

/// The limits, each measured when first asked for.
#[derive(Default)]
pub struct Limits {
    multiply: RefCell<Vec<(&'static str, f64)>>,
    read: RefCell<Vec<(usize, f64)>>,
    count: RefCell<Vec<((), f64)>>,
}

/// A rate that cannot be passed, and why.
pub struct Limit {
    /// Units of the row a second, in units of 1e6.
    pub rate: f64,
    /// The smaller of which two, for the note.
    pub why: String,
}

impl Limits {
    /// Returns the f32 multiply-adds a second at a level, in units of 1e9.
    pub fn multiply_gfma(&self, level: Level) -> f64 {
        let name = kernels::level_name(level);
        cached(&self.multiply, name, || {
            let (seconds, lanes) = best(|| dispatch!(level, simd => multiply(simd, CHAIN)));
            (CHAIN * 12 * lanes) as f64 / seconds / 1e9
        })
    }

    /// Returns the bytes a second that a loop over `bytes` bytes reads again and again, in units
    /// of 1e9.
    pub fn read_gb(&self, bytes: usize) -> f64 {
        cached(&self.read, bytes, || {
            let data = vec![1.0f32; bytes / 4];
            let passes = ((64 << 20) / bytes).max(1);
            let level = kernels::level();
            let (seconds, _) = best(|| {
                let mut sum = 0.0;
                for _ in 0..passes {
                    sum += dispatch!(level, simd => read(simd, black_box(&data)));
                }
                sum
            });
            (passes * bytes) as f64 / seconds / 1e9
        })
    }

    /// Returns the load-add-stores a second, in units of 1e9: cells of 16 bits in the first-level
    /// cache whose numbers are known, and none hit again before its store is done.
    pub fn count_gs(&self) -> f64 {
        const CELLS: u32 = 8192;
        cached(&self.count, (), || {
            // 31 and the number of cells have no common factor: every cell in turn. Two numbers
            // share a word, as in the kernel.
            let cell = |i: u32| 31 * i % CELLS;
            let words: Vec<u32> = (0..CELLS / 2)
                .map(|i| cell(2 * i) | cell(2 * i + 1) << 16)
                .collect();
            let mut counts = Box::new([0u16; 1 << 16]);
            let passes = 64;
            let (seconds, ()) = best(|| {
                for _ in 0..passes {
                    for &word in black_box(&words) {
                        let (a, b) = (usize::from(word as u16), (word >> 16) as usize);
                        counts[a] = counts[a].wrapping_add(1);
                        counts[b] = counts[b].wrapping_add(1);
                    }
                }
                black_box(&mut counts);
            });
            f64::from(passes * CELLS) / seconds / 1e9
        })
    }

    /// Returns the limit of a kernel that needs `multiplies` multiply-adds and moves
    /// `bytes_moved` bytes for each of `n` units of work.
    pub fn of(&self, level: Level, n: usize, multiplies: f64, bytes_moved: f64) -> Limit {
        let compute = 1e3 * self.multiply_gfma(level) / multiplies;
        let bytes = ((n as f64 * bytes_moved) as usize).next_multiple_of(4096);
        let memory = 1e3 * self.read_gb(bytes) / bytes_moved;
        let which = if compute < memory { "FMA" } else { "read" };
        Limit {
            rate: compute.min(memory),
            why: format!("limit by {which} (FMA {compute:.0}, read {memory:.0})"),
        }
    }

    /// Prints the kit's limit lines.
    pub fn print(&self, report: &Report) {
        for level in kernels::levels() {
            let kernel = format!("fma_{}", kernels::level_name(level));
            report.limit(&kernel, "GFMA/s", || self.multiply_gfma(level));
        }
        report.limit("fma_latency", "ns", || {
            let level = kernels::level();
            let (seconds, _) = best(|| dispatch!(level, simd => latency(simd, CHAIN)));
            1e9 * seconds / CHAIN as f64
        });
        report.limit("load_add_store", "Gop/s", || self.count_gs());
        for (bytes, kernel) in READS {
            report.limit(kernel, "GB/s", || self.read_gb(bytes));
        }
    }
}

fn cached<K: PartialEq + Copy>(
    cache: &RefCell<Vec<(K, f64)>>,
    key: K,
    measure: impl FnOnce() -> f64,
) -> f64 {
    if let Some(&(_, rate)) = cache.borrow().iter().find(|(k, _)| *k == key) {
        return rate;
    }
    let rate = measure();
    cache.borrow_mut().push((key, rate));
    rate
}

/// Returns the seconds of the fastest of several runs, and what the last one returned.
fn best<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut result = run();
    let mut seconds = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = now_s();
        result = black_box(run());
        seconds = seconds.min(now_s() - start);
    }
    (seconds, result)
}

/// Twelve independent chains hide the latency at two multiplications a cycle.
#[simd]
fn multiply<S: Simd>(simd: S, count: usize) -> usize {
    let factor = S::f32s::splat(simd, black_box(0.999));
    let term = S::f32s::splat(simd, black_box(1e-6));
    let mut sums: [S::f32s; 12] = std::array::from_fn(
        #[inline(always)]
        |i| S::f32s::splat(simd, i as f32),
    );
    for _ in 0..count {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    black_box(sums);
    S::f32s::LEN
}

/// One chain: every multiplication waits for the one before.
#[simd]
fn latency<S: Simd>(simd: S, count: usize) -> usize {
    let factor = S::f32s::splat(simd, black_box(0.999));
    let term = S::f32s::splat(simd, black_box(1e-6));
    let mut sum = S::f32s::splat(simd, 1.0);
    for _ in 0..count {
        sum = sum.mul_add(factor, term);
    }
    black_box(sum);
    S::f32s::LEN
}

/// Reads everything once; the sums keep the loads alive.
#[simd]
fn read<S: Simd>(simd: S, data: &[f32]) -> f32 {
    let lanes = S::f32s::LEN;
    let mut sums = [S::f32s::splat(simd, 0.0); 8];
    for x in data.chunks_exact(8 * lanes) {
        for (sum, x) in sums.iter_mut().zip(x.chunks_exact(lanes)) {
            *sum += S::f32s::from_slice(simd, x);
        }
    }
    sums.into_iter()
        .fold(0.0, |acc, s| acc + s.as_slice().iter().sum::<f32>())
}

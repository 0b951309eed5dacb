//! File to the pipeline's blocks: every format that can be made here, warm cache, one core.
//!
//! ```sh
//! cargo bench --bench captures            # all
//! cargo bench --bench captures -- csv     # those whose name contains it
//! ```
//!
//! A case opens its file and reads every sample as `f32` into one buffer that stays in the
//! second-level cache. Rates are bytes of file. Other readers on the same files are timed by
//! `benches/readers.sh`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, Throughput};
use etalon_captures::{Format, OpenOptions, TrcWidth, WriteOptions, open, write, write_with};
use etalon_types::{Samples, Waveform, WaveformInfo, WaveformSource};

/// Samples of a file, and of a block of 256 KiB.
const SAMPLES: usize = 1 << 22;
const BLOCK: usize = 65_536;

/// Words that no predictor learns.
/// Writes the line of a word.
type Line = fn(u16) -> String;

fn words() -> impl Iterator<Item = u16> {
    let step = |x: &u64| Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1_u64), step).map(|x| (x >> 48) as u16)
}

fn integers(scale: f64) -> Waveform {
    let samples: Vec<i16> = words().take(SAMPLES).map(u16::cast_signed).collect();
    let plain = Waveform::from_f32(vec![0.0], 25e-12, "V");
    let info = WaveformInfo {
        scale,
        ..plain.info().clone()
    };
    Waveform::new(info, Samples::I16(samples))
}

/// The files of all cases: name, path, format to open it as.
fn files(folder: &Path) -> Vec<(String, PathBuf, Format)> {
    let wave = integers(1e-4);
    let mut files = Vec::new();
    let bytes: Vec<u8> = words()
        .flat_map(u16::to_le_bytes)
        .take(2 * SAMPLES)
        .collect();
    for name in ["raw-i8", "raw-u8", "raw-i16", "raw-i16-be", "raw-f32"] {
        let path = folder.join(name);
        fs::write(&path, &bytes).expect("the temporary folder takes files");
        let format = name.parse().expect("a format of this name");
        files.push((name.to_owned(), path, format));
    }
    for name in [
        "trc",
        "tek-isf",
        "keysight-bin",
        "npy",
        "sigmf",
        "mat",
        "csv",
    ] {
        let path = folder.join(format!("{name}.sigmf-meta"));
        let format: Format = name.parse().expect("a format of this name");
        write(&path, format, &[&wave]).expect("a trace that this format holds");
        files.push((name.to_owned(), path, Format::Auto));
    }
    let rows: [(&str, Line); 2] = [
        ("csv-counts", |word| format!("{}\n", word >> 8)),
        ("csv-digits", |word| {
            format!("{:?}\n", f64::from(word).sqrt())
        }),
    ];
    for (name, row) in rows {
        let path = folder.join(name);
        let text: String = words().take(SAMPLES).map(row).collect();
        fs::write(&path, text).expect("the temporary folder takes files");
        files.push((name.to_owned(), path, Format::Auto));
    }
    let path = folder.join("narrow.trc");
    let options = WriteOptions {
        trc_width: TrcWidth::Byte,
    };
    write_with(&path, Format::Trc, &[&wave], options).expect("a trace that this format holds");
    files.push(("trc-i8".to_owned(), path, Format::Auto));
    files
}

/// Reads a file to its end; returns a sum that keeps the work from being left out.
fn read(path: &Path, format: Format, block: &mut [f32]) -> f32 {
    let hints = OpenOptions {
        format,
        ..OpenOptions::default()
    };
    let capture = open(path, &hints).expect("a file that was made to be read");
    let mut sum = 0.0;
    for trace in &capture.traces {
        let mut first = 0;
        while let Some(last) = {
            let got = trace.read_f32_at(first, block).expect("samples to the end");
            first += got as u64;
            block[..got].last()
        } {
            sum += last;
        }
    }
    sum
}

fn size(path: &Path) -> u64 {
    let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    // SigMF keeps its samples beside the description.
    length(path) + length(&path.with_extension("sigmf-data"))
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(10)
        .configure_from_args();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut block = vec![0.0; BLOCK];
    let mut group = criterion.benchmark_group("read");
    for (name, path, format) in files(folder.path()) {
        group.throughput(Throughput::Bytes(size(&path)));
        group.bench_function(name, |b| b.iter(|| read(&path, format, &mut block)));
    }
    group.finish();
    criterion.final_summary();
}

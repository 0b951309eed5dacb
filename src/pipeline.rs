//! One analysis: a source of samples, the receiver and the classifier, joined.
//!
//! [`analyze_trace`] reads a trace, runs [`etalon_dsp::receive`] on it, fills in what the pure
//! rooms cannot know (path, hash, version, clock) and has the report classified. It is the same
//! for a file, a live read-out and a simulation. A trace that is too long for memory is analyzed
//! block by block, and the reports are pooled ([`analyze_in_blocks`]).

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Instant;

use etalon_dsp::{Observer, ReceiveOptions, Traces};
use etalon_types::report::{Input, Provenance, QualityFlag};
use etalon_types::{Figure, LinkReport, ReadError, WaveformSource};
use sha2::{Digest as _, Sha256};

use crate::inventory::Inventory;

mod config;
mod long;
mod pool;
mod stopwatch;

pub use config::config_sha256;
pub use pool::{IN_SOME, POOLED};
use stopwatch::Stopwatch;

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The samples behind an accepted trace could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The receiver could not start.
    #[error(transparent)]
    Receive(#[from] etalon_dsp::Error),
}

/// What the samples are called in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Path as it was given, or a name for samples that have no file.
    pub path: String,
    /// SHA-256 of the file, hexadecimal; empty without a file.
    pub sha256: String,
    /// Seed, when the samples were drawn.
    pub seed: Option<u64>,
}

impl Identity {
    /// Names samples that have no file.
    pub fn memory(name: &str) -> Self {
        Self {
            path: name.to_owned(),
            sha256: String::new(),
            seed: None,
        }
    }

    /// Names a file and hashes its content.
    ///
    /// # Errors
    /// Whatever reading the file says.
    pub fn file(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.display().to_string(),
            sha256: file_sha256(path)?,
            seed: None,
        })
    }
}

/// A report and the curves behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The figures.
    pub report: LinkReport,
    /// The curves.
    pub traces: Traces,
    /// Unit of the samples: `W`, `V`, or empty when the source does not say.
    pub unit: String,
}

impl Analysis {
    /// Names the pairs of connectors that fit each path.
    pub fn name_paths(&mut self, inventory: &Inventory) {
        inventory.name_paths(&mut self.report.mpi_paths, self.report.link.baud_hz);
    }
}

/// How long a trace may be before it is cut, and into what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockLength {
    /// Traces of more than 2^23 samples are cut into blocks of at most 2^21.
    #[default]
    Auto,
    /// Traces of more than so many samples are cut into blocks of at most as many.
    Samples(NonZeroU64),
}

/// Analyzes one trace; a long one block by block, see [`BlockLength::Auto`].
///
/// What the source warns of becomes a quality flag `capture`. Apart from the timing, the report
/// depends on the samples and options alone.
///
/// # Errors
/// [`Error::Read`] when samples cannot be read, [`Error::Receive`] when the options make no
/// sense for this trace. Trouble within the samples is a quality flag of the report.
pub fn analyze_trace(
    source: &dyn WaveformSource,
    options: &ReceiveOptions,
    identity: &Identity,
) -> Result<Analysis, Error> {
    analyze_in_blocks(source, options, identity, BlockLength::Auto)
}

/// Analyzes one trace, with a say in when it is cut into blocks.
///
/// The report of a trace that was cut has the flag [`POOLED`]: counts are added up over the
/// blocks, other figures are means with an interval from their scatter, what half of the blocks
/// could not measure is not measurable, and the curves are those of the first good block. What
/// fewer than half of the blocks are flagged for has the flag [`IN_SOME`].
///
/// # Errors
/// As [`analyze_trace`].
pub fn analyze_in_blocks(
    source: &dyn WaveformSource,
    options: &ReceiveOptions,
    identity: &Identity,
    length: BlockLength,
) -> Result<Analysis, Error> {
    let info = source.info();
    let interval_s = info
        .sample_interval_s
        .ok_or(etalon_dsp::Error::NoSampleRate)?;
    let mut watch = Stopwatch::start(Instant::now());
    let (mut report, traces, count) = match long::cut(info.samples, length) {
        Some(blocks) => {
            watch.stage("blocks");
            let (report, traces) = long::receive(source, interval_s, options, &blocks)?;
            (report, traces, info.samples)
        }
        None => {
            watch.stage("read");
            let samples = source.read_all_f32()?;
            let count = samples.len() as u64;
            let reception = etalon_dsp::receive(samples, interval_s, options, &mut watch)?;
            (reception.report, reception.traces, count)
        }
    };
    report.input = Input {
        path: identity.path.clone(),
        sha256: identity.sha256.clone(),
        format: info.format.clone(),
        channel: info.channel.clone(),
        segment: info.segment,
        samples: count,
        sample_interval_s: interval_s,
        t0_s: info.t0_s,
    };
    name_unit(&mut report, &info.unit);
    let warnings = info.warnings.iter().map(|warning| QualityFlag {
        flag: "capture".to_owned(),
        detail: warning.clone(),
    });
    report.quality.extend(warnings);
    report.classification = Some(etalon_diagnosis::link::classify(&report));
    // What the blocks took side by side is more than the clock says: theirs stay by name.
    report.timing_s.extend(watch.finish());
    report.provenance = provenance(options, identity.seed);
    Ok(Analysis {
        report,
        traces,
        unit: info.unit.clone(),
    })
}

/// The receiver knows no unit and says `sample`; the source may know better.
fn name_unit(report: &mut LinkReport, unit: &str) {
    let transmitter = report.transmitter.as_mut();
    let figures = [
        Some(&mut report.estimates.oma_outer),
        transmitter.map(|t| &mut t.power_excursion),
    ];
    for figure in figures.into_iter().flatten() {
        if let Figure::Estimate(estimate) = figure
            && estimate.unit == "sample"
            && !unit.is_empty()
        {
            unit.clone_into(&mut estimate.unit);
        }
    }
}

/// Says which program, options and machine made a result.
pub fn provenance(options: &ReceiveOptions, seed: Option<u64>) -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: option_env!("ETALON_GIT").unwrap_or("unknown").to_owned(),
        config_sha256: config_sha256(options),
        seed,
        cpu_features: cpu_features(),
        threads: rayon::current_num_threads(),
    }
}

/// Instruction sets that this machine has and that kernels dispatch on at run time.
fn cpu_features() -> Vec<String> {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("sse4.1", std::arch::is_x86_feature_detected!("sse4.1")),
        ("avx", std::arch::is_x86_feature_detected!("avx")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let found: [(&str, bool); 0] = [];
    found
        .into_iter()
        .filter(|(_, has)| *has)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Returns the SHA-256 of a file's content, hexadecimal, read by blocks.
///
/// # Errors
/// Whatever reading the file says.
pub fn file_sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(crate::store::Digest::finish(hash).to_string()),
            n => hash.update(&block[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_the_hash_of_a_file_is_that_of_fips_180() {
        // FIPS 180-4 example: SHA-256 of "abc".
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(
            file_sha256(&path).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}

//! Traces that are longer than memory should hold: block by block.
//!
//! A trace of more than [`WHOLE`] samples is cut into equal blocks of at most [`BLOCK`]. Each is
//! received like a capture of its own, with an equalizer of its own; `pool` makes one report of
//! theirs. Rate and modulation, where they are to be found, are found in the first good block and
//! told to the others. Where a block ends depends on the number of samples alone, so that the
//! report is the same for any number of threads.
//!
//! *Memory.* Receiving takes up to [`BYTES_PER_SAMPLE`] a sample, most of it in the search for
//! delayed copies. All blocks in flight share [`MEMORY`], in all traces of the process together;
//! a trace that finds nothing left still works on one block at a time.
//!
//! *What blocks cannot tell:* anything slower than a block, such as a phase that turns once in
//! many of them: a block finds it frozen, and so does the pooled report.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use etalon_dsp::{BaudChoice, ModulationChoice, Observer, ReceiveOptions, Traces};
use etalon_types::{LinkReport, ReadError, WaveformSource};

use super::pool::{is_good, pool};
use super::stopwatch::Stopwatch;
use super::{BlockLength, Error};

/// Samples up to which a trace is analyzed as a whole.
pub const WHOLE: u64 = 1 << 23;
/// Samples of a block.
const BLOCK: u64 = 1 << 21;
/// Memory that receiving a sample takes at most: 66 bytes were seen at two samples a symbol, and
/// what is kept a symbol counts twice at one sample a symbol.
const BYTES_PER_SAMPLE: u64 = 132;
/// Memory that all blocks in flight share, so that the whole process stays below 1 GiB.
const MEMORY: u64 = 832 << 20;

/// Memory of [`MEMORY`] that is taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Blocks that may be in flight; given back when dropped.
struct Share {
    blocks: usize,
    bytes: u64,
}

impl Share {
    /// Takes memory for up to `wanted` blocks, and for one in any case.
    fn take(wanted: usize, samples: u64) -> Self {
        let each = samples.saturating_mul(BYTES_PER_SAMPLE).max(1);
        let mut bytes = 0;
        // The closure never refuses.
        let _ = TAKEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
            let fit = (MEMORY.saturating_sub(taken) / each).clamp(1, wanted.max(1) as u64);
            bytes = fit * each;
            Some(taken.saturating_add(bytes))
        });
        Self {
            blocks: usize::try_from(bytes / each).unwrap_or(1),
            bytes,
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// Where the blocks of a trace lie; none when it is to be analyzed as a whole.
pub fn cut(samples: u64, length: BlockLength) -> Option<Vec<Range<u64>>> {
    let (whole, block) = match length {
        BlockLength::Auto => (WHOLE, BLOCK),
        BlockLength::Samples(block) => (block.get(), block.get()),
    };
    if samples <= whole {
        return None;
    }
    let count = samples.div_ceil(block);
    // Equal lengths but for one sample: then blocks weigh the same in a mean.
    let edge = |k: u64| (u128::from(samples) * u128::from(k) / u128::from(count)) as u64;
    Some((0..count).map(|k| edge(k)..edge(k + 1)).collect())
}

/// Receives every block and pools the reports; the traces are the first good block's.
pub fn receive(
    source: &dyn WaveformSource,
    interval_s: f64,
    options: &ReceiveOptions,
    blocks: &[Range<u64>],
) -> Result<(LinkReport, Traces), Error> {
    let mut reports = Vec::with_capacity(blocks.len());
    let mut shown: Option<(usize, Traces)> = None;
    let mut settled = options.clone();
    // One after the other, until one tells what the others are to be told.
    while let Some(block) = blocks.get(reports.len())
        && shown
            .as_ref()
            .is_none_or(|(first, _)| !is_good(&reports[*first]))
    {
        let samples = read(source, block)?;
        let (report, traces) = one(samples, interval_s, options)?;
        if shown.is_none() || is_good(&report) {
            settle(&mut settled, &report);
            shown = Some((reports.len(), traces));
        }
        reports.push(report);
    }
    // Nobody sees the curves of the others.
    settled.measures.eye = false;
    while let Some(rest) = blocks.get(reports.len()..).filter(|rest| !rest.is_empty()) {
        let longest = rest.iter().map(|r| r.end - r.start).max().unwrap_or(0);
        let share = Share::take(rest.len().min(rayon::current_num_threads()), longest);
        reports.extend(several(
            source,
            interval_s,
            &settled,
            &rest[..share.blocks],
        )?);
    }
    let (first, traces) = shown.unwrap_or_default();
    Ok((pool(&reports, first), traces))
}

/// Tells the other blocks what a good one found.
fn settle(options: &mut ReceiveOptions, report: &LinkReport) {
    if !is_good(report) {
        return;
    }
    if options.baud == BaudChoice::Auto {
        options.baud = BaudChoice::Is(report.link.baud_hz);
    }
    if options.modulation == ModulationChoice::Auto {
        options.modulation = ModulationChoice::Is(report.link.modulation);
    }
}

/// Receives blocks side by side: read in turn by this thread, which alone may use the source.
fn several(
    source: &dyn WaveformSource,
    interval_s: f64,
    options: &ReceiveOptions,
    blocks: &[Range<u64>],
) -> Result<Vec<LinkReport>, Error> {
    let mut outcomes: Vec<Option<Result<LinkReport, Error>>> = Vec::new();
    outcomes.resize_with(blocks.len(), || None);
    rayon::in_place_scope(|scope| -> Result<(), Error> {
        for (block, outcome) in blocks.iter().zip(&mut outcomes) {
            let samples = read(source, block)?;
            scope.spawn(move |_| {
                *outcome = Some(one(samples, interval_s, options).map(|(report, _)| report));
            });
        }
        Ok(())
    })?;
    outcomes.into_iter().flatten().collect()
}

/// Reads one block.
fn read(source: &dyn WaveformSource, block: &Range<u64>) -> Result<Vec<f32>, ReadError> {
    let wanted = usize::try_from(block.end - block.start).unwrap_or(usize::MAX);
    let mut samples = vec![0.0; wanted];
    let mut done = 0;
    while done < wanted {
        let first = block.start + done as u64;
        match source.read_f32_at(first, &mut samples[done..])? {
            0 => {
                return Err(ReadError {
                    first,
                    wanted: wanted - done,
                    reason: "the trace ends before the samples that it announced".into(),
                });
            }
            got => done += got,
        }
    }
    Ok(samples)
}

/// Receives one block.
fn one(
    samples: Vec<f32>,
    interval_s: f64,
    options: &ReceiveOptions,
) -> Result<(LinkReport, Traces), Error> {
    let mut watch = Stopwatch::start(Instant::now());
    let observer: &mut dyn Observer = &mut watch;
    let reception = etalon_dsp::receive(samples, interval_s, options, observer)?;
    let mut report = reception.report;
    report.timing_s = watch.finish();
    Ok((report, reception.traces))
}

#[cfg(test)]
mod tests;

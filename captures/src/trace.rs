//! One channel and segment of an opened capture.

use crate::bytes::Bytes;
pub(crate) use crate::cell::Cell;
use crate::cell::Value;
use crate::hdf5;
use crate::{ByteOrder, Error, OpenOptions};
use etalon_types::{ReadError, Samples, Storage, Waveform, WaveformInfo, WaveformSource};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

/// Where a trace's samples lie in a file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) bytes: Bytes,
    /// Byte of the first sample.
    pub(crate) first_byte: u64,
    /// Bytes from one sample to the next.
    pub(crate) stride: u64,
    pub(crate) cell: Cell,
    pub(crate) order: ByteOrder,
}

#[derive(Clone, Debug)]
enum Body {
    Stored(Stored),
    Woven(Vec<Stored>),
    Chunked(hdf5::Line),
    Memory(Arc<Waveform>),
}

/// Fits the second-level cache of anything that runs this, with its decoded block.
const BLOCK_BYTES: usize = 65_536;

thread_local! {
    /// Samples as the file has them. Kept, because clearing it costs as much as reading a header.
    static RAW: RefCell<Box<[u8; BLOCK_BYTES]>> = RefCell::new(Box::new([0; BLOCK_BYTES]));
}

/// One channel and segment of a capture; reads samples by blocks, in physical units.
///
/// Cloning is cheap, and several threads may read one trace at once.
#[derive(Clone, Debug)]
pub struct Trace {
    info: WaveformInfo,
    body: Body,
}

impl Trace {
    /// Joins a description with samples that stay in the file. The caller has checked that
    /// `info.samples` of them are there.
    pub(crate) fn stored(mut info: WaveformInfo, stored: Stored) -> Self {
        bounded(&mut info);
        info.storage = stored.cell.storage();
        Self {
            info,
            body: Body::Stored(stored),
        }
    }

    /// Joins a description with samples that take turns between equally long lanes, as where one
    /// channel uses the memory of two. The caller has checked that all of them are there.
    pub(crate) fn woven(mut info: WaveformInfo, mut lanes: Vec<Stored>) -> Self {
        if lanes.len() == 1 {
            return Self::stored(info, lanes.remove(0));
        }
        bounded(&mut info);
        info.storage = lanes[0].cell.storage();
        Self {
            info,
            body: Body::Woven(lanes),
        }
    }

    /// Joins a description with samples in the chunks of an HDF5 file. The caller has checked
    /// that `info.samples` of them are there.
    pub(crate) fn chunked(mut info: WaveformInfo, line: hdf5::Line) -> Self {
        info.storage = line.cell().storage();
        Self {
            info,
            body: Body::Chunked(line),
        }
    }

    /// Joins a description with samples parsed from text. Text has no storage type: however
    /// narrow the samples are kept, it is the one that holds every number.
    pub(crate) fn parsed(mut info: WaveformInfo, samples: Samples) -> Self {
        bounded(&mut info);
        let waveform = Waveform::new(info, samples);
        let mut info = waveform.info().clone();
        info.storage = Storage::F64;
        Self {
            info,
            body: Body::Memory(Arc::new(waveform)),
        }
    }

    /// Returns the files that its samples lie in, each once; none when they are in memory.
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = match &self.body {
            Body::Stored(stored) => stored.bytes.file().into_iter().collect(),
            Body::Woven(lanes) => lanes.iter().filter_map(|l| l.bytes.file()).collect(),
            Body::Chunked(line) => line.file().into_iter().collect(),
            Body::Memory(_) => Vec::new(),
        };
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Drops times that are no numbers. Readers refuse those that a file holds; what is left are
    /// products and quotients of numbers near the ends of what a number can be.
    fn drop_unusable_times(&mut self) {
        let info = &mut self.info;
        let usable = |step: &f64| *step > 0.0 && step.is_finite();
        if let Some(step) = info.sample_interval_s.filter(|step| !usable(step)) {
            let told = format!("the sample interval of {step:e} s is not usable");
            info.warnings.push(told);
            info.sample_interval_s = None;
        }
        if !info.t0_s.is_finite() {
            let told = format!("the time origin of {:e} s is not usable", info.t0_s);
            info.warnings.push(told);
            info.t0_s = 0.0;
        }
        if let Some(time) = info.trigger_time_s.filter(|time| !time.is_finite()) {
            let told = format!("the trigger time of {time:e} s is not usable");
            info.warnings.push(told);
            info.trigger_time_s = None;
        }
    }

    /// Fills what the file left out from the hints; contradictions become warnings.
    pub(crate) fn apply(&mut self, hints: &OpenOptions) -> Result<(), Error> {
        // Sample rates on a command line carry a few digits; closer than this they agree.
        const AGREES: f64 = 1e-4;
        self.drop_unusable_times();
        if let Some(hinted) = hints.sample_interval_s()? {
            match self.info.sample_interval_s {
                None => self.info.sample_interval_s = Some(hinted),
                Some(own) if (own / hinted - 1.0).abs() > AGREES => {
                    self.info.warnings.push(format!(
                        "the file's own sample rate of {:e} Sa/s is used, not the {:e} Sa/s given",
                        1.0 / own,
                        1.0 / hinted
                    ));
                }
                Some(_) => {}
            }
        }
        if let Some(unit) = &hints.unit {
            if self.info.unit.is_empty() {
                self.info.unit.clone_from(unit);
            } else if self.info.unit != *unit {
                self.info.warnings.push(format!(
                    "the file's own unit {} is used, not the {unit} given",
                    self.info.unit
                ));
            }
        }
        Ok(())
    }

    /// Cuts what warnings quote of a hostile file.
    pub(crate) fn shorten_warnings(&mut self) {
        crate::error::shorten(&mut self.info.warnings);
    }

    /// Cuts a request down to the samples that are there.
    fn within<'a, T>(&self, first: u64, out: &'a mut [T]) -> &'a mut [T] {
        let left = self.info.samples.saturating_sub(first);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        &mut out[..count]
    }

    /// Reads samples that are in the file, in the precision asked for.
    fn read_body<T: Value>(&self, first: u64, out: &mut [T]) -> Result<usize, ReadError> {
        let wanted = out.len();
        let out = self.within(first, out);
        let (outcome, length) = match &self.body {
            Body::Stored(stored) => (self.read_stored(stored, first, out), stored.bytes.len()),
            Body::Woven(lanes) => (self.read_woven(lanes, first, out), lanes[0].bytes.len()),
            Body::Chunked(line) => {
                let scaling = (self.info.scale, self.info.offset);
                let told = |error: Error| ReadError {
                    first,
                    wanted,
                    reason: error.to_string(),
                };
                line.read(first, scaling, out).map_err(told)?;
                return Ok(out.len());
            }
            Body::Memory(waveform) => return T::from_memory(waveform, first, out),
        };
        outcome.map_err(|e| failed(&e, first, wanted, length))?;
        Ok(out.len())
    }

    fn read_stored<T: Value>(
        &self,
        stored: &Stored,
        first: u64,
        out: &mut [T],
    ) -> std::io::Result<()> {
        stored.read(first, (self.info.scale, self.info.offset), out)
    }

    fn read_woven<T: Value>(
        &self,
        lanes: &[Stored],
        first: u64,
        out: &mut [T],
    ) -> std::io::Result<()> {
        let scaling = (self.info.scale, self.info.offset);
        let mut lane_samples = vec![T::default(); out.len().div_ceil(lanes.len())];
        for start in 0..lanes.len().min(out.len()) {
            let sample = first + start as u64;
            let lane = &lanes[(sample % lanes.len() as u64) as usize];
            let places = out[start..].iter_mut().step_by(lanes.len());
            let own = &mut lane_samples[..places.len()];
            lane.read(sample / lanes.len() as u64, scaling, own)?;
            for (y, &x) in places.zip(own.iter()) {
                *y = x;
            }
        }
        Ok(())
    }
}

fn failed(source: &std::io::Error, first: u64, wanted: usize, length: u64) -> ReadError {
    let reason = match source.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            format!("the file was cut short after it was opened with {length} bytes")
        }
        _ => source.to_string(),
    };
    ReadError {
        first,
        wanted,
        reason,
    }
}

impl Stored {
    /// Reads samples from `first` on; the caller has checked that they are there.
    pub(crate) fn read<T: Value>(
        &self,
        first: u64,
        scaling: (f64, f64),
        out: &mut [T],
    ) -> std::io::Result<()> {
        if out.is_empty() {
            return Ok(()); // `first` may be anything: there is no place to compute
        }
        RAW.with_borrow_mut(|raw| self.read_by(raw, first, scaling, out))
    }

    /// Does the same through a block of the caller's.
    fn read_by<T: Value>(
        &self,
        raw: &mut [u8; BLOCK_BYTES],
        first: u64,
        scaling: (f64, f64),
        out: &mut [T],
    ) -> std::io::Result<()> {
        let width = self.cell.width() as usize;
        let stride = usize::try_from(self.stride).unwrap_or(usize::MAX);
        // A stride beyond the block reads sample by sample.
        let per_block = (BLOCK_BYTES / stride).max(1);
        let mut place = self.first_byte + first * self.stride;
        for part in out.chunks_mut(per_block) {
            let span = (part.len() - 1) * stride + width;
            self.bytes.read_exact_at(place, &mut raw[..span])?;
            self.cell
                .decode(self.order, &raw[..span], stride, scaling, part);
            place += part.len() as u64 * self.stride;
        }
        Ok(())
    }
}

impl WaveformSource for Trace {
    fn info(&self) -> &WaveformInfo {
        &self.info
    }

    fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, ReadError> {
        self.read_body(first, out)
    }

    fn read_f32_at(&self, first: u64, out: &mut [f32]) -> Result<usize, ReadError> {
        self.read_body(first, out)
    }
}

/// An opened capture: its traces and what was odd but readable about the file as a whole.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Command-line name of the format, such as `trc`.
    pub format: &'static str,
    /// Oddities of the whole file; those of one trace are in its [`WaveformInfo::warnings`].
    pub warnings: Vec<String>,
    /// One trace for each channel and segment, in file order; never empty.
    pub traces: Vec<Trace>,
}

/// Cuts what a hostile file may have made long: every trace has its own copy, and there may be
/// tens of thousands of them. A text that was cut ends with dots.
fn bounded(info: &mut WaveformInfo) {
    const NAME: usize = 100;
    const UNIT: usize = 40;
    for (text, most) in [(&mut info.channel, NAME), (&mut info.unit, UNIT)] {
        crate::error::cut(text, most);
    }
    crate::error::shorten(&mut info.warnings);
}

/// Describes a trace of which nothing but format and count is known.
pub(crate) fn bare_info(format: &'static str, samples: u64) -> WaveformInfo {
    WaveformInfo {
        format: format.into(),
        channel: "1".into(),
        segment: 0,
        samples,
        t0_s: 0.0,
        sample_interval_s: None,
        unit: String::new(),
        storage: Storage::F64,
        scale: 1.0,
        offset: 0.0,
        trigger_time_s: None,
        warnings: Vec::new(),
    }
}

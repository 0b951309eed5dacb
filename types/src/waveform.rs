//! Samples with their scale and time base, in memory or read by blocks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// Signed bytes.
    I8,
    /// Unsigned bytes.
    U8,
    /// Signed 16-bit words.
    I16,
    /// Unsigned 16-bit words.
    U16,
    /// Signed 32-bit words.
    I32,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
}

/// Raw samples, as narrow as the file keeps them.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// Signed bytes.
    I8(Vec<i8>),
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed 16-bit words.
    I16(Vec<i16>),
    /// Unsigned 16-bit words.
    U16(Vec<u16>),
    /// Signed 32-bit words.
    I32(Vec<i32>),
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
}

macro_rules! each {
    ($samples:expr, $v:ident => $body:expr) => {
        match $samples {
            Samples::I8($v) => $body,
            Samples::U8($v) => $body,
            Samples::I16($v) => $body,
            Samples::U16($v) => $body,
            Samples::I32($v) => $body,
            Samples::F32($v) => $body,
            Samples::F64($v) => $body,
        }
    };
}

impl Samples {
    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the storage type.
    pub fn storage(&self) -> Storage {
        match self {
            Self::I8(_) => Storage::I8,
            Self::U8(_) => Storage::U8,
            Self::I16(_) => Storage::I16,
            Self::U16(_) => Storage::U16,
            Self::I32(_) => Storage::I32,
            Self::F32(_) => Storage::F32,
            Self::F64(_) => Storage::F64,
        }
    }

    /// Writes `scale * raw + offset` for the samples from `first` on; returns how many.
    #[allow(clippy::unnecessary_cast)] // the f64 arm of the macro casts f64 to f64
    pub fn scaled_into(&self, first: usize, scale: f64, offset: f64, out: &mut [f64]) -> usize {
        each!(self, v => {
            let source = v.get(first..).unwrap_or(&[]);
            for (y, &x) in out.iter_mut().zip(source) {
                *y = scale * (x as f64) + offset;
            }
            source.len().min(out.len())
        })
    }

    /// Does the same, computed in `f64` and rounded to `f32`.
    #[allow(clippy::unnecessary_cast)] // the f64 arm of the macro casts f64 to f64
    pub fn scaled_f32_into(&self, first: usize, scale: f64, offset: f64, out: &mut [f32]) -> usize {
        each!(self, v => {
            let source = v.get(first..).unwrap_or(&[]);
            for (y, &x) in out.iter_mut().zip(source) {
                *y = (scale * (x as f64) + offset) as f32;
            }
            source.len().min(out.len())
        })
    }
}

/// What is known of a trace without reading its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveformInfo {
    /// Name of the format, such as `trc` or `npy`.
    pub format: String,
    /// Channel label, such as `C1` or `1`.
    pub channel: String,
    /// Segment number, counted from 0.
    pub segment: usize,
    /// Number of samples.
    pub samples: u64,
    /// Time of the first sample in seconds, relative to the trigger.
    pub t0_s: f64,
    /// Sample interval in seconds, when the file has a time base.
    pub sample_interval_s: Option<f64>,
    /// Vertical unit, such as `V` or `W`; empty when the file does not say.
    pub unit: String,
    /// Storage type of the raw samples.
    pub storage: Storage,
    /// Factor from raw to `unit`.
    pub scale: f64,
    /// Offset in `unit`.
    pub offset: f64,
    /// Trigger time of this segment in seconds after the first segment's, if known.
    pub trigger_time_s: Option<f64>,
    /// What was odd but readable.
    pub warnings: Vec<String>,
}

/// A read that failed after the file was accepted (cut short under us, or the disk failed).
#[derive(Debug, thiserror::Error)]
#[error("reading {wanted} samples from sample {first}: {reason}")]
pub struct ReadError {
    /// First sample asked for.
    pub first: u64,
    /// Number of samples asked for.
    pub wanted: usize,
    /// What went wrong.
    pub reason: String,
}

/// Anything that yields samples: a file's channel and segment, a live read-out, a simulation.
pub trait WaveformSource {
    /// Returns what is known without reading samples.
    fn info(&self) -> &WaveformInfo;

    /// Reads samples in physical units from sample `first` on into `out`; returns how many were
    /// there (fewer than asked only at the end).
    ///
    /// # Errors
    /// When the bytes behind an accepted file can no longer be read.
    fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, ReadError>;

    /// Reads samples as [`WaveformSource::read_at`] does, each rounded to `f32`.
    ///
    /// A source whose samples are narrow overrides this: nothing is then kept as `f64` on the
    /// way. The values have to be those of `read_at`, rounded.
    ///
    /// # Errors
    /// As [`WaveformSource::read_at`].
    fn read_f32_at(&self, first: u64, out: &mut [f32]) -> Result<usize, ReadError> {
        /// 32 KiB, within the first-level cache together with what it becomes.
        const PART: usize = 4096;
        let mut wide = [0.0; PART];
        let mut done = 0;
        for part in out.chunks_mut(PART) {
            let got = self.read_at(first + done as u64, &mut wide[..part.len()])?;
            for (y, &x) in part.iter_mut().zip(&wide[..got]) {
                *y = x as f32;
            }
            done += got;
            if got < part.len() {
                break;
            }
        }
        Ok(done)
    }

    /// Reads everything as `f32`, in blocks that fit the L2 cache.
    ///
    /// # Errors
    /// As [`WaveformSource::read_at`].
    fn read_all_f32(&self) -> Result<Vec<f32>, ReadError> {
        /// 256 KiB of `f32`.
        const BLOCK: usize = 65_536;
        let total = usize::try_from(self.info().samples).unwrap_or(0);
        // Large zeroed memory comes from the system as it is: nothing is written twice.
        let mut all = vec![0.0; total];
        let mut done = 0;
        while done < total {
            let end = total.min(done + BLOCK);
            match self.read_f32_at(done as u64, &mut all[done..end])? {
                0 => break,
                got => done += got,
            }
        }
        all.truncate(done);
        Ok(all)
    }
}

/// A trace in memory: raw samples with scale and offset, time as (t0, dt, index).
#[derive(Clone, Debug, PartialEq)]
pub struct Waveform {
    info: WaveformInfo,
    samples: Samples,
}

impl Waveform {
    /// Joins samples and their description; the description's count and storage are set from
    /// the samples.
    pub fn new(mut info: WaveformInfo, samples: Samples) -> Self {
        info.samples = samples.len() as u64;
        info.storage = samples.storage();
        Self { info, samples }
    }

    /// Makes a trace of `f32` samples in `unit` at a sample interval in seconds.
    pub fn from_f32(samples: Vec<f32>, sample_interval_s: f64, unit: &str) -> Self {
        Self::new(
            WaveformInfo {
                format: "memory".into(),
                channel: "1".into(),
                segment: 0,
                samples: 0,
                t0_s: 0.0,
                sample_interval_s: Some(sample_interval_s),
                unit: unit.into(),
                storage: Storage::F32,
                scale: 1.0,
                offset: 0.0,
                trigger_time_s: None,
                warnings: Vec::new(),
            },
            Samples::F32(samples),
        )
    }

    /// Returns the raw samples.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }
}

impl WaveformSource for Waveform {
    fn info(&self) -> &WaveformInfo {
        &self.info
    }

    fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, ReadError> {
        let first = usize::try_from(first)
            .unwrap_or(usize::MAX)
            .min(self.samples.len());
        Ok(self
            .samples
            .scaled_into(first, self.info.scale, self.info.offset, out))
    }

    fn read_f32_at(&self, first: u64, out: &mut [f32]) -> Result<usize, ReadError> {
        let first = usize::try_from(first)
            .unwrap_or(usize::MAX)
            .min(self.samples.len());
        Ok(self
            .samples
            .scaled_f32_into(first, self.info.scale, self.info.offset, out))
    }
}

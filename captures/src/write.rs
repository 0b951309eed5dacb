//! Writing: the same formats backwards, whole files or none.

use crate::{ByteOrder, Error, Format, csv, keysight_bin, mat, npy, sigmf, tek_isf, trc};
use etalon_types::{Storage, WaveformSource};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub use crate::trc::TrcWidth;

/// Choices that a format name does not make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Width of the samples in a LeCroy trace.
    pub trc_width: TrcWidth,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Size of the file in bytes.
    pub bytes: u64,
    /// What the format could not hold, such as a unit or a time base.
    pub warnings: Vec<String>,
}

/// Writes one or more traces to a file, with default [`WriteOptions`].
///
/// The bytes go to a new file beside the target, are flushed to the disk, and then take the
/// target's name: at no time is there half a file under that name.
///
/// | format | keeps | several traces |
/// |---|---|---|
/// | `npy` | samples as 32-bit floats | rows of equal length |
/// | `csv` | time, unit, samples to the last digit of their storage | columns of equal length |
/// | `trc` | time, unit, samples as 16-bit (or 8-bit) integers | segments of one channel |
/// | `keysight-bin` | time, unit, samples as 32-bit floats | any |
/// | `mat` | time, one unit, samples as 32- or 64-bit floats | columns of equal length |
/// | `sigmf` | time, one unit, samples as they are or as floats; two files | channels by segments |
/// | `tek-isf` | time, unit, integers up to 32 bits as they are, others as 32-bit floats | any, without trigger times |
/// | `raw-f32`, `raw-f32-be` | samples as 32-bit floats | no |
///
/// # Errors
/// [`Error::Unsupported`] when the format cannot be written or cannot hold these traces (the
/// text says why), [`Error::Limit`] when they are too long for it, [`Error::Io`] when the disk
/// refuses, [`Error::Read`] when a trace cannot be read. The target is then as it was before.
///
/// # Example
/// ```
/// use etalon_captures::{Format, OpenOptions, open, write};
/// use etalon_types::{Waveform, WaveformSource};
///
/// let path = std::env::temp_dir().join(format!("etalon-doc-{}.csv", std::process::id()));
/// let made = Waveform::from_f32(vec![1.0, 2.5, 0.5], 1e-9, "W");
/// write(&path, Format::Csv, &[&made])?;
/// let back = open(&path, &OpenOptions::default())?;
/// assert_eq!(back.traces[0].read_all_f32()?, [1.0, 2.5, 0.5]);
/// assert_eq!(back.traces[0].info().unit, "W");
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(
    path: &Path,
    format: Format,
    traces: &[&dyn WaveformSource],
) -> Result<Written, Error> {
    write_with(path, format, traces, WriteOptions::default())
}

/// Writes one or more traces to a file; see [`write()`].
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    path: &Path,
    format: Format,
    traces: &[&dyn WaveformSource],
    options: WriteOptions,
) -> Result<Written, Error> {
    if format == Format::SigMf {
        not_empty(format, traces)?;
        return sigmf::write(path, traces);
    }
    whole_file(path, |sink| encode_into(sink, format, traces, options))
}

/// Fills a new file beside the target and gives it the target's name when it is whole.
pub(crate) fn whole_file(
    path: &Path,
    fill: impl FnOnce(&mut Sink) -> Result<Vec<String>, Error>,
) -> Result<Written, Error> {
    let temporary = beside(path)?;
    let io = |path: &Path, source| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary);
    let file = file.map_err(|e| io(&temporary, e))?;
    let outcome = (|| {
        let mut buffered = BufWriter::with_capacity(1 << 16, &file);
        let mut sink = Sink {
            out: &mut buffered,
            path: path.to_path_buf(),
            bytes: 0,
        };
        let warnings = fill(&mut sink)?;
        let bytes = sink.bytes;
        buffered.flush().map_err(|e| io(path, e))?;
        drop(buffered);
        file.sync_all().map_err(|e| io(path, e))?;
        std::fs::rename(&temporary, path).map_err(|e| io(path, e))?;
        sync_folder(path).map_err(|e| io(path, e))?;
        Ok(Written { bytes, warnings })
    })();
    if outcome.is_err() {
        // The first error is the one to tell; a temporary file that stays is only untidy.
        let _ = std::fs::remove_file(&temporary);
    }
    outcome
}

/// Encodes one or more traces in memory, such as a simulated instrument's reply.
///
/// # Errors
/// As [`write()`], without the disk's.
pub fn encode(
    format: Format,
    traces: &[&dyn WaveformSource],
    options: WriteOptions,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut sink = Sink {
        out: &mut bytes,
        path: "memory".into(),
        bytes: 0,
    };
    encode_into(&mut sink, format, traces, options)?;
    Ok(bytes)
}

fn not_empty(format: Format, traces: &[&dyn WaveformSource]) -> Result<(), Error> {
    if traces.is_empty() || traces.iter().any(|trace| trace.info().samples == 0) {
        let (found, hint) = ("no samples to write", "give at least one sample a trace");
        return Err(Error::unsupported(format.name(), found, hint));
    }
    Ok(())
}

fn encode_into(
    sink: &mut Sink,
    format: Format,
    traces: &[&dyn WaveformSource],
    options: WriteOptions,
) -> Result<Vec<String>, Error> {
    let refuse = |found: String, hint: &str| Error::unsupported(format.name(), found, hint);
    not_empty(format, traces)?;
    let raw_f32 = match format {
        Format::Raw(sample) if sample.storage == Storage::F32 => Some(sample.order),
        _ => None,
    };
    match (format, raw_f32) {
        (Format::Npy, _) => npy::write(sink, traces),
        (Format::Csv, _) => csv::write(sink, traces),
        (Format::Trc, _) => trc::write(sink, traces, options.trc_width),
        (Format::KeysightBin, _) => keysight_bin::write(sink, traces),
        (Format::Mat, _) => mat::write(sink, traces),
        (Format::SigMf, _) => Err(refuse(
            "a recording is two files".into(),
            "write it to a folder, or choose a format of one file",
        )),
        (Format::TekIsf, _) => tek_isf::write(sink, traces),
        (_, Some(order)) if traces.len() == 1 => {
            for_each_block(traces[0], |block| {
                block.iter().try_for_each(|&x| match order {
                    ByteOrder::Little => sink.put(&(x as f32).to_le_bytes()),
                    ByteOrder::Big => sink.put(&(x as f32).to_be_bytes()),
                })
            })?;
            Ok(vec!["bare samples keep neither time nor unit".into()])
        }
        (_, Some(_)) => Err(refuse(
            format!("{} traces in one headerless file", traces.len()),
            "write a file for each, or npy",
        )),
        _ => Err(refuse(
            "it cannot be written".into(),
            "formats to write are npy, csv, trc, keysight-bin, tek-isf, mat, sigmf and raw-f32",
        )),
    }
}

/// Where encoders put bytes.
pub(crate) struct Sink<'a> {
    out: &'a mut dyn Write,
    path: PathBuf,
    bytes: u64,
}

impl Sink<'_> {
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|source| Error::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// Puts ASCII text into a field of fixed width, cut and padded with zeros.
pub(crate) fn put_text(out: &mut Sink, text: &str, width: usize) -> Result<(), Error> {
    let mut field = vec![0_u8; width];
    for (cell, byte) in field[..width - 1].iter_mut().zip(text.bytes()) {
        *cell = byte;
    }
    out.put(&field)
}

/// Hands a trace's samples over block by block; fails if there are fewer than announced.
pub(crate) fn for_each_block(
    trace: &dyn WaveformSource,
    mut take: impl FnMut(&[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut block = vec![0.0; crate::stats::BLOCK];
    let (total, mut done) = (trace.info().samples, 0);
    while done < total {
        let wanted = block
            .len()
            .min(usize::try_from(total - done).unwrap_or(usize::MAX));
        let got = trace.read_at(done, &mut block[..wanted])?;
        if got == 0 {
            return Err(crate::stats::ended_early(done, total).into());
        }
        take(&block[..got])?;
        done += got as u64;
    }
    Ok(())
}

/// Checks that traces can be rows or columns of one table.
pub(crate) fn equal_lengths(
    format: &'static str,
    traces: &[&dyn WaveformSource],
) -> Result<(), Error> {
    let first = traces[0].info();
    for trace in traces {
        let info = trace.info();
        let differs = info.samples != first.samples
            || info.sample_interval_s != first.sample_interval_s
            || info.t0_s != first.t0_s;
        if differs && format == "csv" || info.samples != first.samples {
            return Err(Error::unsupported(
                format,
                "traces that differ in length or time base",
                "write a file for each, or keysight-bin",
            ));
        }
    }
    Ok(())
}

/// Makes a name in the target's folder that no other writer of this or another process uses.
fn beside(path: &Path) -> Result<PathBuf, Error> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let Some(name) = path.file_name() else {
        return Err(Error::Io {
            path: path.into(),
            source: io::ErrorKind::InvalidFilename.into(),
        });
    };
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{serial}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// Makes the rename itself durable, where folders can be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

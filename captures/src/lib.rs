//! Bytes to waveforms and back.
//!
//! [`open`] looks at the first bytes of a file, never at its name, picks the reader that knows
//! them and gives a [`Capture`]: one [`Trace`] for each channel and segment. A trace is an
//! [`etalon_types::WaveformSource`]: it knows its time base and unit, and reads samples by
//! blocks, so that a 4 GB file needs little memory. [`decode`] does the same to bytes that an
//! instrument sent. [`OpenOptions`] carries what a file does not tell, such as the sample rate
//! of bare samples; [`write()`] makes files, whole or not at all; [`stats`] sums a trace up;
//! [`pattern_file`] reads transmitted bits or symbols, [`touchstone`] the S-parameters of a
//! channel, [`otdr`] the trace and the events of a reflectometer, and [`osa_csv()`] the spectrum
//! of an optical spectrum analyzer.
//!
//! Formats: NumPy `.npy` and `.npz`, CSV text in many shapes, Teledyne LeCroy `.trc` (templates
//! 1.0 and 2.x, sequence mode as segments), Keysight/Agilent `.bin` (AG01, AG03, AG10),
//! Tektronix `.wfm` (versions 1 to 3, FastFrame as segments) and `.isf`, Rohde & Schwarz `.bin`
//! with `.Wfm.bin` (history as segments), Rigol `.bin` (RG01, RG03) and `.wfm` (DS1000B, C, D,
//! E, DS2000, DS4000), Keysight Infiniium `.h5`, MATLAB `.mat` of level 5 (plain and deflated) and
//! 7.3, WAV, SigMF, Keysight FlexDCA text, Yokogawa `.hdr` with `.wvf`, Siglent `.bin`, and bare
//! samples when asked for.
//! Every length in a header is checked against what is really there before anything is
//! allocated, and every refusal is an [`Error`] that says where and why. What has to be inflated
//! is held in memory, within a bound; of HDF5, a chunk at a time.
//!
//! ```
//! use etalon_captures::{OpenOptions, decode};
//! use etalon_types::WaveformSource;
//!
//! let text = b"Time (ns),Power (mW)\n0,1.5\n0.5,2.5\n1,1.25\n".to_vec();
//! let capture = decode(text, &OpenOptions::default())?;
//! let info = capture.traces[0].info();
//! assert_eq!((info.samples, info.unit.as_str()), (3, "mW"));
//! assert!((info.sample_interval_s.unwrap() - 0.5e-9).abs() < 1e-18);
//!
//! let mut block = [0.0; 8];
//! assert_eq!(capture.traces[0].read_at(1, &mut block)?, 2);
//! assert_eq!(block[..2], [2.5, 1.25]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bin_family;
mod bytes;
mod cell;
mod csv;
mod error;
mod extremes;
mod flexdca;
mod foreign;
mod format;
mod hdf5;
mod inflate;
mod keysight_bin;
mod keysight_h5;
mod mat;
mod npy;
mod options;
mod osa_csv;
mod otdr_sor;
mod pattern_file;
mod raw;
mod registry;
mod rigol_bin;
mod rigol_wfm;
mod rohde_schwarz;
mod siglent;
mod sigmf;
mod stats;
mod tek_isf;
mod tek_wfm;
mod time_names;
mod touchstone;
mod trace;
mod trc;
mod wav;
mod write;
mod yokogawa;

pub use error::Error;
pub use format::{ByteOrder, Format, RawSample};
pub use options::OpenOptions;
pub use osa_csv::{decode_osa_csv, osa_csv};
pub use otdr_sor::{Otdr, OtdrEvent, OtdrEventKind, OtdrEventOrigin, OtdrTrace, decode_otdr, otdr};
pub use pattern_file::pattern_file;
pub use stats::{Stats, stats};
pub use touchstone::{Touchstone, decode_touchstone, touchstone};
pub use trace::{Capture, Trace};
pub use write::{TrcWidth, WriteOptions, Written, encode, write, write_with};

use std::path::Path;

/// Opens a capture file; reads headers and text, and leaves binary samples on the disk.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Malformed`] with byte and field when it
/// is empty, cut short or damaged, [`Error::Unsupported`] when it is something else,
/// [`Error::Limit`] when it is too large, [`Error::Option`] for an impossible hint.
pub fn open(path: &Path, hints: &OpenOptions) -> Result<Capture, Error> {
    registry::read(&bytes::Bytes::open(path)?, hints)
}

/// Decodes a capture that is already in memory, such as an oscilloscope's reply.
///
/// # Errors
/// As [`open`].
pub fn decode(bytes: Vec<u8>, hints: &OpenOptions) -> Result<Capture, Error> {
    registry::read(&bytes::Bytes::in_memory(bytes), hints)
}

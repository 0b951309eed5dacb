//! The formats by the names that the command line uses.

use crate::Error;
use etalon_types::Storage;
use std::fmt;
use std::str::FromStr;

/// Order of the bytes within a sample or a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// How one sample of a headerless file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSample {
    /// Width and kind: one of `I8`, `U8`, `I16`, `U16` and `F32`.
    pub storage: Storage,
    /// Byte order; without meaning for single bytes.
    pub order: ByteOrder,
}

/// A capture format, or the wish to find out from the content.
///
/// # Example
/// ```
/// use etalon_captures::Format;
///
/// let format: Format = "raw-i16-be".parse()?;
/// assert_eq!(format.to_string(), "raw-i16-be");
/// assert!("mp3".parse::<Format>().is_err());
/// # Ok::<(), etalon_captures::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Look at the first bytes; the file's name plays no part.
    #[default]
    Auto,
    /// Bare samples without a header; never guessed, only taken when asked for.
    Raw(RawSample),
    /// NumPy array file.
    Npy,
    /// Text: comma, semicolon, tab or blank separated values.
    Csv,
    /// Teledyne LeCroy trace.
    Trc,
    /// Keysight (Agilent) oscilloscope `.bin`.
    KeysightBin,
    /// Keysight Infiniium HDF5, `.h5` and `.osc`.
    KeysightH5,
    /// MATLAB level 5 and 7.3.
    Mat,
    /// WAV: RIFF, RIFX, RF64 and BW64.
    Wav,
    /// SigMF: metadata and samples in two files.
    SigMf,
    /// NumPy archive: several arrays by name.
    Npz,
    /// Rohde & Schwarz `.bin` with `.Wfm.bin`.
    RsBin,
    /// Rigol oscilloscope `.bin`.
    RigolBin,
    /// Rigol oscilloscope `.wfm`, several families.
    RigolWfm,
    /// Tektronix `.wfm`.
    TekWfm,
    /// Tektronix `.isf` and `.curve`: a preamble and a curve.
    TekIsf,
    /// Keysight FlexDCA text: Y values, XY values, pattern waveforms.
    FlexDca,
    /// Yokogawa `.hdr` beside `.wvf`.
    YokogawaWvf,
    /// Siglent oscilloscope `.bin`.
    SiglentBin,
}

const fn raw(storage: Storage, order: ByteOrder) -> Format {
    Format::Raw(RawSample { storage, order })
}

impl Format {
    /// Every format with its command-line name.
    pub const ALL: [(&'static str, Self); 26] = [
        ("auto", Self::Auto),
        ("raw-i8", raw(Storage::I8, ByteOrder::Little)),
        ("raw-u8", raw(Storage::U8, ByteOrder::Little)),
        ("raw-i16", raw(Storage::I16, ByteOrder::Little)),
        ("raw-u16", raw(Storage::U16, ByteOrder::Little)),
        ("raw-f32", raw(Storage::F32, ByteOrder::Little)),
        ("raw-i16-be", raw(Storage::I16, ByteOrder::Big)),
        ("raw-u16-be", raw(Storage::U16, ByteOrder::Big)),
        ("raw-f32-be", raw(Storage::F32, ByteOrder::Big)),
        ("npy", Self::Npy),
        ("csv", Self::Csv),
        ("trc", Self::Trc),
        ("keysight-bin", Self::KeysightBin),
        ("keysight-h5", Self::KeysightH5),
        ("mat", Self::Mat),
        ("wav", Self::Wav),
        ("sigmf", Self::SigMf),
        ("npz", Self::Npz),
        ("rs-bin", Self::RsBin),
        ("rigol-bin", Self::RigolBin),
        ("rigol-wfm", Self::RigolWfm),
        ("tek-wfm", Self::TekWfm),
        ("tek-isf", Self::TekIsf),
        ("flexdca", Self::FlexDca),
        ("yokogawa-wvf", Self::YokogawaWvf),
        ("siglent-bin", Self::SiglentBin),
    ];

    /// Returns the command-line name.
    pub fn name(self) -> &'static str {
        // Storage types that no name exists for can only be made by hand; they read as `raw`.
        Self::ALL
            .iter()
            .find(|(_, format)| *format == self)
            .map_or("raw", |(name, _)| name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = || Self::ALL.map(|(name, _)| name).join(", ");
        Self::ALL
            .iter()
            .find(|(name, _)| *name == text)
            .map(|&(_, format)| format)
            .ok_or_else(|| Error::Option {
                option: "--format",
                expected: format!("one of {}", known()),
                found: format!("`{text}`"),
            })
    }
}

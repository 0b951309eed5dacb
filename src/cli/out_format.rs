//! File formats that can be written, as they are typed or as a file's name ends.

use std::path::Path;

use clap::ValueEnum;
use etalon_captures::{ByteOrder, Format, RawSample};
use etalon_types::Storage;

use super::error::CliError;

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutFormat {
    /// NumPy; carries neither unit nor time base
    Npy,
    /// Text with time and samples
    Csv,
    /// Teledyne LeCroy trace, 16 bits
    Trc,
    /// Keysight .bin
    KeysightBin,
    /// Tektronix .isf
    TekIsf,
    /// MATLAB, level 5
    Mat,
    /// SigMF: two files, .sigmf-meta and .sigmf-data
    Sigmf,
    /// Bare 32-bit floats; carries neither unit nor time base
    RawF32,
}

impl From<OutFormat> for Format {
    fn from(format: OutFormat) -> Self {
        match format {
            OutFormat::Npy => Self::Npy,
            OutFormat::Csv => Self::Csv,
            OutFormat::Trc => Self::Trc,
            OutFormat::KeysightBin => Self::KeysightBin,
            OutFormat::TekIsf => Self::TekIsf,
            OutFormat::Mat => Self::Mat,
            OutFormat::Sigmf => Self::SigMf,
            OutFormat::RawF32 => Self::Raw(RawSample {
                storage: Storage::F32,
                order: ByteOrder::Little,
            }),
        }
    }
}

impl OutFormat {
    /// Returns the format: told, or known from how the file's name ends.
    ///
    /// # Errors
    /// Usage, for another ending.
    pub fn choose(told: Option<Self>, out: &Path) -> Result<Self, CliError> {
        let ending = out.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let known = match ending.to_ascii_lowercase().as_str() {
            "npy" => Some(Self::Npy),
            "csv" => Some(Self::Csv),
            "trc" => Some(Self::Trc),
            "bin" => Some(Self::KeysightBin),
            "isf" => Some(Self::TekIsf),
            "mat" => Some(Self::Mat),
            "sigmf" | "sigmf-meta" | "sigmf-data" => Some(Self::Sigmf),
            "f32" => Some(Self::RawF32),
            _ => None,
        };
        told.or(known).ok_or_else(|| {
            CliError::usage(
                "ETA-2001",
                "--format",
                "the format of the file to write is not known",
                format!(
                    "expected a name that ends in .npy, .csv, .trc, .bin (Keysight), .isf, .mat, \
                     .sigmf-meta or .f32, found {}",
                    out.display()
                ),
                "add --format csv",
            )
        })
    }
}

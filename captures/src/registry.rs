//! Which reader gets a file: every format scores the first bytes, the best score wins.
//!
//! The file's name plays no part: `.bin` is written by four vendors and `.wfm` by three.

use crate::bytes::{Bytes, excerpt};
use crate::error::shorten;
use crate::trace::Capture;
use crate::{
    Error, Format, OpenOptions, csv, flexdca, foreign, keysight_bin, keysight_h5, mat, npy, raw,
    rigol_bin, rigol_wfm, rohde_schwarz, siglent, sigmf, tek_isf, tek_wfm, trc, wav, yokogawa,
};

/// Bytes that a probe gets to see.
pub(crate) const HEAD_BYTES: usize = 4096;

/// How sure a probe is. Text is the weakest claim: a table of numbers has no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Score {
    /// Not this format.
    No,
    /// Looks like text.
    Text,
    /// A signature, but not where it usually is.
    Displaced,
    /// The signature is in its place.
    Signature,
}

struct Entry {
    format: Format,
    title: &'static str,
    probe: fn(&[u8]) -> Score,
    read: fn(&Bytes) -> Result<Capture, Error>,
}

/// Adding a format is one file and one line here.
const FORMATS: [Entry; 17] = [
    Entry {
        format: Format::Npy,
        title: "NumPy .npy",
        probe: npy::probe,
        read: npy::read,
    },
    Entry {
        format: Format::Npz,
        title: "NumPy .npz",
        probe: npy::npz::probe,
        read: npy::npz::read,
    },
    Entry {
        format: Format::KeysightBin,
        title: "Keysight .bin",
        probe: keysight_bin::probe,
        read: keysight_bin::read,
    },
    Entry {
        format: Format::KeysightH5,
        title: "Keysight .h5",
        probe: keysight_h5::probe,
        read: keysight_h5::read,
    },
    Entry {
        format: Format::Trc,
        title: "LeCroy .trc",
        probe: trc::probe,
        read: trc::read,
    },
    Entry {
        format: Format::Mat,
        title: "MATLAB .mat",
        probe: mat::probe,
        read: mat::read,
    },
    Entry {
        format: Format::Wav,
        title: "WAV",
        probe: wav::probe,
        read: wav::read,
    },
    Entry {
        format: Format::SigMf,
        title: "SigMF",
        probe: sigmf::probe,
        read: sigmf::read,
    },
    Entry {
        format: Format::RigolBin,
        title: "Rigol .bin",
        probe: rigol_bin::probe,
        read: rigol_bin::read,
    },
    Entry {
        format: Format::RigolWfm,
        title: "Rigol .wfm",
        probe: rigol_wfm::probe,
        read: rigol_wfm::read,
    },
    Entry {
        format: Format::RsBin,
        title: "Rohde & Schwarz .bin",
        probe: rohde_schwarz::probe,
        read: rohde_schwarz::read,
    },
    Entry {
        format: Format::TekWfm,
        title: "Tektronix .wfm",
        probe: tek_wfm::probe,
        read: tek_wfm::read,
    },
    Entry {
        format: Format::TekIsf,
        title: "Tektronix .isf",
        probe: tek_isf::probe,
        read: tek_isf::read,
    },
    Entry {
        format: Format::FlexDca,
        title: "FlexDCA text",
        probe: flexdca::probe,
        read: flexdca::read,
    },
    Entry {
        format: Format::YokogawaWvf,
        title: "Yokogawa .hdr and .wvf",
        probe: yokogawa::probe,
        read: yokogawa::read,
    },
    Entry {
        format: Format::SiglentBin,
        title: "Siglent .bin",
        probe: siglent::probe,
        read: siglent::read,
    },
    Entry {
        format: Format::Csv,
        title: "CSV text",
        probe: csv::probe,
        read: csv::read,
    },
];

/// Reads a file by its content, or as the hints say.
pub(crate) fn read(bytes: &Bytes, hints: &OpenOptions) -> Result<Capture, Error> {
    hints.sample_interval_s()?;
    let mut capture = match hints.format {
        Format::Auto => by_content(bytes)?,
        Format::Raw(sample) => raw::read(bytes, sample)?,
        forced => {
            let entry = FORMATS.iter().find(|entry| entry.format == forced);
            let entry = entry.expect("every format but auto and raw has a registry line");
            not_empty(bytes, forced.name())?;
            (entry.read)(bytes)?
        }
    };
    for trace in &mut capture.traces {
        trace.apply(hints)?;
        trace.shorten_warnings();
    }
    shorten(&mut capture.warnings);
    Ok(capture)
}

fn not_empty(bytes: &Bytes, format: &'static str) -> Result<(), Error> {
    if bytes.len() > 0 {
        return Ok(());
    }
    Err(Error::malformed(
        format,
        0,
        "file size",
        "at least one sample",
        "an empty file (0 bytes)",
    ))
}

fn by_content(bytes: &Bytes) -> Result<Capture, Error> {
    not_empty(bytes, "capture")?;
    // Its samples have no signature of their own: the metadata beside them are what tells.
    if sigmf::metadata_of(bytes).is_some() {
        return sigmf::read(bytes);
    }
    let head = bytes.head(HEAD_BYTES)?;
    let scores = FORMATS.iter().map(|entry| (entry, (entry.probe)(&head)));
    let best = scores.max_by_key(|&(_, score)| score);
    let (best, score) = best.expect("the registry is not empty");
    // Bare samples again: the header beside them has the signature.
    if score < Score::Signature && yokogawa::has_header_beside(bytes) {
        return yokogawa::read(bytes);
    }
    if score < Score::Signature
        && let Some(name) = foreign::name(&head)
    {
        if let Some((found, hint)) = foreign::companion(name) {
            return Err(Error::unsupported(name, found, hint));
        }
        return Err(Error::unsupported(
            name,
            "this version does not read it",
            format!("export the waveform as one of: {}", known()),
        ));
    }
    if score == Score::No && rohde_schwarz::is_payload(&head, bytes.len()) {
        return rohde_schwarz::read(bytes);
    }
    if score == Score::No {
        return Err(Error::unsupported(
            "unknown",
            format!("the file begins with {}", excerpt(&head)),
            format!(
                "known are {}; for bare samples say how they are stored (raw-i8, raw-i16, ...)",
                known()
            ),
        ));
    }
    (best.read)(bytes)
}

fn known() -> String {
    FORMATS
        .iter()
        .map(|entry| entry.title)
        .collect::<Vec<_>>()
        .join(", ")
}

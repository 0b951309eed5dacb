//! Everything that is fuzzed, one line each: how it is read, where its seeds are, how long.

use crate::seeds;
use etalon_captures::Format;

/// How bytes become something to judge.
#[derive(Clone, Copy)]
pub enum Reader {
    /// One file, read as this format.
    One(Format),
    /// One file, read as bare samples of every kind.
    Raw,
    /// Two files that lie side by side, under these names; either may be opened.
    Pair(&'static str, &'static str),
    /// What is packed inside of a file of this format, before it is packed.
    Packed(Format, fn(&[u8]) -> Vec<u8>),
    Touchstone,
    Otdr,
    Osa,
    Pattern,
}

pub struct Target {
    pub name: &'static str,
    /// CPU-minutes of a campaign.
    pub minutes: u64,
    pub reader: Reader,
    /// Folders of real files.
    pub folders: &'static [&'static str],
    /// Seeds made byte by byte.
    pub made: fn() -> Vec<Vec<u8>>,
}

const fn target(
    name: &'static str,
    minutes: u64,
    reader: Reader,
    folders: &'static [&'static str],
    made: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        minutes,
        reader,
        folders,
        made,
    }
}

use Reader::{One, Packed, Pair};

/// Adding a format is one line here. What many write gets an hour, the rest ten minutes.
#[rustfmt::skip]
pub const TARGETS: [Target; 26] = [
    target("auto", 10, One(Format::Auto), seeds::ALL, seeds::all),
    target("raw", 10, Reader::Raw, &[], seeds::bare),
    target("npy", 10, One(Format::Npy), &["npy"], || seeds::gallery("npy")),
    target("npz", 10, One(Format::Npz), &[], || seeds::gallery("npz")),
    target("npz-inside", 10, Packed(Format::Npz, seeds::pack_npz), &[], || seeds::gallery("npy")),
    target("csv", 10, One(Format::Csv), &["csv_variants"], seeds::csv),
    target("trc", 60, One(Format::Trc), &["lecroy_trc", "lecroy_trc_1_0"], || seeds::gallery("trc")),
    target("keysight-bin", 60, One(Format::KeysightBin), &["keysight_bin"], || seeds::gallery("ag")),
    target("keysight-h5", 60, One(Format::KeysightH5), &[], || seeds::gallery("hdf5")),
    target("mat", 60, One(Format::Mat), &["mat"], || seeds::gallery("mat")),
    target("mat-7.3", 10, One(Format::Mat), &[], || seeds::gallery("mat 7.3")),
    target("mat-inside", 10, Packed(Format::Mat, seeds::pack_mat), &[], seeds::mat_elements),
    target("wav", 10, One(Format::Wav), &[], || seeds::gallery("wav")),
    target("sigmf", 10, Pair("x.sigmf-meta", "x.sigmf-data"), &[], seeds::sigmf),
    target("rs-bin", 10, Pair("x.bin", "x.Wfm.bin"), &[], seeds::rohde_schwarz),
    target("rigol-bin", 10, One(Format::RigolBin), &["rigol_bin"], seeds::rigol_bin),
    target("rigol-wfm", 10, One(Format::RigolWfm), &["rigol_wfm"], || seeds::gallery("wfm ds")),
    target("tek-wfm", 60, One(Format::TekWfm), &["tek_wfm"], seeds::tek_wfm),
    target("tek-isf", 10, One(Format::TekIsf), &["tek_isf"], || seeds::gallery("isf")),
    target("flexdca", 10, One(Format::FlexDca), &[], seeds::flexdca),
    target("yokogawa-wvf", 10, Pair("x.hdr", "x.wvf"), &[], seeds::yokogawa),
    target("siglent-bin", 10, One(Format::SiglentBin), &[], seeds::siglent),
    target("touchstone", 10, Reader::Touchstone, &["touchstone"], seeds::touchstone),
    target("otdr-sor", 10, Reader::Otdr, &["otdr_sor"], seeds::otdr),
    target("osa-csv", 10, Reader::Osa, &[], seeds::osa),
    target("pattern", 10, Reader::Pattern, &["optical_imdd"], seeds::pattern),
];

/// Finds a target by its name.
pub fn by_name(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target is called {name}"))
}

#[test]
fn every_format_is_a_target() {
    for (name, format) in Format::ALL {
        let fuzzed = TARGETS.iter().any(|target| match target.reader {
            One(own) => own == format,
            Reader::Raw => matches!(format, Format::Raw(_)),
            Pair(..) => target.name == name,
            _ => false,
        });
        assert!(fuzzed, "{name} has no line in the table of targets");
    }
}

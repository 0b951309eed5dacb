//! What is inflated is held once, what only claims to be there is not held at all, and names are
//! not copied in full to every segment. Apart from other tests and one after the other: the
//! figure belongs to the whole process.

mod made;

use etalon_captures::{OpenOptions, decode, open};
use etalon_types::WaveformSource;
use made::mat::{Mat, deflate};
use peak_alloc::PeakAlloc;
use std::sync::Mutex;

/// Counts every byte that the process holds.
#[global_allocator]
static METER: PeakAlloc = PeakAlloc;

static ALONE: Mutex<()> = Mutex::new(());

/// The budget of a megabyte is 80 MiB; what is announced within it is only taken when it is
/// there, and taken once.
#[test]
fn regress_inflated_bytes_are_held_once_and_lies_not_at_all() {
    const MIB: usize = 1 << 20;
    let noise: Vec<u8> = (0..MIB as u32)
        .map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let _alone = ALONE.lock();
    let open = |held: usize, announced: u32| {
        let mat = Mat::new(false);
        let mut element = [&mat.word(14)[..], &mat.word(announced - 8)].concat();
        element.extend(&mat.matrix(6, &[announced / 8 - 8, 1], "x", &[])[8..]);
        element.extend([mat.word(9), mat.word(announced - 64)].concat());
        element.resize(held, 0);
        let packed = deflate(&element);
        let tag = [mat.word(15), mat.word(packed.len() as u32)].concat();
        let spare = [mat.word(2), mat.word(MIB as u32)].concat();
        let file = mat
            .with(tag)
            .with(packed)
            .with(spare)
            .with(noise.clone())
            .bytes();
        METER.reset_peak_usage();
        let (before, length) = (METER.current_usage(), file.len());
        let outcome = decode(file, &OpenOptions::default());
        let told = outcome.map(|capture| capture.traces[0].info().samples);
        (
            told.map_err(|e| e.to_string()),
            METER.peak_usage() - before,
            length,
        )
    };
    let (told, grown, length) = open(70 * MIB, 70 << 20);
    assert_eq!(told, Ok((70 << 20) / 8 - 8));
    assert!(grown <= 70 * MIB + MIB, "{grown} of {length}");
    let (told, grown, _) = open(20 * MIB, 70 << 20);
    assert!(told.unwrap_err().contains("20971520 bytes"));
    assert!(grown < MIB, "{grown}");
}

#[test]
fn regress_a_long_name_is_not_copied_in_full_to_every_segment() {
    let _alone = ALONE.lock();
    const BLOCKS: usize = 30_000;
    let name = "N".repeat(10_000);
    let text = format!(
        "//YOKOGAWA ASCII FILE FORMAT\r\n\r\n$PublicInfo\r\nFormatVersion 1.11\r\n\
         Model DL750\r\nEndian Big\r\nDataFormat Trace\r\nGroupNumber 1\r\n\
         TraceTotalNumber 1\r\nDataOffset 0\r\n\r\n$Group1\r\nTraceNumber 1\r\n\
         BlockNumber {BLOCKS}\r\nTraceName {name}\r\nBlockSize 1\r\nVResolution 0.5\r\n\
         VOffset 1.0\r\nVDataType IS1\r\nVUnit V\r\nHResolution 1E-6\r\nHOffset 0\r\n\
         HUnit s\r\n"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.hdr"), text).unwrap();
    std::fs::write(folder.path().join("x.wvf"), [7; BLOCKS]).unwrap();
    METER.reset_peak_usage();
    let before = METER.current_usage();
    let capture = open(&folder.path().join("x.hdr"), &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces.len(), BLOCKS);
    assert!(capture.traces[7].info().channel.starts_with("NNN"));
    let grown = METER.peak_usage() - before;
    assert!(grown < 64 << 20, "{grown}");
}

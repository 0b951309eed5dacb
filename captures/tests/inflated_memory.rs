//! What is inflated is held once, and what only claims to be there is not held at all. Alone in
//! its file: the figure belongs to the whole process.

mod made;

use etalon_captures::{OpenOptions, decode};
use etalon_types::WaveformSource;
use made::mat::{Mat, deflate};
use peak_alloc::PeakAlloc;

/// Counts every byte that the process holds.
#[global_allocator]
static METER: PeakAlloc = PeakAlloc;

/// The budget of a megabyte is 80 MiB; what is announced within it is only taken when it is
/// there, and taken once.
#[test]
fn regress_inflated_bytes_are_held_once_and_lies_not_at_all() {
    const MIB: usize = 1 << 20;
    let noise: Vec<u8> = (0..MIB as u32)
        .map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
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

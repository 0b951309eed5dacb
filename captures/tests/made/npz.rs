//! ZIP archives of NumPy arrays, by the published layouts.

use std::io::Write;

/// How members are put into an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Stored,
    Deflated,
    /// Stored, with every size in 64-bit fields.
    StoredIn64Bits,
}

/// Packs files into an archive.
pub fn zip(packing: Packing, files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let wide = packing == Packing::StoredIn64Bits;
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, plain) in files {
        let (method, packed) = match packing {
            Packing::Deflated => (8_u16, deflate(plain)),
            _ => (0, plain.clone()),
        };
        let mut crc = flate2::Crc::new();
        crc.update(plain);
        let local = archive.len() as u64;
        let mut common = Vec::new();
        for half in [20_u16, 0, method, 0, 0x21] {
            common.extend(half.to_le_bytes());
        }
        common.extend(crc.sum().to_le_bytes());
        for size in [packed.len(), plain.len()] {
            let size = if wide { u32::MAX } else { size as u32 };
            common.extend(size.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        let mut extra = Vec::new();
        if wide {
            // A field of someone else first.
            extra.extend([7, 7, 2, 0, 1, 1, 1, 0, 24, 0]);
            for size in [plain.len() as u64, packed.len() as u64, local] {
                extra.extend(size.to_le_bytes());
            }
        }
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend((extra.len() as u16).to_le_bytes());
        archive.extend(name.as_bytes());
        archive.extend(&extra);
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        let place = if wide { u32::MAX } else { local as u32 };
        directory.extend(place.to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(&extra);
    }
    let (start, size) = (archive.len() as u64, directory.len() as u64);
    archive.extend(directory);
    if wide {
        let record = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(44_u64.to_le_bytes());
        archive.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [files.len() as u64, files.len() as u64, size, start] {
            archive.extend(number.to_le_bytes());
        }
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend(record.to_le_bytes());
        archive.extend(1_u32.to_le_bytes());
    }
    archive.extend(b"PK\x05\x06\0\0\0\0");
    let count = if wide { u16::MAX } else { files.len() as u16 };
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    for number in [size, start] {
        let number = if wide { u32::MAX } else { number as u32 };
        archive.extend(number.to_le_bytes());
    }
    archive.extend([0, 0]);
    archive
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Two channels of 16 bits and one of floats, with a sample interval.
pub fn scope(packing: Packing) -> Vec<u8> {
    let words: Vec<u8> = (0..60_i16).flat_map(i16::to_le_bytes).collect();
    let floats = (0..30_i16).flat_map(|k| (f32::from(k) * 0.5).to_le_bytes());
    let both = super::npy(1, "<i2", false, "(2, 30)", &words);
    let one = super::npy(1, "<f4", false, "(30,)", &floats.collect::<Vec<u8>>());
    let dt = super::npy(1, "<f8", false, "()", &2e-9_f64.to_le_bytes());
    zip(
        packing,
        &[("rx.npy", both), ("ref.npy", one), ("dt.npy", dt)],
    )
}

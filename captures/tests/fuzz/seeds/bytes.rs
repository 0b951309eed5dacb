//! Binary seeds, by the published layouts.

use crate::made::{mat::Mat, mat::deflate, npy, npz};
use crate::otdr_made;

/// A MATLAB file with this element deflated.
pub fn pack_mat(element: &[u8]) -> Vec<u8> {
    // Made here and not by `Mat::deflated`, which expects a whole element.
    let packed = deflate(element);
    let mat = Mat::new(false);
    let tag = [mat.word(15), mat.word(packed.len() as u32)].concat();
    mat.with(tag).with(packed).bytes()
}

/// A NumPy archive with this member deflated, and its true checksum.
pub fn pack_npz(member: &[u8]) -> Vec<u8> {
    npz::zip(npz::Packing::Deflated, &[("rx.npy", member.to_vec())])
}

/// Elements as they are before they are deflated.
pub fn mat_elements() -> Vec<Vec<u8>> {
    let mat = Mat::new(false);
    let column: Vec<f64> = (0..50).map(f64::from).collect();
    let words: Vec<u8> = (0..60_i16).flat_map(i16::to_le_bytes).collect();
    vec![
        mat.matrix(6, &[50, 1], "data", &[(9, mat.doubles(&column))]),
        // Complex numbers, real and imaginary parts apart.
        mat.matrix(6 | 0x800, &[2, 30], "iq", &[(3, words.clone()), (3, words)]),
        mat.matrix(6, &[1, 1], "sampleInterval", &[(9, mat.doubles(&[2e-10]))]),
        mat.matrix(4, &[1, 4], "text", &[(4, vec![65, 0, 66, 0, 67, 0, 68, 0])]),
        npy(1, "<i2", false, "(4,)", &[0; 8]),
    ]
}

/// An OTDR file of either version.
pub fn otdr() -> Vec<Vec<u8>> {
    let made = |second| otdr_made::Made {
        second,
        ..Default::default()
    };
    vec![made(true).bytes(), made(false).bytes()]
}

/// A file under the pen.
struct Pen(Vec<u8>);

impl Pen {
    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn word(self, at: usize, word: u32) -> Self {
        self.put(at, &word.to_le_bytes())
    }

    fn float(self, at: usize, value: f64) -> Self {
        self.put(at, &value.to_le_bytes())
    }

    /// A value with a power of a thousand: 7 is milli, 8 one, 10 mega.
    fn value(self, at: usize, value: f64, power: u32) -> Self {
        self.float(at, value).word(at + 8, power)
    }
}

/// Siglent files of versions 1, 2 and 6.
pub fn siglent() -> Vec<Vec<u8>> {
    let one = Pen(vec![0x80; 0x800 + 64])
        .put(0, &[0; 0x800])
        .word(0, 1)
        .value(0x10, 500.0, 7)
        .value(0x50, 0.0, 8)
        .value(0xd4, 100.0, 5)
        .word(0xf4, 64)
        .value(0xf8, 50.0, 10);
    let two = Pen(vec![0x90; 0x800 + 64])
        .put(0, &[0; 0x800])
        .word(0, 2)
        .word(4, 1)
        .value(0x14, 500.0, 7)
        .value(0xb4, 0.0, 8)
        .value(0x198, 100.0, 5)
        .word(0x1e8, 64)
        .value(0x1ec, 50.0, 10);
    let record = Pen(vec![0; 268 + 8])
        .word(4, 264)
        .put(16, b"C1")
        .float(96, 10.0)
        .float(104, 1e-9)
        .put(144, b"s")
        .float(176, 32_768.0)
        .float(184, 0.001)
        .put(224, b"A")
        .word(240, 4)
        .put(248, &4_u64.to_le_bytes())
        .put(256, &8_u64.to_le_bytes());
    let six = Pen(vec![0; 112])
        .word(0, 6)
        .put(4, &112_u16.to_le_bytes())
        .put(8, b"SDS1002X-E")
        .word(104, 2);
    let six = [six.0, record.0.clone(), record.0].concat();
    vec![one.0, two.0, six]
}

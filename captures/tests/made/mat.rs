//! MATLAB files of level 5 by the published layout, in both byte orders.

use std::io::Write;

/// A file of variables.
pub struct Mat {
    pub big_endian: bool,
    body: Vec<u8>,
}

impl Mat {
    pub fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            body: Vec::new(),
        }
    }

    pub fn word(&self, value: u32) -> [u8; 4] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// A data element with its padding; up to four bytes go into the tag.
    pub fn element(&self, kind: u32, data: &[u8]) -> Vec<u8> {
        let size = data.len() as u32;
        let mut out = if (1..=4).contains(&data.len()) {
            self.word(size << 16 | kind).to_vec()
        } else {
            [self.word(kind), self.word(size)].concat()
        };
        out.extend(data);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    /// A matrix element: class with flags, dimensions, name, parts as (type, bytes).
    pub fn matrix(
        &self,
        class: u32,
        dimensions: &[u32],
        name: &str,
        parts: &[(u32, Vec<u8>)],
    ) -> Vec<u8> {
        let flags = [self.word(class), self.word(0)].concat();
        let axes: Vec<u8> = dimensions.iter().flat_map(|&n| self.word(n)).collect();
        let mut inner = self.element(6, &flags);
        inner.extend(self.element(5, &axes));
        inner.extend(self.element(1, name.as_bytes()));
        for (kind, data) in parts {
            inner.extend(self.element(*kind, data));
        }
        [&self.word(14)[..], &self.word(inner.len() as u32), &inner].concat()
    }

    pub fn doubles(&self, values: &[f64]) -> Vec<u8> {
        let swap = |x: &f64| match self.big_endian {
            true => x.to_be_bytes(),
            false => x.to_le_bytes(),
        };
        values.iter().flat_map(swap).collect()
    }

    /// Adds bytes as they are.
    pub fn with(mut self, element: Vec<u8>) -> Self {
        self.body.extend(element);
        self
    }

    /// Adds a plain variable.
    pub fn variable(
        self,
        class: u32,
        dimensions: &[u32],
        name: &str,
        parts: &[(u32, Vec<u8>)],
    ) -> Self {
        let matrix = self.matrix(class, dimensions, name, parts);
        self.with(matrix)
    }

    /// Adds one double.
    pub fn number(self, name: &str, value: f64) -> Self {
        let data = self.doubles(&[value]);
        self.variable(6, &[1, 1], name, &[(9, data)])
    }

    /// Adds an element that is deflated, without padding.
    pub fn deflated(self, element: &[u8]) -> Self {
        let packed = deflate(element);
        let tag = [self.word(15), self.word(packed.len() as u32)].concat();
        self.with(tag).with(packed)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = b"MATLAB 5.0 MAT-file, made by hand".to_vec();
        file.resize(116, b' ');
        file.extend([0; 8]);
        file.extend(if self.big_endian {
            b"\x01\x00MI"
        } else {
            b"\x00\x01IM"
        });
        file.extend(&self.body);
        file
    }
}

/// Deflates in zlib's wrapping.
pub fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A file as an oscilloscope's export, plain or deflated.
pub fn scope(big_endian: bool, packed: bool) -> Mat {
    let mat = Mat::new(big_endian)
        .number("recordLength", 50.0)
        .number("sampleInterval", 2.5e-10)
        .number("zeroIndex", 20.0);
    let values: Vec<f64> = (0..50).map(|k| f64::from(k) * 0.25 - 3.0).collect();
    let data = mat.matrix(6, &[50, 1], "data", &[(9, mat.doubles(&values))]);
    if packed {
        mat.deflated(&data)
    } else {
        mat.with(data)
    }
}

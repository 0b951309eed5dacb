//! Tektronix files field by field, in the order of the published layout.

/// A `.wfm` of one frame or a FastFrame set.
#[derive(Clone)]
pub struct Wfm {
    pub big_endian: bool,
    pub version: u8,
    pub colon: bool,
    /// Type code of the samples, and bytes of each.
    pub format: (i32, u8),
    pub storage: i32,
    pub record_type: i32,
    pub set_type: i32,
    pub base: i32,
    pub header_size: u16,
    pub label: &'static str,
    pub summary: u16,
    /// Implicit dimension 1 and 2.
    pub record_length: [u32; 2],
    /// Bytes of pre-charge and of post-charge in front of and behind each frame.
    pub charge: (u32, u32),
    /// Whether the curve objects of later frames are filled in.
    pub all_spans: bool,
    /// Seconds, fraction, samples as little-endian bytes in whole samples.
    pub frames: Vec<(i32, f64, Vec<u8>)>,
    pub metadata: Vec<u8>,
}

impl Wfm {
    pub const SCALE: f64 = 0.25;
    pub const OFFSET: f64 = -3.0;
    pub const T0: f64 = -2e-9;
    pub const STEP: f64 = 4e-11;

    /// One frame of int16 samples, version 3, little-endian.
    pub fn words(samples: &[i16]) -> Self {
        let raw: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self {
            big_endian: false,
            version: 3,
            colon: true,
            format: (0, 2),
            storage: 0,
            record_type: 2,
            set_type: 0,
            base: 0,
            header_size: 512,
            label: "",
            summary: 0,
            record_length: [samples.len() as u32, 0],
            charge: (64, 64),
            all_spans: false,
            frames: vec![(0, 0.0, raw)],
            metadata: Vec::new(),
        }
    }

    /// A set of three frames with their triggers.
    pub fn fast_frame() -> Self {
        let frame = |k: i32| {
            let raw = (0..40_i16).flat_map(|i| (i * 3 + 100 * k as i16).to_le_bytes());
            (
                1_537_384_245 + k / 2,
                0.75 - 0.25 * f64::from(k % 2),
                raw.collect(),
            )
        };
        Self {
            set_type: 1,
            frames: (0..3).map(frame).collect(),
            ..Self::words(&[0; 40])
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Out {
            bytes: Vec::new(),
            big_endian: self.big_endian,
        };
        let mark = if self.big_endian { 0xf0 } else { 0x0f };
        out.raw(&[mark, mark]);
        let name = format!(
            "{}WFM#00{}",
            if self.colon { ":" } else { "" },
            self.version
        );
        out.text(&name, 8);
        let frame_bytes = |raw: &[u8]| self.charge.0 + raw.len() as u32 + self.charge.1;
        let curve: u32 = self.frames.iter().map(|f| frame_bytes(&f.2)).sum();
        let further = self.frames.len() as u32 - 1;
        let fixed = match self.version {
            1 => 820,
            2 => 822,
            _ => 838,
        };
        let curve_offset = fixed + 54 * further;
        out.raw(&[9]);
        out.i32((curve_offset + curve + 8 - 15) as i32);
        out.raw(&[self.format.1]);
        out.i32(curve_offset as i32);
        out.i32(1);
        out.f32(0.0);
        out.f64(1.0);
        out.f32(0.0);
        out.text(self.label, 32);
        out.u32(further);
        out.u16(self.header_size);
        self.header(&mut out);
        assert_eq!(out.bytes.len(), fixed as usize);
        for (seconds, fraction, _) in &self.frames[1..] {
            out.update(*seconds, *fraction);
        }
        for (_, _, raw) in &self.frames[1..] {
            if self.all_spans {
                out.span(self.charge, raw.len() as u32);
            } else {
                out.raw(&[0; 30]);
            }
        }
        assert_eq!(out.bytes.len(), curve_offset as usize);
        for (_, _, raw) in &self.frames {
            // Charges are filled with a value that no test expects.
            out.raw(&vec![0x7f; self.charge.0 as usize]);
            for cell in raw.chunks(usize::from(self.format.1)) {
                out.number(cell);
            }
            out.raw(&vec![0x7f; self.charge.1 as usize]);
        }
        let sum: u64 = out.bytes.iter().map(|&b| u64::from(b)).sum();
        out.number(&sum.to_le_bytes());
        out.raw(&self.metadata);
        out.bytes
    }

    fn header(&self, out: &mut Out) {
        out.i32(self.set_type);
        out.u32(1);
        out.raw(&[0; 16]); // counters
        out.i32(5);
        out.i32(0);
        out.u32(self.frames.len() as u32);
        out.u32(1);
        out.u32(1);
        out.i32(self.record_type);
        out.raw(&[0; 8]);
        out.u32(1);
        out.u32(1);
        out.u32(1);
        out.u32(self.frames.len() as u32);
        out.u32(self.frames.len() as u32);
        if self.version > 1 {
            out.u16(self.summary);
        }
        out.i32(0);
        out.raw(&[0; 8]);
        let view = if self.version == 3 { 60 } else { 56 };
        let explicit = |out: &mut Out, scale: f64, offset: f64, unit: &str, codes: (i32, i32)| {
            out.f64(scale);
            out.f64(offset);
            out.u32(0);
            out.text(unit, 20);
            out.raw(&[0; 32]);
            out.i32(codes.0);
            out.i32(codes.1);
            out.raw(&[0; 20]);
            out.raw(&vec![0; view]);
        };
        let codes = (self.format.0, self.storage);
        explicit(out, Self::SCALE, Self::OFFSET, "Volts", codes);
        explicit(out, 0.0, 0.0, "", (9, 6));
        let implicit = |out: &mut Out, step: f64, origin: f64, size: u32, unit: &str| {
            out.f64(step);
            out.f64(origin);
            out.u32(size);
            out.text(unit, 20);
            out.raw(&[0; 32]);
            out.u32(1);
            out.raw(&vec![0; view]);
        };
        implicit(out, Self::STEP, Self::T0, self.record_length[0], "s");
        implicit(out, 0.0, 0.0, self.record_length[1], "");
        for (spacing, sweep, base) in [(1, 1, self.base), (0, 3, 3)] {
            out.u32(spacing);
            out.i32(sweep);
            out.i32(base);
        }
        let (seconds, fraction, raw) = &self.frames[0];
        out.update(*seconds, *fraction);
        out.span(self.charge, raw.len() as u32);
    }
}

struct Out {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Out {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Takes a number's little-endian bytes.
    fn number(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        if self.big_endian {
            bytes.reverse();
        }
        self.bytes.extend(bytes);
    }

    fn u16(&mut self, x: u16) {
        self.number(&x.to_le_bytes());
    }

    fn u32(&mut self, x: u32) {
        self.number(&x.to_le_bytes());
    }

    fn i32(&mut self, x: i32) {
        self.number(&x.to_le_bytes());
    }

    fn f32(&mut self, x: f32) {
        self.number(&x.to_le_bytes());
    }

    fn f64(&mut self, x: f64) {
        self.number(&x.to_le_bytes());
    }

    fn text(&mut self, text: &str, width: usize) {
        let mut field = text.as_bytes().to_vec();
        field.resize(width, 0);
        self.raw(&field);
    }

    fn update(&mut self, seconds: i32, fraction: f64) {
        self.u32(0);
        self.f64(0.5);
        self.f64(fraction);
        self.i32(seconds);
    }

    fn span(&mut self, charge: (u32, u32), length: u32) {
        self.u32(162);
        self.i32(0);
        self.u16(0);
        let end = charge.0 + length + charge.1;
        for offset in [0, charge.0, charge.0 + length, end, end] {
            self.u32(offset);
        }
    }
}

/// Metadata: `tekmeta!` and entries of a name, a type code and a value.
pub fn metadata(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut bytes = b"tekmeta!".to_vec();
    bytes.extend((entries.len() as u32).to_le_bytes());
    for (name, code, value) in entries {
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.push(*code);
        bytes.extend(*value);
    }
    bytes
}

/// An `.isf` with these keys before its block.
pub fn isf(preamble: &str, block: &[u8]) -> Vec<u8> {
    let digits = block.len().to_string();
    let mut bytes = format!("{preamble}#{}{digits}", digits.len()).into_bytes();
    bytes.extend(block);
    bytes
}

/// Small files of both kinds.
pub fn gallery() -> Vec<(&'static str, Vec<u8>)> {
    let words: Vec<i16> = (0..200).map(|i| i * 7 - 300).collect();
    let one = Wfm::words(&words);
    let meta = metadata(&[("yOffset", 3, &[0; 8]), ("interpFactor", 2, &[2, 0, 0, 0])]);
    let block: Vec<u8> = words.iter().flat_map(|x| x.to_be_bytes()).collect();
    vec![
        (
            "wfm",
            Wfm {
                metadata: meta,
                ..one.clone()
            }
            .bytes(),
        ),
        (
            "wfm big-endian",
            Wfm {
                big_endian: true,
                version: 1,
                ..one
            }
            .bytes(),
        ),
        ("wfm FastFrame", Wfm::fast_frame().bytes()),
        (
            "isf",
            isf(
                ":WFMPRE:BYT_NR 2;BIT_NR 16;ENCDG BINARY;BN_FMT RI;BYT_OR MSB;NR_PT 200;\
                 WFID \"Ch1, DC\";PT_FMT Y;XINCR 1.0E-9;XZERO -1E-7;PT_OFF 3;YUNIT \"V\";\
                 YMULT 2.5E-1;YOFF 4;YZERO 0.5;:CURVE ",
                &block,
            ),
        ),
        (
            "isf envelope",
            isf(
                ":WFMP:BYT_N 1;BIT_N 8;ENC BIN;BN_F RP;BYT_O LSB;NR_P 400;PT_F ENV;XIN 1E-9;\
                 YMU 1;YOF 0;YZE 0;:CURV ",
                &block,
            ),
        ),
    ]
}

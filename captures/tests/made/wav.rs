//! WAV files by the published layout.

/// A file of one `fmt ` and one `data` chunk.
#[derive(Clone)]
pub struct Wav {
    pub magic: [u8; 4],
    pub tag: u16,
    pub channels: u16,
    pub rate: u32,
    pub bits: u16,
    /// Bytes of one channel's sample.
    pub width: u16,
    /// What follows the 16 bytes of `fmt `.
    pub extension: Vec<u8>,
    /// Name and contents of chunks before `data`.
    pub others: Vec<([u8; 4], Vec<u8>)>,
    pub data: Vec<u8>,
    /// Overrides the announced size of `data`.
    pub data_size: Option<u32>,
}

impl Wav {
    pub fn new(tag: u16, bits: u16, channels: u16, data: Vec<u8>) -> Self {
        Self {
            magic: *b"RIFF",
            tag,
            channels,
            rate: 48_000,
            bits,
            width: bits.div_ceil(8),
            extension: Vec::new(),
            others: Vec::new(),
            data,
            data_size: None,
        }
    }

    fn word(&self, value: u32) -> [u8; 4] {
        if &self.magic == b"RIFX" {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn half(&self, value: u16) -> [u8; 2] {
        if &self.magic == b"RIFX" {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn chunk(&self, name: &[u8; 4], contents: &[u8], size: Option<u32>) -> Vec<u8> {
        let size = size.unwrap_or(contents.len() as u32);
        let mut out = [&name[..], &self.word(size), contents].concat();
        out.resize(out.len().next_multiple_of(2), 0);
        out
    }

    pub fn bytes(&self) -> Vec<u8> {
        let frame = self.width * self.channels;
        let mut format = self.half(self.tag).to_vec();
        format.extend(self.half(self.channels));
        format.extend(self.word(self.rate));
        format.extend(self.word(self.rate.wrapping_mul(u32::from(frame))));
        format.extend(self.half(frame));
        format.extend(self.half(self.bits));
        format.extend(&self.extension);
        let long = matches!(&self.magic, b"RF64" | b"BW64");
        let mut body = b"WAVE".to_vec();
        if long {
            let mut sizes = [0_u8; 28];
            sizes[8..16].copy_from_slice(&(self.data.len() as u64).to_le_bytes());
            body.extend(self.chunk(b"ds64", &sizes, None));
        }
        body.extend(self.chunk(b"fmt ", &format, None));
        for (name, contents) in &self.others {
            body.extend(self.chunk(name, contents, None));
        }
        let size = self.data_size.or(long.then_some(u32::MAX));
        body.extend(self.chunk(b"data", &self.data, size));
        let total = if long { u32::MAX } else { body.len() as u32 };
        [&self.magic[..], &self.word(total), &body].concat()
    }
}

/// 32 frames of two channels of 16 bits.
pub fn stereo(magic: &[u8; 4]) -> Wav {
    let swap = |x: i16| match magic {
        b"RIFX" => x.to_be_bytes(),
        _ => x.to_le_bytes(),
    };
    let frames = (0..32_i16).flat_map(|k| [swap(k * 1024), swap(-k)].concat());
    Wav {
        magic: *magic,
        ..Wav::new(1, 16, 2, frames.collect())
    }
}

//! WAV: RIFF, its big-endian twin RIFX, and RF64/BW64 for more than 4 GiB.
//!
//! Layout: `RIFF`, 32-bit size, `WAVE`, then chunks of a four-letter name, a 32-bit size and
//! data padded to an even length. `fmt ` says how samples are stored, `data` holds them, one
//! frame of all channels after the other. RF64 puts 0xffffffff into 32-bit sizes and the true
//! ones into the chunk `ds64`. A format tag of 0xfffe (extensible) has the true tag in a GUID.
//! Integers of 8 (unsigned), 16, 24 and 32 bits and floats of 32 and 64 bits are read where
//! they lie. Integers are given as parts of full scale, -1 to 1: a WAV file knows no volts.
//! Fewer bits than the bytes hold (12 in 16) are at the upper end of the word and need nothing.
//!
//! Source: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0";
//! Microsoft, WAVEFORMATEXTENSIBLE; EBU Tech 3306 (RF64) and ITU-R BS.2088 (BW64).
//!
//! What real files do: writers to a pipe leave sizes of 0 or 0xffffffff, and many get the total
//! wrong. A wrong total is a warning; a `data` chunk without a size reaches to the end of the
//! file, with a warning; one that is longer than the file is an error. No real capture
//! seen; files of Python and SciPy are, but none of RIFX, RF64 and BW64.
//!
//! What breaks it: compressed samples (A-law, ADPCM, MP3), which are refused by name.

use crate::bytes::{Block, Bytes, excerpt};
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};

const FORMAT: &str = "wav";
/// A 32-bit size that stands for one elsewhere, or for none.
const NO_SIZE: u64 = 0xffff_ffff;
/// Bytes of a chunk's name and size.
const CHUNK_HEADER: u64 = 8;
/// More chunks than this before the samples are a damaged file.
const CHUNK_LIMIT: u64 = 4096;
/// What follows the format tag in the GUID of an extensible format.
const GUID_TAIL: &[u8] = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";

pub(crate) fn probe(head: &[u8]) -> Score {
    let family = matches!(head.get(..4), Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64"));
    if family && head.get(8..12) == Some(b"WAVE") {
        Score::Signature
    } else {
        Score::No
    }
}

/// How frames are stored, from `fmt `.
struct Frames {
    cell: Cell,
    channels: u64,
    /// Bytes of one frame.
    stride: u64,
    rate_hz: u32,
}

/// What has been found on the way through the chunks.
#[derive(Default)]
struct Chunks {
    frames: Option<Frames>,
    /// 64-bit size of `data`.
    long_size: Option<u64>,
    warnings: Vec<String>,
}

/// Describes a file as one trace for each channel.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let head = bytes.block(FORMAT, "file header", 0, 12)?;
    if probe(&head.bytes) == Score::No {
        let (expected, found) = ("`RIFF....WAVE`", excerpt(&head.bytes));
        return Err(Error::malformed(FORMAT, 0, "magic", expected, found));
    }
    let order = match &head.bytes[..4] {
        b"RIFX" => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let mut chunks = Chunks::default();
    chunks.total(&with_order(head, order), bytes.len());
    let mut place = 12;
    for _ in 0..CHUNK_LIMIT {
        let name = "chunk header (no `data` chunk so far)";
        let head = with_order(bytes.block(FORMAT, name, place, 8)?, order);
        let (start, size) = (place + CHUNK_HEADER, u64::from(head.u32(4)));
        match &head.bytes[..4] {
            b"data" => {
                let length = chunks.data_length(bytes, start, size)?;
                return chunks.into_capture(bytes, order, start, length);
            }
            b"fmt " => {
                bytes.require(FORMAT, "`fmt ` chunk", start, size)?;
                let width = size.min(40) as usize;
                let format = bytes.block(FORMAT, "`fmt ` chunk", start, width)?;
                chunks.frames = Some(frames(&with_order(format, order))?);
            }
            b"ds64" => {
                let sizes = bytes.block(FORMAT, "`ds64` chunk", start, 24)?;
                chunks.long_size = Some(with_order(sizes, order).u64(8));
            }
            other => bytes.require(FORMAT, &format!("chunk {}", excerpt(other)), start, size)?,
        }
        place = start + size + size % 2;
    }
    Err(Error::Limit {
        format: FORMAT,
        field: "chunks before the samples".into(),
        limit: CHUNK_LIMIT,
        found: CHUNK_LIMIT + 1,
    })
}

fn with_order(mut block: Block, order: ByteOrder) -> Block {
    block.order = order;
    block
}

impl Chunks {
    /// Holds the announced total against the file.
    fn total(&mut self, head: &Block, length: u64) {
        let announced = u64::from(head.u32(4));
        let unknown = announced == 0 || announced == NO_SIZE;
        // An odd last chunk may or may not be padded.
        if !unknown && (announced + 8).abs_diff(length) > 1 {
            self.warnings.push(format!(
                "the header says {} bytes, the file has {length}",
                announced + 8
            ));
        }
    }

    /// Finds how long the samples are; they lie within the file.
    fn data_length(&mut self, bytes: &Bytes, start: u64, size: u64) -> Result<u64, Error> {
        let rest = bytes.len().saturating_sub(start);
        let size = match (size, self.long_size) {
            (NO_SIZE, Some(long)) => long,
            (0 | NO_SIZE, None) if rest > 0 => {
                self.warnings.push(format!(
                    "the samples have no size; all {rest} bytes to the end are taken"
                ));
                rest
            }
            (size, _) => size,
        };
        bytes.require(FORMAT, "`data` chunk", start, size)?;
        Ok(size)
    }

    fn into_capture(
        mut self,
        bytes: &Bytes,
        order: ByteOrder,
        start: u64,
        length: u64,
    ) -> Result<Capture, Error> {
        let Some(frames) = self.frames else {
            let (expected, found) = ("`fmt ` before `data`", "none");
            return Err(Error::malformed(FORMAT, start, "chunks", expected, found));
        };
        let samples = length / frames.stride;
        if samples == 0 {
            let expected = format!("at least one frame of {} bytes", frames.stride);
            let found = format!("{length} bytes");
            return Err(Error::malformed(
                FORMAT,
                start,
                "`data` chunk",
                expected,
                found,
            ));
        }
        let extra = length % frames.stride;
        if extra > 0 {
            self.warnings
                .push(format!("{extra} bytes of an unfinished frame are left out"));
        }
        if frames.rate_hz == 0 {
            self.warnings.push("the sample rate is 0".into());
        }
        let traces = (0..frames.channels).map(|k| {
            let mut info = bare_info(FORMAT, samples);
            info.channel = (k + 1).to_string();
            info.sample_interval_s = (frames.rate_hz > 0).then(|| 1.0 / f64::from(frames.rate_hz));
            (info.scale, info.offset) = match frames.cell {
                Cell::U8 => (1.0 / 128.0, -1.0),
                Cell::I16 => (1.0 / 32_768.0, 0.0),
                Cell::I24 => (1.0 / 8_388_608.0, 0.0),
                Cell::I32 => (1.0 / 2_147_483_648.0, 0.0),
                _ => (1.0, 0.0),
            };
            let stored = Stored {
                bytes: bytes.clone(),
                first_byte: start + k * frames.cell.width(),
                stride: frames.stride,
                cell: frames.cell,
                order,
            };
            Trace::stored(info, stored)
        });
        Ok(Capture {
            format: FORMAT,
            traces: traces.collect(),
            warnings: self.warnings,
        })
    }
}

/// Reads the contents of `fmt `.
fn frames(format: &Block) -> Result<Frames, Error> {
    const LEAST: usize = 16;
    if format.bytes.len() < LEAST {
        let expected = format!("at least {LEAST} bytes");
        let found = format!("{} bytes", format.bytes.len());
        let place = format.place(0);
        return Err(Error::malformed(
            FORMAT,
            place,
            "`fmt ` chunk",
            expected,
            found,
        ));
    }
    let (channels, stride) = (u64::from(format.u16(2)), u64::from(format.u16(12)));
    let bits = format.u16(14);
    if channels == 0 || stride == 0 || stride % channels != 0 {
        let expected = "one channel or more, and a frame that they share evenly";
        let found = format!("{channels} channels in {stride} bytes");
        let field = "channels and frame size";
        return Err(Error::malformed(
            FORMAT,
            format.place(2),
            field,
            expected,
            found,
        ));
    }
    let tag = tag(format)?;
    let width = stride / channels;
    let cell = match (tag, width) {
        (1, 1) => Cell::U8,
        (1, 2) => Cell::I16,
        (1, 3) => Cell::I24,
        (1, 4) => Cell::I32,
        (3, 4) => Cell::F32,
        (3, 8) => Cell::F64,
        (1 | 3, _) => {
            return Err(refuse(format!(
                "samples of {bits} bits in {width} bytes (format tag {tag})"
            )));
        }
        _ => return Err(refuse(named(tag))),
    };
    // Bits say how many of the bytes are used; more than fit is a damaged header.
    if bits == 0 || u64::from(bits) > 8 * width {
        let expected = format!("1 to {} for {width} bytes", 8 * width);
        let (place, found) = (format.place(14), bits.to_string());
        return Err(Error::malformed(
            FORMAT,
            place,
            "bits per sample",
            expected,
            found,
        ));
    }
    Ok(Frames {
        cell,
        channels,
        stride,
        rate_hz: format.u32(4),
    })
}

/// Returns the format tag, of an extensible format the one in its GUID.
fn tag(format: &Block) -> Result<u32, Error> {
    const EXTENSIBLE: u16 = 0xfffe;
    let tag = format.u16(0);
    if tag != EXTENSIBLE {
        return Ok(u32::from(tag));
    }
    let tail = format.bytes.get(26..40).unwrap_or(&[]);
    // The GUID's first field has the file's byte order, and 32 bits; the rest is bytes and words
    // that big-endian writers turn as well.
    let known = tail == GUID_TAIL || format.order == ByteOrder::Big && tail.len() == 14;
    if !known {
        return Err(refuse(format!("an extensible format {}", excerpt(tail))));
    }
    Ok(match format.order {
        ByteOrder::Little => u32::from(format.u16(24)),
        ByteOrder::Big => format.u32(24),
    })
}

fn named(tag: u32) -> String {
    let name = match tag {
        2 | 0x11 => "ADPCM",
        6 => "A-law",
        7 => "mu-law",
        0x50 | 0x55 => "MPEG audio",
        _ => return format!("format tag 0x{tag:04x}"),
    };
    format!("{name} (format tag 0x{tag:04x})")
}

fn refuse(found: String) -> Error {
    let hint = "save it as PCM of 8, 16, 24 or 32 bits, or as floats of 32 or 64 bits";
    Error::unsupported("WAV", found, hint)
}

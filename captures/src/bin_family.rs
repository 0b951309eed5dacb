//! The layout that Keysight `.bin` and Rigol `.bin` files share; [`Dialect`] says how they differ.
//!
//! A file header (cookie, two digits, file size, number of waveforms), then for each waveform a
//! header and one or more buffers, each with its own header. Version 03 keeps sizes in 64 bits.
//! Each segment of a segmented acquisition is one more waveform with its own time tag; Peak
//! Detect has two buffers, which become two channels (`1 max`, `1 min`).
//!
//! Header sizes are taken from the file; its total size and the buffers' padding are known to
//! lie on some instruments, so that a wrong total is a warning and a buffer that does not fit is
//! an error.

use crate::bytes::{Block, Bytes, excerpt};
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;
use std::collections::HashMap;

/// Bytes of a waveform header up to and with the segment index.
pub(crate) const WAVEFORM_HEADER: u64 = 140;
/// Bytes of the shortest buffer header.
const BUFFER_HEADER: u64 = 12;
/// Instruments with this many segments write one file for each.
const WAVEFORM_LIMIT: u64 = 65_536;
/// Minimum, maximum, time and counts are the most that a waveform has.
const BUFFER_LIMIT: u64 = 16;

/// What a waveform header's origin means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The time of the first sample.
    FirstSample,
    /// The time from the first sample to the trigger.
    UntilTrigger,
}

/// How one vendor uses the layout.
pub(crate) struct Dialect {
    pub(crate) format: &'static str,
    /// Name in errors, such as `Keysight .bin`.
    pub(crate) title: &'static str,
    /// Two letters at the start of the file.
    pub(crate) cookie: &'static [u8; 2],
    /// Versions with sizes of 32 and of 64 bits.
    pub(crate) narrow: &'static [&'static [u8; 2]],
    pub(crate) wide: &'static [&'static [u8; 2]],
    /// Shortest waveform header.
    pub(crate) waveform_header: u64,
    pub(crate) origin: Origin,
    /// Maps a buffer's type and bytes per point to its element.
    pub(crate) cell: fn(u16, u64) -> Option<Cell>,
    /// Describes what `cell` takes.
    pub(crate) cells: &'static str,
}

impl Dialect {
    pub(crate) fn probe(&self, head: &[u8]) -> Score {
        let digits = head
            .get(2..4)
            .is_some_and(|v| v.iter().all(u8::is_ascii_digit));
        if head.starts_with(self.cookie) && digits {
            Score::Signature
        } else {
            Score::No
        }
    }

    /// Describes a file as traces, in file order.
    pub(crate) fn read(&self, bytes: &Bytes) -> Result<Capture, Error> {
        let mut reader = Reader {
            dialect: self,
            bytes,
            wide: false,
            segments: Segments::default(),
            traces: Vec::new(),
            warnings: Vec::new(),
        };
        let (mut place, waveforms) = reader.file_header()?;
        for number in 1..=waveforms {
            place = reader.waveform(number, place)?;
        }
        let Reader {
            traces,
            mut warnings,
            ..
        } = reader;
        if place < bytes.len() {
            warnings.push(format!(
                "{} bytes after the last buffer are left out",
                bytes.len() - place
            ));
        }
        if traces.is_empty() {
            return Err(Error::unsupported(
                self.title,
                "no waveform over time (only spectra or histograms)",
                "save a channel or a time-domain function",
            ));
        }
        Ok(Capture {
            format: self.format,
            warnings,
            traces,
        })
    }

    fn refuse(
        &self,
        place: u64,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Error {
        Error::malformed(self.format, place, field, expected, found.to_string())
    }

    fn version(&self, version: &[u8]) -> String {
        let all = [self.cookie.as_slice(), version].concat();
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// Counts the segments of each channel and remembers the first one's time tag.
#[derive(Default)]
struct Segments(HashMap<(String, u32), (usize, f64)>);

impl Segments {
    fn place(&mut self, info: &mut WaveformInfo, kind: u32, index: u32, time_tag_s: f64) {
        if index == 0 {
            return;
        }
        let first = self
            .0
            .entry((info.channel.clone(), kind))
            .or_insert((0, time_tag_s));
        info.segment = first.0;
        first.0 += 1;
        if time_tag_s.is_finite() && first.1.is_finite() {
            info.trigger_time_s = Some(time_tag_s - first.1);
        }
    }
}

struct Reader<'a> {
    dialect: &'a Dialect,
    bytes: &'a Bytes,
    wide: bool,
    segments: Segments,
    traces: Vec<Trace>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    /// Returns where the first waveform begins and how many there are.
    fn file_header(&mut self) -> Result<(u64, u64), Error> {
        let Dialect { format, .. } = *self.dialect;
        let head = self.bytes.block(format, "file header", 0, 12)?;
        let version = &head.bytes[2..4];
        let among = |list: &[&[u8; 2]]| list.iter().any(|known| known.as_slice() == version);
        self.wide = among(self.dialect.wide);
        if self.dialect.probe(&head.bytes) == Score::No {
            let expected = format!("`{}`", self.dialect.version(self.dialect.narrow[0]));
            let found = excerpt(&head.bytes[..4]);
            return Err(self.dialect.refuse(0, "cookie", expected, found));
        }
        if !self.wide && !among(self.dialect.narrow) {
            let known = self.dialect.narrow.iter().chain(self.dialect.wide);
            let known: Vec<String> = known.map(|v| self.dialect.version(*v)).collect();
            return Err(Error::unsupported(
                self.dialect.title,
                format!("version {}", excerpt(&head.bytes[..4])),
                format!("versions {} are read; save it as CSV", known.join(", ")),
            ));
        }
        let length = if self.wide { 16 } else { 12 };
        let head = self.bytes.block(format, "file header", 0, length)?;
        let (size, waveforms, at) = if self.wide {
            (head.u64(4), u64::from(head.u32(12)), 12)
        } else {
            (u64::from(head.u32(4)), u64::from(head.u32(8)), 8)
        };
        if size != self.bytes.len() {
            self.warnings.push(format!(
                "the header says {size} bytes, the file has {}",
                self.bytes.len()
            ));
        }
        if waveforms > WAVEFORM_LIMIT {
            return Err(Error::Limit {
                format,
                field: "number of waveforms".into(),
                limit: WAVEFORM_LIMIT,
                found: waveforms,
            });
        }
        let least = self.dialect.waveform_header + BUFFER_HEADER;
        let room = (self.bytes.len() - length as u64) / least;
        if waveforms == 0 || waveforms > room {
            let expected = format!("1 to {room} in a file of {} bytes", self.bytes.len());
            let field = "number of waveforms";
            return Err(self.dialect.refuse(at, field, expected, waveforms));
        }
        Ok((length as u64, waveforms))
    }

    /// Reads one waveform's header and buffer headers; returns where the next one begins.
    fn waveform(&mut self, number: u64, start: u64) -> Result<u64, Error> {
        let name = format!("header of waveform {number}");
        let Dialect {
            format,
            waveform_header: least,
            ..
        } = *self.dialect;
        let head = self.bytes.block(format, &name, start, least as usize)?;
        let size = u64::from(head.u32(0));
        if size < least {
            let (field, expected) = (
                format!("{name}, header size"),
                format!("at least {least} bytes"),
            );
            return Err(self.dialect.refuse(start, field, expected, size));
        }
        self.bytes.require(format, &name, start, size)?;
        let read = size.min(WAVEFORM_HEADER) as usize;
        let head = self.bytes.block(format, &name, start, read)?;
        let (buffers, points) = self.counts(&head, &name)?;
        let (mut info, time_axis) = self.describe(&head, number, points);
        let mut place = start + size;
        for buffer in 1..=buffers {
            let name = format!("buffer {buffer} of waveform {number}");
            let (stored, kind, next) = self.buffer_at(&name, place, points)?;
            place = next;
            let mut info = info.clone();
            if buffers > 1 {
                let suffix = match kind {
                    2 => "max".to_string(),
                    3 => "min".to_string(),
                    _ => format!("buffer {buffer}"),
                };
                info.channel = format!("{} {suffix}", info.channel);
            }
            if size >= WAVEFORM_HEADER {
                let (index, tag_s) = (head.u32(136), head.f64(128));
                self.segments.place(&mut info, kind, index, tag_s);
            }
            if time_axis {
                self.traces.push(Trace::stored(info, stored));
            }
        }
        if !time_axis {
            info.channel.insert_str(0, "channel ");
            self.warnings
                .push(format!("{} is not over time and is left out", info.channel));
        }
        Ok(place)
    }

    /// Returns the number of buffers and of points in each.
    fn counts(&self, head: &Block, name: &str) -> Result<(u64, u64), Error> {
        let (buffers, points) = (u64::from(head.u32(8)), u64::from(head.u32(12)));
        if buffers == 0 || buffers > BUFFER_LIMIT {
            let field = format!("{name}, number of buffers");
            let expected = format!("1 to {BUFFER_LIMIT}");
            return Err(self.dialect.refuse(head.place(8), field, expected, buffers));
        }
        if points == 0 {
            let (field, expected) = (format!("{name}, points"), "at least one point");
            return Err(self.dialect.refuse(head.place(12), field, expected, points));
        }
        Ok((buffers, points))
    }

    /// Turns a waveform header into a description; says whether the horizontal axis is time.
    fn describe(&self, head: &Block, number: u64, points: u64) -> (WaveformInfo, bool) {
        let mut info = bare_info(self.dialect.format, points);
        let label = head.text(112, 16);
        info.channel = if label.is_empty() {
            number.to_string()
        } else {
            label
        };
        let (step, origin) = (head.f64(32), head.f64(40));
        if step.is_finite() && step > 0.0 {
            info.sample_interval_s = Some(step);
        } else {
            info.warnings.push(format!(
                "the sample interval {step} in the header is not usable"
            ));
        }
        if origin.is_finite() {
            info.t0_s = match self.dialect.origin {
                Origin::FirstSample => origin,
                // Not `-origin`, which makes a zero negative.
                Origin::UntilTrigger => 0.0 - origin,
            };
        } else {
            info.warnings.push(format!(
                "the time origin {origin} in the header is not usable"
            ));
        }
        info.unit = match head.u32(52) {
            1 => "V",
            2 => "s",
            4 => "A",
            5 => "dB",
            6 => "Hz",
            _ => "",
        }
        .into();
        // Waveform types 4 and 5 are histograms; unit 0 is unknown, 2 is seconds.
        let time_axis = matches!(head.u32(48), 0 | 2) && !matches!(head.u32(4), 4 | 5);
        (info, time_axis)
    }

    /// Reads one buffer header; returns where the samples lie, the buffer type, and where the
    /// next header begins.
    fn buffer_at(&self, name: &str, start: u64, points: u64) -> Result<(Stored, u32, u64), Error> {
        let format = self.dialect.format;
        let width = if self.wide { 16 } else { BUFFER_HEADER };
        let head_name = format!("header of {name}");
        let head = self
            .bytes
            .block(format, &head_name, start, width as usize)?;
        let header_size = u64::from(head.u32(0));
        if header_size < width {
            let field = format!("{name}, header size");
            let expected = format!("at least {width} bytes");
            return Err(self.dialect.refuse(start, field, expected, header_size));
        }
        let (kind, cell_bytes) = (head.u16(4), u64::from(head.u16(6)));
        let size = if self.wide {
            head.u64(8)
        } else {
            u64::from(head.u32(8))
        };
        let Some(cell) = (self.dialect.cell)(kind, cell_bytes) else {
            let field = format!("{name}, type and bytes per point");
            let found = format!("type {kind} with {cell_bytes} bytes");
            let expected = self.dialect.cells;
            return Err(self.dialect.refuse(head.place(4), field, expected, found));
        };
        let first_byte = start + header_size;
        if size < points * cell_bytes {
            let field = format!("{name}, size");
            let expected = format!("{} bytes for {points} points", points * cell_bytes);
            return Err(self.dialect.refuse(head.place(8), field, expected, size));
        }
        self.bytes.require(format, name, first_byte, size)?;
        let stored = Stored {
            bytes: self.bytes.clone(),
            first_byte,
            stride: cell.width(),
            cell,
            order: ByteOrder::Little,
        };
        Ok((stored, u32::from(kind), first_byte + size))
    }
}

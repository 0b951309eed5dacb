//! Rigol oscilloscope `.wfm` files: memory images, one layout for each family of scopes.
//!
//! The first bytes and the model say which family it is: `A5 A5 38 00` with a model `DS2...` is
//! [`ds2000`], with `DS4...` [`ds4000`]; `A5 A5 A4 01` is [`ds1000b`]; `A5 A5 00 00` and
//! `A1 A5 00 00` are [`ds1000e`] (also D, C and CD). All of them keep 8-bit codes; what a code
//! means differs. Times are stored as the place of the memory's middle after the trigger and a
//! sample rate: the first sample is half a memory before that.
//!
//! Refused by name: DS1000Z and MSO1000Z (`01 FF FF FF`), whose zero volts no document places (in
//! public files with vendor CSVs beside them it lies at code 117, 120 and elsewhere); DS6000, of
//! which no public file was found.
//! DHO `.wfm` files have no signature and are packed: their `.bin` is read.
//!
//! What breaks it: firmware that changes a layout under the same model. Channels must lie within
//! the file; nothing else in these headers can be checked against anything.

mod ds1000b;
mod ds1000e;
mod ds2000;
mod ds4000;

use crate::bytes::{Block, Bytes, excerpt};
use crate::registry::Score;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};

const FORMAT: &str = "rigol-wfm";
const TITLE: &str = "Rigol .wfm";
const HINT: &str = "save it on the scope as CSV or .bin";

/// What a family's header says about one channel.
struct Channel {
    /// Printed number, from 1 on.
    number: u32,
    unit: &'static str,
    /// Volts of a code and at code 0.
    scale: f64,
    offset: f64,
    /// Codes of each lane.
    codes: u64,
    /// Where the codes begin; two lanes take turns when one channel uses the memory of two.
    lanes: Vec<u64>,
    t0_s: f64,
    step_s: f64,
    warnings: Vec<String>,
}

pub(crate) fn probe(head: &[u8]) -> Score {
    let z_family = head.starts_with(b"\x01\xff\xff\xff\xa5\xa5")
        || head.starts_with(b"\x01\xff\xff\xff\xa6\xa5");
    if z_family || head.starts_with(b"\xa5\xa5") || head.starts_with(b"\xa1\xa5\0\0") {
        Score::Signature
    } else {
        Score::No
    }
}

/// Describes a file as traces, one for each channel that was on.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let head = bytes.block(FORMAT, "signature and model", 0, 24)?;
    let channels = match &head.bytes[..4] {
        b"\xa5\xa5\x38\x00" => modern(bytes, &head)?,
        b"\xa5\xa5\xa4\x01" => ds1000b::read(bytes)?,
        b"\xa5\xa5\x00\x00" | b"\xa1\xa5\x00\x00" => ds1000e::read(bytes)?,
        b"\x01\xff\xff\xff" => {
            let model = head.text(8, 16);
            return Err(refused(format!("the DS1000Z family (`{model}`)")));
        }
        other if other.starts_with(b"\xa5\xa5") => {
            return Err(refused(format!("an unknown family, {}", excerpt(other))));
        }
        other => {
            let (expected, found) = ("`\\xa5\\xa5`", excerpt(other));
            return Err(Error::malformed(FORMAT, 0, "signature", expected, found));
        }
    };
    if channels.is_empty() {
        let (expected, found) = ("at least one channel that is on", "none");
        return Err(Error::malformed(FORMAT, 0, "channels", expected, found));
    }
    let traces = channels.into_iter().map(|channel| channel.trace(bytes));
    Ok(Capture {
        format: FORMAT,
        warnings: Vec::new(),
        traces: traces.collect::<Result<_, _>>()?,
    })
}

/// Tells the families with a 56-byte file header apart: the first digit of model or serial number.
fn modern(bytes: &Bytes, head: &Block) -> Result<Vec<Channel>, Error> {
    let model = head.text(4, 20);
    match model.chars().find(char::is_ascii_digit) {
        Some('2') => ds2000::read(bytes),
        Some('4') => ds4000::read(bytes),
        _ => Err(refused(format!("the family of `{model}`"))),
    }
}

fn refused(found: String) -> Error {
    Error::unsupported(TITLE, found, HINT)
}

impl Channel {
    /// Checks that the codes are there.
    fn trace(self, bytes: &Bytes) -> Result<Trace, Error> {
        let field = format!("samples of channel {}", self.number);
        let lanes = self.lanes.iter().map(|&first_byte| {
            bytes.require(FORMAT, &field, first_byte, self.codes)?;
            Ok(Stored {
                bytes: bytes.clone(),
                first_byte,
                stride: 1,
                cell: Cell::U8,
                order: ByteOrder::Little,
            })
        });
        let lanes: Vec<Stored> = lanes.collect::<Result<_, Error>>()?;
        if self.codes == 0 {
            let expected = "at least one sample";
            return Err(Error::malformed(
                FORMAT,
                bytes.len(),
                field,
                expected,
                "none",
            ));
        }
        let mut info = bare_info(FORMAT, self.codes * lanes.len() as u64);
        info.channel = format!("CH{}", self.number);
        info.unit = self.unit.into();
        (info.scale, info.offset) = (self.scale, self.offset);
        (info.t0_s, info.sample_interval_s) = (self.t0_s, Some(self.step_s));
        info.warnings = self.warnings;
        Ok(Trace::woven(info, lanes))
    }
}

/// Returns the sample interval of a rate at a place of a header.
fn interval_s(head: &Block, at: usize) -> Result<f64, Error> {
    let rate = f64::from(head.f32(at));
    if rate.is_finite() && rate > 0.0 && (1.0 / rate).is_finite() {
        return Ok(1.0 / rate);
    }
    let (expected, found) = ("a rate above 0", rate.to_string());
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        "sample rate",
        expected,
        found,
    ))
}

/// Returns a signed 64-bit count of picoseconds in seconds.
fn picoseconds(head: &Block, at: usize) -> f64 {
    head.u64(at).cast_signed() as f64 * 1e-12
}

/// Returns a float that must be finite.
fn finite(head: &Block, at: usize, field: String) -> Result<f64, Error> {
    let value = f64::from(head.f32(at));
    if value.is_finite() {
        return Ok(value);
    }
    let (expected, found) = ("a finite number", value.to_string());
    Err(Error::malformed(
        FORMAT,
        head.place(at),
        field,
        expected,
        found,
    ))
}

/// Names the unit of a vertical scale.
fn unit(code: u8) -> &'static str {
    match code {
        0 => "W",
        1 => "A",
        2 => "V",
        _ => "",
    }
}

//! Rigol oscilloscope `.bin` files: RG01 (MSO5000, 7000, 8000) and RG03 (DHO800, DHO1000).
//!
//! Layout: [`crate::bin_family`], which is Keysight's. Waveform headers have at least 128 bytes:
//! the manuals of the 7000 and 8000 series leave time tag and segment out. Floats are volts,
//! logic is a byte or, on MSO5000, a float that holds the bits as a number.
//!
//! Source: "Binary data format (.bin)" in the user guides of MSO5000, MSO7000, MSO8000 and
//! DHO1000 (tables 19.1 to 19.4). They call `x_origin` the time of the first sample, but all
//! real files hold the time from there to the trigger, so that the first sample is at
//! `-x_origin`. Real files also give a file size that is too small (MSO5000). No real file seen:
//! 128-byte headers, logic in bytes.
//!
//! One firmware of the MSO5074 writes something else under the same name; see [`firmware`].

mod firmware;

use crate::Error;
use crate::bin_family::{Dialect, Origin};
use crate::bytes::Bytes;
use crate::registry::Score;
use crate::trace::{Capture, Cell};

const FORMAT: &str = "rigol-bin";

const DIALECT: Dialect = Dialect {
    format: FORMAT,
    title: "Rigol .bin",
    cookie: b"RG",
    narrow: &[b"01"],
    wide: &[b"03"],
    waveform_header: 128,
    origin: Origin::UntilTrigger,
    cell,
    cells: "type 1 to 6 with 4 bytes, or 5 to 6 with 1 byte",
};

pub(crate) fn probe(head: &[u8]) -> Score {
    DIALECT.probe(head)
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    if firmware::wrote(bytes)? {
        return firmware::read(bytes);
    }
    DIALECT.read(bytes)
}

fn cell(kind: u16, cell_bytes: u64) -> Option<Cell> {
    match (kind, cell_bytes) {
        (1..=6, 4) => Some(Cell::F32),
        (5 | 6, 1) => Some(Cell::U8),
        _ => None,
    }
}

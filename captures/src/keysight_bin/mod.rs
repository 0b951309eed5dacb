//! Keysight (Agilent) oscilloscope `.bin` files: AG01, AG03 and AG10, little-endian.
//!
//! Layout: [`crate::bin_family`], which Rigol uses too. Waveform headers have at least 140
//! bytes. Floats are volts; counts and logic bytes are kept as they are.
//!
//! The time of the first sample is `x_origin`, not `x_display_origin` (they differ in real
//! files).
//!
//! Source: "BIN header format" in the Infiniium 8000/9000/90000 programmer's reference.

mod write;

pub(crate) use write::write;

use crate::Error;
use crate::bin_family::{Dialect, Origin, WAVEFORM_HEADER};
use crate::bytes::Bytes;
use crate::registry::Score;
use crate::trace::{Capture, Cell};

const FORMAT: &str = "keysight-bin";

const DIALECT: Dialect = Dialect {
    format: FORMAT,
    title: "Keysight .bin",
    cookie: b"AG",
    narrow: &[b"10", b"01"],
    wide: &[b"03"],
    waveform_header: WAVEFORM_HEADER,
    origin: Origin::FirstSample,
    cell,
    cells: "type 1 to 4 with 4 bytes, or 5 to 6 with 1 byte",
};

pub(crate) fn probe(head: &[u8]) -> Score {
    DIALECT.probe(head)
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    DIALECT.read(bytes)
}

fn cell(kind: u16, cell_bytes: u64) -> Option<Cell> {
    match (kind, cell_bytes) {
        (1..=3, 4) => Some(Cell::F32),
        (4, 4) => Some(Cell::I32),
        (5 | 6, 1) => Some(Cell::U8),
        _ => None,
    }
}

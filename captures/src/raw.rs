//! Headerless samples, read only when the caller says so.

use crate::bytes::Bytes;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{Error, Format, RawSample};

/// Describes a headerless file as one trace.
///
/// # Errors
/// [`Error::Malformed`] for an empty file and for one that ends within a sample.
pub(crate) fn read(bytes: &Bytes, sample: RawSample) -> Result<Capture, Error> {
    let format = Format::Raw(sample).name();
    let cell = Cell::of(sample.storage);
    let width = cell.width();
    let samples = bytes.len() / width;
    if samples == 0 || !bytes.len().is_multiple_of(width) {
        return Err(Error::malformed(
            format,
            bytes.len(),
            "file size",
            format!("a multiple of {width} bytes, at least one sample"),
            format!("{} bytes", bytes.len()),
        ));
    }
    let trace = Trace::stored(
        bare_info(format, samples),
        Stored {
            bytes: bytes.clone(),
            first_byte: 0,
            stride: width,
            cell,
            order: sample.order,
        },
    );
    Ok(Capture {
        format,
        warnings: Vec::new(),
        traces: vec![trace],
    })
}

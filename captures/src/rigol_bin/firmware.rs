//! The MSO5074 firmware whose headers never change: 144 bytes where 140 are documented, always
//! 1000 points, 4000 bytes of floats, a file of 4168 bytes, one waveform, 1 ps between samples.
//!
//! What really follows each header are 8-bit codes, as many as the memory depth, and then the
//! next channel with the same header. Scale and time base are not in the file: the codes are
//! given as they are, without unit and without sample interval, with a warning. The number of
//! samples comes from where headers lie; channels of one acquisition are equally long.
//!
//! Real files: one of two channels (1000 samples each); one of four (100,000) was read by hand. A
//! file that was cut before the end of the second header cannot be told from a shorter one of one
//! channel.

use super::FORMAT;
use crate::bytes::Bytes;
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use crate::{ByteOrder, Error};

/// File header, waveform header and buffer header.
const HEADERS: u64 = 12 + 144 + 12;
/// The scope has four channels.
const CHANNELS: u64 = 4;
/// The fields that never change: cookie, file size, waveforms, header size, type, buffers, points.
const CONSTANT: [u32; 8] = [0x3130_4752, 4168, 1, 144, 1, 1, 1000, 0];

/// Says whether a file begins with that firmware's header.
pub(super) fn wrote(bytes: &Bytes) -> Result<bool, Error> {
    Ok(bytes.head(32)? == signature() && bytes.len() > HEADERS)
}

fn signature() -> Vec<u8> {
    CONSTANT
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}

/// Describes the channels as codes.
pub(super) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let channels = channels(bytes)?;
    let record = bytes.len() / channels;
    let mut traces = Vec::new();
    for channel in 0..channels {
        let start = channel * record;
        let mut info = bare_info(FORMAT, record - HEADERS);
        info.channel = (channel + 1).to_string();
        info.warnings.push(
            "this firmware (MSO5074) keeps neither scale nor time base in the file: values are \
             8-bit codes, and the sample rate has to be given"
                .into(),
        );
        let stored = Stored {
            bytes: bytes.clone(),
            first_byte: start + HEADERS,
            stride: 1,
            cell: Cell::U8,
            order: ByteOrder::Little,
        };
        traces.push(Trace::stored(info, stored));
    }
    let warnings = vec![format!(
        "the header's 1000 points are not used; {channels} headers are in the file"
    )];
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

/// Finds how many equal parts begin with the header.
fn channels(bytes: &Bytes) -> Result<u64, Error> {
    for channels in (2..=CHANNELS).rev() {
        let record = bytes.len() / channels;
        let mut fits = bytes.len().is_multiple_of(channels) && record > HEADERS;
        for channel in 1..channels {
            fits = fits && begins(bytes, channel * record)?;
        }
        if fits {
            return Ok(channels);
        }
    }
    match second_header(bytes)? {
        None => Ok(1),
        Some(place) => {
            let expected = format!("channels of {place} bytes each");
            let found = format!("a file of {} bytes", bytes.len());
            let at = bytes.len();
            Err(Error::malformed(FORMAT, at, "channels", expected, found))
        }
    }
}

fn begins(bytes: &Bytes, place: u64) -> Result<bool, Error> {
    let signature = signature();
    let head = bytes.block(FORMAT, "header of a channel", place, signature.len())?;
    Ok(head.bytes == signature)
}

/// Looks for another header in the whole file, block by block: it would be samples otherwise.
fn second_header(bytes: &Bytes) -> Result<Option<u64>, Error> {
    const BLOCK: u64 = 1 << 20;
    let signature = signature();
    let overlap = signature.len() as u64 - 1;
    let mut place = HEADERS;
    while place < bytes.len() {
        let length = (BLOCK + overlap).min(bytes.len() - place);
        let block = bytes.block(FORMAT, "samples", place, length as usize)?;
        let found = block
            .bytes
            .windows(signature.len())
            .position(|part| part == signature);
        if let Some(at) = found {
            return Ok(Some(place + at as u64));
        }
        place += BLOCK;
    }
    Ok(None)
}

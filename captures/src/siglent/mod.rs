//! Siglent oscilloscope `.bin` files, versions 0.1 to 6.
//!
//! - 0.1, 0.2 and 1 have no version field; 2 to 5 begin with it (u32, little-endian). All have
//!   fields at fixed bytes: which channels are on, volts per division and vertical offset (value,
//!   power of a thousand, unit), time per division, sample rate, and a number of samples that
//!   all channels share. The samples lie channel by channel from a fixed byte (from version 4 on
//!   from a told one), unsigned, 128 (or 32768) in the middle of the screen.
//! - 6 is a list of records, each with its own header, label, units, origins and intervals.
//!
//! Volts = (code - middle) volts-per-division / codes-per-division, and the vertical offset:
//! added in versions 0.1 to 2 and 5 (25 codes per division, 14 divisions across), taken away in
//! 3 and 4 (both counts told by the header). Published readers do not agree on that sign, so
//! that an offset that is not 0 comes with a warning, and so does a probe factor, which is not
//! applied. The trigger delay counts in versions 3 and 4.
//!
//! Refused by name: 16-bit samples of version 2 (codes per division are not told). Not
//! recognized: the older SDS1000X and SDS2000X layout, whose scales depend on the model. In
//! version 5 the public description lets samples and timing fields overlap; it is followed, and
//! said. Logic and math samples behind the channels are left out, and said. Records of one
//! channel of version 6 are segments.
//!
//! Source: Siglent, "How to Extract Data from the Binary File", by the offsets that the Kaitai
//! descriptions of scottprahl/RigolWFM give for it. **No real file seen.**

mod fixed;
mod layout;
mod records;

use crate::Error;
use crate::bytes::Bytes;
use crate::registry::Score;
use crate::trace::Capture;
use layout::Version;

const FORMAT: &str = "siglent-bin";

pub(crate) fn probe(head: &[u8]) -> Score {
    if records::probe(head) {
        return Score::Signature;
    }
    match layout::detect(head) {
        // Versions that begin with their number have more to hold on to.
        Some(Version {
            number: Some(_), ..
        }) => Score::Signature,
        Some(_) => Score::Displaced,
        None => Score::No,
    }
}

/// Describes a file as traces, channel by channel.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let head = bytes.head(crate::registry::HEAD_BYTES)?;
    let number = head.first_chunk::<4>().map(|b| u32::from_le_bytes(*b));
    let mut warnings = Vec::new();
    let traces = if number == Some(6) {
        records::read(bytes, &mut warnings)?
    } else {
        let version = layout::detect(&head).ok_or_else(|| {
            Error::malformed(
                FORMAT,
                0,
                "version",
                "the fields of version 0.1 to 6 at their bytes",
                crate::bytes::excerpt(&head),
            )
        })?;
        fixed::read(bytes, version, &mut warnings)?
    };
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

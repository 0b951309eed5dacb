//! DS4000 and MSO4000.
//!
//! Layout (little-endian): a file header of 56 bytes as on DS2000, then from byte 64 on the mask
//! of channels, their offsets at 68, sample rate (float32) at 100, four channels of 28 bytes from
//! 124 on, samples of a channel at 268, time of the middle in picoseconds at 568. A channel:
//! volts per division at 8, offset in volts at 12, inversion at 16, unit at 17.
//!
//! `volts = (code - 127) * division / 32 - offset`.
//!
//! Source: the public description `ksy/rigol_4000_wfm.ksy` of scottprahl/RigolWFM
//! (BSD-3-Clause), found by comparison of files. It was compared by hand with the public files
//! DS4024-A and DS4024-B and their vendor CSVs: volts agree in both, times in B only. In A, whose
//! middle is 88 us before the trigger, the CSV is 132 us later; what else moves it is not known,
//! so that a middle away from the trigger makes a warning. No file is at hand for the tests.

use super::{Channel, FORMAT, finite, interval_s, picoseconds, unit};
use crate::Error;
use crate::bytes::Bytes;

const HEADER: usize = 576;
const CHANNELS: usize = 124;
const CHANNEL_BYTES: usize = 28;
const CODES_PER_DIVISION: f64 = 32.0;
const MIDDLE: f64 = 127.0;

pub(super) fn read(bytes: &Bytes) -> Result<Vec<Channel>, Error> {
    let head = bytes.block(FORMAT, "header", 0, HEADER)?;
    let mask = head.bytes[64];
    let step_s = interval_s(&head, 100)?;
    let codes = u64::from(head.u32(268));
    let middle_s = picoseconds(&head, 568);
    let mut warnings = Vec::new();
    if middle_s != 0.0 {
        warnings.push(format!(
            "the time axis may be off by about the horizontal offset of {middle_s:e} s"
        ));
    }
    let t0_s = middle_s - codes as f64 / 2.0 * step_s;
    let mut channels = Vec::new();
    for k in (0..4).filter(|k| mask >> k & 1 == 1) {
        let at = CHANNELS + CHANNEL_BYTES * k;
        let number = k as u32 + 1;
        let division = finite(
            &head,
            at + 8,
            format!("volts per division of channel {number}"),
        )?;
        let shift = finite(&head, at + 12, format!("offset of channel {number}"))?;
        let sign = if head.bytes[at + 16] == 0 { 1.0 } else { -1.0 };
        let scale = sign * division / CODES_PER_DIVISION;
        channels.push(Channel {
            number,
            unit: unit(head.bytes[at + 17]),
            scale,
            offset: -MIDDLE * scale - shift,
            codes,
            lanes: vec![u64::from(head.u32(68 + 4 * k))],
            t0_s,
            step_s,
            warnings: warnings.clone(),
        });
    }
    Ok(channels)
}

//! DS1000B.
//!
//! Layout (little-endian): `A5 A5 A4 01`, model, samples of a channel at 60, four channels of 24
//! bytes from 68 on, time of the middle in picoseconds at 172, sample rate (float32) at 180. A
//! channel: probe factor (float32) at 8, on at 14, inverted at 15, microvolts per division at 16,
//! shift in codes at 20. Codes of channel n begin at 420 plus n - 1 channels, on or not.
//!
//! `volts = (99 - code - shift) * division * probe / 25`: codes fall as the voltage rises.
//!
//! Source: the public description `ksy/rigol_1000b_wfm.ksy` of scottprahl/RigolWFM
//! (BSD-3-Clause). It was compared by hand with the public files DS1204B-A and DS1204B-F: the
//! vendor's CSVs beside them have 99 where that reader takes 127, on all six channels. No file is
//! at hand for the tests.

use super::{Channel, FORMAT, finite, interval_s, picoseconds};
use crate::Error;
use crate::bytes::Bytes;

const HEADER: usize = 420;
const CHANNELS: usize = 68;
const CHANNEL_BYTES: usize = 24;
const CODES_PER_DIVISION: f64 = 25.0;
const MIDDLE: f64 = 99.0;

pub(super) fn read(bytes: &Bytes) -> Result<Vec<Channel>, Error> {
    let head = bytes.block(FORMAT, "header", 0, HEADER)?;
    let codes = u64::from(head.u32(60));
    let step_s = interval_s(&head, 180)?;
    let t0_s = picoseconds(&head, 172) - codes as f64 / 2.0 * step_s;
    let mut channels = Vec::new();
    for k in 0..4 {
        let at = CHANNELS + CHANNEL_BYTES * k;
        if head.bytes[at + 14] == 0 {
            continue;
        }
        let number = k as u32 + 1;
        let probe = finite(&head, at + 8, format!("probe factor of channel {number}"))?;
        let sign = if head.bytes[at + 15] == 0 { 1.0 } else { -1.0 };
        let division = sign * f64::from(head.i32(at + 16)) * 1e-6 * probe;
        let scale = -division / CODES_PER_DIVISION;
        channels.push(Channel {
            number,
            unit: "V",
            scale,
            offset: -scale * (MIDDLE - f64::from(head.i16(at + 20))),
            codes,
            lanes: vec![HEADER as u64 + k as u64 * codes],
            t0_s,
            step_s,
            warnings: Vec::new(),
        });
    }
    Ok(channels)
}

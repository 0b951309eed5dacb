//! DS2000, DS2000A and MSO2000.
//!
//! Layout (little-endian): a file header of 56 bytes (`A5 A5 38 00`, serial number, firmware),
//! then from byte 64 on the mask of channels, and in the byte after it bit 0 when one channel
//! uses the memory of both: even samples lie where channel 1's would, odd ones at channel 2's.
//! Offsets of the channels at 68, sample rate (float32) at 96, time of the middle in picoseconds
//! at 112, four channels of 28 bytes from 120 on, depth, first valid sample and number of samples
//! at 244. A channel: on, coupling, ..., volts per division at 8, offset in volts at 12, then
//! unit and inversion; in files where `on` is 1 and not 8 these two change places.
//!
//! `volts = (code - 127) * division / 25 - offset`.
//!
//! Source: Rigol's note "WFM save format", as the public description
//! `ksy/rigol_2000_wfm.ksy` of scottprahl/RigolWFM (BSD-3-Clause) repeats it. Real files:
//! DS2072A with the vendor's CSV beside it, two channels; one channel with the memory of
//! two was compared by hand (DS2072A-9, equal in every sample). Other readers ignore the middle
//! of firmware 00.03.00.01.03; its two public files do not tell, as their signal is periodic.

use super::{Channel, FORMAT, finite, interval_s, picoseconds, unit};
use crate::Error;
use crate::bytes::Bytes;

const HEADER: usize = 256;
const CHANNELS: usize = 120;
const CHANNEL_BYTES: usize = 28;
const CODES_PER_DIVISION: f64 = 25.0;
const MIDDLE: f64 = 127.0;

pub(super) fn read(bytes: &Bytes) -> Result<Vec<Channel>, Error> {
    let head = bytes.block(FORMAT, "header", 0, HEADER)?;
    let (mask, woven) = (head.bytes[64], head.bytes[65] & 1 == 1);
    let step_s = interval_s(&head, 96)?;
    let (depth, first, samples) = (head.u32(244), head.u32(248), head.u32(252));
    let middle_s = picoseconds(&head, 112);
    let t0_s = middle_s + (f64::from(first) - f64::from(depth) / 2.0) * step_s;
    let place = |k: usize| u64::from(head.u32(68 + 4 * k)) + u64::from(first);
    let mut channels = Vec::new();
    for k in (0..4).filter(|k| mask >> k & 1 == 1) {
        let at = CHANNELS + CHANNEL_BYTES * k;
        let (documented, other) = (head.bytes[at + 16], head.bytes[at + 17]);
        let (inverted, unit_code) = match head.bytes[at] {
            1 => (documented, other),
            _ => (other, documented),
        };
        let number = k as u32 + 1;
        let division = finite(
            &head,
            at + 8,
            format!("volts per division of channel {number}"),
        )?;
        let shift = finite(&head, at + 12, format!("offset of channel {number}"))?;
        let sign = if inverted == 1 { -1.0 } else { 1.0 };
        let scale = sign * division / CODES_PER_DIVISION;
        let (codes, lanes) = if woven {
            (u64::from(samples) / 2, vec![place(0), place(1)])
        } else {
            (u64::from(samples), vec![place(k)])
        };
        channels.push(Channel {
            number,
            unit: unit(unit_code),
            scale,
            offset: -MIDDLE * scale - shift,
            codes,
            lanes,
            t0_s,
            step_s,
            warnings: Vec::new(),
        });
    }
    Ok(channels)
}

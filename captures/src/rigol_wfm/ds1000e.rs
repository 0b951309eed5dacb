//! DS1000E and DS1000D (`A5 A5 00 00`), DS1000C and DS1000CD (`A1 A5 00 00`, or `A5` with byte 16
//! set).
//!
//! Layout (little-endian): samples that roll mode left invalid at 20, depth at 28, two channels
//! of 24 bytes from 34 on, time base at 84 (display) and 104 (measured), sample rate (float32) at
//! 100. A channel: probe factor (float32) at 10, on at 15, inverted at 16, microvolts per
//! division at 18, shift in codes at 22. DS1000E goes on with the trigger: mode at 142, a second
//! depth at 232, a second time base at 236 for alternating triggers. Codes begin at 276, channel
//! 1 before channel 2; on C models at 256, or at 272 where the first byte is `A5` and the file's
//! size says so.
//!
//! `volts = (125 - code - shift) * division * probe / 25`: codes fall as the voltage rises.
//!
//! Source: Rigol's "DS1000E/D WFM structure instruction", as the public descriptions
//! `ksy/rigol_1000e_wfm.ksy` and `ksy/rigol_1000c_wfm.ksy` of scottprahl/RigolWFM (BSD-3-Clause)
//! repeat it. No file is at hand for the tests; by hand it was compared with public files and the
//! CSVs beside them. DS1052E (probe factor 10): equal in every sample, four rows later, as that
//! CSV begins with bytes of the header. DS1102E: volts agree, times within two samples. DS1102D:
//! volts are two codes away from the CSV, and it is not known which is right. DS1042C and
//! DS1202CA were read but have no CSV. DS1000D is said to keep the probe factor in its
//! microvolts: it cannot be told from E, so that a factor other than 1 makes a warning.

use super::{Channel, FORMAT, finite, interval_s, picoseconds};
use crate::Error;
use crate::bytes::{Block, Bytes};

const HEADER: usize = 276;
const CHANNELS: usize = 34;
const CHANNEL_BYTES: usize = 24;
const CODES_PER_DIVISION: f64 = 25.0;
const MIDDLE: f64 = 125.0;
/// Trigger mode in which each channel has its own time base.
const ALTERNATING: u8 = 4;

/// Which of the layouts a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    C,
    E,
}

pub(super) fn read(bytes: &Bytes) -> Result<Vec<Channel>, Error> {
    let head = bytes.block(
        FORMAT,
        "header",
        0,
        HEADER.min(bytes.len() as usize).max(256),
    )?;
    let on: Vec<usize> = (0..2)
        .filter(|k| head.bytes[CHANNELS + CHANNEL_BYTES * k + 15] != 0)
        .collect();
    let depth = u64::from(head.u32(28));
    let (layout, mut place) = begin(&head, bytes.len(), depth * on.len() as u64);
    if layout == Layout::E {
        bytes.require(FORMAT, "header", 0, HEADER as u64)?;
    }
    let invalid = match (layout, u64::from(head.u32(20))) {
        (Layout::C, _) | (_, 0) => 0,
        (Layout::E, stop) => stop + 2,
    };
    let mut channels = Vec::new();
    for k in on {
        let own_depth = match (layout, k, u64::from(head.u32(232))) {
            (Layout::C, ..) | (_, 0, _) | (_, _, 0) => depth,
            (Layout::E, _, second) => second,
        };
        let mut channel = channel(&head, k)?;
        let (rate_at, middle_at) = match (layout, k) {
            (Layout::C, _) => (100, 92),
            (Layout::E, 1) if head.bytes[142] == ALTERNATING => (252, 264),
            (Layout::E, _) => (100, 112),
        };
        channel.step_s = interval_s(&head, rate_at)?;
        let half_s = own_depth as f64 / 2.0 * channel.step_s;
        channel.t0_s = picoseconds(&head, middle_at) - half_s;
        channel.codes = own_depth.saturating_sub(invalid);
        let field = format!("memory of channel {}", channel.number);
        bytes.require(FORMAT, &field, place, own_depth)?;
        channel.lanes.push(place);
        place += own_depth;
        channels.push(channel);
    }
    Ok(channels)
}

/// Tells where the codes begin.
fn begin(head: &Block, length: u64, codes: u64) -> (Layout, u64) {
    let rest = length.checked_sub(codes);
    match (head.bytes[0], head.bytes[16], rest) {
        (0xa1, ..) => (Layout::C, 256),
        (_, 1.., Some(place @ (256 | 272))) => (Layout::C, place),
        _ => (Layout::E, HEADER as u64),
    }
}

fn channel(head: &Block, k: usize) -> Result<Channel, Error> {
    let at = CHANNELS + CHANNEL_BYTES * k;
    let number = k as u32 + 1;
    let probe = finite(head, at + 10, format!("probe factor of channel {number}"))?;
    let division = f64::from(head.i32(at + 18)) * 1e-6 * probe;
    let scale = -division / CODES_PER_DIVISION;
    let mut warnings = Vec::new();
    if probe != 1.0 {
        warnings.push(format!(
            "volts are multiplied by the probe factor {probe}, as DS1000E and DS1000C need; on \
             DS1000D the scale is said to hold it already"
        ));
    }
    if head.bytes[at + 16] != 0 {
        warnings.push("the channel was inverted on the scope; volts are as stored".into());
    }
    Ok(Channel {
        number,
        unit: "V",
        scale,
        offset: -scale * (MIDDLE - f64::from(head.i16(at + 22))),
        codes: 0,
        lanes: Vec::new(),
        t0_s: 0.0,
        step_s: 0.0,
        warnings,
    })
}

//! OTDR traces (`.sor`): backscattered level over distance, with the events that the instrument
//! found.
//!
//! ```text
//! [Map\0]  u16 version, u32 size of the map, u16 blocks (with the map), and for each block
//!          name\0, u16 version, u32 size; the blocks follow in this order, without gaps
//! GenParams   cable, fibre, places, user offset      SupParams   who made the instrument
//! FxdParams   time, wavelength, pulses, group index  KeyEvents   events and total loss
//! DataPts     u32 points, u16 groups; for each u32 points, u16 scale, u16 points[]
//! Cksum       u16 over everything before it
//! ```
//!
//! Sources: Telcordia (Bellcore) SR-4731 and GR-196 as publicly described, and real files.
//! Everything is little-endian. Version 1 begins without `Map`, its blocks do not repeat their
//! names, and some fields are missing. Times are one-way: units of 100 ps, and of 10 fs between
//! points; distance is time times the speed of light over the stated group index. A point says
//! how far the level lies below a reference, in thousandths of a decibel times the scale.
//!
//! What real files do:
//! - The wavelength is stated in tenths of a nanometre, or in whole ones: the range tells.
//! - The checksum (CRC-16, polynomial 0x1021, start 0xFFFF) is wrong in files that are whole: a
//!   warning.
//! - Events count from the user offset (behind a launch fibre), points from the acquisition
//!   offset. In the real files sharp reflections are where they belong, to a few points, only
//!   when both offsets are taken into account; readers that place point 0 at 0 m are 150 m to
//!   550 m off. [`OtdrTrace::first_point_m`] has both in it.
//! - A return loss of 0 dB means that there is none; 65.535 dB below the reference is the floor
//!   of the numbers.
//!
//! No real file seen: several pulse widths, several groups of points. What breaks it: a group
//! index outside 1 to 3, counts of points that fit neither the pulses nor the groups.

mod events;
mod header;
mod map;
mod points;

use std::path::Path;

use crate::bytes::Bytes;
use crate::{Error, foreign};
use map::Map;

pub(crate) use map::probe;

const FORMAT: &str = "OTDR .sor";
/// Largest file that is read; real ones are a hundredth of it.
const LIMIT: u64 = 1 << 24;

/// What an OTDR file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Otdr {
    /// Version of the file's map, as in `1.00` and `2.00`.
    pub version: f64,
    /// Wavelength in metres, where the file tells a plausible one.
    pub wavelength_m: Option<f64>,
    /// Group index that distances are computed with.
    pub group_index: f64,
    /// When the trace was taken, in seconds since 1970 UTC; 0 where the clock was not set.
    pub measured_unix_s: u32,
    /// Backscatter coefficient in dB, for a pulse of 1 ns.
    pub backscatter_db: f64,
    /// Averages, as stated.
    pub averages: u32,
    /// Distance of the events' zero behind the instrument's front panel, in metres: a launch
    /// fibre, for example.
    pub user_offset_m: f64,
    /// One trace for each pulse width.
    pub traces: Vec<OtdrTrace>,
    /// Events in the order of the file.
    pub events: Vec<OtdrEvent>,
    /// Loss from end to end in dB, as stated.
    pub total_loss_db: Option<f64>,
    /// Optical return loss in dB, as stated.
    pub return_loss_db: Option<f64>,
    /// Cable, fibre, places and maker: name and text, where a text is there.
    pub labels: Vec<(&'static str, String)>,
    /// What was odd about the file but did no harm.
    pub warnings: Vec<String>,
}

/// The trace of one pulse width.
#[derive(Clone, Debug, PartialEq)]
pub struct OtdrTrace {
    /// Width of the pulse in seconds.
    pub pulse_width_s: f64,
    /// Distance between points in metres.
    pub spacing_m: f64,
    /// Distance of the first point in metres, in the coordinates of the events: negative where
    /// the trace begins before the events' zero.
    pub first_point_m: f64,
    /// Level of each point in dB (5 log of the power, as such instruments show it), at most 0:
    /// the reference is arbitrary. The lowest level is often no reading (-65.535, for example).
    pub level_db: Vec<f32>,
}

impl OtdrTrace {
    /// Computes the distance of a point in metres, in the coordinates of the events.
    #[must_use]
    pub fn distance_m(&self, point: usize) -> f64 {
        self.first_point_m + point as f64 * self.spacing_m
    }
}

/// An event that the instrument or its user marked.
#[derive(Clone, Debug, PartialEq)]
pub struct OtdrEvent {
    /// Number, as stated.
    pub number: u16,
    /// Distance in metres behind the user offset, not rounded.
    pub distance_m: f64,
    /// Slope of the fibre before the event in dB/km, as stated.
    pub slope_db_per_km: f64,
    /// Loss in dB; negative for a gain.
    pub loss_db: f64,
    /// Reflectance in dB, for events that have one.
    pub reflectance_db: Option<f64>,
    /// What the event looks like.
    pub kind: OtdrEventKind,
    /// Who marked it, and whether it is the end.
    pub origin: OtdrEventOrigin,
    /// Event code of the file, such as `1F9999`, with the method of the loss, such as `LS`.
    pub code: String,
    /// The instrument's or the user's words.
    pub comment: String,
}

/// What an event looks like on the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtdrEventKind {
    /// A splice or a bend: no reflection.
    NonReflective,
    /// A connector or an end.
    Reflective,
    /// A reflection that overloaded the receiver.
    Saturated,
    /// Another code letter.
    Unknown,
}

/// Who marked an event, and whether it is the fibre's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtdrEventOrigin {
    /// Found by the instrument.
    Found,
    /// Added by the user.
    Added,
    /// Moved by the user.
    Moved,
    /// End of the fibre, found by the instrument.
    End,
    /// End of the fibre, changed by the user.
    EndChanged,
    /// Beyond the range of the measurement.
    OutOfRange,
    /// Another code letter.
    Unknown,
}

/// Reads an OTDR file (`.sor`, versions 1 and 2).
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Malformed`] with byte and field where it
/// departs from the format, [`Error::Unsupported`] for another kind of file, [`Error::Limit`]
/// when it is too large.
pub fn otdr(path: &Path) -> Result<Otdr, Error> {
    let bytes = Bytes::open(path)?;
    within(bytes.len())?;
    decode_otdr(&bytes.head(LIMIT as usize)?)
}

/// Reads an OTDR file that is already in memory.
///
/// # Errors
/// As [`otdr`], without [`Error::Io`].
pub fn decode_otdr(bytes: &[u8]) -> Result<Otdr, Error> {
    within(bytes.len() as u64)?;
    if !probe(bytes) {
        let head = &bytes[..bytes.len().min(crate::registry::HEAD_BYTES)];
        return Err(Error::unsupported(
            foreign::name(head).unwrap_or("unknown"),
            "this is no OTDR file: neither `Map` nor the map of version 1 is at its start",
            "name a .sor file (SR-4731)",
        ));
    }
    let mut warnings = Vec::new();
    let map = Map::read(bytes, &mut warnings)?;
    let fixed = header::Fixed::read(&map)?;
    let general = header::general(&map)?;
    let traces = points::read(&map, &fixed, general.user_offset_s, &mut warnings)?;
    let marked = events::read(&map, &fixed, &mut warnings)?;
    let wavelength_m = fixed.wavelength_m(general.wavelength, &mut warnings);
    map.check_sum(&mut warnings);
    let mut labels = general.labels;
    labels.extend(header::supplier(&map)?);
    Ok(Otdr {
        version: f64::from(map.version) / 100.0,
        wavelength_m,
        group_index: fixed.group_index,
        measured_unix_s: fixed.measured_unix_s,
        backscatter_db: fixed.backscatter_db,
        averages: fixed.averages,
        user_offset_m: general.user_offset_s * fixed.speed(),
        traces,
        events: marked.events,
        total_loss_db: marked.total_loss_db,
        return_loss_db: marked.return_loss_db,
        labels,
        warnings,
    })
}

fn within(found: u64) -> Result<(), Error> {
    if found <= LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: "length in bytes".into(),
        limit: LIMIT,
        found,
    })
}

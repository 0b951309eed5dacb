//! Pairs of a minimum and a maximum, as peak detection and envelopes store them.
//!
//! Manuals of one vendor contradict each other on which of the two comes first. The samples
//! tell: no minimum is above its maximum.

use crate::Error;
use crate::trace::{Stored, Trace};
use etalon_types::WaveformInfo;

/// Pairs that are looked at: the first one that differs decides.
const PAIRS: u64 = 1024;

/// Which value of a pair comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    Minimum,
    Maximum,
    /// Some pairs rise and some fall: these are no extremes.
    Mixed,
}

/// Tells the order of pairs that lie one after the other, in physical units.
pub(crate) fn order(pairs: &[f64]) -> First {
    let rises = pairs.as_chunks::<2>().0.iter().any(|[a, b]| a < b);
    let falls = pairs.as_chunks::<2>().0.iter().any(|[a, b]| a > b);
    match (rises, falls) {
        (true, true) => First::Mixed,
        (false, true) => First::Maximum,
        _ => First::Minimum,
    }
}

impl First {
    /// Returns the places of maximum and minimum within a pair.
    pub(crate) fn places(self) -> [(&'static str, usize); 2] {
        match self {
            Self::Maximum => [("max", 0), ("min", 1)],
            Self::Minimum | Self::Mixed => [("max", 1), ("min", 0)],
        }
    }

    /// Names the channels after the extremes and adds a warning where the order is unclear.
    pub(crate) fn describe(self, info: &WaveformInfo, extreme: &str) -> WaveformInfo {
        let mut info = info.clone();
        info.channel = format!("{} {extreme}", info.channel).trim().to_string();
        if self == Self::Mixed {
            info.warnings.push(
                "the first of a pair is now below and now above the second; it is taken as the minimum"
                    .into(),
            );
        }
        info
    }
}

/// Splits stored pairs into two channels. `info` describes the pairs: its count is theirs.
pub(crate) fn split(info: &WaveformInfo, stored: &Stored) -> Result<[Trace; 2], Error> {
    let looked_at = info.samples.min(PAIRS);
    let width = stored.cell.width();
    let raw = stored.bytes.block(
        "capture",
        "pairs of extremes",
        stored.first_byte,
        (2 * looked_at * width) as usize,
    )?;
    let mut values = vec![0.0; 2 * looked_at as usize];
    let scaling = (info.scale, info.offset);
    stored.cell.decode(
        stored.order,
        &raw.bytes,
        width as usize,
        scaling,
        &mut values,
    );
    let first = order(&values);
    Ok(first.places().map(|(extreme, place)| {
        let stored = Stored {
            first_byte: stored.first_byte + width * place as u64,
            stride: 2 * width,
            ..stored.clone()
        };
        Trace::stored(first.describe(info, extreme), stored)
    }))
}

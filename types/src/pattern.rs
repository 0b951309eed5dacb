//! Test patterns and the Gray map. (Filled in below: LFSRs, PRBS, PRBS13Q, PRBS31Q, SSPRQ.)
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many levels a symbol has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Modulation {
    /// Two levels, one bit a symbol (on-off keying).
    Nrz,
    /// Four levels, two Gray-mapped bits a symbol.
    Pam4,
}

impl Modulation {
    /// Returns the number of levels.
    pub fn levels(self) -> usize {
        match self {
            Self::Nrz => 2,
            Self::Pam4 => 4,
        }
    }

    /// Returns the bits in a symbol.
    pub fn bits_per_symbol(self) -> usize {
        match self {
            Self::Nrz => 1,
            Self::Pam4 => 2,
        }
    }
}

/// A named test pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternName {
    /// A PRBS of this order, one bit a symbol.
    Prbs(u32),
    /// A PRBS of this order taken in pairs of bits, Gray-mapped.
    PrbsQ(u32),
    /// The short stress pattern random quaternary of IEEE 802.3 120.5.11.2.5.
    Ssprq,
}

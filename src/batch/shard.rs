//! Part I of N: how several machines share one list without speaking to each other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Part I of N, counted from 1. Written `I/N`.
///
/// ```
/// use etalon::batch::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// let mine: Vec<u64> = (0..7).filter(|&at| shard.holds(at)).collect();
/// assert_eq!(mine, [1, 4]);
/// assert!("4/3".parse::<Shard>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { part: 1, of: 1 };

    /// Says whether the item at a place of the list, from 0, belongs to this part.
    pub fn holds(self, at: u64) -> bool {
        at % self.of == self.part - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected I/N with 1 <= I <= N, found {text}");
        let (part, of) = text.split_once('/').ok_or_else(expected)?;
        let parse = |number: &str| number.parse::<u64>().map_err(|_| expected());
        let shard = Self {
            part: parse(part)?,
            of: parse(of)?,
        };
        if (1..=shard.of).contains(&shard.part) {
            Ok(shard)
        } else {
            Err(expected())
        }
    }
}

//! Test patterns and the Gray map: LFSRs, PRBS, PRBS13Q, PRBS31Q and SSPRQ.
//!
//! A pattern is a periodic sequence of symbols. [`Lfsr`] makes the bits, [`gray_encode`] maps
//! pairs of them to the four levels, and [`PatternName`] knows which register, which start and
//! which map a name stands for. Both the transmitter model and the receiver use this module; a
//! receiver must align by correlation, because a capture may start anywhere in the period.
//!
//! ```
//! use etalon_types::{PatternName, pattern};
//!
//! let ssprq: PatternName = "ssprq".parse().unwrap();
//! assert_eq!(ssprq.period_symbols(), 65_535);
//! assert_eq!(ssprq.symbols(16), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 3, 2]);
//! assert_eq!(pattern::gray_decode(2), (1, 1));
//! ```

use std::fmt;
use std::str::FromStr;

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

/// Maps a pair of bits, first bit first, to a PAM-4 level: 00 to 0, 01 to 1, 11 to 2, 10 to 3.
///
/// Only the lowest bit of each argument counts. *Source:* IEEE 802.3 clause 120.5.7.
pub fn gray_encode(msb: u8, lsb: u8) -> u8 {
    let (msb, lsb) = (msb & 1, lsb & 1);
    (msb << 1) | (msb ^ lsb)
}

/// Returns the pair of bits, first bit first, of a PAM-4 level: the inverse of [`gray_encode`].
///
/// Only the two lowest bits of `symbol` count.
pub fn gray_decode(symbol: u8) -> (u8, u8) {
    let msb = (symbol >> 1) & 1;
    (msb, msb ^ (symbol & 1))
}

/// Groups bits (0 or 1, in order of transmission) into symbols; an odd last bit of a PAM-4
/// sequence is left out.
///
/// *Shapes:* `n` bits give `n / bits_per_symbol` symbols.
pub fn bits_to_symbols(bits: &[u8], modulation: Modulation) -> Vec<u8> {
    match modulation {
        Modulation::Nrz => bits.iter().map(|bit| bit & 1).collect(),
        Modulation::Pam4 => bits
            .chunks_exact(2)
            .map(|pair| gray_encode(pair[0], pair[1]))
            .collect(),
    }
}

/// Spreads symbols into bits (0 or 1, in order of transmission): the inverse of
/// [`bits_to_symbols`].
///
/// *Shapes:* `n` symbols give `n * bits_per_symbol` bits.
pub fn symbols_to_bits(symbols: &[u8], modulation: Modulation) -> Vec<u8> {
    match modulation {
        Modulation::Nrz => symbols.iter().map(|symbol| symbol & 1).collect(),
        Modulation::Pam4 => symbols
            .iter()
            .flat_map(|&symbol| {
                let (msb, lsb) = gray_decode(symbol);
                [msb, lsb]
            })
            .collect(),
    }
}

/// A Fibonacci linear-feedback shift register, an endless iterator of bits
/// `b[n] = b[n - t1] xor b[n - t2] xor ...`.
///
/// Bit `i` of the seed (0 the lowest) is `b[-1 - i]`, the bit sent `i + 1` places before the
/// first output; so the highest bit of the seed is the oldest. A seed of zero gives zeros for
/// ever, as the hardware would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lfsr {
    state: u64,
    tap_mask: u64,
}

impl Lfsr {
    /// Makes a register from the delays it feeds back and the bits before the first output.
    ///
    /// Delays outside `1..=64` cannot be held by the register and are left out. Delays that
    /// appear twice cancel, as their exclusive or does.
    pub fn new(taps: &[u32], seed: u64) -> Self {
        let tap_mask = taps
            .iter()
            .filter(|&&tap| (1..=64).contains(&tap))
            .fold(0u64, |mask, &tap| mask ^ (1 << (tap - 1)));
        Self {
            state: seed,
            tap_mask,
        }
    }

    /// Returns the next bit, 0 or 1.
    pub fn bit(&mut self) -> u8 {
        let bit = (self.state & self.tap_mask).count_ones() & 1;
        self.state = (self.state << 1) | u64::from(bit);
        bit as u8
    }
}

impl Iterator for Lfsr {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        Some(self.bit())
    }
}

/// A named test pattern.
///
/// The text form is `prbs7`, `prbs9`, `prbs11`, `prbs13`, `prbs15`, `prbs20`, `prbs23`,
/// `prbs31`, the same with a `q` for the Gray-mapped pairs (`prbs13q`, `prbs31q`), and `ssprq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum PatternName {
    /// A PRBS of this order, one bit a symbol.
    Prbs(u32),
    /// A PRBS of this order taken in pairs of bits, Gray-mapped.
    PrbsQ(u32),
    /// The short stress pattern random quaternary of IEEE 802.3 120.5.11.2.5.
    Ssprq,
}

/// A pattern name that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a pattern (prbsN or prbsNq with N one of 7, 9, 11, 13, 15, 20, 23, 31, or ssprq), \
     found {found:?}"
)]
pub struct PatternNameError {
    /// The text that was found.
    pub found: String,
}

/// Symbols in one period of SSPRQ.
const SSPRQ_SYMBOLS: usize = 65_535;

/// Seeds and lengths in bits of the three parts of SSPRQ's sequence A, IEEE 802.3 120.5.11.2.5.
const SSPRQ_PARTS: [(u64, usize); 3] = [
    (0x0000_0002, 10_924),
    (0x3401_3FF7, 10_922),
    (0x0CCC_CCCC, 10_922),
];

/// Half-open ranges of SSPRQ's symbols whose levels are turned over (3 minus the level).
const SSPRQ_INVERTED: [(usize, usize); 2] = [(16_384, 32_768), (49_151, SSPRQ_SYMBOLS)];

impl PatternName {
    /// The orders that have a polynomial here.
    pub const ORDERS: [u32; 8] = [7, 9, 11, 13, 15, 20, 23, 31];

    /// Returns the modulation that the pattern is made for.
    pub fn modulation(self) -> Modulation {
        match self {
            Self::Prbs(_) => Modulation::Nrz,
            Self::PrbsQ(_) | Self::Ssprq => Modulation::Pam4,
        }
    }

    /// Returns the delays that the register feeds back; `None` for an order without polynomial.
    ///
    /// *Source:* ITU-T O.150 and IEEE 802.3; the order-13 polynomial 1 + x + x^2 + x^12 + x^13
    /// is that of PRBS13Q.
    pub fn taps(self) -> Option<&'static [u32]> {
        match self.order() {
            7 => Some(&[6, 7]),
            9 => Some(&[5, 9]),
            11 => Some(&[9, 11]),
            13 => Some(&[1, 2, 12, 13]),
            15 => Some(&[14, 15]),
            20 => Some(&[3, 20]),
            23 => Some(&[18, 23]),
            31 => Some(&[28, 31]),
            _ => None,
        }
    }

    /// Returns the number of symbols after which the pattern repeats; 0 for an order without
    /// polynomial.
    ///
    /// A PRBS has an odd number of bits, so its pairs repeat after two periods of bits, which
    /// are as many symbols as one period has bits.
    pub fn period_symbols(self) -> u64 {
        match self {
            Self::Ssprq => SSPRQ_SYMBOLS as u64,
            Self::Prbs(_) | Self::PrbsQ(_) => self.taps().map_or(0, |_| (1u64 << self.order()) - 1),
        }
    }

    /// Returns the first `n` symbols from the standard start, going round as often as needed;
    /// none for an order without polynomial.
    ///
    /// The start is a register of ones, except for SSPRQ, which starts with its sequence A.
    /// The output of order 31 (`prbs31`, `prbs31q` and the parts of `ssprq`) is inverted as in
    /// IEEE 802.3 49.2.8; all other orders are not inverted.
    pub fn symbols(self, n: usize) -> Vec<u8> {
        if self == Self::Ssprq {
            return ssprq_period().into_iter().cycle().take(n).collect();
        }
        let Some(taps) = self.taps() else {
            return Vec::new();
        };
        let order = self.order();
        let inversion = u8::from(order == 31);
        let mut register = Lfsr::new(taps, (1u64 << order) - 1);
        match self.modulation() {
            Modulation::Nrz => register.take(n).map(|bit| bit ^ inversion).collect(),
            Modulation::Pam4 => (0..n)
                .map(|_| {
                    let first = register.bit() ^ inversion;
                    gray_encode(first, register.bit() ^ inversion)
                })
                .collect(),
        }
    }

    /// Returns `n` symbols from some place in the period, which `start` picks: the state of the
    /// register for a PRBS (any number; it is brought into the states that are not zero), the
    /// symbol of the period for SSPRQ.
    ///
    /// The standard start of a long PRBS is no fair sample of it: after a register of ones the
    /// first thousands of symbols hold long runs.
    pub fn symbols_from(self, start: u64, n: usize) -> Vec<u8> {
        if self == Self::Ssprq {
            let first = (start % SSPRQ_SYMBOLS as u64) as usize;
            return ssprq_period()
                .into_iter()
                .cycle()
                .skip(first)
                .take(n)
                .collect();
        }
        let Some(taps) = self.taps() else {
            return Vec::new();
        };
        let order = self.order();
        let inversion = u8::from(order == 31);
        let state = 1 + start % ((1u64 << order) - 1);
        let bits: Vec<u8> = Lfsr::new(taps, state)
            .take(n * self.modulation().bits_per_symbol())
            .map(|bit| bit ^ inversion)
            .collect();
        bits_to_symbols(&bits, self.modulation())
    }

    /// Returns the `n` symbols that come before the standard start, oldest first: what the
    /// transmitter sent before [`PatternName::symbols`] begins.
    ///
    /// The register is run backwards, so that the length of the period does not matter:
    /// `b[n - N] = b[n] xor (the other taps)` is again a register, with delays `N - t` and `N`.
    pub fn symbols_before(self, n: usize) -> Vec<u8> {
        // The state of ones is the last of the states that are counted from 1.
        self.symbols_before_from(self.standard_start(), n)
    }

    /// Returns the `n` symbols that come before [`PatternName::symbols_from`] begins, oldest
    /// first.
    pub fn symbols_before_from(self, start: u64, n: usize) -> Vec<u8> {
        if self == Self::Ssprq {
            let period = SSPRQ_SYMBOLS;
            let first = (start % period as u64) as usize;
            let skip = (first + period - n % period) % period;
            return ssprq_period()
                .into_iter()
                .cycle()
                .skip(skip)
                .take(n)
                .collect();
        }
        let Some(taps) = self.taps() else {
            return Vec::new();
        };
        let order = self.order();
        let reversed: Vec<u32> = taps
            .iter()
            .map(|&tap| if tap == order { order } else { order - tap })
            .collect();
        // Seen backwards, the bits before the first output are the first outputs.
        let state = 1 + start % ((1u64 << order) - 1);
        let seed = Lfsr::new(taps, state)
            .take(order as usize)
            .enumerate()
            .fold(0, |word, (i, bit)| word | u64::from(bit) << i);
        let inversion = u8::from(order == 31);
        let mut bits: Vec<u8> = Lfsr::new(&reversed, seed)
            .take(n * self.modulation().bits_per_symbol())
            .map(|bit| bit ^ inversion)
            .collect();
        bits.reverse();
        bits_to_symbols(&bits, self.modulation())
    }

    /// Returns the start that [`PatternName::symbols`] takes: a register of ones, or the first
    /// symbol of SSPRQ.
    fn standard_start(self) -> u64 {
        match self {
            Self::Ssprq => 0,
            Self::Prbs(order) | Self::PrbsQ(order) => (1u64 << order) - 2,
        }
    }

    /// Returns the order of the register behind the pattern.
    fn order(self) -> u32 {
        match self {
            Self::Prbs(order) | Self::PrbsQ(order) => order,
            Self::Ssprq => 31,
        }
    }
}

/// Makes one period of SSPRQ: bits A, B, A, B with B = A without its last bit, Gray-mapped,
/// then two ranges of levels turned over.
fn ssprq_period() -> Vec<u8> {
    let a: Vec<u8> = SSPRQ_PARTS
        .iter()
        .flat_map(|&(seed, bits)| Lfsr::new(&[28, 31], seed).take(bits).map(|bit| 1 - bit))
        .collect();
    let b = &a[..a.len() - 1];
    let bits = [&a[..], b, &a[..], b].concat();
    let mut symbols = bits_to_symbols(&bits, Modulation::Pam4);
    for (first, end) in SSPRQ_INVERTED {
        for symbol in &mut symbols[first..end] {
            *symbol = 3 - *symbol;
        }
    }
    symbols
}

impl FromStr for PatternName {
    type Err = PatternNameError;

    /// Reads `prbs13q`, `PRBS31`, `ssprq`; letter case does not matter.
    fn from_str(text: &str) -> Result<Self, PatternNameError> {
        let error = || PatternNameError {
            found: text.to_owned(),
        };
        let lower = text.trim().to_ascii_lowercase();
        if lower == "ssprq" {
            return Ok(Self::Ssprq);
        }
        let digits = lower.strip_prefix("prbs").ok_or_else(error)?;
        let (digits, pattern): (&str, fn(u32) -> Self) = match digits.strip_suffix('q') {
            Some(digits) => (digits, Self::PrbsQ),
            None => (digits, Self::Prbs),
        };
        // Compared as text, so that `prbs+7` and `prbs07` are refused.
        Self::ORDERS
            .into_iter()
            .find(|order| order.to_string() == digits)
            .map(pattern)
            .ok_or_else(error)
    }
}

impl fmt::Display for PatternName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prbs(order) => write!(f, "prbs{order}"),
            Self::PrbsQ(order) => write!(f, "prbs{order}q"),
            Self::Ssprq => f.write_str("ssprq"),
        }
    }
}

impl TryFrom<String> for PatternName {
    type Error = PatternNameError;

    fn try_from(text: String) -> Result<Self, PatternNameError> {
        text.parse()
    }
}

impl From<PatternName> for String {
    fn from(name: PatternName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests;

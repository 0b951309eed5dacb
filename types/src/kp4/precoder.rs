//! The 1/(1+D) precoder and its inverse.
//!
//! ```text
//! transmitter  p(k) = g(k) - p(k-1)   mod M        M: levels, 4 or 2
//! receiver     g(k) = p(k) + p(k-1)   mod M
//! ```
//!
//! A receiver with decision feedback on a channel near 1 + D makes bursts whose errors alternate
//! in sign. Behind the receiver's `1 + D` they cancel: a burst of any length leaves two wrong
//! symbols, one at its beginning and one behind its end. A single error leaves two as well, so
//! precoding costs where errors do not come in bursts.
//!
//! *Source:* IEEE 802.3 120.5.7.2. *Assumes* the symbol before the first to be 0, at
//! both ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pattern::Modulation;

/// Whether symbols are precoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Precoding {
    /// Symbols go on the line as they are.
    #[serde(rename = "none")]
    None,
    /// Symbols go through 1/(1+D) mod the number of levels.
    #[serde(rename = "1/(1+D)")]
    OneOverOnePlusD,
}

/// Precodes symbols in place: `p(k) = g(k) - p(k-1)` mod the number of levels.
///
/// Only the lowest bits of a symbol count (two for PAM-4, one for NRZ).
pub fn precode(symbols: &mut [u8], modulation: Modulation) {
    let mask = modulation.levels() as u8 - 1;
    let mut before = 0u8;
    for symbol in symbols {
        before = symbol.wrapping_sub(before) & mask;
        *symbol = before;
    }
}

/// Undoes [`precode`] in place: `g(k) = p(k) + p(k-1)` mod the number of levels.
///
/// It runs on decisions, and as well on their errors (decided less sent, mod the number of
/// levels), because it is linear: then it leaves the errors behind the receiver's decoder.
pub fn decode(symbols: &mut [u8], modulation: Modulation) {
    let mask = modulation.levels() as u8 - 1;
    let mut before = 0u8;
    for symbol in symbols {
        let received = *symbol & mask;
        *symbol = received.wrapping_add(before) & mask;
        before = received;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_decode_undoes_precode(symbols in prop::collection::vec(0u8..4, 0..200)) {
            for modulation in [Modulation::Pam4, Modulation::Nrz] {
                let mask = modulation.levels() as u8 - 1;
                let sent: Vec<u8> = symbols.iter().map(|s| s & mask).collect();
                let mut line = sent.clone();
                precode(&mut line, modulation);
                prop_assert!(line.iter().all(|&s| s <= mask));
                decode(&mut line, modulation);
                prop_assert_eq!(&line, &sent);
            }
        }

        /// What the decoder makes of wrong symbols differs from the sent ones by what it makes
        /// of the errors alone.
        #[test]
        fn prop_the_decoder_is_linear(
            pairs in prop::collection::vec((0u8..4, 0u8..4), 1..100)
        ) {
            let (mut a, mut e): (Vec<u8>, Vec<u8>) = pairs.iter().copied().unzip();
            let mut sum: Vec<u8> = pairs.iter().map(|(a, e)| (a + e) % 4).collect();
            for line in [&mut a, &mut e, &mut sum] {
                decode(line, Modulation::Pam4);
            }
            let expected: Vec<u8> = a.iter().zip(&e).map(|(a, e)| (a + e) % 4).collect();
            prop_assert_eq!(sum, expected);
        }
    }

    /// science.md section 2: "after the precoder decoder a burst of any length becomes 2 symbol
    /// errors".
    #[test]
    fn ref_a_burst_of_any_length_leaves_two_errors() {
        for length in 1..30 {
            let mut errors = vec![0u8; 50];
            for (k, e) in errors[10..10 + length].iter_mut().enumerate() {
                *e = if k % 2 == 0 { 1 } else { 3 };
            }
            decode(&mut errors, Modulation::Pam4);
            let wrong: Vec<usize> = (0..50).filter(|&k| errors[k] != 0).collect();
            assert_eq!(wrong, [10, 10 + length]);
        }
    }
}

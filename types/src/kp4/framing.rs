//! Code symbols on the line: bits, Gray-mapped symbols, interleaved codewords.
//!
//! A code symbol of ten bits is five PAM-4 symbols or ten NRZ symbols, its lowest bit first.
//! Several codewords are interleaved symbol by symbol, so that a burst on the line is shared
//! between them: code symbol `r` of the line belongs to codeword `r mod m`.

use super::BITS_PER_CODE_SYMBOL;
use crate::pattern::{Modulation, bits_to_symbols, symbols_to_bits};

/// Returns how many line symbols carry one code symbol: 5 for PAM-4, 10 for NRZ.
pub fn line_symbols_per_code_symbol(modulation: Modulation) -> usize {
    BITS_PER_CODE_SYMBOL / modulation.bits_per_symbol()
}

/// Spreads code symbols into line symbols, lowest bit first, Gray-mapped for PAM-4.
///
/// *Shapes:* `n` code symbols give `5 n` PAM-4 or `10 n` NRZ symbols. Only the ten lowest bits
/// of a code symbol count.
pub fn to_line(code_symbols: &[u16], modulation: Modulation) -> Vec<u8> {
    let bits: Vec<u8> = code_symbols
        .iter()
        .flat_map(|&s| (0..BITS_PER_CODE_SYMBOL).map(move |i| (s >> i & 1) as u8))
        .collect();
    bits_to_symbols(&bits, modulation)
}

/// Collects line symbols into code symbols: the inverse of [`to_line`]. Line symbols that fill no
/// code symbol at the end are left out.
pub fn from_line(line: &[u8], modulation: Modulation) -> Vec<u16> {
    symbols_to_bits(line, modulation)
        .chunks_exact(BITS_PER_CODE_SYMBOL)
        .map(|bits| bits.iter().rev().fold(0, |s, &b| s << 1 | u16::from(b)))
        .collect()
}

/// Interleaves codewords symbol by symbol: the first symbols of all, the second symbols of all.
///
/// *Shapes:* as many symbols as the shortest codeword has, times the number of codewords.
pub fn interleave(codewords: &[Vec<u16>]) -> Vec<u16> {
    let length = codewords.iter().map(Vec::len).min().unwrap_or(0);
    (0..length)
        .flat_map(|i| codewords.iter().map(move |word| word[i]))
        .collect()
}

/// Takes `count` interleaved codewords apart: the inverse of [`interleave`]. Symbols that do not
/// fill a round at the end are left out.
pub fn deinterleave(symbols: &[u16], count: usize) -> Vec<Vec<u16>> {
    (0..count)
        .map(|c| symbols.chunks_exact(count).map(|round| round[c]).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_from_line_undoes_to_line(symbols in prop::collection::vec(0u16..1024, 0..100)) {
            for modulation in [Modulation::Pam4, Modulation::Nrz] {
                let line = to_line(&symbols, modulation);
                let each = line_symbols_per_code_symbol(modulation);
                prop_assert_eq!(line.len(), symbols.len() * each);
                prop_assert_eq!(from_line(&line, modulation), symbols.clone());
            }
        }

        #[test]
        fn prop_deinterleave_undoes_interleave(
            count in 1usize..5,
            symbols in prop::collection::vec(0u16..1024, 40),
        ) {
            let words: Vec<Vec<u16>> = symbols.chunks_exact(40 / count).take(count)
                .map(<[u16]>::to_vec).collect();
            let line = interleave(&words);
            prop_assert_eq!(line.len(), count * (40 / count));
            prop_assert_eq!(deinterleave(&line, count), words);
        }
    }

    /// Ten bits 0b11_0110_0001, lowest first: 10 00 01 10 11, Gray: 3 0 1 3 2.
    #[test]
    fn ref_the_lowest_bit_goes_first_and_pairs_are_gray_mapped() {
        assert_eq!(
            to_line(&[0b11_0110_0001], Modulation::Pam4),
            [3, 0, 1, 3, 2]
        );
        assert_eq!(
            to_line(&[0b11_0110_0001], Modulation::Nrz),
            [1, 0, 0, 0, 0, 1, 1, 0, 1, 1]
        );
    }
}

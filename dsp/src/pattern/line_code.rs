//! 64b/66b framing: every block of 66 bits starts with 01 or 10.
//!
//! *Source*: IEEE 802.3 clause 49.2.4. All 66 positions are tried; the one with the fewest bad
//! headers wins.
//!
//! *Assumes* decided bits without slips, in the order of transmission. *Breaks* on streams without
//! framing, where the best position still has nearly half of its headers wrong; the count says so.

use etalon_types::report::LineCodeCheck;

/// Bits in a block.
const BLOCK: usize = 66;

/// Checks the sync headers of a stream of decided bits.
pub fn check_64b66b(bits: &[u8]) -> Option<LineCodeCheck> {
    if bits.len() < 2 * BLOCK {
        return None;
    }
    (0..BLOCK)
        .map(|first| {
            let blocks = (bits.len() - first) / BLOCK;
            let bad = (0..blocks)
                .filter(|b| bits[first + b * BLOCK] == bits[first + b * BLOCK + 1])
                .count();
            LineCodeCheck {
                code: "64b66b".into(),
                blocks: blocks as u64,
                bad_sync_headers: bad as u64,
                first_bit: first as u64,
            }
        })
        .min_by_key(|check| check.bad_sync_headers)
}

#[cfg(test)]
mod tests;

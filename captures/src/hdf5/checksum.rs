//! Checksums: of metadata (Jenkins' lookup3) and of chunks (Fletcher's).

use super::File;
use crate::Error;
use crate::bytes::Block;

/// Holds a block against the checksum in its last four bytes.
pub(super) fn verify(file: &File, field: &str, block: &Block) -> Result<(), Error> {
    let at = block.bytes.len().saturating_sub(4);
    let (found, wanted) = (lookup3(&block.bytes[..at]), block.u32(at));
    if found == wanted {
        return Ok(());
    }
    let field = format!("checksum of {field}");
    let (expected, found) = (format!("{wanted:08x}"), format!("{found:08x}"));
    Err(file.malformed(block.place(at), field, expected, found))
}

/// Bob Jenkins' lookup3 (`hashlittle`, starting from 0).
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    if bytes.is_empty() {
        return start;
    }
    // The last group, whole or not, is mixed in another way than those before it.
    let groups = bytes.len().div_ceil(12);
    for (number, group) in bytes.chunks(12).enumerate() {
        let mut padded = [0; 12];
        padded[..group.len()].copy_from_slice(group);
        for (word, part) in state.iter_mut().zip(padded.as_chunks::<4>().0) {
            *word = word.wrapping_add(u32::from_le_bytes(*part));
        }
        if number + 1 < groups {
            mix(&mut state);
        } else {
            finish(&mut state);
        }
    }
    state[2]
}

fn mix(state: &mut [u32; 3]) {
    for (round, turn) in [4, 6, 8, 16, 19, 4].into_iter().enumerate() {
        let (x, y, z) = (round % 3, (round + 1) % 3, (round + 2) % 3);
        state[x] = state[x].wrapping_sub(state[z]) ^ state[z].rotate_left(turn);
        state[z] = state[z].wrapping_add(state[y]);
    }
}

fn finish(state: &mut [u32; 3]) {
    for (round, turn) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
        let (x, y) = ((round + 2) % 3, (round + 1) % 3);
        state[x] = (state[x] ^ state[y]).wrapping_sub(state[y].rotate_left(turn));
    }
}

/// Fletcher's checksum over big-endian words of 16 bits; an odd byte is the upper one of a word.
pub(super) fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0_u64, 0_u64);
    for word in bytes.chunks(2) {
        let word = u64::from(word[0]) << 8 | word.get(1).map_or(0, |&b| u64::from(b));
        low = (low + word) % 65_535;
        high = (high + low) % 65_535;
    }
    // A remainder of 0 is written as 65535, unless nothing but zeros came in.
    let folded = |sum: u64, any: bool| if sum == 0 && any { 65_535 } else { sum as u32 };
    let any = bytes.iter().any(|&b| b != 0);
    folded(high, any) << 16 | folded(low, any)
}

//! From the survivors to the symbols, for a group of segments.

use fearless_simd::{prelude::*, u8x16};
use fearless_simd_macros::simd;

use super::lanes::{Metrics, bits, words};
use super::transpose::{Block, transpose};

/// Follows the survivors back from the best last states and leaves the decided symbols in pairs,
/// one a byte. `survivors` begins at the first symbol that is to be decided and goes on to the
/// segments' last step.
#[simd]
pub(super) fn back<S: Simd, const LEVELS: usize, const REST: usize>(
    simd: S,
    length: usize,
    ends: &Metrics<S, LEVELS, REST>,
    survivors: &[i16],
    pairs: &mut [i16],
) {
    let row = words(LEVELS, REST) * S::i16s::LEN;
    let mut state = best::<S, LEVELS, REST>(simd, ends);
    let (decided, tail) = survivors.split_at(length * row);
    for survivors in tail.chunks_exact(row).rev() {
        previous::<S, LEVELS, REST>(simd, survivors, &mut state);
    }
    for (survivors, pair) in decided
        .chunks_exact(2 * row)
        .zip(pairs.chunks_exact_mut(S::i16s::LEN))
        .rev()
    {
        let later = previous::<S, LEVELS, REST>(simd, &survivors[row..], &mut state);
        let earlier = previous::<S, LEVELS, REST>(simd, &survivors[..row], &mut state);
        ((later << 8) | earlier).store_slice(pair);
    }
}

/// The state with the smallest metric.
#[inline(always)]
fn best<S: Simd, const LEVELS: usize, const REST: usize>(
    simd: S,
    ends: &Metrics<S, LEVELS, REST>,
) -> S::i16s {
    let index = S::i16s::splat(simd, LEVELS as i16 - 1);
    let (mut least, mut state) = (ends[0][0] & !index, S::i16s::splat(simd, 0));
    for (n, m) in ends.as_flattened().iter().enumerate().skip(1) {
        let clean = *m & !index;
        let smaller = clean.simd_lt(least);
        least = least.min(clean);
        state = smaller.select(S::i16s::splat(simd, n as i16), state);
    }
    state
}

/// Takes the newest symbol of every lane's state and goes back by one step: the survivor's old
/// symbol comes in at the other end.
#[inline(always)]
fn previous<S: Simd, const LEVELS: usize, const REST: usize>(
    simd: S,
    survivors: &[i16],
    state: &mut S::i16s,
) -> S::i16s {
    let n = *state;
    let bits = bits(LEVELS) as u32;
    let field = match bits {
        1 => n,
        _ => n + n,
    };
    let word = word::<S>(simd, survivors, n);
    let index = S::i16s::splat(simd, LEVELS as i16 - 1);
    let oldest = field_at::<S>(simd, word, field & S::i16s::splat(simd, 15), bits) & index;
    let past = n & S::i16s::splat(simd, REST as i16 - 1);
    *state = (past << bits) | oldest;
    n >> REST.ilog2()
}

/// The word that holds the survivor of every lane's state: eight states on four levels a word, and
/// never more than one word on two levels.
#[inline(always)]
fn word<S: Simd>(simd: S, survivors: &[i16], state: S::i16s) -> S::i16s {
    let lanes = S::i16s::LEN;
    let mut words = [S::i16s::splat(simd, 0); 8];
    let mut count = survivors.len() / lanes;
    for (word, part) in words.iter_mut().zip(survivors.chunks_exact(lanes)) {
        *word = S::i16s::from_slice(simd, part);
    }
    // From the highest bit of the state down, half of the words are left each time.
    while count > 1 {
        count /= 2;
        let bit = S::i16s::splat(simd, 8 * count as i16);
        let upper = (state & bit).simd_eq(bit);
        for i in 0..count {
            words[i] = upper.select(words[i + count], words[i]);
        }
    }
    words[0]
}

/// Shifts every lane down by its own number of bits.
#[inline(always)]
fn field_at<S: Simd>(simd: S, word: S::i16s, shift: S::i16s, bits: u32) -> S::i16s {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let fearless_simd::Level::Avx512(_) = simd.level() {
        return word >> shift;
    }
    // No other level has that instruction for 16 bits: a multiplication moves the field to the
    // top. Its power of two, 2^(16 - bits - shift), is looked up byte by byte: the low bytes have
    // the powers below 2^8, that is shifts from 8 on, the high bytes the same table from the
    // other half.
    let table = std::array::from_fn(|i| match i {
        8.. => 1u8.wrapping_shl(16 - bits - i as u32),
        _ => 0,
    });
    let table = S::u8s::block_splat(u8x16::simd_from(simd, table));
    let at = (shift | (shift << 8)) ^ S::i16s::splat(simd, 0x0800);
    let power = table.swizzle_dyn_within_blocks(at.bitcast::<S::u8s>());
    (word * power.bitcast::<S::i16s>()) >> (16 - bits)
}

/// Writes the pairs of every lane behind each other: lane by lane a segment of symbols.
#[simd]
pub(super) fn unload<S: Simd>(simd: S, length: usize, pairs: &[i16], out: &mut [u8]) {
    let lanes = S::i16s::LEN;
    let mut block: Block<S> = [S::i16s::splat(simd, 0); 32];
    for (c, part) in pairs.chunks_exact(lanes * lanes).enumerate() {
        for (row, part) in block.iter_mut().zip(part.chunks_exact(lanes)) {
            *row = S::i16s::from_slice(simd, part);
        }
        transpose::<S>(simd, &mut block);
        for (lane, row) in block[..lanes].iter().enumerate() {
            let at = lane * length + c * 2 * lanes;
            row.bitcast::<S::u8s>()
                .store_slice(&mut out[at..at + 2 * lanes]);
        }
    }
}

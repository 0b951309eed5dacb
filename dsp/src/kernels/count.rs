//! Counting and finding where two streams of symbols differ, and how far one is rotated.
//!
//! ```text
//! errors = sum_i [a(i) != b(i)]            confusion(s, d) = sum_i [a(i) = s and b(i) = d]
//! lag    = the l for which b(i) = a((i + l) mod n) nearly everywhere
//! ```
//!
//! Symbols are bytes, bits among them. They are compared as they are: packing them first would
//! read them just as often and compute more.
//!
//! # Rotation
//!
//! A window of 32 bits of the received stream without an error stands somewhere in the reference.
//! Every 2048th window of the reference is probed against a table of 2048 consecutive windows of
//! the received stream: one of these is in step with it (Shanks' baby steps and giant steps), so
//! that about `n / 2048 + 2048` windows are looked at instead of `n`. Windows are packed bits and
//! the table is direct; a hit counts when the next [`JUDGED`] symbols agree but for a quarter.
//! Random windows of 32 bits among 2^21 places collide with a probability of 5e-4, and collide in
//! what follows with none.
//!
//! A window is clean with a probability of `(1 - p)^32` at an error ratio `p`: 97 % at 1e-3, 72 %
//! at 1e-2. After a failure another stretch of the received stream is tried, 32 in all, so
//! an error ratio of 1e-2 fails with a probability of 1e-17 and one of 0.03 with 3e-7.
//!
//! *Assumes* levels of up to 16; the lowest bit of a symbol is what windows are made of. *Breaks*
//! with a reference that is constant (every lag fits; the first is returned), with one that
//! repeats within itself (the smallest of the lags that a probe hits is not looked for), and with
//! one where windows are not rare: at most 1024 hits of a stretch are judged.

use fearless_simd::{Level, Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// Symbols that judge a lag.
pub const JUDGED: usize = 1024;
/// Distance of the windows of the reference, and windows of the received stream that are tried.
const STRIDE: usize = 2048;
/// Symbols in a window.
const WINDOW: usize = 32;
/// Stretches of the received stream that are tried.
const TRIES: usize = 32;
/// Hits of a stretch that are judged: random streams have none that is wrong, and one that
/// repeats itself within a window would have millions.
const HITS: usize = 1024;
/// Additions of 0 or 1 that a byte holds.
const BYTE: usize = 255;

/// Returns how many of the first `min(a.len(), b.len())` symbols differ.
pub fn differences(level: Level, a: &[u8], b: &[u8]) -> u64 {
    dispatch!(level, simd => count(simd, a, b))
}

/// The oracle of [`differences`].
pub fn differences_scalar(a: &[u8], b: &[u8]) -> u64 {
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}

#[simd]
fn count<S: Simd>(simd: S, a: &[u8], b: &[u8]) -> u64 {
    let n = a.len().min(b.len());
    let width = 4 * S::u8s::LEN;
    let one = S::u8s::splat(simd, 1);
    let mut total = 0;
    for (a, b) in a[..n].chunks(BYTE * width).zip(b[..n].chunks(BYTE * width)) {
        let mut sums = [S::u8s::splat(simd, 0); 4];
        let (whole_a, whole_b) = (a.chunks_exact(width), b.chunks_exact(width));
        total += differences_scalar(whole_a.remainder(), whole_b.remainder());
        for (a, b) in whole_a.zip(whole_b) {
            for (sum, (a, b)) in sums
                .iter_mut()
                .zip(a.chunks_exact(S::u8s::LEN).zip(b.chunks_exact(S::u8s::LEN)))
            {
                let differs = S::u8s::from_slice(simd, a).simd_ne(S::u8s::from_slice(simd, b));
                *sum = differs.select(*sum + one, *sum);
            }
        }
        total += sums.iter().map(|s| sum_bytes(s.as_slice())).sum::<u64>();
    }
    total
}

/// Returns where the first `min(a.len(), b.len())` symbols differ, in order.
///
/// *Complexity*: reading, while differences are fewer than one in a vector.
pub fn difference_places(level: Level, a: &[u8], b: &[u8]) -> Vec<usize> {
    let mut places = Vec::with_capacity(differences(level, a, b) as usize);
    dispatch!(level, simd => find(simd, a, b, &mut places));
    places
}

/// The oracle of [`difference_places`].
pub fn difference_places_scalar(a: &[u8], b: &[u8]) -> Vec<usize> {
    let pairs = a.iter().zip(b).enumerate();
    pairs.filter(|(_, (a, b))| a != b).map(|(i, _)| i).collect()
}

#[simd]
fn find<S: Simd>(simd: S, a: &[u8], b: &[u8], places: &mut Vec<usize>) {
    let n = a.len().min(b.len());
    let width = S::u8s::LEN;
    let (whole_a, whole_b) = (a[..n].chunks_exact(width), b[..n].chunks_exact(width));
    let (rest_a, rest_b) = (whole_a.remainder(), whole_b.remainder());
    for (i, (a, b)) in whole_a.zip(whole_b).enumerate() {
        let differs = S::u8s::from_slice(simd, a).simd_ne(S::u8s::from_slice(simd, b));
        let mut mask = differs.to_bitmask();
        while mask != 0 {
            places.push(width * i + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
    }
    let rest = difference_places_scalar(rest_a, rest_b).into_iter();
    places.extend(rest.map(|i| n - rest_a.len() + i));
}

fn sum_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&b| u64::from(b)).sum()
}

/// How often symbol `d` was decided where `s` was sent: `counts[s][d]`, levels 0 to 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Counts by sent and decided level.
    pub counts: [[u64; 4]; 4],
}

impl Confusion {
    /// Returns the symbols counted.
    pub fn symbols(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Returns the symbols of a level that was sent.
    pub fn sent(&self, level: usize) -> u64 {
        self.counts[level].iter().sum()
    }

    /// Returns the symbol errors.
    pub fn errors(&self) -> u64 {
        self.symbols() - (0..4).map(|s| self.counts[s][s]).sum::<u64>()
    }

    /// Returns the sum of what `bits(s, d)` says of every sent and decided pair: the bit errors,
    /// when it says how many bits differ.
    pub fn weighted(&self, bits: impl Fn(u8, u8) -> u64) -> u64 {
        (0..4u8)
            .flat_map(|s| (0..4u8).map(move |d| (s, d)))
            .map(|(s, d)| self.counts[usize::from(s)][usize::from(d)] * bits(s, d))
            .sum()
    }
}

/// Counts every pair of sent and decided level.
///
/// # Shapes
/// Symbols 0 to 3, of which the first `min(sent.len(), decided.len())` are compared; only the two
/// lowest bits of a symbol are looked at.
pub fn confusion(level: Level, sent: &[u8], decided: &[u8]) -> Confusion {
    dispatch!(level, simd => pairs(simd, sent, decided))
}

/// The oracle of [`confusion`].
pub fn confusion_scalar(sent: &[u8], decided: &[u8]) -> Confusion {
    let mut confusion = Confusion::default();
    for (&s, &d) in sent.iter().zip(decided) {
        confusion.counts[usize::from(s & 3)][usize::from(d & 3)] += 1;
    }
    confusion
}

#[simd]
fn pairs<S: Simd>(simd: S, sent: &[u8], decided: &[u8]) -> Confusion {
    let n = sent.len().min(decided.len());
    let width = S::u8s::LEN;
    let one = S::u8s::splat(simd, 1);
    let mut confusion = Confusion::default();
    let blocks = sent[..n].chunks(BYTE * width);
    for (sent, decided) in blocks.zip(decided[..n].chunks(BYTE * width)) {
        let mut sums = [S::u8s::splat(simd, 0); 16];
        let (whole_s, whole_d) = (sent.chunks_exact(width), decided.chunks_exact(width));
        let rest = confusion_scalar(whole_s.remainder(), whole_d.remainder());
        for (s, d) in whole_s.zip(whole_d) {
            let s = S::u8s::from_slice(simd, s) & 3;
            let d = S::u8s::from_slice(simd, d) & 3;
            let twice = s + s;
            let pair = (twice + twice) | d;
            for (c, sum) in sums.iter_mut().enumerate() {
                let is = pair.simd_eq(S::u8s::splat(simd, c as u8));
                *sum = is.select(*sum + one, *sum);
            }
        }
        for (c, sum) in sums.iter().enumerate() {
            let (s, d) = (c / 4, c % 4);
            confusion.counts[s][d] += sum_bytes(sum.as_slice()) + rest.counts[s][d];
        }
    }
    confusion
}

/// Packs the lowest bit of every symbol, the first symbol lowest.
///
/// # Shapes
/// Fills `words`; symbols that are missing count as 0.
pub fn pack(level: Level, symbols: &[u8], words: &mut [u64]) {
    dispatch!(level, simd => pack_bits(simd, symbols, words));
}

/// The oracle of [`pack`].
pub fn pack_scalar(symbols: &[u8], words: &mut [u64]) {
    words.fill(0);
    for (i, &s) in symbols.iter().enumerate().take(64 * words.len()) {
        words[i / 64] |= u64::from(s & 1) << (i % 64);
    }
}

#[simd]
fn pack_bits<S: Simd>(simd: S, symbols: &[u8], words: &mut [u64]) {
    let width = S::u8s::LEN;
    let whole = symbols.chunks_exact(64);
    let rest = whole.remainder();
    let used = (symbols.len() / 64).min(words.len());
    for (symbols, word) in whole.zip(words.iter_mut()) {
        *word = 0;
        for (i, part) in symbols.chunks_exact(width).enumerate() {
            let set = (S::u8s::from_slice(simd, part) & 1).simd_ne(S::u8s::splat(simd, 0));
            *word |= set.to_bitmask() << (i * width);
        }
    }
    pack_scalar(rest, &mut words[used..]);
}

/// Finds the lag: symbol `i` of `received` is symbol `(i + lag) mod n` of the reference.
///
/// # Shapes
/// `n` is the length of `reference`; `received` may be shorter or longer. `None` when either is
/// shorter than [`JUDGED`] symbols or nothing fits.
pub fn find_lag(level: Level, reference: &[u8], received: &[u8]) -> Option<usize> {
    let n = reference.len();
    if n.min(received.len()) < JUDGED {
        return None;
    }
    // Short streams are cut finer, so that there are as many stretches to try.
    let stride = ((received.len() - WINDOW) / TRIES).clamp(1, STRIDE);
    let probes = probes(level, reference, stride);
    let room = received.len() - stride - WINDOW;
    for t in 0..TRIES {
        // Stretches spread over the whole of it: errors come in bursts.
        let start = room * t / TRIES;
        let table = Windows::new(level, &received[start..start + stride + WINDOW]);
        let hits = probes.iter().flat_map(|&(place, window)| {
            let at = table.find(window);
            at.map(move |offset| (place + n - (start + offset) % n) % n)
        });
        let lag = hits
            .take(HITS)
            .find(|&lag| fits(level, reference, received, lag, start));
        if lag.is_some() {
            return lag;
        }
    }
    None
}

/// Counts errors over the whole of `received` at a lag that [`find_lag`] has found.
pub fn differences_at(level: Level, reference: &[u8], received: &[u8], lag: usize) -> u64 {
    let mut at = lag % reference.len().max(1);
    let mut rest = received;
    let mut errors = 0;
    while !rest.is_empty() && !reference.is_empty() {
        let count = rest.len().min(reference.len() - at);
        errors += differences(level, &reference[at..at + count], &rest[..count]);
        rest = &rest[count..];
        at = 0;
    }
    errors
}

/// Places of every `stride`th window of the reference, which goes round, and their bits.
fn probes(level: Level, reference: &[u8], stride: usize) -> Vec<(usize, u32)> {
    // The last windows may reach past the end; a word is packed at once.
    let n = reference.len();
    let all = n.div_ceil(stride);
    let inside = n
        .checked_sub(64)
        .map_or(0, |last| last / stride + 1)
        .min(all);
    let mut end = reference[(stride * inside).min(n)..].to_vec();
    end.extend(reference.iter().cycle().take(64));
    let mut probes = Vec::with_capacity(all);
    dispatch!(level, simd => probe(simd, reference, stride, inside, 0, &mut probes));
    dispatch!(level, simd => probe(simd, &end, stride, all - inside, stride * inside, &mut probes));
    probes
}

#[simd]
fn probe<S: Simd>(
    simd: S,
    symbols: &[u8],
    stride: usize,
    count: usize,
    first: usize,
    probes: &mut Vec<(usize, u32)>,
) {
    for place in (0..count).map(|i| stride * i) {
        let mut word = [0u64];
        pack_bits(simd, &symbols[place..place + 64], &mut word);
        probes.push((first + place, word[0] as u32));
    }
}

/// The windows of a stretch, found by their bits.
struct Windows {
    windows: Vec<u32>,
    /// One more than the last window with this hash; 0 is none.
    heads: Vec<u16>,
    /// The same for the window before with the same hash.
    before: Vec<u16>,
}

impl Windows {
    fn new(level: Level, symbols: &[u8]) -> Self {
        let mut words = vec![0u64; symbols.len().div_ceil(64) + 1];
        pack(level, symbols, &mut words);
        let count = symbols.len() - WINDOW;
        let windows: Vec<u32> = (0..count)
            .map(|i| {
                let pair = u128::from(words[i / 64]) | u128::from(words[i / 64 + 1]) << 64;
                (pair >> (i % 64)) as u32
            })
            .collect();
        let mut heads = vec![0u16; 2 * STRIDE];
        let mut before = vec![0u16; count];
        for (i, &window) in windows.iter().enumerate() {
            let head = &mut heads[hash(window)];
            before[i] = *head;
            *head = i as u16 + 1;
        }
        Self {
            windows,
            heads,
            before,
        }
    }

    /// Returns where a window stands.
    fn find(&self, window: u32) -> impl Iterator<Item = usize> {
        let mut next = self.heads[hash(window)];
        std::iter::from_fn(move || {
            let at = usize::from(next.checked_sub(1)?);
            next = self.before[at];
            Some(at)
        })
        .filter(move |&at| self.windows[at] == window)
    }
}

/// Multiplicative hash (Knuth, *The Art of Computer Programming*, section 6.4) into the table.
fn hash(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> (32 - (2 * STRIDE).ilog2())) as usize
}

/// Says whether the symbols from `start` on agree with the reference at a lag.
fn fits(level: Level, reference: &[u8], received: &[u8], lag: usize, start: usize) -> bool {
    let n = reference.len();
    let start = start.min(received.len() - JUDGED);
    let judged = &received[start..start + JUDGED];
    differences_at(level, reference, judged, (lag + start) % n) < JUDGED as u64 / 4
}

#[cfg(test)]
mod tests;

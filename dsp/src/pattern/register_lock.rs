//! Alignment to a pseudo-random pattern by its register's recurrence.
//!
//! `order` error-free decided bits are a state of the register; the recurrence
//! `b(n) = b(n - t1) xor b(n - t2) ...` then predicts every other bit, forwards and backwards.
//! Each state tried is judged by the next bits: a wrong one disagrees with half of them.

use etalon_types::pattern::{Modulation, bits_to_symbols, symbols_to_bits};

/// Bits that judge a state.
const JUDGED: usize = 4096;
/// Disagreements from which on a state is wrong: of 4096 coin tosses fewer than 1280 come up with
/// a probability below 1e-100, and a bit error ratio of 0.25 stays below with certainty.
const MAX_DISAGREEMENTS: usize = 1280;
/// Bits that a state is judged by first, and the disagreements among them from which on it is
/// given up: with a bit error ratio of 0.25 they are 128 with a standard deviation of 10, so that
/// 220 is nine deviations; a wrong state gets there in 999 of 1000 cases.
const GLANCE: usize = 512;
const GLANCE_ALLOWED: usize = 220;
/// Ones among the predicted bits of a real state: 2048 with a standard deviation of 32, so this is
/// six deviations. A stream of nearly all zeros (a closed eye) is predicted well by a register
/// that is nearly empty, and means nothing.
const BALANCED: std::ops::RangeInclusive<usize> = 1850..=2246;
/// States tried.
const TRIES: usize = 200;

/// Factor by which the delays are stretched at most: with a register of 31 bits these are 2 KiB.
const MAX_SCALE: usize = 64;

/// Symbols in which a state is looked for.
const SEARCHED: usize = 1 << 17;

/// Which bits were complemented to make the recurrence hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterLock {
    /// True when the levels had to be turned over.
    pub inverted: bool,
    /// True when every bit had to be complemented.
    pub complemented: bool,
}

/// Finds the transmitted symbols from the decided ones.
///
/// `taps` are the delays of the register; the state is looked for in the first 2^17 of the
/// decided symbols. Returns the lock and the first `count` transmitted symbols, in the capture's
/// own polarity, whether or not so many were decided.
pub fn lock(
    decided: &[u8],
    taps: &[u32],
    modulation: Modulation,
    count: usize,
) -> Option<(RegisterLock, Vec<u8>)> {
    let top = modulation.levels() as u8 - 1;
    let decided = &decided[..decided.len().min(SEARCHED)];
    for inverted in [false, true] {
        let levels: Vec<u8> = decided
            .iter()
            .map(|&s| if inverted { top - s } else { s })
            .collect();
        let bits = symbols_to_bits(&levels, modulation);
        for complemented in [false, true] {
            // Turning NRZ levels over is complementing their bits: one of the two is enough.
            if modulation == Modulation::Nrz && inverted {
                continue;
            }
            let flip = u8::from(complemented);
            let stream: Vec<u8> = bits.iter().map(|b| b ^ flip).collect();
            let Some(position) = find_state(&stream, taps) else {
                continue;
            };
            let wanted = count * modulation.bits_per_symbol();
            let mut sent = extend(&stream, position, taps, wanted.max(stream.len()));
            // A pattern that borrows stretches of this register's sequence (SSPRQ does of PRBS31)
            // agrees for a while only.
            let wrong = sent.iter().zip(&stream).filter(|(a, b)| a != b).count();
            if wrong * JUDGED > MAX_DISAGREEMENTS * stream.len() {
                continue;
            }
            sent.truncate(wanted);
            sent.iter_mut().for_each(|b| *b ^= flip);
            let mut symbols = bits_to_symbols(&sent, modulation);
            if inverted {
                symbols.iter_mut().for_each(|s| *s = top - *s);
            }
            return Some((
                RegisterLock {
                    inverted,
                    complemented,
                },
                symbols,
            ));
        }
    }
    None
}

fn order(taps: &[u32]) -> usize {
    taps.iter().copied().max().unwrap_or(0) as usize
}

/// Finds the position whose `order` bits predict best what follows.
///
/// The first that predicts well is not enough: a state with one wrong bit goes wrong slowly,
/// because a register with few taps spreads an error slowly.
fn find_state(bits: &[u8], taps: &[u32]) -> Option<usize> {
    let order = order(taps);
    let judged = JUDGED.min(bits.len().checked_sub(order)? / 2);
    let room = bits.len() - order - judged;
    let step = (room / TRIES).max(1);
    let allowed = MAX_DISAGREEMENTS * judged / JUDGED;
    (0..=room)
        .step_by(step)
        .take(TRIES + 1)
        .filter_map(|start| Some((disagreements(bits, start, judged, taps, allowed)?, start)))
        .min()
        .map(|(_, start)| start)
}

/// Counts the predicted bits that differ; `None` when too many do, or when they are not balanced.
fn disagreements(
    bits: &[u8],
    start: usize,
    judged: usize,
    taps: &[u32],
    allowed: usize,
) -> Option<usize> {
    let order = order(taps);
    let seen = &bits[start..start + order + judged];
    let differ = |predicted: &[u8]| predicted.iter().zip(seen).filter(|(a, b)| a != b).count();
    if judged > GLANCE && differ(&extend(seen, 0, taps, order + GLANCE)) > GLANCE_ALLOWED {
        return None;
    }
    let predicted = extend(seen, 0, taps, seen.len());
    let wrong = differ(&predicted);
    let ones = predicted[order..]
        .iter()
        .map(|&b| usize::from(b))
        .sum::<usize>();
    let scaled = ones * JUDGED / judged.max(1);
    (wrong <= allowed && BALANCED.contains(&scaled)).then_some(wrong)
}

/// Runs the register from the state at `position` back to the first bit and on to `count` bits.
///
/// Forwards in stretches as long as the shortest delay: within one no bit depends on another, so
/// that a stretch is an exclusive or of slices. Modulo 2 the square of the register's polynomial
/// has the same terms with twice the delays, so that the delays are doubled as the known bits
/// grow.
fn extend(bits: &[u8], position: usize, taps: &[u32], count: usize) -> Vec<u8> {
    let order = order(taps);
    let shortest = taps.iter().copied().min().unwrap_or(1) as usize;
    let known = position + order;
    let mut sent = vec![0u8; count.max(known)];
    sent[position..known].copy_from_slice(&bits[position..known]);
    let (mut n, mut scale) = (known, 1);
    while n < count {
        while scale < MAX_SCALE && n - position >= 2 * scale * order {
            scale *= 2;
        }
        let stretch = (scale * shortest).min(count - n);
        let (before, new) = sent.split_at_mut(n);
        for &t in taps {
            let from = n - scale * t as usize;
            for (b, past) in new[..stretch].iter_mut().zip(&before[from..]) {
                *b ^= past;
            }
        }
        n += stretch;
    }
    // b(n - order) = b(n) xor the other taps.
    for n in (0..position).rev() {
        let later = n + order;
        sent[n] = taps
            .iter()
            .filter(|&&t| (t as usize) < order)
            .fold(sent[later], |acc, &t| acc ^ sent[later - t as usize]);
    }
    sent.truncate(count);
    sent
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_types::PatternName;

    fn check(name: &str, inverted: bool, every_nth_wrong: usize) {
        let pattern: PatternName = name.parse().unwrap();
        let modulation = pattern.modulation();
        let top = modulation.levels() as u8 - 1;
        let sent: Vec<u8> = pattern.symbols(30_000)[5_000..]
            .iter()
            .map(|&s| if inverted { top - s } else { s })
            .collect();
        let mut decided = sent.clone();
        decided
            .iter_mut()
            .step_by(every_nth_wrong)
            .for_each(|s| *s ^= 1);
        let (_, found) =
            lock(&decided, pattern.taps().unwrap(), modulation, sent.len()).expect(name);
        assert_eq!(found, sent, "{name}");
    }

    #[test]
    fn locks_in_either_polarity_with_errors() {
        for name in ["prbs23", "prbs31", "prbs23q", "prbs31q", "prbs13q"] {
            check(name, false, 61);
            check(name, true, 61);
        }
    }

    #[test]
    fn a_pattern_that_borrows_stretches_does_not_lock() {
        let ssprq: PatternName = "ssprq".parse().unwrap();
        let prbs31q: PatternName = "prbs31q".parse().unwrap();
        let decided = ssprq.symbols(65_535);
        let taps = prbs31q.taps().unwrap();
        assert!(lock(&decided, taps, Modulation::Pam4, 65_535).is_none());
    }

    #[test]
    fn another_register_does_not_lock() {
        let pattern: PatternName = "prbs31".parse().unwrap();
        let other: PatternName = "prbs23".parse().unwrap();
        assert_eq!(
            lock(
                &pattern.symbols(20_000),
                other.taps().unwrap(),
                Modulation::Nrz,
                20_000
            ),
            None
        );
    }
}

//! Alignment to a pseudo-random pattern by its register's recurrence.
//!
//! `order` error-free decided bits are a state of the register; the recurrence
//! `b(n) = b(n - t1) xor b(n - t2) ...` then predicts every other bit, forwards and backwards.
//! Each state tried is judged by the next bits: a wrong one disagrees with half of them in the long
//! run, and the state that disagrees least is taken.

use etalon_types::pattern::{Lfsr, Modulation, bits_to_symbols, symbols_to_bits};

/// Bits that judge a state at first.
const JUDGED: usize = 512;
/// Fraction of disagreements from which on a state is wrong: of 512 coin tosses fewer than 160 come up with
/// a probability of 3e-18, and a bit error ratio of 0.2 stays below with 0.9999.
const MAX_DISAGREEMENT: f64 = 160.0 / 512.0;
/// Bits that choose among the states that are left. A state with one wrong bit in a register of
/// two taps disagrees seldom at first (the difference of two states obeys the recurrence too, and
/// from a single one it fills up slowly); over so many bits it disagrees hundreds of times more
/// often than a right one.
const CHOSEN: usize = 8192;
/// States tried.
const TRIES: usize = 200;

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
/// `taps` are the delays of the register. Returns the lock and the transmitted symbol of every
/// symbol, in the capture's own polarity.
pub fn lock(
    decided: &[u8],
    taps: &[u32],
    modulation: Modulation,
) -> Option<(RegisterLock, Vec<u8>)> {
    let top = modulation.levels() as u8 - 1;
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
            let sent: Vec<u8> = extend(&stream, position, taps)
                .iter()
                .map(|b| b ^ flip)
                .collect();
            let symbols = bits_to_symbols(&sent, modulation)
                .iter()
                .map(|&s| if inverted { top - s } else { s })
                .collect();
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

/// Finds the position whose `order` bits best predict what follows.
fn find_state(bits: &[u8], taps: &[u32]) -> Option<usize> {
    let order = order(taps);
    let room = bits.len().checked_sub(order + JUDGED)?;
    // Multiples of the golden section spread evenly and keep step with no period of errors.
    let turns = (0..TRIES).map(|i| (i as f64 * 0.618_033_988_749_894_9).fract());
    turns
        .map(|turn| (turn * room as f64) as usize)
        .filter(|&start| bits[start..start + order].contains(&1))
        .filter(|&start| disagreement(bits, start, taps, JUDGED) < MAX_DISAGREEMENT)
        .map(|start| (start, disagreement(bits, start, taps, CHOSEN)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|best| best.1 < MAX_DISAGREEMENT)
        .map(|best| best.0)
}

/// Fraction of the `judged` bits after a state (or as many as there are) that it predicts wrongly.
fn disagreement(bits: &[u8], start: usize, taps: &[u32], judged: usize) -> f64 {
    let order = order(taps);
    let first = start + order;
    let last = (first + judged).min(bits.len());
    let seed = bits[start..first]
        .iter()
        .fold(0, |state, &b| (state << 1) | u64::from(b));
    let wrong = Lfsr::new(taps, seed)
        .zip(&bits[first..last])
        .filter(|(next, b)| next != *b)
        .count();
    wrong as f64 / (last - first).max(1) as f64
}

/// Runs the register from the state at `position` to both ends.
fn extend(bits: &[u8], position: usize, taps: &[u32]) -> Vec<u8> {
    let order = order(taps);
    let mut sent = vec![0u8; bits.len()];
    sent[position..position + order].copy_from_slice(&bits[position..position + order]);
    for n in position + order..bits.len() {
        sent[n] = taps.iter().fold(0, |acc, &t| acc ^ sent[n - t as usize]);
    }
    // b(n - order) = b(n) xor the other taps.
    for n in (0..position).rev() {
        let later = n + order;
        sent[n] = taps
            .iter()
            .filter(|&&t| (t as usize) < order)
            .fold(sent[later], |acc, &t| acc ^ sent[later - t as usize]);
    }
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
        let (_, found) = lock(&decided, pattern.taps().unwrap(), modulation).expect(name);
        let wrong = found.iter().zip(&sent).filter(|(a, b)| a != b).count();
        assert_eq!(wrong, 0, "{name}");
    }

    /// Tries that were evenly spaced by 122 all began at a wrong bit here, and a state with one
    /// wrong bit passed for a right one.
    #[test]
    fn regress_errors_that_keep_step_with_the_tries() {
        check("prbs23", false, 61);
    }

    #[test]
    fn locks_in_either_polarity_with_errors() {
        for name in ["prbs23", "prbs31", "prbs23q", "prbs31q", "prbs13q"] {
            check(name, false, 61);
            check(name, true, 61);
        }
    }

    #[test]
    fn another_register_does_not_lock() {
        let pattern: PatternName = "prbs31".parse().unwrap();
        let other: PatternName = "prbs23".parse().unwrap();
        assert_eq!(
            lock(
                &pattern.symbols(20_000),
                other.taps().unwrap(),
                Modulation::Nrz
            ),
            None
        );
    }
}

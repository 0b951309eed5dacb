use super::*;
use crate::equalizer::trellis::Trellis;
use crate::kernels::{level, levels};
use crate::signals::{Noise, symbols};
use proptest::prelude::*;

const PAM4: [f64; 4] = [-3.0, -1.0, 1.0, 3.0];

/// Noise-free samples of symbols, the first `memory` of which have no sample, plus noise.
fn received(trellis: &Trellis, sent: &[u8], sigma: f64, seed: u64) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    clean(trellis, sent)
        .iter()
        .map(|&x| (f64::from(x) + sigma * noise.normal()) as f32)
        .collect()
}

fn clean(trellis: &Trellis, sent: &[u8]) -> Vec<f32> {
    sent.windows(trellis.memory() + 1)
        .map(|w| {
            let context = w
                .iter()
                .rev()
                .fold(0, |c, &s| c * trellis.levels() + usize::from(s));
            trellis.values()[context]
        })
        .collect()
}

/// Noise of a signal-to-noise ratio at the main tap: levels of variance 5.
fn sigma(snr_db: f64) -> f64 {
    (5.0 / 10f64.powf(snr_db / 10.0)).sqrt()
}

fn ser(decided: &[u8], sent: &[u8]) -> f64 {
    let wrong = decided.iter().zip(sent).filter(|(a, b)| a != b).count();
    wrong as f64 / decided.len() as f64
}

fn distance(trellis: &Trellis, samples: &[f32], sent: &[u8]) -> f64 {
    samples
        .iter()
        .zip(clean(trellis, sent))
        .map(|(y, x)| f64::from(y - x).powi(2))
        .sum()
}

proptest! {
    /// No sequence is nearer than the one detected: all are tried. The distance is compared, not
    /// the symbols, so that ties do not matter; sums of six squares in f32 are good to 1e-5.
    #[test]
    fn prop_no_sequence_is_nearer(
        seed in 0u64..10_000,
        four in any::<bool>(),
        memory in 1usize..=3,
        count in 1usize..=5,
    ) {
        let levels: usize = if four { 4 } else { 2 };
        let mut noise = Noise::new(seed);
        let values: Vec<f32> = (0..levels.pow(memory as u32 + 1))
            .map(|_| noise.normal() as f32)
            .collect();
        let trellis = Trellis::from_values(levels, memory, values).unwrap();
        let count = if four && memory == 3 { count.min(3) } else { count };
        let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
        let decided = detect_sequence(&samples, &trellis);
        let all = count + memory;
        let (mut nearest, mut nearest_decided) = (f64::MAX, f64::MAX);
        for code in 0..levels.pow(all as u32) {
            let sent: Vec<u8> = (0..all)
                .map(|i| (code / levels.pow(i as u32) % levels) as u8)
                .collect();
            let d = distance(&trellis, &samples, &sent);
            nearest = nearest.min(d);
            if sent[memory..] == decided[..] {
                nearest_decided = nearest_decided.min(d);
            }
        }
        prop_assert!(nearest_decided <= nearest + 1e-5, "{nearest_decided} {nearest}");
    }

    /// Without noise every symbol is found, but for the last few of a channel whose end is
    /// ambiguous; with h0 the largest tap it never is.
    #[test]
    fn prop_no_noise_no_error(seed in 0u64..1000, memory in 1usize..=3, four in any::<bool>()) {
        let levels = if four { 4 } else { 2 };
        let mut noise = Noise::new(seed);
        let mut taps = vec![1.0];
        taps.extend((0..memory).map(|_| 0.3 * (noise.uniform() - 0.5)));
        let values: Vec<f64> = PAM4[..levels].to_vec();
        let trellis = Trellis::from_channel(&values, &taps, 5.0).unwrap();
        let sent = symbols(seed, 500, levels);
        let samples = clean(&trellis, &sent);
        prop_assert_eq!(&detect_sequence(&samples, &trellis), &sent[memory..]);
        prop_assert_eq!(&detect_blocks(&samples, &trellis), &sent[memory..]);
    }
}

/// Science section 5 and acceptance row 33: symbol error ratios on 1 + a D, signal-to-noise ratio
/// at the main tap. The published figures come from 1.6e6 symbols.
///
/// An error event on 1 + D is about 4 symbols long (its probability falls by 3/4 a symbol), on
/// 1 + 0.5 D about 1.2. The ratio `p` over n symbols then has a relative standard deviation of
/// about `sqrt(L / (n p))`, with the mean square over the mean length for L: 7 and 2. For 4e6
/// symbols here and 1.6e6 there that makes, in the order of the table, 4.2, 12, 1.3 and 3.4 %.
/// Row 33 asks for 6 % in the first case; twice the deviation is allowed elsewhere, at least 4 %.
#[test]
fn ref_symbol_error_ratio_on_one_plus_a_d() {
    const SYMBOLS: usize = 4_000_000;
    for (a, snr_db, expected, allowed, seed) in [
        (1.0, 15.0, 3.48e-3, 0.06, 11),
        (1.0, 16.5, 2.49e-4, 0.25, 12),
        (0.5, 15.0, 6.27e-3, 0.04, 13),
        (0.5, 16.5, 9.43e-4, 0.07, 14),
    ] {
        let trellis = Trellis::from_channel(&PAM4, &[1.0, a], 0.0).unwrap();
        let sent = symbols(seed, SYMBOLS, 4);
        let samples = received(&trellis, &sent, sigma(snr_db), seed + 100);
        let found = ser(&detect(level(), &samples, &trellis), &sent[1..]);
        println!("1 + {a} D, {snr_db} dB: {found:.3e} of {expected:.3e}");
        assert!(
            (found / expected - 1.0).abs() < allowed,
            "1 + {a} D, {snr_db} dB: {found:e}, expected {expected:e}"
        );
    }
}

/// Acceptance row 35: blocks and the whole sequence differ in fewer than 1e-5 of the symbols.
#[test]
fn ref_blocks_decide_as_the_whole_sequence() {
    for (levels, taps) in [
        (4, vec![1.0, 1.0]),
        (4, vec![1.0, 0.7]),
        (4, vec![1.0, 0.8, 0.35]),
        (2, vec![1.0, 1.0]),
        (2, vec![1.0, 0.8, 0.35]),
        (2, vec![1.0, 0.9, 0.5, 0.3]),
    ] {
        let values: Vec<f64> = (0..levels).map(|s| nominal(levels, s)).collect();
        let trellis = Trellis::from_channel(&values, &taps, 0.0).unwrap();
        let sent = symbols(21, 300_000, levels);
        let noise = if levels == 4 { sigma(15.0) } else { 0.5 };
        let samples = received(&trellis, &sent, noise, 22);
        let whole = detect_sequence(&samples, &trellis);
        let blocks = detect_blocks(&samples, &trellis);
        assert!(
            ser(&whole, &sent[taps.len() - 1..]) > 1e-4,
            "{taps:?}: noise matters"
        );
        let differ = ser(&blocks, &whole);
        assert!(differ < 1e-5, "{levels} levels, {taps:?}: {differ:e}");
    }
}

fn nominal(levels: usize, symbol: usize) -> f64 {
    crate::slicer::nominal(levels, symbol as u8)
}

/// Unequal levels, told as they are, are detected as well as their distances allow; told as
/// evenly spaced, worse.
#[test]
fn branch_values_of_unequal_levels_matter() {
    let bent = [-3.0, -0.6, 0.9, 3.0];
    let truth = Trellis::from_channel(&bent, &[1.0, 0.6], 0.0).unwrap();
    let even = Trellis::from_channel(&PAM4, &[1.0, 0.6], 0.0).unwrap();
    let sent = symbols(31, 200_000, 4);
    let samples = received(&truth, &sent, 0.35, 32);
    let told = ser(&detect_blocks(&samples, &truth), &sent[1..]);
    let guessed = ser(&detect_blocks(&samples, &even), &sent[1..]);
    assert!(told > 0.0 && guessed > 1.5 * told, "{told:e} {guessed:e}");
}

/// The capture's ends are decided as the oracle does, whatever the segments are, and no level
/// decides otherwise than another. Without noise nothing is near a tie.
#[test]
fn every_level_and_length_decides_clean_symbols() {
    for (levels, taps) in [
        (4, vec![1.0, 0.7]),
        (2, vec![1.0, 0.5, 0.3]),
        (4, vec![1.0, 0.4, 0.2, 0.1]),
    ] {
        let values: Vec<f64> = (0..levels).map(|s| nominal(levels, s)).collect();
        let trellis = Trellis::from_channel(&values, &taps, 2.0).unwrap();
        for count in [0, 1, 31, 4_095, 4_096, 4_097, 70_001] {
            let sent = symbols(41, count + taps.len() - 1, levels);
            let samples = clean(&trellis, &sent);
            for level in self::levels() {
                assert_eq!(detect(level, &samples, &trellis), &sent[taps.len() - 1..]);
            }
        }
    }
}

#[test]
fn nothing_and_nonsense_are_survived() {
    let trellis = Trellis::from_channel(&PAM4, &[1.0, 0.6], 0.0).unwrap();
    assert!(detect_blocks(&[], &trellis).is_empty());
    let nonsense = [f32::NAN, f32::INFINITY, -1e30, 0.0, f32::NEG_INFINITY];
    let decided = detect_blocks(&nonsense, &trellis);
    assert!(decided.iter().all(|&d| d < 4) && decided.len() == 5);
}

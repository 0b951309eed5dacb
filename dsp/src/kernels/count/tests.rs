use super::*;
use crate::kernels::{level_name, levels};
use crate::signals::Noise;
use etalon_types::PatternName;
use proptest::prelude::*;

fn symbols(seed: u64, count: usize) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    (0..count).map(|_| (noise.bits() & 3) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_every_level_counts_what_the_oracle_counts(
        seed in 0u64..1000,
        a in 0usize..70_000,
        b in 0usize..70_000,
    ) {
        let (a, b) = (symbols(seed, a), symbols(seed + 1000, b));
        let mut packed = vec![0u64; 700];
        pack_scalar(&a, &mut packed);
        for level in levels() {
            let name = level_name(level);
            prop_assert_eq!(differences(level, &a, &b), differences_scalar(&a, &b), "{}", name);
            prop_assert_eq!(confusion(level, &a, &b), confusion_scalar(&a, &b), "{}", name);
            let places = difference_places_scalar(&a, &b);
            prop_assert_eq!(difference_places(level, &a, &b), places, "{}", name);
            let mut words = vec![u64::MAX; 700];
            pack(level, &a, &mut words);
            prop_assert_eq!(&words, &packed, "{}", name);
        }
    }

    /// Every rotation of references of all lengths, with an error ratio of 1e-2.
    #[test]
    fn prop_the_lag_is_found_among_errors(
        seed in 0u64..1000,
        n in 1024usize..40_000,
        received in 1024usize..60_000,
        lag in any::<prop::sample::Index>(),
    ) {
        let reference = symbols(seed, n);
        let lag = lag.index(n);
        let mut noise = Noise::new(seed ^ 0xabcd);
        let received: Vec<u8> = (0..received)
            .map(|i| reference[(i + lag) % n] ^ u8::from(noise.uniform() < 1e-2))
            .collect();
        let wrong = received
            .iter()
            .enumerate()
            .filter(|&(i, &s)| s != reference[(i + lag) % n])
            .count() as u64;
        for level in levels() {
            prop_assert_eq!(find_lag(level, &reference, &received), Some(lag));
            prop_assert_eq!(differences_at(level, &reference, &received, lag), wrong);
        }
    }
}

/// All 255 additions that a byte holds, in every lane.
#[test]
fn all_wrong_overflows_nothing() {
    let (a, b) = (vec![0u8; 100_003], vec![3u8; 100_003]);
    for level in levels() {
        assert_eq!(differences(level, &a, &b), 100_003);
        assert_eq!(confusion(level, &a, &b).counts[0][3], 100_003);
    }
}

#[test]
fn a_confusion_knows_symbols_errors_and_bits() {
    let confusion = confusion_scalar(&[0, 1, 2, 3, 3, 3], &[0, 2, 2, 3, 2, 0]);
    assert_eq!((confusion.symbols(), confusion.errors()), (6, 3));
    assert_eq!((confusion.sent(3), confusion.sent(0)), (3, 1));
    // Binary bits of 1 -> 2, 3 -> 2 and 3 -> 0: two, one and two.
    let bits = |s: u8, d: u8| u64::from((s ^ d).count_ones());
    assert_eq!(confusion.weighted(bits), 5);
}

/// A pattern of a register, at an error ratio of 3e-2: a clean window has a probability of 0.38,
/// so 32 stretches all fail with one of 3e-7; the seed is fixed.
#[test]
fn a_register_pattern_with_many_errors_is_found() {
    let name: PatternName = "prbs15".parse().unwrap();
    let reference = name.symbols(32_767);
    let mut noise = Noise::new(7);
    let received: Vec<u8> = (0..200_000)
        .map(|i| reference[(i + 12_345) % 32_767] ^ u8::from(noise.uniform() < 3e-2))
        .collect();
    let level = crate::kernels::level();
    assert_eq!(find_lag(level, &reference, &received), Some(12_345));
}

/// Where the last window reaches to the end, past it, or begins where the reference ends: in
/// steps of 31, 99 and 374 symbols.
#[test]
fn regress_every_length_of_the_last_step_is_probed() {
    let stream = symbols(3, 3 * 4096);
    let level = crate::kernels::level();
    for n in (1024..1024 + 130).chain(4096 - 70..4096 + 70) {
        let reference = &stream[..n];
        for received in [1024, 3200, 12_000] {
            let lag = n - 1 - received % 64;
            let received: Vec<u8> = (0..received).map(|i| reference[(i + lag) % n]).collect();
            assert_eq!(find_lag(level, reference, &received), Some(lag), "{n}");
        }
    }
}

/// Every window of the one is in the other, and no lag fits: that has an end, too.
#[test]
fn windows_that_are_everywhere_are_given_up() {
    let level = crate::kernels::level();
    let (a, b) = (vec![0; 1 << 20], vec![2; 1 << 20]);
    assert_eq!(find_lag(level, &a, &b), None);
    assert_eq!(find_lag(level, &a, &a).map(|lag| lag < a.len()), Some(true));
}

#[test]
fn what_does_not_fit_is_not_found() {
    let level = crate::kernels::level();
    let (a, b) = (symbols(1, 50_000), symbols(2, 50_000));
    assert_eq!(find_lag(level, &a, &b), None);
    assert_eq!(find_lag(level, &a[..100], &a), None);
    assert_eq!(find_lag(level, &a, &[]), None);
    assert_eq!(differences_at(level, &[], &a, 3), 0);
}

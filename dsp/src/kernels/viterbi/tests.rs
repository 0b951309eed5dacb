use super::*;
use crate::equalizer::mlse::detect_sequence;
use crate::equalizer::trellis::Trellis;
use crate::kernels::{level_name, levels};
use crate::signals::{Noise, symbols};
use crate::slicer::nominal;
use proptest::prelude::*;

/// Branch values: sums, or sums and something of their own.
fn table(levels: usize, memory: usize, own: f64, noise: &mut Noise) -> Vec<f32> {
    let per_digit: Vec<f64> = (0..levels * (memory + 1)).map(|_| noise.normal()).collect();
    (0..levels.pow(memory as u32 + 1))
        .map(|c| {
            let digits = (0..=memory).map(|j| c / levels.pow(j as u32) % levels + j * levels);
            (digits.map(|d| per_digit[d]).sum::<f64>() + own * noise.normal()) as f32
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Byte for byte: integers in the same order, segments that depend on the length alone. The
    /// samples go far beyond the branch values, so that everything saturates somewhere.
    #[test]
    fn prop_every_level_decides_as_the_oracle(
        seed in 0u64..10_000,
        four in any::<bool>(),
        memory in 1usize..=3,
        sum in any::<bool>(),
        count in 0usize..9_000,
    ) {
        let levels = if four { 4 } else { 2 };
        let mut noise = Noise::new(seed);
        let values = table(levels, memory, if sum { 0.0 } else { 0.3 }, &mut noise);
        let branches = Branches::new(levels, memory, &values).unwrap();
        prop_assert_eq!(branches.split.is_some(), sum && memory <= SPLIT_MEMORY);
        let spread = [0.1, 1.0, 10.0][seed as usize % 3];
        let samples: Vec<f32> = (0..count).map(|_| (spread * noise.normal()) as f32).collect();
        let expected = viterbi_scalar(&samples, &branches);
        prop_assert_eq!(expected.len(), count);
        for level in self::levels() {
            let found = viterbi(level, &samples, &branches);
            prop_assert!(found == expected, "{} differs", level_name(level));
        }
    }
}

/// One symbol a sample through taps, with noise.
fn received(levels: usize, taps: &[f64], sent: &[u8], sigma: f64, seed: u64) -> Vec<f32> {
    let mut noise = Noise::new(seed);
    (0..sent.len())
        .map(|k| {
            let clean: f64 = taps
                .iter()
                .enumerate()
                .filter(|(j, _)| *j <= k)
                .map(|(j, h)| h * nominal(levels, sent[k - j]))
                .sum();
            (clean + sigma * noise.normal()) as f32
        })
        .collect()
}

fn channel(levels: usize, taps: &[f64]) -> Trellis {
    let values: Vec<f64> = (0..levels as u8).map(|s| nominal(levels, s)).collect();
    Trellis::from_channel(&values, taps, 0.0).unwrap()
}

fn branches(trellis: &Trellis) -> Branches {
    Branches::new(trellis.levels(), trellis.memory(), trellis.values()).unwrap()
}

/// Symbols in error, but for the reach at both ends, which is not this kernel's business.
fn errors(decided: &[u8], sent: &[u8]) -> f64 {
    let inner = 64..sent.len() - 64;
    inner.filter(|&k| decided[k] != sent[k]).count() as f64
}

/// The same draws decided in f32 and in 16 bits: the number of errors differs by less than 1 %.
/// About 6,000 errors a case, of which about 1 in 20 comes or goes, either way alike: the
/// difference has a standard deviation of sqrt(300)/6000 = 0.3 % by that alone. Values that are
/// no sums are rounded more coarsely; there the difference is below 2 %.
#[test]
fn ref_sixteen_bits_decide_as_well() {
    const SYMBOLS: usize = 1_500_000;
    for (levels, taps, sigma, seed) in [
        (4, vec![1.0, 0.7], 0.40, 1),
        (4, vec![1.0, 1.0], 0.41, 2),
        (4, vec![1.0, 0.8, 0.35], 0.38, 3),
        (2, vec![1.0, 1.0], 0.51, 4),
        (2, vec![1.0, 0.8, 0.35], 0.49, 5),
    ] {
        let trellis = channel(levels, &taps);
        let sent = symbols(seed, SYMBOLS, levels);
        let samples = received(levels, &taps, &sent, sigma, seed + 50);
        let exact = errors(&detect_sequence(&samples, &trellis), &sent);
        assert!(exact > 3_000.0, "{levels} levels, {taps:?}: {exact} errors");
        let sum = branches(&trellis);
        let mut any = trellis.values().to_vec();
        // A hair's breadth, and it is no sum any more.
        any[1] += 1e-3;
        let any = Branches::new(levels, trellis.memory(), &any).unwrap();
        assert!(sum.split.is_some() && any.split.is_none());
        for (branches, allowed) in [(&sum, 0.01), (&any, 0.02)] {
            let found = errors(&viterbi(crate::kernels::level(), &samples, branches), &sent);
            let change = found / exact - 1.0;
            println!(
                "{levels} levels, {taps:?}: {exact} errors, {:+.2} %",
                100.0 * change
            );
            assert!(
                change.abs() < allowed,
                "{levels} levels, {taps:?}: {change}"
            );
        }
    }
}

/// Acceptance row 35: segments decide as one segment over everything does, in the same
/// arithmetic, but for fewer than 1e-5 of the symbols.
#[test]
fn ref_segments_decide_as_one_long_segment() {
    for (levels, taps, sigma) in [
        (4, vec![1.0, 1.0], 0.4),
        (4, vec![1.0, 0.8, 0.35], 0.4),
        (4, vec![1.0, 0.6, 0.3, 0.1], 0.4),
        (2, vec![1.0, 1.0], 0.5),
        (2, vec![1.0, 0.9, 0.5, 0.3], 0.5),
    ] {
        let trellis = channel(levels, &taps);
        let branches = branches(&trellis);
        let count = if trellis.states() == 64 {
            120_000
        } else {
            300_000
        };
        let sent = symbols(7, count, levels);
        let samples = received(levels, &taps, &sent, sigma, 8);
        let counts: Vec<i16> = samples.iter().map(|&y| branches.counts(y)).collect();
        let whole = segment_scalar(&counts, &branches);
        let cut = viterbi(crate::kernels::level(), &samples, &branches);
        let differ = errors(&cut, &whole) / sent.len() as f64;
        assert!(errors(&whole, &sent) > 20.0, "{taps:?}: noise matters");
        assert!(differ < 1e-5, "{levels} levels, {taps:?}: {differ:e}");
    }
}

#[test]
fn segments_cover_the_capture_at_odd_distances() {
    for symbols in [0, 1, 63, 2_048, 100_000, 1 << 20, 10_000_019] {
        let (length, segments) = cut(symbols);
        assert!(length <= LONGEST && length % GRAIN == 0 && length / GRAIN % 2 == 1);
        assert!(length * segments >= symbols && segments % SEGMENTS == 0);
    }
}

#[test]
fn what_cannot_be_scaled_is_refused() {
    assert!(Branches::new(3, 1, &[0.0; 9]).is_none());
    assert!(Branches::new(2, 1, &[0.0, 1.0, 2.0]).is_none());
    assert!(Branches::new(2, 1, &[1.0; 4]).is_none());
    assert!(Branches::new(2, 1, &[0.0, 1.0, f32::NAN, 2.0]).is_none());
    assert!(Branches::new(2, 1, &[0.0, 1.0, f32::INFINITY, 2.0]).is_none());
    assert!(Branches::new(2, 1, &[-3e38, 1.0, 3e38, 2.0]).is_none());
}

#[test]
fn nonsense_is_survived_and_a_workspace_is_used_again() {
    let long = branches(&channel(4, &[1.0, 0.8, 0.35]));
    let short = branches(&channel(2, &[1.0, 0.5]));
    let mut workspace = Workspace::default();
    let mut samples: Vec<f32> = received(4, &[1.0], &symbols(9, 5_000, 4), 0.1, 10);
    samples[100] = f32::NAN;
    samples[200] = f32::INFINITY;
    samples[300] = -1e30;
    for level in levels() {
        for (branches, highest) in [(&long, 3), (&short, 1), (&long, 3)] {
            let mut out = vec![9; samples.len()];
            viterbi_into(level, &samples, branches, &mut workspace, &mut out);
            assert!(out.iter().all(|&d| d <= highest));
        }
    }
    // A shorter output takes fewer symbols.
    let mut out = [9; 10];
    viterbi_into(
        crate::kernels::level(),
        &samples,
        &short,
        &mut workspace,
        &mut out,
    );
    assert!(out.iter().all(|&d| d <= 1));
}

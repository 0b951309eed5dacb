use super::*;
use crate::signals::{Interference, Noise, Shaping, noisy, pattern, shaped, symbols};

/// At an SNR of 6 dB, where half of the symbols are wrong, a pattern that fits is not doubted, a
/// stress pattern neither; one that lost a symbol half way is, behind a channel that leaves as much
/// of a symbol in the next sample as in its own, too.
#[test]
fn a_lost_symbol_is_found_in_noise() {
    let sigma = (5.0 / 10f64.powf(0.6)).sqrt();
    for name in ["prbs13q", "ssprq"] {
        let sent = pattern(name, 70_000);
        for (seed, tail) in (0..20).flat_map(|seed| [(seed, 0.0), (seed, 1.0)]) {
            let mut output = noisy(&sent, 4, sigma, seed);
            let clean = noisy(&sent, 4, 0.0, 0);
            for k in 1..output.len() {
                output[k] += tail * clean[k - 1];
            }
            assert_eq!(
                broken_fit(&output, 1, &sent, 4),
                None,
                "{name}, seed {seed}"
            );
            for lost in [1, 300] {
                let mut cut = output.clone();
                cut.drain(25_000..25_000 + lost);
                let why = broken_fit(&cut, 1, &sent, 4).expect("a gap");
                assert!(why.contains("lost or inserted"), "{why}");
            }
        }
    }
    assert_eq!(broken_fit(&[], 1, &[], 4), None);
    assert_eq!(broken_fit(&[1.0; 3000], 1, &[0; 3000], 2), None);
}

/// Heaps that were cut in two are no two heaps: Gaussian, flat and a sine's.
#[test]
fn two_levels_of_any_shape_are_two() {
    let sent = symbols(3, 20_000, 2);
    let mut noise = Noise::new(4);
    type Draw = fn(&mut Noise) -> f64;
    let shapes: [Draw; 3] = [
        |n| 0.2 * n.normal(),
        |n| 0.8 * (n.uniform() - 0.5),
        |n| 0.4 * (std::f64::consts::TAU * n.uniform()).cos(),
    ];
    for draw in shapes {
        let output: Vec<f32> = sent
            .iter()
            .map(|&s| (f64::from(s) + draw(&mut noise)) as f32)
            .collect();
        assert_eq!(third_heap(&output), None);
    }
    for map in [[0u8, 1, 2, 2], [0, 0, 2, 3], [0, 1, 1, 3]] {
        let three: Vec<u8> = symbols(5, 20_000, 4)
            .iter()
            .map(|&s| map[usize::from(s)])
            .collect();
        let why = third_heap(&noisy(&three, 4, 0.15, 6)).expect("three heaps");
        assert!(why.contains("heaps"), "{why}");
    }
}

/// A level that is missing is told with the sent symbols and without; bent levels are there.
#[test]
fn a_missing_level_is_told() {
    let sent = symbols(7, 20_000, 4);
    let slicer = |at: [f64; 4], symbols: Symbols| {
        let mut noise = Noise::new(8);
        let output: Vec<f32> = sent
            .iter()
            .map(|&s| (at[usize::from(s)] + 0.15 * noise.normal()) as f32)
            .collect();
        match symbols {
            Symbols::Sent => Slicer::from_symbols(&output, &sent, 4),
            Symbols::Decided => cluster(&output, 4),
        }
    };
    for symbols in [Symbols::Sent, Symbols::Decided] {
        let told = |at| missing_level(&slicer(at, symbols), symbols);
        for whole in [[-3.0, -1.0, 1.0, 3.0], [-3.0, -0.2, 0.9, 3.0]] {
            assert_eq!(told(whole), None, "{symbols:?}");
        }
        for broken in [
            [-3.0, -3.0, 1.0, 3.0],
            [-3.0, 1.0, 1.0, 3.0],
            [-3.0, -1.0, 3.0, 3.0],
        ] {
            assert!(told(broken).is_some(), "{symbols:?}: {broken:?}");
        }
    }
}

/// Noise, interference from one symbol to the next, a stress pattern and a beating reflection of
/// -20 or -24 dB are no wandering instants, though nobody knows the symbols; a clock that is
/// 0.05 % or 0.2 % off makes some.
#[test]
fn wandering_instants_are_unsteady() {
    let blind = |output: &[f32]| {
        let slicer = cluster(output, 4);
        let decided = slicer.decide_all(output);
        unsteady_eye(output, &decided, 0..output.len(), &slicer)
    };
    for (seed, name) in (0..20).flat_map(|seed| [(seed, "prbs13q"), (seed, "ssprq")]) {
        let sent = pattern(name, 70_000);
        let clean = noisy(&sent, 4, 0.0, 0);
        let mut output = noisy(&sent, 4, 0.3, seed);
        for k in 1..output.len() {
            output[k] += 0.15 * clean[k - 1];
        }
        assert_eq!(blind(&output), None, "{name}, seed {seed}");
    }
    let link = |level_db: f64| Interference {
        level_db,
        delay: 2656,
        linewidth: 4e-4,
        snr_db: 20.0,
        extinction_db: 4.5,
    };
    for seed in 0..20 {
        let sent = symbols(seed, 40_000, 4);
        let output = link(if seed % 2 == 0 { -20.0 } else { -24.0 }).power(&sent, 4, seed);
        assert_eq!(blind(&output), None, "seed {seed}");
    }
    for offset_ppm in [500.0, 2000.0] {
        let shape = Shaping {
            samples_per_symbol: 1.0,
            offset_ppm,
            delay_ui: 0.0,
        };
        let output = shaped(&symbols(9, 20_000, 4), 4, shape);
        let why = blind(&output).expect("a clock that is off");
        assert!(why.contains("wander"), "{why}");
    }
    let short = noisy(&symbols(1, 500, 4), 4, 0.3, 1);
    assert_eq!(blind(&short), None);
}

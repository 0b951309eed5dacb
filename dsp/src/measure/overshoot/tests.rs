use super::*;
use crate::signals::{Noise, pattern};

fn wave(samples: Vec<f32>, symbols: &[u8]) -> PatternWaveform {
    PatternWaveform::new(samples, symbols.to_vec(), 16, 7.5).unwrap()
}

fn flat(symbols: &[u8]) -> Vec<f32> {
    symbols.iter().flat_map(|&s| [f32::from(s); 16]).collect()
}

/// A known share of the samples at a known height: every transition to a 3 rings up by 0.6, every
/// one to a 0 down by 0.3, for a quarter of a symbol. In PRBS13Q they are 3/16 of the symbols
/// each, so 4.7 % of the samples: at a hit ratio of 1 % overshoot is 0.6/3 = 20 %, undershoot
/// 10 %; at 10 % neither shows. The excursion is 3.6 above, 1.8 below the mean of 1.5: 2.1.
#[test]
fn ref_ringing_of_known_height() {
    let symbols = pattern("prbs13q", 8191);
    let mut samples = flat(&symbols);
    for k in 0..8191 {
        let (before, now) = (symbols[(k + 8190) % 8191], symbols[k]);
        let ring = match now {
            3 if before != 3 => 0.6,
            0 if before != 0 => -0.3,
            _ => 0.0,
        };
        samples[16 * k..16 * k + 4]
            .iter_mut()
            .for_each(|x| *x += ring);
    }
    let wave = wave(samples, &symbols);
    let outer = wave.outer_levels().unwrap();
    let found = overshoot(&wave, &outer, HIT_RATIO);
    let value = |f: &Figure| f.value().unwrap();
    assert!((value(&found.overshoot_percent) - 20.0).abs() < 1e-3);
    assert!((value(&found.undershoot_percent) - 10.0).abs() < 1e-3);
    // The mean moves by the ringing: 3/64 of 0.6 - 0.3.
    assert!((value(&found.power_excursion) - (2.1 - 0.3 * 3.0 / 64.0)).abs() < 1e-3);
    let rare = overshoot(&wave, &outer, 0.1);
    assert!(value(&rare.overshoot_percent).abs() < 1e-3);
    assert!(value(&rare.undershoot_percent).abs() < 1e-3);
}

/// Gaussian noise alone: the 1 % quantile of four levels with noise s is where a quarter of the
/// top level's tail is 1 %: `P3 + s z`, `Q(z) = 0.04`, z = 1.7507. One sample a symbol is
/// independent at worst: 8191 symbols leave `sqrt(.01 .99 / 8191) / (.25 phi(z))` = 0.05 s.
#[test]
fn ref_noise_reads_as_its_quantile() {
    let symbols = pattern("prbs13q", 8191);
    let mut noise = Noise::new(4);
    let mut samples = flat(&symbols);
    samples
        .iter_mut()
        .for_each(|x| *x += (0.06 * noise.normal()) as f32);
    let wave = wave(samples, &symbols);
    let clean = OuterLevels {
        top: (3.0, 0.0),
        bottom: (0.0, 0.0),
        runs: (1, 1),
    };
    let found = overshoot(&wave, &clean, HIT_RATIO);
    let expected = 100.0 * 0.06 * 1.7507 / 3.0;
    for figure in [&found.overshoot_percent, &found.undershoot_percent] {
        let (low, high) = (figure.low().unwrap(), figure.high().unwrap());
        assert!(low < expected && expected < high, "{figure:?}");
        assert!((figure.value().unwrap() - expected).abs() < 0.15 * expected);
    }
}

#[test]
fn no_amplitude_is_no_number() {
    let symbols = pattern("prbs13q", 8191);
    let wave = wave(vec![1.0; 8191 * 16], &symbols);
    let found = overshoot(&wave, &OuterLevels::default(), HIT_RATIO);
    assert!(found.overshoot_percent.reason().is_some());
    assert!(found.power_excursion.reason().is_some());
}

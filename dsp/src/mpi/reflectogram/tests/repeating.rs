//! Patterns that repeat: one path is told as one, wherever the pattern resembles itself.

use super::*;
use crate::signals::pattern;

/// A pattern that repeats, its period in symbols and its levels.
type Pattern = (&'static str, usize, usize);
const PRBS13Q: Pattern = ("prbs13q", 8191, 4);
const SSPRQ: Pattern = ("ssprq", 65_535, 4);
const PRBS15: Pattern = ("prbs15", 32_767, 2);
/// Symbols of a capture.
const SYMBOLS: usize = 1 << 17;

/// Samples of a link with paths of whole delays in symbols, at an SNR of 20 dB and an extinction ratio
/// of 4.5 dB, whose transmitter has sent the pattern for long; the phase is that of one laser.
fn searched(of: Pattern, paths: &[(f64, usize)], linewidth_hz: f64, seed: u64) -> Found {
    let (name, period, levels) = of;
    let before = 2 * period;
    let sent = pattern(name, before + SYMBOLS + seed as usize % period);
    let sent = &sent[seed as usize % period..];
    let level = NOISE.levels(levels);
    let variance = level.iter().map(|p| (p - 1.0).powi(2)).sum::<f64>() / levels as f64;
    let sigma = (variance / 100.0).sqrt();
    let step = (2.0 * std::f64::consts::PI * linewidth_hz / BAUD_HZ).sqrt();
    let mut noise = Noise::new(seed);
    let offsets: Vec<f64> = paths.iter().map(|_| 6.3 * noise.uniform()).collect();
    let mut phase = 0.0;
    let phases: Vec<f64> = sent
        .iter()
        .map(|_| {
            phase += step * noise.normal();
            phase
        })
        .collect();
    let amplitude = |t: usize| level[sent[t] as usize].sqrt();
    let power: Vec<f32> = (before..before + SYMBOLS)
        .map(|t| {
            let (mut real, mut imaginary) = (amplitude(t), 0.0);
            for (&(level_db, delay), offset) in paths.iter().zip(&offsets) {
                let size = 10f64.powf(level_db / 20.0) * amplitude(t - delay);
                let angle = phases[t - delay] - phases[t] + offset;
                real += size * angle.cos();
                imaginary += size * angle.sin();
            }
            (real * real + imaginary * imaginary + sigma * noise.normal()) as f32
        })
        .collect();
    look_at(
        &power,
        &sent[before..before + SYMBOLS],
        levels,
        Some(period),
    )
}

fn check(pattern: Pattern, paths: &[(f64, usize)], linewidth_hz: f64, seed: u64) -> Found {
    let found = searched(pattern, paths, linewidth_hz, seed);
    let lags: Vec<f64> = found.paths.iter().map(|p| p.delay_s * BAUD_HZ).collect();
    let name = pattern.0;
    assert_eq!(
        lags.len(),
        paths.len(),
        "{name}: {paths:?} {:?}",
        found.paths
    );
    for &(_, delay) in paths {
        let near = |lag: &f64| (lag - delay as f64).abs() < 1.0;
        assert!(lags.iter().any(near), "{name}: {delay} is not in {lags:?}");
    }
    found
}

/// Every one of these was told as two to four paths: at 452 symbols beside it, at a quarter of SSPRQ's
/// period, and where a product of symbols is another one.
#[test]
fn regress_one_path_has_no_ghosts() {
    for pattern in [PRBS13Q, SSPRQ, PRBS15] {
        for (seed, level_db, delay, linewidth_hz) in [
            (1, -22.0, 2656, 10e6),
            (2, -22.0, 6641, 1e6),
            (3, -30.0, 2656, 10e6),
            (4, -30.0, 531, 10e6),
            (5, -40.0, 2656, 10e6),
        ] {
            check(pattern, &[(level_db, delay)], linewidth_hz, seed);
        }
    }
}

/// Three levels of paths, none of them nearer to a ghost of another than it has to be.
#[test]
fn several_paths_are_all_there_is() {
    for pattern in [PRBS13Q, SSPRQ, PRBS15] {
        let paths = [(-26.0, 2656), (-34.0, 531), (-42.0, 6641)];
        check(pattern, &paths, 10e6, 6);
    }
}

/// A path on the sidelobe of a stronger one is told, and so are both levels, which shared their power:
/// the delayed data of the two resemble each other by 0.4. `K` is 310, which scatters by 0.12 dB.
#[test]
fn ref_a_path_on_a_sidelobe_is_told_with_its_level() {
    for seed in [7, 8, 9] {
        let paths = [(-30.0, 2656), (-33.0, 3108)];
        let found = check(PRBS13Q, &paths, 10e6, seed);
        for (level_db, delay) in paths {
            let of = |p: &&Path| (p.delay_s * BAUD_HZ - delay as f64).abs() < 1.0;
            let path = found.paths.iter().find(of).unwrap();
            let told = 10.0 * path.level.log10();
            assert!((told - level_db).abs() < 1.0, "{told} expected {level_db}");
        }
    }
}

/// Noise alone raises no path. Of 60 captures more than one has one with a probability of 2e-3.
#[test]
fn ref_noise_alone_raises_no_path() {
    let alarms: usize = [PRBS13Q, PRBS15]
        .into_iter()
        .flat_map(|pattern| (0..30).map(move |seed| searched(pattern, &[], 1e6, seed)))
        .filter(|found| !found.paths.is_empty())
        .count();
    assert!(alarms <= 1, "{alarms} false paths in 60 captures");
}

/// What is left of the equalizer's pulse stands within the guard, where nothing is looked for, and its
/// ghosts do not: 4 % of the symbols 5 before and 7 after.
#[test]
fn intersymbol_interference_has_no_ghosts() {
    let (name, period, levels) = PRBS13Q;
    let sent = pattern(name, SYMBOLS + 20);
    let level = NOISE.levels(levels);
    let mut noise = Noise::new(11);
    let power: Vec<f32> = (10..SYMBOLS + 10)
        .map(|t| {
            let of = |t: usize| level[sent[t] as usize];
            (of(t) + 0.04 * (of(t + 5) + of(t - 7) - 2.0) + 0.03 * noise.normal()) as f32
        })
        .collect();
    let found = look_at(&power, &sent[10..SYMBOLS + 10], levels, Some(period));
    assert!(found.paths.is_empty(), "{:?}", found.paths);
}

use super::*;
use crate::kernels::{is_fused, levels};
use crate::signals::{Noise, symbols};

const SYMBOLS: usize = 2_000;
const KNOWN: usize = 1_000;

fn captures() -> (Vec<Vec<f32>>, Vec<Vec<u8>>) {
    (0..LANES as u64)
        .map(|lane| {
            let sent = symbols(60 + lane, SYMBOLS, 4);
            let mut noise = Noise::new(lane);
            let value = |k: usize| sent.get(k).map_or(0.0, |&s| 2.0 * f64::from(s) - 3.0);
            let samples = (0..2 * SYMBOLS)
                .map(|i| {
                    let k = i / 2;
                    let next = if i % 2 == 0 { 0.2 } else { 0.5 };
                    let x = 0.8 * value(k) + next * value(k + i % 2) + 0.2 * noise.normal();
                    (0.5 + 0.4 * x) as f32
                })
                .collect();
            (samples, sent)
        })
        .unzip()
}

/// Runs a kernel with taps and outputs.
type By<'a> = dyn Fn(&mut [Column; 21], &mut [&mut [u8]; LANES]) + 'a;

/// Every level against least mean squares in f64, one capture after the other. Both sum in another
/// order; an error of the taps decays by the algorithm itself, so that what is left is the
/// rounding of some `1 / (mu lambda)` steps: 1e3 times 1e-7. A decision may differ where an output
/// is within 1e-4 of a threshold, of 16 000 symbols in one or two.
#[test]
fn every_level_is_the_formula() {
    let (samples, sent) = captures();
    let settings = Settings {
        step: 3e-3,
        slices: Slices {
            levels: [-3.0, -1.0, 1.0, 3.0],
            thresholds: [-2.0, 0.0, 2.0],
        },
        offset: 0.5,
    };
    let mut start = [Column::default(); 21];
    start[10].0 = [2.0; LANES];
    let inputs: [&[f32]; LANES] = std::array::from_fn(|l| &samples[l][..]);
    let known: [&[u8]; LANES] = std::array::from_fn(|l| &sent[l][..KNOWN]);
    let run = |by: &By| {
        let mut decided = vec![vec![0u8; SYMBOLS]; LANES];
        let mut rest = decided.iter_mut();
        let mut out: [&mut [u8]; LANES] = std::array::from_fn(|_| &mut rest.next().unwrap()[..]);
        let mut taps = start;
        by(&mut taps, &mut out);
        (taps, decided)
    };
    let (expected, oracle) = run(&|taps, out| {
        lms_lanes_scalar(&inputs, &known, &settings, taps, out);
    });
    let errors: usize = (0..LANES)
        .flat_map(|l| (KNOWN..SYMBOLS - 10).map(move |k| (l, k)))
        .filter(|&(l, k)| oracle[l][k] != sent[l][k])
        .count();
    assert!(errors < 100, "{errors} of 16 000: the eye is open");
    for level in levels() {
        let (taps, decided) = run(&|taps, out| {
            lms_lanes(level, &inputs, &known, &settings, taps, out);
        });
        for (f, e) in taps.iter().zip(&expected) {
            for (f, e) in f.0.iter().zip(&e.0) {
                assert!((f - e).abs() < 2e-3, "{level:?}: {f} expected {e}");
            }
        }
        let other: usize = decided
            .iter()
            .flatten()
            .zip(oracle.iter().flatten())
            .filter(|(a, b)| a != b)
            .count();
        assert!(other <= 8, "{level:?}: {other}");
    }
}

/// Fused or not, the lanes' arithmetic does not depend on the width: the two widths of fused
/// multiply-add give the same taps to the bit.
#[test]
fn fused_levels_give_the_same_bytes() {
    let (samples, sent) = captures();
    let settings = Settings {
        step: 3e-3,
        slices: Slices {
            levels: [-3.0, -1.0, 1.0, 3.0],
            thresholds: [-2.0, 0.0, 2.0],
        },
        offset: 0.5,
    };
    let inputs: [&[f32]; LANES] = std::array::from_fn(|l| &samples[l][..]);
    let known: [&[u8]; LANES] = std::array::from_fn(|l| &sent[l][..KNOWN]);
    let results: Vec<_> = levels()
        .into_iter()
        .filter(|&level| is_fused(level))
        .map(|level| {
            let mut decided = vec![vec![0u8; SYMBOLS]; LANES];
            let mut rest = decided.iter_mut();
            let mut out: [&mut [u8]; LANES] =
                std::array::from_fn(|_| &mut rest.next().unwrap()[..]);
            let mut taps = [Column([0.1; LANES]); 21];
            lms_lanes(level, &inputs, &known, &settings, &mut taps, &mut out);
            (taps, decided)
        })
        .collect();
    for pair in results.windows(2) {
        assert!(pair[0] == pair[1]);
    }
}

use super::*;
use crate::kernels::{level_name, levels};
use crate::signals::Noise;
use proptest::prelude::*;

/// Every level against the oracle, equalized and decided.
fn check<T: RawSample + std::fmt::Debug>(fir: &Fir<T>, samples: &[T], thresholds: &Thresholds) {
    let count = fir.symbols(samples.len());
    let mut expected = vec![0.0f32; count];
    assert_eq!(fir.filter_scalar(samples, &mut expected), count);
    let mut decided = vec![0u8; count];
    fir.decide_scalar(samples, thresholds, &mut decided);
    // The module's bound, with the largest sample for all of them, and the oracle's rounding.
    let weight: f32 = fir.taps.iter().map(|w| w.abs()).sum();
    let peak = samples
        .iter()
        .fold(fir.pad.to_f32().abs(), |m, x| m.max(x.to_f32().abs()));
    let bound = (fir.taps.len() + 2) as f32 * f32::EPSILON * (weight * peak + fir.bias.abs());
    let mut fused: Option<Vec<u32>> = None;
    for level in levels() {
        let name = level_name(level);
        let mut out = vec![f32::NAN; count];
        assert_eq!(fir.filter_into(level, samples, &mut out), count);
        for (k, (y, e)) in out.iter().zip(&expected).enumerate() {
            assert!((y - e).abs() <= bound, "{name}: symbol {k}: {y}, not {e}");
        }
        let mut decisions = vec![9u8; count];
        assert_eq!(
            fir.decide_into(level, samples, thresholds, &mut decisions),
            count
        );
        for (k, &d) in decisions.iter().enumerate() {
            let near = |t: &f32| (t - expected[k]).abs() <= bound;
            let close = thresholds.as_slice().iter().filter(|t| near(t)).count();
            let off = usize::from(d.abs_diff(decided[k]));
            assert!(off <= close, "{name}: symbol {k}: {d}, not {}", decided[k]);
        }
        if crate::kernels::is_fused(level) {
            let bytes: Vec<u32> = out.iter().map(|y| y.to_bits()).collect();
            assert_eq!(fused.get_or_insert_with(|| bytes.clone()), &bytes, "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_every_level_is_the_oracle(
        seed in 0u64..1000,
        half in any::<bool>(),
        taps in 1usize..70,
        centre in 0usize..70,
        count in 0usize..6000,
        four in any::<bool>(),
    ) {
        let mut noise = Noise::new(seed);
        let spacing = if half { Spacing::HalfSymbol } else { Spacing::Symbol };
        let taps: Vec<f32> = (0..taps).map(|_| noise.normal() as f32).collect();
        let fir = Fir::new(spacing, &taps, centre.min(taps.len() - 1), 0.25);
        let thresholds = match four {
            true => Thresholds::new(&[-2.0, 0.1, 1.5]),
            false => Thresholds::new(&[0.1]),
        }.unwrap();
        let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
        check(&fir, &samples, &thresholds);
        let raw: Vec<i16> = samples.iter().map(|x| (8000.0 * x) as i16).collect();
        check(&Fir::for_raw(&fir, 1.0 / 8000.0, 0.3, -5i16), &raw, &thresholds);
        let raw: Vec<i8> = samples.iter().map(|x| (40.0 * x) as i8).collect();
        check(&Fir::for_raw(&fir, 1.0 / 40.0, -0.3, 7i8), &raw, &thresholds);
    }
}

/// Scale and offset in the filter are scale and offset in the samples: up to rounding.
#[test]
fn raw_samples_equalize_as_their_values_do() {
    let taps: Vec<f32> = (0..9).map(|i| 0.3 - 0.05 * i as f32).collect();
    let fir = Fir::new(Spacing::HalfSymbol, &taps, 4, 0.0);
    let raw: Vec<i8> = (0..2000).map(|i| (i * 37 % 251 - 125) as i8).collect();
    let (scale, offset) = (0.02, 0.5);
    let values: Vec<f32> = raw
        .iter()
        .map(|&r| (offset + scale * f64::from(r)) as f32)
        .collect();
    let mut expected = vec![0.0; 1000];
    fir.filter_scalar(&values, &mut expected);
    let mut out = vec![0.0; 1000];
    let raw_fir = Fir::for_raw(&fir, scale, offset, 0i8);
    raw_fir.filter_into(crate::kernels::level(), &raw, &mut out);
    // Pads differ (0 raw is `offset`), so the edges are left out. Nine taps of up to 0.3 times
    // samples of up to 3.04: 2.4e-6 by the module's bound; the values were rounded before, too.
    for k in 8..990 {
        assert!((out[k] - expected[k]).abs() < 5e-6, "symbol {k}");
    }
}

#[test]
fn a_rounded_threshold_decides_as_the_exact_one() {
    let exact = 0.1f64;
    let rounded = Thresholds::new(&[exact]).unwrap().as_slice()[0];
    let mut y = rounded - 10.0 * f32::EPSILON;
    for _ in 0..400 {
        assert_eq!(y > rounded, f64::from(y) > exact, "{y}");
        y = y.next_up();
    }
    assert_eq!(Thresholds::new(&[0.0, 1.0]), None);
}

#[test]
fn fewer_symbols_are_asked_for_than_there_are() {
    let fir = Fir::new(Spacing::Symbol, &[1.0], 0, 0.0);
    let mut out = [0.0; 3];
    let count = fir.filter_into(
        crate::kernels::level(),
        &[1.0, 2.0, 3.0, 4.0, 5.0],
        &mut out,
    );
    assert_eq!((count, out), (3, [1.0, 2.0, 3.0]));
    assert_eq!(fir.filter_into(crate::kernels::level(), &[], &mut out), 0);
}

/// Acceptance row 35: no level decides otherwise than the sum in f64 where the arithmetic is equal.
/// Taps are multiples of 1/256 below 1/2, samples are 8-bit integers: 21 products of at most 14
/// bits sum to 19 bits, which single precision holds, so that every level's sum is the one in f64
/// and no symbol of a million may differ. Taps of any value round: of a million symbols fewer than
/// 1e-5 lie as near to a threshold as that (a few 1e-7 of the level spacing on either side).
#[test]
fn ref_decisions_are_those_in_double_precision() {
    const SYMBOLS: usize = 1_000_000;
    let mut noise = Noise::new(35);
    let sent: Vec<f64> = (0..SYMBOLS)
        .map(|_| 24.0 * f64::from(noise.symbol(4)) - 36.0)
        .collect();
    let raw: Vec<i8> = (0..SYMBOLS)
        .map(|k| {
            let before = if k > 0 { sent[k - 1] } else { 0.0 };
            (sent[k] + 0.3 * before + 6.0 * noise.normal()) as i8
        })
        .collect();
    let differ = |fir: &Fir<i8>, thresholds: &Thresholds| {
        let mut expected = vec![0u8; SYMBOLS];
        fir.decide_scalar(&raw, thresholds, &mut expected);
        assert!((0..4).all(|d| expected.contains(&d)), "every level occurs");
        levels()
            .into_iter()
            .map(|level| {
                let mut found = vec![9u8; SYMBOLS];
                fir.decide_into(level, &raw, thresholds, &mut found);
                let wrong = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
                println!("{}: {wrong} of {SYMBOLS} differ", level_name(level));
                wrong
            })
            .max()
            .unwrap()
    };
    let exact: Vec<f32> = (0..21)
        .map(|i| if i == 10 { 127.0 } else { 9.0 - i as f32 } / 256.0)
        .collect();
    let fir = Fir::new(Spacing::Symbol, &exact, 10, 0.0);
    let thresholds = Thresholds::new(&[-12.0, 1.0 / 512.0, 12.0]).unwrap();
    assert_eq!(differ(&Fir::for_raw(&fir, 1.0, 0.0, 0i8), &thresholds), 0);
    let any: Vec<f32> = (0..21)
        .map(|i| {
            if i == 10 {
                1.0
            } else {
                0.05 * noise.normal() as f32
            }
        })
        .collect();
    let fir = Fir::new(Spacing::Symbol, &any, 10, 0.0);
    let thresholds = Thresholds::new(&[-24.1, 0.2, 23.9]).unwrap();
    let rounded = differ(&Fir::for_raw(&fir, 1.0, 0.0, 0i8), &thresholds);
    assert!(rounded < 10, "{rounded}");
}

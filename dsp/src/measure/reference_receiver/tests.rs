use super::*;
use crate::signals::Noise;

/// A sine of `frequency` symbol rates at 16 samples a symbol, for `symbols` symbols.
fn sine(frequency: f64, symbols: usize) -> Vec<f32> {
    (0..16 * symbols)
        .map(|n| (std::f64::consts::TAU * frequency * n as f64 / 16.0).sin() as f32)
        .collect()
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / samples.len() as f64
}

/// Acceptance row 15 on samples: -3.011 dB at half the symbol rate, -13.406 dB at the symbol
/// rate, within 0.01 dB. The sines have whole periods in the stretch that is looked at; f32
/// leaves 1e-5 dB.
#[test]
fn ref_sines_at_the_cutoff_and_twice_it() {
    for (frequency, expected_db) in [(0.5, -3.011), (1.0, -13.406)] {
        let input = sine(frequency, 4000);
        for filtered in [filter(&input, 16.0), filter_periodic(&input, 16.0)] {
            assert_eq!(filtered.len(), input.len());
            let inner = 16 * 1000..16 * 3000;
            let gain = power(&filtered[inner.clone()]) / power(&input[inner]);
            let found_db = 10.0 * gain.log10();
            assert!(
                (found_db - expected_db).abs() < 0.01,
                "{frequency}: {found_db}"
            );
        }
    }
}

/// Acceptance row 15: white noise keeps its noise bandwidth, 1.0463 fr, within 0.1 %. An impulse
/// has the spectrum of white noise exactly, so Parseval gives the bandwidth without drawing any:
/// sum of squares over half the sample rate (8 symbol rates), fr half a symbol rate.
#[test]
fn ref_noise_bandwidth() {
    let mut impulse = vec![0.0f32; 16 * 4096];
    impulse[30_000] = 1.0;
    for filtered in [filter(&impulse, 16.0), filter_periodic(&impulse, 16.0)] {
        let energy: f64 = filtered.iter().map(|&x| f64::from(x).powi(2)).sum();
        let bandwidth = energy * 8.0 / 0.5;
        assert!((bandwidth / 1.0463 - 1.0).abs() < 1e-3, "{bandwidth}");
    }
}

/// Blocks leave no seams: the block filter equals the circular one away from the ends. The two
/// differ by the ringing beyond the guard (1e-4 of what white noise has near half the sample
/// rate, where the response is -90 dB) and by f32 rounding.
#[test]
fn the_blocks_equal_one_transform() {
    let mut noise = Noise::new(3);
    let samples: Vec<f32> = (0..100_000).map(|_| 2.0 + noise.normal() as f32).collect();
    let (blocks, one) = (filter(&samples, 4.0), filter_periodic(&samples, 4.0));
    for n in 2_000..98_000 {
        assert!(
            (blocks[n] - one[n]).abs() < 2e-4,
            "sample {n}: {} {}",
            blocks[n],
            one[n]
        );
    }
}

#[test]
fn a_constant_passes_at_any_length() {
    for n in [0usize, 1, 2, 7, 100, 40_000] {
        let filtered = filter(&vec![2.5; n], 3.7);
        assert_eq!(filtered.len(), n);
        assert!(filtered.iter().all(|y| (y - 2.5).abs() < 1e-4), "{n}");
        assert_eq!(filter_periodic(&vec![2.5; n], 3.7).len(), n);
    }
}

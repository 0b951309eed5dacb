use super::*;
use crate::signals::pattern;

/// A known pulse of four symbols comes back, with nothing left: f32 samples leave 1e-7 of the
/// signal's power or less, and 1e-5 of the pulse.
#[test]
fn ref_a_known_pulse_comes_back() {
    const PER_SYMBOL: usize = 8;
    let values = [-1.0, -0.3, 0.35, 1.0];
    for (name, count) in [("prbs13q", 8191), ("ssprq", 65_535)] {
        let symbols = pattern(name, count);
        let h: Vec<f64> = (0..4 * PER_SYMBOL)
            .map(|i| (-(i as f64 / 9.0)).exp() * (i as f64 * 0.4).sin())
            .collect();
        let samples: Vec<f32> = (0..count * PER_SYMBOL)
            .map(|i| {
                let (k, phase) = (i / PER_SYMBOL, i % PER_SYMBOL);
                let sum: f64 = (0..4)
                    .map(|j| {
                        let s = symbols[(k + count + 1 - j) % count];
                        h[j * PER_SYMBOL + phase] * values[usize::from(s)]
                    })
                    .sum();
                (0.7 + sum) as f32
            })
            .collect();
        let wave = PatternWaveform::new(samples, symbols, PER_SYMBOL, 0.0).unwrap();
        let fit = LinearFit::new(&wave, values).unwrap();
        assert!(fit.error_power < 1e-9, "{name} {}", fit.error_power);
        for (i, found) in fit.pulse.iter().enumerate() {
            // The pulse above begins one symbol before its own, the fit two.
            let expected = i
                .checked_sub(PER_SYMBOL)
                .and_then(|i| h.get(i))
                .unwrap_or(&0.0);
            assert!(
                (found - expected).abs() < 1e-4,
                "{name} {i}: {found} {expected}"
            );
        }
        let peak = h.iter().copied().fold(0.0, f64::max);
        assert!((fit.peak() - peak).abs() < 1e-4);
    }
}

#[test]
fn a_short_or_lame_pattern_is_refused() {
    let short = pattern("prbs9q", 511);
    let wave = PatternWaveform::new(vec![0.5; 511 * 4], short, 4, 0.0).unwrap();
    assert_eq!(LinearFit::new(&wave, [-1.0, -0.3, 0.3, 1.0]), None);
    let lame = vec![0; 1000];
    let wave = PatternWaveform::new(vec![0.5; 4000], lame, 4, 0.0).unwrap();
    assert_eq!(LinearFit::new(&wave, [-1.0, -0.3, 0.3, 1.0]), None);
}

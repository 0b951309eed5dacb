use super::*;
use crate::signals::Noise;

fn wave(samples: Vec<f32>, symbols: usize, per_symbol: usize, origin: f64) -> PatternWaveform {
    let symbols = crate::signals::symbols(1, symbols, 4);
    PatternWaveform::new(samples, symbols, per_symbol, origin).unwrap()
}

/// A harmonic of the pattern is known at every instant; f32 transforms of 2^13 points leave 1e-5.
/// Odd and even counts, with harmonics below and above half the symbol rate, and at phases
/// beyond one symbol.
#[test]
fn ref_columns_of_harmonics() {
    for (count, per_symbol) in [(301, 4), (300, 5), (512, 16), (301, 7)] {
        for harmonic in [0, 1, 140, 300, 450, 590] {
            let tone = |t: f64| {
                (std::f64::consts::TAU * f64::from(harmonic) * t / count as f64 + 0.3).cos()
            };
            let origin = 1.75;
            let samples = (0..count * per_symbol)
                .map(|i| tone((i as f64 - origin) / per_symbol as f64) as f32)
                .collect();
            let mut spectrum = wave(samples, count, per_symbol, origin).spectrum();
            let phases = [-0.37, 1.21];
            let columns = spectrum.columns(phases);
            for (column, phase) in columns.iter().zip(phases) {
                assert_eq!(column.len(), count);
                for (k, &y) in column.iter().enumerate() {
                    let expected = tone(k as f64 + phase);
                    assert!(
                        (f64::from(y) - expected).abs() < 2e-5,
                        "{harmonic} {k} {phase}"
                    );
                }
            }
        }
    }
}

/// At the samples' own phases the columns are the samples, whatever they are; between them white
/// noise keeps its variance (but for the one bin at half the sample rate).
#[test]
fn prop_columns_at_the_samples_are_the_samples() {
    let mut noise = Noise::new(5);
    for (count, per_symbol) in [(300, 4), (301, 4), (301, 5), (300, 5), (8191, 16)] {
        let samples: Vec<f32> = (0..count * per_symbol)
            .map(|_| noise.normal() as f32)
            .collect();
        let mut spectrum = wave(samples.clone(), count, per_symbol, 0.0).spectrum();
        let at = |i: usize| i as f64 / per_symbol as f64;
        let columns = spectrum.columns([at(0), at(3)]);
        for (column, first) in columns.iter().zip([0, 3]) {
            for (k, y) in column.iter().enumerate() {
                let x = samples[k * per_symbol + first];
                assert!((y - x).abs() < 1e-4, "{count} {per_symbol}: {y} {x}");
            }
        }
        let energy = |c: &[f32]| c.iter().map(|y| f64::from(y * y)).sum::<f64>();
        let between: f64 = (0..per_symbol)
            .map(|i| energy(&spectrum.columns([at(i) + 0.1, 0.0])[0]))
            .sum();
        let whole = energy(&samples);
        // One bin of L holds about 1/L of the energy, exponentially distributed.
        let bound = 20.0 / samples.len() as f64;
        assert!(
            (between / whole - 1.0).abs() < bound + 1e-5,
            "{count} {per_symbol}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let symbols = vec![0u8; 300];
    let make = |samples: usize, symbols: &[u8], per: usize| {
        PatternWaveform::new(vec![0.0; samples], symbols.to_vec(), per, 0.0).unwrap_err()
    };
    use PatternWaveformError as E;
    assert_eq!(make(600, &symbols, 2), E::TooFewPerSymbol { found: 2 });
    assert_eq!(make(40, &symbols[..10], 4), E::TooShort { found: 10 });
    let whole = E::NoWholePeriods {
        period: 1200,
        found: 1201,
    };
    assert_eq!(make(1201, &symbols, 4), whole);
    assert!(matches!(make(0, &symbols, 4), E::NoWholePeriods { .. }));
    assert_eq!(make(1200, &[4; 300], 4), E::BadSymbol { found: 4 });
    let mut samples = vec![0.0; 1200];
    samples[7] = f32::NAN;
    let found = PatternWaveform::new(samples, symbols, 4, 0.0).unwrap_err();
    assert_eq!(found, E::NotFinite { index: 7 });
}

#[test]
fn periods_are_averaged() {
    let samples: Vec<f32> = (0..3 * 300 * 4)
        .map(|i| (i / 1200) as f32 + (i % 7) as f32)
        .collect();
    let wave = wave(samples.clone(), 300, 4, 0.0);
    assert_eq!((wave.periods(), wave.count()), (3, 900));
    let averaged = wave.averaged();
    assert_eq!((averaged.periods(), averaged.count()), (1, 300));
    for i in 0..1200 {
        let expected = (samples[i] + samples[i + 1200] + samples[i + 2400]) / 3.0;
        assert!((averaged.samples()[i] - expected).abs() < 1e-5);
    }
    assert!((wave.mean() - averaged.mean()).abs() < 1e-6);
}

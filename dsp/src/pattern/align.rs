//! Alignment to a repeating pattern by circular correlation.
//!
//! The capture is folded onto one period, mean removed, and correlated with the pattern's
//! nominal values by FFT:
//!
//! ```text
//! c(lag) = sum_i f(i) p(i - lag)        f(i) = sum over periods of x(i + period m)
//! ```
//!
//! so every rotation and both polarities are tried at once, long before the eye opens. The peak
//! counts when it stands out of the other lags by [`MIN_SIGNIFICANCE`].

use num_complex::Complex64;
use rustfft::FftPlanner;

use crate::slicer::nominal;

/// Height of a peak over the root mean square of all lags from which on it is believed.
/// Gaussian noise over 2^18 lags exceeds 6 with a probability of 5e-4.
pub const MIN_SIGNIFICANCE: f64 = 6.0;

/// Longest period that is correlated; longer ones are locked by their register's recurrence.
pub const MAX_PERIOD: usize = 1 << 21;

/// Where a pattern stands in a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Symbol of the capture at which the pattern's first symbol stands.
    pub lag: usize,
    /// True when the capture is upside down.
    pub inverted: bool,
    /// Peak over the root mean square of all lags.
    pub significance: f64,
}

/// Finds a pattern in a capture with one sample a symbol.
///
/// # Shapes
/// `samples` one a symbol, any offset and scale; `pattern` the symbols of one period.
pub fn correlate(samples: &[f32], pattern: &[u8], levels: usize) -> Option<Lock> {
    let period = pattern.len();
    if !(2..=MAX_PERIOD).contains(&period) || samples.len() < 64 {
        return None;
    }
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len() as f64;
    let mut folded = vec![Complex64::ZERO; period];
    for (i, &x) in samples.iter().enumerate() {
        folded[i % period].re += f64::from(x) - mean;
    }
    let mut wanted: Vec<Complex64> = pattern
        .iter()
        .map(|&s| Complex64::new(nominal(levels, s), 0.0))
        .collect();
    let offset = wanted.iter().map(|v| v.re).sum::<f64>() / period as f64;
    wanted.iter_mut().for_each(|v| v.re -= offset);
    let mut planner = FftPlanner::new();
    let forward = planner.plan_fft_forward(period);
    forward.process(&mut folded);
    forward.process(&mut wanted);
    folded
        .iter_mut()
        .zip(&wanted)
        .for_each(|(f, w)| *f *= w.conj());
    planner.plan_fft_inverse(period).process(&mut folded);
    let best = (0..period).max_by(|&a, &b| folded[a].re.abs().total_cmp(&folded[b].re.abs()))?;
    let power = folded.iter().map(|c| c.re * c.re).sum::<f64>() / period as f64;
    let significance = folded[best].re.abs() / power.sqrt().max(f64::MIN_POSITIVE);
    (significance >= MIN_SIGNIFICANCE).then_some(Lock {
        lag: best,
        inverted: folded[best].re < 0.0,
        significance,
    })
}

/// Returns the transmitted symbol of every symbol of the capture, upside down when it is.
pub fn reference(pattern: &[u8], lock: &Lock, count: usize, levels: usize) -> Vec<u8> {
    let period = pattern.len();
    let top = levels as u8 - 1;
    (0..count)
        .map(|k| {
            let s = pattern[(k + period - lock.lag % period) % period];
            if lock.inverted { top - s } else { s }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_types::PatternName;

    #[test]
    fn every_rotation_and_polarity_is_found() {
        let name: PatternName = "prbs9".parse().unwrap();
        let pattern = name.symbols(511);
        for lag in [0, 1, 77, 510] {
            for inverted in [false, true] {
                let truth = Lock {
                    lag,
                    inverted,
                    significance: 0.0,
                };
                let sent = reference(&pattern, &truth, 3_000, 2);
                let samples: Vec<f32> = sent.iter().map(|&s| 0.2 + 0.01 * f32::from(s)).collect();
                let found = correlate(&samples, &pattern, 2).expect("noiseless pattern");
                assert_eq!((found.lag, found.inverted), (lag, inverted));
            }
        }
    }

    /// Every pattern that is correlated, from anywhere, either way up, with a bit error ratio
    /// that a closed eye has (noise of twice the level spacing).
    #[test]
    fn every_pattern_is_found_in_noise() {
        for (name, seed) in [
            ("prbs7", 1),
            ("prbs9", 2),
            ("prbs11", 3),
            ("prbs13", 4),
            ("prbs15", 5),
            ("prbs7q", 6),
            ("prbs9q", 7),
            ("prbs11q", 8),
            ("prbs13q", 9),
            ("prbs15q", 10),
            ("ssprq", 11),
        ] {
            let name: PatternName = name.parse().unwrap();
            let levels = name.modulation().levels();
            let pattern = name.symbols(name.period_symbols() as usize);
            let truth = Lock {
                lag: 31 * seed as usize % pattern.len(),
                inverted: seed % 2 == 1,
                significance: 0.0,
            };
            let sent = reference(&pattern, &truth, 80_000, levels);
            let samples = crate::signals::noisy(&sent, levels, 2.0, seed);
            let found = correlate(&samples, &pattern, levels).expect("a pattern in noise");
            assert_eq!(
                (found.lag, found.inverted),
                (truth.lag, truth.inverted),
                "{name}"
            );
        }
    }

    #[test]
    fn a_pattern_that_is_not_there_is_not_found() {
        let name: PatternName = "prbs13q".parse().unwrap();
        let other: PatternName = "ssprq".parse().unwrap();
        let samples: Vec<f32> = other
            .symbols(40_000)
            .iter()
            .map(|&s| f32::from(s))
            .collect();
        assert_eq!(correlate(&samples, &name.symbols(8191), 4), None);
    }
}

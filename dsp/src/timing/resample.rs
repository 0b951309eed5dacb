//! Samples at any instants, by a windowed sinc.
//!
//! ```text
//! y(t) = sum_n x(n) c sinc(c (t - n)) w(c (t - n) / 8)      c: cut-off over the input's Nyquist
//! ```
//!
//! with a Kaiser window of eight zero crossings a side (beta 7: stop band below -70 dB). The
//! table has 512 phases; the nearest is taken, an error of at most 1/1024 of a sample.

use crate::timing::Timing;

/// Zero crossings on each side.
const CROSSINGS: f64 = 8.0;
/// Phases of the table.
const PHASES: usize = 512;
/// Kaiser window parameter.
const BETA: f64 = 7.0;

/// An interpolation table for one cut-off.
#[derive(Clone, Debug)]
pub struct Resampler {
    table: Vec<f32>,
    taps: usize,
}

impl Resampler {
    /// Makes a table that passes up to `cutoff` of the input's Nyquist frequency (at most 1).
    pub fn new(cutoff: f64) -> Self {
        let cutoff = cutoff.clamp(0.05, 1.0);
        let half = (CROSSINGS / cutoff).ceil() as usize;
        let taps = 2 * half;
        let mut table = Vec::with_capacity(PHASES * taps);
        for phase in 0..PHASES {
            let fraction = phase as f64 / PHASES as f64;
            let row: Vec<f64> = (0..taps)
                .map(|i| kernel(cutoff, i as f64 - (half as f64 - 1.0) - fraction))
                .collect();
            let sum: f64 = row.iter().sum();
            table.extend(row.iter().map(|v| (v / sum) as f32));
        }
        Self { table, taps }
    }

    /// Returns the signal at a position in samples; beyond the ends the end samples repeat.
    pub fn at(&self, samples: &[f32], position: f64) -> f32 {
        let scaled = (position * PHASES as f64).round();
        let whole = (scaled / PHASES as f64).floor();
        let phase = (scaled - whole * PHASES as f64) as usize;
        let row = &self.table[phase * self.taps..(phase + 1) * self.taps];
        let first = whole as i64 - (self.taps as i64 / 2 - 1);
        let last = samples.len() as i64 - 1;
        if first >= 0 && first + self.taps as i64 <= samples.len() as i64 {
            let window = &samples[first as usize..first as usize + self.taps];
            return row.iter().zip(window).map(|(a, b)| a * b).sum();
        }
        row.iter()
            .enumerate()
            .map(|(i, a)| a * samples[(first + i as i64).clamp(0, last) as usize])
            .sum()
    }
}

fn kernel(cutoff: f64, t: f64) -> f64 {
    let x = cutoff * t;
    let edge = x / CROSSINGS;
    if edge.abs() >= 1.0 {
        return 0.0;
    }
    let sinc = if x.abs() < 1e-12 {
        1.0
    } else {
        (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
    };
    sinc * bessel_i0(BETA * (1.0 - edge * edge).sqrt()) / bessel_i0(BETA)
}

/// Modified Bessel function of the first kind and order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= quarter / (k * k) as f64;
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

/// Two samples a symbol: index `2 k` is the instant of symbol `k`, `2 k + 1` half way to the
/// next. Noise beyond the symbol rate is filtered out.
///
/// Returns the samples; their number is twice the number of whole symbols in the capture.
pub fn two_per_symbol(samples: &[f32], timing: &Timing) -> Vec<f32> {
    let resampler = Resampler::new(2.0 / timing.samples_per_symbol);
    let first = timing.first_symbol();
    let last = samples.len() as f64 - 1.0;
    let mut out =
        Vec::with_capacity((2.0 * samples.len() as f64 / timing.samples_per_symbol) as usize + 2);
    let mut k = 0.0;
    loop {
        let symbol = first + k;
        let position = timing.position(symbol);
        if position > last {
            break;
        }
        out.push(resampler.at(samples, position));
        out.push(resampler.at(samples, timing.position(symbol + 0.5)));
        k += 1.0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cut-off at a quarter of Nyquist takes out what lies at twice the cut-off (stop band of a
    /// Kaiser window with beta 7: below -70 dB) and keeps a constant.
    #[test]
    fn ref_what_lies_beyond_the_cutoff_is_gone() {
        let resampler = Resampler::new(0.25);
        let high: Vec<f32> = (0..2000)
            .map(|i| (std::f64::consts::PI * 0.5 * i as f64).sin() as f32)
            .collect();
        for i in 0..500 {
            let t = 200.0 + 1.37 * f64::from(i);
            assert!(resampler.at(&high, t).abs() < 1e-3, "{t}");
            assert!((resampler.at(&[0.7; 900], t) - 0.7).abs() < 1e-6);
        }
    }

    /// The instants of a pulse without interference give the symbols back.
    #[test]
    fn ref_two_per_symbol_gives_the_symbols_back() {
        use crate::signals::{Shaping, shaped, symbols};
        let sent = symbols(3, 8_000, 4);
        for sps in [2.0, 2.5, 4.0] {
            let shape = Shaping {
                samples_per_symbol: sps,
                offset_ppm: 0.0,
                delay_ui: 0.25,
            };
            let samples = shaped(&sent, 4, shape);
            let timing = crate::timing::recover(&samples, sps);
            let found = two_per_symbol(&samples, &timing);
            let slicer = crate::slicer::cluster(
                &found[..15_000]
                    .iter()
                    .step_by(2)
                    .copied()
                    .collect::<Vec<_>>(),
                4,
            );
            let decided: Vec<u8> = found.iter().step_by(2).map(|&y| slicer.decide(y)).collect();
            // The first instant may be that of symbol -1, 0 or 1.
            let best = (0..3)
                .map(|shift| {
                    (20..7_900)
                        .filter(|&k| decided[k] != sent[k + shift - 1])
                        .count()
                })
                .min();
            assert_eq!(best, Some(0), "{sps} samples a symbol");
        }
    }

    #[test]
    fn ref_a_sine_keeps_its_value_between_samples() {
        let n = 400;
        let f = 0.3; // of the sample rate
        let samples: Vec<f32> = (0..n)
            .map(|i| (2.0 * std::f64::consts::PI * f * i as f64).sin() as f32)
            .collect();
        let resampler = Resampler::new(1.0);
        for i in 0..1000 {
            let t = 50.0 + 0.3 * i as f64;
            let t = (t * 512.0).round() / 512.0;
            let expected = (2.0 * std::f64::consts::PI * f * t).sin();
            let found = f64::from(resampler.at(&samples, t));
            // Pass-band ripple of a Kaiser window with beta 7 is below 3e-4 at 0.6 Nyquist.
            assert!(
                (found - expected).abs() < 1e-3,
                "t={t}: {found} expected {expected}"
            );
        }
    }
}

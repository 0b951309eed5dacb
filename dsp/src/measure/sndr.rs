//! Signal to noise and distortion ratio of a transmitter.
//!
//! ```text
//! SNDR = 10 log10( pmax^2 / (sigma_e^2 + sigma_n^2) )
//! ```
//!
//! `pmax` is the peak of the linear fit pulse ([`LinearFit`]), `sigma_e` what the fit leaves, the
//! distortion, `sigma_n` the noise where the signal is flat: in the middle of runs of six and
//! more equal symbols.
//!
//! With two periods or more the noise is the spread of the same sample from period to period, and
//! it is taken out of what the fit of their mean leaves. With a single period the two cannot be
//! told apart; the fit's error then holds both, which is the same sum.
//!
//! *Source:* IEEE 802.3 120D.3.1.6 and 94.3.12.7. *Breaks* with jitter, which is noise on the
//! slopes: the fit's error has it, the flat runs do not.

use etalon_types::Figure;

use super::linear_fit::LinearFit;
use super::pattern_waveform::PatternWaveform;
use super::statistics::normal;

/// Symbols of a run that counts as flat.
const FLAT: usize = 6;

/// SNDR and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sndr {
    /// SNDR in dB.
    pub sndr_db: Figure,
    /// Peak of the pulse in the unit of the samples.
    pub peak: f64,
    /// Distortion, root mean square in that unit; with one period it holds the noise too.
    pub sigma_e: f64,
    /// Noise in that unit; `None` with one period.
    pub sigma_n: Option<f64>,
}

/// Measures SNDR; `None` when no pulse can be fitted.
///
/// # Shapes
/// `means` are the means of the four levels, lowest first, from which the effective symbol levels
/// -1, -ES, ES, 1 come: `ES = (ES1 + ES2) / 2` of 120D.3.1.2.
pub fn sndr(wave: &PatternWaveform, means: [f64; 4]) -> Option<Sndr> {
    let middle = 0.5 * (means[0] + means[3]);
    let inner = 0.5
        * ((means[1] - middle) / (means[0] - middle) + (means[2] - middle) / (means[3] - middle));
    if !inner.is_finite() {
        return None;
    }
    let fit = LinearFit::new(wave, [-1.0, -inner, inner, 1.0])?;
    let periods = wave.periods() as f64;
    let noise = noise_power(wave);
    let distortion = match noise {
        Some(noise) => (fit.error_power - noise / periods).max(0.0),
        None => fit.error_power,
    };
    let total = distortion + noise.unwrap_or(0.0);
    let peak = fit.peak();
    let value = 10.0 * (peak * peak / total).log10();
    // Both powers are means of squares over symbols, each with a relative error of sqrt(2 / n).
    let n = wave.count() as f64;
    let sigma = 10.0 / std::f64::consts::LN_10 * (2.0 / n).sqrt();
    let method = match noise {
        Some(_) => "linear fit of the mean period, noise from period to period",
        None => "linear fit of one period: noise and distortion together",
    };
    Some(Sndr {
        sndr_db: normal(
            value,
            sigma,
            wave.count() as u64,
            "dB",
            method,
            "10 log10(pmax^2 / (sigma_e^2 + sigma_n^2)), IEEE 802.3 120D.3.1.6",
        ),
        peak,
        sigma_e: distortion.sqrt(),
        sigma_n: noise.map(f64::sqrt),
    })
}

/// Noise power in flat runs, from period to period; `None` with one period or without runs.
fn noise_power(wave: &PatternWaveform) -> Option<f64> {
    let (n, m, periods) = (wave.symbols().len(), wave.per_symbol(), wave.periods());
    if periods < 2 {
        return None;
    }
    let samples = wave.from_origin();
    let (mut square, mut free) = ([0.0f64; 4], [0.0f64; 4]);
    for k in n..2 * n {
        let level = wave.symbol(k);
        // The middle of six equal symbols: k is the fourth, and the edge before it the middle.
        if !(k - FLAT / 2..k + FLAT / 2).all(|i| wave.symbol(i) == level) {
            continue;
        }
        let place = (k - n) * m;
        let at = |p: usize| f64::from(samples[p * n * m + place]);
        let mean = (0..periods).map(at).sum::<f64>() / periods as f64;
        square[usize::from(level)] += (0..periods).map(|p| (at(p) - mean).powi(2)).sum::<f64>();
        free[usize::from(level)] += (periods - 1) as f64;
    }
    let found = (0..4).filter(|&l| free[l] > 0.0);
    let (sum, count) = found.fold((0.0, 0.0), |(sum, count), l| {
        (sum + square[l] / free[l], count + 1.0)
    });
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests;

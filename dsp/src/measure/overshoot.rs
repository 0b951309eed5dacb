//! Overshoot, undershoot and transmitter power excursion.
//!
//! ```text
//! overshoot  = (Pmax - P3) / OMAouter,      undershoot = (P0 - Pmin) / OMAouter
//! excursion  = max(Pmax - Pave, Pave - Pmin)
//! ```
//!
//! `Pmax` is the power that a share of [`HIT_RATIO`] of all samples exceeds, taken at every time
//! within the symbols, `Pmin` the one that as many stay below. P3, P0 and OMAouter come from long
//! runs.
//!
//! *Source:* IEEE 802.3cu and 802.3db (clauses 140 and 167) limit overshoot to 22 %. The hit ratio
//! is 1e-2 as remembered; older drafts are said to have had 1e-3, so it is a parameter and
//! stands in every figure's definition.
//!
//! *Assumes* the signal behind the reference receiver, before any equalizer. *Breaks* with noise:
//! it is counted as if the transmitter had made it, and a hit ratio far below 1e-2 reads little
//! else.

use etalon_types::Figure;

use super::levels::OuterLevels;
use super::pattern_waveform::PatternWaveform;
use super::statistics::{Z95, between};

/// Share of the samples beyond the extremes, IEEE 802.3cu (as remembered).
pub const HIT_RATIO: f64 = 1e-2;

/// Overshoot, undershoot and excursion.
#[derive(Clone, Debug, PartialEq)]
pub struct Overshoot {
    /// `(Pmax - P3) / OMAouter` in percent; negative when the signal stays within its levels.
    pub overshoot_percent: Figure,
    /// `(P0 - Pmin) / OMAouter` in percent.
    pub undershoot_percent: Figure,
    /// `max(Pmax - Pave, Pave - Pmin)` in the unit of the samples.
    pub power_excursion: Figure,
}

/// Measures overshoot, undershoot and excursion at a hit ratio.
///
/// # Shapes
/// `outer` are the levels of the same waveform ([`PatternWaveform::outer_levels`]); `hit_ratio`
/// lies between 0 and 0.5, [`HIT_RATIO`] by the standard.
///
/// # Intervals
/// Those of a quantile: the ranks that a binomial count over the symbols (not the samples, which
/// go together within one) leaves open, with the errors of P3 and P0.
pub fn overshoot(wave: &PatternWaveform, outer: &OuterLevels, hit_ratio: f64) -> Overshoot {
    let oma = outer.top.0 - outer.bottom.0;
    let n = wave.count() as u64;
    if oma.is_nan() || oma <= 0.0 || hit_ratio.is_nan() || hit_ratio <= 0.0 || hit_ratio >= 0.5 {
        let none = || Figure::not_measurable("3s do not stand above 0s, or no such hit ratio");
        return Overshoot {
            overshoot_percent: none(),
            undershoot_percent: none(),
            power_excursion: none(),
        };
    }
    let mut sorted = wave.samples().to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let top = Quantile::of(&sorted, 1.0 - hit_ratio, n);
    let bottom = Quantile::of(&sorted, hit_ratio, n);
    let mean = wave.mean();
    let method = "quantile of all samples";
    let percent = |beyond: f64, error: f64, what: &str| {
        let (value, sigma) = (100.0 * beyond / oma, 100.0 * error / oma);
        let definition = format!("{what} over OMAouter, hit ratio {hit_ratio:e}, IEEE 802.3cu");
        let (low, high) = (value - Z95 * sigma, value + Z95 * sigma);
        between(value, low, high, n, "%", method, &definition)
    };
    let (up, down) = (top.value - mean, mean - bottom.value);
    let (excursion, error) = if up > down {
        (up, top.error)
    } else {
        (down, bottom.error)
    };
    Overshoot {
        overshoot_percent: percent(
            top.value - outer.top.0,
            top.error.hypot(outer.top.1),
            "highest power above P3",
        ),
        undershoot_percent: percent(
            outer.bottom.0 - bottom.value,
            bottom.error.hypot(outer.bottom.1),
            "lowest power below P0",
        ),
        power_excursion: between(
            excursion,
            excursion - Z95 * error,
            excursion + Z95 * error,
            n,
            "sample",
            method,
            &format!("larger distance of the extremes from Pave, hit ratio {hit_ratio:e}"),
        ),
    }
}

/// A quantile with its standard error.
struct Quantile {
    value: f64,
    error: f64,
}

impl Quantile {
    fn of(sorted: &[f32], p: f64, independent: u64) -> Self {
        let last = sorted.len() - 1;
        let at = |p: f64| f64::from(sorted[(p.clamp(0.0, 1.0) * last as f64).round() as usize]);
        let sway = (p * (1.0 - p) / independent.max(1) as f64).sqrt();
        Self {
            value: at(p),
            error: 0.5 * (at(p + sway) - at(p - sway)),
        }
    }
}

#[cfg(test)]
mod tests;

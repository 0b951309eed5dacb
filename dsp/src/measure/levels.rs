//! Measures on levels: level separation mismatch, OMA, extinction ratio, signal-to-noise ratio.
//!
//! Mismatch and signal-to-noise ratio are taken at the slicer, behind the equalizer; OMA and
//! extinction ratio before it, on the settled part of long runs, as IEEE 802.3 121.8.4 and
//! 121.8.6 have it. Intervals are first-order propagations of the standard errors of means.
//!
//! *Assumes* noise that is independent from symbol to symbol; with a slow beat the intervals of
//! the means are too narrow.

use etalon_types::Figure;

use crate::measure::statistics::{Z95, between, normal};
use crate::slicer::Slicer;

/// Returns the level separation mismatch ratio of IEEE 802.3 annex 120D.3.1.2 from the four
/// levels, lowest first.
///
/// ```text
/// Vmid = (V0 + V3) / 2,  ES1 = (V1 - Vmid) / (V0 - Vmid),  ES2 = (V2 - Vmid) / (V3 - Vmid)
/// RLM  = min(3 ES1, 3 ES2, 2 - 3 ES1, 2 - 3 ES2)
/// ```
pub fn rlm_120d(v: [f64; 4]) -> f64 {
    let middle = 0.5 * (v[0] + v[3]);
    let es1 = (v[1] - middle) / (v[0] - middle);
    let es2 = (v[2] - middle) / (v[3] - middle);
    (3.0 * es1)
        .min(3.0 * es2)
        .min(2.0 - 3.0 * es1)
        .min(2.0 - 3.0 * es2)
}

/// Returns the level separation mismatch ratio of IEEE 802.3 clause 94: three times the
/// smallest eye over the outer amplitude.
pub fn rlm_94(v: [f64; 4]) -> f64 {
    3.0 * (v[1] - v[0]).min(v[2] - v[1]).min(v[3] - v[2]) / (v[3] - v[0])
}

/// Makes both RLM figures: (120D, clause 94). The interval follows from the standard errors of
/// the four level means by first-order propagation of the smallest branch.
pub fn rlm(slicer: &Slicer) -> (Figure, Figure) {
    let Ok(v) = <[f64; 4]>::try_from(slicer.means.clone()) else {
        let none = || Figure::not_measurable("RLM needs four levels");
        return (none(), none());
    };
    let n = slicer.counts.iter().sum();
    let figure = |f: fn([f64; 4]) -> f64, definition: &str| {
        let variance: f64 = (0..4)
            .map(|i| {
                let error = slicer.sigmas[i] / (slicer.counts[i].max(1) as f64).sqrt();
                let (mut up, mut down) = (v, v);
                up[i] += error;
                down[i] -= error;
                (0.5 * (f(up) - f(down))).powi(2)
            })
            .sum();
        normal(
            f(v),
            variance.sqrt(),
            n,
            "1",
            "level means at the slicer",
            definition,
        )
    };
    (
        figure(
            rlm_120d,
            "IEEE 802.3 120D.3.1.2: min(3 ES1, 3 ES2, 2 - 3 ES1, 2 - 3 ES2)",
        ),
        figure(rlm_94, "IEEE 802.3 clause 94: 3 min(eye) / (V3 - V0)"),
    )
}

/// Makes the signal-to-noise figure in dB.
pub fn snr(slicer: &Slicer, method: &str) -> Figure {
    let n: u64 = slicer.counts.iter().sum();
    if n < 100 || !slicer.is_sane() {
        return Figure::not_measurable("fewer than 100 symbols, or levels that do not rise");
    }
    let value = 10.0 * slicer.snr().log10();
    if !value.is_finite() || slicer.noise_variance() == 0.0 {
        return Figure::not_measurable("no noise: every symbol stands exactly at its level");
    }
    // The noise variance of n symbols has a relative standard error of sqrt(2/n); the signal
    // variance adds 2 / sqrt(n snr).
    let n_f = n as f64;
    let sigma_db = 10.0 / std::f64::consts::LN_10 * (2.0 / n_f + 4.0 / (n_f * slicer.snr())).sqrt();
    normal(
        value,
        sigma_db,
        n,
        "dB",
        method,
        "variance of the levels over the mean square distance from them, at the slicer",
    )
}

/// Means over the settled part of long runs, in the unit of the samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OuterLevels {
    /// Mean and standard error of the top level.
    pub top: (f64, f64),
    /// Mean and standard error of the bottom level.
    pub bottom: (f64, f64),
    /// Runs that were averaged, top and bottom.
    pub runs: (u64, u64),
}

/// Averages the central two unit intervals of runs of at least seven top and six bottom symbols.
///
/// # Shapes
/// `samples` has `spacing` samples a symbol, symbol `k` at index `spacing * k`; `symbols` are
/// the transmitted (or decided) symbols. Returns `None` when either run does not occur.
///
/// *Source*: IEEE 802.3 121.8.4 (longer runs than seven and six count at their centre too).
pub fn outer_levels(
    samples: &[f32],
    symbols: &[u8],
    spacing: usize,
    levels: usize,
) -> Option<OuterLevels> {
    let (top, top_runs) = run_mean(samples, symbols, spacing, levels as u8 - 1, 7)?;
    let (bottom, bottom_runs) = run_mean(samples, symbols, spacing, 0, 6)?;
    Some(OuterLevels {
        top,
        bottom,
        runs: (top_runs, bottom_runs),
    })
}

fn run_mean(
    samples: &[f32],
    symbols: &[u8],
    spacing: usize,
    level: u8,
    length: usize,
) -> Option<((f64, f64), u64)> {
    let mut runs = Vec::new();
    let mut k = length - 1;
    // A run of at least `length` covers every `length`th symbol once: what lies between is only
    // looked at around one that fits.
    while k < symbols.len() {
        if symbols[k] != level {
            k += length;
            continue;
        }
        let other = |&s: &u8| s != level;
        let start = symbols[..k].iter().rposition(other).map_or(0, |i| i + 1);
        k += symbols[k..]
            .iter()
            .position(other)
            .unwrap_or(symbols.len() - k);
        if k - start >= length {
            // The run covers [start - 1/2, k - 1/2]; its centre is (start + k - 1) / 2.
            let centre = 0.5 * (start + k - 1) as f64;
            let first = ((centre - 1.0) * spacing as f64).ceil().max(0.0) as usize;
            let last = (((centre + 1.0) * spacing as f64).floor() as usize)
                .min(samples.len().saturating_sub(1));
            if first <= last {
                let part = &samples[first..=last];
                runs.push(part.iter().map(|&x| f64::from(x)).sum::<f64>() / part.len() as f64);
            }
        }
        k += length;
    }
    let n = runs.len() as f64;
    if runs.is_empty() {
        return None;
    }
    let mean = runs.iter().sum::<f64>() / n;
    let spread = runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Some(((mean, (spread / n).sqrt()), runs.len() as u64))
}

/// Makes the OMA and extinction-ratio figures from outer levels above the zero level.
///
/// With one run of a kind there is no spread: `sample_sigma`, the standard deviation of a single
/// sample, then bounds the error of the mean.
pub fn oma_and_er(
    outer: &OuterLevels,
    zero: f64,
    unit: &str,
    sample_sigma: f64,
    definition: &str,
) -> (Figure, Figure) {
    let error = |(_, spread): (f64, f64), runs: u64| {
        if runs > 1 {
            spread.max(sample_sigma / (5.0 * runs as f64).sqrt())
        } else {
            sample_sigma
        }
    };
    let (top, bottom) = (outer.top.0 - zero, outer.bottom.0 - zero);
    let (e1, e0) = (
        error(outer.top, outer.runs.0),
        error(outer.bottom, outer.runs.1),
    );
    let n = outer.runs.0 + outer.runs.1;
    let oma = normal(
        top - bottom,
        e1.hypot(e0),
        n,
        unit,
        "means over long runs",
        definition,
    );
    let er = if bottom > Z95 * e0 && top > bottom {
        let value = 10.0 * (top / bottom).log10();
        let sigma = 10.0 / std::f64::consts::LN_10 * (e1 / top).hypot(e0 / bottom);
        between(
            value,
            value - Z95 * sigma,
            value + Z95 * sigma,
            n,
            "dB",
            "means over long runs",
            "10 log10(P3 / P0), IEEE 802.3 121.8.6, above the given zero level",
        )
    } else {
        Figure::not_measurable("the lowest level does not stand above the zero level")
    };
    (oma, er)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Acceptance row 13 and science.md section 1.1: exact by construction.
    #[test]
    fn ref_rlm_pairs() {
        let table = [
            ([0.0, 0.9, 1.95, 3.0], 0.800, 0.900),
            ([-1.0, -0.3, 0.36, 1.0], 0.900, 0.960),
            ([0.0, 1.1, 1.9, 3.0], 0.800, 0.800),
        ];
        for (v, annex, clause) in table {
            assert!(
                (rlm_120d(v) - annex).abs() < 1e-6,
                "{v:?} 120D {}",
                rlm_120d(v)
            );
            assert!((rlm_94(v) - clause).abs() < 1e-6, "{v:?} 94 {}", rlm_94(v));
        }
    }
}

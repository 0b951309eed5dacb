//! Transition time: 20 % to 80 % of the outer swing, on isolated transitions.
//!
//! A transition from a run of 0s to a run of 3s, and back, far from any other: in SSPRQ five 0s
//! before five 3s. All such places are averaged; 0 % and 100 % are P0 and P3 of OMAouter, and the
//! two crossings are read off the interpolated average.
//!
//! ```text
//! rise = t(P0 + 0.8 OMA) - t(P0 + 0.2 OMA),      fall likewise,      transition = max(rise, fall)
//! ```
//!
//! *Source:* IEEE 802.3 121.8.7 and 151.8 (five symbols on either side in SSPRQ: as remembered).
//! A pattern without such runs (PRBS13Q) is read at shorter ones, and the definition says at which.
//!
//! *Assumes* the signal behind the reference receiver, whose own 20-80 % time (0.42 UI) stays
//! in. *Breaks* when a transition has not settled before the next symbol edge: then the average
//! never reaches 80 %, and nothing is said.

use etalon_types::Figure;

use super::levels::OuterLevels;
use super::pattern_waveform::PatternWaveform;
use super::statistics::normal;
use crate::timing::resample::Resampler;

/// Symbols of one level on either side that isolate a transition.
pub const ISOLATION: usize = 5;
/// Fewest that are accepted.
const LEAST: usize = 2;
/// Points a symbol at which the average is looked at; between them it is straight.
const FINE: usize = 128;
/// Samples beyond the transition's two symbols that the interpolation needs.
const MARGIN: usize = 12;

/// Rise, fall, and the slower of the two, in unit intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitionTime {
    /// From 0 to 3.
    pub rise_ui: Figure,
    /// From 3 to 0.
    pub fall_ui: Figure,
    /// The slower one.
    pub slower_ui: Figure,
}

/// Measures the transition times.
///
/// # Shapes
/// `outer` are the levels of the same waveform; `noise` is the standard deviation of a sample's
/// noise in their unit, from which the intervals follow.
pub fn transition_time(wave: &PatternWaveform, outer: &OuterLevels, noise: f64) -> TransitionTime {
    let samples = wave.from_origin();
    let edge = |from: u8, to: u8| one_way(wave, &samples, outer, noise, [from, to]);
    let (rise_ui, fall_ui) = (edge(0, 3), edge(3, 0));
    let slower_ui = match (rise_ui.value(), fall_ui.value()) {
        (Some(rise), Some(fall)) if rise >= fall => rise_ui.clone(),
        (Some(_), Some(_)) | (_, None) => fall_ui.clone(),
        (None, Some(_)) => rise_ui.clone(),
    };
    TransitionTime {
        rise_ui,
        fall_ui,
        slower_ui,
    }
}

fn one_way(
    wave: &PatternWaveform,
    samples: &[f32],
    outer: &OuterLevels,
    noise: f64,
    levels: [u8; 2],
) -> Figure {
    let [from, to] = levels;
    let found = (LEAST..=ISOLATION)
        .rev()
        .map(|isolation| (isolation, places(wave, levels, isolation)))
        .find(|(_, places)| !places.is_empty());
    let Some((isolation, places)) = found else {
        return Figure::not_measurable(format!(
            "the pattern holds no {LEAST} symbols of level {from} before {LEAST} of level {to}"
        ));
    };
    let per_symbol = wave.per_symbol();
    let average = average(samples, per_symbol, &all_periods(wave, &places));
    let (bottom, oma) = (outer.bottom.0, outer.top.0 - outer.bottom.0);
    let swing = |share: f64| bottom + oma * if to > from { share } else { 1.0 - share };
    let Some((first, last)) = crossings(&average, per_symbol, swing(0.2), swing(0.8)) else {
        return Figure::not_measurable(
            "the averaged transition does not cross 20 % and 80 % of OMAouter once each",
        );
    };
    // A crossing is off by the average's noise over its slope, about 0.6 OMA in the time found.
    let n = (places.len() * wave.periods()) as f64;
    let time = last - first;
    let slope = 0.6 * oma.abs() / time.max(1e-6);
    let sigma = (2.0 / n).sqrt() * noise / slope;
    normal(
        time,
        sigma,
        n as u64,
        "UI",
        "averaged isolated transitions",
        &format!(
            "20 % to 80 % of OMAouter from level {from} to {to}, {isolation} symbols of each on either side, IEEE 802.3 121.8.7"
        ),
    )
}

/// First symbols after the transitions that are isolated, in one period.
fn places(wave: &PatternWaveform, [from, to]: [u8; 2], isolation: usize) -> Vec<usize> {
    let n = wave.symbols().len();
    (n..2 * n)
        .filter(|&k| {
            (1..=isolation).all(|i| wave.symbol(k - i) == from)
                && (0..isolation).all(|i| wave.symbol(k + i) == to)
        })
        .map(|k| k - n)
        .collect()
}

/// The same places in every period.
fn all_periods(wave: &PatternWaveform, places: &[usize]) -> Vec<usize> {
    let n = wave.symbols().len();
    (0..wave.periods())
        .flat_map(|p| places.iter().map(move |&k| k + p * n))
        .collect()
}

/// Mean of all transitions: from two symbols before the edge to two after, with a margin.
fn average(samples: &[f32], per_symbol: usize, places: &[usize]) -> Vec<f32> {
    let (n, reach) = (samples.len(), 2 * per_symbol + MARGIN);
    let mut sum = vec![0.0f64; 2 * reach];
    for &place in places {
        let first = place * per_symbol + n - reach % n;
        for (i, s) in sum.iter_mut().enumerate() {
            *s += f64::from(samples[(first + i) % n]);
        }
    }
    let scale = 1.0 / places.len() as f64;
    sum.iter().map(|s| (s * scale) as f32).collect()
}

/// Times in symbols at which the average crosses two levels, in the order of time; `None` when it
/// crosses either never or, within the two symbols around the edge, more than once.
fn crossings(average: &[f32], per_symbol: usize, one: f64, other: f64) -> Option<(f64, f64)> {
    let resampler = Resampler::new(1.0);
    let count = 4 * FINE;
    let fine: Vec<f64> = (0..=count)
        .map(|i| {
            let position = MARGIN as f64 + (i * per_symbol) as f64 / FINE as f64;
            f64::from(resampler.at(average, position))
        })
        .collect();
    let crossing = |level: f64| -> Option<f64> {
        let mut found = None;
        for (i, w) in fine.windows(2).enumerate() {
            if (w[0] < level) != (w[1] < level) {
                if found.is_some() {
                    return None;
                }
                found = Some((i as f64 + (level - w[0]) / (w[1] - w[0])) / FINE as f64);
            }
        }
        found
    };
    let (a, b) = (crossing(one)?, crossing(other)?);
    Some((a.min(b), a.max(b)))
}

#[cfg(test)]
mod tests;

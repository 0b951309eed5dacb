//! How far apart the reflections are: correlation of the residual with the delayed signal.
//!
//! The beat multiplies the delayed amplitude: `r(t) = 2 sqrt(m) cos(psi(t)) a(t) a(t - tau)`,
//! `a = sqrt(P)`. Three detectors stand side by side, `a'` being the amplitude without its mean:
//!
//! * aided by the beat track: `sum r(t) a(t) c(t) a'(t - tau)`, coherent over the whole
//!   capture, because the track `c` supplies the sign of the cosine;
//! * static: `sum r(t) a(t) a'(t - tau)`, coherent over the whole capture, for a phase that stands
//!   still. A path that only this one sees is a fixed echo, optical or electrical;
//! * by blocks: the static sum within blocks about as long as the coherence time, squared and
//!   added. It needs no track.
//!
//! *Half lags*: a delay half way between two symbols spreads over both, so that either alone
//! shows half of its height. The template of half a lag, `(a'(t - k) + a'(t - k - 1)) / sqrt 2`,
//! keeps 0.71 of it; by linearity its correlation is the same sum of the correlations at whole
//! lags. The delay itself is interpolated (see the `fraction` file), with a bias below 0.04
//! symbols.
//!
//! *Several paths*: what the first search finds is subtracted (see the `residual` file), and what
//! is left is searched again by the two coherent detectors until nothing is found. A strong path
//! hides a weak one from the aided detector, because the track is nearly all its own.
//!
//! *False alarms*: every detector is scaled to unit variance by the median absolute deviation over
//! the lags. Let `L` lags make `2 L` points. The first search looks at two two-sided and one
//! one-sided deviate a point, the next at two two-sided ones: `2 L (5 + 4)` tails `Q(z)`, whose sum
//! is set to 1e-3. Points next to each other are correlated, so that this is an upper bound. Half
//! a sigma more allows for the cube root's remaining error in the block detector and for the
//! noise's slow change over the capture.
//!
//! *Breaks*: lags within the equalizer's span are left out, for there an echo is intersymbol
//! interference. Within 16 symbols of a path another one is believed only with 0.3 of its
//! height (-10 dB), because the skirt of the receiver's pulse is not in the template, and after
//! a subtraction, within the averaging window of the track (0.6 coherence times), only with
//! 0.1 of it (-20 dB).

use etalon_types::report::MpiPath;

use crate::measure::statistics::q;
use crate::mpi::Input;
use crate::mpi::level::Beat;
use crate::mpi::track::Tracked;
use crate::traces::Reflectogram;
use look::{Look, Peak};
use residual::Residual;

mod coherent;
mod fraction;
mod look;
mod residual;

/// Group index of standard single-mode fibre, as in ITU-T G.652 practice.
pub const GROUP_INDEX: f64 = 1.468;
/// Speed of light in vacuum, m/s.
pub const LIGHT_M_S: f64 = 299_792_458.0;
/// Probability with which noise alone raises a peak somewhere.
const FALSE_ALARM: f64 = 1e-3;
/// Longest delay that is searched, in symbols: 10 us at 26.5625 GBd.
const MAX_LAG: usize = 266_240;
/// Paths reported at most.
const MAX_PATHS: usize = 4;

/// The curve, and the paths that were found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Significance over the delay in steps of half a symbol, before anything was subtracted but
    /// for the peaks that showed only then.
    pub curve: Reflectogram,
    /// Paths without levels: those of the first search first, and in each the strongest first.
    pub paths: Vec<MpiPath>,
}

/// Returns the distance between two reflections from the round-trip delay, in metres.
pub fn distance_m(delay_s: f64) -> f64 {
    LIGHT_M_S * delay_s / (2.0 * GROUP_INDEX)
}

/// Searches; `None` when the capture, or the period of its pattern, is too short for any lag.
pub fn search(input: &Input, tracked: &Tracked, beat: &Beat) -> Option<Found> {
    let &Input {
        power,
        baud_hz,
        guard,
        ..
    } = input;
    // A delay of a period more or less makes the same signal, and about a period the
    // intersymbol interference comes back.
    let period = input.period.unwrap_or(usize::MAX);
    let lags = (power.len() / 2)
        .min(MAX_LAG)
        .min(period.saturating_sub(guard));
    if lags < guard + 256 {
        return None;
    }
    let threshold = threshold(lags - guard);
    let mut left = Residual::new(power, tracked, beat);
    let mut look = Look::new(&left, lags, guard);
    look.by_blocks(block(beat, baud_hz, lags));
    let mut curve = look.heights();
    let mut peaks: Vec<Peak> = Vec::new();
    loop {
        let heights = look.heights();
        let mut found = look.peaks(&heights, threshold, &peaks);
        found.truncate(MAX_PATHS - peaks.len());
        for peak in &found {
            curve[peak.at] = curve[peak.at].max(peak.height);
            left.remove(peak.delay);
        }
        let none = found.is_empty();
        peaks.append(&mut found);
        if none || peaks.len() == MAX_PATHS {
            break;
        }
        look = Look::new(&left, lags, guard);
    }
    Some(Found {
        paths: peaks.iter().map(|p| path(p, baud_hz)).collect(),
        curve: Reflectogram {
            delay_s: (0..curve.len()).map(|g| 0.5 * g as f64 / baud_hz).collect(),
            significance: curve,
            threshold,
            peaks: peaks.iter().map(|p| p.at).collect(),
        },
    })
}

fn path(peak: &Peak, baud_hz: f64) -> MpiPath {
    let delay_s = peak.delay / baud_hz;
    MpiPath {
        delay_s,
        distance_m: distance_m(delay_s),
        level_db: None,
        low_db: None,
        high_db: None,
        significance: peak.height,
    }
}

/// Symbols in a block of the block detector: about the coherence time.
fn block(beat: &Beat, baud_hz: f64, lags: usize) -> usize {
    let coherence = baud_hz / (2.0 * std::f64::consts::PI * beat.half_width_hz.max(1.0));
    (coherence as usize)
        .next_power_of_two()
        .clamp(256, 4096)
        .min(lags.next_power_of_two() / 2)
}

/// Height that noise exceeds anywhere with [`FALSE_ALARM`] (derived in the module head).
fn threshold(lags: usize) -> f64 {
    let tail = FALSE_ALARM / (18.0 * lags as f64);
    let (mut low, mut high) = (0.0_f64, 20.0_f64);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if q(middle) > tail {
            low = middle
        } else {
            high = middle
        }
    }
    high + 0.5
}

#[cfg(test)]
mod tests;

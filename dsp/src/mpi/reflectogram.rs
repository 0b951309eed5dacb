//! How far apart the reflections are: correlation of the residual with the delayed signal.
//!
//! The beat multiplies the delayed amplitude: `r(t) = 2 sqrt(m) cos(psi(t)) a(t) a(t - tau)`,
//! `a = sqrt(P)`. Three detectors stand side by side, `a'` being the amplitude without its mean:
//!
//! * aided by the beat track: `sum r(t) a(t) c(t) a'(t - tau)`, coherent over the whole
//!   capture, because the track `c` supplies the sign of the cosine;
//! * static: `sum r(t) a(t) a'(t - tau)`, coherent over the whole capture, for a phase that stands
//!   still. A path that only this one sees is a fixed echo, optical or electrical;
//! * by blocks: the static sum within blocks of a 64th of the capture, squared and added. It needs
//!   no track, and is asked where the other two see nothing.
//!
//! *Half lags*: a delay half way between two symbols spreads over both, so that either alone
//! shows half of its height. The template of half a lag, `(a'(t - k) + a'(t - k - 1)) / sqrt 2`,
//! keeps 0.71 of it; by linearity its correlation is the same sum of the correlations at whole
//! lags. The delay itself is interpolated (see the `fraction` file), with a bias below 0.04
//! symbols.
//!
//! *Several paths*: what is found is fitted together and subtracted (see the `residual` file), and
//! what is left is searched again by the two coherent detectors until nothing is found. A strong path
//! hides a weak one from the aided detector, because the track is nearly all its own.
//!
//! *Patterns that repeat* resemble themselves, so that one path stands out at several lags. With them
//! all is done over one period, one path is taken a look, and what is known is taken out of what is
//! correlated (the `period` file).
//!
//! *False alarms*: symbols are independent, or without what is known of a pattern as good as that,
//! so that for given residuals each coherent sum is a normal deviate whatever the residuals are; the
//! block detector weights every block by its own power, so that its sum is chi-squared even where a
//! strong path makes the power wander. Scales come from the median absolute value over the lags. Let `L` lags make `2 L` points. The first
//! look tests two one-sided deviates and one two-sided a point, the next one one-sided and one
//! two-sided: `2 L (4 + 3)` tails `Q(z)`, whose sum is set to 1e-4. Points next to each other are
//! correlated, so that this is an upper bound.
//!
//! *Breaks*: lags within the equalizer's span are left out, for there an echo is intersymbol
//! interference. Within 16 symbols of a path another one is believed only with 0.3 of its
//! height (-10 dB), because the skirt of the receiver's pulse is not in the template, and within
//! twice the reach of the smoother of the beat track only with 0.04 of it (-28 dB). The register of
//! a PRBS that does not repeat in the capture relates some lags to each other too: beside a strong
//! path of a chirped transmitter another may show that is not there.

use crate::measure::statistics::q;
use crate::mpi::Input;
use crate::mpi::level::{self, Beat};
use crate::mpi::standing;
use crate::mpi::track::Tracked;
use crate::traces::Reflectogram;
use coherent::Correlator;
use look::{Look, Peak};
use residual::Residual;

mod coherent;
mod fraction;
mod joint;
mod look;
mod period;
mod residual;

/// Probability with which noise alone raises a peak somewhere. One in a thousand captures is
/// allowed; a tenth of that leaves room for what is not quite white, and for the looks that follow.
const FALSE_ALARM: f64 = 1e-4;
/// Longest delay that is searched, in symbols: 10 us at 26.5625 GBd.
const MAX_LAG: usize = 266_240;
/// Paths reported at most.
const MAX_PATHS: usize = 4;
/// Lags beside paths and within the guard that are taken out at most for the sake of their ghosts.
const MAX_GHOSTLY: usize = 20;

/// The curve, and the paths that were found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Significance over the delay in steps of half a symbol, before anything was subtracted but
    /// for the peaks that showed only then.
    pub curve: Reflectogram,
    /// Paths without levels: those of the first search first, and in each the strongest first.
    pub paths: Vec<Path>,
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
    let mut left = Residual::new(power, tracked, beat, input.period);
    let correlator = match input.period {
        Some(_) => Correlator::of_period(left.template()),
        None => Correlator::new(&left.delayed, lags),
    };
    let within = [lags, guard];
    // Where the pattern repeats a path has ghosts, which only taking it out tells from paths.
    let most = input.period.map_or(MAX_PATHS, |_| 1);
    let mut known = Vec::new();
    let (mut look, mut found) = self::look(&left, &correlator, within, &[], &mut known);
    let mut heights = look.heights();
    if found.is_empty() {
        look.by_blocks(lags, block(power.len()), &known);
        heights = look.heights();
        found = look.peaks(&heights, threshold, &[]);
    }
    found.truncate(most);
    // A beat that stands still is in the levels; amplitudes that are wrong by it tie the track to the
    // data.
    let moving: Vec<f64> = found.iter().filter(|p| !p.fixed).map(|p| p.delay).collect();
    let straight = standing::straightened(power, tracked, beat, &moving);
    let mut curve = Curve::of(&look, heights, threshold, guard);
    if let Some(straight) = straight {
        let beat = level::beat(power, &straight, baud_hz);
        left = Residual::new(power, &straight, &beat, input.period);
    }
    let mut peaks: Vec<Peak> = Vec::new();
    while !found.is_empty() {
        found.truncate(MAX_PATHS - peaks.len());
        found.iter().for_each(|peak| curve.raise(peak));
        peaks.append(&mut found);
        left.remove(&peaks);
        if peaks.len() < MAX_PATHS {
            found = self::look(&left, &correlator, within, &peaks, &mut known).1;
            found.truncate(most);
        }
    }
    let modulo_s = input
        .period
        .filter(|&p| p < MAX_LAG)
        .map(|p| p as f64 / baud_hz);
    Some(Found {
        curve: curve.reflectogram(&peaks, threshold, baud_hz),
        paths: peaks
            .iter()
            .zip(&left.levels)
            .map(|(peak, level)| Path {
                delay_s: peak.delay / baud_hz,
                modulo_s,
                significance: peak.height,
                level: level.level,
                level_sigma: level.sigma,
                fixed: peak.fixed,
            })
            .collect(),
    })
}

/// Looks for paths beside those that were taken out; where the pattern repeats, once more without the
/// symbols whose ghosts might pass for paths, whose lags become `known`. Where those are too many,
/// nothing can be told from a ghost.
fn look<'a>(
    left: &'a Residual,
    correlator: &'a Correlator,
    within: [usize; 2],
    peaks: &[Peak],
    known: &mut Vec<usize>,
) -> (Look<'a>, Vec<Peak>) {
    let threshold = threshold(within[0] - within[1]);
    loop {
        let look = Look::new(left, correlator, within, known);
        let mut found = look.peaks(&look.heights(), threshold, peaks);
        let strongest = found.first().map_or(threshold, |p| p.height);
        let ghostly = look.ghostly(peaks, strongest, threshold, known);
        let room = MAX_GHOSTLY - known.len();
        if room == 0 && !ghostly.is_empty() {
            found.clear();
        }
        if room == 0 || ghostly.is_empty() {
            return (look, found);
        }
        known.extend(ghostly.into_iter().take(room));
    }
}

/// A path of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// Delay in seconds.
    pub delay_s: f64,
    /// Period in seconds that the delay is only known modulo.
    pub modulo_s: Option<f64>,
    /// Height in standard deviations of the noise.
    pub significance: f64,
    /// Level that the part with the delayed data tells by itself, linear, as if the phase turned
    /// freely; zero where it tells none.
    pub level: f64,
    /// Standard error of it from the noise.
    pub level_sigma: f64,
    /// Whether only the static detector sees it.
    pub fixed: bool,
}

/// The curve that is drawn.
struct Curve {
    heights: Vec<f32>,
    level_db: Vec<f64>,
    floor_db: Vec<f64>,
}

impl Curve {
    /// Takes the heights of the first look, with the levels that they mean.
    fn of(look: &Look, heights: Vec<f32>, threshold: f64, guard: usize) -> Self {
        let lowest = 10f64.powf(Reflectogram::LEVEL_FLOOR_DB / 10.0);
        let db = |level: f64| 10.0 * level.max(lowest).log10();
        let first = 2 * guard + 2;
        let mut level_db = vec![Reflectogram::LEVEL_FLOOR_DB; heights.len()];
        let mut floor_db = vec![f64::INFINITY; heights.len()];
        for at in first..heights.len() {
            level_db[at] = db(look.level(at));
            floor_db[at] = db(threshold * look.level_sigma(at));
        }
        Self {
            heights,
            level_db,
            floor_db,
        }
    }

    /// Shows a peak that came out when others were taken out.
    fn raise(&mut self, peak: &Peak) {
        let at = peak.at;
        self.heights[at] = self.heights[at].max(peak.height as f32);
        if peak.level > 0.0 {
            self.level_db[at] = self.level_db[at].max(10.0 * peak.level.log10());
        }
    }

    fn reflectogram(self, peaks: &[Peak], threshold: f64, baud_hz: f64) -> Reflectogram {
        Reflectogram {
            delay_s: (0..self.heights.len())
                .map(|at| 0.5 * at as f64 / baud_hz)
                .collect(),
            significance: self.heights.into_iter().map(f64::from).collect(),
            threshold,
            peaks: peaks.iter().map(|p| p.at).collect(),
            level_db: self.level_db,
            floor_db: self.floor_db,
        }
    }
}

/// Symbols in a block of the block detector: a 64th of the capture, so that the sums have a
/// distribution that is known well, and at most 16 thousand. A block that is longer than the
/// coherence time costs the fourth root of their ratio in level, a short one costs time.
fn block(symbols: usize) -> usize {
    let longest = (symbols / 64).clamp(512, 16_384);
    1 << longest.ilog2()
}

/// Height that noise exceeds anywhere with [`FALSE_ALARM`] (derived in the module head).
fn threshold(lags: usize) -> f64 {
    let tail = FALSE_ALARM / (14.0 * lags as f64);
    let (mut low, mut high) = (0.0_f64, 20.0_f64);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if q(middle) > tail {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

#[cfg(test)]
mod tests;

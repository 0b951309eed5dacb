//! What a capture can tell of interference, and why it cannot tell the rest.
//!
//! A level needs three things:
//!
//! * interference: a delayed copy of the signal whose beat turns. A slow residual that follows the
//!   square-root law ([`super::exponent`]) without a copy bounds the level from below; any other
//!   is hum, AC coupling or laser noise;
//! * a phase that turns often enough in the capture: `K = 2 pi linewidth T` of at least
//!   [`MIN_TURNING`], from [`NO_TURNING`] on an interval only;
//! * a delay that lets it turn: `V = 2 pi linewidth tau` of at least [`MIN_DELAY`] with the
//!   linewidth given, from [`NO_DELAY`] on an interval only. For shorter delays the beat's shape
//!   tells `V` times the level better than both, so that without the linewidth
//!   [`level::SHORT_DELAY`] is needed.
//!
//! Beside those the beat bounds the level from below: `|q| <= 2 sqrt(m)` for one path, so `m >=
//! E[q^2] / 4`, and `1 / n` of it for `n` paths.
//!
//! A copy that stands still is a fixed echo, optical or electrical, and no level is claimed for it.

use etalon_types::Figure;
use etalon_types::fibre::distance_m;
use etalon_types::report::{MpiPath, MpiRegime, PathKind};

use crate::measure::statistics::{CONFIDENCE, Z95};
use crate::mpi::exponent::Law;
use crate::mpi::level::{self, Beat, Disturbance};
use crate::mpi::reflectogram::{Found, Path};
use crate::mpi::track::Tracked;
use crate::mpi::{Input, Search};

mod turning;

/// Coherence angles of the capture for a value.
pub const MIN_TURNING: f64 = 40.0;
/// The same where the linewidth is an estimate. Its logarithm scatters by up to `sqrt(2 / K)`: by
/// that 40 angles read as this or more in one capture of six, 30 in one of forty. In between an
/// interval is the safe answer, so that captures of 40 to 65 angles often get only that.
pub const MIN_OWN_TURNING: f64 = 50.0;
/// Coherence angles for an interval.
pub const NO_TURNING: f64 = 10.0;
/// Delay angles for a value when the linewidth is given.
pub const MIN_DELAY: f64 = 0.3;
/// Delay angles for an interval when it is.
pub const NO_DELAY: f64 = 0.1;
/// Log-likelihood by which an estimated linewidth must exceed that of any delay angle below
/// [`level::SHORT_DELAY`]: 97.7 % confidence.
pub const MIN_MARGIN: f64 = 2.0;
/// Decay a block from which on the beat is too fast: a linewidth of 30 MHz at 26.5625 GBd. Levels
/// hold up to 20 MHz (`etalon study mpi-level`); a directly modulated laser, whose chirp spreads
/// the beat over hundreds of megahertz, would be read wrong by decibels.
pub const MAX_RATE: f64 = 0.113;
/// Largest distance from 1/2 at which an exponent is that of interference.
pub const EXPONENT_TOLERANCE: f64 = 0.15;
/// Standard error of the exponent that tells interference from additive and proportional.
pub const EXPONENT_SIGMA: f64 = 0.1;
/// Distance of the exponent from 1/2 that other disturbances must make before they are weighted
/// out: they then hold about 6 % of the slow residual, or 0.25 dB.
const CLEAN: f64 = 0.03;

/// What the stages found.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What was assessed.
    pub input: &'a Input<'a>,
    /// Its decisions.
    pub tracked: &'a Tracked,
    /// Its beat.
    pub beat: &'a Beat,
    /// The law of the beat over the levels.
    pub law: Option<&'a Law>,
    /// The search for copies, when one was made.
    pub found: Option<&'a Found>,
}

/// What can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Level in dB.
    pub level: Figure,
    /// Linewidth in hertz.
    pub linewidth: Figure,
    /// Regime, when it can be told.
    pub regime: Option<MpiRegime>,
    /// Paths, with levels where these can be told.
    pub paths: Vec<MpiPath>,
}

/// Judges.
pub fn judge(evidence: &Evidence) -> Verdict {
    let paths: &[Path] = evidence.found.map_or(&[], |f| &f.paths);
    let mut out = Verdict {
        level: Figure::not_measurable("not assessed"),
        linewidth: Figure::not_measurable("no interference to take it from"),
        regime: None,
        paths: Vec::new(),
    };
    let beat = evidence.beat;
    let turns = beat.significance >= level::MIN_SIGNIFICANCE;
    let lawful = turns && evidence.law.is_some_and(Law::is_interference);
    let moving: Vec<Path> = moving(paths, evidence.law.filter(|_| turns)).collect();
    out.paths = paths.iter().map(|p| reported(p, lawful)).collect();
    if beat.blocks < 64 {
        out.level = Figure::not_measurable(format!(
            "capture of {:.2} us is too short to average the beat",
            evidence.duration_s() * 1e6
        ));
    } else if !turns && paths.is_empty() {
        none(beat, &mut out);
    } else if turns && evidence.input.search == Search::Nothing {
        out.level = Figure::not_measurable(format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but no delayed copy of the signal was looked for (--measure all)",
            db(beat.level)
        ));
    } else if moving.is_empty() {
        still(evidence, paths, lawful, &mut out);
    } else if !turns {
        out.level = Figure::not_measurable(
            "a delayed copy of the signal is there and its phase turns, but the beat is too weak in the slow residual to tell its level",
        );
    } else {
        turning::judge(evidence, &moving, &mut out);
    }
    out
}

/// Paths that are interference. With its law over the levels, a copy that stands still is its standing
/// part.
pub fn moving(paths: &[Path], law: Option<&Law>) -> impl Iterator<Item = Path> {
    let lawful = law.is_some_and(Law::is_interference);
    paths.iter().copied().filter(move |p| lawful || !p.fixed)
}

/// A path as it is reported: levels come later.
fn reported(path: &Path, lawful: bool) -> MpiPath {
    MpiPath {
        delay_s: path.delay_s,
        distance_m: distance_m(path.delay_s),
        significance: path.significance,
        modulo_s: path.modulo_s,
        kind: Some(match path.fixed && !lawful {
            true => PathKind::FixedEcho,
            false => PathKind::Interference,
        }),
        ..MpiPath::default()
    }
}

fn db(level: f64) -> f64 {
    10.0 * level.log10()
}

fn none(beat: &Beat, out: &mut Verdict) {
    let bound_db = db(beat.upper_bound);
    out.regime = Some(MpiRegime::None);
    out.level = Figure::at_most(
        bound_db,
        "dB",
        CONFIDENCE,
        beat.blocks as u64,
        format!(
            "no interference found; anything that turns within the capture is below {bound_db:.1} dB"
        ),
    );
}

/// No copy whose phase turns: either nothing but slow wander, or a copy that stands still.
fn still(evidence: &Evidence, paths: &[Path], lawful: bool, out: &mut Verdict) {
    let Evidence { input, beat, .. } = evidence;
    let duration_us = evidence.duration_s() * 1e6;
    if let (Some(path), false) = (paths.first(), lawful) {
        out.level = Figure::not_measurable(format!(
            "a copy of the signal {:.1} ns late stands still over the capture of {duration_us:.2} us: a fixed echo, optical or electrical",
            path.delay_s * 1e9
        ));
        return;
    }
    if lawful {
        let low = evidence.lower_bound(beat, 0.0, 1);
        let angles = beat.rate * beat.blocks as f64;
        let (regime, why) = if angles < NO_TURNING {
            (
                Some(MpiRegime::Frozen),
                "its phase hardly moves within the capture",
            )
        } else if evidence.found.is_none() {
            (
                None,
                "the pattern repeats too soon, or the capture is too short, to tell a delayed copy from the signal",
            )
        } else {
            (
                None,
                "no delayed copy of the signal is strong enough to tell the delay",
            )
        };
        out.regime = regime;
        out.level = Figure::without_value(
            low,
            None,
            "dB",
            CONFIDENCE,
            beat.blocks as u64,
            format!(
                "the residual follows the square-root law of interference, but {why}: only a lower bound can be told from {duration_us:.2} us"
            ),
        );
        return;
    }
    let symbols = input.period.unwrap_or(input.power.len() / 2);
    out.level = Figure::not_measurable(match (evidence.law, evidence.found) {
        (Some(law), _) => format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but {}, and no delayed copy of the signal is in it",
            db(beat.level),
            law.words()
        ),
        (None, None) => format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but with {symbols} symbols (a period of the pattern, or half the capture) a delayed copy cannot be told from the signal",
            db(beat.level)
        ),
        (None, Some(_)) => format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but no delayed copy of the signal is in it: hum, AC coupling or laser noise, or a delay beyond the search",
            db(beat.level)
        ),
    });
}

impl Law {
    /// Says whether this is interference and nothing else.
    pub fn is_interference(&self) -> bool {
        (self.exponent - 0.5).abs() < EXPONENT_TOLERANCE && self.sigma < EXPONENT_SIGMA
    }

    /// What the exponent says, in words.
    fn words(&self) -> String {
        let what = if self.sigma >= EXPONENT_SIGMA || !self.sigma.is_finite() {
            return "it is too weak to tell its law over the levels".into();
        } else if self.exponent < 0.5 - EXPONENT_TOLERANCE {
            "moves all levels alike, as hum, AC coupling or a drifting offset does"
        } else if self.exponent > 0.5 + EXPONENT_TOLERANCE {
            "moves the levels in proportion to their power, as laser noise or a drifting gain does"
        } else {
            "is near the square-root law of interference"
        };
        format!(
            "it {what} (exponent {:.2} [{:.2}, {:.2}])",
            self.exponent, self.low, self.high
        )
    }

    /// The disturbance that has to be weighted out before a level can be told, if there is one.
    fn disturbance(&self) -> Option<Disturbance> {
        let off = self.exponent - 0.5;
        let clean = off.abs() < CLEAN.max(1.5 * self.sigma * Z95) || !self.sigma.is_finite();
        match (clean, off < 0.0) {
            (true, _) => None,
            (false, true) => Some(Disturbance::Additive),
            (false, false) => Some(Disturbance::Gain),
        }
    }
}

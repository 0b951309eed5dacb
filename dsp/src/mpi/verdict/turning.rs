//! The verdict where a copy beats and its beat turns: level, interval or lower bound, linewidth, and
//! every path's share.

use etalon_types::Figure;
use etalon_types::report::{MpiPath, MpiRegime};

use super::{
    Evidence, MAX_RATE, MIN_DELAY, MIN_MARGIN, MIN_OWN_TURNING, MIN_TURNING, NO_DELAY, NO_TURNING,
    Verdict, db,
};
use crate::measure::statistics::{CONFIDENCE, Z95, between, chi_squared_ratio};
use crate::mpi::exponent::Law;
use crate::mpi::level::{self, Beat, Turning};
use crate::mpi::reflectogram::Path;
use crate::mpi::smoothing::common_power;
use crate::mpi::standing;

/// Relative variance of the level times K. A moment estimator's bound is 1/4; taking the power
/// from the lags within a third of a decay instead of from all of the variance costs a little.
const SAMPLING: f64 = 0.32;
/// The same where the decay is given, which then does not follow the capture's own: with 0.32 the
/// interval held the truth in 463 of 500 simulated captures of K from 40 to 1000.
const SAMPLING_GIVEN: f64 = 0.38;
/// Delay angle between two paths up to which they beat in step: what they have in common, twice the
/// root of the product of their levels times `exp(-3)`, is then at most a twentieth of their sum.
const IN_STEP: f64 = 3.0;
/// How a level is come by.
const METHOD: &str = "low-frequency block means of the residual on tracked decisions with the standing part from the delayed data; fit of their autocovariance";
/// The same for paths in step.
const METHOD_APART: &str = "sum over paths that beat in step, each from the neighbouring blocks' covariance of its part of the residual with the delayed data";
/// Definition that goes with every level.
const DEFINITION: &str = "10 log10 of interferer power over signal power, co-polarized part";

/// What is known of a beat that turns.
#[derive(Clone, Copy)]
struct Turned {
    fit: Turning,
    /// `K` and `V`.
    angles: f64,
    delay_angle: f64,
    /// Relative variance of the level.
    relative: f64,
    /// Lower bound in dB from the beat's size.
    low_db: Option<f64>,
}

/// Judges; `paths` are those that are interference.
pub(super) fn judge(evidence: &Evidence, paths: &[Path], out: &mut Verdict) {
    let Evidence { input, tracked, .. } = evidence;
    let beside = evidence
        .law
        .and_then(Law::disturbance)
        .map(|of| level::beat_beside(input.power, tracked, input.baud_hz, of));
    let beat = beside.as_ref().unwrap_or(evidence.beat);
    if beat.significance < level::MIN_SIGNIFICANCE {
        out.level = Figure::not_measurable(
            "a delayed copy of the signal is there, but another slow disturbance hides how strong its beat is",
        );
        return;
    }
    let turned = evidence.turned(beat, paths);
    if let Some((regime, reason)) = evidence.refusal(beat, &turned, paths) {
        let n = beat.blocks as u64;
        out.regime = Some(regime);
        out.level = Figure::without_value(turned.low_db, None, "dB", CONFIDENCE, n, reason);
        return;
    }
    let in_step = turned.in_step(paths, input.baud_hz);
    let (angles, v) = (turned.angles, turned.delay_angle);
    let (value, low, high) = match in_step {
        true => turned.apart(paths).interval_db(),
        false => turned.interval_db(),
    };
    let given = input.linewidth_hz.is_some();
    out.regime = Some(match v < 1.0 {
        true => MpiRegime::Coherent,
        false => MpiRegime::Incoherent,
    });
    out.linewidth = evidence.linewidth(beat, &turned);
    let enough = if given { MIN_TURNING } else { MIN_OWN_TURNING };
    let measured = angles >= enough && v >= MIN_DELAY;
    out.level = if measured {
        let method = match in_step {
            true => METHOD_APART,
            false => METHOD,
        };
        between(
            value,
            low,
            high,
            beat.blocks as u64,
            "dB",
            method,
            DEFINITION,
        )
    } else {
        Figure::without_value(
            Some(low),
            Some(high),
            "dB",
            CONFIDENCE,
            beat.blocks as u64,
            format!(
                "{angles:.0} coherence angles in the capture and {v:.2} in the delay give an interval only: a value needs {enough:.0} and {MIN_DELAY}"
            ),
        )
    };
    if measured {
        share_out(paths, value, [low, high], &mut out.paths);
    }
}

impl Turned {
    /// Says whether two paths beat in step, so that their common beat tells their phase as well as
    /// their levels.
    fn in_step(&self, paths: &[Path], baud_hz: f64) -> bool {
        let angle = |p: &Path| self.fit.rate * p.delay_s * baud_hz / level::BLOCK as f64;
        paths.iter().enumerate().any(|(i, a)| {
            let later = &paths[i + 1..];
            later.iter().any(|b| (angle(a) - angle(b)).abs() < IN_STEP)
        })
    }

    /// The same with the level of paths that are told apart by the data that they carry.
    fn apart(&self, paths: &[Path]) -> Self {
        let level = paths.iter().map(|p| p.level).sum::<f64>().max(1e-12);
        let noise: f64 = paths.iter().map(|p| p.level_sigma.powi(2)).sum();
        let mut fit = self.fit;
        fit.level = level;
        fit.noise_sigma = noise.sqrt();
        Self {
            fit,
            relative: SAMPLING / self.angles
                + 8.0 / (self.angles * self.angles)
                + noise / (level * level),
            ..*self
        }
    }

    /// Level in dB with its interval: chi-squared with as many degrees as make the variance.
    fn interval_db(&self) -> (f64, f64, f64) {
        let dof = 2.0 / self.relative;
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let level = self.fit.level.max(1e-12);
        (
            db(level),
            db(level / chi_squared_ratio(dof, 1.0 - tail)),
            db(level / chi_squared_ratio(dof, tail)),
        )
    }
}

impl Evidence<'_> {
    /// Length of the capture in seconds.
    pub(super) fn duration_s(&self) -> f64 {
        self.input.power.len() as f64 / self.input.baud_hz
    }

    /// Regime and reason when neither a level nor an interval can be told.
    fn refusal(&self, beat: &Beat, turned: &Turned, paths: &[Path]) -> Option<(MpiRegime, String)> {
        let given = self.input.linewidth_hz.is_some();
        let (angles, v) = (turned.angles, turned.delay_angle);
        let duration_us = self.duration_s() * 1e6;
        let frozen = |angles: f64| {
            let reason = format!(
                "capture of {duration_us:.2} us holds about {angles:.0} coherence angles of the beat: at least {MIN_TURNING:.0} are needed, so about {:.0} us",
                duration_us * MIN_TURNING / angles.max(0.1)
            );
            Some((MpiRegime::Frozen, reason))
        };
        // Without the linewidth a short delay and a frozen phase are told apart by how fast the
        // beat moves at all.
        let moved = match given {
            true => angles,
            false => beat.rate * beat.blocks as f64,
        };
        if moved < NO_TURNING {
            return frozen(moved);
        }
        let (short, needed, hint) = match given {
            true => (v < NO_DELAY, MIN_DELAY, ""),
            false => (
                turned.fit.margin < MIN_MARGIN,
                level::SHORT_DELAY,
                "; with the linewidth (--linewidth) less would do",
            ),
        };
        if short {
            let reason = format!(
                "the delay of {:.1} ns is short against the coherence time (2 pi linewidth delay is about {v:.2}, {needed} is needed{hint}): part of the beat stands still and hides in the levels",
                paths[0].delay_s * 1e9
            );
            return Some((MpiRegime::Coherent, reason));
        }
        if !given && turned.fit.rate > MAX_RATE {
            let reason = format!(
                "the beat turns with a half width of {:.0} MHz, too fast for the block means to hold all of it: the transmitter's chirp spreads it, or other noise lies over it",
                1e-6 * self.half_width_hz(turned.fit.rate)
            );
            return Some((MpiRegime::Incoherent, reason));
        }
        if angles < NO_TURNING {
            return frozen(angles);
        }
        if v < IN_STEP && turned.in_step(paths, self.input.baud_hz) {
            let reason = "paths whose delays differ by less than the coherence time beat in step, and the shortest delay lets part of that stand still: how strong each is cannot be told".into();
            return Some((MpiRegime::Coherent, reason));
        }
        None
    }

    /// Half width in hertz of a line that decays by a rate a block.
    fn half_width_hz(&self, rate: f64) -> f64 {
        rate * self.input.baud_hz / (2.0 * std::f64::consts::PI * level::BLOCK as f64)
    }

    /// Fits level and decay with the strongest path's delay.
    fn turned(&self, beat: &Beat, paths: &[Path]) -> Turned {
        let baud_hz = self.input.baud_hz;
        let delays: Vec<f64> = paths.iter().map(|p| p.delay_s * baud_hz).collect();
        let still = standing::mean(self.input.power, self.tracked, self.beat, &delays);
        let standing::Standing { mean, noise } = still;
        let delay = paths[0].delay_s * baud_hz / level::BLOCK as f64;
        let given = self
            .input
            .linewidth_hz
            .map(|width| 2.0 * std::f64::consts::PI * width * level::BLOCK as f64 / baud_hz);
        // The interferer's own power moves the sample as a beat of this size would.
        let own = standing::own_power(self.tracked);
        let mut fit = Turning::of_level(beat.level);
        let mut standing = 0.0;
        for _ in 0..2 {
            let beat_mean = mean - own * fit.level.clamp(0.0, 0.1);
            standing = beat_mean * beat_mean - noise;
            let beat_mean = standing::Standing {
                mean: beat_mean,
                noise,
            };
            fit = beat.turning(delay, Some(beat_mean), given);
        }
        let angles = fit.rate * beat.blocks as f64;
        let delay_angle = fit.rate * delay;
        // The mean of the beat weighs with 1 - exp(-V) over 2 (1 - exp(-2 V)).
        let weight = 0.5 / (1.0 + (-delay_angle).exp());
        let still = weight * (4.0 * standing.max(0.0) * noise + 2.0 * noise * noise).sqrt();
        let level = fit.level.max(1e-12);
        let sampling = given.map_or(SAMPLING, |_| SAMPLING_GIVEN);
        Turned {
            fit,
            angles,
            delay_angle,
            relative: sampling / angles
                + 8.0 / (angles * angles)
                + (fit.noise_sigma / level).powi(2)
                + (still / level).powi(2),
            low_db: self.lower_bound(beat, standing, paths.len()),
        }
    }

    /// `E[q^2] / 4` over the number of paths, less two standard errors of the noise, in dB.
    pub(super) fn lower_bound(&self, beat: &Beat, standing: f64, paths: usize) -> Option<f64> {
        let ones = vec![1.0; beat.track.len()];
        let unit = beat.mean_amplitude * beat.mean_amplitude;
        let moving = common_power(&beat.track, &ones, beat.rate) / unit;
        let bound = (moving + standing.max(0.0)) / 4.0 - beat.noise_sigma;
        (bound > 0.0).then(|| db(bound / paths.max(1) as f64))
    }

    /// The rate of an exponential autocovariance observed over K/(2 pi) coherence times has a
    /// relative standard error of about sqrt(2 / K) (Bartlett), plus that of the receiver noise.
    fn linewidth(&self, beat: &Beat, turned: &Turned) -> Figure {
        if let Some(width) = self.input.linewidth_hz {
            return Figure::not_measurable(format!(
                "taken as {:.3} MHz (--linewidth)",
                width * 1e-6
            ));
        }
        let noise = turned.fit.noise_sigma / turned.fit.level.max(1e-12);
        let relative = (2.0 / turned.angles + noise * noise).sqrt();
        let value = self.half_width_hz(turned.fit.rate);
        between(
            value,
            value * (-Z95 * relative).exp(),
            value * (Z95 * relative).exp(),
            beat.blocks as u64,
            "Hz",
            "decay of the beat's autocovariance",
            "full width at half maximum of the laser line, from the half width of the beat",
        )
    }
}

/// Gives every path its share of the level.
fn share_out(paths: &[Path], total_db: f64, ends_db: [f64; 2], reported: &mut [MpiPath]) {
    let sum: f64 = paths.iter().map(|p| p.level.max(0.0)).sum();
    for path in paths {
        let share = path.level / sum;
        let Some(to) = reported.iter_mut().find(|r| r.delay_s == path.delay_s) else {
            continue;
        };
        if share.is_nan() || share <= 0.0 {
            continue;
        }
        // The share's own error is nothing for a path alone.
        let own = if paths.len() > 1 {
            Z95 * 10.0 / std::f64::consts::LN_10 * path.level_sigma / path.level
        } else {
            0.0
        };
        let level = total_db + db(share);
        let spread = |end: f64| (end - total_db).hypot(own);
        to.level_db = Some(level);
        to.low_db = Some(level - spread(ends_db[0]));
        to.high_db = Some(level + spread(ends_db[1]));
    }
}

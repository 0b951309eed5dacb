//! Multipath interference from one capture: level, linewidth, regime, delay.
//!
//! The field is the sum of the signal and delayed copies of itself, so the photocurrent carries
//! the beat `2 sqrt(m) cos(psi(t)) sqrt(P(t) P(t - tau))`. [`track`] decides symbols against
//! levels that follow the beat, [`level`] takes the beat's slow power from the block means and
//! [`mod@line`] its linewidth, [`reflectogram`] correlates what is left with the delayed signal.
//! [`front`] designs the equalizer before all that, one that cannot learn the beat.
//!
//! The level is only claimed when the capture can tell (see [`assess`]):
//! * the beat turns often enough (K = 2 pi linewidth T, at least [`MIN_COHERENCE_ANGLES`] by
//!   estimate);
//! * a delayed copy of the signal is found in the residual, for without one the slow residual
//!   may be supply hum, AC coupling or laser noise;
//! * the delay spans enough of the coherence time (V = 2 pi linewidth tau, at least
//!   [`MIN_DELAY_ANGLE`] by estimate): below, the phase hardly leaves where it stands and the
//!   level fit takes part of the beat for signal.

mod block_correlation;
pub mod cancel;
pub mod front;
pub mod level;
pub mod line;
pub mod reflectogram;
pub mod track;

use etalon_types::Figure;
use etalon_types::report::{MpiPath, MpiRegime};

use crate::measure::statistics::{CONFIDENCE, Z95, between, chi_squared_ratio};
use crate::slicer::Slicer;
use crate::traces::{Reflectogram, ResidualSpectrum};
use level::Beat;

/// Estimated coherence angles below which no level is claimed. The estimate scatters upwards on
/// short captures: with a true K of 9.3 it exceeds 34 in one capture of a hundred (simulated, 100
/// captures), and with a true K of 62 it falls below 51 in one of a hundred.
pub const MIN_COHERENCE_ANGLES: f64 = 40.0;

/// Estimated V below which no level is claimed. For small V the autocorrelation of the beat is
/// cut by the delay, so that the estimate saturates: with a true V from 0.02 to 1.9 its median is
/// 1.2 to 2.3 and it exceeds 4.4 in one capture of a hundred (simulated, 100 captures a value);
/// with a true V of 6.3 it falls below 5.1 in one of a hundred.
pub const MIN_DELAY_ANGLE: f64 = 4.4;

/// Squared mean of the beat's cosine from which on the phase stands still. Over K coherence
/// angles a turning phase leaves about 1/K.
pub const MAX_STANDING: f64 = 0.3;

/// Relative variance of the level times K. A moment estimator's bound is 1/4; taking the power
/// from the lags within a third of a decay instead of from all of the variance costs a little: the
/// spread over 235 simulated links at K = 310 was 0.14 dB, where the bound is 0.123 dB.
const SAMPLING: f64 = 0.32;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// Level in dB.
    pub level: Figure,
    /// Linewidth in hertz.
    pub linewidth: Figure,
    /// Regime, when it can be told.
    pub regime: Option<MpiRegime>,
    /// Reflection pairs.
    pub paths: Vec<MpiPath>,
    /// Spectrum of the slow residual.
    pub spectrum: Option<ResidualSpectrum>,
    /// Correlation over the delay.
    pub reflectogram: Option<Reflectogram>,
    /// Mean square of the residual after the beat was taken out over before.
    pub beat_share: f64,
    /// Significance of the slow residual in standard deviations.
    pub beat_significance: f64,
    /// Signal-to-noise ratio in dB that is left when the beat is taken out block by block.
    pub snr_without_beat_db: f64,
}

/// What the assessment works on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Equalized samples, one a symbol, as optical power above the zero level.
    pub power: &'a [f32],
    /// Levels found in them, zero level taken off.
    pub slicer: &'a Slicer,
    /// Symbol rate in baud.
    pub baud_hz: f64,
    /// Lags within the equalizer's span, which are intersymbol interference.
    pub guard: usize,
    /// Symbols after which the transmitted pattern repeats, when it does.
    pub period: Option<usize>,
    /// Linewidth in hertz when known from elsewhere.
    pub linewidth_hz: Option<f64>,
    /// What is looked for beside the slow residual.
    pub search: Search,
}

/// What is looked for beside the slow residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Delayed copies of the signal, without which no level is claimed.
    DelayedCopies,
    /// Nothing: a bound when the residual is white, no level when it wanders.
    Nothing,
}

/// Definition that goes with every level.
const DEFINITION: &str = "10 log10 of interferer power over signal power, co-polarized part";

/// Assesses the interference.
pub fn assess(input: &Input) -> Assessment {
    let tracked = track::decide(input.power, input.slicer, track::BLOCK);
    let beat = level::beat(input.power, &tracked, input.baud_hz);
    let gram = match input.search {
        Search::DelayedCopies => reflectogram::correlate(input, &tracked, &beat),
        Search::Nothing => None,
    };
    let mut assessment = Assessment {
        level: Figure::not_measurable("not assessed"),
        linewidth: Figure::not_measurable("no interference to take it from"),
        regime: None,
        paths: gram
            .as_ref()
            .map(|g| reflectogram::paths(g, input.baud_hz))
            .unwrap_or_default(),
        spectrum: level::spectrum(&beat, input.baud_hz),
        reflectogram: gram,
        beat_share: beat.share,
        snr_without_beat_db: level::snr_without_beat_db(&beat, &tracked),
        beat_significance: beat.significance,
    };
    judge(input, &tracked, &beat, &mut assessment);
    assessment
}

fn judge(input: &Input, tracked: &track::Tracked, beat: &Beat, out: &mut Assessment) {
    let duration = input.power.len() as f64 / input.baud_hz;
    if beat.blocks < 64 {
        out.level = Figure::not_measurable(format!(
            "capture of {:.2} us is too short to average the beat",
            duration * 1e6
        ));
        return;
    }
    let bound_db = 10.0 * beat.upper_bound.log10();
    let found = beat.significance >= level::MIN_SIGNIFICANCE;
    if !found && out.paths.is_empty() {
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
        return;
    }
    if !found {
        frozen(duration, out);
        return;
    }
    with_beat(input, tracked, beat, duration, out);
}

/// A delayed copy without a moving beat.
fn frozen(duration: f64, out: &mut Assessment) {
    out.regime = Some(MpiRegime::Frozen);
    out.level = Figure::not_measurable(format!(
        "a delayed copy of the signal is there, but its beat does not turn within the capture of {:.2} us: a fixed echo, or a phase that is frozen for so long",
        duration * 1e6
    ));
}

/// Squared mean of the cosine that the delayed copy shows when correlated without regard to the
/// beat, with the level that the turning part tells:
/// `(sum r a a' / sum a^2 a'^2)^2 / (4 m)`.
fn standing_share(input: &Input, tracked: &track::Tracked, beat: &Beat, delay_s: f64) -> f64 {
    let lag = (delay_s * input.baud_hz).round() as usize;
    let n = input.power.len();
    let a = |t: usize| tracked.amplitude[tracked.symbols[t] as usize];
    let mean = (0..n).map(a).sum::<f64>() / n as f64;
    let (mut up, mut down) = (0.0, 0.0);
    for t in lag..n {
        let r = f64::from(input.power[t]) - tracked.power[tracked.symbols[t] as usize];
        let delayed = a(t - lag) - mean;
        up += r * a(t) * delayed;
        down += (a(t) * delayed).powi(2);
    }
    (up / down.max(f64::MIN_POSITIVE)).powi(2) / (4.0 * beat.level)
}

fn with_beat(
    input: &Input,
    tracked: &track::Tracked,
    beat: &Beat,
    duration: f64,
    out: &mut Assessment,
) {
    let width = input.linewidth_hz.unwrap_or(beat.half_width_hz);
    let angles = 2.0 * std::f64::consts::PI * width * duration;
    if input.search == Search::Nothing {
        out.level = Figure::not_measurable(format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but no delayed copy of the signal was looked for (--measure all)",
            10.0 * beat.level.log10()
        ));
        return;
    }
    if out.reflectogram.is_none() {
        out.level = Figure::not_measurable(format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but with {} symbols (a period of the pattern, or half the capture) a delayed copy cannot be told from the signal",
            10.0 * beat.level.log10(),
            input.period.unwrap_or(input.power.len() / 2)
        ));
        return;
    }
    let Some(path) = out.paths.first().cloned() else {
        out.level = Figure::not_measurable(format!(
            "the residual wanders slowly, as interference of {:.1} dB would, but no delayed copy of the signal is in it: hum, AC coupling or laser noise, or a delay beyond half the capture",
            10.0 * beat.level.log10()
        ));
        return;
    };
    if angles < MIN_COHERENCE_ANGLES {
        out.regime = Some(MpiRegime::Frozen);
        out.level = Figure::not_measurable(format!(
            "capture of {:.2} us holds about {angles:.0} coherence angles of the beat: at least {MIN_COHERENCE_ANGLES:.0} are needed, so about {:.0} us",
            duration * 1e6,
            duration * 1e6 * MIN_COHERENCE_ANGLES / angles.max(0.1)
        ));
        return;
    }
    let delay_angle = 2.0 * std::f64::consts::PI * width * path.delay_s;
    let standing = standing_share(input, tracked, beat, path.delay_s);
    if standing > MAX_STANDING {
        out.regime = Some(MpiRegime::Coherent);
        out.level = Figure::not_measurable(format!(
            "the beat stands still more than it turns (squared mean cosine {:.2} of what the turning part tells): its level hides in the levels of the eye",
            standing.min(99.0)
        ));
        return;
    }
    if delay_angle < MIN_DELAY_ANGLE {
        out.regime = Some(MpiRegime::Coherent);
        out.level = Figure::not_measurable(format!(
            "the delay of {:.1} ns is short against the coherence time (2 pi linewidth delay is about {delay_angle:.1}, {MIN_DELAY_ANGLE:.1} is needed): part of the beat stands still and hides in the levels",
            path.delay_s * 1e9
        ));
        return;
    }
    out.regime = Some(MpiRegime::Incoherent);
    out.level = level_figure(beat, angles, delay_angle);
    out.linewidth = linewidth_figure(beat, angles);
    if let (Figure::Estimate(level), Some(first)) = (&out.level, out.paths.first_mut()) {
        first.level_db = Some(level.value);
        first.low_db = Some(level.low);
        first.high_db = Some(level.high);
    }
}

/// Interval: chi-squared with 8 K degrees of freedom for the beat's mean square (relative
/// variance 1/(4K), see [`SAMPLING`]), widened by the removed mean (8/K^2), the finite delay (exp(-2V)/2) and the
/// receiver noise in the block means.
fn level_figure(beat: &Beat, angles: f64, delay_angle: f64) -> Figure {
    let relative = SAMPLING / angles
        + 8.0 / (angles * angles)
        + 0.5 * (-2.0 * delay_angle).exp()
        + (beat.noise_sigma / beat.level).powi(2);
    let dof = 2.0 / relative;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let db = |x: f64| 10.0 * x.log10();
    between(
        db(beat.level),
        db(beat.level / chi_squared_ratio(dof, 1.0 - tail)),
        db(beat.level / chi_squared_ratio(dof, tail)),
        beat.blocks as u64,
        "dB",
        "low-frequency block means of the residual on tracked decisions, exponential fit of their autocovariance",
        DEFINITION,
    )
}

fn linewidth_figure(beat: &Beat, angles: f64) -> Figure {
    // The rate of an exponential autocovariance observed over K/(2 pi) coherence times has a
    // relative standard error of about sqrt(2 / K) (Bartlett), plus that of the receiver noise.
    let relative = (2.0 / angles + (beat.noise_sigma / beat.level).powi(2)).sqrt();
    let value = beat.half_width_hz;
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

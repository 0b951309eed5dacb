//! Multipath interference from one capture: level, linewidth, regime, delay.
//!
//! The field is the sum of the signal and delayed copies of itself, so the photocurrent carries
//! the beat `2 sqrt(m) cos(psi(t)) sqrt(P(t) P(t - tau))`. In the order of the work:
//!
//! | module | what it does |
//! |---|---|
//! | [`front`] | designs an equalizer that cannot learn the beat |
//! | [`track`] | decides symbols against levels that follow the beat |
//! | [`level`] | takes the beat's slow power from the block means of the residual |
//! | [`mod@line`] | and its decay, from their spectrum |
//! | [`exponent`] | tells interference from hum, AC coupling and laser noise by its law over the levels |
//! | [`reflectogram`] | finds the delays of the copies in what is left |
//! | [`standing`] | takes the part of the beat that stands still from the delayed data |
//! | [`coherence`] | joins both parts into the level, for a delay of any length |
//! | [`verdict`] | claims what the capture can tell, and says why it cannot tell the rest |
//! | [`cancel`] | takes the beat out again |
//!
//! With the delay tau and the capture time T, `V = 2 pi linewidth tau` and `K = 2 pi linewidth T`.

mod block_correlation;
pub mod cancel;
pub mod coherence;
pub mod exponent;
pub mod front;
pub mod level;
pub mod line;
pub mod reflectogram;
pub mod smoothing;
pub mod standing;
pub mod track;
pub mod verdict;

use etalon_types::Figure;
use etalon_types::report::{MpiPath, MpiRegime};

use crate::slicer::Slicer;
use crate::traces::{Reflectogram, ResidualSpectrum};

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// Level in dB.
    pub level: Figure,
    /// Linewidth in hertz.
    pub linewidth: Figure,
    /// Regime, when it can be told.
    pub regime: Option<MpiRegime>,
    /// Exponent of the slow residual over the levels: 0 additive, 0.5 interference, 1 gain.
    pub exponent: Figure,
    /// Shares of its additive, square-root and proportional parts, when there is a residual.
    pub parts: Option<[f64; 3]>,
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

/// Assesses the interference.
pub fn assess(input: &Input) -> Assessment {
    let mut tracked = track::settle(input.power, input.slicer, track::BLOCK);
    let mut beat = level::beat(input.power, &tracked, input.baud_hz);
    let found = match input.search {
        Search::DelayedCopies => reflectogram::search(input, &tracked, &beat),
        Search::Nothing => None,
    };
    let law_of = |tracked: &track::Tracked, beat: &level::Beat| {
        let turns = beat.significance >= level::MIN_SIGNIFICANCE;
        turns
            .then(|| exponent::law(input.power, tracked, beat))
            .flatten()
    };
    let mut law = law_of(&tracked, &beat);
    let delays: Vec<f64> = found
        .iter()
        .flat_map(|found| verdict::moving(&found.paths, law.as_ref()))
        .map(|path| path.delay_s * input.baud_hz)
        .collect();
    if let Some(straight) = standing::straightened(input.power, &tracked, &beat, &delays) {
        tracked = straight;
        beat = level::beat(input.power, &tracked, input.baud_hz);
        law = law_of(&tracked, &beat);
    }
    let verdict = verdict::judge(&verdict::Evidence {
        input,
        tracked: &tracked,
        beat: &beat,
        law: law.as_ref(),
        found: found.as_ref(),
    });
    Assessment {
        level: verdict.level,
        linewidth: verdict.linewidth,
        regime: verdict.regime,
        exponent: law.map_or_else(
            || Figure::not_measurable("no slow residual whose law could be told"),
            |law| law.figure(),
        ),
        parts: law.map(|law| law.parts),
        paths: verdict.paths,
        spectrum: level::spectrum(&beat, input.baud_hz),
        reflectogram: found.map(|f| f.curve),
        beat_share: beat.share,
        snr_without_beat_db: level::snr_without_beat_db(&beat, &tracked),
        beat_significance: beat.significance,
    }
}

#[cfg(test)]
mod tests;

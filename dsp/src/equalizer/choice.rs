//! Chooses who decides behind the linear equalizer, by errors and by cost.
//!
//! Asked for by name, a detector is trained on all training symbols. Left to the receiver, the
//! linear equalizer stays unless another makes at most half of its errors on training symbols
//! that trained neither, and the difference is no accident: of `e` errors the linear one makes,
//! chance moves a count by `sqrt(e)`, so that fewer than [`ENOUGH`] decide nothing. Among those
//! that pass, the cheapest wins whose errors exceed the fewest by no more than two such
//! deviations.

use std::ops::Range;

use crate::equalizer::detector::{Detector, Lesson, Untrained};
use crate::equalizer::registry;
use crate::equalizer::train::{MAX_COMPARED, Task, Trained};
use crate::options::{EqualizerChoice, ReceiveOptions};

/// Errors of the linear equalizer on held-out symbols below which nothing else is tried: half of
/// forty is 4.5 standard deviations less.
const ENOUGH: usize = 40;

/// Detectors that are tried, and whether with as many taps as the linear equalizer has.
const TRIED: [(EqualizerChoice, Length); 3] = [
    (EqualizerChoice::FfeMlse, Length::Linear),
    (EqualizerChoice::FfeMlse, Length::One),
    (EqualizerChoice::Volterra, Length::Linear),
];

/// Taps of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// Those of the linear equalizer.
    Linear,
    /// One: a sequence detector on a channel as short as its memory needs no more, and what is
    /// not fitted adds no noise.
    One,
}

impl Length {
    fn taps(self, linear: &Trained) -> usize {
        match self {
            Self::Linear => linear.equalizer.taps.len(),
            Self::One => 1,
        }
    }
}

/// Symbols before and after a stretch that a detector sees beside it.
const MARGIN: usize = 256;

/// A detector's work.
pub(super) struct Behind {
    pub kind: &'static str,
    pub why: String,
    pub decided: Vec<u8>,
}

impl Task<'_> {
    /// Decides with the detector that was asked for or chosen; `None` leaves the thresholds.
    pub(super) fn decide_behind(
        &self,
        linear: &Trained,
        training: &Range<usize>,
        options: &ReceiveOptions,
    ) -> Result<Option<Behind>, Untrained> {
        match options.equalizer {
            EqualizerChoice::None | EqualizerChoice::Ffe | EqualizerChoice::FfeDfe => Ok(None),
            EqualizerChoice::Auto => Ok(self.compared(linear, training, options.taps)),
            asked => self
                .with(asked, linear.equalizer.taps.len(), linear, training)
                .map(|(behind, _)| Some(behind)),
        }
    }

    /// Trains a detector on all training symbols and decides everything with it.
    fn with(
        &self,
        choice: EqualizerChoice,
        taps: usize,
        linear: &Trained,
        training: &Range<usize>,
    ) -> Result<(Behind, Detector), Untrained> {
        let lesson = &self.lesson;
        let detector = Detector::train(lesson, choice, taps, training)?;
        let decided = detector.decide(lesson, &(0..linear.output.len()), &linear.decided)?;
        let behind = Behind {
            kind: registry::name(choice),
            why: detector.about(),
            decided,
        };
        Ok((behind, detector))
    }

    /// Compares on held-out training symbols; taps that were told are not shortened.
    fn compared(
        &self,
        linear: &Trained,
        training: &Range<usize>,
        told: Option<usize>,
    ) -> Option<Behind> {
        let compared = training.start..training.start + training.len().min(MAX_COMPARED);
        let cut = compared.start + compared.len() * 4 / 5;
        let (fitted, held) = (compared.start..cut, cut..compared.end);
        let (equalizer, slicer) = self.train(&fitted, linear.equalizer.shape)?;
        let plain = slicer.decide_all(&self.run(&equalizer, &held, Some(&slicer)));
        let alone = errors(&plain, &self.lesson.sent[held.clone()]);
        if alone < ENOUGH {
            return None;
        }
        let tried: Vec<_> = TRIED
            .iter()
            .filter(|(_, length)| *length == Length::Linear || told.is_none())
            .filter_map(|&(choice, length)| {
                let taps = length.taps(linear);
                let detector = Detector::train(&self.lesson, choice, taps, &fitted).ok()?;
                let wrong = held_out_errors(&self.lesson, &detector, &held)?;
                Some(((choice, taps), wrong, detector.multiplications()))
            })
            .filter(|tried| 2 * tried.1 <= alone)
            .collect();
        let fewest = tried.iter().map(|tried| tried.1).min()?;
        let good = fewest as f64 + 2.0 * (fewest as f64 + 1.0).sqrt();
        let ((choice, taps), wrong, _) = tried
            .into_iter()
            .filter(|tried| tried.1 as f64 <= good)
            .min_by_key(|tried| tried.2)?;
        let (mut behind, _) = self.with(choice, taps, linear, training).ok()?;
        behind.why = format!(
            "{}: {wrong} errors in {} held-out training symbols, {alone} with {} alone",
            behind.why,
            held.len(),
            linear.kind
        );
        Some(behind)
    }
}

/// Errors of a detector on symbols that trained nothing.
fn held_out_errors(lesson: &Lesson, detector: &Detector, held: &Range<usize>) -> Option<usize> {
    let symbols = lesson.samples.len() / lesson.spacing;
    let seen = held.start.saturating_sub(MARGIN)..(held.end + MARGIN).min(symbols);
    let decided = detector.decide(lesson, &seen, &[]).ok()?;
    let ahead = held.start - seen.start;
    Some(errors(
        &decided[ahead..ahead + held.len()],
        &lesson.sent[held.clone()],
    ))
}

fn errors(decided: &[u8], sent: &[u8]) -> usize {
    decided.iter().zip(sent).filter(|(a, b)| a != b).count()
}

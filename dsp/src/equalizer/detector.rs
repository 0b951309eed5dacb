//! Who decides the symbols behind the linear equalizer.
//!
//! | detector | decides on |
//! |---|---|
//! | thresholds | the linear part's output (with its feedback, if any) |
//! | sequence | the whole sequence at once, behind taps shaped to a short channel |
//! | products | a Volterra equalizer's output |
//! | adaptive | the output of taps that go on adapting |
//!
//! Levels, noise and interference are measured behind the linear part whoever decides: a
//! nonlinear equalizer would mend the levels that are to be measured.

use std::ops::Range;

use crate::equalizer::adaptive::{Levels, Refusal, Signal};
use crate::equalizer::least_squares::Shape;
use crate::equalizer::mlse::detect;
use crate::equalizer::partial_response::{Known, Memory, PartialResponse, Shaping};
use crate::equalizer::volterra::{self, Training, Volterra};
use crate::equalizer::{block_lms, lms, rls, sign_lms};
use crate::kernels::level;
use crate::options::EqualizerChoice;
use crate::slicer::Slicer;

/// Window of the second- and third-order products in symbols.
const QUADRATIC_UI: usize = 4;
const CUBIC_UI: usize = 1;

/// Rise of the mean-square error that dropping a product may cost: a thousandth.
const WORTH_MSE: f64 = 1e-3;

/// Symbols that a Volterra equalizer is fitted on at most: its normal equations cost the square
/// of the number of products a symbol.
const VOLTERRA_TRAINING: usize = 1 << 14;

/// Why a detector cannot be trained.
pub(crate) type Untrained = String;

/// The known symbols of a capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lesson<'a> {
    pub samples: &'a [f32],
    pub spacing: usize,
    pub sent: &'a [u8],
    pub levels: usize,
    pub pad: f32,
}

impl Lesson<'_> {
    /// The samples of a range of symbols.
    fn samples(&self, range: &Range<usize>) -> &[f32] {
        let last = (self.spacing * range.end).min(self.samples.len());
        &self.samples[(self.spacing * range.start).min(last)..last]
    }
}

/// What decides.
#[derive(Clone, Debug)]
pub(crate) enum Detector {
    Sequence(Box<PartialResponse>),
    Products(Box<Volterra>, Slicer),
    Adaptive(EqualizerChoice, Shape, Range<usize>),
}

impl Detector {
    /// Trains a detector on a range of known symbols behind a linear equalizer of `taps` taps.
    pub fn train(
        lesson: &Lesson,
        choice: EqualizerChoice,
        taps: usize,
        training: &Range<usize>,
    ) -> Result<Self, Untrained> {
        match choice {
            EqualizerChoice::FfeMlse => sequence(lesson, taps, training),
            EqualizerChoice::Volterra => products(lesson, taps, training),
            _ => {
                let shape = Shape {
                    spacing: lesson.spacing,
                    taps,
                    feedback: 0,
                };
                Ok(Self::Adaptive(choice, shape, training.clone()))
            }
        }
    }

    /// Decides the symbols of a range; one from before the training range is not decided by
    /// adaptive taps and comes back as it was in `linear`.
    pub fn decide(
        &self,
        lesson: &Lesson,
        range: &Range<usize>,
        linear: &[u8],
    ) -> Result<Vec<u8>, Untrained> {
        match self {
            Self::Sequence(shaped) => Ok(detect(
                level(),
                &shaped.shape(lesson.samples(range)),
                &shaped.channel.trellis,
            )),
            Self::Products(volterra, slicer) => {
                Ok(slicer.decide_all(&volterra.apply(lesson.samples(range))))
            }
            Self::Adaptive(choice, shape, training) => {
                let from = training.start..range.end;
                let adapted = adapt(lesson, *choice, *shape, training, &from)
                    .map_err(|refusal| refusal.to_string())?;
                if from == *range {
                    return Ok(adapted);
                }
                let mut decided = linear.to_vec();
                let skipped = training.start.saturating_sub(range.start);
                let ahead = range.start.saturating_sub(training.start);
                decided[skipped..].copy_from_slice(&adapted[ahead..]);
                Ok(decided)
            }
        }
    }

    /// Says what it is made of.
    pub fn about(&self) -> String {
        match self {
            Self::Sequence(shaped) => format!(
                "sequence detection over a memory of {} behind {} taps ({})",
                shaped.memory(),
                shaped.equalizer.taps.len(),
                shaped.why
            ),
            Self::Products(volterra, _) => format!(
                "{} products of two and {} of three samples",
                volterra.quadratic.len(),
                volterra.cubic.len()
            ),
            Self::Adaptive(_, shape, training) => format!(
                "{} taps, trained on {} symbols, then by decisions",
                shape.taps,
                training.len()
            ),
        }
    }

    /// Multiplications a symbol.
    pub fn multiplications(&self) -> usize {
        match self {
            Self::Sequence(shaped) => {
                let trellis = &shaped.channel.trellis;
                shaped.equalizer.taps.len() + trellis.states() * trellis.levels()
            }
            Self::Products(volterra, _) => {
                2 * volterra.quadratic.len() + 3 * volterra.cubic.len() + volterra.linear.len()
            }
            Self::Adaptive(_, shape, _) => shape.taps,
        }
    }
}

fn sequence(lesson: &Lesson, taps: usize, training: &Range<usize>) -> Result<Detector, Untrained> {
    let known = Known {
        samples: lesson.samples(training),
        spacing: lesson.spacing,
        sent: &lesson.sent[training.clone()],
        levels: lesson.levels,
        training: 0..training.len(),
        pad: lesson.pad,
    };
    PartialResponse::train(&known, taps, Shaping::Target, Memory::Auto)
        .map(|shaped| Detector::Sequence(Box::new(shaped)))
        .map_err(|problem| problem.to_string())
}

fn products(lesson: &Lesson, taps: usize, training: &Range<usize>) -> Result<Detector, Untrained> {
    let training = training.start..training.start + training.len().min(VOLTERRA_TRAINING);
    let levels = Levels::nominal(lesson.levels).map_err(|refusal| refusal.to_string())?;
    let window = |symbols: usize| (symbols * lesson.spacing) | 1;
    let task = Training {
        samples: lesson.samples(&training),
        known: &lesson.sent[training.clone()],
        levels: &levels,
        memory: volterra::Memory {
            spacing: lesson.spacing,
            linear: taps,
            quadratic: window(QUADRATIC_UI).min(taps),
            cubic: window(CUBIC_UI).min(taps),
        },
        offset: lesson.pad,
    };
    let (volterra, _) =
        volterra::fit_pruned(&task, WORTH_MSE).map_err(|refusal| refusal.to_string())?;
    let output = volterra.apply(task.samples);
    let mut slicer = Slicer::from_symbols(&output, task.known, lesson.levels);
    slicer.refine_thresholds(&output, task.known);
    if !slicer.is_sane() {
        return Err("the levels behind the products do not rise".into());
    }
    Ok(Detector::Products(Box::new(volterra), slicer))
}

/// Decisions of adaptive taps over `range`, which begins where the training does.
fn adapt(
    lesson: &Lesson,
    choice: EqualizerChoice,
    shape: Shape,
    training: &Range<usize>,
    range: &Range<usize>,
) -> Result<Vec<u8>, Refusal> {
    let levels = Levels::nominal(lesson.levels)?;
    let signal = Signal {
        samples: lesson.samples(range),
        known: &lesson.sent[training.clone()],
        levels: &levels,
        shape,
        offset: lesson.pad,
    };
    let adapted = match choice {
        EqualizerChoice::SignLms => sign_lms::adapt(&signal, &sign_lms::Settings::default()),
        EqualizerChoice::BlockLms => block_lms::adapt(&signal, &block_lms::Settings::default()),
        EqualizerChoice::Rls => rls::adapt(&signal, &rls::Settings::default()),
        _ => return lms::decide(&signal, &lms::Settings::default()),
    }?;
    Ok(adapted.decided)
}

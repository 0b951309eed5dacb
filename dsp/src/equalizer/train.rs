//! Chooses and trains the equalizer, keeping apart what trains and what judges.
//!
//! With a known pattern the window is the whole periods in the capture (so that every symbol of
//! the pattern is judged equally often), or all of it when there is none whole. Its first half,
//! at most [`MAX_TRAINING`] symbols, trains; the rest judges and trains nothing. The choice
//! between equalizers is made within the training part: fitted on its first four fifths, compared
//! on the last fifth.

use std::ops::Range;

use crate::equalizer::Equalizer;
use crate::equalizer::blind::Blind;
use crate::equalizer::detector::Lesson;
use crate::equalizer::least_squares::{self, Shape};
use crate::measure::channel::high_pass;
use crate::options::{EqualizerChoice, ReceiveOptions};
use crate::slicer::{Slicer, nominal};

/// Symbols that train at most.
pub const MAX_TRAINING: usize = 1 << 17;
/// Symbols on which equalizers are compared at most.
pub(super) const MAX_COMPARED: usize = 1 << 16;
/// Tap counts tried for one sample a symbol.
const TAPS_T: [usize; 6] = [1, 11, 21, 61, 101, 161];
/// Tap counts tried for two samples a symbol.
const TAPS_T2: [usize; 4] = [1, 15, 31, 61];
/// Feedback counts tried.
const FEEDBACK: [usize; 3] = [1, 3, 5];
/// Taps of an adaptive equalizer when none are told.
const ADAPTIVE_TAPS: usize = 21;
/// Symbols after the training ones that are filtered with them: more than the moving average and
/// the longest equalizer look ahead.
const REACH: usize = 512;
/// A longer equalizer must gain this much SNR (0.05 dB) to be worth its length.
const WORTH: f64 = 1.0116;
/// Feedback must gain this much SNR (2 dB) to be worth its error bursts. A long forward part with
/// feedback is also a notch at zero frequency, which takes a decibel of multipath interference
/// out; the report should show that interference, not hide it.
const WORTH_FEEDBACK: f64 = 1.6;

/// What trains and what judges, as ranges of symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Symbols that train.
    pub training: Range<usize>,
    /// Symbols that judge.
    pub judged: Range<usize>,
}

/// Lays the window over a capture of `symbols` symbols whose pattern starts at `lag`.
pub fn window(symbols: usize, lag: usize, period: usize) -> Window {
    let start = lag % period.max(1);
    let whole = symbols.saturating_sub(start) / period.max(1);
    let range = if whole > 0 {
        start..start + whole * period
    } else {
        0..symbols
    };
    let training = (range.len() / 2).min(MAX_TRAINING);
    Window {
        training: range.start..range.start + training,
        judged: range.start + training..range.end,
    }
}

/// A trained equalizer and what it made of the capture.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The equalizer.
    pub equalizer: Equalizer,
    /// Equalized sample of every symbol, in the unit of the capture.
    pub output: Vec<f32>,
    /// Decision for every symbol.
    pub decided: Vec<u8>,
    /// Levels and thresholds, from the training symbols.
    pub slicer: Slicer,
    /// Symbols that trained.
    pub training_symbols: usize,
    /// Symbols that judge.
    pub judged: Range<usize>,
    /// Name of the kind.
    pub kind: &'static str,
    /// Why this one.
    pub why: String,
    /// Why the one that was asked for could not be trained, when it could not: a feed-forward
    /// one then stands in.
    pub refused: Option<String>,
}

/// The known symbols and how they are cut.
pub(super) struct Task<'a> {
    pub lesson: Lesson<'a>,
    filtered: &'a [f32],
    targets: Vec<f32>,
}

/// Trains on known symbols; `None` when no equalizer could be fitted.
pub fn with_reference(
    samples: &[f32],
    spacing: usize,
    sent: &[u8],
    levels: usize,
    window: Window,
    pad: f32,
    options: &ReceiveOptions,
) -> Option<Trained> {
    // Slow beats and hum are taken off samples and symbols alike before taps are fitted: a long
    // filter would else learn a notch at zero frequency and hide the interference, with the
    // levels, from every measure.
    // Only what trains is filtered; the moving average reaches over its end.
    let reach = (window.training.end + REACH).min(sent.len());
    let targets: Vec<f32> = sent[..reach]
        .iter()
        .map(|&s| nominal(levels, s) as f32)
        .collect();
    let targets = high_pass(&targets, 1);
    let filtered = high_pass(&samples[..(spacing * reach).min(samples.len())], spacing);
    let lesson = Lesson {
        samples,
        spacing,
        sent,
        levels,
        pad,
    };
    let task = Task {
        lesson,
        filtered: &filtered,
        targets,
    };
    let (shape, why) = task.choose(&window.training, options)?;
    let (equalizer, slicer) = task.train(&window.training, shape)?;
    let mut output = equalizer.feed_forward(samples);
    // Adaptive taps decide every symbol from the first training one on, so that nothing is left
    // for thresholds where training begins with the capture.
    let others_decide = is_adaptive(options.equalizer) && window.training.start == 0;
    let mut decided = match others_decide {
        true => Vec::new(),
        false => slicer.decide_all(&output),
    };
    if shape.feedback > 0 {
        let known: Vec<Option<u8>> = (0..output.len())
            .map(|k| window.training.contains(&k).then(|| sent[k]))
            .collect();
        let fed = equalizer.decision_feedback(&mut output, &slicer, &known);
        decided = output.iter().map(|&y| slicer.decide(y)).collect();
        debug_assert_eq!(fed.len(), decided.len());
    }
    let edge = shape.taps.div_ceil(2 * spacing) + 1;
    let first = window.judged.start.max(edge);
    let last = window.judged.end.min(output.len().saturating_sub(edge));
    if first >= last {
        return None;
    }
    let mut trained = Trained {
        equalizer,
        output,
        decided,
        slicer,
        training_symbols: window.training.len(),
        judged: first..last,
        kind: match (shape.feedback, shape.taps) {
            (0, 1) => "none",
            (0, _) => "ffe",
            _ => "ffe-dfe",
        },
        why,
        refused: None,
    };
    match task.decide_behind(&trained, &window.training, options) {
        Ok(None) => {}
        Ok(Some(behind)) => {
            (trained.kind, trained.why) = (behind.kind, behind.why);
            trained.decided = behind.decided;
        }
        Err(reason) => trained.refused = Some(reason),
    }
    if trained.decided.is_empty() {
        trained.decided = trained.slicer.decide_all(&trained.output);
    }
    Some(trained)
}

impl Task<'_> {
    /// Fits a shape and takes the levels from the same symbols.
    pub(super) fn train(&self, range: &Range<usize>, shape: Shape) -> Option<(Equalizer, Slicer)> {
        let equalizer = if shape.taps == 1 && shape.feedback == 0 {
            Equalizer::identity(self.lesson.spacing, self.lesson.pad)
        } else {
            let fit = least_squares::fit(self.filtered, &self.targets, range.clone(), shape, 0.0)?;
            Equalizer::from_fit(&fit, shape, self.lesson.pad)
        };
        let output = self.run(&equalizer, range, None);
        let mut slicer = Slicer::from_symbols(
            &output,
            &self.lesson.sent[range.clone()],
            self.lesson.levels,
        );
        slicer.refine_thresholds(&output, &self.lesson.sent[range.clone()]);
        slicer.is_sane().then_some((equalizer, slicer))
    }

    /// Output on a range. Feedback takes sent symbols, or with a slicer its own decisions.
    pub(super) fn run(
        &self,
        equalizer: &Equalizer,
        range: &Range<usize>,
        slicer: Option<&Slicer>,
    ) -> Vec<f32> {
        let reach = equalizer.taps.len().div_ceil(self.lesson.spacing) + equalizer.feedback.len();
        let first = range.start.saturating_sub(reach);
        let last = (range.end + reach).min(self.lesson.samples.len() / self.lesson.spacing);
        let mut output = equalizer.feed_forward(
            &self.lesson.samples[self.lesson.spacing * first..self.lesson.spacing * last],
        );
        output.truncate(range.end - first);
        if !equalizer.feedback.is_empty() {
            let known: Vec<Option<u8>> = (first..range.end)
                .map(|k| (slicer.is_none() || k < range.start).then(|| self.lesson.sent[k]))
                .collect();
            // With every symbol known the slicer decides nothing; any will do.
            let any = Slicer::from_symbols(
                &output,
                &self.lesson.sent[first..range.end],
                self.lesson.levels,
            );
            equalizer.decision_feedback(&mut output, slicer.unwrap_or(&any), &known);
        }
        output.split_off(range.start - first)
    }

    /// SNR of a shape: fitted on `fitted`, judged on `held`.
    fn held_out_snr(
        &self,
        fitted: &Range<usize>,
        held: &Range<usize>,
        shape: Shape,
    ) -> Option<f64> {
        let (equalizer, slicer) = self.train(fitted, shape)?;
        let output = self.run(&equalizer, held, Some(&slicer));
        let judged =
            Slicer::from_symbols(&output, &self.lesson.sent[held.clone()], self.lesson.levels);
        Some(judged.snr())
    }

    /// Picks a shape and says why.
    fn choose(&self, training: &Range<usize>, options: &ReceiveOptions) -> Option<(Shape, String)> {
        match options.equalizer {
            EqualizerChoice::None => return Some((self.shape(1, 0), "asked for".into())),
            choice if is_adaptive(choice) => {
                let taps = options.taps.unwrap_or(ADAPTIVE_TAPS);
                return Some((self.shape(taps, 0), "asked for".into()));
            }
            _ => {}
        }
        let compared = training.start..training.start + training.len().min(MAX_COMPARED);
        let cut = compared.start + compared.len() * 4 / 5;
        let (fitted, held) = (compared.start..cut, cut..compared.end);
        let snr = |s: Shape| self.held_out_snr(&fitted, &held, s).unwrap_or(0.0);
        let lengths = self.lengths(fitted.len(), options);
        let scored: Vec<(usize, f64)> = lengths
            .iter()
            .map(|&t| (t, snr(self.shape(t, 0))))
            .collect();
        let best = scored.iter().map(|s| s.1).fold(0.0, f64::max);
        let &(taps, forward) = scored.iter().find(|s| s.1 * WORTH >= best)?;
        let alone = format!(
            "{taps} taps: {:.2} dB SNR on held-out training symbols",
            decibels(forward)
        );
        if !matches!(
            options.equalizer,
            EqualizerChoice::Auto | EqualizerChoice::FfeDfe
        ) {
            return Some((self.shape(taps, 0), alone));
        }
        let fed = fed_lengths(&lengths, taps, options)
            .iter()
            .flat_map(|&t| FEEDBACK.map(|f| (t, f)))
            .map(|(t, f)| (t, f, snr(self.shape(t, f))))
            .max_by(|a, b| a.2.total_cmp(&b.2));
        match fed {
            Some((t, f, with))
                if options.equalizer == EqualizerChoice::FfeDfe
                    || with > WORTH_FEEDBACK * forward =>
            {
                let why = format!(
                    "{t} taps and {f} of feedback: {:.2} dB SNR on held-out training symbols, {:.2} dB without feedback",
                    decibels(with),
                    decibels(forward)
                );
                Some((self.shape(t, f), why))
            }
            _ => Some((self.shape(taps, 0), alone)),
        }
    }

    fn shape(&self, taps: usize, feedback: usize) -> Shape {
        Shape {
            spacing: self.lesson.spacing,
            taps,
            feedback,
        }
    }

    /// Feed-forward lengths worth trying with so many symbols to fit on.
    fn lengths(&self, fitted: usize, options: &ReceiveOptions) -> Vec<usize> {
        let candidates: Vec<usize> = match options.taps {
            Some(taps) => vec![taps],
            None if self.lesson.spacing == 1 => TAPS_T.to_vec(),
            None => TAPS_T2.to_vec(),
        };
        let may_be_none = options.equalizer == EqualizerChoice::Auto || options.taps.is_some();
        candidates
            .into_iter()
            // Taps are worth fitting only with about ten symbols for each.
            .filter(|&t| t == 1 || 10 * t <= fitted)
            .filter(|&t| t > 1 || may_be_none)
            .collect()
    }
}

/// Feed-forward lengths worth trying with feedback: feedback repairs what makes the forward part
/// long, so a shorter one is tried too.
fn fed_lengths(usable: &[usize], taps: usize, options: &ReceiveOptions) -> Vec<usize> {
    match options.taps {
        Some(t) => vec![t],
        None => usable
            .iter()
            .copied()
            .filter(|&t| t > 1 && t <= taps.max(21))
            .rev()
            .take(2)
            .collect(),
    }
}

fn is_adaptive(choice: EqualizerChoice) -> bool {
    use EqualizerChoice::{BlockLms, Lms, Rls, SignLms};
    matches!(choice, Lms | SignLms | BlockLms | Rls)
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.max(1e-12).log10()
}

impl Trained {
    /// Takes over a blind start and runs it over all samples.
    pub fn from_blind(blind: Blind, samples: &[f32], choice: EqualizerChoice) -> Self {
        let output = blind.equalizer.feed_forward(samples);
        let decided = blind.slicer.decide_all(&output);
        let symbols = output.len();
        let edge = blind.equalizer.taps.len() / blind.equalizer.shape.spacing / 2 + 1;
        let judged = edge.min(symbols)..symbols.saturating_sub(edge).max(edge.min(symbols));
        let taps = blind.equalizer.taps.len();
        Self {
            kind: if taps == 1 { "none" } else { "ffe" },
            why: match (choice, taps) {
                (EqualizerChoice::FfeDfe, _) => {
                    "no pattern: feedback cannot be trained, forward taps were found blindly".into()
                }
                (_, 1) => "the eye is open without one".into(),
                _ => "no pattern: found blindly, trained on decisions".into(),
            },
            equalizer: blind.equalizer,
            output,
            decided,
            slicer: blind.slicer,
            training_symbols: blind.trained,
            refused: None,
            judged,
        }
    }
}

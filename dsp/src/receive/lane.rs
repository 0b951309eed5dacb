//! One link on its way through the receiver.

use std::cell::OnceCell;

use etalon_types::pattern::Modulation;
use etalon_types::report::QualityFlag;

use super::doubt;
use super::front_end::Front;
use super::pattern_search::{
    Pattern, SEARCHED, correlate_candidates, pattern_name, registers, sends_complemented,
};
use crate::condition::flag;
use crate::equalizer::blind;
use crate::equalizer::least_squares::Shape;
use crate::equalizer::registry;
use crate::equalizer::train::{self, Trained};
use crate::measure::channel::{self, Channel};
use crate::measure::eye;
use crate::options::{EqualizerChoice, ModulationChoice, PatternChoice, ReceiveOptions};
use crate::pattern::register_lock;
use crate::slicer::{Slicer, cluster, nominal};
use crate::traces::{Eye, LevelHistogram};

/// Share of the symbols that guessing gets wrong from which on a pattern was a false find: it
/// gets as many wrong as guessing, a true one behind a shut eye rarely more than half as many.
const GUESSED_SHARE: f64 = 0.85;

/// Smallest over largest level spacing from which on four levels are four: two levels with noise,
/// cut into four, are spaced unevenly as long as the noise is small.
const MIN_EVENNESS: f64 = 0.35;

/// Within-level variance of a cut into four over that of a cut into two, below which there are
/// four levels. Cutting two true levels into four leaves (1 - 2/pi) = 36 % of the variance; four
/// true levels cut into four leave 10 % at an SNR of 17 dB.
const MAX_TWO_BY_FOUR: f64 = 0.3;

/// One link on its way through the receiver.
pub(super) struct Lane {
    pub front: Front,
    pub modulation: Modulation,
    pub pattern: Option<Pattern>,
    /// The blind start over the symbols in which a pattern is looked for, and its shape, when one
    /// was needed.
    blind: Option<(Shape, blind::Blind)>,
    trained: Option<Trained>,
    /// The channel, once it was wanted.
    channel: OnceCell<Option<Channel>>,
}

impl Lane {
    /// Finds modulation and pattern.
    pub fn start(front: Front, options: &ReceiveOptions, quality: &mut Vec<QualityFlag>) -> Self {
        let told = told_modulation(options);
        let mut lane = Self {
            front,
            modulation: told.unwrap_or(Modulation::Pam4),
            pattern: None,
            blind: None,
            trained: None,
            channel: OnceCell::new(),
        };
        // A told pattern is looked for by correlation first: that needs no open eye.
        if let Some(pattern) = told.and_then(|m| {
            let instants = lane.front.at_instants();
            correlate_candidates(&instants, &options.pattern, m, instants.len())
        }) {
            lane.pattern = Some(pattern);
            return lane;
        }
        lane.open_blind(told, options);
        if !matches!(options.pattern, PatternChoice::None) {
            lane.find_pattern(&options.pattern);
        }
        if lane.pattern.is_none()
            && !matches!(options.pattern, PatternChoice::None | PatternChoice::Auto)
        {
            quality.push(flag(
                "pattern-not-found",
                format!(
                    "{} does not occur in the capture, in any rotation or polarity",
                    pattern_name(&options.pattern)
                ),
            ));
        }
        lane
    }

    /// Opens the eye without a pattern; finds the modulation when it was not told.
    fn open_blind(&mut self, told: Option<Modulation>, options: &ReceiveOptions) {
        let taps = match options.equalizer {
            EqualizerChoice::None => 1,
            _ => options
                .taps
                .unwrap_or(if self.front.spacing == 1 { 21 } else { 31 }),
        };
        let shape = Shape {
            spacing: self.front.spacing,
            taps,
            feedback: 0,
        };
        // A start needs no more symbols than those that train it and in which a pattern is found.
        let head = self.front.symbols().min(SEARCHED) * self.front.spacing;
        let head = &self.front.samples[..head];
        let open = |m: Modulation| blind::start(head, shape, m.levels(), self.front.pad);
        let start = match told {
            Some(m) => open(m),
            None => {
                let four = open(Modulation::Pam4);
                // Judged on the four-level equalizer's output: the other one, trained to two
                // levels, can take the lower bit of a short pseudo-random pattern apart.
                let two_by_four = four.slicer.noise_variance()
                    / cluster(&four.output, 2)
                        .noise_variance()
                        .max(f64::MIN_POSITIVE);
                if two_by_four < MAX_TWO_BY_FOUR && evenness(&four.slicer) > MIN_EVENNESS {
                    self.modulation = Modulation::Pam4;
                    four
                } else {
                    self.modulation = Modulation::Nrz;
                    open(Modulation::Nrz)
                }
            }
        };
        self.blind = Some((shape, blind::run(start, head)));
    }

    /// Looks for the pattern in the blind receiver's output and decisions.
    ///
    /// Long registers first: a state in the decisions is found in a fraction of the time that the
    /// correlation with all the short patterns takes.
    fn find_pattern(&mut self, choice: &PatternChoice) {
        let Some((_, blind)) = &self.blind else {
            return;
        };
        let count = self.front.symbols();
        let decided = blind.slicer.decide_all(&blind.output);
        let locked = registers(choice, self.modulation)
            .into_iter()
            .find_map(|name| {
                let taps = name.taps()?;
                let (lock, sent) = register_lock::lock(&decided, taps, self.modulation, count)?;
                Some(Pattern {
                    name: name.to_string(),
                    inverted: lock.inverted
                        || (self.modulation == Modulation::Nrz
                            && lock.complemented != sends_complemented(name)),
                    lag: None,
                    period: sent.len(),
                    sent,
                })
            });
        self.pattern = match choice {
            // A told pattern that is short enough has a lag, which only correlation tells.
            PatternChoice::Named(_) => {
                correlate_candidates(&blind.output, choice, self.modulation, count).or(locked)
            }
            _ => locked
                .or_else(|| correlate_candidates(&blind.output, choice, self.modulation, count)),
        };
    }

    /// Trains the equalizer: on the pattern, or where there is none (or a false find, that no
    /// equalizer makes out of the samples) on the blind start's decisions.
    pub fn equalize(&mut self, options: &ReceiveOptions, quality: &mut Vec<QualityFlag>) {
        if let Some(pattern) = &self.pattern {
            self.trained = self.train_on(pattern, options);
        }
        let broken = self.broken_fit();
        if broken.is_some() {
            self.trained = None;
        }
        if let Some(trained) = &self.trained {
            if let Some(reason) = &trained.refused {
                quality.push(flag(
                    "equalizer-refused",
                    format!(
                        "{} could not be trained, {} decides: {reason}",
                        registry::name(options.equalizer),
                        trained.kind
                    ),
                ));
            }
            return;
        }
        if let Some(pattern) = self.pattern.take() {
            quality.push(flag(
                "pattern-not-found",
                format!(
                    "{} seemed to be there, but {}",
                    pattern.name,
                    broken
                        .as_deref()
                        .unwrap_or("no equalizer makes its symbols out of the samples")
                ),
            ));
        }
        if self.blind.is_none() {
            self.open_blind(Some(self.modulation), options);
        }
        if let Some((shape, start)) = self.blind.take() {
            let head = self.front.symbols().min(SEARCHED) * self.front.spacing;
            let head = &self.front.samples[..head];
            let blind = blind::finish(start, head, shape, self.front.pad);
            if blind.opening() < blind::MIN_OPENING {
                quality.push(flag(
                    "eye-closed",
                    format!(
                        "without a pattern the eye stays shut (half level spacing over noise {:.2}, as a heap without levels would show): nothing at the slicer is to be trusted",
                        blind.opening()
                    ),
                ));
            }
            let untrained = matches!(
                options.equalizer,
                EqualizerChoice::Auto
                    | EqualizerChoice::None
                    | EqualizerChoice::Ffe
                    | EqualizerChoice::FfeDfe
            );
            if !untrained {
                quality.push(flag(
                    "equalizer-refused",
                    format!(
                        "{} is trained on known symbols, and no pattern is known: a feed-forward equalizer, trained on decisions, decides",
                        registry::name(options.equalizer)
                    ),
                ));
            }
            self.trained = Some(Trained::from_blind(
                blind,
                &self.front.samples,
                options.equalizer,
            ));
        }
    }

    /// Trains on a pattern; `None` when the judged symbols are little better than guessed.
    fn train_on(&self, pattern: &Pattern, options: &ReceiveOptions) -> Option<Trained> {
        let front = &self.front;
        let lag = pattern.lag.unwrap_or(0) as usize;
        let levels = self.modulation.levels();
        let trained = train::with_reference(
            &front.samples,
            front.spacing,
            &pattern.sent,
            levels,
            train::window(front.symbols(), lag, pattern.period),
            front.pad,
            options,
        )?;
        let judged = trained.judged.clone();
        let wrong = judged
            .clone()
            .filter(|&k| trained.decided[k] != pattern.sent[k])
            .count();
        let guessed = 1.0 - 1.0 / levels as f64;
        (wrong as f64 <= GUESSED_SHARE * guessed * judged.len() as f64).then_some(trained)
    }

    /// Says where the pattern does not fit what was trained on it.
    fn broken_fit(&self) -> Option<String> {
        let (Some(_), Some(pattern)) = (&self.trained, &self.pattern) else {
            return None;
        };
        let (front, levels) = (&self.front, self.modulation.levels());
        doubt::broken_fit(&front.samples, front.spacing, &pattern.sent, levels)
    }

    /// Levels of the judged symbols.
    fn judged_levels(&self) -> Slicer {
        let trained = self.trained();
        let output = &trained.output[trained.judged.clone()];
        let (symbols, _) = self.judged_symbols();
        Slicer::from_symbols(output, symbols, self.modulation.levels())
    }

    /// Looks for levels that are missing and for an eye that opens and shuts; returns the levels
    /// of the judged symbols.
    pub fn doubt_levels(
        &mut self,
        options: &ReceiveOptions,
        quality: &mut Vec<QualityFlag>,
    ) -> Slicer {
        let trained = self.trained();
        let output = &trained.output[trained.judged.clone()];
        let levels = self.modulation.levels();
        let mut slicer = self.judged_levels();
        let known = match self.pattern {
            Some(_) => doubt::Symbols::Sent,
            None => doubt::Symbols::Decided,
        };
        let heaps = (levels == 2).then(|| doubt::third_heap(output)).flatten();
        // Counted errors of another modulation than the one sent are no figures of this link.
        if heaps.is_some() && told_modulation(options).is_none() {
            self.pattern = None;
            slicer = self.judged_levels();
        }
        if let Some(detail) = heaps.or_else(|| doubt::missing_level(&slicer, known)) {
            quality.push(flag("level-missing", detail));
        }
        let trained = self.trained();
        if self.front.spacing == 1
            && self.pattern.is_none()
            && let Some(detail) = doubt::unsteady_eye(
                &trained.output,
                &trained.decided,
                trained.judged.clone(),
                &slicer,
            )
        {
            quality.push(flag("eye-closed", detail));
        }
        slicer
    }

    /// Returns the trained equalizer and its output.
    pub fn trained(&self) -> &Trained {
        self.trained
            .as_ref()
            .expect("equalize() opens the eye blindly when nothing else trained")
    }

    /// The symbols that the channel is taken from: sent ones with a pattern, decided ones without.
    pub fn channel_symbols(&self) -> &[u8] {
        let symbols = self
            .pattern
            .as_ref()
            .map_or(&self.trained().decided, |p| &p.sent);
        &symbols[..symbols.len().min(channel::USED)]
    }

    /// The values of symbols: levels two apart about zero.
    pub fn targets(&self, symbols: &[u8]) -> Vec<f32> {
        let levels = self.modulation.levels();
        symbols.iter().map(|&s| nominal(levels, s) as f32).collect()
    }

    /// The channel from those symbols, when they excite it.
    pub fn channel(&self) -> Option<&Channel> {
        self.channel
            .get_or_init(|| {
                let targets = self.targets(self.channel_symbols());
                Channel::fit(&self.front.samples, &targets, self.front.spacing)
            })
            .as_ref()
    }

    /// Symbols that judge the receiver: sent ones with a pattern, decided ones without.
    pub fn judged_symbols(&self) -> (&[u8], &'static str) {
        let trained = self.trained();
        match &self.pattern {
            Some(p) => (&p.sent[trained.judged.clone()], "known symbols"),
            None => (
                &trained.decided[trained.judged.clone()],
                "decided symbols (biased up where decisions err)",
            ),
        }
    }

    /// Lists the wrong symbols, counted from the first judged one.
    pub fn error_positions(&self) -> Vec<u64> {
        let trained = self.trained();
        match &self.pattern {
            Some(p) => trained
                .judged
                .clone()
                .filter(|&k| trained.decided[k] != p.sent[k])
                .map(|k| (k - trained.judged.start) as u64)
                .collect(),
            None => Vec::new(),
        }
    }

    /// Counts the samples at the slicer by level.
    pub fn histogram(&self) -> LevelHistogram {
        let trained = self.trained();
        let (symbols, _) = self.judged_symbols();
        eye::histogram(
            &trained.output[trained.judged.clone()],
            symbols,
            &trained.slicer,
        )
    }

    /// Draws the eye; `samples` are the capture's own.
    pub fn eye(&self, samples: &[f32]) -> Eye {
        let trained = self.trained();
        if self.front.spacing == 1 {
            eye::at_the_slicer(
                &trained.output[trained.judged.clone()],
                &trained.equalizer,
                &trained.slicer,
            )
        } else {
            eye::oversampled(
                samples,
                &self.front.timing,
                &trained.equalizer,
                &trained.slicer,
            )
        }
    }
}

/// Smallest level spacing over the largest.
fn evenness(slicer: &Slicer) -> f64 {
    let spacings = slicer.means.windows(2).map(|w| w[1] - w[0]);
    let smallest = spacings.clone().fold(f64::INFINITY, f64::min);
    smallest / spacings.fold(f64::MIN_POSITIVE, f64::max)
}

/// The modulation as far as the options tell it.
fn told_modulation(options: &ReceiveOptions) -> Option<Modulation> {
    match (&options.modulation, &options.pattern) {
        (ModulationChoice::Is(m), _) => Some(*m),
        (_, PatternChoice::Named(name)) => Some(name.modulation()),
        (_, PatternChoice::Symbols { symbols, .. }) if symbols.iter().any(|&s| s > 1) => {
            Some(Modulation::Pam4)
        }
        (_, PatternChoice::Symbols { .. }) => Some(Modulation::Nrz),
        _ => None,
    }
}

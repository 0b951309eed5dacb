//! The receiver: condition, timing, equalize, align, measure, MPI.

use std::collections::BTreeMap;

use etalon_types::pattern::{Modulation, PatternName, symbols_to_bits};
use etalon_types::report::{
    EqualizerReport, Estimates, Input, Level, LinkParameters, LinkReport, Provenance, QualityFlag,
};
use etalon_types::{Figure, LinkReport as Report};

use crate::align::{self, Lock};
use crate::blind;
use crate::channel::Channel;
use crate::condition::{condition, flag};
use crate::eye;
use crate::least_squares::Shape;
use crate::levels;
use crate::line_code;
use crate::mpi;
use crate::options::{
    BaudChoice, EqualizerChoice, LineCode, ModulationChoice, PatternChoice, Quantity,
    ReceiveOptions,
};
use crate::register_lock;
use crate::resample;
use crate::slicer::{Slicer, nominal};
use crate::statistics::error_ratio;
use crate::timing::{self, Timing};
use crate::traces::Traces;
use crate::train::{self, Trained};
use crate::{Error, Observer, Reception};

/// Correlation coefficient of samples and symbols below which a peak is no lock. Two different
/// patterns of one register family can share a stretch and so stand out of the other lags with a
/// coefficient of a few hundredths; the worst real capture seen (56 GBd through 10G optics, a
/// fifth of the bits wrong before equalization) has 0.68.
const MIN_COEFFICIENT: f64 = 0.15;

/// Symbols below which nothing is measured.
const MIN_SYMBOLS: usize = 512;

/// Symbols at one (or two) samples each, ready for an equalizer.
struct Front {
    timing: Timing,
    baud_hz: f64,
    spacing: usize,
    /// Samples at `spacing` a symbol.
    samples: Vec<f32>,
    pad: f32,
}

impl Front {
    fn symbols(&self) -> usize {
        self.samples.len() / self.spacing
    }

    fn at_instants(&self) -> Vec<f32> {
        self.samples.iter().step_by(self.spacing).copied().collect()
    }
}

/// What the receiver knows of the transmitted symbols.
struct Pattern {
    name: String,
    inverted: bool,
    lag: Option<u64>,
    /// Symbols of one period that the capture can hold whole, or the whole capture.
    period: usize,
    /// The transmitted symbol of every symbol, in the capture's polarity.
    sent: Vec<u8>,
}

/// Turns samples into figures.
///
/// # Shapes
/// `samples` are in the unit of the capture, at a constant interval of `sample_interval_s`
/// seconds.
///
/// # Errors
/// [`Error`] when the options make no sense. Trouble within the capture is a quality flag.
///
/// # Example
/// ```
/// use etalon_dsp::{BaudChoice, PatternChoice, ReceiveOptions, receive};
/// use etalon_types::PatternName;
///
/// let name: PatternName = "prbs13q".parse().unwrap();
/// // Four noiseless levels at one sample a symbol; the noise is a small deterministic wobble.
/// let samples: Vec<f32> = name
///     .symbols(20_000)
///     .iter()
///     .enumerate()
///     .map(|(k, &s)| 1.0 + 0.5 * f32::from(s) + 0.02 * ((k * k) as f32).sin())
///     .collect();
/// let options = ReceiveOptions {
///     baud: BaudChoice::Is(26.5625e9),
///     pattern: PatternChoice::Named(name),
///     ..Default::default()
/// };
/// let report = receive(&samples, 1.0 / 26.5625e9, &options, &mut ()).unwrap().report;
/// assert_eq!(report.link.lag, Some(0));
/// assert_eq!(report.estimates.pre_fec_ber.low(), Some(0.0)); // no errors: an upper bound
/// ```
pub fn receive(
    samples: &[f32],
    sample_interval_s: f64,
    options: &ReceiveOptions,
    observer: &mut dyn Observer,
) -> Result<Reception, Error> {
    check_options(sample_interval_s, options)?;
    observer.stage("condition");
    let condition = condition(samples);
    let mut quality = condition.flags;
    let used = &samples[condition.range];
    if let Some(reason) = condition.fatal {
        return Ok(unmeasured(
            samples.len(),
            sample_interval_s,
            options,
            quality,
            &reason,
        ));
    }
    observer.stage("timing");
    let front = match front_end(used, 1.0 / sample_interval_s, options, &mut quality)? {
        Ok(front) => front,
        Err(reason) => {
            return Ok(unmeasured(
                samples.len(),
                sample_interval_s,
                options,
                quality,
                &reason,
            ));
        }
    };
    observer.stage("align");
    let mut lane = Lane::start(front, options, &mut quality);
    observer.stage("equalize");
    lane.equalize(options, &mut quality);
    observer.stage("measure");
    let mut report = lane.report(samples.len(), sample_interval_s, options, quality);
    let mut traces = Traces {
        error_positions: lane.error_positions(),
        ..Traces::default()
    };
    if options.measures.eye {
        traces.eye = Some(lane.eye(used));
    }
    traces.levels = Some(lane.histogram());
    observer.stage("mpi");
    if options.measures.mpi {
        lane.assess_mpi(options, &mut report, &mut traces);
    }
    Ok(Reception { report, traces })
}

fn check_options(sample_interval_s: f64, options: &ReceiveOptions) -> Result<(), Error> {
    if !(sample_interval_s.is_finite() && sample_interval_s > 0.0) {
        return Err(Error::NoSampleRate);
    }
    if let BaudChoice::Is(baud_hz) = options.baud {
        let sample_rate_hz = 1.0 / sample_interval_s;
        let sps = sample_rate_hz / baud_hz;
        let one = (sps - 1.0).abs() < 1e-3;
        if !baud_hz.is_finite() || baud_hz <= 0.0 || !(one || sps >= 1.1) {
            return Err(Error::ImpossibleBaud {
                baud_hz,
                sample_rate_hz,
            });
        }
    }
    if let Some(taps) = options.taps.filter(|t| !(1..=1025).contains(t)) {
        return Err(Error::Option {
            option: "--taps",
            expected: "1 to 1025".into(),
            found: taps.to_string(),
        });
    }
    if !options.zero.is_finite() {
        return Err(Error::Option {
            option: "--zero",
            expected: "a finite level".into(),
            found: options.zero.to_string(),
        });
    }
    Ok(())
}

/// Timing and resampling. The inner error is a reason why nothing can be measured.
fn front_end(
    samples: &[f32],
    sample_rate_hz: f64,
    options: &ReceiveOptions,
    quality: &mut Vec<QualityFlag>,
) -> Result<Result<Front, String>, Error> {
    let baud_hz = match options.baud {
        BaudChoice::Is(baud_hz) => baud_hz,
        BaudChoice::Auto => search_baud(samples, sample_rate_hz)?,
    };
    let sps = sample_rate_hz / baud_hz;
    let pad = (samples.iter().map(|&x| f64::from(x)).sum::<f64>() / samples.len() as f64) as f32;
    if (samples.len() as f64) < MIN_SYMBOLS as f64 * sps {
        let reason = format!(
            "the capture holds {:.0} symbols, at least {MIN_SYMBOLS} are needed",
            samples.len() as f64 / sps
        );
        quality.push(flag("too-short", reason.clone()));
        return Ok(Err(reason));
    }
    if (sps - 1.0).abs() < 1e-3 {
        let timing = Timing::one_per_symbol();
        return Ok(Ok(Front {
            timing,
            baud_hz,
            spacing: 1,
            samples: samples.to_vec(),
            pad,
        }));
    }
    let timing = timing::recover(samples, sps);
    if timing.significance < timing::MIN_SIGNIFICANCE {
        let reason = format!(
            "no clock at {:.6} GBd: the timing tone stands {:.1} standard deviations out of the noise, {} are needed",
            baud_hz / 1e9,
            timing.significance,
            timing::MIN_SIGNIFICANCE
        );
        quality.push(flag("wrong-rate", reason.clone()));
        return Ok(Err(reason));
    }
    if timing.wander_ui() > 0.1 {
        quality.push(flag(
            "drift",
            format!(
                "the clock wanders by {:.2} UI rms about a straight line",
                timing.wander_ui()
            ),
        ));
    }
    let resampled = resample::two_per_symbol(samples, &timing);
    Ok(Ok(Front {
        timing,
        baud_hz,
        spacing: 2,
        samples: resampled,
        pad,
    }))
}

fn search_baud(samples: &[f32], sample_rate_hz: f64) -> Result<f64, Error> {
    let ranked = timing::rank_standard_rates(samples, sample_rate_hz);
    match ranked.as_slice() {
        // Twice the significance needed for a told rate, and clear of the runner-up: a wrong
        // rate that is found with confidence would be worse than none.
        [(rate, best), rest @ ..]
            if *best > 2.0 * timing::MIN_SIGNIFICANCE
                && rest.first().is_none_or(|r| *best > 2.0 * r.1) =>
        {
            Ok(*rate)
        }
        _ => Err(Error::NoBaud {
            likely: ranked.iter().take(3).map(|r| r.0).collect(),
        }),
    }
}

/// One link on its way through the receiver.
struct Lane {
    front: Front,
    modulation: Modulation,
    pattern: Option<Pattern>,
    blind: Option<blind::Blind>,
    trained: Option<Trained>,
}

impl Lane {
    /// Finds modulation and pattern.
    fn start(front: Front, options: &ReceiveOptions, quality: &mut Vec<QualityFlag>) -> Self {
        let told = match (&options.modulation, &options.pattern) {
            (ModulationChoice::Is(m), _) => Some(*m),
            (_, PatternChoice::Named(name)) => Some(name.modulation()),
            (_, PatternChoice::Symbols { symbols, .. }) => {
                Some(if symbols.iter().any(|&s| s > 1) {
                    Modulation::Pam4
                } else {
                    Modulation::Nrz
                })
            }
            _ => None,
        };
        let instants = front.at_instants();
        let mut lane = Self {
            front,
            modulation: told.unwrap_or(Modulation::Pam4),
            pattern: None,
            blind: None,
            trained: None,
        };
        // A told pattern is looked for by correlation first: that needs no open eye.
        if let Some(pattern) =
            told.and_then(|m| correlate_candidates(&instants, &options.pattern, m))
        {
            lane.pattern = Some(pattern);
            return lane;
        }
        lane.open_blind(told, options);
        if lane.pattern.is_none() && !matches!(options.pattern, PatternChoice::None) {
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
        let open =
            |m: Modulation| blind::equalize(&self.front.samples, shape, m.levels(), self.front.pad);
        let blind = match told {
            Some(m) => open(m),
            None => {
                let (two, four) = (open(Modulation::Nrz), open(Modulation::Pam4));
                // Cutting two true levels into four leaves (1 - 2/pi) = 36 % of the variance;
                // four true levels cut into four leave 10 % at an SNR of 17 dB.
                let two_by_four = crate::slicer::cluster(&two.output, 4).noise_variance()
                    / two.slicer.noise_variance();
                if two_by_four < 0.25 && four.opening() > 1.0 {
                    self.modulation = Modulation::Pam4;
                    four
                } else {
                    self.modulation = Modulation::Nrz;
                    two
                }
            }
        };
        self.blind = Some(blind);
    }

    /// Looks for the pattern in the blind receiver's output and decisions.
    fn find_pattern(&mut self, choice: &PatternChoice) {
        let Some(blind) = &self.blind else { return };
        if let Some(pattern) = correlate_candidates(&blind.output, choice, self.modulation) {
            self.pattern = Some(pattern);
            return;
        }
        let decided = blind.slicer.decide_all(&blind.output);
        for name in registers(choice, self.modulation) {
            let Some(taps) = name.taps() else { continue };
            if let Some((lock, sent)) = register_lock::lock(&decided, taps, self.modulation) {
                self.pattern = Some(Pattern {
                    name: name.to_string(),
                    inverted: lock.inverted
                        || (self.modulation == Modulation::Nrz
                            && lock.complemented != sends_complemented(name)),
                    lag: None,
                    period: sent.len(),
                    sent,
                });
                return;
            }
        }
    }

    /// Trains on the pattern, or takes over the blind start when there is none, or when training
    /// shows that the pattern was a false find.
    fn equalize(&mut self, options: &ReceiveOptions, quality: &mut Vec<QualityFlag>) {
        if let Some(pattern) = &self.pattern {
            self.trained = self.train_on(pattern, options);
            if self.trained.is_none() {
                let name = self.pattern.take().map(|p| p.name).unwrap_or_default();
                quality.push(flag(
                    "pattern-not-found",
                    format!("{name} seemed to be there, but no equalizer makes its symbols out of the samples"),
                ));
            }
        }
        if self.trained.is_none() {
            if self.blind.is_none() {
                self.open_blind(Some(self.modulation), options);
            }
            let blind = self.blind.take().expect("open_blind() leaves a start");
            self.trained = Some(Trained::from_blind(blind, options.equalizer));
        }
    }

    /// Trains; `None` when the judged symbols are little better than guessed.
    fn train_on(&self, pattern: &Pattern, options: &ReceiveOptions) -> Option<Trained> {
        let front = &self.front;
        let lag = pattern.lag.unwrap_or(0) as usize;
        let window = train::window(front.symbols(), lag, pattern.period);
        let levels = self.modulation.levels();
        let trained = train::with_reference(
            &front.samples,
            front.spacing,
            &pattern.sent,
            levels,
            window,
            front.pad,
            options,
        )?;
        let wrong = trained
            .judged
            .clone()
            .filter(|&k| trained.decided[k] != pattern.sent[k])
            .count();
        let guessed = 1.0 - 1.0 / levels as f64;
        (2.0 * wrong as f64 <= guessed * trained.judged.len() as f64).then_some(trained)
    }

    fn trained(&self) -> &Trained {
        self.trained
            .as_ref()
            .expect("equalize() has run and always leaves a result")
    }

    /// Symbols that judge the receiver: sent ones with a pattern, decided ones without.
    fn judged_symbols(&self) -> (Vec<u8>, &'static str) {
        let trained = self.trained();
        match &self.pattern {
            Some(p) => (p.sent[trained.judged.clone()].to_vec(), "known symbols"),
            None => (
                trained.decided[trained.judged.clone()].to_vec(),
                "decided symbols (biased up where decisions err)",
            ),
        }
    }

    fn error_positions(&self) -> Vec<u64> {
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

    fn histogram(&self) -> crate::traces::LevelHistogram {
        let trained = self.trained();
        let (symbols, _) = self.judged_symbols();
        eye::histogram(
            &trained.output[trained.judged.clone()],
            &symbols,
            &trained.slicer,
        )
    }

    fn eye(&self, samples: &[f32]) -> crate::traces::Eye {
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

impl Lane {
    /// Makes the report, all but the interference.
    fn report(
        &self,
        count: usize,
        sample_interval_s: f64,
        options: &ReceiveOptions,
        mut quality: Vec<QualityFlag>,
    ) -> LinkReport {
        let trained = self.trained();
        let (symbols, source) = self.judged_symbols();
        let output = &trained.output[trained.judged.clone()];
        let slicer = Slicer::from_symbols(output, &symbols, self.modulation.levels());
        let quantity = self.quantity(options, &slicer, &mut quality);
        let (ber, ser) = self.error_ratios(options);
        if let Some(ser) = ser.value()
            && ser > 0.3
        {
            quality.push(flag(
                "eye-closed",
                format!("symbol error ratio {ser:.2}: no figure of this report is to be trusted"),
            ));
        }
        let mut estimates = not_yet(&slicer, source);
        (estimates.pre_fec_ber, estimates.ser) = (ber, ser);
        (estimates.rlm_120d, estimates.rlm_94) = levels::rlm(&slicer);
        self.outer(options, quantity, &slicer, &mut estimates);
        let features = self.features(&slicer, &estimates);
        Report {
            schema: Report::SCHEMA.into(),
            input: Input {
                samples: count as u64,
                sample_interval_s,
                ..Input::default()
            },
            link: self.link(options),
            estimates,
            mpi_paths: Vec::new(),
            line_code: self.line_code(options),
            equalizer: self.equalizer_report(),
            levels: (0..slicer.means.len())
                .map(|i| Level {
                    mean: slicer.means[i],
                    sigma: slicer.sigmas[i],
                    count: slicer.counts[i],
                })
                .collect(),
            mpi_regime: None,
            features,
            quality,
            classification: None,
            provenance: Provenance::default(),
            timing_s: BTreeMap::new(),
        }
    }

    fn link(&self, _options: &ReceiveOptions) -> LinkParameters {
        let offset = 1.0 + self.front.timing.offset_ppm * 1e-6;
        LinkParameters {
            modulation: self.modulation,
            baud_hz: self.front.baud_hz * offset,
            samples_per_symbol: self.front.timing.samples_per_symbol / offset,
            pattern: self.pattern.as_ref().map(|p| p.name.clone()),
            polarity: self
                .pattern
                .as_ref()
                .map(|p| if p.inverted { "inverted" } else { "normal" }.to_owned()),
            lag: self.pattern.as_ref().and_then(|p| p.lag),
        }
    }

    fn equalizer_report(&self) -> EqualizerReport {
        let trained = self.trained();
        EqualizerReport {
            kind: trained.kind.into(),
            taps: trained
                .equalizer
                .taps
                .iter()
                .map(|&w| f64::from(w))
                .collect(),
            tap_spacing_ui: 1.0 / trained.equalizer.shape.spacing as f64,
            feedback: trained
                .equalizer
                .feedback
                .iter()
                .map(|&w| f64::from(w))
                .collect(),
            main_cursor: trained.equalizer.main_cursor(),
            training_symbols: trained.training_symbols as u64,
            judged_symbols: trained.judged.len() as u64,
            why: trained.why.clone(),
        }
    }

    fn line_code(&self, options: &ReceiveOptions) -> Option<etalon_types::report::LineCodeCheck> {
        match options.line_code {
            LineCode::None => None,
            LineCode::Code64b66b => {
                line_code::check_64b66b(&symbols_to_bits(&self.trained().decided, self.modulation))
            }
        }
    }

    /// Bit and symbol error ratios on symbols that trained nothing.
    fn error_ratios(&self, options: &ReceiveOptions) -> (Figure, Figure) {
        let trained = self.trained();
        let Some(pattern) = &self.pattern else {
            let reason = match options.pattern {
                PatternChoice::None => "no pattern was given: errors cannot be counted",
                PatternChoice::Auto => "no known pattern was found: errors cannot be counted",
                _ => "the pattern was not found in the capture: errors cannot be counted",
            };
            return (
                Figure::not_measurable(reason),
                Figure::not_measurable(reason),
            );
        };
        let sent = &pattern.sent[trained.judged.clone()];
        let decided = &trained.decided[trained.judged.clone()];
        let symbol_errors = sent.iter().zip(decided).filter(|(a, b)| a != b).count() as u64;
        let bits = |s: &[u8]| symbols_to_bits(s, self.modulation);
        let bit_errors = bits(sent)
            .iter()
            .zip(&bits(decided))
            .filter(|(a, b)| a != b)
            .count() as u64;
        let n = sent.len() as u64;
        let bit_count = n * self.modulation.bits_per_symbol() as u64;
        (
            error_ratio(
                bit_errors,
                bit_count,
                "pattern",
                "bit errors over bits that trained nothing, Gray-mapped",
            ),
            error_ratio(
                symbol_errors,
                n,
                "pattern",
                "symbol errors over symbols that trained nothing",
            ),
        )
    }

    /// Decides whether the samples are optical power.
    fn quantity(
        &self,
        options: &ReceiveOptions,
        slicer: &Slicer,
        quality: &mut Vec<QualityFlag>,
    ) -> Quantity {
        if options.quantity != Quantity::Unknown {
            return options.quantity;
        }
        let bottom = slicer.means[0] - options.zero;
        let top = slicer.means[slicer.means.len() - 1] - options.zero;
        let ratio_db = 10.0 * (top / bottom.max(f64::MIN_POSITIVE)).log10();
        if bottom > 5.0 * slicer.sigmas[0] / (slicer.counts[0].max(1) as f64).sqrt()
            && (1.0..=20.0).contains(&ratio_db)
            && bottom > 0.0
        {
            quality.push(flag(
                "assumed-optical",
                format!("every level lies above zero ({ratio_db:.1} dB from lowest to highest), so the samples are taken as optical power; --optical says so, --zero sets the dark level"),
            ));
            Quantity::OpticalPower
        } else {
            Quantity::Voltage
        }
    }

    /// OMA and extinction ratio.
    fn outer(
        &self,
        options: &ReceiveOptions,
        quantity: Quantity,
        slicer: &Slicer,
        estimates: &mut Estimates,
    ) {
        let trained = self.trained();
        let n = self.modulation.levels();
        let symbols = self.pattern.as_ref().map_or(&trained.decided, |p| &p.sent);
        let sigma = slicer.noise_variance().sqrt();
        let runs = levels::outer_levels(&self.front.samples, symbols, self.front.spacing, n);
        let (outer, definition) = match runs {
            Some(runs) => (
                runs,
                "P3 - P0: means over the central 2 UI of runs of at least seven 3s and six 0s before the equalizer, IEEE 802.3 121.8.4",
            ),
            None => (
                levels::OuterLevels {
                    top: (
                        slicer.means[n - 1],
                        slicer.sigmas[n - 1] / (slicer.counts[n - 1].max(1) as f64).sqrt(),
                    ),
                    bottom: (
                        slicer.means[0],
                        slicer.sigmas[0] / (slicer.counts[0].max(1) as f64).sqrt(),
                    ),
                    runs: (slicer.counts[n - 1], slicer.counts[0]),
                },
                "difference of the outer level means at the slicer: the capture holds no long runs",
            ),
        };
        let (oma, er) = levels::oma_and_er(&outer, options.zero, "sample", sigma, definition);
        estimates.oma_outer = oma;
        estimates.extinction_ratio_db = if quantity == Quantity::OpticalPower {
            er
        } else {
            Figure::not_measurable(
                "the samples are not known to be optical power: a ratio needs a true zero (--optical, --zero)",
            )
        };
    }

    /// The optical power of every symbol through an equalizer that cannot learn the beat, its
    /// levels, and the lags that its span covers. `None` when that equalizer does much worse than
    /// the link's own.
    fn power(&self, options: &ReceiveOptions) -> Option<(Vec<f32>, Slicer, usize)> {
        let trained = self.trained();
        let levels = self.modulation.levels();
        let targets: Vec<f32> = trained
            .decided
            .iter()
            .map(|&s| nominal(levels, s) as f32)
            .collect();
        let channel = Channel::fit(&self.front.samples, &targets, self.front.spacing)?;
        let symbol_power =
            targets.iter().map(|&d| f64::from(d * d)).sum::<f64>() / targets.len() as f64;
        let equalizer = mpi::front::design(
            &channel,
            symbol_power,
            channel.residual_power,
            self.front.pad,
        )?;
        let power: Vec<f32> = equalizer
            .feed_forward(&self.front.samples)
            .iter()
            .map(|&y| y - options.zero as f32)
            .collect();
        let slicer = Slicer::from_symbols(&power, &trained.decided, levels);
        let own = Slicer::from_symbols(&trained.output, &trained.decided, levels);
        let guard = equalizer.taps.len() / self.front.spacing + 4;
        // Six decibels of SNR lost: what is left is intersymbol interference, not the beat. (Less
        // than that a long or feedback equalizer can win by fighting the beat itself.)
        (slicer.is_sane() && slicer.snr() > 0.25 * own.snr()).then_some((power, slicer, guard))
    }

    /// What the classifier sees.
    fn features(&self, slicer: &Slicer, estimates: &Estimates) -> BTreeMap<String, f64> {
        let trained = self.trained();
        let mut features = BTreeMap::new();
        let mut put = |name: &str, value: f64| {
            if value.is_finite() {
                features.insert(name.to_owned(), value);
            }
        };
        put("levels", slicer.means.len() as f64);
        put("snr_db", 10.0 * slicer.snr().log10());
        put(
            "noise_enhancement_db",
            trained.equalizer.noise_enhancement_db(),
        );
        put("samples_per_symbol", self.front.timing.samples_per_symbol);
        put("clock_offset_ppm", self.front.timing.offset_ppm);
        put("clock_wander_ui", self.front.timing.wander_ui());
        put("feedback_taps", trained.equalizer.feedback.len() as f64);
        if let Some(rlm) = estimates.rlm_120d.value() {
            put("rlm_120d", rlm);
        }
        let targets: Vec<f32> = self
            .pattern
            .as_ref()
            .map_or(&trained.decided, |p| &p.sent)
            .iter()
            .map(|&s| nominal(self.modulation.levels(), s) as f32)
            .collect();
        if let Some(channel) = Channel::fit(&self.front.samples, &targets, self.front.spacing) {
            put("channel_bandwidth_baud", channel.bandwidth());
            put("nyquist_loss_db", -channel.gain_db(0.5));
            put("quarter_baud_loss_db", -channel.gain_db(0.25));
        }
        put("noise_slope", noise_slope(slicer));
        put("raw_snr_db", self.raw_snr_db());
        features
    }

    /// SNR at the decision instants before the equalizer.
    fn raw_snr_db(&self) -> f64 {
        let trained = self.trained();
        let instants = self.front.at_instants();
        let (symbols, _) = self.judged_symbols();
        let raw = Slicer::from_symbols(
            &instants[trained.judged.clone()],
            &symbols,
            self.modulation.levels(),
        );
        10.0 * raw.snr().log10()
    }

    /// Interference.
    fn assess_mpi(&self, options: &ReceiveOptions, report: &mut LinkReport, traces: &mut Traces) {
        let assumed = report.quality.iter().any(|q| q.flag == "assumed-optical");
        let none = |reason: &str| Figure::not_measurable(reason);
        if options.quantity != Quantity::OpticalPower && !assumed {
            report.estimates.mpi_db = none(
                "the samples are not known to be optical power: the beat is told by its square-root law (--optical, --zero)",
            );
            return;
        }
        if report.estimates.ser.value().is_some_and(|s| s > 0.1) {
            report.estimates.mpi_db = none(
                "more than a tenth of the symbols are wrong: the residual is not that of the signal",
            );
            return;
        }
        let Some((power, slicer, guard)) = self.power(options) else {
            report.estimates.mpi_db = none(
                "the pulse response cannot be inverted by a short equalizer, and a long one would learn the beat",
            );
            return;
        };
        let input = mpi::Input {
            power: &power,
            slicer: &slicer,
            baud_hz: report.link.baud_hz,
            guard,
            linewidth_hz: options.linewidth_hz,
        };
        let found = mpi::assess(&input);
        report.features.insert(
            "beat_significance".into(),
            found.beat_significance.clamp(-1e6, 1e6),
        );
        report
            .features
            .insert("beat_share".into(), found.beat_share);
        if let Some(level) = found.level.value() {
            report.features.insert("mpi_db".into(), level);
        }
        if let Some(gram) = &found.reflectogram {
            let peak = gram.significance.iter().copied().fold(0.0, f64::max);
            report.features.insert("reflectogram_peak".into(), peak);
            report
                .features
                .insert("reflectogram_threshold".into(), gram.threshold);
        }
        report.estimates.mpi_db = found.level;
        report.estimates.linewidth_hz = found.linewidth;
        report.mpi_regime = found.regime;
        if options.measures.reflectogram {
            report.mpi_paths = found.paths;
            traces.reflectogram = found.reflectogram;
        }
        traces.spectrum = found.spectrum;
    }
}

/// Relative growth of the noise variance from the lowest to the highest level.
fn noise_slope(slicer: &Slicer) -> f64 {
    let last = slicer.means.len() - 1;
    (slicer.sigmas[last] / slicer.sigmas[0].max(f64::MIN_POSITIVE)).powi(2)
}

/// Figures before any was measured, with the SNR.
fn not_yet(slicer: &Slicer, source: &str) -> Estimates {
    let later =
        |what: &str| Figure::not_measurable(format!("this version does not compute {what}"));
    Estimates {
        pre_fec_ber: later("BER"),
        ser: later("SER"),
        snr_db: levels::snr(slicer, source),
        oma_outer: later("OMA"),
        extinction_ratio_db: later("ER"),
        rlm_120d: later("RLM"),
        rlm_94: later("RLM"),
        tdecq_db: later("TDECQ"),
        ceq_db: later("Ceq"),
        mpi_db: Figure::not_measurable("not asked for (--measure)"),
        linewidth_hz: Figure::not_measurable("no interference to take it from"),
        frame_error_ratio_kp4: later("frame error ratios"),
        burst_factor: later("burst factors"),
    }
}

/// A report of a capture in which nothing can be measured.
fn unmeasured(
    count: usize,
    sample_interval_s: f64,
    options: &ReceiveOptions,
    quality: Vec<QualityFlag>,
    reason: &str,
) -> Reception {
    let none = || Figure::not_measurable(reason);
    let baud_hz = match options.baud {
        BaudChoice::Is(baud_hz) => baud_hz,
        BaudChoice::Auto => 0.0,
    };
    let modulation = match options.modulation {
        ModulationChoice::Is(m) => m,
        ModulationChoice::Auto => Modulation::Pam4,
    };
    let report = Report {
        schema: Report::SCHEMA.into(),
        input: Input {
            samples: count as u64,
            sample_interval_s,
            ..Input::default()
        },
        link: LinkParameters {
            modulation,
            baud_hz,
            samples_per_symbol: if baud_hz > 0.0 {
                1.0 / (sample_interval_s * baud_hz)
            } else {
                0.0
            },
            pattern: None,
            polarity: None,
            lag: None,
        },
        estimates: Estimates {
            pre_fec_ber: none(),
            ser: none(),
            snr_db: none(),
            oma_outer: none(),
            extinction_ratio_db: none(),
            rlm_120d: none(),
            rlm_94: none(),
            tdecq_db: none(),
            ceq_db: none(),
            mpi_db: none(),
            linewidth_hz: none(),
            frame_error_ratio_kp4: none(),
            burst_factor: none(),
        },
        mpi_paths: Vec::new(),
        line_code: None,
        equalizer: EqualizerReport {
            kind: "none".into(),
            taps: Vec::new(),
            tap_spacing_ui: 1.0,
            feedback: Vec::new(),
            main_cursor: 0,
            training_symbols: 0,
            judged_symbols: 0,
            why: reason.into(),
        },
        levels: Vec::new(),
        mpi_regime: None,
        features: BTreeMap::new(),
        quality,
        classification: None,
        provenance: Provenance::default(),
        timing_s: BTreeMap::new(),
    };
    Reception {
        report,
        traces: Traces::default(),
    }
}

fn pattern_name(choice: &PatternChoice) -> String {
    match choice {
        PatternChoice::Auto => "auto".into(),
        PatternChoice::None => "none".into(),
        PatternChoice::Named(name) => name.to_string(),
        PatternChoice::Symbols { name, .. } => name.clone(),
    }
}

/// Says whether the standard transmits the complement of the register's output.
fn sends_complemented(name: PatternName) -> bool {
    matches!(name, PatternName::Prbs(31) | PatternName::PrbsQ(31))
}

/// Patterns short enough to correlate.
fn correlated(choice: &PatternChoice, modulation: Modulation) -> Vec<PatternName> {
    match choice {
        PatternChoice::Named(name) => vec![*name],
        PatternChoice::Auto => match modulation {
            Modulation::Nrz => [7, 9, 11, 13, 15].map(PatternName::Prbs).to_vec(),
            Modulation::Pam4 => {
                let mut names = vec![PatternName::Ssprq];
                names.extend([13, 15, 11, 9, 7].map(PatternName::PrbsQ));
                names
            }
        },
        _ => Vec::new(),
    }
}

/// Patterns that are locked by their register.
fn registers(choice: &PatternChoice, modulation: Modulation) -> Vec<PatternName> {
    match choice {
        PatternChoice::Named(name) => vec![*name],
        PatternChoice::Auto => match modulation {
            Modulation::Nrz => [20, 23, 31].map(PatternName::Prbs).to_vec(),
            Modulation::Pam4 => [20, 23, 31].map(PatternName::PrbsQ).to_vec(),
        },
        _ => Vec::new(),
    }
}

/// Finds the best of the correlated candidates.
fn correlate_candidates(
    samples: &[f32],
    choice: &PatternChoice,
    modulation: Modulation,
) -> Option<Pattern> {
    let levels = modulation.levels();
    let make = |name: String, pattern: &[u8]| -> Option<(f64, Pattern)> {
        let lock: Lock = align::correlate(samples, pattern, levels)?;
        let sent = align::reference(pattern, &lock, samples.len(), levels);
        let found = Pattern {
            name,
            inverted: lock.inverted,
            lag: Some(lock.lag as u64),
            period: pattern.len(),
            sent,
        };
        let rho = coefficient(samples, &found.sent, levels);
        (rho >= MIN_COEFFICIENT).then_some((rho, found))
    };
    let best = match choice {
        PatternChoice::Symbols { name, symbols } => make(name.clone(), symbols),
        _ => correlated(choice, modulation)
            .into_iter()
            .filter(|name| {
                name.modulation() == modulation && name.period_symbols() <= align::MAX_PERIOD as u64
            })
            .filter_map(|name| {
                make(
                    name.to_string(),
                    &name.symbols(name.period_symbols() as usize),
                )
            })
            .max_by(|a, b| a.0.total_cmp(&b.0)),
    };
    best.map(|b| b.1)
}

/// Correlation coefficient of samples and symbols.
fn coefficient(samples: &[f32], sent: &[u8], levels: usize) -> f64 {
    let n = samples.len() as f64;
    let (mut sx, mut sy, mut sxx, mut syy, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&x, &s) in samples.iter().zip(sent) {
        let (x, y) = (f64::from(x), nominal(levels, s));
        sx += x;
        sy += y;
        sxx += x * x;
        syy += y * y;
        sxy += x * y;
    }
    let cov = sxy - sx * sy / n;
    cov / ((sxx - sx * sx / n) * (syy - sy * sy / n))
        .sqrt()
        .max(f64::MIN_POSITIVE)
}

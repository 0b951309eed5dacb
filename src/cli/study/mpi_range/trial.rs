//! One link with one, two, three or no paths: drawn, simulated, searched.

use std::f64::consts::{FRAC_2_PI, PI};

use etalon_dsp::options::{EqualizerChoice, Measures};
use etalon_dsp::{BaudChoice, ReceiveOptions};
use etalon_twin::link::{LinkConfig, Reflection, SymbolSource, simulate, theory};
use etalon_types::PatternName;
use etalon_types::report::MpiPath;
use etalon_types::units::{Db, Hertz, Seconds};
use serde::{Deserialize, Serialize};

use super::super::capture::{self, BAUD, Known};
use super::super::draw::Draws;
use super::super::harness::Error;
use crate::pipeline::{Identity, analyze_trace};

/// Symbols of a capture.
const SYMBOLS: usize = 1 << 20;
/// Symbols of a capture with a path of 5 ns.
const NEAR_SYMBOLS: usize = 1 << 17;
/// Delay of [`Case::Near`] in symbols: 5.007 ns. Its theory is of whole symbols.
const NEAR_SYMBOLS_LATE: f64 = 133.0;
/// Threshold that the level of [`Case::Near`] is chosen for; the probability is taken with the
/// one that the detector states.
const NEAR_THRESHOLD: f64 = 6.0;
/// Signal-to-noise ratio.
const SNR: Db = Db(18.0);
/// Extinction ratio.
const EXTINCTION: Db = Db(5.0);
/// Farther than this from every true delay, in unit intervals, a path is false.
const NEIGHBOURHOOD_UI: f64 = 2.0;

/// What kind of link is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// One path of so many dB.
    At(i16),
    /// One path after 5 ns, of a level where the phase decides whether it is seen.
    Near,
    /// No path.
    Clear,
    /// Paths of -24, -34 and -44 dB, linewidth up to 5 MHz.
    Three,
    /// Two paths of -40 dB, three unit intervals apart.
    Twins,
    /// One path of -22 to -46 dB while PRBS13Q is sent, over and over.
    Prbs13q,
    /// The same with SSPRQ.
    Ssprq,
    /// One path of -46 dB behind a receiver with half the symbol rate as bandwidth, two samples a
    /// symbol, through the whole receiver with its feed-forward equalizer.
    Channel,
}

impl Case {
    /// Returns the name as records have it.
    pub fn name(self) -> String {
        match self {
            Self::At(level_db) => format!("{level_db} dB"),
            Self::Near => "near".into(),
            Self::Clear => "clear".into(),
            Self::Three => "three".into(),
            Self::Twins => "twins".into(),
            Self::Prbs13q => "prbs13q".into(),
            Self::Ssprq => "ssprq".into(),
            Self::Channel => "channel".into(),
        }
    }

    /// A number that no other case has.
    fn number(self) -> u64 {
        match self {
            Self::At(level_db) => u64::from(level_db.unsigned_abs()),
            Self::Near => 1000,
            Self::Clear => 1001,
            Self::Three => 1002,
            Self::Twins => 1003,
            Self::Channel => 1004,
            Self::Prbs13q => 1005,
            Self::Ssprq => 1006,
        }
    }

    /// The pattern that is sent over and over, where one is.
    fn pattern(self) -> Option<PatternName> {
        match self {
            Self::Prbs13q => Some(PatternName::PrbsQ(13)),
            Self::Ssprq => Some(PatternName::Ssprq),
            _ => None,
        }
    }

    fn symbols(self) -> usize {
        match self {
            Self::Near => NEAR_SYMBOLS,
            _ => SYMBOLS,
        }
    }
}

/// What was found in a link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// `2 pi linewidth delay` of the first path.
    pub v: f64,
    /// `2 pi linewidth T`.
    pub k: f64,
    /// For each true path the nearest one's delay less its own, in unit intervals, when there is
    /// one in the neighbourhood.
    pub errors_ui: Vec<Option<f64>>,
    /// Paths that are none.
    pub false_paths: u64,
    /// Told level less the true one in dB, where a level was told.
    pub level_error_db: Option<f64>,
    /// Probability by theory that the path is seen, for [`Case::Near`].
    pub probability: Option<f64>,
}

impl Found {
    /// Says whether every path was found within half a unit interval.
    pub fn located(&self) -> bool {
        let close = |error: &Option<f64>| error.is_some_and(|e| e.abs() <= 0.5);
        !self.errors_ui.is_empty() && self.errors_ui.iter().all(close)
    }

    /// Says whether every path was found at all.
    pub fn detected(&self) -> bool {
        !self.errors_ui.is_empty() && self.errors_ui.iter().all(Option::is_some)
    }
}

/// Runs one trial.
///
/// # Errors
/// [`Error`], when the link cannot be simulated or received.
pub fn run(case: Case, seed: u64) -> Result<Found, Error> {
    let mut draws = Draws::of_case(case.number(), seed);
    let widest_hz = if case == Case::Three { 5e6 } else { 10e6 };
    let linewidth_hz = match case {
        // Nearly still over the capture: the phase of the start decides.
        Case::Near => 0.5e6,
        _ => draws.log_between(0.5e6, widest_hz),
    };
    let truth = paths(case, &mut draws);
    let config = LinkConfig {
        linewidth: Hertz(linewidth_hz),
        reflections: truth
            .iter()
            .map(|&(level_db, delay_s)| Reflection {
                level: Db(level_db),
                delay: Seconds(delay_s),
                ..Reflection::default()
            })
            .collect(),
        ..capture::link(draws.bits(), case.symbols(), EXTINCTION, SNR)
    };
    let config = match case.pattern() {
        Some(name) => LinkConfig {
            source: SymbolSource::Pattern { name },
            ..config
        },
        None => config,
    };
    let searched = search(case, config)?;
    let angle = 2.0 * PI * linewidth_hz;
    let first = truth.first();
    Ok(Found {
        v: first.map_or(0.0, |path| angle * path.1),
        k: angle * case.symbols() as f64 / BAUD.0,
        errors_ui: truth
            .iter()
            .map(|path| nearest_ui(path.1, &searched.paths))
            .collect(),
        false_paths: strangers(&truth, &searched.paths),
        level_error_db: searched
            .level_db
            .zip(first)
            .map(|(level, path)| level - path.0),
        probability: match (case, first) {
            (Case::Near, Some(path)) => Some(probability(path.0, searched.threshold)),
            _ => None,
        },
    })
}

/// Level in dB and delay in seconds of every path.
fn paths(case: Case, draws: &mut Draws) -> Vec<(f64, f64)> {
    if let Some(pattern) = case.pattern() {
        // A period late is not late at all.
        let period_s = pattern.period_symbols() as f64 / BAUD.0;
        let delay_s = draws.log_between(100e-9, 0.9 * period_s);
        return vec![(draws.between(-46.0, -22.0), delay_s)];
    }
    let mut delay_s = || draws.log_between(100e-9, 10e-6);
    match case {
        Case::At(level_db) => vec![(f64::from(level_db), delay_s())],
        Case::Near => vec![(near_level_db(), NEAR_SYMBOLS_LATE / BAUD.0)],
        Case::Clear | Case::Prbs13q | Case::Ssprq => Vec::new(),
        Case::Three => loop {
            let found = [-24.0, -34.0, -44.0].map(|level_db| (level_db, delay_s()));
            // Nearer than this two paths are a question of resolution: see the twins.
            let apart = |a: usize, b: usize| (found[a].1 - found[b].1).abs() * BAUD.0 > 8.0;
            if apart(0, 1) && apart(0, 2) && apart(1, 2) {
                return found.to_vec();
            }
        },
        Case::Twins => {
            let first = delay_s();
            vec![(-40.0, first), (-40.0, first + 3.0 / BAUD.0)]
        }
        Case::Channel => vec![(-46.0, delay_s())],
    }
}

/// What a search came to.
struct Searched {
    paths: Vec<MpiPath>,
    level_db: Option<f64>,
    threshold: f64,
}

fn search(case: Case, config: LinkConfig) -> Result<Searched, Error> {
    if case != Case::Channel {
        let period = case.pattern().map(|name| name.period_symbols() as usize);
        let known = Known {
            period,
            ..Known::default()
        };
        let found = capture::assess(&config, known)?;
        return Ok(Searched {
            paths: found.paths,
            level_db: found.level.value(),
            threshold: found.reflectogram.map_or(f64::NAN, |gram| gram.threshold),
        });
    }
    let config = LinkConfig {
        samples_per_symbol: 2,
        rx_bandwidth: Some(Hertz(0.5 * BAUD.0)),
        ..config
    };
    let simulated = simulate(&config)?;
    let options = ReceiveOptions {
        baud: BaudChoice::Is(BAUD.0),
        equalizer: EqualizerChoice::Ffe,
        measures: Measures {
            eye: false,
            tdecq: false,
            ..Measures::default()
        },
        ..ReceiveOptions::default()
    };
    let identity = Identity::memory("study mpi-range");
    let analysis = analyze_trace(&simulated.waveform, &options, &identity)?;
    let threshold = analysis.traces.reflectogram.map(|gram| gram.threshold);
    Ok(Searched {
        paths: analysis.report.mpi_paths,
        level_db: analysis.report.estimates.mpi_db.value(),
        threshold: threshold.unwrap_or(f64::NAN),
    })
}

/// Delay of the nearest path less a true one, in unit intervals.
fn nearest_ui(delay_s: f64, paths: &[MpiPath]) -> Option<f64> {
    paths
        .iter()
        .map(|path| (path.delay_s - delay_s) * BAUD.0)
        .filter(|error| error.abs() <= NEIGHBOURHOOD_UI)
        .min_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// Paths that are not in the neighbourhood of a true one. Two interferers also beat with each
/// other, at the difference of their delays: that is there, and not false.
fn strangers(truth: &[(f64, f64)], paths: &[MpiPath]) -> u64 {
    let known = |path: &&MpiPath| {
        let near = |delay_s: f64| ((path.delay_s - delay_s) * BAUD.0).abs() <= NEIGHBOURHOOD_UI;
        truth.iter().any(|a| near(a.1))
            || truth
                .iter()
                .any(|a| truth.iter().any(|b| near((a.1 - b.1).abs())))
    };
    paths.iter().filter(|path| !known(path)).count() as u64
}

/// `4 N var(a) / sigma^2`: the square of `z0` over the level.
fn near_gain() -> f64 {
    let levels = theory::levels(EXTINCTION, 4);
    let mean_amplitude = levels.iter().map(|p| p.sqrt()).sum::<f64>() / 4.0;
    let amplitude_variance = levels
        .iter()
        .map(|p| (p.sqrt() - mean_amplitude).powi(2))
        .sum::<f64>()
        / 4.0;
    let noise_variance = theory::level_set_variance(&levels) / SNR.to_linear();
    4.0 * NEAR_SYMBOLS as f64 * amplitude_variance / noise_variance
}

/// Level at which `z0` is one and a half thresholds.
fn near_level_db() -> f64 {
    10.0 * ((1.5 * NEAR_THRESHOLD).powi(2) / near_gain()).log10()
}

/// `1 - (2 / pi) asin(z_thr / z0)`, and 0 where the path never reaches the threshold.
fn probability(level_db: f64, threshold: f64) -> f64 {
    let z0 = (near_gain() * 10f64.powf(level_db / 10.0)).sqrt();
    if threshold < z0 {
        1.0 - FRAC_2_PI * (threshold / z0).asin()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(delay_ui: f64) -> MpiPath {
        MpiPath {
            delay_s: delay_ui / BAUD.0,
            ..MpiPath::default()
        }
    }

    #[test]
    fn ref_one_and_a_half_thresholds_are_seen_in_54_percent() {
        // 1 - (2 / pi) asin(2 / 3) = 0.5354.
        let p = probability(near_level_db(), NEAR_THRESHOLD);
        assert!((p - 0.5354).abs() < 1e-4, "{p}");
        assert!(probability(near_level_db(), 1.6 * NEAR_THRESHOLD).abs() < 1e-12);
    }

    #[test]
    fn what_is_near_no_path_is_false() {
        let truth = [(-30.0, 1000.25 / BAUD.0), (-34.0, 400.0 / BAUD.0)];
        let paths = [at(1000.6), at(399.9), at(600.0), at(777.0)];
        // 600.25 is the beat of the two interferers with each other.
        assert_eq!(strangers(&truth, &paths), 1);
        let error = nearest_ui(truth[0].1, &paths).unwrap();
        assert!((error - 0.35).abs() < 1e-6);
        assert_eq!(nearest_ui(50.0 / BAUD.0, &paths), None);
    }
}

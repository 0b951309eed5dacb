//! One trial: a link is drawn from a seed, simulated, received and judged.

use etalon_dsp::options::Measures;
use etalon_dsp::{BaudChoice, ReceiveOptions};
use etalon_twin::link::{LinkConfig, Noise, Reflection, simulate};
use etalon_types::report::MpiRegime;
use etalon_types::units::{Baud, Db, Hertz, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::draw::Draws;
use super::super::harness::Error;
use crate::pipeline::{Identity, analyze_trace};

/// Symbol rate of every trial.
pub const BAUD: Baud = Baud(26.5625e9);
/// Symbols of every trial: 4.93 us.
pub const SYMBOLS: usize = 1 << 17;
/// Level of the interference.
pub const LEVEL: Db = Db(-30.0);
/// Its round-trip delay.
pub const DELAY: Seconds = Seconds(100e-9);
/// Linewidth where the capture is long enough: 310 coherence angles, 6.3 within the delay.
pub const LINEWIDTH: Hertz = Hertz(10e6);
/// Largest error of the level in dB.
pub const LEVEL_TOLERANCE_DB: f64 = 0.5;
/// Without interference no more than this may be left possible, in dB.
pub const FLOOR_DB: f64 = -55.0;

/// What is in the capture.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Interference that turns often within the capture.
    Interference,
    /// None.
    Clear,
    /// Interference whose phase turns by less than ten coherence angles in the capture.
    Frozen,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 3] = [Self::Interference, Self::Clear, Self::Frozen];

    /// Returns the name as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interference => "interference",
            Self::Clear => "clear",
            Self::Frozen => "frozen",
        }
    }
}

/// One trial (`etalon.study-receive-mpi-trial/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// Always `etalon.study-receive-mpi-trial/1`.
    pub schema: String,
    /// Version of Etalon that ran it.
    pub version: String,
    /// Seed of the link.
    pub seed: u64,
    /// What was in the capture.
    pub case: Case,
    /// Signal-to-noise ratio that was drawn, in dB.
    pub snr_db: f64,
    /// Samples a symbol that were drawn.
    pub samples_per_symbol: usize,
    /// Coherence angles of the laser in the capture, `2 pi linewidth T`.
    pub coherence_angles: f64,
    /// Level that was found, in dB.
    pub level_db: Option<f64>,
    /// Lower end of its interval.
    pub low_db: Option<f64>,
    /// Upper end of its interval, or the bound where no level is claimed.
    pub high_db: Option<f64>,
    /// Delay of the strongest path less the true one, in unit intervals.
    pub delay_error_ui: Option<f64>,
    /// Regime that was told.
    pub regime: Option<MpiRegime>,
    /// Why there is no level.
    pub reason: Option<String>,
}

impl TrialRecord {
    /// Returns the error of the level in dB.
    pub fn level_error_db(&self) -> Option<f64> {
        self.level_db.map(|level| level - LEVEL.0)
    }

    /// Says whether the level is as the case asks: within the tolerance; none, or bounded below
    /// the floor; not claimed.
    pub fn level_holds(&self) -> bool {
        match self.case {
            Case::Interference => self
                .level_error_db()
                .is_some_and(|error| error.abs() <= LEVEL_TOLERANCE_DB),
            Case::Clear => {
                self.level_db.is_none_or(|level| level < FLOOR_DB)
                    && (self.regime == Some(MpiRegime::None)
                        || self.high_db.is_some_and(|high| high < FLOOR_DB))
            }
            // A bound that excludes what is there would be a claim, and a wrong one.
            Case::Frozen => {
                self.level_db.is_none() && self.high_db.is_none_or(|high| high >= LEVEL.0)
            }
        }
    }

    /// Says whether the delay is within one unit interval.
    pub fn delay_holds(&self) -> bool {
        self.delay_error_ui.is_some_and(|error| error.abs() <= 1.0)
    }
}

/// Draws the link of a seed: SNR uniform from 17 to 24 dB, 1, 2 or 4 samples a symbol, and for
/// [`Case::Frozen`] 1 to 10 coherence angles.
pub fn draw(case: Case, seed: u64) -> LinkConfig {
    let mut draws = Draws::new(seed);
    let snr = Db(17.0 + 7.0 * draws.uniform());
    let samples_per_symbol = [1, 2, 4][(3.0 * draws.uniform()) as usize];
    let angles = 1.0 + 9.0 * draws.uniform();
    let duration_s = SYMBOLS as f64 / BAUD.0;
    LinkConfig {
        seed,
        symbols: SYMBOLS,
        baud: BAUD,
        samples_per_symbol,
        noise: Noise::Snr { snr },
        linewidth: match case {
            Case::Frozen => Hertz(angles / (2.0 * std::f64::consts::PI * duration_s)),
            Case::Interference | Case::Clear => LINEWIDTH,
        },
        reflections: match case {
            Case::Clear => Vec::new(),
            Case::Interference | Case::Frozen => vec![Reflection {
                level: LEVEL,
                delay: DELAY,
                ..Reflection::default()
            }],
        },
        ..LinkConfig::default()
    }
}

/// Runs one trial.
///
/// # Errors
/// [`Error`], when the link cannot be simulated or its capture cannot be analyzed.
pub fn run(case: Case, seed: u64) -> Result<TrialRecord, Error> {
    let config = draw(case, seed);
    let simulated = simulate(&config)?;
    let options = ReceiveOptions {
        baud: BaudChoice::Is(BAUD.0),
        measures: Measures {
            eye: false,
            ..Measures::default()
        },
        ..ReceiveOptions::default()
    };
    let identity = Identity::memory("study receive-mpi");
    let report = analyze_trace(&simulated.waveform, &options, &identity)?.report;
    let level = &report.estimates.mpi_db;
    let Noise::Snr { snr } = config.noise else {
        unreachable!("every draw has a signal-to-noise ratio")
    };
    Ok(TrialRecord {
        schema: "etalon.study-receive-mpi-trial/1".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        seed,
        case,
        snr_db: snr.0,
        samples_per_symbol: config.samples_per_symbol,
        coherence_angles: 2.0 * std::f64::consts::PI * config.linewidth.0 * SYMBOLS as f64 / BAUD.0,
        level_db: level.value(),
        low_db: level.low(),
        high_db: level.high(),
        delay_error_ui: report
            .mpi_paths
            .first()
            .map(|path| (path.delay_s - DELAY.0) * BAUD.0),
        regime: report.mpi_regime,
        reason: level.reason().map(str::to_owned),
    })
}

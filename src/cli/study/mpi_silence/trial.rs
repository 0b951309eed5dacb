//! One link with one nuisance.

use etalon_dsp::mpi::Assessment;
use etalon_twin::link::{
    AcCoupling, Baseline, Echo, Jitter, LinkConfig, LowFrequencyRin, Nuisances, Reflection,
    SymbolSource, Tone, ToneOn,
};
use etalon_types::PatternName;
use etalon_types::report::{MpiRegime, PathKind};
use etalon_types::units::{Db, Hertz, Seconds};
use serde::{Deserialize, Serialize};

use super::super::capture::{self, BAUD, Known};
use super::super::draw::Draws;
use super::super::harness::Error;

/// Symbols of a capture: two periods of the slower tone are 40 ms and do not fit, so that it is a
/// ramp here, as it is in every capture of this length.
const SYMBOLS: usize = 1 << 19;
/// Symbols where a level is asked for.
const LEVEL_SYMBOLS: usize = 1 << 20;
/// Level of the interference under the tone in dB.
pub const UNDER_DB: f64 = -36.0;

/// What disturbs the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nuisance {
    /// Nothing.
    Nothing,
    /// White intensity noise of -138 dB/Hz.
    WhiteRin,
    /// 100 kHz, 3 % of the mean power, added.
    OffsetTone,
    /// 100 kHz, 3 %, on the gain.
    GainTone,
    /// 50 Hz, 3 %, added.
    Mains,
    /// An offset that drifts by 3 % over the capture.
    OffsetRamp,
    /// A gain that drifts by 3 % over the capture.
    GainRamp,
    /// AC coupling at 1 MHz.
    Coupling1,
    /// AC coupling at 5 MHz.
    Coupling5,
    /// Intensity noise of 0.5 % below 5 MHz.
    LowRin,
    /// An electrical echo of 2 % after 200 unit intervals.
    FarEcho,
    /// Residual intersymbol interference: 2 % after 3 unit intervals.
    NearEcho,
    /// A clock that wanders by 0.02 unit intervals rms below 5 MHz.
    Wander,
    /// Levels compressed by 3 % at twice the mean power.
    Saturation,
    /// PRBS7Q traffic.
    Prbs7,
    /// The other way round: interference of -36 dB under the 100-kHz tone.
    Under,
}

impl Nuisance {
    /// Every case.
    pub const ALL: [Self; 16] = [
        Self::Nothing,
        Self::WhiteRin,
        Self::OffsetTone,
        Self::GainTone,
        Self::Mains,
        Self::OffsetRamp,
        Self::GainRamp,
        Self::Coupling1,
        Self::Coupling5,
        Self::LowRin,
        Self::FarEcho,
        Self::NearEcho,
        Self::Wander,
        Self::Saturation,
        Self::Prbs7,
        Self::Under,
    ];

    /// Returns the name as records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::WhiteRin => "white-rin",
            Self::OffsetTone => "offset-tone",
            Self::GainTone => "gain-tone",
            Self::Mains => "mains",
            Self::OffsetRamp => "offset-ramp",
            Self::GainRamp => "gain-ramp",
            Self::Coupling1 => "coupling-1-mhz",
            Self::Coupling5 => "coupling-5-mhz",
            Self::LowRin => "low-frequency-rin",
            Self::FarEcho => "electrical-echo",
            Self::NearEcho => "residual-isi",
            Self::Wander => "clock-wander",
            Self::Saturation => "saturation",
            Self::Prbs7 => "prbs7",
            Self::Under => "mpi-under-tone",
        }
    }

    /// Returns what it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "noise alone",
            Self::WhiteRin => "RIN -138 dB/Hz",
            Self::OffsetTone => "100 kHz 3 % added",
            Self::GainTone => "100 kHz 3 % on the gain",
            Self::Mains => "50 Hz 3 % added",
            Self::OffsetRamp => "offset drift 3 %",
            Self::GainRamp => "gain drift 3 %",
            Self::Coupling1 => "AC coupling 1 MHz",
            Self::Coupling5 => "AC coupling 5 MHz",
            Self::LowRin => "RIN below 5 MHz 0.5 %",
            Self::FarEcho => "electrical echo 200 UI 2 %",
            Self::NearEcho => "residual ISI 3 UI 2 %",
            Self::Wander => "clock wander 0.02 UI",
            Self::Saturation => "saturation",
            Self::Prbs7 => "PRBS7Q traffic",
            Self::Under => "-36 dB under a tone",
        }
    }

    fn disturb(self, config: &mut LinkConfig, draws: &mut Draws) {
        let phase_rad = draws.between(0.0, std::f64::consts::TAU);
        let tone = |frequency_hz: f64, on: ToneOn| Nuisances {
            tones: vec![Tone {
                frequency: Hertz(frequency_hz),
                amplitude: 0.03,
                on,
                phase_rad,
            }],
            ..Nuisances::default()
        };
        let coupling = |corner_hz: f64| Nuisances {
            ac_coupling: Some(AcCoupling {
                corner: Hertz(corner_hz),
                baseline: Baseline::Kept,
            }),
            ..Nuisances::default()
        };
        let echo = |delay_ui: f64| Nuisances {
            echoes: vec![Echo {
                delay: Seconds(delay_ui / BAUD.0),
                amplitude: 0.02,
            }],
            ..Nuisances::default()
        };
        match self {
            Self::Nothing => {}
            Self::WhiteRin => config.rin_db_per_hz = Some(-138.0),
            Self::OffsetTone => config.nuisances = tone(1e5, ToneOn::Offset),
            Self::GainTone => config.nuisances = tone(1e5, ToneOn::Gain),
            Self::Mains => config.nuisances = tone(50.0, ToneOn::Offset),
            Self::OffsetRamp => config.nuisances.offset_ramp = Some(0.03),
            Self::GainRamp => config.nuisances.gain_ramp = Some(0.03),
            Self::Coupling1 => config.nuisances = coupling(1e6),
            Self::Coupling5 => config.nuisances = coupling(5e6),
            Self::LowRin => {
                config.low_frequency_rin = Some(LowFrequencyRin {
                    rms: 0.005,
                    corner: Hertz(5e6),
                });
            }
            Self::FarEcho => config.nuisances = echo(200.0),
            Self::NearEcho => config.nuisances = echo(3.0),
            Self::Wander => {
                config.jitter = Some(Jitter {
                    rms: Seconds(0.02 / BAUD.0),
                    corner: Some(Hertz(5e6)),
                });
            }
            Self::Saturation => config.nuisances.saturation = Some(0.03),
            Self::Prbs7 => {
                config.source = SymbolSource::Pattern {
                    name: PatternName::PrbsQ(7),
                };
            }
            Self::Under => self.interfere(config, draws, tone(1e5, ToneOn::Offset)),
        }
    }

    /// Interference whose level can be told: K from 1240, V from 3.
    fn interfere(self, config: &mut LinkConfig, draws: &mut Draws, nuisances: Nuisances) {
        config.nuisances = nuisances;
        config.symbols = LEVEL_SYMBOLS;
        config.linewidth = Hertz(draws.log_between(5e6, 10e6));
        config.reflections = vec![Reflection {
            level: Db(UNDER_DB),
            delay: Seconds(draws.log_between(100e-9, 5e-6)),
            ..Reflection::default()
        }];
    }
}

/// What was reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Level that was told, in dB.
    pub level_db: Option<f64>,
    /// Upper end of its interval, or bound, in dB.
    pub high_db: Option<f64>,
    /// Regime that was told.
    pub regime: Option<MpiRegime>,
    /// Paths of any kind.
    pub paths: usize,
    /// Paths that are said to be interference.
    pub interference_paths: usize,
    /// Significance of the slow residual: what a careless estimator would take for a beat.
    pub beat_significance: f64,
}

impl Found {
    fn of(assessment: &Assessment) -> Self {
        let interference = assessment
            .paths
            .iter()
            .filter(|path| path.kind == Some(PathKind::Interference));
        Self {
            level_db: assessment.level.value(),
            high_db: assessment.level.high(),
            regime: assessment.regime,
            paths: assessment.paths.len(),
            interference_paths: interference.count(),
            beat_significance: assessment.beat_significance,
        }
    }

    /// Says whether nothing is reported as interference.
    pub fn is_silent(&self) -> bool {
        let moving = matches!(
            self.regime,
            Some(MpiRegime::Incoherent | MpiRegime::Coherent)
        );
        self.level_db.is_none() && !moving && self.interference_paths == 0
    }
}

/// Runs one trial.
///
/// # Errors
/// [`Error`], when the link cannot be simulated.
pub fn run(case: Nuisance, seed: u64) -> Result<Found, Error> {
    let mut draws = Draws::of_case(case as u64, seed);
    let mut config = capture::link(draws.bits(), SYMBOLS, Db(4.5), Db(20.0));
    case.disturb(&mut config, &mut draws);
    let known = Known {
        linewidth_hz: None,
        // The receiver has locked to the pattern and says so.
        period: (case == Nuisance::Prbs7).then_some(127),
    };
    Ok(Found::of(&capture::assess(&config, known)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_echo_is_no_claim_and_a_moving_path_is_one() {
        let silent = Found {
            level_db: None,
            high_db: Some(-50.0),
            regime: Some(MpiRegime::Frozen),
            paths: 1,
            interference_paths: 0,
            beat_significance: 80.0,
        };
        assert!(silent.is_silent());
        let claims = [
            Found {
                interference_paths: 1,
                ..silent.clone()
            },
            Found {
                level_db: Some(-50.0),
                ..silent.clone()
            },
            Found {
                regime: Some(MpiRegime::Incoherent),
                ..silent.clone()
            },
        ];
        assert!(claims.iter().all(|found| !found.is_silent()));
    }

    #[test]
    fn every_nuisance_is_a_link_that_can_be_simulated() {
        for case in Nuisance::ALL {
            let mut draws = Draws::of_case(case as u64, 1);
            let mut config = capture::link(1, 64, Db(4.5), Db(20.0));
            case.disturb(&mut config, &mut draws);
            assert!(config.validate().is_ok(), "{case:?}");
        }
    }
}

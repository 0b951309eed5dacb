//! One capture at the noise where theory says 2.4e-4, and what was counted in it.

use etalon_dsp::measure::statistics::clopper_pearson;
use etalon_twin::link::theory::mpi::{Interference, optical_penalty, sigma_for_ber};
use etalon_twin::link::{LinkConfig, Noise, Reflection, SymbolSource, simulate, theory};
use etalon_types::units::{Db, Hertz, Seconds};
use etalon_types::{Modulation, Samples};
use serde::{Deserialize, Serialize};

use super::super::draw::Draws;
use super::super::harness::Error;
use super::Point;

/// Bit error ratio that KP4 still corrects.
pub const KP4: f64 = 2.4e-4;

/// Symbols of a capture.
const SYMBOLS: usize = 1 << 17;

/// Paths that stand for a Gaussian beat.
const PATHS: usize = 256;

/// Confidence of a point's interval.
const CONFIDENCE: f64 = 0.99;

/// How the interference is distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// One path.
    Single,
    /// Many paths.
    Gauss,
}

impl Law {
    /// Returns the name as records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Gauss => "gauss",
        }
    }

    fn of_theory(self) -> Interference {
        match self {
            Self::Single => Interference::Single,
            Self::Gauss => Interference::Gauss,
        }
    }
}

/// Where a penalty is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Case {
    /// How the interference is distributed.
    pub law: Law,
    /// Extinction ratio in tenths of a dB.
    pub extinction: u16,
    /// Level of the interference in dB.
    pub level_db: i16,
}

impl Case {
    /// Returns the name as records have it.
    pub fn name(self) -> String {
        format!(
            "{} ER {} dB MPI {} dB",
            self.law.name(),
            f64::from(self.extinction) / 10.0,
            self.level_db
        )
    }

    /// A number that no other case has.
    fn number(self) -> u64 {
        let law = u64::from(self.law == Law::Gauss);
        (law << 32) | (u64::from(self.extinction) << 16) | u64::from(self.level_db.unsigned_abs())
    }

    /// Levels of mean 1, lowest first.
    fn levels(self) -> Vec<f64> {
        let ratio = Db(f64::from(self.extinction) / 10.0);
        let mut levels = theory::levels(ratio, 4);
        let mean = levels.iter().sum::<f64>() / levels.len() as f64;
        levels.iter_mut().for_each(|level| *level /= mean);
        levels
    }

    fn level(self) -> Db {
        Db(f64::from(self.level_db))
    }

    fn sigma_for(self, ber: f64) -> Option<f64> {
        sigma_for_ber(
            &self.levels(),
            ber,
            Some(self.level()),
            self.law.of_theory(),
        )
    }
}

/// Bits and errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Bits.
    pub bits: u64,
    /// Wrong ones.
    pub errors: u64,
}

impl Counted {
    /// Adds two counts.
    pub fn and(self, other: Self) -> Self {
        Self {
            bits: self.bits + other.bits,
            errors: self.errors + other.errors,
        }
    }
}

/// What theory says of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theory {
    /// Noise over the mean power at which the bit error ratio is [`KP4`].
    pub sigma: f64,
    /// Optical penalty in dB.
    pub penalty_db: f64,
}

impl Theory {
    /// Solves for a case; `None` beyond the floor.
    pub fn of(case: Case) -> Option<Self> {
        let (levels, law) = (case.levels(), case.law.of_theory());
        Some(Self {
            sigma: case.sigma_for(KP4)?,
            penalty_db: optical_penalty(&levels, KP4, case.level(), law)?.0,
        })
    }
}

/// Simulates a capture with noise `sigma` over the mean power, and counts its errors.
///
/// # Errors
/// [`Error`], when the link cannot be simulated.
pub fn run(case: Case, sigma: f64, seed: u64) -> Result<Counted, Error> {
    let base = LinkConfig::default();
    let mean_w = base.rop.to_watts();
    let config = LinkConfig {
        // Draws of their own for every case: else all points would err together.
        seed: Draws::of_case(case.number(), seed).bits(),
        source: SymbolSource::Random {
            modulation: Modulation::Pam4,
        },
        symbols: SYMBOLS,
        samples_per_symbol: 1,
        extinction_ratio: Db(f64::from(case.extinction) / 10.0),
        linewidth: Hertz(base.baud.0 / 2.0),
        reflections: reflections(case, base.baud.0),
        noise: Noise::Thermal {
            current_a_per_sqrt_hz: sigma * mean_w / (base.baud.0 / 2.0).sqrt(),
            responsivity_a_per_w: 1.0,
        },
        ..base
    };
    let simulated = simulate(&config)?;
    let Samples::F32(power) = simulated.waveform.samples() else {
        unreachable!("there is no converter in this link")
    };
    // The interferer lifts every level by its own mean power, and the thresholds with them.
    let lift = case.level().to_linear();
    let thresholds: Vec<f64> = case
        .levels()
        .windows(2)
        .map(|pair| (0.5 * (pair[0] + pair[1]) + lift) * mean_w)
        .collect();
    let errors = power
        .iter()
        .zip(&simulated.symbols)
        .map(|(&y, &sent)| {
            let above = |t: &&f64| f64::from(y) > **t;
            let found = thresholds.iter().filter(above).count() as u8;
            let gray = |symbol: u8| symbol ^ (symbol >> 1);
            u64::from((gray(found) ^ gray(sent)).count_ones())
        })
        .sum();
    Ok(Counted {
        bits: 2 * SYMBOLS as u64,
        errors,
    })
}

/// One path after 40 symbols, or many, seven symbols apart: whole symbols, so that no copy is
/// smeared.
fn reflections(case: Case, baud_hz: f64) -> Vec<Reflection> {
    let count = match case.law {
        Law::Single => 1,
        Law::Gauss => PATHS,
    };
    (0..count)
        .map(|at| Reflection {
            level: Db(case.level().0 - 10.0 * (count as f64).log10()),
            delay: Seconds((40 + 7 * at) as f64 / baud_hz),
            ..Reflection::default()
        })
        .collect()
}

/// Turns a count into a penalty: the noise that the count allows at 2.4e-4 is the noise of the
/// trial times the ratio of the noises that theory gives for 2.4e-4 and for what was counted.
pub fn point(case: Case, theory: &Theory, counted: Counted) -> Option<Point> {
    let penalty =
        |ber: f64| Some(theory.penalty_db + 10.0 * (case.sigma_for(ber)? / theory.sigma).log10());
    let (low, high) = clopper_pearson(counted.errors, counted.bits, CONFIDENCE);
    Some(Point {
        case,
        theory_db: theory.penalty_db,
        counted_db: penalty(counted.errors as f64 / counted.bits as f64)?,
        interval_db: (penalty(low)?, penalty(high)?),
    })
}

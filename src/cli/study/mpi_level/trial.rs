//! One link: drawn, simulated, assessed.

use std::f64::consts::PI;

use etalon_twin::link::{LinkConfig, Reflection};
use etalon_types::report::MpiRegime;
use etalon_types::units::{Db, Hertz, Seconds};
use serde::{Deserialize, Serialize};

use super::super::capture::{self, BAUD, Known};
use super::super::draw::Draws;
use super::super::harness::Error;

/// Without interference no more than this may be left possible, in dB.
pub const FLOOR_DB: f64 = -55.0;

/// Linewidths in hertz.
const LINEWIDTHS: (f64, f64) = (0.1e6, 20e6);
/// Delays in seconds.
const DELAYS: (f64, f64) = (5e-9, 10e-6);
/// Largest share of the capture that a delay takes: 10 us of 2^20 symbols.
const LONGEST: f64 = 0.25;
/// Binary logarithms of the capture's length in symbols.
const LENGTHS: (u32, u32) = (15, 20);

/// What kind of link is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// V from 3, K from 40: the level is told, and its interval is counted.
    LongDelay,
    /// V from 0.3 to 3, K from 40: the level is told.
    ShortDelay,
    /// V from 0.3 to 2, K from 40, linewidth not known: a lower bound alone.
    Blind,
    /// V below 0.1 or K below 10: nothing is told.
    Frozen,
    /// Neither of these: an interval alone.
    Between,
    /// No interference.
    Clear,
}

impl Case {
    /// Returns the name as records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongDelay => "long-delay",
            Self::ShortDelay => "short-delay",
            Self::Blind => "blind",
            Self::Frozen => "frozen",
            Self::Between => "between",
            Self::Clear => "clear",
        }
    }

    /// Says whether a link belongs to the case.
    fn holds(self, v: f64, k: f64) -> bool {
        let measurable = v >= 0.3 && k >= 40.0;
        let hopeless = v < 0.1 || k < 10.0;
        match self {
            Self::LongDelay | Self::Clear => measurable && v >= 3.0,
            Self::ShortDelay => measurable && v < 3.0,
            Self::Blind => measurable && v < 2.0,
            Self::Frozen => hopeless,
            Self::Between => !measurable && !hopeless,
        }
    }

    /// Where V and K are drawn: as close about the case as a box can be.
    fn ranges(self) -> [(f64, f64); 2] {
        let longest_s = f64::from(1u32 << LENGTHS.1) / BAUD.0;
        let v = 2.0 * PI * LINEWIDTHS.1 * DELAYS.1;
        let k = 2.0 * PI * LINEWIDTHS.1 * longest_s;
        match self {
            Self::LongDelay | Self::Clear => [(3.0, v), (40.0, k)],
            Self::ShortDelay => [(0.3, 3.0), (40.0, k)],
            Self::Blind => [(0.3, 2.0), (40.0, k)],
            Self::Frozen => [(0.01, v), (0.8, k)],
            Self::Between => [(0.1, v), (10.0, k)],
        }
    }
}

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Link {
    v: f64,
    k: f64,
    symbols: usize,
    linewidth_hz: f64,
    delay_s: f64,
    snr_db: f64,
    rin_db_per_hz: Option<f64>,
    level_db: f64,
    given: bool,
}

/// Draws V, K and the capture's length log-uniformly, until linewidth and delay are possible.
fn draw(case: Case, draws: &mut Draws) -> Link {
    let [over_v, over_k] = case.ranges();
    loop {
        let v = draws.log_between(over_v.0, over_v.1);
        let k = draws.log_between(over_k.0, over_k.1);
        let length = LENGTHS.0 + (draws.uniform() * f64::from(LENGTHS.1 - LENGTHS.0 + 1)) as u32;
        let duration_s = f64::from(1u32 << length) / BAUD.0;
        let linewidth_hz = k / (2.0 * PI * duration_s);
        let delay_s = v / (2.0 * PI * linewidth_hz);
        let possible = (LINEWIDTHS.0..=LINEWIDTHS.1).contains(&linewidth_hz)
            && (DELAYS.0..=DELAYS.1).contains(&delay_s)
            && delay_s <= LONGEST * duration_s;
        if !possible || !case.holds(v, k) {
            continue;
        }
        return Link {
            v,
            k,
            symbols: 1 << length,
            linewidth_hz,
            delay_s,
            snr_db: draws.between(17.0, 24.0),
            rin_db_per_hz: (draws.uniform() < 0.5).then_some(-138.0),
            level_db: draws.between(-40.0, -20.0),
            given: case != Case::Blind && (draws.uniform() < 0.5 || v < 2.0),
        };
    }
}

/// What was found in a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// V that was drawn.
    pub v: f64,
    /// K that was drawn.
    pub k: f64,
    /// Symbols of the capture.
    pub symbols: usize,
    /// Signal-to-noise ratio in dB.
    pub snr_db: f64,
    /// Intensity noise in dB/Hz, where there was any.
    pub rin_db_per_hz: Option<f64>,
    /// Whether the linewidth was told.
    pub given: bool,
    /// Level of the interference in dB; none without.
    pub truth_db: Option<f64>,
    /// Level that was told, in dB.
    pub level_db: Option<f64>,
    /// Lower end of its interval, or bound.
    pub low_db: Option<f64>,
    /// Upper end of its interval, or bound.
    pub high_db: Option<f64>,
    /// Regime that was told.
    pub regime: Option<MpiRegime>,
}

impl Found {
    /// Returns the error of the level in dB, where one was told.
    pub fn error_db(&self) -> Option<f64> {
        Some(self.level_db? - self.truth_db?)
    }

    /// Returns the rms error in dB that is allowed at this K.
    pub fn allowed_db(&self) -> f64 {
        let sampling = 1.3 * 2.17 / self.k.sqrt();
        (0.15f64.powi(2) + sampling * sampling).sqrt()
    }

    /// Returns the error over what is allowed.
    pub fn normalised(&self) -> Option<f64> {
        Some(self.error_db()? / self.allowed_db())
    }

    /// Says whether both ends are told and the truth lies between them.
    pub fn covers(&self) -> bool {
        self.low_db.is_some() && self.high_db.is_some() && !self.excludes()
    }

    /// Says whether an end that was told excludes what is there: that would be a wrong claim.
    pub fn excludes(&self) -> bool {
        self.truth_db.is_some_and(|truth| {
            self.low_db.is_some_and(|low| low > truth)
                || self.high_db.is_some_and(|high| high < truth)
        })
    }

    /// Says whether an interval was told and no value.
    pub fn is_interval_only(&self) -> bool {
        self.level_db.is_none() && self.low_db.is_some() && self.high_db.is_some()
    }

    /// Says whether no interference is told, or less than [`FLOOR_DB`].
    pub fn is_clear(&self) -> bool {
        self.level_db.is_none_or(|level| level < FLOOR_DB)
            && (self.regime == Some(MpiRegime::None)
                || self.high_db.is_some_and(|high| high < FLOOR_DB))
    }
}

/// Runs one trial.
///
/// # Errors
/// [`Error`], when the link cannot be simulated.
pub fn run(case: Case, seed: u64) -> Result<Found, Error> {
    let mut draws = Draws::of_case(case as u64, seed);
    let drawn = draw(case, &mut draws);
    let reflection = Reflection {
        level: Db(drawn.level_db),
        delay: Seconds(drawn.delay_s),
        ..Reflection::default()
    };
    let config = LinkConfig {
        linewidth: Hertz(drawn.linewidth_hz),
        rin_db_per_hz: drawn.rin_db_per_hz,
        reflections: match case {
            Case::Clear => Vec::new(),
            _ => vec![reflection],
        },
        ..capture::link(draws.bits(), drawn.symbols, Db(4.5), Db(drawn.snr_db))
    };
    let known = Known {
        linewidth_hz: drawn.given.then_some(drawn.linewidth_hz),
        period: None,
    };
    let found = capture::assess(&config, known)?;
    Ok(Found {
        v: drawn.v,
        k: drawn.k,
        symbols: drawn.symbols,
        snr_db: drawn.snr_db,
        rin_db_per_hz: drawn.rin_db_per_hz,
        given: drawn.given,
        truth_db: (case != Case::Clear).then_some(drawn.level_db),
        level_db: found.level.value(),
        low_db: found.level.low(),
        high_db: found.level.high(),
        regime: found.regime,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prop_every_draw_belongs_to_its_case() {
        for case in [
            Case::LongDelay,
            Case::ShortDelay,
            Case::Blind,
            Case::Frozen,
            Case::Between,
            Case::Clear,
        ] {
            for seed in 1..=200 {
                let link = draw(case, &mut Draws::of_case(case as u64, seed));
                assert!(case.holds(link.v, link.k), "{case:?} {link:?}");
                let duration_s = link.symbols as f64 / BAUD.0;
                let k = 2.0 * PI * link.linewidth_hz * duration_s;
                assert!((k / link.k - 1.0).abs() < 1e-9);
                assert!(link.delay_s <= 0.25 * duration_s && link.delay_s >= 5e-9);
                assert!(link.given || link.v >= 2.0 || case == Case::Blind);
            }
        }
    }

    #[test]
    fn an_end_that_excludes_the_truth_is_a_wrong_claim() {
        let found = |level_db, low_db, high_db| Found {
            v: 10.0,
            k: 100.0,
            symbols: 1 << 17,
            snr_db: 20.0,
            rin_db_per_hz: None,
            given: true,
            truth_db: Some(-30.0),
            level_db,
            low_db,
            high_db,
            regime: None,
        };
        let both = found(Some(-30.2), Some(-31.0), Some(-29.5));
        assert!(both.covers() && !both.excludes() && !both.is_interval_only());
        assert!(found(None, Some(-29.0), None).excludes());
        assert!(found(None, None, Some(-31.0)).excludes());
        let open = found(None, None, None);
        assert!(!open.excludes() && !open.covers());
        assert!(found(None, Some(-33.0), Some(-25.0)).is_interval_only());
        // At K = 100: sqrt(0.15^2 + 0.2821^2) = 0.3195 dB.
        assert!((both.allowed_db() - 0.3195).abs() < 1e-4);
    }
}

//! TDECQ and TECQ: transmitter (and dispersion) eye closure quaternary, IEEE 802.3 121.8.5.
//!
//! How much less noise an ideal receiver may add for the same symbol error ratio because the
//! transmitter is not ideal:
//!
//! ```text
//! TDECQ = 10 log10( OMAouter / (6 Qt R) ),   R = sqrt(sigma_G^2 + sigma_S^2),   Qt = 3.414
//! ```
//!
//! `sigma_G` is the largest noise, added before the reference equalizer, at which the symbol
//! error ratio of the worse of two histograms is still 4.8e-4; `sigma_S` is the noise of the
//! scope itself, which is given back. An ideal transmitter has 0 dB. `Ceq` is the equalizer's
//! gain for that noise, `K = TDECQ - 10 log10 Ceq` what is left when it is taken out.
//!
//! The steps, with the file of each:
//!
//! 1. OMAouter and Pave before the equalizer ([`PatternWaveform::outer_levels`]); thresholds
//!    `Pave - OMA/3, Pave, Pave + OMA/3`;
//! 2. `windows`: columns of samples 0.04 UI wide at 0.45 and 0.55 UI of a common position;
//! 3. [`reference_equalizer`]: taps one symbol apart that sum to 1, and their `Ceq`;
//! 4. `margins`: how far every equalized sample stands from its thresholds, and the error ratio
//!    that Gaussian noise then makes;
//! 5. `search`: the taps, the position (and thresholds, when they may move) that let `sigma_G`
//!    grow most.
//!
//! TECQ is the same measure without the test fibre, SECQ the same on the stressed receiver's test
//! source: what was connected decides the name.
//!
//! *Where this differs from the text of the standard.* Symbols are known, so a sample that noise
//! of the capture has carried over a threshold counts as an error; the standard's histogram knows
//! no symbols and takes it for the neighbour. The two agree while the capture's own error ratio
//! is far below 4.8e-4. All samples of all periods make the histograms, nothing is averaged: the
//! noise of transmitter and scope stays in, and only a stated `sigma_S` is taken out.
//!
//! *Source:* IEEE 802.3 121.8.5 to 121.8.5.3 (steps and constants as remembered and checked
//! against closed forms, see the tests); `K`: P. Dawe, IEEE P802.3cu, March 2020.
//!
//! *Breaks* when the clock drifts within the stretch, when the filter in front was not the
//! reference receiver ([`crate::measure::reference_receiver`]), and when the capture's own errors
//! exceed the target: then there is no answer, not a large one.

mod blocks;
mod margins;
pub mod reference_equalizer;
mod search;
mod windows;

use etalon_types::Figure;

use crate::measure::pattern_waveform::PatternWaveform;
use crate::measure::statistics::normal;
use reference_equalizer::{TapRules, ceq};
use search::Search;
use windows::{Columns, Found, WindowPair};

/// Symbol error ratio of the measure, IEEE 802.3 121.8.5.3.
pub const TARGET_SER: f64 = 4.8e-4;

/// Half an ideal eye over the noise that makes [`TARGET_SER`]: `1.5 Q(3.414) = 4.80e-4`.
pub const Q_T: f64 = 3.414;

/// Symbols that the search looks at, rounded to whole periods; the result is taken on all.
const SEARCHED: usize = 65_536;

/// Whether the decision thresholds may move.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ThresholdRule {
    /// At Pave and Pave plus and minus OMA/3, as in IEEE 802.3bs.
    #[default]
    Fixed,
    /// Each may move by this share of OMAouter to either side (0.01 since IEEE 802.3cd). It can
    /// only lower the result.
    Adjusted(f64),
}

/// Where the two histograms stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// Distance between the two centres in unit intervals (0.45 to 0.55 UI: 0.1).
    pub spacing_ui: f64,
    /// Width of each in unit intervals.
    pub width_ui: f64,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            spacing_ui: 0.1,
            width_ui: 0.04,
        }
    }
}

/// What the measure is made with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TdecqOptions {
    /// Taps of the reference equalizer and what they may be.
    pub taps: TapRules,
    /// Whether thresholds may move.
    pub thresholds: ThresholdRule,
    /// Histograms.
    pub windows: Windows,
    /// Standard deviation of the scope's own noise behind the reference receiver, in the unit of
    /// the samples; 0 leaves it with the transmitter.
    pub scope_noise: f64,
}

/// Why there is no TDECQ.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TdecqError {
    /// OMAouter cannot be taken.
    #[error("expected a run of seven 3s and one of six 0s for OMAouter, found none")]
    NoLongRuns,
    /// The top level does not stand above the bottom one.
    #[error("expected 3s above 0s, found an OMAouter of {oma_outer}")]
    NoAmplitude {
        /// P3 - P0.
        oma_outer: f64,
    },
    /// The capture makes too many errors before any noise is added.
    #[error(
        "beyond reach: the symbol error ratio is {ser:.1e} with the best equalizer and no noise added, at most {TARGET_SER:.1e} can be told"
    )]
    BeyondReach {
        /// Symbol error ratio of the worse histogram without added noise.
        ser: f64,
    },
}

/// TDECQ and what it was found with.
#[derive(Clone, Debug, PartialEq)]
pub struct Tdecq {
    /// TDECQ in dB.
    pub tdecq_db: Figure,
    /// `10 log10 Ceq` in dB.
    pub ceq_db: Figure,
    /// `K = TDECQ - 10 log10 Ceq` in dB.
    pub k_db: Figure,
    /// Taps of the reference equalizer, sum 1; tap `j` weighs the sample `main_cursor - j` symbols
    /// after the decided one.
    pub taps: Vec<f64>,
    /// Index of the largest tap.
    pub main_cursor: usize,
    /// Middle between the two histograms, in unit intervals after the nominal instant.
    pub phase_ui: f64,
    /// Thresholds, lowest first, in the unit of the samples.
    pub thresholds: [f64; 3],
    /// Symbol error ratio of the left histogram with `sigma_g` added.
    pub ser_left: f64,
    /// The same of the right one; the larger of the two is the target.
    pub ser_right: f64,
    /// Noise that may be added before the equalizer, standard deviation in the unit of the
    /// samples.
    pub sigma_g: f64,
    /// OMAouter in the unit of the samples.
    pub oma_outer: f64,
    /// Mean of all samples.
    pub mean: f64,
    /// Symbols behind each histogram.
    pub symbols: u64,
}

/// Definition of TDECQ as the report states it.
const TDECQ_DEFINITION: &str = "10 log10(OMAouter / (6 Qt R)), Qt = 3.414, target symbol error ratio 4.8e-4, IEEE 802.3 121.8.5.3";
/// Definition of Ceq.
const CEQ_DEFINITION: &str = "10 log10 of the reference equalizer's noise gain behind the reference receiver, IEEE 802.3 121.8.5.3";
/// Definition of K.
const K_DEFINITION: &str = "TDECQ - 10 log10 Ceq";
/// How the TDECQ interval comes about.
const JACKKNIFE: &str = "delete-one-block jackknife at the taps found, with the error of OMAouter";
/// How the intervals of Ceq and K come about.
const REFITS: &str = "spread of four fits on a quarter of the symbols each";

/// Measures TDECQ.
///
/// # Shapes
/// One or more whole periods of a PAM-4 pattern that holds runs of seven 3s and six 0s (SSPRQ,
/// PRBS13Q), behind the reference receiver, before any equalizer.
///
/// # Errors
/// [`TdecqError`] says why there is no figure.
///
/// # Complexity
/// Linear in the symbols; an SSPRQ period at 16 samples a symbol takes about a third of a second.
///
/// # Example
/// ```
/// use etalon_dsp::measure::pattern_waveform::PatternWaveform;
/// use etalon_dsp::measure::reference_receiver;
/// use etalon_dsp::measure::tdecq::{TdecqOptions, tdecq};
///
/// // Rectangular symbols, eight samples each, behind the reference receiver: 0.3 dB, most of
/// // which is the noise gain of the taps that undo its interference.
/// let symbols = "prbs13q".parse::<etalon_types::PatternName>().unwrap().symbols(8191);
/// let sent: Vec<f32> = symbols.iter().flat_map(|&s| [f32::from(s); 8]).collect();
/// let samples = reference_receiver::filter_periodic(&sent, 8.0);
/// let wave = PatternWaveform::new(samples, symbols, 8, 3.5).unwrap();
/// let found = tdecq(&wave, &TdecqOptions::default()).unwrap();
/// assert!((found.tdecq_db.value().unwrap() - 0.31).abs() < 0.05);
/// ```
pub fn tdecq(wave: &PatternWaveform, options: &TdecqOptions) -> Result<Tdecq, TdecqError> {
    let outer = wave.outer_levels().ok_or(TdecqError::NoLongRuns)?;
    let oma_outer = outer.top.0 - outer.bottom.0;
    let mean = wave.mean();
    let floor = f64::from(f32::EPSILON) * mean.abs();
    if oma_outer.is_nan() || oma_outer <= floor {
        return Err(TdecqError::NoAmplitude { oma_outer });
    }
    let part = wave.first_periods(SEARCHED.div_ceil(wave.symbols().len()));
    let mut columns = Columns::new(&part, mean, oma_outer, options.windows);
    let search = Search::new(options);
    let found = search.run(&mut columns);
    let windows = if part.periods() == wave.periods() {
        columns.windows(found.phase_ui)
    } else {
        Columns::new(wave, mean, oma_outer, options.windows).windows(found.phase_ui)
    };
    let score = windows.score(&found);
    let Some(sigma) = score.sigma() else {
        return Err(TdecqError::BeyondReach { ser: score.floor() });
    };
    let gain = ceq(&found.taps);
    let scale = Scale {
        scope: options.scope_noise / oma_outer,
        gain,
    };
    let value = scale.tdecq_db(sigma);
    let oma_error = oma_error(&outer, oma_outer, windows.residual(&found));
    let spread_db = blocks::jackknife_db(&windows, &found, scale);
    let swing_db = oma_swing_db(&windows, &found, scale, oma_error).unwrap_or(value.abs());
    let n = wave.count() as u64;
    let [ceq_spread, k_spread] = blocks::refit_spreads_db(&windows, &search, &found, scale);
    let ceq_db = 10.0 * gain.log10();
    let figure = |value: f64, sigma: f64, method: &str, definition: &str| {
        normal(value, sigma, n, "dB", method, definition)
    };
    let [ser_left, ser_right] = score.sers(sigma);
    Ok(Tdecq {
        tdecq_db: figure(
            value,
            spread_db.hypot(swing_db),
            JACKKNIFE,
            TDECQ_DEFINITION,
        ),
        ceq_db: figure(ceq_db, ceq_spread, REFITS, CEQ_DEFINITION),
        k_db: figure(
            value - ceq_db,
            k_spread.hypot(swing_db),
            REFITS,
            K_DEFINITION,
        ),
        main_cursor: found.main,
        phase_ui: found.phase_ui,
        thresholds: found.thresholds.map(|t| mean + oma_outer * t),
        ser_left,
        ser_right,
        sigma_g: sigma / gain * oma_outer,
        oma_outer,
        mean,
        symbols: n,
        taps: found.taps,
    })
}

/// From the noise at the slicer over OMAouter to decibels.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Scope noise over OMAouter.
    scope: f64,
    /// Ceq.
    gain: f64,
}

impl Scale {
    fn tdecq_db(self, slicer_sigma: f64) -> f64 {
        10.0 * (1.0 / (6.0 * Q_T * (slicer_sigma / self.gain).hypot(self.scope))).log10()
    }
}

/// Standard error of OMAouter over OMAouter. With one run of a kind, its two symbols are about
/// two independent samples of the noise at the slicer.
fn oma_error(outer: &crate::measure::levels::OuterLevels, oma: f64, residual: f64) -> f64 {
    let of = |(_, spread): (f64, f64), runs: u64| {
        if runs > 1 {
            spread / oma
        } else {
            residual / std::f64::consts::SQRT_2
        }
    };
    of(outer.top, outer.runs.0).hypot(of(outer.bottom, outer.runs.1))
}

/// Half the change of TDECQ when OMAouter, and with it the thresholds, is off by one standard
/// error to either side.
fn oma_swing_db(windows: &WindowPair, found: &Found, scale: Scale, error: f64) -> Option<f64> {
    let at = |factor: f64| -> Option<f64> {
        let mut moved = found.clone();
        moved.thresholds = found.thresholds.map(|t| t * factor);
        let sigma = windows.score(&moved).sigma()?;
        Some(scale.tdecq_db(sigma) + 10.0 * factor.log10())
    };
    Some(0.5 * (at(1.0 + error)? - at(1.0 - error)?).abs())
}

#[cfg(test)]
mod tests;

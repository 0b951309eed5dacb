//! Transmitter measures: TDECQ, Ceq, K, overshoot, transition time, SNDR.
//!
//! They need whole periods of SSPRQ or PRBS13Q at four samples a symbol or more, behind the
//! reference receiver: the instrument's own, or the one that the options ask for. The samples are
//! taken as they are when the clock stands still against the digitizer, and resampled to the
//! recovered clock otherwise. All samples count, none are averaged, at most [`MOST_SYMBOLS`]
//! symbols' worth.
//!
//! Resampling is by a windowed sinc; it keeps what the reference receiver passes, but loses some
//! white noise near half the sample rate of a capture that was not filtered.

use std::borrow::Cow;

use etalon_types::Figure;
use etalon_types::pattern::{Modulation, PatternName};
use etalon_types::report::{LinkReport, ReferenceEqualizerReport, TransmitterReport};

use super::lane::Lane;
use super::pattern_search::Pattern;
use crate::Error;
use crate::kernels;
use crate::measure::level_shape::level_shapes;
use crate::measure::levels::OuterLevels;
use crate::measure::overshoot::{HIT_RATIO, overshoot};
use crate::measure::pattern_waveform::{MIN_PER_SYMBOL, PatternWaveform};
use crate::measure::reference_receiver;
use crate::measure::sndr::{Sndr, sndr};
use crate::measure::tdecq::{TdecqOptions, tdecq};
use crate::measure::transition_time::transition_time;
use crate::options::{BaudChoice, ReceiveOptions, ReferenceReceiver};
use crate::timing::resample;
use crate::timing::search::search;

/// Symbols that are looked at: two periods of SSPRQ, sixteen of PRBS13Q.
const MOST_SYMBOLS: usize = 1 << 17;

/// Patterns that the measures are defined on.
const PATTERNS: [PatternName; 2] = [PatternName::Ssprq, PatternName::PrbsQ(13)];

/// Samples a symbol after resampling: no fewer and no more.
const RESAMPLED: (usize, usize) = (8, 32);

/// Largest distance of the recovered instants from an even grid, in unit intervals, at which the
/// capture's own samples are that grid: a quarter of a histogram's width.
const STILL_UI: f64 = 0.01;

/// Applies the reference receiver when it is asked for.
///
/// # Errors
/// The option, when the capture has fewer than two samples a symbol; no symbol rate.
pub(super) fn behind_reference_receiver<'a>(
    samples: Cow<'a, [f32]>,
    sample_rate_hz: f64,
    options: &ReceiveOptions,
) -> Result<Cow<'a, [f32]>, Error> {
    if options.reference_receiver == ReferenceReceiver::None {
        return Ok(samples);
    }
    let baud_hz = match options.baud {
        BaudChoice::Is(baud_hz) => baud_hz,
        BaudChoice::Auto => {
            search(&samples, sample_rate_hz)
                .map_err(|likely| Error::NoBaud { likely })?
                .baud_hz
        }
    };
    let per_symbol = sample_rate_hz / baud_hz;
    if per_symbol < 2.0 {
        return Err(Error::Option {
            option: "--reference-receiver",
            expected: "at least 2 samples a symbol to filter".into(),
            found: format!("{per_symbol:.2}"),
        });
    }
    Ok(Cow::Owned(reference_receiver::filter(&samples, per_symbol)))
}

impl Lane {
    /// Enters every transmitter measure into the report, or why there is none.
    pub fn measure_transmitter(&self, samples: &[f32], report: &mut LinkReport) {
        match self.pattern_waveform(samples) {
            Ok((wave, outer)) => {
                enter(&wave, &outer, report);
                if report.quality.iter().any(|q| q.flag == "clipping") {
                    without_extremes(report);
                }
            }
            Err(reason) => {
                report.estimates.tdecq_db = Figure::not_measurable(&*reason);
                report.estimates.ceq_db = Figure::not_measurable(&*reason);
            }
        }
    }

    /// Cuts whole periods out of the capture, upright, with their outer levels.
    fn pattern_waveform(
        &self,
        samples: &[f32],
    ) -> Result<(PatternWaveform, OuterLevels), Cow<'static, str>> {
        let (name, pattern) = self.measurable_pattern()?;
        let timing = &self.front.timing;
        let period = name.period_symbols() as usize;
        let whole = timing.samples_per_symbol.round();
        let first = timing.first_symbol();
        let start = timing.position(first);
        let symbols = resample::whole_symbols(samples.len(), timing, first);
        // Whole periods need no instant inside at either end.
        let symbols = symbols.max((samples.len() as f64 / timing.samples_per_symbol) as usize);
        let periods = symbols.min(MOST_SYMBOLS) / period;
        if periods == 0 {
            return Err(format!(
                "the capture holds {symbols} symbols, a whole period of {name} has {period}"
            )
            .into());
        }
        let count = periods * period;
        let drift = |k: usize| {
            let even = start + k as f64 * whole;
            (timing.position(first + k as f64) - even).abs() / whole
        };
        let (mut cut, per_symbol, origin) = if (0..=64).all(|i| drift(i * count / 64) < STILL_UI) {
            (samples.to_vec(), whole as usize, start)
        } else {
            let spacing =
                (timing.samples_per_symbol.ceil() as usize).clamp(RESAMPLED.0, RESAMPLED.1);
            let end = timing.position(first + count as f64 + 16.0).max(0.0) as usize;
            let head = &samples[..samples.len().min(end)];
            let resampled = resample::per_symbol(kernels::level(), head, timing, spacing);
            (resampled, spacing, 0.0)
        };
        if cut.len() < count * per_symbol {
            return Err(format!("the capture ends within a period of {name}").into());
        }
        cut.truncate(count * per_symbol);
        if pattern.inverted {
            cut.iter_mut().for_each(|x| *x = -*x);
        }
        let mut sent = name.symbols(period);
        sent.rotate_right(pattern.lag.unwrap_or(0) as usize % period);
        let wave =
            PatternWaveform::new(cut, sent, per_symbol, origin).map_err(|e| e.to_string())?;
        let outer = wave
            .outer_levels()
            .ok_or("the pattern holds no run of seven 3s or six 0s")?;
        Ok((wave, outer))
    }

    /// Returns the pattern if transmitter measures are defined on it.
    fn measurable_pattern(&self) -> Result<(PatternName, &Pattern), Cow<'static, str>> {
        if self.modulation != Modulation::Pam4 {
            return Err("TDECQ is a measure of four levels, the capture has two".into());
        }
        let Some(pattern) = &self.pattern else {
            return Err("TDECQ needs SSPRQ or PRBS13Q, no pattern was found".into());
        };
        let name = pattern.name.parse();
        let Some(name) = name.ok().filter(|name| PATTERNS.contains(name)) else {
            return Err(format!("TDECQ needs SSPRQ or PRBS13Q, found {}", pattern.name).into());
        };
        // A clock offset must not make 3.9999 of four samples a symbol.
        let per_symbol = self.front.timing.samples_per_symbol;
        if per_symbol < MIN_PER_SYMBOL as f64 - 0.01 {
            return Err(format!(
                "the capture has {per_symbol:.2} samples a symbol, TDECQ needs at least {MIN_PER_SYMBOL}"
            )
            .into());
        }
        Ok((name, pattern))
    }
}

/// Measures and enters.
fn enter(wave: &PatternWaveform, outer: &OuterLevels, report: &mut LinkReport) {
    let mut phase_ui = 0.0;
    let mut equalizer = None;
    let k_db = match tdecq(wave, &TdecqOptions::default()) {
        Ok(found) => {
            report.estimates.tdecq_db = found.tdecq_db;
            report.estimates.ceq_db = found.ceq_db;
            phase_ui = found.phase_ui;
            equalizer = Some(ReferenceEqualizerReport {
                taps: found.taps,
                main_cursor: found.main_cursor,
                phase_ui,
                thresholds: found.thresholds.to_vec(),
                ser_left: found.ser_left,
                ser_right: found.ser_right,
                sigma_g: found.sigma_g,
            });
            found.k_db
        }
        Err(error) => {
            let none = || Figure::not_measurable(error.to_string());
            (report.estimates.tdecq_db, report.estimates.ceq_db) = (none(), none());
            none()
        }
    };
    let per_symbol = wave.per_symbol();
    let turned = wave.from_origin();
    let shift = (phase_ui * per_symbol as f64).round() as i64;
    let centre = |k: usize| {
        turned[((k * per_symbol) as i64 + shift).rem_euclid(turned.len() as i64) as usize]
    };
    let centres: Vec<f32> = (0..wave.count()).map(centre).collect();
    let symbols: Vec<u8> = (0..wave.count()).map(|k| wave.symbol(k)).collect();
    let level_shapes = level_shapes(&centres, &symbols, 4);
    let means: Option<Vec<f64>> = level_shapes
        .iter()
        .map(|s| Some(s.as_ref()?.mean))
        .collect();
    let sndr = means
        .and_then(|m| m.try_into().ok())
        .and_then(|means| sndr(wave, means));
    let noise = sndr
        .as_ref()
        .map_or(0.0, |s: &Sndr| s.sigma_n.unwrap_or(s.sigma_e));
    let extremes = overshoot(wave, outer, HIT_RATIO);
    let transition = transition_time(wave, outer, noise);
    let seconds = |figure: Figure| in_seconds(figure, 1.0 / report.link.baud_hz);
    report.transmitter = Some(TransmitterReport {
        periods: wave.periods() as u64,
        k_db,
        reference_equalizer: equalizer,
        overshoot_percent: extremes.overshoot_percent,
        undershoot_percent: extremes.undershoot_percent,
        power_excursion: extremes.power_excursion,
        rise_time_s: seconds(transition.rise_ui),
        fall_time_s: seconds(transition.fall_ui),
        transition_time_s: seconds(transition.slower_ui),
        sndr_db: sndr.map_or_else(
            || Figure::not_measurable("no pulse can be fitted to the pattern"),
            |s| s.sndr_db,
        ),
        level_shapes,
    });
}

/// Takes back what the clipped samples would have told: an end of the range is no extreme.
fn without_extremes(report: &mut LinkReport) {
    if let Some(t) = &mut report.transmitter {
        let clipped = || Figure::not_measurable("the capture is clipped: its extremes are cut off");
        (t.overshoot_percent, t.undershoot_percent) = (clipped(), clipped());
        t.power_excursion = clipped();
    }
}

/// Turns a figure in unit intervals into seconds.
fn in_seconds(figure: Figure, interval_s: f64) -> Figure {
    match figure {
        Figure::Estimate(mut e) => {
            (e.value, e.low, e.high) = (
                e.value * interval_s,
                e.low * interval_s,
                e.high * interval_s,
            );
            e.unit = "s".into();
            Figure::Estimate(e)
        }
        none => none,
    }
}

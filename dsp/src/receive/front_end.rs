//! From the capture's samples to one or two a symbol.

use etalon_types::report::QualityFlag;

use crate::Error;
use crate::condition::flag;
use crate::measure::statistics::mean;
use crate::options::{BaudChoice, ReceiveOptions};
use crate::timing::resample;
use crate::timing::search::search;
use crate::timing::{self, Timing};

/// Symbols below which nothing is measured.
const MIN_SYMBOLS: usize = 512;

/// Wander of the clock in unit intervals, root mean square, from which on it is flagged.
const MAX_WANDER_UI: f64 = 0.1;

/// Fewest samples a symbol that timing can be recovered from; see [`timing`].
const MIN_SAMPLES_PER_SYMBOL: f64 = 1.1;

/// Says whether the samples are the symbols: a rate that is off by less than a thousandth.
fn is_one_per_symbol(samples_per_symbol: f64) -> bool {
    (samples_per_symbol - 1.0).abs() < 1e-3
}

/// Says whether a capture can be analyzed at so many samples a symbol.
pub(super) fn is_possible(samples_per_symbol: f64) -> bool {
    samples_per_symbol.is_finite()
        && (is_one_per_symbol(samples_per_symbol) || samples_per_symbol >= MIN_SAMPLES_PER_SYMBOL)
}

/// Symbols at one (or two) samples each, ready for an equalizer.
pub(super) struct Front {
    pub timing: Timing,
    /// Nominal symbol rate in baud.
    pub baud_hz: f64,
    /// Samples a symbol, 1 or 2.
    pub spacing: usize,
    /// Samples at `spacing` a symbol; symbol `k` is decided at index `spacing * k`.
    pub samples: Vec<f32>,
    /// Mean of the capture: what a sample beyond its ends counts as.
    pub pad: f32,
}

impl Front {
    /// Returns the number of whole symbols.
    pub fn symbols(&self) -> usize {
        self.samples.len() / self.spacing
    }

    /// Returns the samples at the decision instants.
    pub fn at_instants(&self) -> Vec<f32> {
        self.samples.iter().step_by(self.spacing).copied().collect()
    }
}

/// Timing and resampling. The inner error is a reason why nothing can be measured.
pub(super) fn front_end(
    samples: &[f32],
    sample_rate_hz: f64,
    options: &ReceiveOptions,
    quality: &mut Vec<QualityFlag>,
) -> Result<Result<Front, String>, Error> {
    let baud_hz = match options.baud {
        BaudChoice::Is(baud_hz) => baud_hz,
        BaudChoice::Auto => {
            search(samples, sample_rate_hz)
                .map_err(|likely| Error::NoBaud { likely })?
                .baud_hz
        }
    };
    let sps = sample_rate_hz / baud_hz;
    if (samples.len() as f64) < MIN_SYMBOLS as f64 * sps {
        let reason = format!(
            "the capture holds {:.0} symbols, at least {MIN_SYMBOLS} are needed",
            samples.len() as f64 / sps
        );
        quality.push(flag("too-short", reason.clone()));
        return Ok(Err(reason));
    }
    let pad = mean(samples) as f32;
    let front = |timing: Timing, spacing: usize, samples: Vec<f32>| Front {
        timing,
        baud_hz,
        spacing,
        samples,
        pad,
    };
    if is_one_per_symbol(sps) {
        let timing = Timing::one_per_symbol();
        return Ok(Ok(front(timing, 1, samples.to_vec())));
    }
    Ok(clock(samples, sps, baud_hz, quality).map(|timing| {
        let resampled = resample::two_per_symbol(samples, &timing);
        front(timing, 2, resampled)
    }))
}

/// Recovers the clock, or says why there is none.
fn clock(
    samples: &[f32],
    samples_per_symbol: f64,
    baud_hz: f64,
    quality: &mut Vec<QualityFlag>,
) -> Result<Timing, String> {
    let timing = timing::recover(samples, samples_per_symbol);
    if timing.significance < timing::MIN_SIGNIFICANCE {
        let reason = format!(
            "no clock at {:.6} GBd: the timing tone stands {:.1} standard deviations out of the noise, {} are needed",
            baud_hz / 1e9,
            timing.significance,
            timing::MIN_SIGNIFICANCE
        );
        quality.push(flag("wrong-rate", reason.clone()));
        return Err(reason);
    }
    if let Some(rival) = timing::rival(samples, &timing) {
        let reason = format!(
            "no clock to trust at {:.6} GBd: a line at {:.6} GBd has {:.1} times its power, though no clock is that far off",
            baud_hz / 1e9,
            baud_hz * rival.rate / 1e9,
            rival.ratio.recip()
        );
        quality.push(flag("wrong-rate", reason.clone()));
        return Err(reason);
    }
    if let Some(reason) = timing.trouble() {
        quality.push(flag("drift", reason));
    }
    if timing.wander_ui() > MAX_WANDER_UI {
        quality.push(flag(
            "drift",
            format!(
                "the clock wanders by {:.2} UI rms about a straight line",
                timing.wander_ui()
            ),
        ));
    }
    Ok(timing)
}

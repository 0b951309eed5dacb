//! A measured channel behind the detector: a cable, a trace, a backplane.
//!
//! ```text
//! Y(f) = H(f) exp(j 2 pi f tau) X(f)
//! ```
//!
//! with `H` the response (see [`etalon_types::frequency_response`] for what lies between its
//! points, below the first and beyond the last) and `tau` its delay: the slope of its phase up
//! to half the symbol rate. The delay is taken out, so that a symbol stays where the truth says;
//! the truth tells it. What the channel does to zero frequency stays in: behind a channel of
//! -1 dB there, samples are no longer the light's power in watts but 0.89 of it.
//!
//! The channel stands between detection and the receiver's noise, which it therefore does not
//! filter: a signal-to-noise ratio is that of the signal before the channel.

use std::f64::consts::PI;

use etalon_types::FrequencyResponse;
use etalon_types::report::QualityFlag;
use etalon_types::units::{Db, Seconds};
use num_complex::Complex64;
use rustfft::FftPlanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkConfig;
use super::overlap_save::filter_real;
use crate::Error;

/// Share of the response's energy that may lie beyond its reach.
const BEYOND_REACH: f64 = 1e-8;
/// Longest impulse response in samples: steps finer than the sample rate over this tell nothing
/// that a simulated capture would show.
const LONGEST: usize = 1 << 18;
/// Energy before time zero from which on it is worth a remark: -30 dB of the response's.
const PRECURSOR_LIMIT: f64 = 1e-3;
/// Length of the impulse response in which precursors are looked for.
const PRECURSOR_LENGTH: usize = 1 << 16;

/// A measured response, and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasuredChannel {
    /// What it is called: a file and its ports.
    pub name: String,
    /// SHA-256 of the file, hexadecimal, when it came from one.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The response.
    pub response: FrequencyResponse,
}

impl MeasuredChannel {
    /// Checks that the response covers the band of the symbols.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when it ends below half the symbol rate: what it does to the
    /// symbols would be made up.
    pub(super) fn validate(&self, baud: f64) -> Result<(), Error> {
        super::validation::check(
            "channel.response",
            "points up to half the symbol rate at least, in hertz",
            self.response.top_hz(),
            |top| top >= 0.5 * baud,
        )
    }
}

/// What a measured channel does to the capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelTruth {
    /// Delay that was taken out.
    pub delay: Seconds,
    /// Gain at zero frequency, a ratio of amplitudes.
    pub dc_gain: f64,
    /// Loss at half the symbol rate against zero frequency, without the symbol's own shape.
    pub nyquist_loss: Db,
    /// Share of the impulse response's energy before time zero; see [`precursor_energy`].
    pub precursor_energy: f64,
    /// What is odd about the response.
    pub remarks: Vec<QualityFlag>,
}

impl ChannelTruth {
    pub(super) fn new(channel: &MeasuredChannel, config: &LinkConfig) -> Self {
        let response = &channel.response;
        let dc_gain = response.at(0.0).re;
        let precursor_energy = precursor_energy(response);
        let mut remarks = response.remarks();
        if precursor_energy > PRECURSOR_LIMIT {
            remarks.push(QualityFlag {
                flag: "channel-not-causal".into(),
                detail: format!(
                    "{:.2} % of the impulse response's energy comes before time zero",
                    100.0 * precursor_energy
                ),
            });
        }
        Self {
            delay: Seconds(response.delay_s(0.5 * config.baud.0)),
            dc_gain,
            nyquist_loss: Db::from_linear(
                (dc_gain / response.at(0.5 * config.baud.0).norm()).powi(2),
            ),
            precursor_energy,
            remarks,
        }
    }
}

/// A channel ready to filter.
pub(super) struct Filter<'a> {
    response: &'a FrequencyResponse,
    delay_s: f64,
    sample_rate_hz: f64,
    /// Samples that the response reaches to either side, its delay taken out.
    reach: usize,
}

impl<'a> Filter<'a> {
    pub(super) fn new(channel: &'a MeasuredChannel, config: &LinkConfig) -> Self {
        let mut filter = Self {
            response: &channel.response,
            delay_s: channel.response.delay_s(0.5 * config.baud.0),
            sample_rate_hz: config.sample_rate().0,
            reach: 0,
        };
        filter.reach = filter.find_reach();
        filter
    }

    /// Samples that the response reaches to either side.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// Filters in place.
    pub(super) fn apply(&self, signal: &mut [f64]) {
        filter_real(signal, self.reach, self.gain());
    }

    /// Gain at a frequency over the sample rate, delay taken out.
    fn gain(&self) -> impl Fn(f64) -> Complex64 {
        let interpolator = self.response.interpolator();
        let (rate, delay) = (self.sample_rate_hz, self.delay_s);
        move |f| {
            let hertz = f * rate;
            interpolator.at(hertz) * Complex64::cis(2.0 * PI * hertz * delay)
        }
    }

    /// Smallest distance from time zero beyond which hardly any energy lies.
    fn find_reach(&self) -> usize {
        let wanted = self.sample_rate_hz / self.response.finest_step_hz();
        let length = (wanted as usize)
            .clamp(1 << 10, LONGEST)
            .next_power_of_two();
        let impulse = impulse(length, self.gain());
        let half = length / 2;
        let total: f64 = impulse.iter().map(|x| x * x).sum();
        let mut beyond = 0.0;
        for distance in (1..=half).rev() {
            let (after, before) = (impulse[distance % length], impulse[length - distance]);
            beyond += after * after
                + if distance < half {
                    before * before
                } else {
                    0.0
                };
            if beyond > BEYOND_REACH * total {
                return distance;
            }
        }
        1
    }
}

/// Returns the share of the impulse response's energy that comes before time zero.
///
/// A real channel answers after it was asked; energy before that tells of a phase or a delay that
/// was taken out too much, or of points that do not belong together. The band is faded to
/// nothing at its last frequency (a raised cosine), and what that smears over time zero, two
/// periods of the last frequency, is left out.
///
/// *Assumes* a response shorter than half a period of its finest step.
pub fn precursor_energy(response: &FrequencyResponse) -> f64 {
    let top = response.top_hz();
    let wanted = 2.0 * top / response.finest_step_hz();
    let length = (wanted as usize)
        .clamp(64, PRECURSOR_LENGTH)
        .next_power_of_two();
    let interpolator = response.interpolator();
    let impulse = impulse(length, |f| {
        interpolator.at(2.0 * f * top) * 0.5 * (1.0 + (2.0 * PI * f).cos())
    });
    // Samples are half a period of the last frequency apart.
    const SMEARED: usize = 4;
    let energy = |part: &[f64]| part.iter().map(|x| x * x).sum::<f64>();
    let total = energy(&impulse);
    if total > 0.0 {
        energy(&impulse[length / 2..length - SMEARED]) / total
    } else {
        0.0
    }
}

/// Impulse response of a gain given from 0 to 1/2 of the sample rate; negative times are at the
/// end.
fn impulse(length: usize, gain: impl Fn(f64) -> Complex64) -> Vec<f64> {
    let mut bins = vec![Complex64::default(); length];
    for k in 0..=length / 2 {
        let value = gain(k as f64 / length as f64) / length as f64;
        bins[k] = value;
        bins[(length - k) % length] = value.conj();
    }
    FftPlanner::new()
        .plan_fft_inverse(length)
        .process(&mut bins);
    bins.iter().map(|z| z.re).collect()
}

//! What a channel does to a sine: a gain for every frequency, measured at some of them.
//!
//! Between its points a response is interpolated in magnitude and in unwrapped phase, both
//! linear. That keeps a long delay, which turns the gain round several times from one point to
//! the next but one, from looking like a loss.
//!
//! ```text
//! H(f) = m(f) exp(j p(f)),   H(-f) = conj H(f)
//! ```
//!
//! - Below the first point magnitude and phase go straight on to zero frequency. A straight line
//!   through the first [`FIT_POINTS`] points says where to, and there a real system is real: the
//!   phase is taken to the nearest multiple of 180 degrees. How far the line misses it is
//!   [`DcEnd::phase_miss_rad`], and a large miss is a remark.
//! - Beyond the last point nothing is known. The magnitude falls to nothing over the next
//!   tenth of the last frequency, as a raised cosine, and the phase goes on in the line of the
//!   last [`FIT_POINTS`] points: no energy is made up, and no sharp edge rings.
//!
//! Assumptions: the points are so dense that the phase moves less than 180 degrees between two
//! (`delay < 1 / (2 spacing)`). Sparser points unwrap to a wrong delay, which
//! [`FrequencyResponse::remarks`] suspects when a step comes near.

use std::f64::consts::{PI, TAU};

use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::QualityFlag;

/// Points at either end through which the straight lines go.
pub const FIT_POINTS: usize = 8;
/// Share of the last frequency over which the magnitude falls to nothing beyond it.
const TAPER: f64 = 0.1;
/// A miss of the phase at zero frequency from which on it is worth a remark: 20 degrees, a
/// delay that is wrong by an eighteenth of the first points' period.
const DC_MISS_RAD: f64 = 0.35;
/// A step of the phase from point to point from which on unwrapping may have gone wrong.
const COARSE_STEP_RAD: f64 = 0.75 * PI;

/// Why points make no response.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// One point has no slope.
    #[error("a response needs at least 2 points, found {found}")]
    TooFewPoints {
        /// Points that were given.
        found: usize,
    },
    /// The columns differ in length.
    #[error("expected {expected} values for as many frequencies, found {found}")]
    Lengths {
        /// Number of frequencies.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// A frequency is negative, not finite, or not above the one before it.
    #[error("frequency {index}: expected a finite one above {above} Hz, found {found} Hz")]
    Frequency {
        /// Place of the frequency, counted from 0.
        index: usize,
        /// The frequency before it in hertz.
        above: f64,
        /// The frequency that was found, in hertz.
        found: f64,
    },
    /// A gain is not finite, or a magnitude is negative.
    #[error("gain {index}: expected a finite one, found {found}")]
    Gain {
        /// Place of the gain, counted from 0.
        index: usize,
        /// The value that was found.
        found: f64,
    },
}

/// Where a response ends at zero frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DcEnd {
    /// Magnitude at zero frequency.
    pub magnitude: f64,
    /// Phase at zero frequency, a multiple of pi.
    pub phase_rad: f64,
    /// How far the straight line through the first points misses that multiple.
    pub phase_miss_rad: f64,
    /// False when zero frequency was measured.
    pub extrapolated: bool,
}

/// A channel's gain over frequency.
///
/// *Units:* hertz, and a ratio of amplitudes (20 log10 for decibels).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Points")]
pub struct FrequencyResponse {
    /// Frequencies in hertz, rising.
    frequency_hz: Vec<f64>,
    /// Magnitude at each.
    magnitude: Vec<f64>,
    /// Unwrapped phase in rad at each.
    phase_rad: Vec<f64>,
}

/// A response as it is written in a file, before it is checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "FrequencyResponse")]
struct Points {
    /// Frequencies in hertz, rising.
    frequency_hz: Vec<f64>,
    /// Ratio of amplitudes at each.
    magnitude: Vec<f64>,
    /// Unwrapped phase in rad at each.
    phase_rad: Vec<f64>,
}

impl TryFrom<Points> for FrequencyResponse {
    type Error = ResponseError;

    fn try_from(points: Points) -> Result<Self, ResponseError> {
        Self::new(points.frequency_hz, points.magnitude, points.phase_rad)
    }
}

impl FrequencyResponse {
    /// Takes magnitudes (ratios of amplitudes) and unwrapped phases.
    ///
    /// # Errors
    /// [`ResponseError`] for less than two points, columns of different length, frequencies that
    /// do not rise from zero or more, and values that are not finite.
    pub fn new(
        frequency_hz: Vec<f64>,
        magnitude: Vec<f64>,
        phase_rad: Vec<f64>,
    ) -> Result<Self, ResponseError> {
        let expected = frequency_hz.len();
        if expected < 2 {
            return Err(ResponseError::TooFewPoints { found: expected });
        }
        for found in [magnitude.len(), phase_rad.len()] {
            if found != expected {
                return Err(ResponseError::Lengths { expected, found });
            }
        }
        let mut above = -f64::MIN_POSITIVE;
        for (index, &found) in frequency_hz.iter().enumerate() {
            if !(found.is_finite() && found > above) {
                return Err(ResponseError::Frequency {
                    index,
                    above,
                    found,
                });
            }
            above = found;
        }
        for (index, (&size, &phase)) in magnitude.iter().zip(&phase_rad).enumerate() {
            if !(size.is_finite() && size >= 0.0) {
                return Err(ResponseError::Gain { index, found: size });
            }
            if !phase.is_finite() {
                return Err(ResponseError::Gain {
                    index,
                    found: phase,
                });
            }
        }
        Ok(Self {
            frequency_hz,
            magnitude,
            phase_rad,
        })
    }

    /// Takes complex gains, and unwraps their phase: each step is taken the shorter way round.
    ///
    /// # Errors
    /// As [`FrequencyResponse::new`].
    pub fn from_gains(frequency_hz: Vec<f64>, gains: &[Complex64]) -> Result<Self, ResponseError> {
        let magnitude = gains.iter().map(|gain| gain.norm()).collect();
        let mut phase_rad: Vec<f64> = Vec::with_capacity(gains.len());
        for gain in gains {
            let phase = match phase_rad.last() {
                Some(&before) => before + nearest_turn(gain.arg() - before),
                None => gain.arg(),
            };
            phase_rad.push(phase);
        }
        Self::new(frequency_hz, magnitude, phase_rad)
    }

    /// Returns the frequencies in hertz, rising.
    pub fn frequency_hz(&self) -> &[f64] {
        &self.frequency_hz
    }

    /// Returns the magnitude at every frequency, a ratio of amplitudes.
    pub fn magnitude(&self) -> &[f64] {
        &self.magnitude
    }

    /// Returns the unwrapped phase at every frequency in rad.
    pub fn phase_rad(&self) -> &[f64] {
        &self.phase_rad
    }

    /// Returns the highest measured frequency in hertz.
    pub fn top_hz(&self) -> f64 {
        self.frequency_hz[self.frequency_hz.len() - 1]
    }

    /// Returns the smallest step between two frequencies in hertz.
    pub fn finest_step_hz(&self) -> f64 {
        let steps = self.frequency_hz.windows(2).map(|pair| pair[1] - pair[0]);
        steps.fold(f64::INFINITY, f64::min)
    }

    /// Returns where the response ends at zero frequency, measured or extrapolated.
    pub fn dc(&self) -> DcEnd {
        let measured = self.frequency_hz[0] == 0.0;
        let (magnitude, phase) = if measured {
            (self.magnitude[0], self.phase_rad[0])
        } else {
            let count = FIT_POINTS.min(self.frequency_hz.len());
            let x = &self.frequency_hz[..count];
            let (magnitude, _) = line(x, &self.magnitude[..count]);
            let (phase, _) = line(x, &self.phase_rad[..count]);
            (magnitude.max(0.0), phase)
        };
        let phase_rad = (phase / PI).round() * PI;
        DcEnd {
            magnitude,
            phase_rad,
            phase_miss_rad: (phase - phase_rad).abs(),
            extrapolated: !measured,
        }
    }

    /// Returns the delay in seconds: the slope of the phase over all points up to `band_hz`, by
    /// least squares weighted with the power that passes.
    ///
    /// With less than two points in the band, the slope between the first two.
    pub fn delay_s(&self, band_hz: f64) -> f64 {
        let count = self.frequency_hz.partition_point(|&f| f <= band_hz).max(2);
        let (mut weight, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for i in 0..count {
            let (f, p) = (self.frequency_hz[i] / band_hz, self.phase_rad[i]);
            // A floor keeps a channel that passes nothing in the band from dividing by zero.
            let w = self.magnitude[i].powi(2).max(f64::MIN_POSITIVE);
            weight += w;
            x += w * f;
            y += w * p;
            xx += w * f * f;
            xy += w * f * p;
        }
        let slope = (weight * xy - x * y) / (weight * xx - x * x);
        if slope.is_finite() {
            -slope / (TAU * band_hz)
        } else {
            0.0
        }
    }

    /// Prepares for many questions: what [`FrequencyResponse::at`] finds out anew each time is
    /// kept.
    pub fn interpolator(&self) -> Interpolator<'_> {
        let last = self.frequency_hz.len();
        let tail = last.saturating_sub(FIT_POINTS);
        let (_, end_slope) = line(&self.frequency_hz[tail..], &self.phase_rad[tail..]);
        Interpolator {
            response: self,
            dc: self.dc(),
            end_slope,
        }
    }

    /// Returns the gain at any frequency in hertz; a negative one gives the conjugate.
    ///
    /// See the module for what lies between the points and beyond them.
    pub fn at(&self, frequency_hz: f64) -> Complex64 {
        self.interpolator().at(frequency_hz)
    }

    /// Says what is odd about the points: a phase that does not lead to zero frequency, and
    /// points too sparse to tell the delay.
    pub fn remarks(&self) -> Vec<QualityFlag> {
        let mut remarks = Vec::new();
        let mut remark = |flag: &str, detail: String| {
            remarks.push(QualityFlag {
                flag: flag.into(),
                detail,
            });
        };
        let dc = self.dc();
        if dc.extrapolated {
            remark(
                "channel-dc-extrapolated",
                format!(
                    "the first point is at {:.3e} Hz: straight lines lead to {:.2} dB at zero frequency",
                    self.frequency_hz[0],
                    20.0 * dc.magnitude.max(1e-15).log10()
                ),
            );
        }
        if dc.phase_miss_rad > DC_MISS_RAD {
            remark(
                "channel-dc-phase",
                format!(
                    "the phase leads to {:.0} degrees off a multiple of 180 at zero frequency, where a real channel has none",
                    dc.phase_miss_rad.to_degrees()
                ),
            );
        }
        let steps = self.phase_rad.windows(2).map(|p| (p[1] - p[0]).abs());
        let largest = steps.fold(0.0, f64::max);
        if largest > COARSE_STEP_RAD {
            remark(
                "channel-coarse",
                format!(
                    "the phase steps by up to {:.0} degrees from point to point: its turns may be miscounted",
                    largest.to_degrees()
                ),
            );
        }
        remarks
    }
}

/// A response that is ready for many questions.
#[derive(Clone, Debug)]
pub struct Interpolator<'a> {
    response: &'a FrequencyResponse,
    dc: DcEnd,
    /// Slope of the phase beyond the last point in rad/Hz.
    end_slope: f64,
}

impl Interpolator<'_> {
    /// Returns the gain at a frequency in hertz, as [`FrequencyResponse::at`] does.
    ///
    /// *Complexity:* the logarithm of the number of points.
    pub fn at(&self, frequency_hz: f64) -> Complex64 {
        let (magnitude, phase) = self.polar(frequency_hz.abs());
        let gain = Complex64::from_polar(magnitude, phase);
        if frequency_hz < 0.0 {
            gain.conj()
        } else {
            gain
        }
    }

    /// Magnitude and phase at a frequency from zero on.
    fn polar(&self, frequency_hz: f64) -> (f64, f64) {
        let r = self.response;
        let above = r.frequency_hz.partition_point(|&f| f <= frequency_hz);
        let last = r.frequency_hz.len() - 1;
        let point = |i: usize| (r.frequency_hz[i], r.magnitude[i], r.phase_rad[i]);
        let (left, right) = match above {
            0 => ((0.0, self.dc.magnitude, self.dc.phase_rad), point(0)),
            // The point at zero frequency itself: what is real there is taken as real.
            1 if r.frequency_hz[0] == 0.0 => {
                ((0.0, self.dc.magnitude, self.dc.phase_rad), point(1))
            }
            i if i <= last => (point(i - 1), point(i)),
            _ => return self.beyond(frequency_hz),
        };
        let share = (frequency_hz - left.0) / (right.0 - left.0);
        (
            left.1 + share * (right.1 - left.1),
            left.2 + share * (right.2 - left.2),
        )
    }

    fn beyond(&self, frequency_hz: f64) -> (f64, f64) {
        let r = self.response;
        let last = r.frequency_hz.len() - 1;
        let past = frequency_hz - r.frequency_hz[last];
        let share = (past / (TAPER * r.frequency_hz[last])).min(1.0);
        (
            r.magnitude[last] * 0.5 * (1.0 + (PI * share).cos()),
            r.phase_rad[last] + self.end_slope * past,
        )
    }
}

/// Takes whole turns off an angle, so that it lies within half a turn of zero.
fn nearest_turn(angle_rad: f64) -> f64 {
    angle_rad - (angle_rad / TAU).round() * TAU
}

/// Straight line through points by least squares: value at zero, and slope.
fn line(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mean_x) * (x - mean_x);
        xy += (x - mean_x) * (y - mean_y);
    }
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    (mean_y - slope * mean_x, slope)
}

#[cfg(test)]
mod tests;

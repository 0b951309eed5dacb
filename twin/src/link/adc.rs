//! The converter: full scale, clipping, resolution.

use etalon_types::Samples;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::validation::check;
use crate::Error;

/// A converter that sets its range by the capture, as an oscilloscope's autoscale does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adc {
    /// Resolution in bits, 1 to 16; up to 8 the samples are `i8`, beyond that `i16`.
    pub bits: u32,
    /// Effective number of bits, at most `bits`: Gaussian noise is added until noise and
    /// quantization together are those of an ideal converter of this resolution,
    /// `(full scale / 2^enob)^2 / 12`. None: an ideal converter of `bits`.
    pub enob: Option<f64>,
    /// Full scale over the capture's span from lowest to highest sample, about the middle of
    /// that span: from 1 on nothing is clipped, below 1 both ends are.
    pub clip: f64,
}

impl Default for Adc {
    /// Eight ideal bits, full scale just wide enough.
    fn default() -> Self {
        Self {
            bits: 8,
            enob: None,
            clip: 1.0,
        }
    }
}

impl Adc {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a resolution, an effective resolution or a full scale that no
    /// converter has.
    pub fn validate(&self) -> Result<(), Error> {
        check("adc.bits", "1 to 16", f64::from(self.bits), |x| {
            (1.0..=16.0).contains(&x)
        })?;
        if let Some(enob) = self.enob {
            let bits = f64::from(self.bits);
            check("adc.enob", "above 0, at most adc.bits", enob, |x| {
                x > 0.0 && x <= bits
            })?;
        }
        check("adc.clip", "a number above 0", self.clip, |x| {
            x > 0.0 && x.is_finite()
        })
    }

    /// Converts; returns the codes, their scale and offset, and how many were clipped.
    pub(super) fn convert(
        &self,
        signal: &[f64],
        mut generator: Xoshiro256PlusPlus,
    ) -> (Samples, f64, f64, u64) {
        let (low, high) = signal
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| {
                (low.min(x), high.max(x))
            });
        let steps = 2f64.powi(self.bits as i32);
        let (lowest, highest) = (-steps / 2.0, steps / 2.0 - 1.0);
        // A constant capture has no span; any step keeps it, as code 0.
        let span = if high > low {
            high - low
        } else {
            high.abs().max(f64::MIN_POSITIVE)
        };
        let scale = self.clip * span / (steps - 1.0);
        // The middle of the codes is -1/2.
        let offset = (low + high) / 2.0 + scale / 2.0;
        let sigma = self.enob.map_or(0.0, |enob| self.extra_noise_codes(enob));
        let mut clipped = 0;
        let codes = signal.iter().map(|&x| {
            let extra = if sigma > 0.0 {
                sigma * generator.sample::<f64, _>(StandardNormal)
            } else {
                0.0
            };
            let code = ((x - offset) / scale + extra).round();
            clipped += u64::from(code < lowest || code > highest);
            code.clamp(lowest, highest)
        });
        let samples = if self.bits <= 8 {
            Samples::I8(codes.map(|code| code as i8).collect())
        } else {
            Samples::I16(codes.map(|code| code as i16).collect())
        };
        (samples, scale, offset, clipped)
    }

    /// Standard deviation in codes of the noise that brings `bits` down to `enob`.
    fn extra_noise_codes(&self, enob: f64) -> f64 {
        let wider = 4f64.powf(f64::from(self.bits) - enob);
        ((wider - 1.0) / 12.0).sqrt()
    }
}

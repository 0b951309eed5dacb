//! An electrical echo behind the detector: `y(t) + a (y(t - d) - P)`.
//!
//! A mismatched cable or trace sends a part of the *detected* signal round again. Unlike
//! interference it has no phase: it adds the delayed symbols themselves, not the root of the
//! product of two. The mean `P` is taken off the copy, so that the mean power stays. Delays
//! between samples are read by the windowed sinc of the sample clock.

use etalon_types::units::Seconds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::link::LinkConfig;
use crate::link::resample::{REACH, interpolate};
use crate::link::validation::{check, not_negative};

/// An electrical echo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Echo {
    /// Delay behind the signal.
    pub delay: Seconds,
    /// Amplitude over the signal's, -1 to 1; negative is an inverting reflection.
    pub amplitude: f64,
}

impl Echo {
    pub(super) fn validate(&self) -> Result<(), Error> {
        not_negative("nuisances.echoes.delay", self.delay.0)?;
        check(
            "nuisances.echoes.amplitude",
            "-1 to 1",
            self.amplitude,
            |x| x.abs() <= 1.0,
        )
    }
}

/// Samples before the capture that the echoes look back to; 0 without any.
pub(in crate::link) fn reach(config: &LinkConfig) -> usize {
    let delays = config.nuisances.echoes.iter().map(|echo| echo.delay.0);
    delays
        .map(|delay_s| ((delay_s * config.sample_rate().0).ceil() as usize).saturating_add(REACH))
        .fold(0, usize::max)
}

/// Adds the echoes of the samples in place; where an echo would come from before the first
/// sample there is none.
pub(super) fn add(echoes: &[Echo], samples: &mut [f64], mean_w: f64, rate_hz: f64) {
    if echoes.is_empty() {
        return;
    }
    let source = samples.to_vec();
    for echo in echoes {
        let delay = echo.delay.0 * rate_hz;
        for (n, y) in samples.iter_mut().enumerate() {
            let place = n as f64 - delay;
            // The interpolation reaches to both sides; the guard is longer than that.
            if place >= REACH as f64 && place < source.len().saturating_sub(REACH + 1) as f64 {
                *y += echo.amplitude * (interpolate(&source, place) - mean_w);
            }
        }
    }
}

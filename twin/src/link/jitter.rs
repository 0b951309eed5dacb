//! Jitter of the sample clock.
//!
//! The instant of a sample moves: `y(n / fs + j_n)`, `j_n` Gaussian. Without a corner the
//! instants of two samples are independent, as by aperture jitter of a converter; with one they
//! wander together below it (a stationary first-order process), as by the phase noise of a clock that is
//! not locked. To first order it adds the slope of the signal times `j`, which is noise on the
//! edges and none on a flat level.

use etalon_types::units::{Hertz, Seconds};
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkConfig;
use super::low_pass_noise::low_pass_noise;
use super::validation::{check, positive};
use super::window::{Window, capture_first};
use crate::Error;

/// Jitter of the sample clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jitter {
    /// Standard deviation of a sample's instant; at most 10 unit intervals.
    pub rms: Seconds,
    /// Corner below which the instants wander together; `None`: independent from sample to
    /// sample.
    #[serde(default)]
    pub corner: Option<Hertz>,
}

impl Jitter {
    pub(super) fn validate(&self, config: &LinkConfig) -> Result<(), Error> {
        check(
            "jitter.rms",
            "0 to 10 unit intervals in seconds",
            self.rms.0,
            |rms| rms >= 0.0 && rms * config.baud.0 <= 10.0,
        )?;
        self.corner
            .map_or(Ok(()), |f| positive("jitter.corner", f.0))
    }

    /// Samples to each side that the jitter reaches: nine standard deviations.
    pub(super) fn reach(&self, config: &LinkConfig) -> usize {
        (9.0 * self.rms.0 * config.sample_rate().0).ceil() as usize + 1
    }

    /// Draws the shifts of the instants, in samples: receiver guard, capture, receiver guard.
    pub(super) fn draw(
        &self,
        config: &LinkConfig,
        window: &Window,
        mut generator: Xoshiro256PlusPlus,
    ) -> Vec<f64> {
        let total = window.samples() + 2 * window.receiver_guard;
        let rate_hz = config.sample_rate().0;
        let mut shifts = match self.corner {
            Some(corner) => {
                low_pass_noise(corner.0 / rate_hz, window.receiver_guard, total, generator)
            }
            None => {
                let mut shifts = vec![0.0; total];
                for n in capture_first(window.receiver_guard, total) {
                    shifts[n] = generator.sample(StandardNormal);
                }
                shifts
            }
        };
        // No draw of 2^26 lies beyond nine standard deviations; the limit keeps the place in
        // the window whatever the generator does.
        for shift in &mut shifts {
            *shift = shift.clamp(-9.0, 9.0) * self.rms.0 * rate_hz;
        }
        shifts
    }
}

//! Intensity noise of the laser below a corner: `P(t) (1 + r x(t))`.
//!
//! `x` is a stationary first-order process of unit variance. Mode partition and a noisy bias supply do
//! this. It moves level `i` by a part of `P_i`, where interference moves it by one of
//! `sqrt(P_i)`. White intensity noise is [`super::LinkConfig::rin_db_per_hz`].

use etalon_types::units::Hertz;
use rand_xoshiro::Xoshiro256PlusPlus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LinkConfig;
use super::low_pass_noise::low_pass_noise;
use super::validation::{check, positive};
use super::window::Window;
use crate::Error;

/// Intensity noise of the laser below a corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LowFrequencyRin {
    /// Standard deviation of the power over the mean power, 0 to 1.
    pub rms: f64,
    /// Corner of the first-order spectrum.
    pub corner: Hertz,
}

impl LowFrequencyRin {
    pub(super) fn validate(&self) -> Result<(), Error> {
        check("low_frequency_rin.rms", "0 to 1", self.rms, |x| {
            (0.0..=1.0).contains(&x)
        })?;
        positive("low_frequency_rin.corner", self.corner.0)
    }

    /// Multiplies the transmitted power; power that would become negative is no light.
    pub(super) fn apply(
        &self,
        config: &LinkConfig,
        window: &Window,
        power: &mut [f64],
        generator: Xoshiro256PlusPlus,
    ) {
        let corner = self.corner.0 / config.sample_rate().0;
        let noise = low_pass_noise(corner, window.lead(), power.len(), generator);
        for (p, x) in power.iter_mut().zip(noise) {
            *p = (*p * (1.0 + self.rms * x)).max(0.0);
        }
    }
}

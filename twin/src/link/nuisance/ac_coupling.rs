//! AC coupling: a first-order high-pass by the bilinear transform.
//!
//! ```text
//! H(s) = s / (s + 2 pi fc),   k = tan(pi fc / fs)
//! y[n] = ((1 - k) y[n-1] + x[n] - x[n-1]) / (1 + k)
//! ```
//!
//! (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.1.2: the corner is
//! prewarped, so it stays -3 dB.) The coupling capacitor follows the running mean of the data,
//! so the levels wander by the pattern's content below the corner. Before the simulated stretch
//! the signal counts as its mean: for the first `1 / (2 pi fc)` seconds the wander is smaller
//! than later on.

use std::f64::consts::PI;

use etalon_types::units::Hertz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::link::validation::positive;

/// A coupling capacitor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcCoupling {
    /// Corner (-3 dB) of the high-pass.
    pub corner: Hertz,
    /// What becomes of the mean.
    #[serde(default)]
    pub baseline: Baseline,
}

/// What AC coupling leaves of the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// Nothing: the samples are about zero, as behind a capacitor. Extinction ratio and mean
    /// power cannot be had from them.
    #[default]
    Removed,
    /// The mean of the stretch is added back, as by an instrument that measures it beside the
    /// capacitor: zero is no light still.
    Kept,
}

impl AcCoupling {
    pub(super) fn validate(&self) -> Result<(), Error> {
        positive("nuisances.ac_coupling.corner", self.corner.0)
    }

    /// Filters samples in place; a corner from half the sample rate on leaves nothing.
    pub(super) fn filter(&self, samples: &mut [f64], rate_hz: f64) {
        let mean = samples.iter().sum::<f64>() / samples.len().max(1) as f64;
        let left = match self.baseline {
            Baseline::Removed => 0.0,
            Baseline::Kept => mean,
        };
        let turn = PI * self.corner.0 / rate_hz;
        let (forward, back) = if turn < 0.5 * PI {
            let k = turn.tan();
            (1.0 / (1.0 + k), (1.0 - k) / (1.0 + k))
        } else {
            (0.0, 0.0)
        };
        let (mut before, mut state) = (mean, 0.0);
        for x in samples {
            state = back * state + forward * (*x - before);
            before = *x;
            *x = state + left;
        }
    }
}

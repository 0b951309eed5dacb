//! Distributed Rayleigh backscatter: interference from the glass itself.
//!
//! Light that the glass scatters backwards, and again forwards, arrives late. Over a fibre of
//! length `L`, power attenuation `a` (1/m) and backscatter `b` (`S alpha_s`, the recaptured part
//! per metre) the pairs of places a distance `x` apart give
//!
//! ```text
//! dm = b^2 (L - x) e^(-2 a x) dx
//! m  = (b / 2a)^2 (2 a L - 1 + e^(-2 a L))
//! ```
//!
//! (Wan and Conradi, Journal of Lightwave Technology 14, 1996, for a fibre without gain.) After
//! two scatterings 5/9 of it lies along the signal's polarisation in the mean and 4/9 across
//! (van Deventer, Journal of Lightwave Technology 11, 1993): the `1/2` that some texts put before
//! the formula is this part, the one that beats.
//!
//! The realisation is a sum of 256 scatterers: one delay drawn from each of 256 strata of equal
//! power, rounded to whole samples, and for each polarisation a complex Gaussian gain. Many weak
//! paths of independent phase are Gaussian noise on the levels, whatever their number; the drawn
//! power scatters by 4.5 % (0.2 dB) about `m`.
//!
//! *Assumes* a fibre that stands still during the capture. *Complexity:* 256 complex products a
//! sample; the lead-in is as long as the longest delay (9.8 us a kilometre).

use etalon_types::fibre::{GROUP_INDEX, LIGHT_M_PER_S, round_trip_s};
use etalon_types::units::{Db, Metres, Seconds};
use num_complex::Complex64;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::validation::check;
use crate::Error;

/// Scatterers of a realisation.
const SCATTERERS: usize = 256;
/// Mean part of twice scattered light along the signal's polarisation.
const ALONG: f64 = 5.0 / 9.0;

/// A fibre whose glass scatters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rayleigh {
    /// Length of the fibre.
    pub length: Metres,
    /// Backscatter of a pulse of 1 ns over its power, as reflectometer data sheets state it: the
    /// default of -77 dB is that of standard single-mode fibre at 1310 nm; at 1550 nm it is
    /// -82 dB.
    pub backscatter_1ns: Db,
}

impl Default for Rayleigh {
    fn default() -> Self {
        Self {
            length: Metres(10e3),
            backscatter_1ns: Db(-77.0),
        }
    }
}

/// What was drawn of a scattering fibre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RayleighTruth {
    /// Power over the signal's by the formula, in all polarisations.
    pub expected: Db,
    /// Power over the signal's of this realisation, in all polarisations.
    pub level: Db,
    /// The part of it along the signal's polarisation, which beats.
    pub aligned: Db,
    /// Longest delay of a scatterer.
    pub longest_delay: Seconds,
}

/// One scatterer of a realisation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scatterer {
    pub delay_s: f64,
    pub along: Complex64,
    pub across: Complex64,
}

impl Rayleigh {
    /// Returns the power of twice scattered light over the signal's, in all polarisations, for a
    /// fibre loss in dB/km.
    pub fn level(&self, loss_db_per_km: f64) -> Db {
        let length = self.length.0;
        let twice = 2.0 * attenuation_per_m(loss_db_per_km);
        Db::from_linear(self.backscatter_per_m().powi(2) * pairs(length, twice, length))
    }

    /// Backscatter `S alpha_s` in 1/m: half of a pulse of 1 ns lies in the glass at a time, as far
    /// as its echoes go.
    fn backscatter_per_m(&self) -> f64 {
        let pulse_m = LIGHT_M_PER_S / GROUP_INDEX * 1e-9 / 2.0;
        self.backscatter_1ns.to_linear() / pulse_m
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        check(
            "fibre.rayleigh.length",
            "above 0, at most 1e6 m",
            self.length.0,
            |x| x > 0.0 && x <= 1e6,
        )?;
        check(
            "fibre.rayleigh.backscatter_1ns",
            "-200 to -20 dB",
            self.backscatter_1ns.0,
            |x| (-200.0..=-20.0).contains(&x),
        )
    }

    /// Draws a realisation.
    pub(super) fn draw(
        &self,
        loss_db_per_km: f64,
        mut generator: Xoshiro256PlusPlus,
    ) -> Vec<Scatterer> {
        let length = self.length.0;
        let twice = 2.0 * attenuation_per_m(loss_db_per_km);
        let all = pairs(length, twice, length);
        let power = self.level(loss_db_per_km).to_linear() / SCATTERERS as f64;
        (0..SCATTERERS)
            .map(|stratum| {
                let part = (stratum as f64 + generator.random::<f64>()) / SCATTERERS as f64;
                let mut gain = |power: f64| {
                    let [re, im]: [f64; 2] =
                        std::array::from_fn(|_| generator.sample(StandardNormal));
                    Complex64::new(re, im) * (0.5 * power).sqrt()
                };
                Scatterer {
                    delay_s: round_trip_s(distance(length, twice, part * all)),
                    along: gain(power * ALONG),
                    across: gain(power * (1.0 - ALONG)),
                }
            })
            .collect()
    }

    /// Sums a realisation up.
    pub(super) fn truth(&self, loss_db_per_km: f64, drawn: &[Scatterer]) -> RayleighTruth {
        let along: f64 = drawn.iter().map(|s| s.along.norm_sqr()).sum();
        let across: f64 = drawn.iter().map(|s| s.across.norm_sqr()).sum();
        RayleighTruth {
            expected: self.level(loss_db_per_km),
            level: Db::from_linear(along + across),
            aligned: Db::from_linear(along),
            longest_delay: Seconds(drawn.iter().map(|s| s.delay_s).fold(0.0, f64::max)),
        }
    }
}

/// Converts a loss in dB/km to a power attenuation in 1/m.
fn attenuation_per_m(loss_db_per_km: f64) -> f64 {
    loss_db_per_km * 1e-3 * std::f64::consts::LN_10 / 10.0
}

/// Returns the integral of `(L - x) e^(-c x)` from 0 to `x`, in m^2.
fn pairs(length: f64, c: f64, x: f64) -> f64 {
    let cx = c * x;
    if cx < 1e-4 {
        // The closed form loses its digits; what the series leaves out is below 1e-8.
        return length * x * (1.0 - cx / 2.0) - x * x * (0.5 - cx / 3.0);
    }
    let gone = -(-cx).exp_m1();
    length * gone / c - (gone - cx * (-cx).exp()) / (c * c)
}

/// Returns the distance up to which [`pairs`] reaches a value, by bisection.
fn distance(length: f64, c: f64, value: f64) -> f64 {
    let (mut low, mut high) = (0.0, length);
    // 60 halvings go below the spacing of doubles.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if pairs(length, c, middle) < value {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests;

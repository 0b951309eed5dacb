//! Reflecting connectors along a fibre: every pair makes an interfering path.
//!
//! Light that is reflected backwards at the later of two connectors and forwards again at the
//! earlier one arrives late and weak. With positions `x`, return losses `RL` in dB, the fibre's
//! loss `a` in dB per length, and the group index `n`, the pair `i < j` gives
//!
//! ```text
//! level = -(RL_i + RL_j) - 2 a (x_j - x_i),   delay = 2 n (x_j - x_i) / c
//! ```
//!
//! as in the interference budgets of the IEEE 802.3 400G task forces (2012 to 2016), which sum
//! the pairs' roots for a bound ([`super::theory::upper_bound_penalty`]). `N` connectors give
//! `N (N - 1) / 2` paths. Left out: light that is reflected four
//! times or more (each two add `RL_i + RL_j` again), and what the connectors take from the signal
//! itself, below 0.02 dB each at 25 dB.

use etalon_types::fibre::round_trip_s;
use etalon_types::units::{Db, Metres, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rayleigh::Rayleigh;
use super::truth::Between;
use super::validation::check;
use super::{Polarization, Reflection};
use crate::Error;

/// Reflectors at most: 32 make 496 paths.
const REFLECTOR_LIMIT: usize = 32;

/// The fibre between transmitter and receiver, as far as it reflects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fibre {
    /// Connectors that reflect, in any order, at most 32.
    pub reflectors: Vec<Reflector>,
    /// Loss in dB/km. The default is 0.35, of standard single-mode fibre at 1310 nm; at 1550 nm
    /// it is near 0.2.
    pub loss_db_per_km: f64,
    /// How the polarisation of the paths lies to the signal's.
    pub polarization: Polarization,
    /// Backscatter of the glass; `None`: the glass does not scatter.
    pub rayleigh: Option<Rayleigh>,
}

impl Default for Fibre {
    fn default() -> Self {
        Self {
            reflectors: Vec::new(),
            loss_db_per_km: 0.35,
            polarization: Polarization::Aligned,
            rayleigh: None,
        }
    }
}

/// A connector, splice or facet that reflects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reflector {
    /// Where it is along the fibre; only differences count.
    pub position: Metres,
    /// Incident over reflected power, positive: 35 dB is a reflectance of -35 dB.
    pub return_loss: Db,
}

/// The path that a pair of reflectors makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The two reflectors.
    pub between: Between,
    /// Level and delay.
    pub reflection: Reflection,
}

impl Fibre {
    /// Returns the paths of all pairs of reflectors, in the order of their positions.
    ///
    /// ```
    /// use etalon_twin::link::{Fibre, Reflector};
    /// use etalon_types::units::{Db, Metres};
    ///
    /// let connector = |m| Reflector { position: Metres(m), return_loss: Db(26.0) };
    /// let fibre = Fibre { reflectors: vec![connector(0.0), connector(10.0)], ..Fibre::default() };
    /// let [pair] = &fibre.pairs()[..] else { panic!("two reflectors are one pair") };
    /// assert!((pair.reflection.level.0 + 52.007).abs() < 1e-9); // 2 x 26 dB, 20 m of fibre
    /// assert!((pair.reflection.delay.0 - 97.9e-9).abs() < 5e-11);
    /// ```
    pub fn pairs(&self) -> Vec<Pair> {
        let mut order: Vec<usize> = (0..self.reflectors.len()).collect();
        order.sort_by(|&a, &b| {
            self.reflectors[a]
                .position
                .0
                .total_cmp(&self.reflectors[b].position.0)
        });
        let mut pairs = Vec::new();
        for (rank, &near) in order.iter().enumerate() {
            for &far in &order[rank + 1..] {
                pairs.push(self.pair(near, far));
            }
        }
        pairs
    }

    fn pair(&self, near: usize, far: usize) -> Pair {
        let [first, second] = [near, far].map(|i| self.reflectors[i]);
        let distance_m = second.position.0 - first.position.0;
        let loss_db = 2.0 * self.loss_db_per_km * distance_m * 1e-3;
        Pair {
            between: Between { near, far },
            reflection: Reflection {
                level: Db(-(first.return_loss.0 + second.return_loss.0) - loss_db),
                delay: Seconds(round_trip_s(distance_m)),
                polarization: self.polarization,
            },
        }
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let out_of_range = |quantity, expected, found| {
            Err(Error::OutOfRange {
                quantity,
                expected,
                found,
            })
        };
        if self.reflectors.len() > REFLECTOR_LIMIT {
            return out_of_range(
                "fibre.reflectors",
                "at most 32",
                self.reflectors.len().to_string(),
            );
        }
        check(
            "fibre.loss_db_per_km",
            "0 to 100 dB/km",
            self.loss_db_per_km,
            |x| (0.0..=100.0).contains(&x),
        )?;
        self.polarization.validate("fibre.polarization")?;
        self.rayleigh
            .map_or(Ok(()), |rayleigh| rayleigh.validate())?;
        for (i, reflector) in self.reflectors.iter().enumerate() {
            let (position, loss) = (reflector.position.0, reflector.return_loss.0);
            check(
                "fibre.reflectors.position",
                "-1e7 to 1e7 m",
                position,
                |x| x.abs() <= 1e7,
            )?;
            check(
                "fibre.reflectors.return_loss",
                "above 0 dB, at most 100 dB",
                loss,
                |x| x > 0.0 && x <= 100.0,
            )?;
            let mut others = self.reflectors[..i].iter();
            if others.any(|other| other.position.0 == position) {
                return out_of_range(
                    "fibre.reflectors.position",
                    "one reflector at a place",
                    format!("two at {position} m"),
                );
            }
        }
        Ok(())
    }
}

//! Every model that there is a table for, one file a maker.

pub mod amonics;
pub mod keysight_attenuator;
pub mod polatis;
pub mod yokogawa_osa;

use super::table::Model;

/// All of them.
pub const ALL: &[&Model] = &[
    &amonics::AEDFA,
    &keysight_attenuator::N7764A,
    &polatis::POLATIS,
    &yokogawa_osa::AQ6370D,
];

/// Finds a model by its name, in any case.
pub fn by_name(name: &str) -> Option<&'static Model> {
    ALL.iter()
        .copied()
        .find(|model| model.name.eq_ignore_ascii_case(name))
}

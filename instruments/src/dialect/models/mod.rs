//! Every model that there is a table for, one file a maker.

pub mod amonics;
pub mod ando;
pub mod anritsu;
pub mod fiberlabs;
pub mod ipg;
pub mod keopsys;
pub mod keysight_attenuator;
pub mod keysight_laser;
pub mod other_attenuators;
pub mod polatis;
pub mod yokogawa_osa;

use super::table::Model;

/// All of them.
pub const ALL: &[&Model] = &[
    &amonics::AEDFA,
    &ando::AQ6317,
    &anritsu::MS9710C,
    &anritsu::MS9740A,
    &fiberlabs::AMP,
    &ipg::YAR,
    &keopsys::CEFA,
    &keysight_attenuator::N7764A,
    &keysight_laser::N7776C,
    &other_attenuators::DD_100,
    &other_attenuators::HA9,
    &polatis::POLATIS,
    &yokogawa_osa::AQ6370D,
];

/// Finds a model by its name, in any case.
pub fn by_name(name: &str) -> Option<&'static Model> {
    ALL.iter()
        .copied()
        .find(|model| model.name.eq_ignore_ascii_case(name))
}

//! Etalon: composition of the rooms.

pub mod plots;
pub mod report;
pub mod store;

//! Etalon: composition of the rooms.

pub mod store;

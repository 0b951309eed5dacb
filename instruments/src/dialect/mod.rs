//! What instruments say and understand, as tables that are read both ways.
//!
//! A driver writes commands by the table of its model and reads answers by it; the simulated
//! instrument reads commands and writes answers by the same rows. [`models`] lists them all.

pub mod models;
pub mod pattern;
pub mod table;
pub mod verb;

pub use pattern::{Pattern, PatternError, Spelling, Value};
pub use table::{Dialect, Effect, Errors, First, Kind, Model, Reply, Row, Seen, Understood};
pub use verb::Verb;

#[cfg(test)]
mod tests;

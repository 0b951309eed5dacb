//! What instruments say and understand, as tables that are read both ways.

pub mod pattern;

pub use pattern::{Pattern, PatternError, Spelling, Value};

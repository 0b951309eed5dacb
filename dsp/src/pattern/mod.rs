//! Finds the transmitted pattern in the samples or in the decisions.
//!
//! | file | finds |
//! |---|---|
//! | [`align`] | a known sequence in any rotation and polarity, by correlation: needs no open eye |
//! | [`register_lock`] | the state of a shift register in the decisions: patterns of any length |
//! | [`line_code`] | the framing of 64b/66b blocks |

pub mod align;
pub mod line_code;
pub mod register_lock;

//! Why a simulation was refused.

/// A configuration that describes no link.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A quantity lies outside the range in which the model means something.
    #[error("{quantity}: expected {expected}, found {found}")]
    OutOfRange {
        /// The field of the configuration.
        quantity: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What was found, as text.
        found: String,
    },
    /// The number of given levels does not fit the modulation.
    #[error("levels: expected {expected} for this modulation, found {found}")]
    LevelCount {
        /// Levels of the modulation.
        expected: usize,
        /// Levels that were given.
        found: usize,
    },
    /// An explicit symbol is not a level of the modulation.
    #[error("symbol {index}: expected a level below {levels}, found {found}")]
    Symbol {
        /// Place of the symbol, counted from 0.
        index: usize,
        /// Levels of the modulation.
        levels: usize,
        /// The symbol that was found.
        found: u8,
    },
    /// The capture with its lead-in would take too much memory.
    #[error(
        "expected at most {limit} samples with the lead-in of the longest delay, found {found}"
    )]
    TooLarge {
        /// Largest number of samples that is simulated at once.
        limit: u64,
        /// Samples that the configuration asks for.
        found: u64,
    },
}

//! Values of options that remember how they were typed, so that a `next:` line can repeat them.

use std::fmt;
use std::str::FromStr;

/// A value together with the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed<T> {
    /// The text on the command line.
    pub text: String,
    /// What it means.
    pub value: T,
}

impl<T: FromStr> FromStr for Typed<T> {
    type Err = T::Err;
    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self {
            text: text.to_owned(),
            value: text.parse()?,
        })
    }
}

impl<T> fmt::Display for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A value that is told, or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrAuto<T> {
    /// To be found.
    Auto,
    /// Told.
    Is(T),
}

impl<T: FromStr> FromStr for OrAuto<T> {
    type Err = T::Err;
    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            text.parse().map(Self::Is)
        }
    }
}

//! Units as types, and the parser of quantities with SI prefixes.
//!
//! A level ([`Dbm`]) and a ratio ([`Db`]) are different types: adding two levels does not
//! compile, a level plus a ratio does.

use std::fmt;
use std::ops::{Add, Neg, Sub};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A power ratio in decibels, `10 log10(a / b)`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Db(pub f64);

/// A power level in decibels above one milliwatt.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Dbm(pub f64);

impl Db {
    /// Converts a linear power ratio. Zero gives minus infinity.
    pub fn from_linear(ratio: f64) -> Self {
        Self(10.0 * ratio.log10())
    }

    /// Returns the linear power ratio.
    pub fn to_linear(self) -> f64 {
        10f64.powf(self.0 / 10.0)
    }
}

impl Dbm {
    /// Converts a power in watts.
    pub fn from_watts(watts: f64) -> Self {
        Self(10.0 * (watts / 1e-3).log10())
    }

    /// Returns the power in watts.
    pub fn to_watts(self) -> f64 {
        1e-3 * 10f64.powf(self.0 / 10.0)
    }
}

impl Add for Db {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Db {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Db {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Add<Db> for Dbm {
    type Output = Self;
    fn add(self, gain: Db) -> Self {
        Self(self.0 + gain.0)
    }
}

impl Sub<Db> for Dbm {
    type Output = Self;
    fn sub(self, loss: Db) -> Self {
        Self(self.0 - loss.0)
    }
}

impl Sub for Dbm {
    type Output = Db;
    fn sub(self, other: Self) -> Db {
        Db(self.0 - other.0)
    }
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// The unit's symbol.
            pub const UNIT: &'static str = $unit;
        }

        impl std::str::FromStr for $name {
            type Err = QuantityError;
            fn from_str(text: &str) -> Result<Self, QuantityError> {
                parse_quantity(text, $unit).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&engineering(self.0, $unit))
            }
        }
    };
}

quantity!(
    /// A frequency or a sample rate in hertz.
    Hertz, "Hz"
);
quantity!(
    /// A symbol rate in baud.
    Baud, "Bd"
);
quantity!(
    /// A time in seconds.
    Seconds, "s"
);
quantity!(
    /// A length in metres.
    Metres, "m"
);
quantity!(
    /// A power in watts.
    Watts, "W"
);

impl std::str::FromStr for Db {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse_plain(text, "dB").map(Self)
    }
}

impl std::str::FromStr for Dbm {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse_plain(text, "dBm").map(Self)
    }
}

impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} dB", self.0)
    }
}

impl fmt::Display for Dbm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} dBm", self.0)
    }
}

/// A quantity that could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("expected a number with an optional SI prefix and {unit}, found {found:?}")]
pub struct QuantityError {
    /// The unit that was expected.
    pub unit: String,
    /// The text that was found.
    pub found: String,
}

/// SI prefixes that are accepted and printed, with their factors.
const PREFIXES: [(char, f64); 11] = [
    ('f', 1e-15),
    ('p', 1e-12),
    ('n', 1e-9),
    ('u', 1e-6),
    ('µ', 1e-6),
    ('μ', 1e-6),
    ('m', 1e-3),
    ('k', 1e3),
    ('M', 1e6),
    ('G', 1e9),
    ('T', 1e12),
];

/// Parses `26.5625G`, `26.5625 GBd`, `50ns`, `1550nm` or a bare number in the base unit.
///
/// # Errors
/// Anything that is not a finite number, an optional SI prefix and the optional unit, in that
/// order.
pub fn parse_quantity(text: &str, unit: &str) -> Result<f64, QuantityError> {
    let error = || QuantityError {
        unit: unit.to_owned(),
        found: text.to_owned(),
    };
    let trimmed = text.trim();
    let candidates = [trimmed.strip_suffix(unit), Some(trimmed)];
    for rest in candidates.into_iter().flatten() {
        let rest = rest.trim_end();
        if let Some(value) = finite(rest) {
            return Ok(value);
        }
        let Some(last) = rest.chars().last() else {
            continue;
        };
        let Some(&(_, factor)) = PREFIXES.iter().find(|(symbol, _)| *symbol == last) else {
            continue;
        };
        if let Some(value) = finite(rest[..rest.len() - last.len_utf8()].trim_end()) {
            return Ok(value * factor);
        }
    }
    Err(error())
}

fn parse_plain(text: &str, unit: &str) -> Result<f64, QuantityError> {
    let trimmed = text.trim();
    finite(trimmed.strip_suffix(unit).unwrap_or(trimmed).trim_end()).ok_or_else(|| QuantityError {
        unit: unit.to_owned(),
        found: text.to_owned(),
    })
}

fn finite(text: &str) -> Option<f64> {
    // `f64::from_str` also takes "inf", "nan" and "infinity", which are no quantities.
    if text
        .chars()
        .any(|c| c.is_alphabetic() && c != 'e' && c != 'E')
    {
        return None;
    }
    text.parse::<f64>().ok().filter(|v| v.is_finite())
}

/// Formats a value with the SI prefix that leaves one to three digits before the point.
pub fn engineering(value: f64, unit: &str) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value} {unit}");
    }
    // What is rounded up to the next power takes its prefix.
    let magnitude = (value.abs() * (1.0 + 5e-5)).log10();
    let exponent = (magnitude / 3.0).floor().clamp(-5.0, 4.0);
    let scaled = value / 1000f64.powf(exponent);
    let prefix = ["f", "p", "n", "u", "m", "", "k", "M", "G", "T"][(exponent + 5.0) as usize];
    let digits = if scaled.abs() >= 100.0 {
        1
    } else if scaled.abs() >= 10.0 {
        2
    } else {
        3
    };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {prefix}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, unit: &str, expected: Option<f64>) {
        match (parse_quantity(text, unit), expected) {
            (Ok(found), Some(want)) => {
                assert!(
                    (found - want).abs() <= want.abs() * 1e-12,
                    "{text}: {found} != {want}"
                );
            }
            (Err(_), None) => {}
            (found, want) => panic!("{text}: {found:?}, expected {want:?}"),
        }
    }

    #[test]
    fn quantities_take_prefixes_and_units() {
        check("26.5625G", "Bd", Some(26.5625e9));
        check("26.5625 GBd", "Bd", Some(26.5625e9));
        check("50ns", "s", Some(50e-9));
        check("1550nm", "m", Some(1550e-9));
        check("10m", "m", Some(10.0));
        check("10mm", "m", Some(10e-3));
        check("1e-9", "s", Some(1e-9));
        check("-2.5u", "s", Some(-2.5e-6));
        check("40", "Hz", Some(40.0));
        check("", "Hz", None);
        check("fast", "Hz", None);
        check("nan", "Hz", None);
        check("inf", "Hz", None);
        check("10 furlongs", "m", None);
    }

    #[test]
    fn levels_and_ratios_add_as_physics_does() {
        assert_eq!((Dbm(3.0) - Dbm(1.0)).0, 2.0);
        assert_eq!((Dbm(3.0) - Db(1.0)).0, 2.0);
        assert_eq!("-30dB".parse::<Db>().unwrap().0, -30.0);
        assert_eq!("3 dBm".parse::<Dbm>().unwrap().0, 3.0);
        assert!("3dBm".parse::<Db>().is_err());
    }

    #[test]
    fn engineering_picks_the_prefix() {
        assert_eq!(engineering(26.5625e9, "Bd"), "26.56 GBd");
        assert_eq!(engineering(100e-9, "s"), "100 ns");
        assert_eq!(engineering(0.0, "s"), "0 s");
        assert_eq!(engineering(-0.999_99e-3, "V"), "-1 mV");
        assert_eq!(engineering(0.999_4e-3, "V"), "999.4 uV");
    }
}

//! Limits as they are typed: `2GiB`, `10min`.

use std::str::FromStr;
use std::time;

/// A number of bytes: `512MiB`, `2G` (decimal) or a bare number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

/// Least memory that a worker starts in.
const LEAST_BYTES: f64 = (64_u64 << 20) as f64;

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected bytes from 64MiB on, such as 512MiB or 2GiB, found {text}");
        let bare = text.trim().trim_end_matches('B');
        let split = bare
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(bare.len());
        let (number, unit) = bare.split_at(split);
        let factor = match unit.trim() {
            "" => 1.0,
            "k" | "K" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            "T" => 1e12,
            "Ki" => 1024.0,
            "Mi" => (1_u64 << 20) as f64,
            "Gi" => (1_u64 << 30) as f64,
            "Ti" => (1_u64 << 40) as f64,
            _ => return Err(expected()),
        };
        let bytes = number.parse::<f64>().map_err(|_| expected())? * factor;
        if (LEAST_BYTES..1e18).contains(&bytes) {
            Ok(Self(bytes as u64))
        } else {
            Err(expected())
        }
    }
}

/// A time: `90s`, `10min`, `1h` or bare seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(pub time::Duration);

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected a time from 1s on, such as 90s or 10min, found {text}");
        let found = match text.trim().parse::<u64>() {
            Ok(seconds) => time::Duration::from_secs(seconds),
            Err(_) => humantime::parse_duration(text.trim()).map_err(|_| expected())?,
        };
        if found >= time::Duration::from_secs(1) {
            Ok(Self(found))
        } else {
            Err(expected())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_with_their_units() {
        let bytes = |text: &str| text.parse::<Bytes>().map(|b| b.0).ok();
        assert_eq!(bytes("2GiB"), Some(2 << 30));
        assert_eq!(bytes("1.5G"), Some(1_500_000_000));
        assert_eq!(bytes("100000000"), Some(100_000_000));
        for wrong in ["", "2", "GiB", "-1GiB", "1 apple", "nan", "1e30"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        let seconds = |text: &str| text.parse::<Duration>().map(|d| d.0.as_secs()).ok();
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("10min"), Some(600));
        for wrong in ["0", "soon", "-3s", "10ms"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}

//! Limits of a PMD in words, for pictures, page and screen.

use etalon_types::limits::{LimitRow, Verdict};

use super::numbers::{si, trimmed};

/// Names a verdict: the word that the JSON has.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Undecided => "undecided",
    }
}

/// Units that end the name of a quantity, longest first, and how they are written.
const UNITS: [(&str, &str); 5] = [
    ("_db_per_hz", "dB/Hz"),
    ("_percent", "%"),
    ("_dbm", "dBm"),
    ("_db", "dB"),
    ("_s", "s"),
];

/// Splits a quantity into what it is called and its unit: `tdecq_db` is TDECQ in dB.
pub(crate) fn quantity(name: &str) -> (String, &'static str) {
    let (stem, unit) = UNITS
        .iter()
        .find_map(|(end, unit)| Some((name.strip_suffix(end)?, *unit)))
        .unwrap_or((name, ""));
    let word = |word: &str| match word {
        "tdecq" | "oma" | "sndr" | "rin" | "k" => word.to_uppercase(),
        "ceq" => "Ceq".to_owned(),
        "minus" => "-".to_owned(),
        other => other.to_owned(),
    };
    let words: Vec<String> = stem.split('_').map(word).collect();
    (words.join(" "), unit)
}

/// Writes what a row allows: `at most 3.4 dB`.
pub(crate) fn bounds(row: &LimitRow) -> String {
    let (_, unit) = quantity(&row.quantity);
    let number = |value: f64| match unit {
        "s" => si(value, "s", 3),
        _ => format!("{} {unit}", trimmed(value, 2)),
    };
    match (row.minimum, row.maximum) {
        (Some(least), Some(most)) => format!("{} to {}", number(least), number(most)),
        (Some(least), None) => format!("at least {}", number(least)),
        (None, Some(most)) => format!("at most {}", number(most)),
        (None, None) => "no limit".to_owned(),
    }
}

/// Writes where a row stands: clause and edition.
pub(crate) fn source(row: &LimitRow) -> String {
    format!("clause {}, {}", row.clause, row.edition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_types::limits;

    #[test]
    fn every_row_has_a_name_and_a_unit() {
        for row in limits::rows() {
            let (name, unit) = quantity(&row.quantity);
            assert!(!name.is_empty() && !name.contains('_'), "{name}");
            assert!(!unit.is_empty(), "{}", row.quantity);
            assert_ne!(bounds(row), "no limit");
        }
        assert_eq!(
            quantity("oma_minus_tdecq_dbm"),
            ("OMA - TDECQ".into(), "dBm")
        );
    }
}

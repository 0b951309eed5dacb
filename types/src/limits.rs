//! What the standards allow of a transmitter, row by row, with the clause and edition of each.
//!
//! The rows are data, `limits/pmd.json`: a limit that a new amendment brings is a line there, not
//! code. Nobody here had the standards' text: every row says how it is known ([`Mark`]), and a
//! row that was remembered must be checked before it decides anything.
//!
//! ```
//! use etalon_types::limits;
//!
//! let rows = limits::of("400GBASE-FR4").unwrap();
//! let tdecq = rows.iter().find(|r| r.quantity == "tdecq_db").unwrap();
//! assert_eq!((tdecq.maximum, tdecq.clause.as_str()), (Some(3.4), "151"));
//! assert!(limits::of("1000BASE-T").is_err());
//! ```

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;

/// How a row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mark {
    /// Read in a source that quotes the standard; the row's note says which.
    R,
    /// Remembered: to be checked against the text.
    M,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRow {
    /// Physical medium dependent sublayer, as the standard writes it.
    pub pmd: String,
    /// What is limited, with its unit last: the name of a figure of the link report where there
    /// is one.
    pub quantity: String,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The row holds from this extinction ratio in dB on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_extinction_ratio_db: Option<f64>,
    /// The row holds below this extinction ratio in dB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_extinction_ratio_db: Option<f64>,
    /// Clause of IEEE 802.3.
    pub clause: String,
    /// Edition or amendment.
    pub edition: String,
    /// How the row is known.
    pub mark: Mark,
    /// The source, or what is to be minded.
    pub note: String,
}

/// How a figure stands to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval is within.
    Pass,
    /// The whole interval is outside.
    Fail,
    /// It cannot be said: the interval holds the limit, or there is no figure.
    Undecided,
}

/// One limit, the figure that was held to it, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitCheck {
    /// The limit.
    pub limit: LimitRow,
    /// The figure in the limit's unit.
    pub figure: Figure,
    /// How it was judged.
    pub verdict: Verdict,
    /// Why it is undecided; left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A name that has no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}, found {found:?}", known.join(", "))]
pub struct UnknownPmd {
    /// The name that was asked for.
    pub found: String,
    /// The names that have rows.
    pub known: Vec<String>,
}

static ROWS: LazyLock<Vec<LimitRow>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("limits/pmd.json"))
        .expect("the embedded rows are read by a test")
});

/// Returns all rows.
pub fn rows() -> &'static [LimitRow] {
    &ROWS
}

/// Returns the names that have rows, in the order of the data.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = rows().iter().map(|r| r.pmd.as_str()).collect();
    names.dedup();
    names
}

/// Returns the rows of one PMD; letter case does not matter.
///
/// # Errors
/// [`UnknownPmd`], with the names that are known.
pub fn of(pmd: &str) -> Result<Vec<&'static LimitRow>, UnknownPmd> {
    let found: Vec<_> = rows()
        .iter()
        .filter(|row| row.pmd.eq_ignore_ascii_case(pmd.trim()))
        .collect();
    if found.is_empty() {
        return Err(UnknownPmd {
            found: pmd.to_owned(),
            known: names().into_iter().map(str::to_owned).collect(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_limits_something_and_says_where() {
        assert!(rows().len() > 20);
        for row in rows() {
            assert!(row.minimum.is_some() || row.maximum.is_some(), "{row:?}");
            assert!(row.minimum.unwrap_or(f64::MIN) < row.maximum.unwrap_or(f64::MAX));
            assert!(!row.clause.is_empty() && !row.edition.is_empty(), "{row:?}");
            assert!(row.mark == Mark::M || !row.note.is_empty(), "{row:?}");
        }
    }

    /// science.md section 1.5, the rows that decide most.
    #[test]
    fn ref_tdecq_limits() {
        for (pmd, maximum, mark) in [
            ("400GBASE-FR4", 3.4, Mark::R),
            ("400GBASE-DR4", 3.4, Mark::R),
            ("100GBASE-DR", 3.4, Mark::R),
            ("50GBASE-SR", 4.5, Mark::M),
            ("100GBASE-SR1", 4.4, Mark::M),
            ("200GBASE-DR4", 3.4, Mark::M),
            ("200GBASE-FR4", 3.3, Mark::M),
        ] {
            let rows = of(pmd).unwrap();
            let row = rows.iter().find(|r| r.quantity == "tdecq_db").unwrap();
            assert_eq!((row.maximum, row.mark), (Some(maximum), mark), "{pmd}");
        }
    }

    #[test]
    fn a_pmd_has_one_row_a_quantity_and_condition() {
        for (i, a) in rows().iter().enumerate() {
            for b in &rows()[..i] {
                let same = a.pmd == b.pmd
                    && a.quantity == b.quantity
                    && a.from_extinction_ratio_db == b.from_extinction_ratio_db
                    && a.below_extinction_ratio_db == b.below_extinction_ratio_db;
                assert!(!same, "{a:?}");
            }
        }
    }
}

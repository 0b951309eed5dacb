//! The nouns of `etalon table`: groups of rows and what was made of each.

pub use etalon_types::Figure;
use schemars::JsonSchema;
use serde::Serialize;

use super::columns::Column;

/// `etalon.table/1`: the rows of a run, put into groups.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// Always `etalon.table/1`.
    pub schema: String,
    /// Folder of the run.
    pub run: String,
    /// SHA-256 of the table that was read.
    pub rows_sha256: String,
    /// Rows of the table.
    pub rows_in_table: u64,
    /// Conditions that rows had to meet, as they were typed.
    pub conditions: Vec<String>,
    /// Rows that met them.
    pub rows: u64,
    /// What the rows were grouped by.
    pub group_by: Vec<Grouping>,
    /// What was made of each group, in the order of its figures.
    pub aggregates: Vec<Heading>,
    /// The groups, by their keys; rows without a key come last.
    pub groups: Vec<Group>,
}

impl Summary {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.table/1";
}

/// `etalon.table-column/1`: a column of a table, and how many rows have it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ColumnRecord {
    /// Always `etalon.table-column/1`.
    pub schema: String,
    /// The column.
    #[serde(flatten)]
    pub column: Column,
    /// Rows that have a value in it.
    pub rows: u64,
}

impl ColumnRecord {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.table-column/1";
}

/// A column that rows were grouped by.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Grouping {
    /// The column.
    pub column: String,
    /// Its unit.
    pub unit: String,
    /// Width of the bins, in the unit of the column; null where every value is its own group.
    pub width: Option<f64>,
}

/// What was made of each group.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Heading {
    /// As it was typed, `median:snr_db`.
    pub aggregate: String,
    /// Unit of its figures.
    pub unit: String,
    /// What the column says.
    pub about: String,
}

/// Rows that share their keys.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Group {
    /// One key a grouping.
    pub keys: Vec<Key>,
    /// Rows of the group.
    pub rows: u64,
    /// One figure an aggregate; `n` says how many rows, symbols or bits went in.
    pub figures: Vec<Figure>,
}

/// What the rows of a group have in common.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Key {
    /// The value, or the bin as `[low, high)`; null for rows that have none.
    pub text: Option<String>,
    /// Lower end of the bin, or the value where it is a number.
    pub low: Option<f64>,
    /// Upper end of the bin, which is not in it, or the value where it is a number.
    pub high: Option<f64>,
}

impl Key {
    /// The key of rows that have no value.
    pub const NONE: Self = Self {
        text: None,
        low: None,
        high: None,
    };

    /// What is shown of it.
    pub fn shown(&self) -> &str {
        self.text.as_deref().unwrap_or("(none)")
    }

    /// Where it stands on an axis; nothing for a text.
    pub fn position(&self) -> Option<f64> {
        Some((self.low? + self.high?) / 2.0)
    }
}

impl Group {
    /// What is shown of all its keys; `all` without any.
    pub fn name(&self) -> String {
        if self.keys.is_empty() {
            return "all".into();
        }
        let keys: Vec<&str> = self.keys.iter().map(Key::shown).collect();
        keys.join(", ")
    }
}

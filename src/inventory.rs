//! Where the connectors of a link are, and which pairs of them a path fits.
//!
//! Two reflections at `x_i` and `x_j` make a path whose distance is `|x_i - x_j|`. A pair fits a
//! path when both distances agree within the delay's uncertainty, half a symbol, and the
//! inventory's own tolerance. Of a delay that is known modulo a period only the rest counts.
//!
//! *Assumes* positions along the fibre in metres at the group index of the report, 1.468.
//! *Breaks* where several pairs are equally far apart: then all of them are named.
//!
//! ```
//! use etalon::inventory::Inventory;
//!
//! let inventory = Inventory::parse(
//!     "[[connector]]\nname = \"PP1-A\"\nposition_m = 12.3\n\
//!      [[connector]]\nname = \"PP2-B\"\nposition_m = 55.5\n",
//! )?;
//! assert_eq!(inventory.pairs()[0].names, ["PP1-A", "PP2-B"]);
//! assert!((inventory.pairs()[0].distance_m - 43.2).abs() < 1e-9);
//! # Ok::<(), etalon::inventory::Error>(())
//! ```

mod text;

use etalon_types::fibre::distance_m;
use etalon_types::report::MpiPath;
use schemars::JsonSchema;
use serde::Serialize;

use text::{Line, Value};

/// Most connectors: a thousand make half a million pairs.
pub const MAX_CONNECTORS: usize = 1000;

/// Tolerance of positions in metres when the inventory tells none.
pub const TOLERANCE_M: f64 = 0.5;

/// Longest distance from the origin, in metres: a few turns of the earth.
const FARTHEST_M: f64 = 1e8;

/// Connectors of a link (`inventory.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, example = Inventory::example())]
pub struct Inventory {
    /// By how many metres the positions may be wrong together; 0.5 when left out.
    #[schemars(default = "tolerance_m")]
    pub tolerance_m: f64,
    /// The connectors, `[[connector]]` each, in any order.
    pub connector: Vec<Connector>,
}

/// One connector, splice or other reflection.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Connector {
    /// Name, each only once.
    pub name: String,
    /// Position along the fibre in metres, from any origin.
    pub position_m: f64,
    /// Return loss in dB, when known; not used to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_loss_db: Option<f64>,
}

/// Two connectors and how far apart they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Names, in the order of the inventory.
    pub names: [String; 2],
    /// Distance in metres.
    pub distance_m: f64,
}

/// Why a text is no inventory.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line that is no part of an inventory.
    #[error("line {line}: expected {expected}, found {found}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key that does not belong where it stands.
    #[error("line {line}: expected {expected}, found the key {found:?}")]
    Key {
        /// Line, from 1.
        line: usize,
        /// Keys that belong there.
        expected: &'static str,
        /// The key.
        found: String,
    },
    /// A key or a name for the second time.
    #[error("line {line}: expected each {what} once, found {found:?} again")]
    Twice {
        /// Line, from 1.
        line: usize,
        /// What is doubled.
        what: &'static str,
        /// The key or name.
        found: String,
    },
    /// A value that is none.
    #[error("line {line}: expected {expected} for {key}, found {found}")]
    Value {
        /// Line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// What may stand there.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A connector without a name or a position.
    #[error("line {line}: expected {key} in the connector that begins here, found none")]
    Missing {
        /// Line of its `[[connector]]`, from 1.
        line: usize,
        /// The key.
        key: &'static str,
    },
    /// Too few connectors for a pair, or too many.
    #[error("expected 2 to {MAX_CONNECTORS} connectors, found {found}")]
    Count {
        /// Connectors.
        found: usize,
    },
}

/// A connector while it is read.
#[derive(Default)]
struct Draft {
    line: usize,
    name: Option<String>,
    position_m: Option<f64>,
    return_loss_db: Option<f64>,
}

impl Inventory {
    /// Two patch panels, for the schema and the documentation.
    pub fn example() -> Self {
        let connector = |name: &str, position_m| Connector {
            name: name.into(),
            position_m,
            return_loss_db: None,
        };
        Self {
            tolerance_m: TOLERANCE_M,
            connector: vec![
                connector("TX", 0.0),
                Connector {
                    return_loss_db: Some(35.0),
                    ..connector("PP1-A", 12.3)
                },
                connector("PP2-B", 55.5),
            ],
        }
    }

    /// Reads an inventory: comments, `tolerance_m`, and `[[connector]]` tables with `name`,
    /// `position_m` and `return_loss_db`. That part of TOML 1.0 is all that is understood.
    ///
    /// # Errors
    /// [`Error`], with the line, for everything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut tolerance_m = None;
        let mut drafts: Vec<Draft> = Vec::new();
        for (line, content) in text::lines(text) {
            match content? {
                Line::Table => drafts.push(Draft {
                    line,
                    ..Draft::default()
                }),
                Line::Entry(key, value) => match drafts.last_mut() {
                    Some(draft) => draft.enter(line, &key, value)?,
                    None if key == "tolerance_m" => {
                        let found = number(line, &key, &value, 0.0)?;
                        once(line, "key", &key, &mut tolerance_m, found)?;
                    }
                    None => {
                        return Err(Error::Key {
                            line,
                            expected: "tolerance_m or [[connector]]",
                            found: key,
                        });
                    }
                },
            }
            if drafts.len() > MAX_CONNECTORS {
                return Err(Error::Count {
                    found: drafts.len(),
                });
            }
        }
        let inventory = Self {
            tolerance_m: tolerance_m.unwrap_or(TOLERANCE_M),
            connector: connectors(drafts)?,
        };
        match inventory.connector.len() {
            found @ (0 | 1) => Err(Error::Count { found }),
            _ => Ok(inventory),
        }
    }

    /// Returns every pair, in the order of the inventory.
    pub fn pairs(&self) -> Vec<Pair> {
        let all = self.connector.iter().enumerate();
        all.flat_map(|(i, a)| {
            self.connector[i + 1..].iter().map(|b| Pair {
                names: [a.name.clone(), b.name.clone()],
                distance_m: (a.position_m - b.position_m).abs(),
            })
        })
        .collect()
    }

    /// Names the pairs that fit each path, nearest first.
    pub fn name_paths(&self, paths: &mut [MpiPath], baud_hz: f64) {
        let pairs = self.pairs();
        let reach = self.tolerance_m + distance_m(0.5 / baud_hz);
        for path in paths {
            let period_m = path.modulo_s.map(distance_m);
            let mut fitting: Vec<(f64, &Pair)> = pairs
                .iter()
                .map(|pair| (apart(pair.distance_m - path.distance_m, period_m), pair))
                .filter(|(apart, _)| *apart <= reach)
                .collect();
            fitting.sort_by(|a, b| a.0.total_cmp(&b.0));
            path.connectors = Some(fitting.iter().map(|(_, p)| p.names.clone()).collect());
        }
    }
}

/// Size of a difference, or of what a period leaves of it.
fn apart(difference_m: f64, period_m: Option<f64>) -> f64 {
    match period_m.filter(|p| p.is_finite() && *p > 0.0) {
        Some(period) => (difference_m - period * (difference_m / period).round()).abs(),
        None => difference_m.abs(),
    }
}

impl Draft {
    fn enter(&mut self, line: usize, key: &str, value: Value) -> Result<(), Error> {
        match key {
            "name" => once(line, "key", key, &mut self.name, name(line, value)?),
            "position_m" => {
                let found = number(line, key, &value, -FARTHEST_M)?;
                once(line, "key", key, &mut self.position_m, found)
            }
            "return_loss_db" => {
                let found = number(line, key, &value, 0.0)?;
                once(line, "key", key, &mut self.return_loss_db, found)
            }
            _ => Err(Error::Key {
                line,
                expected: "name, position_m or return_loss_db",
                found: key.to_owned(),
            }),
        }
    }
}

/// Makes the connectors; names are told apart.
fn connectors(drafts: Vec<Draft>) -> Result<Vec<Connector>, Error> {
    let mut connectors: Vec<Connector> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let line = draft.line;
        let missing = |key| Error::Missing { line, key };
        let name = draft.name.ok_or_else(|| missing("name"))?;
        if connectors.iter().any(|c| c.name == name) {
            return Err(Error::Twice {
                line,
                what: "name",
                found: name,
            });
        }
        connectors.push(Connector {
            name,
            position_m: draft.position_m.ok_or_else(|| missing("position_m"))?,
            return_loss_db: draft.return_loss_db,
        });
    }
    Ok(connectors)
}

fn once<T>(
    line: usize,
    what: &'static str,
    key: &str,
    place: &mut Option<T>,
    value: T,
) -> Result<(), Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::Twice {
            line,
            what,
            found: key.to_owned(),
        }),
    }
}

/// A number from `least` on, and not absurdly far away.
fn number(line: usize, key: &str, value: &Value, least: f64) -> Result<f64, Error> {
    match value {
        Value::Number(x) if *x >= least && *x <= FARTHEST_M => Ok(*x),
        _ => Err(Error::Value {
            line,
            key: key.to_owned(),
            expected: match least {
                0.0 => "a finite number, 0 to 1e8",
                _ => "a finite number, -1e8 to 1e8",
            },
            found: value.to_string(),
        }),
    }
}

/// A name that can be shown: 1 to 60 characters, none of them a control character.
fn name(line: usize, value: Value) -> Result<String, Error> {
    match value {
        Value::Text(name)
            if (1..=60).contains(&name.chars().count())
                && !name.trim().is_empty()
                && !name.chars().any(char::is_control) =>
        {
            Ok(name)
        }
        _ => Err(Error::Value {
            line,
            key: "name".into(),
            expected: "a text of 1 to 60 characters in quotation marks",
            found: value.to_string(),
        }),
    }
}

/// Default of the schema.
fn tolerance_m() -> f64 {
    TOLERANCE_M
}

#[cfg(test)]
mod tests;

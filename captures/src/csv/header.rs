//! What the lines above the numbers say.

use super::dialect::Dialect;
use super::units::{name_and_unit, names_an_index, symbol};

/// A column's name and unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) unit: Option<String>,
}

/// The parts of a header that mean something here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Header {
    /// One for each column of numbers, or none.
    pub(super) columns: Vec<Column>,
    /// Sample interval in seconds.
    pub(super) interval_s: Option<f64>,
    /// Time of the first sample (or of index 0) in seconds.
    pub(super) start_s: Option<f64>,
    /// Index of the trigger, in samples after the first.
    pub(super) zero_index: Option<f64>,
    /// Vertical unit for all columns.
    pub(super) unit: Option<String>,
    /// Whether I and Q parts alternate.
    pub(super) complex: bool,
}

enum Key {
    Interval,
    Rate,
    Start,
    ZeroIndex,
    Unit,
    Complex,
}

fn key(text: &str) -> Option<Key> {
    let plain: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    Some(match plain.as_str() {
        "sampleinterval" | "samplinginterval" | "increment" | "tinc" | "xinc" | "xincr"
        | "xincrement" | "timeincrement" | "dt" => Key::Interval,
        "samplerate" | "samplingrate" | "samplingfrequency" | "fs" => Key::Rate,
        "start" | "starttime" | "t0" | "xorg" | "xorigin" | "xzero" => Key::Start,
        "zeroindex" => Key::ZeroIndex,
        "verticalunits" | "verticalunit" | "yunits" | "yunit" => Key::Unit,
        _ if plain.starts_with("iq") => Key::Complex,
        _ => return None,
    })
}

/// Reads the leading number of a value such as `1e-9 s`.
fn leading_number(text: &str, dialect: Dialect) -> Option<f64> {
    let number = |text: &str| dialect.number(text.as_bytes()).filter(|x| x.is_finite());
    number(text).or_else(|| number(text.split_whitespace().next()?))
}

impl Header {
    /// Reads header lines for a table of `width` columns.
    pub(super) fn read(lines: &[Vec<String>], width: usize, dialect: Dialect) -> Self {
        let mut header = Self::default();
        for line in lines {
            if let [name, value, ..] = line.as_slice() {
                header.entry(name, value, dialect);
            }
            for field in line {
                if let Some((name, value)) = field.split_once(['=', ':']) {
                    header.entry(name, value, dialect);
                }
            }
        }
        let tables: Vec<&Vec<String>> = lines
            .iter()
            .filter(|line| line.len() >= width && line.first().is_some_and(|f| key(f).is_none()))
            .collect();
        if let [.., last] = tables.as_slice()
            && lines.last() == Some(*last)
        {
            header.name_columns(&tables, width, dialect);
        }
        header
    }

    fn entry(&mut self, name: &str, value: &str, dialect: Dialect) {
        let number = || leading_number(value, dialect);
        match key(name) {
            Some(Key::Interval) => self.interval_s = number().filter(|&x| x > 0.0),
            Some(Key::Rate) => {
                self.interval_s = number()
                    .map(|x| 1.0 / x)
                    .filter(|&x| x > 0.0 && x.is_finite());
            }
            Some(Key::Start) => self.start_s = number(),
            Some(Key::ZeroIndex) => self.zero_index = number(),
            Some(Key::Unit) => {
                let unit = symbol(value).unwrap_or(value.trim());
                self.unit = Some(unit.to_string()).filter(|u| !u.is_empty());
            }
            Some(Key::Complex) => self.complex = true,
            None => {}
        }
    }

    /// Takes names from the last header line, or units from it and names from the one before.
    fn name_columns(&mut self, tables: &[&Vec<String>], width: usize, dialect: Dialect) {
        let Some((last, before)) = tables.split_last() else {
            return;
        };
        let is_unit = |field: &String| {
            symbol(field).is_some()
                || names_an_index(field)
                || dialect.number(field.as_bytes()).is_some()
        };
        let strip = |field: &str| field.trim_start_matches(['#', '%', '!']).trim().to_string();
        let units = last.iter().take(width).all(is_unit);
        let names = if units {
            before.last().copied()
        } else {
            Some(*last)
        };
        self.columns = (0..width)
            .map(|k| {
                let field = names.and_then(|line| line.get(k)).map(|f| strip(f));
                let (name, unit) = name_and_unit(&field.unwrap_or_default());
                let own = last.get(k).filter(|_| units);
                let own = own.map(|word| symbol(word).unwrap_or(word).to_string());
                Column {
                    name,
                    unit: own.or(unit),
                }
            })
            .collect();
        if !units {
            return;
        }
        // Rigol puts `Start,Increment` right of the names and their values right of the units.
        for (name, value) in names.into_iter().flatten().zip(last.iter()).skip(width) {
            self.entry(name, value, dialect);
        }
    }
}

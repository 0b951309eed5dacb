//! Rows to groups: conditions, keys and bins.

use std::cmp::Ordering;

use etalon::batch::columns::{Column, Kind};
use etalon::batch::summary::Key;
use polars::prelude::{
    BooleanChunked, Column as Values, DataFrame, DataType, GroupsIndicator, NewChunkedArray,
    PolarsResult,
};

/// A column to group by, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct By {
    /// The column.
    pub column: String,
    /// Width of the bins.
    pub width: Option<f64>,
}

impl std::str::FromStr for By {
    type Err = String;

    /// Reads `COL` or `COL:WIDTH`.
    fn from_str(word: &str) -> Result<Self, String> {
        let (column, width) = match word.rsplit_once(':') {
            None => (word, None),
            Some((column, width)) => {
                let width = width.parse::<f64>().ok();
                let width = width.filter(|w| w.is_finite() && *w > 0.0);
                let expected = || format!("expected COL or COL:WIDTH, found {word:?}");
                (column, Some(width.ok_or_else(expected)?))
            }
        };
        if column.is_empty() {
            return Err("expected the name of a column, found nothing".into());
        }
        Ok(Self {
            column: column.to_owned(),
            width,
        })
    }
}

/// A condition that rows have to meet: `snr_db>=18`, `class=mpi`, `status!=rejected`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As it was typed.
    pub typed: String,
    /// The column.
    pub column: String,
    comparison: Comparison,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Is,
    IsNot,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Longer signs first, so that `<=` is not taken for `<`.
const SIGNS: [(&str, Comparison); 6] = [
    ("!=", Comparison::IsNot),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Is),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl std::str::FromStr for Condition {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let first = word.find(['!', '<', '>', '=']);
        let (column, rest) = word.split_at(first.unwrap_or(0));
        let sign = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, comparison) = sign.filter(|_| !column.is_empty()).ok_or_else(|| {
            format!("expected COL=VALUE, or !=, <, <=, >, >= between them; found {word:?}")
        })?;
        Ok(Self {
            typed: word.to_owned(),
            column: column.to_owned(),
            comparison: *comparison,
            value: rest[sign.len()..].to_owned(),
        })
    }
}

impl Condition {
    /// Says of every row whether it meets the condition; a row without a value meets none.
    ///
    /// # Errors
    /// Text where the column holds numbers, or an order of texts; in words.
    pub fn mask(&self, rows: &DataFrame) -> Result<BooleanChunked, String> {
        let values = rows.column(&self.column).map_err(|e| e.to_string())?;
        let meets = |order: Option<Ordering>| {
            order.is_some_and(|order| match self.comparison {
                Comparison::Is => order.is_eq(),
                Comparison::IsNot => order.is_ne(),
                Comparison::Below => order.is_lt(),
                Comparison::AtMost => order.is_le(),
                Comparison::Above => order.is_gt(),
                Comparison::AtLeast => order.is_ge(),
            })
        };
        let told = |error: polars::prelude::PolarsError| error.to_string();
        let equality = matches!(self.comparison, Comparison::Is | Comparison::IsNot);
        let mask: Vec<bool> = if values.dtype() == &DataType::String && equality {
            let texts = values.str().map_err(told)?;
            let order = |text: Option<&str>| text.map(|text| text.cmp(self.value.as_str()));
            texts.iter().map(|text| meets(order(text))).collect()
        } else {
            let wanted: f64 = self
                .value
                .parse()
                .map_err(|_| format!("expected a number, found {:?}", self.value))?;
            let order = |value: Option<f64>| value.and_then(|v| v.partial_cmp(&wanted));
            let numbers = numbers(values).map_err(told)?;
            if values.null_count() < values.len() && numbers.iter().all(Option::is_none) {
                return Err(format!("{} holds text, which has no order", self.column));
            }
            numbers.into_iter().map(|v| meets(order(v))).collect()
        };
        Ok(BooleanChunked::from_slice("mask".into(), &mask))
    }
}

/// Returns a column as numbers; of texts, those that are numbers.
pub fn numbers(values: &Values) -> PolarsResult<Vec<Option<f64>>> {
    if values.dtype() == &DataType::String {
        let parse = |text: Option<&str>| text.and_then(|t| t.trim().parse::<f64>().ok());
        return Ok(values.str()?.iter().map(parse).collect());
    }
    Ok(values.cast(&DataType::Float64)?.f64()?.iter().collect())
}

/// Returns a column as texts.
pub fn texts(values: &Values) -> PolarsResult<Vec<Option<String>>> {
    let values = values.cast(&DataType::String)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(values.str()?.iter().map(owned).collect())
}

/// A value is its own group up to so many of them.
const DISTINCT: usize = 200;

/// Why a column gives no groups.
pub enum Ungrouped {
    /// Bins are for numbers.
    NoNumbers,
    /// What polars says.
    Polars(polars::prelude::PolarsError),
}

impl From<polars::prelude::PolarsError> for Ungrouped {
    fn from(error: polars::prelude::PolarsError) -> Self {
        Self::Polars(error)
    }
}

/// Returns the key of every row in a column, and the width of the bins where there are any.
///
/// A text whose values are all numbers, such as a label, counts as numbers. A column of many
/// numbers is put into some ten bins of a round width when none is given.
///
/// # Errors
/// As in [`Ungrouped`].
pub fn keys(
    rows: &DataFrame,
    by: &By,
    column: &Column,
) -> Result<(Vec<Key>, Option<f64>), Ungrouped> {
    let values = rows.column(&by.column)?;
    let (texts, numbers) = (texts(values)?, numbers(values)?);
    let numeric = texts.iter().flatten().next().is_some()
        && texts
            .iter()
            .zip(&numbers)
            .all(|(text, number)| text.is_none() || number.is_some_and(f64::is_finite));
    if by.width.is_some() && !numeric && texts.iter().any(Option::is_some) {
        return Err(Ungrouped::NoNumbers);
    }
    let many = || width_of_many(&numbers).filter(|_| numeric && column.kind == Kind::Number);
    if let Some(width) = by.width.or_else(many) {
        let keys = numbers.iter().map(|v| bin(*v, width)).collect();
        return Ok((keys, Some(width)));
    }
    let key = |(text, number): (&Option<String>, &Option<f64>)| match text {
        None => Key::NONE,
        Some(text) => Key {
            text: Some(text.clone()),
            low: number.filter(|_| numeric),
            high: number.filter(|_| numeric),
        },
    };
    Ok((texts.iter().zip(&numbers).map(key).collect(), None))
}

/// Returns a round width for some ten bins, where there are too many different numbers for groups
/// of their own.
fn width_of_many(numbers: &[Option<f64>]) -> Option<f64> {
    let mut all: Vec<f64> = numbers.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let range = all.last()? - all.first()?;
    all.dedup();
    (all.len() > DISTINCT).then(|| round(range / 10.0))
}

/// Returns the bin of a value, `[k width, (k + 1) width)`.
fn bin(value: Option<f64>, width: f64) -> Key {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return Key::NONE;
    };
    let at = (value / width).floor();
    let (low, high) = (tidy(at * width), tidy((at + 1.0) * width));
    Key {
        text: Some(format!("[{low}, {high})")),
        low: Some(low),
        high: Some(high),
    }
}

/// Takes away what multiplying left in the last digits: 0.30000000000000004 becomes 0.3.
fn tidy(x: f64) -> f64 {
    format!("{x:.12e}").parse().unwrap_or(x)
}

/// Returns the round number (1, 2 or 5 times a power of ten) that is next above.
fn round(x: f64) -> f64 {
    let power = 10f64.powf(x.max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let step = steps.into_iter().find(|s| s * power >= x);
    tidy(step.unwrap_or(10.0) * power)
}

/// Puts rows that have the same keys together: keys and row numbers, in the order of the keys;
/// numbers before texts, rows without a key last.
///
/// # Errors
/// What polars says.
pub fn group(keys: &[Vec<Key>], rows: usize) -> PolarsResult<Vec<(Vec<Key>, Vec<usize>)>> {
    if keys.is_empty() {
        return Ok(vec![(vec![], (0..rows).collect())]);
    }
    let columns = keys.iter().enumerate().map(|(at, keys)| {
        let texts: Vec<Option<&str>> = keys.iter().map(|k| k.text.as_deref()).collect();
        Values::new(format!("key{at}").into(), texts)
    });
    let frame = DataFrame::new(rows, columns.collect())?;
    let names = frame.get_column_names_owned();
    let positions = frame.group_by_stable(names)?.into_groups();
    let mut groups: Vec<(Vec<Key>, Vec<usize>)> = positions
        .iter()
        .map(|group| {
            let members: Vec<usize> = match group {
                GroupsIndicator::Idx((_, all)) => all.iter().map(|&i| i as usize).collect(),
                GroupsIndicator::Slice([first, n]) => {
                    (first as usize..(first + n) as usize).collect()
                }
            };
            let first = members.first().copied().unwrap_or_default();
            (keys.iter().map(|k| k[first].clone()).collect(), members)
        })
        .collect();
    groups.sort_by(|a, b| {
        let pairs = a.0.iter().zip(&b.0);
        let orders = pairs.map(|(a, b)| order(a, b));
        orders.fold(Ordering::Equal, Ordering::then)
    });
    Ok(groups)
}

fn order(a: &Key, b: &Key) -> Ordering {
    let rank = |key: &Key| match (key.low, &key.text) {
        (Some(_), _) => 0,
        (None, Some(_)) => 1,
        (None, None) => 2,
    };
    let numbers = |key: &Key| key.low.unwrap_or_default();
    rank(a)
        .cmp(&rank(b))
        .then(numbers(a).total_cmp(&numbers(b)))
        .then(a.text.cmp(&b.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_lower_end_and_have_round_ends() {
        let text = |value, width| bin(Some(value), width).text.unwrap();
        assert_eq!(text(0.35, 0.1), "[0.3, 0.4)");
        assert_eq!(text(-30.0, 1.0), "[-30, -29)");
        assert_eq!(text(-30.2, 1.0), "[-31, -30)");
        assert_eq!(text(2.5e-4, 1e-4), "[0.0002, 0.0003)");
        assert_eq!(bin(None, 1.0), Key::NONE);
        assert_eq!(bin(Some(f64::NAN), 1.0), Key::NONE);
        assert_eq!((round(0.37), round(2.0), round(70.0)), (0.5, 2.0, 100.0));
    }

    #[test]
    fn words_are_read_or_refused() {
        let by = |word: &str| word.parse::<By>();
        assert_eq!(by("mpi_db:0.5").unwrap().width, Some(0.5));
        assert_eq!(by("class").unwrap().width, None);
        assert!(by("mpi_db:0").is_err() && by("mpi_db:x").is_err() && by("").is_err());
        let condition = |word: &str| word.parse::<Condition>();
        let at_most = condition("snr_db<=18").unwrap();
        assert_eq!(
            (at_most.comparison, at_most.value.as_str()),
            (Comparison::AtMost, "18")
        );
        assert_eq!(condition("label_a=b=c").unwrap().value, "b=c");
        for wrong in ["", "snr_db", "=3", "!x", "a~3"] {
            assert!(condition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn groups_come_in_the_order_of_their_keys() {
        let key = |text: &str| Key {
            text: Some(text.to_owned()),
            low: text.parse().ok(),
            high: text.parse().ok(),
        };
        let keys = vec![vec![key("10"), key("9"), Key::NONE, key("9"), key("x")]];
        let groups = group(&keys, 5).unwrap();
        let told: Vec<(&str, &[usize])> = groups
            .iter()
            .map(|(keys, rows)| (keys[0].shown(), rows.as_slice()))
            .collect();
        assert_eq!(
            told,
            [
                ("9", &[1, 3][..]),
                ("10", &[0]),
                ("x", &[4]),
                ("(none)", &[2])
            ]
        );
        assert_eq!(group(&[], 3).unwrap()[0].1, [0, 1, 2]);
    }
}

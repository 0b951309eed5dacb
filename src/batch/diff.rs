//! What moved between two runs: figures beyond their intervals, captures that became something
//! else, and settings that differ.
//!
//! Rows are matched by path, channel and segment; what is left, by the hash of the file (a folder
//! that was moved); what is then left, by the file's name (the same captures taken again). Each row
//! is matched once, and only where that is unambiguous.
//!
//! A figure has **moved** where the two intervals have no value in common. Two independent
//! estimates of one truth, each with a 95 % interval of the same width, do so in 0.6 % of the cases
//! (their difference is then beyond 2 * 1.96 / sqrt 2 = 2.77 standard deviations of it); figures of
//! the same capture share its noise and do so less often.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::columns::FIGURES;
use super::row::Row;
use super::table::{Manifest, ROWS_JSONL, read_rows};

/// `etalon.diff/1`: what two runs have in common and what not.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Diff {
    /// Always `etalon.diff/1`.
    pub schema: String,
    /// Rows of both.
    pub matched: u64,
    /// Rows of the first run alone.
    pub only_a: u64,
    /// Rows of the second run alone.
    pub only_b: u64,
    /// Settings that differ.
    pub settings: Vec<Setting>,
    /// Statuses that changed, `ok > rejected`, and how often.
    pub statuses: BTreeMap<String, u64>,
    /// Causes that changed, `healthy > mpi`, and how often.
    pub classes: BTreeMap<String, u64>,
    /// Figures, those that moved most often first.
    pub figures: Vec<FigureDiff>,
}

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setting {
    /// Which.
    pub name: String,
    /// What the first run has; null when nothing.
    pub a: Option<String>,
    /// What the second run has; null when nothing.
    pub b: Option<String>,
}

/// How a figure differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FigureDiff {
    /// Its column.
    pub figure: String,
    /// Unit.
    pub unit: String,
    /// Rows in which both runs measured it.
    pub compared: u64,
    /// Rows in which its intervals have nothing in common.
    pub moved: u64,
    /// Rows in which only the second run measured it.
    pub appeared: u64,
    /// Rows in which only the first run measured it.
    pub vanished: u64,
    /// Median of second less first, over all that were compared; null without any.
    pub median_shift: Option<f64>,
    /// The row that moved farthest, in widths of its intervals.
    pub farthest: Option<Moved>,
    /// All pairs, for a picture.
    #[serde(skip)]
    pub pairs: Vec<Pair>,
}

/// A figure of one row that moved.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Moved {
    /// Path in the second run.
    pub path: String,
    /// Value in the first run.
    pub a: f64,
    /// Value in the second run.
    pub b: f64,
}

/// A figure in both runs: value, lower and upper end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// In the first run.
    pub a: [f64; 3],
    /// In the second run.
    pub b: [f64; 3],
}

impl Pair {
    /// Says whether the intervals have no value in common.
    pub fn moved(&self) -> bool {
        self.a[2] < self.b[1] || self.b[2] < self.a[1]
    }

    /// Distance of the values over the sum of the halves of the intervals.
    fn distance(&self) -> f64 {
        let widths = (self.a[2] - self.a[1]) + (self.b[2] - self.b[1]);
        2.0 * (self.b[0] - self.a[0]).abs() / widths.max(f64::MIN_POSITIVE)
    }
}

/// Compares the runs in two folders.
///
/// # Errors
/// Whatever the file system says, or that a folder holds no finished run.
pub fn compare(a: &Path, b: &Path) -> io::Result<Diff> {
    let (of_a, of_b) = (Manifest::read(a)?, Manifest::read(b)?);
    let rows =
        |folder: &Path| -> io::Result<Vec<Row>> { read_rows(&folder.join(ROWS_JSONL))?.collect() };
    let (rows_a, rows_b) = (rows(a)?, rows(b)?);
    let pairs = matched(&rows_a, &rows_b);
    let count = |name: &str| {
        let mut changes = BTreeMap::new();
        for (a, b) in &pairs {
            let (before, after) = (text(a, name), text(b, name));
            if before != after {
                let shown = |told: Option<&str>| told.unwrap_or("none").to_owned();
                *changes
                    .entry(format!("{} > {}", shown(before), shown(after)))
                    .or_insert(0) += 1;
            }
        }
        changes
    };
    let mut figures: Vec<FigureDiff> = FIGURES
        .iter()
        .map(|f| figure(f.name, f.unit, &pairs))
        .filter(|f| f.compared + f.appeared + f.vanished > 0)
        .collect();
    // A stable sort: figures that moved as often stay in the order of the table.
    figures.sort_by_key(|f| std::cmp::Reverse(f.moved));
    Ok(Diff {
        schema: "etalon.diff/1".into(),
        matched: pairs.len() as u64,
        only_a: (rows_a.len() - pairs.len()) as u64,
        only_b: (rows_b.len() - pairs.len()) as u64,
        settings: settings(&of_a, &of_b),
        statuses: count("status"),
        classes: count("class"),
        figures,
    })
}

fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str)
}

/// Pairs of rows, in the order of the second run.
fn matched<'a>(a: &'a [Row], b: &'a [Row]) -> Vec<(&'a Row, &'a Row)> {
    let place = |row: &Row| {
        let cell = |name| row.get(name).map(Value::to_string).unwrap_or_default();
        format!("{} {}", cell("channel"), cell("segment"))
    };
    type Key<'k> = &'k dyn Fn(&Row) -> Option<String>;
    let by_path = |row: &Row| Some(format!("{} {}", text(row, "path")?, place(row)));
    let by_hash = |row: &Row| Some(format!("{} {}", text(row, "sha256")?, place(row)));
    let by_name = |row: &Row| {
        let name = Path::new(text(row, "path")?).file_name()?.to_str()?;
        Some(format!("{name} {}", place(row)))
    };
    let keys: [Key; 3] = [&by_path, &by_hash, &by_name];
    let mut open_a: BTreeSet<usize> = (0..a.len()).collect();
    let mut partner: Vec<Option<usize>> = vec![None; b.len()];
    for key in keys {
        // A key that two rows of a run share says nothing.
        let mut known: HashMap<String, Option<usize>> = HashMap::new();
        for &at in &open_a {
            if let Some(key) = key(&a[at]) {
                known
                    .entry(key)
                    .and_modify(|at| *at = None)
                    .or_insert(Some(at));
            }
        }
        let mut asked: HashMap<String, Option<usize>> = HashMap::new();
        for (at, row) in b
            .iter()
            .enumerate()
            .filter(|(at, _)| partner[*at].is_none())
        {
            if let Some(key) = key(row) {
                asked
                    .entry(key)
                    .and_modify(|at| *at = None)
                    .or_insert(Some(at));
            }
        }
        for (key, at_b) in asked {
            if let (Some(at_b), Some(Some(at_a))) = (at_b, known.get(&key)) {
                partner[at_b] = Some(*at_a);
                open_a.remove(at_a);
            }
        }
    }
    let pairs = partner.into_iter().zip(b);
    pairs.filter_map(|(at, row)| Some((&a[at?], row))).collect()
}

fn figure(name: &str, unit: &str, rows: &[(&Row, &Row)]) -> FigureDiff {
    let read = |row: &Row| -> Option<[f64; 3]> {
        let cell = |name: &str| row.get(name).and_then(Value::as_f64);
        let (low, high) = (format!("{name}_low"), format!("{name}_high"));
        Some([cell(name)?, cell(&low)?, cell(&high)?])
    };
    let mut found = FigureDiff {
        figure: name.to_owned(),
        unit: unit.to_owned(),
        compared: 0,
        moved: 0,
        appeared: 0,
        vanished: 0,
        median_shift: None,
        farthest: None,
        pairs: Vec::new(),
    };
    let mut shifts = Vec::new();
    let mut most = 0.0;
    for (a, b) in rows {
        match (read(a), read(b)) {
            (Some(before), Some(after)) => {
                let pair = Pair {
                    a: before,
                    b: after,
                };
                found.compared += 1;
                shifts.push(after[0] - before[0]);
                if pair.moved() {
                    found.moved += 1;
                    if found.farthest.is_none() || pair.distance() > most {
                        most = pair.distance();
                        found.farthest = Some(Moved {
                            path: text(b, "path").unwrap_or_default().to_owned(),
                            a: before[0],
                            b: after[0],
                        });
                    }
                }
                found.pairs.push(pair);
            }
            (None, Some(_)) => found.appeared += 1,
            (Some(_), None) => found.vanished += 1,
            (None, None) => {}
        }
    }
    shifts.sort_by(f64::total_cmp);
    let middle = shifts.len() / 2;
    found.median_shift = match shifts.len() {
        0 => None,
        n if n % 2 == 1 => Some(shifts[middle]),
        _ => Some(0.5 * (shifts[middle - 1] + shifts[middle])),
    };
    found
}

/// Lists what differs in how two runs were made.
fn settings(a: &Manifest, b: &Manifest) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut differ = |name: &str, a: Option<String>, b: Option<String>| {
        if a != b {
            let name = name.to_owned();
            found.push(Setting { name, a, b });
        }
    };
    differ("version", Some(a.version.clone()), Some(b.version.clone()));
    differ("commit", Some(a.git.clone()), Some(b.git.clone()));
    let (of_a, of_b) = (options(&a.options), options(&b.options));
    let names: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
    for name in names {
        differ(name, of_a.get(name).cloned(), of_b.get(name).cloned());
    }
    if of_a == of_b && a.config_sha256 != b.config_sha256 {
        // The content of a file that an option names.
        let hashes = (a.config_sha256.clone(), b.config_sha256.clone());
        differ("configuration", Some(hashes.0), Some(hashes.1));
    }
    let list = |m: &Manifest| {
        format!(
            "{} captures, {}",
            m.listed,
            &m.list_sha256[..12.min(m.list_sha256.len())]
        )
    };
    differ("list", Some(list(a)), Some(list(b)));
    found
}

/// Options by name, from words such as `--baud 26.5625G --optical`.
fn options(words: &[String]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    for word in words {
        match (&last, word.starts_with("--")) {
            (_, true) => {
                found.insert(word.clone(), "given".into());
                last = Some(word.clone());
            }
            (Some(name), false) => drop(found.insert(name.clone(), word.clone())),
            (None, false) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(path: &str, sha256: &str, ber: Option<[f64; 3]>) -> Row {
        let mut row = Row::new();
        for (name, value) in [("path", path), ("sha256", sha256), ("channel", "1")] {
            row.insert(name.into(), json!(value));
        }
        if let Some([value, low, high]) = ber {
            row.insert("pre_fec_ber".into(), json!(value));
            row.insert("pre_fec_ber_low".into(), json!(low));
            row.insert("pre_fec_ber_high".into(), json!(high));
        }
        row
    }

    #[test]
    fn rows_find_each_other_by_path_then_hash_then_name() {
        let a = [
            row("x/1", "h1", None),
            row("x/2", "h2", None),
            row("x/3", "h3", None),
            row("x/4", "h4", None),
        ];
        let b = [
            row("x/1", "changed", None),
            row("y/moved", "h2", None),
            row("y/3", "taken again", None),
            row("y/new", "h5", None),
        ];
        let found: Vec<(&str, &str)> = matched(&a, &b)
            .iter()
            .map(|(a, b)| (text(a, "path").unwrap(), text(b, "path").unwrap()))
            .collect();
        assert_eq!(found, [("x/1", "x/1"), ("x/2", "y/moved"), ("x/3", "y/3")]);
        // Two files with one content: nobody can say which is which.
        let twins = [row("a/p", "same", None), row("a/q", "same", None)];
        let others = [row("b/r", "same", None), row("b/s", "same", None)];
        assert!(matched(&twins, &others).is_empty());
    }

    #[test]
    fn a_figure_moves_when_its_intervals_part() {
        let a = [
            row("1", "", Some([1.0, 0.9, 1.1])),
            row("2", "", Some([1.0, 0.9, 1.1])),
            row("3", "", None),
            row("4", "", Some([1.0, 0.9, 1.1])),
        ];
        let b = [
            row("1", "", Some([1.1, 1.05, 1.2])),
            row("2", "", Some([2.0, 1.9, 2.1])),
            row("3", "", Some([1.0, 0.9, 1.1])),
            row("4", "", None),
        ];
        let found = figure("pre_fec_ber", "1", &matched(&a, &b));
        let counts = (found.compared, found.moved, found.appeared, found.vanished);
        assert_eq!(counts, (2, 1, 1, 1));
        assert!((found.median_shift.unwrap() - 0.55).abs() < 1e-12);
        assert_eq!(found.farthest.unwrap().path, "2");
    }

    /// The probability in the module's head, by counting: 20,000 pairs of independent estimates. The
    /// bounds are those of a binomial count, four standard deviations either way.
    #[test]
    fn ref_independent_intervals_of_one_truth_part_in_a_few_of_a_thousand_cases() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let mut normal =
            || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let mut estimate = || {
            let value = normal();
            [value, value - 1.96, value + 1.96]
        };
        let trials = 20_000;
        let parted = (0..trials)
            .filter(|_| {
                let (a, b) = (estimate(), estimate());
                Pair { a, b }.moved()
            })
            .count() as f64;
        let (expected, n) = (5.57e-3, f64::from(trials));
        assert!(
            (parted - expected * n).abs() < 4.0 * (expected * n).sqrt(),
            "{parted}"
        );
    }

    #[test]
    fn options_are_compared_by_name() {
        let words = ["--baud", "26.5625G", "--optical", "--zero", "-1mW"].map(str::to_owned);
        let found = options(&words);
        assert_eq!(found["--baud"], "26.5625G");
        assert_eq!(found["--optical"], "given");
        assert_eq!(found["--zero"], "-1mW");
    }
}

//! Groups and columns on a screen of 80 columns.

use etalon::batch::columns::{FIGURES, Kind};
use etalon::batch::summary::{ColumnRecord, Figure, Heading, Summary};
use etalon::cli::error::{CliError, Exit};
use etalon::cli::figures::{count, cut, quantity};
use etalon::cli::shell::join;
use etalon::cli::talk::{Globals, print, print_json};

use crate::frame::Run;

/// Groups on the screen; `--json` has them all.
const SHOWN: usize = 40;
/// Characters of a group's name.
const NAME: usize = 26;

/// Renders a block an aggregate: a line a group.
pub fn summary(summary: &Summary) -> String {
    let mut lines = vec![head(summary)];
    for (at, heading) in summary.aggregates.iter().enumerate() {
        lines.push(String::new());
        lines.push(cut(&title(heading), 80));
        lines.push(cut(
            &format!(
                "{:<NAME$} {:>8}  value [95 % interval]",
                by(summary),
                "rows"
            ),
            80,
        ));
        let shown = &summary.groups[..summary.groups.len().min(SHOWN)];
        let figures: Vec<&Figure> = shown.iter().map(|group| &group.figures[at]).collect();
        let notation = Notation::of(heading, &figures);
        for (group, figure) in shown.iter().zip(figures) {
            let figure = notation.told(figure, group.rows);
            lines.push(cut(
                &format!(
                    "{:<NAME$} {:>8}  {figure}",
                    cut(&group.name(), NAME),
                    count(group.rows)
                ),
                80,
            ));
        }
        if summary.groups.len() > SHOWN {
            lines.push(format!(
                "and {} groups more: --json",
                summary.groups.len() - SHOWN
            ));
        }
    }
    let words = ["etalon", "table", &summary.run, "--columns"];
    lines.push(format!("\nnext: {}", join(&words)));
    lines.join("\n") + "\n"
}

fn head(summary: &Summary) -> String {
    let groups = match summary.groups.len() {
        1 => "1 group".to_owned(),
        n => format!("{n} groups"),
    };
    let mut head = format!("{} rows in {groups}", count(summary.rows));
    if !summary.conditions.is_empty() {
        let all = count(summary.rows_in_table);
        head = format!("{head}, of {all}: {}", summary.conditions.join(" and "));
    }
    head
}

fn by(summary: &Summary) -> String {
    let names: Vec<&str> = summary.group_by.iter().map(|g| &*g.column).collect();
    cut(&names.join(", "), NAME)
}

fn title(heading: &Heading) -> String {
    let unit = match heading.unit.as_str() {
        "" | "1" => String::new(),
        "sample" => ", in the unit of the samples".to_owned(),
        unit => format!(", in {unit}"),
    };
    format!("{}: {}{unit}", heading.aggregate, heading.about)
}

/// How the numbers of a block are written.
struct Notation {
    /// `2.71e-3`: ratios among which there are small ones.
    scientific: bool,
    /// The heading has no unit of its own: each figure names that of its samples.
    own_units: bool,
}

impl Notation {
    fn of(heading: &Heading, figures: &[&Figure]) -> Self {
        let small = |value: f64| value != 0.0 && value.abs() < 1e-2;
        let values = || figures.iter().filter_map(|f| f.value().or(f.high()));
        Self {
            scientific: heading.unit == "1" && values().any(small) && values().all(|v| v <= 1.0),
            own_units: heading.unit == "sample",
        }
    }

    fn number(&self, value: f64, unit: &str) -> String {
        match (self.scientific, self.own_units) {
            (true, _) => format!("{value:.2e}"),
            (_, true) => quantity(value, unit),
            _ => quantity(value, "1"),
        }
    }

    /// The value with its interval, and how many observations went in where these are not the
    /// rows.
    fn told(&self, figure: &Figure, rows: u64) -> String {
        match figure {
            Figure::Estimate(e) => {
                let number = |value| self.number(value, &e.unit);
                let n = match e.n {
                    n if n == rows => String::new(),
                    n if n < 1_000_000 => format!(" n {}", count(n)),
                    n => format!(" n {:.1e}", n as f64),
                };
                match e.errors {
                    Some(0) => format!("< {} (no errors){n}", number(e.high)),
                    _ if e.confidence == 1.0 && e.unit == "1" && e.value.fract() == 0.0 => {
                        count(e.value as u64)
                    }
                    _ if e.confidence == 1.0 => number(e.value),
                    _ => format!(
                        "{} [{}, {}]{n}",
                        number(e.value),
                        number(e.low),
                        number(e.high)
                    ),
                }
            }
            Figure::NotMeasurable(none) => {
                let unit = none.unit.as_deref().unwrap_or("1");
                match (none.low, none.high) {
                    (Some(low), _) => format!("> {}: {}", self.number(low, unit), none.reason),
                    (_, Some(high)) => format!("< {}: {}", self.number(high, unit), none.reason),
                    _ => format!("n/a: {}", none.reason),
                }
            }
        }
    }
}

/// True for what stands beside the value of a figure: its interval, count, method and reason.
fn goes_with_a_figure(name: &str) -> bool {
    let parts = ["low", "high", "n", "errors", "method", "reason"];
    FIGURES.iter().any(|figure| {
        let rest = name.strip_prefix(figure.name);
        rest.and_then(|r| r.strip_prefix('_'))
            .is_some_and(|r| parts.contains(&r))
    })
}

/// Lists the columns that have values in any row.
///
/// # Errors
/// Whatever hinders the output.
pub fn columns(run: &Run, globals: &Globals) -> Result<Exit, CliError> {
    let mut lines = vec![format!(
        "{:<30} {:<7} {:>8}  {}",
        "column", "unit", "rows", "what"
    )];
    let mut hidden = 0;
    for column in &run.manifest.columns {
        let values = run.rows.column(&column.name);
        let rows = values.map_or(0, |v| (v.len() - v.null_count()) as u64);
        if globals.json {
            print_json(&ColumnRecord {
                schema: ColumnRecord::SCHEMA.into(),
                column: column.clone(),
                rows,
            })?;
        } else if rows == 0 || goes_with_a_figure(&column.name) {
            hidden += 1;
        } else {
            let unit = match column.kind {
                Kind::Text => "text",
                _ => column.unit.as_str(),
            };
            let line = format!(
                "{:<30} {unit:<7} {:>8}  {}",
                column.name,
                count(rows),
                column.about
            );
            lines.push(cut(&line, 80));
        }
    }
    if !globals.json {
        lines.push(format!(
            "A figure F has also F_low, F_high, F_n, F_method, F_reason, and F_errors where errors\n\
             are counted. {hidden} columns, these and those without a value, are in --json."
        ));
        print(&(lines.join("\n") + "\n"))?;
    }
    Ok(Exit::Done)
}

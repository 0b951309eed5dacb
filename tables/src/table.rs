//! `etalon table RUN`: groups of rows, and figures of each with their intervals.

use std::path::PathBuf;

use etalon::batch::aggregate::{Aggregate, FORMS, Statistic, count, pool, share};
use etalon::batch::columns::{Column, Kind};
use etalon::batch::summary::{Figure, Group, Grouping, Heading, Key, Summary};
use etalon::cli::error::{CliError, Exit};
use etalon::cli::pictures;
use etalon::cli::talk::{Globals, print, print_json};
use etalon::plots::{GroupsPlot, Scene};
use polars::prelude::{DataFrame, PolarsResult};

use crate::frame::Run;
use crate::groups::{By, Condition, Ungrouped, group, keys, numbers, texts};
use crate::screen;

/// Options of `table`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Columns to group by; numbers can be put into bins, as in mpi_db:0.5
    #[arg(long, value_name = "COL[:WIDTH]", value_delimiter = ',')]
    group_by: Vec<By>,
    /// What to make of each group, as in median:snr_db
    #[arg(long = "agg", value_name = "WHAT", value_delimiter = ',')]
    aggregates: Vec<String>,
    /// Only rows that meet this, as in class=mpi or snr_db>=18; all of several
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
    /// List the columns instead, with unit, rows that have a value, and meaning
    #[arg(long)]
    columns: bool,
}

/// What is said below the options.
const AFTER_HELP: &str = "\
WHAT is count, mean:COL, median:COL, p95:COL (any percentile), std:COL, min:COL, max:COL, sum:COL,
pool:COL (the errors of all rows over all that was judged in them) or share:COL=VALUE. Intervals
are of 95 %, from the scatter of the rows of a group as independent draws. With --report DIR every
aggregate is drawn.

  etalon table night --columns
  etalon table night --group-by class --agg count,median:snr_db,pool:pre_fec_ber
  etalon table night --group-by label_mpi_db --agg mean:mpi_db --where 'status!=rejected'
  etalon table night --group-by mpi_db:1,pattern --agg p95:tdecq_db --report pictures";

/// Groups rows and aggregates their figures.
///
/// # Errors
/// Usage: an unknown column, an aggregate that a column does not allow; input; storage.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let run = Run::read(&args.run)?;
    if args.columns {
        return screen::columns(&run, globals);
    }
    let (mut conditions, mut by) = (args.conditions.clone(), args.group_by.clone());
    conditions
        .iter_mut()
        .for_each(|c| run.resolve(&mut c.column));
    by.iter_mut().for_each(|by| run.resolve(&mut by.column));
    let rows = filtered(&run, &conditions)?;
    let mut aggregates = aggregates(&run, args)?;
    let columns = aggregates.iter_mut().filter_map(Aggregate::column_mut);
    columns.for_each(|column| run.resolve(column));
    let headings = aggregates
        .iter()
        .map(|aggregate| heading(&run, aggregate))
        .collect::<Result<Vec<_>, _>>()?;
    let grouped = grouped(&run, &rows, &mut by, globals)?;
    let mut groups: Vec<Group> = grouped
        .iter()
        .map(|(keys, members)| Group {
            keys: keys.clone(),
            rows: members.len() as u64,
            figures: Vec::new(),
        })
        .collect();
    for (aggregate, heading) in aggregates.iter().zip(&headings) {
        let figures = figures(&rows, &grouped, aggregate, heading).map_err(|e| defect(&e))?;
        for (group, figure) in groups.iter_mut().zip(figures) {
            group.figures.push(figure);
        }
    }
    let summary = summary(&run, &rows, args, &by, headings, groups)?;
    if let Some(folder) = &globals.report {
        draw(&summary, folder, globals)?;
    }
    if globals.json {
        print_json(&summary)?;
    } else {
        print(&screen::summary(&summary))?;
    }
    Ok(Exit::Done)
}

fn summary(
    run: &Run,
    rows: &DataFrame,
    args: &Args,
    by: &[By],
    aggregates: Vec<Heading>,
    groups: Vec<Group>,
) -> Result<Summary, CliError> {
    let group_by = by.iter().map(|by| {
        let column = run.column("--group-by", &by.column)?;
        Ok(Grouping {
            column: by.column.clone(),
            unit: column.unit.clone(),
            width: by.width,
        })
    });
    Ok(Summary {
        schema: Summary::SCHEMA.into(),
        run: run.folder.display().to_string(),
        rows_sha256: run.sha256.clone(),
        rows_in_table: run.rows.height() as u64,
        conditions: args.conditions.iter().map(|c| c.typed.clone()).collect(),
        rows: rows.height() as u64,
        group_by: group_by.collect::<Result<_, CliError>>()?,
        aggregates,
        groups,
    })
}

fn filtered(run: &Run, conditions: &[Condition]) -> Result<DataFrame, CliError> {
    let mut rows = run.rows.clone();
    for condition in conditions {
        run.column("--where", &condition.column)?;
        let refused = |why: String| {
            CliError::usage(
                "ETA-2017",
                format!("--where {}", condition.typed),
                "the condition does not fit the column",
                why,
                "columns of numbers take <, <=, >, >=, = and !=, columns of text = and !=",
            )
        };
        let mask = condition.mask(&rows).map_err(refused)?;
        rows = rows.filter(&mask).map_err(|e| refused(e.to_string()))?;
    }
    Ok(rows)
}

fn aggregates(run: &Run, args: &Args) -> Result<Vec<Aggregate>, CliError> {
    if args.aggregates.is_empty() {
        let defaults = [
            Aggregate::Pool("pre_fec_ber".into()),
            Aggregate::Of(Statistic::Quantile(0.5), "snr_db".into()),
            Aggregate::Of(Statistic::Quantile(0.5), "mpi_db".into()),
        ];
        let has_values = |aggregate: &Aggregate| match aggregate {
            Aggregate::Of(_, name) | Aggregate::Pool(name) => {
                let column = run.rows.column(name);
                column.is_ok_and(|c| c.null_count() < c.len())
            }
            _ => true,
        };
        let defaults = defaults.into_iter().filter(has_values);
        return Ok([Aggregate::Count].into_iter().chain(defaults).collect());
    }
    let parse = |word: &String| {
        word.parse::<Aggregate>().map_err(|error| {
            CliError::usage(
                "ETA-2018",
                format!("--agg {word}"),
                "no such aggregate",
                error.to_string(),
                format!("etalon table {} --columns", run.folder.display()),
            )
        })
    };
    args.aggregates.iter().map(parse).collect()
}

/// Says what an aggregate is, after its column was found to allow it.
fn heading(run: &Run, aggregate: &Aggregate) -> Result<Heading, CliError> {
    let option = format!("--agg {aggregate}");
    let refused = |why: String| {
        CliError::usage(
            "ETA-2018",
            &option,
            "the column does not allow this aggregate",
            why,
            format!("one of {FORMS}"),
        )
    };
    let (column, unit) = match aggregate {
        Aggregate::Count => {
            return Ok(Heading {
                aggregate: aggregate.to_string(),
                unit: "1".into(),
                about: "rows".into(),
            });
        }
        Aggregate::Share(column, _) => (run.column(&option, column)?, "1".to_owned()),
        Aggregate::Pool(column) => {
            let found = run.column(&option, column)?;
            let counts = format!("{column}_errors");
            if !run.manifest.columns.iter().any(|c| c.name == counts) {
                return Err(refused(format!("errors are not counted in {column}")));
            }
            (found, "1".to_owned())
        }
        Aggregate::Of(_, column) => {
            let found = run.column(&option, column)?;
            if found.kind == Kind::Text && !is_numeric(&run.rows, found)? {
                return Err(refused(format!("{column} holds text")));
            }
            (found, found.unit.clone())
        }
    };
    Ok(Heading {
        aggregate: aggregate.to_string(),
        unit,
        about: column.about.clone(),
    })
}

/// True for texts that are all numbers, as labels may be.
fn is_numeric(rows: &DataFrame, column: &Column) -> Result<bool, CliError> {
    let values = rows.column(&column.name).map_err(|e| defect(&e))?;
    let (texts, numbers) = (
        texts(values).map_err(|e| defect(&e))?,
        numbers(values).map_err(|e| defect(&e))?,
    );
    Ok(texts
        .iter()
        .zip(&numbers)
        .all(|(t, n)| t.is_none() || n.is_some()))
}

type Grouped = Vec<(Vec<Key>, Vec<usize>)>;

/// Groups the rows. A column of many numbers is put into bins of a round width, and that is told.
fn grouped(
    run: &Run,
    rows: &DataFrame,
    by: &mut [By],
    globals: &Globals,
) -> Result<Grouped, CliError> {
    let mut all = Vec::new();
    for by in by.iter_mut() {
        let column = run.column("--group-by", &by.column)?;
        let (found, width) = keys(rows, by, column).map_err(|why| ungrouped(by, column, why))?;
        if let (None, Some(width)) = (by.width, width) {
            globals.say(&format!(
                "{}: many numbers, in bins of {width}; --group-by {0}:WIDTH takes another width",
                by.column
            ));
        }
        by.width = width;
        all.push(found);
    }
    group(&all, rows.height()).map_err(|e| defect(&e))
}

fn ungrouped(by: &By, column: &Column, why: Ungrouped) -> CliError {
    let name = &by.column;
    let refused = |what: &str, why: String, hint: String| {
        CliError::usage("ETA-2019", format!("--group-by {name}"), what, why, hint)
    };
    match why {
        Ungrouped::NoNumbers => refused(
            "bins are for numbers",
            format!("{name} ({}) holds text", column.about),
            format!("leave the width out: --group-by {name}"),
        ),
        Ungrouped::Polars(error) => defect(&error),
    }
}

fn defect(error: &polars::prelude::PolarsError) -> CliError {
    CliError {
        code: "ETA-9001",
        exit: Exit::Internal,
        what: "the table could not be worked on".into(),
        where_: "polars".into(),
        why: error.to_string(),
        hint: "rows.csv and rows.jsonl hold the same rows".into(),
    }
}

/// Returns a column as numbers. A ratio without errors is listed with the upper end of its
/// interval; here it counts as what was seen, none.
fn values(rows: &DataFrame, column: &str) -> PolarsResult<Vec<Option<f64>>> {
    let mut values = numbers(rows.column(column)?)?;
    if let Ok(errors) = rows.column(&format!("{column}_errors")) {
        for (value, errors) in values.iter_mut().zip(numbers(errors)?) {
            if errors == Some(0.0) {
                *value = value.map(|_| 0.0);
            }
        }
    }
    Ok(values)
}

/// A statistic of values in the unit of the samples, where the rows have one and the same.
fn of_unit(
    statistic: Statistic,
    values: &[f64],
    units: Option<&[&Option<String>]>,
    heading: &Heading,
) -> Figure {
    let shown = |unit: &&Option<String>| match unit {
        Some(unit) => unit.clone(),
        None => "no unit".to_owned(),
    };
    match units {
        None | Some([] | [None]) => statistic.of(values, &heading.unit, &heading.about),
        Some([Some(unit)]) => statistic.of(values, unit, &heading.about),
        Some(several) => {
            let units: Vec<String> = several.iter().map(shown).collect();
            Figure::not_measurable(format!("rows in {}: group by unit", units.join(" and ")))
        }
    }
}

/// An error ratio is never zero: where most rows count no errors, only a bound is known.
fn never_zero(figure: Figure) -> Figure {
    match figure {
        Figure::Estimate(e) if e.value <= 0.0 => Figure::without_value(
            None,
            (e.high > 0.0).then_some(e.high),
            &e.unit,
            e.confidence,
            e.n,
            "too many rows count no errors; pool:COL tells what all bound",
        ),
        other => other,
    }
}

/// Makes one figure a group.
fn figures(
    rows: &DataFrame,
    groups: &Grouped,
    aggregate: &Aggregate,
    heading: &Heading,
) -> PolarsResult<Vec<Figure>> {
    let members = groups.iter().map(|(_, members)| members);
    let about = &heading.about;
    Ok(match aggregate {
        Aggregate::Count => members.map(|rows| count(rows.len() as u64)).collect(),
        Aggregate::Of(statistic, column) => {
            let all = values(rows, column)?;
            let units = texts(rows.column("unit")?)?;
            let figure = |members: &Vec<usize>| {
                let known = members.iter().copied().filter(|&row| all[row].is_some());
                let mut found: Vec<&Option<String>> = known.map(|row| &units[row]).collect();
                found.sort();
                found.dedup();
                let own = (heading.unit == "sample").then_some(found.as_slice());
                let finite = members.iter().filter_map(|&row| all[row]);
                let finite: Vec<f64> = finite.filter(|v| v.is_finite()).collect();
                of_unit(*statistic, &finite, own, heading)
            };
            let figures = members.map(figure);
            match rows.column(&format!("{column}_errors")) {
                Ok(_) => figures.map(never_zero).collect(),
                Err(_) => figures.collect(),
            }
        }
        Aggregate::Pool(column) => {
            let errors = numbers(rows.column(&format!("{column}_errors"))?)?;
            let judged = numbers(rows.column(&format!("{column}_n"))?)?;
            let counted = |&row: &usize| Some((errors[row]? as u64, judged[row]? as u64));
            let figure = |rows: &Vec<usize>| {
                let counted: Vec<(u64, u64)> = rows.iter().filter_map(counted).collect();
                pool(&counted, about)
            };
            members.map(figure).collect()
        }
        Aggregate::Share(column, wanted) => {
            let all = texts(rows.column(column)?)?;
            let told = format!("rows whose {column} is {wanted}, of those that have one");
            let figure = |rows: &Vec<usize>| {
                let known = rows.iter().filter_map(|&row| all[row].as_ref());
                let hits = known.clone().filter(|text| *text == wanted).count();
                share(hits as u64, known.count() as u64, &told)
            };
            members.map(figure).collect()
        }
    })
}

fn draw(summary: &Summary, folder: &std::path::Path, globals: &Globals) -> Result<(), CliError> {
    let figures: Vec<(String, Scene)> = summary
        .aggregates
        .iter()
        .enumerate()
        .map(|(aggregate, heading)| {
            let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
            let name: String = heading.aggregate.chars().map(plain).collect();
            (
                format!("table-{name}"),
                GroupsPlot { summary, aggregate }.scene(),
            )
        })
        .collect();
    pictures::write(folder, "--report", &figures)?;
    let n = match figures.len() {
        1 => "1 picture".to_owned(),
        n => format!("{n} pictures"),
    };
    globals.say(&format!("{n}: {}", folder.display()));
    Ok(())
}

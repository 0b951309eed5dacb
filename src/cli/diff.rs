//! `etalon diff A B`: what moved between two runs, and what was set differently.

use std::path::{Path, PathBuf};

use super::error::{CliError, Exit};
use super::pictures;
use super::shell::join;
use super::talk::{Globals, print, print_json};
use crate::batch::diff::{Diff, FigureDiff, Pair, compare};
use crate::plots::{LinesPlot, Mark, Origin, PlotAxis, PlotPoint, Scene, Series};

/// Options of `diff`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folder of the first run
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Folder of the second run
    #[arg(value_name = "B")]
    b: PathBuf,
}

/// What is said below the options.
const AFTER_HELP: &str = "\
A figure has moved in a row where its two intervals have no value in common: independent estimates
of one truth do so in 0.6 % of the rows. With --report DIR every figure that moved is drawn.
Exit code 0: nothing moved. 1: something did.";

/// Figures on the screen.
const SHOWN: usize = 10;
/// Figures that are drawn.
const DRAWN: usize = 12;

/// Compares two runs.
///
/// # Errors
/// Input, for folders that hold no finished run; storage, for pictures.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let diff = compare(&args.a, &args.b).map_err(|error| unread(&args.a, &args.b, &error))?;
    if let Some(folder) = &globals.report {
        let moved = diff.figures.iter().filter(|f| f.moved > 0).take(DRAWN);
        let figures: Vec<(String, Scene)> = moved
            .map(|figure| (format!("diff-{}", figure.figure), draw(figure, args)))
            .collect();
        pictures::write(folder, "--report", &figures)?;
        let n = figures.len();
        globals.say(&format!("{n} pictures: {}", folder.display()));
    }
    if globals.json {
        print_json(&diff)?;
    } else {
        print(&text(&diff, args))?;
    }
    let calm = diff.figures.iter().all(|f| f.moved == 0)
        && diff.statuses.is_empty()
        && diff.classes.is_empty();
    Ok(if calm { Exit::Done } else { Exit::Findings })
}

fn unread(a: &Path, b: &Path, error: &std::io::Error) -> CliError {
    let lacking = [a, b]
        .into_iter()
        .find(|f| !f.join("manifest.json").is_file());
    CliError {
        code: "ETA-3011",
        exit: Exit::Input,
        what: "the folder holds no finished run".into(),
        where_: lacking.unwrap_or(a).display().to_string(),
        why: error.to_string(),
        hint: "finish it with the command that began it: etalon batch ... --out DIR".into(),
    }
}

fn text(diff: &Diff, args: &Args) -> String {
    let mut lines = vec![format!(
        "{} rows in both, {} only in {}, {} only in {}",
        diff.matched,
        diff.only_a,
        args.a.display(),
        diff.only_b,
        args.b.display()
    )];
    for setting in &diff.settings {
        let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "not given".into());
        lines.push(format!(
            "setting  {}: {} > {}",
            setting.name,
            told(&setting.a),
            told(&setting.b)
        ));
    }
    for (name, changes) in [("status", &diff.statuses), ("cause", &diff.classes)] {
        if !changes.is_empty() {
            let told: Vec<String> = changes.iter().map(|(c, n)| format!("{c} {n}")).collect();
            lines.push(format!("{name:<8} {}", told.join(", ")));
        }
    }
    let moved: Vec<&FigureDiff> = diff.figures.iter().filter(|f| f.moved > 0).collect();
    if moved.is_empty() {
        lines.push("no figure moved beyond its interval".into());
    } else {
        let head = ["figure", "moved", "of", "median shift", "unit"];
        lines.push(format!(
            "{:<28} {:>7} {:>7} {:>13} {}",
            head[0], head[1], head[2], head[3], head[4]
        ));
    }
    for figure in moved.iter().take(SHOWN) {
        let shift = figure.median_shift.unwrap_or_default();
        lines.push(format!(
            "{:<28} {:>7} {:>7} {:>13.3e} {}",
            figure.figure, figure.moved, figure.compared, shift, figure.unit
        ));
    }
    if moved.len() > SHOWN {
        lines.push(format!("and {} more figures: --json", moved.len() - SHOWN));
    }
    let words = ["etalon", "diff"].map(str::to_owned).into_iter();
    let paths = [&args.a, &args.b].map(|p| p.display().to_string());
    let report = ["--report", "diff-report"].map(str::to_owned);
    let next: Vec<String> = words.chain(paths).chain(report).collect();
    lines.push(format!("next: {}", join(&next)));
    lines.join("\n") + "\n"
}

/// The second run over the first, on a line where nothing moved.
fn draw(figure: &FigureDiff, args: &Args) -> Scene {
    let points = |wanted: bool| -> Vec<PlotPoint> {
        let some = figure.pairs.iter().filter(|pair| pair.moved() == wanted);
        some.map(point).collect()
    };
    let (moved, still) = (points(true), points(false));
    let all = || figure.pairs.iter().flat_map(|p| [p.a[0], p.b[0]]);
    let unit = match figure.unit.as_str() {
        "1" => String::new(),
        unit => format!(" ({unit})"),
    };
    let title = |run: &Path| format!("{}{unit} in {}", figure.figure, run.display());
    let (across, up) = (title(&args.a), title(&args.b));
    let (x, y) = (
        PlotAxis::around(&across, all()),
        PlotAxis::around(&up, all()),
    );
    let series = [
        Series {
            name: "no change".into(),
            color: 3,
            mark: Mark::Dashed,
            points: vec![PlotPoint::new(x.low, x.low), PlotPoint::new(x.high, x.high)],
        },
        Series {
            name: format!("within the intervals ({})", still.len()),
            color: 0,
            mark: Mark::Dots,
            points: still,
        },
        Series {
            name: format!("moved ({})", moved.len()),
            color: 1,
            mark: Mark::Discs,
            points: moved,
        },
    ];
    LinesPlot {
        title: &figure.figure,
        subtitle: &format!("{} rows measured in both runs", figure.compared),
        x,
        y,
        series: &series,
        limits: &[],
        origin: Origin::Measured,
    }
    .scene()
}

fn point(pair: &Pair) -> PlotPoint {
    PlotPoint {
        x: pair.a[0],
        y: pair.b[0],
        interval: Some((pair.b[1], pair.b[2])),
    }
}

//! `etalon analyze FILE...`: captures in, link reports out.

use std::path::{Path, PathBuf};

use etalon_dsp::{Eye, ReceiveOptions};
use etalon_types::{FaultKind, LinkReport};
use rayon::prelude::*;

use super::capture::{self, Choice};
use super::classified;
use super::error::{CliError, Exit};
use super::limits;
use super::link_options::LinkArgs;
use super::page;
use super::progress::Progress;
use super::screen::{self, Colours};
use super::shell::join;
use super::talk::{Globals, print, print_json};
use crate::inventory::Inventory;
use crate::pipeline::{Analysis, Identity, analyze_trace};
use crate::plots::terminal::terminal_eye;

/// Options of `analyze`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Capture files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Hold the transmitter to the limits of this PMD (100GBASE-FR1)
    #[arg(long, value_name = "NAME")]
    pmd: Option<String>,
    /// Link options.
    #[command(flatten)]
    link: LinkArgs,
}

/// Analyzes every trace of every file; one bad file does not stop the others.
///
/// # Errors
/// Usage, for options that make no sense for any file. Troubles of single files are told as
/// they come and count in the exit code.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    limits::check_name(args.pmd.as_deref())?;
    let mut options = args
        .link
        .receive_options(|path| capture::pattern(path, &args.link))?;
    // An eye that nobody sees is not drawn.
    options.measures.eye &= !globals.json || globals.report.is_some();
    let choice = Choice::of(&args.link)?;
    let inventory = args.link.read_inventory()?;
    let progress = Progress::start(globals, args.files.len());
    let mut worst = Exit::Done;
    let mut analyses = Vec::new();
    // A few files a thread at a time: results come out in the order of the inputs, early ones
    // before late ones are read, and no more than these are in memory.
    let step = 4 * rayon::current_num_threads();
    for files in args.files.chunks(step) {
        let outcomes: Vec<_> = files
            .par_iter()
            .map(|file| {
                let outcome = analyze_file(file, &choice, args, (&options, inventory.as_ref()));
                progress.step(&file.display().to_string());
                outcome
            })
            .collect();
        for outcome in outcomes.into_iter().flatten() {
            match outcome {
                Ok(analysis) => {
                    worst = worst.max(classified::exit(&analysis.report));
                    if globals.json {
                        print_json(&analysis.report)?;
                    }
                    if !globals.json || globals.report.is_some() {
                        analyses.push(analysis);
                    }
                }
                Err(error) => {
                    globals.complain(&error);
                    worst = worst.max(error.exit);
                }
            }
        }
    }
    progress.finish();
    page::write(&analyses, inventory.as_ref(), globals)?;
    if !globals.json {
        show(&analyses, args, globals)?;
    }
    Ok(worst)
}

fn analyze_file(
    file: &Path,
    choice: &Choice,
    args: &Args,
    (options, inventory): (&ReceiveOptions, Option<&Inventory>),
) -> Vec<Result<Analysis, CliError>> {
    let opened = capture::open(file, choice).and_then(|capture| {
        let identity = Identity::file(file).map_err(|e| capture::unreadable(file, &e))?;
        Ok((capture, identity))
    });
    let (capture, identity) = match opened {
        Ok(opened) => opened,
        Err(error) => return vec![Err(error)],
    };
    capture
        .traces
        .par_iter()
        .map(|trace| {
            let options = capture::with_unit(options, trace);
            let mut analysis = analyze_trace(trace, &options, &identity)
                .map_err(|error| capture::failed(file, &error, &args.link))?;
            if let Some(inventory) = inventory {
                analysis.name_paths(inventory);
            }
            if let Some(pmd) = &args.pmd {
                // The name was looked up before any file was opened.
                let _ = limits::enter(&mut analysis.report, pmd);
            }
            Ok(analysis)
        })
        .collect()
}

fn show(analyses: &[Analysis], args: &Args, globals: &Globals) -> Result<(), CliError> {
    let text = match analyses {
        [] => return Ok(()),
        [one] => {
            let colours = if globals.colours() {
                Colours::Ansi
            } else {
                Colours::Plain
            };
            let eye = one
                .traces
                .eye
                .as_ref()
                .map(|eye| draw(eye, &one.unit, globals))
                .unwrap_or_default();
            screen::single(
                &one.report,
                &eye,
                &next(&one.report, args, Showing::One),
                colours,
            )
        }
        many => {
            let reports: Vec<LinkReport> = many.iter().map(|a| a.report.clone()).collect();
            // The first with a finding deserves a look; without any, the first.
            let chosen = reports
                .iter()
                .find(|r| classified::exit(r) != Exit::Done)
                .unwrap_or(&reports[0]);
            screen::table(&reports, &next(chosen, args, Showing::Several))
        }
    };
    Ok(print(&text)?)
}

/// Draws the eye in the terminal, as lines.
fn draw(eye: &Eye, unit: &str, globals: &Globals) -> Vec<String> {
    terminal_eye(
        eye,
        unit,
        screen::EYE_COLUMNS,
        screen::EYE_LINES,
        globals.charset(),
    )
}

/// What the screen shows already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    One,
    Several,
}

/// The command that helps most after this report, ready to be typed.
fn next(report: &LinkReport, args: &Args, showing: Showing) -> String {
    let path = report.input.path.clone();
    let command = |verb: &str, link: &LinkArgs, more: &[&str]| {
        let mut words = vec!["etalon".to_owned(), verb.to_owned(), path.clone()];
        words.extend(link.words());
        if let (Some(pmd), "analyze") = (&args.pmd, verb) {
            words.extend(["--pmd".to_owned(), pmd.clone()]);
        }
        words.extend(more.iter().map(|&word| word.to_owned()));
        join(&words)
    };
    let mut link = args.link.clone();
    let rejected = classified::rejecting(&report.quality).map(|flag| flag.flag.as_str());
    let kind = report.classification.as_ref().map(|c| c.kind);
    match (showing, rejected) {
        (Showing::Several, _) => {
            link.channel = Some(report.input.channel.clone());
            link.segment = Some(report.input.segment);
            command("analyze", &link, &[])
        }
        (Showing::One, Some("pattern-not-found")) => {
            "none".clone_into(&mut link.pattern.text);
            command("analyze", &link, &[])
        }
        (Showing::One, Some("wrong-rate")) => {
            "auto".clone_into(&mut link.baud.text);
            command("analyze", &link, &[])
        }
        (Showing::One, Some(_)) => {
            let mut words = vec!["etalon".to_owned(), "info".into(), path];
            words.extend(info_words(&link));
            join(&words)
        }
        (Showing::One, None) if kind == Some(FaultKind::Mpi) => command("mpi", &link, &[]),
        (Showing::One, None) => command("analyze", &link, &["--report", "etalon-report"]),
    }
}

fn info_words(link: &LinkArgs) -> Vec<String> {
    let mut words = Vec::new();
    if link.format != "auto" {
        words.extend(["--format".to_owned(), link.format.clone()]);
    }
    if let Some(rate) = &link.sample_rate {
        words.extend(["--sample-rate".to_owned(), rate.text.clone()]);
    }
    words
}

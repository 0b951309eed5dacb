//! `etalon demo`: the whole chain on the simulated bench.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::error::{CliError, Exit};
use super::figures::wrap;
use super::talk::{Globals, print, print_json};
use crate::bench::{Break, fresh_seed};
use crate::demo::{Demo, DemoError, Event, Plan, page, run as run_demo, verdict};
use crate::report::write_report;
use crate::store::{StateDir, StoreError};
use crate::tools::{StageRecord, WorkbenchError};

/// Where the report goes without `--report`.
const FOLDER: &str = "etalon-demo";

/// Seed without `--seed`.
const SEED: u64 = 1;

/// Width of the screen.
const WIDTH: usize = 80;

/// What can be broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// Multipath interference: a pair of reflections on one link
    #[default]
    Mpi,
    /// A low-pass on one link
    Bandwidth,
    /// Loss on one link
    LowPower,
    /// Nothing
    None,
}

/// Options of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code 0: the verdict is right and every degraded service was measured good on a new path
(with --break none: no alarm). 1: the verdict is wrong, or a service was not restored.
Everything is simulated. The report is ./etalon-demo/index.html unless --report says otherwise,
the state ./etalon-demo/state unless --state does.")]
pub struct Args {
    /// What to break
    #[arg(long = "break", value_enum, value_name = "WHAT", default_value = "mpi")]
    what: What,
    /// Draw a sealed fault from fresh entropy (or from --seed): the hash of its truth is printed
    /// before the analysis, the truth after it
    #[arg(long, conflicts_with = "what")]
    surprise: bool,
}

impl Args {
    fn plan(&self, globals: &Globals) -> Plan {
        let how = match self.what {
            _ if self.surprise => Break::Surprise,
            What::Mpi => Break::Mpi,
            What::Bandwidth => Break::Bandwidth,
            What::LowPower => Break::LowPower,
            What::None => Break::None,
        };
        let drawn = if self.surprise { fresh_seed() } else { SEED };
        Plan {
            seed: globals.seed.unwrap_or(drawn),
            how,
            switch_fault: None,
        }
    }
}

/// Runs the demo and writes its report.
///
/// # Errors
/// Storage, when the state or the report cannot be written; a defect, when a simulated
/// instrument or capture fails.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let plan = args.plan(globals);
    let folder = globals
        .report
        .clone()
        .unwrap_or_else(|| PathBuf::from(FOLDER));
    let state = globals
        .state
        .clone()
        .unwrap_or_else(|| Path::new(FOLDER).join("state"));
    // A folder that cannot be written is said now, not when the work is done.
    StateDir::open(&state).map_err(|e| of_store(&e))?;
    std::fs::create_dir_all(&folder).map_err(|e| CliError::storage(&folder, &e))?;
    let json = globals.json;
    let began = std::time::Instant::now();
    let watch = Box::new(move |event: Event<'_>| show(event, json, plan.how));
    let mut demo = run_demo(&plan, &state, watch).map_err(|e| of_demo(&e))?;
    let drawing = std::time::Instant::now();
    let index = folder.join("index.html");
    demo.record.report = Some(index.display().to_string());
    let written = write_report(&folder, &page::compose(&demo)).map_err(|error| CliError {
        code: "ETA-5002",
        exit: Exit::Storage,
        what: "the report could not be written".into(),
        where_: folder.display().to_string(),
        why: error.to_string(),
        hint: "choose a folder that can be written: --report etalon-report".into(),
    })?;
    let report_s = drawing.elapsed().as_secs_f64();
    demo.record.timings_s.insert("report".into(), report_s);
    demo.record
        .timings_s
        .insert("total".into(), began.elapsed().as_secs_f64());
    let stage = StageRecord {
        schema: "etalon.demo-stage/1".into(),
        stage: "report".into(),
        seconds: report_s,
        note: format!("{} files", written.files.len()),
        sealed_sha256: None,
        simulated: true,
    };
    show(Event::Stage(&stage), json, plan.how);
    finish(&demo, &written.index, globals)?;
    Ok(if demo.record.succeeded() {
        Exit::Done
    } else {
        Exit::Findings
    })
}

/// Shows an event on stdout as it happens. Whoever closed stdout learns of it at the end.
fn show(event: Event<'_>, json: bool, how: Break) {
    let _ = match event {
        Event::Stage(stage) if json => print_json(stage),
        Event::Stage(stage) => print(&stage_line(stage)),
        Event::Sealed(_) if json => Ok(()),
        Event::Sealed(seal) => {
            let broken = match how {
                Break::Surprise => "something was drawn".to_owned(),
                Break::None => "nothing is broken".to_owned(),
                other => format!("{} on a link that only the bench knows", other.name()),
            };
            print(&format!(
                "SIMULATED: metro network dci-metro-14, 12 services at 26.5625 GBd; {broken}\n\
                 sealed truth, SHA-256 {seal}\n"
            ))
        }
    };
}

fn stage_line(stage: &StageRecord) -> String {
    let head = format!("{:<9} {:>6.2} s  ", stage.stage, stage.seconds);
    let indent = head.chars().count();
    let lines = wrap(&stage.note, WIDTH - indent, 0);
    let mut text = format!("{head}{}\n", lines.first().map_or("", String::as_str));
    for line in lines.iter().skip(1) {
        text.push_str(&format!("{:indent$}{line}\n", ""));
    }
    text
}

fn finish(demo: &Demo, index: &Path, globals: &Globals) -> Result<(), CliError> {
    if globals.json {
        print_json(&demo.record)?;
        return Ok(());
    }
    let mut text = String::from("\nVERDICT (everything is simulated)\n");
    for line in verdict::lines(&demo.record) {
        text.push_str(&format!("  {}\n", wrap(&line, WIDTH - 2, 4).join("\n  ")));
    }
    for line in verdict::truth_lines(&demo.record) {
        text.push_str(&line);
        text.push('\n');
    }
    let total = demo.record.timings_s.get("total").copied().unwrap_or(0.0);
    text.push_str(&format!(
        "done in {total:.1} s; the report:\n{}\n",
        index.display()
    ));
    print(&text)?;
    Ok(())
}

/// Turns an error of the store into one of the command line.
pub(super) fn of_store(error: &StoreError) -> CliError {
    CliError {
        code: "ETA-5003",
        exit: Exit::Storage,
        what: "the state could not be used".into(),
        where_: "--state".into(),
        why: error.to_string(),
        hint: "choose another folder: etalon demo --state other-state".into(),
    }
}

/// Turns an error of the demo into one of the command line.
pub(super) fn of_demo(error: &DemoError) -> CliError {
    match error {
        DemoError::Store(store) | DemoError::Workbench(WorkbenchError::Store(store)) => {
            of_store(store)
        }
        DemoError::Workbench(WorkbenchError::Alarm(crate::alarms::AlarmError::Store(store))) => {
            of_store(store)
        }
        other => CliError {
            code: "ETA-9001",
            exit: Exit::Internal,
            what: "the simulated bench did not do what it is made for".into(),
            where_: "etalon demo".into(),
            why: other.to_string(),
            hint: "run it again with another --seed, and report this with the seed".into(),
        },
    }
}

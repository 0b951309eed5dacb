//! The command line: one file a verb, results on stdout, talk on stderr.
//!
//! [`main`] reads the arguments, sets up threads and the panic hook, runs the verb and turns
//! its outcome into an exit code ([`error::Exit`]). Verbs return results or a
//! [`error::CliError`]; none of them prints an error or exits by itself.

pub mod analyze;
pub mod batch;
pub mod capture;
pub mod classified;
pub mod completions;
pub mod convert;
pub mod crash;
pub mod demo;
pub mod diff;
pub mod error;
pub mod exit_codes;
pub mod figures;
pub mod guide;
pub mod help;
pub mod info;
pub mod inventory;
pub mod limits;
pub mod link_options;
pub mod merge;
pub mod mpi;
pub mod out_format;
pub mod page;
pub mod pictures;
pub mod progress;
pub mod schema;
pub mod screen;
pub mod shell;
pub mod simulate;
pub mod study;
pub mod table;
pub mod tables;
pub mod talk;
pub mod touchstone;
pub mod typed;
pub mod usage;
pub mod welcome;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::{CliError, Exit};
use talk::Globals;

/// Everything that can be typed.
#[derive(Debug, Parser)]
#[command(
    name = "etalon",
    version,
    about = "Test bench and signal processing for short-reach PAM-4 optical links",
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit codes: etalon help exit-codes. One page for programs: etalon guide."
)]
pub struct Cli {
    /// Options that every verb takes.
    #[command(flatten)]
    pub globals: Globals,
    /// The verb; without one, four commands to start with are shown.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole chain on a simulated bench: break it, find out, go around it, measure
    Demo(demo::Args),
    /// Run a validation study that is too long for CI
    #[command(hide = true)]
    Study(study::Args),
    /// Captures in; BER, levels, MPI and the cause out
    Analyze(analyze::Args),
    /// Many captures in, one row each out; goes on after any interruption
    Batch(batch::Args),
    /// Put the shards of a batch together
    Merge(merge::Args),
    /// What moved between two batches, beyond its intervals
    Diff(diff::Args),
    /// Quick looks at a batch: group by, aggregate (program etalon-tables)
    Table(table::Args),
    /// A process that analyzes for a batch
    #[command(hide = true)]
    BatchWorker(batch::worker::Args),
    /// What a capture file holds, without any signal processing
    Info(info::Args),
    /// A capture in another format
    Convert(convert::Args),
    /// Multipath interference alone: level, regime, linewidth, reflections
    Mpi(mpi::Args),
    /// Make captures whose truth is known
    Simulate(simulate::Args),
    /// Print the JSON Schema of an output
    Schema(schema::Args),
    /// Print one page for programs and agents
    Guide,
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Explain a command, or `exit-codes`
    Help(help::Args),
}

/// Runs the command line of this process and returns its exit code.
pub fn main() -> ExitCode {
    crash::install();
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let outcome = std::panic::catch_unwind(|| run(&words));
    // The hook has already said that the program is at fault.
    let exit = outcome.unwrap_or(Exit::Internal);
    ExitCode::from(exit.code())
}

fn run(words: &[std::ffi::OsString]) -> Exit {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error, words),
    };
    let globals = cli.globals;
    match dispatch(cli.command, &globals) {
        Ok(exit) => exit,
        Err(error) => {
            globals.complain(&error);
            error.exit
        }
    }
}

fn dispatch(command: Option<Command>, globals: &Globals) -> Result<Exit, CliError> {
    if let Some(threads) = globals.threads {
        // The pool is built once a process and nothing has used it yet, so this cannot fail; if
        // it did, the default pool gives the same results.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global();
    }
    let reports = matches!(
        command,
        Some(
            Command::Demo(_)
                | Command::Analyze(_)
                | Command::Mpi(_)
                | Command::Diff(_)
                | Command::Table(_)
        )
    );
    if globals.report.is_some() && !reports {
        return Err(CliError::usage(
            "ETA-2009",
            "--report",
            "this command makes no report",
            "expected demo, analyze, mpi, diff or table",
            "leave --report out",
        ));
    }
    match command {
        None => welcome::run(globals),
        Some(Command::Demo(args)) => demo::run(&args, globals),
        Some(Command::Study(args)) => study::run(&args, globals),
        Some(Command::Analyze(args)) => analyze::run(&args, globals),
        Some(Command::Batch(args)) => batch::run(&args, globals),
        Some(Command::Merge(args)) => merge::run(&args, globals),
        Some(Command::Diff(args)) => diff::run(&args, globals),
        Some(Command::Table(args)) => table::run(&args, globals),
        Some(Command::BatchWorker(args)) => batch::worker::run(&args),
        Some(Command::Info(args)) => info::run(&args, globals),
        Some(Command::Convert(args)) => convert::run(&args, globals),
        Some(Command::Mpi(args)) => mpi::run(&args, globals),
        Some(Command::Simulate(args)) => simulate::run(&args, globals),
        Some(Command::Schema(args)) => schema::run(&args, globals),
        Some(Command::Guide) => guide::run(globals),
        Some(Command::Completions(args)) => completions::run(&args, globals),
        Some(Command::Help(args)) => help::run(&args, globals),
    }
}

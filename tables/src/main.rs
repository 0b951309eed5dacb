//! `etalon-tables`: Parquet and group-by over the tables of a batch.
//!
//! A program of its own, because polars takes minutes to build. `etalon batch`, `etalon merge` and
//! `etalon table` find it beside themselves or on `PATH`. It has the errors, the exit codes and
//! the options of `etalon`.

mod frame;
mod groups;
mod parquet;
mod screen;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use etalon::cli::error::{CliError, Exit};
use etalon::cli::talk::{Globals, print};
use etalon::cli::{crash, usage};

/// Everything that can be typed.
#[derive(Debug, Parser)]
#[command(
    name = "etalon-tables",
    version,
    about = "Parquet and group-by over the tables of a batch",
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write rows.parquet beside the other tables of a run
    Parquet {
        /// Folder of the run
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Group the rows of a run and aggregate their figures
    #[command(name = "table", override_usage = "etalon table <RUN> [OPTIONS]")]
    Table(table::Args),
}

fn main() -> ExitCode {
    crash::install();
    let words: Vec<OsString> = std::env::args_os().collect();
    let outcome = std::panic::catch_unwind(|| run(&words));
    // The hook has already said that the program is at fault.
    ExitCode::from(outcome.unwrap_or(Exit::Internal).code())
}

fn run(words: &[OsString]) -> Exit {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error, words),
    };
    let outcome = match &cli.command {
        Command::Parquet { folder } => parquet(folder),
        Command::Table(args) => table::run(args, &cli.globals),
    };
    outcome.unwrap_or_else(|error| {
        cli.globals.complain(&error);
        error.exit
    })
}

fn parquet(folder: &std::path::Path) -> Result<Exit, CliError> {
    let written = parquet::write(folder)?;
    print(&format!("{}\n", written.display()))?;
    Ok(Exit::Done)
}

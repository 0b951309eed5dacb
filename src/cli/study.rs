//! `etalon study NAME`: validation studies that are too long for CI.

mod demo;

use super::error::{CliError, Exit};
use super::talk::Globals;

pub use demo::{StudyRecord, TrialRecord};

/// Which study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, clap::Subcommand)]
enum Study {
    /// The demo over many seeds: how often the verdict is right
    Demo(demo::Args),
}

/// Runs a study.
///
/// # Errors
/// Storage, when the state cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    match &args.study {
        Study::Demo(args) => demo::run(args, globals),
    }
}

//! `etalon study NAME`: validation studies that are too long for CI.

mod capture;
pub mod demo;
mod draw;
pub mod findings;
pub mod harness;
pub mod mpi_cancel;
pub mod mpi_level;
pub mod mpi_penalty;
pub mod mpi_range;
pub mod mpi_silence;
pub mod receive_mpi;

use super::error::{CliError, Exit};
use super::talk::Globals;

/// Which study.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(Debug, clap::Subcommand)]
enum Study {
    /// How well the level and delay of interference are found, over many drawn links
    ReceiveMpi(harness::Args),
    /// What interference costs at KP4's threshold, by theory and counted
    MpiPenalty(harness::Args),
    /// How well the level of interference is estimated, and where it is refused
    MpiLevel(harness::Args),
    /// How weak and how near reflections are found, and what is found that is not there
    MpiRange(harness::Args),
    /// What is not interference must not be reported as interference
    MpiSilence(harness::Args),
    /// How much more interference is tolerated with a canceller
    MpiCancel(harness::Args),
    /// How often the demo's verdict is right, over many drawn faults
    Demo(demo::Args),
}

/// Runs a study.
///
/// # Errors
/// Storage, when the state cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    match &args.study {
        Study::ReceiveMpi(args) => harness::run(&receive_mpi::ReceiveMpi, args, globals),
        Study::MpiPenalty(args) => harness::run(&mpi_penalty::MpiPenalty::new(), args, globals),
        Study::MpiLevel(args) => harness::run(&mpi_level::MpiLevel, args, globals),
        Study::MpiRange(args) => harness::run(&mpi_range::MpiRange, args, globals),
        Study::MpiSilence(args) => harness::run(&mpi_silence::MpiSilence, args, globals),
        Study::MpiCancel(args) => harness::run(&mpi_cancel::MpiCancel, args, globals),
        Study::Demo(args) => demo::run(args, globals),
    }
}

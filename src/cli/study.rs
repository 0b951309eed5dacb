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
    ReceiveMpi(receive_mpi::Args),
    /// What interference costs at KP4's threshold, by theory and counted
    MpiPenalty(mpi_penalty::Args),
    /// How well the level of interference is estimated, and where it is refused
    MpiLevel(mpi_level::Args),
    /// How weak and how near reflections are found, and what is found that is not there
    MpiRange(mpi_range::Args),
    /// What is not interference must not be reported as interference
    MpiSilence(mpi_silence::Args),
    /// How much more interference is tolerated with a canceller
    MpiCancel(mpi_cancel::Args),
    /// How often the demo's verdict is right, over many drawn faults
    Demo(demo::Args),
}

/// Runs a study.
///
/// # Errors
/// Storage, when the state cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    match &args.study {
        Study::ReceiveMpi(args) => receive_mpi::run(args, globals),
        Study::MpiPenalty(args) => mpi_penalty::run(args, globals),
        Study::MpiLevel(args) => mpi_level::run(args, globals),
        Study::MpiRange(args) => mpi_range::run(args, globals),
        Study::MpiSilence(args) => mpi_silence::run(args, globals),
        Study::MpiCancel(args) => mpi_cancel::run(args, globals),
        Study::Demo(args) => demo::run(args, globals),
    }
}

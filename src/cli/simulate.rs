//! `etalon simulate link`: a capture whose truth is known.

mod disturbances;
mod link;
mod options;
mod paths;
mod quantities;

pub use link::TruthRecord;

use super::error::{CliError, Exit};
use super::talk::Globals;

/// What is simulated.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// A PAM-4 or NRZ intensity-modulated link with multipath interference
    Link(Box<options::Args>),
}

/// Simulates and writes the capture and its truth.
///
/// # Errors
/// Usage, for a link that cannot be; storage, when the files cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    match &args.kind {
        Kind::Link(options) => link::run(options, globals),
    }
}

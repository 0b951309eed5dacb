//! `etalon completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::error::{CliError, Exit};
use super::talk::{Globals, print_text};

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell that the script is for
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints a completion script.
///
/// # Errors
/// Storage, when stdout cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut super::Cli::command(),
        "etalon",
        &mut script,
    );
    print_text(globals, "completions", &String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

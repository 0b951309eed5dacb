//! `etalon help [TOPIC]...`.

use clap::Parser;

use super::error::{CliError, Exit};
use super::talk::{Globals, print_text};

/// Options of `help`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A command, or `exit-codes`
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Prints the help of a command, or the table of exit codes.
///
/// # Errors
/// Usage, when there is no such topic.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    if args.topic.first().is_some_and(|t| t == "exit-codes") {
        print_text(globals, "exit-codes", &super::exit_codes::table())?;
        return Ok(Exit::Done);
    }
    // `etalon help mpi` is `etalon mpi --help`; a mistyped topic gets the parser's suggestions.
    let mut words = vec!["etalon".to_owned()];
    words.extend(args.topic.iter().cloned());
    if globals.json {
        words.push("--json".into());
    }
    words.push("--help".into());
    let words: Vec<std::ffi::OsString> = words.into_iter().map(Into::into).collect();
    match super::Cli::try_parse_from(&words) {
        Err(error) => Ok(super::usage::explain(&error, &words)),
        Ok(_) => Ok(Exit::Done),
    }
}

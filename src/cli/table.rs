//! `etalon table ...`: handed on to the program `etalon-tables`.

use std::ffi::OsString;
use std::process::Command;

use super::error::{CliError, Exit};
use super::tables;
use super::talk::Globals;

/// Options of `table`.
#[derive(Clone, Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Words for `etalon-tables table`: RUN --group-by COL --agg ...
    #[arg(
        value_name = "WORD",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

/// Runs `etalon-tables table` with these words.
///
/// # Errors
/// Usage, when the program is not there.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let missing = |why: String| {
        CliError::usage(
            "ETA-2015",
            "etalon table",
            "the program etalon-tables is needed",
            why,
            format!(
                "{} (it has polars inside, which takes minutes)",
                tables::BUILD
            ),
        )
    };
    let program = tables::program()
        .ok_or_else(|| missing("it is neither beside etalon nor on PATH".to_owned()))?;
    let mut command = Command::new(&program);
    command.arg("table").args(&args.words);
    for (given, word) in [(globals.json, "--json"), (globals.quiet, "--quiet")] {
        if given {
            command.arg(word);
        }
    }
    if let Some(folder) = &globals.report {
        command.arg("--report").arg(folder);
    }
    let status = command
        .status()
        .map_err(|error| missing(format!("{}: {error}", program.display())))?;
    // The codes are the same in both programs.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let exit = Exit::ALL.into_iter().find(|exit| Some(exit.code()) == code);
    Ok(exit.unwrap_or(Exit::Internal))
}

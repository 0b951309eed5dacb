//! `etalon merge DIR...`: shards of a batch, put together.

use std::path::PathBuf;

use super::batch::{BatchRecord, exit, screen};
use super::error::{CliError, Exit};
use super::tables;
use super::talk::{Globals, print, print_json};
use crate::batch::merge::{MergeError, merge, shards_in};

/// Options of `merge`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folders of shards, or the folder that holds them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where the whole goes (default: the folder, when there is but one)
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What is said below the options.
const AFTER_HELP: &str = "\
The result has the same bytes as one run over the whole list, in whatever order the shards come.
A shard that is missing, there twice, of another list or damaged: nothing is written, exit code 3.

  etalon batch caps -o run1 --shard 1/2
  etalon batch caps -o run1 --shard 2/2
  etalon merge run1";

/// Puts shards together.
///
/// # Errors
/// Input, for shards that do not make one run; storage, when the result cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let shards = shards_in(&args.folders).map_err(|e| told(&e))?;
    let out = match (&args.out, args.folders.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [one]) if shards != [one.clone()] => one.clone(),
        _ => {
            return Err(CliError::usage(
                "ETA-2014",
                "--out",
                "it is not told where the whole goes",
                format!("expected --out DIR with {} folders of shards", shards.len()),
                "etalon merge DIR... --out run1",
            ));
        }
    };
    let manifest = merge(&shards, &out).map_err(|e| told(&e))?;
    let mut record =
        BatchRecord::of(&manifest, &out).map_err(|error| CliError::storage(&out, &error))?;
    record.merged = Some(shards.len() as u64);
    let parquet = tables::parquet(&out);
    if globals.json {
        print_json(&record)?;
    } else {
        print(&screen::text(&record, &manifest, &parquet))?;
    }
    Ok(exit(&manifest))
}

fn told(error: &MergeError) -> CliError {
    let why = error.to_string();
    let (code, exit, what, place, hint) = match error {
        MergeError::Io { path, source } if source.kind() == std::io::ErrorKind::NotFound => (
            "ETA-3001",
            Exit::Input,
            "a shard is not finished, or not there",
            path.display().to_string(),
            "type the command of that shard again; a finished one has a manifest.json",
        ),
        MergeError::Io { path, .. } => (
            "ETA-5001",
            Exit::Storage,
            "a shard cannot be read, or the whole not be written",
            path.display().to_string(),
            "choose a folder that can be written and has room with --out",
        ),
        MergeError::Foreign { path, .. } => (
            "ETA-3008",
            Exit::Input,
            "the shards are not of one run",
            path.display().to_string(),
            "run every shard over the same list with the same options and version",
        ),
        MergeError::Incomplete { .. } => (
            "ETA-3009",
            Exit::Input,
            "the shards do not make a whole",
            String::new(),
            "run the shards that are missing, and name every one once",
        ),
        MergeError::Damaged { path, .. } => (
            "ETA-3010",
            Exit::Input,
            "a shard was changed after it was written",
            path.display().to_string(),
            "type the command of that shard again",
        ),
        MergeError::Missing(_) => (
            "ETA-9002",
            Exit::Internal,
            "rows are missing in the table",
            String::new(),
            "report this",
        ),
    };
    CliError {
        code,
        exit,
        what: what.into(),
        where_: place,
        why,
        hint: hint.into(),
    }
}

//! `etalon batch INPUT... --out DIR`: many captures, one row each.

mod limits_of;
mod part;
pub mod screen;
mod settings;
mod watch;
pub mod worker;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::error::{CliError, Exit};
use super::link_options::LinkArgs;
use super::tables;
use super::talk::{Globals, print, print_json};
use super::typed::Typed;
use crate::batch::cache::Cache;
use crate::batch::crew::{Crew, Limits};
use crate::batch::ledger::{LedgerError, RunIdentity};
use crate::batch::run::{Plan, RunError, SetAside};
use crate::batch::{Listing, ListingError, Manifest, row, run};
use crate::pipeline::file_sha256;
use crate::store::StoreError;
use limits_of::{Bytes, Duration};
use part::{Part, Source};
use settings::Settings;
use watch::Watch;

pub use screen::{BatchRecord, Effort};

/// Options of `batch`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folders, patterns ('caps/*.trc'), files, or - for a list on standard input
    #[arg(value_name = "INPUT", required_unless_present = "files_from")]
    inputs: Vec<String>,
    /// Where the run goes; the same command again goes on there
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// List of captures: a path a line, or a table with a column `path`
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,
    /// Only part I of N; auto/N or auto takes I from Slurm or HyperQueue
    #[arg(long, value_name = "I/N")]
    shard: Option<Part>,
    /// Memory of a worker; a capture that needs more is tried twice and set aside
    #[arg(long, value_name = "BYTES", default_value = "2GiB")]
    memory_limit: Typed<Bytes>,
    /// Time for a capture; each GiB of it gets as much again
    #[arg(long, value_name = "S", default_value = "10min")]
    time_limit: Typed<Duration>,
    /// Where findings are kept for other runs (default: etalon/batch in the user's cache)
    #[arg(
        long,
        value_name = "DIR",
        env = "ETALON_CACHE",
        conflicts_with = "no_cache"
    )]
    cache: Option<PathBuf>,
    /// Compute everything anew
    #[arg(long)]
    no_cache: bool,
    /// Try captures again that were set aside
    #[arg(long)]
    retry: bool,
    /// Hold the transmitters to the limits of this PMD (100GBASE-FR1)
    #[arg(long, value_name = "NAME")]
    pmd: Option<String>,
    /// Link options.
    #[command(flatten)]
    link: LinkArgs,
}

/// What is said below the options.
const AFTER_HELP: &str = "\
A row a capture, channel and segment goes into DIR/rows.csv and DIR/rows.jsonl; DIR/manifest.json
says what they are. Whatever interrupts it, kill -9 included: the same command goes on.
Every capture is one of: ok; flagged (a quality flag has to be minded); rejected (unreadable, or no
link in it); failed (two workers died over it: it is set aside, --retry tries again).
Columns of a table in --files-from are link options of that capture (baud, pattern, ...) or labels.

  etalon batch caps -o run1 --baud 26.5625G
  etalon batch 'caps/*.trc' -o run2 --baud 26.5625G --threads 8
  find caps -newer run1 | etalon batch - -o run3
  etalon batch caps -o run4 --shard 1/8 ; ... ; etalon merge run4

Exit code 0: all ok or flagged. 1: some were rejected or failed. 5: the disk; nothing is lost.";

/// Runs a batch.
///
/// # Errors
/// Usage, for a list or options that make no sense; storage, when the run cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let begun = Instant::now();
    let plan = plan(args, globals)?;
    let mut watch = Watch::new(globals);
    let outcome = run::run(&plan, &mut watch);
    watch.finish();
    let manifest = outcome.map_err(|error| told(&error, &plan))?;
    let folder = plan.folder();
    let mut record =
        BatchRecord::of(&manifest, &folder).map_err(|error| CliError::storage(&folder, &error))?;
    let tally = watch.tally();
    record.effort = Some(Effort {
        resumed: tally.known,
        cached: tally.cached,
        computed: tally.computed,
        wall_s: begun.elapsed().as_secs_f64(),
        workers: plan.crew.size,
    });
    let parquet = tables::parquet(&folder);
    if globals.json {
        print_json(&record)?;
    } else {
        print(&screen::text(&record, &manifest, &parquet))?;
    }
    Ok(exit(&manifest))
}

/// A capture that was rejected or set aside is a finding.
pub(super) fn exit(manifest: &Manifest) -> Exit {
    if manifest.files.rejected + manifest.files.failed > 0 {
        Exit::Findings
    } else {
        Exit::Done
    }
}

fn plan(args: &Args, globals: &Globals) -> Result<Plan, CliError> {
    let settings = Settings::new(&args.link, args.pmd.as_deref(), &[])?;
    let (shard, source) = part::resolve(args.shard, &|name| std::env::var(name).ok())?;
    if let Source::Cluster(name) = source {
        globals.say(&format!("part {shard} of the list, by {name}"));
    }
    let listing = listing(args, globals)?;
    let program =
        std::env::current_exe().map_err(|e| CliError::storage(Path::new("etalon"), &e))?;
    let mut options = args.link.words();
    if let Some(pmd) = &args.pmd {
        options.extend(["--pmd".to_owned(), pmd.clone()]);
    }
    let memory_bytes = args.memory_limit.value.0;
    let hash = file_sha256(&program).map_err(|e| CliError::storage(&program, &e))?;
    let fixed = [
        "batch-worker".to_owned(),
        format!("--memory-bytes={memory_bytes}"),
        format!("--program={hash}"),
        "--threads=1".to_owned(),
    ];
    let crew = Crew {
        program,
        arguments: fixed.iter().chain(&options).map(OsString::from).collect(),
        size: rayon::current_num_threads(),
        limits: Limits {
            memory_bytes,
            time: args.time_limit.value.0,
            time_per_gib: args.time_limit.value.0,
        },
    };
    Ok(Plan {
        out: args.out.clone(),
        listing,
        shard,
        identity: RunIdentity {
            schema: row::SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            git: option_env!("ETALON_GIT").unwrap_or("unknown").into(),
            config_sha256: settings.config_sha256,
            options,
            shard: shard.to_string(),
        },
        crew,
        cache: match (&args.cache, args.no_cache) {
            (_, true) => None,
            (Some(told), false) => Some(told.clone()),
            (None, false) => Cache::usual(),
        },
        set_aside: if args.retry {
            SetAside::Again
        } else {
            SetAside::Stay
        },
    })
}

fn listing(args: &Args, globals: &Globals) -> Result<Listing, CliError> {
    let mut listing = Listing::default();
    for word in &args.inputs {
        if word == "-" {
            let lines = BufReader::new(io::stdin());
            listing
                .add_list(Path::new("-"), lines, &settings::is_option)
                .map_err(|e| unlisted(&e))?;
        } else {
            listing.add(word).map_err(|e| unlisted(&e))?;
        }
    }
    if let Some(path) = &args.files_from {
        let file = File::open(path).map_err(|source| {
            let path = path.clone();
            unlisted(&ListingError::Io { path, source })
        })?;
        listing
            .add_list(path, BufReader::new(file), &settings::is_option)
            .map_err(|e| unlisted(&e))?;
    }
    let listing = listing.settle().map_err(|e| unlisted(&e))?;
    if listing.items.is_empty() {
        return Err(CliError::usage(
            "ETA-2010",
            args.inputs.join(" "),
            "there is no capture to analyze",
            "expected at least one file in the folders or behind the patterns, found none",
            "ls, or put patterns in quotes: etalon batch 'caps/*.trc' -o run1",
        ));
    }
    if listing.companions > 0 {
        let n = listing.companions;
        globals.say(&format!(
            "{n} files belong to a capture beside them and are left out"
        ));
    }
    Ok(listing)
}

fn unlisted(error: &ListingError) -> CliError {
    let (exit, code, hint) = match error {
        ListingError::Io { .. } => (
            Exit::Input,
            "ETA-3001",
            "give a folder or list that you may read",
        ),
        ListingError::Pattern { .. } => (Exit::Usage, "ETA-2010", "etalon help batch"),
        ListingError::Contradiction { .. } => (Exit::Usage, "ETA-2010", "list every capture once"),
        ListingError::List { .. } => (
            Exit::Usage,
            "ETA-2010",
            "give a path a line, or a table whose first line names its columns, separated by tabs",
        ),
    };
    let told = error.to_string();
    let (place, why) = told.split_once(": ").unwrap_or((&told, ""));
    CliError {
        code,
        exit,
        what: "the list of captures cannot be read".into(),
        where_: place.to_owned(),
        why: why.to_owned(),
        hint: hint.into(),
    }
}

fn told(error: &RunError, plan: &Plan) -> CliError {
    let folder = plan.folder().display().to_string();
    let again = "give it room and type the same command again: what is done is kept";
    let storage = |code, what: &str, hint: &str| CliError {
        code,
        exit: Exit::Storage,
        what: what.to_owned(),
        where_: folder.clone(),
        why: error.to_string(),
        hint: hint.to_owned(),
    };
    match error {
        RunError::Ledger(LedgerError::OtherRun { .. }) => CliError::usage(
            "ETA-2013",
            folder.clone(),
            "the folder holds another run",
            error.to_string(),
            "choose another folder with --out; captures with the same options come out of the cache",
        ),
        RunError::Ledger(LedgerError::Store(StoreError::Locked { .. })) => storage(
            "ETA-5006",
            "another process is at this run",
            "let it end, or end it, and type the same command again; or choose another --out",
        ),
        RunError::NoRoom { .. } => storage("ETA-5004", "the disk has not enough room", again),
        RunError::Missing { .. } => CliError {
            code: "ETA-9002",
            exit: Exit::Internal,
            what: "rows are missing in the table".into(),
            where_: folder.clone(),
            why: error.to_string(),
            hint: "type the same command again, and report this".into(),
        },
        RunError::Start(_) => storage("ETA-5005", "a worker process could not be started", again),
        _ => storage("ETA-5001", "the run could not be written", again),
    }
}

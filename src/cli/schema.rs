//! `etalon schema [NAME]`: the JSON Schema of every output.

use etalon_types::{Alarm, LinkReport, Localization, Proposal, Topology};
use schemars::JsonSchema;
use schemars::{Schema, schema_for};
use serde::Serialize;

use super::batch::BatchRecord;
use super::convert::ConvertRecord;
use super::error::{CliError, ErrorRecord, Exit};
use super::info::InfoRecord;
use super::mpi::MpiRecord;
use super::progress::ProgressRecord;
use super::simulate::TruthRecord;
use super::study::findings;
use super::study::receive_mpi::record::{CaseRecord, SummaryRecord};
use super::talk::{Globals, TextRecord, print, print_json};
use crate::batch::Manifest;
use crate::batch::diff::Diff;
use crate::batch::summary::{ColumnRecord, Summary};
use crate::demo::DemoRecord;
use crate::inventory::Inventory;
use crate::tools::StageRecord;

/// Options of `schema`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of an output (without one: a list of them)
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// `etalon.schema/1`: one line of the list of schemas.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SchemaRecord {
    /// Always `etalon.schema/1`.
    pub schema: String,
    /// Name for `etalon schema NAME`.
    pub name: String,
    /// What the objects say in their `schema` key.
    pub describes: String,
    /// What prints such objects.
    pub printed_by: String,
}

/// A schema by name, by what prints it, and how it is made.
type Entry = (&'static str, &'static str, fn() -> Schema);

/// Every output that has a schema, by name.
const ALL: &[Entry] = &[
    ("alarm", "the alarm store", || schema_for!(Alarm)),
    ("batch", "manifest.json of a batch", || {
        schema_for!(Manifest)
    }),
    (
        "batch-result",
        "etalon batch --json, etalon merge --json",
        || schema_for!(BatchRecord),
    ),
    ("convert", "etalon convert --json", || {
        schema_for!(ConvertRecord)
    }),
    ("demo", "etalon demo --json, the last line", || {
        schema_for!(DemoRecord)
    }),
    ("demo-stage", "etalon demo --json, one line a stage", || {
        schema_for!(StageRecord)
    }),
    ("diff", "etalon diff --json", || schema_for!(Diff)),
    ("error", "every command, on stderr with --json", || {
        schema_for!(ErrorRecord)
    }),
    ("info", "etalon info --json", || schema_for!(InfoRecord)),
    (
        "inventory",
        "the file that --inventory reads, as TOML",
        || schema_for!(Inventory),
    ),
    ("link-report", "etalon analyze --json", || {
        schema_for!(LinkReport)
    }),
    ("localization", "the localization of an alarm", || {
        schema_for!(Localization)
    }),
    ("mpi", "etalon mpi --json", || schema_for!(MpiRecord)),
    (
        "progress",
        "every long command, on stderr with --progress json",
        || schema_for!(ProgressRecord),
    ),
    ("proposal", "the search for a way around", || {
        schema_for!(Proposal)
    }),
    ("schema", "etalon schema --json", || {
        schema_for!(SchemaRecord)
    }),
    (
        "study-mpi",
        "etalon study mpi-... --json, first line",
        || schema_for!(findings::SummaryRecord),
    ),
    (
        "study-mpi-case",
        "etalon study mpi-... --json, a line a case",
        || schema_for!(findings::CaseRecord),
    ),
    (
        "study-receive-mpi",
        "etalon study receive-mpi --json, first line",
        || schema_for!(SummaryRecord),
    ),
    (
        "study-receive-mpi-case",
        "etalon study receive-mpi --json, a line a case",
        || schema_for!(CaseRecord),
    ),
    ("table", "etalon table --json", || schema_for!(Summary)),
    ("table-column", "etalon table RUN --columns --json", || {
        schema_for!(ColumnRecord)
    }),
    ("text", "commands that print a text, with --json", || {
        schema_for!(TextRecord)
    }),
    ("topology", "the network", || schema_for!(Topology)),
    (
        "truth",
        "etalon simulate link --json, and FILE.truth.json",
        || schema_for!(TruthRecord),
    ),
];

/// Returns the schema of an output, by `NAME` or `etalon.NAME/1`.
pub fn by_name(name: &str) -> Option<Schema> {
    let short = name.strip_prefix("etalon.").unwrap_or(name);
    let short = short.strip_suffix("/1").unwrap_or(short);
    ALL.iter()
        .find(|(known, ..)| *known == short)
        .map(|(.., make)| make())
}

/// Prints the schema, or the list of names.
///
/// # Errors
/// Usage, when there is no such schema.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let Some(name) = &args.name else {
        list(globals)?;
        return Ok(Exit::Done);
    };
    let Some(schema) = by_name(name) else {
        let known: Vec<&str> = ALL.iter().map(|(name, ..)| *name).collect();
        return Err(CliError::usage(
            "ETA-2008",
            "etalon schema",
            "there is no such schema",
            format!("expected one of {}, found {name}", known.join(", ")),
            "etalon schema",
        ));
    };
    if globals.json {
        print_json(&schema)?;
    } else {
        // A schema is made of maps and strings: it always serializes.
        print(&(serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"))?;
    }
    Ok(Exit::Done)
}

fn list(globals: &Globals) -> Result<(), CliError> {
    for (name, printed_by, _) in ALL {
        if globals.json {
            print_json(&SchemaRecord {
                schema: "etalon.schema/1".into(),
                name: (*name).into(),
                describes: format!("etalon.{name}/1"),
                printed_by: (*printed_by).into(),
            })?;
        } else {
            print(&format!("{name:<22} {printed_by}\n"))?;
        }
    }
    if !globals.json {
        print("next: etalon schema link-report\n")?;
    }
    Ok(())
}

//! The two ways out: results on stdout, talk on stderr.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use super::error::{CliError, Exit};
use crate::plots::terminal::Charset;

/// How progress is shown on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, nothing otherwise.
    #[default]
    Auto,
    /// One line of text a file.
    Plain,
    /// One JSON object a file.
    Json,
    /// Nothing.
    None,
}

/// Options that every verb takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Print JSON Lines on stdout and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How to show progress on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "HOW"
    )]
    pub progress: ProgressStyle,
    /// Seed of everything that is drawn
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads to use (default: one a core)
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Where journals, blobs and alarms live
    #[arg(long, global = true, value_name = "DIR", env = "ETALON_STATE")]
    pub state: Option<PathBuf>,
    /// Write a report (HTML, PNG, SVG, JSON) into this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Draw with ASCII instead of Unicode
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// Why a result did not reach stdout.
#[derive(Debug)]
pub enum OutputError {
    /// The reader went away: end quietly.
    Closed,
    /// Anything else.
    Io(io::Error),
}

impl From<OutputError> for CliError {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Closed => Self {
                code: CLOSED,
                exit: Exit::Done,
                what: String::new(),
                where_: String::new(),
                why: String::new(),
                hint: String::new(),
            },
            OutputError::Io(error) => {
                Self::storage(std::path::Path::new("(standard output)"), &error)
            }
        }
    }
}

/// Code of the error that is never shown: whoever read stdout has seen enough.
pub const CLOSED: &str = "ETA-0000";

/// Writes text to stdout.
///
/// # Errors
/// [`OutputError::Closed`] when the reader went away.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                OutputError::Closed
            } else {
                OutputError::Io(error)
            }
        })
}

/// Writes one value as one line of JSON to stdout.
///
/// # Errors
/// As [`print()`].
pub fn print_json<T: Serialize>(value: &T) -> Result<(), OutputError> {
    let mut line =
        serde_json::to_string(value).map_err(|e| OutputError::Io(io::Error::other(e)))?;
    line.push('\n');
    print(&line)
}

/// `etalon.text/1`: a text for people, wrapped for programs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TextRecord {
    /// Always `etalon.text/1`.
    pub schema: String,
    /// What it is: `guide`, `welcome`, `exit-codes` or `completions`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Writes a text that is itself the result: bare for people, as one object with `--json`.
///
/// # Errors
/// As [`print()`].
pub fn print_text(globals: &Globals, name: &str, text: &str) -> Result<(), OutputError> {
    if globals.json {
        print_json(&TextRecord {
            schema: "etalon.text/1".into(),
            name: name.to_owned(),
            text: text.to_owned(),
        })
    } else {
        print(text)
    }
}

/// Writes text to stderr; a closed stderr is nobody's loss.
pub fn say_raw(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

impl Globals {
    /// Tells people something on stderr, unless they asked for quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            say_raw(&format!("{text}\n"));
        }
    }

    /// Shows an error on stderr: an object with `--json`, a paragraph otherwise.
    pub fn complain(&self, error: &CliError) {
        if error.code != CLOSED {
            say_raw(&if self.json {
                error.json_line()
            } else {
                error.paragraph()
            });
        }
    }

    /// Returns the characters that drawings may use.
    pub fn charset(&self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// Says whether results may carry ANSI colours: a terminal, and no `NO_COLOR`.
    pub fn colours(&self) -> bool {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        !self.json && !no_color && io::stdout().is_terminal()
    }
}

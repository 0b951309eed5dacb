//! The program `etalon-tables`: Parquet and group-by, in a binary of its own.
//!
//! It is looked for beside this program and then on PATH, the way cargo and git find subcommands.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Name of the program.
const NAME: &str = "etalon-tables";
/// How it is built.
pub const BUILD: &str = "cargo build --release -p etalon-tables";

/// What became of the Parquet file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parquet {
    /// It was written, to this file.
    Written(PathBuf),
    /// The program is not there.
    Missing,
    /// The program could not write it, and what it said.
    Refused(String),
}

impl Parquet {
    /// Says it in a line.
    pub fn line(&self) -> Option<String> {
        match self {
            Self::Written(path) => Some(path.display().to_string()),
            Self::Missing => Some(format!("not written: {BUILD}")),
            Self::Refused(why) => Some(format!("not written: {why}")),
        }
    }
}

/// Finds the program.
pub fn program() -> Option<PathBuf> {
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok();
    let beside = beside.and_then(|own| Some(own.parent()?.join(&name)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(&name));
    beside.into_iter().chain(on_path).find(|p| p.is_file())
}

/// Has the Parquet file of a run written, when the program is there.
pub fn parquet(folder: &Path) -> Parquet {
    let target = folder.join("rows.parquet");
    let Some(program) = program() else {
        return if target.exists() {
            Parquet::Refused(format!("rows.parquet is of an earlier run; {BUILD}"))
        } else {
            Parquet::Missing
        };
    };
    let output = Command::new(program)
        .arg("parquet")
        .arg(folder)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => Parquet::Written(target),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Parquet::Refused(
                text.lines()
                    .next()
                    .unwrap_or("it did not say why")
                    .to_owned(),
            )
        }
        Err(error) => Parquet::Refused(error.to_string()),
    }
}

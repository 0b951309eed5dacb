//! `--inventory FILE`: the connectors of a link from a file.

use std::path::Path;

use super::capture;
use super::error::CliError;
use super::shell::join;
use crate::inventory::Inventory;

/// Largest file that is read: a thousand connectors with long names are a tenth of it.
const LARGEST_BYTES: u64 = 1 << 20;

/// Reads an inventory.
///
/// # Errors
/// Input, for a file that cannot be read; usage, for one that is no inventory.
pub fn read(path: &Path) -> Result<Inventory, CliError> {
    let unreadable = |error: std::io::Error| capture::unreadable(path, &error);
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST_BYTES {
        return Err(refused(
            path,
            format!("expected at most {LARGEST_BYTES} bytes, found {size}"),
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| refused(path, format!("expected UTF-8, found {error}")))?;
    Inventory::parse(&text).map_err(|error| refused(path, error.to_string()))
}

fn refused(path: &Path, why: String) -> CliError {
    CliError::usage(
        "ETA-2011",
        path.display().to_string(),
        "the inventory cannot be used",
        why,
        join(&["etalon", "schema", "inventory"]),
    )
}

//! `etalon guide`: one page for programs.

use super::error::{CliError, Exit};
use super::talk::{Globals, print_text};

/// The page, in Markdown. Each command in its `sh` blocks is run by a test.
pub const PAGE: &str = include_str!("guide.md");

/// Prints the page.
///
/// # Errors
/// Storage, when stdout cannot be written.
pub fn run(globals: &Globals) -> Result<Exit, CliError> {
    print_text(globals, "guide", PAGE)?;
    Ok(Exit::Done)
}

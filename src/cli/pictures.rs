//! Pictures beside a result, each twice: as PNG and as SVG.

use std::path::Path;

use super::error::{CliError, Exit};
use crate::plots::Scene;

/// Writes pictures by name into a folder.
///
/// # Errors
/// Storage.
pub fn write<N: AsRef<str>>(
    folder: &Path,
    option: &str,
    figures: &[(N, Scene)],
) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|e| CliError::storage(folder, &e))?;
    for (name, scene) in figures {
        let svg = folder.join(format!("{}.svg", name.as_ref()));
        std::fs::write(&svg, scene.to_svg()).map_err(|e| CliError::storage(&svg, &e))?;
        let png = svg.with_extension("png");
        scene.write_png(&png).map_err(|error| CliError {
            code: "ETA-5003",
            exit: Exit::Storage,
            what: "a picture could not be written".into(),
            where_: png.display().to_string(),
            why: error.to_string(),
            hint: format!("choose another folder with {option}"),
        })?;
    }
    Ok(())
}

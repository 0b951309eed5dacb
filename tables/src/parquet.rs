//! `etalon-tables parquet DIR`: the table of a run as Parquet.
//!
//! Units stand where Arrow has them: in the metadata of the field. What the file is, and what its
//! figures mean, stands in the metadata of the file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use etalon::batch::Manifest;
use etalon::batch::columns::Column;
use etalon::cli::error::CliError;
use etalon::store::Staged;
use polars::prelude::{ArrowSchema, CompatLevel, KeyValueMetadata, ParquetWriter, SchemaExt};
use polars_parquet::write::schema_to_metadata_key;

use crate::frame::{Run, schema};

/// Name of the file.
pub const ROWS_PARQUET: &str = "rows.parquet";
/// Name and version of what is in it.
pub const SCHEMA: &str = "etalon.batch-parquet/1";

/// Writes `rows.parquet` beside the other tables and returns where.
///
/// # Errors
/// Input, when there is no finished run; storage.
pub fn write(folder: &Path) -> Result<PathBuf, CliError> {
    let mut run = Run::read(folder)?;
    let target = folder.join(ROWS_PARQUET);
    let storage = |error: &io::Error| CliError::storage(&target, error);
    let staged = Staged::beside(&target).map_err(|e| storage(&e))?;
    let file = File::create(staged.path()).map_err(|e| storage(&e))?;
    let told = metadata(&run.manifest, &run.sha256).map_err(|e| storage(&e.into()))?;
    ParquetWriter::new(file)
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(told)))
        .finish(&mut run.rows)
        .map_err(|e| storage(&io::Error::other(e)))?;
    staged.commit().map_err(|e| storage(&e))?;
    Ok(target)
}

/// What the file says of itself, by key.
fn metadata(manifest: &Manifest, sha256: &str) -> serde_json::Result<Vec<(String, String)>> {
    let mut told = Vec::new();
    let arrow = schema_to_metadata_key(&fields(&manifest.columns));
    if let Some(value) = arrow.value {
        told.push((arrow.key, value));
    }
    let definitions = serde_json::to_string(&manifest.definitions)?;
    let options = serde_json::to_string(&manifest.options)?;
    for (key, value) in [
        ("schema", SCHEMA),
        ("version", &manifest.version),
        ("git", &manifest.git),
        ("rows_csv_sha256", sha256),
        ("config_sha256", &manifest.config_sha256),
        ("list_sha256", &manifest.list_sha256),
        ("options", &options),
        ("definitions", &definitions),
    ] {
        told.push((format!("etalon.{key}"), value.to_owned()));
    }
    Ok(told)
}

/// The fields of the table with what each says; as every reader of Arrow knows them.
fn fields(columns: &[Column]) -> ArrowSchema {
    let mut fields = schema(columns).to_arrow(CompatLevel::oldest());
    for column in columns {
        if let Some(field) = fields.get_mut(&column.name) {
            let told = [("unit", &column.unit), ("about", &column.about)];
            let told = told.into_iter().filter(|(_, value)| !value.is_empty());
            let told = told.map(|(key, value)| (key.into(), value.as_str().into()));
            *field = std::mem::take(field).with_metadata(told.collect());
        }
    }
    fields
}

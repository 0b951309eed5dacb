//! The rows of a finished run as a data frame: typed by the manifest, not by guessing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etalon::batch::Manifest;
use etalon::batch::columns::{Column, Kind, LABEL};
use etalon::batch::table::ROWS_CSV;
use etalon::cli::error::{CliError, Exit};
use etalon::pipeline::file_sha256;
use polars::prelude::{
    CsvReadOptions, DataFrame, DataType, Field, PolarsError, PolarsResult, Schema, SerReader,
};

/// A run that was read.
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// What the run says of itself.
    pub manifest: Manifest,
    /// SHA-256 of the table.
    pub sha256: String,
    /// The rows; a column a column of the manifest, null where a row has nothing.
    pub rows: DataFrame,
}

impl Run {
    /// Reads the table of a run, after its bytes were found to be those that the manifest names.
    ///
    /// # Errors
    /// Input: no finished run, a table that was changed since, or one that is no table.
    pub fn read(folder: &Path) -> Result<Self, CliError> {
        let manifest = Manifest::read(folder).map_err(|e| unfinished(folder, e.to_string()))?;
        let path = folder.join(ROWS_CSV);
        let sha256 = file_sha256(&path).map_err(|e| unfinished(&path, e.to_string()))?;
        if manifest.tables.get(ROWS_CSV) != Some(&sha256) {
            let why = format!("its SHA-256 is {sha256}, which is not what manifest.json names");
            return Err(changed(&path, why));
        }
        let file = File::open(&path).map_err(|e| unfinished(&path, e.to_string()))?;
        let rows = parse(file, &manifest.columns).map_err(|e| changed(&path, e.to_string()))?;
        if rows.height() as u64 != manifest.rows.counted() {
            let (found, named) = (rows.height(), manifest.rows.counted());
            return Err(changed(
                &path,
                format!("expected {named} rows, found {found}"),
            ));
        }
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
            sha256,
            rows,
        })
    }

    /// Puts the name of a column in the place of the label that it holds: `bench` becomes
    /// `label_bench` where there is no column `bench`.
    pub fn resolve(&self, name: &mut String) {
        let known = |name: &str| self.manifest.columns.iter().any(|c| c.name == name);
        let label = format!("{LABEL}{name}");
        if !known(name) && known(&label) {
            *name = label;
        }
    }

    /// Finds a column by its name.
    ///
    /// # Errors
    /// Usage, with names that come near.
    pub fn column(&self, option: &str, name: &str) -> Result<&Column, CliError> {
        let found = self.manifest.columns.iter().find(|c| c.name == name);
        found.ok_or_else(|| {
            let near: Vec<&str> = self
                .manifest
                .columns
                .iter()
                .map(|c| c.name.as_str())
                .filter(|c| c.contains(name) || (c.len() > 3 && name.contains(c)))
                .take(4)
                .collect();
            let why = if near.is_empty() {
                "no column has a name like it".to_owned()
            } else {
                format!("columns with names like it: {}", near.join(", "))
            };
            CliError::usage(
                "ETA-2016",
                option,
                format!("the table has no column {name}"),
                why,
                format!("etalon table {} --columns", self.folder.display()),
            )
        })
    }
}

fn unfinished(path: &Path, why: String) -> CliError {
    CliError {
        code: "ETA-3011",
        exit: Exit::Input,
        what: "the folder holds no finished run".into(),
        where_: path.display().to_string(),
        why,
        hint: "finish it with the command that began it: etalon batch ... --out DIR".into(),
    }
}

fn changed(path: &Path, why: String) -> CliError {
    CliError {
        code: "ETA-3012",
        exit: Exit::Input,
        what: "the table is not the one that the run wrote".into(),
        where_: path.display().to_string(),
        why,
        hint: "write it again with the command of the run: etalon batch ... --out DIR".into(),
    }
}

/// Returns the schema that the manifest gives the table.
pub fn schema(columns: &[Column]) -> Schema {
    let fields = columns.iter().map(|column| {
        let kind = match column.kind {
            Kind::Text => DataType::String,
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
        };
        Field::new(column.name.as_str().into(), kind)
    });
    Schema::from_iter(fields)
}

fn parse(file: File, columns: &[Column]) -> PolarsResult<DataFrame> {
    let rows = CsvReadOptions::default()
        .with_has_header(true)
        .with_schema(Some(Arc::new(schema(columns))))
        .into_reader_with_file_handle(file)
        .finish()?;
    // The schema is by place: names that differ would be columns that were moved.
    let named = columns.iter().map(|c| c.name.as_str());
    if rows
        .get_column_names()
        .into_iter()
        .map(|n| n.as_str())
        .eq(named)
    {
        Ok(rows)
    } else {
        Err(PolarsError::ComputeError(
            "its columns are not those of manifest.json".into(),
        ))
    }
}

//! The report of a run as one HTML page that needs nothing else.
//!
//! A [`Report`] is what the page says: a verdict, [`Section`]s of [`Picture`]s and [`Table`]s, a
//! timeline of [`Stage`]s, [`Attachment`]s and provenance. [`write_report`] writes the page with
//! every picture inside it as SVG, and beside it the same pictures as SVG and PNG files and the
//! attached JSON. There is no script, and nothing is loaded from anywhere: the page forbids it
//! by its own content security policy. It follows the reader's light or dark setting and prints
//! on paper.
//!
//! Every text is data: instrument names, alarm texts and file names are escaped, whoever wrote
//! them.
//!
//! ```
//! use etalon::plots::Origin;
//! use etalon::report::{Outcome, Report, write_report};
//!
//! let folder = tempfile::tempdir()?;
//! let report = Report {
//!     title: "One capture".into(),
//!     origin: Origin::Simulated,
//!     outcome: Outcome::Finding,
//!     verdict: vec!["multipath interference at -30.2 dB <10.21 m>".into()],
//!     ..Report::default()
//! };
//! let written = write_report(folder.path(), &report)?;
//! let page = std::fs::read_to_string(&written.index)?;
//! assert!(page.contains("&lt;10.21 m&gt;") && page.contains("Everything here is simulated"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::plots::{self, Origin, Scene};

mod page;
mod tables;

#[cfg(test)]
mod tests;

pub use tables::provenance_rows;

/// How a run came out; shown by a word and a sign, not by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong.
    Healthy,
    /// Something was found.
    Finding,
    /// It cannot be told.
    #[default]
    Undecided,
}

/// A picture with what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Stem of its file names: lower-case letters, digits and hyphens.
    pub name: String,
    /// The picture.
    pub scene: Scene,
    /// What a reader should see in it.
    pub caption: String,
}

/// A table of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it lists.
    pub caption: String,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`; missing cells stay empty, more than that are not shown.
    pub rows: Vec<Vec<String>>,
}

/// A part of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Paragraphs, before everything else.
    pub paragraphs: Vec<String>,
    /// Pictures.
    pub pictures: Vec<Picture>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A stage of the run and how long it took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Its duration in seconds.
    pub seconds: f64,
    /// What came of it.
    pub note: String,
}

/// A JSON document that is written beside the page and linked from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Its file name: lower-case letters, digits, hyphens and dots, such as
    /// `link-report.json`.
    pub file_name: String,
    /// What it holds, such as its schema.
    pub description: String,
    /// Its text.
    pub json: String,
}

/// What the page says.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// Measured or simulated; a simulated page says so in a banner.
    pub origin: Origin,
    /// How it came out.
    pub outcome: Outcome,
    /// The verdict, one line each, the most important first.
    pub verdict: Vec<String>,
    /// Parts of the page in their order.
    pub sections: Vec<Section>,
    /// Stages in their order.
    pub timeline: Vec<Stage>,
    /// JSON documents.
    pub attachments: Vec<Attachment>,
    /// Names and values of how it came to be.
    pub provenance: Vec<(String, String)>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            title: String::new(),
            origin: Origin::Measured,
            outcome: Outcome::default(),
            verdict: Vec::new(),
            sections: Vec::new(),
            timeline: Vec::new(),
            attachments: Vec::new(),
            provenance: Vec::new(),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub index: PathBuf,
    /// Every file, the page last.
    pub files: Vec<PathBuf>,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or the folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A name would leave the folder or not work everywhere.
    #[error(
        "expected a file name of lower-case letters, digits, hyphens and inner dots, found {found:?}"
    )]
    Name {
        /// The name.
        found: String,
    },
    /// Two files would have the same name.
    #[error("expected different file names, found {found:?} twice")]
    Twice {
        /// The name.
        found: String,
    },
    /// A picture could not be drawn or written.
    #[error(transparent)]
    Plot(#[from] plots::Error),
}

/// Writes the page, its pictures and its attachments into a folder, which is made if it is not
/// there. Every file is written beside its place and then renamed, the page last: whoever finds
/// a new page finds everything it links to. Files of an earlier report with the same names are
/// replaced.
///
/// # Errors
/// [`Error::Name`] and [`Error::Twice`] before anything is written; [`Error::Io`] and
/// [`Error::Plot`] when a file cannot be written.
pub fn write_report(folder: &Path, report: &Report) -> Result<Written, Error> {
    let pictures: Vec<&Picture> = report.sections.iter().flat_map(|s| &s.pictures).collect();
    check_names(&pictures, report)?;
    std::fs::create_dir_all(folder).map_err(|e| Error::Io {
        path: folder.to_owned(),
        source: e,
    })?;
    let drawn: Vec<Result<(String, [PathBuf; 2]), Error>> = pictures
        .par_iter()
        .map(|p| write_picture(folder, p))
        .collect();
    let (mut svgs, mut files) = (Vec::new(), Vec::new());
    for picture in drawn {
        let (svg, paths) = picture?;
        svgs.push(svg);
        files.extend(paths);
    }
    for attachment in &report.attachments {
        files.push(replace(
            &folder.join(&attachment.file_name),
            &attachment.json,
        )?);
    }
    let index = replace(&folder.join("index.html"), &page::render(report, &svgs))?;
    files.push(index.clone());
    Ok(Written { index, files })
}

fn write_picture(folder: &Path, picture: &Picture) -> Result<(String, [PathBuf; 2]), Error> {
    let svg = picture.scene.to_svg();
    let as_svg = replace(&folder.join(format!("{}.svg", picture.name)), &svg)?;
    let as_png = folder.join(format!("{}.png", picture.name));
    picture.scene.write_png(&as_png)?;
    Ok((svg, [as_svg, as_png]))
}

fn check_names(pictures: &[&Picture], report: &Report) -> Result<(), Error> {
    let mut seen = std::collections::BTreeSet::from(["index.html".to_owned()]);
    let of_pictures = pictures
        .iter()
        .flat_map(|p| [format!("{}.svg", p.name), format!("{}.png", p.name)]);
    for name in of_pictures.chain(report.attachments.iter().map(|a| a.file_name.clone())) {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let inner = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
        if name.is_empty() || name.len() > 120 || !inner || !name.chars().all(allowed) {
            return Err(Error::Name { found: name });
        }
        if !seen.insert(name.clone()) {
            return Err(Error::Twice { found: name });
        }
    }
    Ok(())
}

/// Writes a text beside its place and renames it there.
fn replace(path: &Path, text: &str) -> Result<PathBuf, Error> {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    match written {
        Ok(()) => Ok(path.to_owned()),
        Err(source) => {
            // Best effort: the error that matters is the first one.
            let _ = std::fs::remove_file(&part);
            Err(Error::Io {
                path: path.to_owned(),
                source,
            })
        }
    }
}

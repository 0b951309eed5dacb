//! Pictures of a reception and of a reroute, after the conventions of the field.
//!
//! Each plot is a struct of borrowed data with one method, `scene`, that draws it once into a
//! [`Scene`]; a scene is rendered to SVG text or to a PNG file. [`EyePlot`] shows the eye as
//! counts on a logarithmic colour scale with the level histograms beside it, [`TapsPlot`] the
//! equalizer's taps with their signs, [`SpectrumPlot`] the residual's spectrum over its floor,
//! [`ReflectogramPlot`] the level of paths over the distance between two reflections,
//! [`LinesPlot`] what a study found beside what theory says, [`GroupsPlot`] a figure of every group
//! of a batch's rows, and
//! [`NetworkPlot`] a failed link, the path that used it and the path around it.
//! [`terminal`] draws the eye and the reflectogram with characters.
//!
//! No plot panics on odd data: what is not finite is left out, an empty range is widened, and an
//! empty curve gives a picture that says so. Colours are those of Okabe and Ito, and nothing is
//! told by colour alone. The font is Noto Sans, from the crate `notosans`.
//!
//! ```
//! use etalon::plots::{Origin, ReflectogramPlot};
//! use etalon_dsp::Reflectogram;
//!
//! let trace = Reflectogram {
//!     delay_s: vec![0.0, 50e-9, 100e-9, 150e-9],
//!     significance: vec![0.2, 0.7, 14.0, 0.4],
//!     threshold: 5.1,
//!     peaks: vec![2],
//!     level_db: vec![-55.0, -52.0, -38.0, -54.0],
//!     floor_db: vec![-42.0; 4],
//! };
//! let plot = ReflectogramPlot { trace: &trace, paths: &[], pairs: &[], origin: Origin::Simulated };
//! let svg = plot.scene().to_svg();
//! assert!(svg.contains("10.21 m") && svg.contains("SIMULATED"));
//! ```

use std::path::{Path, PathBuf};

mod axes;
mod curve;
mod eye;
mod eye_facts;
mod glyphs;
mod groups;
mod indexed_png;
mod levels;
pub(crate) mod limit_words;
mod lines;
mod network;
mod network_labels;
pub(crate) mod numbers;
pub(crate) mod path_words;
mod positions;
mod raster;
mod reflectogram;
mod scene;
mod spectrum;
mod style;
mod svg;
mod taps;
pub mod terminal;
mod vertical_scale;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use etalon_types::fibre::{GROUP_INDEX, distance_m};
pub use eye::EyePlot;
pub use groups::GroupsPlot;
pub use lines::{Limit, LinesPlot, Mark, PlotAxis, PlotPoint, Scale, Series};
pub use network::NetworkPlot;
pub use positions::{DCI_METRO_14, circle, positions_of};
pub use reflectogram::ReflectogramPlot;
pub use scene::Scene;
pub use spectrum::SpectrumPlot;
pub use svg::escape;
pub use taps::TapsPlot;

/// Whether a picture shows the world or the model; simulated pictures say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The samples come from an instrument or a file.
    Measured,
    /// The samples come from the simulated link.
    Simulated,
}

/// A result of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a picture could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be written or renamed.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The PNG encoder failed.
    #[error("cannot encode {}: {source}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bitmap backend failed.
    #[error("cannot draw {picture:?}: {source}")]
    Draw {
        /// Title of the picture.
        picture: String,
        /// What the backend said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The path does not end in a file name.
    #[error("expected a path that ends in a file name, found {found:?}")]
    Name {
        /// The path.
        found: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

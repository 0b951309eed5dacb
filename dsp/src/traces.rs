//! What a reception leaves for plots: the report has the figures, these have the curves.

use ndarray::Array2;

/// The eye's density over two unit intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Eye {
    /// Hits, shape (levels bins, time bins): row 0 is the lowest level, column 0 the earliest
    /// time.
    pub hits: Array2<u32>,
    /// Level at the lower edge of row 0, in the unit of the samples.
    pub low: f64,
    /// Level at the upper edge of the last row.
    pub high: f64,
    /// Width of the plot in unit intervals.
    pub span_ui: f64,
    /// Where the decision instants are, in unit intervals from the left edge.
    pub instants_ui: Vec<f64>,
    /// Decision thresholds at the slicer, lowest first.
    pub thresholds: Vec<f64>,
    /// Level means at the slicer, lowest first.
    pub levels: Vec<f64>,
    /// Samples that were counted.
    pub samples: u64,
    /// True when the samples went through the equalizer.
    pub equalized: bool,
    /// False when the capture has one sample a symbol: then every column repeats the slicer's
    /// histogram, and nothing is known of the transitions.
    pub time_resolved: bool,
}

/// A histogram of equalized samples at the slicer, split by decision.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelHistogram {
    /// Level at the lower edge of the first bin.
    pub low: f64,
    /// Level at the upper edge of the last bin.
    pub high: f64,
    /// Counts per level, outer index the decided level.
    pub counts: Vec<Vec<u64>>,
}

/// Spectrum of the low-frequency residual: the beat of the interference.
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualSpectrum {
    /// Frequencies in hertz, ascending, without zero.
    pub frequency_hz: Vec<f64>,
    /// Power density of the residual, relative to the squared mean power, in dB/Hz.
    pub density_db_hz: Vec<f64>,
    /// White floor estimated from the within-block residual, in dB/Hz.
    pub floor_db_hz: f64,
    /// Fitted half width at half maximum in hertz, when a Lorentzian was found.
    pub half_width_hz: Option<f64>,
}

/// Correlation of the residual with the delayed signal over the delay.
#[derive(Clone, Debug, PartialEq)]
pub struct Reflectogram {
    /// Delays in seconds, ascending.
    pub delay_s: Vec<f64>,
    /// Correlation in standard deviations of its noise.
    pub significance: Vec<f64>,
    /// Height that noise alone exceeds with a probability of 2e-4 over all delays.
    pub threshold: f64,
    /// Indices of the detected paths.
    pub peaks: Vec<usize>,
    /// Level in dB that a path at this delay would need to raise the aided correlation as much
    /// as was seen; [`LEVEL_FLOOR_DB`](Self::LEVEL_FLOOR_DB) where it was raised by nothing.
    pub level_db: Vec<f64>,
    /// Level in dB of a path that would just reach the threshold at this delay; infinite where
    /// none was looked for.
    pub floor_db: Vec<f64>,
}

impl Reflectogram {
    /// Lowest level that [`level_db`](Self::level_db) tells.
    pub const LEVEL_FLOOR_DB: f64 = -90.0;
}

/// Curves behind a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traces {
    /// Eye.
    pub eye: Option<Eye>,
    /// Histograms at the slicer, when the eye was asked for: they are drawn beside it.
    pub levels: Option<LevelHistogram>,
    /// Spectrum of the residual.
    pub spectrum: Option<ResidualSpectrum>,
    /// Reflectogram.
    pub reflectogram: Option<Reflectogram>,
    /// Position of every counted symbol error (index of the symbol within the judged part).
    pub error_positions: Vec<u64>,
}

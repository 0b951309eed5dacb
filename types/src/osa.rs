//! Spectra as an optical spectrum analyzer gives them.

/// A spectrum with the settings that it was taken with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OsaTrace {
    /// Centre of the sweep in metres, as stated.
    pub center_m: Option<f64>,
    /// Span of the sweep in metres, as stated.
    pub span_m: Option<f64>,
    /// Resolution bandwidth in metres, as stated.
    pub resolution_m: Option<f64>,
    /// Wavelengths in metres, rising.
    pub wavelength_m: Vec<f64>,
    /// Level at each wavelength in dBm within the resolution bandwidth.
    pub level_dbm: Vec<f64>,
    /// What was odd about its source but did no harm.
    pub warnings: Vec<String>,
}

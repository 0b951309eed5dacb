//! Waveform to link report.
//!
//! [`receive`] is the one way in: samples and [`ReceiveOptions`] go in, a [`Reception`] comes
//! out, with the figures as an [`etalon_types::LinkReport`] and the curves as [`Traces`]. Options
//! that make no sense are an [`Error`]; trouble within the capture is a quality flag of the
//! report, and a figure that cannot be measured says why instead of having a value. An
//! [`Observer`] is told when a stage begins.
//!
//! The stages, in order, with the module that each is made of:
//!
//! | stage | module | what it does |
//! |---|---|---|
//! | condition | [`condition`] | finds non-finite, constant and clipped samples |
//! | timing | [`timing`] | finds rate and instants, makes one or two samples a symbol |
//! | align | [`pattern`] | finds pattern, rotation and polarity |
//! | equalize | [`equalizer`], [`slicer`] | opens the eye: chooses, fits and applies the taps |
//! | measure | [`measure`] | levels, error ratios, amplitudes, channel, eye, intervals |
//! | mpi | [`mpi`] | level, linewidth, regime and delay of interference |
//!
//! What trained an equalizer never judges it, every figure carries its interval, and the same
//! samples give the same bytes: nothing here reads a clock, a file or an unseeded random number.
//!
//! ```
//! use etalon_dsp::{BaudChoice, ReceiveOptions, receive};
//! use etalon_types::PatternName;
//!
//! // PRBS9 on two levels at one sample a symbol; nobody tells the receiver so.
//! let pattern: PatternName = "prbs9".parse().unwrap();
//! let samples: Vec<f32> = pattern
//!     .symbols(8_000)
//!     .iter()
//!     .enumerate()
//!     .map(|(k, &s)| {
//!         // Three waves that have nothing to do with each other stand in for noise.
//!         let k = k as f32;
//!         let noise = (1.3 * k).sin() + (2.9 * k + 1.0).sin() + (0.7 * k).cos();
//!         f32::from(s) + 0.04 * noise
//!     })
//!     .collect();
//! let options = ReceiveOptions {
//!     baud: BaudChoice::Is(10.3125e9),
//!     ..Default::default()
//! };
//! let report = receive(&samples, 1.0 / 10.3125e9, &options, &mut ())?.report;
//! assert_eq!(report.link.pattern.as_deref(), Some("prbs9"));
//! assert!(report.estimates.ser.high().unwrap() < 1e-3);
//! # Ok::<(), etalon_dsp::Error>(())
//! ```

pub mod condition;
pub mod equalizer;
pub mod fec;
pub mod kernels;
pub mod measure;
pub mod mpi;
pub mod options;
pub mod pattern;
mod receive;
#[cfg(test)]
mod signals;
pub mod slicer;
pub mod timing;
pub mod traces;

pub use options::{
    BaudChoice, EqualizerChoice, LineCode, Measures, ModulationChoice, PatternChoice, Quantity,
    ReceiveOptions, ReferenceReceiver,
};
pub use receive::receive;
pub use traces::{Eye, LevelHistogram, Reflectogram, ResidualSpectrum, Traces};

/// Why the receiver could not start: the options contradict each other or the capture.
/// Trouble within the capture is no error but a quality flag.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file tells no sample interval and none was given.
    #[error("the capture tells no sample rate")]
    NoSampleRate,
    /// No symbol rate was given and none was found.
    #[error("no symbol rate was given and none was found{hint}", hint = likely_rates(likely))]
    NoBaud {
        /// The likeliest standard rates in baud, best first.
        likely: Vec<f64>,
    },
    /// The symbol rate is impossible at this sample rate.
    #[error(
        "{baud_hz} Bd needs at least one sample a symbol, the capture has {sample_rate_hz} S/s"
    )]
    ImpossibleBaud {
        /// Symbol rate in baud.
        baud_hz: f64,
        /// Sample rate in samples per second.
        sample_rate_hz: f64,
    },
    /// An option's value makes no sense.
    #[error("{option}: expected {expected}, found {found}")]
    Option {
        /// The option, as on the command line.
        option: &'static str,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}

fn likely_rates(rates: &[f64]) -> String {
    if rates.is_empty() {
        return String::new();
    }
    let names: Vec<String> = rates.iter().map(|r| format!("{}G", r / 1e9)).collect();
    format!("; likeliest are {}", names.join(", "))
}

/// What comes out of [`receive`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reception {
    /// The figures. `input.path`, `input.sha256`, `classification`, `provenance` and `timing_s`
    /// are left to the caller: this room knows no file, no clock and no version.
    pub report: etalon_types::LinkReport,
    /// The curves.
    pub traces: Traces,
}

/// Told when a stage starts, so that a caller with a clock can time it.
pub trait Observer {
    /// A stage begins: `condition`, `timing`, `equalize`, `align`, `measure` or `mpi`.
    fn stage(&mut self, name: &'static str);
}

impl Observer for () {
    fn stage(&mut self, _name: &'static str) {}
}

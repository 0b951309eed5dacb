//! The physics, forwards: a PAM-4 IMDD link with multipath interference.
//!
//! [`link::simulate`] turns a [`link::LinkConfig`] into samples, the symbols behind them and a
//! [`link::Truth`] that says what a receiver ought to find: levels, signal-to-noise ratio, the
//! interfering paths and where each symbol sits. [`link::theory`] has the closed forms that the
//! simulation is held against: error ratios in white noise and with interference, penalties,
//! floors and bounds. [`mod@line`] is light by its spectrum: amplifiers, their noise, and what a
//! spectrum analyzer reads. [`path`] says what a route through the simulated network does to a
//! signal.
//!
//! Everything here is a pure function of its arguments: the seed is one of them, and the same
//! configuration gives the same bytes.
//!
//! ```
//! use etalon_twin::link::{LinkConfig, Noise, Reflection, simulate};
//! use etalon_types::units::{Db, Seconds};
//!
//! let config = LinkConfig {
//!     symbols: 4096,
//!     reflections: vec![Reflection { level: Db(-30.0), delay: Seconds(100e-9), ..Reflection::default() }],
//!     noise: Noise::Snr { snr: Db(20.0) },
//!     ..LinkConfig::default()
//! };
//! let simulated = simulate(&config).unwrap();
//! assert_eq!(simulated.waveform.samples().len(), 4096 * config.samples_per_symbol);
//! assert_eq!(simulated.symbols.len(), 4096);
//! assert!((simulated.truth.mpi.unwrap().0 + 30.0).abs() < 1e-9);
//! ```

pub mod error;
pub mod line;
pub mod link;
pub mod path;

pub use error::Error;

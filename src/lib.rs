//! Etalon: composition of the rooms.
//!
//! [`pipeline`] joins a source of samples, the receiver and the classifier into one analysis;
//! [`cli`] is the command line on top of it, and [`batch`] does it for as many captures as there
//! are. [`inventory`] names the connectors that a path fits. [`plots`] draws, [`report`] makes a
//! page of the pictures, and [`store`] keeps what must not be lost: a journal and the blobs it
//! speaks of.
//!
//! ```
//! use etalon::pipeline::{Identity, analyze_trace};
//! use etalon_dsp::{BaudChoice, ReceiveOptions};
//! use etalon_types::Waveform;
//!
//! // A constant is no signal: the analysis says so instead of inventing figures.
//! let dark = Waveform::from_f32(vec![0.5; 4096], 1.0 / 26.5625e9, "V");
//! let options = ReceiveOptions { baud: BaudChoice::Is(26.5625e9), ..Default::default() };
//! let analysis = analyze_trace(&dark, &options, &Identity::memory("dark"))?;
//! assert!(analysis.report.quality.iter().any(|q| q.flag == "constant"));
//! # Ok::<(), etalon::pipeline::Error>(())
//! ```

pub mod alarms;
pub mod apply;
pub mod batch;
pub mod bench;
pub mod cli;
pub mod demo;
pub mod inventory;
pub mod pipeline;
pub mod plots;
pub mod report;
pub mod store;
pub mod tools;

//! The nouns and shared traits that travel between the rooms of Etalon.
//!
//! Nothing here computes a result. [`units`] keeps levels and ratios apart, [`Waveform`] and
//! [`WaveformSource`] carry samples, [`Figure`] carries every measured number with its interval
//! (or the reason why there is none), [`LinkReport`] is what the receiver says of one capture,
//! [`Classification`] and [`Alarm`] what the diagnosis says of a report, and [`Topology`],
//! [`Localization`], [`Proposal`] and [`Action`] what is done about it. [`pattern`] holds the
//! test patterns and the Gray map, [`bessel_thomson`] the reference receiver's filter, [`kp4`] the
//! forward error correction, and [`SParameters`] with [`FrequencyResponse`] a measured channel,
//! because the transmitter model and the receiver both need them and neither may import the other.
//!
//! ```
//! use etalon_types::{Figure, units::{Db, parse_quantity}};
//!
//! assert_eq!(parse_quantity("26.5625G", "Bd").unwrap(), 26.5625e9);
//! assert!((Db(-30.0).to_linear() - 1e-3).abs() < 1e-15);
//! let short = Figure::not_measurable("capture of 4.9 us is too short");
//! assert_eq!(serde_json::to_value(&short).unwrap()["value"], serde_json::Value::Null);
//! ```

pub mod action;
pub mod alarm;
pub mod bessel_thomson;
pub mod cancellation;
pub mod fault;
pub mod fibre;
pub mod figure;
pub mod frequency_response;
pub mod kp4;
pub mod limits;
pub mod osa;
pub mod pattern;
pub mod report;
pub mod s_parameters;
pub mod task;
pub mod topology;
pub mod units;
pub mod waveform;

pub use action::{Action, Approval, Circuit, SwitchPort};
pub use alarm::{Alarm, AlarmState, Severity};
pub use fault::{Alternative, Classification, Evidence, FaultKind};
pub use figure::{Estimate, Figure, NotMeasurable};
pub use frequency_response::{FrequencyResponse, ResponseError};
pub use osa::OsaTrace;
pub use pattern::{Modulation, PatternName};
pub use report::LinkReport;
pub use s_parameters::{Passivity, Route, SParameters, SParametersError};
pub use task::{Decision, PlanRow, Policy, RowStatus, Situation, Tool, ToolError};
pub use topology::{
    Candidate, Link, Localization, Proposal, ProposalState, Service, Topology, TransmissionMode,
    Verdict,
};
pub use waveform::{ReadError, Samples, Storage, Waveform, WaveformInfo, WaveformSource};

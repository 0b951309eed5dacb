//! Backwards: from what was measured to what is wrong, where, and since when.
//!
//! [`link`] names what is wrong with one link from its report, [`mesh`] names the link behind a set of degraded services, and [`gate`] turns a stream of
//! classifications into alarms that are raised and cleared once, not with every flicker.
//! Everything is pure: time is an argument, and the same observations give the same answer.
//!
//! ```
//! use etalon_diagnosis::gate::{Gate, HoldOff, Observation, Step};
//! use etalon_types::{Classification, FaultKind};
//!
//! let mpi = Classification {
//!     kind: FaultKind::Mpi, confidence: 0.9, alternatives: vec![], evidence: vec![],
//! };
//! let mut gate = Gate::new(HoldOff::default())?;
//! assert!(gate.observe(&Observation::new("path/svc-01", &mpi, 100.0))?.is_empty());
//! let raised = gate.observe(&Observation::new("path/svc-01", &mpi, 103.0))?;
//! assert_eq!(raised[0].step, Step::Raised);
//! assert_eq!(raised[0].alarm(1).resource, "path/svc-01");
//! # Ok::<(), etalon_diagnosis::Error>(())
//! ```

pub mod gate;
pub mod link;
pub mod mesh;

/// Why a diagnosis could not be made from what was given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An observation is about something that the topology does not have.
    #[error("no {kind} {found:?} in topology {topology:?}: expected one of {expected}")]
    Unknown {
        /// `service`, `link` or `resource`.
        kind: &'static str,
        /// What was asked for.
        found: String,
        /// What there is.
        expected: String,
        /// Name of the topology.
        topology: String,
    },
    /// One service was observed in two states at once.
    #[error("service {service:?}: expected one state, found {first} and {second}")]
    Conflicting {
        /// The service.
        service: String,
        /// One state.
        first: String,
        /// The other.
        second: String,
    },
    /// A service's path leaves the links of the topology.
    #[error("service {service:?}: expected a path along links, found {found}")]
    BrokenPath {
        /// The service.
        service: String,
        /// Its path.
        found: String,
    },
    /// A time or a duration is not a number that can be used.
    #[error("{what}: expected {expected}, found {found}")]
    Time {
        /// Which time.
        what: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: f64,
    },
}

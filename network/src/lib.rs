//! Ways around a failure: topologies, routes and proposals.
//!
//! [`metro`] holds the built-in network `dci-metro-14`, [`load`] reads and checks a network of
//! one's own, [`paths`] finds the k shortest ways between two nodes, and [`mod@propose`] turns
//! them into ranked [`Proposal`](etalon_types::Proposal)s with margin, latency and mode. Nothing
//! here touches hardware: a proposal is a wish until somebody approves it and it is applied.
//! Everything is pure; names, times and expiry are arguments.
//!
//! ```
//! use etalon_network::{Outcome, Request, metro, propose};
//! use etalon_twin::path::PathModel;
//!
//! let topology = metro::dci_metro_14();
//! let failed = ["6-14".to_owned()];
//! let request = Request { id_prefix: "p", ..Request::new("alarm-1", "svc-09", &failed) };
//! let Outcome::Ranked(proposals) = propose(&topology, &request, &PathModel::default())? else {
//!     panic!("the metro has a way around every single link");
//! };
//! assert_eq!(proposals[0].path, ["6", "10", "9", "12"]);
//! assert_eq!(proposals[0].id, "p-1");
//! # Ok::<(), etalon_network::Error>(())
//! ```

pub mod load;
pub mod metro;
pub mod paths;
pub mod propose;

pub use load::{check_topology, load_topology};
pub use paths::{Avoid, Route, k_shortest_paths, shortest_path};
pub use propose::{Outcome, Rejected, Request, propose};

/// Why the network could not answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON of the expected shape.
    #[error("topology: expected etalon.topology/1, found {found} (line {line}, column {column})")]
    Json {
        /// What the JSON reader says.
        found: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The JSON has the shape, and a value of it makes no sense.
    #[error("topology {field}: expected {expected}, found {found}")]
    Invalid {
        /// Which field, such as `links[3].km`.
        field: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A node, link or service that the topology does not have.
    #[error("no {kind} {found:?} in topology {topology:?}: expected one of {expected}")]
    Unknown {
        /// `node`, `link` or `service`.
        kind: &'static str,
        /// What was asked for.
        found: String,
        /// What there is.
        expected: String,
        /// Name of the topology.
        topology: String,
    },
    /// The service does not use any of the links that failed, so there is nothing to go around.
    #[error(
        "service {service:?} uses none of the failed links: expected one of {expected}, found {found}"
    )]
    NotAffected {
        /// The service.
        service: String,
        /// Links of its path.
        expected: String,
        /// Links said to have failed.
        found: String,
    },
}

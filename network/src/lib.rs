//! Ways around a failure: topologies, routes and proposals

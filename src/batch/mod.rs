//! Many captures, one row each: a run that cannot lose a row, and says so.
//!
//! [`Listing`] says which captures there are, [`run::run`] has [`crew`]s of worker processes
//! analyze them and enters every answer into the [`ledger`], the journal of the run; [`table`]
//! writes the rows. A run that was killed goes on where it stopped; one that was cut into
//! [`Shard`]s is put together by [`merge`];
//! [`diff`] says what moved between two, and [`aggregate`] what many rows say together, as a
//! [`summary`].
//!
//! Whatever differs from run to run (times, threads, processors) goes into a side file. The tables
//! and the manifest depend on captures, options and program alone, down to the byte.

pub mod aggregate;
pub mod cache;
pub mod columns;
pub mod crew;
pub mod diff;
pub mod ledger;
pub mod listing;
pub mod merge;
pub mod protocol;
pub mod row;
pub mod run;
mod shard;
pub mod summary;
pub mod table;

pub use listing::{Item, Listing, ListingError};
pub use shard::Shard;
pub use table::{Counts, Manifest};

//! The command line as it is typed: the built binary, its exit codes, stdout and stderr.

mod cli {
    pub mod bad_input;
    pub mod bad_links;
    pub mod batch;
    pub mod convert;
    pub mod demo;
    pub mod guide;
    pub mod harness;
    pub mod inventory;
    pub mod link;
    pub mod screens;
    pub mod simulate;
    pub mod threads;
    pub mod transmitter;
    pub mod words;
}

//! Servers that simulated instruments speak through.

#[cfg(unix)]
pub mod pty;

//! Bare `etalon`: the four commands that a newcomer needs.

use super::error::{CliError, Exit};
use super::talk::{Globals, print_text};

const PAGE: &str = "\
etalon: test bench and signal processing for short-reach PAM-4 optical links

  etalon demo                           the whole chain on a simulated bench
  etalon info FILE                      what a capture file holds
  etalon analyze FILE --baud 26.5625G   BER, levels, MPI and the cause
  etalon simulate link --mpi -30dB --mpi-delay 100ns --out link.csv
                                        a capture whose truth is known

More: etalon --help. For programs: etalon guide. Codes: etalon help exit-codes.
";

/// Prints the page.
///
/// # Errors
/// Storage, when stdout cannot be written.
pub fn run(globals: &Globals) -> Result<Exit, CliError> {
    print_text(globals, "welcome", PAGE)?;
    Ok(Exit::Done)
}

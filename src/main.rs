//! Etalon's command line: everything is in [`etalon::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    etalon::cli::main()
}

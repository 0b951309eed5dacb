//! `etalon help exit-codes`: what the exit codes mean.

use super::error::Exit;

/// Renders the table of exit codes.
pub fn table() -> String {
    let mut text = String::from("Exit codes of etalon:\n\n");
    for exit in Exit::ALL {
        text.push_str(&format!("{:>5}  {}\n", exit.code(), exit.meaning()));
    }
    text.push_str(
        "\nWith several inputs the worst outcome counts. Codes of errors are ETA-nnnn;\n\
         their first digit is the exit code (9: a defect of etalon, which exits with 70).\n",
    );
    text
}

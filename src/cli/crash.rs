//! The last net: a defect of the program is told as one, without a panic text.

use std::sync::Once;

use super::error::{CliError, Exit};

/// Replaces the panic hook by one that says `ETA-9000` and where in the program it happened.
///
/// The message of the panic is left out on purpose: it speaks of indices and unwraps, which
/// help nobody who typed a command. The place in the source is what a report needs.
pub fn install() {
    static SAID: Once = Once::new();
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
        // Several threads may fail for one reason; one paragraph is enough.
        SAID.call_once(|| {
            let json = std::env::args_os().any(|word| word == "--json");
            let error = defect(&place);
            super::talk::say_raw(&if json { error.json_line() } else { error.paragraph() });
        });
    }));
}

fn defect(place: &str) -> CliError {
    CliError {
        code: "ETA-9000",
        exit: Exit::Internal,
        what: "etalon has a defect and could not go on".into(),
        where_: place.to_owned(),
        why: "the program met a state that its authors thought impossible; your input is not to blame"
            .into(),
        hint: "report this line together with the command and, if you may, the file; `etalon info FILE` \
               often still works"
            .into(),
    }
}

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
        let place = info
            .location()
            .map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
        // Several threads may fail for one reason; one paragraph is enough.
        SAID.call_once(|| {
            let json = std::env::args_os().any(|word| word == "--json");
            let error = defect(&place);
            super::talk::say_raw(&if json {
                error.json_line()
            } else {
                error.paragraph()
            });
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    const CHILD: &str = "ETALON_TEST_CRASHES";

    #[test]
    fn a_defect_is_told_once_and_without_a_panic_text() {
        if std::env::var_os(CHILD).is_some() {
            super::install();
            // Several threads fail; the paragraph is told once.
            let threads = [0, 1].map(|_| std::thread::spawn(|| panic!("index out of bounds")));
            threads.into_iter().for_each(|thread| drop(thread.join()));
            return;
        }
        // A process of its own: the hook is global, and other tests run beside this one.
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "cli::crash::tests::a_defect_is_told_once_and_without_a_panic_text",
            ])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.matches("error[ETA-9000]").count(), 1, "{text}");
        assert!(
            text.contains("where: src/cli/crash.rs:") && text.contains("hint: "),
            "{text}"
        );
        assert!(
            !text.contains("panicked") && !text.contains("out of bounds"),
            "{text}"
        );
    }
}

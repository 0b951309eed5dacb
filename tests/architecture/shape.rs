//! The shape of the house: its manifests, its rooms and its files.

use crate::code::{follows, product_tokens, tokens};
use crate::rooms::TABLE;
use crate::workspace::{Member, Source};

/// Members that a plain `cargo build` leaves out.
const NOT_DEFAULT: [&str; 3] = ["serve", "tables", "python"];

/// Names that say nothing about what is in the file.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// Above this, a file is usually two ideas.
const LONGEST_FILE: usize = 600;

/// Files that may be longer, each with the reason why it is one idea.
const LONG_FILES: [(&str, &str); 0] = [];

/// Below this many tokens of product code a room is a name on a door. The smallest useful
/// function with its imports and its error has about as many.
const EMPTY_ROOM_TOKENS: usize = 200;

pub fn manifests(members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        let room = member.room.as_str();
        let mut expect = |what: &str, expected: &str, found: &str| {
            if expected != found {
                wrong.push(format!(
                    "{room}: {what}: expected {expected}, found {found}"
                ));
            }
        };
        if TABLE.iter().any(|(known, _)| *known == room) {
            let name = if room == "src" {
                "etalon".into()
            } else {
                format!("etalon-{room}")
            };
            expect("package name", &name, &member.package);
        } else {
            expect("room", "one of DESIGN's table", room);
        }
        expect("edition", "2024", &member.edition);
        expect("rust-version", "1.95", &member.rust_version);
        let run = if room == "src" { "etalon" } else { "none" };
        expect(
            "default-run",
            run,
            member.default_run.as_deref().unwrap_or("none"),
        );
        let default = !NOT_DEFAULT.contains(&room);
        expect(
            "default member",
            &default.to_string(),
            &member.is_default.to_string(),
        );
    }
    wrong
}

pub fn empty_rooms(members: &[Member], sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        let of_room = sources
            .iter()
            .filter(|s| s.room() == member.room && s.is_product());
        let size: usize = of_room.map(|s| product_tokens(&s.text).len()).sum();
        if size < EMPTY_ROOM_TOKENS {
            wrong.push(format!(
                "{}: {size} tokens of code: an empty room",
                member.room
            ));
        }
    }
    for source in sources {
        if tokens(&source.text).is_empty() {
            wrong.push(format!("{}: no code in it", source.path));
        }
    }
    wrong
}

pub fn file_names(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let parts = source
            .path
            .split('/')
            .map(|part| part.trim_end_matches(".rs"));
        for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
            wrong.push(format!("{}: what is in a {part}?", source.path));
        }
    }
    wrong
}

pub fn unfinished(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let tokens = tokens(&source.text);
        for (at, token) in tokens.iter().enumerate() {
            let next = |texts: &[&str]| follows(&tokens, at + 1, texts);
            let stub = ["todo", "unimplemented"].contains(&token.text.as_str()) && next(&["!"]);
            let ignored = token.text == "#" && next(&["[", "ignore"]);
            if stub || ignored {
                wrong.push(format!("{}:{} {}", source.path, token.line, token.text));
            }
        }
        for (at, line) in source.text.lines().enumerate() {
            let doc = line.trim_start();
            let is_doc = doc.starts_with("///") || doc.starts_with("//!");
            if is_doc && doc[3..].trim_start().starts_with("```ignore") {
                wrong.push(format!(
                    "{}:{} an example that nobody runs",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    wrong
}

pub fn file_lengths(sources: &[Source]) -> Vec<String> {
    lengths_with(sources, &LONG_FILES)
}

fn lengths_with(sources: &[Source], exceptions: &[(&str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        let excepted = exceptions.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST_FILE && !excepted {
            wrong.push(format!("{}: {lines} lines", source.path));
        } else if lines <= LONGEST_FILE && excepted {
            wrong.push(format!("{}: {lines} lines need no exception", source.path));
        }
    }
    let gone = exceptions
        .iter()
        .filter(|(path, _)| !sources.iter().any(|s| s.path == *path));
    wrong.extend(gone.map(|(path, _)| format!("{path}: an exception for no file")));
    wrong
}

/// `Cargo.lock` fixes what a clean clone builds.
pub fn lock_file(git_ignore: &str, tracked: bool) -> Vec<String> {
    let ignored = git_ignore
        .lines()
        .any(|line| line.trim().ends_with("Cargo.lock"));
    let mut wrong = Vec::new();
    if ignored {
        wrong.push("Cargo.lock is ignored".to_owned());
    }
    if !tracked {
        wrong.push("Cargo.lock is not committed".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{made_up, made_up_member};

    #[test]
    fn a_manifest_that_differs_is_found() {
        let count = |room: &str, change: fn(&mut Member)| {
            let mut member = made_up_member(room, &[]);
            change(&mut member);
            manifests(&[member]).len()
        };
        for (room, _) in TABLE {
            assert_eq!(count(room, |_| {}), 0, "{room}");
        }
        assert_eq!(count("dsp", |m| m.edition = "2021".into()), 1);
        assert_eq!(count("dsp", |m| m.rust_version = "1.96".into()), 1);
        assert_eq!(count("src", |m| m.default_run = None), 1);
        assert_eq!(count("dsp", |m| m.is_default = false), 1);
        assert_eq!(count("tables", |m| m.is_default = true), 1);
        assert_eq!(count("dsp", |m| m.package = "dsp".into()), 1);
        assert_eq!(count("cellar", |_| {}), 1);
    }

    #[test]
    fn an_empty_room_is_found() {
        let count = |text: &str| {
            empty_rooms(
                &[made_up_member("dsp", &[])],
                &made_up("dsp/src/lib.rs", text),
            )
            .len()
        };
        assert_eq!(
            count("//! Words. ".repeat(300).as_str()),
            2,
            "the room and the file"
        );
        assert_eq!(count("pub fn f() {}"), 1);
        assert_eq!(
            count(&format!("#[cfg(test)] mod t {{ {} }}", "f(); ".repeat(300))),
            1
        );
        assert_eq!(count(&"pub fn f() {}\n".repeat(60)), 0);
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        let count = |path| file_names(&made_up(path, "")).len();
        assert_eq!(count("dsp/src/utils.rs"), 1);
        assert_eq!(count("dsp/src/common/ffe.rs"), 1);
        assert_eq!(count("dsp/src/ffe.rs"), 0);
    }

    #[test]
    fn a_stub_and_an_ignored_test_are_found() {
        let count = |text| unfinished(&made_up("a.rs", text)).len();
        assert_eq!(count("fn f() { todo!() }"), 1);
        assert_eq!(count("fn f() { unimplemented!(\"x\") }"), 1);
        assert_eq!(count("#[test]\n#[ignore]\nfn f() {}"), 1);
        assert_eq!(count("#[ignore = \"slow\"]"), 1);
        assert_eq!(count("/// ```ignore\n/// x\n/// ```\nfn f() {}"), 1);
        assert_eq!(
            count("// todo!() and #[ignore]\nlet ignore = \"todo!()\";"),
            0
        );
    }

    #[test]
    fn a_long_file_and_an_idle_exception_are_found() {
        let long = made_up("a.rs", &"x\n".repeat(LONGEST_FILE + 1));
        let short = made_up("a.rs", &"x\n".repeat(LONGEST_FILE));
        let exception = [("a.rs", "one table")];
        assert_eq!(lengths_with(&long, &[]).len(), 1);
        assert_eq!(lengths_with(&short, &[]).len(), 0);
        assert_eq!(lengths_with(&long, &exception).len(), 0);
        assert_eq!(lengths_with(&short, &exception).len(), 1);
        assert_eq!(lengths_with(&[], &exception).len(), 1);
    }

    #[test]
    fn a_lock_file_that_is_not_committed_is_found() {
        assert!(lock_file("/target\n", true).is_empty());
        assert_eq!(lock_file("/target\nCargo.lock\n", true).len(), 1);
        assert_eq!(lock_file("", false).len(), 1);
    }
}

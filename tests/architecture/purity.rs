//! The pure rooms: a seed and the input fix the output (DESIGN section 1.2).

use crate::code::{Token, follows, paths, product_tokens};
use crate::workspace::Source;

const PURE: [&str; 4] = ["dsp", "twin", "diagnosis", "network"];

/// Paths that begin with these reach outside of the arguments.
const FORBIDDEN_PATHS: [&str; 13] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "rayon",
    "rand::rng",
    "rand::random",
    "rand::prelude",
];

/// Words that are one of these wherever they stand, however they were imported. Maps and sets
/// with std's default hasher are among them: their order is seeded at random by the process, so
/// that a sum over one differs from run to run. `BTreeMap` does the same work in a fixed order.
const FORBIDDEN_WORDS: [&str; 13] = [
    "Instant",
    "SystemTime",
    "thread_rng",
    "ThreadRng",
    "thread_local",
    "OsRng",
    "SysRng",
    "from_os_rng",
    "from_entropy",
    "getrandom",
    "RandomState",
    "HashMap",
    "HashSet",
];

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

/// Types that make a `static` a global that changes. A cell that is written once with the
/// outcome of a pure function (`LazyLock`) is a table, not a state.
const CHANGING: [&str; 4] = ["Mutex", "RwLock", "Cell", "RefCell"];

pub fn pure_rooms(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources
        .iter()
        .filter(|s| PURE.contains(&s.room()) && s.is_product())
    {
        let tokens = product_tokens(&source.text);
        let mut note = |line: usize, what: &str| {
            wrong.push(format!("{}:{line} {what}", source.path));
        };
        for path in paths(&tokens) {
            for forbidden in FORBIDDEN_PATHS {
                if path.starts_with(forbidden) || path.starts_with(&core_twin(forbidden)) {
                    note(path.line, forbidden);
                }
            }
            // Whoever renames std itself would walk past the list.
            if path.starts_with("std::*") || path.segments == ["std"] {
                note(path.line, "std as a whole");
            }
        }
        for (at, token) in tokens.iter().enumerate() {
            let text = token.text.as_str();
            let printing = PRINTING.contains(&text) && follows(&tokens, at + 1, &["!"]);
            if FORBIDDEN_WORDS.contains(&text) || printing {
                note(token.line, text);
            }
            if text == "static" && is_changing_static(&tokens[at..]) {
                note(token.line, "a global that changes");
            }
        }
    }
    wrong
}

/// `core::time` is `std::time`.
fn core_twin(path: &str) -> String {
    path.replacen("std::", "core::", 1)
}

fn is_changing_static(tokens: &[Token]) -> bool {
    let declaration = tokens
        .iter()
        .take_while(|t| !["=", ";", "{"].contains(&t.text.as_str()));
    declaration.skip(1).any(|t| {
        t.text == "mut" || t.text.starts_with("Atomic") || CHANGING.contains(&t.text.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::made_up;

    fn found(text: &str) -> bool {
        !pure_rooms(&made_up("dsp/src/a.rs", text)).is_empty()
    }

    #[test]
    fn every_way_out_is_found() {
        for text in [
            "use std::fs::File;",
            "use std::{collections::BTreeMap, fs};",
            "fn f() { std::thread::spawn(g); }",
            "use std::time::Duration;",
            "use core::time::Duration;",
            "fn f() { std::env::var(\"X\"); }",
            "use std::net::TcpStream;",
            "use std::*;",
            "use std as s;",
            "use rayon::prelude::*;",
            "let r = rand::rng();",
            "use rand::{rng, Rng};",
            "let t = Instant::now();",
            "let r = Xoshiro256PlusPlus::from_os_rng();",
            "static mut COUNT: u32 = 0;",
            "static COUNT: AtomicU64 = AtomicU64::new(0);",
            "static TABLE: Mutex<Vec<f64>> = Mutex::new(vec![]);",
            "thread_local! { static X: u8 = 0; }",
            "fn f() { println!(\"x\"); }",
            "fn f() { dbg!(x); }",
            "use std::collections::HashMap;",
        ] {
            assert!(found(text), "{text}");
        }
    }

    #[test]
    fn what_is_pure_is_let_through() {
        for text in [
            "// std::fs, Instant, println!\nfn f() { g(\"std::fs\") }",
            "use std::collections::BTreeMap;",
            "use rand::{Rng, SeedableRng};",
            "fn f(static_: &'static str, print: u8) {}",
            "static TABLE: [f64; 2] = [0.0; 2];",
            "#[cfg(test)] mod tests { use std::fs; }",
        ] {
            assert!(!found(text), "{text}");
        }
        let elsewhere = [
            "src/a.rs",
            "captures/src/a.rs",
            "dsp/src/a/tests.rs",
            "dsp/tests/a.rs",
        ];
        for path in elsewhere {
            assert!(
                pure_rooms(&made_up(path, "use std::fs;")).is_empty(),
                "{path}"
            );
        }
    }
}

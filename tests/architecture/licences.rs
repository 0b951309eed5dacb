//! Every dependency may be had under a licence of deny.toml's list, also where cargo-deny is not
//! installed.

use std::iter::Peekable;
use std::str::SplitWhitespace;

/// The strings of `allow` under `[licenses]`.
pub fn allowed(deny: &str) -> Vec<String> {
    let section = deny.split("[licenses]").nth(1).unwrap_or_default();
    let list = section.split("allow = [").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    list.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split(','))
        .map(|item| item.trim().trim_matches('"').to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

/// Evaluates an SPDX expression (SPDX 2.3 annex D; cargo's old `/` means OR): whether the
/// licences of the list are enough. What cannot be read is not allowed.
pub fn permits(allowed: &[String], expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    either(allowed, &mut words) == Some(true) && words.next().is_none()
}

type Words<'a> = Peekable<SplitWhitespace<'a>>;

fn either(allowed: &[String], words: &mut Words) -> Option<bool> {
    let mut verdict = both(allowed, words)?;
    while words.next_if_eq(&"OR").is_some() {
        verdict |= both(allowed, words)?;
    }
    Some(verdict)
}

fn both(allowed: &[String], words: &mut Words) -> Option<bool> {
    let mut verdict = single(allowed, words)?;
    while words.next_if_eq(&"AND").is_some() {
        verdict &= single(allowed, words)?;
    }
    Some(verdict)
}

fn single(allowed: &[String], words: &mut Words) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let verdict = either(allowed, words)?;
        return words.next_if_eq(&")").map(|_| verdict);
    }
    let mut licence = word.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next()?);
    }
    Some(allowed.contains(&licence))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let list =
        allowed("[licenses]\nallow = [\n  \"MIT\", # why\n  \"Zlib\",\n]\n[bans]\nallow = [\"X\"]");
    assert_eq!(list, ["MIT", "Zlib"]);
    for expression in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/Apache-2.0",
        "(GPL-3.0 OR Zlib) AND MIT",
    ] {
        assert!(permits(&list, expression), "{expression}");
    }
    for expression in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "MIT WITH X",
        "(MIT",
        "MIT)",
        "MIT Zlib",
        "X",
        "OR",
    ] {
        assert!(!permits(&list, expression), "{expression}");
    }
}

//! No unsafe code, and one gate to the hardware (DESIGN sections 1.1 and 1.6).

use crate::code::{follows, paths, product_tokens, tokens};
use crate::workspace::{Member, Source};

/// Where `unsafe` may be: the VISA module, the test-only VISA double, the Python bindings.
const UNSAFE_PLACES: [&str; 3] = [
    "instruments/src/visa.rs",
    "instruments/tests/visa_double",
    "python/",
];

/// Rooms that deny unsafe code themselves, so that one module by name may let it in.
const DENY_THEMSELVES: [&str; 2] = ["instruments", "python"];

pub fn no_unsafe(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        if UNSAFE_PLACES
            .iter()
            .any(|place| source.path.starts_with(place))
        {
            continue;
        }
        let tokens = tokens(&source.text);
        for (at, token) in tokens.iter().enumerate() {
            let forbids = at >= 2
                && (follows(&tokens, at - 2, &["forbid", "("])
                    || follows(&tokens, at - 2, &["deny", "("]));
            if token.text == "unsafe" || (token.text == "unsafe_code" && !forbids) {
                wrong.push(format!("{}:{} {}", source.path, token.line, token.text));
            }
        }
    }
    wrong
}

pub fn lints_forbid_unsafe(root_manifest: &str, members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    if setting(root_manifest, "workspace.lints.rust", "unsafe_code") != Some("\"forbid\"") {
        wrong.push("the workspace does not forbid unsafe_code".to_owned());
    }
    for member in members {
        let inherits = setting(&member.manifest, "lints", "workspace") == Some("true");
        let denies = DENY_THEMSELVES.contains(&member.room.as_str())
            && setting(&member.manifest, "lints.rust", "unsafe_code") == Some("\"deny\"");
        if !inherits && !denies {
            wrong.push(format!(
                "{} does not inherit the workspace's lints",
                member.room
            ));
        }
    }
    wrong
}

/// `mul_add` outside of a kernel that is compiled for FMA is a library call (docs/why/kernels.md).
pub fn mul_add_ban(clippy: &str, root_manifest: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for method in ["f32::mul_add", "f64::mul_add"] {
        if !clippy.contains(&format!("\"{method}\"")) {
            wrong.push(format!("clippy.toml does not ban {method}"));
        }
    }
    if setting(
        root_manifest,
        "workspace.lints.clippy",
        "disallowed_methods",
    )
    .is_none()
    {
        wrong.push("the workspace does not ask clippy for disallowed_methods".to_owned());
    }
    wrong
}

/// The value of `key` in `[table]`, as it is written.
pub fn setting<'a>(manifest: &'a str, table: &str, key: &str) -> Option<&'a str> {
    let header = format!("[{table}]");
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| {
            let (found, value) = line.split_once('=')?;
            (found.trim() == key).then(|| value.split(" #").next().unwrap_or(value).trim())
        })
}

/// `envelope::permit` is called by `src/apply.rs` and by nobody else. The tests inside of
/// `instruments` may: a driver cannot be tested without a permit.
pub fn one_gate(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let inside = source.room() == "instruments";
        if source.path == "src/apply.rs" || (inside && !source.is_product()) {
            continue;
        }
        let tokens = if inside {
            product_tokens(&source.text)
        } else {
            tokens(&source.text)
        };
        for (at, token) in tokens.iter().enumerate() {
            let defined = at > 0 && tokens[at - 1].text == "fn";
            if token.text == "permit" && follows(&tokens, at + 1, &["("]) && !defined {
                wrong.push(format!("{}:{} calls permit", source.path, token.line));
            }
        }
        for path in paths(&tokens).iter().filter(|_| !inside) {
            let last_two = path.segments.last_chunk::<2>();
            if last_two.is_some_and(|[module, name]| {
                name == "permit" || (module == "envelope" && name == "*")
            }) {
                wrong.push(format!("{}:{} names permit", source.path, path.line));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{made_up, made_up_member};

    #[test]
    fn unsafe_code_is_found() {
        let count = |path, text| no_unsafe(&made_up(path, text)).len();
        assert_eq!(count("dsp/src/a.rs", "fn f() { unsafe { g() } }"), 1);
        assert_eq!(count("tests/a.rs", "unsafe fn f() {}"), 1);
        assert_eq!(count("dsp/src/a.rs", "#![allow(unsafe_code)]"), 1);
        assert_eq!(
            count("dsp/src/a.rs", "#![forbid(unsafe_code)] // unsafe"),
            0
        );
        assert_eq!(count("instruments/src/visa.rs", "unsafe { g() }"), 0);
        assert_eq!(count("instruments/src/serial.rs", "unsafe { g() }"), 1);
    }

    #[test]
    fn a_member_without_the_lint_is_found() {
        let root =
            "[workspace.lints.rust]\nmissing_docs = \"warn\"\nunsafe_code = \"forbid\" # x\n";
        let member = |room: &str, manifest: &str| {
            let mut member = made_up_member(room, &[]);
            member.manifest = manifest.into();
            member
        };
        let own = "[lints.rust]\nunsafe_code = \"deny\"\n";
        assert!(lints_forbid_unsafe(root, &[made_up_member("dsp", &[])]).is_empty());
        assert!(lints_forbid_unsafe(root, &[member("instruments", own)]).is_empty());
        assert_eq!(lints_forbid_unsafe(root, &[member("dsp", own)]).len(), 1);
        assert_eq!(
            lints_forbid_unsafe(root, &[member("dsp", "[lints]\n")]).len(),
            1
        );
        assert_eq!(lints_forbid_unsafe("", &[]).len(), 1);
        assert_eq!(
            lints_forbid_unsafe(&root.replace("forbid", "warn"), &[]).len(),
            1
        );
    }

    #[test]
    fn a_missing_ban_of_mul_add_is_found() {
        let root = "[workspace.lints.clippy]\ndisallowed_methods = \"warn\"\n";
        let clippy = "x = [\"f32::mul_add\", \"f64::mul_add\"]";
        assert!(mul_add_ban(clippy, root).is_empty());
        assert_eq!(mul_add_ban("", root).len(), 2);
        assert_eq!(mul_add_ban(clippy, "").len(), 1);
    }

    #[test]
    fn a_second_door_to_the_hardware_is_found() {
        let found = |path, text| !one_gate(&made_up(path, text)).is_empty();
        assert!(found(
            "src/pipeline.rs",
            "fn f() { envelope::permit(&a, &b) }"
        ));
        assert!(found(
            "src/pipeline.rs",
            "use etalon_instruments::envelope::{Envelope, permit};"
        ));
        assert!(found(
            "src/pipeline.rs",
            "use etalon_instruments::envelope::permit as p;"
        ));
        assert!(found(
            "src/pipeline.rs",
            "use etalon_instruments::envelope::*;"
        ));
        assert!(found(
            "src/pipeline.rs",
            "use etalon_instruments::envelope as e; e::permit(a)"
        ));
        assert!(found("src/pipeline.rs", "let f = envelope::permit;"));
        assert!(found("tests/a.rs", "fn f() { envelope.permit(&a) }"));
        assert!(found("instruments/src/switch.rs", "fn f() { permit(&a) }"));
        assert!(!found(
            "src/apply.rs",
            "fn f() { envelope::permit(&a, &b) }"
        ));
        assert!(!found(
            "src/pipeline.rs",
            "fn f(permit: Permit) { set(permit) }"
        ));
        assert!(!found(
            "instruments/src/envelope.rs",
            "pub fn permit(a: &Action) {}"
        ));
        assert!(!found(
            "instruments/src/switch.rs",
            "#[cfg(test)] mod tests { f(permit(&a)) }"
        ));
    }
}

//! Who may import whom, and where the heavy dependencies live (DESIGN sections 1 and 1.7).

use crate::code::{paths, tokens};
use crate::workspace::{Member, Source};

/// A room and the rooms that it may import. `etalon` stands for the library of `src`.
pub const TABLE: [(&str, &[&str]); 12] = [
    ("types", &[]),
    ("captures", &["types"]),
    ("dsp", &["types"]),
    ("twin", &["types"]),
    ("agents", &["types"]),
    ("instruments", &["types", "captures"]),
    ("diagnosis", &["types", "twin"]),
    ("network", &["types", "twin"]),
    (
        "src",
        &[
            "etalon",
            "types",
            "captures",
            "dsp",
            "twin",
            "diagnosis",
            "network",
            "instruments",
            "agents",
        ],
    ),
    ("serve", &["etalon"]),
    ("tables", &["etalon"]),
    (
        "python",
        &["types", "captures", "dsp", "twin", "diagnosis", "network"],
    ),
];

/// A heavy dependency with all crates whose names begin with it, and its rooms.
const HOMES: [(&str, &[&str]); 14] = [
    ("polars", &["tables"]),
    ("tokio", &["serve"]),
    ("axum", &["serve"]),
    ("rmcp", &["serve"]),
    ("serialport", &["instruments"]),
    ("visa-rs", &["instruments"]),
    ("visa-sys", &["instruments"]),
    ("rustfft", &["dsp", "twin"]),
    ("realfft", &["dsp", "twin"]),
    ("plotters", &["src"]),
    ("rayon", &["src"]),
    ("clap", &["src", "serve", "tables"]),
    ("anyhow", &["src", "serve", "tables"]),
    ("pyo3", &["python"]),
];

/// Only these may be reached by NETCONF over SSH, and only when asked for.
const RUSSH_ROOMS: [&str; 2] = ["instruments", "src"];

pub fn imports(members: &[Member], sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            if let Some(other) = our_room(&dependency.name.replace('-', "_"))
                && !may_import(&member.room, other)
            {
                wrong.push(format!(
                    "{}/Cargo.toml may not depend on {other}",
                    member.room
                ));
            }
        }
    }
    for source in sources {
        for path in paths(&tokens(&source.text)) {
            if let Some(other) = our_room(&path.segments[0])
                && !may_import(source.room(), other)
            {
                wrong.push(format!(
                    "{}:{} may not import {other}",
                    source.path, path.line
                ));
            }
        }
    }
    wrong
}

/// A room's own tests name it as a crate.
fn may_import(room: &str, other: &str) -> bool {
    room == other
        || TABLE
            .iter()
            .any(|(r, allowed)| *r == room && allowed.contains(&other))
}

fn our_room(krate: &str) -> Option<&str> {
    if krate == "etalon" {
        return Some(krate);
    }
    let room = krate.strip_prefix("etalon_")?;
    // A local variable or a module may begin like a crate of ours.
    TABLE
        .iter()
        .map(|(known, _)| *known)
        .find(|known| *known == room)
}

pub fn heavy_dependencies(members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            for (heavy, rooms) in HOMES {
                if belongs_to(name, heavy) && !rooms.contains(&member.room.as_str()) {
                    wrong.push(format!(
                        "{name} in {}: only in {}",
                        member.room,
                        rooms.join(", ")
                    ));
                }
            }
            if belongs_to(name, "russh") {
                let by_default = member.features.get("default").into_iter().flatten();
                let off = dependency.optional && !by_default.into_iter().any(|f| f == "netconf");
                let behind = member
                    .features
                    .get("netconf")
                    .is_some_and(|parts| parts.iter().any(|part| *part == format!("dep:{name}")));
                if !RUSSH_ROOMS.contains(&member.room.as_str()) || !off || !behind {
                    wrong.push(format!(
                        "{name} in {}: only in {}, behind the feature netconf, off by default",
                        member.room,
                        RUSSH_ROOMS.join(", ")
                    ));
                }
            }
        }
    }
    wrong
}

fn belongs_to(name: &str, heavy: &str) -> bool {
    name.strip_prefix(heavy)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Plots are drawn in `src/plots` and nowhere else.
pub fn plotters_only_in_plots(sources: &[Source]) -> Vec<String> {
    let elsewhere = sources
        .iter()
        .filter(|s| s.path.starts_with("src/") && !s.path.starts_with("src/plots"));
    elsewhere
        .flat_map(|source| {
            paths(&tokens(&source.text))
                .into_iter()
                .filter(|path| path.segments[0].split('_').next() == Some("plotters"))
                .map(|path| format!("{}:{} uses plotters", source.path, path.line))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, made_up, made_up_member};

    #[test]
    fn an_import_that_the_table_forbids_is_found() {
        let count = |room: &str, dependency: &str, path: &str, text: &str| {
            imports(&[made_up_member(room, &[dependency])], &made_up(path, text)).len()
        };
        assert_eq!(
            count(
                "dsp",
                "etalon-types",
                "dsp/src/a.rs",
                "use etalon_types::Db;"
            ),
            0
        );
        assert_eq!(
            count(
                "dsp",
                "etalon-twin",
                "dsp/src/a.rs",
                "// use etalon_twin::x;"
            ),
            1
        );
        assert_eq!(
            count("dsp", "libm", "dsp/src/a.rs", "use etalon_captures::open;"),
            1
        );
        assert_eq!(
            count(
                "dsp",
                "libm",
                "dsp/src/a.rs",
                "fn f() { etalon_twin::draw() }"
            ),
            1
        );
        assert_eq!(
            count(
                "types",
                "libm",
                "types/tests/a.rs",
                "use {etalon_types, etalon_dsp};"
            ),
            1
        );
        assert_eq!(
            count("agents", "libm", "agents/src/a.rs", "use ::etalon_twin::x;"),
            1
        );
        assert_eq!(
            count("python", "etalon", "python/src/a.rs", "use etalon::store;"),
            2
        );
        assert_eq!(
            count("serve", "etalon", "serve/src/a.rs", "use etalon::store;"),
            0
        );
        assert_eq!(count("serve", "etalon-dsp", "serve/src/a.rs", ""), 1);
        assert_eq!(
            count(
                "src",
                "etalon-dsp",
                "src/a.rs",
                "use etalon_instruments::x;"
            ),
            0
        );
    }

    #[test]
    fn a_heavy_dependency_in_the_wrong_room_is_found() {
        let count =
            |room: &str, name: &str| heavy_dependencies(&[made_up_member(room, &[name])]).len();
        for (room, name) in [
            ("src", "polars"),
            ("src", "polars-core"),
            ("instruments", "tokio-util"),
            ("src", "serialport"),
            ("src", "rustfft"),
            ("types", "plotters"),
            ("dsp", "anyhow"),
            ("dsp", "rayon"),
            ("src", "visa-rs"),
            ("instruments", "russh"),
        ] {
            assert_eq!(count(room, name), 1, "{name} in {room}");
        }
        for (room, name) in [
            ("tables", "polars"),
            ("serve", "axum"),
            ("instruments", "visa-sys"),
            ("twin", "rustfft"),
            ("src", "plotters"),
            ("src", "clap_complete"),
            ("src", "tokiox"),
        ] {
            assert_eq!(count(room, name), 0, "{name} in {room}");
        }
    }

    #[test]
    fn russh_is_let_in_behind_its_feature_only() {
        let with = |optional, default: &[&str]| {
            let mut member = made_up_member("instruments", &[]);
            member.dependencies.push(Dependency {
                name: "russh".into(),
                optional,
            });
            member
                .features
                .insert("netconf".into(), vec!["dep:russh".into()]);
            member.features.insert(
                "default".into(),
                default.iter().map(|f| (*f).to_owned()).collect(),
            );
            heavy_dependencies(&[member]).len()
        };
        assert_eq!(with(true, &[]), 0);
        assert_eq!(with(false, &[]), 1);
        assert_eq!(with(true, &["netconf"]), 1);
    }

    #[test]
    fn plotters_outside_of_plots_is_found() {
        let count = |path, text| plotters_only_in_plots(&made_up(path, text)).len();
        assert_eq!(count("src/report/eye.rs", "use plotters::prelude::*;"), 1);
        assert_eq!(
            count("src/report/eye.rs", "fn f(e: plotters_backend::X) {}"),
            1
        );
        assert_eq!(count("src/plots/eye.rs", "use plotters::prelude::*;"), 0);
        assert_eq!(count("src/report/eye.rs", "// plotters::prelude"), 0);
    }
}

//! The walls of DESIGN, as tests: who imports whom, where heavy and unsafe things live, what the
//! pure rooms may touch, and what no file may look like. Each check is shown on made-up input to
//! be able to fail, beside its code.

#[path = "architecture/code.rs"]
mod code;
#[path = "architecture/licences.rs"]
mod licences;
#[path = "architecture/purity.rs"]
mod purity;
#[path = "architecture/rooms.rs"]
mod rooms;
#[path = "architecture/safety.rs"]
mod safety;
#[path = "architecture/shape.rs"]
mod shape;
#[path = "architecture/workspace.rs"]
mod workspace;

use std::process::Command;

fn none(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} found:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    none(&rooms::imports(
        &workspace::members(),
        &workspace::sources(),
    ));
}

#[test]
fn heavy_dependencies_stay_in_their_rooms() {
    none(&rooms::heavy_dependencies(&workspace::members()));
    none(&rooms::plotters_only_in_plots(&workspace::sources()));
}

#[test]
fn nothing_is_unsafe_but_the_named_exceptions() {
    none(&safety::no_unsafe(&workspace::sources()));
    none(&safety::lints_forbid_unsafe(
        &workspace::read("Cargo.toml"),
        &workspace::members(),
    ));
}

#[test]
fn clippy_bans_mul_add() {
    none(&safety::mul_add_ban(
        &workspace::read("clippy.toml"),
        &workspace::read("Cargo.toml"),
    ));
}

#[test]
fn only_apply_asks_for_a_permit() {
    none(&safety::one_gate(&workspace::sources()));
}

#[test]
fn the_pure_rooms_are_pure() {
    none(&purity::pure_rooms(&workspace::sources()));
}

#[test]
fn the_manifests_agree_with_the_design() {
    none(&shape::manifests(&workspace::members()));
}

#[test]
fn no_room_is_empty() {
    none(&shape::empty_rooms(
        &workspace::members(),
        &workspace::sources(),
    ));
}

#[test]
fn files_have_telling_names_and_a_size_that_can_be_read() {
    let sources = workspace::sources();
    none(&shape::file_names(&sources));
    none(&shape::file_lengths(&sources));
}

#[test]
fn nothing_is_stubbed_or_ignored() {
    none(&shape::unfinished(&workspace::sources()));
}

#[test]
fn the_lock_file_is_committed() {
    let root = workspace::root();
    let mut tracked = root.join("Cargo.lock").is_file();
    if root.join(".git").exists() {
        // A checkout may belong to somebody else than the one who tests it.
        let listed = Command::new("git")
            .args([
                "-c",
                "safe.directory=*",
                "ls-files",
                "--error-unmatch",
                "Cargo.lock",
            ])
            .current_dir(&root)
            .output();
        tracked &= listed.map_or(true, |output| output.status.success());
    }
    none(&shape::lock_file(&workspace::read(".gitignore"), tracked));
}

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    let list = licences::allowed(&workspace::read("deny.toml"));
    assert!(!list.is_empty(), "deny.toml allows nothing");
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let filter = ["--filter-platform", host];
    // What this test was built from is on the machine; other members' may have to be fetched.
    let found = workspace::metadata(&[&filter[..], &["--offline"]].concat())
        .or_else(|_| workspace::metadata(&filter))
        .unwrap();
    let packages = found["packages"].as_array().unwrap();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|p| !licences::permits(&list, p["license"].as_str().unwrap_or_default()))
        .map(|p| format!("{} {}: {}", p["name"], p["version"], p["license"]))
        .collect();
    none(&wrong);
    assert!(
        packages.len() > 20,
        "{} packages are not all",
        packages.len()
    );
}

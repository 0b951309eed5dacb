//! The workspace as cargo and the file system tell it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A Rust file of ours.
pub struct Source {
    /// Its path from the root of the repository, with `/`.
    pub path: String,
    pub text: String,
}

/// A package of the workspace.
pub struct Member {
    /// The folder, or `src` for the package at the root.
    pub room: String,
    pub package: String,
    pub edition: String,
    pub rust_version: String,
    pub default_run: Option<String>,
    pub is_default: bool,
    pub dependencies: Vec<Dependency>,
    pub features: BTreeMap<String, Vec<String>>,
    pub manifest: String,
}

/// A line of `[dependencies]`, `[dev-dependencies]` or `[build-dependencies]`.
pub struct Dependency {
    pub name: String,
    pub optional: bool,
}

impl Source {
    /// The room that a file is in.
    pub fn room(&self) -> &str {
        match self.path.split_once('/') {
            Some((room, _)) if ROOT_FOLDERS.contains(&room) => "src",
            Some((room, _)) => room,
            None => "src",
        }
    }

    /// True for what is compiled into the product, not only into its tests.
    pub fn is_product(&self) -> bool {
        let mut folders: Vec<&str> = self.path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        name != "tests.rs"
            && !folders
                .iter()
                .any(|f| ["tests", "benches", "examples"].contains(f))
    }
}

/// Folders of the package at the root.
const ROOT_FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Runs `cargo metadata` with these arguments.
pub fn metadata(arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())
}

pub fn members() -> Vec<Member> {
    let found = metadata(&["--no-deps", "--offline"]).unwrap();
    let defaults = found["workspace_default_members"].as_array().unwrap();
    let packages = found["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| member(package, defaults.contains(&package["id"])))
        .collect()
}

fn member(package: &Value, is_default: bool) -> Member {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest_path = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let folder = manifest_path.parent().unwrap();
    let room = if folder == root() {
        "src".into()
    } else {
        relative(folder)
    };
    let dependencies = package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| Dependency {
            name: text(&d["name"]),
            optional: d["optional"].as_bool().unwrap(),
        });
    Member {
        room,
        package: text(&package["name"]),
        edition: text(&package["edition"]),
        rust_version: text(&package["rust_version"]),
        default_run: package["default_run"].as_str().map(str::to_owned),
        is_default,
        dependencies: dependencies.collect(),
        features: serde_json::from_value(package["features"].clone()).unwrap(),
        manifest: std::fs::read_to_string(&manifest_path).unwrap(),
    }
}

/// Every Rust file in the repository.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                // Build outputs are told by the tag that cargo leaves in them.
                if !name.starts_with('.') && !path.join("CACHEDIR.TAG").exists() {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source {
                    path: relative(&path),
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap_or(path);
    inside
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// For the self-tests of the checks: a made-up file.
pub fn made_up(path: &str, text: &str) -> Vec<Source> {
    vec![Source {
        path: path.into(),
        text: text.into(),
    }]
}

/// For the self-tests of the checks: a made-up package that keeps every rule.
pub fn made_up_member(room: &str, dependencies: &[&str]) -> Member {
    Member {
        room: room.into(),
        package: if room == "src" {
            "etalon".into()
        } else {
            format!("etalon-{room}")
        },
        edition: "2024".into(),
        rust_version: "1.95".into(),
        default_run: (room == "src").then(|| "etalon".into()),
        is_default: !["serve", "tables", "python"].contains(&room),
        dependencies: dependencies
            .iter()
            .map(|name| Dependency {
                name: (*name).into(),
                optional: false,
            })
            .collect(),
        features: BTreeMap::new(),
        manifest: "[lints]\nworkspace = true\n".into(),
    }
}

#[test]
fn a_file_knows_its_room_and_whether_it_is_only_a_test() {
    let rows = [
        ("src/main.rs", "src", true),
        ("tests/a.rs", "src", false),
        ("dsp/src/ffe.rs", "dsp", true),
        ("dsp/src/ffe/tests.rs", "dsp", false),
        ("dsp/tests/a.rs", "dsp", false),
        ("build.rs", "src", true),
    ];
    for (path, room, product) in rows {
        let source = &made_up(path, "")[0];
        assert_eq!(
            (source.room(), source.is_product()),
            (room, product),
            "{path}"
        );
    }
}

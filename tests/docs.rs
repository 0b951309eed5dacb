//! Every command of the pages is run with the built binary.
//!
//! A page's fenced `sh` and `console` blocks are a walk: its commands run in order, in a folder
//! of their own that holds a copy of `captures/samples`. Commands on real captures need the
//! shared folder (see `real_captures.rs`) and are left out without it.

#[path = "cli/harness.rs"]
#[allow(dead_code)]
mod harness;

use std::path::{Path, PathBuf};

use harness::{etalon_in, shell_words};

/// Commands that are not run here: they build, test or install the project itself, and `.ci/run`
/// does that. Everything else in a block has to be a command of etalon.
const NOT_RUN: [&str; 8] = [
    "cargo test --release",
    "cargo build --release",
    "cargo install --path .",
    "cargo fmt",
    "cargo clippy",
    "git clone",
    "cd ",
    ".ci/run",
];

/// How a command of etalon begins.
const RUN: [&str; 2] = ["etalon", "cargo run --release --"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shared() -> PathBuf {
    let beside = || root().join("../shared");
    std::env::var_os("ETALON_SHARED").map_or_else(beside, PathBuf::from)
}

/// Every page: those at the root, those of the samples, and `docs` with its folders.
fn pages() -> Vec<PathBuf> {
    let mut found = vec![root().join("captures/samples/README.md")];
    let mut folders = vec![root().join("docs")];
    let markdown = |path: &Path| path.extension().is_some_and(|ending| ending == "md");
    for entry in std::fs::read_dir(root()).unwrap() {
        found.extend(Some(entry.unwrap().path()).filter(|path| markdown(path)));
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if markdown(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The commands of a page's `sh` and `console` blocks, continued lines joined, prompts and
/// comments taken off. In a `console` block only lines with a prompt are commands.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    let mut pending = String::new();
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(info) };
            continue;
        }
        let text = match fence {
            Some("sh") => line.trim(),
            Some("console") => match line.strip_prefix("$ ") {
                Some(text) => text.trim(),
                None if !pending.is_empty() => line.trim(),
                None => continue,
            },
            _ => continue,
        };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(begun) = text.strip_suffix('\\') {
            pending.push_str(begun);
            continue;
        }
        found.push(format!("{pending}{text}"));
        pending.clear();
    }
    found
}

/// Returns what comes after `etalon`, when the command is one of etalon's.
fn words_of(command: &str) -> Option<Vec<String>> {
    let rest = RUN.iter().find_map(|start| {
        let rest = command.strip_prefix(start)?;
        (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
    })?;
    let shared = shared().display().to_string();
    let words = shell_words(rest).into_iter();
    Some(
        words
            .map(|word| word.replace("../shared", &shared))
            .collect(),
    )
}

/// Runs the commands of every page for which `choose` says yes; returns how many were run.
fn run_chosen(choose: impl Fn(&[String]) -> bool) -> usize {
    let mut run = 0;
    for page in pages() {
        let folder = tempfile::tempdir().unwrap();
        copy_samples(folder.path());
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        for command in commands(&std::fs::read_to_string(&page).unwrap()) {
            let Some(words) = words_of(&command) else {
                let known = NOT_RUN.iter().any(|start| command.starts_with(start));
                assert!(
                    known,
                    "{name}: this test does not know how to run: {command}"
                );
                continue;
            };
            if !choose(&words) || left_out(&name, &command) {
                continue;
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ran = etalon_in(folder.path(), &words);
            // What looks and judges may end with findings (1); everything else has to be done (0).
            let looks = ["analyze", "batch", "demo", "diff", "merge", "mpi", "study"]
                .contains(words.first().unwrap_or(&""));
            assert!(
                ran.code == 0 || (ran.code == 1 && looks),
                "{name}: exit {}: {command}\n{}{}",
                ran.code,
                ran.stdout,
                ran.stderr
            );
            run += 1;
        }
    }
    run
}

/// Says whether a command needs captures, or the program `etalon-tables`, that are not there. In
/// CI they have to be.
fn left_out(page: &str, command: &str) -> bool {
    if command.starts_with("etalon table ") && !tables().is_file() {
        let ci = std::env::var("CI").as_deref() == Ok("true");
        assert!(!ci, "CI needs cargo build --release -p etalon-tables");
        println!("{page}: left out, there is no etalon-tables beside etalon: {command}");
        return true;
    }
    if !command.contains("../shared") || shared().join("captures").is_dir() {
        return false;
    }
    let ci = std::env::var("CI").as_deref() == Ok("true");
    assert!(!ci, "CI needs the captures of {}", shared().display());
    println!(
        "{page}: left out, there is no {}: {command}",
        shared().display()
    );
    true
}

/// Where etalon looks for its other program first.
fn tables() -> PathBuf {
    let name = format!("etalon-tables{}", std::env::consts::EXE_SUFFIX);
    Path::new(env!("CARGO_BIN_EXE_etalon")).with_file_name(name)
}

fn copy_samples(folder: &Path) {
    let to = folder.join("captures/samples");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(root().join("captures/samples")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn is_demo(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "demo")
}

#[test]
fn every_command_of_the_pages_works() {
    let run = run_chosen(|words| !is_demo(words));
    println!("{run} commands");
    // 8 of the samples' page alone.
    assert!(run >= 20, "only {run} commands were found");
}

#[test]
fn every_demo_of_the_pages_works() {
    assert!(run_chosen(is_demo) >= 1, "no page shows the demo");
}

#[test]
fn the_readme_has_exactly_two_commands_to_set_up() {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let first = page
        .split("```sh\n")
        .nth(1)
        .and_then(|block| block.split("```").next())
        .unwrap();
    assert_eq!(first, "cargo run --release -- demo\ncargo test --release\n");
}

/// Pages point at pages and pictures that exist.
#[test]
fn links_within_the_repository_lead_somewhere() {
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let path = target.split('#').next().unwrap();
            let there = page.parent().unwrap().join(path).exists();
            assert!(there, "{}: {target}", page.display());
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} links");
}

#[test]
fn commands_are_found_in_blocks_alone() {
    let page = "etalon no\n```sh\n# a comment\netalon a \\\n  b\n```\n```console\n$ etalon c\nits \
                output\n```\n```text\netalon no\n```\n";
    assert_eq!(commands(page), ["etalon a b", "etalon c"]);
    assert_eq!(
        words_of("cargo run --release -- info x").unwrap(),
        ["info", "x"]
    );
    assert_eq!(words_of("etalon").unwrap(), [""; 0]);
    assert_eq!(words_of("etalonx y"), None);
}

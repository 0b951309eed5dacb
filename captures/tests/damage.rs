//! Damaged files: cut at any byte, bytes changed at random. Whatever happens, the answer is a
//! capture whose samples can be read, or a typed error; never a panic.

mod made;

use etalon_captures::{Error, Format, OpenOptions, decode, stats};
use std::path::{Path, PathBuf};

/// Files beyond this are cut before damage is done, to keep each trial short.
const LONGEST: usize = 12_000;

/// A reproducible sequence (Knuth's MMIX constants).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// Made files, and the real ones where they are.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = made::gallery()
        .into_iter()
        .map(|(name, bytes)| (name.to_string(), bytes))
        .collect();
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let real = shared.join("captures");
    if !real.is_dir() {
        println!("left out: no real captures in {}", real.display());
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "CI must have the real captures"
        );
        return files;
    }
    for folder in std::fs::read_dir(&real)
        .unwrap()
        .filter_map(|entry| entry.ok())
    {
        for file in std::fs::read_dir(folder.path())
            .into_iter()
            .flatten()
            .filter_map(|f| f.ok())
        {
            let mut bytes = std::fs::read(file.path()).unwrap();
            bytes.truncate(LONGEST);
            files.push((file.path().display().to_string(), bytes));
        }
    }
    files
}

/// Reads everything there is, as found and as each binary format; says whether it was readable.
fn survives(bytes: &[u8]) -> bool {
    let mut readable = false;
    for format in [
        Format::Auto,
        Format::Npy,
        Format::Npz,
        Format::Trc,
        Format::KeysightBin,
        Format::KeysightH5,
        Format::Mat,
        Format::Wav,
        Format::RigolBin,
        Format::RigolWfm,
        Format::TekWfm,
        Format::TekIsf,
        Format::FlexDca,
        Format::SiglentBin,
    ] {
        let hints = OpenOptions {
            format,
            ..OpenOptions::default()
        };
        match decode(bytes.to_vec(), &hints) {
            Ok(capture) => {
                assert!(!capture.traces.is_empty());
                for trace in &capture.traces {
                    let sums = stats(trace).expect("what was accepted can be read");
                    assert!(sums.samples > 0);
                }
                readable = true;
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!text.is_empty() && text.len() < 600, "{text}");
                let typed = matches!(
                    error,
                    Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
                );
                assert!(typed, "{text}");
            }
        }
    }
    readable
}

#[test]
fn prop_files_cut_at_any_byte_give_samples_or_a_typed_error() {
    let mut draws = Draws(1);
    let mut refused = 0;
    for (_, bytes) in files() {
        for length in 0..bytes.len().min(600) {
            refused += usize::from(!survives(&bytes[..length]));
        }
        for _ in 0..20 {
            survives(&bytes[..draws.below(bytes.len())]);
        }
    }
    // Most of these are headers cut short.
    assert!(refused > 5_000, "{refused}");
}

#[test]
fn prop_files_with_changed_bytes_give_samples_or_a_typed_error() {
    let mut draws = Draws(2);
    for (_, bytes) in files() {
        for trial in 0..200 {
            let mut damaged = bytes.clone();
            // Headers are where a byte matters; every third trial hits anywhere.
            let reach = if trial % 3 == 0 {
                damaged.len()
            } else {
                damaged.len().min(700)
            };
            for _ in 0..=draws.below(4) {
                let at = draws.below(reach);
                damaged[at] = match draws.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => damaged[at] ^ (1 << draws.below(8)),
                    _ => draws.below(256) as u8,
                };
            }
            survives(&damaged);
        }
    }
}

#[test]
fn prop_a_binary_file_that_lost_samples_is_never_read_as_whole() {
    for (name, bytes) in made::gallery() {
        if name.starts_with("csv") {
            continue; // a table has no announced length
        }
        if name.starts_with("wfm") {
            continue; // a checksum and metadata lie behind the samples: see tests/tek_wfm_damage.rs
        }
        for lost in 1..=16 {
            let error = decode(
                bytes[..bytes.len() - lost].to_vec(),
                &OpenOptions::default(),
            );
            match error {
                Err(Error::Malformed { offset, .. }) => {
                    assert_eq!(offset, (bytes.len() - lost) as u64, "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

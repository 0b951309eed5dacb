//! Files that are damaged: the real ones, whole where they are small, and made ones for what no
//! real file is at hand of.

#[path = "seeds/bytes.rs"]
mod bytes;
#[path = "seeds/text.rs"]
mod text;

pub use bytes::{mat_elements, otdr, pack_mat, pack_npz, siglent};
pub use text::{csv, flexdca, osa, pattern, sigmf, touchstone, yokogawa};

use crate::made;
use crate::targets::Target;
use std::path::{Path, PathBuf};

/// Every folder that holds captures.
pub const ALL: &[&str] = &[
    "csv_variants",
    "keysight_bin",
    "lecroy_trc",
    "lecroy_trc_1_0",
    "mat",
    "npy",
    "otdr_sor",
    "rigol_bin",
    "rigol_wfm",
    "rohde_schwarz",
    "tek_isf",
    "tek_wfm",
    "touchstone",
];
/// Larger files are cut here: damage lies in headers, and a long file makes a slow trial.
const LONGEST: usize = 64 << 10;
/// Tables are cut sooner: all of their lines are alike, and each number takes time.
const LONGEST_TEXT: usize = 6 << 10;
/// Between the two files of a pair.
const SPLIT: &[u8] = b"\n--8<--\n";

/// Returns every seed of a target; real files first.
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let real = target.folders.iter().flat_map(|folder| real(folder));
    let seeds: Vec<Vec<u8>> = real.chain((target.made)()).collect();
    assert!(!seeds.is_empty(), "{} has no seed", target.name);
    seeds
}

/// The shared folder, where it is; on CI it has to be.
fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let captures = shared.join("captures");
    if captures.is_dir() {
        return Some(captures);
    }
    println!("left out: no real captures in {}", captures.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have the real captures"
    );
    None
}

/// Reads the files of a folder in the order of their names.
fn real(folder: &str) -> Vec<Vec<u8>> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(shared.join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| head(path)).collect()
}

fn head(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    let text = !bytes.iter().take(256).any(|&b| b < b'\t');
    bytes.truncate(if text { LONGEST_TEXT } else { LONGEST });
    bytes
}

/// Returns the made files whose names begin like this.
pub fn gallery(start: &str) -> Vec<Vec<u8>> {
    let all = made::gallery().into_iter();
    all.filter(|(name, _)| name.starts_with(start))
        .map(|(_, bytes)| bytes)
        .collect()
}

pub fn all() -> Vec<Vec<u8>> {
    let mut seeds = gallery("");
    for more in [flexdca(), siglent(), touchstone(), osa(), otdr(), csv()] {
        seeds.extend(more);
    }
    // One file of each pair alone.
    for pair in [sigmf(), yokogawa(), rohde_schwarz()].concat() {
        seeds.extend(split(&pair).map(<[u8]>::to_vec));
    }
    seeds
}

pub fn bare() -> Vec<Vec<u8>> {
    vec![
        (0..=255).collect(),
        vec![0x7f; 7],
        [1.5_f32; 40].map(f32::to_le_bytes).concat(),
    ]
}

pub fn rigol_bin() -> Vec<Vec<u8>> {
    [gallery("rg"), gallery("mso")].concat()
}

/// Tektronix's; the gallery has Rigol's `.wfm` under the same beginning.
pub fn tek_wfm() -> Vec<Vec<u8>> {
    let all = made::tek::gallery().into_iter();
    all.filter(|(name, _)| name.starts_with("wfm"))
        .map(|(_, bytes)| bytes)
        .collect()
}

/// Real pairs and a made one.
pub fn rohde_schwarz() -> Vec<Vec<u8>> {
    let mut pairs = vec![text::rohde_schwarz()];
    if let Some(shared) = shared() {
        let folder = shared.join("rohde_schwarz");
        for stem in ["rs_rtp_01", "rs_rtp_04"] {
            let part = |end: &str| std::fs::read(folder.join(format!("{stem}{end}"))).unwrap();
            pairs.push(join(&part(".bin"), &part(".Wfm.bin")));
        }
    }
    pairs
}

/// Lays two files into one input.
pub fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first, SPLIT, second].concat()
}

/// Takes an input apart again; without the mark the second file is empty.
pub fn split(input: &[u8]) -> [&[u8]; 2] {
    let mark = input.windows(SPLIT.len()).position(|part| part == SPLIT);
    match mark {
        Some(at) => [&input[..at], &input[at + SPLIT.len()..]],
        None => [input, &[]],
    }
}

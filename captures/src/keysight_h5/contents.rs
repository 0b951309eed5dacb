//! What is in an HDF5 file that is nobody's capture, for its refusal.

use crate::Error;
use crate::hdf5::Node;

/// Groups within groups are listed so far.
const DEPTH: u8 = 4;
/// Datasets that are named.
const SHOWN: usize = 6;
/// Objects that are looked at.
const LOOKED_AT: usize = 200;

/// Refuses a file with a list of its datasets.
pub(super) fn refusal(root: &Node) -> Error {
    let mut found = Listing::default();
    if let Err(error) = found.list(root, "", DEPTH) {
        return error;
    }
    let mut text = found.shown.join(", ");
    if found.more > 0 {
        text = format!("{text} and {} more", found.more);
    }
    if text.is_empty() {
        text = "no datasets".into();
    }
    let text: String = text.chars().take(400).collect();
    Error::unsupported(
        "HDF5",
        format!("neither Keysight's nor MATLAB's, with {text}"),
        "save the samples as .npy, or as MATLAB 7.3",
    )
}

#[derive(Default)]
struct Listing {
    shown: Vec<String>,
    more: usize,
    looked_at: usize,
}

impl Listing {
    fn list(&mut self, group: &Node, path: &str, depth: u8) -> Result<(), Error> {
        for link in group.links()? {
            self.looked_at += 1;
            if self.looked_at > LOOKED_AT {
                return Ok(());
            }
            let node = group.open(&link)?;
            let path = format!("{path}/{}", link.0);
            if !node.is_dataset() {
                if depth > 0 {
                    self.list(&node, &path, depth - 1)?;
                }
            } else if self.shown.len() < SHOWN {
                let summary = match node.dataset() {
                    Ok(dataset) => dataset.summary(),
                    Err(Error::Unsupported { found, .. }) => found,
                    Err(error) => return Err(error),
                };
                self.shown.push(format!("`{path:.64}` ({summary})"));
            } else {
                self.more += 1;
            }
        }
        Ok(())
    }
}

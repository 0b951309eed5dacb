//! MATLAB files of level 7.3 (`save -v7.3`): HDF5 behind a text header of 512 bytes.
//!
//! A variable is a dataset of the root group whose attribute `MATLAB_class` names its class; its
//! axes are those of MATLAB backwards, so that the numbers are in the same order as in level 5
//! and the same rules make traces of them. A complex array has elements of `real` and `imag`.
//! Empty arrays are marked by `MATLAB_empty` and have their dimensions instead of numbers.
//! Structs are groups; cells and objects refer to `#refs#`.
//!
//! Source: what `whos` and HDF5 tools show of such files; MathWorks publishes the container
//! only. No real file seen; those of `h5py` and `hdf5storage` are.

use super::variables::{Found, Numbers, Variable};
use super::{FORMAT, SOURCE, UNIT};
use crate::Error;
use crate::bytes::Bytes;
use crate::hdf5::{Dataset, Datatype, File, Node, Part, Value};
use crate::trace::Capture;
use std::sync::Arc;

const CLASS: &str = "MATLAB_class";
/// Children that are looked at for marks of MATLAB.
const LOOKED_AT: usize = 200;
/// Characters of a unit or a label.
const TEXT_LIMIT: u64 = 256;

/// Says whether a group has variables with MATLAB's marks.
pub(crate) fn marked(root: &Node) -> Result<bool, Error> {
    for link in root.links()?.iter().take(LOOKED_AT) {
        if class(&root.open(link)?.attributes()?).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Describes a file as traces, in the order of its root group.
pub(super) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let file = File::open(bytes, FORMAT)?;
    let root = file.root()?;
    let mut found = Found::default();
    for link in root.links()? {
        // Where cells and objects keep what they refer to.
        if !link.0.starts_with('#') {
            variable(&root.open(&link)?, &mut found)?;
        }
    }
    found.into_capture()
}

fn class(attributes: &[(String, Value)]) -> Option<&str> {
    let value = attributes.iter().find(|(name, _)| name == CLASS)?;
    value.1.text()
}

/// Sorts one variable.
fn variable(node: &Node, found: &mut Found) -> Result<(), Error> {
    let name = node.name().to_string();
    let attributes = node.attributes()?;
    let class = class(&attributes).unwrap_or("").to_string();
    let is = |mark: &str| attributes.iter().any(|(own, _)| own == mark);
    let reason = if is("MATLAB_sparse") {
        "sparse".into()
    } else if is("MATLAB_object_decode") {
        "object".into()
    } else if !node.is_dataset() {
        "struct".into()
    } else if is("MATLAB_empty") {
        "empty".into()
    } else {
        match node.dataset() {
            Ok(dataset) => match numbers(&name, &class, dataset, found)? {
                None => return Ok(()),
                Some(reason) => reason,
            },
            Err(Error::Unsupported { found, .. }) => found,
            Err(error) => return Err(error),
        }
    };
    found.left_out.push(format!("`{name}` ({reason})"));
    Ok(())
}

/// Takes a dataset; returns why it holds no samples, if it does not.
fn numbers(
    name: &str,
    class: &str,
    dataset: Dataset,
    found: &mut Found,
) -> Result<Option<String>, Error> {
    if class == "char" {
        match name {
            UNIT => found.unit = text(&dataset)?.unwrap_or_default(),
            SOURCE => found.source = text(&dataset)?.filter(|name| !name.is_empty()),
            _ => return Ok(Some("text".into())),
        }
        return Ok(None);
    }
    if !matches!(class, "" | "double" | "single" | "logical") && !class.contains("int") {
        return Ok(Some(class.to_string()));
    }
    // Axes backwards; a bare number and a vector of other software have fewer than two.
    let dimensions = match dataset.shape[..] {
        [] => [1, 1],
        [rows] => [rows, 1],
        [columns, rows] => [rows, columns],
        _ => return Ok(Some(format!("{} dimensions", dataset.shape.len()))),
    };
    if dataset.count() == 0 {
        return Ok(Some("empty".into()));
    }
    let parts: Vec<Part> = match &dataset.datatype {
        Datatype::Number(cell, order) => vec![(0, *cell, *order)],
        other => match other.complex() {
            Some(parts) => parts.to_vec(),
            None => return Ok(Some(other.name())),
        },
    };
    let dataset = Arc::new(dataset);
    let parts = parts.into_iter();
    found.numeric(Variable {
        name: name.into(),
        dimensions,
        parts: parts
            .map(|part| Numbers::Hdf5(dataset.clone(), part))
            .collect(),
    })?;
    Ok(None)
}

/// Reads a short text, which is a matrix of 16-bit characters.
fn text(dataset: &Dataset) -> Result<Option<String>, Error> {
    let Datatype::Number(cell, order) = dataset.datatype else {
        return Ok(None);
    };
    let count = dataset.count();
    if count > TEXT_LIMIT || dataset.shape.len() > 2 || !dataset.shape.contains(&count) {
        return Ok(None);
    }
    // A single row: MATLAB's columns are the first axis.
    let axis = usize::from(dataset.shape[0] != count);
    let mut codes = vec![0.0; count as usize];
    dataset
        .samples((0, cell, order), axis, 0)
        .read(0, (1.0, 0.0), &mut codes)?;
    let units: Vec<u16> = codes.iter().map(|&code| code as u16).collect();
    let text = String::from_utf16_lossy(&units);
    Ok(Some(crate::hdf5::printable(text.trim_matches(['\0', ' ']))))
}

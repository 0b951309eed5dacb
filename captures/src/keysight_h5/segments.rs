//! The datasets of one waveform: a single one, one for each segment, or a table of rows.

use super::{Attributes, numeric};
use crate::Error;
use crate::hdf5::{Dataset, Datatype, Node};
use crate::trace::{Cell, Trace};
use etalon_types::WaveformInfo;

/// One record of samples.
pub(super) struct Segment {
    dataset: Dataset,
    /// Row of a table.
    row: u64,
    pub(super) samples: u64,
    /// One of several segments by its name, or a row.
    pub(super) numbered: bool,
    pub(super) time_tag_s: Option<f64>,
    pub(super) origin_s: Option<f64>,
}

impl Segment {
    /// Says whether the samples are values rather than codes.
    pub(super) fn floats(&self) -> bool {
        let Datatype::Number(cell, _) = self.dataset.datatype else {
            return false;
        };
        matches!(cell, Cell::F32 | Cell::F64)
    }

    /// Joins the samples with their description.
    pub(super) fn trace(&self, info: WaveformInfo) -> Trace {
        let Datatype::Number(cell, order) = self.dataset.datatype else {
            unreachable!("only numbers become segments");
        };
        let axis = self.dataset.shape.len() - 1;
        self.dataset
            .samples((0, cell, order), axis, self.row)
            .trace(info)
    }
}

/// Orders names by the numbers in them: `Channel 2` before `Channel 10`.
pub(super) fn by_number(name: &str) -> (String, u64, String) {
    let digits = |c: char| c.is_ascii_digit();
    let start = name.find(digits).unwrap_or(name.len());
    let (word, rest) = name.split_at(start);
    let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    // Too long for a number: behind all others.
    let number = number.parse().unwrap_or(u64::MAX);
    (word.to_string(), number, rest.to_string())
}

/// Returns the number of a segment's dataset: 12 of `Channel 1 Seg12Data`.
fn segment_number(name: &str) -> Option<u64> {
    let (_, rest) = name.rsplit_once("Seg")?;
    rest.strip_suffix("Data")?.trim().parse().ok()
}

/// Finds the records of a waveform, segments by their numbers.
pub(super) fn segments(group: &Node) -> Result<Vec<Segment>, Error> {
    let links = group.links()?;
    let mut named: Vec<_> = links
        .iter()
        .filter_map(|link| segment_number(&link.0).map(|number| (number, link)))
        .collect();
    named.sort_by_key(|(number, _)| *number);
    let numbered = !named.is_empty();
    let chosen = match numbered {
        true => named.into_iter().map(|(_, link)| link).collect(),
        false => links.iter().collect::<Vec<_>>(),
    };
    let mut segments = Vec::new();
    for link in chosen {
        let node = group.open(link)?;
        if !node.is_dataset() {
            continue;
        }
        let dataset = node.dataset()?;
        if !numeric(&dataset) {
            continue;
        }
        let attributes = Attributes::of(&node)?;
        let finite = |name| attributes.number(name).filter(|x| x.is_finite());
        let (rows, samples) = match dataset.shape[..] {
            [rows, samples] => (rows, samples),
            _ => (1, dataset.count()),
        };
        // A table has one tag for all of its rows, which says nothing.
        let tag = finite("SegmentedTimeTag").filter(|_| rows == 1);
        for row in 0..rows {
            segments.push(Segment {
                dataset: dataset.clone(),
                row,
                samples,
                numbered,
                time_tag_s: tag,
                origin_s: finite("SegmentedXOrg").filter(|_| rows == 1),
            });
            if segments.len() as u64 > super::TRACE_LIMIT {
                return Ok(segments);
            }
        }
        // Without numbers there is one record; what stands beside it is something else.
        if !numbered {
            break;
        }
    }
    Ok(segments)
}

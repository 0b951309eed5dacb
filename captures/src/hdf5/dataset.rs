//! A dataset: shape, type of its elements, and where they lie.

use super::chunked::{Chunked, Line};
use super::header::{self, Header, Message};
use super::layout::Layout;
use super::{Datatype, File, datatype, filters, unsupported};
use crate::bytes::Bytes;
use crate::trace::{Cell, Stored, Trace};
use crate::{ByteOrder, Error};
use etalon_types::WaveformInfo;
use std::sync::Arc;

/// Where the elements lie.
#[derive(Clone)]
pub(super) enum Place {
    /// One after the other from this byte on.
    At(u64),
    /// In chunks.
    Chunked(Arc<Chunked>),
}

/// A described dataset.
#[derive(Clone)]
pub(crate) struct Dataset {
    bytes: Bytes,
    /// Lengths along the axes, the last one fastest; none for a single element.
    pub(crate) shape: Vec<u64>,
    pub(crate) datatype: Datatype,
    /// Bytes of an element.
    pub(super) element: u64,
    pub(super) place: Place,
}

/// A number within an element: its first byte, width and order.
pub(crate) type Part = (u32, Cell, ByteOrder);

/// Samples along one axis of a dataset.
pub(crate) enum Samples {
    Stored(Stored),
    Chunked(Line),
}

impl Samples {
    /// Reads samples from `first` on; the caller has checked that they are there.
    ///
    /// # Errors
    /// As [`crate::open`], for bytes that cannot be read or unpacked.
    pub(crate) fn read(
        &self,
        first: u64,
        scaling: (f64, f64),
        out: &mut [f64],
    ) -> Result<(), Error> {
        match self {
            Self::Stored(stored) => stored
                .read(first, scaling, out)
                .map_err(|e| stored.bytes.io_error(e)),
            Self::Chunked(line) => line.read(first, scaling, out),
        }
    }

    /// Joins the samples with their description.
    pub(crate) fn trace(self, info: WaveformInfo) -> Trace {
        match self {
            Self::Stored(stored) => Trace::stored(info, stored),
            Self::Chunked(line) => Trace::chunked(info, line),
        }
    }
}

impl Dataset {
    pub(super) fn read(file: &File, name: &str, header: &Header) -> Result<Self, Error> {
        let message = |kind, what: &str| {
            header.find(kind).ok_or_else(|| {
                let (expected, found) = (format!("a message of type {kind}"), "none");
                file.malformed(header.place, format!("{what} of `{name}`"), expected, found)
            })
        };
        let field = format!("shape of `{name}`");
        let space = message(header::DATASPACE, "shape")?;
        let shape = datatype::shape(file, &field, &space.body)?;
        let field = format!("type of `{name}`");
        let datatype = element_type(file, &field, message(header::DATATYPE, "type")?)?;
        if header.find(header::EXTERNAL_FILES).is_some() {
            return Err(unsupported(format!(
                "the data of `{name}` are in other files"
            )));
        }
        let element = datatype.size(file.address_width);
        let filters = match header.find(header::FILTERS) {
            Some(message) => filters::read(file, name, &message.body)?,
            None => Vec::new(),
        };
        let shape = shape.unwrap_or_else(|| vec![0]);
        let count: u64 = shape.iter().product();
        let Some(size) = count.checked_mul(element) else {
            let expected = format!("below 2^64 bytes of elements of {element}");
            let field = format!("shape of `{name}`");
            return Err(file.malformed(space.body.offset, field, expected, count.to_string()));
        };
        let mut dataset = Self {
            bytes: file.bytes.clone(),
            shape,
            datatype,
            element,
            place: Place::At(0),
        };
        if count > 0 {
            let layout = message(header::LAYOUT, "layout")?;
            dataset.place = Layout {
                file,
                name,
                size,
                dataset: &dataset,
            }
            .read(&layout.body, filters)?;
        }
        Ok(dataset)
    }

    /// Returns the number of elements.
    pub(crate) fn count(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Describes the dataset in a few words.
    pub(crate) fn summary(&self) -> String {
        let lengths: Vec<String> = self.shape.iter().map(u64::to_string).collect();
        match lengths.len() {
            0 => self.datatype.name(),
            _ => format!("{} {}", lengths.join(" x "), self.datatype.name()),
        }
    }

    /// Returns the samples along `axis`, at place `across` of the other one; of at most two axes.
    pub(crate) fn samples(&self, (at, cell, order): Part, axis: usize, across: u64) -> Samples {
        let last = self.shape.len().saturating_sub(1);
        let width = self.shape.last().copied().unwrap_or(1);
        match &self.place {
            Place::At(place) => {
                let (step, other) = if axis == last { (1, width) } else { (width, 1) };
                Samples::Stored(Stored {
                    bytes: self.bytes.clone(),
                    first_byte: place + u64::from(at) + across * other * self.element,
                    stride: step * self.element,
                    cell,
                    order,
                })
            }
            Place::Chunked(chunked) => Samples::Chunked(Line {
                chunked: chunked.clone(),
                part: (at, cell, order),
                axis,
                across,
            }),
        }
    }
}

/// Reads a type, which another object may have.
fn element_type(file: &File, field: &str, message: &Message) -> Result<Datatype, Error> {
    if !message.shared {
        return Datatype::read(file, field, &message.body);
    }
    let mut fields = file.fields(field, &message.body);
    let version = fields.version(&[1, 2, 3])?;
    let kind = fields.u8()?;
    if version == 3 && kind != 2 {
        return Err(unsupported(format!("the {field} is kept in a heap")));
    }
    fields.skip(if version == 1 { 6 } else { 0 })?;
    let owner = Header::read(file, field, fields.defined(field)?)?;
    match owner.find(header::DATATYPE) {
        Some(message) if !message.shared => Datatype::read(file, field, &message.body),
        _ => Err(file.malformed(owner.place, field, "a type of its own", "none")),
    }
}

//! The layout message: where the elements of a dataset lie.

use super::chunked::Chunked;
use super::dataset::{Dataset, Place};
use super::fields::Fields;
use super::filters::Filter;
use super::index::{Grid, Index};
use super::{File, unsupported};
use crate::Error;
use crate::bytes::Block;
use std::sync::Arc;

/// Reads the layout message.
pub(super) struct Layout<'a> {
    pub(super) file: &'a File,
    pub(super) name: &'a str,
    /// Bytes of all elements.
    pub(super) size: u64,
    pub(super) dataset: &'a Dataset,
}

impl Layout<'_> {
    pub(super) fn read(&self, body: &Block, filters: Vec<Filter>) -> Result<Place, Error> {
        let field = format!("layout of `{}`", self.name);
        let mut fields = self.file.fields(&field, body);
        // Version 5 differs from 4 in the widths of sizes, which the indexes say themselves.
        let version = fields.version(&[1, 2, 3, 4, 5])?.min(4);
        let rank = if version < 3 { fields.u8()? } else { 0 };
        let class = fields.u8()?;
        fields.skip(if version < 3 { 5 } else { 0 })?;
        match class {
            0 => self.compact(&mut fields, version, rank),
            1 => {
                let place = fields.address()?;
                // Before version 3 the dimensions follow, which say nothing new.
                let size = if version < 3 {
                    self.size
                } else {
                    fields.length()?
                };
                self.contiguous(place, size, body.offset)
            }
            2 => self.chunked(&mut fields, (version, rank), filters),
            3 => Err(unsupported(format!(
                "`{}` is made of parts of other datasets",
                self.name
            ))),
            other => {
                let expected = "compact, contiguous or chunked (0, 1 or 2)";
                Err(fields.refuse(&field, expected, other.to_string()))
            }
        }
    }

    fn compact(&self, fields: &mut Fields, version: u8, rank: u8) -> Result<Place, Error> {
        let length = if version < 3 {
            fields.skip(4 * usize::from(rank))?;
            u64::from(fields.u32()?)
        } else {
            u64::from(fields.u16()?)
        };
        let place = fields.place();
        fields.skip(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.contiguous(Some(place), length, place)
    }

    fn contiguous(&self, place: Option<u64>, size: u64, at: u64) -> Result<Place, Error> {
        let Some(place) = place else {
            return Err(unsupported(format!("`{}` was never written", self.name)));
        };
        let field = format!("data of `{}`", self.name);
        if size != self.size {
            let expected = format!("{} bytes for shape {:?}", self.size, self.dataset.shape);
            return Err(self
                .file
                .malformed(at, field, expected, format!("{size} bytes")));
        }
        self.file
            .bytes
            .require(self.file.format, &field, place, size)?;
        Ok(Place::At(place))
    }

    fn chunked(
        &self,
        fields: &mut Fields,
        (version, rank): (u8, u8),
        filters: Vec<Filter>,
    ) -> Result<Place, Error> {
        let (mut flags, mut tree, mut width) = (0, None, 4);
        let axes = match version {
            4 => {
                flags = fields.u8()?;
                let axes = fields.u8()?;
                width = usize::from(fields.u8()?);
                axes
            }
            3 => {
                let axes = fields.u8()?;
                tree = fields.address()?;
                axes
            }
            _ => {
                tree = fields.address()?;
                rank
            }
        };
        let grid = self.grid(fields, axes, width, !filters.is_empty())?;
        let name = format!("`{}`", self.name);
        if flags & 1 != 0 && !filters.is_empty() {
            return Err(unsupported(format!("{name} has bare chunks at its edges")));
        }
        let index = match version {
            4 => Index::read(fields, &name, flags)?,
            _ => Index::Tree,
        };
        let at = fields.place();
        let place = match index {
            Index::Tree => tree,
            _ => fields.address()?,
        };
        let Some(place) = place else {
            return Err(unsupported(format!("{name} was never written")));
        };
        let chunks = index.chunks(self.file, &name, &grid, (at, place))?;
        let element = self.dataset.element;
        let chunked = Chunked::new(self.file, &name, element, grid, filters, chunks)?;
        Ok(Place::Chunked(Arc::new(chunked)))
    }

    /// Reads the lengths of a chunk along the axes, behind which its element's size is.
    fn grid(
        &self,
        fields: &mut Fields,
        axes: u8,
        width: usize,
        filtered: bool,
    ) -> Result<Grid, Error> {
        let field = format!("chunk of `{}`", self.name);
        let shape = &self.dataset.shape;
        let place = fields.place();
        let rank = usize::from(axes).saturating_sub(1);
        if rank != shape.len() || rank == 0 || !(1..=8).contains(&width) {
            let expected = format!("{} dimensions of 1 to 8 bytes", shape.len() + 1);
            let found = format!("{axes} of {width} bytes");
            return Err(self.file.malformed(place, field, expected, found));
        }
        let mut chunk = Vec::new();
        for _ in 0..rank {
            chunk.push(fields.number(width)?);
        }
        let element = fields.number(width)?;
        let bytes = chunk.iter().try_fold(element, |all, &n| all.checked_mul(n));
        let fits = bytes.filter(|&n| n > 0 && element == self.dataset.element);
        let Some(chunk_bytes) = fits else {
            let expected = format!(
                "lengths of 1 and more, and elements of {} bytes",
                self.dataset.element
            );
            let found = format!("{chunk:?} of {element} bytes");
            return Err(self.file.malformed(place, field, expected, found));
        };
        Ok(Grid {
            shape: shape.clone(),
            chunk,
            chunk_bytes,
            filtered,
        })
    }
}

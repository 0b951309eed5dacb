//! Attributes: single numbers and short texts by name; anything else by its type.

use super::fractal_heap::{self, FractalHeap};
use super::header::{self, Header};
use super::heap::global_text;
use super::{Datatype, File, datatype, printable, unsupported};
use crate::Error;
use crate::bytes::{Block, latin};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// One number of any kind.
    Number(f64),
    /// Text without what pads it.
    Text(String),
    /// Several values, or one that is neither.
    Other,
}

impl Value {
    /// Returns the number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads all attributes of an object.
pub(super) fn read_all(
    file: &File,
    name: &str,
    header: &Header,
) -> Result<Vec<(String, Value)>, Error> {
    let mut attributes = Vec::new();
    for message in &header.messages {
        match message.kind {
            header::ATTRIBUTE => {
                if message.shared {
                    let name = printable(name);
                    let found = format!("an attribute of `{name}` is kept with other objects'");
                    return Err(unsupported(found));
                }
                attributes.push(attribute(file, name, &message.body)?);
            }
            header::ATTRIBUTE_INFO => in_heap(file, name, &message.body, &mut attributes)?,
            _ => {}
        }
    }
    Ok(attributes)
}

/// Reads the attributes that are kept in a heap.
fn in_heap(
    file: &File,
    name: &str,
    body: &Block,
    attributes: &mut Vec<(String, Value)>,
) -> Result<(), Error> {
    /// Records of attributes by their names, which begin with where the attribute is.
    const BY_NAME: (u8, (usize, usize)) = (8, (0, 8));
    let field = format!("attribute info of `{name}`");
    let mut fields = file.fields(&field, body);
    fields.version(&[0])?;
    let flags = fields.u8()?;
    fields.skip(if flags & 1 != 0 { 2 } else { 0 })?;
    let Some(heap) = fields.address()? else {
        return Ok(());
    };
    let heap = FractalHeap::read(file, heap)?;
    fractal_heap::names(file, fields.defined(&field)?, BY_NAME, &mut |object| {
        let body = heap.object(file, object)?;
        attributes.push(attribute(file, name, &body)?);
        Ok(())
    })
}

/// Reads one attribute.
fn attribute(file: &File, owner: &str, body: &Block) -> Result<(String, Value), Error> {
    let field = format!("attribute of `{owner}`");
    let mut fields = file.fields(&field, body);
    let version = fields.version(&[1, 2, 3])?;
    let flags = fields.u8()?;
    let lengths = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
    fields.skip(if version == 3 { 1 } else { 0 })?;
    // Name, type and shape, each padded in version 1.
    let mut parts = Vec::new();
    for length in lengths {
        let start = fields.at();
        let offset = fields.place();
        let bytes = fields.bytes(length)?.to_vec();
        if version == 1 {
            fields.pad(start)?;
        }
        parts.push(Block {
            offset,
            bytes,
            order: body.order,
        });
    }
    let name = latin(parts[0].bytes.split(|&b| b == 0).next().unwrap_or(&[]));
    let name = printable(&name);
    // A type or a shape that another object has.
    if version > 1 && flags & 3 != 0 {
        return Ok((name, Value::Other));
    }
    let field = format!("attribute `{name}` of `{owner}`");
    let datatype = Datatype::read(file, &field, &parts[1])?;
    let shape = datatype::shape(file, &field, &parts[2])?;
    let single = shape.is_some_and(|shape| shape.iter().all(|&n| n == 1));
    if !single {
        return Ok((name, Value::Other));
    }
    let width = datatype.size(file.address_width);
    let raw = fields.bytes(usize::try_from(width).unwrap_or(usize::MAX))?;
    Ok((name, value(file, &datatype, raw)?))
}

/// Decodes one element.
fn value(file: &File, datatype: &Datatype, raw: &[u8]) -> Result<Value, Error> {
    Ok(match datatype {
        Datatype::Number(cell, order) => {
            let mut number = [0.0];
            cell.decode(*order, raw, raw.len(), (1.0, 0.0), &mut number);
            Value::Number(number[0])
        }
        Datatype::Text(_) => fixed_text(raw),
        Datatype::HeapText => {
            let block = Block {
                offset: 0,
                bytes: raw.to_vec(),
                order: crate::ByteOrder::Little,
            };
            let mut fields = file.fields("text in a global heap", &block);
            let length = u64::from(fields.u32()?);
            let collection = fields.address()?;
            let index = u64::from(fields.u32()?);
            let text = match collection {
                Some(collection) if length > 0 => global_text(file, length, collection, index)?,
                _ => Some(String::new()),
            };
            text.map_or(Value::Other, |text| Value::Text(printable(text.trim_end())))
        }
        _ => Value::Other,
    })
}

/// Decodes text that ends at a zero byte or at its width.
fn fixed_text(raw: &[u8]) -> Value {
    let text = raw.split(|&b| b == 0).next().unwrap_or(&[]);
    Value::Text(printable(latin(text).trim_end()))
}

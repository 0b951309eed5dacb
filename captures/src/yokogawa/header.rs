//! The text of a `.hdr`.

use super::{FORMAT, HEADER_LIMIT};
use crate::bytes::{Bytes, latin};
use crate::{ByteOrder, Error};
use std::collections::HashMap;

/// Groups and traces of real files number below a hundred.
const GROUP_LIMIT: usize = 1024;

/// A value with its byte in the file.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) place: u64,
    pub(super) text: String,
}

impl Word {
    /// Names this word in an error.
    pub(super) fn refuse(&self, field: &str, expected: impl Into<String>) -> Error {
        let found = format!("`{:.40}`", self.text);
        Error::malformed(FORMAT, self.place, field, expected, found)
    }

    pub(super) fn count(&self, field: &str) -> Result<u64, Error> {
        let count = self.text.parse().ok();
        count.ok_or_else(|| self.refuse(field, "a whole number from 0 on"))
    }

    /// Reads a number; `?` stands for one that is not known.
    pub(super) fn number(&self, field: &str) -> Result<Option<f64>, Error> {
        if self.text == "?" {
            return Ok(None);
        }
        let number = self.text.parse().ok().filter(|x: &f64| x.is_finite());
        let number = number.ok_or_else(|| self.refuse(field, "a number"))?;
        Ok(Some(number))
    }
}

/// The lines of one section; a key that comes again goes on with its values.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    place: u64,
    words: HashMap<String, Vec<Word>>,
}

impl Section {
    /// Returns the values of a key; none when it is not there.
    pub(super) fn all(&self, key: &str) -> &[Word] {
        self.words.get(key).map_or(&[], Vec::as_slice)
    }

    /// Returns value `index` of a key that has to be there.
    pub(super) fn word(&self, key: &str, index: usize) -> Result<&Word, Error> {
        self.all(key).get(index).ok_or_else(|| {
            let expected = format!("value {} of `{key}`", index + 1);
            let found = format!("{} values", self.all(key).len());
            Error::malformed(FORMAT, self.place, key, expected, found)
        })
    }
}

/// Order of blocks and traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataFormat {
    Trace,
    Block,
}

/// What the header says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) order: ByteOrder,
    pub(super) data_format: DataFormat,
    pub(super) data_offset: u64,
    pub(super) groups: Vec<Section>,
}

impl Header {
    /// Parses the whole file.
    pub(super) fn read(file: &Bytes) -> Result<Self, Error> {
        if file.len() > HEADER_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "header in bytes".into(),
                limit: HEADER_LIMIT,
                found: file.len(),
            });
        }
        let text = file.head(HEADER_LIMIT as usize)?;
        let (public, groups) = sections(&text)?;
        let order = public.word("Endian", 0)?;
        let order = match order.text.to_ascii_lowercase().as_str() {
            "big" => ByteOrder::Big,
            "ltl" | "little" => ByteOrder::Little,
            _ => return Err(order.refuse("Endian", "`Big` or `Ltl`")),
        };
        let data_format = public.word("DataFormat", 0)?;
        let data_format = match data_format.text.to_ascii_lowercase().as_str() {
            "trace" => DataFormat::Trace,
            "block" => DataFormat::Block,
            _ => return Err(data_format.refuse("DataFormat", "`Trace` or `Block`")),
        };
        let data_offset = match public.all("DataOffset").first() {
            Some(word) => word.count("DataOffset")?,
            None => 0,
        };
        if let Some(word) = public.all("GroupNumber").first()
            && word.count("GroupNumber")? != groups.len() as u64
        {
            let expected = format!("{}, the number of `$Group` sections", groups.len());
            return Err(word.refuse("GroupNumber", expected));
        }
        if groups.is_empty() {
            return Err(Error::malformed(
                FORMAT,
                file.len(),
                "groups",
                "a section `$Group1`",
                "none",
            ));
        }
        Ok(Self {
            order,
            data_format,
            data_offset,
            groups,
        })
    }
}

/// Parts the text into the public section and the groups.
fn sections(text: &[u8]) -> Result<(Section, Vec<Section>), Error> {
    let mut public = Section::default();
    let mut groups: Vec<Section> = Vec::new();
    let mut in_group = false;
    let mut within = true;
    let mut place = 0_u64;
    for line in text.split_inclusive(|&b| b == b'\n') {
        let words = words(line, place);
        let start = place;
        place += line.len() as u64;
        let Some((key, values)) = words.split_first() else {
            continue;
        };
        let key = key.text.as_str();
        if let Some(name) = key.strip_prefix('$') {
            in_group = name.starts_with("Group");
            // DL850E names the first section otherwise; a later one of that name is private.
            within = in_group || name == "PublicInfo" || groups.is_empty();
            if in_group {
                groups.push(Section {
                    place: start,
                    ..Section::default()
                });
            }
            if groups.len() > GROUP_LIMIT {
                return Err(Error::Limit {
                    format: FORMAT,
                    field: "groups".into(),
                    limit: GROUP_LIMIT as u64,
                    found: groups.len() as u64,
                });
            }
        } else if within && !key.starts_with("//") {
            let section = match groups.last_mut() {
                Some(group) if in_group => group,
                _ => &mut public,
            };
            let known = section.words.entry(key.to_string()).or_default();
            known.extend_from_slice(values);
        }
    }
    Ok((public, groups))
}

fn words(line: &[u8], place: u64) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = place;
    for part in line.split(u8::is_ascii_whitespace) {
        if !part.is_empty() {
            words.push(Word {
                place: at,
                text: latin(part),
            });
        }
        at += part.len() as u64 + 1;
    }
    words
}

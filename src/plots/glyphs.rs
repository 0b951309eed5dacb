//! Advance widths and left bearings of the font, read from its own tables.
//!
//! The bitmap backend sets a glyph at the pen without its left side bearing, which makes letters
//! stick together; and it measures in whole pixels. Both figures stand in the `hmtx` table
//! (OpenType 1.9; `cmap` format 4 tells which glyph a character is), so they are read once and
//! letters are set one by one.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::scene::Weight;

/// A glyph's horizontal measures, in ems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Glyph {
    /// How far the pen moves on.
    pub advance: f64,
    /// Distance from the pen to the left edge of the ink.
    pub bearing: f64,
}

/// What a character without a glyph takes.
const MISSING: Glyph = Glyph {
    advance: 0.6,
    bearing: 0.0,
};

/// Returns the measures of a character.
pub(super) fn glyph(c: char, weight: Weight) -> Glyph {
    static REGULAR: OnceLock<HashMap<u16, Glyph>> = OnceLock::new();
    static BOLD: OnceLock<HashMap<u16, Glyph>> = OnceLock::new();
    let table = match weight {
        Weight::Regular => REGULAR.get_or_init(|| read(notosans::REGULAR_TTF).unwrap_or_default()),
        Weight::Bold => BOLD.get_or_init(|| read(notosans::BOLD_TTF).unwrap_or_default()),
    };
    u16::try_from(c as u32)
        .ok()
        .and_then(|code| table.get(&code))
        .copied()
        .unwrap_or(MISSING)
}

/// Bytes of a font, read without ever going past their end.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn from(self, offset: usize) -> Option<Self> {
        self.0.get(offset..).map(Self)
    }

    fn word(self, offset: usize) -> Option<u16> {
        Some(u16::from_be_bytes(
            self.0.get(offset..offset + 2)?.try_into().ok()?,
        ))
    }

    fn long(self, offset: usize) -> Option<usize> {
        Some(u32::from_be_bytes(self.0.get(offset..offset + 4)?.try_into().ok()?) as usize)
    }

    /// Finds a table of the font by its tag.
    fn table(self, tag: &[u8; 4]) -> Option<Bytes<'a>> {
        (0..usize::from(self.word(4)?))
            .map(|i| 12 + 16 * i)
            .find(|at| self.0.get(*at..*at + 4) == Some(tag))
            .and_then(|at| self.from(self.long(at + 8)?))
    }
}

/// Reads the measures of every character of the basic multilingual plane.
fn read(font: &[u8]) -> Option<HashMap<u16, Glyph>> {
    let font = Bytes(font);
    let em = f64::from(font.table(b"head")?.word(18)?);
    let long_metrics = usize::from(font.table(b"hhea")?.word(34)?);
    let measures = font.table(b"hmtx")?;
    let measure = |id: usize| {
        // Glyphs beyond the last full entry share its advance and have bearings of their own.
        let entry = id.min(long_metrics.checked_sub(1)?);
        let advance = measures.word(4 * entry)?;
        let bearing = if id < long_metrics {
            4 * id + 2
        } else {
            4 * long_metrics + 2 * (id - long_metrics)
        };
        let bearing = measures.word(bearing)?.cast_signed();
        Some(Glyph {
            advance: f64::from(advance) / em,
            bearing: f64::from(bearing) / em,
        })
    };
    let mapping = format_four(font.table(b"cmap")?)?;
    let segments = usize::from(mapping.word(6)?) / 2;
    let mut glyphs = HashMap::new();
    for segment in 0..segments {
        let at = |part: usize| mapping.word(14 + 2 * segment + part);
        // End codes, two bytes of padding, start codes, deltas, range offsets.
        let (end, start) = (at(0)?, at(2 * segments + 2)?);
        let (delta, range) = (at(4 * segments + 2)?, at(6 * segments + 2)?);
        for code in start..=end.min(0xfffe) {
            let id = if range == 0 {
                code.wrapping_add(delta)
            } else {
                // The offset counts from where it stands itself.
                let here = 14 + 6 * segments + 2 + 2 * segment;
                let id = mapping.word(here + usize::from(range) + 2 * usize::from(code - start))?;
                if id == 0 { 0 } else { id.wrapping_add(delta) }
            };
            if id != 0
                && let Some(glyph) = measure(usize::from(id))
            {
                glyphs.insert(code, glyph);
            }
        }
    }
    Some(glyphs)
}

/// Finds the first mapping in format 4.
fn format_four(table: Bytes<'_>) -> Option<Bytes<'_>> {
    (0..usize::from(table.word(2)?))
        .filter_map(|i| table.from(table.long(4 + 8 * i + 4)?))
        .find(|mapping| mapping.word(0) == Some(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::style::font;

    #[test]
    fn ref_widths_are_those_that_the_font_library_measures() {
        for weight in [Weight::Regular, Weight::Bold] {
            for c in "Wi0.−µσ→×ß".chars() {
                let (width, _) = font(1000.0, weight).box_size(&c.to_string()).unwrap();
                let ours = 1000.0 * glyph(c, weight).advance;
                // It gives whole pixels, cut off.
                assert!(
                    (ours - f64::from(width)).abs() < 1.001,
                    "{c}: {ours} {width}"
                );
            }
        }
        assert!(
            glyph('j', Weight::Regular).bearing < 0.0,
            "j reaches to the left of its pen"
        );
        assert!(
            glyph('H', Weight::Regular).bearing > 0.05,
            "H stands away from its pen"
        );
        assert_eq!(glyph('😀', Weight::Regular), MISSING);
    }

    #[test]
    fn prop_a_cut_font_gives_nothing_and_no_panic() {
        let font = notosans::REGULAR_TTF;
        for length in (0..600).chain((600..font.len()).step_by(9973)) {
            let _ = read(&font[..length]);
        }
        assert!(read(&font[..100]).is_none() && read(font).unwrap().len() > 1000);
    }
}

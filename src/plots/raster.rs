//! A scene as a bitmap and a PNG file.
//!
//! Everything is drawn at twice the size and averaged down two by two: lines, curves and letters
//! come out smooth although the bitmap backend itself draws hard edges.

use std::path::{Path, PathBuf};

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, FontTransform, RGBColor};

use super::glyphs::glyph;
use super::scene::{Anchor, Cells, Direction, Fill, Item, Scene, Stroke, Text, runs};
use super::style::{self, Rgb, script_rise, script_scale};
use super::{Error, Result};

/// Finer pixels per pixel of the picture, along each axis.
const FINER: u32 = 2;

type Bitmap<'a> = BitMapBackend<'a>;
/// The backend's own error type has no public name.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Drawn = std::result::Result<(), Failure>;

impl Scene {
    /// Draws the picture into a PNG file: complete in a file beside it first, then renamed, so
    /// that nobody ever sees half a picture.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written or renamed, [`Error::Encode`] when the
    /// encoder fails, [`Error::Name`] when the path has no file name.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        let name = path.file_name().ok_or_else(|| Error::Name {
            found: path.display().to_string(),
        })?;
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        // The encoder is chosen by the ending.
        part.push(format!(".{}.part.png", std::process::id()));
        let part: PathBuf = path.with_file_name(part);
        let written = encode(&part, self.size(), &self.to_rgb()?)
            .and_then(|()| std::fs::rename(&part, path).map_err(|e| Error::io(path, e)));
        if written.is_err() {
            // Best effort: the error that matters is the one above.
            let _ = std::fs::remove_file(&part);
        }
        written
    }

    /// Draws the picture into rows of red, green and blue bytes, top row first.
    ///
    /// # Errors
    /// [`Error::Draw`] when a glyph cannot be drawn.
    pub fn to_rgb(&self) -> Result<Vec<u8>> {
        let (width, height) = self.size();
        let mut fine = vec![255u8; (width * height * FINER * FINER * 3) as usize];
        {
            let mut bitmap = Bitmap::with_buffer(&mut fine, (width * FINER, height * FINER));
            for item in &self.items {
                draw_item(&mut bitmap, item).map_err(|e| Error::Draw {
                    picture: self.title.clone(),
                    source: e,
                })?;
            }
        }
        Ok(average_down(&fine, width as usize, height as usize))
    }
}

fn encode(path: &Path, size: (u32, u32), rgb: &[u8]) -> Result<()> {
    let failed = |e: Failure| Error::Encode {
        path: path.to_owned(),
        source: e,
    };
    let mut backend = Bitmap::new(path, size);
    backend
        .blit_bitmap((0, 0), size, rgb)
        .map_err(|e| failed(Box::new(e)))?;
    backend.present().map_err(|e| failed(Box::new(e)))
}

fn average_down(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let stride = width * FINER as usize * 3;
    let mut out = Vec::with_capacity(width * height * 3);
    for pair in fine.chunks_exact(2 * stride).take(height) {
        let (top, bottom) = pair.split_at(stride);
        for (a, b) in top.chunks_exact(6).zip(bottom.chunks_exact(6)) {
            for c in 0..3 {
                let sum =
                    u16::from(a[c]) + u16::from(a[c + 3]) + u16::from(b[c]) + u16::from(b[c + 3]);
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

fn fine(value: f64) -> i32 {
    // Clamped far outside the picture, so that no sum of two of them overflows.
    if value.is_finite() {
        (value * f64::from(FINER)).round().clamp(-1e6, 1e6) as i32
    } else {
        0
    }
}

fn color((r, g, b): Rgb, opacity: f64) -> plotters::style::RGBAColor {
    RGBColor(r, g, b).mix(opacity.clamp(0.0, 1.0))
}

fn draw_item(bitmap: &mut Bitmap, item: &Item) -> Drawn {
    match item {
        Item::Rect {
            x,
            y,
            width,
            height,
            fill,
        } => rect(bitmap, (*x, *y), (x + width, y + height), *fill),
        Item::Path { points, stroke } => path(bitmap, points, *stroke),
        Item::Polygon { points, fill } => {
            let points: Vec<_> = points.iter().map(|(x, y)| (fine(*x), fine(*y))).collect();
            Ok(bitmap.fill_polygon(points, &color(fill.color, fill.opacity).filled())?)
        }
        Item::Circle { x, y, radius, fill } => {
            let radius = fine(*radius).max(1) as u32;
            let style = color(fill.color, fill.opacity).filled();
            Ok(bitmap.draw_circle((fine(*x), fine(*y)), radius, &style, true)?)
        }
        Item::Text { x, y, text } => draw_text(bitmap, *x, *y, text),
        Item::Cells {
            x,
            y,
            width,
            height,
            cells,
        } => draw_cells(bitmap, (*x, *y, *width, *height), cells),
    }
}

fn rect(bitmap: &mut Bitmap, from: (f64, f64), to: (f64, f64), fill: Fill) -> Drawn {
    let (from, to) = ((fine(from.0), fine(from.1)), (fine(to.0), fine(to.1)));
    if to.0 <= from.0 || to.1 <= from.1 {
        return Ok(());
    }
    Ok(bitmap.draw_rect(from, to, &color(fill.color, fill.opacity).filled(), true)?)
}

fn path(bitmap: &mut Bitmap, points: &[(f64, f64)], stroke: Stroke) -> Drawn {
    match stroke.dash {
        None => {
            for pair in points.windows(2) {
                segment(bitmap, pair[0], pair[1], stroke)?;
            }
            // Thick lines are rectangles end to end: a disc closes the notch at each corner.
            if stroke.width >= 3.0 {
                for (x, y) in points.iter().skip(1).rev().skip(1) {
                    let radius = fine(stroke.width / 2.0).max(1) as u32;
                    bitmap.draw_circle(
                        (fine(*x), fine(*y)),
                        radius,
                        &color(stroke.color, 1.0).filled(),
                        true,
                    )?;
                }
            }
            Ok(())
        }
        Some((on, off)) => {
            for (from, to) in dashes(points, on, off) {
                segment(bitmap, from, to, stroke)?;
            }
            Ok(())
        }
    }
}

fn segment(bitmap: &mut Bitmap, from: (f64, f64), to: (f64, f64), stroke: Stroke) -> Drawn {
    let half = stroke.width / 2.0;
    let fill = Fill::solid(stroke.color);
    if from.0 == to.0 {
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        return rect(bitmap, (from.0 - half, top), (from.0 + half, bottom), fill);
    }
    if from.1 == to.1 {
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        return rect(bitmap, (left, from.1 - half), (right, from.1 + half), fill);
    }
    let width = fine(stroke.width).max(1) as u32;
    let style = color(stroke.color, 1.0).stroke_width(width);
    Ok(bitmap.draw_line(
        (fine(from.0), fine(from.1)),
        (fine(to.0), fine(to.1)),
        &style,
    )?)
}

/// One stretch of a line, from and to.
type Stretch = ((f64, f64), (f64, f64));

/// Cuts a path into its drawn stretches, the phase running on over the corners.
fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Stretch> {
    let period = on + off;
    let mut stretches = Vec::new();
    if !(period > 0.5 && on > 0.0) {
        return stretches;
    }
    let mut walked = 0.0;
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        // Longer than any picture: not a line to cut into dashes.
        if !(length > 0.0 && length < 1e5) {
            continue;
        }
        let at = |s: f64| {
            (
                a.0 + (b.0 - a.0) * s / length,
                a.1 + (b.1 - a.1) * s / length,
            )
        };
        let mut start = -(walked % period);
        while start < length {
            let (from, to) = (start.max(0.0), (start + on).min(length));
            if to > from {
                stretches.push((at(from), at(to)));
            }
            start += period;
        }
        walked += length;
    }
    stretches
}

fn draw_text(bitmap: &mut Bitmap, x: f64, y: f64, text: &Text) -> Drawn {
    let mut along = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -text.width() / 2.0,
        Anchor::End => -text.width(),
    };
    for (script, run) in runs(&text.content) {
        let size = text.size * script_scale(script);
        let rise = script_rise(script) * text.size;
        let em = size * f64::from(FINER);
        // The backend puts the baseline half the line height below the upper end of the text.
        let drop = (em * style::HEIGHT_PER_EM / 2.0).trunc() as i32;
        let font = style::font(em, text.weight);
        let style = match text.direction {
            Direction::Across => font,
            Direction::Up => font.transform(FontTransform::Rotate270),
        };
        let style = style.color(&color(text.color, 1.0));
        let mut letter = [0; 4];
        for c in run.chars() {
            let glyph = glyph(c, text.weight);
            // The backend draws the ink at the pen: the bearing is ours to add, in whole fine
            // pixels downwards, as the rasterizer itself rounds the left edge of the ink.
            let bearing = (glyph.bearing * em).floor() as i32;
            let at = match text.direction {
                Direction::Across => (fine(x + along) + bearing, fine(y - rise) - drop),
                Direction::Up => (fine(x - rise) - drop, fine(y - along) - bearing),
            };
            bitmap.draw_text(c.encode_utf8(&mut letter), &style, at)?;
            along += glyph.advance * size;
        }
    }
    Ok(())
}

fn draw_cells(bitmap: &mut Bitmap, place: (f64, f64, f64, f64), cells: &Cells) -> Drawn {
    let (x, y, width, height) = place;
    if cells.columns == 0 || cells.indices.len() != cells.columns * cells.rows {
        return Ok(());
    }
    let column = |c: usize| x + width * c as f64 / cells.columns as f64;
    let row = |r: usize| y + height * r as f64 / cells.rows as f64;
    for (r, line) in cells.indices.chunks(cells.columns).enumerate() {
        let mut c = 0;
        while c < line.len() {
            let same = line[c..].iter().take_while(|i| **i == line[c]).count();
            if let Some(&rgb) = cells.palette.get(usize::from(line[c])) {
                rect(
                    bitmap,
                    (column(c), row(r)),
                    (column(c + same), row(r + 1)),
                    Fill::solid(rgb),
                )?;
            }
            c += same;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_keep_their_phase_round_a_corner() {
        let stretches = dashes(&[(0.0, 0.0), (15.0, 0.0), (15.0, 10.0)], 10.0, 10.0);
        assert_eq!(
            stretches,
            vec![((0.0, 0.0), (10.0, 0.0)), ((15.0, 5.0), (15.0, 10.0))]
        );
        assert!(dashes(&[(0.0, 0.0), (1.0, 0.0)], 0.0, 0.0).is_empty());
        assert!(dashes(&[(0.0, 0.0), (f64::NAN, 0.0)], 4.0, 4.0).is_empty());
    }

    #[test]
    fn a_line_comes_out_in_its_colour_and_smooth() {
        let mut scene = Scene::new(40.0, 40.0, "test");
        scene.line((0.0, 20.0), (40.0, 20.0), Stroke::solid((0, 0, 0), 2.0));
        scene.line((0.0, 0.0), (40.0, 37.0), Stroke::solid((200, 0, 0), 1.5));
        let rgb = scene.to_rgb().unwrap();
        let at = |x: usize, y: usize| (rgb[(y * 40 + x) * 3], rgb[(y * 40 + x) * 3 + 1]);
        assert_eq!(at(35, 19), (0, 0));
        assert_eq!(at(35, 20), (0, 0));
        assert_eq!(at(35, 25), (255, 255));
        // Averaging leaves shades between paper and pen along the slope.
        assert!(rgb.chunks(3).any(|p| p[1] > 60 && p[1] < 200));
    }
}

//! A scene as SVG text.

use std::fmt::Write as _;

use base64::Engine as _;

use super::indexed_png::indexed_png;
use super::scene::{Anchor, Cells, Direction, Fill, Item, Scene, Stroke, Text, Weight, runs};
use super::style::{FONT, PAPER, Rgb, script_rise, script_scale};

impl Scene {
    /// Renders the picture as one `<svg>` element with all its data inside: no font file, image
    /// or script is loaded. It scales with its container up to its own width.
    pub fn to_svg(&self) -> String {
        let mut out = String::new();
        let (width, height) = self.size();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" \
             font-family=\"'{FONT}', 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif\">\n<title>{}</title>\n",
            escape(&self.title)
        );
        let _ = writeln!(
            out,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            hex(PAPER)
        );
        for item in &self.items {
            write_item(&mut out, item);
        }
        out.push_str("</svg>\n");
        out
    }
}

fn write_item(out: &mut String, item: &Item) {
    // Writing to a String cannot fail.
    let _ = match item {
        Item::Rect {
            x,
            y,
            width,
            height,
            fill,
        } => writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>",
            px(*x),
            px(*y),
            px(width.max(0.0)),
            px(height.max(0.0)),
            paint(*fill)
        ),
        Item::Path { points, stroke } => {
            writeln!(
                out,
                "<polyline fill=\"none\" {} points=\"{}\"/>",
                pen(*stroke),
                list(points)
            )
        }
        Item::Polygon { points, fill } => {
            writeln!(
                out,
                "<polygon {} points=\"{}\"/>",
                paint(*fill),
                list(points)
            )
        }
        Item::Circle { x, y, radius, fill } => {
            writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>",
                px(*x),
                px(*y),
                px(*radius),
                paint(*fill)
            )
        }
        Item::Text { x, y, text } => write_text(out, *x, *y, text),
        Item::Cells {
            x,
            y,
            width,
            height,
            cells,
        } => write_cells(out, (*x, *y, *width, *height), cells),
    };
}

fn write_text(out: &mut String, x: f64, y: f64, text: &Text) -> std::fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if text.weight == Weight::Bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let turn = match text.direction {
        Direction::Across => String::new(),
        Direction::Up => format!(" transform=\"rotate(-90 {} {})\"", px(x), px(y)),
    };
    write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" textLength=\"{}\" \
         lengthAdjust=\"spacingAndGlyphs\"{anchor}{weight}{turn}>",
        px(x),
        px(y),
        px(text.size),
        hex(text.color),
        // Where the font is missing, another one is squeezed or stretched to the same length:
        // nothing that was placed beside the text is run over.
        px(text.width())
    )?;
    let mut rise = 0.0;
    for (script, run) in runs(&text.content) {
        let wanted = script_rise(script) * text.size;
        let scale = script_scale(script);
        if (wanted - rise).abs() < 1e-9 && scale == 1.0 {
            out.push_str(&escape(&run));
        } else {
            let (dy, size) = (px(rise - wanted), px(text.size * scale));
            write!(
                out,
                "<tspan dy=\"{dy}\" font-size=\"{size}\">{}</tspan>",
                escape(&run)
            )?;
            rise = wanted;
        }
    }
    out.push_str("</text>\n");
    Ok(())
}

fn write_cells(out: &mut String, place: (f64, f64, f64, f64), cells: &Cells) -> std::fmt::Result {
    let Some(png) = indexed_png(cells) else {
        return Ok(());
    };
    let (x, y, width, height) = place;
    writeln!(
        out,
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
        px(x),
        px(y),
        px(width),
        px(height),
        base64::engine::general_purpose::STANDARD.encode(png)
    )
}

fn paint(fill: Fill) -> String {
    if fill.opacity >= 1.0 {
        format!("fill=\"{}\"", hex(fill.color))
    } else {
        format!(
            "fill=\"{}\" fill-opacity=\"{}\"",
            hex(fill.color),
            px(fill.opacity)
        )
    }
}

fn pen(stroke: Stroke) -> String {
    let mut text = format!(
        "stroke=\"{}\" stroke-width=\"{}\"",
        hex(stroke.color),
        px(stroke.width)
    );
    if let Some((on, off)) = stroke.dash {
        let _ = write!(text, " stroke-dasharray=\"{} {}\"", px(on), px(off));
    } else {
        text.push_str(" stroke-linejoin=\"round\"");
    }
    text
}

fn list(points: &[(f64, f64)]) -> String {
    let mut text = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(
            text,
            "{}{},{}",
            if i > 0 { " " } else { "" },
            px(*x),
            px(*y)
        );
    }
    text
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Writes a number with at most two decimals; what is not finite becomes 0, so that no file
/// ever says NaN.
fn px(value: f64) -> String {
    if !value.is_finite() {
        return "0".into();
    }
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

/// Escapes a text for XML and HTML, in elements and in quoted attributes. Control characters,
/// which XML forbids, become U+FFFD.
///
/// ```
/// assert_eq!(etalon::plots::escape("<b a='1'>&"), "&lt;b a=&#39;1&#39;&gt;&amp;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            // XML 1.0 has no place for these, escaped or not.
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

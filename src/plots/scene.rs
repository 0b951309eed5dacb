//! A picture as a list of primitives, drawn once and rendered twice (SVG and PNG).
//!
//! Coordinates are picture pixels, x to the right and y down. Text stands on its baseline.
//! Superscripts and subscripts are written in plain Unicode (`10⁻³`, `P₀`): the renderers set
//! them as small raised or lowered digits, because the font has no glyphs for most of them.

use super::style::{self, Rgb};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub color: Rgb,
    /// Width in pixels.
    pub width: f64,
    /// Length of a dash and of the gap after it in pixels; solid without.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// Makes a solid line.
    pub fn solid(color: Rgb, width: f64) -> Self {
        Self {
            color,
            width,
            dash: None,
        }
    }

    /// Makes a dashed line.
    pub fn dashed(color: Rgb, width: f64, on: f64, off: f64) -> Self {
        Self {
            color,
            width,
            dash: Some((on, off)),
        }
    }
}

/// A fill with its opacity, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fill {
    pub color: Rgb,
    pub opacity: f64,
}

impl Fill {
    /// Makes an opaque fill.
    pub fn solid(color: Rgb) -> Self {
        Self {
            color,
            opacity: 1.0,
        }
    }

    /// Makes a translucent fill.
    pub fn faint(color: Rgb, opacity: f64) -> Self {
        Self { color, opacity }
    }
}

/// Which point of the text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Weight of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Direction of the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Left to right.
    Across,
    /// Bottom to top, for the title of a vertical axis.
    Up,
}

/// A line of text and how it is set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub content: String,
    /// Size of the em in pixels.
    pub size: f64,
    pub color: Rgb,
    pub weight: Weight,
    pub anchor: Anchor,
    pub direction: Direction,
}

impl Text {
    /// Makes a line of regular ink of the given size.
    pub fn new(content: impl Into<String>, size: f64) -> Self {
        Self {
            content: content.into(),
            size,
            color: style::INK,
            weight: Weight::Regular,
            anchor: Anchor::Start,
            direction: Direction::Across,
        }
    }

    pub fn bold(mut self) -> Self {
        self.weight = Weight::Bold;
        self
    }

    pub fn color(mut self, color: Rgb) -> Self {
        self.color = color;
        self
    }

    pub fn middle(mut self) -> Self {
        self.anchor = Anchor::Middle;
        self
    }

    pub fn end(mut self) -> Self {
        self.anchor = Anchor::End;
        self
    }

    pub fn up(mut self) -> Self {
        self.direction = Direction::Up;
        self
    }

    /// Width of the line in pixels.
    pub fn width(&self) -> f64 {
        style::text_width(&self.content, self.size, self.weight)
    }

    /// Cuts the line with an ellipsis until it is at most `width` pixels long.
    pub fn fit(mut self, width: f64) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut kept: Vec<char> = self.content.chars().collect();
        while kept.pop().is_some() {
            self.content = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.width() <= width {
                break;
            }
        }
        self
    }
}

/// One primitive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Rect {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: Fill,
    },
    Path {
        points: Vec<(f64, f64)>,
        stroke: Stroke,
    },
    Polygon {
        points: Vec<(f64, f64)>,
        fill: Fill,
    },
    Circle {
        x: f64,
        y: f64,
        radius: f64,
        fill: Fill,
    },
    Text {
        x: f64,
        y: f64,
        text: Text,
    },
    Cells {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        cells: Cells,
    },
}

/// A grid of coloured cells with sharp edges.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cells {
    pub columns: usize,
    pub rows: usize,
    /// Index into `palette` of every cell, top row first.
    pub indices: Vec<u8>,
    pub palette: Vec<Rgb>,
}

/// A finished picture, independent of its file format.
///
/// [`Scene::to_svg`] gives text for a page, [`Scene::write_png`] a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
}

impl Scene {
    /// Starts an empty picture of so many pixels; `title` is what a screen reader says.
    pub(crate) fn new(width: f64, height: f64, title: impl Into<String>) -> Self {
        Self {
            width,
            height,
            title: title.into(),
            items: Vec::new(),
        }
    }

    /// Returns the width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
    }

    /// Returns the title, as a screen reader would say it.
    pub fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Fill) {
        self.items.push(Item::Rect {
            x,
            y,
            width,
            height,
            fill,
        });
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.items.push(Item::Path {
            points: vec![from, to],
            stroke,
        });
    }

    pub(crate) fn path(&mut self, points: Vec<(f64, f64)>, stroke: Stroke) {
        if points.len() > 1 {
            self.items.push(Item::Path { points, stroke });
        }
    }

    pub(crate) fn polygon(&mut self, points: Vec<(f64, f64)>, fill: Fill) {
        if points.len() > 2 {
            self.items.push(Item::Polygon { points, fill });
        }
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, fill: Fill) {
        self.items.push(Item::Circle { x, y, radius, fill });
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, text: Text) {
        self.items.push(Item::Text { x, y, text });
    }

    /// Draws the outline of a rectangle.
    pub(crate) fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, stroke: Stroke) {
        let (right, bottom) = (x + width, y + height);
        self.path(
            vec![(x, y), (right, y), (right, bottom), (x, bottom), (x, y)],
            stroke,
        );
    }

    /// Writes the title of the picture, its subtitle, and the mark of simulated data.
    pub(crate) fn heading(&mut self, title: &str, subtitle: &str, origin: super::Origin) {
        let mut right = self.width - 28.0;
        if origin == super::Origin::Simulated {
            let mark = Text::new("SIMULATED", style::NOTE)
                .bold()
                .color(style::PAPER);
            let width = mark.width() + 20.0;
            self.rect(
                right - width,
                18.0,
                width,
                26.0,
                Fill::solid(style::VERMILLION),
            );
            self.text(right - width + 10.0, 36.0, mark);
            right -= width + 16.0;
        }
        let title = Text::new(title, style::TITLE).bold().fit(right - 28.0);
        let after = 28.0 + title.width() + 18.0;
        self.text(28.0, 38.0, title);
        if right - after > 60.0 {
            let subtitle = Text::new(subtitle, style::TICK)
                .color(style::MUTED)
                .fit(right - after);
            self.text(after, 38.0, subtitle);
        }
    }
}

/// Vertical place of a run of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Base,
    Raised,
    Lowered,
}

/// Splits a line into runs of base, raised and lowered characters, with plain digits in them.
pub(crate) fn runs(line: &str) -> Vec<(Script, String)> {
    let mut runs: Vec<(Script, String)> = Vec::new();
    for c in line.chars() {
        let (script, plain) = plain_script(c);
        match runs.last_mut() {
            Some((last, text)) if *last == script => text.push(plain),
            _ => runs.push((script, plain.to_string())),
        }
    }
    runs
}

fn plain_script(c: char) -> (Script, char) {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |n: usize| char::from(b'0' + n as u8);
    if let Some(n) = RAISED.iter().position(|r| *r == c) {
        return (Script::Raised, digit(n));
    }
    match c {
        '⁻' => (Script::Raised, '−'),
        '₀'..='₉' => (Script::Lowered, digit(c as usize - '₀' as usize)),
        _ => (Script::Base, c),
    }
}

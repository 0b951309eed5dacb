//! The eye: counts over time and level, with the level histograms beside it.
//!
//! Counts are shown cell by cell on a logarithmic colour scale; the background is no count at
//! all, and nothing is interpolated. A capture with one sample a symbol has no eye: then only
//! the histograms are drawn, and the picture says why.

use etalon_dsp::{Eye, LevelHistogram};
use etalon_types::LinkReport;

use super::Origin;
use super::axes::{Axis, Edge, Frame};
use super::eye_facts;
use super::levels;
use super::numbers::trimmed;
use super::scene::{Cells, Fill, Scene, Stroke, Text};
use super::style::{self, NO_HITS, density_color};
use super::vertical_scale::VerticalScale;

/// Colours of the density scale, without the background.
const SHADES: usize = 63;

/// An eye with everything that belongs beside it.
///
/// *Units*: levels are in `unit`, times in unit intervals, and in picoseconds too when the
/// report knows the symbol rate.
#[derive(Clone, Copy, Debug)]
pub struct EyePlot<'a> {
    /// The counts.
    pub eye: &'a Eye,
    /// Histograms at the slicer; without them the side shows the eye's own counts within 0.05 UI
    /// of the decision instants.
    pub histogram: Option<&'a LevelHistogram>,
    /// The figures to print.
    pub report: &'a LinkReport,
    /// Unit of the samples: `W`, `V`, or empty when the file does not say.
    pub unit: &'a str,
    /// Measured or simulated.
    pub origin: Origin,
}

impl EyePlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let scale = VerticalScale::of(self.eye, self.unit);
        let mut scene = Scene::new(1200.0, 830.0, format!("Eye diagram, {}", self.subtitle()));
        if self.eye.time_resolved {
            scene.heading("Eye diagram", &self.subtitle(), self.origin);
            self.draw_eye(&mut scene, &scale);
        } else {
            scene.heading("Level histogram", &self.subtitle(), self.origin);
            levels::draw_across(&mut scene, self, &scale);
        }
        eye_facts::draw(&mut scene, self, &scale, 655.0);
        scene
    }

    fn subtitle(&self) -> String {
        let link = &self.report.link;
        let kind = if self.eye.equalized {
            "after the equalizer"
        } else {
            "without an equalizer"
        };
        let rate = if link.baud_hz > 0.0 {
            format!(", {} GBd", trimmed(link.baud_hz / 1e9, 5))
        } else {
            String::new()
        };
        let name = match link.modulation {
            etalon_types::Modulation::Nrz => "NRZ",
            etalon_types::Modulation::Pam4 => "PAM-4",
        };
        format!("{name}{rate}, {kind}")
    }

    fn draw_eye(&self, scene: &mut Scene, scale: &VerticalScale) {
        let frame = Frame {
            left: 96.0,
            top: 118.0,
            right: 770.0,
            bottom: 580.0,
        };
        let side = Frame {
            left: 796.0,
            right: 956.0,
            ..frame
        };
        let y = Axis::linear(scale.low, scale.high, frame.bottom, frame.top);
        let span = if self.eye.span_ui.is_finite() && self.eye.span_ui > 0.0 {
            self.eye.span_ui
        } else {
            2.0
        };
        let x = Axis::linear(0.0, span, frame.left, frame.right);
        let most = self.eye.hits.iter().copied().max().unwrap_or(0);
        if most == 0 {
            frame.nothing(scene, "no samples were counted in this eye");
        } else {
            self.draw_cells(scene, &frame, &y, most);
            self.draw_marks(scene, &frame, &side, &x, &y);
        }
        levels::draw_side(scene, self, scale, &side, &y);
        let ticks = y
            .ticks(7)
            .into_iter()
            .map(|t| scale.relabel(t))
            .collect::<Vec<_>>();
        frame.axis(scene, &y, &ticks, Edge::Left, &scale.title);
        frame.axis(scene, &x, &x.ticks(8), Edge::Bottom, "time (UI)");
        if self.report.link.baud_hz > 0.0 && self.report.link.baud_hz.is_finite() {
            let picoseconds = 1e12 / self.report.link.baud_hz;
            let ps = Axis::linear(0.0, span * picoseconds, frame.left, frame.right);
            frame.axis(scene, &ps, &ps.ticks(8), Edge::Top, "time (ps)");
        }
        frame.draw(scene);
        scale.mark_break(scene, &frame);
        draw_color_bar(
            scene,
            most,
            &Frame {
                left: 1118.0,
                right: 1136.0,
                top: 150.0,
                bottom: 580.0,
            },
        );
    }

    fn draw_cells(&self, scene: &mut Scene, frame: &Frame, y: &Axis, most: u32) {
        let (rows, columns) = self.eye.hits.dim();
        scene.rect(
            frame.left,
            frame.top,
            frame.width(),
            frame.height(),
            Fill::solid(NO_HITS),
        );
        let mut palette = vec![NO_HITS];
        palette.extend((0..SHADES).map(|i| density_color(i as f64 / (SHADES - 1) as f64)));
        let mut indices = Vec::with_capacity(rows * columns);
        // Row 0 of the counts is the lowest level, row 0 of a picture the highest.
        for row in (0..rows).rev() {
            indices.extend(
                self.eye
                    .hits
                    .row(row)
                    .iter()
                    .map(|count| shade(*count, most)),
            );
        }
        let (top, bottom) = (y.within(self.eye.high), y.within(self.eye.low));
        let cells = Cells {
            columns,
            rows,
            indices,
            palette,
        };
        scene.items.push(super::scene::Item::Cells {
            x: frame.left,
            y: top,
            width: frame.width(),
            height: bottom - top,
            cells,
        });
    }

    /// Draws thresholds across both panels and the decision instants.
    fn draw_marks(&self, scene: &mut Scene, frame: &Frame, side: &Frame, x: &Axis, y: &Axis) {
        if y.holds(0.0) {
            scene.line(
                (frame.left, y.at(0.0)),
                (frame.right, y.at(0.0)),
                Stroke::solid(style::MUTED, 1.0),
            );
        }
        for threshold in self.eye.thresholds.iter().filter(|t| y.holds(**t)) {
            let at = y.at(*threshold);
            scene.line(
                (frame.left, at),
                (frame.right, at),
                Stroke::dashed(style::PAPER, 1.6, 9.0, 6.0),
            );
            scene.line(
                (side.left, at),
                (side.right, at),
                Stroke::dashed(style::MUTED, 1.2, 6.0, 4.0),
            );
        }
        let instants: Vec<f64> = self
            .eye
            .instants_ui
            .iter()
            .copied()
            .filter(|t| x.holds(*t))
            .collect();
        for (i, instant) in instants.iter().enumerate() {
            let at = x.at(*instant);
            scene.line(
                (at, frame.top),
                (at, frame.bottom),
                Stroke::dashed(style::SKY, 2.0, 2.5, 4.0),
            );
            let tip = vec![
                (at, frame.bottom - 1.0),
                (at - 7.0, frame.bottom - 13.0),
                (at + 7.0, frame.bottom - 13.0),
            ];
            scene.polygon(tip, Fill::solid(style::SKY));
            if i == 0 {
                let text = Text::new("decision", style::NOTE).color(style::SKY);
                let fits = at + 14.0 + text.width() < frame.right;
                let place = if fits { at + 12.0 } else { at - 12.0 };
                scene.text(
                    place,
                    frame.bottom - 8.0,
                    if fits { text } else { text.end() },
                );
            }
        }
    }
}

/// Returns the palette index of a count: 0 for none, then by its logarithm.
fn shade(count: u32, most: u32) -> u8 {
    if count == 0 {
        return 0;
    }
    let share = if most > 1 {
        f64::from(count).ln() / f64::from(most).ln()
    } else {
        1.0
    };
    1 + (share * (SHADES - 1) as f64).round() as u8
}

fn draw_color_bar(scene: &mut Scene, most: u32, frame: &Frame) {
    let title = Text::new("samples per cell", style::NOTE)
        .color(style::MUTED)
        .middle();
    scene.text(frame.left + 12.0, frame.top - 26.0, title);
    let palette: Vec<_> = (0..SHADES)
        .rev()
        .map(|i| density_color(i as f64 / (SHADES - 1) as f64))
        .collect();
    let cells = Cells {
        columns: 1,
        rows: SHADES,
        indices: (0..SHADES as u8).collect(),
        palette,
    };
    let bar = Frame {
        bottom: frame.bottom - 30.0,
        ..*frame
    };
    scene.items.push(super::scene::Item::Cells {
        x: bar.left,
        y: bar.top,
        width: bar.width(),
        height: bar.height(),
        cells,
    });
    bar.draw(scene);
    scene.rect(
        frame.left,
        frame.bottom - 20.0,
        frame.width(),
        20.0,
        Fill::solid(NO_HITS),
    );
    scene.text(
        frame.right + 9.0,
        frame.bottom - 5.0,
        Text::new("0", style::TICK),
    );
    let axis = Axis::decades(1.0, f64::from(most.max(2)), bar.bottom, bar.top);
    for tick in axis.ticks(6) {
        let at = axis.at(tick.value);
        scene.line(
            (bar.right, at),
            (bar.right + 5.0, at),
            Stroke::solid(style::INK, 1.2),
        );
        let label = if tick.value < 1.5 {
            "1".to_owned()
        } else {
            tick.label
        };
        scene.text(bar.right + 9.0, at + 5.0, Text::new(label, style::TICK));
    }
    for value in axis.minor() {
        let at = axis.at(value);
        scene.line(
            (bar.right, at),
            (bar.right + 3.0, at),
            Stroke::solid(style::INK, 1.0),
        );
    }
}

//! Curves and points over one axis: what a study found beside what theory says.

use super::Origin;
use super::axes::{Axis, Edge, Frame};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style::{self, Rgb};
use super::{curve, numbers};

/// How values are spread along an axis of a [`LinesPlot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Powers of ten.
    Decades,
}

/// An axis of a [`LinesPlot`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotAxis<'a> {
    /// What is shown, with its unit in parentheses.
    pub title: &'a str,
    /// Value at the left or lower end.
    pub low: f64,
    /// Value at the right or upper end.
    pub high: f64,
    /// How values are spread.
    pub scale: Scale,
}

impl<'a> PlotAxis<'a> {
    /// Makes the axis on which these values lie, with a margin: by decades where all are positive
    /// and far apart. What is not finite has no say.
    pub fn around(title: &'a str, values: impl IntoIterator<Item = f64>) -> Self {
        /// Above this ratio of the largest to the smallest, steps of equal size hide the small.
        const FAR_APART: f64 = 30.0;
        let (low, high) = numbers::finite_range(values).unwrap_or((0.0, 1.0));
        if low > 0.0 && high > FAR_APART * low {
            return Self {
                title,
                low: 0.8 * low,
                high: 1.25 * high,
                scale: Scale::Decades,
            };
        }
        let margin = 0.05 * (high - low).max(1e-3 * high.abs()).max(f64::MIN_POSITIVE);
        Self {
            title,
            low: low - margin,
            high: high + margin,
            scale: Scale::Linear,
        }
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A solid curve.
    Curve,
    /// A dashed curve.
    Dashed,
    /// Discs with their intervals.
    Discs,
    /// Squares with their intervals.
    Squares,
    /// Small discs without intervals, for many of them.
    Dots,
    /// Bars with an arrow downwards: no more than this.
    Bounds,
    /// Nothing: a line of words in the legend.
    Unmarked,
}

/// One point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotPoint {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Ends of the interval of `y`.
    pub interval: Option<(f64, f64)>,
}

impl PlotPoint {
    /// Makes a point without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            interval: None,
        }
    }
}

/// One series of a [`LinesPlot`].
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it; series without a name are not in the legend.
    pub name: String,
    /// Which of the six colours: series that belong together share one.
    pub color: usize,
    /// How it is drawn.
    pub mark: Mark,
    /// Its points; curves run through them in their order.
    pub points: Vec<PlotPoint>,
}

/// A level across the picture that something is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit<'a> {
    /// Where it is.
    pub y: f64,
    /// What it is.
    pub name: &'a str,
}

/// Curves and points over one axis.
#[derive(Clone, Copy, Debug)]
pub struct LinesPlot<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// What the trials were.
    pub subtitle: &'a str,
    /// The axis across.
    pub x: PlotAxis<'a>,
    /// The axis up.
    pub y: PlotAxis<'a>,
    /// What is drawn, in this order.
    pub series: &'a [Series],
    /// Lines that something is held against.
    pub limits: &'a [Limit<'a>],
    /// Measured or simulated.
    pub origin: Origin,
}

const COLORS: [Rgb; 6] = [
    style::BLUE,
    style::VERMILLION,
    style::GREEN,
    style::PURPLE,
    style::ORANGE,
    style::SKY,
];

/// Width of the legend beside the frame.
const LEGEND: f64 = 300.0;

impl LinesPlot<'_> {
    /// Draws the picture, 1200 pixels wide. Points outside the axes stand at their edge.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(1200.0, 600.0, self.title);
        scene.heading(self.title, self.subtitle, self.origin);
        let frame = Frame {
            left: 108.0,
            top: 74.0,
            right: 1172.0 - LEGEND,
            bottom: 524.0,
        };
        if self.series.iter().all(|s| s.points.is_empty()) {
            frame.nothing(&mut scene, "no trials");
            return scene;
        }
        let x = axis(&self.x, frame.left, frame.right);
        let y = axis(&self.y, frame.bottom, frame.top);
        frame.grid(&mut scene, &x, &x.ticks(10), Edge::Bottom);
        frame.grid(&mut scene, &y, &y.ticks(8), Edge::Left);
        for limit in self.limits {
            draw_limit(&mut scene, &frame, &y, limit);
        }
        for series in self.series {
            draw_series(&mut scene, &x, &y, series);
        }
        frame.axis(&mut scene, &x, &x.ticks(10), Edge::Bottom, self.x.title);
        frame.axis(&mut scene, &y, &y.ticks(8), Edge::Left, self.y.title);
        frame.draw(&mut scene);
        self.draw_legend(&mut scene, &frame);
        scene
    }

    fn draw_legend(&self, scene: &mut Scene, frame: &Frame) {
        let left = frame.right + 24.0;
        let named = self.series.iter().filter(|s| !s.name.is_empty());
        for (row, series) in named.enumerate() {
            let at = frame.top + 14.0 + 24.0 * row as f64;
            match series.mark {
                Mark::Curve | Mark::Dashed => {
                    scene.line((left, at), (left + 34.0, at), stroke(series));
                }
                _ => {
                    draw_mark(scene, series, (left + 17.0, at));
                }
            }
            let indent = if series.mark == Mark::Unmarked {
                0.0
            } else {
                44.0
            };
            let text = Text::new(series.name.clone(), style::TICK).fit(LEGEND - 26.0 - indent);
            scene.text(left + indent, at + 5.0, text);
        }
    }
}

fn axis(spec: &PlotAxis, from: f64, to: f64) -> Axis {
    match spec.scale {
        Scale::Linear => Axis::linear(spec.low, spec.high, from, to),
        Scale::Decades => Axis::decades(spec.low, spec.high, from, to),
    }
}

fn color(series: &Series) -> Rgb {
    COLORS[series.color % COLORS.len()]
}

fn stroke(series: &Series) -> Stroke {
    match series.mark {
        Mark::Dashed => Stroke::dashed(color(series), 2.0, 8.0, 6.0),
        _ => Stroke::solid(color(series), 2.2),
    }
}

fn draw_limit(scene: &mut Scene, frame: &Frame, y: &Axis, limit: &Limit) {
    if !y.holds(limit.y) {
        return;
    }
    let at = y.at(limit.y);
    scene.line(
        (frame.left, at),
        (frame.right, at),
        Stroke::dashed(style::INK, 1.4, 3.0, 5.0),
    );
    let text = Text::new(limit.name, style::NOTE).color(style::MUTED).end();
    scene.text(frame.right - 8.0, at - 6.0, text);
}

fn draw_series(scene: &mut Scene, x: &Axis, y: &Axis, series: &Series) {
    let finite = |p: &&PlotPoint| p.x.is_finite() && p.y.is_finite();
    if matches!(series.mark, Mark::Curve | Mark::Dashed) {
        let (xs, ys): (Vec<f64>, Vec<f64>) = series
            .points
            .iter()
            .map(|p| {
                let inside = x.holds(p.x) && y.holds(p.y);
                (p.x, if inside { p.y } else { f64::NAN })
            })
            .unzip();
        for piece in curve::pieces(x, y, &xs, &ys) {
            scene.path(piece, stroke(series));
        }
        return;
    }
    for point in series.points.iter().filter(finite) {
        let at = (x.within(point.x), y.within(point.y));
        if let Some((low, high)) = point
            .interval
            .filter(|_| matches!(series.mark, Mark::Discs | Mark::Squares))
        {
            let (bottom, top) = (y.within(low), y.within(high));
            let pen = Stroke::solid(color(series), 1.4);
            scene.line((at.0, bottom), (at.0, top), pen);
            for end in [bottom, top] {
                scene.line((at.0 - 4.0, end), (at.0 + 4.0, end), pen);
            }
        }
        draw_mark(scene, series, at);
    }
}

fn draw_mark(scene: &mut Scene, series: &Series, at: (f64, f64)) {
    let ink = color(series);
    match series.mark {
        Mark::Squares => scene.rect(at.0 - 4.5, at.1 - 4.5, 9.0, 9.0, Fill::solid(ink)),
        Mark::Dots => scene.circle(at.0, at.1, 2.4, Fill::faint(ink, 0.55)),
        Mark::Bounds => draw_bound(scene, ink, at, (0.0, 1.0)),
        Mark::Unmarked => {}
        _ => scene.circle(at.0, at.1, 5.0, Fill::solid(ink)),
    }
}

/// A bar across `towards`, and an arrow from it that way.
pub(crate) fn draw_bound(scene: &mut Scene, ink: Rgb, at: (f64, f64), towards: (f64, f64)) {
    let pen = Stroke::solid(ink, 1.8);
    let (along, across) = (towards, (-towards.1, towards.0));
    let point = |far: f64, aside: f64| {
        let step = |i: f64, j: f64| far * i + aside * j;
        (
            at.0 + step(along.0, across.0),
            at.1 + step(along.1, across.1),
        )
    };
    scene.line(point(0.0, -6.0), point(0.0, 6.0), pen);
    scene.line(point(0.0, 0.0), point(14.0, 0.0), pen);
    let head = vec![point(20.0, 0.0), point(11.0, -4.5), point(11.0, 4.5)];
    scene.polygon(head, Fill::solid(ink));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(series: &[Series]) -> Scene {
        let axis = |title, low, high| PlotAxis {
            title,
            low,
            high,
            scale: Scale::Linear,
        };
        LinesPlot {
            title: "Penalty",
            subtitle: "",
            x: axis("level (dB)", -40.0, -20.0),
            y: axis("penalty (dB)", 0.0, 3.0),
            series,
            limits: &[Limit {
                y: 1.0,
                name: "allowed",
            }],
            origin: Origin::Simulated,
        }
        .scene()
    }

    #[test]
    fn odd_data_are_left_out() {
        assert!(plot(&[]).to_svg().contains("no trials"));
        let odd = [f64::NAN, f64::INFINITY, -1e300, 1e300, 0.5];
        for mark in [
            Mark::Curve,
            Mark::Dashed,
            Mark::Discs,
            Mark::Squares,
            Mark::Dots,
            Mark::Bounds,
        ] {
            let points = odd
                .iter()
                .flat_map(|&x| odd.map(|y| (x, y)))
                .map(|(x, y)| PlotPoint {
                    interval: Some((y, x)),
                    ..PlotPoint::new(x, y)
                })
                .collect();
            let series = Series {
                name: "odd".into(),
                color: 17,
                mark,
                points,
            };
            let svg = plot(&[series]).to_svg();
            assert!(svg.contains("allowed") && svg.contains("SIMULATED"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
    }
}

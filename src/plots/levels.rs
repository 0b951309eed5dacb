//! Level histograms: beside an eye, or alone when the capture has no eye.
//!
//! One hue a level, split by decision, with the Gaussian of that level's mean and standard
//! deviation over it. Both come from the report; the curve is scaled to the histogram's own
//! count, so that a skewed or heavy-tailed level (interference makes one) is seen to leave it.

use super::axes::{Axis, Edge, Frame, apart};
use super::eye::EyePlot;
use super::numbers::{count_label, fixed, grouped};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;
use super::vertical_scale::VerticalScale;

/// Counts of one level over the value, and what is fitted to them.
struct Series {
    /// Left edge of the first bin and width of each.
    low: f64,
    step: f64,
    counts: Vec<f64>,
    /// Mean and standard deviation, when the report has them.
    fit: Option<(f64, f64)>,
    color: style::Rgb,
}

impl Series {
    fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Expected counts per bin at a value.
    fn gaussian(&self, value: f64) -> f64 {
        let Some((mean, sigma)) = self.fit else {
            return 0.0;
        };
        let z = (value - mean) / sigma;
        self.total() * self.step / (sigma * std::f64::consts::TAU.sqrt()) * (-0.5 * z * z).exp()
    }

    /// Third standardized moment of the counts: 0 for a symmetric level.
    fn skewness(&self) -> Option<f64> {
        let total = self.total();
        let centre = |i: usize| self.low + (i as f64 + 0.5) * self.step;
        let moment = |power: i32, mean: f64| {
            self.counts
                .iter()
                .enumerate()
                .map(|(i, c)| c * (centre(i) - mean).powi(power))
                .sum::<f64>()
                / total
        };
        if total < 100.0 {
            return None;
        }
        let mean = moment(1, 0.0);
        let variance = moment(2, mean);
        // A level within one bin has no shape to speak of.
        (variance > self.step * self.step).then(|| moment(3, mean) / variance.powf(1.5))
    }
}

fn series(plot: &EyePlot) -> Vec<Series> {
    let fit = |level: usize| {
        plot.report
            .levels
            .get(level)
            .map(|l| (l.mean, l.sigma))
            .filter(|(mean, sigma)| mean.is_finite() && *sigma > 0.0 && sigma.is_finite())
    };
    if let Some(histogram) = plot.histogram {
        let bins = histogram.counts.iter().map(Vec::len).max().unwrap_or(0);
        if bins > 0 && histogram.high > histogram.low {
            return histogram
                .counts
                .iter()
                .enumerate()
                .map(|(level, counts)| Series {
                    low: histogram.low,
                    step: (histogram.high - histogram.low) / bins as f64,
                    counts: counts.iter().map(|c| *c as f64).collect(),
                    fit: fit(level),
                    color: style::LEVELS[level % style::LEVELS.len()],
                })
                .collect();
        }
    }
    at_decisions(plot).into_iter().collect()
}

/// Counts of the eye within 0.05 UI of the decision instants, all levels together.
fn at_decisions(plot: &EyePlot) -> Option<Series> {
    let eye = plot.eye;
    let (rows, columns) = eye.hits.dim();
    if rows == 0
        || columns == 0
        || eye.high <= eye.low
        || eye.span_ui.is_nan()
        || eye.span_ui <= 0.0
    {
        return None;
    }
    let near = |column: usize| {
        let time = (column as f64 + 0.5) * eye.span_ui / columns as f64;
        eye.instants_ui
            .iter()
            .any(|t| (t - time).abs() <= 0.05 + 0.5 * eye.span_ui / columns as f64)
    };
    let mut counts = vec![0.0; rows];
    for column in (0..columns).filter(|c| near(*c)) {
        for (sum, hits) in counts.iter_mut().zip(eye.hits.column(column)) {
            *sum += f64::from(*hits);
        }
    }
    Some(Series {
        low: eye.low,
        step: (eye.high - eye.low) / rows as f64,
        counts,
        fit: None,
        color: style::MUTED,
    })
}

/// Draws the histograms lying on the side of an eye, and the levels' names beyond them.
pub(super) fn draw_side(
    scene: &mut Scene,
    plot: &EyePlot,
    scale: &VerticalScale,
    frame: &Frame,
    y: &Axis,
) {
    let all = series(plot);
    let most = all
        .iter()
        .flat_map(|s| s.counts.iter().copied())
        .fold(0.0, f64::max);
    let title = Text::new("at the decision", style::NOTE)
        .color(style::MUTED)
        .middle();
    scene.text(0.5 * (frame.left + frame.right), frame.top - 11.0, title);
    let x = Axis::linear(0.0, 1.12 * most.max(1.0), frame.left, frame.right);
    for s in &all {
        let mut outline = vec![(frame.left, y.within(s.low))];
        for (i, count) in s.counts.iter().enumerate() {
            let (low, high) = (s.low + i as f64 * s.step, s.low + (i + 1) as f64 * s.step);
            outline.push((x.within(*count), y.within(low)));
            outline.push((x.within(*count), y.within(high)));
        }
        outline.push((frame.left, y.within(s.low + s.counts.len() as f64 * s.step)));
        scene.polygon(outline, Fill::faint(s.color, 0.55));
        scene.path(
            fit_line(s, |value, count| (x.within(count), y.at(value)), y),
            Stroke::solid(style::INK, 1.4),
        );
    }
    if most > 0.0 {
        let step = x.ticks(2).last().map_or(most, |t| t.value);
        for value in [0.0, step] {
            scene.line(
                (x.at(value), frame.bottom),
                (x.at(value), frame.bottom + 6.0),
                Stroke::solid(style::INK, 1.2),
            );
            scene.text(
                x.at(value),
                frame.bottom + 22.0,
                Text::new(count_label(value), style::TICK).middle(),
            );
        }
    }
    scene.text(
        0.5 * (frame.left + frame.right),
        frame.bottom + 45.0,
        Text::new("count", style::AXIS).middle(),
    );
    frame.draw(scene);
    draw_gutter(scene, plot, scale, frame, y);
}

/// Points of a level's Gaussian within four standard deviations, placed by `place(value, count)`.
fn fit_line(s: &Series, place: impl Fn(f64, f64) -> (f64, f64), values: &Axis) -> Vec<(f64, f64)> {
    let Some((mean, sigma)) = s.fit else {
        return Vec::new();
    };
    (-40..=40)
        .map(|i| mean + f64::from(i) * 0.1 * sigma)
        .filter(|value| values.holds(*value))
        .map(|value| place(value, s.gaussian(value)))
        .collect()
}

/// Writes levels with their spread, and thresholds, beside the histograms.
fn draw_gutter(scene: &mut Scene, plot: &EyePlot, scale: &VerticalScale, frame: &Frame, y: &Axis) {
    struct Label {
        at: f64,
        lines: Vec<Text>,
    }
    let mut labels = Vec::new();
    for (i, mean) in plot
        .eye
        .levels
        .iter()
        .enumerate()
        .filter(|(_, m)| m.is_finite())
    {
        let color = style::LEVELS[i % style::LEVELS.len()];
        let mut lines = vec![
            Text::new(
                format!("{} {}", scale.letter(i), scale.level(*mean)),
                style::TICK,
            )
            .bold(),
        ];
        if let Some(level) = plot.report.levels.get(i) {
            let spread = format!("σ {}", scale.level(level.sigma));
            lines.push(Text::new(spread, style::NOTE).color(style::MUTED));
        }
        let at = y.within(*mean);
        scene.rect(frame.right + 1.0, at - 2.0, 9.0, 4.0, Fill::solid(color));
        labels.push(Label { at, lines });
    }
    for (i, threshold) in plot
        .eye
        .thresholds
        .iter()
        .enumerate()
        .filter(|(_, t)| y.holds(**t))
    {
        let name = format!(
            "Th{} {}",
            super::numbers::subscript(i + 1),
            scale.level(*threshold)
        );
        let lines = vec![Text::new(name, style::NOTE).color(style::MUTED)];
        labels.push(Label {
            at: y.at(*threshold),
            lines,
        });
    }
    let wanted: Vec<f64> = labels.iter().map(|l| l.at).collect();
    // Levels have two lines: a gap of 27 pixels keeps any two neighbours apart, for one of every
    // two neighbours is a threshold.
    let placed = apart(&wanted, 27.0, frame.top + 8.0, frame.bottom - 8.0);
    for (label, at) in labels.into_iter().zip(placed) {
        let first = at + 5.0 - 8.0 * (label.lines.len() - 1) as f64;
        for (i, line) in label.lines.into_iter().enumerate() {
            scene.text(frame.right + 16.0, first + 17.0 * i as f64, line.fit(150.0));
        }
    }
}

/// Draws the histograms upright, with counts on a logarithmic axis, in place of an eye.
pub(super) fn draw_across(scene: &mut Scene, plot: &EyePlot, scale: &VerticalScale) {
    let frame = Frame {
        left: 96.0,
        top: 118.0,
        right: 1160.0,
        bottom: 580.0,
    };
    let why =
        "One sample a symbol: nothing is known of the transitions, so there is no eye to draw.";
    scene.text(
        frame.left,
        76.0,
        Text::new(why, style::TICK).color(style::VERMILLION),
    );
    let all = series(plot);
    let most = all
        .iter()
        .flat_map(|s| s.counts.iter().copied())
        .fold(0.0, f64::max);
    if most <= 0.0 {
        frame.nothing(scene, "no samples were counted at the slicer");
        return;
    }
    let x = Axis::linear(scale.low, scale.high, frame.left, frame.right);
    let y = Axis::decades(0.7, most * 20.0, frame.bottom, frame.top);
    frame.grid(scene, &y, &y.ticks(8), Edge::Left);
    let ticks: Vec<_> = x.ticks(10).into_iter().map(|t| scale.relabel(t)).collect();
    for s in &all {
        let mut outline = vec![(x.within(s.low), frame.bottom)];
        for (i, count) in s.counts.iter().enumerate() {
            let (low, high) = (s.low + i as f64 * s.step, s.low + (i + 1) as f64 * s.step);
            let at = if *count > 0.0 {
                y.within(*count)
            } else {
                frame.bottom
            };
            outline.push((x.within(low), at));
            outline.push((x.within(high), at));
        }
        outline.push((
            x.within(s.low + s.counts.len() as f64 * s.step),
            frame.bottom,
        ));
        scene.polygon(outline, Fill::faint(s.color, 0.55));
        let visible = fit_line(s, |value, count| (x.at(value), y.at(count)), &x);
        let visible = visible
            .into_iter()
            .filter(|p| p.1 <= frame.bottom && p.1 >= frame.top)
            .collect();
        scene.path(visible, Stroke::solid(style::INK, 1.6));
    }
    for threshold in plot.eye.thresholds.iter().filter(|t| x.holds(**t)) {
        let at = x.at(*threshold);
        scene.line(
            (at, frame.top),
            (at, frame.bottom),
            Stroke::dashed(style::MUTED, 1.4, 8.0, 5.0),
        );
        let name = Text::new(
            format!("threshold {}", scale.level(*threshold)),
            style::NOTE,
        )
        .color(style::MUTED)
        .up();
        scene.text(at - 5.0, frame.top + 14.0 + name.width(), name);
    }
    draw_names(scene, plot, scale, &all, &frame, &x);
    frame.axis(scene, &x, &ticks, Edge::Bottom, &scale.title);
    frame.axis(scene, &y, &y.ticks(8), Edge::Left, "count per bin");
    let key = Text::new("lines: Gaussian of each level's mean and σ", style::NOTE)
        .color(style::MUTED)
        .end();
    scene.text(frame.right, frame.top - 11.0, key);
    frame.draw(scene);
}

/// Writes name, mean, spread, skewness and count over each level.
fn draw_names(
    scene: &mut Scene,
    plot: &EyePlot,
    scale: &VerticalScale,
    all: &[Series],
    frame: &Frame,
    x: &Axis,
) {
    let shown: Vec<_> = plot
        .report
        .levels
        .iter()
        .enumerate()
        .filter(|(_, l)| l.mean.is_finite())
        .collect();
    let wanted: Vec<f64> = shown.iter().map(|(_, l)| x.within(l.mean)).collect();
    let placed = apart(&wanted, 190.0, frame.left + 95.0, frame.right - 95.0);
    for ((i, level), at) in shown.into_iter().zip(placed) {
        let color = style::LEVELS[i % style::LEVELS.len()];
        let skew = match all
            .get(i)
            .filter(|_| all.len() > 1)
            .and_then(Series::skewness)
        {
            Some(skewness) => format!(", skew {}", fixed(skewness, 2)),
            None => String::new(),
        };
        let lines = [
            Text::new(
                format!("{} = {}", scale.letter(i), scale.level(level.mean)),
                style::TICK,
            )
            .bold(),
            Text::new(format!("σ {}{skew}", scale.level(level.sigma)), style::NOTE),
            Text::new(format!("n = {}", grouped(level.count)), style::NOTE).color(style::MUTED),
        ];
        let widest = lines.iter().map(Text::width).fold(0.0, f64::max) + 16.0;
        scene.rect(
            at - widest / 2.0,
            frame.top + 8.0,
            widest,
            58.0,
            Fill::faint(style::PAPER, 0.88),
        );
        scene.rect(
            at - widest / 2.0,
            frame.top + 8.0,
            widest,
            3.0,
            Fill::solid(color),
        );
        for (k, line) in lines.into_iter().enumerate() {
            scene.text(at, frame.top + 26.0 + 17.0 * k as f64, line.middle());
        }
    }
}

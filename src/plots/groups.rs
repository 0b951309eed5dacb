//! One figure of every group of rows: over the group's number, or in a list by its name.

use std::collections::BTreeMap;

use super::axes::{Axis, Edge, Frame};
use super::lines::{LinesPlot, Mark, PlotAxis, PlotPoint, Scale, Series, draw_bound};
use super::scene::{Fill, Scene, Stroke, Text};
use super::{Origin, numbers, style};
use crate::batch::summary::{Figure, Group, Grouping, Key, Summary};

/// One aggregate of a summary, as a picture.
#[derive(Clone, Copy, Debug)]
pub struct GroupsPlot<'a> {
    /// The groups.
    pub summary: &'a Summary,
    /// Which of its aggregates.
    pub aggregate: usize,
}

/// What is drawn of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shown {
    /// Value, lower and upper end.
    Value(f64, f64, f64),
    /// An upper bound alone: nothing was counted, or nothing more is known.
    AtMost(f64),
}

/// Series over a number that can be told apart; more become a list.
const SERIES: usize = 6;
/// Groups in a list; a picture of more is no picture.
const LISTED: usize = 60;

impl GroupsPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        self.over_a_number().unwrap_or_else(|| self.list())
    }

    fn title(&self) -> String {
        let by: Vec<&str> = self.summary.group_by.iter().map(|g| &*g.column).collect();
        let what = &self.summary.aggregates[self.aggregate].aggregate;
        if by.is_empty() {
            what.clone()
        } else {
            format!("{what} by {}", by.join(", "))
        }
    }

    fn subtitle(&self) -> String {
        let rows = numbers::grouped(self.summary.rows);
        let groups = self.summary.groups.len();
        format!("{rows} rows in {groups} groups; bars: 95 % intervals")
    }

    fn axis_title(&self) -> String {
        let heading = &self.summary.aggregates[self.aggregate];
        titled(&heading.aggregate, &heading.unit)
    }

    /// Values and ends of intervals that the axis has to hold.
    fn values(&self) -> Vec<f64> {
        /// A lower end that is farther below its value would squeeze everything else.
        const FAR: f64 = 30.0;
        let shown = self.summary.groups.iter().filter_map(|g| self.shown(g));
        shown
            .flat_map(|shown| match shown {
                Shown::Value(value, low, high) if value > 0.0 && low >= 0.0 => {
                    [value, low.max(value / FAR), high]
                }
                Shown::Value(value, low, high) => [value, low, high],
                // Room for the arrow.
                Shown::AtMost(bound) => [bound, bound / 2.0, bound],
            })
            .collect()
    }

    fn shown(&self, group: &Group) -> Option<Shown> {
        let figure = group.figures.get(self.aggregate)?;
        match figure {
            Figure::Estimate(e) if e.errors == Some(0) => Some(Shown::AtMost(e.high)),
            Figure::Estimate(e) => Some(Shown::Value(e.value, e.low, e.high)),
            Figure::NotMeasurable(none) => Some(Shown::AtMost(none.high?)),
        }
    }

    /// Draws the figure over the first key, where that is a number in all groups; the other keys
    /// name the series.
    fn over_a_number(&self) -> Option<Scene> {
        let first: &Grouping = self.summary.group_by.first()?;
        let mut parts: BTreeMap<String, [Vec<PlotPoint>; 2]> = BTreeMap::new();
        let mut across = Vec::new();
        for group in &self.summary.groups {
            let (key, rest) = group.keys.split_first()?;
            // Rows without a key have no place on the axis; the list of the screen has them.
            if *key == Key::NONE {
                continue;
            }
            let x = key.position()?;
            across.push(x);
            let name: Vec<&str> = rest.iter().map(Key::shown).collect();
            let [values, bounds] = parts.entry(name.join(", ")).or_default();
            match self.shown(group) {
                Some(Shown::Value(y, low, high)) => values.push(PlotPoint {
                    x,
                    y,
                    interval: Some((low, high)),
                }),
                Some(Shown::AtMost(bound)) => bounds.push(PlotPoint::new(x, bound)),
                None => {}
            }
        }
        if across.len() < 2 || parts.len() > SERIES {
            return None;
        }
        let series = self.series(parts);
        let (x, y) = (titled(&first.column, &first.unit), self.axis_title());
        let plot = LinesPlot {
            title: &self.title(),
            subtitle: &self.subtitle(),
            x: PlotAxis::around(&x, across),
            y: PlotAxis::around(&y, self.values()),
            series: &series,
            limits: &[],
            origin: Origin::Measured,
        };
        Some(plot.scene())
    }

    /// Makes one series of values and one of bounds for each name.
    fn series(&self, parts: BTreeMap<String, [Vec<PlotPoint>; 2]>) -> Vec<Series> {
        let mut series = Vec::new();
        for (color, (name, [values, bounds])) in parts.into_iter().enumerate() {
            let name = match name.as_str() {
                "" => self.summary.aggregates[self.aggregate].about.clone(),
                _ => name,
            };
            let bounded = format!("{name}: at most this");
            let mark = [Mark::Discs, Mark::Squares][color % 2];
            for (name, mark, points) in [(name, mark, values), (bounded, Mark::Bounds, bounds)] {
                if !points.is_empty() {
                    series.push(Series {
                        name,
                        color,
                        mark,
                        points,
                    });
                }
            }
        }
        series
    }

    /// Draws the figures below each other, a line a group.
    fn list(&self) -> Scene {
        const LINE: f64 = 26.0;
        const LABEL: f64 = 320.0;
        let groups = &self.summary.groups[..self.summary.groups.len().min(LISTED)];
        let bottom = 74.0 + LINE * groups.len().max(3) as f64 + 14.0;
        let title = self.title();
        let mut scene = Scene::new(1200.0, bottom + 76.0, &title);
        scene.heading(&title, &self.subtitle(), Origin::Measured);
        let frame = Frame {
            left: LABEL + 40.0,
            top: 74.0,
            right: 1040.0,
            bottom,
        };
        let values = self.values();
        if values.is_empty() {
            frame.nothing(&mut scene, "measured in no group");
            return scene;
        }
        let unit = self.axis_title();
        let spec = PlotAxis::around(&unit, values);
        let axis = match spec.scale {
            Scale::Linear => Axis::linear(spec.low, spec.high, frame.left, frame.right),
            Scale::Decades => Axis::decades(spec.low, spec.high, frame.left, frame.right),
        };
        frame.grid(&mut scene, &axis, &axis.ticks(8), Edge::Bottom);
        for (line, group) in groups.iter().enumerate() {
            let at = frame.top + 7.0 + LINE * (line as f64 + 0.5);
            let name = Text::new(group.name(), style::TICK).fit(LABEL).end();
            scene.text(frame.left - 12.0, at + 5.0, name);
            let rows = format!("{} rows", numbers::grouped(group.rows));
            let rows = Text::new(rows, style::NOTE).color(style::MUTED);
            scene.text(frame.right + 12.0, at + 5.0, rows);
            self.draw_line(&mut scene, &axis, at, group);
        }
        frame.axis(&mut scene, &axis, &axis.ticks(8), Edge::Bottom, spec.title);
        frame.draw(&mut scene);
        let more = self.summary.groups.len() - groups.len();
        if more > 0 {
            let text = Text::new(format!("and {more} groups more"), style::NOTE);
            scene.text(28.0, bottom + 45.0, text.color(style::MUTED));
        }
        scene
    }

    fn draw_line(&self, scene: &mut Scene, axis: &Axis, at: f64, group: &Group) {
        let (value, low, high) = match self.shown(group) {
            Some(Shown::Value(value, low, high)) => (value, low, high),
            Some(Shown::AtMost(bound)) => {
                let from = (axis.within(bound), at);
                return draw_bound(scene, style::BLUE, from, (-1.0, 0.0));
            }
            None => {
                let text = Text::new("not measurable", style::NOTE).color(style::MUTED);
                return scene.text(axis.from + 10.0, at + 5.0, text);
            }
        };
        let pen = Stroke::solid(style::BLUE, 1.6);
        let ends = [axis.within(low), axis.within(high)];
        scene.line((ends[0], at), (ends[1], at), pen);
        for end in ends {
            scene.line((end, at - 4.0), (end, at + 4.0), pen);
        }
        scene.circle(axis.within(value), at, 4.5, Fill::solid(style::BLUE));
    }
}

/// A name with its unit in parentheses, where it has one.
fn titled(name: &str, unit: &str) -> String {
    match unit {
        "" | "1" => name.to_owned(),
        unit => format!("{name} ({unit})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::aggregate::Statistic;
    use crate::batch::summary::Heading;

    fn summary(keys: &[&str], by: usize) -> Summary {
        let groups = keys.iter().enumerate().map(|(i, key)| {
            let values: Vec<f64> = (0..i + 2).map(|v| v as f64).collect();
            let number = key.parse().ok();
            let key = Key {
                text: Some((*key).to_owned()),
                low: number,
                high: number,
            };
            Group {
                keys: vec![key; by],
                rows: values.len() as u64,
                figures: vec![Statistic::Mean.of(&values[1..], "dB", "")],
            }
        });
        let grouping = Grouping {
            column: "label_mpi".into(),
            unit: String::new(),
            width: None,
        };
        Summary {
            schema: Summary::SCHEMA.into(),
            run: "run".into(),
            rows_sha256: String::new(),
            rows_in_table: 9,
            conditions: vec![],
            rows: 9,
            group_by: vec![grouping; by],
            aggregates: vec![Heading {
                aggregate: "mean:snr_db".into(),
                unit: "dB".into(),
                about: String::new(),
            }],
            groups: groups.collect(),
        }
    }

    fn svg(summary: &Summary) -> String {
        GroupsPlot {
            summary,
            aggregate: 0,
        }
        .scene()
        .to_svg()
    }

    #[test]
    fn numbers_stand_on_an_axis_and_names_in_a_list() {
        let over = svg(&summary(&["-40", "-35", "-30"], 1));
        assert!(over.contains("label_mpi") && over.contains("mean:snr_db (dB)"));
        assert!(!over.contains("not measurable"), "no row in a list");
        let list = svg(&summary(&["mpi", "healthy", "<odd>"], 1));
        assert!(list.contains("healthy") && list.contains("&lt;odd&gt;"));
        assert!(list.contains("not measurable"), "a mean of one value");
    }

    #[test]
    fn many_groups_none_and_no_grouping_are_drawn() {
        let names: Vec<String> = (0..100).map(|i| format!("g{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(svg(&summary(&names, 2)).contains("and 40 groups more"));
        assert!(svg(&summary(&[], 1)).contains("measured in no group"));
        assert!(svg(&summary(&["all"], 0)).contains("mean:snr_db"));
    }
}

//! The reflectogram: level of a path over the distance between its two reflections.
//!
//! Distances are in metres (`c t / (2 n)`, n = 1.468) with a second axis of delays in
//! nanoseconds, never in lags; heights are the level in dB that a path would need to raise the
//! correlation as much, over the noise floor that noise alone rises above in one capture of a
//! thousand. The curve is the highest level of every pixel column.

use etalon_dsp::Reflectogram;
use etalon_types::report::{MpiPath, PathKind};

use super::axes::{Axis, Edge, Frame, apart};
use super::curve;
use super::numbers::{finite_range, fixed};
use super::path_words;
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;
use super::{Origin, distance_m};
use crate::inventory::Pair;

/// Most peaks that are labelled: the strongest ones.
const LABELLED: usize = 8;

/// Most pairs of connectors that are named at the lower edge.
const NAMED_PAIRS: usize = 40;

/// Lowest level that is drawn, unless the noise floor is below.
const LOWEST_DB: f64 = -70.0;

/// Pixels between the top of the frame and the curves: four lines of label.
const LABELS: f64 = 92.0;

/// A reflectogram and the paths that were found in it.
#[derive(Clone, Copy, Debug)]
pub struct ReflectogramPlot<'a> {
    /// The correlation and what it means in dB.
    pub trace: &'a Reflectogram,
    /// Paths of the report: they give the peaks their levels.
    pub paths: &'a [MpiPath],
    /// Pairs of connectors, marked where they would show.
    pub pairs: &'a [Pair],
    /// Measured or simulated.
    pub origin: Origin,
}

/// A peak that is marked.
struct Peak {
    distance_m: f64,
    delay_s: f64,
    level_db: f64,
}

impl ReflectogramPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(1200.0, 600.0, "Reflectogram");
        scene.heading(
            "Reflectogram",
            "level of paths over the distance between two reflections",
            self.origin,
        );
        let frame = Frame {
            left: 96.0,
            top: 132.0,
            right: 1160.0,
            bottom: 524.0,
        };
        let trace = self.trace;
        let Some((first, last)) = finite_range(trace.delay_s.iter().copied()) else {
            frame.nothing(
                &mut scene,
                "no reflectogram: it was not asked for, or the capture is too short",
            );
            return scene;
        };
        let x = Axis::linear(distance_m(first), distance_m(last), frame.left, frame.right);
        let y = self.levels(&frame);
        frame.grid(&mut scene, &y, &y.ticks(7), Edge::Left);
        let metres: Vec<f64> = trace.delay_s.iter().map(|t| distance_m(*t)).collect();
        draw_levels(
            &mut scene,
            &frame,
            &curve::envelope(&x, &y, &metres, &trace.level_db),
        );
        self.draw_pairs(&mut scene, &frame, &x);
        self.draw_floor(&mut scene, &frame, &metres, (&x, &y));
        self.draw_peaks(&mut scene, &frame, &x, &y);
        let nanoseconds = Axis::linear(first * 1e9, last * 1e9, frame.left, frame.right);
        frame.axis(
            &mut scene,
            &x,
            &x.ticks(10),
            Edge::Bottom,
            "distance between the reflections (m), n = 1.468",
        );
        frame.axis(
            &mut scene,
            &nanoseconds,
            &nanoseconds.ticks(10),
            Edge::Top,
            "delay (ns)",
        );
        frame.axis(
            &mut scene,
            &y,
            &y.ticks(7),
            Edge::Left,
            "level (dB relative to the signal)",
        );
        frame.draw(&mut scene);
        scene
    }

    /// The axis of levels, with room for the labels above.
    fn levels(&self, frame: &Frame) -> Axis {
        let trace = self.trace;
        let floors = finite_range(trace.floor_db.iter().copied());
        let low = floors.map_or(LOWEST_DB, |f| LOWEST_DB.min(f.0 - 10.0));
        let highest = finite_range(trace.level_db.iter().copied()).map(|r| r.1);
        let paths = self.paths.iter().filter_map(|p| p.level_db);
        let high = paths
            .chain(highest)
            .chain(floors.map(|f| f.1))
            .filter(|v| v.is_finite())
            .fold(low + 1.0, f64::max);
        // The curves end LABELS pixels and a little air below the top.
        let share = (frame.height() - LABELS - 18.0) / frame.height();
        Axis::linear(low, low + (high - low) / share, frame.bottom, frame.top)
    }

    /// The noise floor over the distance, the higher one where delays between two symbols have
    /// another than whole ones; what it means stands above the frame, clear of all peaks.
    fn draw_floor(&self, scene: &mut Scene, frame: &Frame, metres: &[f64], axes: (&Axis, &Axis)) {
        let (x, y) = axes;
        let floor = curve::envelope(x, y, metres, &self.trace.floor_db);
        if floor.is_empty() {
            return;
        }
        let pen = Stroke::dashed(style::VERMILLION, 1.8, 10.0, 6.0);
        scene.path(floor, pen);
        let words = "noise floor: noise alone rises above it with probability 2×10⁻⁴";
        let text = Text::new(words, style::NOTE).color(style::VERMILLION);
        let (left, line) = (frame.right - text.width(), frame.top - 58.0);
        scene.line((left - 50.0, line - 5.0), (left - 8.0, line - 5.0), pen);
        scene.text(left, line, text);
    }

    /// A tick with names at the distance of every pair of connectors.
    fn draw_pairs(&self, scene: &mut Scene, frame: &Frame, x: &Axis) {
        let mut pairs: Vec<&Pair> = self
            .pairs
            .iter()
            .filter(|p| x.holds(p.distance_m))
            .collect();
        pairs.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m));
        // Ticks in one pixel column are one tick.
        pairs.dedup_by_key(|p| x.at(p.distance_m).floor() as i64);
        let mut free = frame.left;
        for (number, pair) in pairs.into_iter().enumerate() {
            let at = x.at(pair.distance_m);
            let tick = Stroke::dashed(style::GREEN, 1.5, 3.0, 3.0);
            // A name reads upwards, left of its tick, where the one before leaves room.
            let named = number < NAMED_PAIRS && at - 16.0 >= free;
            let height = if named { 150.0 } else { 24.0 };
            scene.line((at, frame.bottom), (at, frame.bottom - height), tick);
            if named {
                let text = Text::new(pair.names.join(" / "), 12.5)
                    .color(style::GREEN)
                    .fit(140.0);
                let middle = frame.bottom - 6.0 - 0.5 * text.width();
                scene.text(at - 4.0, middle, text.middle().up());
                free = at;
            }
        }
    }

    /// The detected peaks, highest first.
    fn peaks(&self) -> Vec<Peak> {
        let trace = self.trace;
        let mut peaks: Vec<Peak> = trace
            .peaks
            .iter()
            .filter_map(|i| {
                let delay_s = *trace.delay_s.get(*i)?;
                // The mark stands above both, the curve and the level that was measured.
                let told = self.path_at(delay_s).and_then(|p| p.level_db);
                let seen = trace.level_db.get(*i).copied();
                let level_db = told.into_iter().chain(seen).reduce(f64::max)?;
                Some(Peak {
                    distance_m: distance_m(delay_s),
                    delay_s,
                    level_db,
                })
            })
            .filter(|p| p.distance_m.is_finite() && p.level_db.is_finite())
            .collect();
        peaks.sort_by(|a, b| b.level_db.total_cmp(&a.level_db));
        peaks
    }

    fn draw_peaks(&self, scene: &mut Scene, frame: &Frame, x: &Axis, y: &Axis) {
        let peaks = self.peaks();
        if peaks.is_empty() {
            let text = Text::new("no reflection above the noise floor", style::TICK)
                .color(style::MUTED)
                .end();
            scene.text(frame.right - 12.0, frame.top + 26.0, text);
            return;
        }
        for peak in peaks.iter().skip(LABELLED) {
            triangle(scene, x.within(peak.distance_m), y.within(peak.level_db));
        }
        let shown = &peaks[..peaks.len().min(LABELLED)];
        let room = frame.width() / shown.len() as f64 - 12.0;
        let labels: Vec<Vec<Text>> = shown.iter().map(|p| self.label(p, room)).collect();
        let widest = labels.iter().flatten().map(Text::width).fold(0.0, f64::max) + 12.0;
        let wanted: Vec<f64> = shown.iter().map(|p| x.within(p.distance_m)).collect();
        let placed = apart(
            &wanted,
            widest,
            frame.left + widest / 2.0,
            frame.right - widest / 2.0,
        );
        for ((peak, lines), label) in shown.iter().zip(labels).zip(placed) {
            let (at, top) = (x.within(peak.distance_m), y.within(peak.level_db));
            triangle(scene, at, top);
            let base = frame.top + 26.0 + 17.0 * (lines.len() - 1) as f64;
            if top - 16.0 > base {
                let leader = vec![(at, top - 14.0), (label, base)];
                scene.path(leader, Stroke::solid(style::MUTED, 1.0));
            }
            for (i, line) in lines.into_iter().enumerate() {
                scene.text(label, frame.top + 20.0 + 17.0 * i as f64, line.middle());
            }
        }
    }

    /// Distance, delay, level and connectors of a peak, each at most `room` pixels wide.
    fn label(&self, peak: &Peak, room: f64) -> Vec<Text> {
        let path = self.path_at(peak.delay_s);
        let echo = path.is_some_and(|p| p.kind == Some(PathKind::FixedEcho));
        let level = match path.and_then(|p| Some((p.level_db.filter(|l| l.is_finite())?, p))) {
            _ if echo => "fixed echo".into(),
            Some((level, p)) => format!(
                "{} dB [{}, {}]",
                fixed(level, 1),
                fixed(p.low_db.unwrap_or(level), 1),
                fixed(p.high_db.unwrap_or(level), 1)
            ),
            None => "level not measurable".into(),
        };
        let mut delay = format!("{} ns", fixed(peak.delay_s * 1e9, 2));
        if let Some(period) = path.and_then(|p| p.modulo_s) {
            delay += &format!(" mod {} ns", fixed(period * 1e9, 1));
        }
        let mut lines = vec![
            Text::new(format!("{} m", fixed(peak.distance_m, 2)), style::TICK).bold(),
            Text::new(delay, style::NOTE),
            Text::new(level, 12.5).color(style::MUTED),
        ];
        let names = path.map(path_words::connectors).unwrap_or_default();
        if !names.is_empty() {
            lines.push(Text::new(names, 12.5).color(style::GREEN));
        }
        lines.into_iter().map(|line| line.fit(room)).collect()
    }

    /// The path at this delay, when one is listed.
    fn path_at(&self, delay_s: f64) -> Option<&MpiPath> {
        let path = self.paths.iter().min_by(|a, b| {
            (a.delay_s - delay_s)
                .abs()
                .total_cmp(&(b.delay_s - delay_s).abs())
        })?;
        // A path is given between the points of the curve: two of them is as far as it can lie.
        let step = self
            .trace
            .delay_s
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f64::max);
        ((path.delay_s - delay_s).abs() <= 2.0 * step.max(1e-12)).then_some(path)
    }
}

/// The levels as an area with an edge.
fn draw_levels(scene: &mut Scene, frame: &Frame, tops: &[(f64, f64)]) {
    let (Some(first), Some(last)) = (tops.first(), tops.last()) else {
        return;
    };
    let mut area = tops.to_vec();
    area.push((last.0, frame.bottom));
    area.push((first.0, frame.bottom));
    scene.polygon(area, Fill::faint(style::SKY, 0.3));
    scene.path(tops.to_vec(), Stroke::solid(style::BLUE, 1.3));
}

fn triangle(scene: &mut Scene, x: f64, y: f64) {
    let points = vec![(x, y - 3.0), (x - 6.0, y - 14.0), (x + 6.0, y - 14.0)];
    scene.polygon(points, Fill::solid(style::ORANGE));
}

//! The network: what failed, the path that used it, and the path around it.
//!
//! Told by colour and by shape: the failed link is red with a cross, the old path a grey
//! dashed line beside it, the new path a thick green line. Lengths stand at every link.

use etalon_types::{Figure, Link, Topology};

use super::Origin;
use super::network_labels::{Line, Patch, place};
use super::numbers::{fixed, si, worded};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;

/// Grey of a link that nothing happens to.
const QUIET: style::Rgb = (150, 158, 168);
/// Height of a node's box in pixels.
const NODE: f64 = 30.0;
/// Left edge of the text beside the map.
const PANEL: f64 = 912.0;

/// A network before and after a reroute.
#[derive(Clone, Copy, Debug)]
pub struct NetworkPlot<'a> {
    /// The network.
    pub topology: &'a Topology,
    /// Places of its nodes in their order, 0 to 1, x to the right and y down; see
    /// [`super::positions_of`]. A node without a place stands on a circle.
    pub positions: &'a [(f64, f64)],
    /// Identifier of the failed link.
    pub failed: Option<&'a str>,
    /// Nodes of the path before.
    pub old_path: &'a [String],
    /// Nodes of the path after.
    pub new_path: &'a [String],
    /// Bit error ratio measured on the old path.
    pub before: Option<&'a Figure>,
    /// Bit error ratio measured on the new path: without it the picture says that nothing was
    /// measured there.
    pub after: Option<&'a Figure>,
    /// Seconds from the alarm to the decision.
    pub decision_s: Option<f64>,
    /// Measured or simulated.
    pub origin: Origin,
}

impl NetworkPlot<'_> {
    /// Draws the picture, 1200 pixels wide.
    pub fn scene(&self) -> Scene {
        let mut scene = Scene::new(1200.0, 700.0, format!("Network {}", self.topology.name));
        let size = format!(
            "{} nodes, {} links",
            self.topology.nodes.len(),
            self.topology.links.len()
        );
        scene.heading(
            &format!("Network {}", self.topology.name),
            &size,
            self.origin,
        );
        let places = self.places();
        let drawn: Vec<(&Link, Line)> = self
            .topology
            .links
            .iter()
            .filter_map(|l| {
                Some((
                    l,
                    (self.place_of(&places, &l.a)?, self.place_of(&places, &l.b)?),
                ))
            })
            .collect();
        self.draw_links(&mut scene, &drawn);
        self.draw_lengths(&mut scene, &drawn, &places);
        self.draw_nodes(&mut scene, &places);
        self.draw_panel(&mut scene);
        let source = Text::new(self.topology.source.clone(), 12.5)
            .color(style::MUTED)
            .fit(scene.width - 56.0);
        scene.text(28.0, 686.0, source);
        scene
    }

    /// Pixel of every node.
    fn places(&self) -> Vec<(f64, f64)> {
        let (left, right, top, bottom) = (62.0, 856.0, 92.0, 632.0);
        let round = super::circle(self.topology.nodes.len());
        (0..self.topology.nodes.len())
            .map(|i| {
                let given = self
                    .positions
                    .get(i)
                    .filter(|p| p.0.is_finite() && p.1.is_finite());
                let (x, y) = given.copied().unwrap_or(round[i]);
                (
                    left + (right - left) * x.clamp(0.0, 1.0),
                    top + (bottom - top) * y.clamp(0.0, 1.0),
                )
            })
            .collect()
    }

    fn place_of(&self, places: &[(f64, f64)], node: &str) -> Option<(f64, f64)> {
        places
            .get(self.topology.nodes.iter().position(|n| n == node)?)
            .copied()
    }

    fn draw_links(&self, scene: &mut Scene, drawn: &[(&Link, Line)]) {
        // New path first: where the old one shares a link, its dashes stay visible beside it.
        for (link, (a, b)) in drawn {
            // A margin of paper shows which line runs over which where two cross.
            scene.line(*a, *b, Stroke::solid(style::PAPER, 9.0));
            let on_new = on_path(self.new_path, link);
            if on_new {
                scene.line(*a, *b, Stroke::solid(style::GREEN, 7.0));
            } else if self.failed == Some(link.id.as_str()) {
                scene.line(*a, *b, Stroke::solid(style::RED, 3.5));
            } else {
                scene.line(*a, *b, Stroke::solid(QUIET, 1.8));
            }
            if on_path(self.old_path, link) {
                let (from, to) = beside(*a, *b, 8.0);
                scene.line(from, to, Stroke::dashed(style::MUTED, 3.0, 9.0, 6.0));
            }
        }
        for (_, (a, b)) in drawn
            .iter()
            .filter(|(l, _)| self.failed == Some(l.id.as_str()))
        {
            cross(scene, 0.5 * (a.0 + b.0), 0.5 * (a.1 + b.1));
        }
    }

    fn draw_lengths(&self, scene: &mut Scene, drawn: &[(&Link, Line)], places: &[(f64, f64)]) {
        let texts: Vec<Text> = drawn
            .iter()
            .map(|(link, _)| {
                let text = Text::new(length(link.km), style::NOTE).middle();
                if self.failed == Some(link.id.as_str()) {
                    text.color(style::RED).bold()
                } else {
                    text
                }
            })
            .collect();
        let mut taken: Vec<Patch> = places
            .iter()
            .zip(&self.topology.nodes)
            .map(|((x, y), name)| Patch {
                x: *x,
                y: *y,
                width: node_width(name) + 8.0,
                height: NODE + 8.0,
            })
            .collect();
        for (_, (a, b)) in drawn
            .iter()
            .filter(|(l, _)| self.failed == Some(l.id.as_str()))
        {
            taken.push(Patch {
                x: 0.5 * (a.0 + b.0),
                y: 0.5 * (a.1 + b.1),
                width: 40.0,
                height: 40.0,
            });
        }
        let sizes: Vec<(f64, f64)> = texts.iter().map(|t| (t.width() + 6.0, 17.0)).collect();
        let lines: Vec<Line> = drawn.iter().map(|d| d.1).collect();
        for ((text, (x, y)), (width, height)) in texts
            .into_iter()
            .zip(place(&lines, &sizes, &taken))
            .zip(sizes)
        {
            scene.rect(
                x - width / 2.0,
                y - height / 2.0,
                width,
                height,
                Fill::faint(style::PAPER, 0.9),
            );
            scene.text(x, y + 5.0, text);
        }
    }

    fn draw_nodes(&self, scene: &mut Scene, places: &[(f64, f64)]) {
        for ((x, y), name) in places.iter().zip(&self.topology.nodes) {
            let width = node_width(name);
            let ends = [
                self.new_path.first(),
                self.new_path.last(),
                self.old_path.first(),
                self.old_path.last(),
            ];
            let is_end = ends.into_iter().flatten().any(|n| n == name);
            let on_new = self.new_path.contains(name);
            let (fill, ink, ring) = match (is_end, on_new) {
                (true, _) => (style::INK, style::PAPER, style::INK),
                (false, true) => (style::GREEN, style::PAPER, style::GREEN),
                (false, false) => (style::PAPER, style::INK, style::INK),
            };
            // The ends of the service are boxes, all others are round.
            if is_end {
                scene.rect(
                    x - width / 2.0 - 2.0,
                    y - NODE / 2.0 - 2.0,
                    width + 4.0,
                    NODE + 4.0,
                    Fill::solid(fill),
                );
            } else {
                pill(scene, *x, *y, width, NODE, ring);
                pill(scene, *x, *y, width - 3.6, NODE - 3.6, fill);
            }
            scene.text(
                *x,
                y + 5.5,
                Text::new(name.clone(), AXIS_NODE)
                    .bold()
                    .color(ink)
                    .middle(),
            );
        }
    }

    /// Writes the failure, the two paths, the decision's time, and what else the signs mean.
    fn draw_panel(&self, scene: &mut Scene) {
        let width = scene.width - 28.0 - PANEL;
        let mut y = 92.0;
        if let Some(failed) = self.failed {
            sample(scene, y, Stroke::solid(style::RED, 3.5));
            cross(scene, PANEL + 20.0, y - 5.0);
            let text = Text::new(format!("failed: {failed}"), style::TICK).bold();
            scene.text(PANEL + 52.0, y, text.fit(width - 52.0));
            y += 34.0;
        }
        let old = Stroke::dashed(style::MUTED, 3.0, 9.0, 6.0);
        y = self.draw_path(scene, y, "old path", self.old_path, self.before, old);
        let new = Stroke::solid(style::GREEN, 7.0);
        y = self.draw_path(scene, y, "new path", self.new_path, self.after, new);
        if let Some(seconds) = self.decision_s.filter(|s| s.is_finite()) {
            let text = format!("decided {} after the alarm", si(seconds, "s", 3));
            scene.text(PANEL, y, Text::new(text, style::TICK).bold().fit(width));
            y += 34.0;
        }
        let key = |words: &str| Text::new(words, style::TICK).color(style::MUTED);
        sample(scene, y, Stroke::solid(QUIET, 1.8));
        scene.text(PANEL + 52.0, y, key("link with its length"));
        scene.rect(PANEL + 12.0, y + 13.0, 18.0, 18.0, Fill::solid(style::INK));
        scene.text(PANEL + 52.0, y + 27.0, key("end of the service"));
    }

    /// Writes a path, its length and what was measured on it; returns where the next line goes.
    fn draw_path(
        &self,
        scene: &mut Scene,
        top: f64,
        name: &str,
        path: &[String],
        measured: Option<&Figure>,
        stroke: Stroke,
    ) -> f64 {
        if path.is_empty() {
            return top;
        }
        let width = scene.width - 28.0 - PANEL;
        let mut y = top;
        sample(scene, y, stroke);
        let title = Text::new(format!("{name}, {}", self.path_length(path)), style::TICK).bold();
        scene.text(PANEL + 52.0, y, title.fit(width - 52.0));
        for line in wrap(path, width) {
            y += 20.0;
            scene.text(PANEL, y, Text::new(line, style::TICK));
        }
        y += 21.0;
        let words = measured.map(worded);
        let value = words.as_ref().map_or("not measured", |w| w.value.as_str());
        scene.text(
            PANEL,
            y,
            Text::new(format!("pre-FEC BER {value}"), style::TICK).fit(width),
        );
        if let Some(words) = words {
            y += 18.0;
            let note = if words.interval.is_empty() {
                words.note
            } else {
                words.interval
            };
            scene.text(
                PANEL,
                y,
                Text::new(note, 12.5).color(style::MUTED).fit(width),
            );
        }
        y + 34.0
    }

    fn path_length(&self, path: &[String]) -> String {
        match self.topology.links_of(path) {
            Some(links) => length(links.iter().map(|l| l.km).sum()),
            None => "not a path of this network".into(),
        }
    }
}

/// Draws a stretch of a line beside its meaning.
fn sample(scene: &mut Scene, y: f64, stroke: Stroke) {
    scene.line((PANEL, y - 5.0), (PANEL + 40.0, y - 5.0), stroke);
}

/// Size of a node's name.
const AXIS_NODE: f64 = 15.0;

fn node_width(name: &str) -> f64 {
    (Text::new(name, AXIS_NODE).bold().width() + 16.0).max(NODE)
}

fn length(km: f64) -> String {
    if km.fract() != 0.0 {
        format!("{} km", fixed(km, 1))
    } else {
        format!("{} km", fixed(km, 0))
    }
}

fn on_path(path: &[String], link: &Link) -> bool {
    path.windows(2)
        .any(|p| (p[0] == link.a && p[1] == link.b) || (p[0] == link.b && p[1] == link.a))
}

/// Shifts a line sideways; always to the same side for the same two ends.
fn beside(a: (f64, f64), b: (f64, f64), by: f64) -> Line {
    let length = (b.0 - a.0).hypot(b.1 - a.1).max(1.0);
    let (dx, dy) = ((a.1 - b.1) / length * by, (b.0 - a.0) / length * by);
    ((a.0 + dx, a.1 + dy), (b.0 + dx, b.1 + dy))
}

fn cross(scene: &mut Scene, x: f64, y: f64) {
    scene.circle(x, y, 14.0, Fill::solid(style::PAPER));
    for (dx, dy) in [(10.0, 10.0), (10.0, -10.0)] {
        scene.line(
            (x - dx, y - dy),
            (x + dx, y + dy),
            Stroke::solid(style::RED, 5.0),
        );
    }
}

/// Draws a box with round ends.
fn pill(scene: &mut Scene, x: f64, y: f64, width: f64, height: f64, color: style::Rgb) {
    let (radius, half) = (height / 2.0, (width - height).max(0.0) / 2.0);
    scene.rect(x - half, y - radius, 2.0 * half, height, Fill::solid(color));
    scene.circle(x - half, y, radius, Fill::solid(color));
    if half > 0.0 {
        scene.circle(x + half, y, radius, Fill::solid(color));
    }
}

/// Writes a path with arrows, in lines of at most `width` pixels.
fn wrap(path: &[String], width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (i, node) in path.iter().enumerate() {
        let piece = if i + 1 < path.len() {
            format!("{node} → ")
        } else {
            node.clone()
        };
        match lines.last_mut() {
            Some(line) if Text::new(format!("{line}{piece}"), style::TICK).width() <= width => {
                line.push_str(&piece)
            }
            _ => lines.push(piece),
        }
    }
    lines
}

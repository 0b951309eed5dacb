//! Axes: from values to pixels, ticks at round numbers, frames and grids.

use super::numbers::{fixed, superscript};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    Linear,
    /// By powers of ten; the range must be positive.
    Decades,
}

/// An axis from a value range to a pixel range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    /// Pixel of `low`.
    pub from: f64,
    /// Pixel of `high`.
    pub to: f64,
    pub spread: Spread,
}

/// A labelled value on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    pub label: String,
}

impl Axis {
    /// Makes a linear axis; an empty or unusable range is widened until it can be drawn.
    pub fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        let (low, high) = usable(low, high);
        Self {
            low,
            high,
            from,
            to,
            spread: Spread::Linear,
        }
    }

    /// Makes a logarithmic axis; what is not positive is replaced by a range that can be drawn.
    pub fn decades(low: f64, high: f64, from: f64, to: f64) -> Self {
        let high = if high.is_finite() && high > TINY {
            high
        } else {
            1.0
        };
        let low = if low.is_finite() && low > TINY && low < high {
            low
        } else {
            high / 10.0
        };
        Self {
            low,
            high,
            from,
            to,
            spread: Spread::Decades,
        }
    }

    /// Returns the pixel of a value; a value that is not finite stands at the low end.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.spread {
            Spread::Linear => (value - self.low) / (self.high - self.low),
            Spread::Decades => {
                (value.max(f64::MIN_POSITIVE) / self.low).log10() / (self.high / self.low).log10()
            }
        };
        let share = if share.is_finite() { share } else { 0.0 };
        // Far outside is as good as anywhere outside.
        self.from + (self.to - self.from) * share.clamp(-100.0, 100.0)
    }

    /// Returns the pixel of a value, held within the axis.
    pub fn within(&self, value: f64) -> f64 {
        self.at(value)
            .clamp(self.from.min(self.to), self.from.max(self.to))
    }

    /// True when the value lies on the axis.
    pub fn holds(&self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// Returns about `wanted` ticks at round values; a decade axis has one at each power of ten.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        match self.spread {
            Spread::Linear => linear_ticks(self.low, self.high, wanted),
            Spread::Decades => decade_ticks(self.low, self.high, wanted),
        }
    }

    /// Returns the values between the ticks of a decade axis that get a short mark.
    pub fn minor(&self) -> Vec<f64> {
        if self.spread == Spread::Linear || (self.high / self.low).log10() > 9.0 {
            return Vec::new();
        }
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        (first..last)
            .flat_map(|decade| (2..10).map(move |m| f64::from(m) * 10f64.powi(decade)))
            .filter(|v| self.holds(*v))
            .collect()
    }
}

/// Below this there are not enough digits left to divide by.
const TINY: f64 = 1e-290;

fn usable(low: f64, high: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite() && (high - low).is_finite()) {
        return (0.0, 1.0);
    }
    let (low, high) = if low <= high {
        (low, high)
    } else {
        (high, low)
    };
    let size = low.abs().max(high.abs());
    if high - low > (size * 1e-9).max(TINY) {
        (low, high)
    } else if size > TINY {
        (low - size * 0.1, high + size * 0.1)
    } else {
        (-0.5, 0.5)
    }
}

fn linear_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let exact = (0..=12).find(|d| {
        ((step * 10f64.powi(*d)).fract() - 0.0)
            .abs()
            .min(1.0 - (step * 10f64.powi(*d)).fract())
            < 1e-6
    });
    let decimals = exact.unwrap_or(12) as usize;
    let first = (low / step - 1e-6).ceil();
    (0..=4 * wanted.max(1))
        .map(|i| (first + i as f64) * step)
        .take_while(|v| *v <= high + step * 1e-6)
        .map(|value| Tick {
            value,
            label: fixed(value, decimals),
        })
        .collect()
}

fn decade_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let (first, last) = (
        (low.log10() - 1e-9).ceil() as i32,
        (high.log10() + 1e-9).floor() as i32,
    );
    let stride = ((last - first + 1).max(1) as usize)
        .div_ceil(wanted.max(1))
        .max(1);
    (first..=last)
        .step_by(stride)
        .map(|d| Tick {
            value: 10f64.powi(d),
            label: format!("10{}", superscript(&d.to_string())),
        })
        .collect()
}

/// The box that the curves are drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Edge of a frame that an axis stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Left,
    Bottom,
    Top,
}

impl Frame {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Draws the outline.
    pub fn draw(&self, scene: &mut Scene) {
        scene.outline(
            self.left,
            self.top,
            self.width(),
            self.height(),
            Stroke::solid(style::INK, 1.2),
        );
    }

    /// Draws faint lines across at the ticks of an axis.
    pub fn grid(&self, scene: &mut Scene, axis: &Axis, ticks: &[Tick], edge: Edge) {
        for tick in ticks {
            let at = axis.at(tick.value);
            let (from, to) = match edge {
                Edge::Left => ((self.left, at), (self.right, at)),
                Edge::Bottom | Edge::Top => ((at, self.top), (at, self.bottom)),
            };
            scene.line(from, to, Stroke::solid(style::GRID, 1.0));
        }
    }

    /// Draws marks and labels of an axis outside an edge of the frame, and its title.
    pub fn axis(&self, scene: &mut Scene, axis: &Axis, ticks: &[Tick], edge: Edge, title: &str) {
        let pen = Stroke::solid(style::INK, 1.2);
        for value in axis.minor() {
            let at = axis.at(value);
            match edge {
                Edge::Left => scene.line((self.left - 3.0, at), (self.left, at), pen),
                Edge::Bottom => scene.line((at, self.bottom), (at, self.bottom + 3.0), pen),
                Edge::Top => scene.line((at, self.top - 3.0), (at, self.top), pen),
            }
        }
        let mut widest: f64 = 0.0;
        for tick in ticks {
            let at = axis.at(tick.value);
            let label = Text::new(tick.label.clone(), style::TICK);
            widest = widest.max(label.width());
            match edge {
                Edge::Left => {
                    scene.line((self.left - 6.0, at), (self.left, at), pen);
                    scene.text(self.left - 10.0, at + 5.0, label.end());
                }
                Edge::Bottom => {
                    scene.line((at, self.bottom), (at, self.bottom + 6.0), pen);
                    scene.text(at, self.bottom + 22.0, label.middle());
                }
                Edge::Top => {
                    scene.line((at, self.top - 6.0), (at, self.top), pen);
                    scene.text(at, self.top - 11.0, label.middle());
                }
            }
        }
        let (centre, middle) = (
            0.5 * (self.left + self.right),
            0.5 * (self.top + self.bottom),
        );
        let title = Text::new(title, style::AXIS).middle();
        match edge {
            Edge::Left => scene.text(self.left - widest - 24.0, middle, title.up()),
            Edge::Bottom => scene.text(centre, self.bottom + 45.0, title),
            Edge::Top => scene.text(centre, self.top - 33.0, title),
        }
    }

    /// Says in the middle of an empty frame why there is nothing to see.
    pub fn nothing(&self, scene: &mut Scene, why: &str) {
        scene.rect(
            self.left,
            self.top,
            self.width(),
            self.height(),
            Fill::solid((246, 247, 249)),
        );
        let text = Text::new(why, style::AXIS)
            .color(style::MUTED)
            .middle()
            .fit(self.width() - 20.0);
        scene.text(
            0.5 * (self.left + self.right),
            0.5 * (self.top + self.bottom),
            text,
        );
        self.draw(scene);
    }
}

/// Moves labels apart along a line until neighbours are at least `gap` pixels from each other,
/// within `low..=high` where there is room. Takes and returns positions in the same order.
pub(crate) fn apart(positions: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by(|a, b| positions[*a].total_cmp(&positions[*b]));
    let mut moved = positions.to_vec();
    // Down once so that none is too near the one before, then up from the end.
    let mut edge = low;
    for &i in &order {
        moved[i] = moved[i].max(edge);
        edge = moved[i] + gap;
    }
    let mut edge = high;
    for &i in order.iter().rev() {
        moved[i] = moved[i].min(edge);
        edge = moved[i] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, wanted: usize) -> Vec<String> {
        Axis::linear(low, high, 0.0, 1.0)
            .ticks(wanted)
            .into_iter()
            .map(|t| t.label)
            .collect()
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert_eq!(labels(0.0, 2.0, 4), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(labels(-120.0, 830.0, 5), ["0", "200", "400", "600", "800"]);
        assert_eq!(
            labels(0.0, 1.0, 4),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
        let decades = Axis::decades(2e3, 5e6, 0.0, 1.0).ticks(8);
        assert_eq!(
            decades.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(),
            ["10⁴", "10⁵", "10⁶"]
        );
    }

    #[test]
    fn prop_any_range_gives_a_drawable_axis() {
        let odd = [
            0.0,
            -1.0,
            1.0,
            1e-300,
            -1e300,
            1e300,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            5e-324,
        ];
        for low in odd {
            for high in odd {
                for axis in [
                    Axis::linear(low, high, 10.0, 20.0),
                    Axis::decades(low, high, 20.0, 10.0),
                ] {
                    assert!(axis.low < axis.high, "{low} {high}");
                    assert!(axis.ticks(6).len() <= 25, "{low} {high}");
                    for value in odd {
                        assert!(axis.at(value).is_finite(), "{axis:?} {value}");
                        assert!(
                            (10.0..=20.0).contains(&axis.within(value)),
                            "{axis:?} {value}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn labels_move_apart_and_stay_inside() {
        let moved = apart(&[50.0, 52.0, 51.0, 99.0], 10.0, 0.0, 100.0);
        let mut sorted = moved.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted.windows(2).all(|w| w[1] - w[0] >= 10.0 - 1e-9),
            "{moved:?}"
        );
        assert!(moved.iter().all(|p| (0.0..=100.0).contains(p)));
        assert!(moved[0] < moved[2] && moved[2] < moved[1]);
        assert!(apart(&[], 10.0, 0.0, 1.0).is_empty());
    }
}

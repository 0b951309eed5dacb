//! The vertical axis of an eye: range, prefix, and whether zero is on it.

use etalon_dsp::Eye;

use super::axes::{Axis, Frame, Tick};
use super::numbers::{Prefix, fixed, subscript};
use super::scene::{Fill, Scene, Stroke, Text};
use super::style;

/// The vertical axis of an eye: its range with or without zero, and its prefix.
pub(super) struct VerticalScale {
    pub low: f64,
    pub high: f64,
    pub prefix: Prefix,
    pub unit: String,
    pub title: String,
    broken: Broken,
}

/// Whether zero lies on the axis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    ZeroShown,
    Below,
}

impl VerticalScale {
    /// Shows zero where that leaves the eye at least half of the height, else marks a break.
    pub fn of(eye: &Eye, unit: &str) -> Self {
        let axis = Axis::linear(eye.low, eye.high, 0.0, 1.0);
        let (mut low, mut high, mut broken) = (axis.low, axis.high, Broken::ZeroShown);
        if low > 0.0 {
            if low <= 0.5 * high {
                low = 0.0
            } else {
                broken = Broken::Below
            }
        } else if high < 0.0 {
            if high >= 0.5 * low {
                high = 0.0
            } else {
                broken = Broken::Below
            }
        }
        let prefix = Prefix::of(low.abs().max(high.abs()), unit);
        let quantity = match unit {
            "W" => "optical power",
            "V" => "voltage",
            _ => "level",
        };
        let title = if unit.is_empty() {
            format!("{quantity} (unit of the file)")
        } else {
            format!("{quantity} ({}{unit})", prefix.symbol)
        };
        Self {
            low,
            high,
            prefix,
            unit: unit.to_owned(),
            title,
            broken,
        }
    }

    /// Rewrites a tick in the prefixed unit.
    pub fn relabel(&self, tick: Tick) -> Tick {
        let span = (self.high - self.low) / self.prefix.factor;
        let decimals = (1.0 - span.log10().floor()).clamp(0.0, 9.0) as usize;
        let label = fixed(tick.value / self.prefix.factor, decimals);
        Tick {
            value: tick.value,
            label,
        }
    }

    /// Writes a level with its unit, to about a thousandth of the axis.
    pub fn level(&self, value: f64) -> String {
        format!(
            "{}{}{}",
            self.bare(value),
            if self.unit.is_empty() { "" } else { "\u{a0}" },
            self.unit_text()
        )
    }

    /// Writes a level without its unit.
    pub fn bare(&self, value: f64) -> String {
        let span = (self.high - self.low) / self.prefix.factor;
        let decimals = (3.0 - span.log10().floor()).clamp(0.0, 9.0) as usize;
        fixed(value / self.prefix.factor, decimals)
    }

    /// The prefixed unit.
    pub fn unit_text(&self) -> String {
        format!("{}{}", self.prefix.symbol, self.unit)
    }

    /// Marks an axis that leaves out zero.
    pub fn mark_break(&self, scene: &mut Scene, frame: &Frame) {
        if self.broken == Broken::ZeroShown {
            return;
        }
        let at = frame.bottom - 12.0;
        scene.rect(
            frame.left - 4.0,
            at - 3.0,
            8.0,
            6.0,
            Fill::solid(style::PAPER),
        );
        for shift in [-4.0, 4.0] {
            let points = vec![
                (frame.left - 7.0, at + shift + 3.0),
                (frame.left + 7.0, at + shift - 3.0),
            ];
            scene.path(points, Stroke::solid(style::INK, 1.5));
        }
        scene.text(
            frame.left,
            frame.bottom + 46.0,
            Text::new("axis does not start at zero", style::NOTE).color(style::MUTED),
        );
    }

    /// Letter of a level: power, voltage or just level.
    pub fn letter(&self, index: usize) -> String {
        let letter = match self.unit.as_str() {
            "W" => "P",
            "V" => "V",
            _ => "L",
        };
        format!("{letter}{}", subscript(index))
    }
}

//! The reflectogram, with its distance axis.

use std::ops::Range;

use etalon_dsp::Reflectogram;

use super::super::axes::Axis;
use super::super::distance_m;
use super::super::numbers::finite_range;
use super::{Area, Charset, SMALLEST, Screen, frame};

/// Draws a reflectogram in at most `columns` by `rows` characters: significance upwards, the
/// distance between the reflections in metres below (n = 1.468), the threshold as a dotted line,
/// peaks marked and named in metres.
///
/// Returns no lines when there is not even room for 24 by 5 characters.
pub fn terminal_reflectogram(
    trace: &Reflectogram,
    columns: usize,
    rows: usize,
    charset: Charset,
) -> Vec<String> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return Vec::new();
    }
    let mut screen = Screen::new(columns, rows);
    let (left, right, bottom) = (6, columns - 1, rows - 2);
    let range = finite_range(trace.delay_s.iter().copied());
    let Some((first, last)) = range else {
        screen.write(0, 0, "no reflectogram");
        return screen.lines();
    };
    let highest = trace
        .significance
        .iter()
        .copied()
        .chain([trace.threshold])
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    // The top row is for the names of the peaks.
    let y = Axis::linear(0.0, highest * 1.05, bottom as f64, 1.0);
    let x = Axis::linear(
        distance_m(first),
        distance_m(last),
        left as f64,
        (right - 1) as f64,
    );
    let heights = highest_per_column(trace, &x, left, right);
    draw_curve(&mut screen, &heights, &y, charset, (left, right, bottom));
    if trace.threshold.is_finite() {
        let row = (y.within(trace.threshold) as usize).min(bottom - 1);
        for column in (left..right).step_by(2) {
            screen.put(
                column,
                row,
                if charset == Charset::Unicode {
                    '┄'
                } else {
                    '.'
                },
            );
        }
        screen.write(0, row, &format!("{:>5.1}", trace.threshold));
    }
    frame(&mut screen, charset, (left, right, bottom));
    screen.write(0, 1, &format!("{:>5.1}", highest.min(9999.0)));
    screen.write(
        0,
        bottom + 1,
        if charset == Charset::Unicode {
            "σ"
        } else {
            "sigma"
        },
    );
    name_peaks(&mut screen, trace, &x, charset);
    let mut next_free = left;
    for tick in x.ticks((columns / 12).max(2)) {
        let column = x.within(tick.value).round() as usize;
        screen.put(
            column,
            bottom,
            if charset == Charset::Unicode {
                '┬'
            } else {
                '+'
            },
        );
        let label = format!("{} m", tick.label.replace('−', "-"));
        let start = column.saturating_sub(label.len() / 2).max(left);
        if start >= next_free && start + label.len() <= columns {
            screen.write(start, bottom + 1, &label);
            next_free = start + label.len() + 1;
        }
    }
    screen.lines()
}

fn highest_per_column(trace: &Reflectogram, x: &Axis, left: usize, right: usize) -> Vec<f64> {
    let mut heights = vec![0.0f64; right - left];
    for (delay, height) in trace.delay_s.iter().zip(&trace.significance) {
        if delay.is_finite() && height.is_finite() {
            let column =
                (x.within(distance_m(*delay)).round() as usize).clamp(left, right - 1) - left;
            heights[column] = heights[column].max(*height);
        }
    }
    heights
}

/// Fills every column up to its height, to an eighth of a row in Unicode.
fn draw_curve(
    screen: &mut Screen,
    heights: &[f64],
    y: &Axis,
    charset: Charset,
    (left, _, bottom): Area,
) {
    const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    for (i, height) in heights.iter().enumerate() {
        let tall = bottom as f64 - y.within(*height);
        for step in 0..tall.ceil() as usize {
            let part = (tall - step as f64).clamp(0.0, 1.0);
            let c = match charset {
                Charset::Unicode => EIGHTHS[((part * 8.0).ceil() as usize).clamp(1, 8) - 1],
                Charset::Ascii if part > 0.5 => '#',
                Charset::Ascii => '_',
            };
            screen.put(left + i, bottom - 1 - step, c);
        }
    }
}

/// Writes the distance of the strongest peaks in the top row, those that fit.
fn name_peaks(screen: &mut Screen, trace: &Reflectogram, x: &Axis, charset: Charset) {
    let mut peaks: Vec<(f64, f64)> = trace
        .peaks
        .iter()
        .filter_map(|i| {
            Some((
                distance_m(*trace.delay_s.get(*i)?),
                *trace.significance.get(*i)?,
            ))
        })
        .filter(|(metres, height)| metres.is_finite() && height.is_finite())
        .collect();
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut used: Vec<Range<usize>> = Vec::new();
    let mark = if charset == Charset::Unicode {
        '▾'
    } else {
        'v'
    };
    for (metres, _) in peaks {
        let column = x.within(metres).round() as usize;
        let label = format!("{mark} {metres:.2} m");
        let length = label.chars().count();
        let label = if column + length > screen.columns {
            format!("{metres:.2} m {mark}")
        } else {
            label
        };
        let start = if column + length > screen.columns {
            (column + 1).saturating_sub(length)
        } else {
            column
        };
        let place = start..start + length + 1;
        if used
            .iter()
            .all(|u| u.end <= place.start || place.end <= u.start)
        {
            screen.write(start, 0, &label);
            used.push(place);
        }
    }
}

//! The reflectogram, with its distance axis.

use std::ops::Range;

use etalon_dsp::Reflectogram;

use super::super::axes::Axis;
use super::super::distance_m;
use super::super::numbers::finite_range;
use super::{Area, Charset, SMALLEST, Screen, frame};
use crate::inventory::Pair;

/// Draws a reflectogram in at most `columns` by `rows` characters (`size`): the level of paths in
/// dB upwards, the distance between the reflections in metres below (n = 1.468), the noise floor
/// as a dotted line, peaks marked and named in metres, pairs of connectors as `^` on the axis.
///
/// Returns no lines when there is not even room for 24 by 5 characters.
pub fn terminal_reflectogram(
    trace: &Reflectogram,
    pairs: &[Pair],
    (columns, rows): (usize, usize),
    charset: Charset,
) -> Vec<String> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return Vec::new();
    }
    let mut screen = Screen::new(columns, rows);
    let area = (6, columns - 1, rows - 2);
    let (left, right, bottom) = area;
    let range = finite_range(trace.delay_s.iter().copied());
    let Some((first, last)) = range else {
        screen.write(0, 0, "no reflectogram");
        return screen.lines();
    };
    let (low, high) = level_range(trace);
    // The top row is for the names of the peaks.
    let y = Axis::linear(low, high, bottom as f64, 1.0);
    let x = Axis::linear(
        distance_m(first),
        distance_m(last),
        left as f64,
        (right - 1) as f64,
    );
    let levels = per_column(trace, &trace.level_db, &x, area);
    draw_curve(&mut screen, &levels, &y, charset, area);
    draw_floor(&mut screen, trace, (&x, &y), charset, area);
    frame(&mut screen, charset, area);
    screen.write(0, 1, &format!("{high:>5.0}"));
    screen.write(0, bottom + 1, "dB");
    name_peaks(&mut screen, trace, &x, charset);
    draw_distances(&mut screen, &x, charset, area);
    for pair in pairs.iter().filter(|p| x.holds(p.distance_m)) {
        screen.put(x.within(pair.distance_m).round() as usize, bottom, '^');
    }
    screen.lines()
}

/// Lowest and highest level that is drawn: from a little below the noise floor to the highest.
fn level_range(trace: &Reflectogram) -> (f64, f64) {
    let floors = finite_range(trace.floor_db.iter().copied());
    let levels = finite_range(trace.level_db.iter().copied());
    let highest = [floors, levels].into_iter().flatten().map(|r| r.1);
    let low = floors.map_or(-70.0, |f| (f.0 - 6.0).floor());
    (low, highest.fold(low + 1.0, f64::max).ceil())
}

/// The highest value of every column.
fn per_column(trace: &Reflectogram, values: &[f64], x: &Axis, area: Area) -> Vec<Option<f64>> {
    let (left, right, _) = area;
    let mut highest = vec![None::<f64>; right - left];
    for (delay, value) in trace.delay_s.iter().zip(values) {
        if delay.is_finite() && value.is_finite() {
            let column =
                (x.within(distance_m(*delay)).round() as usize).clamp(left, right - 1) - left;
            highest[column] = Some(highest[column].map_or(*value, |h| h.max(*value)));
        }
    }
    highest
}

/// Fills every column up to its level, to an eighth of a row in Unicode.
fn draw_curve(
    screen: &mut Screen,
    levels: &[Option<f64>],
    y: &Axis,
    charset: Charset,
    (left, _, bottom): Area,
) {
    const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    for (i, level) in levels.iter().enumerate() {
        let tall = level.map_or(0.0, |level| bottom as f64 - y.within(level));
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

/// Dots along the noise floor, in every second column, and its level where it begins.
fn draw_floor(
    screen: &mut Screen,
    trace: &Reflectogram,
    (x, y): (&Axis, &Axis),
    charset: Charset,
    area: Area,
) {
    let (left, _, bottom) = area;
    let dot = match charset {
        Charset::Unicode => '┄',
        Charset::Ascii => '.',
    };
    let floors = per_column(trace, &trace.floor_db, x, area);
    let mut named = false;
    for (i, floor) in floors.iter().enumerate() {
        let Some(floor) = floor else { continue };
        let row = (y.within(*floor) as usize).clamp(1, bottom - 1);
        if i % 2 == 0 {
            screen.put(left + i, row, dot);
        }
        if !named && row > 1 {
            screen.write(0, row, &format!("{floor:>5.0}"));
        }
        named = true;
    }
}

/// Distances in metres below the axis.
fn draw_distances(screen: &mut Screen, x: &Axis, charset: Charset, area: Area) {
    let (left, _, bottom) = area;
    let columns = screen.columns;
    let mark = match charset {
        Charset::Unicode => '┬',
        Charset::Ascii => '+',
    };
    let mut next_free = left;
    for tick in x.ticks((columns / 12).max(2)) {
        let column = x.within(tick.value).round() as usize;
        screen.put(column, bottom, mark);
        let label = format!("{} m", tick.label.replace('−', "-"));
        let start = column.saturating_sub(label.len() / 2).max(left);
        if start >= next_free && start + label.len() <= columns {
            screen.write(start, bottom + 1, &label);
            next_free = start + label.len() + 1;
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

//! The eye, or the level histogram where there is no eye.

use std::ops::Range;

use etalon_dsp::Eye;

use super::super::axes::Axis;
use super::super::numbers::{Prefix, fixed};
use super::{Area, Charset, SMALLEST, Screen, frame};

/// Draws an eye in at most `columns` by `rows` characters: levels on the left, thresholds marked
/// on the right, time in unit intervals below. A capture with one sample a symbol gives its
/// level histogram instead, and a line that says so.
///
/// `unit` is that of the samples and may be empty. Returns no lines when there is not even room
/// for 24 by 5 characters.
///
/// ```
/// use etalon::plots::terminal::{Charset, terminal_eye};
/// use etalon_dsp::Eye;
///
/// let mut hits = ndarray::Array2::zeros((32, 64));
/// hits.row_mut(8).fill(5);
/// hits.row_mut(24).fill(5);
/// let eye = Eye {
///     hits, low: 0.0, high: 1.0, span_ui: 2.0, instants_ui: vec![0.5, 1.5],
///     thresholds: vec![0.5], levels: vec![0.25, 0.75], samples: 640,
///     equalized: true, time_resolved: true,
/// };
/// let lines = terminal_eye(&eye, "V", 60, 14, Charset::Ascii);
/// assert_eq!(lines.len(), 14);
/// assert!(lines.iter().all(|l| l.is_ascii() && l.len() <= 60));
/// ```
pub fn terminal_eye(
    eye: &Eye,
    unit: &str,
    columns: usize,
    rows: usize,
    charset: Charset,
) -> Vec<String> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return Vec::new();
    }
    let shown = occupied(eye);
    let whole = Axis::linear(eye.low, eye.high, 0.0, eye.hits.nrows().max(1) as f64);
    let edge = |row: usize| whole.low + (whole.high - whole.low) * row as f64 / whole.to;
    let axis = Axis::linear(edge(shown.start), edge(shown.end), 0.0, 1.0);
    let names = LevelNames::of(&axis, unit);
    let labels: Vec<(f64, String)> = eye
        .levels
        .iter()
        .filter(|l| axis.holds(**l))
        .map(|l| (*l, names.write(*l)))
        .collect();
    let widest = labels
        .iter()
        .map(|l| l.1.len())
        .max()
        .unwrap_or(0)
        .max(names.unit.len())
        .min(columns / 3);
    let (left, right) = (widest + 2, columns - 3);
    let bottom = rows - 2;
    let mut screen = Screen::new(columns, rows);
    let row_of = |level: f64| {
        ((1.0 - axis.within(level)) * bottom as f64).clamp(0.0, bottom as f64 - 1.0) as usize
    };
    if eye.time_resolved {
        fill_density(&mut screen, eye, &shown, charset, (left, right, bottom));
    } else {
        fill_bars(&mut screen, eye, &shown, charset, (left, right, bottom));
    }
    frame(&mut screen, charset, (left, right, bottom));
    let (tick, cut) = match charset {
        Charset::Unicode => ('┤', '◂'),
        Charset::Ascii => ('+', '<'),
    };
    for (level, label) in &labels {
        let row = row_of(*level);
        screen.write((widest + 1).saturating_sub(label.len() + 1), row, label);
        screen.put(left - 1, row, tick);
    }
    for threshold in eye.thresholds.iter().filter(|t| axis.holds(**t)) {
        screen.put(right + 1, row_of(*threshold), cut);
    }
    let unit_text = match charset {
        Charset::Unicode => names.unit.clone(),
        Charset::Ascii => names.unit.replace('µ', "u"),
    };
    screen.write(0, rows - 1, &unit_text);
    if eye.time_resolved {
        mark_time(&mut screen, eye, charset, (left, right, bottom));
    } else {
        screen.write(left, rows - 1, "levels only: one sample a symbol");
    }
    screen.lines()
}

/// How levels are written: one prefix, one number of decimals.
struct LevelNames {
    prefix: Prefix,
    decimals: usize,
    unit: String,
}

impl LevelNames {
    fn of(axis: &Axis, unit: &str) -> Self {
        let prefix = Prefix::of(axis.low.abs().max(axis.high.abs()), unit);
        let span = (axis.high - axis.low) / prefix.factor;
        let decimals = (2.0 - span.log10().floor()).clamp(0.0, 6.0) as usize;
        Self {
            prefix,
            decimals,
            unit: format!("{}{unit}", prefix.symbol),
        }
    }

    fn write(&self, level: f64) -> String {
        // A plain hyphen: these labels are ASCII in either character set.
        fixed(level / self.prefix.factor, self.decimals).replace('−', "-")
    }
}

/// Mean density of each of `wide` by `high` picture elements over the eye's rows `rows`: 0 is no
/// count, 1 the densest.
fn densities(eye: &Eye, rows: &Range<usize>, wide: usize, high: usize) -> Vec<f64> {
    let times = eye.hits.ncols();
    if rows.is_empty() || times == 0 {
        return vec![0.0; wide * high];
    }
    // Every element takes the bins that it covers, and at least one: no holes when the eye is
    // coarser than the screen, nothing skipped when it is finer.
    let covered = |i: usize, n: usize, of: usize| {
        let from = i * of / n;
        from..((i + 1) * of)
            .div_ceil(n)
            .max(from + 1)
            .min(of.max(from + 1))
    };
    let mut means = vec![0.0; wide * high];
    for row in 0..high {
        let bins = covered(high - 1 - row, high, rows.len());
        for column in 0..wide {
            let span = covered(column, wide, times);
            let area = (bins.len() * span.len()) as f64;
            let cells = bins
                .clone()
                .flat_map(|b| span.clone().map(move |t| [rows.start + b, t]));
            means[row * wide + column] = cells.map(|c| f64::from(eye.hits[c])).sum::<f64>() / area;
        }
    }
    let most = means.iter().copied().fold(0.0, f64::max);
    if most > 0.0 {
        means.iter_mut().for_each(|m| *m /= most);
    }
    means
}

/// Rows of the counts from the lowest to the highest that are not nearly empty: margins would
/// cost a terminal too many of its lines.
fn occupied(eye: &Eye) -> Range<usize> {
    let sums: Vec<u64> = eye
        .hits
        .rows()
        .into_iter()
        .map(|r| r.iter().map(|c| u64::from(*c)).sum())
        .collect();
    let enough = sums.iter().copied().max().unwrap_or(0) / 50;
    let first = sums.iter().position(|s| *s > enough);
    let last = sums.iter().rposition(|s| *s > enough);
    match (first, last) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..sums.len(),
    }
}

/// Shades the picture by its density, raised to a power below 1.
///
/// The logarithm that suits colours leaves a picture of few shades nearly even; a root keeps
/// levels apart from transitions, and openings empty.
fn fill_density(
    screen: &mut Screen,
    eye: &Eye,
    rows: &Range<usize>,
    charset: Charset,
    (left, right, bottom): Area,
) {
    let width = right.saturating_sub(left);
    let (shades, power): (&[char], f64) = match charset {
        Charset::Ascii => (&[' ', '.', ':', '-', '=', '+', 'o', 'x', '#', '@'], 0.6),
        // Five shades only: a steeper power keeps the openings from filling up.
        Charset::Unicode => (&[' ', '░', '▒', '▓', '█'], 0.85),
    };
    for (i, density) in densities(eye, rows, width, bottom).into_iter().enumerate() {
        let shade = (density.powf(power) * shades.len() as f64) as usize;
        screen.put(
            left + i % width,
            i / width,
            shades[shade.min(shades.len() - 1)],
        );
    }
}

/// Draws the histogram of the levels as bars to the right.
fn fill_bars(
    screen: &mut Screen,
    eye: &Eye,
    rows: &Range<usize>,
    charset: Charset,
    (left, right, bottom): Area,
) {
    let width = right.saturating_sub(left);
    let shades = densities(eye, rows, 1, bottom);
    let full = match charset {
        Charset::Unicode => '█',
        Charset::Ascii => '#',
    };
    for (row, share) in shades.into_iter().enumerate() {
        for column in 0..(share * width as f64).round() as usize {
            screen.put(left + column, row, full);
        }
    }
}

/// Writes the time axis in unit intervals and marks the decision instants.
fn mark_time(screen: &mut Screen, eye: &Eye, charset: Charset, (left, right, bottom): Area) {
    let width = right.saturating_sub(left).max(1);
    let x = Axis::linear(
        0.0,
        if eye.span_ui > 0.0 { eye.span_ui } else { 2.0 },
        0.0,
        (width - 1) as f64,
    );
    let (tick, here) = match charset {
        Charset::Unicode => ('┬', '▲'),
        Charset::Ascii => ('+', '^'),
    };
    let mut next_free = left;
    let ticks = x.ticks(if width >= 40 { 4 } else { 2 });
    let last = ticks.len().saturating_sub(1);
    for (i, t) in ticks.into_iter().enumerate() {
        let column = left + x.within(t.value).round() as usize;
        screen.put(column, bottom, tick);
        let label = if i == last {
            format!("{} UI", t.label)
        } else {
            t.label
        };
        let start = column
            .saturating_sub(1)
            .clamp(left, (right + 3).saturating_sub(label.len()).max(left));
        if start >= next_free {
            screen.write(start, bottom + 1, &label);
            next_free = start + label.len() + 1;
        }
    }
    for instant in eye.instants_ui.iter().filter(|t| x.holds(**t)) {
        screen.put(left + x.within(*instant).round() as usize, bottom, here);
    }
}

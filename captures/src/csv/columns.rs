//! What the columns of numbers are: time, index, channels, an eye density.

use super::header::{Column, Header};
use super::{FORMAT, Table, units};
use crate::Error;
use crate::trace::{Capture, Trace, bare_info};
use etalon_types::Samples;

/// What the first column is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Axis {
    /// Times, in units of so many seconds.
    Time(f64),
    /// Row numbers.
    Index,
    /// A channel like the others.
    Channel,
}

/// Turns a table into traces.
pub(super) fn interpret(mut table: Table, file_bytes: u64) -> Result<Capture, Error> {
    table.widen_few();
    let Table {
        dialect,
        header,
        mut columns,
        counts,
        first_row,
        blank_within,
        ..
    } = table;
    let rows = columns.first().map_or(0, Vec::len);
    if rows == 0 && counts.is_none() {
        let expected = "at least one line of numbers";
        return Err(Error::malformed(
            FORMAT, file_bytes, "rows", expected, "none",
        ));
    }
    if is_eye_density(&columns) {
        return Err(Error::unsupported(
            "CSV eye density",
            "the columns are time, volt and hits: an eye density, not a waveform",
            "export the waveform itself, samples over time",
        ));
    }
    let lines = header.len();
    let header = Header::read(&header, columns.len(), dialect);
    let mut warnings = Vec::new();
    if blank_within > 0 {
        warnings.push(format!(
            "{blank_within} blank lines between the rows are skipped"
        ));
    }
    if header.complex {
        warnings.push("the header names IQ data: I and Q samples alternate".into());
    }
    if lines == 0
        && columns.len() == 1
        && counts.is_none()
        && let Some(capture) = counted(&columns[0])
    {
        return Ok(capture);
    }
    let axis = if columns.len() == 1 {
        Axis::Channel
    } else {
        first_column(&header, &columns[0], &mut warnings)
    };
    if axis == Axis::Channel && columns.len() == 2 && dialect.comma_is_ambiguous {
        warnings.push("a comma parts columns here; if it is the decimal mark, use points".into());
    }
    let first = if axis == Axis::Channel {
        Vec::new()
    } else {
        columns.remove(0)
    };
    let base = match axis {
        Axis::Time(scale) => times(&first, scale, &header, first_row, &mut warnings)?,
        Axis::Index => indexed(&header, first[0]),
        Axis::Channel => indexed(&header, 0.0),
    };
    let names = header
        .columns
        .get(usize::from(axis != Axis::Channel)..)
        .unwrap_or(&[]);
    let samples = match counts {
        Some(counts) => vec![Samples::I16(counts)],
        None => columns.into_iter().map(Samples::F64).collect(),
    };
    let traces = samples.into_iter().enumerate();
    let traces = traces
        .map(|(k, samples)| trace(k, samples, names.get(k), &header, base))
        .collect();
    Ok(Capture {
        format: FORMAT,
        traces,
        warnings,
    })
}

/// Describes the `k`-th channel with its time base of (first time, interval) in seconds.
fn trace(
    k: usize,
    samples: Samples,
    column: Option<&Column>,
    header: &Header,
    base: (f64, Option<f64>),
) -> Trace {
    let mut info = bare_info(FORMAT, samples.len() as u64);
    (info.t0_s, info.sample_interval_s) = base;
    info.channel = label(column, k);
    let unit = column.and_then(|column| column.unit.clone());
    info.unit = unit.or_else(|| header.unit.clone()).unwrap_or_default();
    Trace::parsed(info, samples)
}

/// Channel name, or the channel's number where the file names only the quantity.
fn label(column: Option<&Column>, k: usize) -> String {
    /// Longer texts are remarks.
    const LONGEST: usize = 32;
    let name = column.map_or("", |column| column.name.as_str());
    if units::names_a_quantity(name) || name.chars().count() > LONGEST {
        return (k + 1).to_string();
    }
    name.to_string()
}

/// The text form of LeCroy tools: first time, number of samples, rate, then so many samples.
fn counted(values: &[f64]) -> Option<Capture> {
    let [start, count, rate, samples @ ..] = values else {
        return None;
    };
    let fits = !samples.is_empty() && *count == samples.len() as f64;
    if !fits || !start.is_finite() || !rate.is_finite() || *rate <= 0.0 {
        return None;
    }
    let mut info = bare_info(FORMAT, samples.len() as u64);
    (info.t0_s, info.sample_interval_s) = (*start, Some(1.0 / rate));
    let traces = vec![Trace::parsed(info, Samples::F64(samples.to_vec()))];
    let warnings = vec!["the first three lines are taken as start, count and sample rate".into()];
    Some(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}

fn first_column(header: &Header, values: &[f64], warnings: &mut Vec<String>) -> Axis {
    let column = header.columns.first();
    let name = column.map_or("", |column| column.name.as_str());
    let unit = column.and_then(|column| column.unit.as_deref());
    if unit.is_some_and(units::names_an_index) || units::names_an_index(name) {
        return Axis::Index;
    }
    match unit.map(|unit| (unit, units::seconds(unit))) {
        Some((_, Some(scale))) => return Axis::Time(scale),
        Some((unit, None)) if units::names_time(name) => {
            warnings.push(format!(
                "the unit {unit} of the time column is unknown; it is left out"
            ));
            return Axis::Index;
        }
        Some(_) => return Axis::Channel,
        None if units::names_time(name) => return Axis::Time(1.0),
        None => {}
    }
    // Nothing is said: the values decide.
    let counts = values[0].fract() == 0.0 && values.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
    if values.len() >= 2 && counts {
        if header.columns.is_empty() {
            warnings.push("the first column counts rows: it is taken as an index".into());
        }
        return Axis::Index;
    }
    match spacing(values) {
        Some(spacing) if spacing.is_even() => {
            if !name.is_empty() && !name.eq_ignore_ascii_case("x") {
                warnings.push(format!(
                    "the column `{name}` rises by equal steps: it is taken as time in seconds"
                ));
            }
            Axis::Time(1.0)
        }
        Some(_) => {
            warnings.push(
                "the first column rises by unequal steps: it is taken as a channel, not as time"
                    .into(),
            );
            Axis::Channel
        }
        None => Axis::Channel,
    }
}

/// How a column that never falls departs from equal steps.
struct Spacing {
    /// Step from first and last.
    step: f64,
    /// Largest distance from the straight line.
    departure: f64,
    /// Smallest rise between neighbours: the step itself, or the rounding of the print.
    least_rise: f64,
    /// Last minus first.
    span: f64,
    /// Whether all times come in equal pairs.
    pairs: bool,
}

impl Spacing {
    /// Rounding moves a time by up to half its last digit, and that digit grows tenfold at each
    /// power of ten.
    fn is_exact(&self) -> bool {
        self.departure <= 1.5 * self.step.max(self.least_rise)
    }

    fn is_even(&self) -> bool {
        self.is_exact() || self.departure <= 0.01 * self.span
    }
}

/// Measures a column's spacing; none if it falls, is not finite, or does not rise at all.
fn spacing(values: &[f64]) -> Option<Spacing> {
    let (first, last) = (*values.first()?, *values.last()?);
    let span = last - first;
    let rising = values.windows(2).all(|pair| pair[1] >= pair[0]);
    if !rising || !span.is_finite() || span <= 0.0 {
        return None;
    }
    let step = span / (values.len() - 1) as f64;
    let departure = values
        .iter()
        .enumerate()
        .map(|(i, t)| (t - first - step * i as f64).abs());
    let rises = values
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|&rise| rise > 0.0);
    let pairs = values.len() >= 4
        && values.len().is_multiple_of(2)
        && values
            .as_chunks::<2>()
            .0
            .iter()
            .all(|pair| pair[0] == pair[1]);
    Some(Spacing {
        step,
        departure: departure.fold(0.0, f64::max),
        least_rise: rises.fold(f64::INFINITY, f64::min),
        span,
        pairs,
    })
}

/// First time and interval in seconds of a time column.
fn times(
    values: &[f64],
    scale: f64,
    header: &Header,
    (offset, line): (u64, u64),
    warnings: &mut Vec<String>,
) -> Result<(f64, Option<f64>), Error> {
    /// Header and column agree within what six printed digits leave of both.
    const AGREES: f64 = 1e-3;
    let t0_s = values[0] * scale;
    if values.len() == 1 && t0_s.is_finite() {
        return Ok((t0_s, header.interval_s));
    }
    let Some(spacing) = spacing(values) else {
        let field = format!("time column from line {line} on");
        let found = format!("{:e} to {:e}", values[0], values[values.len() - 1]);
        return Err(Error::malformed(
            FORMAT,
            offset,
            field,
            "times that rise",
            found,
        ));
    };
    if !spacing.is_even() {
        return Err(Error::unsupported(
            "CSV",
            format!(
                "the time column departs by up to {:e} s from equal steps",
                spacing.departure * scale
            ),
            "resample it at a constant interval",
        ));
    }
    if !spacing.is_exact() {
        warnings.push(format!(
            "times depart by up to {:e} s from equal steps of {:e} s",
            spacing.departure * scale,
            spacing.step * scale
        ));
    }
    if spacing.pairs {
        warnings.push("times come in equal pairs: rounded, or minimum and maximum pairs".into());
    }
    let step_s = spacing.step * scale;
    match header.interval_s {
        Some(own) if (own / step_s - 1.0).abs() <= AGREES => Ok((t0_s, Some(own))),
        Some(own) => {
            warnings.push(format!(
                "the header's interval {own:e} s is not the time column's {step_s:e} s, which is used"
            ));
            Ok((t0_s, Some(step_s)))
        }
        None => Ok((t0_s, Some(step_s))),
    }
}

/// First time and interval where rows are counted from `first`.
fn indexed(header: &Header, first: f64) -> (f64, Option<f64>) {
    let Some(interval_s) = header.interval_s else {
        return (header.start_s.unwrap_or(0.0), None);
    };
    let start_s = match (header.start_s, header.zero_index) {
        (Some(start_s), _) => start_s,
        (None, Some(zero)) => -zero * interval_s,
        (None, None) => 0.0,
    };
    let t0_s = start_s + first * interval_s;
    (if t0_s.is_finite() { t0_s } else { 0.0 }, Some(interval_s))
}

/// Time, volt, hits: times in runs, the volts of each run rising, hits whole and not negative.
pub(super) fn is_eye_density(columns: &[Vec<f64>]) -> bool {
    /// A column of an eye has many rows.
    const RUN: usize = 8;
    /// One damaged row in hundreds does not make it something else.
    const MOST: f64 = 0.99;
    let [time, volt, hits] = columns else {
        return false;
    };
    let rows = hits.len().min(volt.len()).min(time.len());
    if rows < 4 * RUN {
        return false;
    }
    let (mut in_runs, mut rising, mut run, mut longest) = (0, 0, 1, 1);
    for i in 1..rows {
        if time[i] == time[i - 1] {
            in_runs += 1;
            run += 1;
            rising += usize::from(volt[i] > volt[i - 1]);
        } else {
            run = 1;
        }
        longest = longest.max(run);
    }
    let whole = hits[..rows]
        .iter()
        .filter(|&&h| h >= 0.0 && h.fract() == 0.0)
        .count();
    // A run of `RUN` equal times is the least; then all but one of each are in runs.
    let in_runs_share = in_runs as f64 / rows as f64;
    longest >= RUN
        && longest < rows
        && in_runs_share >= 1.0 - 1.0 / RUN as f64
        && rising as f64 >= MOST * in_runs as f64
        && whole as f64 >= MOST * rows as f64
}

//! What `etalon mpi` shows: 80 columns, 24 lines.

use etalon_types::Figure;
use etalon_types::cancellation::{Cancellation, CancellationAction};
use etalon_types::report::{MpiPath, MpiRegime};
use etalon_types::units::engineering;

use super::MpiRecord;
use crate::cli::figures::{Notation, count, cut, cut_left, figure, wrap};
use crate::cli::screen::{COLUMNS, LINES};
use crate::plots::path_words;

/// Paths that are shown.
const PATHS: usize = 6;
/// Quality flags that are shown.
const FLAGS: usize = 3;
/// Most lines of the drawing.
const DRAWING: usize = 11;
/// Columns before a value.
const LABEL: usize = 11;
/// Columns of a canceller's name.
const METHOD: usize = 15;

/// Composes the screen; `drawing` makes at most so many lines of the reflectogram, when there is
/// one.
pub(super) fn screen(
    record: &MpiRecord,
    drawing: Option<impl FnOnce(usize) -> Vec<String>>,
    next: &str,
) -> String {
    let level = figure(&record.mpi_db, Notation::Decibel);
    let mut lines = labelled("MPI", &level);
    lines.push(format!("regime     {}", regime(record.mpi_regime)));
    lines.extend(record.mpi_exponent.as_ref().and_then(law));
    let linewidth = figure(&record.linewidth_hz, Notation::Engineering);
    lines.extend(labelled("linewidth", &linewidth));
    match (record.mpi_paths.as_slice(), &drawing) {
        ([], Some(_)) => lines.push("paths      none found".into()),
        ([], None) => lines.push("paths      not looked for, or too short a capture".into()),
        (found, _) => lines.extend(paths(found)),
    }
    lines.extend(cancellers(&record.cancellation));
    let samples = format!("  {} samples", count(record.input.samples));
    let name = cut_left(&record.input.path, COLUMNS - samples.len());
    lines.push(format!("{name}{samples}"));
    for flag in record.quality.iter().take(FLAGS) {
        lines.push(cut(&format!("! {}: {}", flag.flag, flag.detail), COLUMNS));
    }
    let next = format!("next: {next}");
    // A long command takes several lines of the terminal.
    let room = LINES.saturating_sub(next.chars().count().div_ceil(COLUMNS));
    lines.truncate(room);
    let left = room - lines.len();
    lines.extend(drawing.into_iter().flat_map(|draw| draw(left.min(DRAWING))));
    lines.push(next);
    lines.join("\n") + "\n"
}

/// A label and a text that may need several lines.
fn labelled(label: &str, text: &str) -> Vec<String> {
    let parts = wrap(text, COLUMNS - LABEL, 0);
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels
        .zip(parts)
        .map(|(label, part)| format!("{label:<LABEL$}{part}"))
        .collect()
}

fn regime(regime: Option<MpiRegime>) -> &'static str {
    match regime {
        Some(MpiRegime::Incoherent) => {
            "incoherent: the phase wanders over many turns in the capture"
        }
        Some(MpiRegime::Coherent) => "coherent: the delay is short against the coherence time",
        Some(MpiRegime::Frozen) => "frozen: the phase hardly moves within the capture",
        Some(MpiRegime::None) => "no interference found",
        None => "cannot be told from this capture",
    }
}

/// The law of the slow residual over the levels, when there is one.
fn law(exponent: &Figure) -> Option<String> {
    let found = exponent.estimate()?;
    let nearest = [
        (0.0, "the same on all levels, as hum is"),
        (0.5, "that of interference"),
        (1.0, "with the power, as laser noise is"),
    ];
    let holds = |&(g, _): &(f64, _)| (found.value - g).abs() < 0.15;
    let words = nearest
        .into_iter()
        .find(holds)
        .map_or("of no one kind", |n| n.1);
    Some(format!(
        "law        power of the level to the {:.2} [{:.2}, {:.2}]: {words}",
        found.value, found.low, found.high
    ))
}

/// A line each, and one more for what else is known of them while all that fits.
fn paths(paths: &[MpiPath]) -> Vec<String> {
    let mut lines = Vec::new();
    for path in paths.iter().take(PATHS) {
        lines.push(path_line(path));
        let more = [path_words::connectors(path), path_words::what(path)];
        let more: Vec<String> = more.into_iter().filter(|m| !m.is_empty()).collect();
        if !more.is_empty() && lines.len() < PATHS + 1 {
            let indent = " ".repeat(LABEL);
            lines.push(cut(&format!("{indent}{}", more.join("; ")), COLUMNS));
        }
    }
    lines
}

fn path_line(path: &MpiPath) -> String {
    let level = match (path.level_db, path.low_db, path.high_db) {
        (Some(level), Some(low), Some(high)) => format!(", {level:.1} dB [{low:.1}, {high:.1}]"),
        (Some(level), _, _) => format!(", {level:.1} dB"),
        _ => String::new(),
    };
    let delay = engineering(path.delay_s, "s");
    let line = format!(
        "path       {delay} = {:.2} m between reflections{level}",
        path.distance_m
    );
    let significance = format!(" ({:.0} sigma)", path.significance);
    // With an interval there may be no room; the JSON has it.
    match line.len() + significance.len() <= COLUMNS {
        true => line + &significance,
        false => cut(&line, COLUMNS),
    }
}

/// A line for each canceller: bit error ratio before and after, and the beat that is left.
fn cancellers(all: &[Cancellation]) -> Vec<String> {
    let labels = std::iter::once("cancelling").chain(std::iter::repeat(""));
    all.iter()
        .zip(labels)
        .map(|(cancellation, label)| {
            let method = path_words::method(cancellation.method);
            let did = what_it_did(cancellation);
            cut(&format!("{label:<LABEL$}{method:<METHOD$}{did}"), COLUMNS)
        })
        .collect()
}

fn what_it_did(cancellation: &Cancellation) -> String {
    if cancellation.action == CancellationAction::Bypassed {
        return "bypassed: no beat that is worth it".into();
    }
    let beat = match &cancellation.suppression_db {
        Figure::Estimate(e) => {
            let [value, low, high] = [e.value, e.low, e.high].map(|v| format!("{v:.1}"));
            Some(format!("beat {value} dB [{low}, {high}]"))
        }
        Figure::NotMeasurable(none) => none.high.map(|high| format!("beat below {high:.1} dB")),
    };
    match (&cancellation.ber_before, &cancellation.ber_after) {
        (Figure::Estimate(before), Figure::Estimate(after)) => {
            let ratio = |e: &etalon_types::Estimate| match e.errors {
                Some(0) => format!("< {:.1e}", e.high),
                _ => format!("{:.1e}", e.value),
            };
            let errors = format!("BER {} -> {}", ratio(before), ratio(after));
            [Some(errors), beat]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
        (before, _) => {
            let reason = before.reason().unwrap_or("not counted");
            // What stands before the colon is enough beside the other figure.
            let short = reason.split(':').next().unwrap_or(reason);
            let why = format!("BER n/a: {short}");
            [beat, Some(why)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
    }
}

#[cfg(test)]
mod tests;
